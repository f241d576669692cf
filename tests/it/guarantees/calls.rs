//! Harness B: every system call. The scripted run, killed at one storage or answer call or told there that
//! the disk is broken or full; then started anew, everything handed in again, and judged by the checker.
//!
//! The tracer counts a call by thread and by name, so a point is (files, call, fault, n-th of any thread).
//! A fixed sample of points runs by default; all of them with the trial that is run by hand.

use super::checker::{self, Judged, Seen, Told};
use super::engine::Engine;
use super::script::{self, Message, TOKEN};
use super::wire::{Client, Receiver, print};
use libtest_mimic::Failed;
use stafett::store::{self, MessageFilter, Options, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What the tracer does at a point.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fault {
    Kill,
    Eio,
    Enospc,
}

/// Files whose calls are counted together, and the calls.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Group {
    Journal,
    Ledger,
    Folder,
    Sockets,
}

const GROUPS: [Group; 4] = [Group::Journal, Group::Ledger, Group::Folder, Group::Sockets];

impl Group {
    fn calls(self) -> &'static [&'static str] {
        match self {
            Group::Journal => &["pwrite64", "fdatasync", "fsync", "rename", "openat"],
            Group::Ledger => &["pwrite64", "fdatasync", "fsync", "ftruncate", "unlink", "openat"],
            Group::Folder => &["openat", "write", "fsync", "mkdir", "rename"],
            Group::Sockets => &["writev", "sendto"],
        }
    }

    fn files(self, data: &Path) -> Vec<String> {
        let name = |name: String| data.join(name).display().to_string();
        let names: Vec<String> = match self {
            Group::Journal => {
                let segments = (1..200).map(|first| format!("journal/journal-{first:020}"));
                ["journal", "journal/spare-1"]
                    .map(str::to_owned)
                    .into_iter()
                    .chain(segments)
                    .collect()
            }
            Group::Ledger => {
                ["", "-wal", "-shm", "-journal"].map(|end| format!("ledger.sqlite{end}")).into()
            }
            Group::Folder => ["FORMAT", "FORMAT.new", "lock", "journal"].map(str::to_owned).into(),
            Group::Sockets => Vec::new(),
        };
        let mut all: Vec<String> = names.into_iter().map(name).collect();
        if self == Group::Folder {
            all.push(data.display().to_string());
        }
        all
    }

    fn faults(self) -> &'static [Fault] {
        match self {
            Group::Sockets => &[Fault::Kill],
            _ => &[Fault::Kill, Fault::Eio, Fault::Enospc],
        }
    }
}

/// The longest wait for deliveries; nothing takes this long unless it is broken.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long deliveries are waited for before it is asked whether the engine still speaks.
const BRIEF: Duration = Duration::from_millis(100);
/// Runs at the same time.
const AT_ONCE: usize = 2;

/// Where a run is broken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Point {
    pub group: Group,
    pub call: &'static str,
    pub fault: Fault,
    pub n: usize,
}

/// What many runs came to.
#[derive(Default)]
pub struct Total {
    /// Runs.
    pub runs: usize,
    /// Runs whose fault was met, by kind of point.
    met: BTreeMap<(Group, &'static str, Fault), usize>,
    judged: Judged,
    /// What no guarantee allows, with its point.
    pub broken: Vec<String>,
}

impl fmt::Display for Total {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let met = |fault| {
            let of = self.met.iter().filter(|((_, _, one), _)| *one == fault);
            of.map(|(_, met)| met).sum::<usize>()
        };
        let (kill, eio, full) = (met(Fault::Kill), met(Fault::Eio), met(Fault::Enospc));
        let Judged { accepted, refused, resends, delivered, repeated, pairs, .. } = &self.judged;
        write!(
            out,
            "{} runs: {kill} killed, {eio} broken disks, {full} full ones; {accepted} accepted, \
             {refused} refused, {resends} handed in again, {delivered} delivered, {repeated} of \
             them again, {pairs} pairs in order; {} broken",
            self.runs,
            self.broken.len()
        )
    }
}

