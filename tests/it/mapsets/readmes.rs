//! READMEs of the folders below mappings/: each folder has one, and that of a map says what is lost.

use super::{below, mapping, trips};
use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};

pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "mapsets: every folder has a README, and every map's says what is lost",
            Needs::Nothing,
            readmes,
        ),
        trial("mapsets: every way there and back has its list", Needs::Nothing, pairs),
    ]
}

/// The names of all folders.
fn folders() -> Result<Vec<String>, Failed> {
    let all = below(&mapping(""))?.into_iter().filter(|path| path.is_dir());
    let name = |path: std::path::PathBuf| Some(path.file_name()?.to_str()?.to_owned());
    Ok(all.filter_map(name).collect())
}

/// A title is no description, and a map without losses says so.
fn readmes() -> Result<(), Failed> {
    let mut wrong = Vec::new();
    for folder in folders()? {
        let readme = std::fs::read_to_string(mapping(&folder).join("README.md"));
        let text = readme.unwrap_or_default();
        let lower = text.to_lowercase();
        let says = lower.contains("what is lost") || lower.contains("nothing is lost");
        let listed = text.contains(trips::MARK);
        if text.lines().count() < 4 {
            wrong.push(format!("{folder}: no README"));
        } else if folder.contains("-to-") && !says && !listed {
            wrong.push(format!("{folder}: the README does not say what is lost"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}

/// Of two maps that lead to each other one at least begins a listed way; a README with a list is held to it.
fn pairs() -> Result<(), Failed> {
    let all = folders()?;
    let mut wrong = Vec::new();
    for folder in &all {
        let Some((from, to)) = folder.split_once("-to-") else { continue };
        let back = format!("{to}-to-{from}");
        let listed = |there: &str| trips::PAIRS.iter().any(|pair| pair.there == there);
        if all.contains(&back) && !listed(folder) && !listed(&back) {
            wrong.push(format!("{folder} and {back} have no list"));
        }
        let readme = std::fs::read_to_string(mapping(folder).join("README.md"));
        if readme.unwrap_or_default().contains(trips::MARK) && !listed(folder) {
            wrong.push(format!("{folder} has a list that no trial holds"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}
