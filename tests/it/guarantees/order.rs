//! Harness D, the order of system calls: no verdict leaves before a successful `fdatasync` that covers its
//! message's bytes, and no delivery begins before the mark that it begins is on disk as well.
//!
//! What must be covered is read from the journal after the run: which bytes of which file hold a message,
//! and which the mark of an attempt. When they were covered is read from the tracer's log.

use super::engine::Engine;
use super::script::{self, MESSAGES, TOKEN};
use super::wire::{Client, Receiver};
use libtest_mimic::Failed;
use stafett::store::disk::RealDisk;
use stafett::store::journal;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::path::Path;

/// Something that must not leave before bytes of a file are on disk.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Bound {
    /// What it is known by in the call: an answer quotes the message's id, a request has it in a header.
    id: String,
    /// Whether it is an answer to a sender; else a request to a receiver.
    answer: bool,
    /// The file's name.
    file: String,
    bytes: Range<u64>,
}

/// What the log says about calls that had to wait for a sync.
#[derive(Default, PartialEq, Eq, Debug)]
pub struct Proof {
    /// Answers with a verdict.
    pub answers: usize,
    /// Requests to receivers.
    pub requests: usize,
    /// Those that left too early, or that nothing is known of.
    pub wrong: Vec<String>,
}

/// The scripted run under the tracer, and what it proves.
pub fn run() -> Result<Proof, Failed> {
    let (folder, receiver) = (tempfile::tempdir()?, Receiver::start()?);
    script::configure(folder.path(), &receiver.url)?;
    let log = folder.path().join("calls");
    let calls = "trace=pwrite64,writev,sendto,sendmsg,write,fdatasync";
    let shown = log.display().to_string();
    let under = ["strace", "-D", "-f", "-y", "-s", "6000", "-e", calls, "-o", &shown];
    let mut engine = Engine::start(folder.path(), &under.map(str::to_owned))?;
    let base = engine.base.clone().ok_or("the engine did not start")?;
    let mut client = Client::connect(&base)?;
    let mut accepted = BTreeSet::new();
    for message in script::messages()? {
        let (status, body) = client.send(TOKEN, &message.body)?;
        match body.contains("\"code\":\"ok\"") {
            true => drop(accepted.insert(message.id)),
            false if status == 200 => {}
            false => return Err(format!("{status}: {body}").into()),
        }
    }
    if !receiver.wait_for(&accepted, std::time::Duration::from_secs(30)) {
        return Err("not everything was delivered".into());
    }
    engine.stop()?;
    let bounds = bounds(&folder.path().join("data/journal"))?;
    let proof = judge(&std::fs::read_to_string(&log)?, &bounds);
    if proof.answers != MESSAGES || proof.requests < accepted.len() {
        return Err(format!("{proof:?}").into());
    }
    Ok(proof)
}

/// Where the journal's records lie: the file, and the bytes in it, by number.
fn places(folder: &Path) -> Result<BTreeMap<u64, (String, Range<u64>)>, Failed> {
    let mut places = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path)?;
        for at in (4096..bytes.len().saturating_sub(80)).step_by(8) {
            if &bytes[at..at + 4] != b"strc" || !name.starts_with("journal-") {
                continue;
            }
            let length = u32::from_le_bytes(bytes[at + 4..at + 8].try_into()?);
            let sequence = u64::from_le_bytes(bytes[at + 16..at + 24].try_into()?);
            let from = at as u64;
            places.insert(sequence, (name.clone(), from..from + 80 + u64::from(length)));
        }
    }
    Ok(places)
}

/// What must be on disk for which call, as the journal's own entries say it.
fn bounds(folder: &Path) -> Result<Vec<Bound>, Failed> {
    let places = places(folder)?;
    let (mut messages, mut bounds) = (HashMap::new(), Vec::new());
    let mut lost = 0;
    journal::recover(&RealDisk::at(folder), &mut |position, entry| {
        let shown = format!("{entry:?}");
        let after = |what: &str| shown.split_once(what).map(|(_, rest)| rest);
        let (answer, id) = if let Some(rest) = after("message: MessageId(\"") {
            let id = rest.split('"').next().unwrap_or_default().to_owned();
            messages.insert(position.sequence, id.clone());
            (true, id)
        } else if let Some((before, _)) = shown.split_once("change: Sending") {
            // the step's own delivery: the one before it in the lane may end in the same record
            let unit = before.rsplit("sequence: ").next().unwrap_or_default();
            let digits = unit.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
            let unit = digits.parse().unwrap_or(0);
            (false, messages.get(&unit).cloned().unwrap_or_default())
        } else {
            return;
        };
        match places.get(&position.sequence) {
            Some((file, bytes)) => {
                let (file, bytes) = (file.clone(), bytes.clone());
                bounds.push(Bound { id, answer, file, bytes });
            }
            None => lost += 1,
        }
    })?;
    if lost > 0 { Err(format!("{lost} records are nowhere").into()) } else { Ok(bounds) }
}

