//! Messages as files: read for a map, run through it, and what it made written.
//!
//! Promises: the same inputs give the same bytes; nothing is asked that the files do not answer. Never: prints.

use super::folder::{Mappings, bytes};
use super::world::{About, World};
use crate::definitions::typing;
use crate::engine;
use crate::fhirpath::References;
use crate::format::{self, charset::Charset, edifact};
use crate::mapping::{Engine, IdSeed, Inputs, Limits, Losses, MAX_SOURCES, Memory, Plan, Trace};
use crate::message::{Issue, Severity, Syntax, ToldIssue};
use crate::profile;
use crate::tree::types::TypeId;
use crate::tree::{Expression, Tree};
use ::bytes::Bytes;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The model of an interchange whatever its letters.
pub const EDIFACT: &str = "https://stafett.example/models/edifact/Edifact";

/// A message that was read.
pub struct Message {
    /// Its file, as it was given.
    pub file: String,
    /// Its typed tree.
    pub tree: Tree,
}

/// What a map made of a message.
pub struct Made {
    /// The target.
    pub target: Tree,
    /// What is to be said about the message.
    pub issues: Vec<Issue>,
    /// What of the message was read and dropped; nothing if the run was ended.
    pub losses: Losses,
}

impl Made {
    /// Whether the message is refused.
    pub fn refused(&self) -> bool {
        self.issues.iter().any(Issue::refuses)
    }
}

/// Reads a message for a plan: FHIR in JSON or XML, or a model's document, typed as the plan reads it; unchecked, if
/// nobody has loaded that type.
pub fn read(file: &Path, mappings: &Mappings, plan: &Plan) -> Result<Message, String> {
    read_source(file, mappings, plan, 0)
}

/// The same for one of its sources.
fn read_source(
    file: &Path,
    mappings: &Mappings,
    plan: &Plan,
    source: usize,
) -> Result<Message, String> {
    let wanted = plan.sources().get(source).copied().unwrap_or(TypeId::NONE);
    let name = file.display().to_string();
    let (path, letter) = letter(&name);
    read_as(name.clone(), bytes(Path::new(path))?.into(), mappings, wanted, letter)
}

/// `FILE#2` is the second letter of an interchange, unless a file is called so.
fn letter(file: &str) -> (&str, Option<usize>) {
    let named = file.rsplit_once('#').and_then(|(path, n)| Some((path, n.parse().ok()?)));
    match named.filter(|_| !Path::new(file).exists()) {
        Some((path, number)) => (path, Some(number)),
        None => (file, None),
    }
}

/// Why a message was not read.
pub enum Unread {
    /// It is wrong.
    Refused(Vec<ToldIssue>),
    /// It could not be tried.
    CouldNot(String),
}

/// Reads a message that no plan was chosen for yet.
pub fn read_any(file: &Path, mappings: &Mappings) -> Result<(Message, Syntax), Unread> {
    let name = file.display().to_string();
    let (path, letter) = letter(&name);
    let bytes: Bytes = bytes(Path::new(path)).map_err(Unread::CouldNot)?.into();
    let (wire, table) = (mappings.library.wire(), mappings.library.table());
    let syntax = format::recognise(&bytes);
    let mut tree = Tree::new(Arc::clone(mappings.library.names()));
    let mut issues = Vec::new();
    let usable = match wire.decode(syntax, &bytes, None) {
        Ok(decoded) => wire.read(syntax, decoded.text, &mut tree, &mut issues),
        Err(issue) => {
            issues.push(issue);
            false
        }
    };
    if usable {
        one_letter(&name, syntax, &mut tree, letter).map_err(Unread::CouldNot)?;
        wire.type_tree(syntax, &mut tree, &mut issues);
    }
    // what no model knows is the chosen map's affair
    let unknown = |issue: &Issue| {
        matches!(
            issue.kind.id,
            "typing-unknown-root" | "typing-unknown-element" | "typing-unknown-type"
        )
    };
    let faults: Vec<Issue> =
        issues.into_iter().filter(|one| one.refuses() && !(usable && unknown(one))).collect();
    match usable && faults.is_empty() {
        true => Ok((Message { file: name, tree }, syntax)),
        false => Err(Unread::Refused(engine::tell_all(&tree, table, &faults))),
    }
}

/// Reads what a plan makes.
pub fn read_target(file: &Path, mappings: &Mappings, plan: &Plan) -> Result<Message, String> {
    read_as(file.display().to_string(), bytes(file)?.into(), mappings, plan.target(), None)
}

