//! The sets of maps under mappings/, judged by their committed cases: what they make is valid by published
//! profiles and schemas, their rules are all reached, their lists of losses say what is lost.
//!
//! That a map makes what its cases hold is `letters: every case passes`: so nothing is translated here again.

mod engine;
mod formats;
pub mod letters;
mod messages;
mod models;
mod published;
mod readmes;
mod receipts;
mod referrals;
mod trips;
mod vocabulary;

use crate::support::{self, Needs, trial};
use libtest_mimic::{Failed, Trial};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("mapsets: maps have no finding", Needs::Nothing, no_findings),
        trial("mapsets: the page of formats is fresh", Needs::Nothing, formats::page),
        trial(
            "mapsets: what hospitals send in HL7 v2 is modelled",
            Needs::Nothing,
            formats::models_hold,
        ),
        trial("mapsets: every rule fires, and most values are read", Needs::Nothing, coverage),
    ];
    trials.extend(engine::trials());
    trials.extend(messages::trials());
    trials.extend(letters::trials());
    trials.extend(models::trials());
    trials.extend(published::trials());
    trials.extend(readmes::trials());
    trials.extend(receipts::trials());
    trials.extend(referrals::trials());
    trials.extend(trips::trials());
    trials.extend(vocabulary::trials());
    trials
}

/// Folders whose cases are run together, and the percentage of rules and of values that they reach.
const COVERED: &[(&[&str], u8)] = &[
    (&["xdis20-to-hospitalnotification", "xdis17-to-hospitalnotification"], 95),
    (&["hospitalnotification-to-oioxml"], 94),
    (&["xdis91-to-carecommunication"], 91),
    (&["carecommunication-to-xdis91"], 98),
    (&["oru-r01-to-fhir", "mdm-t02-to-fhir", "ref-i12-to-referral"], 100),
    (&["xref01-to-referral", "xref06-to-referral", "xref07-to-referral"], 98),
    (&["referral-to-xref01", "referral-to-xref06", "referral-to-xref07"], 96),
    (&["referral-to-ref-i12", "discharge-letter-to-mdm-t02"], 90),
    (
        &[
            "adt-a01-to-hospitalnotification",
            "adt-a03-to-hospitalnotification",
            "adt-a09-to-hospitalnotification",
            "adt-a21-to-hospitalnotification",
        ],
        100,
    ),
    (&["dialogmelding-to-fhir"], 93),
    (&["fhir-to-dialogmelding"], 99),
    (&["xctl-to-acknowledgement"], 100),
    (&["acknowledgement-to-xctl"], 100),
    (&["apprec-1.0-to-acknowledgement", "apprec-1.1-to-acknowledgement"], 100),
    (&["acknowledgement-to-apprec", "acknowledgement-to-apprec-1.0"], 100),
    (&["ack-to-acknowledgement"], 100),
    (&["acknowledgement-to-ack"], 100),
    (FROM_EDIFACT, 95),
    (TO_EDIFACT, 95),
];

/// The maps from EDIFACT, which share their parts.
const FROM_EDIFACT: &[&str] = &[
    "dis91-to-xdis91",
    "ctl01-to-xctl01",
    "ctl02-to-xctl02",
    "ctl03-to-xctl03",
    "receipt-ctl01-to-acknowledgement",
    "receipt-ctl02-to-acknowledgement",
    "receipt-ctl03-to-acknowledgement",
    "dis20-to-xdis20",
    "dis17-to-xdis17",
    "dis01-to-xdis01",
    "dis02-to-xdis02",
    "dis03-to-xdis03",
    "ref01-to-xref01",
    "ref06-to-xref06",
    "ref07-to-xref07",
];

/// The maps the other way.
const TO_EDIFACT: &[&str] = &[
    "xdis91-to-dis91",
    "xctl01-to-ctl01",
    "xctl02-to-ctl02",
    "xctl03-to-ctl03",
    "acknowledgement-to-ctl",
    "xdis20-to-dis20",
    "xdis17-to-dis17",
    "xdis01-to-dis01",
    "xdis02-to-dis02",
    "xdis03-to-dis03",
    "xref01-to-ref01",
    "xref06-to-ref06",
    "xref07-to-ref07",
];

/// A folder or file below mappings/.
fn mapping(name: &str) -> PathBuf {
    support::root().join("mappings").join(name)
}

/// What the command says of folders below mappings/, and whether it is content.
fn stafett(words: &[&str], folders: &[&str]) -> Result<(bool, String), Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stafett"));
    // Files are named as from the root, so that what is said is the same everywhere.
    command.current_dir(support::root()).args(words);
    command.args(folders.iter().map(|folder| Path::new("mappings").join(folder)));
    let said = command.output()?;
    let text = String::from_utf8_lossy(&said.stdout) + String::from_utf8_lossy(&said.stderr);
    Ok((said.status.success(), text.into_owned()))
}

fn no_findings() -> Result<(), Failed> {
    let folders: Vec<&str> = COVERED.iter().flat_map(|(folders, _)| *folders).copied().collect();
    match stafett(&["map", "check", "--strict"], &folders)? {
        (true, _) => Ok(()),
        (false, said) => Err(Failed::from(said)),
    }
}

fn coverage() -> Result<(), Failed> {
    for (folders, least) in COVERED {
        let least = least.to_string();
        let (reached, said) = stafett(&["map", "coverage", "--threshold", &least], folders)?;
        let unreached = said.lines().any(|line| line.contains("never"));
        if !reached || unreached {
            return Err(Failed::from(said));
        }
    }
    Ok(())
}

/// A case of a folder.
struct Case {
    folder: String,
    path: PathBuf,
    /// What its `case.toml` says.
    about: String,
}

impl Case {
    /// Whether it ends in a refusal.
    fn fails(&self) -> bool {
        self.about.lines().any(|line| line.starts_with("fails"))
    }

    /// A file of it, if it has one.
    fn file(&self, name: &str) -> Option<PathBuf> {
        Some(self.path.join(name)).filter(|file| file.is_file())
    }
}

/// The cases of all folders below mappings/, by name.
fn cases() -> Result<Vec<Case>, Failed> {
    let mut cases = Vec::new();
    for folder in below(&mapping(""))? {
        let tests = folder.join("tests");
        if !tests.is_dir() {
            continue;
        }
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for path in below(&tests)?.into_iter().filter(|path| path.is_dir()) {
            let about = std::fs::read_to_string(path.join("case.toml")).unwrap_or_default();
            cases.push(Case { folder: name.clone(), path, about });
        }
    }
    Ok(cases)
}

/// What lies in a folder, by name.
fn below(folder: &Path) -> Result<Vec<PathBuf>, Failed> {
    let all: Result<Vec<_>, _> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut all = all?;
    all.sort();
    Ok(all)
}
