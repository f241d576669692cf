//! Diagnostics: what is wrong with something a person wrote for the engine (configuration, a package, a
//! profile, a map, a model, the directory), found when it is loaded.
//!
//! What is wrong with a *message* is an [`Issue`](super::Issue). A diagnostic may quote what it is about,
//! because no patient's data is in such files.

use super::Severity;
use std::fmt;

/// A place in a file that a person wrote.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, serde::Serialize)]
pub struct Origin {
    /// The file's path as it was given, or a package member as `package#version!member`.
    pub file: Box<str>,
    /// The line, from 1; 0 when there is none.
    pub line: u32,
    /// The column in characters, from 1; 0 when there is none.
    pub column: u32,
}

/// One finding at load.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Diagnostic {
    /// Where.
    #[serde(flatten)]
    pub origin: Origin,
    /// An error keeps the thing from becoming active.
    pub severity: Severity,
    /// Stable: `config-unknown-key`, `map-unknown-element`. Starts with the room's word.
    pub id: &'static str,
    /// What is wrong, in one line.
    pub text: String,
    /// What to do, where there is something to say: `did you mean "receiver"?`
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(origin: Origin, id: &'static str, text: impl Into<String>) -> Diagnostic {
        Diagnostic { origin, severity: Severity::Error, id, text: text.into(), help: None }
    }

    /// A warning at a place.
    pub fn warning(origin: Origin, id: &'static str, text: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(origin, id, text) }
    }

    /// The same diagnostic with what to do about it.
    pub fn help(self, help: impl Into<String>) -> Diagnostic {
        Diagnostic { help: Some(help.into()), ..self }
    }

    /// Whether it keeps what it is about from becoming active.
    pub fn refuses(&self) -> bool {
        self.severity >= Severity::Error
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(out, "{}", self.file),
            line => write!(out, "{}:{line}:{}", self.file, self.column),
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Information => "information",
            Severity::Warning => "warning",
            Severity::Error | Severity::Fatal => "error",
        };
        write!(out, "{}: {severity}[{}]: {}", self.origin, self.id, self.text)?;
        match &self.help {
            Some(help) => write!(out, "; {help}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_reads_like_a_compilers() {
        let origin = Origin { file: "routes.toml".into(), line: 3, column: 7 };
        let one = Diagnostic::error(origin, "config-unknown-key", "unknown key `reciever`")
            .help("did you mean `receiver`?");
        assert_eq!(
            one.to_string(),
            "routes.toml:3:7: error[config-unknown-key]: unknown key `reciever`; \
             did you mean `receiver`?"
        );
    }
}
