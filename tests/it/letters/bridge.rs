//! The two maps compiled over R4 and the letter's model, with a small world around them.

use super::mapping;
use bytes::Bytes;
use libtest_mimic::Failed;
use stafett::definitions::{Library, LibraryBuilder, typing};
use stafett::fhirpath;
use stafett::format;
use stafett::format::charset::Charset;
use stafett::mapping::{
    Concepts, Engine, Hooks, IdSeed, Inputs, Limits, Lookup, Materials, Memory, Plans,
};
use stafett::message::Issue;
use stafett::tree::Tree;
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

pub const TO_FHIR: &str = "xdis91-to-carecommunication";
pub const TO_LETTER: &str = "carecommunication-to-xdis91";

/// What a translation gave.
pub struct Translated {
    pub tree: Tree,
    pub issues: Vec<Issue>,
}

impl Translated {
    /// An error, if the map found one.
    pub fn no_errors(&self, name: &str) -> Result<(), Failed> {
        let wrong = self.issues.iter().filter(|issue| issue.refuses());
        let wrong: Vec<_> = wrong.map(|i| format!("{name}: {} {}", i.kind.id, i.text())).collect();
        if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
    }
}

/// The maps, and a route's world.
pub struct Bridge {
    library: Library,
    plans: Plans,
    world: World,
    parameters: Vec<(String, String)>,
}

/// What a route gives where a case says nothing.
const DEFAULTS: &[(&str, &str)] = &[
    ("category", "carecoordination"),
    ("topic", "Henvendelse"),
    ("text", "Se vedlagte."),
    ("authorFamily", "Ukendt"),
    ("authorGiven", "Afsender"),
    ("authorRole", "Sundhedsperson"),
    ("phone", "12345678"),
    ("episodeStatus", "inaktiv"),
];

/// Which profiles a message claims.
const PUBLISHED: &str = "https://stafett.example/concept-maps/profiles-medcom-5.0";
const OURS: &str = "https://stafett.example/concept-maps/profiles-stafett";

struct World {
    claims: &'static str,
    concepts: Vec<Arc<Concepts>>,
    organisations: Vec<(String, String)>,
}

impl fhirpath::Hooks for World {}

impl Hooks for World {
    fn concept_map(&self, _place: usize, name: &str) -> Option<&Concepts> {
        let claimed = self.concepts.iter().find(|one| *one.url == *self.claims);
        claimed.filter(|_| name == "profiles").map(|one| &**one)
    }

    fn look_up(&self, book: &str, from: &str, to: &str, value: &str) -> Lookup<'_> {
        let place = |kind: &str| usize::from(kind == "sor");
        let pair = |(gln, sor): &(String, String)| [gln.clone(), sor.clone()];
        let mut known = self.organisations.iter().map(pair);
        match known.find(|one| book == "directory" && one[place(from)] == value) {
            Some(one) => Lookup::Found(Cow::Owned(one[place(to)].clone())),
            None => Lookup::NotFound,
        }
    }
}

impl Bridge {
    /// With what a case's file says.
    pub fn of_case(case: &Path) -> Result<Bridge, Failed> {
        let text = std::fs::read_to_string(case.join("case.toml"))?;
        let said: toml::Table = toml::from_str(&text)?;
        let text = |value: &toml::Value, key: &str| -> String {
            value.get(key).and_then(toml::Value::as_str).unwrap_or_default().to_owned()
        };
        let known = said.get("directory").and_then(toml::Value::as_array).cloned();
        let known = known.unwrap_or_default();
        let known: Vec<_> = known.iter().map(|one| (text(one, "gln"), text(one, "sor"))).collect();
        let given = said.get("parameters").and_then(toml::Value::as_table).cloned();
        let given = given.unwrap_or_default();
        let given: Vec<_> =
            given.iter().map(|(k, v)| (&**k, v.as_str().unwrap_or_default())).collect();
        let known: Vec<_> = known.iter().map(|(gln, sor)| (&**gln, &**sor)).collect();
        Bridge::new(&known, &given)
    }

