//! The embedded core, packages, canonicals and value sets on real packages.

use crate::support::{Needs, root, shared, trial};
use libtest_mimic::{Failed, Trial};
use stafett::definitions::core::{Core, EMBEDDED};
use stafett::definitions::generate::generate;

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "definitions: the embedded core is what its package gives",
            Needs::Data("data/packages/hl7.fhir.r4.core-4.0.1.tgz"),
            regenerates,
        ),
        trial("definitions: the manifest is the table's", Needs::Nothing, manifest_is_true),
        trial("definitions: the embedded core is whole", Needs::Nothing, whole),
    ]
}

fn read(path: std::path::PathBuf) -> Result<Vec<u8>, Failed> {
    std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()).into())
}

fn regenerates() -> Result<(), Failed> {
    let package = read(shared().join("data/packages/hl7.fhir.r4.core-4.0.1.tgz"))?;
    let made = generate(&package).map_err(|e| e.to_string())?;
    let manifest = read(root().join("src/definitions/r4/manifest.json"))?;
    if made.table != EMBEDDED || made.manifest.as_bytes() != manifest {
        return Err("stale: run `stafett definitions generate` on the package".into());
    }
    Ok(())
}

fn manifest_is_true() -> Result<(), Failed> {
    let manifest = read(root().join("src/definitions/r4/manifest.json"))?;
    let manifest: serde_json::Value = serde_json::from_slice(&manifest)?;
    let said = manifest["table"]["blake3"].as_str().unwrap_or_default();
    match said == blake3::hash(EMBEDDED).to_hex().as_str() {
        true => Ok(()),
        false => Err("the manifest speaks of another table".into()),
    }
}

fn whole() -> Result<(), Failed> {
    let core = Core::embedded();
    let table = core.table();
    let patient = table.find("Patient").ok_or("no Patient")?;
    let elements = table.type_of(patient).elements.len();
    let structures = core
        .definitions()
        .filter(|d| d.kind == stafett::definitions::core::Kind::Structure)
        .filter(|d| core.structure(d.at).url.as_ref() == d.url)
        .count();
    // Patient: 8 inherited from Resource and DomainResource, 16 of its own
    if (structures, elements) != (649, 24) {
        return Err(format!("{structures} structures, {elements} elements of Patient").into());
    }
    Ok(())
}
