//! Folders in and out: whole files, in order, once; a crash makes a duplicate and not a second message.

use crate::path::system::{HOSPITAL, Setup, System, admission, bytes};
use crate::support::{self, Needs};
use bytes::Bytes;
use libtest_mimic::{Failed, Trial};
use stafett::cli::assemble;
use stafett::deliver::{Reply, Sender, Sending, Target};
use stafett::message::{
    Answer, Answering, AttemptOutcome, DeliveryId, Intake, MessageId, PartyName, Position,
    Submission, Syntax,
};
use stafett::receive::directory::{Front, serve};
use stafett::receive::{Limits, Quota, Quotas};
use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender as Channel, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub fn trials() -> Vec<Trial> {
    let trial = |name, run: fn() -> Result<(), Failed>| support::trial(name, Needs::Nothing, run);
    let name = "directory: a crash before a file is moved makes a duplicate, not a second message";
    vec![
        trial("directory: a file is taken when it has stopped growing", growing),
        trial("directory: what there is no room for stays, and what is behind it", later),
        trial("directory: what cannot be read is quarantined with the reason", quarantined),
        trial("directory: what goes out is a whole file, the same at every attempt", outgoing),
        support::trial(name, Needs::Data("data/packages"), again),
        support::trial(
            "directory: a reload takes over folders and quotas, or leaves all as it is",
            Needs::Data("data/packages"),
            exchanged,
        ),
    ]
}

/// Tells what it takes; says other statuses first.
struct Desk {
    first: Mutex<VecDeque<u16>>,
    tell: Mutex<Channel<(u16, String)>>,
}

impl Intake for Desk {
    fn submit(&self, submission: Submission) -> Answering {
        let status = self.first.lock().ok().and_then(|mut first| first.pop_front()).unwrap_or(200);
        let text = String::from_utf8_lossy(&submission.body).into_owned();
        let status = if text.contains("garbage") { 400 } else { status };
        if let Ok(tell) = self.tell.lock() {
            let _ = tell.send((status, text));
        }
        let body = Bytes::from_static(b"{\"said\":true}");
        let content_type = Some("application/fhir+json");
        let verdict = status == 200;
        Box::pin(async move {
            Answer { status, content_type, body, retry_after: None, verdict, said: None }
        })
    }

    fn ready(&self) -> bool {
        true
    }

    fn party_of(&self, _: &str) -> Option<PartyName> {
        None
    }

    fn metadata(&self, _: Syntax) -> Bytes {
        Bytes::new()
    }
}

struct Served {
    folder: TempDir,
    seen: Receiver<(u16, String)>,
    stop: tokio::sync::oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
    runtime: Runtime,
}

fn served(first: &[u16], body: usize) -> Result<Served, Failed> {
    let folder = TempDir::new()?;
    let (tell, seen) = channel();
    let first = Mutex::new(first.iter().copied().collect());
    let desk = Arc::new(Desk { first, tell: Mutex::new(tell) });
    let many = NonZeroU32::new(10_000).ok_or("nothing")?;
    let quotas = Quotas::new(Quota { per_second: many, burst: many }, &[]);
    let limits = Limits { body, ..Limits::default() };
    let (path, party) = (folder.path().to_owned(), PartyName("ward".into()));
    let front = Front::new(desk, limits, quotas, path, party, Duration::from_millis(5))?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let task = runtime.spawn(serve(front, async move { drop(stopped.await) }));
    Ok(Served { folder, seen, stop, task, runtime })
}

impl Served {
    fn put(&self, name: &str, text: &str) -> Result<(), Failed> {
        put(self.folder.path(), name, text.as_bytes())
    }

    fn next(&self) -> Result<(u16, String), Failed> {
        Ok(self.seen.recv_timeout(Duration::from_secs(20))?)
    }

    /// Ends it; the file in hand is finished, and what is left can be looked at.
    fn end(self) -> Result<TempDir, Failed> {
        let _ = self.stop.send(());
        self.runtime.block_on(self.task)?;
        Ok(self.folder)
    }
}

/// As a sender should: under another name, then renamed.
fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Failed> {
    let temporary = folder.join("in").join(format!("{name}.part"));
    fs::write(&temporary, bytes)?;
    fs::rename(temporary, folder.join("in").join(name))?;
    Ok(())
}

