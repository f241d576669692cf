//! What is said about each kind of bad input, format by format: a committed list for people to read.

use super::heard::Site;
use crate::support::{Needs, golden, root, trial};
use libtest_mimic::{Failed, Trial};
use stafett::engine::Arena;
use stafett::message::Syntax;
use std::collections::BTreeSet;
use std::fmt::Write;

/// A name, and what is put in the place of what.
type Case = (&'static str, &'static [(&'static str, &'static str)]);

/// The trials.
pub fn trials() -> Vec<Trial> {
    let one = |name: &'static str, syntax, base: fn() -> Result<String, Failed>, cases| {
        trial(&format!("bad input: what {name} is told"), Needs::Nothing, move || {
            list(name, syntax, &base()?, cases)
        })
    };
    vec![
        one("edifact", Syntax::Edifact, || Ok(LETTER.to_owned()), EDIFACT),
        one("hl7v2", Syntax::Hl7v2, || Ok(ADMISSION.to_owned()), HL7V2),
        one(
            "oioxml",
            Syntax::Xml,
            || case("xdis91-to-carecommunication/tests/a-plain-letter"),
            OIOXML,
        ),
        one("kith", Syntax::Xml, || case("dialogmelding-to-fhir/tests/a-nurse-of-a-unit"), KITH),
    ]
}

const LETTER: &str = "UNA:+.? '\r\nUNB+UNOC:3+5790000209354:14+5790001348120:14+261125:1210+K1++++1'\r\n\
    UNH+B1+MEDDIS:D:93A:UN:D9134L+DIS91'\r\nBGM+EPI++9'\r\nS14+14'\r\nFTX+NC+P00++bl\u{e5} ?'b?''\r\nUNT+5+B1'\r\n\
    UNZ+1+K1'\r\n";

const EDIFACT: &[Case] = &[
    ("as it should be", &[]),
    ("no closing segments", &[("UNT+5+B1'\r\nUNZ+1+K1'\r\n", "")]),
    ("no UNT", &[("UNT+5+B1'\r\n", "")]),
    ("no UNZ", &[("UNZ+1+K1'\r\n", "")]),
    ("cut in a value", &[("b?''\r\nUNT+5+B1'\r\nUNZ+1+K1'\r\n", "")]),
    (
        "cut in UNH",
        &[(
            "UN:D9134L+DIS91'\r\nBGM+EPI++9'\r\nS14+14'\r\nFTX+NC+P00++bl\u{e5} ?'b?''\r\nUNT+5+B1'\r\nUNZ+1+K1'\r\n",
            "",
        )],
    ),
    ("a segment too many", &[("UNT+5", "UNT+4")]),
    ("a count that is none", &[("UNT+5", "UNT+five")]),
    ("messages miscounted", &[("UNZ+1", "UNZ+2")]),
    ("another letter's UNT", &[("UNT+5+B1", "UNT+5+B2")]),
    ("another interchange's UNZ", &[("UNZ+1+K1", "UNZ+1+K2")]),
    ("an apostrophe that is not released", &[("?'b?'", "'b?'")]),
    ("a release character at the end", &[("b?''", "b?'")]),
    ("UNA with a mark twice", &[("UNA:+.? '", "UNA::.? '")]),
    ("a charset that is not taken", &[("UNOC", "UNOY")]),
    ("a character that the charset lacks", &[("bl\u{e5}", "bl\u{81}")]),
    ("no letter's id", &[("UNH+B1", "UNH+"), ("UNT+5+B1", "UNT+5+")]),
    ("no interchange's id", &[("K1++++1", "++++1"), ("UNZ+1+K1", "UNZ+1+")]),
    ("no sender", &[("5790000209354:14", "")]),
    ("no receiver", &[("5790001348120:14", "")]),
    ("a receiver nobody knows", &[("5790001348120", "5790000120406")]),
    ("a location number that is none", &[("5790001348120", "5790001348121")]),
    ("no kind", &[("MEDDIS:D:93A:UN:D9134L", "")]),
    ("another release", &[("D:93A:UN:D9134L", "D:01B:UN:D9134L")]),
    ("another kind's version", &[("D9134L", "D2034L")]),
    ("a kind that nobody takes", &[("D9134L+DIS91", "D9934L+DIS99")]),
    ("functional groups", &[("UNH+B1", "UNG+MEDDIS'UNH+B1")]),
    ("no content", &[("BGM+EPI++9'\r\nS14+14'\r\nFTX+NC+P00++bl\u{e5} ?'b?''\r\nUNT+5", "UNT+2")]),
    ("a segment behind the end", &[("UNZ+1+K1'", "UNZ+1+K1'BGM+EPI'")]),
    ("a segment's name in small letters", &[("BGM", "bgm")]),
    ("dated tomorrow", &[("261125:1210", "261126:1210")]),
];

