//! Which map is for a message: by its type, by what happened in it, and by what is asked for.
//!
//! Promises: never guesses: where several maps are left, all of them are named; two maps are put behind each other only
//! where no single one leads to what is asked for. Rule: a map's folder is called `<from>-to-<to>`. Never: runs a map.

use super::folder::Mappings;
use super::messages::Message;
use crate::config::{self, File};
use crate::definitions::Library;
use crate::fhirpath::{self, NoHooks, References, Scene};
use crate::mapping::Plan;
use crate::message::Syntax;
use crate::route::Intakes;
use crate::tree::types::TypeId;
use jiff::Timestamp;
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;

/// What a message says about itself.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Recognised {
    /// Its syntax: `hl7v2`.
    pub syntax: String,
    /// Its type: a structure, a resource, a model's root.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened: `ADT^A01`, `XDIS91`.
    pub event: Option<String>,
    /// The version of its format.
    pub version: Option<String>,
}

/// A map that may be run on messages.
struct Entry<'a> {
    plan: &'a Arc<Plan>,
    /// The folder's name before and behind `-to-`.
    from: String,
    to: String,
    name: String,
}

/// Recognises a message.
pub fn recognise(message: &Message, syntax: Syntax, mappings: &Mappings) -> Recognised {
    let (library, tree) = (&mappings.library, &message.tree);
    let mut found = Recognised { syntax: word(syntax), ..Recognised::default() };
    let Some(root) = tree.root() else { return found };
    let table = library.table();
    let own = tree.node(root).type_id;
    found.kind = match own {
        TypeId::NONE => tree.name_text(tree.node(root).name).to_owned(),
        id => table.type_of(id).name.rsplit('/').next().unwrap_or_default().to_owned(),
    };
    let intakes = intakes(mappings, library);
    let mut references = References::new();
    references.build(tree);
    let trees = [tree];
    let now = Timestamp::UNIX_EPOCH;
    let scene = Scene { trees: &trees, table, now, references: Some(&references), hooks: &NoHooks };
    if let Some(says) = intakes.extract(&scene, syntax, &mut fhirpath::Memory::new()) {
        found.event = says.event.map(|event| event.0.to_string());
        found.version = says.version.map(|version| version.to_string());
    }
    found
}

fn word(syntax: Syntax) -> String {
    match syntax {
        Syntax::FhirJson => "fhir-json",
        Syntax::FhirXml => "fhir-xml",
        Syntax::Xml => "xml",
        Syntax::Hl7v2 => "hl7v2",
        Syntax::Edifact => "edifact",
    }
    .to_owned()
}

/// The intake descriptions among the maps, and those that come with the engine.
fn intakes(mappings: &Mappings, library: &Library) -> Intakes {
    let files: Vec<File> = mappings
        .intakes
        .iter()
        .filter_map(|path| {
            let text = std::fs::read_to_string(path).ok()?;
            Some(File { name: path.display().to_string(), text })
        })
        .collect();
    Intakes::compile(config::read(&files).partial(), library.table()).0
}

/// The plans for a message, one after the other: one, or two where no single map leads to what is asked for. An
/// error says which there are.
pub fn pick<'a>(
    message: &Message,
    recognised: &Recognised,
    mappings: &'a Mappings,
    map: Option<&str>,
    to: Option<&str>,
) -> Result<Vec<&'a Arc<Plan>>, String> {
    let entries = entries(mappings);
    let what = || {
        let event = recognised.event.as_deref().map(|event| format!(" ({event})"));
        let kind = format!("{}{}", recognised.kind, event.unwrap_or_default());
        format!("{}: {kind} in {}", message.file, recognised.syntax)
    };
    if let Some(name) = map {
        let is = |one: &&Entry<'_>| one.name == name || &**one.plan.url() == name;
        let named = entries.iter().find(is);
        if let (Some(one), Some(to)) = (named, to)
            && !leads(mappings, one, to)
        {
            return chained(&[one], &entries, mappings, to, what);
        }
        return match named.map(|one| one.plan).or_else(|| mappings.plans.find(name)) {
            Some(plan) => Ok(vec![plan]),
            None => Ok(vec![mappings.plan(Path::new(name))?]),
        };
    }
    let tree = &message.tree;
    let own = tree.root().map_or(TypeId::NONE, |root| tree.node(root).type_id);
    let mut left: Vec<&Entry<'_>> =
        entries.iter().filter(|one| reads(mappings, one.plan, own)).collect();
    if left.is_empty() {
        return Err(format!("{}: no map reads it", what()));
    }
    if let Some(to) = to {
        let all = std::mem::take(&mut left);
        left = all.iter().copied().filter(|one| leads(mappings, one, to)).collect();
        if left.is_empty() {
            return chained(&for_event(all, recognised), &entries, mappings, to, what);
        }
    }
    let left = for_event(left, recognised);
    match left[..] {
        [one] => Ok(vec![one.plan]),
        _ => {
            let all = names(&left);
            Err(format!("{}: several maps read it: {all}; name one with --map or --to", what()))
        }
    }
}