/// The names in a folder, in order.
fn names(folder: &Path) -> Result<Vec<String>, Failed> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn is<T: PartialEq + std::fmt::Debug>(got: T, expected: T) -> Result<(), Failed> {
    match got == expected {
        true => Ok(()),
        false => Err(format!("expected {expected:?}, got {got:?}").into()),
    }
}

fn growing() -> Result<(), Failed> {
    let served = served(&[], 10_000_000)?;
    let path = served.folder.path().join("in/slow");
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    let (begin, mut written) = (Instant::now(), 0);
    while begin.elapsed() < Duration::from_millis(300) {
        file.write_all(b"x")?;
        written += 1;
    }
    is(served.seen.try_iter().count(), 0)?;
    is(served.next()?.1.len(), written)?;
    let folder = served.end()?;
    is(names(&folder.path().join("done"))?, vec!["slow".to_owned()])
}

fn later() -> Result<(), Failed> {
    let served = served(&[503, 429, 503], 10_000)?;
    served.put("b", "first")?;
    is(served.next()?, (503, "first".to_owned()))?;
    served.put("a", "second")?;
    served.put(".hidden", "never")?;
    let expected = [(429, "first"), (503, "first"), (200, "first"), (200, "second")];
    for (status, text) in expected {
        is(served.next()?, (status, text.to_owned()))?;
    }
    let folder = served.end()?;
    is(names(&folder.path().join("done"))?, vec!["a".to_owned(), "b".to_owned()])?;
    let receipts = ["a.receipt.json", "b.receipt.json"].map(str::to_owned).to_vec();
    is(names(&folder.path().join("receipts"))?, receipts)?;
    is(names(&folder.path().join("in"))?, vec![".hidden".to_owned()])
}

fn quarantined() -> Result<(), Failed> {
    let served = served(&[], 100)?;
    let secret = served.folder.path().join("secret");
    fs::write(&secret, "not to be read")?;
    std::os::unix::fs::symlink(&secret, served.folder.path().join("in/link"))?;
    served.put("bad", "garbage")?;
    is(served.next()?.0, 400)?;
    served.put("large", &"x".repeat(101))?;
    served.put("bad", "garbage again")?;
    is(served.next()?.1, "garbage again".to_owned())?;
    served.put("good", "fine")?;
    is(served.next()?, (200, "fine".to_owned()))?;
    let folder = served.end()?;
    let found = names(&folder.path().join("quarantine"))?;
    let ends = |end: &str| found.iter().filter(|name| name.ends_with(end)).count();
    // The second of the same name is beside the first, and each has its reason.
    is((found.len(), ends("bad"), ends("bad.reason.json")), (6, 2, 2))?;
    is((ends("large"), ends("large.reason.txt")), (1, 1))?;
    is(names(&folder.path().join("in"))?, vec!["link".to_owned()])?;
    is(fs::read_to_string(folder.path().join("quarantine/bad"))?, "garbage".to_owned())
}

