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
use stafett::definitions::Package;
use stafett::definitions::cache::{self, Key};
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
    trials.push(trial(
        "definitions: what is kept of every package at hand is what was decoded",
        Needs::Data("data/packages"),
        kept,
    ));
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

/// Decoded on one thread, on two, and read back from the cache's bytes.
fn kept() -> Result<(), Failed> {
    let mut archives = Vec::new();
    for entry in std::fs::read_dir(shared().join("data/packages"))? {
        let path = entry?.path();
        archives.push((path.to_string_lossy().into_owned(), read(path)?));
    }
    archives.sort();
    let list: Vec<(&str, &[u8])> = archives.iter().map(|(name, all)| (&**name, &**all)).collect();
    let decode = |threads| -> Result<Vec<Package>, Failed> {
        let all = Package::decode_all(&list, threads);
        all.into_iter().map(|one| one.map_err(|e| e.to_string().into())).collect()
    };
    let decoded = decode(1)?;
    check(decoded == decode(2)?, "two threads decode something else")?;
    let key = Key::of(list.iter().map(|(_, all)| *all));
    let bytes = cache::write(&key, &decoded).ok_or("too large to be kept")?;
    let back = cache::read(&bytes, &key, 2).map_err(|e| e.to_string())?;
    check(back == decoded, "what was read is not what was kept")
}
