//! Which archives a site has, and how it comes by them: names, a registry's documents, closures, the lock.
//!
//! ```text
//! NAME@VERSION ─> fetch (a registry at hand?) ─> archives + what is missing ─> lock ─> load
//! ```
//!
//! Promises: a name or version that could leave its folder or its address is refused; what an archive says
//! it is must be what was asked for. Never: opens a file or a socket; those are handed in.

mod fetch;
mod lock;
mod registry;

pub use fetch::{Asked, Fetched, MOST, MOST_BYTES, Missing, Registry, Taken, fetch};
pub use lock::{Lock, Locked, NotLoaded};
pub use registry::{Dist, Versions};

use crate::message::{Error, ErrorKind};

/// The longest name of a package, and the longest version.
pub const NAME_BYTES: usize = 128;

/// Checks the name of a package: letters, digits, `.`, `-`, `_`, and no dot first.
pub fn checked_name(name: &str) -> Result<&str, Error> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let good = !name.is_empty() && name.len() <= NAME_BYTES && name.bytes().all(plain);
    match good && !name.starts_with('.') && !name.contains("..") {
        true => Ok(name),
        false => Err(no_name("package", name)),
    }
}

/// Checks a version, exact or not: as names, and `+` and `*` besides.
pub fn checked_version(version: &str) -> Result<&str, Error> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.+*".contains(&b);
    let good = !version.is_empty() && version.len() <= NAME_BYTES && version.bytes().all(plain);
    match good && !version.starts_with('.') && !version.contains("..") {
        true => Ok(version),
        false => Err(no_name("version", version)),
    }
}

fn no_name(what: &str, text: &str) -> Error {
    let shown: String = text.chars().take(60).collect();
    let note = format!("`{}` is no name of a {what}", shown.escape_debug());
    Error::new(ErrorKind::Configuration, note)
}

/// What an archive's file is called.
pub fn file_name(name: &str, version: &str) -> String {
    format!("{name}-{version}.tgz")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_where_they_are() {
        for good in ["hl7.fhir.dk.core", "a", "x-y_z.1"] {
            assert!(checked_name(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", ".a", "a..b", "a/b", "a\\b", "å", "a b", "a%2fb", "a:b", "a@1"]
        {
            assert!(checked_name(bad).is_err(), "{bad}");
        }
        assert!(checked_version("4.0.x").is_ok() && checked_version("1.0.0-ballot+7").is_ok());
        assert!(checked_version("1/../2").is_err() && checked_version("").is_err());
    }
}