    /// With organisations (GLN, SOR) that the directory knows, and what the route gives.
    pub fn new(known: &[(&str, &str)], given: &[(&str, &str)]) -> Result<Bridge, Failed> {
        let mut builder = LibraryBuilder::new();
        for file in [
            "models/emessage-2006-07-01.json",
            "concept-maps/profiles-medcom-5.0.json",
            "concept-maps/profiles-stafett.json",
        ] {
            builder.add_json(file, &std::fs::read_to_string(mapping(TO_FHIR, file))?);
        }
        let (library, diagnostics) = builder.build();
        let mut faults: Vec<String> =
            diagnostics.iter().filter(|d| d.refuses()).map(ToString::to_string).collect();
        let mut maps = Vec::new();
        for name in [TO_FHIR, TO_LETTER] {
            let file = format!("{name}.map");
            let (map, found) =
                stafett::mapping::parse(&file, &std::fs::read_to_string(mapping(name, &file))?);
            faults.extend(found.iter().map(ToString::to_string));
            maps.push(map);
        }
        let concepts: Vec<Arc<Concepts>> = library
            .concept_maps()
            .filter(|(_, map)| map.url.starts_with("https://stafett.example"))
            .map(|(_, map)| Arc::new(Concepts::of_resource(&map)))
            .collect();
        let materials = Materials { table: library.table(), concepts: &concepts };
        let (plans, found) = Plans::build(&maps, &materials);
        faults.extend(found.iter().map(ToString::to_string));
        if !faults.is_empty() {
            return Err(Failed::from(faults.join("\n")));
        }
        let own = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
        let organisations = known.iter().map(own).collect();
        let parameters = given.iter().chain(DEFAULTS).map(own).collect();
        Ok(Bridge {
            library,
            plans,
            world: World { claims: PUBLISHED, concepts, organisations },
            parameters,
        })
    }

    /// The same, with messages that claim our own profiles.
    pub fn claiming_ours(mut self) -> Bridge {
        self.world.claims = OURS;
        self
    }

    /// Reads a letter or a message and types it.
    pub fn read(&self, bytes: &[u8], xml: bool) -> Result<Tree, Failed> {
        let bytes = Bytes::copy_from_slice(bytes);
        let text = format::charset::decode(&bytes, None, xml).map_err(|i| i.text())?.text;
        let mut tree = Tree::new(Arc::clone(self.library.names()));
        let mut issues = Vec::new();
        let usable = match xml {
            true => format::xml::read(text, &mut tree, &mut issues),
            false => format::fhir_json::read(text, &mut tree, &mut issues),
        };
        typing::type_tree(&mut tree, self.library.table(), &mut issues);
        match usable && issues.iter().all(|issue| !issue.refuses()) {
            true => Ok(tree),
            false => {
                Err(Failed::from(issues.iter().map(Issue::text).collect::<Vec<_>>().join("\n")))
            }
        }
    }

    /// Runs a map.
    pub fn translate(&self, map: &str, source: &Tree) -> Result<Translated, Failed> {
        let plan = self.plans.find(map).ok_or("the map has no plan")?;
        let (message, envelope) = match map {
            TO_FHIR => {
                ("5f0d8a3e-6a0c-5d0e-9c59-0f6b1f6f7a01", "0b7c1a52-94a7-5a4b-8a6b-8a0a0f3a7b02")
            }
            _ => ("4XQ7M2KD9TBA01", "4XQ7M2KD9TBE01"),
        };
        let parameters: Vec<_> = self.parameters.iter().map(|(k, v)| (&**k, &**v)).collect();
        let now = "2026-11-03T09:45:00+01:00";
        let inputs = Inputs {
            sources: &[source],
            now: now.parse()?,
            engine: Engine { message_id: message, envelope_id: envelope, now },
            parameters: &parameters,
            ids: IdSeed { message, destination: "test", generation: 0 },
            limits: Limits::default(),
        };
        let mut tree = Tree::new(Arc::clone(self.library.names()));
        let mut issues = Vec::new();
        let mut memory = Memory::new();
        plan.run(&inputs, &mut tree, &self.world, &mut memory, &mut issues)
            .map_err(|failure| failure.issue.text())?;
        Ok(Translated { tree, issues })
    }

    /// A FHIR tree as JSON.
    pub fn json(&self, tree: &Tree) -> Result<String, Failed> {
        let root = tree.root().ok_or("an empty tree")?;
        let mut out = String::new();
        format::fhir_json::write(tree, self.library.table(), root, &mut out);
        Ok(out)
    }

    /// A letter as bytes.
    pub fn xml(&self, tree: &Tree) -> Result<Vec<u8>, Failed> {
        let root = tree.root().ok_or("an empty tree")?;
        let mut out = Vec::new();
        format::xml::write(tree, self.library.table(), root, Charset::Windows1252, &mut out)?;
        Ok(out)
    }
}
