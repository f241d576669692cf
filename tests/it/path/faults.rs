//! What goes wrong on our side of the door: maps that fail, panics, quarantine.

use super::system::{HOSPITAL, Setup, System, admission, bytes};
use crate::support::{self, Needs};
use jiff::Timestamp;
use libtest_mimic::{Failed, Trial};
use stafett::message::{Clock, Intake, PartyName, Position, Submission, Syntax};
use stafett::pipeline::{Door, Pipeline, SystemClock};
use stafett::store::disk::{Disk, DiskFile, RealDisk};
use stafett::store::{InFlight, Options, Stage, Store, open_on};
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};

/// A map that leaves out what a Bundle must have.
const INVALID: &str =
    "src.id as a -> tgt.id = a \"id\";\n  src.entry as e -> tgt.entry = e \"entry\";";
/// A map that wants what no message has.
const UNMET: &str = "src.entry as e check (1 = 2) -> tgt.entry = e \"entry\";";
/// A map that never ends.
const ENDLESS: &str = "src where (type.exists()) -> tgt then group_a(src, tgt) \"again\";";

fn with_map(rules: &str) -> Result<System, Failed> {
    let maps = tempfile::TempDir::new()?;
    let text = format!(
        "/// url = 'http://example.org/maps/t'\n/// name = 't'\n\
         uses \"http://hl7.org/fhir/StructureDefinition/Bundle\" alias Bundle as source\n\
         uses \"http://hl7.org/fhir/StructureDefinition/Bundle\" alias Target as target\n\
         group group_a(source src : Bundle, target tgt : Bundle) {{\n  {rules}\n}}\n"
    );
    std::fs::write(maps.path().join("t.map"), text)?;
    let mut setup = Setup::default();
    let own = format!("folders = [{:?}, ", maps.path());
    setup.stafett = setup.stafett.replace("folders = [", &own);
    setup.routes.push_str("map = 'http://example.org/maps/t'\n");
    System::with(&setup, &[], Arc::new(|_| (200, String::new())))
}

fn not_expressible() -> Result<(), Failed> {
    let system = with_map(UNMET)?;
    let answer = system.json(HOSPITAL, bytes(&admission(1)?))?;
    let text = answer.text();
    let told = text.contains("map-check-failed") && text.contains("MSG_RESOURCE_REQUIRED");
    if answer.receipt().as_deref() != Some("fatal-error") || !told {
        return Err(text.into());
    }
    nothing_delivered(&system)
}

fn too_costly() -> Result<(), Failed> {
    let system = with_map(ENDLESS)?;
    let answer = system.json(HOSPITAL, bytes(&admission(1)?))?;
    let text = answer.text();
    let told = text.contains("\"code\":\"too-costly\"")
        && !text.contains("\"coding\":[{\"system\":\"http://hl7.org");
    if answer.receipt().as_deref() != Some("fatal-error") || !told {
        return Err(text.into());
    }
    nothing_delivered(&system)
}

fn output_invalid() -> Result<(), Failed> {
    let system = with_map(INVALID)?;
    let answer = system.json(HOSPITAL, bytes(&admission(1)?))?;
    if answer.receipt().as_deref() != Some("ok") {
        return Err(answer.text().into());
    }
    quarantined(&system, "output-invalid")?;
    nothing_delivered(&system)
}

/// A clock that panics once, while a message is being decided.
struct Panicking(AtomicU32);

impl Clock for Panicking {
    fn now(&self) -> Timestamp {
        assert_ne!(self.0.fetch_add(1, Ordering::SeqCst), 1, "a fault that was planted");
        Timestamp::now()
    }
}

fn panics() -> Result<(), Failed> {
    let system = System::start()?;
    let running = system.running.as_ref().ok_or("it does not run")?;
    let assembled = stafett::cli::assemble::assemble(system.folder.path())?;
    let engine = assembled.engine.ok_or("no engine")?;
    let store: Arc<dyn Store> = Arc::clone(running.pipeline.store());
    let clock = Arc::new(Panicking(AtomicU32::new(0)));
    let pipeline = Pipeline::new(engine, Default::default(), store, clock);
    let body = bytes(&admission(1)?);
    let submit = || {
        let submission = Submission {
            party: PartyName("hospital".into()),
            syntax: Syntax::FhirJson,
            charset: None,
            answer_in: Syntax::FhirJson,
            apart: false,
            body: body.clone(),
            received: Timestamp::now(),
        };
        system.runtime.block_on(Door(Arc::clone(&pipeline)).submit(submission))
    };
    let first = submit();
    if first.status != 200 || !String::from_utf8_lossy(&first.body).contains("\"code\":\"ok\"") {
        return Err(format!("{}: {:?}", first.status, first.body).into());
    }
    quarantined(&system, "panic")?;
    // The worker lives, and the verdict stands.
    let again = submit();
    if again.status != 200 || !String::from_utf8_lossy(&again.body).contains("\"code\":\"ok\"") {
        return Err(format!("{}: {:?}", again.status, again.body).into());
    }
    Ok(())
}

