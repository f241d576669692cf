//! Letters that went through a message and came back, judged by the published schema.

use super::bridge::{Bridge, TO_FHIR, TO_LETTER};
use super::{good_cases, judged, schema, shared_letter as published};
use crate::profile::lab;
use libtest_mimic::Failed;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

pub fn shared_letter() -> Result<(), Failed> {
    let bridge = Bridge::new(&judged::directory(), &[])?;
    comes_back(&bridge, &published()?, "DIS91_1")
}

pub fn cases() -> Result<(), Failed> {
    for case in good_cases(TO_FHIR)? {
        let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // without a text it gains one, on purpose; so does a receiver without a name, or with texts of blanks
        if !name.ends_with("without-text") && name != "a-stranger" {
            comes_back(&Bridge::of_case(&case)?, &std::fs::read(case.join("in.xml"))?, &name)?;
        }
    }
    Ok(())
}

/// Messages that were never letters.
pub fn letters() -> Result<(), Failed> {
    for case in good_cases(TO_LETTER)? {
        let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bridge = Bridge::of_case(&case)?;
        let source = bridge.read(&std::fs::read(case.join("in.json"))?, false)?;
        let made = bridge.translate(TO_LETTER, &source)?;
        made.no_errors(&name)?;
        valid(&bridge.xml(&made.tree)?, &name)?;
    }
    Ok(())
}

/// Every published care communication becomes a letter, or is refused since a letter carries no bytes.
pub fn published_messages() -> Result<(), Failed> {
    let bridge = Bridge::new(&[], &[])?;
    let (mut letters, mut refused) = (0, 0);
    for (name, text) in lab::messages(false)?.iter().filter(|(name, _)| name.contains("carecomm")) {
        let source = bridge.read(text.as_bytes(), false)?;
        let made = bridge.translate(TO_LETTER, &source)?;
        if text.contains("\"data\"") {
            refused += usize::from(made.issues.iter().any(|one| one.kind.id == "map-check-failed"));
            continue;
        }
        made.no_errors(name)?;
        valid(&bridge.xml(&made.tree)?, name)?;
        letters += 1;
    }
    match (letters, refused) {
        (15.., 5..) => Ok(()),
        _ => Err(Failed::from(format!("{letters} letters, {refused} refused"))),
    }
}

/// Translates there and back, and compares what must survive.
fn comes_back(bridge: &Bridge, letter: &[u8], name: &str) -> Result<(), Failed> {
    let source = bridge.read(letter, true)?;
    let message = bridge.translate(TO_FHIR, &source)?;
    message.no_errors(name)?;
    let message = bridge.read(bridge.json(&message.tree)?.as_bytes(), false)?;
    let back = bridge.translate(TO_LETTER, &message)?;
    back.no_errors(name)?;
    let back = bridge.xml(&back.tree)?;
    valid(&back, name)?;
    let (before, mut after) = (Kept::of(letter)?, Kept::of(&back)?);
    // a letter without a subject comes back with the category as its subject
    if !before.0.iter().any(|(name, _)| name == "Subject") {
        after.0.retain(|(name, _)| name != "Subject");
    }
    match before == after {
        true => Ok(()),
        false => Err(Failed::from(format!("{name}:\n{before:#?}\n{after:#?}"))),
    }
}

/// What xmllint, with the published schema, says about a letter.
fn valid(letter: &[u8], name: &str) -> Result<(), Failed> {
    let mut child = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .arg(schema())
        .arg("-")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    child.stdin.take().ok_or("no pipe")?.write_all(letter)?;
    let done = child.wait_with_output()?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    let letter = String::from_utf8_lossy(letter);
    Err(Failed::from(format!("{}: {said}\n{letter}", Path::new(name).display())))
}

/// What must survive: ids, texts, patient, parties, references. Read from the bytes by a scan of its own, so
/// that our reader and writer cannot agree on a mistake.
#[derive(Debug, PartialEq, Eq)]
struct Kept(Vec<(String, String)>);

const KEPT: &[&str] = &[
    "Identifier",
    "EANIdentifier",
    "IdentifierCode",
    "OrganisationName",
    "DepartmentName",
    "UnitName",
    "EpisodeOfCareIdentifier",
    "CivilRegistrationNumber",
    "AlternativeIdentifier",
    "PersonSurnameName",
    "PersonGivenName",
    "Subject",
    "RefDescription",
    "URL",
    "SUP",
    "ObjectIdentifier",
    "OriginalObjectSize",
    "Text01",
];

impl Kept {
    fn of(letter: &[u8]) -> Result<Kept, Failed> {
        let latin = letter.windows(8).any(|w| matches!(w, b"windows-" | b"ISO-8859"));
        let text = match latin {
            true => letter.iter().map(|byte| char::from(*byte)).collect(),
            false => String::from_utf8(letter.to_vec())?,
        };
        let mut found = Vec::new();
        for name in KEPT {
            let (open, close) = (format!("<{name}>"), format!("</{name}>"));
            let mut rest = &text[..];
            while let Some((_, after)) = rest.split_once(&open) {
                let (inside, later) = after.split_once(&close).ok_or("an open element")?;
                found.push(((*name).to_owned(), plain(inside)));
                rest = later;
            }
        }
        Ok(Kept(found))
    }
}

/// Marked-up text as what a reader sees: formatting and spelling of markup do not count.
fn plain(marked: &str) -> String {
    let text = marked.replace("<Break/>", "\n").replace("<Space/>", " ");
    let mut out = String::new();
    let mut rest = &text[..];
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        rest = after.split_once('>').map_or("", |(_, later)| later);
    }
    out.push_str(rest);
    let named = [("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&apos;", "'"), ("&amp;", "&")];
    let out = named.into_iter().fold(out, |text, (from, to)| text.replace(from, to));
    out.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
