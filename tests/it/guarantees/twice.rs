//! Every map that is shipped, over the messages of all cases, again and again: by a plan that ran already and by one
//! that was compiled anew, in one order and in the other. What is made is the same to the byte, and each value of a
//! message that was translated is accounted for.
//!
//! What a value is, is said here and not taken from the engine: whatever a reader has left of the message that is not
//! the syntax's own.

use crate::support;
use libtest_mimic::Failed;
use stafett::cli::map::folder::{Beside, Mappings, cases};
use stafett::cli::map::messages::{self, Message};
use stafett::cli::map::world::About;
use stafett::mapping::{At, Fate, Memory, Plan, Trace, Use};
use stafett::message::Issue;
use stafett::tree::{Kind, Marks, NodeId, State, Tree};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What one translation came to.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Came {
    /// The bytes that were made and all that was said, in one digest.
    digest: blake3::Hash,
    refused: bool,
    values: usize,
    /// Values of which nobody says what became of them.
    unaccounted: Vec<String>,
}

/// Which message by which map.
type Pair = (String, PathBuf);

/// The messages of all cases, with what their cases say.
struct Cases {
    /// By the folder of the map whose case it is.
    all: Vec<(PathBuf, PathBuf, About)>,
}

impl Cases {
    fn read(mappings: &Mappings) -> Result<Cases, Failed> {
        let mut all = Vec::new();
        for (folder, _) in &mappings.folders {
            for case in cases(folder)? {
                let Some(input) = messages::one_file(&case, "in.")? else { continue };
                let file = case.join("case.toml");
                let about = if file.exists() { About::read(&file)? } else { About::default() };
                all.push((folder.clone(), input, about));
            }
        }
        Ok(Cases { all })
    }

    /// Those that a map gets: its own, and the first of every other folder.
    fn of<'a>(&'a self, folder: &'a Path) -> impl Iterator<Item = &'a (PathBuf, PathBuf, About)> {
        let mut firsts = BTreeSet::new();
        self.all.iter().filter(move |(of, ..)| firsts.insert(of) || of == folder)
    }
}

/// Notes what the rules read.
#[derive(Default)]
struct Reads(BTreeSet<NodeId>);

impl Trace for Reads {
    fn read(&mut self, _rule: usize, node: At, _what_for: Use) {
        if node.tree == 0 {
            self.0.insert(node.node);
        }
    }
}

/// Whether a node says something of its own.
fn is_value(tree: &Tree, node: NodeId) -> bool {
    let one = tree.node(node);
    let own = !one.marks.has(Marks::RESOURCE) && !one.marks.has(Marks::SYNTAX);
    let blank = one.kind == Kind::Text && tree.raw_slice(one.value).trim().is_empty();
    own && !blank && one.state == State::Present
}

/// The values of which nobody says what became of them, and how many there are.
fn accounted(
    message: &Tree,
    memory: &Memory,
    reads: &BTreeSet<NodeId>,
    issues: &[Issue],
) -> (usize, Vec<String>) {
    let ids = |id: &str| issues.iter().filter(|one| one.kind.id == id).collect::<Vec<_>>();
    let listed: BTreeSet<NodeId> =
        ids("map-dropped").iter().filter_map(|one| one.place.node).collect();
    let more = !ids("map-dropped-more").is_empty();
    let up = |node: NodeId| std::iter::successors(Some(node), |node| message.parent(*node));
    let (mut values, mut unaccounted) = (0, Vec::new());
    for node in message.root().into_iter().flat_map(|root| message.descend(root)) {
        if !is_value(message, node) {
            continue;
        }
        values += 1;
        // Character data is its element's.
        let holder = match message.node(node).kind {
            Kind::Text => message.parent(node).unwrap_or(node),
            _ => node,
        };
        let said = match memory.fate(message, node) {
            Some(Fate::Read) => reads.contains(&node) || reads.contains(&holder),
            Some(Fate::Declared) => true,
            Some(Fate::Dropped) => more || up(node).any(|one| listed.contains(&one)),
            None => false,
        };
        if !said {
            let path: Vec<_> =
                up(node).map(|one| message.name_text(message.node(one).name)).collect();
            let path = path.into_iter().rev().collect::<Vec<_>>().join(".");
            unaccounted.push(format!("{path} {:?}", memory.fate(message, node)));
        }
    }
    (values, unaccounted)
}

