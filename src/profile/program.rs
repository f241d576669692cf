//! What a profile is compiled to: flat tables of small records that name each other by number.
//!
//! Promises: immutable after the build, shared by all workers. Never: text that is parsed at run time.

pub use super::guard::Guard;
use crate::message::Severity;
use crate::tree::types::{ElementId, TypeId};
use crate::tree::{NameId, NodeId};
use std::sync::Arc;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $($(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub u32);)*
    };
}

ids! {
    /// A program's place in [`Programs::programs`].
    ProgramId;
    /// A spec's place in [`Programs::specs`].
    SpecId;
    /// A constraint's place in [`Programs::constraints`].
    ConstraintId;
    /// A literal's place in [`Programs::literals`].
    LiteralId;
}

/// A compiled profile, or the compiled definition of a type.
pub struct Program {
    /// `url|version`.
    pub canonical: Arc<str>,
    /// The type it is about.
    pub type_id: TypeId,
    /// What it says about the root; none until it is compiled, or when it says nothing.
    pub root: Option<SpecId>,
    /// What an extension's definition says beyond that.
    pub extension: Option<Extension>,
    /// The programs that references ask for which ask nothing more than this one.
    pub implies: Vec<ProgramId>,
}

/// Where an extension may stand.
#[derive(Default)]
pub struct Extension {
    /// Whether it goes into `modifierExtension`.
    pub modifier: bool,
    /// The places; none means that nothing is known about them.
    pub contexts: Box<[Place]>,
    /// The short names of the parts that it is made of; none when not all of them are named.
    pub parts: Option<Box<[Box<str>]>>,
    /// What must hold of the element that holds it.
    pub invariants: Box<[crate::fhirpath::Expression]>,
}

/// One place where an extension may stand.
pub enum Place {
    /// Any element.
    Anywhere,
    /// A type, or anything that specialises it.
    Type(TypeId),
    /// An element of a type, or of anything that specialises it.
    Element(TypeId, NameId),
    /// Inside the extension of that url.
    Extension(Box<str>),
    /// What an expression finds from the resource.
    Path(Box<crate::fhirpath::Expression>),
    /// Something that is not checked.
    Unchecked,
}

/// What is asked of one element: a compiled ElementDefinition, less what its base asks anyway.
pub struct Spec {
    /// Whose it is.
    pub program: ProgramId,
    /// `Patient.identifier:cpr`.
    pub name: Arc<str>,
    /// The types it may have; empty: those of the base.
    pub types: Box<[TypeId]>,
    /// The same in words, if there are any.
    pub allowed: Option<Arc<str>>,
    /// A value it must have exactly.
    pub fixed: Option<LiteralId>,
    /// A value it must have at least.
    pub pattern: Option<LiteralId>,
    /// Smallest and largest value, longest text.
    pub bounds: Option<Box<Bounds>>,
    /// The value set of its codes.
    pub binding: Option<Box<Binding>>,
    /// What it may refer to.
    pub reference: Option<Box<Reference>>,
    /// Profiles of which it must meet one, by type.
    pub profiles: Box<[TypeProfiles]>,
    /// Invariants.
    pub constraints: Box<[ConstraintId]>,
    /// When all of them hold without being asked.
    pub idle: Option<Guard>,
    /// What it asks of its children, by element.
    pub children: Box<[ChildRule]>,
    /// How many counters its slicings need.
    pub counters: u32,
    /// Whether it asks something of single children, so that they must be looked at one by one.
    pub descends: bool,
    /// The element that `places` begins with.
    pub from: u32,
    /// Where the rule of each element from `from` on stands in `children`, from 1.
    pub places: Box<[u8]>,
    /// Which elements from `from` on must be there once; those that a mask cannot say are in `always`.
    pub required: u128,
    /// Which must not be there.
    pub forbidden: u128,
    /// The other rules that are to be checked though no element is there twice: their places in `children`.
    pub always: Box<[u16]>,
}

/// The most elements that one spec finds by their places; beyond it searches.
const PLACES: u32 = 512;

