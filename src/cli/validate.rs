//! `stafett validate FILE...`: messages and resources against profiles, without a running engine.
//!
//! Promises: one result a file, in the order of the files; what could not be checked is counted and said.

use super::issues::word;
use super::load::Blob;
use super::{Exit, Format, archives, excerpt, load};
use crate::definitions::{Library, LibraryBuilder, typing};
use crate::engine;
use crate::format;
use crate::message::{Issue, Severity, ToldIssue};
use crate::profile::{self, Request, Validator, Wanted, exchange};
use crate::tree::{BufferId, Lines, Tree};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Validates messages and resources against the profiles that they claim, and those that are asked for.
#[derive(Debug, clap::Args)]
pub struct Validate {
    /// The files, FHIR JSON or XML.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// A folder of FHIR packages (`.tgz`), or one package. Repeat for more.
    #[arg(long)]
    package: Vec<PathBuf>,
    /// A StructureDefinition, ValueSet, CodeSystem or other resource to load first, JSON or XML.
    #[arg(long)]
    support: Vec<PathBuf>,
    /// A profile that every file must meet, besides those it claims.
    #[arg(long)]
    profile: Vec<String>,
    /// Also checks what an exchange asks of a message (ids `exchange-...`, reported apart).
    #[arg(long)]
    exchange: bool,
    /// A claim of a profile that is not loaded is a warning instead of an error.
    #[arg(long)]
    allow_unknown_profiles: bool,
    /// A file that keeps what the packages were decoded to, so that the next start is quicker. Made anew when
    /// it does not fit.
    #[arg(long, value_name = "FILE")]
    cache: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
pub fn run(arguments: &Validate) -> Exit {
    let mut judge = match Judge::new(arguments) {
        Ok(judge) => judge,
        Err(note) => {
            eprintln!("stafett validate: {note}");
            return Exit::CouldNot;
        }
    };
    let exit = judge_all(&mut judge, arguments);
    // The process ends here: taking apart what was compiled would only delay it.
    std::mem::forget(judge);
    exit
}

fn judge_all(judge: &mut Judge, arguments: &Validate) -> Exit {
    let mut exit = Exit::Fine;
    let mut totals: BTreeMap<Arc<str>, u32> = BTreeMap::new();
    for file in &arguments.files {
        let result = match judge.file(file) {
            Ok(result) => result,
            Err(error) => {
                eprintln!("stafett validate: {}: {error}", file.display());
                exit = Exit::CouldNot;
                continue;
            }
        };
        if !result.valid && exit == Exit::Fine {
            exit = Exit::Findings;
        }
        for (profile, count) in &result.not_checked {
            *totals.entry(Arc::clone(profile)).or_default() += count;
        }
        let text = match arguments.format {
            Format::Json => format!("{}\n", result.json()),
            Format::Text => result.text(),
        };
        // A reader that has gone away (a pager, `head`) is no failure of ours.
        if std::io::stdout().write_all(text.as_bytes()).is_err() {
            return exit;
        }
    }
    if arguments.format == Format::Text && !totals.is_empty() {
        println!("could not be checked, in all:");
        totals.iter().for_each(|(profile, count)| println!("  {count:>6}  {profile}"));
    }
    exit
}

struct Judge {
    library: Arc<Library>,
    validator: Validator,
    rules: Option<exchange::Rules>,
    profiles: Vec<String>,
    tree: Tree,
    memory: profile::Memory,
    exchange: exchange::Memory,
}

/// What one file came to.
struct Judged {
    file: String,
    valid: bool,
    version: Option<String>,
    profiles: Vec<ToldIssue>,
    exchange: Vec<ToldIssue>,
    /// The keys of broken invariants, in the order of the issues.
    keys: Vec<Option<String>>,
    lines: Vec<String>,
    not_checked: Vec<(Arc<str>, u32)>,
}

impl Judge {
    fn new(arguments: &Validate) -> Result<Judge, String> {
        let mut builder = LibraryBuilder::new();
        let mut wrong = Vec::new();
        let files = load::files(&arguments.package, &["tgz", "json"]).map_err(|e| e.to_string())?;
        let archives: Vec<&Blob> = files.iter().filter(|f| f.name.ends_with(".tgz")).collect();
        for (name, error) in archives::add(&mut builder, &archives, arguments.cache.as_deref()) {
            wrong.push(format!("{name}: {}", error.note));
        }
        // A folder may hold packages, or the resources of one that is unpacked.
        for file in files.iter().filter(|file| !file.name.ends_with(".tgz")) {
            builder.add_resource(&file.name, &file.bytes);
        }
        drop(files);
        for file in load::files(&arguments.support, &["json", "xml"]).map_err(|e| e.to_string())? {
            builder.add_resource(&file.name, &file.bytes);
        }
        let (library, diagnostics) = builder.build();
        wrong.extend(diagnostics.iter().filter(|d| d.refuses()).map(ToString::to_string));
        let library = Arc::new(library);
        let unknown =
            if arguments.allow_unknown_profiles { Severity::Warning } else { Severity::Error };
        let settings = profile::Settings { unknown_profile: unknown, ..Default::default() };
        let (validator, more) = Validator::build(&library, &Wanted::All, &settings);
        wrong.extend(more.iter().filter(|d| d.refuses()).map(ToString::to_string));
        // A file of the site's that cannot be used must not go unnoticed, but others may still be judged.
        wrong.iter().for_each(|one| eprintln!("{one}"));
        let rules = arguments
            .exchange
            .then(|| exchange::Rules::new(library.table(), exchange::Data::embedded()));
        Ok(Judge {
            tree: Tree::new(Arc::clone(library.names())),
            library,
            validator,
            rules,
            profiles: arguments.profile.clone(),
            memory: profile::Memory::new(),
            exchange: exchange::Memory::default(),
        })
    }

