//! The lock file: which archives a site uses, by the hash of their bytes.
//!
//! Promises: the same packages make the same text; a lock that was read names files that stay in their
//! folder; an archive that is not what was locked is an error that names both hashes. Never: reaches out.

use super::{Missing, checked_name, checked_version, file_name};
use crate::message::{Diagnostic, Error, ErrorKind, Origin, Severity};
use serde::{Deserialize, Serialize};

/// The lock file's form; another form has another number.
const FORM: u32 = 1;

const OPENING: &str =
    "# Written by `stafett package add`. With it, exactly these archives are loaded.\n\n";

/// A lock file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    form: u32,
    /// The archives, by name and version.
    #[serde(default, rename = "package", skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Locked>,
    /// What they depend on and could not be had, by name and version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<NotLoaded>,
}

/// An archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locked {
    /// The package's name.
    pub name: Box<str>,
    /// Its version.
    pub version: Box<str>,
    /// BLAKE3 of the archive, in hexadecimal.
    pub blake3: Box<str>,
    /// The archive's size.
    pub bytes: u64,
    /// Where it came from.
    pub source: Box<str>,
    /// Whether somebody asked for it, rather than another package.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asked: bool,
}

/// A dependency that could not be had.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotLoaded {
    /// Its name.
    pub name: Box<str>,
    /// The version asked for.
    pub version: Box<str>,
    /// Who asks for it first.
    pub by: Box<str>,
}

impl Locked {
    /// An archive as it is now.
    pub fn of(name: &str, version: &str, archive: &[u8], source: &str, asked: bool) -> Locked {
        Locked {
            name: name.into(),
            version: version.into(),
            blake3: hash(archive),
            bytes: archive.len() as u64,
            source: source.into(),
            asked,
        }
    }

    /// The archive's file in the folder of packages.
    pub fn file(&self) -> String {
        file_name(&self.name, &self.version)
    }

    /// Whether these bytes are the archive that was locked; if not, both hashes.
    pub fn check(&self, archive: &[u8]) -> Result<(), Error> {
        let is = hash(archive);
        if is == self.blake3 {
            return Ok(());
        }
        let note = format!(
            "{}#{} is not the archive that was locked: its BLAKE3 is {is}, the lock file says {}",
            self.name, self.version, self.blake3
        );
        Err(Error::new(ErrorKind::Configuration, note))
    }
}

fn hash(archive: &[u8]) -> Box<str> {
    blake3::hash(archive).to_hex().as_str().into()
}

impl Lock {
    /// An empty one.
    pub fn new() -> Lock {
        Lock { form: FORM, ..Lock::default() }
    }

    /// Reads a lock file. `Err` is one finding with its place.
    pub fn parse(file: &str, text: &str) -> Result<Lock, Diagnostic> {
        let at = |line: u32, column: u32, text: String| {
            let origin = Origin { file: file.into(), line, column };
            Diagnostic::error(origin, "definitions-lock", text)
                .help("`stafett package add` writes it; restore it, or remove it and add the packages again")
        };
        let lock: Lock = toml::from_str(text).map_err(|fault| {
            let start = fault.span().map_or(0, |span| span.start);
            let place = crate::tree::Lines::new(text).at(start as u32);
            at(place.line, place.column, fault.message().lines().collect::<Vec<_>>().join("; "))
        })?;
        if lock.form != FORM {
            return Err(at(0, 0, format!("the lock file has form {}, not {FORM}", lock.form)));
        }
        for one in &lock.packages {
            let named = checked_name(&one.name).and(checked_version(&one.version));
            named.map_err(|error| at(0, 0, error.note))?;
        }
        Ok(lock)
    }

    /// The lock file's text.
    pub fn text(&self) -> String {
        let body = toml::to_string(self).expect("plain data is written as TOML");
        format!("{OPENING}{body}")
    }

