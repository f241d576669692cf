//! MedCom's pairs: the same letter in EDIFACT and OIOXML, read, written, and made of one another by our maps; messages of
//! HL7 v2, read and written.
//!
//! Promises: kinds without a map are counted as that; whatever is broken counts as refused only where it is. Never:
//! forgives a difference: those that are explained stand in the tests.

use crate::partner_values::Values;
use crate::support;
use bytes::Bytes;
use libtest_mimic::Failed;
use stafett::definitions::{Library, LibraryBuilder};
use stafett::format::{self, charset::Charset};
use stafett::mapping::{
    self, Concepts, Engine, IdSeed, Inputs, Limits, Materials, Memory, NoHooks, Plans,
};
use stafett::message::{Issue, Syntax};
use stafett::tree::Tree;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What there is to count.
#[derive(Default)]
pub struct Tally {
    /// Letters in EDIFACT that are written as they came, of how many.
    pub written: (usize, usize),
    /// Pairs of which both ways are made, of how many.
    pub mapped: (usize, usize),
    /// Values that are the partner's, of how many, over what was made.
    pub values: (usize, usize),
    /// Broken letters that are refused, of how many.
    pub refused: (usize, usize),
    /// Messages of HL7 v2 that are written as they came, of how many.
    pub messages: (usize, usize),
    /// What is missed, and why.
    pub missed: Vec<(String, String)>,
}

/// Maps with the library that they are for.
struct Maps {
    library: Library,
    plans: Plans,
}

/// Counts all of it.
pub fn tally() -> Result<Tally, Failed> {
    let maps = Maps::read()?;
    let mut tally = Tally::default();
    let legacy = support::shared().join("data/medcom-legacy");
    for edi in files(&legacy.join("pairs"), "edi")? {
        let (name, bytes) = (stem(&edi), std::fs::read(&edi)?);
        tally.written.1 += 1;
        match maps.read_letter(&bytes).and_then(|tree| maps.write(&tree, Syntax::Edifact)) {
            Ok(written) if written == bytes => tally.written.0 += 1,
            Ok(_) => tally.missed.push((name.clone(), "is written otherwise".into())),
            Err(why) => tally.missed.push((name.clone(), why)),
        }
        let xml = std::fs::read(edi.with_extension("xml"))?;
        tally.mapped.1 += 1;
        let kind = name.split('_').next().unwrap_or_default().to_lowercase();
        let (there, back) = (format!("{kind}-to-x{kind}"), format!("x{kind}-to-{kind}"));
        if maps.plans.find(&url(&there)).is_none() {
            tally.missed.push((name, "no map".into()));
            continue;
        }
        let ways = [(&there, &bytes, &xml), (&back, &xml, &bytes)];
        let mut both = true;
        for (map, from, to) in ways {
            match maps.translate(map, from) {
                Ok(made) => {
                    let (equal, all) = Values::of(to)?.alike(&Values::of(&made)?);
                    tally.values = (tally.values.0 + equal, tally.values.1 + all);
                }
                Err(why) => {
                    both = false;
                    tally.missed.push((format!("{name} by {map}"), why));
                }
            }
        }
        tally.mapped.0 += usize::from(both);
    }
    for edi in files(&legacy.join("broken-and-other"), "edi")? {
        let name = stem(&edi);
        let Some((kind, _)) = name.split_once("_ERROR_") else { continue };
        let kind = kind.to_lowercase();
        tally.refused.1 += 1;
        match maps.translate(&format!("{kind}-to-x{kind}"), &std::fs::read(&edi)?) {
            Ok(_) => tally.missed.push((name, "is translated".into())),
            Err(_) => tally.refused.0 += 1,
        }
    }
    messages(&maps, &mut tally)?;
    Ok(tally)
}

/// Messages of HL7 v2 as they came: line ends, marks and escapes included. What no sender may send is not among them.
fn messages(maps: &Maps, tally: &mut Tally) -> Result<(), Failed> {
    for file in files(&support::shared().join("data/hl7v2/messages"), "hl7")? {
        let bytes = std::fs::read(&file)?;
        tally.messages.1 += 1;
        match maps.read_letter(&bytes).and_then(|tree| maps.write(&tree, Syntax::Hl7v2)) {
            Ok(written) if written == bytes => tally.messages.0 += 1,
            Ok(_) => tally.missed.push((stem(&file), "is written otherwise".into())),
            Err(why) => tally.missed.push((stem(&file), why)),
        }
    }
    Ok(())
}

