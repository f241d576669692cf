//! FHIR messages of cases, made or to be translated, by the published profiles and the exchange rules.

use super::{below, cases, mapping};
use crate::package::ours;
use crate::profile::lab::{Lab, lab};
use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};
use stafett::message::Severity;
use stafett::profile::Memory;
use std::process::Command;

pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "mapsets: notifications are valid by the published profiles",
            Needs::Data("data/packages"),
            || judged(NOTIFICATIONS, lab(), "medcom.fhir.dk.hospitalnotification", Ok, 38),
        ),
        trial("mapsets: notifications are valid by our profiles", Needs::Nothing, || {
            judged(NOTIFICATIONS, ours(), "support files", claiming_ours, 38)
        }),
        trial(
            "mapsets: receipts of letters are valid by the published profiles",
            Needs::Data("data/packages"),
            || {
                let acknowledgement = "medcom.fhir.dk.acknowledgement";
                judged("xctl-to-acknowledgement", lab(), acknowledgement, Ok, 7)?;
                judged("receipt-ctl01-to-acknowledgement", lab(), acknowledgement, Ok, 3)?;
                judged("receipt-ctl02-to-acknowledgement", lab(), acknowledgement, Ok, 4)?;
                judged("receipt-ctl03-to-acknowledgement", lab(), acknowledgement, Ok, 3)
            },
        ),
        trial(
            "mapsets: receipts of HL7 v2 are valid by the published profiles",
            Needs::Data("data/packages"),
            || judged("ack-to-acknowledgement", lab(), "medcom.fhir.dk.acknowledgement", Ok, 11),
        ),
        trial("mapsets: dialogues are valid by our profiles", Needs::Nothing, || {
            beside(
                "dialogmelding-to-fhir",
                "dialogmelding-to-fhir",
                7,
                ("\"completed\"", "\"preparation\""),
            )
        }),
        trial("mapsets: observations are valid by our profiles", Needs::Nothing, || {
            beside("oru-r01-to-fhir", "oru-r01-to-fhir", 3, ("\"R01\"", "\"R02\""))
        }),
        trial("mapsets: documents are valid by our profiles", Needs::Nothing, || {
            let broken = ("\"discharge-letter-message\"", "\"another-message\"");
            beside("mdm-t02-to-fhir", "discharge-parts", 3, broken)?;
            beside("xdis01-to-discharge-letter", "discharge-parts", 4, broken)
        }),
        trial("mapsets: referrals are valid by our profiles", Needs::Nothing, || {
            let broken = ("\"referral-message\"", "\"another-message\"");
            beside("xref01-to-referral", "referral-parts", 4, broken)?;
            beside("xref06-to-referral", "referral-parts", 5, broken)?;
            beside("xref07-to-referral", "referral-parts", 7, broken)?;
            beside("ref-i12-to-referral", "referral-parts", 3, broken)
        }),
        trial(
            "mapsets: a published report keeps its result, with participations between",
            Needs::Data("data/hl7v2"),
            published_report,
        ),
    ]
}

/// What a map makes, by the profiles of a folder: so many messages at least, and one that is broken on purpose is not
/// valid.
fn beside(folder: &str, profiles: &str, least: usize, broken: (&str, &str)) -> Result<(), Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stafett"));
    command.args(["validate", "--exchange"]);
    for profile in below(&mapping(profiles).join("profiles"))? {
        command.arg("--support").arg(profile);
    }
    let place = tempfile::tempdir()?;
    let file = place.path().join("broken.json");
    let mut files = Vec::new();
    for case in cases()?.iter().filter(|case| case.folder == folder) {
        files.extend(case.file("out.json"));
    }
    let first = std::fs::read_to_string(files.first().ok_or("no message")?)?;
    std::fs::write(&file, first.replace(broken.0, broken.1))?;
    let said = command.args(&files).arg(&file).output()?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let valid = text.lines().filter(|line| line.contains(": valid; 0 errors")).count();
    match files.len() >= least && valid == files.len() && text.contains("broken.json: not valid") {
        true => Ok(()),
        false => Err(Failed::from(text)),
    }
}

/// The reports and observations of a published message, whose participations stand where the results would.
fn published_report() -> Result<(), Failed> {
    let file = crate::support::shared().join("data/hl7v2/messages/ORU-R01-01.hl7");
    let mut command = Command::new(env!("CARGO_BIN_EXE_stafett"));
    let said = command.args(["map", "run"]).arg(mapping("oru-r01-to-fhir")).arg(file).output()?;
    let told = String::from_utf8_lossy(&said.stderr).into_owned();
    let bundle: serde_json::Value = serde_json::from_slice(&said.stdout).map_err(|_| told)?;
    let resources = bundle["entry"].as_array().into_iter().flatten().map(|one| &one["resource"]);
    let seen: Vec<String> = resources
        .filter(|one| one["code"].is_object())
        .map(|one| format!("{} {} {}", one["resourceType"], one["status"], one["code"]["text"]))
        .collect();
    let expected = [
        "\"DiagnosticReport\" \"final\" \"Enteric Culture\"",
        "\"Observation\" \"preliminary\" \"result1\"",
    ];
    match seen == expected {
        true => Ok(()),
        false => Err(Failed::from(format!("{seen:#?}"))),
    }
}

const NOTIFICATIONS: &str = "-to-hospitalnotification";

/// A notification that claims our own profiles instead of the published ones.
fn claiming_ours(text: String) -> Result<String, Failed> {
    let claims = |file: &str| -> Result<Vec<String>, Failed> {
        let file = mapping("notification-parts/concept-maps").join(file);
        let map: serde_json::Value = serde_json::from_slice(&std::fs::read(file)?)?;
        let elements = map["group"][0]["element"].as_array().cloned().unwrap_or_default();
        let claim = |one: &serde_json::Value| one["target"][0]["code"].as_str().map(Into::into);
        Ok(elements.iter().filter_map(claim).collect())
    };
    let published = claims("profiles-hospitalnotification-3.0.json")?;
    let ours = claims("profiles-hospitalnotification-stafett.json")?;
    let quoted = |claim: &str| format!("\"{claim}\"");
    let swap =
        |text: String, (from, to): (&String, &String)| text.replace(&quoted(from), &quoted(to));
    Ok(published.iter().zip(&ours).fold(text, swap))
}

/// Everything that the profiles of a package, and the exchange rules, find wrong in what maps made.
fn judged(
    folders: &str,
    by: &Lab,
    package: &str,
    claiming: fn(String) -> Result<String, Failed>,
    least: usize,
) -> Result<(), Failed> {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for case in cases()?.iter().filter(|case| case.folder.ends_with(folders)) {
        let Some(file) = case.file("out.json") else { continue };
        count += 1;
        let text = claiming(std::fs::read_to_string(&file)?)?;
        let (summary, seen) = by.judge(&text, &mut Memory::default());
        let root = summary.root.map(|root| &*by.library.package(root).name);
        if root != Some(package) {
            wrong.push(format!("{}: judged by {root:?}", file.display()));
        }
        for one in seen.into_iter().chain(by.exchange(&text)) {
            if one.severity >= Severity::Error && !one.unchecked {
                let (file, at) = (file.display(), &one.expression);
                wrong.push(format!("{file}: {} {at} {}", one.id, one.text));
            }
        }
    }
    if count < least {
        wrong.push(format!("{count} messages only"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}
