//! Receipts of KITH that claim profiles of our own, by those profiles.

use super::{below, cases, mapping};
use crate::support::{self, Needs, trial};
use libtest_mimic::{Failed, Trial};
use std::process::Command;

pub fn trials() -> Vec<Trial> {
    let name = "mapsets: receipts of KITH are valid by our profiles";
    vec![trial(name, Needs::Nothing, receipts)]
}

/// With another event one is no receipt any more.
fn receipts() -> Result<(), Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stafett"));
    let package = support::root().join("fixtures/packages/stafett.fhir.messages");
    command.arg("validate").arg("--package").arg(package);
    for profile in below(&mapping("receipt-parts/profiles"))? {
        command.arg("--support").arg(profile);
    }
    let (mut count, mut broken) = (0, None);
    for case in cases()?.iter().filter(|case| case.folder.starts_with("apprec-1.")) {
        let Some(file) = case.file("out.json") else { continue };
        let text = std::fs::read_to_string(&file)?;
        if text.contains("https://stafett.example/fhir/StructureDefinition/receipt-message") {
            count += 1;
            command.arg(file);
            broken = Some(text.replace("\"acknowledgement-message\"", "\"empty-message\""));
        }
    }
    let place = tempfile::tempdir()?;
    let file = place.path().join("broken.json");
    std::fs::write(&file, broken.ok_or("no receipt")?)?;
    let said = command.arg(&file).output()?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let valid = text.lines().filter(|line| line.contains(": valid; 0 errors")).count();
    match count > 6 && valid == count && text.contains("broken.json: not valid") {
        true => Ok(()),
        false => Err(Failed::from(text)),
    }
}
