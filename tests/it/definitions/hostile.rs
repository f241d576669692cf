//! Archives that lie, climb out of their folder or swell: refused whole, and what was loaded stays.

use super::check;
use crate::support::{Needs, trial};
use flate2::Compression;
use flate2::write::GzEncoder;
use libtest_mimic::{Failed, Trial};
use stafett::definitions::LibraryBuilder;
use std::io::Write;
use tar::{Builder, EntryType, Header};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("definitions: a hostile archive is refused whole", Needs::Nothing, refused),
        trial("definitions: a plain archive is taken", Needs::Nothing, taken),
    ]
}

const ABOUT: &[u8] = br#"{"name":"example.package","version":"1.0.0"}"#;
const SET: &[u8] = br#"{"resourceType":"ValueSet","url":"http://example.org/vs"}"#;

/// A member whose header's name is written as it is, without the checks of the library that makes archives.
fn member(out: &mut Vec<u8>, name: &str, kind: EntryType, size: u64, content: &[u8]) {
    let mut header = Header::new_ustar();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    out.extend_from_slice(header.as_bytes());
    out.extend_from_slice(content);
    out.resize(out.len().next_multiple_of(512), 0);
}

fn packed(tar: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(tar).and_then(|()| out.finish()).unwrap_or_default()
}

/// An archive with a `package.json` and one more member.
fn with(name: &str, kind: EntryType, content: &[u8]) -> Vec<u8> {
    let mut tar = Vec::new();
    member(&mut tar, "package/package.json", EntryType::Regular, ABOUT.len() as u64, ABOUT);
    member(&mut tar, name, kind, content.len() as u64, content);
    tar.resize(tar.len() + 1024, 0);
    packed(&tar)
}

/// An archive whose PAX header says something about the member that follows it.
fn pax(record: &str) -> Vec<u8> {
    let mut tar = Vec::new();
    member(&mut tar, "package/package.json", EntryType::Regular, ABOUT.len() as u64, ABOUT);
    let record = record.as_bytes();
    member(&mut tar, "PaxHeader", EntryType::XHeader, record.len() as u64, record);
    member(&mut tar, "package/a.json", EntryType::Regular, SET.len() as u64, SET);
    tar.resize(tar.len() + 1024, 0);
    packed(&tar)
}

fn link(kind: EntryType) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(0);
    let added = tar.append_link(&mut header, "package/a.json", "/etc/passwd");
    packed(&added.and_then(|()| tar.into_inner()).unwrap_or_default())
}

fn cases() -> Vec<(&'static str, Vec<u8>)> {
    let bomb = vec![b' '; 200 << 20];
    let twice = {
        let mut tar = Vec::new();
        for _ in 0..2 {
            member(&mut tar, "package/package.json", EntryType::Regular, ABOUT.len() as u64, ABOUT);
        }
        packed(&tar)
    };
    let many = {
        let mut tar = Vec::new();
        for n in 0..30_001 {
            member(&mut tar, &format!("package/{n}.txt"), EntryType::Regular, 0, b"");
        }
        packed(&tar)
    };
    let mut short = Vec::new();
    member(&mut short, "package/package.json", EntryType::Regular, 9_999, ABOUT);
    let mut cut = with("package/a.json", EntryType::Regular, SET);
    cut.truncate(cut.len() / 2);
    vec![
        ("climbs out", with("package/../../etc/cron.d/a.json", EntryType::Regular, SET)),
        ("climbs at once", with("../a.json", EntryType::Regular, SET)),
        ("is absolute", with("/etc/a.json", EntryType::Regular, SET)),
        ("has a drive", with("package/C:a.json", EntryType::Regular, SET)),
        ("has a back slash", with("package\\..\\a.json", EntryType::Regular, SET)),
        ("has a control character", with("package/a\x07.json", EntryType::Regular, SET)),
        ("is a symbolic link", link(EntryType::Symlink)),
        ("is a hard link", link(EntryType::Link)),
        ("is a device", with("package/a.json", EntryType::Char, b"")),
        ("is a pipe", with("package/a.json", EntryType::Fifo, b"")),
        ("is there twice", twice),
        ("is one of too many", many),
        ("is a bomb", with("package/a.json", EntryType::Regular, &bomb)),
        ("is a bomb passed over", with("package/a.txt", EntryType::Regular, &bomb)),
        ("is shorter than it says", packed(&short)),
        ("is cut", cut),
        ("lies in PAX about its size", pax("20 size=99999999999\n")),
        ("lies in PAX about its name", pax("29 path=package/../../a.json\n")),
        ("lies in PAX about a record's length", pax("28 path=package/../../a.json\n")),
        ("is not UTF-8", with("package/a.json", EntryType::Regular, b"{\"a\":\"\xff\"}")),
        ("is no archive", b"not an archive at all".to_vec()),
        ("is empty", Vec::new()),
    ]
}

fn refused() -> Result<(), Failed> {
    let mut builder = LibraryBuilder::new();
    let mut taken = Vec::new();
    for (what, archive) in cases() {
        if builder.add_package("hostile.tgz", &archive).is_ok() {
            taken.push(what);
        }
    }
    let (library, _) = builder.build();
    check(taken.is_empty(), format!("taken although it {taken:?}"))?;
    check(library.packages().len() == 2, "something of a refused package stayed")
}

fn taken() -> Result<(), Failed> {
    let mut builder = LibraryBuilder::new();
    let archive = with("package/ValueSet-a.json", EntryType::Regular, SET);
    builder.add_package("plain.tgz", &archive).map_err(|e| e.to_string())?;
    let again = builder.add_package("again.tgz", &archive).is_err();
    check(again, "one package twice")?;
    // what is no definition is passed over, whatever is in it
    let mut tar = Vec::new();
    let about = br#"{"name":"example.other","version":"1.0.0"}"#;
    member(&mut tar, "package/package.json", EntryType::Regular, about.len() as u64, about);
    for name in
        ["package/.index.db", "package/.index.json", "package/example/a.json", "package/x.sch"]
    {
        member(&mut tar, name, EntryType::Regular, 2, b"\xff\xfe");
    }
    builder.add_package("other.tgz", &packed(&tar)).map_err(|e| e.to_string())?;
    let (library, _) = builder.build();
    check(library.packages().len() == 4, "a plain package was not taken")
}
