//! `stafett check DIR`: every mistake of a configuration at once, each with its place in the source.
//!
//! Promises: exit code 0 means that the configuration would become active. Never: starts anything.

use super::load::{self, Folder};
use super::{Exit, Format};
use crate::config::{At, File, Route, suggestion};
use crate::definitions::core::Kind;
use crate::definitions::{Library, Scope};
use crate::mapping::ast::Map;
use crate::message::{Diagnostic, Severity};
use crate::route::{Intakes, Routes};
use crate::tree::Lines;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    let read = match load::configuration(folder) {
        Ok(read) => read,
        Err(error) => {
            let _ = writeln!(out, "stafett check: {error}");
            return Exit::CouldNot;
        }
    };
    let (files, found) = all(read);
    match format {
        Format::Text => text(&files, &found, out),
        Format::Json => json(folder, &found, out),
    }
    if found.iter().any(Diagnostic::refuses) { Exit::Findings } else { Exit::Fine }
}

/// What every floor finds. Each looks at what could be read, so that none waits for another.
fn all(mut read: Folder) -> (Vec<File>, Vec<Diagnostic>) {
    let config = Arc::new(read.reading.partial().clone());
    let (library, mut found) = load::library(&read.path, &config);
    let (maps, more) = load::maps(&read.path, &config);
    found.extend(more);
    found.extend(Intakes::compile(&config, library.table()).1);
    found.extend(Routes::compile(&config, library.table()).1);
    for route in &config.routes {
        route_names(route, &library, &maps, &mut found);
    }
    for endpoint in &config.endpoints {
        if let Some(file) = &endpoint.token_file
            && !read.path.join(&*file.value).is_file()
        {
            let text = format!("there is no `{}` from the configuration's folder", file.value);
            found.push(Diagnostic::error(file.origin.clone(), "config-no-such-file", text));
        }
    }
    read.reading.add(found);
    let shown = |map: &Map| File { name: map.file.to_string(), text: map.text.to_string() };
    read.files.extend(maps.iter().map(shown));
    (read.files, read.reading.finish().1)
}

/// What a route names beyond the configuration: maps, concept maps, profiles.
fn route_names(route: &Route, library: &Library, maps: &[Map], found: &mut Vec<Diagnostic>) {
    let mut unknown = |what: &str, at: &At<Box<str>>, known: &[&str]| {
        let text = format!("no {what} is called `{}`", at.value);
        let one = Diagnostic::error(at.origin.clone(), "config-unknown-name", text);
        found.push(suggestion(one, &at.value, known.iter().copied()));
    };
    if let Some(map) = &route.map {
        let known: Vec<&str> = maps.iter().map(|map| &*map.url.text).collect();
        if !known.contains(&&*map.value) {
            unknown("map", map, &known);
        }
    }
    if let Some(profiles) = &route.profiles {
        let known: Vec<&str> = library.list(Kind::ConceptMap).map(|one| one.url).collect();
        if !known.contains(&&*profiles.value) {
            unknown("concept map", profiles, &known);
        }
    }
    for profile in route.validate.iter().chain(&route.target_profiles) {
        let resolved = library
            .root_of(&profile.value, None)
            .and_then(|root| library.resolve(Kind::Structure, &profile.value, Scope::of(root)));
        if resolved.is_none() {
            let known: Vec<&str> = library.list(Kind::Structure).map(|one| one.url).collect();
            unknown("profile", profile, &known);
        }
    }
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
