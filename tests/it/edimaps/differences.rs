//! What may differ between what a map makes and the partner's form, and why: `differences.toml`.

use super::values::Values;
use crate::support;
use libtest_mimic::Failed;
use serde::Deserialize;

/// How many differences there may be: a number to lower, never to raise.
const MOST: usize = 25;

/// The file.
#[derive(Deserialize)]
pub struct Differences {
    #[serde(default)]
    difference: Vec<Difference>,
}

/// A value in its place that is the partner's, ours, or both; without one the other has more.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    /// The files it is for.
    files: Vec<String>,
    /// The end of its path.
    at: String,
    partner: Option<String>,
    ours: Option<String>,
    reason: String,
    #[serde(skip)]
    used: bool,
}

impl Differences {
    /// As the file has them.
    pub fn read() -> Result<Differences, Failed> {
        let file = support::root().join("tests/it/edimaps/differences.toml");
        let read: Differences = toml::from_str(&std::fs::read_to_string(file)?)?;
        let count = read.difference.len();
        match read.difference.iter().all(|one| one.reason.len() > 20) && count <= MOST {
            true => Ok(read),
            false => Err(Failed::from(format!("{count} differences, or one without a reason"))),
        }
    }

    /// What differs in a file and is not in the list.
    pub fn unforgiven(&mut self, file: &str, partner: &Values, made: &Values) -> Vec<String> {
        let mut wrong = Vec::new();
        for (sign, list) in [("-", partner.without(made)), ("+", made.without(partner))] {
            for (place, value) in list {
                let forgiven = self.difference.iter_mut().find(|one| {
                    let said = if sign == "-" { &one.partner } else { &one.ours };
                    place.ends_with(&one.at)
                        && one.files.iter().any(|one| one == file)
                        && said.as_ref() == Some(&value)
                });
                match forgiven {
                    Some(one) => one.used = true,
                    None => wrong.push(format!("{file}: {sign} {place} = {value:?}")),
                }
            }
        }
        wrong
    }

    /// What the list has and no letter needs any more.
    pub fn unused(&self) -> Vec<String> {
        let unused = self.difference.iter().filter(|one| !one.used);
        unused.map(|one| format!("no longer needed: {} of {:?}", one.at, one.files)).collect()
    }
}