const ADMISSION: &str = "MSH|^~\\&|PAS|RH|EHR|KOM|20261125121000+0100||ADT^A01^ADT_A01|42|P|2.5.1||||||8859/1\r\
    EVN||202611251200\rPID|||2512489996^^^CPR^NNDNK||Mathias\u{e6}^Bruno\rPV1||I\r";

const HL7V2: &[Case] = &[
    ("as it should be", &[]),
    ("a version that nobody knows", &[("2.5.1", "3.0")]),
    ("no version", &[("2.5.1", "")]),
    ("no message type", &[("ADT^A01^ADT_A01", "")]),
    ("a message type that nobody takes", &[("ADT^A01^ADT_A01", "ADT^A99")]),
    ("no id", &[("|42|", "||")]),
    ("no sending facility", &[("|RH|", "||")]),
    ("a receiver nobody knows", &[("|KOM|", "|NOBODY|")]),
    ("no receiver", &[("|KOM|", "||")]),
    ("a charset that is not taken", &[("8859/1", "BIG-5")]),
    ("bytes that are not of the charset", &[("8859/1", "UNICODE UTF-8")]),
    ("a mark twice", &[("|^~\\&|", "|^^\\&|")]),
    ("no delimiters", &[("MSH|^~\\&|", "MSH||")]),
    (
        "a header that is cut",
        &[("|RH|EHR|KOM|20261125121000+0100||ADT^A01^ADT_A01|42|P|2.5.1||||||8859/1", "")],
    ),
    ("a line that is no segment", &[("EVN||202611251200\r", "EVN||202611251200\rhello\r")]),
    ("a segment's name in small letters", &[("PV1", "pv1")]),
    ("an escape that there is not", &[("^Bruno", "^\\Q9\\Bruno")]),
    ("an escape that does not end", &[("^Bruno", "^Br\\uno")]),
    ("a mandatory segment missing", &[("PV1||I\r", "")]),
    ("a mandatory field missing", &[("PV1||I", "PV1|1")]),
    (
        "segments in another order",
        &[(
            "EVN||202611251200\rPID|||2512489996^^^CPR^NNDNK||Mathias\u{e6}^Bruno\r",
            "PID|||2512489996^^^CPR^NNDNK||Mathias\u{e6}^Bruno\rEVN||202611251200\r",
        )],
    ),
    ("a segment of one's own", &[("PV1||I\r", "PV1||I\rZZZ|1\r")]),
    ("a second message", &[("PV1||I\r", "PV1||I\rMSH|^~\\&|PAS\r")]),
    ("a batch", &[("MSH|", "FHS|^~\\&|\rMSH|")]),
    ("dated tomorrow", &[("20261125121000", "20261126121000")]),
    ("two patients", &[("PV1||I\r", "PID|||1\rPV1||I\r")]),
];

