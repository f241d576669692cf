//! Maps: whether both parsers take a map, and how much both find in it.

use super::process::Oracle;
use super::{Compared, Deviation};
use crate::inputs::root;
use crate::map_suites::{SUITE, TUTORIAL, maps_below};
use crate::support::shared;
use serde_json::{Value, json};
use stafett::mapping::ast::{Map, Rule};
use stafett::mapping::parse;

/// Every map at hand.
pub fn compare(oracle: &mut Oracle) -> Result<Compared, String> {
    let mut files = Vec::new();
    for folder in [shared().join(SUITE), shared().join(TUTORIAL), root().join("mappings")] {
        maps_below(&folder, &mut files);
    }
    let mut compared = Compared { what: "maps, beside fml-model", ..Compared::default() };
    let (mut own, mut other) = (0u64, 0u64);
    for file in &files {
        let name = file.strip_prefix(root()).unwrap_or(file).display().to_string();
        let name = name.rsplit("data/").next().unwrap_or(&name).to_owned();
        let Ok(text) = std::fs::read_to_string(file) else { continue };
        let before = compared.deviations.len();
        let mut deviate = |class: &str, said: String| {
            let (class, place) = (class.to_owned(), name.clone());
            compared.deviations.push(Deviation { class, place, said });
        };
        let answer = oracle.ask("fml", file, 5)?.unwrap_or(json!({"faults": ["it died"]}));
        let mut best = u64::MAX;
        for _ in 0..5 {
            let start = std::time::Instant::now();
            std::hint::black_box(parse(&name, &text));
            best = best.min(start.elapsed().as_nanos() as u64);
        }
        own += best;
        other += answer["nanos"].as_u64().unwrap_or(0);
        let (map, faults) = parse(&name, &text);
        let refused = faults.iter().find(|f| f.refuses());
        match (refused, answer["ok"] == true) {
            (None, true) => {
                let ours = counts(&map);
                for (what, count) in ours.as_object().into_iter().flatten() {
                    let theirs = &answer["counts"][what.as_str()];
                    if count != theirs {
                        let said = format!("{count} for us, {theirs} for it");
                        deviate(&format!("fml-count-{what}"), said);
                    }
                }
            }
            (Some(fault), true) => deviate("fml-refused-by-us", fault.to_string()),
            (None, false) => deviate("fml-refused-by-it", answer["faults"][0].to_string()),
            (Some(_), false) => {}
        }
        compared.total += 1;
        compared.alike += usize::from(compared.deviations.len() == before);
    }
    compared.notes.push(format!(
        "all {} parsed: {:.2} ms for us, {:.2} ms for it (with its model)",
        compared.total,
        own as f64 / 1e6,
        other as f64 / 1e6
    ));
    Ok(compared)
}

fn counts(map: &Map) -> Value {
    let mut all = [0usize; 4];
    map.groups.iter().for_each(|group| rules(&group.rules, &mut all));
    json!({
        "groups": map.groups.len(),
        "parameters": map.groups.iter().map(|group| group.parameters.len()).sum::<usize>(),
        "rules": all[0],
        "sources": all[1],
        "targets": all[2],
        "calls": all[3],
        "conceptMaps": map.concept_maps.len(),
        "uses": map.uses.len(),
        "imports": map.imports.len(),
    })
}

fn rules(these: &[Rule], all: &mut [usize; 4]) {
    for rule in these {
        all[0] += 1;
        all[1] += rule.sources.len();
        all[2] += rule.targets.len();
        all[3] += rule.calls.len();
        rules(&rule.rules, all);
    }
}