    fn file(&mut self, file: &Path) -> std::io::Result<Judged> {
        let bytes = Bytes::from(std::fs::read(file)?);
        let name = file.display().to_string();
        let now = Timestamp::now();
        let table = Arc::clone(self.library.table());
        self.tree.reset(self.library.names());
        let mut issues = Vec::new();
        let whole = self.read(&bytes, &mut issues);
        let mut version = None;
        if whole {
            typing::type_tree(&mut self.tree, &table, &mut issues);
            let asked: Vec<&str> = self.profiles.iter().map(String::as_str).collect();
            let request = Request { profiles: &asked, version: None };
            let (tree, memory) = (&self.tree, &mut self.memory);
            let summary = self.validator.validate(tree, &request, now, memory, &mut issues);
            version = summary.root.map(|root| {
                let package = self.validator.package_name(root);
                format!("{package} ({})", summary.chosen.word())
            });
        }
        let mut beside = Vec::new();
        if let Some(rules) = self.rules.as_ref().filter(|_| whole) {
            rules.check(&self.tree, now, &mut self.exchange, &mut beside);
        }
        let valid = whole && !engine::refuse(&issues) && !engine::refuse(&beside);
        let not_checked = profile::not_checked_by_profile(&issues);
        let key = |issue: &Issue| {
            let invariant = issue.kind.id == profile::CONSTRAINT.id;
            invariant.then(|| issue.args[0].to_string())
        };
        let keys = issues.iter().chain(&beside).map(key).collect();
        let tell = |issues: &[Issue]| engine::tell_all(&self.tree, &table, issues);
        let (profiles, exchange) = (tell(&issues), tell(&beside));
        let lines = self.excerpts(&profiles, &exchange);
        Ok(Judged { file: name, valid, version, profiles, exchange, keys, lines, not_checked })
    }

    fn read(&mut self, bytes: &Bytes, issues: &mut Vec<Issue>) -> bool {
        let first =
            bytes.iter().find(|b| !b.is_ascii_whitespace() && !matches!(b, 0xEF | 0xBB | 0xBF));
        let xml = first == Some(&b'<');
        match format::charset::decode_fhir(bytes, None, xml) {
            Ok(text) if xml => format::fhir_xml::read(text, &mut self.tree, issues),
            Ok(text) => format::fhir_json::read(text, &mut self.tree, issues),
            Err(issue) => {
                issues.push(issue);
                false
            }
        }
    }

    /// The source line of each issue, for people.
    fn excerpts(&self, profiles: &[ToldIssue], exchange: &[ToldIssue]) -> Vec<String> {
        let input = if self.tree.has_input() { self.tree.buffer(BufferId(1)) } else { "" };
        let lines = Lines::new(input);
        let excerpt = |issue: &ToldIssue| match issue.position {
            None => String::new(),
            Some((line, column)) => {
                let mut out = String::new();
                excerpt::one_line(lines.line(line), line, column, &mut out);
                out
            }
        };
        profiles.iter().chain(exchange).map(excerpt).collect()
    }
}

impl Judged {
    fn json(&self) -> String {
        let one = |(issue, key): (&ToldIssue, &Option<String>)| {
            json!({
                "severity": word(issue.severity),
                "code": issue.code.code(),
                "id": issue.id,
                "expression": issue.expression,
                "line": issue.position.map(|(line, _)| line),
                "column": issue.position.map(|(_, column)| column),
                "profile": issue.profile,
                "constraint": key,
                "text": issue.text,
            })
        };
        let all = self.profiles.iter().chain(&self.exchange).zip(&self.keys);
        let issues: Vec<_> = all.map(one).collect();
        json!({
            "file": self.file,
            "valid": self.valid,
            "version": self.version,
            "issues": issues,
        })
        .to_string()
    }

    fn text(&self) -> String {
        let mut out = String::new();
        let all = self.profiles.iter().chain(&self.exchange).zip(&self.lines);
        for (at, (issue, excerpt)) in all.enumerate() {
            if at == self.profiles.len() {
                out.push_str("exchange rules:\n");
            }
            let place =
                issue.position.map_or(String::new(), |(line, column)| format!(":{line}:{column}"));
            let path = issue.expression.as_deref().unwrap_or("-");
            let asked = issue.profile.as_deref().map_or(String::new(), |p| format!(" ({p})"));
            out.push_str(&format!(
                "{}{place}: {}[{}]: {}{asked}\n    at {path}\n{excerpt}",
                self.file,
                word(issue.severity),
                issue.id,
                issue.text,
            ));
        }
        let count = |severity| {
            self.profiles.iter().chain(&self.exchange).filter(|i| i.severity >= severity).count()
        };
        let errors = count(Severity::Error);
        let not_checked: u32 = self.not_checked.iter().map(|(_, n)| n).sum();
        out.push_str(&format!(
            "{}: {}; {errors} errors, {} warnings, {not_checked} checks could not be made; {}\n",
            self.file,
            if self.valid { "valid" } else { "not valid" },
            count(Severity::Warning) - errors,
            self.version.as_deref().unwrap_or("not read"),
        ));
        out
    }
}
