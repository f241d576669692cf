//! Profiles: StructureDefinition -> compiled program -> issues. One small file per rule.
//!
//! ```text
//! Library ── compile ──> Programs (immutable, shared)          at load
//! Tree + Programs + Memory ── run (walk) ── rules ──> issues    a message
//! ```
//!
//! Promises: the base definition is checked once a node, profiles add what they ask beyond it; what could
//! not be checked is an issue of its own; linear in the message. Never: reads a file or a clock; compiles,
//! merges or fetches while a message waits; holds an element's value in an issue.

mod ask;
mod catalogue;
mod census;
mod compile;
pub mod exchange;
mod guard;
mod index;
mod known;
mod later;
mod meets;
mod memory;
mod needs;
mod paths;
mod program;
mod rules;
mod run;
mod settings;
mod suggestions;
mod systems;

pub use ask::Asker;
pub use catalogue::{CATALOGUE, CONSTRAINT};
pub use memory::Memory;
pub use settings::{Chosen, Examples, Request, Settings, Summary, Wanted, not_checked_by_profile};

use crate::definitions::core::Kind;
use crate::definitions::model::StructureDefinition;
use crate::definitions::{Library, PackageId, Scope};
use crate::message::{Arg, Diagnostic, Issue};
use crate::tree::types::{ElementId, Table, TypeId};
use crate::tree::{Node, NodeId, Tree};
use jiff::Timestamp;
use known::{Known, child};
use program::{ProgramId, Programs, ValueSetKey};
use rules::format::Format;
use run::Run;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use suggestions::Suggestions;
use systems::{System, Systems, ValueSets, misnamed, systems, value_sets, words};

/// A validator: compiled once, immutable, shared by all workers.
pub struct Validator {
    library: Arc<Library>,
    table: Arc<Table>,
    known: Known,
    settings: Settings,
    programs: Programs,
    /// Which rule of our own looks at a type's nodes.
    own: Vec<rules::Own>,
    /// The formats of the types of which nothing more is asked than their format.
    plain_types: Vec<Option<Format>>,
    claims: HashMap<Box<str>, Vec<Claim>, foldhash::fast::FixedState>,
    suggestions: Suggestions,
    systems: Systems,
    /// What value sets call codes, beyond what their systems do.
    words: rules::coding::Words,
    /// Value sets that other value sets choose codes of, as if they were code systems.
    misnamed: HashSet<Box<str>>,
    /// The kinds of definitions that canonicals name, by element.
    named_kinds: Vec<Option<u8>>,
    value_sets: ValueSets,
    vital_signs: Vec<(&'static str, ProgramId)>,
    roots: Vec<PackageId>,
    /// What an element is called that no definition has.
    nameless: Arc<str>,
}

/// What a canonical means under one root.
struct Claim {
    root: PackageId,
    version: Box<str>,
    program: ProgramId,
}

impl Validator {
    /// Compiles what is wanted.
    pub fn build(
        library: &Arc<Library>,
        wanted: &Wanted,
        settings: &Settings,
    ) -> (Validator, Vec<Diagnostic>) {
        let mut compiler = compile::Compiler::new(library, settings);
        let roots = roots(library, wanted);
        let mut claims: HashMap<Box<str>, Vec<Claim>, _> = HashMap::default();
        for root in &roots {
            let mut urls: Vec<&str> = library
                .list(Kind::Structure)
                .filter(|one| library.closure(*root).contains(&one.package))
                .map(|one| one.url)
                .collect();
            urls.sort_unstable();
            urls.dedup();
            for url in urls {
                let Some(found) = library.structure(url, Scope::of(*root)) else { continue };
                if !found.definition.constrains {
                    continue;
                }
                let program = compiler.program_of(found, *root);
                let version = found.definition.version.clone().unwrap_or_default();
                let claim = Claim { root: *root, version, program };
                claims.entry(url.into()).or_default().push(claim);
            }
        }
        let vital_signs = rules::vital_signs::programs(|canonical| {
            compiler.program_for(canonical, Scope::of(PackageId::CORE))
        });
        let mut named_kinds = vec![None; library.table().elements().len()];
        for (element, kinds) in &compiler.named_kinds {
            named_kinds[element.0 as usize] = Some(*kinds);
        }
        let (programs, diagnostics) = compiler.finish();
        let systems = systems(library, &roots);
        let table = Arc::clone(library.table());
        let known = Known::new(&table);
        let formats: Vec<_> = table.types().iter().map(|t| Format::of(&t.name)).collect();
        let own = |(at, format): (usize, &Option<Format>)| {
            rules::Own::of(TypeId(at as u32), *format, &known)
        };
        let own = formats.iter().enumerate().map(own).collect();
        let validator = Validator {
            library: Arc::clone(library),
            known,
            table,
            settings: settings.clone(),
            value_sets: value_sets(library, &programs, &roots),
            plain_types: needs::plain_types(&formats, &programs),
            programs,
            own,
            suggestions: Suggestions::new(claims.keys().map(|url| &**url)),
            claims,
            words: words(library, &systems),
            systems,
            misnamed: misnamed(library),
            named_kinds,
            vital_signs,
            roots,
            nameless: Arc::from("the element"),
        };
        (validator, diagnostics)
    }

