//! What a FHIR package registry says about a package: its versions, its tags, and the sums of its archives.
//!
//! Promises: a sum that was given is checked; which version a wildcard or a tag means is the same every
//! time. Never: trusts an address in a document further than the one who fetches allows.

use super::checked_version;
use crate::definitions::version;
use crate::message::{Error, ErrorKind};
use base64::Engine as _;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A package's versions, as `GET {base}/{name}` tells them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// `latest`, `current`, ... and the version each means.
    pub tags: BTreeMap<Box<str>, Box<str>>,
    /// The versions, with where their archives are.
    pub all: BTreeMap<Box<str>, Dist>,
}

/// Where an archive is, and what it sums up to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Dist {
    /// Its address.
    pub tarball: Option<Box<str>>,
    /// SHA-1 of the archive, in hexadecimal.
    pub shasum: Option<Box<str>>,
    /// `sha512-` and the sum in base64; several with blanks between them.
    pub integrity: Option<Box<str>>,
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "dist-tags", default)]
    tags: BTreeMap<Box<str>, Box<str>>,
    #[serde(default)]
    versions: BTreeMap<Box<str>, Version>,
}

#[derive(Deserialize)]
struct Version {
    #[serde(default)]
    dist: Dist,
}

impl Versions {
    /// Reads a registry's document. Versions with names that could not be written to a disk are left out.
    pub fn parse(json: &[u8]) -> Result<Versions, Error> {
        let document: Document = serde_json::from_slice(json).map_err(|fault| {
            Error::new(ErrorKind::Transport, "the registry's answer is no list of versions")
                .cause(fault)
        })?;
        let named = |(name, one): (Box<str>, Version)| {
            checked_version(&name).is_ok().then_some((name, one.dist))
        };
        Ok(Versions {
            tags: document.tags,
            all: document.versions.into_iter().filter_map(named).collect(),
        })
    }

    /// The version that is meant: exactly this one; the one a tag names (`current` is `latest` where there
    /// is no such tag); the newest that a wildcard or the beginning of a version fits, ballots last.
    pub fn choose(&self, asked: &str) -> Option<&str> {
        if let Some((exact, _)) = self.all.get_key_value(asked) {
            return Some(exact);
        }
        let latest = || self.tags.get("latest").filter(|_| asked == "current");
        if let Some(tagged) = self.tags.get(asked).or_else(latest) {
            return self.all.get_key_value(tagged).map(|(name, _)| &**name);
        }
        if matches!(asked, "latest" | "current") {
            return newest(self.all.keys().map(|name| &**name));
        }
        newest(self.all.keys().map(|name| &**name).filter(|name| version::fits(asked, name)))
    }
}

/// The newest; one with a label only where there is nothing else.
fn newest<'v>(all: impl Iterator<Item = &'v str> + Clone) -> Option<&'v str> {
    let order = |a: &&str, b: &&str| version::compare(a, b);
    all.clone().filter(|one| !one.contains('-')).max_by(order).or_else(|| all.max_by(order))
}

impl Dist {
    /// Checks an archive against the sums that came with it; without any there is nothing to check.
    pub fn check(&self, archive: &[u8]) -> Result<(), Error> {
        let wrong = |kind: &str, said: &str, is: &str| {
            let note = format!("the registry says {kind} {said}, the archive has {is}");
            Err(Error::new(ErrorKind::Transport, note))
        };
        if let Some(said) = &self.shasum {
            let is = sha1_smol::Sha1::from(archive).digest().to_string();
            if !is.eq_ignore_ascii_case(said) {
                return wrong("SHA-1", said, &is);
            }
        }
        let sums = self.integrity.as_deref().unwrap_or_default().split_ascii_whitespace();
        for said in sums.filter_map(|sum| sum.split('?').next()?.strip_prefix("sha512-")) {
            let is = base64::engine::general_purpose::STANDARD.encode(sha512(archive));
            if is != said {
                return wrong("SHA-512", said, &is);
            }
        }
        Ok(())
    }
}

fn sha512(bytes: &[u8]) -> [u8; 64] {
    use sha2::Digest;
    sha2::Sha512::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions() -> Versions {
        Versions::parse(
            br#"{"name":"a","dist-tags":{"latest":"4.0.1"},"extra":[1],"versions":{
                "4.0.1":{"dist":{"tarball":"http://r/a/4.0.1"}},"4.0.0":{},"4.1.0-ballot":{},
                "4.10.0":{},"5.0.0-snapshot1":{},"../x":{}}}"#,
        )
        .unwrap()
    }

    #[test]
    fn versions_are_chosen() {
        let all = versions();
        assert_eq!(all.choose("4.0.0"), Some("4.0.0"));
        assert_eq!(all.choose("4.0.x"), Some("4.0.1"));
        assert_eq!(all.choose("4.x"), Some("4.10.0"));
        assert_eq!(all.choose("4.1"), Some("4.1.0-ballot"));
        assert_eq!(all.choose("latest"), Some("4.0.1"));
        assert_eq!(all.choose("current"), Some("4.0.1"));
        assert_eq!(all.choose("../x"), None);
        assert_eq!(all.choose("6.0.0"), None);
        let untagged = Versions { tags: BTreeMap::new(), ..all };
        assert_eq!(untagged.choose("latest"), Some("4.10.0"));
    }

    #[test]
    fn sums_are_checked() {
        let sum = |shasum: Option<&str>, integrity: Option<&str>| Dist {
            tarball: None,
            shasum: shasum.map(Into::into),
            integrity: integrity.map(Into::into),
        };
        // the sums of `abc`, as the standard gives them
        let one = "a9993e364706816aba3e25717850c26c9cd0d89d";
        let two = "sha512-3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==";
        assert!(sum(Some(one), Some(two)).check(b"abc").is_ok());
        assert!(sum(None, Some("md5-x")).check(b"abc").is_ok());
        let wrong = sum(Some(one), None).check(b"abd").unwrap_err();
        assert!(wrong.note.contains(one) && wrong.note.contains("SHA-1"), "{}", wrong.note);
        assert!(sum(None, Some(two)).check(b"abd").is_err());
    }
}