/// From bytes, called `file` in what is said.
pub fn read_bytes(
    file: String,
    bytes: Bytes,
    mappings: &Mappings,
    plan: &Plan,
) -> Result<Message, String> {
    let wanted = plan.sources().first().copied().unwrap_or(TypeId::NONE);
    read_as(file, bytes, mappings, wanted, None)
}

fn read_as(
    file: String,
    bytes: Bytes,
    mappings: &Mappings,
    wanted: TypeId,
    letter: Option<usize>,
) -> Result<Message, String> {
    let (wire, table) = (mappings.library.wire(), mappings.library.table());
    let syntax = format::recognise(&bytes);
    let decoded =
        wire.decode(syntax, &bytes, None).map_err(|issue| format!("{file}: {}", issue.text()))?;
    let mut tree = Tree::new(Arc::clone(mappings.library.names()));
    let mut issues = Vec::new();
    let usable = wire.read(syntax, decoded.text, &mut tree, &mut issues);
    one_letter(&file, syntax, &mut tree, letter)?;
    let read = issues.len();
    wire.type_tree(syntax, &mut tree, &mut issues);
    let own = tree.root().map_or(TypeId::NONE, |root| tree.node(root).type_id);
    let any_letter = syntax == Syntax::Edifact && table.find(EDIFACT) == Some(wanted);
    let delimited = usable && tree.header.delimiters.is_some() && !any_letter;
    if delimited && ![own, TypeId::NONE].contains(&wanted) {
        let named = |id: TypeId| match id {
            TypeId::NONE => "no known kind",
            id => table.type_of(id).name.rsplit('/').next().unwrap_or_default(),
        };
        let (own, wanted) = (named(own), named(wanted));
        return Err(format!("{file}: the message is of {own}, the map reads {wanted}"));
    }
    if let Some(id) = engine::model_for(&tree, table, wanted) {
        issues.truncate(read);
        typing::type_tree_as(&mut tree, table, id, &mut issues);
    }
    if wanted == TypeId::NONE {
        issues.truncate(read);
    }
    let faults: Vec<Issue> = issues.into_iter().filter(Issue::refuses).collect();
    let told = engine::tell_all(&tree, mappings.library.table(), &faults);
    match told.is_empty() {
        false => Err(told.iter().map(|one| line(&file, one)).collect::<Vec<_>>().join("\n")),
        true if !usable => Err(format!("{file}: it cannot be read")),
        true => Ok(Message { file, tree }),
    }
}

/// A map sees one letter with the envelope around it.
fn one_letter(
    file: &str,
    syntax: Syntax,
    tree: &mut Tree,
    letter: Option<usize>,
) -> Result<(), String> {
    let count = match syntax {
        Syntax::Edifact => edifact::letters(tree).len(),
        _ => 1,
    };
    match letter {
        None if count > 1 => Err(format!("{file}: it holds {count} letters; say which: {file}#1")),
        None => Ok(()),
        Some(number) if (1..=count).contains(&number) => {
            if syntax == Syntax::Edifact {
                edifact::keep(tree, number - 1);
            }
            Ok(())
        }
        Some(_) => Err(format!("{file}: there is no such letter; it holds {count}")),
    }
}

/// The earlier messages that a plan reads, in the order of its sources; one that is not at hand is empty.
fn earlier(plan: &Plan, about: &About, mappings: &Mappings) -> Result<Vec<Tree>, String> {
    let mut trees = Vec::new();
    for source in 1..plan.sources().len().min(MAX_SOURCES) {
        let declared = plan.earlier().iter().find(|one| one.source == source);
        let file = declared.and_then(|one| about.earlier.get(&*one.name));
        trees.push(match file {
            Some(file) => read_source(file, mappings, plan, source)?.tree,
            None => Tree::new(Arc::clone(mappings.library.names())),
        });
    }
    Ok(trees)
}

/// Runs a plan on a message.
pub fn translate(
    plan: &Plan,
    message: &Message,
    about: &About,
    mappings: &Mappings,
    memory: &mut Memory,
) -> Result<Made, String> {
    watched(plan, message, about, mappings, memory, None)
}