fn tracer(folder: &Path, group: Group, point: Option<Point>) -> Vec<String> {
    let log = folder.join("calls").display().to_string();
    let mut words: Vec<String> =
        ["strace", "-D", "-f", "-s", "0", "-o", &log].map(Into::into).into();
    for file in group.files(&folder.join("data")) {
        words.extend(["-P".to_owned(), file]);
    }
    words.extend(["-e".to_owned(), format!("trace={}", group.calls().join(","))]);
    if let Some(Point { call, fault, n, .. }) = point {
        let what = match fault {
            Fault::Kill => "signal=KILL",
            Fault::Eio => "error=EIO",
            Fault::Enospc => "error=ENOSPC",
        };
        words.extend(["-e".to_owned(), format!("inject={call}:{what}:when={n}")]);
    }
    words
}

/// All points: the calls of a run that is not broken, counted.
fn points(messages: &[Message]) -> Result<Vec<Point>, Failed> {
    let mut points = Vec::new();
    for group in GROUPS {
        let (folder, receiver) = stage()?;
        let under = tracer(folder.path(), group, None);
        first_life(folder.path(), &under, &receiver, messages, false)?;
        let log = std::fs::read_to_string(folder.path().join("calls"))?;
        let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for line in log.lines() {
            let Some((thread, rest)) = line.split_once(' ') else { continue };
            let Some((call, _)) = rest.trim_start().split_once('(') else { continue };
            *counts.entry((call, thread)).or_default() += 1;
        }
        for call in group.calls() {
            let mine = counts.iter().filter(|((name, _), _)| name == call);
            let most = mine.map(|(_, count)| *count).max().unwrap_or(0);
            for fault in group.faults() {
                points.extend((1..=most).map(|n| Point { group, call, fault: *fault, n }));
            }
        }
    }
    Ok(points)
}

/// A folder with the configuration, and a receiver of the run's own.
fn stage() -> Result<(tempfile::TempDir, Receiver), Failed> {
    let (folder, receiver) = (tempfile::tempdir()?, Receiver::start()?);
    script::configure(folder.path(), &receiver.url)?;
    Ok((folder, receiver))
}

/// So many of each kind of point, evenly spread, the first and the last among them.
fn sample(points: Vec<Point>, of_each: usize) -> Vec<Point> {
    let mut kinds: BTreeMap<(Group, &str, Fault), Vec<Point>> = BTreeMap::new();
    for point in points {
        kinds.entry((point.group, point.call, point.fault)).or_default().push(point);
    }
    let mut chosen = Vec::new();
    for kind in kinds.into_values() {
        let steps = of_each.min(kind.len()).max(2) - 1;
        let spread = (0..=steps).map(|step| kind[step * (kind.len() - 1) / steps]);
        chosen.extend(spread.collect::<BTreeSet<_>>());
    }
    chosen
}

/// Sends the messages in order to an engine that may end at any time. Stops when it gives no more verdicts;
/// what it says after its disk has failed is written down as such.
fn first_life(
    folder: &Path,
    under: &[String],
    receiver: &Receiver,
    messages: &[Message],
    disk_fails: bool,
) -> Result<(), Failed> {
    let mut engine = Engine::start(folder, under)?;
    let Some(base) = engine.base.clone() else { return engine.stop() };
    let mut accepted = BTreeSet::new();
    let mut silent = 0;
    for message in messages {
        for _ in 0..2 {
            match hand_in(&base, receiver, message) {
                Told::Nothing => silent += 1,
                Told::Refused => break,
                Told::Accepted => {
                    accepted.insert(message.id.clone());
                    break;
                }
            }
            if disk_fails && !engine.has_ended()? {
                receiver.saw(Seen::Failed);
            }
        }
        if silent > 2 || engine.has_ended()? {
            break;
        }
    }
    // What is still to be delivered may meet the fault as well; an engine that is silent delivers no more.
    while silent == 0 && !engine.has_ended()? && !receiver.wait_for(&accepted, BRIEF) {
        if hand_in(&base, receiver, &messages[0]) == Told::Nothing {
            break;
        }
    }
    engine.stop()?;
    Ok(())
}