/// The maps that are called like what happened in the message, if there are such.
fn for_event<'e, 'a>(all: Vec<&'e Entry<'a>>, recognised: &Recognised) -> Vec<&'e Entry<'a>> {
    let event = recognised.event.as_deref().map(plain).unwrap_or_default();
    let named = |one: &&&Entry<'_>| !event.is_empty() && plain(&one.from) == event;
    let by_event: Vec<_> = all.iter().filter(named).copied().collect();
    if by_event.is_empty() { all } else { by_event }
}

/// Two maps of which the second reads what the first makes and leads to what is asked for. The second is the one that
/// is called so, where another reads the same model.
fn chained<'a>(
    firsts: &[&Entry<'a>],
    entries: &[Entry<'a>],
    mappings: &Mappings,
    to: &str,
    what: impl Fn() -> String,
) -> Result<Vec<&'a Arc<Plan>>, String> {
    let mut ways = Vec::new();
    for first in firsts {
        // there and back again is no way
        let back = |one: &Entry<'_>| first.plan.sources().first() == Some(&one.plan.target());
        let takes_over = |one: &&Entry<'_>| {
            reads(mappings, one.plan, first.plan.target()) && leads(mappings, one, to) && !back(one)
        };
        let all: Vec<&Entry<'_>> = entries.iter().filter(takes_over).collect();
        let called = |one: &&&Entry<'_>| plain(&one.from) == plain(&first.to);
        let by_name: Vec<_> = all.iter().filter(called).copied().collect();
        let seconds = if by_name.is_empty() { all } else { by_name };
        ways.extend(seconds.into_iter().map(|second| (*first, second)));
    }
    match ways[..] {
        [(first, second)] => Ok(vec![first.plan, second.plan]),
        [] => Err(format!(
            "{}: no map of it, and no two of them, lead to `{to}`; there are {}",
            what(),
            names(firsts)
        )),
        _ => {
            let all: Vec<_> =
                ways.iter().map(|(a, b)| format!("{} then {}", a.name, b.name)).collect();
            let all = all.join(", ");
            Err(format!(
                "{}: several ways lead to `{to}`: {all}; name the first map with --map, or say more with --to",
                what()
            ))
        }
    }
}

fn names(entries: &[&Entry<'_>]) -> String {
    entries.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Maps called like their folder, `<from>-to-<to>`.
fn entries(mappings: &Mappings) -> Vec<Entry<'_>> {
    let mut found: Vec<Entry<'_>> = Vec::new();
    for map in &mappings.maps {
        let path = Path::new(&*map.file);
        let folder = path.parent().and_then(|folder| folder.file_name());
        let name = path.file_stem().filter(|stem| Some(*stem) == folder);
        let Some(name) = name.and_then(|name| name.to_str()) else { continue };
        let (Some((from, to)), Some(plan)) =
            (name.split_once("-to-"), mappings.plans.find(&map.url.text))
        else {
            continue;
        };
        let (from, to, name) = (from.to_owned(), to.to_owned(), name.to_owned());
        found.push(Entry { plan, from, to, name });
    }
    found
}

/// Whether a plan is for messages of a type: the type itself, a letter's kind among all, or another model with the
/// same root.
fn reads(mappings: &Mappings, plan: &Plan, own: TypeId) -> bool {
    let Some(wanted) = plan.sources().first().copied() else { return false };
    if own == TypeId::NONE || wanted == TypeId::NONE {
        return false;
    }
    let table = mappings.library.table();
    let any_letter = table.find(super::messages::EDIFACT);
    let letter =
        |id| table.type_of(id).root_name == any_letter.and_then(|e| table.type_of(e).root_name);
    if letter(own) || letter(wanted) {
        return wanted == own || (letter(own) && Some(wanted) == any_letter);
    }
    let (one, other) = (table.type_of(own), table.type_of(wanted));
    let alike = one.root_name.is_some() && one.root_name == other.root_name;
    own == wanted || (alike && one.namespace == other.namespace)
}

/// Whether a map leads to what was asked for: by its name, or by the syntax that it makes.
fn leads(mappings: &Mappings, entry: &Entry<'_>, to: &str) -> bool {
    let table = mappings.library.table();
    let target = entry.plan.target();
    let url = match target {
        TypeId::NONE => "",
        id => &table.type_of(id).name,
    };
    let syntax = match url {
        "" => "",
        url if url.starts_with(crate::definitions::hl7v2::BASE) => "hl7v2",
        url if url.starts_with(crate::definitions::edifact::BASE) => "edifact",
        url if !url.contains('/') => "fhir",
        _ => "xml",
    };
    entry.to == to || plain(&entry.to) == plain(to) || syntax == to || url == to
}

/// Letters and digits alone, without the word that every event of FHIR ends in.
fn plain(text: &str) -> String {
    let all: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let all = all.to_ascii_lowercase();
    all.strip_suffix("message").map(str::to_owned).unwrap_or(all)
}
