//! Console examples of a page, run and compared.
//!
//! A fenced block `console` holds commands, each after `$ `, each followed by what it prints (both streams, as
//! they come). A line `? 1` right after a command is its exit code, 0 where there is none. In what is expected a
//! line `...` stands for any lines, and `[..]` for any characters of one line.

use libtest_mimic::Failed;
use std::path::Path;
use std::process::{Command, Stdio};

/// A command of a page, and what it is said to print.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The line of the page, from 1.
    pub line: usize,
    pub command: String,
    pub code: i32,
    pub output: Vec<String>,
}

/// A page in pieces: text that stays, and blocks of examples.
pub enum Piece {
    Text(String),
    Block(Vec<Example>),
}

/// Takes a page apart.
pub fn pieces(page: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut block: Option<Vec<Example>> = None;
    for (at, line) in page.lines().enumerate() {
        let Some(examples) = &mut block else {
            pieces.push(Piece::Text(format!("{line}\n")));
            if line.trim_end() == "```console" {
                block = Some(Vec::new());
            }
            continue;
        };
        if line.trim_end() == "```" {
            pieces.push(Piece::Block(block.take().unwrap_or_default()));
            pieces.push(Piece::Text(format!("{line}\n")));
            continue;
        }
        if let Some(command) = line.strip_prefix("$ ") {
            let command = command.to_owned();
            examples.push(Example { line: at + 1, command, code: 0, output: Vec::new() });
            continue;
        }
        let example = examples.last_mut().ok_or(format!("line {}: no command", at + 1))?;
        match line.strip_prefix("? ") {
            Some(code) if example.output.is_empty() => {
                example.code = code.parse().map_err(|_| format!("line {}: no code", at + 1))?;
            }
            _ => example.output.push(line.to_owned()),
        }
    }
    match block {
        Some(_) => Err("a block does not end".to_owned()),
        None => Ok(pieces),
    }
}

/// Runs an example in a folder: what it did, written as an example.
pub fn run(example: &Example, folder: &Path) -> Result<Example, Failed> {
    let binary = Path::new(env!("CARGO_BIN_EXE_stafett"));
    let own = binary.parent().ok_or("the binary lies in a folder")?;
    let path = format!("{}:{}", own.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("sh")
        .args(["-c", &format!("exec 2>&1\n{}", example.command)])
        .current_dir(folder)
        .env("PATH", path)
        .stdin(Stdio::null())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut lines: Vec<String> = text.lines().map(|line| line.trim_end().to_owned()).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    let code = output.status.code().unwrap_or(-1);
    Ok(Example { code, output: lines, ..example.clone() })
}

/// Whether what a command did is what the page says.
pub fn fits(said: &Example, done: &Example) -> bool {
    let trimmed: Vec<&str> = said.output.iter().map(|line| line.trim_end()).collect();
    let end = trimmed.iter().rposition(|line| !line.is_empty()).map_or(0, |at| at + 1);
    let made: Vec<&str> = done.output.iter().map(String::as_str).collect();
    said.code == done.code && lines_fit(&trimmed[..end], &made)
}

fn lines_fit(said: &[&str], done: &[&str]) -> bool {
    match said.split_first() {
        None => done.is_empty(),
        Some((&"...", rest)) => (0..=done.len()).any(|at| lines_fit(rest, &done[at..])),
        Some((first, rest)) => done
            .split_first()
            .is_some_and(|(made, others)| line_fits(first, made) && lines_fit(rest, others)),
    }
}

fn line_fits(said: &str, done: &str) -> bool {
    let mut parts = said.split("[..]");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = done.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// A block as a page shows it.
pub fn written(examples: &[Example]) -> String {
    let mut out = String::new();
    for (at, one) in examples.iter().enumerate() {
        if at > 0 && examples[at - 1].output.is_empty().eq(&false) {
            out.push('\n');
        }
        out.push_str(&format!("$ {}\n", one.command));
        if one.code != 0 {
            out.push_str(&format!("? {}\n", one.code));
        }
        one.output.iter().for_each(|line| out.push_str(&format!("{line}\n")));
    }
    out
}
