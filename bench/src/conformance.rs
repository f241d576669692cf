//! Published suites, run from their own files by the tests' own runners: a summary, then what is missed.
//!
//! Promises: a goal that is not reached is labelled; every miss is named. Never: leaves a suite out silently:
//! one whose data is absent is said to be.

use crate::profile::{lab, mutants, suite};
use crate::support::shared;
use crate::{definitions, fhirpath, letters, map_suites};
use libtest_mimic::Failed;
use serde_json::json;
use stafett::format::fhir_xml;
use std::collections::BTreeMap;

/// What to run and how to tell it.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Arguments {
    /// Only suites whose name holds this word. Repeat for more.
    #[arg(long)]
    only: Vec<String>,
    /// Only the summary.
    #[arg(long)]
    brief: bool,
}

/// How a suite went.
#[derive(Default)]
struct Suite {
    /// Its figures: (what, how many, of how many, at least so many hundredths; as a percentage at most for
    /// what should not happen).
    figures: Vec<Figure>,
    /// Tables and notes, printed before the misses.
    notes: Vec<String>,
    /// (name, reason).
    missed: Vec<(String, String)>,
}

/// One figure and its goal, both in percent.
struct Figure {
    what: &'static str,
    said: String,
    percent: f64,
    goal: Option<Goal>,
}

/// What a figure should be.
#[derive(Clone, Copy)]
enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Figure {
    fn new(what: &'static str, passed: usize, total: usize, goal: Option<Goal>) -> Figure {
        let percent = 100.0 * passed as f64 / total.max(1) as f64;
        Figure { what, said: format!("{passed} of {total}"), percent, goal }
    }

    fn met(&self) -> Option<bool> {
        self.goal.map(|goal| match goal {
            Goal::AtLeast(least) => self.percent >= least,
            Goal::AtMost(most) => self.percent <= most,
        })
    }

    fn line(&self, suite: &str) -> String {
        let goal = match self.goal {
            Some(Goal::AtLeast(n)) => format!("at least {n}%"),
            Some(Goal::AtMost(n)) => format!("at most {n}%"),
            None => "-".to_owned(),
        };
        let met = match self.met() {
            Some(true) => "met",
            Some(false) => "NOT REACHED",
            None => "",
        };
        let (what, said, percent) = (self.what, &self.said, self.percent);
        format!("{suite:<12} {what:<46} {said:>12} {percent:6.1}%  {goal:<15} {met}")
            .trim_end()
            .to_owned()
    }
}

type Ran = Result<Suite, Failed>;

/// A suite's name, its data, its runner.
type Entry = (&'static str, &'static str, fn() -> Ran);

/// The suites.
const SUITES: &[Entry] = &[
    ("validator", "data/fhir-test-cases/validation-cases.json", validator),
    ("fhirpath", "data/fhir-test-cases/fhirpath", paths),
    ("snapshots", "data/packages", snapshots),
    ("bundles", "data/medcom-messages", bundles),
    ("mutants", "data/medcom-messages", mutated),
    ("maps", map_suites::SUITE, maps),
    ("tutorial", map_suites::TUTORIAL, tutorial),
    ("letters", "data/medcom-legacy/pairs", pairs),
];

/// Runs the suites.
pub fn run(arguments: &Arguments, as_json: bool) -> Result<(), String> {
    let wanted = |name: &str| {
        arguments.only.is_empty() || arguments.only.iter().any(|word| name.contains(word.as_str()))
    };
    let mut ran = Vec::new();
    for (name, data, run) in SUITES.iter().filter(|(name, ..)| wanted(name)) {
        if !shared().join(data).exists() {
            println!("{name}: not run: no {data} in the test data");
            continue;
        }
        let suite = run().map_err(|failed| format!("{name}: {failed:?}"))?;
        if as_json {
            println!("{}", in_json(name, &suite));
        }
        ran.push((*name, suite));
    }
    if as_json {
        return Ok(());
    }
    for (name, suite) in &ran {
        suite.figures.iter().for_each(|figure| println!("{}", figure.line(name)));
    }
    for (name, suite) in ran.iter().filter(|_| !arguments.brief) {
        if suite.notes.is_empty() && suite.missed.is_empty() {
            continue;
        }
        println!("\n{name}");
        suite.notes.iter().for_each(|note| println!("  {note}"));
        suite.missed.iter().for_each(|(name, why)| println!("  missed {name}: {why}"));
    }
    Ok(())
}