const OIOXML: &[Case] = &[
    ("as it should be", &[]),
    ("a receipt is asked for", &[("minuspositivkvitt", "pluspositivkvitt")]),
    ("an end tag missing", &[("</Emessage>", "")]),
    ("cut in a tag", &[("</Emessage>", "</Emess")]),
    ("a tag that closes another", &[("</Subject>", "</Priority>")]),
    ("another namespace", &[("schemas/2006/07/01/", "schemas/1999/01/01/")]),
    (
        "no namespace",
        &[(" xmlns=\"http://rep.oio.dk/sundcom.dk/medcom.dk/xml/schemas/2006/07/01/\"", "")],
    ),
    ("another kind's version", &[("XD9134L", "XD2030C")]),
    ("a version that is none", &[("XD9134L", "new")]),
    ("a kind that nobody takes", &[("<TypeCode>XDIS91", "<TypeCode>XDIS99")]),
    ("an element that there is not", &[("<Priority>", "<Hurry>1</Hurry><Priority>")]),
    ("a mandatory element missing", &[("<StatusCode>nytbrev</StatusCode>", "")]),
    (
        "an element twice",
        &[(
            "<StatusCode>nytbrev</StatusCode>",
            "<StatusCode>nytbrev</StatusCode><StatusCode>nytbrev</StatusCode>",
        )],
    ),
    ("a code that there is not", &[("nytbrev", "gammeltbrev")]),
    ("no letter's id", &[("<Identifier>B2026110001</Identifier>", "")]),
    ("no envelope's id", &[("<Identifier>K2026110001</Identifier>", "")]),
    (
        "no sender's number",
        &[(
            "<EANIdentifier>5790000999019</EANIdentifier><Identifier>1301110</Identifier><IdentifierCode>sygehusafdelingsnummer</IdentifierCode>",
            "",
        )],
    ),
    (
        "a receiver nobody knows",
        &[("5790000999026", "5790000120406"), ("<Identifier>078913", "<Identifier>078914")],
    ),
    ("a charset that is not taken", &[("windows-1252", "shift_jis")]),
    ("an entity of its own", &[("&amp;", "&agrave;")]),
    ("a document type", &[("<Emessage ", "<!DOCTYPE Emessage [<!ENTITY a \"b\">]><Emessage ")]),
    ("a second root", &[("</Emessage>", "</Emessage><Emessage/>")]),
    ("a character that XML does not have", &[("rollator", "rol\u{1}lator")]),
    ("a day that there is not", &[("<Date>2026-11-03</Date>", "<Date>2026-02-30</Date>")]),
    ("no letter at all", &[("<ClinicalEmail>", "<Other>"), ("</ClinicalEmail>", "</Other>")]),
];

const KITH: &[Case] = &[
    ("as it should be", &[]),
    ("a receipt is asked for", &[("</MsgId>", "</MsgId><Ack V=\"J\" DN=\"Ja\"/>")]),
    ("an end tag missing", &[("</MsgHead>", "")]),
    ("another namespace", &[("msghead/2006-05-24", "msghead/1999-01-01")]),
    (
        "a payload of another namespace",
        &[("xmlstds/dialog/2013-01-23", "xmlstds/dialog/1999-01-01")],
    ),
    ("a version that nobody knows", &[("v1.2 2006-05-24", "v9.9 2099-01-01")]),
    ("no version", &[("<MIGversion>v1.2 2006-05-24</MIGversion>", "")]),
    ("a kind that nobody takes", &[("DIALOG_NOTAT", "DIALOG_OTHER")]),
    ("no id", &[("<MsgId>b9b1e9a6-3a0e-4a39-9c8e-0d0b6a5f1001</MsgId>", "")]),
    ("a sender without a number", &[("<Id>90001</Id>", ""), ("<Id>90011</Id>", "")]),
    ("a receiver nobody knows", &[("90022", "99999"), ("90002", "99998")]),
    ("an element that there is not", &[("<GenDate>", "<Made>1</Made><GenDate>")]),
    ("no time", &[("<GenDate>2026-11-03T09:44:30</GenDate>", "")]),
    ("a time that is none", &[("<GenDate>2026-11-03T09:44:30", "<GenDate>2026-02-30T09:44:30")]),
    ("a test message", &[("<GenDate>", "<ProcessingStatus V=\"D\" DN=\"Test\"/><GenDate>")]),
    ("a charset that is not taken", &[("UTF-8", "UTF-7")]),
    ("an attribute twice", &[("V=\"DIALOG_NOTAT\"", "V=\"DIALOG_NOTAT\" V=\"X\"")]),
    ("a prefix of nothing", &[("<GenDate>", "<x:a/><GenDate>")]),
    ("a document type", &[("<MsgHead ", "<!DOCTYPE MsgHead><MsgHead ")]),
];