fn outgoing() -> Result<(), Failed> {
    let folder = TempDir::new()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let send = |to: &Path| {
        let target = Target::folder(to, Duration::from_secs(20));
        let sending = Sending {
            delivery: DeliveryId { unit: Position { partition: 0, sequence: 7 }, index: 0 },
            message: MessageId("m-1".into()),
            syntax: Syntax::FhirJson,
            bytes: Bytes::from_static(b"{}"),
            possible_duplicate: true,
        };
        runtime.block_on(Sender::default().send(&target, sending))
    };
    for _ in 0..2 {
        let reply = send(folder.path());
        if !matches!(reply, Reply::Judged(AttemptOutcome::Sent { receipt: None })) {
            return Err(format!("{reply:?}").into());
        }
        is(names(folder.path())?, vec!["000000000007-0-m-1.json".to_owned()])?;
    }
    let nowhere = send(&folder.path().join("not-mounted"));
    match nowhere {
        Reply::Unreachable("no-such-folder") => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

/// A whole engine: the file is put back as a crash after the commit would have left it.
fn again() -> Result<(), Failed> {
    let mut setup = Setup::default();
    setup.stafett += "[[pickup]]\nname = 'ward'\nfolder = 'drop'\nparty = 'hospital'\n\
                      every = '5 ms'\n";
    let mut system = System::with(&setup, &[], Arc::new(|_| (200, String::new())))?;
    let drop = system.folder.path().join("drop");
    put(&drop, "one.json", &bytes(&admission(1)?))?;
    is(system.peer.next()?.key.starts_with("00000001-"), true)?;
    system.stop();
    let receipt = drop.join("receipts/one.json.receipt.json");
    let said = |path: &Path| -> Result<(String, String), Failed> {
        let value: serde_json::Value = serde_json::from_slice(&fs::read(path)?)?;
        let code = &value["entry"][0]["resource"]["response"]["code"];
        Ok((code.as_str().unwrap_or_default().into(), value["id"].to_string()))
    };
    let first = said(&receipt)?;
    is(first.0.as_str(), "ok")?;
    fs::rename(drop.join("done/one.json"), drop.join("taken/one.json"))?;
    fs::remove_file(&receipt)?;
    system.go()?;
    put(&drop, "two.json", &bytes(&admission(2)?))?;
    is(system.peer.next()?.key.starts_with("00000002-"), true)?;
    system.stop();
    let second = said(&receipt)?;
    // The verdict again, under another envelope; and nothing was delivered twice.
    is((second.0.as_str(), second.1 != first.1), ("ok", true))?;
    is(system.peer.rest().len(), 0)?;
    is(names(&drop.join("done"))?, vec!["one.json".to_owned(), "two.json".to_owned()])?;
    is(names(&drop.join("in"))?, Vec::<String>::new())?;
    is(names(&drop.join("taken"))?, Vec::<String>::new())
}

/// Another folder in the place of one, and a quota; then a folder that cannot be, which changes nothing.
fn exchanged() -> Result<(), Failed> {
    let pickup = |folder: &str| {
        format!(
            "[[pickup]]\nname = 'ward'\nfolder = '{folder}'\nparty = 'hospital'\nevery = '5 ms'\n"
        )
    };
    let mut setup = Setup::default();
    let plain = setup.stafett.clone();
    setup.stafett += &pickup("first");
    let mut system = System::with(&setup, &[], Arc::new(|_| (200, String::new())))?;
    let path = system.folder.path().to_owned();
    let pipeline = Arc::clone(&system.running.as_ref().ok_or("it does not run")?.pipeline);
    let (source, target) =
        (path.clone(), Target::new(&system.peer.url, None, Duration::from_secs(10)));
    pipeline.reload_from(Box::new(move || {
        let mut fresh = assemble::fresh(&source)?;
        fresh.targets = fresh
            .targets
            .into_keys()
            .filter_map(|name| Some((name, (target.clone()?, 4))))
            .collect();
        Ok(fresh)
    }));
    put(&path.join("first"), "one.json", &bytes(&admission(1)?))?;
    is(system.peer.next()?.key.starts_with("00000001-"), true)?;

    fs::write(
        path.join("stafett.toml"),
        setup.stafett.clone()
            + "[[pickup]]\nname = 'other'\nfolder = 'stafett.toml'\nparty = 'town'\n",
    )?;
    let said = pipeline.reload("test");
    let told = said.diagnostics.join("\n");
    is((said.active, told.contains("the folder cannot be used")), (false, true))?;

    let few = "quota = { per_second = 1, burst = 1 }";
    let text = plain.replace("quota = { per_second = 10000, burst = 10000 }", few);
    fs::write(path.join("stafett.toml"), text + &pickup("second"))?;
    let said = pipeline.reload("test");
    let waits = said.diagnostics.iter().any(|one| one.contains("next start"));
    is((said.active, waits), (true, false))?;
    // The new folder is looked at only when the old one is no more.
    let (old, new) = (path.join("first"), path.join("second"));
    put(&new, "two.json", &bytes(&admission(2)?))?;
    is(system.peer.next()?.key.starts_with("00000002-"), true)?;
    put(&old, "three.json", &bytes(&admission(3)?))?;
    let mut statuses = Vec::new();
    for number in 4..6 {
        statuses.push(system.json(HOSPITAL, bytes(&admission(number)?))?.status);
    }
    system.stop();
    is(statuses.contains(&429), true)?;
    is(names(&old.join("in"))?, vec!["three.json".to_owned()])?;
    is(names(&new.join("done"))?, vec!["two.json".to_owned()])
}
