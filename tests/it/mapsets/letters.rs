//! Letters of cases, made or to be translated, by the published schemas.

use super::{Case, below, cases};
use crate::support::{self, Needs, trial};
use libtest_mimic::{Failed, Trial};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

pub fn trials() -> Vec<Trial> {
    let needs = || Needs::DataAndTool("data/medcom-legacy", "xmllint");
    vec![trial("mapsets: letters of cases are valid by their schemas", needs(), schemas)]
}

/// How a letter's namespace begins; what follows is where its schema lies.
const NAMESPACE: &str = "http://rep.oio.dk/sundcom.dk/medcom.dk/xml/schemas/";

/// What maps make, and what they are given unless it is refused.
fn schemas() -> Result<(), Failed> {
    let mut by_schema: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for case in cases()? {
        for file in letters(&case)? {
            let text = String::from_utf8_lossy(&std::fs::read(&file)?).into_owned();
            if let Some(schema) = schema(&text) {
                by_schema.entry(schema).or_default().push(file);
            }
        }
    }
    let mut wrong = Vec::new();
    for (schema, files) in &by_schema {
        wrong.extend(invalid(schema, files)?);
    }
    let count: usize = by_schema.values().map(Vec::len).sum();
    if count < 40 {
        wrong.push(format!("{count} letters only"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}

/// The XML files of a case.
fn letters(case: &Case) -> Result<Vec<PathBuf>, Failed> {
    let is_xml = |file: &PathBuf| file.extension().is_some_and(|e| e == "xml");
    let given = |file: &PathBuf| file.file_stem().is_some_and(|stem| stem == "in");
    let mut files = below(&case.path)?;
    files.retain(|file| is_xml(file) && !(case.fails() && given(file)));
    Ok(files)
}

fn schema(text: &str) -> Option<PathBuf> {
    let (_, after) = text.split_once(NAMESPACE)?;
    let date = after.split('"').next()?.trim_end_matches('/');
    let folder = support::shared().join("data/medcom-legacy/schemas").join(date);
    Some(folder.join("EMessage.xsd"))
}

/// What xmllint says of files that do not meet a schema.
pub fn invalid(schema: &Path, files: &[PathBuf]) -> Result<Vec<String>, Failed> {
    let mut command = Command::new("xmllint");
    command.args(["--nonet", "--noout", "--schema"]).arg(schema).args(files);
    let said = command.output()?;
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    let whole = text.lines().filter(|line| line.ends_with(" validates")).count();
    match whole == files.len() && said.status.success() {
        true => Ok(Vec::new()),
        false => Ok(text.lines().filter(|l| !l.ends_with(" validates")).map(Into::into).collect()),
    }
}
