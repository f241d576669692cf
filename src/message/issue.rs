//! Issues: what is wrong with a message, as data.
//!
//! An issue is a small record. Its text and expression are made when it is rendered; it never holds an
//! element's value, so neither does its text.

use crate::tree::NodeId;
use std::fmt;
use std::sync::Arc;

/// How bad it is. Ordered: `Fatal` is the worst.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Information,
    /// Accepted, but somebody should look.
    Warning,
    /// The message is refused.
    Error,
    /// The message is refused, and nothing more could be checked.
    Fatal,
}

/// Whether a check was made.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Checked {
    /// It was made, and failed.
    #[default]
    Failed,
    /// It could not be made: something it needs is not at hand.
    NotChecked,
}

/// FHIR's issue types (value set issue-type, R4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names are FHIR's own codes")]
pub enum IssueType {
    Invalid,
    Structure,
    Required,
    Value,
    Invariant,
    Security,
    Login,
    Forbidden,
    Processing,
    NotSupported,
    Duplicate,
    MultipleMatches,
    NotFound,
    TooLong,
    CodeInvalid,
    Extension,
    TooCostly,
    BusinessRule,
    Conflict,
    Transient,
    LockError,
    NoStore,
    Exception,
    Timeout,
    Throttled,
    Incomplete,
    Informational,
}

impl IssueType {
    /// All of them.
    pub const ALL: [IssueType; 27] = [
        IssueType::Invalid,
        IssueType::Structure,
        IssueType::Required,
        IssueType::Value,
        IssueType::Invariant,
        IssueType::Security,
        IssueType::Login,
        IssueType::Forbidden,
        IssueType::Processing,
        IssueType::NotSupported,
        IssueType::Duplicate,
        IssueType::MultipleMatches,
        IssueType::NotFound,
        IssueType::TooLong,
        IssueType::CodeInvalid,
        IssueType::Extension,
        IssueType::TooCostly,
        IssueType::BusinessRule,
        IssueType::Conflict,
        IssueType::Transient,
        IssueType::LockError,
        IssueType::NoStore,
        IssueType::Exception,
        IssueType::Timeout,
        IssueType::Throttled,
        IssueType::Incomplete,
        IssueType::Informational,
    ];

    /// FHIR's code.
    pub fn code(self) -> &'static str {
        match self {
            IssueType::Invalid => "invalid",
            IssueType::Structure => "structure",
            IssueType::Required => "required",
            IssueType::Value => "value",
            IssueType::Invariant => "invariant",
            IssueType::Security => "security",
            IssueType::Login => "login",
            IssueType::Forbidden => "forbidden",
            IssueType::Processing => "processing",
            IssueType::NotSupported => "not-supported",
            IssueType::Duplicate => "duplicate",
            IssueType::MultipleMatches => "multiple-matches",
            IssueType::NotFound => "not-found",
            IssueType::TooLong => "too-long",
            IssueType::CodeInvalid => "code-invalid",
            IssueType::Extension => "extension",
            IssueType::TooCostly => "too-costly",
            IssueType::BusinessRule => "business-rule",
            IssueType::Conflict => "conflict",
            IssueType::Transient => "transient",
            IssueType::LockError => "lock-error",
            IssueType::NoStore => "no-store",
            IssueType::Exception => "exception",
            IssueType::Timeout => "timeout",
            IssueType::Throttled => "throttled",
            IssueType::Incomplete => "incomplete",
            IssueType::Informational => "informational",
        }
    }
}

/// One kind of issue. Each room declares its kinds as statics and lists them in one `CATALOGUE`; the
/// reference page is generated from those lists.
#[derive(Debug)]
pub struct IssueKind {
    /// Stable: `json-duplicate-key`. Starts with the room's word.
    pub id: &'static str,
    /// FHIR's issue type.
    pub code: IssueType,
    /// How bad it is unless the issue says otherwise.
    pub severity: Severity,
    /// One line; `{0}`, `{1}` and `{2}` stand for the issue's arguments. No element value ever.
    pub text: &'static str,
    /// What to do about it, in one paragraph.
    pub help: &'static str,
}

/// All kinds that a room can report.
pub type Catalogue = &'static [&'static IssueKind];

/// Declares a room's kinds of issues, each a static, and lists them in the room's `CATALOGUE`. An entry is
/// `NAME "id" Type Severity "text" "help"`; commas between and a semicolon behind may stand there.
macro_rules! kinds {
    ($($name:ident $(=)? $id:literal $(,)? $code:ident $(,)? $severity:ident $(,)?
       $text:literal $(,)? $help:literal $(;)?)*) => {
        $(
            #[doc = concat!("`", $id, "`: ", $text)]
            pub static $name: $crate::message::IssueKind = $crate::message::IssueKind {
                id: $id,
                code: $crate::message::IssueType::$code,
                severity: $crate::message::Severity::$severity,
                text: $text,
                help: $help,
            };
        )*
        /// Every kind of issue that this room can raise.
        pub static CATALOGUE: $crate::message::Catalogue = &[$(&$name),*];
    };
}
pub(crate) use kinds;

