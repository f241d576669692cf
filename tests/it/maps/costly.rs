//! Maps that explode or recurse: each ends in its own named error, and other messages go on.

use super::{Site, admission, decide, map};
use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};

pub fn trials() -> Vec<Trial> {
    vec![trial("maps: each limit has its error, with the map's line", Needs::Nothing, limits)]
}

/// Rules that are harmless unless the patient has one name.
fn trap(rules: &str) -> String {
    format!(
        "src.entry as e then {{ e.resource : Patient as p where p.name.family = 'Ærøskov' then {{ {rules} }}; }};"
    )
}

fn limits() -> Result<(), Failed> {
    let cases = [
        // Every rule calls the next: a chain that never ends.
        (
            "levels",
            "p then down(src, tgt);",
            "group down(source a : Bundle, target b : BundleOut) { a where a.id.exists() -> b then down(a, b); }",
        ),
        // Shallow, and more steps than there is time for.
        (
            "steps",
            "src.entry as a then { src.entry as b then { src.entry as c then { src.entry as d then { src.entry as f; }; }; }; };",
            "",
        ),
        (
            "elements",
            "src.entry as a then { src.entry as b then { src.entry as c then { src.entry as d -> tgt.link; }; }; };",
            "",
        ),
        (
            "bytes",
            "src.entry as a then { src.entry as b then { src.entry as c -> append('0123456789012345678901234567890123456789', 'x') as t; }; };",
            "",
        ),
    ];
    for (what, rules, groups) in cases {
        let limits = "limits = { steps = 20000, depth = 60, elements = 700, text = '4 KiB' }";
        let site = Site::new(&map(&trap(rules), groups), limits)?;
        let engine = site.engine()?;
        let text = admission()?;
        let (good, bad) = (text.replace("Ærøskov", "Holm"), text);
        let decided = decide(&engine, &bad, "2027-01-01")?;
        let issue = decided.issues.iter().find(|issue| &*issue.id == "map-too-costly");
        let issue = issue.ok_or_else(|| format!("{what}: no issue: {:?}", decided.issues))?;
        if !issue.text.contains(what) || !issue.text.contains("test.map:") || decided.outputs > 0 {
            return Err(format!("{what}: {issue:?}").into());
        }
        if !issue.expression.as_deref().is_some_and(|path| path.starts_with("Bundle")) {
            return Err(format!("{what}: not located: {issue:?}").into());
        }
        let decided = decide(&engine, &good, "2027-01-01")?;
        if decided.outputs != 1 || decided.quarantine.is_some() {
            return Err(format!("{what}: the other did not go on: {:?}", decided.issues).into());
        }
    }
    Ok(())
}
