//! Findings as a person reads them: the finding, the line it is about, a caret below the words.
//!
//! Promises: the first line of each is what a compiler would print, so that editors find the place. Never: fails
//! because a file cannot be read; then the line is left out.

use crate::config::File;
use crate::message::{Diagnostic, Severity};
use crate::tree::Lines;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Where a finding ends, both from 1, the column one past the last character.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct End {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// The files that findings are about, read again; those that cannot be read are left out.
pub fn files(found: &[Diagnostic]) -> Vec<File> {
    let names: BTreeSet<&str> = found.iter().map(|one| &*one.origin.file).collect();
    let read = |name: &str| {
        let bytes = std::fs::read(name).ok()?;
        Some(File { name: name.to_owned(), text: String::from_utf8(bytes).ok()? })
    };
    names.into_iter().filter_map(read).collect()
}

/// One finding with its line and a caret.
pub fn excerpt(files: &[File], one: &Diagnostic, out: &mut String) {
    let _ = writeln!(out, "{one}");
    let file = files.iter().find(|file| *file.name == *one.origin.file);
    if let Some(file) = file.filter(|_| one.origin.line > 0) {
        lines(&file.text, one.origin.line, one.origin.column, out);
    }
    out.push('\n');
}

/// A line of a text and a caret below what stands at a column.
pub fn lines(text: &str, line: u32, column: u32, out: &mut String) {
    one_line(Lines::new(text).line(line), line, column, out);
}

/// The same, of a line that is at hand; a long one is cut on both sides.
pub fn one_line(source: &str, line: u32, column: u32, out: &mut String) {
    let carets = length(split(source, column).1);
    let (shown, below) = around(source, column, carets);
    let _ = writeln!(out, "{line:>4} | {shown}\n     | {below}");
}

/// The line that some bytes of a text begin in, and a caret below each; of a long line only what is around them.
pub fn span(text: &str, start: u32, len: u32, out: &mut String) {
    let lines = Lines::new(text);
    let place = lines.at(start);
    let source = lines.line(place.line);
    let rest = split(source, place.column).1;
    let own = rest.get(..(len as usize).min(rest.len())).unwrap_or(rest);
    let (shown, below) = around(source, place.column, own.trim_end().chars().count());
    let _ = writeln!(out, "{:>6} | {shown}\n       | {below}", place.line);
}

/// The longest line that is shown whole, and of a longer one how much before the column.
const WIDTH: usize = 120;
const BEFORE: usize = 40;

/// What is shown of a line, and carets below what stands at a column.
fn around(source: &str, column: u32, carets: usize) -> (String, String) {
    let source = source.trim_end();
    let before = split(source, column).0;
    let at = before.chars().count();
    let long = source.chars().count() > WIDTH;
    let cut = if long { at.saturating_sub(BEFORE) } else { 0 };
    let shown: Vec<char> = source.chars().skip(cut).take(WIDTH + 1).collect();
    let clean = |c: &char| if c.is_control() && *c != '\t' { ' ' } else { *c };
    let text: String = shown.iter().take(WIDTH).map(clean).collect();
    let (left, right) =
        (if cut > 0 { "…" } else { "" }, if shown.len() > WIDTH { "…" } else { "" });
    let blank = |c: char| if c == '\t' { '\t' } else { ' ' };
    let below: String = left.chars().chain(before.chars().skip(cut)).map(blank).collect();
    let room = text.chars().count().saturating_sub(at - cut);
    let carets = "^".repeat(carets.min(room).max(1));
    (format!("{left}{text}{right}"), format!("{below}{carets}"))
}

/// Where the words end that a finding is about; the place itself where the file is not at hand.
pub fn end(files: &[File], one: &Diagnostic) -> End {
    let origin = &one.origin;
    let file = files.iter().find(|file| *file.name == *origin.file).filter(|_| origin.line > 0);
    let len = file
        .map_or(0, |file| length(split(Lines::new(&file.text).line(origin.line), origin.column).1));
    End { line: origin.line, column: origin.column + len as u32 }
}

/// `3 files, 1 error, 2 warnings`, or that there is nothing.
pub fn total(files: usize, found: &[Diagnostic]) -> String {
    let errors = found.iter().filter(|one| one.refuses()).count();
    let warnings = found.iter().filter(|one| one.severity == Severity::Warning).count();
    let (files, warned) = (plural(files, "file"), plural(warnings, "warning"));
    match (errors, warnings) {
        (0, 0) => format!("{files}, nothing to complain about"),
        (0, _) => format!("{files}, {warned}"),
        _ => format!("{files}, {}, {warned}", plural(errors, "error")),
    }
}

/// `1 file`, `2 files`.
pub fn plural(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

fn split(line: &str, column: u32) -> (&str, &str) {
    let at = line.char_indices().nth(column.saturating_sub(1) as usize);
    line.split_at(at.map_or(line.len(), |(at, _)| at))
}

/// How many characters the thing at the start of `rest` has: a quoted text or a word.
fn length(rest: &str) -> usize {
    let mut chars = rest.chars();
    let end = match chars.next() {
        Some(quote @ ('"' | '\'')) => chars.position(|c| c == quote).map(|at| at + 2),
        _ => rest.chars().position(|c| c.is_whitespace() || "=,;.:(){}[]<>".contains(c)),
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
        let found = [Diagnostic::warning(origin, "id", "wrong")];
        let mut out = String::new();
        excerpt(std::slice::from_ref(&file), &found[0], &mut out);
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines[1], "   2 | æ = \"no good\", 2");
        assert_eq!(lines[2], "     |     ^^^^^^^^^");
        assert_eq!(total(1, &found), "1 file, 1 warning");
        assert_eq!(end(&[file], &found[0]), End { line: 2, column: 14 });
    }

    #[test]
    fn of_a_long_line_what_is_around_the_bytes_is_shown() {
        let mut out = String::new();
        let text = format!("{}<name>Jørgen</name>{}\n", "x".repeat(300), "y".repeat(300));
        span(&text, 306, 7, &mut out);
        let lines: Vec<&str> = out.lines().collect();
        let at = lines[0].chars().position(|c| c == 'J');
        assert_eq!(at, lines[1].chars().position(|c| c == '^'));
        assert!(lines[1].ends_with(" ^^^^^^") && lines[0].chars().count() < 150, "{out}");
        out.clear();
        span("a\n\tbc d", 3, 2, &mut out);
        assert_eq!(out, "     2 | \tbc d\n       | \t^^\n");
    }

    #[test]
    fn a_long_line_is_cut_around_the_column() {
        let line = format!("{}\"family\": \"x\"{}", "a".repeat(5_000), "b".repeat(5_000));
        let mut out = String::new();
        one_line(&line, 1, 5_001, &mut out);
        let lines: Vec<&str> = out.lines().collect();
        assert!(lines.iter().all(|line| line.chars().count() <= 7 + 1 + WIDTH + 1), "{out}");
        let caret = lines[1].chars().position(|c| c == '^').unwrap_or_default();
        let under: String = lines[0].chars().skip(caret).take(8).collect();
        assert_eq!((under.as_str(), lines[1].matches('^').count()), ("\"family\"", 8));
    }

    #[test]
    fn a_word_of_a_path_ends_at_the_dot() {
        let ends = [("entry.resource = x", 5), ("a;", 1), ("tgt", 3), ("", 1), ("'x y' as", 5)];
        for (text, wanted) in ends {
            assert_eq!(length(text), wanted, "{text}");
        }
    }
}
