//! `stafett messages`: a running engine's messages, asked over its socket, and what an operator does to them.
//!
//! Promises: nothing is done without who and why. Never: opens the store itself.

use super::{Exit, Format};
use crate::ops::socket;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Asks a running engine about its messages.
#[derive(Debug, clap::Args)]
pub struct Messages {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Lists messages, the newest first.
    List(List),
    /// Shows all that is known about one message.
    Show(Show),
    /// Lists the lanes in which something waits, and which message each waits for, since when and why.
    Lanes(Lanes),
    /// Tries a dead letter again, with the same bytes and ids.
    Retry(One),
    /// Holds back a delivery that waits; its lane waits with it.
    Hold(One),
    /// Lets a held delivery go on.
    Release(One),
    /// Gives a delivery up that waits, is held, or whose receipt does not come; its lane goes on.
    Skip(One),
    /// Sends a delivery again, in a new envelope if its route says so.
    Resend(One),
    /// Sends a file's bytes in the place of a delivery, which is given up.
    Edit(Edit),
    /// Translates stored messages again and sends what comes of them: the same bytes under their ids, other
    /// bytes as a new generation.
    Replay(Again),
}

#[derive(Debug, clap::Args)]
struct Common {
    /// The data directory of the engine.
    #[arg(long, default_value = "data")]
    data: PathBuf,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    common: Common,
    /// `accepted`, `refused`, `quarantined`, or the state of a delivery: `waiting`, `dead-letter`, ...
    #[arg(long)]
    state: Option<String>,
    /// The party that handed it in.
    #[arg(long)]
    party: Option<String>,
    /// The event.
    #[arg(long)]
    event: Option<String>,
    /// The message's id, its own or one that a receiver sees.
    #[arg(long)]
    message: Option<String>,
    /// The id of an issue that its receipt told.
    #[arg(long)]
    issue: Option<String>,
    /// How many at most.
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

#[derive(Debug, clap::Args)]
struct Show {
    #[command(flatten)]
    common: Common,
    /// The message, as the list names it: `partition/sequence`.
    position: String,
}

#[derive(Debug, clap::Args)]
struct Lanes {
    #[command(flatten)]
    common: Common,
    /// How many at most, those that have waited longest first.
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

/// Who asks, and why: both are in the audit record.
#[derive(Debug, clap::Args)]
struct By {
    /// Who asks.
    #[arg(long, default_value_t = user())]
    actor: String,
    /// Why.
    #[arg(long)]
    reason: String,
}

#[derive(Debug, clap::Args)]
struct One {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    by: By,
    /// The delivery, as `show` names it: `partition/sequence/index`.
    delivery: String,
}

#[derive(Debug, clap::Args)]
struct Edit {
    #[command(flatten)]
    one: One,
    /// The bytes: valid for the route, under a message id and an envelope id of their own.
    #[arg(long)]
    file: PathBuf,
}

#[derive(Debug, clap::Args)]
struct Again {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    by: By,
    /// Only say how many there are, and how many deliveries to whom.
    #[arg(long)]
    dry_run: bool,
    /// This one: `partition/sequence`.
    #[arg(long)]
    position: Option<String>,
    /// The message's id, its own or one that a receiver saw.
    #[arg(long)]
    message: Option<String>,
    /// The party that handed it in.
    #[arg(long)]
    party: Option<String>,
    /// The event.
    #[arg(long)]
    event: Option<String>,
    /// The id of an issue that its receipt told.
    #[arg(long)]
    issue: Option<String>,
    /// `quarantined`, or the state of a delivery.
    #[arg(long)]
    state: Option<String>,
    /// Came in at this time or later: `2026-11-25T08:00:00Z`.
    #[arg(long)]
    from: Option<String>,
    /// Came in before this time.
    #[arg(long)]
    until: Option<String>,
}

/// Runs the command.
pub fn run(arguments: &Messages) -> Exit {
    let plain = |common, method, target| (common, method, target, Vec::new());
    let (common, method, target, body) = match &arguments.what {
        What::List(list) => plain(&list.common, "GET", format!("/messages?{}", query(list))),
        What::Show(show) => plain(&show.common, "GET", format!("/messages/{}", show.position)),
        What::Lanes(few) => plain(&few.common, "GET", format!("/lanes?limit={}", few.limit)),
        What::Retry(one) => plain(&one.common, "POST", one.target("retry")),
        What::Hold(one) => plain(&one.common, "POST", one.target("hold")),
        What::Release(one) => plain(&one.common, "POST", one.target("release")),
        What::Skip(one) => plain(&one.common, "POST", one.target("skip")),
        What::Resend(one) => plain(&one.common, "POST", one.target("resend")),
        What::Replay(again) => plain(&again.common, "POST", again.target()),
        What::Edit(edit) => match std::fs::read(&edit.file) {
            Ok(bytes) => (&edit.one.common, "POST", edit.one.target("edit"), bytes),
            Err(error) => {
                eprintln!("stafett messages: {}: {error}", edit.file.display());
                return Exit::CouldNot;
            }
        },
    };
    match ask(&common.data, method, &target, body) {
        Ok((200, body)) => {
            match (common.format, &arguments.what) {
                (Format::Json, _) => println!("{body}"),
                (Format::Text, What::List(_)) => print!("{}", list(&body)),
                (Format::Text, What::Lanes(_)) => print!("{}", lanes(&body)),
                (Format::Text, _) => println!("{}", pretty(&body)),
            }
            Exit::Fine
        }
        Ok((_, body)) => {
            eprint!("stafett messages: {body}");
            Exit::Findings
        }
        Err(note) => {
            eprintln!("stafett messages: {note}");
            Exit::CouldNot
        }
    }
}

impl One {
    fn target(&self, deed: &str) -> String {
        let pairs = [("actor", Some(&self.by.actor)), ("reason", Some(&self.by.reason))];
        format!("/deliveries/{}/{deed}?{}", self.delivery, pairs_of(&pairs))
    }
}

impl Again {
    fn target(&self) -> String {
        let pairs = [
            ("actor", Some(&self.by.actor)),
            ("reason", Some(&self.by.reason)),
            ("position", self.position.as_ref()),
            ("message", self.message.as_ref()),
            ("party", self.party.as_ref()),
            ("event", self.event.as_ref()),
            ("issue", self.issue.as_ref()),
            ("state", self.state.as_ref()),
            ("from", self.from.as_ref()),
            ("until", self.until.as_ref()),
        ];
        format!("/replay?dry_run={}&{}", self.dry_run, pairs_of(&pairs))
    }
}

fn ask(data: &Path, method: &str, target: &str, body: Vec<u8>) -> Result<(u16, String), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| e.to_string())?;
    let asked = socket::ask_with(data, method, target, body.into());
    runtime.block_on(asked).map_err(|e| e.to_string())
}

