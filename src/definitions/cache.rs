//! What packages' archives were decoded to, kept as bytes for the next start.
//!
//! Promises: what is read is what decoding the same archives would give, whatever the configuration says; bytes
//! that are for other archives, of another build, or damaged are told apart and never used, and reading them
//! never panics. Never: a place to trust more than the archives: its sum is against faults, not against forgers.

use super::archive::About;
use super::core::Kind;
use super::decoded::{Made, Package, Unreadable, spread};
use super::model::CodeSystem;
use super::pack::{Common, Damaged, Packer, Shared};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What comes first in the bytes.
const FORM: &[u8; 8] = b"stafDef\x02";

/// The sources whose change may change what an archive is decoded to, or how that is kept.
const CODE: &[(&str, &str)] = &[
    ("archive", include_str!("archive.rs")),
    ("cache", include_str!("cache.rs")),
    ("concepts", include_str!("concepts.rs")),
    ("core", include_str!("core.rs")),
    ("decode", include_str!("decode.rs")),
    ("decode_maps", include_str!("decode_maps.rs")),
    ("decoded", include_str!("decoded.rs")),
    ("element", include_str!("element.rs")),
    ("model", include_str!("model.rs")),
    ("pack", include_str!("pack.rs")),
];

/// For which archives, in which order, and for which build something is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Key([u8; 32]);

impl Key {
    /// The key of these archives.
    pub fn of<'a>(archives: impl IntoIterator<Item = &'a [u8]>) -> Key {
        let mut hasher = blake3::Hasher::new();
        hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
        for (_, text) in CODE {
            hasher.update(blake3::hash(text.as_bytes()).as_bytes());
        }
        for archive in archives {
            hasher.update(blake3::hash(archive).as_bytes());
        }
        Key(*hasher.finalize().as_bytes())
    }
}

/// Why bytes are not used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unfit {
    /// They are for other archives, or of another build.
    Stale,
    /// They are not what was written.
    Damaged,
}

impl fmt::Display for Unfit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Unfit::Stale => "for other archives or of another build",
            Unfit::Damaged => "damaged",
        })
    }
}

impl From<Damaged> for Unfit {
    fn from(_: Damaged) -> Unfit {
        Unfit::Damaged
    }
}

#[derive(Serialize, Deserialize, Default)]
struct Parts {
    common: Common,
    packages: Vec<Packed>,
    bodies: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Packed {
    about: About,
    unreadable: Vec<Unreadable>,
    definitions: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    kind: Kind,
    member: u32,
    /// Where its body begins, and how long it is.
    start: u32,
    length: u32,
}

/// The bytes of packages; none: they are too large to be kept.
pub fn write<'a>(key: &Key, packages: impl IntoIterator<Item = &'a Package>) -> Option<Vec<u8>> {
    let mut packer = Packer::default();
    let mut parts = Parts::default();
    for one in packages {
        let mut definitions = Vec::with_capacity(one.definitions.len());
        for (made, member) in &one.definitions {
            let (kind, body) = match made {
                Made::Structure(one) => (Kind::Structure, packer.structure(one)),
                Made::ValueSet(one) => (Kind::ValueSet, plain(&**one)),
                Made::CodeSystem(one) => (Kind::CodeSystem, plain(&**one)),
                Made::ConceptMap(one) => (Kind::ConceptMap, plain(&**one)),
            };
            let start = u32::try_from(parts.bodies.len()).ok()?;
            let length = u32::try_from(body.len()).ok()?;
            definitions.push(Entry { kind, member: packer.text(member), start, length });
            parts.bodies.extend_from_slice(&body);
        }
        let (about, unreadable) = (one.about.clone(), one.unreadable.clone());
        parts.packages.push(Packed { about, unreadable, definitions });
    }
    parts.common = packer.finish();
    let payload = plain(&parts);
    let mut bytes = FORM.to_vec();
    bytes.extend_from_slice(&key.0);
    bytes.extend_from_slice(blake3::hash(&payload).as_bytes());
    bytes.extend_from_slice(&payload);
    Some(bytes)
}

fn plain<T: Serialize>(one: &T) -> Vec<u8> {
    postcard::to_allocvec(one).expect("plain data is serialised into memory")
}

/// The packages that these bytes were made of, if they are for this key; on some threads.
pub fn read(bytes: &[u8], key: &Key, threads: usize) -> Result<Vec<Package>, Unfit> {
    let rest = bytes.strip_prefix(FORM).ok_or(Unfit::Stale)?;
    let (own, rest) = rest.split_first_chunk::<32>().ok_or(Unfit::Damaged)?;
    if *own != key.0 {
        return Err(Unfit::Stale);
    }
    let (sum, payload) = rest.split_first_chunk::<32>().ok_or(Unfit::Damaged)?;
    if *blake3::hash(payload).as_bytes() != *sum {
        return Err(Unfit::Damaged);
    }
    unpack(payload, threads)
}

fn unpack(payload: &[u8], threads: usize) -> Result<Vec<Package>, Unfit> {
    let parts: Parts = postcard::from_bytes(payload).map_err(Damaged::from)?;
    let shared = Shared::new(parts.common)?;
    let (packages, bodies) = (&parts.packages, &parts.bodies);
    let made = spread(packages.len(), threads, |at| package(&packages[at], &shared, bodies));
    Ok(made.into_iter().collect::<Result<_, Damaged>>()?)
}

