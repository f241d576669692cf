//! EDIFACT: real letters byte for byte, broken ones refused at their place, and letters that are mutilated.

use crate::support;
use bytes::Bytes;
use libtest_mimic::Failed;
use stafett::definitions::{LibraryBuilder, typing};
use stafett::format::charset;
use stafett::format::edifact;
use stafett::message::{Issue, Severity};
use stafett::tree::types::Table;
use stafett::tree::{Kind, Lines, NodeId, Tree};
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

fn table() -> Arc<Table> {
    let mut builder = LibraryBuilder::new();
    builder.add_edifact();
    Arc::clone(builder.build().0.table())
}

struct Read {
    tree: Tree,
    issues: Vec<Issue>,
    usable: bool,
    text: String,
}

fn read(bytes: &[u8], table: &Arc<Table>) -> Result<Read, Failed> {
    let bytes = Bytes::copy_from_slice(bytes);
    let decoded = charset::decode(&bytes, Some("iso-8859-1"), false).map_err(|i| i.kind.id)?;
    let mut tree = Tree::new(Arc::clone(table.names()));
    let mut issues = Vec::new();
    let text = decoded.text.to_string();
    let usable = edifact::read(decoded.text, &mut tree, &mut issues);
    if usable {
        typing::type_tree(&mut tree, table, &mut issues);
    }
    Ok(Read { tree, issues, usable, text })
}

fn write(read: &Read) -> Result<Vec<u8>, Failed> {
    let mut out = Vec::new();
    edifact::write(&read.tree, NodeId(0), charset::Charset::Latin1, &mut out)?;
    Ok(out)
}

fn files(folder: &str) -> Result<Vec<PathBuf>, Failed> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(support::shared().join(folder))? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "edi") {
            all.push(path);
        }
    }
    all.sort();
    Ok(all)
}

/// Every letter comes back as it came, and every segment in it is known to the model.
pub fn letters() -> Result<(), Failed> {
    let table = table();
    let paths = files("data/medcom-legacy/pairs")?;
    let mut faults = String::new();
    for path in &paths {
        let bytes = std::fs::read(path)?;
        let read = read(&bytes, &table)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        for issue in read.issues.iter().filter(|i| i.severity >= Severity::Warning) {
            writeln!(faults, "{name}: {} {:?}", issue.kind.id, issue.place)?;
        }
        if !read.usable || write(&read)? != bytes {
            writeln!(faults, "{name}: does not come back as it came")?;
        }
    }
    if paths.len() != 36 {
        return Err(format!("{} letters", paths.len()).into());
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.into()) }
}

/// What is broken is refused, with the line of the segment where it shows.
pub fn broken() -> Result<(), Failed> {
    let table = table();
    let folder = support::shared().join("data/medcom-legacy/broken-and-other");
    for (file, id, line) in [
        ("DIS20_ERROR_UNB0.edi", "edifact-reference-missing", 2),
        ("DIS20_ERROR_UNB1.edi", "edifact-unb", 2),
        ("DIS20_ERROR_UNB2.edi", "edifact-opened-twice", 3),
        ("DIS20_ERROR_UNH0.edi", "edifact-reference-missing", 3),
        ("DIS20_ERROR_UNH1.edi", "edifact-outside", 3),
        ("DIS20_ERROR_UNT0.edi", "edifact-count", 28),
        ("DIS20_ERROR_UNT2.edi", "edifact-count", 28),
        ("DIS20_ERROR_UNZ0.edi", "edifact-reference", 29),
        ("DIS20_ERROR_UNZ1.edi", "edifact-count", 29),
        ("DIS20_ERROR_UNZ2.edi", "edifact-count", 29),
        ("DIS20_ok.edi", "", 0),
        ("DIS20_ok_UNA.edi", "", 0),
        ("DIS17_ok.edi", "", 0),
        ("DIS91_ok.edi", "", 0),
        ("PRE60_ok.edi", "", 0),
    ] {
        let bytes = std::fs::read(folder.join(file))?;
        let read = read(&bytes, &table)?;
        let found = read.issues.iter().find(|i| i.severity >= Severity::Warning);
        let lines = Lines::new(&read.text);
        let at = found.and_then(|i| i.place.offset).map_or(0, |o| lines.at(o).line);
        let found = found.map_or("", |i| i.kind.id);
        if (found, at) != (id, line) || read.usable != id.is_empty() {
            return Err(format!("{file}: {found} on line {at}").into());
        }
        if read.usable && write(&read)? != bytes {
            return Err(format!("{file}: does not come back as it came").into());
        }
    }
    Ok(())
}

const OWN: &str = concat!(
    "UNA:+.? '\r\nUNB+UNOC:3+5790000120400:14+5790000128700:14+261125:1210+K1++++0'\r\n",
    "UNH+B1+MEDDIS:D:93A:UN:D9134L+DIS91'\r\nBGM+EPI++9+NA'\r\nS01+01'\r\n",
    "NAD+SSP+2001060:SKS:SST++Sjukhus ?+ ??:Afd?. A::::US'\r\nS02+02'\r\nGIS+N'\n",
    "FTX+OE+P00++?'s'\r\nUNT+8+B1'\r\n",
    "UNH+B2+MEDDIS:D:93A:UN:D9134L+DIS91'\r\nBGM+EPI:'\r\nUNT+3+B2'\r\n",
    "UNO+1+AID:1+OBJ+5'\u{e6}'+':UNP+5+1'\r\nUNZ+3+K1'",
);

