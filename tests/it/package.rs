//! The package of our own making: its example messages are valid under it, and under the published profiles
//! when they claim those instead; what breaks a rule is refused by both.

use crate::profile::lab::{Lab, Seen, files, lab, messages};
use crate::support::{Needs, root, trial};
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};
use stafett::definitions::LibraryBuilder;
use stafett::definitions::model::ConceptMapping;
use stafett::message::Severity;
use stafett::profile::exchange::{self, Rules};
use stafett::profile::{Memory, Settings, Validator, Wanted};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

const DATA: Needs = Needs::Data("data/medcom-messages");

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        trial("package: it loads without a word", Needs::Nothing, silent),
        trial("package: the examples are valid", Needs::Nothing, examples),
        trial(
            "package: the first network's messages are valid but for one",
            Needs::Nothing,
            network,
        ),
        trial("package: what breaks a rule is refused", Needs::Nothing, || broken(ours(), false)),
        trial("package: what breaks a rule is refused by both", DATA, || broken(lab(), true)),
        trial("package: the examples are valid under the published profiles", DATA, swapped),
        trial("package: published messages are valid under ours", DATA, published),
    ]
}

fn folder() -> PathBuf {
    root().join("fixtures/packages/stafett.fhir.messages")
}

/// A lab over our package alone.
pub fn ours() -> &'static Lab {
    static OURS: OnceLock<Lab> = OnceLock::new();
    OURS.get_or_init(|| load().expect("our own package can be loaded"))
}

fn load() -> Result<Lab, Failed> {
    let mut builder = LibraryBuilder::new();
    for file in files(&folder(), "json")? {
        builder.add_json(&file.to_string_lossy(), &std::fs::read_to_string(&file)?);
    }
    let (library, mut diagnostics) = builder.build();
    let library = Arc::new(library);
    let (validator, more) = Validator::build(&library, &Wanted::All, &Settings::default());
    diagnostics.extend(more);
    let rules = Rules::new(library.table(), exchange::Data::embedded());
    Ok(Lab { library, validator, rules, diagnostics })
}

/// What is said at load is about R4 itself.
fn silent() -> Result<(), Failed> {
    let about_core = |text: &String| text.starts_with("http://hl7.org/fhir/StructureDefinition/");
    let all = ours().diagnostics.iter().map(ToString::to_string);
    verdict(all.filter(|text| !about_core(text)).collect())
}

fn own_messages() -> Result<Vec<(String, String)>, Failed> {
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let read = |path: &PathBuf| Ok((name(path), std::fs::read_to_string(path)?));
    files(&folder().join("example"), "json")?.iter().map(read).collect()
}

fn examples() -> Result<(), Failed> {
    let mut wrong = Vec::new();
    for (name, text) in own_messages()? {
        let (summary, mut seen) = ours().judge(&text, &mut Memory::new());
        seen.extend(ours().exchange(&text));
        if summary.not_checked > 0 {
            wrong.push(format!("{name}: {} not checked", summary.not_checked));
        }
        wrong.extend(errors(&seen).map(|one| shown(&name, one)));
    }
    verdict(wrong)
}

/// The messages of the first network, by name.
fn network() -> Result<(), Failed> {
    let folder = root().join("fixtures/networks/planomraade-syd/messages");
    let mut wrong = Vec::new();
    for file in files(&folder, "json")? {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file)?;
        let (summary, mut seen) = ours().judge(&text, &mut Memory::new());
        seen.extend(ours().exchange(&text));
        let bad = summary.not_checked > 0 || errors(&seen).next().is_some();
        if bad != (name == "hospital-notification-invalid.json") {
            wrong.push(format!("{name} is refused: {bad}"));
            wrong.extend(errors(&seen).map(|one| shown(&name, one)));
        }
    }
    let name = "care-communication-to-hvidovre.xml";
    let text = std::fs::read_to_string(folder.join(name))?;
    let (_, seen) = ours().judge_xml(&text, &mut Memory::new());
    wrong.extend(errors(&seen).map(|one| shown(name, one)));
    verdict(wrong)
}

