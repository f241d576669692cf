//! What readers of other hands make of the same bytes: fhirbolt of messages, fml-model of maps.
//!
//! Promises: every difference has a class; a class is explained in `bench/oracle/DEVIATIONS.md` or labelled
//! as not listed. Never: builds the oracle, which takes many minutes: where it is absent, it says how to.

mod fhir;
mod maps;
mod process;

use crate::inputs::root;
use process::Oracle;
use serde_json::json;
use std::collections::BTreeMap;

/// A difference: its class, where it was met, what it is.
pub struct Deviation {
    /// The same for all differences of one cause.
    pub class: String,
    /// The file or probe, and the place in it.
    pub place: String,
    /// What either side makes of it.
    pub said: String,
}

/// What a comparison came to.
#[derive(Default)]
pub struct Compared {
    /// What was compared.
    pub what: &'static str,
    /// How many files.
    pub total: usize,
    /// How many of them without a difference.
    pub alike: usize,
    /// The differences.
    pub deviations: Vec<Deviation>,
    /// Times and other figures.
    pub notes: Vec<String>,
}

/// Runs all comparisons; `as_json` is for programs.
pub fn run(as_json: bool) -> Result<(), String> {
    let Some(mut oracle) = Oracle::find()? else {
        return Err(format!("the oracle is not built; {}", process::HOW));
    };
    let listed = listed()?;
    let all = compare(&mut oracle)?;
    for one in &all {
        match as_json {
            true => println!("{}", in_json(one, &listed)),
            false => print!("{}", text(one, &listed)),
        }
    }
    Ok(())
}

/// The comparisons, when the oracle is built.
pub fn compare(oracle: &mut Oracle) -> Result<Vec<Compared>, String> {
    let mut all = fhir::compare(oracle)?;
    all.push(fhir::probes(oracle)?);
    all.push(maps::compare(oracle)?);
    Ok(all)
}

/// The classes that the checked-in table explains.
fn listed() -> Result<BTreeMap<String, String>, String> {
    let file = root().join("bench/oracle/DEVIATIONS.md");
    let text = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `")?.splitn(2, "` | ");
        Some((cells.next()?.to_owned(), cells.next()?.trim_end_matches(" |").to_owned()))
    };
    Ok(text.lines().filter_map(row).collect())
}

fn by_class(one: &Compared) -> BTreeMap<&str, Vec<&Deviation>> {
    let mut classes: BTreeMap<&str, Vec<&Deviation>> = BTreeMap::new();
    for deviation in &one.deviations {
        classes.entry(&deviation.class).or_default().push(deviation);
    }
    classes
}

fn text(one: &Compared, listed: &BTreeMap<String, String>) -> String {
    let mut out = format!("{}: {} of {} alike\n", one.what, one.alike, one.total);
    one.notes.iter().for_each(|note| out.push_str(&format!("  {note}\n")));
    for (class, met) in by_class(one) {
        let reason = listed.get(class).map_or("NOT LISTED in DEVIATIONS.md", |r| r.as_str());
        out.push_str(&format!("  {} x {class}: {reason}\n", met.len()));
        let shown = if listed.contains_key(class) { 1 } else { 4 };
        for deviation in met.iter().take(shown) {
            out.push_str(&format!("      {}: {}\n", deviation.place, deviation.said));
        }
    }
    out
}

fn in_json(one: &Compared, listed: &BTreeMap<String, String>) -> serde_json::Value {
    let classes: Vec<_> = by_class(one)
        .into_iter()
        .map(|(class, met)| {
            let places: Vec<_> = met.iter().map(|d| json!([d.place, d.said])).collect();
            json!({"class": class, "reason": listed.get(class), "met": places})
        })
        .collect();
    json!({
        "compared": one.what,
        "alike": one.alike,
        "total": one.total,
        "notes": one.notes,
        "deviations": classes,
    })
}
