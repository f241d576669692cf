//! Folders and mailboxes that messages are fetched from, as long as the configuration in force has them.
//!
//! Promises: a reload ends what is gone or changed, with the message in hand, and only then starts what is new or
//! changed; what stays as it is goes on. Never: two that fetch from one place.

use super::running::limits;
use super::{Door, Pipeline, mailbox};
use crate::config::{Config, Mailbox, Pickup};
use crate::message::{Error, ErrorKind};
use crate::receive::{directory, nhn};
use std::sync::{Arc, PoisonError};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Something that messages are fetched from.
enum Source<'c> {
    Pickup(&'c Pickup),
    Mailbox(&'c Mailbox),
}

/// One that is being fetched from.
struct Fetched {
    settings: String,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Source<'_> {
    fn all(config: &Config) -> impl Iterator<Item = Source<'_>> {
        let folders = config.pickups.iter().map(Source::Pickup);
        folders.chain(config.mailboxes.iter().map(Source::Mailbox))
    }

    /// What it is called and how it is set, but for where the configuration says so. Addresses, tokens and
    /// certificates are not among it: they are a mailbox's target, which a reload replaces by itself.
    fn settings(&self) -> String {
        match self {
            Source::Pickup(one) => {
                let (name, folder) = (&*one.name, &*one.folder.value);
                format!("pickup {name} {folder} {} {:?}", one.party.value.0, one.every)
            }
            Source::Mailbox(one) => {
                let (name, party) = (&*one.name, &one.party.value.0);
                let how = (&one.paths, one.receipts, &one.error_code, one.every, one.at_once);
                let (receivers, aside) = (&one.receivers, &*one.quarantine.value);
                format!("mailbox {name} {party} {receivers:?} {aside} {how:?}")
            }
        }
    }

    fn start(&self, pipeline: &Arc<Pipeline>, config: &Config) -> Result<Fetched, Error> {
        let (stop, stopped) = watch::channel(false);
        let ended = ended(stopped);
        let task = match self {
            Source::Pickup(one) => {
                tokio::spawn(directory::serve(folder(pipeline, config, one)?, ended))
            }
            Source::Mailbox(one) => {
                let bounds = (limits(config, 1), pipeline.quotas.clone());
                let base = pipeline.base.lock().unwrap_or_else(PoisonError::into_inner).clone();
                tokio::spawn(nhn::serve(mailbox::front(pipeline, one, bounds, &base), ended))
            }
        };
        Ok(Fetched { settings: self.settings(), stop, task })
    }
}

/// Whether everything that a configuration fetches from can be used; makes folders that are missing.
pub(super) fn possible(pipeline: &Pipeline, config: &Config) -> Result<(), Error> {
    let base = pipeline.base.lock().unwrap_or_else(PoisonError::into_inner);
    config.pickups.iter().try_for_each(|one| {
        let prepared = directory::prepare(&base.join(&*one.folder.value));
        prepared.map_err(|error| unusable(one, error))
    })
}

fn unusable(pickup: &Pickup, error: std::io::Error) -> Error {
    let note = format!("{}: the folder cannot be used", pickup.folder.origin);
    Error::new(ErrorKind::Storage, note).cause(error)
}

/// Fetches from everything that the configuration in force names, until a stop is asked for; a message in hand is
/// finished first.
pub(super) async fn serve(pipeline: Arc<Pipeline>, mut stopped: watch::Receiver<bool>) {
    let mut fetched: Vec<Fetched> = Vec::new();
    while !*stopped.borrow() {
        let reloaded = pipeline.reloaded.notified();
        tokio::pin!(reloaded);
        // From here on no reload is missed.
        reloaded.as_mut().enable();
        let config = Arc::clone(&pipeline.engine().config);
        fetched = turned(&pipeline, &config, fetched).await;
        tokio::select! {
            () = &mut reloaded => {}
            _ = stopped.changed() => {}
        }
    }
    end(fetched).await;
}

/// Ends what a configuration has no more, and starts what it has anew.
async fn turned(pipeline: &Arc<Pipeline>, config: &Config, old: Vec<Fetched>) -> Vec<Fetched> {
    let wanted: Vec<String> = Source::all(config).map(|one| one.settings()).collect();
    let (mut go_on, gone): (Vec<Fetched>, Vec<Fetched>) =
        old.into_iter().partition(|one| wanted.contains(&one.settings));
    end(gone).await;
    for one in Source::all(config) {
        let settings = one.settings();
        if go_on.iter().any(|own| own.settings == settings) {
            continue;
        }
        match one.start(pipeline, config) {
            Ok(started) => go_on.push(started),
            Err(error) => {
                tracing::error!(%error, "a folder cannot be used");
                pipeline.alarm("pickup", "", "", "nothing is picked up from a folder");
            }
        }
    }
    go_on
}

async fn end(gone: Vec<Fetched>) {
    for one in &gone {
        one.stop.send_replace(true);
    }
    for one in gone {
        // A task that panicked has ended too.
        let _ = one.task.await;
    }
}

/// A folder that messages are picked up from.
fn folder(
    pipeline: &Arc<Pipeline>,
    config: &Config,
    pickup: &Pickup,
) -> Result<directory::Front, Error> {
    let base = pipeline.base.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let folder = base.join(&*pickup.folder.value);
    let (party, every) = (pickup.party.value.clone(), pickup.every);
    let intake = Arc::new(Door(Arc::clone(pipeline)));
    let quotas = pipeline.quotas.clone();
    directory::Front::new(intake, limits(config, 1), quotas, folder, party, every)
        .map_err(|error| unusable(pickup, error))
}

/// Resolves when a stop is asked for, or nobody is left to ask for one.
async fn ended(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stop| *stop).await;
}