/// (ours, published), in quotes, so that none is replaced inside another.
fn pairs() -> Vec<(String, String)> {
    let quoted = |text: &str| format!("\"{text}\"");
    let mut maps = ours().library.concept_maps().map(|(_, map)| map);
    let map = maps.find(|map| map.url.ends_with("/published-profiles"));
    let mappings = map.map(|map| map.mappings).unwrap_or_default();
    let pair = |one: &ConceptMapping| {
        Some((quoted(&one.source_code), quoted(one.target_code.as_deref()?)))
    };
    mappings.iter().filter_map(pair).collect()
}

fn swap(text: &str, to_published: bool) -> String {
    pairs().iter().fold(text.to_owned(), |text, (own, published)| match to_published {
        true => text.replace(own, published),
        false => text.replace(published, own),
    })
}

fn swapped() -> Result<(), Failed> {
    let mut wrong = Vec::new();
    for (name, text) in own_messages()? {
        let (_, seen) = lab().judge(&swap(&text, true), &mut Memory::new());
        wrong.extend(errors(&seen).map(|one| shown(&name, one)));
    }
    verdict(wrong)
}

fn published() -> Result<(), Failed> {
    let mut wrong = Vec::new();
    for (name, text) in messages(false)? {
        if name.contains("homecare") {
            continue;
        }
        let (_, theirs) = lab().judge(&text, &mut Memory::new());
        let (_, own) = ours().judge(&swap(&text, false), &mut Memory::new());
        let (theirs, own): (Vec<_>, Vec<_>) = (errors(&theirs).collect(), errors(&own).collect());
        if theirs.is_empty() != own.is_empty() {
            wrong.extend(own.iter().map(|one| shown(&format!("ours {name}"), one)));
            wrong.extend(theirs.iter().map(|one| shown(&format!("theirs {name}"), one)));
        }
    }
    verdict(wrong)
}

/// Each example made bad in one place: refused, at that place or at what refers to it.
fn broken(lab: &Lab, to_published: bool) -> Result<(), Failed> {
    let mut wrong = Vec::new();
    for (number, (file, change)) in BREAKS.iter().enumerate() {
        let text = std::fs::read_to_string(folder().join("example").join(format!("{file}.json")))?;
        let mut message: Value = serde_json::from_str(&text)?;
        change(&mut message);
        let text = swap(&message.to_string(), to_published);
        let (_, seen) = lab.judge(&text, &mut Memory::new());
        if errors(&seen).next().is_none() {
            wrong.push(format!("change {number} of {file} is not seen"));
        }
    }
    verdict(wrong)
}

fn of<'v>(message: &'v mut Value, kind: &str) -> &'v mut Value {
    let entries = message["entry"].as_array_mut().expect("entries");
    let mut resources = entries.iter_mut().map(|entry| &mut entry["resource"]);
    resources.find(|resource| resource["resourceType"] == kind).expect("a resource of the kind")
}

fn without(value: &mut Value, name: &str) {
    value.as_object_mut().and_then(|object| object.remove(name)).expect("the element is there");
}

type Change = fn(&mut Value);
const ADMISSION: &str = "hospital-notification-admission";
const LEAVE: &str = "hospital-notification-leave";
const LETTER: &str = "care-communication-new";
const REPLY: &str = "care-communication-reply";
const ATTACHED: &str = "care-communication-attachment";
const REFUSAL: &str = "acknowledgement-fatal-error";

