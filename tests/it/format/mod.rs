//! Codecs on real messages: round trips, independent comparisons, real peers.

mod classes;
mod edifact;
mod fuzz;
mod hl7v2;
mod legacy;
mod roundtrip;
mod written;
mod xmllint;

use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

const MESSAGES: &str = "data/medcom-messages";
const LETTERS: &str = "data/medcom-legacy/pairs";

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "format: every EDIFACT letter comes back byte for byte",
            Needs::Data("data/medcom-legacy/pairs"),
            edifact::letters,
        ),
        trial(
            "format: broken EDIFACT is refused at its segment",
            Needs::Data("data/medcom-legacy/broken-and-other"),
            edifact::broken,
        ),
        trial("format: EDIFACT letters, packages and releases", Needs::Nothing, edifact::own),
        trial("format: EDIFACT written anew", Needs::Nothing, edifact::anew),
        trial(
            "format: a warm writer of letters or HL7 v2 allocates nothing",
            Needs::Nothing,
            written::warm,
        ),
        trial("format: HL7 v2 written anew", Needs::Nothing, hl7v2::anew),
        trial("format: EDIFACT mutilated anywhere", Needs::Nothing, edifact::mutilated),
        trial(
            "format: every HL7 v2 message comes back byte for byte",
            Needs::Data("data/hl7v2/messages"),
            hl7v2::messages,
        ),
        trial(
            "format: HL7 v2 groups, repetitions, nulls and escapes",
            Needs::Nothing,
            hl7v2::golden,
        ),
        trial(
            "format: HL7 v2 delimiters and what is no message",
            Needs::Nothing,
            hl7v2::delimiters,
        ),
        trial("format: HL7 v2 mutilated anywhere", Needs::Nothing, hl7v2::mutilated),
        trial(
            "format: JSON to XML to JSON loses nothing of the MedCom messages",
            Needs::DataAndTool(MESSAGES, "xmllint"),
            roundtrip::messages,
        ),
        trial(
            "format: JSON to XML to JSON loses nothing of the fixtures",
            Needs::Tool("xmllint"),
            roundtrip::fixtures,
        ),
        trial(
            "format: the comparison sees differences",
            Needs::Tool("python3"),
            roundtrip::script_sees_differences,
        ),
        trial(
            "format: what we accept of mutated XML libxml2 accepts",
            Needs::Tool("xmllint"),
            xmllint::mutants,
        ),
        trial(
            "format: what we accept of damaged letters libxml2 accepts",
            Needs::DataAndTool(LETTERS, "xmllint"),
            xmllint::damaged_files,
        ),
        trial(
            "format: refusals of libxml2 are seen",
            Needs::Tool("xmllint"),
            xmllint::refusals_are_seen,
        ),
        trial(
            "format: letters come back the same in every charset",
            Needs::DataAndTool(LETTERS, "xmllint"),
            legacy::letters,
        ),
        trial(
            "format: writers follow the definition's order",
            Needs::Nothing,
            roundtrip::definition_order,
        ),
        trial("format: bad inputs get their class and type", Needs::Nothing, classes::rows),
        trial("format: mutated JSON keeps the codec to its word", Needs::Nothing, fuzz::json),
        trial("format: mutated XML keeps the codecs to their word", Needs::Nothing, fuzz::xml),
        trial(
            "format: damaged messages keep the codec to its word",
            Needs::Data(MESSAGES),
            fuzz::real_messages,
        ),
    ]
}

/// The files with that ending below a folder, sorted.
fn files(folder: PathBuf, ending: &str) -> Result<Vec<PathBuf>, Failed> {
    let mut found = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    match found.is_empty() {
        true => Err(Failed::from("no files found")),
        false => Ok(found),
    }
}

/// Runs a program that reads its input from a pipe; what it prints is the failure's text.
fn run_with_input(program: &str, arguments: &[OsString], input: &str) -> Result<(), Failed> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    match output.status.success() {
        true => Ok(()),
        false => {
            let told = [output.stdout, output.stderr].concat();
            let told: Vec<_> =
                String::from_utf8_lossy(&told).lines().take(40).map(str::to_owned).collect();
            Err(Failed::from(told.join("\n")))
        }
    }
}