fn case(folder: &str) -> Result<String, Failed> {
    let bytes = std::fs::read(root().join("mappings").join(folder).join("in.xml"))?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(other) => other.into_bytes().into_iter().map(char::from).collect(),
    })
}

fn list(name: &str, syntax: Syntax, base: &str, cases: &[Case]) -> Result<(), Failed> {
    let own = [
        "gln:5790000209354",
        "gln:5790001348120",
        "gln:5790000999019",
        "gln:5790000999026",
        "organisation:RH",
        "organisation:KOM",
        "her-id:90001",
        "her-id:90011",
        "her-id:90002",
        "her-id:90022",
    ];
    let own: BTreeSet<String> = own.into_iter().map(str::to_owned).collect();
    let events = "'DIS91', 'ADT^A01', 'XDIS91', 'DIALOG_NOTAT'";
    let site = Site::new(&own, events)?;
    let mut arena = Arena::new(&site.engine);
    let mut out = String::new();
    for (what, changes) in cases {
        let mut text = base.to_owned();
        for (from, to) in *changes {
            if !text.contains(from) {
                return Err(format!("{what}: nothing is changed by {from:?}").into());
            }
            text = text.replacen(from, to, 1);
        }
        let bytes = match base.contains("encoding=\"UTF-8\"") {
            true => text.into_bytes(),
            false => text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect(),
        };
        let heard = site.hear(syntax, &bytes, &mut arena)?;
        let ending = heard.ending.map_or("no verdict".to_owned(), |one| format!("{one:?}"));
        let kind = heard.answer.content_type.unwrap_or("nothing");
        let _ = writeln!(out, "{what}\n  {ending}, {} {kind}", heard.answer.status);
        for (id, at, by_name) in &heard.wrong {
            let at = at.map_or("?".to_owned(), |(line, column)| format!("{line}:{column}"));
            let _ = writeln!(out, "  {id} at {at} {by_name}");
        }
        let body = String::from_utf8_lossy(&heard.answer.body).into_owned();
        let said = body.split(['\r', '\n']).map(str::trim);
        let telling = ["UNH+", "UCI+", "FTX+", "UCM+", "MSA|", "ERR|"];
        for line in said.filter(|line| telling.iter().any(|start| line.starts_with(start))) {
            let _ = writeln!(out, "    {line}");
        }
        if kind == "application/xml" {
            let _ = writeln!(out, "    {}", said_in_xml(&body));
            // what we say is a message that we would take
            let back = site.hear(Syntax::Xml, &heard.answer.body, &mut arena)?;
            let nobodys = back.answer.status == 403;
            if (back.ending.is_none() && !nobodys) || !back.wrong.is_empty() {
                return Err(format!("{what}: a receipt with {:?}: {body}", back.wrong).into());
            }
        }
    }
    golden(&root().join("tests/it/badinput/golden").join(format!("{name}.txt")), &out)
}

/// What a receipt in XML says.
fn said_in_xml(body: &str) -> String {
    let mut said = Vec::new();
    for name in ["StatisticalCode", "OriginalLetterIdentifier", "RefuseCode", "Id"] {
        let found =
            body.split_once(&format!("<{name}>")).and_then(|(_, rest)| rest.split_once('<'));
        said.extend(found.map(|(text, _)| format!("{name} {text}")));
    }
    for name in ["Status", "Error"] {
        let found =
            body.split_once(&format!("<{name} ")).and_then(|(_, rest)| rest.split_once('>'));
        said.extend(found.map(|(text, _)| format!("{name} {}", text.trim_end_matches('/'))));
    }
    said.join(", ")
}
