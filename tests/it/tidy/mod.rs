//! The shape of the house, enforced: floors, forbidden names, opening docs, sizes.
//!
//! Every path of every source file is read with syn (imports, re-exports, inline `crate::a::b`, and what
//! stands inside macros), outside of `#[cfg(test)]`.

mod paths;
mod rules;

use crate::support::{self, Needs};
use libtest_mimic::{Failed, Trial};
use std::fs;
use std::path::{Path, PathBuf};

/// A source file, read once for all rules.
pub struct Source {
    /// Its path from the project's root, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
    /// The module path of its items: `["format", "xml", "read"]`.
    pub module: Vec<String>,
    /// Every path that its items name, resolved as far as the text says.
    pub paths: Vec<paths::Named>,
}

/// The trials.
pub fn trials() -> Vec<Trial> {
    type Rule = fn(&[Source]) -> Vec<String>;
    let all: [(&str, Rule); 5] = [
        ("tidy: arrows point down", rules::arrows),
        ("tidy: names stay in their rooms", rules::forbidden),
        ("tidy: every module opens with its doc", rules::docs),
        ("tidy: files keep their size", rules::sizes),
        ("tidy: the project speaks of itself alone", rules::speech),
    ];
    let mut trials: Vec<Trial> = all
        .into_iter()
        .map(|(name, rule)| support::trial(name, Needs::Nothing, move || judge(&rule(&sources()?))))
        .collect();
    trials.push(support::trial(
        "tidy: the rules see what they forbid",
        Needs::Nothing,
        rules::self_test,
    ));
    trials
}

fn judge(findings: &[String]) -> Result<(), Failed> {
    if findings.is_empty() { Ok(()) } else { Err(Failed::from(findings.join("\n"))) }
}

fn sources() -> Result<Vec<Source>, Failed> {
    let mut files = Vec::new();
    for folder in ["src", "tests", "bench/src", "bench/oracle/src"] {
        collect(&support::root().join(folder), &mut files)?;
    }
    files.sort();
    files.iter().map(|file| read(file)).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failed> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<Source, Failed> {
    let path = file.strip_prefix(support::root())?.to_string_lossy().replace('\\', "/");
    source(path, fs::read_to_string(file)?)
}

/// Reads one file's text as if it lay at `path`.
pub fn source(path: String, text: String) -> Result<Source, Failed> {
    let inner = path.strip_prefix("src/").unwrap_or(&path).trim_end_matches(".rs").to_owned();
    let module: Vec<String> = inner
        .split('/')
        .filter(|part| !matches!(*part, "mod" | "lib"))
        .map(str::to_owned)
        .collect();
    let file = syn::parse_file(&text).map_err(|e| format!("{path}: {e}"))?;
    let paths = paths::of(&file, &module);
    Ok(Source { path, text, module, paths })
}
