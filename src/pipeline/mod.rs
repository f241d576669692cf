//! The shell around the spine: bounded queue, workers, commit, answer, wake the deliverers, drain.
//!
//! ```text
//!  submit ─> queue (bounded; full: 503) ─> worker: read ─> known? ─> decide ─> store.submit
//!    ▲                                                                            │ durable
//!    └──────────────── answer <── New | Existing | Stale (decide again) <─────────┘
//! ```
//!
//! Promises: no verdict is answered before its commit is on disk; a message that our own fault stops is
//! quarantined with its bytes, and the worker lives. Never: logs an element's value; a message is named by
//! its place in the journal.

mod again;
mod alarm;
mod desk;
mod fetching;
mod mailbox;
mod poison;
mod quotas;
mod reload;
mod replay;
mod running;
mod several;
mod worker;

pub use alarm::Alarm;
pub use mailbox::mailbox;
pub use reload::{Fresh, Source};
pub use running::{Running, start, start_with};

use crate::deliver::http::Target;
use crate::engine::{Engine, Read};
use crate::message::{
    Answer, Answering, CertificateName, Clock, Committed, DeliveryId, Error, Intake, PartyName,
    Position, Submission, Syntax, Verdict,
};
use crate::ops::operate::Deed;
use crate::ops::replay::{Edited, Replay, Replayed};
use crate::ops::socket::{Control, Reloaded};
use crate::ops::{Counted, Metrics, Watched};
use crate::receipt::{self, Ending};
use crate::receive::{Quotas, tls};
use crate::store::{DeliveryState, Operation, Operator, Store};
use arc_swap::ArcSwap;
use bytes::Bytes;
use jiff::Timestamp;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, oneshot, watch};
use uuid::Uuid;
use worker::{Job, Kept, Step, Waiting};

/// How often a message is decided again because what was known of it had moved.
const MOST_DECISIONS: u32 = 3;

/// How long an answer waits for a commit (bad inputs, 59): beyond it the sender comes again.
const LONGEST_COMMIT: Duration = Duration::from_secs(2);

/// The present moment, from the system.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The pipeline: shared by the listeners, the workers and the deliverers.
pub struct Pipeline {
    force: ArcSwap<Force>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    tls: Mutex<HashMap<Box<str>, Arc<tls::Secured>>>,
    queue: SyncSender<Job>,
    source: Mutex<Option<Source>>,
    reloaded: Notify,
    base: Mutex<PathBuf>,
    quotas: Quotas,
    alarms: alarm::Waiting,
    /// Whether the store takes no more.
    failed: watch::Sender<bool>,
}

/// Listeners by name, and how each speaks TLS.
pub type Secured = HashMap<Box<str>, tls::Secured>;
/// What is in force: an engine, and where its deliveries go. They change together, so that no engine meets
/// another's targets.
struct Force {
    engine: Arc<Engine>,
    targets: Arc<Targets>,
}

/// Endpoints by name: where they are, and how many messages may be on their way to each.
pub type Targets = HashMap<Box<str>, (Target, usize)>;

impl Pipeline {
    /// A pipeline with its workers started.
    pub fn new(
        engine: Engine,
        targets: Targets,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Arc<Pipeline> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let workers = engine.config.engine.workers.map_or(cores, |n| n.max(1) as usize);
        let (queue, jobs) = sync_channel(engine.config.engine.queue.max(1) as usize);
        let quotas = quotas::granted(&engine.config);
        let pipeline = Arc::new(Pipeline {
            force: ArcSwap::from_pointee(Force {
                engine: Arc::new(engine),
                targets: Arc::new(targets),
            }),
            store,
            clock,
            metrics: Metrics::default(),
            tls: Mutex::default(),
            queue,
            source: Mutex::new(None),
            reloaded: Notify::new(),
            base: Mutex::default(),
            quotas,
            alarms: alarm::Waiting::default(),
            failed: watch::channel(false).0,
        });
        let failed = pipeline.failed.clone();
        pipeline.store.on_failed(Box::new(move || {
            failed.send_replace(true);
        }));
        worker::start(&pipeline, workers, jobs);
        pipeline
    }

