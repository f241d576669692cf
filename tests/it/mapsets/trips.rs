//! What is lost there and back: the list stands in the README of the way there, and only shrinks.

use super::{cases, mapping, stafett};
use crate::support::{self, Needs, trial};
use libtest_mimic::{Failed, Trial};
use std::collections::BTreeSet;

pub fn trials() -> Vec<Trial> {
    let lists = || PAIRS.iter().try_for_each(list);
    vec![trial("mapsets: what is lost there and back only shrinks", Needs::Nothing, lists)]
}

/// A way there, the way back, and how many lines its list may have: a number to lower, never to raise.
pub struct Pair {
    pub there: &'static str,
    back: &'static str,
    most: usize,
}

pub const PAIRS: &[Pair] = &[
    Pair { there: "dialogmelding-to-fhir", back: "fhir-to-dialogmelding", most: 9 },
    Pair { there: "ref-i12-to-referral", back: "referral-to-ref-i12", most: 53 },
    Pair { there: "mdm-t02-to-fhir", back: "discharge-letter-to-mdm-t02", most: 25 },
    Pair { there: "xref01-to-referral", back: "referral-to-xref01", most: 6 },
    Pair { there: "xref06-to-referral", back: "referral-to-xref06", most: 2 },
    Pair { there: "xref07-to-referral", back: "referral-to-xref07", most: 2 },
    Pair { there: "xdis01-to-discharge-letter", back: "discharge-letter-to-xdis01", most: 3 },
    Pair { there: "xdis91-to-carecommunication", back: "carecommunication-to-xdis91", most: 15 },
    Pair {
        there: "xdis20-to-hospitalnotification",
        back: "hospitalnotification-to-oioxml",
        most: 5,
    },
    Pair {
        there: "xdis17-to-hospitalnotification",
        back: "hospitalnotification-to-oioxml",
        most: 7,
    },
    Pair { there: "ack-to-acknowledgement", back: "acknowledgement-to-ack", most: 24 },
    Pair { there: "xctl-to-acknowledgement", back: "acknowledgement-to-xctl", most: 11 },
    Pair { there: "receipt-ctl01-to-acknowledgement", back: "acknowledgement-to-ctl", most: 6 },
    Pair { there: "receipt-ctl02-to-acknowledgement", back: "acknowledgement-to-ctl", most: 7 },
    Pair { there: "receipt-ctl03-to-acknowledgement", back: "acknowledgement-to-ctl", most: 6 },
    Pair { there: "apprec-1.1-to-acknowledgement", back: "acknowledgement-to-apprec", most: 14 },
    Pair {
        there: "apprec-1.0-to-acknowledgement",
        back: "acknowledgement-to-apprec-1.0",
        most: 12,
    },
    Pair { there: "dis91-to-xdis91", back: "xdis91-to-dis91", most: 0 },
    Pair { there: "ctl01-to-xctl01", back: "xctl01-to-ctl01", most: 0 },
    Pair { there: "ctl02-to-xctl02", back: "xctl02-to-ctl02", most: 0 },
    Pair { there: "ctl03-to-xctl03", back: "xctl03-to-ctl03", most: 0 },
    Pair { there: "dis20-to-xdis20", back: "xdis20-to-dis20", most: 0 },
    Pair { there: "dis17-to-xdis17", back: "xdis17-to-dis17", most: 0 },
    Pair { there: "dis01-to-xdis01", back: "xdis01-to-dis01", most: 0 },
    Pair { there: "dis02-to-xdis02", back: "xdis02-to-dis02", most: 0 },
    Pair { there: "dis03-to-xdis03", back: "xdis03-to-dis03", most: 0 },
    Pair { there: "ref01-to-xref01", back: "xref01-to-ref01", most: 0 },
    Pair { there: "ref06-to-xref06", back: "xref06-to-ref06", most: 0 },
    Pair { there: "ref07-to-xref07", back: "xref07-to-ref07", most: 0 },
];

/// Where the list stands in a README: the first block after this line.
pub const MARK: &str = "## There and back\n";

fn list(pair: &Pair) -> Result<(), Failed> {
    let mut lines = BTreeSet::new();
    let mut trips = 0;
    for case in cases()?.iter().filter(|case| case.folder == pair.there && !case.fails()) {
        let name = case.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let extensions = ["xml", "edi", "hl7"].into_iter();
        let mut there = extensions.filter(|one| case.file(&format!("in.{one}")).is_some());
        let extension = there.next().unwrap_or("json");
        let file = format!("{}/tests/{name}/in.{extension}", pair.there);
        let words = ["map", "roundtrip", "--format", "json"];
        let (_, said) = stafett(&words, &[pair.there, pair.back, &file])?;
        let trip: serde_json::Value = serde_json::from_str(&said)
            .map_err(|fault| Failed::from(format!("{file}: {fault}: {said}")))?;
        trips += 1;
        if let Some(way) = trip["refused"].as_str() {
            lines.insert(format!("refused on the way {way}: {name}"));
        }
        for change in trip["changes"].as_array().into_iter().flatten() {
            let path = text(&change["path"]);
            lines.insert(format!("{:8}{}", text(&change["kind"]), without_places(path)));
        }
    }
    if trips < 3 {
        return Err(Failed::from(format!("{}: {trips} messages went there and back", pair.there)));
    }
    if lines.len() > pair.most {
        let count = lines.len();
        let all = lines.into_iter().collect::<Vec<_>>().join("\n");
        return Err(Failed::from(format!("{}: {count} lines\n{all}", pair.there)));
    }
    in_readme(pair, &lines)
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A path without the places of items in lists.
fn without_places(path: &str) -> String {
    let mut out = String::new();
    for part in path.split('[') {
        let after = part.split_once(']').filter(|(place, _)| place.parse::<u32>().is_ok());
        out.push_str(after.map_or(part, |(_, after)| after));
    }
    out
}

fn in_readme(pair: &Pair, lines: &BTreeSet<String>) -> Result<(), Failed> {
    let file = mapping(pair.there).join("README.md");
    let readme = std::fs::read_to_string(&file)?;
    let whole = |part: &str| Failed::from(format!("{}: no {part}", file.display()));
    let (before, after) = readme.split_once(MARK).ok_or_else(|| whole(MARK))?;
    let (words, after) = after.split_once("```text\n").ok_or_else(|| whole("list"))?;
    let (_, after) = after.split_once("```").ok_or_else(|| whole("end of the list"))?;
    let list: String = lines.iter().map(|line| format!("{line}\n")).collect();
    support::golden(&file, &format!("{before}{MARK}{words}```text\n{list}```{after}"))
}
