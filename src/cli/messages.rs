//! `stafett messages list | show | lanes | retry`: a running engine's messages, asked over its socket.

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
    Retry(Retry),
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

#[derive(Debug, clap::Args)]
struct Retry {
    #[command(flatten)]
    common: Common,
    /// The delivery, as `show` names it: `partition/sequence/index`.
    delivery: String,
}

/// Runs the command.
pub fn run(arguments: &Messages) -> Exit {
    let (common, method, target) = match &arguments.what {
        What::List(list) => (&list.common, "GET", format!("/messages?{}", query(list))),
        What::Show(show) => (&show.common, "GET", format!("/messages/{}", show.position)),
        What::Lanes(lanes) => (&lanes.common, "GET", format!("/lanes?limit={}", lanes.limit)),
        What::Retry(retry) => {
            (&retry.common, "POST", format!("/deliveries/{}/retry", retry.delivery))
        }
    };
    match ask(&common.data, method, &target) {
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

fn ask(data: &Path, method: &str, target: &str) -> Result<(u16, String), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| e.to_string())?;
    runtime.block_on(socket::ask(data, method, target)).map_err(|e| e.to_string())
}

fn query(list: &List) -> String {
    let pairs = [
        ("state", &list.state),
        ("party", &list.party),
        ("event", &list.event),
        ("message", &list.message),
        ("issue", &list.issue),
    ];
    let mut parts = vec![format!("limit={}", list.limit)];
    for (name, value) in pairs {
        parts.extend(value.as_ref().map(|value| format!("{name}={}", encoded(value))));
    }
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
