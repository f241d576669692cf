//! Value sets of the core and of real packages.

use super::{check, library};
use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};
use stafett::definitions::core::Kind;
use stafett::definitions::model::Strength;
use stafett::definitions::terminology::{Membership, Reason};
use stafett::definitions::{LibraryBuilder, PackageId, Scope};
use std::collections::BTreeSet;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("definitions: the core's required value sets expand", Needs::Nothing, required),
        trial("definitions: a value set answers in, not in or unknown", Needs::Nothing, answers),
        trial(
            "definitions: the packages' value sets expand",
            Needs::Data("data/packages"),
            of_packages,
        ),
    ]
}

fn required() -> Result<(), Failed> {
    let (library, _) = LibraryBuilder::new().build();
    let scope = Scope::of(PackageId::CORE);
    let mut sets = BTreeSet::new();
    for one in library.list(Kind::Structure) {
        let found = library.structure_of(one.id).ok_or("a listed structure")?;
        for binding in found.definition.snapshot.iter().filter_map(|e| e.binding.as_ref()) {
            if binding.strength == Strength::Required {
                sets.extend(binding.value_set.clone());
            }
        }
    }
    let mut open = Vec::new();
    for canonical in &sets {
        match library.value_set(canonical, scope) {
            None => open.push(format!("{canonical}: not in the package")),
            Some(set) => open.extend(set.open().map(|reason| format!("{canonical}: {reason}"))),
        }
    }
    // four more have a grammar for their codes: currencies, media types, time zones, units
    let told = format!("of {}: {}", sets.len(), open.join("\n"));
    check(sets.len() == 257 && open.len() == 2, told)
}

fn answers() -> Result<(), Failed> {
    let (library, _) = LibraryBuilder::new().build();
    let unknown = Membership::Unknown(Reason::SystemNotLoaded);
    let cases = [
        ("administrative-gender", None, "female", Membership::In),
        ("administrative-gender", None, "Female", Membership::NotIn),
        (
            "administrative-gender",
            Some("http://hl7.org/fhir/administrative-gender"),
            "other",
            Membership::In,
        ),
        ("administrative-gender", Some("http://example.org"), "other", Membership::NotIn),
        // is-a below an abstract concept
        (
            "v3-ActEncounterCode",
            Some("http://terminology.hl7.org/CodeSystem/v3-ActCode"),
            "AMB",
            Membership::In,
        ),
        (
            "v3-ActEncounterCode",
            Some("http://terminology.hl7.org/CodeSystem/v3-ActCode"),
            "ALLERGY",
            Membership::NotIn,
        ),
        ("languages", None, "da", Membership::In),
        ("all-languages", None, "da-DK", Membership::In),
        ("currencies", None, "DKK", Membership::In),
        ("ucum-units", Some("http://unitsofmeasure.org"), "mmol/L", Membership::In),
        ("mimetypes", None, "application/pdf", Membership::In),
        ("mimetypes", None, "pdf", Membership::NotIn),
        ("body-site", Some("http://snomed.info/sct"), "106004", unknown),
        ("body-site", Some("http://loinc.org"), "1-1", Membership::NotIn),
    ];
    let mut wrong = Vec::new();
    for (name, system, code, expected) in cases {
        let canonical = match name.starts_with("v3-") {
            true => format!("http://terminology.hl7.org/ValueSet/{name}"),
            false => format!("http://hl7.org/fhir/ValueSet/{name}"),
        };
        let set = library.value_set(&canonical, Scope::of(PackageId::CORE)).ok_or(canonical)?;
        let is = set.contains(system, code);
        if is != expected {
            wrong.push(format!("{name} {system:?} {code}: {is:?}"));
        }
    }
    check(wrong.is_empty(), wrong.join("\n"))
}

fn of_packages() -> Result<(), Failed> {
    let (library, _) = library(&["medcom", "hl7.fhir.dk"])?;
    let mut open = BTreeSet::new();
    let mut count = 0;
    for one in library.list(Kind::ValueSet).filter(|l| l.package != PackageId::CORE) {
        count += 1;
        let scope = Scope::of(one.package);
        let set =
            library.value_set(&format!("{}|{}", one.url, one.version), scope).ok_or(one.url)?;
        open.extend(set.open().map(|reason| format!("{}: {reason}", one.url)));
    }
    // one selects concepts of SNOMED CT by a filter
    let snomed = open.iter().all(|o| o.contains("SCTBasicObservation")) && open.len() == 1;
    check(count == 390 && snomed, format!("{count} value sets, open: {open:#?}"))
}
