//! The embedded core, packages, canonicals and value sets on real packages.

mod at_hand;
mod hostile;
mod messages;
mod resolution;
mod snapshots;
mod suite;
mod terminology;

use crate::support::{Needs, root, shared, trial};
use at_hand::{builder, check, library, read};
use libtest_mimic::{Failed, Trial};
use stafett::definitions::core::{Core, EMBEDDED, Kind};
use stafett::definitions::generate::generate;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial(
            "definitions: the embedded core is what its package gives",
            Needs::Data("data/packages/hl7.fhir.r4.core-4.0.1.tgz"),
            regenerates,
        ),
        trial("definitions: the manifest is the table's", Needs::Nothing, manifest_is_true),
        trial("definitions: the embedded core is whole", Needs::Nothing, whole),
    ];
    trials.extend(hostile::trials());
    trials.extend(messages::trials());
    trials.extend(resolution::trials());
    trials.extend(snapshots::trials());
    trials.extend(suite::trials());
    trials.extend(terminology::trials());
    trials
}

fn regenerates() -> Result<(), Failed> {
    let package = read(shared().join("data/packages/hl7.fhir.r4.core-4.0.1.tgz"))?;
    let made = generate(&package).map_err(|e| e.to_string())?;
    let manifest = read(root().join("src/definitions/r4/manifest.json"))?;
    let same = made.table == EMBEDDED && made.manifest.as_bytes() == manifest;
    check(same, "stale: run `stafett definitions generate` on the package")
}

fn manifest_is_true() -> Result<(), Failed> {
    let manifest = read(root().join("src/definitions/r4/manifest.json"))?;
    let manifest: serde_json::Value = serde_json::from_slice(&manifest)?;
    let said = manifest["table"]["blake3"].as_str().unwrap_or_default();
    let is = blake3::hash(EMBEDDED).to_hex();
    check(said == is.as_str(), "the manifest speaks of another table")
}

fn whole() -> Result<(), Failed> {
    let core = Core::embedded();
    let table = core.table();
    let patient = table.find("Patient").ok_or("no Patient")?;
    let elements = table.type_of(patient).elements.len();
    let structures = core
        .definitions()
        .filter(|d| d.kind == Kind::Structure)
        .filter(|d| core.structure(d.at).url.as_ref() == d.url)
        .count();
    let known = |path: &str| table.elements().iter().any(|e| *e.path == *path);
    let foreign =
        ["Meta.project", "Binary.url", "ResearchStudy.label"].into_iter().find(|p| known(p));
    check(foreign.is_none(), format!("{foreign:?} is not FHIR's"))?;
    check(known("EvidenceVariable.characteristic.definition[x]"), "what was replaced is not back")?;
    // Patient: 8 inherited from Resource and DomainResource, 16 of its own
    let told = format!("{structures} structures, {elements} elements of Patient");
    check((structures, elements) == (649, 24), told)
}
