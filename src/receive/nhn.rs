//! Messages fetched from NHN's message interface (MSH API 2).
//!
//! The interface's own names stand here: it is one server's interface, and no format of messages. Promises: a message is
//! marked as read when it is on disk and its application receipt is taken, so that after a crash it is fetched
//! again, as a duplicate; a document that cannot be read is on disk before it is marked, and does not hold up what
//! is behind it. Never: two requests at a time, or a path that a message named.

use super::limits::{Limits, Quotas};
use crate::config::{MailboxPaths, MailboxReceipts};
use crate::format::recognise;
use crate::message::{Answer, Intake, PartyName, ReceiptCode, Submission};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::future::Future;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// A request below the interface's address.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `PUT` or `POST`.
    pub method: &'static str,
    /// The path.
    pub path: String,
    /// JSON, if it has a body.
    pub body: Option<Bytes>,
    /// The most bytes of an answer.
    pub most: usize,
}

/// What was answered; none: nothing was.
pub type Said = Option<(u16, Bytes)>;

/// What carries requests to the interface.
pub trait Service: Send + Sync + 'static {
    /// Carries one and waits for the answer.
    fn ask(&self, request: Request) -> Pin<Box<dyn Future<Output = Said> + Send + '_>>;
}

/// A mailbox, and how it is looked at.
pub struct Front {
    /// Who decides.
    pub intake: Arc<dyn Intake>,
    /// What carries requests.
    pub service: Box<dyn Service>,
    /// What is too much.
    pub limits: Limits,
    /// What its party may hand in.
    pub quotas: Quotas,
    /// The party that hands in what is fetched.
    pub party: PartyName,
    /// Whose messages.
    pub receivers: Vec<u32>,
    /// How many are asked for at once.
    pub at_once: u32,
    /// How often.
    pub every: Duration,
    /// Where what cannot be read goes.
    pub quarantine: PathBuf,
    /// Which application receipts are sent.
    pub receipts: MailboxReceipts,
    /// What a refusing one says.
    pub error_code: Box<str>,
    /// Where the interface has what.
    pub paths: MailboxPaths,
}

/// A message of the list.
#[derive(Deserialize)]
struct Listed {
    id: Box<str>,
    #[serde(rename = "receiverHerId")]
    receiver: u32,
}

/// One that may be asked for: its id is one, so that it can stand in a path.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Unread {
    id: Uuid,
    receiver: u32,
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "businessDocument")]
    document: String,
}

/// Why a round ended.
#[derive(PartialEq, Eq, Debug)]
enum Ended {
    /// There was nothing.
    Empty,
    /// There may be more.
    More,
    /// Something was not to be had, or there was no room.
    Later,
}

/// What became of a message.
#[derive(PartialEq, Eq, Debug)]
enum Fetched {
    /// It is marked as read.
    Marked,
    /// It stays where it is, and others go on.
    Left,
    /// It is tried again, and others wait.
    Later,
}