    /// The archive of a name and version.
    pub fn find(&self, name: &str, version: &str) -> Option<&Locked> {
        self.packages.iter().find(|one| &*one.name == name && &*one.version == version)
    }

    /// Adds archives, replacing those of the same name and version, and what is missing still.
    pub fn add(&mut self, more: Vec<Locked>, missing: &[Missing]) {
        for one in more {
            let asked = self.find(&one.name, &one.version).is_some_and(|known| known.asked);
            self.packages.retain(|old| (&old.name, &old.version) != (&one.name, &one.version));
            self.packages.push(Locked { asked: asked || one.asked, ..one });
        }
        let not_loaded = |one: &Missing| NotLoaded {
            name: one.name.clone(),
            version: one.version.clone(),
            by: one.by.clone(),
        };
        self.missing.extend(missing.iter().map(not_loaded));
        self.missing.sort();
        self.missing.dedup_by(|a, b| (&a.name, &a.version) == (&b.name, &b.version));
        let Lock { packages, missing, .. } = self;
        let fits = |gone: &NotLoaded, one: &Locked| {
            gone.name == one.name && crate::definitions::version::fits(&gone.version, &one.version)
        };
        missing.retain(|gone| !packages.iter().any(|one| fits(gone, one)));
        packages.sort_by(|a, b| {
            let versions = || crate::definitions::version::compare(&a.version, &b.version);
            a.name.cmp(&b.name).then_with(versions)
        });
    }

    /// What is missing, as findings: said when packages are loaded, once each.
    pub fn findings(&self, file: &str, strict: bool) -> Vec<Diagnostic> {
        let finding = |one: &NotLoaded| {
            let origin = Origin { file: file.into(), ..Origin::default() };
            let NotLoaded { name, version, by } = one;
            let text = format!("{name} {version}, which {by} asks for, was not to be had");
            let mut one = Diagnostic::warning(origin, "definitions-missing-package", text);
            if strict {
                one.severity = Severity::Error;
            }
            one
        };
        self.missing.iter().map(finding).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock() -> Lock {
        let mut lock = Lock::new();
        let missing = Missing {
            name: "x".into(),
            version: "1.0.x".into(),
            by: "a#1.0.0".into(),
            why: "".into(),
        };
        let one =
            |version: &str, asked| Locked::of("a", version, version.as_bytes(), "here", asked);
        lock.add(vec![one("1.10.0", false), one("1.9.0", true)], &[missing]);
        lock
    }

    #[test]
    fn what_is_written_is_read() {
        let lock = lock();
        let text = lock.text();
        assert!(text.find("1.9.0").unwrap() < text.find("1.10.0").unwrap(), "{text}");
        assert_eq!(Lock::parse("l", &text).unwrap(), lock);
        assert_eq!(lock.findings("l", true)[0].severity, Severity::Error);
    }

    #[test]
    fn an_archive_that_came_is_missing_no_more_and_asked_for_stays() {
        let mut lock = lock();
        lock.add(vec![Locked::of("x", "1.0.7", b"", "", false)], &[]);
        lock.add(vec![Locked::of("a", "1.9.0", b"new", "", false)], &[]);
        assert!(lock.missing.is_empty());
        let one = lock.find("a", "1.9.0").unwrap();
        assert!(one.asked && one.check(b"new").is_ok());
        let wrong = one.check(b"old").unwrap_err().note;
        assert!(wrong.contains(&*hash(b"old")) && wrong.contains(&*one.blake3), "{wrong}");
    }

    #[test]
    fn a_broken_lock_is_one_finding() {
        for (text, line) in [
            ("form = 1\nmore = 2\n", 2),
            ("form = 2\n", 0),
            ("", 1),
            (
                "form = 1\n[[package]]\nname = '../x'\nversion = '1'\nblake3 = ''\nbytes = 1\nsource = ''\n",
                0,
            ),
        ] {
            let found = Lock::parse("packages.lock", text).unwrap_err();
            assert_eq!(found.origin.line, line, "{text}: {found}");
        }
    }
}