fn url(map: &str) -> String {
    format!("https://stafett.example/maps/{map}")
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The files of a folder that end so, by name.
fn files(folder: &Path, end: &str) -> Result<Vec<PathBuf>, Failed> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == end) {
            all.push(path);
        }
    }
    all.sort();
    Ok(all)
}

/// What all the issues that refuse say.
fn refusals(issues: &[Issue]) -> Result<(), String> {
    let said: Vec<String> = issues.iter().filter(|one| one.refuses()).map(Issue::text).collect();
    if said.is_empty() { Ok(()) } else { Err(said.join("; ")) }
}

impl Maps {
    /// The models of letters, the maps between their forms and the concept maps of these.
    fn read() -> Result<Maps, Failed> {
        let home = support::root().join("mappings");
        let mut builder = LibraryBuilder::new();
        builder.add_edifact();
        builder.add_hl7v2();
        let (mut resources, mut texts) = (Vec::new(), Vec::new());
        for folder in std::fs::read_dir(&home)? {
            let folder = folder?.path();
            if folder.is_dir() {
                texts.extend(files(&folder, "map")?);
            }
        }
        for folder in ["models", "edifact-parts/concept-maps", "xdis91-to-carecommunication/models"]
        {
            resources.extend(files(&home.join(folder), "json")?);
        }
        for file in resources {
            builder.add_json(&file.display().to_string(), &std::fs::read_to_string(&file)?);
        }
        let library = builder.build().0;
        let concepts = library.concept_maps().map(|(_, map)| Arc::new(Concepts::of_resource(&map)));
        let concepts: Vec<_> = concepts.collect();
        let mut maps = Vec::new();
        for file in texts {
            let text = std::fs::read_to_string(&file)?;
            if text.contains("/models/edifact/") {
                maps.push(mapping::parse(&stem(&file), &text).0);
            }
        }
        let materials = Materials { table: library.table(), concepts: &concepts };
        let (plans, found) = Plans::build(&maps, &materials);
        let wrong: Vec<String> =
            found.iter().filter(|one| one.refuses()).map(ToString::to_string).collect();
        match wrong.is_empty() {
            true => Ok(Maps { library, plans }),
            false => Err(Failed::from(wrong.join("\n"))),
        }
    }

    fn read_letter(&self, bytes: &[u8]) -> Result<Tree, String> {
        let (bytes, wire) = (Bytes::copy_from_slice(bytes), self.library.wire());
        let syntax = format::recognise(&bytes);
        let decoded = wire.decode(syntax, &bytes, None).map_err(|issue| issue.text())?;
        let mut tree = Tree::new(Arc::clone(self.library.names()));
        let mut issues = Vec::new();
        let usable = wire.read(syntax, decoded.text, &mut tree, &mut issues);
        if usable {
            wire.type_tree(syntax, &mut tree, &mut issues);
        }
        refusals(&issues)?;
        if usable { Ok(tree) } else { Err("it cannot be read".into()) }
    }

    fn write(&self, tree: &Tree, syntax: Syntax) -> Result<Vec<u8>, String> {
        let charset = if syntax == Syntax::Xml { Charset::Utf8 } else { Charset::Latin1 };
        let mut out = Vec::new();
        let written = self.library.wire().write(tree, syntax, charset, &mut out);
        written.map(|()| out).map_err(|why| why.to_string())
    }

    fn translate(&self, map: &str, bytes: &[u8]) -> Result<Vec<u8>, String> {
        let plan = self.plans.find(&url(map)).ok_or("no map")?;
        let source = self.read_letter(bytes)?;
        let now = "2026-11-03T09:45:00+01:00";
        let inputs = Inputs {
            sources: &[&source],
            now: now.parse().map_err(|_| "no moment")?,
            engine: Engine { message_id: "B1", envelope_id: "K1", now },
            parameters: &[],
            ids: IdSeed { message: "B1", destination: "bench", generation: 0 },
            limits: Limits::default(),
        };
        let mut made = Tree::new(Arc::clone(self.library.names()));
        let (mut issues, mut memory) = (Vec::new(), Memory::new());
        plan.run(&inputs, &mut made, &NoHooks, &mut memory, &mut issues)
            .map_err(|failure| failure.issue.text())?;
        refusals(&issues)?;
        self.library.wire().complete(&mut made);
        let syntax = self.library.wire().made(&made).unwrap_or(Syntax::Xml);
        self.write(&made, syntax)
    }
}