fn once(
    plan: &Plan,
    message: &Message,
    about: &About,
    mappings: &Mappings,
    memory: &mut Memory,
) -> Result<Came, Failed> {
    let mut reads = Reads::default();
    let made = messages::watched(plan, message, about, mappings, memory, Some(&mut reads))?;
    let mut digest = blake3::Hasher::new();
    let written = messages::write(&made.target, mappings);
    match &written {
        Ok((_, bytes)) => digest.update(bytes),
        Err(why) => digest.update(why.as_bytes()),
    };
    for one in messages::told(message, mappings, &made.issues) {
        digest.update(messages::line(&message.file, &one).as_bytes());
    }
    digest.update(format!("{:?}", made.losses).as_bytes());
    let refused = made.refused() || written.is_err();
    let (values, unaccounted) = match refused {
        // Of a message that is refused nothing arrives, so that nothing of it is lost.
        true => (0, Vec::new()),
        false => accounted(&message.tree, memory, &reads.0, &made.issues),
    };
    Ok(Came { digest: digest.finalize(), refused, values, unaccounted })
}

/// All maps over their messages; `backwards` in the other order.
fn all(backwards: bool) -> Result<BTreeMap<Pair, Came>, Failed> {
    let mappings = Mappings::read(&[support::root().join("mappings")], &Beside::default())?;
    let cases = Cases::read(&mappings)?;
    let mut pairs = Vec::new();
    for (folder, map) in &mappings.folders {
        pairs.extend(cases.of(folder).map(|(_, input, about)| (map.clone(), input, about)));
    }
    if backwards {
        pairs.reverse();
    }
    let (mut came, mut memory) = (BTreeMap::new(), Memory::new());
    for (map, input, about) in pairs {
        let plan = mappings.plans.find(&map).ok_or_else(|| format!("no plan of {map}"))?;
        // What cannot be read for a map never reaches it.
        let Ok(message) = messages::read(input, &mappings, plan) else { continue };
        let first = once(plan, &message, about, &mappings, &mut memory)?;
        let second = once(plan, &message, about, &mappings, &mut memory)?;
        if first != second {
            return Err(format!("{map} of {}: twice, and not the same", input.display()).into());
        }
        came.insert((map, input.clone()), first);
    }
    Ok(came)
}

/// The trial.
pub fn run() -> Result<(), Failed> {
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(|| all(true));
        (all(false), other.join())
    });
    let (one, other) = (one?, other.map_err(|_| "a run panicked")??);
    if one.len() != other.len() {
        return Err(format!("{} pairs, then {}", one.len(), other.len()).into());
    }
    let (mut done, mut refused, mut values, mut wrong) = (0, 0, 0, Vec::new());
    for ((pair, first), second) in one.iter().zip(other.values()) {
        let (map, input) = pair;
        if first != second {
            wrong.push(format!("{map} of {}: not the same by another plan", input.display()));
        }
        match first.refused {
            true => refused += 1,
            false => done += 1,
        }
        values += first.values;
        let unaccounted = first.unaccounted.iter();
        wrong.extend(unaccounted.map(|path| format!("{map} of {}: {path}", input.display())));
    }
    let maps: BTreeSet<&str> = one.keys().map(|(map, _)| &**map).collect();
    println!(
        "{} maps: {done} translated twice, {refused} refused twice; {values} values, {} wrong",
        maps.len(),
        wrong.len()
    );
    match (wrong.is_empty(), done >= LEAST, maps.len() >= MAPS) {
        (true, true, true) => Ok(()),
        (false, ..) => Err(wrong[..wrong.len().min(40)].join("\n").into()),
        _ => Err("too few".into()),
    }
}

/// Translations, at least.
const LEAST: usize = 300;
/// Maps, at least.
const MAPS: usize = 60;
