//! Messages that come again: one verdict for ever, whatever changes in between.

use super::system::{HOSPITAL, Setup, System, admission, bytes};
use super::verdicts::{is, resource};
use crate::support::{self, Needs};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use stafett::store::MessageFilter;
use std::sync::Arc;

/// What was refused stays refused and what was accepted stays accepted, whatever the configuration says later,
/// and however the copies race after it.
fn configuration_changes() -> Result<(), Failed> {
    let strict = |setup: &mut Setup| setup.routes.push_str("max_age = '1 days'\n");
    let mut setup = Setup::default();
    strict(&mut setup);
    let mut system = System::with(&setup, &[], Arc::new(|_| (200, String::new())))?;
    let routes = system.folder.path().join("routes.toml");
    let refused = bytes(&admission(31)?);
    let answer = system.json(HOSPITAL, refused.clone())?;
    is("too old", answer.receipt(), Some("fatal-error".to_owned()))?;
    system.stop();
    std::fs::write(&routes, Setup::default().routes)?;
    system.go()?;
    let accepted = bytes(&admission(32)?);
    let first = system.json(HOSPITAL, accepted.clone())?;
    is("any age", first.receipt(), Some("ok".to_owned()))?;
    for answer in system.all(HOSPITAL, vec![refused.clone(); 20])? {
        is("still refused", answer.receipt(), Some("fatal-error".to_owned()))?;
        is("for the same reason", answer.text().contains("message-too-old"), true)?;
    }
    system.stop();
    std::fs::write(&routes, setup.routes)?;
    system.go()?;
    let mut envelopes = std::collections::BTreeSet::new();
    let answers = system.all(HOSPITAL, vec![accepted; 20])?;
    for answer in &answers {
        is("still accepted", answer.receipt(), Some("ok".to_owned()))?;
        envelopes.insert(answer.value()?["id"].to_string());
    }
    is("each in an envelope of its own", envelopes.len(), answers.len())?;
    is("delivered", system.peer.next()?.key, "00000020-0000-4000-8000-000000000002".to_owned())?;
    is("once", system.peer.rest().len(), 0)
}

/// An answer without a verdict leaves none: what comes then may be accepted or refused.
fn temporary_first() -> Result<(), Failed> {
    let mut setup = Setup::default();
    setup.stafett = setup.stafett.replace("burst = 10000", "burst = 1").replace("= 10000", "= 1");
    let system = System::with(&setup, &[], Arc::new(|_| (200, String::new())))?;
    let mut bad = admission(34)?;
    resource(&mut bad, "Encounter")?["status"] = "no-such-status".into();
    for (message, code) in [(admission(33)?, "ok"), (bad, "fatal-error")] {
        let body = bytes(&message);
        let answers = system.all(HOSPITAL, vec![body.clone(); 10])?;
        let over = answers.iter().filter(|answer| answer.status == 429);
        let told: Vec<_> = over.map(|answer| answer.receipt()).collect();
        is("some are over quota", !told.is_empty() && told.len() < 11, true)?;
        is(
            "which is no verdict of theirs",
            told.iter().any(|one| one.as_deref() == Some("ok")),
            false,
        )?;
        // The quota lets one in each second: the sender comes back as it was told to.
        let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
        loop {
            let answer = system.json(HOSPITAL, body.clone())?;
            if answer.status != 429 {
                is("in the end", answer.receipt(), Some(code.to_owned()))?;
                break;
            }
            if std::time::Instant::now() > until {
                return Err("never let in".into());
            }
        }
    }
    Ok(())
}

/// Other content under a known id, after a yes and after a no: the first verdict again, nothing delivered, an
/// audit record each time; as HTTP 409 where the route wants that.
fn id_reuse() -> Result<(), Failed> {
    let mut system = System::start()?;
    let good = admission(35)?;
    let mut bad = good.clone();
    resource(&mut bad, "Encounter")?["status"] = "no-such-status".into();
    let other = |message: &Value| -> Result<Value, Failed> {
        Ok(serde_json::from_str(&message.to_string().replace("00000023-", "00000024-"))?)
    };
    let (bad_first, good_then) = (other(&bad)?, other(&good)?);
    let steps =
        [(&good, "ok"), (&bad, "ok"), (&bad_first, "fatal-error"), (&good_then, "fatal-error")];
    for (n, (message, code)) in steps.into_iter().enumerate() {
        let answer = system.json(HOSPITAL, bytes(message))?;
        is(&format!("step {n}"), answer.receipt(), Some(code.to_owned()))?;
    }
    is("delivered", system.peer.next()?.body, bytes(&good).to_vec())?;
    let running = system.running.as_ref().ok_or("it does not run")?;
    let rows = running.pipeline.store().messages(&MessageFilter::default())?;
    is("messages", rows.len(), 2)?;
    for row in rows {
        let detail = running.pipeline.store().message(row.position)?.ok_or("no message")?;
        let noted = detail.audit.iter().filter(|one| one.action == "duplicate").count();
        is("audit records of other content", noted, 1)?;
    }
    system.stop();
    let routes = system.folder.path().join("routes.toml");
    std::fs::write(&routes, format!("{}conflict = '409'\n", Setup::default().routes))?;
    system.go()?;
    let answer = system.json(HOSPITAL, bytes(&bad))?;
    is("as a conflict", (answer.status, answer.receipt()), (409, None))?;
    is("nothing more is delivered", system.peer.rest().len(), 0)
}

/// The trials.
pub fn trials() -> Vec<Trial> {
    let trial = |name, run: fn() -> Result<(), Failed>| {
        support::trial(name, Needs::Data("data/medcom-messages"), run)
    };
    vec![
        trial("G6: a changed configuration changes no verdict", configuration_changes),
        trial("G6: a temporary answer is no verdict, either may follow", temporary_first),
        trial(
            "G7: other content under a known id never earns a receipt of the other sign",
            id_reuse,
        ),
    ]
}
