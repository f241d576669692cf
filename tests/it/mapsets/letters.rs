//! Letters of cases, made or to be translated, by the published schemas.

use super::{Case, below, cases, mapping};
use crate::support::{self, Needs, trial};
use libtest_mimic::{Failed, Trial};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

pub fn trials() -> Vec<Trial> {
    let needs = || Needs::DataAndTool("data/medcom-legacy", "xmllint");
    vec![
        trial("mapsets: letters of cases are valid by their schemas", needs(), schemas),
        trial("mapsets: published notifications become letters, or are refused", needs(), || {
            published("hospitalnotification", "hospitalnotification-to-oioxml", (12, 11))
        }),
    ]
}

/// Published messages whose folder is called so, through a map: so many become valid letters, and so many are
/// refused since there is no letter for them.
fn published(folders: &str, map: &str, expected: (usize, usize)) -> Result<(), Failed> {
    let place = tempfile::tempdir()?;
    let case = place.path().join("case.toml");
    std::fs::write(
        &case,
        "[engine]\nmessageId = '4XQ7M2KD9TBA01'\nenvelopeId = '4XQ7M2KD9TBE01'\n",
    )?;
    let (mut made, mut refused) = (Vec::new(), Vec::new());
    for folder in below(&support::shared().join("data/medcom-messages"))? {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !name.contains(folders) {
            continue;
        }
        for file in below(&folder)? {
            let letter = place.path().join(format!("{}.xml", made.len()));
            let mut command = Command::new(env!("CARGO_BIN_EXE_stafett"));
            command.args(["map", "run"]).arg(mapping(map)).arg(&file);
            let said = command.arg("--case").arg(&case).arg("--out").arg(&letter).output()?;
            let text = String::from_utf8_lossy(&said.stderr).into_owned();
            match said.status.code() {
                Some(0) => made.push(letter),
                Some(1) if text.contains("map-no-translation") => refused.push(file),
                Some(1) if text.contains("map-check-failed") => refused.push(file),
                _ => return Err(Failed::from(format!("{}: {text}", file.display()))),
            }
        }
    }
    let schema = "data/medcom-legacy/schemas/2005/08/07/EMessage.xsd";
    let mut wrong = invalid(&support::shared().join(schema), &made)?;
    if (made.len(), refused.len()) != expected {
        wrong.push(format!("{} letters, refused: {refused:?}", made.len()));
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}

/// How a letter's namespace begins; what follows is where its schema lies.
const NAMESPACE: &str = "http://rep.oio.dk/sundcom.dk/medcom.dk/xml/schemas/";

/// What maps make, and what they are given unless it is refused.
fn schemas() -> Result<(), Failed> {
    let mut by_schema: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    let place = tempfile::tempdir()?;
    let kith = place.path().join("kith.xsd");
    std::fs::write(&kith, driver(&support::shared().join("data/kith/schemas")))?;
    for case in cases()? {
        for file in letters(&case)? {
            let text = String::from_utf8_lossy(&std::fs::read(&file)?).into_owned();
            match schema(&text) {
                Some(schema) => by_schema.entry(schema).or_default().push(file),
                None if text.contains(KITH) => {
                    by_schema.entry(kith.clone()).or_default().push(file)
                }
                None => {}
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

/// The namespaces of KITH's messages begin so.
const KITH: &str = "http://www.kith.no/xmlstds/";

/// The head's content is any element of a known schema: one schema that knows them all.
fn driver(schemas: &Path) -> String {
    let known = [
        ("msghead/2006-05-24", "MsgHead-v1_2.xsd"),
        ("dialog/2006-10-11", "dialogmelding-v1.0.xsd"),
        ("dialog/2013-01-23", "dialogmelding-v1.1.xsd"),
        ("base64container", "kith-base64.xsd"),
        ("apprec/2004-11-21", "apprec-v1.0.xsd"),
        ("apprec/2012-02-15", "apprec-v1.1.xsd"),
    ];
    let import = |(namespace, file): &(&str, &str)| {
        let file = schemas.join(file);
        format!("<import namespace=\"{KITH}{namespace}\" schemaLocation=\"{}\"/>", file.display())
    };
    let imports: String = known.iter().map(import).collect();
    format!("<schema xmlns=\"http://www.w3.org/2001/XMLSchema\">{imports}</schema>")
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
