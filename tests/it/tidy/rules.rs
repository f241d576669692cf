//! The rules. Each returns what breaks it, one line a finding, `file:line` first.

use super::{Source, source};
use libtest_mimic::Failed;

/// The rooms and their floors, times two so that the half floors are whole numbers.
const FLOORS: &[(&str, u8)] = &[
    ("main", 12),
    ("cli", 12),
    ("pipeline", 12),
    ("ops", 10),
    ("receive", 8),
    ("deliver", 8),
    ("store", 6),
    ("engine", 5),
    ("receipt", 5),
    ("profile", 4),
    ("mapping", 4),
    ("route", 4),
    ("definitions", 3),
    ("fhirpath", 3),
    ("format", 2),
    ("config", 0),
    ("message", 0),
    ("tree", 0),
];

/// Rooms of one floor that do not know each other.
const STRANGERS: &[&[&str]] = &[&["profile", "mapping", "route"], &["receive", "deliver"]];

/// What only some places may name: (first segments, places, why).
const KEPT: &[(&[&str], &[&str], &str)] = &[
    (&["quick_xml"], &["src/format/"], "quick-xml is named only in format"),
    (
        &["hyper"],
        &["src/receive/", "src/deliver/", "src/ops/"],
        "hyper is named only in the shells",
    ),
    (&["hyper_util"], &["src/receive/", "src/deliver/", "src/ops/"], "so is its tokio glue"),
    (&["rusqlite"], &["src/store/"], "the database is named only in store"),
];

/// What the pure floors never name.
const IMPURE: &[&[&str]] = &[
    &["tokio"],
    &["hyper"],
    &["rustls"],
    &["governor"],
    &["axum"],
    &["std", "fs"],
    &["std", "net"],
    &["SystemTime"],
    &["Instant"],
    &["std", "time", "SystemTime"],
    &["std", "time", "Instant"],
    &["jiff", "Timestamp", "now"],
    &["Timestamp", "now"],
];

/// The highest floor (times two) that is pure.
const PURE: u8 = 5;

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

fn rooms(sources: &[Source]) -> impl Iterator<Item = (&Source, &str)> {
    sources
        .iter()
        .filter(|s| s.path.starts_with("src/") && s.path != "src/lib.rs")
        .map(|s| (s, s.module[0].as_str()))
}

/// No room names one on a higher floor, nor a stranger on its own.
pub fn arrows(sources: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for (source, room) in rooms(sources) {
        let Some(own) = floor(room) else {
            findings.push(format!("{}:1: the room `{room}` has no floor", source.path));
            continue;
        };
        for named in source.paths.iter().filter(|n| n.segments[0] == "crate") {
            let other = named.segments[1].as_str();
            let Some(theirs) = floor(other) else { continue };
            let strangers = other != room
                && STRANGERS.iter().any(|group| group.contains(&room) && group.contains(&other));
            if theirs > own || strangers {
                findings.push(format!("{}:{}: `{room}` names `{other}`", source.path, named.line));
            }
        }
    }
    findings
}

/// Names that belong to one room, and names that the pure floors never speak.
pub fn forbidden(sources: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for (source, room) in rooms(sources) {
        let pure = floor(room).is_some_and(|floor| floor <= PURE);
        for named in &source.paths {
            let starts = |what: &[&str]| {
                named.segments.len() >= what.len()
                    && named.segments.iter().zip(what).all(|(a, b)| a == b)
            };
            let kept = KEPT.iter().find(|(what, places, _)| {
                starts(what) && !places.iter().any(|place| source.path.starts_with(place))
            });
            if let Some((_, _, why)) = kept {
                findings.push(format!("{}:{}: {why}", source.path, named.line));
            }
            for (name, file) in [("governor", "limits.rs"), ("rustls", "tls.rs")] {
                if starts(&[name]) && !source.path.ends_with(file) {
                    findings.push(format!(
                        "{}:{}: {name} is named only in {file}",
                        source.path, named.line
                    ));
                }
            }
            if pure && IMPURE.iter().any(|what| starts(what)) {
                let what = named.segments.join("::");
                findings.push(format!("{}:{}: a pure floor names {what}", source.path, named.line));
            }
        }
        let asynchronous =
            source.text.lines().position(|l| l.contains("async fn ") && !l.contains("//"));
        if let Some(line) = asynchronous.filter(|_| pure) {
            findings.push(format!("{}:{}: a pure floor has an async fn", source.path, line + 1));
        }
    }
    findings
}

/// Every file opens with what it promises.
pub fn docs(sources: &[Source]) -> Vec<String> {
    let opens = |text: &str| {
        text.lines().find(|l| !l.starts_with("// size:")).is_some_and(|l| l.starts_with("//! "))
    };
    let bare = sources.iter().filter(|s| !opens(&s.text));
    bare.map(|s| format!("{}:1: no opening doc (`//! ...`)", s.path)).collect()
}

/// 400 lines without a reason, 600 for anything but a catalogue.
pub fn sizes(sources: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for source in sources {
        let lines = source.text.lines().count();
        let reason = source.text.lines().next().and_then(|l| l.strip_prefix("// size: "));
        match reason {
            None if lines > 400 => {
                findings
                    .push(format!("{}:1: {lines} lines, and no `// size: reason`", source.path));
            }
            Some(reason) if lines > 600 && !reason.contains("catalogue") => {
                findings.push(format!("{}:1: {lines} lines, and not a catalogue", source.path));
            }
            _ => {}
        }
    }
    findings
}

/// No unfinished business left in the source.
pub fn speech(sources: &[Source]) -> Vec<String> {
    let words =
        [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:"), concat!("todo", "!(")];
    let mut findings = Vec::new();
    for source in sources {
        for (at, line) in source.text.lines().enumerate() {
            if let Some(word) = words.iter().find(|word| line.contains(*word)) {
                findings.push(format!("{}:{}: {word}", source.path, at + 1));
            }
        }
    }
    findings
}

/// The rules find a planted fault of each kind, so that silence means something.
pub fn self_test() -> Result<(), Failed> {
    type Rule = fn(&[Source]) -> Vec<String>;
    let cases: [(&str, &str, Rule); 10] = [
        ("src/tree/a.rs", "use crate::{message, format::read};", arrows),
        ("src/format/a.rs", "fn f() { let x = super::super::store::open(); }", arrows),
        ("src/profile/a.rs", "pub use crate::mapping::Plan;", arrows),
        ("src/store/a.rs", "fn f() { assert!(crate::ops::ready()); }", arrows),
        ("src/engine.rs", "use std::{fs, io};", forbidden),
        (
            "src/mapping/a.rs",
            "fn f() { println!(\"{:?}\", std::time::Instant::now()); }",
            forbidden,
        ),
        ("src/mapping/a.rs", "use std::time::Instant;", forbidden),
        ("src/store/a.rs", "use quick_xml::Reader;", forbidden),
        ("src/receive/http.rs", "use governor::Quota;", forbidden),
        ("src/route/a.rs", "async fn f() {}", forbidden),
    ];
    for (path, text, rule) in cases {
        let one = source(path.to_owned(), text.to_owned())?;
        if rule(&[one]).is_empty() {
            return Err(Failed::from(format!("not found in {path}: {text}")));
        }
    }
    let tested = "#[cfg(test)] mod tests { use std::fs; }";
    let one = source("src/tree/a.rs".to_owned(), tested.to_owned())?;
    if !forbidden(&[one]).is_empty() {
        return Err(Failed::from("a test module may read files"));
    }
    Ok(())
}
