//! The receiver's word in every format, to senders of every format: in the sender's own, about its own ids, with the
//! reason that was given.

use crate::support::{self, Needs, trial};
use bytes::Bytes;
use libtest_mimic::{Failed, Trial};
use stafett::cli::assemble;
use stafett::engine::{Arena, Engine, Incoming, Outcome};
use stafett::format::recognise;
use stafett::message::{
    DeliveryId, KnownAbout, MessageId, NewDelivery, Output, PartyName, Position, SentBefore, Unit,
};
use std::fmt::Write;
use std::path::Path;

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "bridge: every format's receipt reaches senders of every format",
            Needs::Nothing,
            all,
        ),
        trial("bridge: an engine's own verdict is the only one", Needs::Nothing, engine_answers),
    ]
}

/// A sender of a format: its name, identifiers, the endpoint's syntax, its message, what a receipt for it quotes.
struct From {
    name: &'static str,
    identifiers: &'static str,
    syntax: &'static str,
    message: String,
    quotes: &'static [&'static str],
    /// How the receipt says yes, and no, and that it takes no such message.
    says: [&'static [&'static str]; 2],
}

fn read(path: &str) -> Result<String, Failed> {
    Ok(std::fs::read(support::root().join(path))?.into_iter().map(char::from).collect())
}

fn froms() -> Result<Vec<From>, Failed> {
    let fixture = |path: &str| std::fs::read_to_string(support::root().join(path));
    let fhir = "fixtures/networks/planomraade-syd/messages/care-communication-to-koebenhavn.json";
    Ok(vec![
        From {
            name: "fhir",
            identifiers: "'sor:9990011000016000', 'gln:9520000000011'",
            syntax: "fhir-json",
            message: fixture(fhir)?,
            quotes: &["\"identifier\":\"6185fc6b-9f99-41fa-a88c-695af7030d93\""],
            says: [
                &["\"code\":\"ok\""],
                &["\"code\":\"fatal-error\"", "\"MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE\"", "Ring"],
            ],
        },
        From {
            name: "oioxml",
            identifiers: "'gln:5790000999019'",
            syntax: "xml",
            message: read("mappings/xdis91-to-carecommunication/tests/a-plain-letter/in.xml")?
                .replace("minuspositivkvitt", "pluspositivkvitt"),
            quotes: &[">B2026110001<", ">K2026110001<", ">XD9134L<"],
            says: [&[">XCTL03<"], &[">XCTL02<", ">problem_med_version<", "Ring"]],
        },
        From {
            name: "edifact",
            identifiers: "'gln:5790000209354'",
            syntax: "edifact",
            message: "UNA:+.? '\r\nUNB+UNOC:3+5790000209354:14+5790001348120:14+261125:1210+K1++++1'\r\n\
                UNH+B1+MEDDIS:D:93A:UN:D9134L+DIS91'\r\nBGM+EPI++9'\r\nS14+14'\r\nFTX+NC+P00++Hej'\r\n\
                UNT+5+B1'\r\nUNZ+1+K1'\r\n"
                .to_owned(),
            quotes: &["UCI+K1+", "UCM+B1+MEDDIS:D:93A:UN:D9134L+"],
            says: [&["+CTL03'", "D9134L+7'"], &["+CTL02'", "D9134L+4'", "FTX+VER+", "Ring"]],
        },
        From {
            name: "kith",
            identifiers: "'her-id:90011'",
            syntax: "xml",
            message: read("mappings/dialogmelding-to-fhir/tests/a-nurse-of-a-unit/in.xml")?
                .replace("<GenDate>", "<Ack V=\"J\" DN=\"Ja\"/><GenDate>"),
            quotes: &[">b9b1e9a6-3a0e-4a39-9c8e-0d0b6a5f1001<", "2026-11-03T09:44:30"],
            says: [&["<Status V=\"1\""], &["<Status V=\"2\"", "V=\"T10\"", "Ring"]],
        },
        From {
            name: "hl7v2",
            identifiers: "'organisation:RH'",
            syntax: "hl7v2",
            message: "MSH|^~\\&|PAS|RH|EHR|KOM|20261125121000+0100||ADT^A01^ADT_A01|42|P|2.5.1\r\
                EVN||202611251200\rPID|||2512489996^^^CPR^NNDNK||Matthias^Bruno\rPV1||I\r"
                .to_owned(),
            quotes: &["MSH|^~\\&|EHR|KOM|PAS|RH|"],
            says: [&["MSA|AA|42\r"], &["MSA|AR|42\r", "|200^", "Ring"]],
        },
    ])
}

