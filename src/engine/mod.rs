//! The spine: read, decide, answer. Pure: bytes and moments in, decisions out.
//!
//! ```text
//!  bytes ─ read ─> Read ─ (the store: what is known) ─ decide ─> Outcome ─ (the store: commit) ─ answer
//!            │ decode, parse, type, ids, who             │ duplicates, profiles, exchange rules,
//!            ▼                                           ▼ route, translate, check the output
//!          Unread: no verdict                          Again | Commit
//! ```
//!
//! Promises: everything is compiled when an engine is made; a message meets one engine from read to answer.
//! Never: opens a file or a socket, reads a clock, waits.

mod answer;
mod apart;
mod asks;
mod bridge;
mod catalogue;
mod content;
mod decide;
mod earlier;
mod envelope;
mod header;
mod hooks;
mod lane;
mod metadata;
mod model;
mod own;
mod read;
mod replay;
mod reply;
mod resend;
mod sent;
mod sets;
mod several;
mod suggest;
mod told;
mod translate;
mod ways;

pub use answer::Told;
pub use apart::RECEIPTS;
pub use asks::{ValueSets, unknown, value_sets};
pub use bridge::Word;
pub use catalogue::CATALOGUE;
pub use content::{ContentHasher, ContentMemory};
pub use decide::{Again, Decided, Outcome};
pub use earlier::Wanted;
pub use envelope::{Carries, RECEIPT, Wrapped};
pub use header::{Parts, parts, resources};
pub use hooks::{PersonBook, World};
pub use model::model_for;
pub use read::{Incoming, Read, Unread};
pub use replay::{Remade, generation};
pub use sets::{PARTS, profile_sets};
pub use several::{Heard, Part};
pub use told::{MOST_TOLD, for_receipt, refuse, tell, tell_all};
pub use translate::{Stopped, resent_envelope};

use crate::config::Config;
use crate::definitions::Library;
use crate::fhirpath::{self, References, Scene};
use crate::mapping::{self, Concepts, Plans};
use crate::message::{Event, Issue};
use crate::profile::{self, Validator, exchange};
use crate::receipt::{Codes, ProfileSet};
use crate::route::{Intakes, Routes};
use crate::tree::Tree;
use jiff::Timestamp;
use std::sync::Arc;

/// The label of an event that no route names.
const OTHER: &str = "other";

/// A snapshot: a configuration and everything compiled from what it names.
pub struct Engine {
    /// The configuration.
    pub config: Arc<Config>,
    /// Types, profiles, value sets.
    pub library: Arc<Library>,
    /// Profiles, compiled.
    pub validator: Validator,
    /// What an exchange asks beside the profiles.
    pub exchange: exchange::Rules,
    /// How messages are read.
    pub intakes: Intakes,
    /// Which message goes where.
    pub routes: Routes,
    /// Maps, compiled.
    pub plans: Plans,
    /// Concept maps, for maps to ask.
    pub concepts: Vec<Arc<Concepts>>,
    /// Families of profiles, for receipts.
    pub profile_sets: Vec<ProfileSet>,
    /// Which codes fit which issues.
    pub codes: Codes,
    /// The persons, for maps to ask; none: such a lookup is an issue.
    pub persons: Option<Arc<dyn PersonBook>>,
    value_sets: asks::ValueSets,
    ways: Vec<ways::Way>,
    receipt_ways: Vec<(Box<str>, ways::Way)>,
    hasher: ContentHasher,
}

impl Engine {
    /// An engine of these compiled parts.
    #[allow(clippy::too_many_arguments, reason = "the parts of a snapshot, put together once")]
    pub fn new(
        config: Arc<Config>,
        library: Arc<Library>,
        validator: Validator,
        exchange: exchange::Rules,
        intakes: Intakes,
        routes: Routes,
        plans: Plans,
        concepts: Vec<Arc<Concepts>>,
        profile_sets: Vec<ProfileSet>,
        codes: Codes,
    ) -> Engine {
        let hasher = ContentHasher::new(library.table());
        let value_sets = asks::value_sets(&plans, &library);
        let ways = ways::all(&config.routes, &plans, &concepts);
        let receipt_ways = ways::receipts(&config.intakes, &plans, &concepts);
        Engine {
            config,
            library,
            validator,
            exchange,
            intakes,
            routes,
            plans,
            concepts,
            profile_sets,
            codes,
            persons: None,
            value_sets,
            ways,
            receipt_ways,
            hasher,
        }
    }

    /// A scene of these trees, whose references lead within the first one.
    fn scene<'a>(
        &'a self,
        trees: &'a [&'a Tree],
        references: &'a References,
        now: Timestamp,
    ) -> Scene<'a> {
        let table = self.library.table();
        let references = Some(references);
        Scene { trees, table, now, references, hooks: &fhirpath::NoHooks }
    }

    /// The event as metrics and logs name it: only what a route names is named.
    pub fn event_label<'a>(&self, event: &'a Event) -> &'a str {
        let known = self.config.routes.iter().any(|route| route.event.contains(event));
        if known { &event.0 } else { OTHER }
    }
}

/// Told when a stage has ended; whoever watches takes the time.
pub trait Stages {
    /// `stage` is a word of the life of a message.
    fn ended(&mut self, stage: &'static str);
}

/// Nobody watches.
impl Stages for () {
    fn ended(&mut self, _stage: &'static str) {}
}

/// The memory that a message is worked on in; one a worker, used again for each message.
pub struct Arena {
    /// The message.
    pub tree: Tree,
    /// What was found so far.
    pub issues: Vec<Issue>,
    target: Tree,
    earlier: Vec<Tree>,
    /// What maps read and dropped.
    losses: mapping::Losses,
    /// What the message is a receipt for, as far as that is known.
    sent: Option<sent::Sent>,
    /// How often the message was translated anew; 0 when it came.
    generation: u32,
    target_issues: Vec<Issue>,
    mapping: mapping::Memory,
    content: ContentMemory,
    validation: profile::Memory,
    exchange: exchange::Memory,
    references: References,
    paths: fhirpath::Memory,
    scratch: crate::format::Scratch,
}

impl Arena {
    /// An arena over an engine's names.
    pub fn new(engine: &Engine) -> Arena {
        let names = engine.library.names();
        Arena {
            tree: Tree::new(Arc::clone(names)),
            issues: Vec::new(),
            target: Tree::new(Arc::clone(names)),
            earlier: Vec::new(),
            losses: mapping::Losses::default(),
            sent: None,
            generation: 0,
            target_issues: Vec::new(),
            mapping: mapping::Memory::new(),
            content: ContentMemory::default(),
            validation: profile::Memory::new(),
            exchange: exchange::Memory::default(),
            references: References::new(),
            paths: fhirpath::Memory::new(),
            scratch: crate::format::Scratch::new(),
        }
    }

    fn clear(&mut self, engine: &Engine) {
        self.tree.reset(engine.library.names());
        self.target.reset(engine.library.names());
        self.issues.clear();
        self.losses = mapping::Losses::default();
        self.sent = None;
        self.generation = 0;
        self.target_issues.clear();
    }
}