fn query(list: &List) -> String {
    let pairs = [
        ("state", list.state.as_ref()),
        ("party", list.party.as_ref()),
        ("event", list.event.as_ref()),
        ("message", list.message.as_ref()),
        ("issue", list.issue.as_ref()),
    ];
    format!("limit={}&{}", list.limit, pairs_of(&pairs))
}

/// Those that are said, as a query string has them.
fn pairs_of(pairs: &[(&str, Option<&String>)]) -> String {
    let said = pairs.iter().filter_map(|(name, value)| Some((name, (*value)?)));
    let parts: Vec<String> =
        said.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    parts.join("&")
}

/// Percent-encodes everything but what never needs it.
fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes()
        .map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// One line a message, and one below it for each delivery.
fn list(body: &str) -> String {
    let rows: Vec<Value> = serde_json::from_str(body).unwrap_or_default();
    let mut out = String::new();
    for row in &rows {
        let text = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
        let at = format!("{}/{}", row["position"]["partition"], row["position"]["sequence"]);
        out.push_str(&format!(
            "{at:<8} {}  {:<11} {}  {}  {}\n",
            text("received"),
            text("state"),
            text("party"),
            text("event"),
            text("message")
        ));
        for delivery in row["deliveries"].as_array().into_iter().flatten() {
            let word = |name: &str| delivery[name].as_str().unwrap_or("-").to_owned();
            out.push_str(&format!(
                "         {at}/{}  {}  {}, {} attempts, receipt {}\n",
                delivery["id"]["index"],
                word("receiver"),
                word("state"),
                delivery["attempts"],
                word("receipt")
            ));
        }
    }
    out.push_str(&format!("{} messages\n", rows.len()));
    out
}

/// One line a lane: what it waits for, since when, where that stands and why.
fn lanes(body: &str) -> String {
    let rows: Vec<Value> = serde_json::from_str(body).unwrap_or_default();
    let mut out = String::new();
    for row in &rows {
        let first = &row["first"];
        let text = |name: &str| first[name].as_str().unwrap_or("-").to_owned();
        let unit = &first["id"]["unit"];
        out.push_str(&format!(
            "{}  {} in it, waits for {}/{}/{} since {}: {}, {} attempts, {}\n",
            text("lane"),
            row["waiting"],
            unit["partition"],
            unit["sequence"],
            first["id"]["index"],
            text("since"),
            text("state"),
            first["attempts"],
            text("reason")
        ));
    }
    out.push_str(&format!("{} lanes\n", rows.len()));
    out
}

fn pretty(body: &str) -> String {
    let value: Value = serde_json::from_str(body).unwrap_or(Value::Null);
    serde_json::to_string_pretty(&value).unwrap_or_default()
}

/// Who is logged in; nobody is refused by the engine.
fn user() -> String {
    std::env::var("USER").unwrap_or_default()
}