/// Hands a message in, and writes down what was told.
pub fn hand_in(base: &str, receiver: &Receiver, message: &Message) -> Told {
    let id = message.id.clone();
    let (lane, content) = (message.lane.to_owned(), print(message.body.as_bytes()));
    receiver.saw(Seen::Sent { message: id.clone(), lane, content });
    let told = match Client::connect(base) {
        Ok(mut client) => client.told(TOKEN, &message.body),
        Err(_) => Told::Nothing,
    };
    receiver.saw(Seen::Told { message: id, told });
    told
}

/// Starts it again, hands everything in again, and lets it deliver.
pub fn second_life(folder: &Path, receiver: &Receiver, messages: &[Message]) -> Result<(), Failed> {
    receiver.saw(Seen::Restarted);
    let mut engine = Engine::start(folder, &[])?;
    let Some(base) = engine.base.clone() else {
        return Err(format!("no start: {}", std::fs::read_to_string(folder.join("log"))?).into());
    };
    let mut accepted = BTreeSet::new();
    for message in messages {
        let mut told = Told::Nothing;
        for _ in 0..3 {
            if told == Told::Nothing {
                told = hand_in(&base, receiver, message);
            }
        }
        if told == Told::Accepted {
            accepted.insert(message.id.clone());
        }
    }
    receiver.wait_for(&accepted, PATIENCE);
    engine.stop()?;
    let data = folder.join("data");
    // By the program, not in this process: a lock that was held here would live on in whatever is forked meanwhile.
    let verify = Command::new(env!("CARGO_BIN_EXE_stafett"))
        .args(["store", "verify"])
        .arg(&data)
        .output()?;
    if !verify.status.success() {
        return Err(String::from_utf8_lossy(&verify.stdout).into_owned().into());
    }
    let store = store::open(&data, Options::default(), jiff::Timestamp::now())?;
    let mut stored = BTreeMap::new();
    for row in store.messages(&MessageFilter { limit: 1000, ..MessageFilter::default() })? {
        *stored.entry(row.message).or_default() += 1;
    }
    receiver.saw(Seen::Ended { stored });
    Ok(())
}

/// One run at one point: whether the fault was met, and the judgement.
fn run(point: Point, messages: &[Message]) -> Result<(bool, Judged), Failed> {
    let (folder, receiver) = stage()?;
    let under = tracer(folder.path(), point.group, Some(point));
    let disk_fails = point.group == Group::Journal && point.fault != Fault::Kill;
    first_life(folder.path(), &under, &receiver, messages, disk_fails)?;
    let log = std::fs::read_to_string(folder.path().join("calls"))?;
    let met = log.contains("(INJECTED)") || log.contains("killed by SIGKILL");
    second_life(folder.path(), &receiver, messages)?;
    let judged = checker::judge(&receiver.seen());
    Ok((met, judged))
}

/// Runs at so many points of each kind; at all of them, if none is said.
pub fn enumerate(of_each: Option<usize>) -> Result<Total, Failed> {
    let messages = script::messages()?;
    let all = points(&messages)?;
    let counted = all.len();
    let chosen = match of_each {
        Some(n) => sample(all, n),
        None => all,
    };
    println!("{} of {counted} points", chosen.len());
    let total = Mutex::new(Total::default());
    let left = Mutex::new(chosen.into_iter());
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(point) = next() {
                    let result = run(point, &messages);
                    let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
                    total.add(point, result);
                }
            });
        }
    });
    Ok(total.into_inner().unwrap_or_else(PoisonError::into_inner))
}

impl Total {
    fn add(&mut self, point: Point, result: Result<(bool, Judged), Failed>) {
        self.runs += 1;
        let (met, judged) = match result {
            Ok(judged) => judged,
            Err(failed) => {
                let why = failed.message().unwrap_or_default().to_owned();
                return self.broken.push(format!("{point:?}: {why}"));
            }
        };
        *self.met.entry((point.group, point.call, point.fault)).or_default() += usize::from(met);
        let broken: Vec<_> =
            judged.broken.iter().map(|one| format!("{point:?}: {one:?}")).collect();
        self.broken.extend(broken);
        self.judged.add(Judged { broken: Vec::new(), ..judged });
    }

    /// Kinds of points at which no run met its fault.
    pub fn never(&self) -> Vec<String> {
        let never = self.met.iter().filter(|(_, met)| **met == 0);
        never.map(|(kind, _)| format!("{kind:?}")).collect()
    }
}