/// The receiver's receipt about `SENT` in a format: a yes, and a no since it takes no such message.
fn tos() -> Result<Vec<(&'static str, [String; 2])>, Failed> {
    let edifact = |kind: &str, version: &str, action: &str, why: &str| {
        format!(
            "UNA:+.? '\r\nUNB+UNOC:3+5790001348120:14+5790000209354:14+261125:1211+Q1'\r\n\
             UNH+R1+CONTRL:D:93A:ZZ:{version}+{kind}'\r\n\
             UCI+K9+5790000209354:14+5790001348120:14+{action}'\r\n{why}\
             UCM+SENT+MEDDIS:D:93A:UN:D9134L+{action}'\r\nUNT+{}+R1'\r\nUNZ+1+Q1'\r\n",
            if why.is_empty() { 4 } else { 5 }
        )
    };
    let kith =
        |case: &str| read(&format!("mappings/apprec-1.1-to-acknowledgement/tests/{case}/in.xml"));
    let error = "<Error V=\"T10\" S=\"2.16.578.1.12.4.1.1.8221\" DN=\"Ring\"/>";
    let yes = kith("accepted")?;
    let no = kith("refused-without-a-reason")?
        .replace("DN=\"Avvist\"/>", &format!("DN=\"Avvist\"/>{error}"));
    let of = |text: String| {
        let (from, to) = (text.find("<OriginalMsgId>"), text.find("</OriginalMsgId>"));
        let Some((from, to)) = from.zip(to) else { return text };
        let id = text[from..to].rfind("<Id>").map(|at| from + at).unwrap_or(from);
        format!("{}<Id>SENT</Id>{}", &text[..id], &text[to..])
    };
    let oioxml = |case: &str| -> Result<String, Failed> {
        Ok(read(&format!("mappings/xctl-to-acknowledgement/tests/{case}/in.xml"))?
            .replace("ADV1001", "SENT"))
    };
    let v2 = |rest: &str| {
        format!("MSH|^~\\&|EHR|KOM|PAS|RH|202611251211||ACK^A01^ACK|K7|P|2.5.1\r{rest}")
    };
    let fhir = |case: &str| -> Result<String, Failed> {
        let text = std::fs::read_to_string(
            support::root().join(format!("mappings/acknowledgement-to-xctl/tests/{case}/in.json")),
        )?;
        Ok(text.replace("8c1c9f2b-5b0c-5a73-9d2d-6f3a6a0b9c11", "SENT"))
    };
    Ok(vec![
        (
            "fhir",
            [
                fhir("accepted")?,
                fhir("refused-for-its-version")?.replace("\"problem_med_version\"", "\"Ring\""),
            ],
        ),
        (
            "oioxml",
            [
                oioxml("accepted")?,
                oioxml("refused-for-no-reason-given")?
                    .replace("ikke_specificeret", "problem_med_version"),
            ],
        ),
        (
            "edifact",
            [
                edifact("CTL03", "C0330Q", "7", ""),
                edifact("CTL02", "C0230Q", "4", "FTX+VER+P00++Ring'\r\n"),
            ],
        ),
        ("kith", [of(yes), of(no)]),
        (
            "hl7v2",
            [
                v2("MSA|AA|SENT\r"),
                v2("MSA|AR|SENT\rERR|||200^Unsupported message type^HL70357|E||||Ring\r"),
            ],
        ),
    ])
}

/// An engine whose senders have each their format; who answers is given.
fn engine(folder: &Path, answers: &str) -> Result<Engine, Failed> {
    let root = support::root();
    let mut parties = "[[party]]\nname = 'town'\ntitle = 'T'\nidentifiers = ['gln:5790001348120', \
        'gln:9520000000028', 'sor:9990021000016009', 'her-id:90022', 'organisation:KOM']\n"
        .to_owned();
    let mut endpoints =
        "[[endpoint]]\nname = 'town'\nparty = 'town'\nurl = 'http://127.0.0.1:7102/'\nsyntax = 'xml'\n"
            .to_owned();
    let mut routes = String::new();
    for From { name, identifiers, syntax, .. } in froms()? {
        let _ = write!(
            parties,
            "[[party]]\nname = '{name}'\ntitle = '{name}'\nidentifiers = [{identifiers}]\n"
        );
        let _ = write!(
            endpoints,
            "[[endpoint]]\nname = '{name}'\nparty = '{name}'\nurl = 'http://127.0.0.1:7103/'\nsyntax = '{syntax}'\n"
        );
        let _ = write!(
            routes,
            "[[route]]\nname = 'from-{name}'\nsender = '{name}'\nreceiver = 'town'\nevent = ['any']\n\
             to = 'town'\nanswers = '{answers}'\nreceipt_within = '1 h'\n"
        );
    }
    let stafett = format!(
        "[engine]\nname = 'test'\nmode = 'test'\n[[listener]]\nname = 'in'\naddress = '127.0.0.1:0'\n\
         kind = 'messages'\n[store]\nfolder = 'data'\n[definitions]\nunknown_profile = 'warn'\npackages = [{:?}]\n\
         [mappings]\nfolders = [{:?}]\n",
        root.join("fixtures/packages/stafett.fhir.messages"),
        root.join("mappings")
    );
    for (name, text) in [
        ("stafett.toml", &stafett),
        ("parties.toml", &parties),
        ("endpoints.toml", &endpoints),
        ("routes.toml", &routes),
    ] {
        std::fs::write(folder.join(name), text)?;
    }
    std::fs::write(
        folder.join("directory.csv"),
        "name,gln,sor\nH,5790000999019,9990011000016000\nT,5790001348120,9990021000016009\n",
    )?;
    let assembled = assemble::assemble(folder)?;
    let told: Vec<String> = assembled.diagnostics.iter().map(ToString::to_string).collect();
    assembled.engine.ok_or_else(|| told.join("\n").into())
}