/// An argument of an issue's text: cheap to make and to clone, and never an element's value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Arg {
    /// None.
    #[default]
    None,
    /// A word of our own.
    Static(&'static str),
    /// A text made at load time: a canonical, a constraint's key, an element's path.
    Shared(Arc<str>),
    /// A number.
    Number(u64),
}

impl fmt::Display for Arg {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Arg::None => Ok(()),
            Arg::Static(text) => out.write_str(text),
            Arg::Shared(text) => out.write_str(text),
            Arg::Number(n) => write!(out, "{n}"),
        }
    }
}

/// Where in a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Place {
    /// The node, if there is one: gives the expression.
    pub node: Option<NodeId>,
    /// Byte offset in the decoded input: gives line and column.
    pub offset: Option<u32>,
    /// Whether it is about all nodes of that name, as when an array has a null: the expression has no index.
    pub list: bool,
}

/// Something wrong with a message, or worth knowing about it.
#[derive(Clone, Debug)]
pub struct Issue {
    /// What.
    pub kind: &'static IssueKind,
    /// How bad.
    pub severity: Severity,
    /// Whether the check failed or could not be made.
    pub checked: Checked,
    /// Where.
    pub place: Place,
    /// The profile (canonical, with version) or map that asked.
    pub profile: Option<Arc<str>>,
    /// The text's arguments.
    pub args: [Arg; 3],
}

impl Issue {
    /// An issue of a kind, at a place, with no arguments yet.
    pub fn new(kind: &'static IssueKind, place: Place) -> Issue {
        Issue {
            kind,
            severity: kind.severity,
            checked: Checked::Failed,
            place,
            profile: None,
            args: [Arg::None, Arg::None, Arg::None],
        }
    }

    /// An issue at a byte offset.
    pub fn at(kind: &'static IssueKind, offset: usize) -> Issue {
        Issue::new(kind, Place { offset: Some(offset as u32), ..Place::default() })
    }

    /// An issue at a node; its offset is the node's, which the tree knows.
    pub fn on(kind: &'static IssueKind, node: NodeId) -> Issue {
        Issue::new(kind, Place { node: Some(node), ..Place::default() })
    }

    /// With the first free argument set.
    pub fn arg(mut self, arg: Arg) -> Issue {
        if let Some(free) = self.args.iter_mut().find(|a| **a == Arg::None) {
            *free = arg;
        }
        self
    }

    /// With another severity than its kind's.
    pub fn severity(self, severity: Severity) -> Issue {
        Issue { severity, ..self }
    }

    /// As a check that could not be made.
    pub fn not_checked(self) -> Issue {
        Issue { checked: Checked::NotChecked, ..self }
    }

    /// With the profile or map that asked.
    pub fn profile(self, profile: &Arc<str>) -> Issue {
        Issue { profile: Some(Arc::clone(profile)), ..self }
    }

    /// Whether a message with this issue is refused.
    pub fn refuses(&self) -> bool {
        self.severity >= Severity::Error
    }

    /// The issue's one-line text.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(self.kind.text.len() + 32);
        let mut rest = self.kind.text;
        while let Some(at) = rest.find('{') {
            text.push_str(&rest[..at]);
            let digit = rest.as_bytes().get(at + 1).copied().unwrap_or(b'}');
            let closes = rest.as_bytes().get(at + 2) == Some(&b'}');
            match self.args.get(usize::from(digit.wrapping_sub(b'0'))).filter(|_| closes) {
                Some(arg) => {
                    text.push_str(&arg.to_string());
                    rest = &rest[at + 3..];
                }
                None => {
                    text.push('{');
                    rest = &rest[at + 1..];
                }
            }
        }
        text.push_str(rest);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static KIND: IssueKind = IssueKind {
        id: "test-kind",
        code: IssueType::Structure,
        severity: Severity::Error,
        text: "at most {0} of {1}, {not} {",
        help: "",
    };

    #[test]
    fn the_text_is_made_from_its_arguments() {
        let issue = Issue::at(&KIND, 3).arg(Arg::Number(2)).arg(Arg::Static("name"));
        assert_eq!(issue.text(), "at most 2 of name, {not} {");
        assert!(issue.refuses());
    }
}
