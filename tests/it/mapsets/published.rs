//! Published messages of HL7 v2 beside one converter's FHIR of them: every difference in what a message is made of
//! stands on `mappings/PUBLISHED.md` with its reason, and one that has none fails.

use super::referrals::translated;
use crate::support::{self, Needs, trial};
use libtest_mimic::{Failed, Trial};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

pub fn trials() -> Vec<Trial> {
    vec![trial(
        "mapsets: what differs from published FHIR of HL7 v2 is listed with its reason",
        Needs::Data("data/hl7v2"),
        differences,
    )]
}

const HEAD: &str = "# Published messages of HL7 v2, and what one converter makes of them

Made by `UPDATE=1 cargo test --test it -- mapsets`. The published FHIR (FHIR-Converter, MIT) is a view, not a verdict: it makes a
resource of everything, for a store; our maps make the message that a partner of these networks reads.
";

/// Why a message is refused, by how its name begins.
const REFUSED: &[(&str, &str)] = &[
    (
        "ADT",
        "a notification needs a CPR number, location numbers and an admission time; these have none",
    ),
    (
        "MDM-T02-01",
        "its first part is a pointer to a study, so that the document would not be whole",
    ),
];

/// Why there is no map for a message.
const UNMAPPED: &[(&str, &str)] = &[
    ("ADT-A02", "no HospitalNotification tells of a transfer"),
    ("ADT-A40", "no HospitalNotification tells of merged numbers"),
    ("ORM", "nothing in these networks takes an order as FHIR"),
    ("SIU", "nothing in these networks takes an appointment as FHIR"),
];

/// Why there are more or fewer of a type than there, by how a message's name begins; the first that fits counts.
const REASONS: &[(&str, &str, &str)] = &[
    ("", "Account", "the account is nothing that a reader of the message asks for"),
    ("", "Location", "places of rooms and addresses of persons are no resources here"),
    ("", "Device", "what software sent it is dropped on purpose"),
    ("", "Encounter", "the visit is dropped on purpose"),
    ("", "EpisodeOfCare", "the visit is dropped on purpose"),
    (
        "",
        "Provenance",
        "one entry of the history is this message's; who transcribed or collected is dropped",
    ),
    ("", "Organization", "the sender and the receiver; others are named where they act"),
    ("REF", "Practitioner", "who refers, and who is referred to; others are no part of a referral"),
    ("REF", "PractitionerRole", "one for each practitioner of the referral"),
    ("", "Practitioner", "persons are named where they act, by number and name"),
    ("", "PractitionerRole", "persons are named where they act, by number and name"),
    (
        "MDM",
        "Composition",
        "a document is one, with its parts as sections; there it is a reference without content",
    ),
    ("MDM", "DocumentReference", "each part is one, with its content"),
    ("MDM", "Observation", "they are the parts of the document"),
    ("", "ServiceRequest", "the order behind it is dropped on purpose; a referral is one"),
    ("", "Specimen", "the specimen is told by the observation"),
    ("ORU", "DocumentReference", "the document of TXA is no part of a report"),
    ("ORU", "DiagnosticReport", "one for each report that has results"),
    ("ORU", "Observation", "one for each result; what stands in participations is none"),
    ("REF", "Observation", "one for each result of the referral"),
    ("REF", "DiagnosticReport", "the results stand in the referral"),
    (
        "REF",
        "Condition",
        "one for each DG1; there a parent diagnosis of which only the number is known is one too",
    ),
    ("REF", "RelatedPerson", "the patient's relatives; guarantors and insured are none"),
    ("", "ClaimResponse", "nobody here decides about payment"),
    ("", "Coverage", "nobody here is asked for insurance"),
    ("", "Procedure", "what was done is dropped on purpose"),
    ("", "ResearchStudy", "trials are dropped on purpose"),
    ("", "ChargeItem", "nobody here is charged"),
    ("", "MedicationDispense", "nothing was dispensed that a report tells of"),
];

fn reason<'a>(all: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    all.iter().find(|(begins, _)| name.starts_with(begins)).map(|(_, why)| *why)
}

