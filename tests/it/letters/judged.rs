//! Letters as messages, judged by the published profiles of CareCommunication 5.0.2 and by our own.

use super::bridge::{Bridge, TO_FHIR};
use super::{good_cases, shared_letter as published};
use crate::package::ours;
use crate::profile::lab::{Lab, lab};
use crate::support;
use libtest_mimic::Failed;
use stafett::message::Severity;
use stafett::profile::Memory;

/// Location numbers of the published letter, both of which fail the check digit that the profile asks for,
/// and what they would be.
const CORRECTED: [(&str, &str); 2] =
    [("5790000120400", "5790000120406"), ("5790000128700", "5790000128709")];

/// The organisations of the published letter.
pub fn directory() -> Vec<(&'static str, &'static str)> {
    let sor = ["1301110016007", "2917140016005"];
    let pairs = CORRECTED.iter().zip(sor).flat_map(|((a, b), sor)| [(*a, sor), (*b, sor)]);
    pairs.collect()
}

/// As it was published only its location numbers are wrong; with right ones nothing is.
pub fn shared_letter_judged(corrected: bool) -> Result<Vec<String>, Failed> {
    let bridge = Bridge::new(&directory(), &[])?;
    let mut letter = published()?;
    for (wrong, right) in CORRECTED.iter().filter(|_| corrected) {
        letter = replace(&letter, wrong.as_bytes(), right.as_bytes());
    }
    let source = bridge.read(&letter, true)?;
    let made = bridge.translate(TO_FHIR, &source)?;
    made.no_errors("the published letter")?;
    published_faults(&bridge.json(&made.tree)?)
}

pub fn shared_letter() -> Result<(), Failed> {
    if !support::shared().join("data/packages").exists() {
        return Err(Failed::from("the packages are part of the test data"));
    }
    let faults = shared_letter_judged(true)?;
    if !faults.is_empty() {
        return Err(Failed::from(faults.join("\n")));
    }
    // a wrong organisation makes every reference to it wrong
    let mut as_published = shared_letter_judged(false)?;
    as_published.retain(|fault| !fault.starts_with("profile-reference-profile"));
    if as_published.len() != 2 || !as_published.iter().all(|one| one.contains("gln-modulus-10")) {
        return Err(Failed::from(as_published.join("\n")));
    }
    Ok(())
}

/// The other published letter has a month 22 in its personal number; with a month it passes, fixed width and all.
pub fn other_letter() -> Result<(), Failed> {
    let bridge = Bridge::new(&directory(), &[])?;
    let folder = support::shared().join("data/medcom-legacy/broken-and-other");
    let letter = std::fs::read(folder.join("korr_x9134.xml"))?;
    let made = bridge.translate(TO_FHIR, &bridge.read(&letter, true)?)?;
    if !made.issues.iter().any(|issue| issue.kind.id == "map-check-failed") {
        return Err(Failed::from("a number that is no date was taken"));
    }
    let mut letter = replace(&letter, b"1522824933", b"1502824933");
    for (wrong, right) in CORRECTED {
        letter = replace(&letter, wrong.as_bytes(), right.as_bytes());
    }
    let made = bridge.translate(TO_FHIR, &bridge.read(&letter, true)?)?;
    made.no_errors("the other letter")?;
    let json = bridge.json(&made.tree)?;
    let faults = published_faults(&json)?;
    match json.contains("Hej \\n\\n\\n\\n\\n\\nHej, jeg er fast bredde\\nAfdeling A")
        && faults.is_empty()
    {
        true => Ok(()),
        false => Err(Failed::from(format!("{}\n{json}", faults.join("\n")))),
    }
}

/// Our own cases, each with its own parameters, by the published profiles.
pub fn cases() -> Result<(), Failed> {
    judge_cases(lab(), "medcom.fhir.dk.carecommunication", |bridge| bridge)
}

/// The same, by the project's own profiles.
pub fn cases_by_ours() -> Result<(), Failed> {
    judge_cases(ours(), "support files", Bridge::claiming_ours)
}

fn judge_cases(by: &Lab, package: &str, claim: fn(Bridge) -> Bridge) -> Result<(), Failed> {
    let mut all = Vec::new();
    for case in good_cases(TO_FHIR)? {
        let bridge = claim(Bridge::of_case(&case)?);
        let source = bridge.read(&std::fs::read(case.join("in.xml"))?, true)?;
        let made = bridge.translate(TO_FHIR, &source)?;
        let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
        made.no_errors(&name)?;
        let faults = faults(by, package, &bridge.json(&made.tree)?)?;
        all.extend(faults.into_iter().map(|fault| format!("{name}: {fault}")));
    }
    if all.is_empty() { Ok(()) } else { Err(Failed::from(all.join("\n"))) }
}

fn published_faults(json: &str) -> Result<Vec<String>, Failed> {
    faults(lab(), "medcom.fhir.dk.carecommunication", json)
}

/// What the profiles of a package, and the exchange rules, find wrong.
fn faults(by: &Lab, package: &str, json: &str) -> Result<Vec<String>, Failed> {
    let (summary, seen) = by.judge(json, &mut Memory::default());
    let root = summary.root.map(|root| &*by.library.package(root).name);
    if root != Some(package) {
        return Err(Failed::from(format!("judged by {root:?}, not by {package}")));
    }
    let all = seen.into_iter().chain(by.exchange(json));
    let wrong = all.filter(|one| one.severity >= Severity::Error && !one.unchecked);
    Ok(wrong.map(|one| format!("{} {} {}", one.id, one.expression, one.text)).collect())
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with(from) {
            out.extend_from_slice(to);
            at += from.len();
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}
