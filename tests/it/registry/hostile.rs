//! What a registry, or whoever stands between, may not do: nothing of it is written.

use super::archive::{of, package};
use super::stand_in::{Answer, Registry, ok};
use super::{Site, check};
use crate::support::{self, Needs};
use libtest_mimic::{Failed, Trial};
use stafett::definitions::archive::{ARCHIVE_BYTES, MEMBER_BYTES, MEMBERS, NAME_BYTES};
use stafett::definitions::packages::{Asked, Dist, MOST, Registry as Source, Versions, fetch};
use stafett::message::Error;

pub fn trials() -> Vec<Trial> {
    let trial = |name, run: fn() -> Result<(), Failed>| support::trial(name, Needs::Nothing, run);
    vec![
        trial("registry: answers that lie or lead away are refused whole", refused),
        trial("registry: an archive elsewhere is asked for at home", elsewhere),
        trial("registry: every limit of an archive has its case", limits),
        trial("registry: a closure without end stops at its limit", endless),
    ]
}

/// (what, how the registry is made, what the command says)
type Case = (&'static str, fn(&Registry), &'static str);

const CASES: &[Case] = &[
    (
        "another name",
        |r| r.publish("a", &[("1.0.0", package("b", "1.0.0", ""))], none),
        "says it is b#1.0.0",
    ),
    (
        "another version",
        |r| r.publish("a", &[("1.0.0", package("a", "1.0.1", ""))], none),
        "says it is a#1.0.1",
    ),
    (
        "a name that climbs",
        |r| r.publish("a", &[("1.0.0", package("../a", "1.0.0", ""))], none),
        "no name of a package",
    ),
    (
        "a version that climbs",
        |r| r.publish("a", &[("1.0.0", package("a", "../1", ""))], none),
        "no name of a version",
    ),
    (
        "a wrong SHA-1",
        |r| r.publish("a", &[("1.0.0", package("a", "1.0.0", ""))], |_| r#""shasum":"00""#.into()),
        "SHA-1 00",
    ),
    (
        "a wrong SHA-512",
        |r| {
            let wrong = |_: &str| r#""integrity":"sha512-AAAA""#.to_owned();
            r.publish("a", &[("1.0.0", package("a", "1.0.0", ""))], wrong);
        },
        "SHA-512 AAAA",
    ),
    (
        "a redirect",
        |r| {
            let headers = "location: http://127.0.0.1:1/elsewhere\r\n".to_owned();
            r.page("a", Answer { status: "302 Found", headers, body: Vec::new() });
        },
        "redirects to http://127.0.0.1:1/elsewhere",
    ),
    ("no JSON", |r| r.page("a", ok(b"<html>".to_vec())), "no list of versions"),
    ("an error", |r| r.page("a", Answer { status: "500 Oh", ..Answer::default() }), "answers 500"),
    (
        "a document too large",
        |r| {
            let headers = format!("content-length: {}\r\n", 17 << 20);
            r.page("a", Answer { status: "200 OK", headers, body: b"{".to_vec() });
        },
        "larger than 16777216 bytes",
    ),
    (
        "an archive too large",
        |r| {
            r.plain("a", "1.0.0", "");
            let headers = format!("content-length: {}\r\n", ARCHIVE_BYTES + 1);
            r.page("a/1.0.0", Answer { status: "200 OK", headers, body: b"x".to_vec() });
        },
        "larger than 67108864 bytes",
    ),
    (
        "no archive",
        |r| r.publish("a", &[("1.0.0", b"no archive".to_vec())], none),
        "cannot be read",
    ),
    (
        "a member outside",
        |r| {
            let about = br#"{"name":"a","version":"1.0.0"}"#;
            let archive = of(&[("package/package.json", about), ("package/C:x.json", b"{}")]);
            r.publish("a", &[("1.0.0", archive)], none);
        },
        "not a name for a member",
    ),
    (
        "a bomb",
        |r| {
            let about = br#"{"name":"a","version":"1.0.0"}"#;
            let blanks = vec![b' '; 24 << 20];
            let members = [("package/package.json", &about[..]), ("package/a.json", &blanks)];
            r.publish("a", &[("1.0.0", of(&members))], none);
        },
        "inflates to more than its limit",
    ),
];

fn none(_: &str) -> String {
    String::new()
}

fn refused() -> Result<(), Failed> {
    for (what, make, says) in CASES {
        let registry = Registry::start()?;
        make(&registry);
        let site = Site::new()?;
        let said = site.add(&registry, "a@1.0.0", 2)?;
        check(said.contains(says), format!("{what}: {said}"))?;
        let empty = site.archives().is_empty() && site.lock().is_empty();
        check(empty, format!("{what}: something was written"))?;
    }
    Ok(())
}

/// A document may place its archive on another host: that host is not asked.
fn elsewhere() -> Result<(), Failed> {
    let registry = Registry::start()?;
    let other = Registry::start()?;
    other.plain("a", "1.0.0", "");
    let place = |version: &str| format!(r#""tarball":"{}/a/{version}""#, other.base);
    registry.publish("a", &[("1.0.0", package("a", "1.0.0", ""))], place);
    let site = Site::new()?;
    site.add(&registry, "a@1.0.0", 0)?;
    check(other.asked().is_empty(), "another host was asked")?;
    let asked = registry.asked();
    check(asked == ["/r4/a", "/r4/a/1.0.0"], format!("{asked:?}"))
}

fn limits() -> Result<(), Failed> {
    let about = br#"{"name":"a","version":"1.0.0"}"#;
    let head = ("package/package.json", &about[..]);
    let refuse = |what: &str, archive: &[u8], says: &str| match stafett::definitions::archive::about(
        archive,
    ) {
        Ok(_) => Err(Failed::from(format!("{what} was taken"))),
        Err(error) => check(error.note.contains(says), format!("{what}: {}", error.note)),
    };
    refuse("an archive too large", &vec![0; ARCHIVE_BYTES + 1], "larger than 67108864")?;
    // bytes that do not deflate well, so that it is the member's size that is refused
    let mut noise = Vec::with_capacity(MEMBER_BYTES as usize + 64);
    while noise.len() as u64 <= MEMBER_BYTES {
        noise.extend_from_slice(blake3::hash(&noise.len().to_le_bytes()).to_hex().as_bytes());
    }
    refuse("a member too large", &of(&[head, ("package/a.json", &noise)]), "larger than 33554432")?;
    let long = format!("package/{}/{}.json", "d".repeat(100), "n".repeat(NAME_BYTES));
    refuse("a name too long", &of(&[head, (&long, b"{}")]), "name is too long")?;
    let names: Vec<String> = (0..=MEMBERS).map(|n| format!("package/{n}.txt")).collect();
    let members: Vec<(&str, &[u8])> = names.iter().map(|name| (&**name, &b""[..])).collect();
    refuse("too many members", &of(&members), "more than 30000 members")?;
    let fits = of(&[head, ("package/a.json", b"{}")]);
    stafett::definitions::archive::about(&fits).map(|_| ()).map_err(|e| e.note.into())
}

/// Every package depends on one more.
struct Endless;

impl Source for Endless {
    fn versions(&mut self, _: &str) -> Result<Option<Versions>, Error> {
        Versions::parse(br#"{"versions":{"1.0.0":{}}}"#).map(Some)
    }

    fn archive(
        &mut self,
        name: &str,
        _: &str,
        _: &Dist,
    ) -> Result<Option<(Vec<u8>, String)>, Error> {
        let number: u32 = name[1..].parse().unwrap_or(0);
        let next = format!(r#""n{}":"1.0.0""#, number + 1);
        Ok(Some((package(name, "1.0.0", &next), name.to_owned())))
    }
}

fn endless() -> Result<(), Failed> {
    let asked = vec![Asked::Named("n0".into(), "1.0.0".into())];
    match fetch(asked, &[], Some(&mut Endless)) {
        Ok(_) => Err("an endless closure ended".into()),
        Err(error) => check(error.note.contains(&format!("more than {MOST} archives")), error.note),
    }
}