fn package(packed: &Packed, shared: &Shared, bodies: &[u8]) -> Result<Package, Damaged> {
    let definition = |entry: &Entry| {
        let (start, length) = (entry.start as usize, entry.length as usize);
        let end = start.checked_add(length).ok_or(Damaged)?;
        let body = bodies.get(start..end).ok_or(Damaged)?;
        let made = match entry.kind {
            Kind::Structure => Made::Structure(Box::new(shared.structure(body)?)),
            Kind::ValueSet => Made::ValueSet(Box::new(postcard::from_bytes(body)?)),
            Kind::CodeSystem => Made::CodeSystem(Box::new(code_system(body)?)),
            Kind::ConceptMap => Made::ConceptMap(Box::new(postcard::from_bytes(body)?)),
        };
        Ok((made, shared.text(entry.member)?.into()))
    };
    Ok(Package {
        about: packed.about.clone(),
        definitions: packed.definitions.iter().map(definition).collect::<Result<_, Damaged>>()?,
        unreadable: packed.unreadable.clone(),
    })
}

fn code_system(body: &[u8]) -> Result<CodeSystem, Damaged> {
    let system: CodeSystem = postcard::from_bytes(body)?;
    system.concepts.fits().then_some(system).ok_or(Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::core::Core;
    use crate::definitions::decoded::definition;

    /// Definitions of every kind, with what few have.
    fn packages() -> Vec<Package> {
        let core = Core::embedded();
        let mut one = Package::default();
        one.about.name = "a".into();
        one.about.dependencies.insert("b".into(), "1.0.x".into());
        let patient = core.definitions().find(|d| d.url.ends_with("/Patient")).unwrap();
        let structure = Made::Structure(Box::new(core.structure(patient.at)));
        one.definitions.push((structure, "Patient.json".into()));
        for json in [
            r#"{"resourceType":"ValueSet","url":"v","compose":{"include":[{"system":"s",
                "filter":[{"property":"p","op":"=","value":"æ"}]}]}}"#,
            r#"{"resourceType":"CodeSystem","url":"s","version":"1","content":"complete","concept":[
                {"code":"x","display":"X","concept":[{"code":"y"}]}]}"#,
            r#"{"resourceType":"ConceptMap","url":"m","group":[{"source":"s","target":"t",
                "element":[{"code":"x","target":[{"code":"z","equivalence":"equal"}]}]}]}"#,
            r#"{"resourceType":"StructureDefinition","url":"d","type":"Patient","kind":"resource",
                "derivation":"constraint","differential":{"element":[{"id":"Patient","path":"Patient",
                "fixedString":"ø","slicing":{"rules":"open"}}]}}"#,
        ] {
            one.definitions.push((definition(json).unwrap().unwrap(), "ø.json".into()));
        }
        let member = "broken.json".into();
        one.unreadable.push(Unreadable { member, line: 1, column: 2, text: "no".into() });
        vec![one, Package::default()]
    }

    #[test]
    fn what_is_kept_comes_back() {
        let key = Key::of([&b"archive"[..]]);
        let bytes = write(&key, &packages()).unwrap();
        for threads in [1, 4] {
            assert_eq!(read(&bytes, &key, threads).unwrap(), packages());
        }
        assert_eq!(write(&key, &read(&bytes, &key, 1).unwrap()).unwrap(), bytes);
        let other = Key::of([&b"another"[..]]);
        assert_eq!(read(&bytes, &other, 1).unwrap_err(), Unfit::Stale);
        assert_ne!(Key::of([&b"a"[..], b"b"]), Key::of([&b"b"[..], b"a"]));
    }

    /// What these sources use of their neighbours is among them, unless nothing that is kept is made by it.
    #[test]
    fn the_key_knows_every_source() {
        let made_later = ["library", "tables"];
        for (name, text) in CODE {
            let own = text.split("#[cfg(test)]").next().unwrap_or_default();
            for line in own.lines().filter_map(|line| line.strip_prefix("use super::")) {
                let used: String = line.chars().take_while(|c| c.is_ascii_lowercase()).collect();
                let known = CODE.iter().any(|(one, _)| *one == used);
                assert!(known || made_later.contains(&&*used), "{name}.rs uses {used}.rs");
            }
        }
    }

    /// Every bit of the head and many of the rest; then the payload behind a sum that is right again.
    #[test]
    fn damage_is_seen_and_never_a_panic() {
        let key = Key::of([&b"archive"[..]]);
        let bytes = write(&key, &packages()).unwrap();
        for at in (0..72).chain((72..bytes.len()).step_by(97)) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << (at % 8);
            assert!(read(&damaged, &key, 1).is_err(), "byte {at}");
            assert!(read(&bytes[..at], &key, 1).is_err(), "cut at {at}");
        }
        let payload = &bytes[72..];
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed as usize
        };
        let mut refused = 0;
        for _ in 0..2_000 {
            let mut damaged = payload.to_vec();
            for _ in 0..1 + random() % 4 {
                let at = random() % damaged.len();
                damaged[at] = random() as u8;
            }
            damaged.truncate(damaged.len() - (random() % 3) * (random() % damaged.len()) / 2);
            refused += usize::from(unpack(&damaged, 1).is_err());
        }
        assert!(refused > 500, "only {refused} of 2,000 were refused: nothing is checked");
    }
}
