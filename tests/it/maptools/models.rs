//! Models beside each other: which of them a document is read as.

use super::tools::{LETTER, MAP, examples, printed};
use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let name = "maptools: a document is read as the model its map is for";
    vec![trial(name, Needs::Nothing, alike)]
}

/// Another model has a root of the same name, and knows next to nothing.
fn alike() -> Result<(), Failed> {
    let folder = examples()?;
    let models = folder.path().join("mappings/letter-to-message/models");
    let mut model: Value =
        serde_json::from_str(&std::fs::read_to_string(models.join("letter.json"))?)?;
    for key in ["url", "type"] {
        model[key] = "http://example.org/models/other/Letter".into();
    }
    let elements = model["snapshot"]["element"].as_array_mut().ok_or("no elements")?;
    elements.truncate(2);
    std::fs::write(models.join("another.json"), model.to_string())?;
    for arguments in [
        &["test", "mappings"][..],
        &["run", MAP, LETTER],
        &["explain", MAP, LETTER, "--at", "Bundle.type"],
        &["coverage", MAP, LETTER, "--threshold", "80"],
        &["coverage", "mappings/letter-to-message", "--threshold", "80"],
    ] {
        printed(folder.path(), arguments, 0)?;
    }
    Ok(())
}
