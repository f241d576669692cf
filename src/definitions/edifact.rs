//! The logical model of an EDIFACT interchange in MedCom's XML form.
//!
//! Promises: one model for every kind of letter, for the syntax has one shape: segments of elements of
//! components, those behind a trigger segment below it. Never: says what a segment means; maps do.

use super::model::{ElementDefinition, StructureDefinition};

/// What the canonicals begin with; the interchange's own ends in `Edifact`.
pub const BASE: &str = "https://stafett.example/models/edifact/";

/// The segments of the letters, the service segments left out.
const SEGMENTS: &[&str] = &[
    "ADR", "ALC", "ALI", "BGM", "BUS", "CAV", "CCI", "CIN", "COM", "CON", "CTA", "CUX", "DSG",
    "DTM", "EMP", "EQN", "ERC", "FCA", "FTX", "GIR", "GIS", "HAN", "IDE", "IHC", "IMD", "INV",
    "LAN", "LIN", "LOC", "MEA", "MOA", "NAD", "NAT", "PAC", "PAS", "PDI", "PGI", "PIA", "PNA",
    "PRC", "PTY", "QTY", "REL", "RFF", "RND", "RNG", "RSL", "SEQ", "SPC", "SPR", "STS", "TDT",
    "TOD", "UCI", "UCM", "UCS", "UCD", "UCF", "UNO", "UNP",
];

/// How many trigger segments there may be.
const TRIGGERS: u32 = 30;

/// All models.
pub fn models() -> Vec<StructureDefinition> {
    let component = format!("{BASE}element");
    let mut element = model("element");
    element.snapshot.push(line("element.SubElm", 0, None, Some("string")));
    let mut segment = model("segment");
    segment.snapshot.push(line("segment.Elm", 0, None, Some(&component)));
    let mut trigger = model("trigger");
    trigger.snapshot.push(line("trigger.Elm", 0, None, Some(&component)));
    segments("trigger", &mut trigger);
    let of = format!("{BASE}segment");
    let mut root = model("Edifact");
    root.snapshot.extend([
        line("Edifact.UNA", 0, Some(1), Some("string")),
        line("Edifact.UNB", 1, Some(1), Some(&of)),
        line("Edifact.UNO", 0, None, Some(&of)),
        line("Edifact.UNP", 0, None, Some(&of)),
        line("Edifact.Brev", 0, None, None),
        line("Edifact.Brev.UNH", 1, Some(1), Some(&of)),
        line("Edifact.Brev.BrevIndhold", 1, Some(1), None),
    ]);
    segments("Edifact.Brev.BrevIndhold", &mut root);
    for number in 1..=TRIGGERS {
        let path = format!("Edifact.Brev.BrevIndhold.S{number:02}");
        root.snapshot.push(line(&path, 0, None, Some(&format!("{BASE}trigger"))));
    }
    root.snapshot.extend([
        line("Edifact.Brev.UNT", 1, Some(1), Some(&of)),
        line("Edifact.UNZ", 1, Some(1), Some(&of)),
    ]);
    vec![element, segment, trigger, root]
}

fn segments(path: &str, model: &mut StructureDefinition) {
    let of = format!("{BASE}segment");
    let all = SEGMENTS.iter().map(|name| line(&format!("{path}.{name}"), 0, None, Some(&of)));
    model.snapshot.extend(all);
}

fn model(name: &str) -> StructureDefinition {
    StructureDefinition::logical(format!("{BASE}{name}"), name)
}

fn line(path: &str, min: u32, max: Option<u32>, code: Option<&str>) -> ElementDefinition {
    ElementDefinition::plain(path, min, max.unwrap_or(u32::MAX), code)
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
