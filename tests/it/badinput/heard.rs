//! An engine that takes messages of everybody, and what it says about one.

use crate::support;
use libtest_mimic::Failed;
use stafett::cli::assemble;
use stafett::engine::{Arena, Engine, Incoming, Outcome};
use stafett::message::{Answer, KnownAbout, PartyName, Syntax};
use stafett::receipt::Ending;
use std::collections::BTreeSet;
use tempfile::TempDir;
use uuid::Uuid;

/// The party that all identifiers belong to.
const PARTY: &str = "everybody";

/// An engine, one party with these identifiers, and a route for these events.
pub struct Site {
    pub engine: Engine,
    _folder: TempDir,
}

/// The id of an issue, its line and column, and its place by name.
type Wrong = (String, Option<(u32, u32)>, String);

/// What was said.
pub struct Heard {
    /// Whether there is a verdict; none: it was not read to its end.
    pub ending: Option<Ending>,
    /// The issues that refuse: their ids, their places in the text, and where by name.
    pub wrong: Vec<Wrong>,
    pub answer: Answer,
}

impl Site {
    pub fn new(identifiers: &BTreeSet<String>, events: &str) -> Result<Site, Failed> {
        let folder = TempDir::new()?;
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text);
        let mappings = support::root().join("mappings");
        write(
            "stafett.toml",
            &format!(
                "[engine]\nname = 'test'\nmode = 'test'\n\
                 [[listener]]\nname = 'in'\naddress = '127.0.0.1:0'\nkind = 'messages'\n\
                 [[listener]]\nname = 'ops'\naddress = '127.0.0.1:0'\nkind = 'operations'\n\
                 [store]\nfolder = 'data'\n[mappings]\nfolders = [{mappings:?}]\n"
            ),
        )?;
        let identifiers: Vec<String> = identifiers.iter().map(|one| format!("{one:?}")).collect();
        write(
            "parties.toml",
            &format!(
                "[[party]]\nname = '{PARTY}'\ntitle = 'E'\nidentifiers = [{}]\ntokens = ['{}']\n",
                identifiers.join(", "),
                blake3::hash(b"token").to_hex()
            ),
        )?;
        let endpoints = ["hl7v2", "edifact", "xml"].map(|syntax| {
            format!(
                "[[endpoint]]\nname = '{syntax}'\nparty = '{PARTY}'\nurl = 'http://127.0.0.1:7102/'\n\
                 syntax = '{syntax}'\n"
            )
        });
        write("endpoints.toml", &endpoints.concat())?;
        let route = |name: &str, when: &str, to: &str| {
            format!(
                "[[route]]\nname = '{name}'\nsender = '{PARTY}'\nreceiver = '{PARTY}'\n\
                 event = [{events}]\nto = '{to}'\nwhen = \"{when}\"\n"
            )
        };
        let routes = [
            route("to-hl7v2", "MSH.exists()", "hl7v2"),
            route("to-edifact", "UNB.exists()", "edifact"),
            route("to-xml", "MSH.exists().not() and UNB.exists().not()", "xml"),
        ];
        write("routes.toml", &routes.concat())?;
        let assembled = assemble::assemble(folder.path())?;
        let told: Vec<String> = assembled.diagnostics.iter().map(ToString::to_string).collect();
        let engine = assembled.engine.ok_or_else(|| told.join("\n"))?;
        Ok(Site { engine, _folder: folder })
    }

    /// Hands a message in and hears the answer, as a worker would without a store.
    pub fn hear(&self, syntax: Syntax, bytes: &[u8], arena: &mut Arena) -> Result<Heard, Failed> {
        let now: jiff::Timestamp = "2026-11-25T12:10:00Z".parse()?;
        let incoming = Incoming {
            party: PartyName(PARTY.into()),
            syntax,
            charset: None,
            bytes: bytes.to_vec().into(),
            received: now,
            place: None,
        };
        let (engine, id) = (&self.engine, Uuid::from_u128(0xABCD << 112));
        let read = match engine.read(incoming.clone(), arena, now) {
            Ok(read) => read,
            Err(unread) => {
                let answer = engine.answer_unread(&unread, &incoming, syntax, now, id);
                return Ok(Heard { ending: None, wrong: wrong(&unread.issues), answer });
            }
        };
        let known = KnownAbout::default();
        let Outcome::Commit(decided) = engine.decide(&read, arena, &known, now, &mut ()) else {
            return Err("it came for the first time".into());
        };
        let issues = &decided.unit.issues;
        let answer = engine.answer(&read, decided.ending, issues, syntax, now, id);
        Ok(Heard { ending: Some(decided.ending), wrong: wrong(issues), answer })
    }
}

fn wrong(issues: &[stafett::message::ToldIssue]) -> Vec<Wrong> {
    let refuses = issues.iter().filter(|one| one.severity >= stafett::message::Severity::Error);
    let at = |one: &stafett::message::ToldIssue| {
        let by_name = one.expression.as_deref().unwrap_or_default().to_owned();
        (one.id.to_string(), one.position, by_name)
    };
    refuses.map(at).collect()
}
