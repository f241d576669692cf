//! Real delivery loops over a store in memory, with a clock of the trial's own and receivers that follow a
//! script: a day passes in no time, and every instant is exact.

use crate::store::make::{To, at, deliver, envelope, unit};
use jiff::{SignedDuration, Timestamp};
use libtest_mimic::Failed;
use stafett::cli::assemble;
use stafett::deliver::http::{Reply, Sending, Target};
use stafett::deliver::{Carrying, Deliverer, Transport};
use stafett::message::{Clock, DeliveryId, Unit};
use stafett::pipeline::{Door, Pipeline};
use stafett::store::{DeliveryState, Store, memory};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::time::Instant;

/// The time of the trial, as far from its beginning as the runtime's own clock has come.
struct Trials {
    begin: Instant,
    /// By how many seconds the time of day has jumped.
    jumped: AtomicI64,
}

impl Trials {
    /// Seconds since the beginning, whatever the time of day says.
    fn passed(&self) -> i64 {
        Instant::now().duration_since(self.begin).as_secs() as i64
    }
}

impl Clock for Trials {
    fn now(&self) -> Timestamp {
        let since = Instant::now().duration_since(self.begin);
        let jumped = SignedDuration::from_secs(self.jumped.load(Ordering::SeqCst));
        at(0) + jumped + SignedDuration::try_from(since).unwrap_or_default()
    }
}

/// One sending, as its receiver saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Seconds since the beginning.
    pub at: i64,
    /// The host of the address: the endpoint's name.
    pub endpoint: String,
    /// The message's id.
    pub message: String,
    /// Whether it was flagged as a possible duplicate.
    pub flagged: bool,
    /// The bytes.
    pub body: String,
}

/// What a receiver does.
pub type Script = Arc<dyn Fn(&Seen, &[Seen]) -> Reply + Send + Sync>;

