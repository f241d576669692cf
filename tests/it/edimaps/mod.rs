//! The maps between EDIFACT and OIOXML on MedCom's pairs: the same letter in both forms, one made of the other.
//!
//! What a map makes is compared with the partner's form value by value; what differs is in `differences.toml`, each
//! with its reason. Kinds without a map are listed, so that a new one is noticed.

mod differences;
mod values;

use crate::mapsets::letters::invalid;
use crate::support::{self, Needs, trial};
use differences::Differences;
use libtest_mimic::{Failed, Trial};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use values::Values;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let legacy = || Needs::Data("data/medcom-legacy");
    let with_schema = || Needs::DataAndTool("data/medcom-legacy", "xmllint");
    vec![
        trial("edimaps: every pair is made of its other form, both ways", with_schema(), pairs),
        trial("edimaps: the models are what the schemas give", legacy(), models),
        trial("edimaps: kinds without a map are known", legacy(), not_mapped),
        trial("edimaps: letters that break their own rules are refused", legacy(), broken),
    ]
}

/// A kind of letter that has maps, and the date of its schemas.
const MAPPED: &[(&str, &str)] = &[
    ("DIS91", "2006/07/01"),
    ("CTL01", "2005/08/07"),
    ("CTL03", "2005/08/07"),
    ("DIS20", "2005/08/07"),
    ("DIS17", "2005/08/07"),
    ("DIS02", "2005/08/07"),
    ("DIS03", "2005/08/07"),
    ("REF01", "2005/08/07"),
    ("REF06", "2007/02/01"),
    ("REF07", "2013/09/02"),
];

/// The kinds of the pairs that no map is for.
const NOT_MAPPED: &[&str] = &[
    "BIN01", "DIS05", "DIS06", "DIS07", "DIS08", "DIS13", "DIS14", "PRE01", "PRE60", "REF02",
    "REQ01", "REQ02", "REQ03", "RPT01", "RPT03", "RPT04",
];

/// How many values of a hundred must be the partner's before any difference is forgiven.
const LEAST: usize = 95;

/// The folders of a kind's maps: from EDIFACT, and to it.
fn folders(kind: &str) -> [PathBuf; 2] {
    let kind = kind.to_lowercase();
    let named = [format!("{kind}-to-x{kind}"), format!("x{kind}-to-{kind}")];
    named.map(|name| support::root().join("mappings").join(name))
}

fn legacy(folder: &str) -> PathBuf {
    support::shared().join("data/medcom-legacy").join(folder)
}

/// The files of the pairs, without what they end in, with their kinds.
fn all() -> Result<BTreeSet<(String, String)>, Failed> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(legacy("pairs"))? {
        let file = entry?.path();
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if let Some((kind, _)) = stem.split_once('_') {
            found.insert((kind.to_owned(), stem.clone()));
        }
    }
    Ok(found)
}

/// What a map makes of a file; what it says if it refuses.
fn run(map: &Path, file: &Path, out: &Path) -> Result<Result<Vec<u8>, String>, Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stafett"));
    let said = command.args(["map", "run"]).arg(map).arg(file).arg("--out").arg(out).output()?;
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    match said.status.code() {
        Some(0) => Ok(Ok(std::fs::read(out)?)),
        Some(1) => Ok(Err(text)),
        _ => Err(Failed::from(format!("{}: {text}", file.display()))),
    }
}