/// Two letters and a binary package; releases, needless ones too; mixed line ends.
pub fn own() -> Result<(), Failed> {
    let table = table();
    let latin: Vec<u8> = OWN.chars().map(|c| c as u8).collect();
    let read = read(&latin, &table)?;
    let ids: Vec<_> = read.issues.iter().map(|i| i.kind.id).collect();
    if !read.usable || !ids.is_empty() {
        return Err(format!("{ids:?}").into());
    }
    let tree = &read.tree;
    let brev = tree.child(NodeId(0), "Brev").ok_or("no letter")?;
    let nad = tree.at(brev, &["BrevIndhold", "S01", "NAD"]).ok_or("no NAD below S01")?;
    let fourth = tree.children_named(nad, "Elm").nth(3).ok_or("no fourth element")?;
    let texts: Vec<_> = tree.children(fourth).map(|n| tree.text(n).unwrap_or_default()).collect();
    if texts != ["Sjukhus + ?", "Afd. A", "", "", "", "US"] {
        return Err(format!("{texts:?}").into());
    }
    if write(&read)? != latin {
        return Err(String::from_utf8_lossy(&write(&read)?).into_owned().into());
    }
    let strange: Vec<u8> = OWN.replace("BGM+EPI+", "XYZ+EPI+").chars().map(|c| c as u8).collect();
    let strange = self::read(&strange, &table)?;
    let told: Vec<_> = strange.issues.iter().filter(|i| i.refuses()).map(|i| i.kind.id).collect();
    match told.as_slice() {
        ["typing-unknown-element"] => Ok(()),
        other => Err(format!("a segment that no letter has: {other:?}").into()),
    }
}

/// An interchange that was not read is written with the usual delimiters and counts of its own.
pub fn anew() -> Result<(), Failed> {
    let table = table();
    let text = "UNA*!.# 'UNB!UNOC*3!1*14!2*14!261125*1210!K1'\nUNH!B1!MEDDIS*D*93A'S01!01'FTX!a+b*c#*d'UNT!4!B1'UNZ!1!K1'";
    let mut read = read(text.as_bytes(), &table)?;
    if !read.usable {
        return Err(format!("{:?}", read.issues).into());
    }
    let una = read.tree.child(NodeId(0), "UNA").ok_or("no UNA")?;
    read.tree.detach(una);
    let brev = read.tree.child(NodeId(0), "Brev").ok_or("no letter")?;
    let ftx = read.tree.at(brev, &["BrevIndhold", "S01", "FTX"]).ok_or("no FTX")?;
    read.tree.detach(ftx);
    let bgm = read.tree.name_id("BGM");
    let content = read.tree.child(brev, "BrevIndhold").ok_or("no content")?;
    read.tree.attach(content, ftx);
    read.tree.add(Some(content), Kind::Element, bgm, 0);
    read.tree.header = stafett::tree::Header::default();
    let written = String::from_utf8(write(&read)?)?;
    let expected = concat!(
        "UNB+UNOC:3+1:14+2:14+261125:1210+K1'\r\nUNH+B1+MEDDIS:D:93A'\r\nS01+01'\r\n",
        "FTX+a?+b:c*d'\r\nBGM'\r\nUNT+5+B1'\r\nUNZ+1+K1'\r\n",
    );
    if written == expected { Ok(()) } else { Err(written.into()) }
}

/// Cut off or with a byte changed anywhere: read without a panic, and what is read is written as it came.
pub fn mutilated() -> Result<(), Failed> {
    let table = table();
    let whole: Vec<u8> = OWN.split("UNO+1").next().unwrap_or_default().bytes().collect();
    let whole = [whole, b"UNZ+2+K1'\r\n".to_vec()].concat();
    let first = read(&whole, &table)?;
    if !first.usable {
        return Err(format!("the whole is not usable: {:?}", first.issues).into());
    }
    let mut usable = 0;
    for at in 0..whole.len() {
        let changed = |byte: u8| {
            let mut all = whole.clone();
            all[at] = byte;
            all
        };
        let variants = [b'+', b':', b'\'', b'?', b'\n', b'A', 0xE6].map(changed);
        for variant in std::iter::once(whole[..at].to_vec()).chain(variants) {
            let read = read(&variant, &table)?;
            if !read.usable && read.issues.is_empty() {
                return Err("refused without a reason".into());
            }
            if read.usable {
                usable += 1;
                let written = write(&read)?;
                if written != variant {
                    let (a, b) =
                        (String::from_utf8_lossy(&variant), String::from_utf8_lossy(&written));
                    return Err(format!("{a:?} comes back as {b:?}").into());
                }
            }
        }
    }
    if usable > 300 { Ok(()) } else { Err(format!("only {usable} usable").into()) }
}
