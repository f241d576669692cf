//! A stay from letters to messages through the engine: the discharge names the admission as the receiver knows it.

use super::mapping;
use crate::support::{self, Needs, trial};
use libtest_mimic::{Failed, Trial};
use stafett::cli::assemble;
use stafett::engine::{Arena, Engine, Incoming, Outcome};
use stafett::message::{Earlier, Event, KnownAbout, PartyName, Syntax};
use tempfile::TempDir;

pub fn trials() -> Vec<Trial> {
    vec![trial("mapsets: a stay from letters to messages", Needs::Nothing, stay)]
}

const NETWORK: &str = "fixtures/networks/planomraade-syd";

/// The hospital sends letters, the town gets messages.
fn site() -> Result<(TempDir, Engine), Failed> {
    let folder = TempDir::new()?;
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text);
    for name in ["parties.toml", "endpoints.toml", "directory.csv"] {
        let text = std::fs::read_to_string(support::root().join(NETWORK).join(name))?;
        write(name, &text)?;
    }
    let packages = support::root().join("fixtures/packages/stafett.fhir.messages");
    let mappings = mapping("");
    write(
        "stafett.toml",
        &format!(
            "[engine]\nname = 'test'\nmode = 'test'\n\
             [[listener]]\nname = 'in'\naddress = '127.0.0.1:0'\nkind = 'messages'\n\
             [[listener]]\nname = 'ops'\naddress = '127.0.0.1:0'\nkind = 'operations'\n\
             [store]\nfolder = 'data'\n[persons]\nfile = 'persons.csv'\n\
             [definitions]\npackages = [{packages:?}]\n[mappings]\nfolders = [{mappings:?}]\n"
        ),
    )?;
    write("persons.csv", "cpr,family,given,from,to\n2512489996,Ærøskov,Nanna Birgitte,,\n")?;
    let route = |event: &str, map: &str, more: &str| {
        format!(
            "[[route]]\nname = '{event}'\nsender = 'amager-og-hvidovre-hospital'\n\
             receiver = 'hvidovre-kommune'\nevent = '{event}'\nto = 'hvidovre'\n\
             map = 'https://stafett.example/maps/{map}'\n\
             profiles = 'https://stafett.example/concept-maps/profiles-hospitalnotification-stafett'\n\
             target_profiles = ['https://stafett.example/fhir/StructureDefinition/hospital-notification-message']\n\
             {more}\n"
        )
    };
    let policy = "defaults = { moved = 'discharged', unknown = 'refused' }";
    let routes = route("XDIS20", "xdis20-to-hospitalnotification", "")
        + &route("XDIS17", "xdis17-to-hospitalnotification", policy);
    write("routes.toml", &routes)?;
    let assembled = assemble::assemble(folder.path())?;
    let told: Vec<String> = assembled.diagnostics.iter().map(ToString::to_string).collect();
    let engine = assembled.engine.ok_or_else(|| told.join("\n"))?;
    Ok((folder, engine))
}

/// What became of a letter: what was sent, or the ids of what refused it.
enum Became {
    Sent { id: String, text: String },
    Refused(Vec<String>),
}

fn decide(engine: &Engine, letter: &[u8], earlier: Vec<Earlier>) -> Result<Became, Failed> {
    let now: jiff::Timestamp = "2026-11-07T13:06:00Z".parse()?;
    let incoming = Incoming {
        party: PartyName("amager-og-hvidovre-hospital".into()),
        syntax: Syntax::Xml,
        charset: None,
        bytes: letter.to_vec().into(),
        received: now,
        place: None,
    };
    let mut arena = Arena::new(engine);
    let read = engine.read(incoming, &mut arena, now);
    let read = read.map_err(|unread| format!("{:?}", unread.issues))?;
    let known = KnownAbout { earlier, ..KnownAbout::default() };
    let Outcome::Commit(decided) = engine.decide(&read, &mut arena, &known, now, &mut ()) else {
        return Err(Failed::from("it came for the first time"));
    };
    if let Some(why) = decided.unit.quarantine {
        return Err(Failed::from(format!("{why}: {:?}", engine.output_issues(&arena))));
    }
    Ok(match decided.unit.outputs.first() {
        Some(output) => Became::Sent {
            id: output.message.0.to_string(),
            text: String::from_utf8_lossy(&output.bytes).into_owned(),
        },
        None => {
            let refuses = |one: &&stafett::message::ToldIssue| {
                one.severity >= stafett::message::Severity::Error
            };
            Became::Refused(
                decided.issues.iter().filter(refuses).map(|one| one.id.to_string()).collect(),
            )
        }
    })
}

fn stay() -> Result<(), Failed> {
    let (_folder, engine) = site()?;
    let letter = |file: &str| std::fs::read(mapping(file));
    let began = letter("xdis20-to-hospitalnotification/tests/an-admission/in.xml")?;
    let ended = letter("xdis17-to-hospitalnotification/tests/home/in.xml")?;
    let Became::Sent { id, .. } = decide(&engine, &began, Vec::new())? else {
        return Err(Failed::from("the admission was refused"));
    };
    match decide(&engine, &ended, Vec::new())? {
        Became::Refused(ids) if ids.iter().any(|one| one == "message-no-earlier") => {}
        Became::Refused(ids) => return Err(Failed::from(format!("without an admission: {ids:?}"))),
        Became::Sent { .. } => return Err(Failed::from("sent without an admission")),
    }
    let earlier = Earlier {
        event: Event("XDIS20".into()),
        syntax: Syntax::Xml,
        bytes: began.into(),
        received: "2026-11-03T08:46:00Z".parse()?,
    };
    match decide(&engine, &ended, vec![earlier])? {
        Became::Sent { text, .. } => {
            let named = text.matches(&format!("MessageHeader/{id}")).count();
            let began = text.contains("<start value=\"2026-11-03T09:10:00+01:00\"/>");
            match (named, began) {
                (2, true) => Ok(()),
                _ => Err(Failed::from(text)),
            }
        }
        Became::Refused(ids) => Err(Failed::from(format!("after an admission: {ids:?}"))),
    }
}