fn pairs() -> Result<(), Failed> {
    let place = tempfile::tempdir()?;
    let mut differences = Differences::read()?;
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for (kind, date) in MAPPED {
        let [there, back] = folders(kind);
        for (_, stem) in all()?.iter().filter(|(one, _)| one == kind) {
            let (edi, xml) = (format!("{stem}.edi"), format!("{stem}.xml"));
            for (map, from, to) in [(&there, &edi, &xml), (&back, &xml, &edi)] {
                let out = place.path().join(to);
                let made = run(map, &legacy("pairs").join(from), &out)?
                    .map_err(|said| format!("{from}: {said}"))?;
                let partner = Values::of(&std::fs::read(legacy("pairs").join(to))?)?;
                let made = Values::of(&made)?;
                let (equal, total) = partner.alike(&made);
                if equal * 100 < total * LEAST {
                    wrong.push(format!("{to}: {equal} of {total} values are the partner's"));
                }
                wrong.extend(differences.unforgiven(to, &partner, &made));
                compared += 1;
                if to == &xml {
                    let schema = legacy("schemas").join(date).join("EMessage.xsd");
                    wrong.extend(invalid(&schema, &[out])?);
                }
            }
        }
    }
    wrong.extend(differences.unused());
    if compared < 24 {
        wrong.push(format!("{compared} letters compared"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}

fn not_mapped() -> Result<(), Failed> {
    let mapped = |kind: &str| MAPPED.iter().any(|(one, _)| *one == kind);
    let kinds = all()?.into_iter().map(|(kind, _)| kind).filter(|kind| !mapped(kind));
    let kinds: BTreeSet<String> = kinds.collect();
    let known: BTreeSet<String> = NOT_MAPPED.iter().map(|one| (*one).to_owned()).collect();
    match kinds == known {
        true => Ok(()),
        false => Err(Failed::from(format!("{kinds:?} instead of {known:?}"))),
    }
}

/// Interchanges whose syntax is right and whose letter is not.
fn broken() -> Result<(), Failed> {
    let place = tempfile::tempdir()?;
    let out = place.path().join("out.xml");
    let (mut wrong, mut refused) = (Vec::new(), 0);
    for entry in std::fs::read_dir(legacy("broken-and-other"))? {
        let file = entry?.path();
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let Some((kind, _)) = name.split_once("_ERROR_XSL") else { continue };
        if !MAPPED.iter().any(|(one, _)| *one == kind) {
            continue;
        }
        let [there, _] = folders(kind);
        match run(&there, &file, &out)? {
            Ok(_) => wrong.push(format!("{name}: is translated")),
            // with the segment that is wrong
            Err(said) if said.contains("error[") && said.contains("(at Edifact.") => refused += 1,
            Err(said) => wrong.push(format!("{name}: {said}")),
        }
    }
    if refused != 3 {
        wrong.push(format!("{refused} were refused"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}

/// The models that only these maps have, by their date, and the letters of which they know the name alone.
const MODELS: &[(&str, &[&str])] = &[
    (
        "2007/02/01",
        &[
            "MicrobiologyWebReport",
            "MicrobiologyReport",
            "DoctorsCallCenterLetter",
            "PrivateSpecialistLetter",
            "PhysiotherapyLetter",
            "TeddyReferral",
            "PsychologistLetter",
            "PsychologistReferral",
            "DiabetesReport",
            "LaboratoryAnalysisFile",
            "LaboratoryReport",
            "ReportOfAdmission",
            "ReportOfDischarge",
            "PhysiotherapyReferral",
        ],
    ),
    ("2013/09/02", &[]),
];

fn models() -> Result<(), Failed> {
    for (date, left_out) in MODELS {
        let named = date.replace('/', "-");
        let mut command = Command::new(env!("CARGO_BIN_EXE_stafett"));
        let schema = legacy("schemas").join(date).join("EMessage.xsd");
        command.args(["model", "from-xsd"]).arg(schema).args(["--root", "Emessage", "--url"]);
        command.arg(format!("https://stafett.example/models/oioxml-{named}/Emessage"));
        left_out.iter().for_each(|one| {
            command.args(["--leave-out", one]);
        });
        let committed = support::root().join(format!("mappings/models/emessage-{named}.json"));
        if command.output()?.stdout != std::fs::read(&committed)? {
            return Err(Failed::from(format!("{} is not what is derived", committed.display())));
        }
    }
    Ok(())
}