fn latin(text: &str, fhir: bool) -> Bytes {
    match fhir {
        true => Bytes::from(text.to_owned()),
        false => text.chars().map(|c| c as u8).collect::<Vec<_>>().into(),
    }
}

fn incoming(party: &str, text: &str, now: jiff::Timestamp) -> Incoming {
    let bytes = latin(text, text.starts_with('{'));
    let syntax = recognise(&bytes);
    let party = PartyName(party.into());
    Incoming { party, syntax, charset: None, bytes, received: now, place: None }
}

/// What the receipt `to` about a message of `from` puts on its way.
fn handed(
    engine: &Engine,
    from: &From,
    to: &str,
    now: jiff::Timestamp,
) -> Result<Option<Unit>, Failed> {
    let mut arena = Arena::new(engine);
    let known = KnownAbout::default();
    let read = engine
        .read(incoming(from.name, &from.message, now), &mut arena, now)
        .map_err(|unread| format!("{}: {:?}", from.name, unread.issues))?;
    // as it was sent on, under an id of its receiver's format
    let mut unit = engine.quarantined(&read, &known, "test", now);
    let receipt = incoming("town", to, now);
    let id = if to.starts_with("MSH") { "PAS/RH/SENT" } else { "SENT" };
    unit.outputs.push(Output {
        syntax: receipt.syntax,
        bytes: Bytes::new(),
        message: MessageId(id.into()),
        envelope: stafett::message::EnvelopeId("E".into()),
        map: None,
    });
    unit.deliveries.push(NewDelivery {
        route: format!("from-{}", from.name).into(),
        receiver: PartyName("town".into()),
        endpoint: "town".into(),
        output: 0,
        lane: None,
        expires: now,
        receipt_within: None,
    });
    let position = Position { partition: 0, sequence: 7 };
    let delivery = DeliveryId { unit: position, index: 0 };
    let read = engine
        .read(receipt, &mut arena, now)
        .map_err(|unread| format!("{:?} {:?}", unread.ending, unread.issues))?;
    if read.says.receipt_for.as_ref().map(|one| &*one.message.0) != Some(id) {
        return Err(format!("{:?}", read.says.receipt_for).into());
    }
    let sent = Some(Box::new(SentBefore { unit, delivery }));
    let known = KnownAbout { sent, ..KnownAbout::default() };
    match engine.decide(&read, &mut arena, &known, now, &mut ()) {
        Outcome::Commit(decided)
            if decided
                .unit
                .issues
                .iter()
                .all(|i| i.severity < stafett::message::Severity::Error) =>
        {
            Ok(decided.handed.map(|unit| *unit))
        }
        Outcome::Commit(decided) => Err(format!("{:?}", decided.unit.issues).into()),
        Outcome::Again(_) => Err("nothing is known".into()),
    }
}

fn all() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let engine = engine(folder.path(), "receiver")?;
    let now: jiff::Timestamp = "2026-11-25T12:00:00Z".parse()?;
    let mut wrong = Vec::new();
    for from in froms()? {
        for (name, receipts) in tos()? {
            for (receipt, says) in receipts.iter().zip(from.says) {
                let what = format!("from {name} to {}", from.name);
                let handed = match handed(&engine, &from, receipt, now) {
                    Ok(Some(unit)) => unit,
                    Ok(None) => {
                        wrong.push(format!("{what}: nothing is handed on"));
                        continue;
                    }
                    Err(failed) => {
                        wrong.push(format!("{what}: {failed:?}"));
                        continue;
                    }
                };
                let text: String = handed.original.iter().copied().map(char::from).collect();
                let due = &handed.deliveries[0];
                let missing = from.quotes.iter().chain(says).find(|part| !text.contains(**part));
                if missing.is_some() || *due.receiver.0 != *from.name {
                    wrong.push(format!("{what}: without {missing:?}: {text}"));
                }
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// Where our verdict was the answer, a receiver's word goes no further.
fn engine_answers() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let engine = engine(folder.path(), "engine")?;
    let now: jiff::Timestamp = "2026-11-25T12:00:00Z".parse()?;
    let froms = froms()?;
    for (name, [yes, no]) in tos()? {
        for receipt in [yes, no] {
            if handed(&engine, &froms[0], &receipt, now)?.is_some() {
                return Err(format!("{name} is handed on").into());
            }
        }
    }
    Ok(())
}
