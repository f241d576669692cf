//! The delimited syntaxes: HL7 v2 and EDIFACT into the tree, beside a bare split of the same bytes.
//!
//! Promises: what is read are messages that the project carries as they are, and one grown to a size that is usual
//! for reports. Never: counts the time of decoding a charset, which a message in UTF-8 does not need.

use crate::inputs::root;
use crate::measure::{Measured, times};
use crate::table::{Better, Line};
use bytestring::ByteString;
use stafett::definitions::{Library, LibraryBuilder, hl7v2 as models};
use stafett::format::{edifact, hl7v2};
use stafett::tree::Tree;
use std::hint::black_box;
use std::path::Path;

/// What one core reads of HL7 v2 in a second, at least.
const GOAL: f64 = 150e6;

/// All cases.
pub fn all() -> Vec<Line> {
    let aim = Some(GOAL);
    vec![
        line("read HL7 v2, a report of 10 kB", aim, Reader::new(&[report(10_000)], b'\r')),
        line("read HL7 v2, all messages of the maps", aim, carried("hl7", b'\r')),
        line("read EDIFACT, all letters of the maps", None, carried("edi", b'\'')),
    ]
}

/// Reads the report again and again, for a profiler.
pub fn repeat(times: usize) -> Result<(), String> {
    let mut reader = Reader::new(&[report(10_000)], b'\r')?;
    (0..times).try_for_each(|_| reader.once().then_some(()).ok_or("not read".to_owned()))?;
    let mut letters = carried("edi", b'\'')?;
    (0..times / 10).try_for_each(|_| letters.once().then_some(()).ok_or("not read".to_owned()))?;
    println!("{} and {} bytes, {} splits", reader.size(), letters.size(), reader.split());
    Ok(())
}

fn line(case: &'static str, goal: Option<f64>, reader: Result<Reader, String>) -> Line {
    let mut note = String::new();
    let measured = reader.and_then(|mut reader| {
        let mut split = reader.clone();
        if !reader.once() {
            return Err("a message is not read".to_owned());
        }
        let size = reader.size() as f64;
        let found = times(|| reader.once(), || split.split());
        let (own, bare) = (size / found.value, size / found.yardstick);
        note = format!("{:.1} times the split's time", found.ratio);
        let (yardstick, ratio) = match goal {
            Some(goal) => (goal / 1e6, own / goal),
            None => (bare / 1e6, own / bare),
        };
        if goal.is_some() {
            note = format!("memchr's bare split {:.0} MB/s: {note}", bare / 1e6);
        }
        Ok(Measured { value: own / 1e6, yardstick, ratio, allocations: found.allocations })
    });
    let against = match goal {
        Some(_) => "150 MB/s",
        None => "memchr's bare split of the same bytes",
    };
    let goal = if goal.is_some() { 1.0 } else { 0.0 };
    Line { case, against, unit: "MB/s", goal, better: Better::AtLeast, measured, note }
}

/// Messages, and what they are read with.
#[derive(Clone)]
struct Reader {
    texts: Vec<ByteString>,
    grammar: hl7v2::Grammar,
    tree: Tree,
    issues: Vec<stafett::message::Issue>,
    /// What ends a segment; the apostrophe: they are EDIFACT.
    end: u8,
}

impl Reader {
    fn new(texts: &[Result<String, String>], end: u8) -> Result<Reader, String> {
        let mut builder = LibraryBuilder::new();
        builder.add_hl7v2();
        builder.add_edifact();
        let library: Library = builder.build().0;
        let texts: Result<Vec<String>, String> = texts.iter().cloned().collect();
        Ok(Reader {
            texts: texts?.into_iter().map(ByteString::from).collect(),
            grammar: hl7v2::Grammar::new(library.table(), &models::structures()),
            tree: Tree::new(library.names().clone()),
            issues: Vec::new(),
            end,
        })
    }

    fn size(&self) -> usize {
        self.texts.iter().map(|text| text.len()).sum()
    }

    #[inline(never)]
    fn once(&mut self) -> bool {
        let names = self.grammar.names();
        self.texts.iter().all(|text| {
            self.tree.reset(names);
            self.issues.clear();
            match self.end {
                b'\'' => edifact::read(text.clone(), &mut self.tree, &mut self.issues),
                _ => hl7v2::read(text.clone(), &self.grammar, &mut self.tree, &mut self.issues),
            }
        })
    }

    /// The yardstick: every segment and every field found, nothing kept.
    #[inline(never)]
    fn split(&mut self) -> usize {
        let (end, field) = if self.end == b'\'' { (b'\'', b'+') } else { (b'\r', b'|') };
        let one = |text: &ByteString| {
            memchr::memchr2_iter(end, field, text.as_bytes()).map(black_box).count()
        };
        self.texts.iter().map(one).sum()
    }
}

/// A report of the maps' cases with its results repeated until it has about that size.
fn report(wanted: usize) -> Result<String, String> {
    let file = root().join("mappings/oru-r01-to-fhir/tests");
    let (mut files, mut longest) = (Vec::new(), String::new());
    gather(&file, "hl7", &mut files)?;
    for text in files {
        if text.len() > longest.len() {
            longest = text;
        }
    }
    let longest = longest.replace("\r\n", "\r").replace('\n', "\r");
    let results: Vec<&str> = longest.split('\r').filter(|s| s.starts_with("OBX|")).collect();
    if results.is_empty() {
        return Err("no results".to_owned());
    }
    let mut all = longest.trim_end().to_owned();
    for one in results.iter().cycle() {
        if all.len() >= wanted {
            break;
        }
        all.push('\r');
        all.push_str(one);
    }
    all.push('\r');
    Ok(all)
}

/// All messages of the maps' cases with that ending which are read whole.
fn carried(ending: &str, end: u8) -> Result<Reader, String> {
    let mut texts = Vec::new();
    gather(&root().join("mappings"), ending, &mut texts)?;
    let texts: Vec<Result<String, String>> = texts.into_iter().map(Ok).collect();
    let mut reader = Reader::new(&texts, end)?;
    let mut whole = Vec::new();
    for text in std::mem::take(&mut reader.texts) {
        reader.texts = vec![text];
        if reader.once() {
            whole.append(&mut reader.texts);
        }
    }
    reader.texts = whole;
    Ok(reader)
}

/// The texts of all files below a folder with that ending, in the order of their paths.
fn gather(folder: &Path, ending: &str, texts: &mut Vec<String>) -> Result<(), String> {
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut paths: Vec<_> = entries.filter_map(|entry| entry.ok().map(|e| e.path())).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            gather(&path, ending, texts)?;
        } else if path.extension().is_some_and(|e| e == ending) {
            let bytes = std::fs::read(&path).map_err(|e| e.to_string())?;
            // letters are in ISO 8859-1, each byte a character
            texts
                .push(String::from_utf8(bytes).unwrap_or_else(|not| {
                    not.as_bytes().iter().copied().map(char::from).collect()
                }));
        }
    }
    Ok(())
}
