//! What messages say about themselves, and where the first network sends them.

use crate::support::{self, Needs, trial};
use libtest_mimic::{Failed, Trial};
use stafett::cli::load;
use stafett::config::{self, Config, File};
use stafett::definitions::core::Core;
use stafett::definitions::typing::type_tree;
use stafett::fhirpath::{Memory, NoHooks, References, Scene};
use stafett::message::{Syntax, ToldIssue};
use stafett::receipt::Codes;
use stafett::route::{CATALOGUE, Extracted, Intakes, Query, Routed, Routes};
use stafett::tree::Tree;
use stafett::tree::types::Table;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "route: published messages say who sends what to whom",
            Needs::Data("data/medcom-messages"),
            published,
        ),
        trial("route: a letter says the same by data alone", Needs::Nothing, letters),
        trial("route: refusals have the codes of the checklist", Needs::Nothing, coded),
        trial("route: a network's expressions compile", Needs::Nothing, networks),
        trial("route: a wrong expression is placed in its file", Needs::Nothing, placed),
        trial(
            "route: an ACK means the same as a message and on its connection",
            Needs::Nothing,
            acks,
        ),
    ]
}

fn network() -> Result<Config, Failed> {
    let folder = support::root().join("fixtures/networks/planomraade-syd");
    let read = load::configuration(&folder).map_err(|error| error.to_string())?;
    read.reading.finish().0.ok_or_else(|| Failed::from("the network has mistakes"))
}

fn extract(intakes: &Intakes, table: &Arc<Table>, text: &str) -> Result<Extracted, Failed> {
    let mut tree = Tree::new(Arc::clone(table.names()));
    let mut issues = Vec::new();
    stafett::format::fhir_json::read(text.to_owned().into(), &mut tree, &mut issues);
    type_tree(&mut tree, table, &mut issues);
    let mut references = References::new();
    references.build(&tree);
    let scene = Scene {
        trees: &[&tree],
        table,
        now: jiff::Timestamp::UNIX_EPOCH,
        references: Some(&references),
        hooks: &NoHooks,
    };
    let found = intakes.extract(&scene, Syntax::FhirJson, &mut Memory::new());
    found.ok_or_else(|| Failed::from("no description is for it"))
}

/// Each is compared with what serde_json sees in the same bytes.
fn published() -> Result<(), Failed> {
    let table = Core::embedded().table();
    let (intakes, found) = Intakes::compile(&network()?, &table);
    if !found.is_empty() {
        return Err(Failed::from(format!("{found:?}")));
    }
    let mut count = 0;
    for file in published_files()? {
        let text = fs::read_to_string(&file)?;
        let json: serde_json::Value = serde_json::from_str(&text)?;
        let header = &json["entry"][0]["resource"];
        if json["type"] != "message" || header["resourceType"] != "MessageHeader" {
            continue;
        }
        let said = extract(&intakes, &table, &text)?;
        let ids = |reference: &serde_json::Value| identifiers(&json, reference);
        let seen = [
            said.message.map(|id| id.to_string()) == header["id"].as_str().map(str::to_owned),
            said.envelope.map(|id| id.to_string()) == json["id"].as_str().map(str::to_owned),
            said.event.map(|event| event.to_string())
                == header["eventCoding"]["code"].as_str().map(str::to_owned),
            texts(&said.sender.identifiers) == ids(&header["sender"]["reference"]),
            texts(&said.receiver.identifiers)
                == ids(&header["destination"][0]["receiver"]["reference"]),
            said.receipt_for.is_some() == header["response"].is_object(),
            said.sent.is_some(),
            !said.test,
        ];
        if let Some(wrong) = seen.iter().position(|right| !right) {
            return Err(Failed::from(format!("{}: not the same: {wrong}", file.display())));
        }
        count += 1;
    }
    if count < 29 { Err(Failed::from(format!("only {count} messages"))) } else { Ok(()) }
}

