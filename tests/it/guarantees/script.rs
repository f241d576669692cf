//! The scripted run: twenty messages in two lanes, some refused, and the configuration that takes them.
//!
//! The same ids and bytes every time, so that a run's system calls are nearly the same as well.

use crate::support;
use libtest_mimic::Failed;
use std::path::Path;

/// How many messages are sent.
pub const MESSAGES: usize = 20;

/// The token of the hospital, whose hash is in the configuration.
pub const TOKEN: &str = "simulated-hospital-token";

/// A message of the script.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its MessageHeader.id.
    pub id: String,
    /// What names its lane.
    pub lane: &'static str,
    /// Its bytes.
    pub body: String,
}

/// In how many lanes they are.
pub const LANES: usize = 2;

/// The messages in their order. Every fifth has no route, and is refused.
pub fn messages() -> Result<Vec<Message>, Failed> {
    many(MESSAGES)
}

/// So many of them; the first are always the same.
pub fn many(count: usize) -> Result<Vec<Message>, Failed> {
    let folder = support::root().join("fixtures/networks/planomraade-syd/messages");
    let read = |name: &str| -> Result<String, Failed> {
        let text = std::fs::read_to_string(folder.join(name))?;
        let value: serde_json::Value = serde_json::from_str(&text)?;
        Ok(value.to_string())
    };
    let taken = read("hospital-notification-admission.json")?;
    let refused = read("hospital-notification-to-practice.json")?;
    (0..count).map(|n| message(n, if n % 5 == 4 { &refused } else { &taken })).collect()
}

fn message(n: usize, text: &str) -> Result<Message, Failed> {
    let value: serde_json::Value = serde_json::from_str(text)?;
    let known = |value: &serde_json::Value| value["id"].as_str().unwrap_or_default().to_owned();
    let (envelope, header) = (known(&value), known(&value["entry"][0]["resource"]));
    let id = |kind: u8| format!("{n:08x}-0000-4000-8000-00000000000{kind}");
    let lane = ["even", "odd"][n % LANES];
    let encounter = value["entry"].as_array().into_iter().flatten().find_map(|entry| {
        let episode = &entry["resource"]["episodeOfCare"][0]["identifier"]["value"];
        episode.as_str().map(str::to_owned)
    });
    let episode = format!("0000000{}-0000-4000-8000-000000000003", n % LANES);
    let body = text.replace(&envelope, &id(1)).replace(&header, &id(2));
    let body = match encounter {
        Some(known) => body.replace(&known, &episode),
        None => body,
    };
    Ok(Message { id: id(2), lane, body })
}

/// Writes the configuration that takes the script's messages and delivers them to `receiver`.
pub fn configure(folder: &Path, receiver: &str) -> Result<(), Failed> {
    std::fs::create_dir_all(folder)?;
    let parties = "fixtures/networks/planomraade-syd/parties.toml";
    std::fs::copy(support::root().join(parties), folder.join("parties.toml"))?;
    let packages = support::root().join("fixtures/packages/stafett.fhir.messages");
    let receipts = support::root().join("mappings/acknowledgement/concept-maps/stafett.json");
    let engine = format!(
        "[engine]\nname = 'guarantees'\nmode = 'test'\nworkers = 1\n\
        [[listener]]\nname = 'in'\naddress = '127.0.0.1:0'\nkind = 'messages'\n\
        [store]\nfolder = 'data'\nsegment = '32 KiB'\n\
        [limits]\nbody = '8 KiB'\nquota = {{ per_second = 10000, burst = 10000 }}\n\
        [definitions]\npackages = [{packages:?}]\nsupport = [{receipts:?}]\n"
    );
    std::fs::write(folder.join("stafett.toml"), engine)?;
    let endpoint = format!(
        "[[endpoint]]\nname = 'town'\nparty = 'hvidovre-kommune'\nurl = '{receiver}'\n\
         syntax = 'fhir-json'\ntimeout = '10 s'\n"
    );
    std::fs::write(folder.join("endpoints.toml"), endpoint)?;
    let route = "[[route]]\nname = 'notices'\nsender = 'amager-og-hvidovre-hospital'\n\
        receiver = 'hvidovre-kommune'\nevent = 'hospital-notification-message'\nto = 'town'\n\
        retry = { first = '1 ms', cap = '5 ms', give_up = '1 days' }\n";
    std::fs::write(folder.join("routes.toml"), route)?;
    Ok(())
}