/// The process ended twice with two messages in hand; its file says so, and the third try is none.
fn in_hand_twice() -> Result<(), Failed> {
    let mut system = System::start()?;
    system.stop();
    let all: Vec<_> =
        [1, 2, 3].into_iter().map(|n| Ok(bytes(&admission(n)?))).collect::<Result<_, Failed>>()?;
    let file = system.folder.path().join("data/inflight");
    for ends in 0..2 {
        let file = InFlight::open(&file)?;
        file.take(0, &InFlight::hash("hospital", &all[0]), Stage::Reading);
        file.take(1, &InFlight::hash("hospital", &all[1]), Stage::Deciding);
        if ends == 0 {
            // Once is not enough.
            file.take(2, &InFlight::hash("hospital", &all[2]), Stage::Deciding);
        }
    }
    system.go()?;
    // Its ids were never read: no verdict, and its bytes are kept.
    let answer = system.json(HOSPITAL, all[0].clone())?;
    let code = answer.receipt();
    if answer.status != 500 || code.is_some() {
        return Err(format!("{}: {code:?}", answer.status).into());
    }
    let cause = "in hand when the process ended, twice";
    quarantined(&system, cause)?;
    // This one was read whole before: accepted, and set aside.
    let answer = system.json(HOSPITAL, all[1].clone())?;
    let unit = system
        .running
        .as_ref()
        .ok_or("it does not run")?
        .pipeline
        .store()
        .unit(Position { partition: 0, sequence: 2 })?;
    if answer.receipt().as_deref() != Some("ok") || unit.quarantine.as_deref() != Some(cause) {
        return Err(format!("{:?}: {:?}", answer.receipt(), unit.quarantine).into());
    }
    // Everything else goes on.
    system.json(HOSPITAL, all[2].clone())?;
    let delivered = system.peer.next()?.key;
    match delivered.starts_with("00000003-") && system.peer.rest().is_empty() {
        true => Ok(()),
        false => Err(delivered.into()),
    }
}

/// A disk whose syncs wait while it is told to.
struct Stalling {
    disk: RealDisk,
    gate: Arc<(Mutex<bool>, Condvar)>,
}

struct StallingFile {
    file: Arc<dyn DiskFile>,
    gate: Arc<(Mutex<bool>, Condvar)>,
}

impl Stalling {
    fn file(&self, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        Arc::new(StallingFile { file, gate: Arc::clone(&self.gate) })
    }
}

impl Disk for Stalling {
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(self.file(self.disk.create(name)?))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(self.file(self.disk.open(name)?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.disk.sync_directory()
    }
}

impl DiskFile for StallingFile {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_at(offset, bytes)
    }

    fn read_at(&self, offset: u64, room: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(offset, room)
    }

    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }

    fn sync_data(&self) -> io::Result<()> {
        let (stalled, moved) = &*self.gate;
        let guard = stalled.lock().map_err(|_| io::ErrorKind::Other)?;
        drop(moved.wait_while(guard, |stalled| *stalled).map_err(|_| io::ErrorKind::Other)?);
        self.file.sync_data()
    }
}

/// While a commit is on its way for too long, a message and its copies are told to come again; then they hear
/// the one verdict.
fn stalled() -> Result<(), Failed> {
    let system = System::start()?;
    let assembled = stafett::cli::assemble::assemble(system.folder.path())?;
    let engine = assembled.engine.ok_or("no engine")?;
    let folder = tempfile::TempDir::new()?;
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    let disk = RealDisk::at(folder.path());
    let disk = Arc::new(Stalling { disk, gate: Arc::clone(&gate) });
    let store = open_on(disk, Options::default(), Timestamp::now())?;
    let clock = Arc::new(SystemClock);
    let pipeline = Pipeline::new(engine, Default::default(), Arc::new(store), clock);
    let body = bytes(&admission(1)?);
    let submit = || {
        let submission = Submission {
            party: PartyName("hospital".into()),
            syntax: Syntax::FhirJson,
            charset: None,
            answer_in: Syntax::FhirJson,
            apart: false,
            body: body.clone(),
            received: Timestamp::now(),
        };
        Door(Arc::clone(&pipeline)).submit(submission)
    };
    let stall = |on: bool| {
        if let Ok(mut stalled) = gate.0.lock() {
            *stalled = on;
        }
        gate.1.notify_all();
    };
    stall(true);
    let both = system.runtime.block_on(async { (submit().await, submit().await) });
    stall(false);
    for answer in [&both.0, &both.1] {
        if (answer.status, answer.retry_after, answer.verdict) != (503, Some(1), false) {
            return Err(format!("{answer:?}").into());
        }
    }
    let last = system.runtime.block_on(submit());
    if last.status != 200 || !String::from_utf8_lossy(&last.body).contains("\"code\":\"ok\"") {
        return Err(format!("{last:?}").into());
    }
    Ok(())
}

fn quarantined(system: &System, why: &str) -> Result<(), Failed> {
    let running = system.running.as_ref().ok_or("it does not run")?;
    let unit = running.pipeline.store().unit(Position { partition: 0, sequence: 1 })?;
    if unit.quarantine.as_deref() != Some(why) || !unit.deliveries.is_empty() {
        return Err(format!("quarantine: {:?}", unit.quarantine).into());
    }
    if unit.original.is_empty() {
        return Err("the bytes are gone".into());
    }
    Ok(())
}

fn nothing_delivered(system: &System) -> Result<(), Failed> {
    match system.peer.rest().len() {
        0 => Ok(()),
        n => Err(format!("{n} were delivered").into()),
    }
}

/// The trials.
pub fn trials() -> Vec<Trial> {
    let trial = |name, run: fn() -> Result<(), Failed>| {
        support::trial(name, Needs::Data("data/medcom-messages"), run)
    };
    vec![
        trial("path: what cannot be expressed is refused before it is accepted", not_expressible),
        trial("path: a map without an end is refused as too costly", too_costly),
        trial("path: an invalid output is quarantined and never sent", output_invalid),
        trial("path: a commit that takes too long is answered later", stalled),
        trial("G15: what was in hand at two ends of the process is not tried again", in_hand_twice),
        trial("path: a panic quarantines the message, and the worker lives", panics),
    ]
}
