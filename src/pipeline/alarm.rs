//! Alarms: what needs a person, told to whoever the configuration names.
//!
//! Promises: nobody who raises one waits; those of one kind that come together are told together, with their
//! number; a hook that fails or hangs is said in the log and keeps no message waiting. Never: an element's value.

use super::Pipeline;
use crate::config::Alarms;
use crate::deliver::{Reply, Sender, Target};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};

/// How long a command may take.
const COMMAND: Duration = Duration::from_secs(30);
/// How long a webhook may take.
const WEBHOOK: Duration = Duration::from_secs(10);
/// How often the store and the certificates are looked at.
const LOOK: Duration = Duration::from_secs(30);
/// The most kinds that wait to be told; further ones are in the log.
const MOST: usize = 1_000;

/// An alarm, as it is told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Alarm {
    /// What kind: `dead-letter`, `overdue`, `unanswered`, `quarantine`, `other-content`, `store`,
    /// `certificate`, `clock`.
    pub kind: &'static str,
    /// The route, the listener's or endpoint's file, or nothing.
    pub route: Box<str>,
    /// The event, by a name of the configuration.
    pub event: Box<str>,
    /// For people.
    pub text: &'static str,
    /// When the newest of them came.
    pub at: Timestamp,
    /// How many came together.
    pub count: u64,
}

type Key = (&'static str, Box<str>, Box<str>);

/// Alarms that wait to be told.
#[derive(Default)]
pub(super) struct Waiting {
    alarms: Mutex<BTreeMap<Key, Alarm>>,
    raised: Notify,
}

impl Waiting {
    fn take(&self) -> Vec<Alarm> {
        let mut alarms = self.alarms.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *alarms).into_values().collect()
    }
}

impl Pipeline {
    /// Raises an alarm: into the log, and to whoever the configuration names.
    pub(super) fn alarm(&self, kind: &'static str, route: &str, event: &str, text: &'static str) {
        tracing::error!(kind, route, event, "ALARM: {text}");
        if self.engine().config.alarms.is_none() {
            return;
        }
        let at = self.clock.now();
        let mut alarms = self.alarms.alarms.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (kind, Box::<str>::from(route), Box::<str>::from(event));
        if alarms.len() < MOST || alarms.contains_key(&key) {
            let (route, event) = (key.1.clone(), key.2.clone());
            let new = || Alarm { kind, route, event, text, at, count: 0 };
            let alarm = alarms.entry(key).or_insert_with(new);
            (alarm.at, alarm.count) = (at, alarm.count + 1);
        }
        drop(alarms);
        self.alarms.raised.notify_one();
    }

    /// Tells alarms until `stop` becomes true; what waits then is told first.
    pub(super) async fn tell_alarms(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let sender = Sender::default();
        loop {
            for alarm in self.alarms.take() {
                let Some(hooks) = self.engine().config.alarms.clone() else { continue };
                tell(&hooks, &alarm, &sender).await;
            }
            if *stop.borrow() {
                return;
            }
            tokio::select! {
                () = self.alarms.raised.notified() => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Looks at what nobody else would notice until `stop` becomes true.
    pub(super) async fn look_around(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut said = Timestamp::MIN;
        while !*stop.borrow() {
            let now = self.clock.now();
            if now.duration_since(said) >= SignedDuration::from_hours(24) {
                said = now;
                self.certificates(now);
            }
            let store = Arc::clone(&self.store);
            let saved = tokio::task::spawn_blocking(move || store.save_if_due()).await;
            if let Ok(Err(error)) = saved {
                tracing::error!(%error, "the next start will take longer");
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Raises an alarm for each certificate that ends soon.
    pub(super) fn certificates(&self, now: Timestamp) {
        let config = Arc::clone(&self.engine().config);
        let before = config.alarms.as_ref().map(|alarms| alarms.certificates);
        let before = before.unwrap_or(Duration::from_secs(30 * 86_400));
        let before = SignedDuration::try_from(before).unwrap_or(SignedDuration::ZERO);
        for (file, ends) in &config.expiries {
            if ends.duration_since(now) < before {
                self.alarm("certificate", file, "", "a certificate ends soon, or has ended");
            }
        }
    }
}

async fn tell(hooks: &Alarms, alarm: &Alarm, sender: &Sender) {
    let Ok(json) = serde_json::to_vec(alarm) else { return };
    if let Some(target) =
        hooks.webhook.as_ref().and_then(|url| Target::new(&url.value.to_string(), None, WEBHOOK))
    {
        match sender.post_json(&target, Bytes::from(json.clone())).await {
            Reply::Answer { status: 200..300, .. } => {}
            Reply::Answer { status, .. } => tracing::error!(status, "the alarm's webhook refuses"),
            Reply::Judged(_) | Reply::Acknowledged { .. } => {}
            Reply::Unreachable(why) => {
                tracing::error!(why, "the alarm's webhook cannot be reached")
            }
        }
    }
    if let Some((program, arguments)) = hooks.command.split_first() {
        let (program, arguments) = (program.clone(), arguments.to_vec());
        let ran = tokio::task::spawn_blocking(move || run(&program, &arguments, &json)).await;
        if let Ok(Err(error)) | Err(error) = ran.map_err(std::io::Error::other) {
            tracing::error!(%error, "the alarm's command failed");
        }
    }
}

/// Runs a command with this on its standard input, for as long as it may take.
fn run(program: &str, arguments: &[Box<str>], input: &[u8]) -> std::io::Result<()> {
    let mut command = Command::new(program);
    command.args(arguments.iter().map(|argument| &**argument)).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        // One that does not want to read it may still do what it is for.
        let _ = pipe.write_all(input);
    }
    let begin = Instant::now();
    let mut pause = Duration::from_millis(2);
    loop {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(std::io::Error::other(status.to_string())),
            None if begin.elapsed() > COMMAND => {
                child.kill()?;
                child.wait()?;
                return Err(std::io::Error::other("it took too long and was ended"));
            }
            None => std::thread::sleep(pause),
        }
        pause = (pause * 2).min(Duration::from_millis(200));
    }
}