    /// Validates a typed tree; issues are added to `issues`.
    pub fn validate(
        &self,
        tree: &Tree,
        request: &Request<'_>,
        now: Timestamp,
        memory: &mut Memory,
        issues: &mut Vec<Issue>,
    ) -> Summary {
        let mut summary = Summary::default();
        let Some(root) = tree.root() else { return summary };
        let before = issues.len();
        let (package, chosen) = self.choose(tree, root, request);
        summary.chosen = chosen;
        memory.clear();
        memory.index.make(tree, &self.known);
        let mut run = Run {
            validator: self,
            tree,
            root_package: package,
            memory,
            issues,
            now,
            asking: 0,
            before,
            refused: false,
            untold: 0,
            cut: false,
            origin: 0,
            settling: false,
        };
        self.asked(&mut run, root, request);
        run.node(root, true, 0);
        run.settle();
        run.memory.specs.clear();
        rules::links::check(&mut run);
        if run.untold > 0 {
            let issue = Issue::on(&catalogue::UNTOLD, root).arg(Arg::Number(run.untold));
            run.issues.push(issue);
        }
        summary.root = Some(package);
        summary.count(&issues[before..]);
        summary
    }

    /// Puts the profiles that were asked for on the root.
    fn asked(&self, run: &mut Run<'_>, root: NodeId, request: &Request<'_>) {
        for canonical in request.profiles {
            match self.claimed(canonical, run.root_package) {
                Some(program) => {
                    if run.is_a(run.tree.node(root).type_id, run.program(program).type_id) {
                        let origin = run.claim(root, program);
                        run.add_program(root, program, origin, 0);
                    } else {
                        let name = Arg::Shared(Arc::clone(&run.program(program).canonical));
                        let args = [name, Arg::None, Arg::None];
                        run.tell_of(&catalogue::PROFILE_WRONG_TYPE, root, program, args);
                    }
                }
                None if self.is_base(canonical, run.tree.node(root).type_id) == Some(true) => {}
                None => {
                    let name = Arg::Shared(Arc::from(*canonical));
                    run.push(Issue::on(&catalogue::PROFILE_UNKNOWN, root).arg(name));
                }
            }
        }
    }

    /// The package that the message's version points to, and how that was found.
    fn choose(&self, tree: &Tree, root: NodeId, request: &Request<'_>) -> (PackageId, Chosen) {
        let known = &self.known;
        let claim = child(tree, root, known.meta).and_then(|m| child(tree, m, known.profile));
        let claim = claim.and_then(|c| tree.text(c));
        let header = child(tree, root, known.entry).and_then(|e| child(tree, e, known.resource));
        let header = header.filter(|h| tree.node(*h).type_id == known.message_header);
        let definition = header.and_then(|h| child(tree, h, known.definition));
        let definition = definition.and_then(|d| tree.text(d));
        let hint = definition.as_deref().and_then(|d| d.split_once('|')).map(|(_, v)| v);
        let canonical = match (claim.as_deref(), request.profiles.first()) {
            (Some(claim), Some(asked)) if asked.split('|').next() == Some(claim) => *asked,
            (Some(claim), _) => claim,
            (None, Some(asked)) => asked,
            (None, None) => return (PackageId::CORE, Chosen::Base),
        };
        let (hint, chosen) = match (canonical.contains('|'), hint, request.version) {
            (true, ..) => (None, Chosen::Claim),
            (_, Some(hint), _) => (Some(hint), Chosen::Definition),
            (_, None, Some(asked)) => (Some(asked), Chosen::Asked),
            (_, None, None) => (None, Chosen::Newest),
        };
        let package = self.library.root_of(canonical, hint);
        let package = package.filter(|p| self.roots.contains(p)).or_else(|| {
            let url = canonical.split('|').next()?;
            self.claims.get(url)?.last().map(|c| c.root)
        });
        package.map_or((PackageId::CORE, Chosen::Base), |p| (p, chosen))
    }

    /// The program that a canonical means under a root.
    fn claimed(&self, canonical: &str, root: PackageId) -> Option<ProgramId> {
        let (url, version) = match memchr::memchr(b'|', canonical.as_bytes()) {
            Some(at) => (&canonical[..at], Some(&canonical[at + 1..])),
            None => (canonical, None),
        };
        let claims = self.claims.get(url)?;
        let fits = |c: &&Claim| version.is_none_or(|v| *c.version == *v);
        let of_root = claims.iter().filter(fits).find(|c| c.root == root);
        let own = || claims.iter().rev().find(fits);
        of_root.or_else(own).map(|c| c.program)
    }

