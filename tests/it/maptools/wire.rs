//! HL7 v2 and EDIFACT in the tools: read, made, compared, and told apart.

use super::tools::{examples, printed, stafett};
use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};
use std::path::Path;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let nothing = |name, run: fn() -> Result<(), Failed>| trial(name, Needs::Nothing, run);
    vec![
        nothing("maptools: HL7 v2 and EDIFACT in every tool", everywhere),
        nothing("maptools: one letter of an interchange at a time", letters),
        nothing("maptools: a message of another structure or kind is refused", others),
        nothing("maptools: delimited targets are compared by segment and field", compared),
        nothing("maptools: what the syntax alone says need not be written", completed),
    ]
}

const ADMISSION: &str = "wire/admission-to-message/tests/an-admission/in.hl7";
const LETTER: &str = "wire/letter-to-message/tests/a-letter/in.edi";

fn everywhere() -> Result<(), Failed> {
    let folder = examples()?;
    let at = folder.path();
    for (arguments, code) in [
        (&["check", "wire"][..], 0),
        (&["check", "wire", "--strict"], 0),
        (&["test", "wire"], 0),
        (&["run", "wire/admission-to-message", ADMISSION], 0),
        (&["run", "wire/letter-to-message", LETTER], 0),
        (&["coverage", "wire/admission-to-message", ADMISSION, "--threshold", "20"], 0),
        (&["coverage", "wire/letter-to-message", LETTER], 0),
        (&["explain", "wire/letter-to-message", LETTER, "--at", "Bundle.id"], 0),
        (&["fmt", "--check", "wire"], 0),
        (&["roundtrip", "wire/admission-to-message", "wire/message-to-admission", ADMISSION], 1),
    ] {
        printed(at, arguments, code)?;
    }
    // the bytes themselves, not only their meaning
    let way = ["wire/message-to-letter", "wire/message-to-letter/tests/a-letter/in.json"];
    let out = stafett(at, &["run", way[0], way[1]])?.stdout;
    match out == std::fs::read(at.join(LETTER))? {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&out).into_owned().into()),
    }
}

fn edit(at: &Path, file: &str, from: &str, to: &str) -> Result<(), Failed> {
    let path = at.join(file);
    let text: String = std::fs::read(&path)?.into_iter().map(char::from).collect();
    if !text.contains(from) {
        return Err(format!("{file} has no {from}").into());
    }
    let bytes: Vec<u8> = text.replacen(from, to, 1).chars().map(|c| c as u8).collect();
    Ok(std::fs::write(path, bytes)?)
}

fn said(at: &Path, arguments: &[&str], code: i32) -> Result<String, Failed> {
    let output = stafett(at, arguments)?;
    let (out, err) = (&output.stdout, &output.stderr);
    let text = format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err));
    match output.status.code() == Some(code) {
        true => Ok(text),
        false => Err(format!("{arguments:?}: {:?}\n{text}", output.status.code()).into()),
    }
}

fn letters() -> Result<(), Failed> {
    let folder = examples()?;
    let at = folder.path();
    let second = "UNH+B2+MEDDIS:D:93A:UN:D9134L+DIS91'\r\nBGM+EPI'\r\nS07+07'\r\n\
                  PNA+PAT+0101010101'\r\nUNT+5+B2'\r\nUNZ+2+K1'";
    edit(at, LETTER, "UNZ+1+K1'", second)?;
    let several = said(at, &["run", "wire/letter-to-message", LETTER], 2)?;
    if !several.contains("it holds 2 letters") {
        return Err(several.into());
    }
    for (number, own, other) in [("1", "2512489996", "0101010101"), ("2", "0101010101", "B1\"")] {
        let file = format!("{LETTER}#{number}");
        let text = said(at, &["run", "wire/letter-to-message", &file], 0)?;
        if !text.contains(own) || text.contains(other) {
            return Err(text.into());
        }
    }
    let none = said(at, &["run", "wire/letter-to-message", &format!("{LETTER}#3")], 2)?;
    if none.contains("no such letter") { Ok(()) } else { Err(none.into()) }
}

fn others() -> Result<(), Failed> {
    let folder = examples()?;
    let at = folder.path();
    edit(at, ADMISSION, "ADT^A01^ADT_A01", "ADT^A03^ADT_A03")?;
    edit(at, LETTER, "D9134L+DIS91", "D2030C+DIS20")?;
    for (map, file, text) in [
        ("wire/admission-to-message", ADMISSION, "is of ADT_A03, the map reads ADT_A01"),
        ("wire/letter-to-message", LETTER, "is of DIS20, the map reads DIS91"),
        ("wire/letter-to-message", ADMISSION, "is of ADT_A03, the map reads DIS91"),
        ("wire/message-to-letter", LETTER, "is of DIS20, the map reads Bundle"),
    ] {
        let found = said(at, &["run", map, file], 2)?;
        if !found.contains(text) {
            return Err(found.into());
        }
    }
    // one that does not say its letters' kind is read by a map for any
    edit(at, "wire/letter-to-message/letter-to-message.fml", "edifact/DIS91", "edifact/Edifact")?;
    said(at, &["run", "wire/letter-to-message", LETTER], 0).map(|_| ())
}

fn compared() -> Result<(), Failed> {
    let folder = examples()?;
    let at = folder.path();
    let (v2, edi) = (
        "wire/message-to-admission/tests/an-admission/out.hl7",
        "wire/message-to-letter/tests/a-letter/out.edi",
    );
    // other line ends and trailing delimiters mean the same
    edit(at, v2, "PV1||I\r", "PV1||I|||\r\n")?;
    edit(at, edi, "BGM+EPI++9'\r\n", "BGM+EPI++9'\n\n")?;
    said(at, &["test", "wire"], 0)?;
    edit(at, v2, "Mathias", "Mattias")?;
    edit(at, edi, ":::CPR", "::CPR")?;
    let text = said(at, &["test", "wire"], 1)?;
    for part in [
        "ADT_A01.PID.`PID.5`[0].`XPN.1`.`FN.1`",
        "message-to-admission.fml:",
        "Edifact.Brev[0].BrevIndhold.S07[0].PNA[0].Elm[1].SubElm[2]",
        "message-to-letter.fml:",
    ] {
        if !text.contains(part) {
            return Err(format!("no {part} in\n{text}").into());
        }
    }
    Ok(())
}

fn completed() -> Result<(), Failed> {
    let folder = examples()?;
    let at = folder.path();
    let map = "wire/message-to-letter/message-to-letter.fml";
    // made in another order than it is read
    edit(
        at,
        map,
        "group person",
        "group unused(source b : Bundle, target edi : Letter) {\n  b -> edi.UNB as u;\n}\n\ngroup person",
    )?;
    said(at, &["test", "wire/message-to-letter"], 0)?;
    edit(at, "wire/message-to-letter/tests/a-letter/in.json", "\"K1\"", "\"K\\u00d8\"")?;
    let text = stafett(
        at,
        &["run", "wire/message-to-letter", "wire/message-to-letter/tests/a-letter/in.json"],
    )?
    .stdout;
    if !text.ends_with(b"UNT+8+B1'\r\nUNZ+1+K\xD8'\r\n") {
        return Err(String::from_utf8_lossy(&text).into_owned().into());
    }
    // a character that ISO 8859-1 lacks
    edit(at, "wire/message-to-letter/tests/a-letter/in.json", "u00d8", "u20ac")?;
    let text = said(
        at,
        &["run", "wire/message-to-letter", "wire/message-to-letter/tests/a-letter/in.json"],
        2,
    )?;
    if text.contains("charset lacks") { Ok(()) } else { Err(text.into()) }
}
