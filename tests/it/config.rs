//! Configuration: the reference page, the folder of broken files, and the networks under fixtures/.

use crate::support::{self, Needs, golden, trial};
use libtest_mimic::{Failed, Trial};
use stafett::cli::{Exit, Format, check, expected, load};
use stafett::config::TokenHash;
use stafett::message::PartyName;
use std::fs;
use std::path::PathBuf;

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        trial("config: the reference page is fresh", Needs::Nothing, || {
            golden(&support::root().join("docs/configuration.md"), &stafett::config::reference())
        }),
        trial(
            "config: every mistake of the broken folder is reported at once",
            Needs::Nothing,
            broken,
        ),
        trial("config: every network is accepted", Needs::Nothing, networks),
        trial("config: simulated partners know their tokens", Needs::Nothing, tokens),
        trial(
            "config: expectations name parties, endpoints and maps that are",
            Needs::Nothing,
            expected,
        ),
        trial("config: one mistake in a good network is one finding", Needs::Nothing, mistakes),
    ]
}

/// The report for people and the one for programs, over files that hold one mistake a line.
fn broken() -> Result<(), Failed> {
    let folder = fixtures().join("config/broken");
    let mut text = String::new();
    expect(check::check(&folder, Format::Text, &mut text), Exit::Findings)?;
    golden(&fixtures().join("config/broken.txt"), &text)?;
    let mut json = String::new();
    expect(check::check(&folder, Format::Json, &mut json), Exit::Findings)?;
    let report: serde_json::Value = serde_json::from_str(&json)?;
    let found = report["diagnostics"].as_array().ok_or("no diagnostics")?;
    let lines =
        text.lines().filter(|line| line.contains(": error[") || line.contains(": warning["));
    if found.len() != lines.count() || report["valid"] != false {
        return Err(Failed::from("the two reports differ"));
    }
    Ok(())
}

fn networks() -> Result<(), Failed> {
    for network in networks_folders()? {
        let mut text = String::new();
        let exit = check::check(&network, Format::Text, &mut text);
        if exit != Exit::Fine || text.contains("warning[") {
            return Err(Failed::from(format!("{}:\n{text}", network.display())));
        }
    }
    Ok(())
}

fn tokens() -> Result<(), Failed> {
    for network in networks_folders()? {
        let config = load::configuration(&network).map_err(|e| e.to_string())?.reading.finish().0;
        let config = config.ok_or("the network has mistakes")?;
        let text = fs::read_to_string(network.join("test-tokens.toml"))?;
        let table: toml::Table = text.parse()?;
        for (party, token) in &table {
            let token = token.as_str().ok_or("a token is a text")?;
            let hash = blake3::hash(token.as_bytes()).to_hex();
            let known = config.party(&PartyName(party.as_str().into())).ok_or("unknown party")?;
            if !known.tokens.iter().any(|one| one.value == TokenHash::of(token.as_bytes())) {
                return Err(Failed::from(format!("{party}: the hash of its token is {hash}")));
            }
        }
    }
    Ok(())
}

fn expected() -> Result<(), Failed> {
    for network in networks_folders()? {
        let config = load::configuration(&network).map_err(|e| e.to_string())?.reading.finish().0;
        let config = config.ok_or("the network has mistakes")?;
        let expected = expected::expected(&network).map_err(|e| e.to_string())?;
        let tokens = expected::test_tokens(&network).map_err(|e| e.to_string())?;
        for partner in &expected.partners {
            let endpoint = config.endpoint(&partner.endpoint).ok_or("unknown endpoint")?;
            if endpoint.party.value != partner.party {
                return Err(Failed::from(format!("{} is not reached there", partner.party)));
            }
        }
        for message in &expected.messages {
            let played =
                |to: &str| expected.partners.iter().any(|partner| &*partner.endpoint == to);
            let known_map = |map: &str| {
                config.routes.iter().any(|r| r.map.as_ref().is_some_and(|own| &*own.value == map))
            };
            let delivery = message.delivery.as_ref();
            let right = tokens.contains_key(&message.from)
                && delivery.is_none_or(|delivery| played(&delivery.to))
                && delivery.is_none_or(|one| one.map.as_deref().is_none_or(known_map));
            if !right {
                return Err(Failed::from(format!("`{}` expects what cannot be", message.name)));
            }
        }
    }
    Ok(())
}

/// Plants one mistake at a time into a good network.
fn mistakes() -> Result<(), Failed> {
    let cases = [
        ("stafett.toml", "127.0.0.1:7100", "0.0.0.0:7100", "config-plain-listener"),
        ("stafett.toml", "127.0.0.1:7199", "0.0.0.0:7199", "config-plain-listener"),
        (
            "stafett.toml",
            "kind = \"messages\"",
            "kind = \"messages\"\ntls = { certificate = \"a\", key = \"b\" }",
            "config-missing-key",
        ),
        ("stafett.toml", "\"test\"", "NO", "config-syntax"),
        ("parties.toml", "gln:9520000000011", "gln:9520000000012", "config-bad-value"),
        ("parties.toml", "identifiers", "identifires", "config-unknown-key"),
        ("endpoints.toml", "5 s", "5", "config-bad-value"),
        ("endpoints.toml", "127.0.0.1:7101", "10.0.0.1:7101", "config-plain-endpoint"),
        ("routes.toml", "to = \"laegerne\"", "to = \"hospital\"", "config-foreign-endpoint"),
        (
            "routes.toml",
            "receiver = \"hvidovre-kommune\"",
            "receiver = \"x\"",
            "config-unknown-name",
        ),
        ("directory.csv", "9520000000059", "9520000000011", "directory-overlap"),
    ];
    let network = fixtures().join("networks/planomraade-syd");
    for (file, from, to, id) in cases {
        let mut files = load::configuration(&network).map_err(|e| e.to_string())?.files;
        let one = files.iter_mut().find(|one| one.name == file).ok_or("no such file")?;
        if !one.text.contains(from) {
            return Err(Failed::from(format!("{file} has no `{from}` any more")));
        }
        one.text = one.text.replacen(from, to, 1);
        let (_, found) = stafett::config::check(&files);
        if !found.iter().any(|one| one.id == id && *one.origin.file == *file) {
            return Err(Failed::from(format!("{file}: {to} is not found as {id}: {found:?}")));
        }
        if found.len() > 2 {
            return Err(Failed::from(format!("{file}: {to} has consequences: {found:?}")));
        }
    }
    Ok(())
}

fn fixtures() -> PathBuf {
    support::root().join("fixtures")
}

fn networks_folders() -> Result<Vec<PathBuf>, Failed> {
    let mut all = Vec::new();
    for entry in fs::read_dir(fixtures().join("networks"))? {
        all.push(entry?.path());
    }
    all.sort();
    if all.is_empty() { Err(Failed::from("no network")) } else { Ok(all) }
}

fn expect(exit: Exit, wanted: Exit) -> Result<(), Failed> {
    if exit == wanted {
        Ok(())
    } else {
        Err(Failed::from(format!("{exit:?} instead of {wanted:?}")))
    }
}