/// Holds a log against what must be on disk: the n-th request of a message needs its n-th mark.
fn judge(log: &str, bounds: &[Bound]) -> Proof {
    let mut open: HashMap<&str, String> = HashMap::new();
    let mut disk = Synced::default();
    let mut attempts: HashMap<String, usize> = HashMap::new();
    let mut proof = Proof::default();
    for line in log.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        // What leaves counts from where its call begins; a write or a sync from where it has returned.
        if !rest.starts_with("<...") {
            if rest.starts_with("fdatasync(") {
                disk.begins(thread, rest);
            }
            let id = |mark: &str| Some(rest.split_once(mark)?.1.get(..36)?.to_owned());
            let leaves = if rest.contains("HTTP/1.1 2") {
                proof.answers += 1;
                id("\\\"response\\\":{\\\"identifier\\\":\\\"").map(|id| (true, id, 0))
            } else if rest.contains("POST / HTTP/1.1") {
                proof.requests += 1;
                id("idempotency-key: ").map(|id| {
                    let before = attempts.entry(id.clone()).or_default();
                    *before += 1;
                    (false, id, *before - 1)
                })
            } else {
                None
            };
            let counts = rest.contains("HTTP/1.1 2") || rest.contains("POST / HTTP/1.1");
            let bound = leaves.and_then(|(answer, id, nth)| {
                bounds.iter().filter(|b| b.answer == answer && b.id == id).nth(nth)
            });
            if counts && !bound.is_some_and(|bound| disk.has(bound)) {
                proof.wrong.push(rest.chars().take(200).collect());
            }
        }
        let whole = match rest.strip_suffix("<unfinished ...>") {
            Some(begun) => {
                open.insert(thread, begun.to_owned());
                continue;
            }
            None => match rest.strip_prefix("<... ").and_then(|r| r.split_once("resumed>")) {
                Some((_, end)) => format!("{}{end}", open.remove(thread).unwrap_or_default()),
                None => rest.to_owned(),
            },
        };
        disk.returns(thread, &whole);
    }
    proof
}

/// Which bytes of which file are on disk, as far as a log has come.
#[derive(Default)]
struct Synced {
    written: HashMap<String, Vec<Range<u64>>>,
    syncing: HashMap<String, (String, Vec<Range<u64>>)>,
    synced: HashMap<String, Vec<Range<u64>>>,
}

impl Synced {
    fn begins(&mut self, thread: &str, call: &str) {
        let file = file_of(call);
        let so_far = self.written.get(&file).cloned().unwrap_or_default();
        self.syncing.insert(thread.to_owned(), (file, so_far));
    }

    fn returns(&mut self, thread: &str, whole: &str) {
        let Some((call, result)) = whole.rsplit_once(" = ") else { return };
        let good = !result.starts_with('-');
        if call.starts_with("pwrite64(") && good {
            let mut words = call.trim_end().trim_end_matches(')').rsplit(", ");
            let mut number = || words.next().and_then(|word| word.trim().parse::<u64>().ok());
            if let (Some(offset), Some(length)) = (number(), number()) {
                self.written.entry(file_of(call)).or_default().push(offset..offset + length);
            }
        }
        if call.starts_with("fdatasync(") {
            let Some((file, covered)) = self.syncing.remove(thread) else { return };
            if good {
                self.synced.entry(file).or_default().extend(covered);
            }
        }
    }

    fn has(&self, bound: &Bound) -> bool {
        let within =
            |range: &Range<u64>| range.start <= bound.bytes.start && bound.bytes.end <= range.end;
        self.synced.get(&bound.file).is_some_and(|ranges| ranges.iter().any(within))
    }
}

/// The name of the file in a call's first argument: `16</data/journal/journal-1>`.
fn file_of(call: &str) -> String {
    let path = call.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    path.and_then(|(path, _)| path.rsplit('/').next()).unwrap_or_default().to_owned()
}

/// The judge itself: what leaves before its sync, after one that failed, or after the sync of others' bytes
/// is seen.
pub fn self_test() -> Result<(), Failed> {
    let id = "00000001-0000-4000-8000-000000000002";
    let answer = format!(
        "2 writev(7<s>, [{{iov_base=\"HTTP/1.1 200 OK\", iov_len=9}}, {{iov_base=\"{{\\\"response\\\":\
         {{\\\"identifier\\\":\\\"{id}\\\"\", iov_len=9}}], 2) = 18\n"
    );
    let write = |offset: u64| format!("1 pwrite64(9</d/j>, \"x\"..., 100, {offset}) = 100\n");
    let (begin, end) =
        ("1 fdatasync(9</d/j> <unfinished ...>\n", "1 <... fdatasync resumed>) = 0\n");
    let failed = "1 <... fdatasync resumed>) = -1 EIO (Input/output error)\n";
    let mark =
        format!("3 writev(8<s>, [{{iov_base=\"POST / HTTP/1.1\\r\\nidempotency-key: {id}\\r\\n\"");
    let request = format!("{mark}, iov_len=9}}], 1) = 9\n");
    let bounds: Vec<Bound> = [(true, 0), (false, 200)]
        .map(|(answer, from)| {
            let (id, file) = (id.to_owned(), "j".to_owned());
            Bound { id, answer, file, bytes: from..from + 90 }
        })
        .into();
    let halves = write(0).replace(") =", " <unfinished ...>\n1 <... pwrite64 resumed>)    =");
    let cases = [
        (0, [halves, begin.into(), end.into(), answer.clone()].concat()),
        (0, [write(0), begin.into(), end.into(), answer.clone()].concat()),
        (1, [write(0), begin.into(), answer.clone(), end.into()].concat()),
        (1, [begin.into(), write(0), end.into(), answer.clone()].concat()),
        (1, [write(0), begin.into(), failed.into(), answer.clone()].concat()),
        (1, [write(100), begin.into(), end.into(), answer.clone()].concat()),
        (1, answer.clone()),
        (0, [write(200), begin.into(), end.into(), request.clone()].concat()),
        (1, [write(0), begin.into(), end.into(), request.clone()].concat()),
        (1, [write(200), begin.into(), end.into(), request.clone(), request].concat()),
    ];
    for (expected, log) in cases {
        let wrong = judge(&log, &bounds).wrong.len();
        if wrong != expected {
            return Err(format!("{wrong} instead of {expected} in\n{log}").into());
        }
    }
    Ok(())
}
