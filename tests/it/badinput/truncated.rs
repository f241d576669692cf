//! Every message at hand, cut off at many places.
//!
//! A message of HL7 v2 has no end mark of its own (the frame around it has): one that is cut may be whole. Everything
//! else that lacks more than white space is refused.

use super::heard::{Heard, Site};
use crate::support;
use libtest_mimic::Failed;
use stafett::engine::Arena;
use stafett::format::recognise;
use stafett::message::{Identifier, IdentifierKind, Syntax};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// At how many places a file is cut, beside its last bytes.
const CUTS: usize = 48;

pub fn run(folder: &str) -> Result<(), Failed> {
    let mut files = Vec::new();
    below(&support::shared().join(folder), &mut files)?;
    let mut read = Vec::new();
    for file in files {
        let bytes = std::fs::read(&file)?;
        let syntax = recognise(&bytes);
        if !syntax.is_fhir() && !bytes.is_empty() {
            read.push((file, syntax, bytes));
        }
    }
    let all = read.iter().map(|(_, _, bytes)| &**bytes);
    let site = Site::new(&identifiers(all), "'DIS91', 'ADT^A01'")?;
    let mut arena = Arena::new(&site.engine);
    let (mut cuts, mut strangers, mut receipts, mut wrong) = (0, 0, 0, Vec::new());
    for (file, syntax, bytes) in &read {
        for at in places(bytes.len()) {
            let cut = &bytes[..at];
            let heard = catch_unwind(AssertUnwindSafe(|| site.hear(*syntax, cut, &mut arena)));
            let said = match heard {
                Ok(heard) => {
                    let heard = heard?;
                    // Whose sender is somebody else's hears nothing more: that must be the exception.
                    match heard.answer.status {
                        403 => {
                            strangers += 1;
                            Ok(())
                        }
                        _ => judge(*syntax, cut, &bytes[at..], &heard, &mut receipts),
                    }
                }
                Err(_) => Err("a panic".to_owned()),
            };
            cuts += 1;
            if let Err(why) = said {
                wrong.push(format!("{} at {at}: {why}", file.display()));
            }
        }
    }
    println!(
        "{folder}: {} files, {cuts} cuts, {receipts} receipts, {strangers} of strangers",
        read.len()
    );
    match wrong.is_empty() && read.len() > 9 && cuts > 500 && strangers * 10 < cuts {
        true => Ok(()),
        false => Err(format!(
            "{strangers} of {cuts} of strangers, {} wrong\n{}",
            wrong.len(),
            wrong[..wrong.len().min(20)].join("\n")
        )
        .into()),
    }
}

/// Where a text is cut.
fn places(length: usize) -> Vec<usize> {
    let even = (1..=CUTS).map(|n| n * length / (CUTS + 1));
    let mut all: Vec<usize> = even.chain(length.saturating_sub(8)..length).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn judge(
    syntax: Syntax,
    cut: &[u8],
    lost: &[u8],
    heard: &Heard,
    receipts: &mut u32,
) -> Result<(), String> {
    let body = String::from_utf8_lossy(&heard.answer.body);
    let blank = cut.iter().all(u8::is_ascii_whitespace);
    let space = lost.iter().all(|b| b.is_ascii_whitespace() || *b == 0x1a);
    let refused = heard.ending.is_none() || !heard.wrong.is_empty();
    if refused && heard.wrong.is_empty() {
        return Err("refused without a word".to_owned());
    }
    let nowhere = heard.wrong.iter().find(|(_, at, _)| at.is_none() && !blank);
    if let Some((id, ..)) = nowhere.filter(|_| heard.ending.is_none()) {
        return Err(format!("{id} has no place"));
    }
    if heard.ending.is_some() && syntax != Syntax::Hl7v2 && !space {
        return Err("half a message got a verdict".to_owned());
    }
    let own = heard.answer.content_type.unwrap_or_default();
    match syntax {
        Syntax::Edifact if own == "application/edifact" => {
            *receipts += 1;
            let syntax = heard.wrong.iter().any(|(id, ..)| id.starts_with("edifact-"));
            if !body.contains("CTL02") || (syntax && !body.contains("FTX+SYN+")) {
                return Err(format!("not a refusal: {body}"));
            }
        }
        Syntax::Hl7v2 if own == "x-application/hl7-v2+er7" => {
            *receipts += 1;
            if !body.contains("MSA|A") {
                return Err(format!("not an acknowledgement: {body}"));
            }
        }
        _ => {}
    }
    Ok(())
}

/// All that may be a number or a name of a party in these messages.
fn identifiers<'a>(all: impl Iterator<Item = &'a [u8]>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for bytes in all {
        let text: String = bytes.iter().copied().map(char::from).collect();
        if text.trim_start_matches("\u{ef}\u{bb}\u{bf}").starts_with("MSH") {
            let name = text.split('|').nth(3).and_then(|field| field.split('^').next());
            found.extend(name.filter(|n| !n.is_empty()).map(|n| format!("organisation:{n}")));
            continue;
        }
        let numbers = text.split(|c: char| !c.is_ascii_digit());
        for number in numbers {
            let kinds: &[(IdentifierKind, &str)] = match number.len() {
                13 => &[(IdentifierKind::Gln, "gln")],
                9 => &[(IdentifierKind::Organisation, "organisation")],
                4..=7 => &[(IdentifierKind::HerId, "her-id")],
                _ => continue,
            };
            for (kind, word) in kinds {
                if Identifier::parse(*kind, number).is_ok() {
                    found.insert(format!("{word}:{number}"));
                }
            }
        }
    }
    found
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failed> {
    let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        match path.is_dir() {
            true if path.ends_with("schemas") || path.ends_with("mapping-tables") => {}
            true => below(&path, found)?,
            false => found.push(path),
        }
    }
    Ok(())
}
