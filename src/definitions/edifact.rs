//! The logical models of EDIFACT interchanges in MedCom's XML form.
//!
//! Promises: one shape for every kind of letter: segments of elements of components, those behind a trigger segment
//! below it. Never: says what a segment means; maps do.

use super::model::{ElementDefinition, StructureDefinition};

/// The name of an interchange's root, and what its own canonical ends in.
pub const ROOT: &str = "Edifact";

/// What the canonicals begin with: an interchange's ends in `Edifact`, or in the kind of its letters.
pub const BASE: &str = "https://stafett.example/models/edifact/";

/// The segments of the letters, the service segments left out.
const SEGMENTS: &[&str] = &[
    "ADR", "ALC", "ALI", "BGM", "BUS", "CAV", "CCI", "CIN", "COM", "CON", "CTA", "CUX", "DSG",
    "DTM", "EMP", "EQN", "ERC", "FCA", "FTX", "GIR", "GIS", "HAN", "IDE", "IHC", "IMD", "INV",
    "LAN", "LIN", "LOC", "MEA", "MOA", "NAD", "NAT", "PAC", "PAS", "PDI", "PGI", "PIA", "PNA",
    "PRC", "PTY", "QTY", "REL", "RFF", "RND", "RNG", "RSL", "SEQ", "SPC", "SPR", "STS", "TDT",
    "TOD", "UCI", "UCM", "UCS", "UCD", "UCF", "UNO", "UNP", "UNS",
];

/// How many trigger segments there may be.
const TRIGGERS: u32 = 30;

/// What the letters of the networks are called (0068 of their `UNH`). Each has a model of its own, all of one shape,
/// so that a map says by its `uses` which letters it is for.
const KINDS: &[&str] = &[
    "BIN01", "CTL01", "CTL02", "CTL03", "DIS01", "DIS02", "DIS03", "DIS05", "DIS06", "DIS07",
    "DIS08", "DIS13", "DIS14", "DIS16", "DIS17", "DIS18", "DIS19", "DIS20", "DIS91", "PRE01",
    "PRE60", "REF01", "REF02", "REF06", "REF07", "REQ01", "REQ02", "REQ03", "RPT01", "RPT02",
    "RPT03", "RPT04",
];

/// How an element says that it is one of a row of places.
pub const PLACE: &str = "place";

/// All models.
pub fn models() -> Vec<StructureDefinition> {
    let mut element = model("element", "element");
    element.snapshot.push(place("element.SubElm", "string"));
    let mut segment = model("segment", "segment");
    let elements = format!("{BASE}element");
    segment.snapshot.push(place("segment.Elm", &elements));
    let mut trigger = model("trigger", "trigger");
    trigger.snapshot.push(place("trigger.Elm", &elements));
    segments("trigger", &mut trigger);
    let mut content = model("content", "content");
    segments("content", &mut content);
    for number in 1..=TRIGGERS {
        let path = format!("content.S{number:02}");
        content.snapshot.push(line(&path, 0, None, "trigger"));
    }
    let mut letter = model("letter", "letter");
    letter.snapshot.extend([
        line("letter.UNH", 1, Some(1), "segment"),
        line("letter.BrevIndhold", 1, Some(1), "content"),
        line("letter.UNT", 1, Some(1), "segment"),
    ]);
    let mut all = vec![element, segment, trigger, content, letter, interchange(ROOT)];
    all.extend(KINDS.iter().map(|kind| interchange(kind)));
    all
}

/// The model of an interchange: of letters of one kind, or of any.
fn interchange(name: &str) -> StructureDefinition {
    let mut root = model(name, ROOT);
    let mut una = line("Edifact.UNA", 0, Some(1), "");
    una.types[0].code = "string".into();
    root.snapshot.extend([
        una,
        line("Edifact.UNB", 1, Some(1), "segment"),
        line("Edifact.UNO", 0, None, "segment"),
        line("Edifact.UNP", 0, None, "segment"),
        line("Edifact.Brev", 0, None, "letter"),
        line("Edifact.UNZ", 1, Some(1), "segment"),
    ]);
    root
}

fn segments(path: &str, model: &mut StructureDefinition) {
    let all = SEGMENTS.iter().map(|name| line(&format!("{path}.{name}"), 0, None, "segment"));
    model.snapshot.extend(all);
}

fn model(canonical: &str, name: &str) -> StructureDefinition {
    StructureDefinition::logical(format!("{BASE}{canonical}"), name)
}

fn line(path: &str, min: u32, max: Option<u32>, of: &str) -> ElementDefinition {
    let code = format!("{BASE}{of}");
    ElementDefinition::plain(path, min, max.unwrap_or(u32::MAX), Some(&code))
}

fn place(path: &str, code: &str) -> ElementDefinition {
    let plain = ElementDefinition::plain(path, 0, u32::MAX, Some(code));
    ElementDefinition { representation: vec![PLACE.into()], ..plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_named_is_there_and_no_path_comes_twice() {
        let all = models();
        for one in &all {
            let mut paths: Vec<&str> = one.snapshot.iter().map(|e| &*e.path).collect();
            paths.sort_unstable();
            assert!(paths.windows(2).all(|pair| pair[0] != pair[1]), "{}", one.name);
            for code in one.snapshot.iter().flat_map(|e| &e.types).map(|t| &*t.code) {
                assert!(code == "string" || all.iter().any(|m| &*m.url == code), "{code}");
            }
        }
    }
}