    /// The engine in force.
    pub fn engine(&self) -> Arc<Engine> {
        Arc::clone(&self.force.load().engine)
    }

    /// Puts another engine in force; messages in hand end on the one they began with.
    pub fn swap(&self, engine: Engine) {
        let targets = Arc::clone(&self.force.load().targets);
        self.force.store(Arc::new(Force { engine: Arc::new(engine), targets }));
    }

    /// Says how listeners speak TLS, at the start and whenever it was read anew.
    pub fn secure(&self, secured: Secured) {
        let mut known = self.tls.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, secured) in secured {
            match known.get(&name) {
                Some(known) => known.replace(&secured),
                None => drop(known.insert(name, Arc::new(secured))),
            }
        }
    }

    /// Says what paths of the configuration count from; the current folder, unless it is said.
    pub fn based(&self, folder: &Path) {
        *self.base.lock().unwrap_or_else(PoisonError::into_inner) = folder.to_owned();
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Resolves when the store takes no more, and whoever is to know of it has been called: time to end, and to start
    /// again through recovery.
    pub async fn store_failed(&self) {
        let mut failed = self.failed.subscribe();
        let _ = failed.wait_for(|failed| *failed).await;
        self.alarm("store", "", "", "the store takes no more; only a restart goes on");
    }

    async fn take(&self, submission: Submission) -> Answer {
        let answer_in = submission.answer_in;
        let submission = Arc::new(submission);
        for _ in 0..MOST_DECISIONS {
            let (reply, step) = oneshot::channel();
            let job = Job { submission: Arc::clone(&submission), reply };
            match self.queue.try_send(job) {
                Ok(()) => {}
                Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => break,
            }
            let waiting = match step.await {
                Ok(Step::Answer(answer)) => return answer,
                Ok(Step::Again(answer, noting)) => {
                    return self.noted(answer, noting, answer_in).await;
                }
                Ok(Step::Waiting(waiting)) => waiting,
                Ok(Step::Several(several)) => match self.all_of(*several, answer_in).await {
                    Some(answer) => return answer,
                    None => continue,
                },
                Err(_) => return receipt::plain(Ending::Broken, answer_in),
            };
            if let Some(answer) = self.committed(*waiting, answer_in).await {
                return answer;
            }
        }
        self.metrics.unverdicted();
        receipt::plain(Ending::Overloaded, answer_in)
    }

    /// Waits for the commit and answers it; none when the decision has to be made again.
    async fn committed(&self, waiting: Waiting, answer_in: Syntax) -> Option<Answer> {
        let Waiting { engine, read, kept, committed, since, apart } = waiting;
        // Whoever waits longer is told to come back: what is being committed (by this message, or by a copy that
        // was faster) is then known, and is answered from there.
        let Ok(result) = tokio::time::timeout(LONGEST_COMMIT, committed).await else {
            self.metrics.unverdicted();
            return Some(receipt::plain(Ending::Racing, answer_in));
        };
        let result = result.unwrap_or_else(|_| {
            Err(Error::new(crate::message::ErrorKind::Internal, "the store's writer is gone"))
        });
        self.metrics.stage("commit", since.elapsed());
        match result {
            Ok(Committed::New(position)) => {
                self.tell(&engine, &read, &kept, position);
                if kept.apart {
                    return Some(receipt::apart(kept.ending, answer_in));
                }
                let begin = Instant::now();
                let (ending, issues) = (kept.ending, &kept.issues);
                let answer = engine.answer(
                    &read,
                    ending,
                    issues,
                    answer_in,
                    self.clock.now(),
                    Uuid::new_v4(),
                );
                self.metrics.stage("answer", begin.elapsed());
                Some(answer)
            }
            Ok(Committed::Existing(known)) => {
                let other = known.content_hash != read.content_hash;
                let again = engine.again(&read, &known, other);
                let (answer, noting) = self.again(&engine, &read, &again, (apart, answer_in));
                Some(self.noted(answer, noting, answer_in).await)
            }
            Ok(Committed::Stale) => None,
            Err(error) => {
                tracing::error!(%error, "a message could not be committed");
                self.metrics.unverdicted();
                Some(receipt::plain(Ending::Overloaded, answer_in))
            }
        }
    }

    /// Counts and logs a verdict, by names of the configuration and codes of our own.
    fn tell(&self, engine: &Engine, read: &Read, kept: &Kept, position: Position) {
        let event = engine.event_label(&read.event);
        let route = kept.route.as_deref().unwrap_or("none");
        self.metrics.count(Counted::Received, route, event);
        self.metrics.not_checked(kept.not_checked.into());
        self.metrics.dropped(route, event, kept.dropped.into());
        let party = &*read.incoming.party.0;
        let Position { partition, sequence } = position;
        let worst = kept.issues.first().map_or("", |issue| &issue.id);
        match (kept.verdict, &kept.quarantine) {
            (_, Some(why)) => {
                self.metrics.count(Counted::Quarantined, route, event);
                let why = &**why;
                tracing::error!(party, event, route, partition, sequence, why, "quarantined");
                self.alarm("quarantine", route, event, "a message is quarantined");
            }
            (Verdict::Refused, _) => {
                self.metrics.count(Counted::Refused, route, event);
                tracing::info!(party, event, route, partition, sequence, worst, "refused");
            }
            (Verdict::Accepted, _) => {
                tracing::info!(party, event, route, partition, sequence, "accepted");
            }
        }
    }
}

