//! The fuzz bodies in a seeded loop, over mutations of real and of invented documents.

use super::{MESSAGES, files};
use crate::support::{root, shared};
use libtest_mimic::Failed;
use stafett::format::fuzz;
use stafett::tree::types::Table;
use stafett::tree::{Names, NodeId, Tree};
use std::sync::Arc;

/// How many mutations of each kind.
const ROUNDS: usize = 8_000;

/// Pieces of both syntaxes.
const PIECES: [&[u8]; 58] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\"",
    b"\\",
    b"null",
    b"true",
    b"1.10",
    b"-0.0",
    b"01",
    b"1e5",
    b"\"_given\":",
    b"\"given\":",
    b"\"id\":\"x\",",
    b"\"extension\":[{\"url\":\"u\"}],",
    b"\\u0000",
    b"\\ud800",
    b"\\u00e6",
    b"\\n",
    b"\"resourceType\":\"Patient\",",
    b"\"resource\":",
    b"\"div\":\"<div/>\"",
    b"{}",
    b"[]",
    b"[null]",
    b"\"\"",
    b" ",
    b"\n",
    b"\t",
    b"\0",
    b"\x01",
    b"\xE6",
    b"\xC3\xA6",
    b"\xEF\xBB\xBF",
    b"\xEF\xBF\xBF",
    b"<",
    b">",
    b"/>",
    b"</",
    b"<a>",
    b"</a>",
    b"&amp;",
    b"&#13;",
    b"&x;",
    b"]]>",
    b"<![CDATA[\r\n&]]>",
    b"<!-- c -->",
    b"<?p i?>",
    b" value=\"\"",
    b" xmlns=\"u\"",
    b" xmlns:p=\"v\"",
    b"p:",
    b"<div xmlns=\"http://www.w3.org/1999/xhtml\">a\rb</div>",
    b"'",
    b"=",
];

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % sides.max(1)
    }

    /// A document with a few pieces changed, moved, doubled or taken out.
    fn mutate(&mut self, seed: &[u8]) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..=self.roll(3) {
            let at = self.roll(bytes.len() + 1);
            let end = (at + self.roll(12)).min(bytes.len());
            match self.roll(6) {
                0 => drop(bytes.drain(at..end)),
                1 | 2 => {
                    let piece = PIECES[self.roll(PIECES.len())];
                    bytes.splice(at..at, piece.iter().copied());
                }
                3 => {
                    let piece = PIECES[self.roll(PIECES.len())];
                    bytes.splice(at..end, piece.iter().copied());
                }
                4 => {
                    let piece = bytes[at..end].to_vec();
                    let to = self.roll(bytes.len() + 1);
                    bytes.splice(to..to, piece);
                }
                _ => bytes.truncate(if self.roll(8) == 0 { at } else { bytes.len() }),
            }
        }
        bytes
    }
}

fn empty_table() -> Table {
    Table::new(Arc::new(Names::default()), Vec::new(), Vec::new())
}

/// Small documents, so that a mutation hits something that matters.
fn json_seeds() -> Result<Vec<Vec<u8>>, Failed> {
    let mut seeds: Vec<Vec<u8>> = vec![
        br#"{"resourceType":"P","given":["A",null],"_given":[null,{"id":"b"}],"n":1.0E3}"#.to_vec(),
        br#"{"_b":{"extension":[{"url":"u","valueString":"x"}]},"resourceType":"P","b":true}"#.to_vec(),
        br#"{"resourceType":"B","entry":[{"resource":{"resourceType":"P","text":{"div":"<div>a<\/div>"}}}]}"#
            .to_vec(),
    ];
    for path in files(root().join("fixtures/messages/roundtrip"), "json")? {
        seeds.push(std::fs::read(path)?);
    }
    Ok(seeds)
}

/// JSON: the codec's word, and serde_json accepts what we accept.
pub fn json() -> Result<(), Failed> {
    let table = empty_table();
    let mut dice = Dice(1);
    let mut accepted = 0;
    let seeds = json_seeds()?;
    for at in 0..ROUNDS {
        let bytes = dice.mutate(&seeds[at % seeds.len()]);
        if fuzz::fhir_json(&bytes, &table) {
            accepted += 1;
            let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
            if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(bytes) {
                let text = String::from_utf8_lossy(bytes).into_owned();
                return Err(Failed::from(format!("serde_json: {error}\n{text}")));
            }
        }
    }
    enough(accepted, ROUNDS)
}

fn enough(accepted: usize, of: usize) -> Result<(), Failed> {
    match accepted * 50 > of && accepted < of {
        true => Ok(()),
        false => Err(Failed::from(format!("{accepted} of {of} accepted: that says little"))),
    }
}

/// FHIR XML and namespaced XML: the codecs' word.
pub fn xml() -> Result<(), Failed> {
    let table = empty_table();
    let mut dice = Dice(2);
    let mut seeds = Vec::new();
    for json in json_seeds()? {
        let mut tree = Tree::new(Arc::clone(table.names()));
        let text = String::from_utf8(json)?;
        stafett::format::fhir_json::read(text.into(), &mut tree, &mut Vec::new());
        let mut xml = String::new();
        stafett::format::fhir_xml::write(&tree, &table, NodeId(0), &mut xml);
        seeds.push(xml.into_bytes());
    }
    seeds.push(
        b"<?xml version='1.0' encoding='windows-1252'?><a b='\x80'>x <b>y</b> <c/>\r\n z</a>"
            .to_vec(),
    );
    seeds.push(
        b"<a xmlns='u' xmlns:p='v' p:b='1' xml:lang='da'><p:b/><![CDATA[<]]>&gt;<c> </c></a>"
            .to_vec(),
    );
    let (mut fhir, mut plain) = (0, 0);
    for at in 0..ROUNDS {
        let bytes = dice.mutate(&seeds[at % seeds.len()]);
        fhir += usize::from(fuzz::fhir_xml(&bytes, &table));
        plain += usize::from(fuzz::xml(&bytes, &table));
    }
    enough(fhir, ROUNDS)?;
    enough(plain, ROUNDS)
}

/// Real messages with one byte changed: no panic, and whatever is accepted keeps the codec's word.
pub fn real_messages() -> Result<(), Failed> {
    let table = empty_table();
    let mut dice = Dice(3);
    for path in files(shared().join(MESSAGES), "json")? {
        let whole = std::fs::read(path)?;
        for _ in 0..4 {
            let mut bytes = whole.clone();
            let at = dice.roll(bytes.len());
            bytes[at] = dice.roll(256) as u8;
            fuzz::fhir_json(&bytes, &table);
        }
    }
    Ok(())
}