/// How many resources of each type a Bundle has, and the values in it.
fn made_of(bundle: &serde_json::Value) -> (BTreeMap<String, usize>, BTreeSet<String>) {
    let (mut types, mut values) = (BTreeMap::new(), BTreeSet::new());
    for entry in bundle["entry"].as_array().into_iter().flatten() {
        let resource = &entry["resource"];
        let name = resource["resourceType"].as_str().unwrap_or_default();
        *types.entry(name.to_owned()).or_insert(0) += 1;
        leaves(resource, &mut values);
    }
    (types, values)
}

fn leaves(value: &serde_json::Value, all: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(fields) => fields.values().for_each(|one| leaves(one, all)),
        serde_json::Value::Array(items) => items.iter().for_each(|one| leaves(one, all)),
        serde_json::Value::String(text) => drop(all.insert(text.clone())),
        _ => {}
    }
}

/// The lines of a message that is translated; what differs for no reason is in `wrong`.
fn beside(
    name: &str,
    ours: &serde_json::Value,
    theirs: &serde_json::Value,
    wrong: &mut Vec<String>,
) -> Result<String, Failed> {
    let ((ours, own), (theirs, published)) = (made_of(ours), made_of(theirs));
    let kept = published.intersection(&own).count();
    let mut out = format!(
        "{kept} of the {} values that are published are in the message.\n\n| type | here | there | why |\n|---|---|---|---|\n",
        published.len()
    );
    let types: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    for kind in types {
        let count = |all: &BTreeMap<String, usize>| all.get(kind).copied().unwrap_or_default();
        let (here, there) = (count(&ours), count(&theirs));
        if here == there {
            continue;
        }
        let fits = |(begins, of, _): &&(&str, &str, &str)| name.starts_with(begins) && of == kind;
        match REASONS.iter().find(fits) {
            Some((.., why)) => writeln!(out, "| {kind} | {here} | {there} | {why} |")?,
            None => wrong.push(format!("{name}: {here} {kind} instead of {there}, for no reason")),
        }
    }
    Ok(out)
}

fn differences() -> Result<(), Failed> {
    let data = support::shared().join("data/hl7v2");
    let (mut page, mut wrong) = (HEAD.to_owned(), Vec::new());
    let (mut refused, mut unmapped) = (String::new(), String::new());
    for file in super::below(&data.join("messages"))? {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut told = |out: &mut String, all: &[(&str, &str)], what: &str| match reason(all, &name)
        {
            Some(why) => out.push_str(&format!("| {name} | {why} |\n")),
            None => wrong.push(format!("{name} is {what} for no reason")),
        };
        match translated(&file, &[]) {
            Err(fault) if format!("{fault:?}").contains("no map reads it") => {
                told(&mut unmapped, UNMAPPED, "not mapped");
            }
            Err(fault) => return Err(fault),
            Ok(said) if said["refused"] == true => told(&mut refused, REFUSED, "refused"),
            Ok(said) => {
                let Some(theirs) = published(&data, &name)? else { continue };
                let ours = serde_json::from_str(said["output"].as_str().unwrap_or_default())?;
                writeln!(page, "\n## {name}\n")?;
                page += &beside(&name, &ours, &theirs, &mut wrong)?;
            }
        }
    }
    writeln!(page, "\n## Refused\n\n| message | why |\n|---|---|\n{refused}")?;
    writeln!(page, "## Read and written, not mapped\n\n| message | why |\n|---|---|\n{unmapped}")?;
    if !wrong.is_empty() {
        return Err(wrong.join("\n").into());
    }
    support::golden(
        &support::root().join("mappings/PUBLISHED.md"),
        &(page.trim_end().to_owned() + "\n"),
    )
}

/// What is published for a message.
fn published(data: &Path, name: &str) -> Result<Option<serde_json::Value>, Failed> {
    for folder in super::below(&data.join("expected-fhir"))? {
        let file = folder.join(format!("{name}-expected.json"));
        if file.is_file() {
            return Ok(Some(serde_json::from_slice(&std::fs::read(file)?)?));
        }
    }
    Ok(None)
}