impl Spec {
    /// Works out what is found by looking only, once its children are complete.
    pub fn index(&mut self) {
        self.closing();
        self.descends = self.children.iter().any(|r| r.spec.is_some() || r.slicing.is_some());
        let (Some(first), Some(last)) = (self.children.first(), self.children.last()) else {
            return;
        };
        self.from = first.element.0;
        let reach = last.element.0 - first.element.0 + 1;
        if reach > PLACES || self.children.len() > usize::from(u8::MAX) {
            return;
        }
        let mut places = vec![0; reach as usize];
        for (at, rule) in self.children.iter().enumerate() {
            places[(rule.element.0 - self.from) as usize] = at as u8 + 1;
        }
        self.places = places.into();
    }

    /// Works out which rules are to be checked though no element is there twice.
    fn closing(&mut self) {
        let first = self.children.first().map_or(0, |r| r.element.0);
        let mut always = Vec::new();
        for (at, rule) in self.children.iter().enumerate() {
            let place = rule.element.0 - first;
            let plain = rule.slicing.is_none() && rule.min <= 1 && place < u128::BITS;
            match (rule.min, rule.max) {
                (1, 1..) if plain => self.required |= 1 << place,
                (0, 0) if plain => self.forbidden |= 1 << place,
                (0, 1..) if plain => {}
                (min, max) if min > 0 || max == 0 || rule.slicing.is_some() => {
                    always.push(at as u16);
                }
                _ => {}
            }
        }
        self.always = always.into();
    }

    /// Whether nothing more than `always` is to be checked where these elements are there, each once.
    #[inline]
    pub fn is_met(&self, seen: u128, from: u32) -> bool {
        let shift = self.from.wrapping_sub(from);
        shift < u128::BITS && {
            let seen = seen >> shift;
            seen & self.required == self.required && seen & self.forbidden == 0
        }
    }

    /// The rule for an element.
    #[inline]
    pub fn rule(&self, element: ElementId) -> Option<&ChildRule> {
        self.children.get(self.place(element)?)
    }

    /// Where the rule for an element stands.
    #[inline]
    pub fn place(&self, element: ElementId) -> Option<usize> {
        if self.places.is_empty() {
            return self.children.binary_search_by_key(&element, |r| r.element).ok();
        }
        let place = element.0.wrapping_sub(self.from) as usize;
        match self.places.get(place) {
            None | Some(0) => None,
            Some(at) => Some(usize::from(*at) - 1),
        }
    }
}

/// Profiles that an element of a type must meet one of.
pub struct TypeProfiles {
    /// The type they are about.
    pub type_id: TypeId,
    /// The alternatives.
    pub any_of: Box<[ProgramId]>,
    /// Their canonicals, for people.
    pub names: Arc<str>,
    /// Whether an alternative is missing, so that meeting none proves nothing.
    pub incomplete: bool,
}

/// Bounds on a value.
#[derive(Default)]
pub struct Bounds {
    /// The smallest.
    pub min: Option<LiteralId>,
    /// The largest.
    pub max: Option<LiteralId>,
    /// Most characters.
    pub max_length: Option<u32>,
}

/// A binding.
pub struct Binding {
    /// How strictly.
    pub strength: crate::definitions::model::Strength,
    /// The value set; none when nobody defines it.
    pub set: Option<ValueSetKey>,
    /// Its canonical.
    pub canonical: Arc<str>,
    /// The largest set, with its canonical; the key is none when nobody defines it.
    pub max: Option<(Option<ValueSetKey>, Arc<str>)>,
}

/// How a value set is found again in the library.
pub type ValueSetKey = Arc<crate::definitions::terminology::ValueSetIndex>;

/// What a reference may lead to.
pub struct Reference {
    /// The types and profiles; empty: anything.
    pub targets: Box<[Target]>,
    /// Their canonicals, for people.
    pub names: Arc<str>,
    /// Allowed ways ([`CONTAINED`], [`BUNDLED`], [`REFERENCED`]); 0: any.
    pub ways: u8,
}

/// A reference into `contained`.
pub const CONTAINED: u8 = 1;
/// A reference to another entry of the Bundle.
pub const BUNDLED: u8 = 2;
/// A reference to elsewhere.
pub const REFERENCED: u8 = 4;

/// What a reference may lead to.
pub struct Target {
    /// The type.
    pub type_id: TypeId,
    /// The profile, unless the type itself is meant.
    pub program: Option<ProgramId>,
    /// Whether the profile is not at hand.
    pub missing: bool,
}