/// The same, telling somebody what is done.
pub fn watched(
    plan: &Plan,
    message: &Message,
    about: &About,
    mappings: &Mappings,
    memory: &mut Memory,
    trace: Option<&mut dyn Trace>,
) -> Result<Made, String> {
    let engine = &about.engine;
    let parameters: Vec<_> = about.parameters.iter().map(|(k, v)| (&**k, &**v)).collect();
    let now = engine.now.parse().map_err(|fault| format!("engine.now: {fault}"))?;
    let earlier = earlier(plan, about, mappings)?;
    let sources: Vec<&Tree> = std::iter::once(&message.tree).chain(&earlier).collect();
    let inputs = Inputs {
        sources: &sources,
        now,
        engine: Engine {
            message_id: &engine.message_id,
            envelope_id: &engine.envelope_id,
            now: &engine.now,
        },
        parameters: &parameters,
        ids: IdSeed { message: &engine.message_id, destination: "case", generation: 0 },
        limits: Limits::default(),
    };
    let (mut references, mut validation) = (References::new(), profile::Memory::new());
    references.build(&message.tree);
    let asker = mappings.checks.as_ref();
    let world = World {
        asker: asker.map(|checks| checks.asker(&message.tree, now, &mut validation)),
        references: &references,
        day: engine.now.chars().take(10).collect(),
        about,
        concepts: &mappings.concepts,
    };
    let mut target = Tree::new(Arc::clone(mappings.library.names()));
    let mut issues = Vec::new();
    let ran = match trace {
        Some(trace) => plan.run_traced(&inputs, &mut target, &world, memory, &mut issues, trace),
        None => plan.run(&inputs, &mut target, &world, memory, &mut issues),
    };
    let losses = ran.unwrap_or_else(|failure| {
        issues.push(failure.issue);
        Losses::default()
    });
    mappings.library.wire().complete(&mut target);
    Ok(Made { target, issues, losses })
}

/// What was made as a file: its extension and its bytes. FHIR is JSON for people; a model is in its own syntax, or
/// XML.
pub fn write(made: &Tree, mappings: &Mappings) -> Result<(&'static str, Vec<u8>), String> {
    let root = made.root().ok_or("nothing was made")?;
    let wire = mappings.library.wire();
    let (syntax, extension) = match wire.made(made) {
        Some(Syntax::Hl7v2) => (Syntax::Hl7v2, "hl7"),
        Some(syntax) => (syntax, "edi"),
        None if made.resource_type(root).is_some() => (Syntax::FhirJson, "json"),
        None => (Syntax::Xml, "xml"),
    };
    let mut bytes = Vec::new();
    let written = wire.write(made, syntax, Charset::Utf8, &mut bytes);
    written.map_err(|why| {
        let path = Expression::new(made, mappings.library.table(), why.node);
        format!("{why} (at {path})")
    })?;
    match syntax {
        Syntax::FhirJson => bytes = indented(&String::from_utf8_lossy(&bytes)).into_bytes(),
        Syntax::Xml => bytes.push(b'\n'),
        _ => {}
    }
    Ok((extension, bytes))
}

/// The first file of a folder whose name starts so.
pub fn one_file(folder: &Path, start: &str) -> Result<Option<PathBuf>, String> {
    let named = |file: &PathBuf| {
        file.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(start))
    };
    Ok(super::folder::entries(folder)?.into_iter().find(named))
}

/// Issues of a message as they are told.
pub fn told(message: &Message, mappings: &Mappings, issues: &[Issue]) -> Vec<ToldIssue> {
    engine::tell_all(&message.tree, mappings.library.table(), issues)
}

/// An issue in one line, its place first.
pub fn line(file: &str, issue: &ToldIssue) -> String {
    let place = issue.position.map_or(String::new(), |(line, column)| format!(":{line}:{column}"));
    let path = issue.expression.as_deref().map(|path| format!(" (at {path})")).unwrap_or_default();
    let severity = match issue.severity {
        Severity::Information => "information",
        Severity::Warning => "warning",
        Severity::Error | Severity::Fatal => "error",
    };
    format!("{file}{place}: {severity}[{}]: {}{path}", issue.id, issue.text)
}

/// JSON for people, with every token as it was.
fn indented(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    for c in json.chars() {
        match c {
            _ if quoted => {
                quoted = escaped || c != '"';
                escaped = c == '\\' && !escaped;
                out.push(c);
                continue;
            }
            '{' | '[' => {
                depth += 1;
                out.push(c);
                line(&mut out, depth);
            }
            '}' | ']' => {
                depth -= 1;
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c => out.push(c),
        }
        quoted = c == '"';
    }
    out.push('\n');
    out
}