fn in_json(name: &str, suite: &Suite) -> serde_json::Value {
    let figure = |one: &Figure| {
        let goal = match one.goal {
            Some(Goal::AtLeast(n)) => json!({"at_least": n}),
            Some(Goal::AtMost(n)) => json!({"at_most": n}),
            None => json!(null),
        };
        let (what, said, met) = (one.what, &one.said, one.met());
        json!({"what": what, "said": said, "percent": one.percent, "goal": goal, "met": met})
    };
    let figures: Vec<_> = suite.figures.iter().map(figure).collect();
    let missed: Vec<_> =
        suite.missed.iter().map(|(name, why)| json!({"name": name, "why": why})).collect();
    json!({"suite": name, "figures": figures, "notes": suite.notes, "missed": missed})
}

/// The official validator suite: its four scores, by part, and every miss with its class.
fn validator() -> Ran {
    let mut missed = Vec::new();
    let mut classes: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    let table = suite::scores(&[], |one| {
        if !one.agrees() {
            let verdict = if one.valid { "refused, and is valid" } else { "taken, and is invalid" };
            missed.push((one.id.clone(), verdict.to_owned()));
        }
        for (what, place) in one.missed.iter().filter(|_| !one.valid) {
            classes.entry(suite::class(what)).or_default().0 += 1;
            missed.push((one.id.clone(), format!("[{}] {what} at {place}", suite::class(what))));
        }
        for (what, place) in &one.extra {
            classes.entry("told beyond the reference").or_default().1 += 1;
            missed.push((one.id.clone(), format!("told beyond the reference: {what} at {place}")));
        }
    })?;
    let total = table.get("total").ok_or("an empty suite")?;
    let mean = |all: &[f64]| 100.0 * all.iter().sum::<f64>() / all.len().max(1) as f64;
    let score = |what, percent: f64, goal| Figure {
        what,
        said: format!("{percent:.1}"),
        percent,
        goal: Some(Goal::AtLeast(goal)),
    };
    let figures = vec![
        Figure::new(
            "verdicts that agree with the reference",
            total.agree as usize,
            total.runs as usize,
            Some(Goal::AtLeast(95.0)),
        ),
        score("recall of (severity, expression), macro", mean(&total.recall), 90.0),
        score("precision of (severity, expression), macro", mean(&total.precision), 90.0),
        Figure::new(
            "valid runs with a false error",
            total.false_errors as usize,
            total.valid as usize,
            Some(Goal::AtMost(1.0)),
        ),
    ];
    let mut notes: Vec<String> = table.iter().map(|(name, part)| part.row(name)).collect();
    notes.extend(classes.iter().map(|(class, (missed, extra))| match extra {
        0 => format!("missed, by class: {class}: {missed}"),
        extra => format!("{class}: {extra}"),
    }));
    Ok(Suite { figures, notes, missed })
}

/// The official FHIRPath suite.
fn paths() -> Ran {
    let score = fhirpath::suite::run(&shared().join("data/fhir-test-cases/fhirpath"))?;
    let what = "tests of the official R4 suite";
    let figures = vec![Figure::new(what, score.passed, score.total, Some(Goal::AtLeast(97.0)))];
    let reasoned = |(name, came): (String, String)| {
        let reason = fhirpath::known::reason(&name).unwrap_or("NO REASON KNOWN");
        (name, format!("{reason} ({came})"))
    };
    let missed = score.missed.into_iter().map(reasoned).collect();
    Ok(Suite { figures, missed, notes: Vec::new() })
}

/// Snapshots made from the published differentials.
fn snapshots() -> Ran {
    let tally = definitions::snapshots::tally()?;
    let figures =
        vec![Figure::new("snapshots equal to the published", tally.alike, tally.all, None)];
    let split = |one: &String| {
        let (name, why) = one.split_once(": ").unwrap_or((one, ""));
        (name.to_owned(), why.to_owned())
    };
    let mut missed: Vec<_> = tally.unsure.iter().map(split).collect();
    missed.extend(tally.differs.iter().map(split));
    Ok(Suite { figures, missed, notes: Vec::new() })
}

