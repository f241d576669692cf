//! A folder that messages are picked up from.
//!
//! Promises: a file is taken in hand when it has stopped growing, and put away only after its message is committed
//! and its receipt is on disk, so that a crash in between makes it come again, as a duplicate; receipts appear whole, under
//! a temporary name first. What cannot be read goes to quarantine, with the reason beside it. Never: follows a link,
//! writes over a file that was taken before, or takes a file that is larger than a body may be.

use super::limits::{Limits, Quotas};
use crate::format::recognise;
use crate::message::{Answer, Intake, PartyName, Submission};
use bytes::Bytes;
use jiff::Timestamp;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::future::Future;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Whose folder it is, and how it is looked at.
pub struct Front {
    intake: Arc<dyn Intake>,
    limits: Limits,
    quotas: Quotas,
    folder: PathBuf,
    party: PartyName,
    every: Duration,
}

/// A file as it was seen.
#[derive(Clone, PartialEq, Eq)]
struct Seen {
    size: u64,
    changed: Option<SystemTime>,
}

impl Seen {
    fn of(about: &Metadata) -> Seen {
        Seen { size: about.len(), changed: about.modified().ok() }
    }
}

/// Where the file in hand is.
const TAKEN: &str = "taken";

/// What became of a file.
enum Became {
    /// It has its verdict.
    Done(Answer),
    /// It cannot be read, or is not its party's to send.
    Quarantined(Answer),
    /// It is too large to be read.
    TooLarge,
    /// It is tried again at another look: there was no room for it.
    Later,
}

impl Front {
    /// A front over a folder; makes its folders where they are missing.
    pub fn new(
        intake: Arc<dyn Intake>,
        limits: Limits,
        quotas: Quotas,
        folder: PathBuf,
        party: PartyName,
        every: Duration,
    ) -> io::Result<Front> {
        prepare(&folder)?;
        Ok(Front { intake, limits, quotas, folder, party, every })
    }
}

/// Makes the folders of a folder where they are missing; fails where they could not be used.
pub fn prepare(folder: &Path) -> io::Result<()> {
    ["in", TAKEN, "receipts", "done", "quarantine"]
        .iter()
        .try_for_each(|name| fs::create_dir_all(folder.join(name)))
}

/// Looks at a folder until `stop` resolves; a file in hand is finished first.
pub async fn serve(front: Front, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    let mut before = Looks::new();
    loop {
        match round(&front, &before).await {
            Ok(now) => before = now,
            Err(error) => tracing::error!(%error, "ALARM: messages cannot be picked up"),
        }
        tokio::select! {
            () = tokio::time::sleep(front.every) => {}
            () = &mut stop => return,
        }
    }
}

/// Files as they were at a look, by folder and name.
type Looks = HashMap<(&'static str, OsString), Seen>;

/// Takes the files that are as they were before; says how they are now.
async fn round(front: &Front, before: &Looks) -> io::Result<Looks> {
    let mut now = Looks::new();
    // What was in hand comes first, and nothing else before it: order is the sender's.
    for place in [TAKEN, "in"] {
        let folder = front.folder.join(place);
        let found = blocking(move || look(&folder)).await?;
        let mut room = true;
        for (name, seen) in found {
            let key = (place, name);
            if room && before.get(&key) == Some(&seen) {
                room = one(front, place, &key.1, &seen).await?;
            }
            now.insert(key, seen);
        }
        if !room {
            return Ok(now);
        }
    }
    Ok(now)
}

/// The files that are there, the oldest first.
fn look(folder: &Path) -> io::Result<Vec<(OsString, Seen)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let text = name.to_string_lossy();
        let unfinished =
            text.starts_with('.') || [".tmp", ".part"].iter().any(|end| text.ends_with(end));
        // Of a link this says that it is one: it is no file, and is left alone.
        let Ok(about) = entry.metadata() else { continue };
        if !unfinished && about.is_file() {
            found.push((name, Seen::of(&about)));
        }
    }
    found.sort_by(|(a, one), (b, other)| (one.changed, a).cmp(&(other.changed, b)));
    Ok(found)
}

