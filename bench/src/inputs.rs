//! What is measured on: the network and messages that the project carries.

use bytes::Bytes;
use bytestring::ByteString;
use stafett::cli::assemble;
use stafett::definitions::typing;
use stafett::engine::{Arena, Engine, Incoming, Read};
use stafett::format;
use stafett::message::{PartyName, Syntax};
use stafett::tree::Tree;
use std::path::{Path, PathBuf};

/// The project's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The network that the engine is made of.
pub fn network() -> PathBuf {
    root().join("fixtures/networks/planomraade-syd")
}

/// The hospital, which sends, and its token.
pub const HOSPITAL: &str = "amager-og-hvidovre-hospital";

/// The network's engine. Quotas are lifted: they are not what is measured.
pub fn engine() -> Result<Engine, String> {
    let assembled = assemble::assemble(&network()).map_err(|e| e.to_string())?;
    let told: Vec<String> = assembled.diagnostics.iter().map(ToString::to_string).collect();
    let mut engine = assembled.engine.ok_or_else(|| told.join("\n"))?;
    let mut config = (*engine.config).clone();
    config.limits.quota.per_second = 1_000_000;
    config.limits.quota.burst = 1_000_000;
    config.engine.queue = 4_096;
    config.listeners.iter_mut().for_each(|one| one.address.value.port = 0);
    engine.config = std::sync::Arc::new(config);
    Ok(engine)
}

/// A message of the network.
pub fn message(name: &str) -> Result<Bytes, String> {
    let file = network().join("messages").join(name);
    std::fs::read(&file).map(Bytes::from).map_err(|e| format!("{}: {e}", file.display()))
}

/// A notification of about 10 kB: the network's admission with its narrative grown, as real senders' are.
pub fn ten_kb() -> Result<Bytes, String> {
    grown("hospital-notification-admission.json", 10_000)
}

/// A message of the network with narratives until it has about that size; as it is for 0.
pub fn grown(name: &str, wanted: usize) -> Result<Bytes, String> {
    let text = String::from_utf8(message(name)?.to_vec()).map_err(|e| e.to_string())?;
    if wanted == 0 {
        return Ok(Bytes::from(text));
    }
    let compact: serde_json::Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    let mut value = compact;
    let narrative = "<p>Patienten er indlagt og følges af afdelingen.</p>";
    let entries = value["entry"].as_array_mut().ok_or("no entries")?;
    let size = serde_json::to_string_pretty(&entries).map_err(|e| e.to_string())?.len();
    let each = (wanted.saturating_sub(size) / entries.len().max(1)).max(200);
    for entry in entries.iter_mut() {
        let body = narrative.repeat(each / narrative.len());
        let div = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{body}</div>");
        entry["resource"]["text"] = serde_json::json!({ "status": "generated", "div": div });
    }
    serde_json::to_vec_pretty(&value).map(Bytes::from).map_err(|e| e.to_string())
}

/// Reads FHIR JSON into a tree, and types it.
pub fn tree(engine: &Engine, json: &Bytes) -> Result<Tree, String> {
    let mut tree = Tree::new(engine.library.names().clone());
    let mut issues = Vec::new();
    let text = ByteString::try_from(json.clone()).map_err(|e| e.to_string())?;
    if !format::fhir_json::read(text, &mut tree, &mut issues) {
        return Err("not readable".to_owned());
    }
    typing::type_tree(&mut tree, engine.library.table(), &mut issues);
    Ok(tree)
}

/// The same message as FHIR XML.
pub fn as_xml(engine: &Engine, json: &Bytes) -> Result<Bytes, String> {
    let tree = tree(engine, json)?;
    let root = tree.root().ok_or("no root")?;
    let mut out = String::new();
    format::fhir_xml::write(&tree, engine.library.table(), root, &mut out);
    Ok(Bytes::from(out))
}

/// The message as the engine reads it from the hospital.
pub fn read(engine: &Engine, arena: &mut Arena, json: &Bytes) -> Result<Read, String> {
    let now = jiff::Timestamp::now();
    let incoming = Incoming {
        party: PartyName(HOSPITAL.into()),
        syntax: Syntax::FhirJson,
        charset: None,
        bytes: json.clone(),
        received: now,
        place: None,
    };
    engine.read(incoming, arena, now).map_err(|unread| format!("{:?}", unread.issues))
}

/// The message with ids of its own.
pub fn numbered(json: &Bytes, number: usize) -> Result<Bytes, String> {
    let text = std::str::from_utf8(json).map_err(|e| e.to_string())?;
    let value: serde_json::Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let id = |value: &serde_json::Value| value["id"].as_str().map(str::to_owned);
    let envelope = id(&value).ok_or("no envelope id")?;
    let header = id(&value["entry"][0]["resource"]).ok_or("no message id")?;
    let new = |n: u32| format!("{number:08x}-0000-4000-8000-00000000000{n}");
    Ok(Bytes::from(text.replace(&header, &new(2)).replace(&envelope, &new(1))))
}