/// The published Bundles, in JSON and in our own XML, without one profile error.
fn bundles() -> Ran {
    let mut suite = Suite::default();
    for (what, in_json) in
        [("published Bundles without an error", true), ("the same in XML", false)]
    {
        let (mut passed, mut total) = (0, 0);
        let mut memory = stafett::profile::Memory::new();
        for (name, text) in lab::messages(true)? {
            let (summary, seen) = match in_json {
                true => lab::lab().judge(&text, &mut memory),
                false => lab::lab().judge_xml(&as_xml(&text), &mut memory),
            };
            total += 1;
            passed += usize::from(summary.errors == 0);
            let wrong = seen.iter().filter(|s| s.severity >= stafett::message::Severity::Error);
            let told = |s: &lab::Seen| (name.clone(), format!("{} at {}", s.id, s.expression));
            suite.missed.extend(wrong.map(told));
        }
        suite.figures.push(Figure::new(what, passed, total, Some(Goal::AtLeast(100.0))));
    }
    Ok(suite)
}

/// A message in our own XML.
fn as_xml(json: &str) -> String {
    let tree = lab::lab().read(json, &mut Vec::new());
    let mut out = String::new();
    if let Some(root) = tree.root() {
        fhir_xml::write(&tree, lab::lab().library.table(), root, &mut out);
    }
    out
}

/// Mutants of the published Bundles, each told at the right expression, line and column.
fn mutated() -> Ran {
    let (tally, survivors) = mutants::score()?;
    let total = tally.values().map(|(made, _)| *made as usize).sum();
    let passed = tally.values().map(|(_, killed)| *killed as usize).sum();
    let what = "mutants told at expression, line and column";
    let figures = vec![Figure::new(what, passed, total, Some(Goal::AtLeast(95.0)))];
    let notes = tally.iter().map(|(rule, (made, killed))| format!("{rule}: {killed} of {made}"));
    let missed = survivors.into_iter().map(|one| match one.split_once(": ") {
        Some((name, why)) => (name.to_owned(), why.to_owned()),
        None => (one, String::new()),
    });
    Ok(Suite { figures, notes: notes.collect(), missed: missed.collect() })
}

fn maps() -> Ran {
    Ok(outcomes("maps of the official suite", 100.0, map_suites::suite()?))
}

fn tutorial() -> Ran {
    // two of the tutorial's 76 expected results contradict its own maps
    Ok(outcomes("outputs of the tutorial", 97.3, map_suites::tutorial()?))
}

/// MedCom's pairs of letters, in EDIFACT and OIOXML.
fn pairs() -> Ran {
    let tally = letters::tally()?;
    let figure =
        |what, (passed, total): (usize, usize), goal| Figure::new(what, passed, total, goal);
    let figures = vec![
        figure(
            "letters in EDIFACT written as they came",
            tally.written,
            Some(Goal::AtLeast(100.0)),
        ),
        figure("pairs made of each other, both ways", tally.mapped, None),
        figure("values of these that are the partner's", tally.values, Some(Goal::AtLeast(95.0))),
        figure("broken letters refused", tally.refused, Some(Goal::AtLeast(100.0))),
        figure(
            "messages of HL7 v2 written as they came",
            tally.messages,
            Some(Goal::AtLeast(100.0)),
        ),
    ];
    Ok(Suite { figures, missed: tally.missed, notes: Vec::new() })
}

fn outcomes(what: &'static str, goal: f64, all: Vec<map_suites::Outcome>) -> Suite {
    let passed = all.iter().filter(|(_, result)| result.is_ok()).count();
    let figures = vec![Figure::new(what, passed, all.len(), Some(Goal::AtLeast(goal)))];
    let missed = all.into_iter().filter_map(|(name, result)| result.err().map(|why| (name, why)));
    Suite { figures, missed: missed.collect(), notes: Vec::new() }
}