/// The pipeline as the listeners know it.
#[derive(Clone)]
pub struct Door(pub Arc<Pipeline>);

impl Intake for Door {
    fn submit(&self, submission: Submission) -> Answering {
        let pipeline = Arc::clone(&self.0);
        Box::pin(async move { pipeline.take(submission).await })
    }

    fn ready(&self) -> bool {
        self.0.store.status().failed.is_none()
    }

    fn party_of(&self, token: &str) -> Option<PartyName> {
        let engine = self.0.engine();
        let party = engine.config.authenticate(token.as_bytes())?;
        Some(PartyName((*party.name).into()))
    }

    fn party_named(&self, names: &[CertificateName]) -> Option<PartyName> {
        let engine = self.0.engine();
        Some(PartyName((*engine.config.named(names)?.name).into()))
    }

    fn metadata(&self, syntax: Syntax) -> Bytes {
        self.0.engine().metadata(syntax, self.0.clock.now())
    }
}

impl Control for Door {
    fn operate(
        &self,
        id: DeliveryId,
        deed: Deed,
        by: &Operator<'_>,
    ) -> Result<DeliveryState, Error> {
        let operation = match deed {
            Deed::Retry => Operation::Retry { expires: self.lives(id) },
            Deed::Hold => Operation::Hold,
            Deed::Release => Operation::Release,
            Deed::Skip => Operation::GiveUp,
            Deed::Resend => Operation::Resend { envelope: self.next_envelope(id) },
        };
        self.0.operated(id, operation, by)
    }

    fn edit(&self, id: DeliveryId, bytes: &Bytes, by: &Operator<'_>) -> Result<Edited, Error> {
        self.0.edit(id, bytes, by)
    }

    fn replay(&self, asked: &Replay, by: &Operator<'_>) -> Result<Replayed, Error> {
        self.0.replay(asked, by)
    }

    fn reload(&self, actor: &str) -> Reloaded {
        self.0.reload(actor)
    }
}

impl Watched for Door {
    fn metrics(&self) -> &Metrics {
        let now = self.0.clock.now();
        let queues = self.0.store.queues().unwrap_or_default();
        // Every route has its line: one whose queue has emptied goes back to nothing.
        for route in &self.0.engine().config.routes {
            let oldest = queues.iter().find(|queue| queue.route == *route.name);
            let age = oldest.map_or(0.0, |queue| now.duration_since(queue.oldest).as_secs_f64());
            self.0.metrics.queue_age(&route.name, age.max(0.0));
        }
        &self.0.metrics
    }

    fn not_ready(&self) -> Option<String> {
        self.0.store.status().failed
    }
}
