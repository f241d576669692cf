//! The order of system calls: no verdict on a socket before a successful `fdatasync` of what was written for it.

use super::process::{NETWORK, Process};
use crate::support::{self, Needs};
use libtest_mimic::{Failed, Trial};
use std::collections::HashMap;

/// How many messages are sent. The first half are refused and leave nothing to deliver; the others share one lane
/// whose first attempt fails, so that (but for that one) the only sync between two answers is the commit of the
/// second.
const MESSAGES: usize = 20;

fn run() -> Result<(), Failed> {
    let folder = tempfile::TempDir::new()?;
    let log = folder.path().join("calls");
    let calls = "trace=pwrite64,write,writev,sendto,sendmsg,fdatasync";
    let path = log.to_string_lossy().into_owned();
    let mut process =
        Process::start(&["strace", "-D", "-f", "-s", "64", "-e", calls, "-o", &path], "warn")?;
    for number in 0..MESSAGES {
        let name = if number < MESSAGES / 2 { "to-practice" } else { "admission" };
        let source = format!("{NETWORK}/messages/hospital-notification-{name}.json");
        let text = std::fs::read_to_string(support::root().join(source))?;
        let value: serde_json::Value = serde_json::from_str(&text)?;
        let id = |value: &serde_json::Value| value["id"].as_str().unwrap_or_default().to_owned();
        let (envelope, header) = (id(&value), id(&value["entry"][0]["resource"]));
        let new = |n: u32| format!("{number:08x}-0000-4000-8000-00000000000{n}");
        let text = text.replace(&envelope, &new(1)).replace(&header, &new(2));
        let file = folder.path().join("message.json");
        std::fs::write(&file, text)?;
        let answer = process.send(&file)?;
        let code = if number < MESSAGES / 2 { "\"fatal-error\"" } else { "\"ok\"" };
        if !answer.contains(code) {
            return Err(answer.into());
        }
    }
    process.stop()?;
    let (answers, wrong) = judge(&whole(&log)?);
    println!("{answers} answers with a verdict, {} before their sync", wrong.len());
    if answers != MESSAGES || !wrong.is_empty() {
        return Err(format!("{answers} answers; {wrong:#?}").into());
    }
    Ok(())
}

/// The log once its last line is there: the tracer writes it after the process has ended.
fn whole(log: &std::path::Path) -> Result<String, Failed> {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let text = std::fs::read_to_string(log)?;
        if text.trim_end().ends_with("+++") {
            return Ok(text);
        }
        if std::time::Instant::now() > until {
            return Err("the tracer did not end".into());
        }
        std::thread::yield_now();
    }
}

/// Counts answers, and names those that no completed sync of a completed write comes before.
fn judge(log: &str) -> (usize, Vec<String>) {
    let mut open: HashMap<&str, String> = HashMap::new();
    let (mut written, mut synced) = (false, false);
    let (mut answers, mut wrong) = (0, Vec::new());
    for line in log.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        // An answer counts from where its call begins, a write or sync from where it has returned.
        if rest.contains("HTTP/1.1 2") && !rest.starts_with("<...") {
            answers += 1;
            if !synced {
                wrong.push(line.to_owned());
            }
            (written, synced) = (false, false);
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
        let Some((call, result)) = whole.rsplit_once(" = ") else { continue };
        let good = !result.starts_with('-');
        if call.starts_with("pwrite64(") && good {
            written = true;
        }
        if call.starts_with("fdatasync(") && good && written {
            synced = true;
        }
    }
    (answers, wrong)
}

/// The judge itself: an answer before its sync, or after one that failed, is seen.
fn judged() -> Result<(), Failed> {
    let good = "1 pwrite64(9, \"x\", 1, 0) = 1\n1 fdatasync(9 <unfinished ...>\n\
                1 <... fdatasync resumed>) = 0\n2 writev(7, \"HTTP/1.1 200 OK\") = 20\n";
    let early = "1 pwrite64(9, \"x\", 1, 0) = 1\n1 fdatasync(9 <unfinished ...>\n\
                 2 writev(7, \"HTTP/1.1 200 OK\") = 20\n1 <... fdatasync resumed>) = 0\n";
    let failed = good.replace(") = 0\n", ") = -1 EIO (Input/output error)\n");
    let twice = format!("{good}2 writev(7, \"HTTP/1.1 202 Accepted\") = 20\n");
    let counts = [good, early, &failed, &twice].map(|log| {
        let (answers, wrong) = judge(log);
        (answers, wrong.len())
    });
    if counts != [(1, 0), (1, 1), (1, 1), (2, 1)] {
        return Err(format!("{counts:?}").into());
    }
    Ok(())
}

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![
        support::trial("order: an answer before its sync is seen", Needs::Nothing, judged),
        support::trial(
            "order: every verdict comes after a successful fdatasync of its bytes",
            Needs::Tool("strace"),
            run,
        ),
    ]
}