/// One change a rule: a cardinality, a type, a slice, a binding, a fixed value, an invariant.
const BREAKS: &[(&str, Change)] = &[
    (ADMISSION, |m| without(m, "timestamp")),
    (ADMISSION, |m| m["type"] = json!("collection")),
    (ADMISSION, |m| without(of(m, "MessageHeader"), "sender")),
    (ADMISSION, |m| without(of(m, "MessageHeader"), "focus")),
    (ADMISSION, |m| of(m, "MessageHeader")["eventCoding"]["code"] = json!("empty-message")),
    (ADMISSION, |m| without(&mut of(m, "MessageHeader")["destination"][0], "extension")),
    (ADMISSION, |m| without(&mut of(m, "MessageHeader")["destination"][0], "receiver")),
    (ADMISSION, |m| {
        let destination = &mut of(m, "MessageHeader")["destination"][0];
        destination["extension"][0]["valueCoding"]["code"] = json!("cc");
    }),
    (ADMISSION, |m| {
        of(m, "MessageHeader")["sender"]["reference"] = json!("Organization/elsewhere")
    }),
    (ADMISSION, |m| without(of(m, "Patient"), "identifier")),
    (ADMISSION, |m| without(of(m, "Patient"), "name")),
    (ADMISSION, |m| without(&mut of(m, "Patient")["name"][0], "family")),
    (LETTER, |m| of(m, "Patient")["identifier"][0]["value"] = json!("3113489996")),
    (ADMISSION, |m| of(m, "Patient")["identifier"][0]["system"] = json!("urn:oid:1.2.3")),
    (ADMISSION, |m| without(of(m, "Encounter"), "period")),
    (ADMISSION, |m| without(of(m, "Encounter"), "serviceProvider")),
    (ADMISSION, |m| of(m, "Encounter")["status"] = json!("planned")),
    (ADMISSION, |m| of(m, "Encounter")["class"]["code"] = json!("AMB")),
    (ADMISSION, |m| of(m, "Encounter")["length"] = json!({"value": 3})),
    (ADMISSION, |m| {
        of(m, "Encounter")["episodeOfCare"][1]["identifier"]["value"] = json!("urn:uuid:1")
    }),
    (LEAVE, |m| without(of(m, "Encounter"), "extension")),
    (LEAVE, |m| without(of(m, "Provenance"), "occurredDateTime")),
    (LEAVE, |m| without(of(m, "Provenance"), "activity")),
    (LEAVE, |m| of(m, "Provenance")["activity"]["coding"][0]["code"] = json!("admitted")),
    (LEAVE, |m| {
        let organization = of(m, "Organization");
        organization["identifier"].as_array_mut().map(|all| all.truncate(1)).expect("identifiers");
    }),
    (LEAVE, |m| of(m, "Organization")["identifier"][1]["value"] = json!("9520000000012")),
    (LETTER, |m| without(of(m, "MessageHeader"), "definition")),
    (LETTER, |m| without(of(m, "Communication"), "identifier")),
    (LETTER, |m| of(m, "Communication")["status"] = json!("completed")),
    (LETTER, |m| without(of(m, "Communication"), "category")),
    (LETTER, |m| of(m, "Communication")["category"][0]["coding"][0]["code"] = json!("gossip")),
    (LETTER, |m| of(m, "Communication")["priority"] = json!("asap")),
    (LETTER, |m| without(of(m, "Communication"), "subject")),
    (LETTER, |m| without(of(m, "Communication"), "payload")),
    (LETTER, |m| without(&mut of(m, "Communication")["payload"][0], "extension")),
    (LETTER, |m| without(of(m, "PractitionerRole"), "code")),
    (LETTER, |m| without(of(m, "Practitioner"), "name")),
    (LETTER, |m| without(of(m, "CareTeam"), "managingOrganization")),
    (LETTER, |m| without(of(m, "Encounter"), "episodeOfCare")),
    (LETTER, |m| without(of(m, "Provenance"), "entity")),
    (REPLY, |m| of(m, "Provenance")["entity"][0]["role"] = json!("quotation")),
    (REPLY, |m| of(m, "Provenance")["activity"]["coding"][0]["code"] = json!("acknowledgement")),
    (ATTACHED, |m| of(m, "Communication")["priority"] = json!("stat")),
    (ATTACHED, |m| {
        without(&mut of(m, "Communication")["payload"][1]["contentAttachment"], "title")
    }),
    (ATTACHED, |m| {
        let attachment = &mut of(m, "Communication")["payload"][1]["contentAttachment"];
        attachment["contentType"] = json!("text/html");
    }),
    (REFUSAL, |m| without(of(m, "MessageHeader"), "response")),
    (REFUSAL, |m| {
        let details = &mut of(m, "OperationOutcome")["issue"][0]["details"];
        details["coding"][0]["code"] = json!("MSG_UNHEARD_OF");
    }),
    (REFUSAL, |m| {
        without(&mut of(m, "MessageHeader")["response"], "details");
        let entries = m["entry"].as_array_mut().expect("entries");
        entries.retain(|entry| entry["resource"]["resourceType"] != "OperationOutcome");
    }),
];

fn errors(seen: &[Seen]) -> impl Iterator<Item = &Seen> {
    seen.iter().filter(|s| s.severity >= Severity::Error)
}

fn shown(name: &str, one: &Seen) -> String {
    format!("{name}: {} {} {} {}", one.id, one.expression, one.text, one.profile)
}

fn verdict(wrong: Vec<String>) -> Result<(), Failed> {
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}