struct Receivers {
    clock: Arc<Trials>,
    script: Script,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Transport for Receivers {
    fn carry<'a>(&'a self, target: &'a Target, sending: Sending) -> Carrying<'a> {
        let one = Seen {
            at: self.clock.passed(),
            endpoint: target.path().trim_matches('/').to_owned(),
            message: sending.message.0.to_string(),
            flagged: sending.possible_duplicate,
            body: String::from_utf8_lossy(&sending.bytes).into_owned(),
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let reply = (self.script)(&one, &seen);
        seen.push(one);
        Box::pin(async move { reply })
    }
}

/// An HTTP answer without a body.
pub fn answer(status: u16) -> Reply {
    Reply::Answer { status, retry_after: None, content_type: None, body: bytes::Bytes::new() }
}

/// A receiver that cannot be reached.
pub const DOWN: Reply = Reply::Unreachable("connect");

/// The engine's delivery, on a stage.
pub struct Stage {
    runtime: Runtime,
    clock: Arc<Trials>,
    pub pipeline: Arc<Pipeline>,
    pub store: Arc<dyn Store>,
    seen: Arc<Mutex<Vec<Seen>>>,
    stop: watch::Sender<bool>,
}

/// The texts of a configuration whose routes to `north` and `south` are as a trial wants them.
fn texts(routes: &[(&str, &str)], endpoint: &str) -> [(&'static str, String); 2] {
    let mut parties = "[[party]]\nname = 'hospital'\ntitle = 'H'\n\
                       identifiers = ['gln:5790000209354']\n"
        .to_owned();
    let mut all = String::new();
    for (name, keys) in routes {
        parties.push_str(&format!(
            "[[party]]\nname = '{name}'\ntitle = '{name}'\n\
             [[endpoint]]\nname = '{name}'\nparty = '{name}'\nsyntax = 'fhir-json'\n\
             url = 'http://127.0.0.1:1/{name}'\n{endpoint}\n"
        ));
        all.push_str(&format!(
            "[[route]]\nname = 'to-{name}'\nsender = 'hospital'\nreceiver = '{name}'\n\
             event = 'care-communication'\nto = '{name}'\n{keys}\n"
        ));
    }
    let engine = "[engine]\nname = 'test'\nmode = 'test'\nworkers = 1\n[store]\nfolder = 'data'\n";
    [("stafett.toml", format!("{engine}{parties}")), ("routes.toml", all)]
}

impl Stage {
    /// A stage whose routes have these keys; its receivers follow the script.
    pub fn new(routes: &[(&str, &str)], script: Script) -> Result<Stage, Failed> {
        Stage::with(routes, "", &[], script)
    }

    /// The same, with keys for each endpoint and further files.
    pub fn with(
        routes: &[(&str, &str)],
        endpoint: &str,
        files: &[(&str, &[u8])],
        script: Script,
    ) -> Result<Stage, Failed> {
        let folder = tempfile::TempDir::new()?;
        for (name, text) in texts(routes, endpoint) {
            std::fs::write(folder.path().join(name), text)?;
        }
        for (name, bytes) in files {
            std::fs::write(folder.path().join(name), bytes)?;
        }
        let assembled = assemble::assemble(folder.path())?;
        let told: Vec<String> = assembled.diagnostics.iter().map(ToString::to_string).collect();
        let engine = assembled.engine.ok_or_else(|| told.join("\n"))?;
        let targets = assemble::targets(folder.path(), &engine.config)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()?;
        let clock = runtime.block_on(async {
            Arc::new(Trials { begin: Instant::now(), jumped: AtomicI64::new(0) })
        });
        let store: Arc<dyn Store> = Arc::new(memory(1));
        let clock_of_all: Arc<dyn Clock> = clock.clone();
        let pipeline = Pipeline::new(engine, targets, Arc::clone(&store), clock_of_all.clone());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let receivers = Receivers { clock: clock.clone(), script, seen: Arc::clone(&seen) };
        let door = Arc::new(Door(Arc::clone(&pipeline)));
        let (stop, stopped) = watch::channel(false);
        // Chance always says the same: half of each pause.
        let deliverer =
            Deliverer::over(Arc::clone(&store), door, clock_of_all, Arc::new(receivers), || 0);
        for (name, _) in routes {
            let endpoint = Arc::clone(&deliverer).endpoint((*name).to_owned(), stopped.clone());
            runtime.spawn(endpoint);
        }
        runtime.spawn(deliverer.receipts(stopped));
        Ok(Stage { runtime, clock, pipeline, store, seen, stop })
    }

    /// Lets the clock run until so many seconds after the beginning, and a little more.
    pub fn until(&self, seconds: u64) {
        let wanted = self.clock.begin + Duration::from_secs(seconds) + Duration::from_millis(10);
        self.runtime.block_on(async { tokio::time::sleep_until(wanted).await });
    }

    /// The time of day jumps by so many seconds.
    pub fn jump(&self, seconds: i64) {
        self.clock.jumped.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Does something with the engine as an operator would, at the trial's time.
    pub fn within<T>(&self, act: impl FnOnce(&Door) -> T) -> T {
        let _entered = self.runtime.enter();
        act(&Door(Arc::clone(&self.pipeline)))
    }

    /// Commits a message to an endpoint's party, as the engine would now, in a lane if one is named.
    pub fn commit(
        &self,
        id: &str,
        endpoint: &'static str,
        lane: Option<&str>,
    ) -> Result<DeliveryId, Failed> {
        let engine = self.pipeline.engine();
        let route = engine.config.route(&format!("to-{endpoint}")).ok_or("no such route")?;
        let plan = engine.config.plan(route);
        let now = self.runtime.block_on(async { self.clock.now() });
        let to = To { endpoint, ..To::default() };
        let mut one = deliver(Unit { received: now, ..unit("hospital", id) }, &to);
        one.original = bundle(id).into();
        let due = &mut one.deliveries[0];
        due.lane = lane.map(Into::into);
        due.expires = now + SignedDuration::try_from(plan.give_up)?;
        due.receipt_within = plan.receipt_within.map(|within| within.as_secs() as u32);
        match self.store.commit(vec![one])?.remove(0) {
            stafett::message::Committed::New(unit) => Ok(DeliveryId { unit, index: 0 }),
            other => Err(format!("not new: {other:?}").into()),
        }
    }

    /// What the receivers have seen so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The seconds at which a message was sent.
    pub fn times(&self, message: &str) -> Vec<i64> {
        self.seen().iter().filter(|one| one.message == message).map(|one| one.at).collect()
    }

    /// Where a delivery stands, and the audit's words about it with their seconds.
    pub fn told(&self, id: DeliveryId) -> Result<(DeliveryState, Vec<(i64, String)>), Failed> {
        let detail = self.store.message(id.unit)?.ok_or("no such message")?;
        let state = detail.row.deliveries[usize::from(id.index)].state;
        let second = |at_: Timestamp| at_.duration_since(at(0)).as_secs();
        let audit = detail.audit.iter().map(|row| (second(row.at), row.action.clone()));
        Ok((state, audit.collect()))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}

/// A message Bundle of our own making, with two Provenances.
pub fn bundle(id: &str) -> String {
    let entry = |resource: &str| format!("{{\"resource\":{resource}}}");
    let provenance = |n: u8, time: &str| {
        entry(&format!(
            "{{\"resourceType\":\"Provenance\",\"id\":\"p{n}\",\
             \"occurredDateTime\":\"{time}\", \"recorded\" : \"{time}\"}}"
        ))
    };
    let header = entry(&format!(
        "{{\"resourceType\":\"MessageHeader\",\"id\":\"{id}\",\
         \"eventCoding\":{{\"code\":\"care-communication\"}}}}"
    ));
    format!(
        "{{\"resourceType\":\"Bundle\", \"id\" : \"{}\",\n\"type\":\"message\",\
         \"timestamp\":\"2026-11-25T07:59:58+01:00\",\"entry\":[{header},{},{}]}}",
        envelope(&format!("e-{id}")).0,
        provenance(1, "2026-11-24T12:00:00Z"),
        provenance(2, "2026-11-25T08:00:00+01:00")
    )
}
