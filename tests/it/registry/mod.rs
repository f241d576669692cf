//! Packages from files and from a registry: closure, lock, offline afterwards, and what a registry may not do.

mod archive;
mod hostile;
mod secure;
mod stand_in;

use crate::support::{self, Needs, root};
use archive::package;
use libtest_mimic::{Failed, Trial};
use stand_in::Registry;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let trial = |name, run: fn() -> Result<(), Failed>| support::trial(name, Needs::Nothing, run);
    let mut trials = vec![
        trial("registry: a closure comes whole, and is there without a network", closure),
        trial("registry: a wildcard, a tag and a beginning mean a version", versions),
        trial("registry: what is missing is said, and strictly refused", missing),
        trial("registry: a changed archive is an error with both hashes", changed),
        trial("registry: files satisfy each other", files),
        trial("registry: without an address the command says what to set", unset),
        trial("registry: a configuration loads what is locked and nothing else", configured),
    ];
    trials.extend(hostile::trials());
    trials.extend(secure::trials());
    trials
}

/// A folder of packages and how to run the command on it.
pub struct Site {
    folder: TempDir,
}

impl Site {
    pub fn new() -> Result<Site, Failed> {
        Ok(Site { folder: TempDir::new()? })
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `stafett package`, and expects an exit code.
    pub fn run(&self, arguments: &[&str], code: i32) -> Result<String, Failed> {
        let packages = self.path("packages").to_string_lossy().into_owned();
        let all = [&["package"], arguments, &["--packages", &packages]].concat();
        expect(&stafett(&all)?, code)
    }

    pub fn add(&self, registry: &Registry, what: &str, code: i32) -> Result<String, Failed> {
        self.run(&["add", what, "--registry", &registry.base], code)
    }

    pub fn lock(&self) -> String {
        fs::read_to_string(self.path("packages.lock")).unwrap_or_default()
    }

    /// The archives in the folder, by name.
    pub fn archives(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("packages")).into_iter().flatten().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

pub fn stafett(arguments: &[&str]) -> Result<Output, Failed> {
    let binary = env!("CARGO_BIN_EXE_stafett");
    Ok(Command::new(binary).current_dir(root()).args(arguments).output()?)
}

/// What was printed, if the exit code is the one expected.
pub fn expect(output: &Output, code: i32) -> Result<String, Failed> {
    let err = String::from_utf8_lossy(&output.stderr);
    let text = format!("{}{err}", String::from_utf8_lossy(&output.stdout));
    match output.status.code() {
        Some(found) if found == code => Ok(text),
        found => Err(format!("expected exit {code}, got {found:?}:\n{text}").into()),
    }
}

pub fn check(good: bool, why: impl Into<String>) -> Result<(), Failed> {
    if good { Ok(()) } else { Err(Failed::from(why.into())) }
}

/// Three packages in a circle, one of them in two versions, and a part of R4 core.
fn closure() -> Result<(), Failed> {
    let registry = Registry::start()?;
    registry.plain("a", "1.0.0", r#""b":"2.0.x","c":"1.0.0","hl7.terminology.r4":"5.0.0""#);
    let b =
        [("2.0.0", package("b", "2.0.0", "")), ("2.0.1", package("b", "2.0.1", r#""c":"1.1.0""#))];
    registry.publish("b", &b, |version| format!(r#""tarball":"{}/b/{version}""#, registry.base));
    let c = [
        ("1.0.0", package("c", "1.0.0", r#""a":"1.0.0""#)),
        ("1.1.0", package("c", "1.1.0", r#""hl7.fhir.r4.core":"4.0.1""#)),
    ];
    registry.publish("c", &c, |_| String::new());
    let site = Site::new()?;
    site.add(&registry, "a@1.0.0", 0)?;
    let names = ["a-1.0.0.tgz", "b-2.0.1.tgz", "c-1.0.0.tgz", "c-1.1.0.tgz"];
    check(site.archives() == names, format!("{:?}", site.archives()))?;
    check(!registry.asked().iter().any(|p| p.contains("hl7")), "the core was asked for")?;
    let lock = site.lock();
    site.run(&["verify"], 0)?;
    let listed = site.run(&["list"], 0)?;
    check(listed.contains("b#2.0.1") && listed.contains("(for others)"), listed)?;
    // what is there is not fetched again, and a lock without news is the same text
    site.add(&registry, "a@1.0.0", 0)?;
    let again = registry.asked();
    check(again == ["/r4/a"], format!("{again:?}"))?;
    check(site.lock() == lock, site.lock())?;
    // loading asks nobody
    let packages = site.path("packages").to_string_lossy().into_owned();
    let message = "fixtures/networks/planomraade-syd/messages/hospital-notification-admission.json";
    let arguments = ["validate", message, "--allow-unknown-profiles", "--package", &packages];
    let output = stafett(&arguments)?;
    check(output.status.code() != Some(2), String::from_utf8_lossy(&output.stderr))?;
    check(registry.asked().is_empty(), "loading asked the registry")
}

fn versions() -> Result<(), Failed> {
    let registry = Registry::start()?;
    let all = ["4.0.0", "4.0.1", "4.1.0", "5.0.0-ballot"];
    let archives: Vec<_> = all.iter().map(|v| (*v, package("v", v, ""))).collect();
    registry.publish("v", &archives[..3], |_| String::new());
    for (asked, chosen) in
        [("4.0.x", "4.0.1"), ("latest", "4.1.0"), ("current", "4.1.0"), ("4", "4.1.0")]
    {
        let site = Site::new()?;
        site.add(&registry, &format!("v@{asked}"), 0)?;
        check(
            site.archives() == [format!("v-{chosen}.tgz")],
            format!("{asked}: {:?}", site.archives()),
        )?;
    }
    let site = Site::new()?;
    let said = site.add(&registry, "v@9.0.0", 2)?;
    check(said.contains("no such version"), said)?;
    let said = site.add(&registry, "w@1.0.0", 2)?;
    check(said.contains("no package of that name"), said)?;
    check(site.lock().is_empty(), "a lock of nothing")
}

fn missing() -> Result<(), Failed> {
    let registry = Registry::start()?;
    registry.plain("a", "1.0.0", r#""gone":"1.0.x""#);
    let site = Site::new()?;
    let strict = site.run(&["add", "a@1.0.0", "--strict", "--registry", &registry.base], 2)?;
    check(strict.contains("gone#1.0.x, which a#1.0.0 asks for"), strict)?;
    check(site.archives().is_empty() && site.lock().is_empty(), "something was written")?;
    site.add(&registry, "a@1.0.0", 1)?;
    check(site.lock().contains("[[missing]]"), site.lock())?;
    site.run(&["verify"], 0)?;
    site.run(&["verify", "--strict"], 1)?;
    // and once it can be had, it is missing no more
    registry.plain("gone", "1.0.7", "");
    site.add(&registry, "gone@1.0.x", 0)?;
    check(!site.lock().contains("[[missing]]"), site.lock())?;
    site.run(&["verify", "--strict"], 0).map(|_| ())
}

fn changed() -> Result<(), Failed> {
    let registry = Registry::start()?;
    registry.plain("a", "1.0.0", "");
    let site = Site::new()?;
    site.add(&registry, "a@1.0.0", 0)?;
    let archive = site.path("packages/a-1.0.0.tgz");
    let before = blake3::hash(&fs::read(&archive)?).to_hex();
    let other = package("a", "1.0.0", r#""b":"1.0.0""#);
    let after = blake3::hash(&other).to_hex();
    fs::write(&archive, &other)?;
    let verify = site.run(&["verify"], 1)?;
    check(verify.contains(before.as_str()) && verify.contains(after.as_str()), verify)?;
    let packages = site.path("packages").to_string_lossy().into_owned();
    let said = expect(&stafett(&["validate", "Cargo.toml", "--package", &packages])?, 2)?;
    check(said.contains(before.as_str()) && said.contains(after.as_str()), said)?;
    fs::remove_file(&archive)?;
    let said = site.run(&["verify"], 1)?;
    check(said.contains("cannot be read"), said)?;
    // added again, what is gone comes back, and what was changed is as it was
    for what in ["gone", "changed"] {
        if what == "changed" {
            fs::write(&archive, &other)?;
        }
        site.add(&registry, "a@1.0.0", 0)?;
        site.run(&["verify"], 0)?;
    }
    Ok(())
}

fn files() -> Result<(), Failed> {
    let site = Site::new()?;
    let (a, b) = (site.path("any-name.tgz"), site.path("b.tgz"));
    fs::write(&a, package("a", "1.0.0", r#""b":"1.0.x","c":"1.0.0""#))?;
    fs::write(&b, package("b", "1.0.3", ""))?;
    let (a, b) = (a.to_string_lossy().into_owned(), b.to_string_lossy().into_owned());
    let said = site.run(&["add", &a, &b], 1)?;
    check(said.contains("c#1.0.0, which a#1.0.0 asks for, is missing: no registry is set"), said)?;
    check(site.archives() == ["a-1.0.0.tgz", "b-1.0.3.tgz"], format!("{:?}", site.archives()))?;
    let json = site.run(&["list", "--format", "json"], 0)?;
    let json: serde_json::Value = serde_json::from_str(&json)?;
    check(json["packages"][0]["source"] == "file any-name.tgz", json.to_string())?;
    // one archive twice is one; two that are not alike are nobody's choice but the caller's
    site.run(&["add", &b, &b], 0)?;
    fs::write(site.path("c.tgz"), package("b", "1.0.3", r#""c":"1.0.0""#))?;
    let c = site.path("c.tgz").to_string_lossy().into_owned();
    let lock = site.lock();
    let said = site.run(&["add", &b, &c], 2)?;
    check(said.contains("both say they are b#1.0.3") && site.lock() == lock, said)
}

fn unset() -> Result<(), Failed> {
    let site = Site::new()?;
    let said = site.run(&["add", "a@1.0.0"], 2)?;
    check(said.contains("--registry") && said.contains("`registry`"), said)?;
    let said = site.run(&["add", "no-such-file"], 2)?;
    check(said.contains("neither a file nor NAME@VERSION"), said)?;
    let said = site.run(&["list"], 2)?;
    check(said.contains("packages.lock"), said)?;
    let said = expect(&stafett(&["package", "list", "--config", "src"])?, 2)?;
    check(said.contains("--config") && said.contains("--packages"), said)
}

/// A configuration with a lock: what is locked is loaded, what lies beside it is not, and is said.
fn configured() -> Result<(), Failed> {
    let registry = Registry::start()?;
    registry.plain("a", "1.0.0", r#""gone":"1.0.0""#);
    let site = Site::new()?;
    let config = format!(
        "[engine]\nname = \"small\"\nmode = \"test\"\n[store]\nfolder = \"data\"\n[definitions]\n\
         packages = [\"packages\"]\nregistry = \"{}\"\n[[listener]]\nname = \"in\"\n\
         address = \"127.0.0.1:0\"\nkind = \"messages\"\n",
        registry.base
    );
    fs::write(site.path("stafett.toml"), config)?;
    let here = site.path("").to_string_lossy().into_owned();
    expect(&stafett(&["package", "add", "a@1.0.0", "--config", &here])?, 1)?;
    let said = expect(&stafett(&["check", &here])?, 0)?;
    check(said.contains("gone 1.0.0") && !said.contains("error["), said)?;
    fs::write(site.path("packages/extra-1.0.0.tgz"), package("extra", "1.0.0", ""))?;
    let said = expect(&stafett(&["check", &here])?, 0)?;
    check(said.contains("definitions-archive-not-locked"), said)?;
    // a command without a configuration says it too
    let packages = site.path("packages").to_string_lossy().into_owned();
    let patient = site.path("patient.json");
    fs::write(&patient, r#"{"resourceType":"Patient","gender":"male"}"#)?;
    let patient = patient.to_string_lossy().into_owned();
    let output = stafett(&["validate", &patient, "--package", &packages])?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let both = said.contains("gone 1.0.0") && said.contains("definitions-archive-not-locked");
    check(both, said)?;
    let other = package("a", "1.0.0", "");
    fs::write(site.path("packages/a-1.0.0.tgz"), other)?;
    let said = expect(&stafett(&["check", &here])?, 1)?;
    check(said.contains("definitions-archive-changed"), said)?;
    fs::write(site.path("packages.lock"), "form = 1\nwhat = 2\n")?;
    let said = expect(&stafett(&["check", &here])?, 1)?;
    check(said.contains("packages.lock:2:1: error[definitions-lock]"), said)?;
    Ok(())
}
