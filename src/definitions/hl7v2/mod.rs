//! Logical models of HL7 v2: structures, segments and composite types, made from one table of facts.
//!
//! Promises: elements have the names of the standard's XML encoding (`PID`, `PID.3`, `CX.1`,
//! `ORU_R01.PATIENT`); one model serves every version, see the table's head. Never: says what a field means.

use super::model::{ElementDefinition, StructureDefinition};
use std::collections::HashSet;

/// What the canonicals of these models begin with.
pub const BASE: &str = "http://hl7.org/v2/StructureDefinition/";

/// What the canonical of a segment's model has between [`BASE`] and its name.
pub const SEGMENT: &str = "segment-";

/// What the canonical of a composite type's model has between [`BASE`] and its name.
pub const TYPE: &str = "type-";

const TABLES: &str = include_str!("tables.txt");

/// A group or segment of a structure, a field, a component.
struct Entry<'a> {
    name: &'a str,
    repeats: bool,
    required: bool,
    group: bool,
}

fn entry(word: &str) -> Entry<'_> {
    let (word, group) = match word.strip_suffix('[') {
        Some(word) => (word, true),
        None => (word, false),
    };
    let name = word.trim_end_matches(['*', '!']);
    let marks = &word[name.len()..];
    Entry { name, repeats: marks.contains('*'), required: marks.contains('!'), group }
}

/// All models.
pub fn models() -> Vec<StructureDefinition> {
    let composite: HashSet<&str> =
        lines("type").filter_map(|line| line.split_whitespace().next()).collect();
    let mut all = Vec::new();
    for line in lines("type") {
        all.push(positions(line, TYPE, &composite));
    }
    all.push(varies());
    for line in lines("segment") {
        all.push(positions(line, SEGMENT, &composite));
    }
    all.extend(lines("structure").map(structure));
    all
}

/// Which structure a message of that code and trigger has.
pub fn structures() -> Vec<(&'static str, &'static str, &'static str)> {
    let mut all = Vec::new();
    for line in lines("message") {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [code, structure] => all.push((*code, "", *structure)),
            [code, triggers @ .., structure] => {
                all.extend(triggers.iter().map(|trigger| (*code, *trigger, *structure)));
            }
            _ => {}
        }
    }
    all
}

fn lines(kind: &'static str) -> impl Iterator<Item = &'static str> {
    TABLES.lines().filter_map(move |line| line.strip_prefix(kind)?.strip_prefix(' '))
}

/// A segment or composite type: what is at each of its positions.
fn positions(line: &str, prefix: &str, composite: &HashSet<&str>) -> StructureDefinition {
    let mut words = line.split_whitespace();
    let name = words.next().unwrap_or_default();
    let mut made = model(&format!("{prefix}{name}"), name);
    for (at, word) in words.enumerate() {
        let one = entry(word);
        let code = match one.name {
            known if known == "varies" || composite.contains(known) => {
                format!("{BASE}{TYPE}{known}")
            }
            _ => "string".to_owned(),
        };
        let (path, wire) = (format!("{name}.{name}-{}", at + 1), format!("{name}.{}", at + 1));
        made.snapshot.push(element(path, &wire, &one, Some(&code)));
    }
    made
}

/// What an observation's value may be: text, or the components of any composite type.
fn varies() -> StructureDefinition {
    let mut made = model("type-varies", "varies");
    let one = entry("text");
    let mut text = element("varies.text".into(), "text", &one, Some("string"));
    text.representation = vec!["xmlText".into()];
    made.snapshot.push(text);
    for line in lines("type") {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap_or_default();
        let of = format!("{BASE}{TYPE}");
        for (at, word) in words.enumerate() {
            let known = lines("type").any(|l| l.split_whitespace().next() == Some(word));
            let code = if known { format!("{of}{word}") } else { "string".to_owned() };
            let (path, wire) = (format!("varies.{name}-{}", at + 1), format!("{name}.{}", at + 1));
            made.snapshot.push(element(path, &wire, &entry(word), Some(&code)));
        }
    }
    made
}

fn structure(line: &str) -> StructureDefinition {
    let mut words = line.split_whitespace();
    let name = words.next().unwrap_or_default();
    let mut made = model(name, name);
    let mut path = vec![name];
    for word in words {
        if word == "]" {
            path.pop();
            continue;
        }
        let one = entry(word);
        let full = format!("{}.{}", path.join("."), one.name);
        if one.group {
            path.push(one.name);
            let wire = format!("{name}.{}", one.name);
            made.snapshot.push(element(full, &wire, &one, None));
        } else {
            // the same segment may stand at several places of a group: the first one is its element
            let known = made.snapshot.iter_mut().find(|e| *e.path == *full);
            match known {
                Some(known) => known.max = Some(u32::MAX),
                None => {
                    let code = format!("{BASE}{SEGMENT}{}", one.name);
                    made.snapshot.push(element(full, one.name, &one, Some(&code)));
                }
            }
        }
    }
    made
}

fn model(canonical: &str, name: &str) -> StructureDefinition {
    StructureDefinition::logical(format!("{BASE}{canonical}"), name)
}

fn element(path: String, wire: &str, one: &Entry<'_>, code: Option<&str>) -> ElementDefinition {
    let (min, max) = (u32::from(one.required), if one.repeats { u32::MAX } else { 1 });
    let last = path.rsplit('.').next().unwrap_or_default();
    ElementDefinition {
        xml_name: (last != wire).then(|| wire.into()),
        ..ElementDefinition::plain(&path, min, max, code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_and_segment_named_is_there() {
        let all = models();
        let urls: HashSet<&str> = all.iter().map(|m| &*m.url).collect();
        assert_eq!(urls.len(), all.len(), "a model twice");
        for code in all.iter().flat_map(|m| &m.snapshot).flat_map(|e| &e.types).map(|t| &*t.code) {
            assert!(code == "string" || urls.contains(code), "{code} is not there");
        }
        for (_, _, structure) in structures() {
            assert!(urls.contains(format!("{BASE}{structure}").as_str()), "{structure}");
        }
    }

    #[test]
    fn groups_have_their_structure_in_their_name() {
        let all = models();
        let oru = all.iter().find(|m| &*m.name == "ORU_R01").unwrap();
        let line = |path: &str| {
            let one = oru.snapshot.iter().find(|e| &*e.path == path).unwrap();
            (one.xml_name.as_deref(), one.min, one.max)
        };
        let group = line("ORU_R01.PATIENT_RESULT.PATIENT");
        assert_eq!(group, (Some("ORU_R01.PATIENT"), Some(0), Some(1)));
        let visit = line("ORU_R01.PATIENT_RESULT.PATIENT.VISIT.PV1");
        assert_eq!(visit, (None, Some(1), Some(1)));
    }
}