    /// Whether a canonical that is the definition of a type of R4 itself, no profile, is that of this type or
    /// of one that it builds on; none: it is no such definition.
    fn is_base(&self, canonical: &str, type_id: TypeId) -> Option<bool> {
        let (url, version) = match canonical.split_once('|') {
            Some((url, version)) => (url, Some(version)),
            None => (canonical, None),
        };
        let name = url.strip_prefix("http://hl7.org/fhir/StructureDefinition/")?;
        let base = self.table.find(name)?;
        version.is_none_or(|v| v.starts_with("4.0")).then(|| self.table.is_a(type_id, base))
    }

    /// The program of one of FHIR's own profiles on vital signs.
    fn vital_sign(&self, name: &str) -> Option<ProgramId> {
        let known = self.vital_signs.iter().find(|(n, _)| *n == name)?;
        Some(known.1)
    }

    /// The program of an extension's definition.
    fn extension(&self, url: &str, root: PackageId) -> Option<ProgramId> {
        let program = self.claimed(url, root)?;
        self.programs.programs[program.0 as usize].extension.is_some().then_some(program)
    }

    /// A value set that an invariant names.
    fn value_set(&self, canonical: &str, root: PackageId) -> Option<&ValueSetKey> {
        let under = self.value_sets.get(canonical)?;
        under.iter().find(|(r, _)| *r == root).map(|(_, set)| set)
    }

    fn code_system(&self, url: &str, root: PackageId) -> Option<&System> {
        let all = self.systems.get(url)?;
        all.iter().find(|s| s.root == root).or_else(|| all.first())
    }

    /// The format of a primitive type.
    #[inline]
    fn format(&self, type_id: TypeId) -> Option<Format> {
        match self.own.get(type_id.0 as usize) {
            Some(rules::Own::Primitive(format)) => Some(*format),
            _ => None,
        }
    }

    /// The format of an element of a primitive type.
    #[inline]
    fn primitive(&self, node: &Node) -> Option<Format> {
        self.format(node.type_id).filter(|_| node.kind == crate::tree::Kind::Element)
    }

    /// Whether nothing but its format is asked of a type's values that have no parts.
    #[inline]
    fn is_plain_type(&self, type_id: TypeId) -> bool {
        matches!(self.plain_types.get(type_id.0 as usize), Some(Some(_)))
    }

    /// The format of a value of which its base definitions ask nothing else.
    #[inline]
    fn plain(&self, node: &Node) -> Option<Format> {
        let format = self.plain_types.get(node.type_id.0 as usize).copied().flatten()?;
        let asked = self.programs.base_elements.get(node.element.0 as usize).copied().flatten();
        (asked.is_none() && node.kind == crate::tree::Kind::Element).then_some(format)
    }

    /// The kinds of definitions that a canonical of an element names.
    #[inline]
    fn named_kinds(&self, element: ElementId) -> Option<u8> {
        self.named_kinds.get(element.0 as usize).copied().flatten()
    }

    /// What an element is called in texts.
    fn element_name(&self, node: &Node) -> Arc<str> {
        match node.element {
            ElementId::NONE => Arc::clone(&self.nameless),
            element => Arc::clone(&self.table.element(element).path),
        }
    }

    /// The catalogue of a library's package: `name#version`.
    pub fn package_name(&self, package: PackageId) -> String {
        let one = self.library.package(package);
        format!("{}#{}", one.name, one.version)
    }

    /// How many programs and specs were compiled.
    pub fn size(&self) -> (usize, usize) {
        (self.programs.programs.len(), self.programs.specs.len())
    }
}

/// The packages under which programs are compiled: those that a message's version may point to, oldest
/// first, and R4 core, whose extensions and profiles resolve alike under all.
fn roots(library: &Library, wanted: &Wanted) -> Vec<PackageId> {
    let mut roots = vec![PackageId::CORE];
    // single files see every package, so that they are worth compiling for only when there are some
    let mut structures = library.list(Kind::Structure);
    let support = structures.any(|one| one.package == PackageId::SUPPORT);
    drop(structures);
    roots.extend(support.then_some(PackageId::SUPPORT));
    match wanted {
        Wanted::Profiles(list) => {
            roots.extend(list.iter().filter_map(|one| library.root_of(one, None)));
        }
        Wanted::All => {
            let packages = (1..library.packages().len() as u16).map(PackageId);
            let about_bundle =
                |one: &StructureDefinition| one.constrains && &*one.type_name == "Bundle";
            let mut messages: Vec<PackageId> = library
                .list(Kind::Structure)
                .filter(|one| one.package != PackageId::CORE)
                .filter_map(|one| library.structure_of(one.id))
                .filter(|one| about_bundle(one.definition))
                .map(|one| one.package)
                .collect();
            messages.sort_unstable();
            messages.dedup();
            let reached = |p: PackageId| messages.iter().any(|m| library.closure(*m).contains(&p));
            let alone = |p: &PackageId| *p != PackageId::SUPPORT && !reached(*p);
            let alone: Vec<PackageId> = packages.filter(alone).collect();
            roots.extend(alone.into_iter().chain(messages));
        }
    }
    let mut seen = Vec::new();
    roots.retain(|one| {
        let new = !seen.contains(one);
        seen.push(*one);
        new
    });
    roots
}
