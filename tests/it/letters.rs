//! The maps under mappings/ on real letters, and the model they are written over.

use crate::support::{self, Needs, trial};
use libtest_mimic::{Failed, Trial};
use std::path::PathBuf;
use std::process::Command;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let data = Needs::Data("data/medcom-legacy");
    vec![
        trial("letters: the maps have no fault of language", Needs::Nothing, language),
        trial("letters: the committed model is what the schemas give", data, committed_model),
    ]
}

fn language() -> Result<(), Failed> {
    for name in ["xdis91-to-carecommunication", "carecommunication-to-xdis91"] {
        let text = std::fs::read_to_string(mapping(name, &format!("{name}.map")))?;
        let (_, diagnostics) = stafett::mapping::parse(name, &text);
        let all: Vec<_> = diagnostics.iter().map(ToString::to_string).collect();
        if !all.is_empty() {
            return Err(Failed::from(all.join("\n")));
        }
    }
    Ok(())
}

/// The command of docs/letters.md, on the schemas as they were published.
fn committed_model() -> Result<(), Failed> {
    let committed = mapping("xdis91-to-carecommunication", "models/emessage-2006-07-01.json");
    let schema = support::shared().join("data/medcom-legacy/schemas/2006/07/01/EMessage.xsd");
    let mut command = Command::new(env!("CARGO_BIN_EXE_stafett"));
    command.args(["model", "from-xsd"]).arg(schema).args(["--root", "Emessage", "--url"]);
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

fn mapping(folder: &str, file: &str) -> PathBuf {
    support::root().join("mappings").join(folder).join(file)
}