fn published_files() -> Result<Vec<PathBuf>, Failed> {
    let mut files = Vec::new();
    for folder in fs::read_dir(support::shared().join("data/medcom-messages"))? {
        let folder = folder?.path();
        if folder.is_dir() {
            for file in fs::read_dir(folder)? {
                files.push(file?.path());
            }
        }
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    Ok(files)
}

/// The SOR codes and GLNs of the organisation that a reference leads to, by plain comparison of its end.
fn identifiers(bundle: &serde_json::Value, reference: &serde_json::Value) -> Vec<String> {
    let reference = reference.as_str().unwrap_or("-");
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    let organisation = entries
        .into_iter()
        .find(|entry| entry["fullUrl"].as_str().is_some_and(|url| url.ends_with(reference)));
    let all = organisation.map(|entry| entry["resource"]["identifier"].clone());
    let mut found: Vec<String> = Vec::new();
    for one in all.and_then(|all| all.as_array().cloned()).unwrap_or_default() {
        let value = one["value"].as_str().unwrap_or_default();
        match one["system"].as_str() {
            Some("urn:oid:1.2.208.176.1.1") => found.push(format!("sor:{value}")),
            Some("https://www.gs1.org/gln") => found.push(format!("gln:{value}")),
            _ => {}
        }
    }
    found.sort();
    found
}

fn texts(identifiers: &[stafett::message::Identifier]) -> Vec<String> {
    let mut all: Vec<String> = identifiers.iter().map(ToString::to_string).collect();
    all.sort();
    all
}

fn networks() -> Result<(), Failed> {
    let config = Arc::new(network()?);
    let folder = support::root().join("fixtures/networks/planomraade-syd");
    let (library, _) = load::library(&folder, &config);
    let table = Arc::clone(library.table());
    let mut found = Intakes::compile(&config, &table).1;
    found.extend(Routes::compile(&config, &table).1);
    if found.is_empty() { Ok(()) } else { Err(Failed::from(format!("{found:?}"))) }
}

fn placed() -> Result<(), Failed> {
    let text = "[[intake]]\nname = \"own\"\nsyntax = \"fhir-json\"\nroot = \"Bundle\"\n\
                message = \"entry.resource.ofType(MessageHeader).idd\"\nenvelope = 'id'\nevent = '('\n";
    let reading = config::read(&[File { name: "own.intake.toml".into(), text: text.into() }]);
    let (_, found) = Intakes::compile(reading.partial(), &Core::embedded().table());
    let places: Vec<String> = found.iter().map(|one| one.origin.to_string()).collect();
    let wanted = ["own.intake.toml:5:49", "own.intake.toml:7:11"];
    if places != wanted {
        return Err(Failed::from(format!("{found:?}")));
    }
    Ok(())
}

const LETTER: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Emessage xmlns="http://rep.oio.dk/sundcom.dk/medcom.dk/xml/schemas/2006/07/01/">
<Envelope><Sent><Date>2026-07-01</Date><Time>12:10</Time></Sent><Identifier>E1</Identifier></Envelope>
<ClinicalEmail><Letter><Identifier>L1</Identifier><VersionCode>XD9134L</VersionCode>
<TypeCode>XDIS91</TypeCode><EpisodeOfCareIdentifier>EP1</EpisodeOfCareIdentifier></Letter>
<Sender><EANIdentifier>9520000000042</EANIdentifier><Identifier>990017</Identifier>
<IdentifierCode>ydernummer</IdentifierCode></Sender>
<Receiver><EANIdentifier>9520000000012</EANIdentifier><Identifier>9990011000016000</Identifier>
<IdentifierCode>sorkode</IdentifierCode></Receiver>
</ClinicalEmail></Emessage>"#;

/// The letter is described by data only; its receiver's location number has a wrong check digit.
fn letters() -> Result<(), Failed> {
    let folder = support::root().join("fixtures/networks/planomraade-syd");
    let config = Arc::new(network()?);
    let (library, _) = load::library(&folder, &config);
    let (intakes, found) = Intakes::compile(&config, library.table());
    if !found.is_empty() {
        return Err(Failed::from(format!("{found:?}")));
    }
    let mut tree = Tree::new(Arc::clone(library.names()));
    let mut issues = Vec::new();
    stafett::format::xml::read(LETTER.to_owned().into(), &mut tree, &mut issues);
    type_tree(&mut tree, library.table(), &mut issues);
    let scene = Scene {
        trees: &[&tree],
        table: library.table(),
        now: jiff::Timestamp::UNIX_EPOCH,
        references: None,
        hooks: &NoHooks,
    };
    let mut memory = Memory::new();
    let said = intakes.extract(&scene, Syntax::Xml, &mut memory).ok_or("no description")?;
    let ids = (said.message.as_ref().map(|id| &*id.0), said.envelope.as_ref().map(|id| &*id.0));
    let right = [
        ids == (Some("L1"), Some("E1")),
        texts(&said.sender.identifiers) == ["gln:9520000000042", "yder:990017"],
        !said.sender.unreadable,
        texts(&said.receiver.identifiers) == ["sor:9990011000016000"],
        said.receiver.unreadable,
        said.conversation.as_deref() == Some("EP1"),
        said.sent.map(|at| at.to_string()).as_deref() == Some("2026-07-01T10:10:00Z"),
        said.patient.is_none(),
    ];
    if let Some(wrong) = right.iter().position(|right| !right) {
        return Err(Failed::from(format!("{wrong}: {said:?}")));
    }
    let (routes, _) = Routes::compile(&config, library.table());
    let sender = stafett::message::PartyName("laegerne-hvidovrevej".into());
    let query = Query::of(&said, &sender, jiff::civil::date(2026, 7, 1));
    let decision = routes.decide(&query, &scene, &mut memory);
    match decision.routed {
        Routed::To(to) if &*to[0].route.name == "letters-to-hospital" => Ok(()),
        other => Err(Failed::from(format!("{other:?}"))),
    }
}

/// What the refusals of routing are coded as, row by row of the checklist of bad inputs (44 to 48).
fn coded() -> Result<(), Failed> {
    let wanted = [
        ("route-unknown-event", Some("MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE")),
        ("route-test-message", None),
        ("route-no-receiver", Some("MSG_Receiver_Identifier_MISSING")),
        ("route-unknown-receiver", Some("MSG_Receiver_Identifier_UNKNOWN")),
        ("route-not-supported", Some("MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE")),
    ];
    let codes = Codes::built_in().map_err(|fault| fault.to_string())?;
    for (id, code) in wanted {
        let kind = CATALOGUE.iter().find(|kind| kind.id == id).ok_or("no such kind")?;
        let told = ToldIssue {
            severity: kind.severity,
            code: kind.code,
            id: id.into(),
            expression: None,
            position: None,
            profile: None,
            text: kind.text.into(),
        };
        if codes.of(&told).map(|coding| &*coding.code) != code {
            return Err(Failed::from(format!("{id} is not told as {code:?}")));
        }
    }
    Ok(())
}

/// A receipt of HL7 v2 comes as the answer on a connection or as a message of its own: two readers of one rule. They
/// once differed where several things were wrong, and in versions before 2.5.
fn acks() -> Result<(), Failed> {
    use stafett::receipt::{Meant, meant};
    let folder = support::root().join("fixtures/networks/planomraade-syd");
    let config = Arc::new(network()?);
    let (library, _) = load::library(&folder, &config);
    let (intakes, _) = Intakes::compile(&config, library.table());
    let numbers = ["", "100", "102", "104", "199", "200", "203", "204", "206", "207", "207 102"];
    let mut seen = std::collections::BTreeSet::new();
    for code in ["AA", "AE", "AR", "CA", "CE", "CR"] {
        for (numbers, version) in numbers.iter().flat_map(|one| [(one, "2.5.1"), (one, "2.3")]) {
            let errors = numbers.split_whitespace().map(|number| match version {
                "2.3" => format!("ERR|^^^{number}\r"),
                _ => format!("ERR|||{number}|E\r"),
            });
            let head =
                format!("MSH|^~\\&|LAB|H|EHR|T|20260102||ACK|9|P|{version}\rMSA|{code}|42\r");
            let text = head + &errors.collect::<String>();
            let errors: Vec<&[u8]> = numbers.split_whitespace().map(str::as_bytes).collect();
            let wanted = match meant(code.as_bytes(), &errors) {
                Meant::Receipt(code) => Some(code),
                Meant::Taken | Meant::Unknown => None,
            };
            let mut tree = Tree::new(Arc::clone(library.names()));
            let mut issues = Vec::new();
            library.wire().read(Syntax::Hl7v2, text.clone().into(), &mut tree, &mut issues);
            library.wire().type_tree(Syntax::Hl7v2, &mut tree, &mut issues);
            let scene = Scene {
                trees: &[&tree],
                table: library.table(),
                now: jiff::Timestamp::UNIX_EPOCH,
                references: None,
                hooks: &NoHooks,
            };
            let said = intakes.extract(&scene, Syntax::Hl7v2, &mut Memory::new());
            let said = said.ok_or("no description is for it")?.receipt_for.map(|one| one.code);
            if said != wanted {
                return Err(Failed::from(format!("{text:?}: {said:?}, not {wanted:?}")));
            }
            seen.insert(format!("{said:?}"));
        }
    }
    match seen.len() {
        4 => Ok(()),
        _ => Err(Failed::from(format!("only {seen:?} was ever meant"))),
    }
}
