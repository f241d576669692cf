//! What a validator is told: settings, what to compile, what to check; and what it says in sum.

use crate::message::{Checked, Issue, Severity};
use std::sync::Arc;

/// How a validator judges where the standard leaves a choice.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How an extension that no loaded package defines is taken; a modifier extension is always an error.
    pub unknown_extension: Severity,
    /// How a claim of a profile that no loaded package defines is taken.
    pub unknown_profile: Severity,
    /// How a display is taken that its code system does not give the code.
    pub wrong_display: Severity,
    /// How URLs of example domains are taken.
    pub examples: Examples,
    /// Whether the ways of a reference (aggregation) are asked of resources outside Bundles too.
    pub ways_outside_bundles: bool,
    /// How it is taken that a profile asks for another that no loaded package defines. Information: that it
    /// could not be checked.
    pub missing_profile: Severity,
    /// Whether best-practice invariants (dom-6) are checked.
    pub best_practice: bool,
    /// Whether what extensible bindings say is told at all.
    pub extensible_warnings: bool,
}

impl Default for Settings {
    /// As the reference validator judges.
    fn default() -> Settings {
        Settings {
            unknown_extension: Severity::Error,
            unknown_profile: Severity::Error,
            wrong_display: Severity::Error,
            examples: Examples::AsOthers,
            ways_outside_bundles: true,
            missing_profile: Severity::Information,
            best_practice: false,
            extensible_warnings: true,
        }
    }
}

/// How URLs of the domains that examples are written with (`example.org`, `acme.com`) are taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Examples {
    /// As any other: an extension there is unknown unless a package defines it.
    #[default]
    AsOthers,
    /// As known: nothing is said of extensions there.
    Known,
    /// As an error: real messages name none.
    Refused,
}

/// Whether a URL is of an example's domain.
pub(super) fn is_example(url: &str) -> bool {
    of_domain(url, &["example.org", "acme.com"])
}

/// Whether a URL or an OID is kept for examples, extensions of that kind not asked.
pub(super) fn is_reserved(url: &str) -> bool {
    const OIDS: [&str; 2] = ["urn:oid:1.3.6.1.4.1.32473.", "urn:oid:2.999."];
    is_example(url)
        || of_domain(url, &["example.com", "example.net", "acme.org"])
        || OIDS.iter().any(|oid| url.starts_with(oid))
}

fn of_domain(url: &str, domains: &[&str]) -> bool {
    let host = url.split_once("://").map_or("", |(_, rest)| rest);
    let host = host.split(['/', ':', '?', '#']).next().unwrap_or("");
    domains.iter().any(|domain| {
        host.strip_suffix(domain).is_some_and(|sub| sub.is_empty() || sub.ends_with('.'))
    })
}

/// What to compile.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// Every profile of every loaded package, each package being a root in turn.
    All,
    /// These canonicals (perhaps with `|version`) and what they lead to. What a message claims beyond
    /// them is unknown.
    Profiles(Vec<Box<str>>),
}

/// What to check a message against, beyond what it claims itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// Profiles of the root, perhaps with `|version`.
    pub profiles: &'a [&'a str],
    /// The version that the envelope or the route means, when the message says none itself.
    pub version: Option<&'a str>,
}

/// What a validation came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The package that the message's profiles were taken from ([`super::Validator::package_name`]).
    pub root: Option<crate::definitions::PackageId>,
    /// How that was chosen.
    pub chosen: Chosen,
    /// Issues that refuse the message.
    pub errors: u32,
    /// Warnings.
    pub warnings: u32,
    /// Checks that could not be made.
    pub not_checked: u32,
}

/// How the version that a message means was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Chosen {
    /// The message names no profile: only the base definitions were used.
    #[default]
    Base,
    /// The claim itself carries `|version`.
    Claim,
    /// MessageHeader.definition carries it.
    Definition,
    /// The envelope or the route says it.
    Asked,
    /// Nobody says it: the newest loaded.
    Newest,
}

impl Chosen {
    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Chosen::Base => "no profile named",
            Chosen::Claim => "meta.profile says the version",
            Chosen::Definition => "MessageHeader.definition says the version",
            Chosen::Asked => "the envelope or the route says the version",
            Chosen::Newest => "newest loaded",
        }
    }
}

impl Summary {
    pub(super) fn count(&mut self, issues: &[Issue]) {
        for issue in issues {
            match issue.checked {
                Checked::NotChecked => self.not_checked += 1,
                Checked::Failed if issue.refuses() => self.errors += 1,
                Checked::Failed if issue.severity == Severity::Warning => self.warnings += 1,
                Checked::Failed => {}
            }
        }
    }
}

/// Checks that could not be made, totalled per profile, most first and then by name.
pub fn not_checked_by_profile(issues: &[Issue]) -> Vec<(Arc<str>, u32)> {
    let mut totals: Vec<(Arc<str>, u32)> = Vec::new();
    for issue in issues.iter().filter(|i| i.checked == Checked::NotChecked) {
        let profile = issue.profile.clone().unwrap_or_else(|| Arc::from("(base definitions)"));
        match totals.iter_mut().find(|(p, _)| *p == profile) {
            Some((_, n)) => *n += 1,
            None => totals.push((profile, 1)),
        }
    }
    totals.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    totals
}
