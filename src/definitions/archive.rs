//! A FHIR package's archive (`.tgz`), streamed member by member.
//!
//! Promises: nothing is unpacked to a disk; an archive with a link, a device, a name that leaves its folder,
//! a member twice, more bytes than its limits or a size that is not true is refused whole. Members that are
//! not JSON directly below `package/` are passed over, examples and indexes too.

use crate::message::{Error, ErrorKind};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::io::{self, Read};
use tar::EntryType;

/// The largest archive, compressed: 64 MB. The largest published package at the time of writing has 60.
pub const ARCHIVE_BYTES: usize = 64 << 20;
/// The most bytes it may inflate to: 512 MB.
pub const INFLATED_BYTES: u64 = 512 << 20;
/// The most times larger it may become: text of definitions deflates 30 to 60 times at best.
pub const RATIO: u64 = 150;
/// The most members.
pub const MEMBERS: usize = 30_000;
/// The largest single member: 32 MB.
pub const MEMBER_BYTES: u64 = 32 << 20;
/// The longest member name.
pub const NAME_BYTES: usize = 256;

/// What `package.json` says.
#[derive(Deserialize, Serialize, Default, Debug, Clone, PartialEq, Eq)]
#[serde(default)]
pub struct About {
    /// The package's name.
    pub name: Box<str>,
    /// Its version.
    pub version: Box<str>,
    /// The packages it depends on, with their versions, by name.
    pub dependencies: std::collections::BTreeMap<Box<str>, Box<str>>,
}

/// The member that says what the package is.
pub const ABOUT: &str = "package.json";

impl About {
    /// Reads a `package.json`, which names the package.
    pub fn read(json: &str) -> Result<About, Error> {
        let about: About =
            serde_json::from_str(json).map_err(|e| refuse(format!("{ABOUT}: {e}")))?;
        match about.name.is_empty() {
            true => Err(refuse("no package.json with a name")),
            false => Ok(about),
        }
    }
}

fn refuse(note: impl Into<String>) -> Error {
    Error::new(ErrorKind::Configuration, note)
}

fn too_much(note: impl Into<String>) -> Error {
    Error::new(ErrorKind::Limit, note)
}

/// Whether the rest of an archive is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// It is.
    Go,
    /// It is not: what was read is enough.
    Stop,
}

/// Reads an archive and hands its JSON members on: the name below `package/`, and the text.
pub fn read(
    archive: &[u8],
    member: &mut dyn FnMut(&str, &str) -> Result<Next, Error>,
) -> Result<(), Error> {
    if archive.len() > ARCHIVE_BYTES {
        return Err(too_much(format!("the archive is larger than {ARCHIVE_BYTES} bytes")));
    }
    let most = INFLATED_BYTES.min((archive.len() as u64).saturating_mul(RATIO).max(1 << 20));
    let inflated = Bounded { inner: flate2::bufread::GzDecoder::new(archive), left: most };
    let mut members = tar::Archive::new(inflated);
    let mut seen = HashSet::new();
    let mut bytes = Vec::new();
    for (count, entry) in members.entries().map_err(broken)?.enumerate() {
        let mut entry = entry.map_err(broken)?;
        if count >= MEMBERS {
            return Err(too_much(format!("the archive has more than {MEMBERS} members")));
        }
        let kind = entry.header().entry_type();
        if matches!(kind, EntryType::XGlobalHeader | EntryType::Directory) {
            continue;
        }
        let mut records = entry.pax_extensions().map_err(broken)?.into_iter().flatten();
        if records.any(|record| record.is_err()) {
            return Err(refuse("a member's extended header cannot be read"));
        }
        let path = entry.path_bytes().into_owned();
        let name = checked_name(&path)?;
        if kind != EntryType::Regular && kind != EntryType::Continuous {
            return Err(refuse(format!("`{name}` is not a plain file")));
        }
        if !seen.insert(path.clone()) {
            return Err(refuse(format!("`{name}` is there twice")));
        }
        let Some(short) = wanted(name) else { continue };
        let size = entry.size();
        if size > MEMBER_BYTES {
            return Err(too_much(format!("`{name}` is larger than {MEMBER_BYTES} bytes")));
        }
        // grows to the largest member and is not cleared in between
        bytes.resize(bytes.len().max(size as usize), 0);
        let bytes = &mut bytes[..size as usize];
        entry.read_exact(bytes).map_err(|fault| match fault.kind() {
            io::ErrorKind::UnexpectedEof => refuse(format!("`{name}` is shorter than it says")),
            _ => broken(fault),
        })?;
        let text =
            std::str::from_utf8(bytes).map_err(|_| refuse(format!("`{name}` is not UTF-8")))?;
        if member(short, text.strip_prefix('\u{feff}').unwrap_or(text))? == Next::Stop {
            return Ok(());
        }
    }
    if seen.is_empty() {
        return Err(refuse("the archive has no members"));
    }
    Ok(())
}

/// Reads an archive whole and says what its `package.json` does.
pub fn about(archive: &[u8]) -> Result<About, Error> {
    let mut about = None;
    read(archive, &mut |member, json| {
        if member == ABOUT {
            about = Some(About::read(json)?);
        }
        Ok(Next::Go)
    })?;
    about.ok_or_else(|| refuse("no package.json with a name"))
}

fn broken(fault: io::Error) -> Error {
    if fault.kind() == io::ErrorKind::FileTooLarge {
        return too_much("the archive inflates to more than its limit");
    }
    refuse("the archive cannot be read").cause(fault)
}

/// A member's name, if it is one that stays inside its folder and is safe to print.
fn checked_name(path: &[u8]) -> Result<&str, Error> {
    let name = std::str::from_utf8(path).map_err(|_| refuse("a member's name is not UTF-8"))?;
    if name.len() > NAME_BYTES {
        return Err(refuse("a member's name is too long"));
    }
    let plain = name.bytes().all(|b| b.is_ascii_graphic() || b == b' ' || b >= 0x80);
    let inside = !name.starts_with('/') && !name.split('/').any(|part| part == "..");
    if !plain || !inside || name.contains('\\') || name.contains(':') {
        return Err(refuse(format!("`{}` is not a name for a member", name.escape_debug())));
    }
    Ok(name)
}

/// The name of a definition's member below `package/`; none for what is passed over.
fn wanted(name: &str) -> Option<&str> {
    let name = name.strip_prefix("./").unwrap_or(name);
    let short = name.strip_prefix("package/")?;
    (short.ends_with(".json") && !short.starts_with('.') && !short.contains('/')).then_some(short)
}

/// A reader that fails once more than so many bytes came out of it.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        match self.left.checked_sub(count as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::from(io::ErrorKind::FileTooLarge)),
        }
        Ok(count)
    }
}
