//! What is checked: the maps that are shipped, and maps as a node would take them.

use super::tools::printed;
use crate::support::{self, Needs, trial};
use libtest_mimic::{Failed, Trial};

/// The trials.
pub fn trials() -> Vec<Trial> {
    let nothing = |name, run: fn() -> Result<(), Failed>| trial(name, Needs::Nothing, run);
    vec![
        nothing("maptools: what is shipped is in the form that fmt prints", shipped),
        nothing("maptools: a strict check compiles as a node does", strict),
    ]
}

fn shipped() -> Result<(), Failed> {
    for folder in ["mappings", "docs/examples/mappings"] {
        let said = printed(support::root(), &["fmt", "--check", folder], 0)?;
        if !said.contains(", 0 would change") {
            return Err(said.into());
        }
    }
    Ok(())
}

/// A concept map that is not at hand is a warning for work on files; a strict check refuses the map, and all that
/// imports it.
fn strict() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let map = |url: &str, rules: &str| {
        format!(
            "map '{url}' = '{url}'\nuses 'http://hl7.org/fhir/StructureDefinition/Patient' alias P as source\n\
             uses 'http://hl7.org/fhir/StructureDefinition/Basic' alias B as target\n{rules}\n"
        )
    };
    let one = "group g(source s : P, target t : B) {\n  s.gender as x -> t.language = translate(x, 'urn:none', 'code');\n}";
    let other = "imports 'one'\ngroup h(source s : P, target t : B) { s -> t then g(s, t); }";
    std::fs::write(folder.path().join("one.map"), map("one", one))?;
    std::fs::write(folder.path().join("other.map"), map("other", other))?;
    let said = printed(folder.path(), &["check", "other.map"], 0)?;
    if !said.contains("nothing to complain about") {
        return Err(said.into());
    }
    let said = printed(folder.path(), &["check", "other.map", "--strict"], 1)?;
    match said.contains("one.map:5:") && said.contains("error[map-unknown-concept-map]") {
        true => Ok(()),
        false => Err(said.into()),
    }
}
