//! What our XML readers accept, libxml2 accepts: over mutated documents, by xmllint.

use super::files;
use crate::support::shared;
use bytes::Bytes;
use libtest_mimic::Failed;
use stafett::format::{charset, fhir_xml, xml};
use stafett::message::Issue;
use stafett::tree::{Names, Tree};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

const SEEDS: [&str; 8] = [
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone='yes'?>\n<a b='1' c=\"2\">x&amp;y<!-- z --></a>\n",
    "<p:a xmlns:p=\"urn:x\" xmlns=\"urn:y\" p:b=\"&lt;&#65;&#x42;\"><b xml:lang='da'/><?pi data?></p:a>",
    "<a><![CDATA[<&]]>]]&gt;<b c='\"' d=\"'\" >\u{e6}\u{1F600}</b ><c\n/></a><!-- after -->",
    "<Patient xmlns=\"http://hl7.org/fhir\"><id value=\"1\"/><text><status value=\"generated\"/>\
     <div xmlns=\"http://www.w3.org/1999/xhtml\"><p>a<br/></p></div></text></Patient>",
    "\u{FEFF}<\u{e6}\u{f8} \u{e5}='1'><a.b-c_1/></\u{e6}\u{f8}>",
    "<a xmlns:q='u' xmlns:r='v'><q:b q:c='1' r:c='2'/><b xmlns=''/><b xmlns='w'><c/></b></a>",
    "<?xml version='1.0' encoding='iso-8859-1'?><a b='x'>y</a>",
    "<!-- first --><?style x?>\n<a\tb = '1'\r\n>\r\n\ttext &quot;&apos;&gt;</a>",
];

/// What is spliced in: pieces of syntax, rather than random bytes.
const PIECES: [&str; 48] = [
    "<",
    ">",
    "/",
    "&",
    ";",
    "'",
    "\"",
    "=",
    ":",
    " ",
    "\n",
    "]]>",
    "--",
    "-->",
    "<!--",
    "<?",
    "?>",
    "<![CDATA[",
    "<!DOCTYPE a>",
    "</a>",
    "<a>",
    "<a/>",
    "xmlns=''",
    " xmlns:p='u'",
    "p:",
    "&#0;",
    "&#x1;",
    "&nbsp;",
    "&lt;",
    "&#xFFFF;",
    "\u{1}",
    "\u{0}",
    "\u{B7}",
    "\u{FFFE}",
    "1",
    "-",
    ".",
    "xml",
    "<?xml ?>",
    "version",
    " a='1' a='2'",
    "\u{E6}",
    "\u{85}",
    "\t",
    "!",
    "#",
    "[",
    "encoding='latin1'",
];

/// The documents among these that xmllint refuses, with what it says first.
pub fn refused(documents: &[PathBuf]) -> Result<Vec<(PathBuf, String)>, Failed> {
    let mut found = Vec::new();
    for batch in documents.chunks(500) {
        let output = Command::new("xmllint").arg("--noout").arg("--nonet").args(batch).output()?;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        if told.is_empty() && !output.status.success() {
            return Err(Failed::from("xmllint failed without a word"));
        }
        for path in batch {
            let start = format!("{}:", path.display());
            let error = told.lines().find(|line| {
                line.starts_with(&start) && line.contains(" error :") && !harmless(line)
            });
            found.extend(error.map(|line| (path.clone(), line.to_owned())));
        }
    }
    Ok(found)
}

/// libxml2 wants namespaces to be good URIs; the namespaces recommendation does not.
fn harmless(line: &str) -> bool {
    line.contains("is not a valid URI")
}

/// A small generator of its own, so that a seed means the same for ever.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % sides.max(1)
    }
}

fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn mutated(seed: &str, dice: &mut Dice) -> String {
    let mut text = seed.to_owned();
    for _ in 0..=dice.roll(2) {
        let at = boundary(&text, dice.roll(text.len() + 1));
        let end = boundary(&text, (at + dice.roll(6)).min(text.len()));
        match dice.roll(4) {
            0 => text.replace_range(at..end, ""),
            1 => text.insert_str(at, PIECES[dice.roll(PIECES.len())]),
            2 => text.replace_range(at..end, PIECES[dice.roll(PIECES.len())]),
            _ => {
                let piece = text[at..end].to_owned();
                let to = boundary(&text, dice.roll(text.len() + 1));
                text.insert_str(to, &piece);
            }
        }
    }
    text
}

/// Whether one of our readers takes the document for well-formed.
fn accepted(bytes: &[u8], fhir: bool) -> bool {
    let Ok(decoded) = charset::decode(&Bytes::copy_from_slice(bytes), None, true) else {
        return false;
    };
    let mut tree = Tree::new(Arc::new(Names::default()));
    let mut issues: Vec<Issue> = Vec::new();
    let read = if fhir { fhir_xml::read } else { xml::read };
    read(decoded.text, &mut tree, &mut issues)
}

/// Mutated documents.
pub fn mutants() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let mut dice = Dice(20261125);
    let mut documents = Vec::new();
    let mut rejected = 0;
    for at in 0..12_000 {
        let text = mutated(SEEDS[at % SEEDS.len()], &mut dice);
        let latin: Vec<u8>;
        let bytes = match text.contains("8859-1") && text.chars().all(|c| u32::from(c) < 256) {
            true => {
                latin = text.chars().map(|c| c as u8).collect();
                &latin
            }
            false => text.as_bytes(),
        };
        if accepted(bytes, false) || accepted(bytes, true) {
            let path = folder.path().join(format!("{at}.xml"));
            std::fs::write(&path, bytes)?;
            documents.push(path);
        } else {
            rejected += 1;
        }
    }
    if documents.len() < 1000 || rejected < 1000 {
        return Err(Failed::from("the mutations are too tame or too wild to mean anything"));
    }
    let refused = refused(&documents)?;
    match refused.first() {
        None => Ok(()),
        Some((path, why)) => {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let count = refused.len();
            Err(Failed::from(format!("{count} of {}; {why}\n{text}", documents.len())))
        }
    }
}

/// The test sees a document that libxml2 refuses.
pub fn refusals_are_seen() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let mut documents = Vec::new();
    for (at, text) in ["<a/>", "<a>", "<p:a/>", "<a/><b/>", "<a b='1' b='2'/>"].iter().enumerate() {
        let path = folder.path().join(format!("{at}.xml"));
        std::fs::write(&path, text)?;
        documents.push(path);
    }
    match refused(&documents)?.len() {
        4 => Ok(()),
        seen => Err(Failed::from(format!("{seen} of 4 refusals were seen"))),
    }
}

/// Whole files with one byte changed or the end cut off.
pub fn damaged_files() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let mut dice = Dice(7);
    let mut documents = Vec::new();
    for (at, source) in files(shared().join("data/medcom-legacy/pairs"), "xml")?.iter().enumerate()
    {
        let whole = std::fs::read(source)?;
        for round in 0..40 {
            let mut bytes = whole.clone();
            let place = dice.roll(bytes.len());
            match round % 2 {
                0 => bytes[place] = dice.roll(256) as u8,
                _ => bytes.truncate(place),
            }
            if accepted(&bytes, false) {
                let path = folder.path().join(format!("{at}-{round}.xml"));
                std::fs::write(&path, bytes)?;
                documents.push(path);
            }
        }
    }
    let refused = refused(&documents)?;
    match refused.first() {
        None => Ok(()),
        Some((path, why)) => Err(Failed::from(format!("{}: {why}", path.display()))),
    }
}
