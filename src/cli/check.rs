//! `stafett check DIR`: every mistake of a configuration at once, each with its place in the source.
//!
//! Promises: exit code 0 means that the configuration would become active. Never: starts anything.

use super::{Exit, Format, assemble};
use crate::config::File;
use crate::message::{Diagnostic, Severity};
use crate::tree::Lines;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Reports every mistake of a configuration at once, with file, line and column.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// The configuration's folder.
    folder: PathBuf,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
pub fn run(arguments: &Check) -> Exit {
    let mut text = String::new();
    let exit = check(&arguments.folder, arguments.format, &mut text);
    match exit {
        Exit::CouldNot => eprint!("{text}"),
        _ => print!("{text}"),
    }
    exit
}

/// Checks a folder and writes the report to `out`.
pub fn check(folder: &Path, format: Format, out: &mut String) -> Exit {
    let assembled = match assemble::assemble(folder) {
        Ok(assembled) => assembled,
        Err(error) => {
            let _ = writeln!(out, "stafett check: {error}");
            return Exit::CouldNot;
        }
    };
    let (files, found) = (assembled.files, assembled.diagnostics);
    match format {
        Format::Text => text(&files, &found, out),
        Format::Json => json(folder, &found, out),
    }
    if found.iter().any(Diagnostic::refuses) { Exit::Findings } else { Exit::Fine }
}

/// One JSON object: what was checked, whether it would become active, what was found.
fn json(folder: &Path, found: &[Diagnostic], out: &mut String) {
    let report = serde_json::json!({
        "folder": folder.to_string_lossy(),
        "valid": !found.iter().any(Diagnostic::refuses),
        "diagnostics": found,
    });
    let _ = writeln!(out, "{report}");
}

/// The report for people: each finding with the line it is about.
pub fn text(files: &[File], found: &[Diagnostic], out: &mut String) {
    for one in found {
        excerpt(files, one, out);
    }
    let errors = found.iter().filter(|one| one.refuses()).count();
    let warnings = found.iter().filter(|one| one.severity == Severity::Warning).count();
    let _ = match (errors, warnings) {
        (0, 0) => writeln!(out, "{} files, nothing to complain about", files.len()),
        (0, _) => writeln!(out, "{} files, {warnings} warnings", files.len()),
        _ => writeln!(out, "{} files, {errors} errors, {warnings} warnings", files.len()),
    };
}

fn excerpt(files: &[File], one: &Diagnostic, out: &mut String) {
    let _ = writeln!(out, "{one}");
    let file = files.iter().find(|file| *file.name == *one.origin.file);
    if let Some(file) = file.filter(|_| one.origin.line > 0) {
        let line = Lines::new(&file.text).line(one.origin.line);
        let number = one.origin.line.to_string();
        let before: String = line
            .chars()
            .take(one.origin.column as usize - 1)
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let rest: String = line.chars().skip(one.origin.column as usize - 1).collect();
        let _ = writeln!(out, "{:>4} | {}", number, line.trim_end());
        let _ = writeln!(out, "     | {before}{}", "^".repeat(length(&rest)));
    }
    out.push('\n');
}

/// How many characters the thing at the start of `rest` has: a quoted text or a word.
fn length(rest: &str) -> usize {
    let mut chars = rest.chars();
    let end = match chars.next() {
        Some(quote @ ('"' | '\'')) => chars.position(|c| c == quote).map(|at| at + 2),
        _ => rest.chars().position(|c| c.is_whitespace() || "=,]}".contains(c)),
    };
    end.unwrap_or_else(|| rest.trim_end().chars().count()).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Origin;

    #[test]
    fn the_caret_stands_below_the_word() {
        let file = File { name: "a.toml".into(), text: "x = 1\næ = \"no good\", 2\n".into() };
        let origin = Origin { file: "a.toml".into(), line: 2, column: 5 };
        let mut out = String::new();
        text(&[file], &[Diagnostic::warning(origin, "id", "wrong")], &mut out);
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines[1], "   2 | æ = \"no good\", 2");
        assert_eq!(lines[2], "     |     ^^^^^^^^^");
        assert_eq!(lines[4], "1 files, 1 warnings");
    }
}
