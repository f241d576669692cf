//! What trials on messages share: every package loaded once, messages read and typed, issues located.

use crate::support::shared;
use jiff::Timestamp;
use libtest_mimic::Failed;
use stafett::definitions::{Library, LibraryBuilder, typing};
use stafett::format::{fhir_json, fhir_xml};
use stafett::message::{Checked, Diagnostic, Issue, IssueType, Severity};
use stafett::profile::exchange::{self, Rules};
use stafett::profile::{Memory, Request, Settings, Summary, Validator, Wanted};
use stafett::tree::{Expression, Lines, Tree};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// A validator over every package of the test data.
pub struct Lab {
    /// The library.
    pub library: Arc<Library>,
    /// The validator.
    pub validator: Validator,
    /// The exchange rules.
    pub rules: Rules,
    /// What was said at load.
    pub diagnostics: Vec<Diagnostic>,
}

/// An issue as a person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its id.
    pub id: &'static str,
    /// FHIR's issue type.
    pub code: IssueType,
    /// How bad it is.
    pub severity: Severity,
    /// Where.
    pub expression: String,
    /// Where in the file.
    pub at: (u32, u32),
    /// Who asked.
    pub profile: String,
    /// What it says.
    pub text: String,
    /// Whether it says that something could not be checked.
    pub unchecked: bool,
}

/// The lab, made once for all trials.
pub fn lab() -> &'static Lab {
    static LAB: OnceLock<Lab> = OnceLock::new();
    LAB.get_or_init(|| Lab::new().expect("the packages of the test data can be loaded"))
}

impl Lab {
    fn new() -> Result<Lab, Failed> {
        let mut builder = LibraryBuilder::new();
        for (from, to) in ALIASES {
            builder = builder.alias(from, to);
        }
        for file in files(&shared().join("data/packages"), "tgz")? {
            if !file.to_string_lossy().contains("hl7.fhir.r4.core") {
                let bytes = std::fs::read(&file)?;
                builder.add_package(&file.to_string_lossy(), &bytes).map_err(|e| e.to_string())?;
            }
        }
        let (library, mut diagnostics) = builder.build();
        let library = Arc::new(library);
        let (validator, more) = Validator::build(&library, &Wanted::All, &Settings::default());
        diagnostics.extend(more);
        let rules = Rules::new(library.table(), exchange::Data::embedded());
        Ok(Lab { library, validator, rules, diagnostics })
    }

    /// Reads and types a JSON message.
    pub fn read(&self, text: &str, issues: &mut Vec<Issue>) -> Tree {
        let mut tree = Tree::new(Arc::clone(self.library.names()));
        fhir_json::read(text.into(), &mut tree, issues);
        typing::type_tree(&mut tree, self.library.table(), issues);
        tree
    }

    /// Everything that reading and the profiles say of a JSON message.
    pub fn judge(&self, text: &str, memory: &mut Memory) -> (Summary, Vec<Seen>) {
        let mut issues = Vec::new();
        let tree = self.read(text, &mut issues);
        let request = Request::default();
        let summary = self.validator.validate(&tree, &request, now(), memory, &mut issues);
        (summary, self.seen(text, &tree, &issues))
    }

    /// Everything that reading and the profiles say of an XML message.
    pub fn judge_xml(&self, text: &str, memory: &mut Memory) -> (Summary, Vec<Seen>) {
        let mut issues = Vec::new();
        let mut tree = Tree::new(Arc::clone(self.library.names()));
        fhir_xml::read(text.into(), &mut tree, &mut issues);
        typing::type_tree(&mut tree, self.library.table(), &mut issues);
        let request = Request::default();
        let summary = self.validator.validate(&tree, &request, now(), memory, &mut issues);
        (summary, self.seen(text, &tree, &issues))
    }

    /// What the exchange rules say of a JSON message.
    pub fn exchange(&self, text: &str) -> Vec<Seen> {
        let tree = self.read(text, &mut Vec::new());
        let mut issues = Vec::new();
        self.rules.check(&tree, now(), &mut exchange::Memory::default(), &mut issues);
        self.seen(text, &tree, &issues)
    }

    /// Issues with their places worked out.
    pub fn seen(&self, text: &str, tree: &Tree, issues: &[Issue]) -> Vec<Seen> {
        let lines = Lines::new(text);
        let see = |issue: &Issue| {
            let node = issue.place.node;
            let offset = issue.place.offset.or(node.map(|n| tree.node(n).offset)).unwrap_or(0);
            let at = lines.at(offset);
            let table = self.library.table();
            let expression =
                node.map(|n| Expression::new(tree, table, n).list(issue.place.list).to_string());
            Seen {
                id: issue.kind.id,
                code: issue.kind.code,
                severity: issue.severity,
                expression: expression.unwrap_or_default(),
                at: (at.line, at.column),
                profile: issue.profile.as_deref().unwrap_or("").to_owned(),
                text: issue.text(),
                unchecked: issue.checked == Checked::NotChecked,
            }
        };
        issues.iter().map(see).collect()
    }
}

/// Names that a published package gives to value sets which exist only under another base.
const ALIASES: &[(&str, &str)] = &[];

/// The moment at which all trials take place.
pub fn now() -> Timestamp {
    "2026-11-25T12:00:00Z".parse().expect("a moment")
}

/// The files of a folder, in order of their names.
pub fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, Failed> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    all.retain(|path| path.extension().is_some_and(|e| e == ending));
    all.sort();
    Ok(all)
}

/// The messages: (name relative to the folder of messages, text). `published` leaves out test scripts.
pub fn messages(published: bool) -> Result<Vec<(String, String)>, Failed> {
    let folder = shared().join("data/medcom-messages");
    let mut all = Vec::new();
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !(published && name.starts_with("testscripts")) {
            for file in files(&path, "json")? {
                let member = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                all.push((format!("{name}/{member}"), std::fs::read_to_string(&file)?));
            }
        }
    }
    all.sort();
    Ok(all)
}