/// Takes one file; false: there is no room now. A file is in hand when it is in a place of ours: a sender who
/// puts another under its name puts another file.
async fn one(front: &Front, place: &str, name: &OsString, seen: &Seen) -> io::Result<bool> {
    if place != TAKEN {
        let (from, to) = (front.folder.join(place).join(name), front.folder.join(TAKEN).join(name));
        let wanted = seen.clone();
        let same = blocking(move || {
            fs::rename(from, &to)?;
            let about = fs::symlink_metadata(&to)?;
            Ok(about.is_file() && Seen::of(&about) == wanted)
        });
        if !same.await? {
            return Ok(false);
        }
    }
    let became = take(front, name, seen).await?;
    let (folder, name) = (front.folder.clone(), name.clone());
    let party = &*front.party.0;
    match &became {
        Became::Done(_) => tracing::info!(party, "a file was taken"),
        Became::Quarantined(_) | Became::TooLarge => {
            tracing::error!(party, "ALARM: a file is quarantined");
        }
        Became::Later => return Ok(false),
    }
    blocking(move || settle(&folder, &name, &became)).await?;
    Ok(true)
}

async fn take(front: &Front, name: &OsString, seen: &Seen) -> io::Result<Became> {
    if seen.size > front.limits.body as u64 {
        return Ok(Became::TooLarge);
    }
    if front.quotas.take(&front.party).is_err() || !front.intake.ready() {
        return Ok(Became::Later);
    }
    let path = front.folder.join(TAKEN).join(name);
    let body = Bytes::from(blocking(move || fs::read(path)).await?);
    let syntax = recognise(&body);
    let submission = Submission {
        party: front.party.clone(),
        syntax,
        charset: None,
        answer_in: syntax,
        apart: false,
        body,
        received: Timestamp::now(),
    };
    let answer = front.intake.submit(submission).await;
    Ok(match answer.status {
        429 | 503 => Became::Later,
        _ if answer.verdict => Became::Done(answer),
        _ => Became::Quarantined(answer),
    })
}

/// Writes what is said about a file, and only then moves it out of the way.
fn settle(folder: &Path, name: &OsString, became: &Became) -> io::Result<()> {
    let (kept, said) = match became {
        Became::Later => return Ok(()),
        Became::Done(answer) => ("done", Some(("receipts", answer))),
        Became::Quarantined(answer) => ("quarantine", Some(("quarantine", answer))),
        Became::TooLarge => ("quarantine", None),
    };
    let mut own = name.clone();
    // A name that was there before is not written over: the file's own moment tells them apart.
    if folder.join(kept).join(name).exists() {
        own = format!("{}-", Timestamp::now().as_nanosecond()).into();
        own.push(name);
    }
    match said {
        Some((place, answer)) => {
            let mut file = if kept == "done" { name.clone() } else { own.clone() };
            file.push(extension(answer, kept));
            write(&folder.join(place), &file, &answer.body)?;
        }
        None => {
            let mut file = own.clone();
            file.push(".reason.txt");
            write(&folder.join(kept), &file, b"larger than allowed\n")?;
        }
    }
    fs::rename(folder.join(TAKEN).join(name), folder.join(kept).join(own))?;
    File::open(folder.join(kept))?.sync_all()?;
    File::open(folder.join(TAKEN))?.sync_all()
}

fn extension(answer: &Answer, kept: &str) -> String {
    let kind = match answer.content_type.unwrap_or_default() {
        "application/fhir+json" => "json",
        "application/fhir+xml" | "application/xml" => "xml",
        "x-application/hl7-v2+er7" => "hl7",
        "application/edifact" => "edi",
        _ => "txt",
    };
    let what = if kept == "done" { "receipt" } else { "reason" };
    format!(".{what}.{kind}")
}

/// A whole file or none: under a temporary name, on disk, then renamed.
fn write(folder: &Path, name: &OsString, bytes: &[u8]) -> io::Result<()> {
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(".tmp");
    let temporary = folder.join(temporary);
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, folder.join(name))?;
    File::open(folder)?.sync_all()
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
