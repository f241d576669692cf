//! Which code of a required binding fits an issue; no code where none fits.

use crate::message::{Diagnostic, IssueType, Origin, ToldIssue};
use std::collections::HashMap;

const BUILT_IN: &str = include_str!("codes.txt");

/// The two code systems of the binding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodingSystem {
    /// HL7's operation-outcome codes.
    Outcome,
    /// The acknowledgement's own error codes.
    Acknowledgement,
}

/// A code that fits an issue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Coding {
    /// Its system.
    pub system: CodingSystem,
    /// The code.
    pub code: Box<str>,
}

/// The table of codes, read once.
#[derive(Debug)]
pub struct Codes {
    by_key: HashMap<Box<str>, Coding>,
    /// What a code that somebody else gave comes to.
    meaning: HashMap<Box<str>, IssueType>,
}

impl Codes {
    /// The table that comes with the engine.
    pub fn built_in() -> Result<Codes, Diagnostic> {
        Codes::parse("codes.txt", BUILT_IN)
    }

    /// Reads a table: `key system code`, or `means code system type`, one a line.
    pub fn parse(file: &str, text: &str) -> Result<Codes, Diagnostic> {
        let (mut by_key, mut meaning) = (HashMap::new(), HashMap::new());
        for (at, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let mut named = |code: &str, kind: &str| {
                let kind = IssueType::ALL.into_iter().find(|one| one.code() == kind);
                kind.map(|kind| meaning.insert(code.into(), kind)).is_some()
            };
            let (key, system, code) = match words[..] {
                [] => continue,
                [first, ..] if first.starts_with('#') => continue,
                // No code fits, whatever the issue's type says.
                [key, "-", "-"] => (key, CodingSystem::Outcome, "-"),
                ["means", code, "outcome", kind] if named(code, kind) => {
                    (code, CodingSystem::Outcome, code)
                }
                ["means", code, "acknowledgement", kind] if named(code, kind) => {
                    (code, CodingSystem::Acknowledgement, code)
                }
                [key, "outcome", code] => (key, CodingSystem::Outcome, code),
                [key, "acknowledgement", code] => (key, CodingSystem::Acknowledgement, code),
                _ => {
                    let origin = Origin { file: file.into(), line: at as u32 + 1, column: 1 };
                    let text = "expected: key, `outcome` or `acknowledgement`, code";
                    return Err(Diagnostic::error(origin, "receipt-codes", text));
                }
            };
            by_key.insert(key.into(), Coding { system, code: code.into() });
        }
        Ok(Codes { by_key, meaning })
    }

    /// The type of an issue that somebody else gave this code; none: it is not one of the binding's.
    pub fn means(&self, code: &str) -> Option<IssueType> {
        self.meaning.get(code).copied()
    }

    /// The code that fits an issue: by its id, else by its FHIR issue type.
    pub fn of(&self, issue: &ToldIssue) -> Option<&Coding> {
        self.by_key
            .get(&*issue.id)
            .or_else(|| self.by_key.get(format!("={}", issue.code.code()).as_str()))
            .filter(|coding| &*coding.code != "-")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{IssueType, Severity};

    fn issue(id: &str, code: IssueType) -> ToldIssue {
        ToldIssue {
            severity: Severity::Error,
            code,
            id: id.into(),
            expression: None,
            position: None,
            profile: None,
            text: "".into(),
        }
    }

    #[test]
    fn an_id_says_more_than_a_type() {
        let codes = Codes::parse("t", "=value outcome A\nx-date outcome B\nx-none outcome -\n");
        let codes = codes.unwrap();
        let code = |id, kind| codes.of(&issue(id, kind)).map(|c| c.code.to_string());
        assert_eq!(code("other", IssueType::Value).as_deref(), Some("A"));
        assert_eq!(code("x-date", IssueType::Value).as_deref(), Some("B"));
        assert_eq!(code("x-none", IssueType::Value), None);
        assert_eq!(code("other", IssueType::BusinessRule), None);
    }

    #[test]
    fn the_built_in_table_reads() {
        assert!(Codes::built_in().is_ok());
        assert!(Codes::parse("t", "a b").is_err());
        assert!(Codes::parse("t", "means A outcome nonsense").is_err());
    }

    #[test]
    fn a_code_that_came_goes_on_as_it_is() {
        let codes = Codes::built_in().unwrap();
        let kind = codes.means("MSG_BAD_SYNTAX").unwrap();
        let one = issue("MSG_BAD_SYNTAX", kind);
        assert_eq!(codes.of(&one).map(|coding| &*coding.code), Some("MSG_BAD_SYNTAX"));
        assert_eq!(codes.means("MSG_NONE"), None);
    }
}
