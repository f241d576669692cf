//! The maps under mappings/ on real letters, and the model they are written over.

mod bridge;
mod judged;
mod returned;

use crate::support::{self, Needs, trial};
use libtest_mimic::{Failed, Trial};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let legacy = || Needs::Data("data/medcom-legacy");
    let with_schema = || Needs::DataAndTool("data/medcom-legacy", "xmllint");
    vec![
        trial("letters: the maps have no fault", Needs::Nothing, || {
            bridge::Bridge::new(&[], &[]).map(|_| ())
        }),
        trial("letters: every case passes, and a changed one does not", Needs::Nothing, map_test),
        trial("letters: the committed model is what the schemas give", legacy(), committed_model),
        trial("letters: the shared letter becomes a message", legacy(), judged::shared_letter),
        trial("letters: the other published letter", legacy(), judged::other_letter),
        trial("letters: messages of letters are valid", legacy(), judged::cases),
        trial(
            "letters: messages of letters are valid by our profiles",
            Needs::Nothing,
            judged::cases_by_ours,
        ),
        trial("letters: the shared letter comes back", with_schema(), returned::shared_letter),
        trial("letters: letters of our cases come back", with_schema(), returned::cases),
        trial("letters: letters of messages are valid", with_schema(), returned::letters),
        trial(
            "letters: published messages become letters",
            with_schema(),
            returned::published_messages,
        ),
    ]
}

/// The command as a team runs it.
fn map_test() -> Result<(), Failed> {
    let run = |folder: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stafett"));
        command.args(["map", "test"]).arg(folder).output()
    };
    let said = run(&support::root().join("mappings"))?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    if !said.status.success() || text.lines().filter(|line| line.starts_with("ok")).count() < 16 {
        return Err(Failed::from(text));
    }
    let copy = tempfile::tempdir()?;
    for folder in [bridge::TO_FHIR, bridge::TO_LETTER] {
        copy_below(&mapping(folder, ""), &copy.path().join(folder))?;
    }
    let case = copy.path().join(bridge::TO_FHIR).join("tests/a-plain-letter/out.json");
    std::fs::write(&case, std::fs::read_to_string(&case)?.replace("Jørgen", "Jürgen"))?;
    let said = run(copy.path())?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let told = text.contains("xdis91-to-carecommunication.map:") && text.contains("Jürgen");
    match said.status.code() == Some(1) && told {
        true => Ok(()),
        false => Err(Failed::from(text)),
    }
}

fn copy_below(from: &Path, to: &Path) -> Result<(), Failed> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?.path();
        let name = to.join(entry.file_name().ok_or("a file without a name")?);
        match entry.is_dir() {
            true => copy_below(&entry, &name)?,
            false => std::fs::copy(&entry, &name).map(|_| ())?,
        }
    }
    Ok(())
}

/// The command of docs/letters.md, on the schemas as they were published.
fn committed_model() -> Result<(), Failed> {
    let committed = mapping(bridge::TO_FHIR, "models/emessage-2006-07-01.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_stafett"));
    command.args(["model", "from-xsd"]).arg(schema()).args(["--root", "Emessage", "--url"]);
    command.arg("https://stafett.example/models/oioxml-2006-07-01/Emessage");
    for left_out in ["LaboratoryAnalysisFile", "LaboratoryRequest", "BookingConfirmation"] {
        command.args(["--leave-out", left_out]);
    }
    let made = command.output()?;
    if !made.status.success() {
        return Err(Failed::from(String::from_utf8_lossy(&made.stderr).into_owned()));
    }
    if made.stdout != std::fs::read(&committed)? {
        return Err(Failed::from(format!("{} is not what is derived", committed.display())));
    }
    Ok(())
}

/// The published schema of a letter.
fn schema() -> PathBuf {
    support::shared().join("data/medcom-legacy/schemas/2006/07/01/EMessage.xsd")
}

/// The published letter.
fn shared_letter() -> Result<Vec<u8>, Failed> {
    let file = support::shared().join("data/medcom-legacy/pairs/DIS91_1.xml");
    Ok(std::fs::read(file)?)
}

/// A file of a map's folder.
fn mapping(folder: &str, file: &str) -> PathBuf {
    support::root().join("mappings").join(folder).join(file)
}

/// The cases of a map that end in a message, by name.
fn good_cases(folder: &str) -> Result<Vec<PathBuf>, Failed> {
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(mapping(folder, "tests"))? {
        let case = entry?.path();
        let about = std::fs::read_to_string(case.join("case.toml")).unwrap_or_default();
        if !about.contains("fails =") {
            cases.push(case);
        }
    }
    cases.sort();
    match cases.len() {
        0..4 => Err(Failed::from(format!("{} cases of {folder}", cases.len()))),
        _ => Ok(cases),
    }
}