/// What a spec asks of the children of one element.
pub struct ChildRule {
    /// Which.
    pub element: ElementId,
    /// Fewest; 0 where the base asks as much.
    pub min: u32,
    /// Most; `u32::MAX` where the base asks as much.
    pub max: u32,
    /// `Patient.identifier`.
    pub name: Arc<str>,
    /// What it asks of each.
    pub spec: Option<SpecId>,
    /// How they are sliced.
    pub slicing: Option<Arc<Slicing>>,
}

/// A slicing.
pub struct Slicing {
    /// What else may be there.
    pub rules: crate::definitions::model::SlicingRules,
    /// Whether the order matters.
    pub ordered: bool,
    /// The slices, reslices after their slice.
    pub slices: Box<[Slice]>,
    /// Where its counters begin among those of its spec.
    pub first_counter: u32,
    /// The child by whose value alone all slices are told, if they are.
    pub told_by: Option<NameId>,
    /// Whether slices are sliced again and closed.
    pub closes: bool,
}

/// A slice.
pub struct Slice {
    /// `Patient.identifier:cpr`.
    pub name: Arc<str>,
    /// The slice it slices again, by its place.
    pub parent: Option<u16>,
    /// Whether it is what belongs to no other slice.
    pub default: bool,
    /// Fewest.
    pub min: u32,
    /// Most.
    pub max: u32,
    /// What is asked of its items.
    pub spec: Option<SpecId>,
    /// How its items are told; all must hold.
    pub matchers: Box<[Matcher]>,
    /// Whether it cannot be told which items belong: nothing is counted then.
    pub undecidable: bool,
    /// Its reslices, by their places, of which each of its items must belong to one; 0: of none.
    pub one_of: u128,
}

/// One way to tell whether an item belongs to a slice.
pub struct Matcher {
    /// Where to look.
    pub path: Box<[Step]>,
    /// What must be found there; one of these.
    pub tests: Box<[Test]>,
}

/// A step of a discriminator's path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the children of that element name.
    Child(NameId),
    /// To the extension of that url.
    Extension(Box<str>),
    /// To what it refers to.
    Resolve,
    /// On, if it has that type.
    OfType(TypeId),
}

/// What a discriminator finds.
pub enum Test {
    /// Exactly this.
    Fixed(LiteralId),
    /// At least this.
    Pattern(LiteralId),
    /// A code of this set.
    InSet(ValueSetKey),
    /// Something, or nothing.
    Exists(bool),
    /// One of these types.
    Type(Box<[TypeId]>),
    /// One of these profiles is met.
    Profile(Box<[ProgramId]>),
}

/// An invariant.
pub struct Constraint {
    /// `bdl-1`.
    pub key: Arc<str>,
    /// What it says.
    pub human: Arc<str>,
    /// How bad it is to break it.
    pub severity: Severity,
    /// How it is checked.
    pub check: Check,
    /// When it holds without being asked.
    pub guard: Option<Guard>,
    /// Whether it asks if something conforms to a program.
    pub asks: bool,
}

/// How an invariant is checked.
pub enum Check {
    /// By code of our own.
    Native(super::rules::native::Native),
    /// By its expression.
    Expression(Box<crate::fhirpath::Expression>),
    /// Not at all, and why.
    Never(Arc<str>),
}

/// Everything compiled, in one place.
pub struct Programs {
    /// The programs.
    pub programs: Vec<Program>,
    /// The specs of all programs.
    pub specs: Vec<Spec>,
    /// What the walk needs to know of each.
    pub needs: Vec<super::needs::Needs>,
    /// The invariants of all programs.
    pub constraints: Vec<Constraint>,
    /// Where each literal stands in the tree of literals; none when it could not be read.
    pub literals: Vec<Option<NodeId>>,
    /// The text of each literal that is a text and nothing else.
    pub literal_texts: Vec<Option<Box<str>>>,
    /// All literals, as the children of one resource.
    pub literal_tree: crate::tree::Tree,
    /// What each type asks of its nodes, by [`TypeId`].
    pub base_types: Vec<Option<SpecId>>,
    /// What each element asks of its nodes, by [`ElementId`].
    pub base_elements: Vec<Option<SpecId>>,
}