/// Asks a mailbox until `stop` resolves; a message in hand is finished first.
pub async fn serve(front: Front, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    loop {
        let ended = round(&front).await;
        let pause = if ended == Ended::More { Duration::ZERO } else { front.every };
        tokio::select! {
            biased;
            () = &mut stop => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn round(front: &Front) -> Ended {
    let receivers: Vec<String> =
        front.receivers.iter().map(|one| format!("ReceiverHerIds={one}")).collect();
    let path = front.paths.list.replace("{receivers}", &receivers.join("&"));
    let path = path.replace("{count}", &front.at_once.to_string());
    let Some(body) = got(front, path).await else {
        tracing::warn!(party = &*front.party.0, "a mailbox does not say what is unread");
        return Ended::Later;
    };
    let Ok(listed) = serde_json::from_slice::<Vec<Listed>>(&body) else {
        tracing::error!(party = &*front.party.0, "ALARM: a mailbox's list cannot be read");
        return Ended::Later;
    };
    let (mut seen, mut any) = (BTreeSet::new(), false);
    for one in listed {
        let Ok(id) = Uuid::parse_str(&one.id) else { continue };
        let one = Unread { id, receiver: one.receiver };
        if !front.receivers.contains(&one.receiver) || !seen.insert(one) {
            continue;
        }
        match fetch(front, &one).await {
            Fetched::Marked => any = true,
            Fetched::Left => {}
            Fetched::Later => return Ended::Later,
        }
    }
    if any { Ended::More } else { Ended::Empty }
}

/// Takes one message.
async fn fetch(front: &Front, one: &Unread) -> Fetched {
    let path = |template: &str| {
        let path = template.replace("{id}", &one.id.to_string());
        path.replace("{receiver}", &one.receiver.to_string())
    };
    if front.quotas.take(&front.party).is_err() || !front.intake.ready() {
        return Fetched::Later;
    }
    let Some(body) = got(front, path(&front.paths.document)).await else { return Fetched::Later };
    if body.is_empty() {
        tracing::error!(
            party = &*front.party.0,
            "ALARM: a document is larger than allowed, and stays unread"
        );
        return Fetched::Left;
    }
    let document = serde_json::from_slice::<Document>(&body).ok();
    let plain = document.and_then(|one| STANDARD.decode(one.document.as_bytes()).ok());
    let body = match plain.map(Bytes::from) {
        Some(plain) if plain.len() <= front.limits.body => plain,
        _ => return quarantined(front, one, body, &path).await,
    };
    let syntax = recognise(&body);
    let submission = Submission {
        party: front.party.clone(),
        syntax,
        charset: None,
        answer_in: syntax,
        apart: false,
        body: body.clone(),
        received: Timestamp::now(),
    };
    let answer: Answer = front.intake.submit(submission).await;
    match answer.status {
        429 | 503 => return Fetched::Later,
        _ if !answer.verdict => return quarantined(front, one, body, &path).await,
        _ => {}
    }
    done(front, answer.said, &path).await
}

/// What is left to do when a message is on disk.
async fn done(front: &Front, said: Option<ReceiptCode>, path: &impl Fn(&str) -> String) -> Fetched {
    match told(front, said, path).await && marked(front, path).await {
        true => Fetched::Marked,
        false => Fetched::Later,
    }
}

/// Sends an application receipt where one is wanted; false: not now.
async fn told(front: &Front, said: Option<ReceiptCode>, path: &impl Fn(&str) -> String) -> bool {
    let body = match (said, front.receipts) {
        (Some(ReceiptCode::Ok), MailboxReceipts::All) => json!({ "appRecStatus": "Ok" }),
        (Some(ReceiptCode::FatalError), MailboxReceipts::All | MailboxReceipts::Refused) => {
            let error = json!({ "errorCode": front.error_code, "details": "" });
            json!({ "appRecStatus": "Rejected", "appRecErrorList": [error] })
        }
        _ => return true,
    };
    let (path, body) = (path(&front.paths.receipt), Some(Bytes::from(body.to_string())));
    match front.service.ask(Request { method: "POST", path, body, most: 100_000 }).await {
        Some((200..300, _)) => true,
        None | Some((408 | 425 | 429 | 500.., _)) => false,
        // It has one already, or wants none: what was decided stays.
        Some((status, _)) => {
            tracing::warn!(party = &*front.party.0, status, "an application receipt is not taken");
            true
        }
    }
}

/// Marks a message as read; false: not now, and it will be fetched again.
async fn marked(front: &Front, path: &impl Fn(&str) -> String) -> bool {
    let path = path(&front.paths.read);
    let said = front.service.ask(Request { method: "PUT", path, body: None, most: 100_000 }).await;
    // One that is gone, or was marked by somebody else, is read.
    matches!(said, Some((200..300 | 404, _)))
}

/// Puts what cannot be read aside, and only then lets the server forget it.
async fn quarantined(
    front: &Front,
    one: &Unread,
    body: Bytes,
    path: &impl Fn(&str) -> String,
) -> Fetched {
    let (folder, name) = (front.quarantine.clone(), format!("{}-{}", one.id, one.receiver));
    let kept = tokio::task::spawn_blocking(move || keep(&folder, &name, &body)).await;
    if !matches!(kept, Ok(Ok(()))) {
        tracing::error!(party = &*front.party.0, "ALARM: a document cannot be put aside");
        return Fetched::Later;
    }
    tracing::error!(party = &*front.party.0, "ALARM: a fetched document is quarantined");
    done(front, Some(ReceiptCode::FatalError), path).await
}

fn keep(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let temporary = folder.join(format!(".{name}.tmp"));
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, folder.join(name))?;
    File::open(folder)?.sync_all()
}

async fn got(front: &Front, path: String) -> Option<Bytes> {
    // A document is base64 in JSON.
    let most = front.limits.body / 3 * 4 + 100_000;
    match front.service.ask(Request { method: "GET", path, body: None, most }).await {
        Some((200, body)) => Some(body),
        _ => None,
    }
}
