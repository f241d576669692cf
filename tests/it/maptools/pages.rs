//! Every page of docs/: its console examples are run, in a copy of docs/examples/, and must print what they say.
//! `UPDATE=1` writes what they print into the page instead.

use super::console::{self, Example, Piece};
use crate::path::process::copy;
use crate::support::{self, Needs, trial};
use libtest_mimic::{Failed, Trial};
use std::path::{Path, PathBuf};

/// The trials: one a page, and one for the harness.
pub fn trials() -> Vec<Trial> {
    let mut pages: Vec<PathBuf> = std::fs::read_dir(support::root().join("docs"))
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .collect();
    pages.sort();
    let mut trials = vec![
        trial("pages: a page that is wrong is seen to be", Needs::Tool("sh"), wrong_page),
        trial("pages: every tool has one, with examples", Needs::Nothing, every_tool),
    ];
    for page in pages {
        let name = page.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if std::fs::read_to_string(&page).is_ok_and(|text| text.contains("```console")) {
            let name = format!("pages: the examples of {name}");
            trials.push(trial(&name, Needs::Tool("sh"), move || checked(&page)));
        }
    }
    trials
}

/// Runs a page's examples in one copy of the examples' folder: gives the page as it should be, and what differs.
fn ran(page: &str) -> Result<(String, Vec<(Example, Example)>), Failed> {
    let folder = tempfile::tempdir()?;
    copy(&support::root().join("docs/examples"), folder.path())?;
    let (mut whole, mut differ) = (String::new(), Vec::new());
    for piece in console::pieces(page)? {
        let examples = match piece {
            Piece::Text(text) => {
                whole.push_str(&text);
                continue;
            }
            Piece::Block(examples) => examples,
        };
        let mut kept = Vec::new();
        for said in examples {
            let done = console::run(&said, folder.path())?;
            match console::fits(&said, &done) {
                true => kept.push(said),
                false => {
                    kept.push(done.clone());
                    differ.push((said, done));
                }
            }
        }
        for one in &mut kept {
            while one.output.last().is_some_and(|line| line.is_empty()) {
                one.output.pop();
            }
        }
        whole.push_str(&console::written(&kept));
    }
    Ok((whole, differ))
}

fn checked(path: &Path) -> Result<(), Failed> {
    let page = std::fs::read_to_string(path)?;
    let (whole, differ) = ran(&page)?;
    if std::env::var("UPDATE").is_ok_and(|update| update == "1") {
        return Ok(std::fs::write(path, whole)?);
    }
    let tell = |(said, done): &(Example, Example)| {
        let (said_text, done_text) = (said.output.join("\n"), done.output.join("\n"));
        format!(
            "{}:{}: $ {}\nsaid ({}):\n{said_text}\ndone ({}):\n{done_text}\n",
            path.display(),
            said.line,
            said.command,
            said.code,
            done.code
        )
    };
    match differ.is_empty() {
        true => Ok(()),
        false => Err(differ.iter().map(tell).collect::<Vec<_>>().join("\n").into()),
    }
}

fn wrong_page() -> Result<(), Failed> {
    let page = |output: &str| format!("text\n```console\n$ echo one; echo two\n{output}\n```\n");
    for right in ["one\ntwo", "...", "o[..]\n...", "[..]n[..]\ntwo"] {
        if !ran(&page(right))?.1.is_empty() {
            return Err(format!("{right} fits").into());
        }
    }
    for wrong in ["one", "one\ntwo\nthree", "? 1\none\ntwo", "o[..]x\n...", "", "...\nthree"] {
        let (whole, differ) = ran(&page(wrong))?;
        if differ.is_empty() || whole != page("one\ntwo") {
            return Err(format!("{wrong} does not fit\n{whole}").into());
        }
    }
    let (whole, _) = ran("```console\n$ exit 3\n```\n")?;
    match whole.contains("? 3") {
        true => Ok(()),
        false => Err(whole.into()),
    }
}

/// The subcommands that `stafett map` names, each with a page that runs it.
fn every_tool() -> Result<(), Failed> {
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_stafett"))
        .args(["map", "--help"])
        .output()?;
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let (_, rest) = help.split_once("Commands:\n").ok_or("no commands")?;
    let names = rest.lines().take_while(|line| line.starts_with("  "));
    let names = names.filter_map(|line| line.split_whitespace().next()).filter(|n| *n != "help");
    let mut missing = Vec::new();
    for name in names {
        let page = support::root().join(format!("docs/map-{name}.md"));
        let text = std::fs::read_to_string(page).unwrap_or_default();
        if !text.contains(&format!("$ stafett map {name}")) {
            missing.push(name);
        }
    }
    match missing.is_empty() && rest.contains("check") {
        true => Ok(()),
        false => Err(format!("no page with an example: {missing:?}").into()),
    }
}
