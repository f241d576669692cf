//! Verdicts and duplicates, exactly as the exchange rules say.

use super::system::{HOSPITAL, Setup, System, TOWN, admission, bytes, published};
use crate::support::{self, Needs};
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};
use stafett::message::{Position, ReceiptCode, Syntax};
use stafett::store::MessageFilter;
use std::sync::Arc;

pub fn is<T: PartialEq + std::fmt::Debug>(what: &str, got: T, expected: T) -> Result<(), Failed> {
    if got != expected {
        return Err(format!("{what}: expected {expected:?}, got {got:?}").into());
    }
    Ok(())
}

pub fn resource<'a>(bundle: &'a mut Value, kind: &str) -> Result<&'a mut Value, Failed> {
    let entries = bundle["entry"].as_array_mut().ok_or("no entries")?;
    let found = entries.iter_mut().find(|entry| entry["resource"]["resourceType"] == kind);
    Ok(&mut found.ok_or("no such resource")?["resource"])
}

/// Every row of the table of duplicates.
fn duplicates() -> Result<(), Failed> {
    let mut system = System::start()?;
    let first = admission(1)?;
    let answer = system.json(HOSPITAL, bytes(&first))?;
    is("new, new", (answer.status, answer.receipt()), (200, Some("ok".to_owned())))?;
    let delivered = system.peer.next()?;
    is("delivered as it came", delivered.body, bytes(&first).to_vec())?;

    let again = system.json(HOSPITAL, bytes(&first))?;
    is("seen, seen", (again.status, again.receipt()), (200, Some("ok".to_owned())))?;
    let (one, two) = (answer.value()?, again.value()?);
    if one["id"] == two["id"] {
        return Err("the verdict came again under the same envelope id".into());
    }

    let mut other_envelope = first.clone();
    other_envelope["id"] = "00000001-0000-4000-8000-00000000000a".into();
    other_envelope["timestamp"] = "2022-12-07T15:00:01+02:00".into();
    let answer = system.json(HOSPITAL, bytes(&other_envelope))?;
    is("new envelope, message seen", answer.receipt(), Some("ok".to_owned()))?;

    let mut other_content = other_envelope.clone();
    resource(&mut other_content, "Patient")?["gender"] = "unknown".into();
    let answer = system.json(HOSPITAL, bytes(&other_content))?;
    is("other content: never the other sign", answer.receipt(), Some("ok".to_owned()))?;

    let running = system.running.as_ref().ok_or("it does not run")?;
    let first_unit = Position { partition: 0, sequence: 1 };
    let detail = running.pipeline.store().message(first_unit)?.ok_or("no first message")?;
    let noted = detail.audit.iter().filter(|one| one.action == "duplicate").count();
    is("audit records of other content", noted, 1)?;

    let mut reused = admission(2)?;
    reused["id"] = first["id"].clone();
    let answer = system.json(HOSPITAL, bytes(&reused))?;
    is("envelope of another message", answer.receipt(), Some("fatal-error".to_owned()))?;
    if !answer.text().contains("MSG_DUPLICATE_ID") {
        return Err(format!("no MSG_DUPLICATE_ID in {}", answer.text()).into());
    }
    // The refused id keeps its verdict, under whatever envelope it comes.
    let answer = system.json(HOSPITAL, bytes(&admission(2)?))?;
    is("refused stays refused", answer.receipt(), Some("fatal-error".to_owned()))?;

    let page = system.metrics()?;
    is("counted", page.contains("stafett_messages_duplicate_total{route=\"none\""), true)?;
    system.stop();
    system.go()?;
    let answer = system.json(HOSPITAL, bytes(&first))?;
    is("after a restart", answer.receipt(), Some("ok".to_owned()))?;
    is("deliveries beyond the first", system.peer.rest().len(), 0)
}

/// The published duplicates: one message id, other envelope ids, once another episode id too.
fn published_duplicates() -> Result<(), Failed> {
    let system = System::start()?;
    let folder = "testscripts-hospitalnotificationtestscripts";
    let mut receipts = Vec::new();
    for start in ["91a204af", "abdd86e8", "ec49747c"] {
        let answer = system.json(HOSPITAL, bytes(&published(folder, start)?))?;
        receipts.push((answer.status, answer.receipt()));
    }
    let first = receipts.first().cloned().ok_or("no answers")?;
    if first.1.is_none() || receipts.iter().any(|one| *one != first) {
        return Err(format!("not the same verdict: {receipts:?}").into());
    }
    Ok(())
}

/// Copies that race get one verdict, and one delivery.
fn racing() -> Result<(), Failed> {
    let system = System::start()?;
    let body = bytes(&admission(7)?);
    let answers = system.all(HOSPITAL, vec![body; 100])?;
    for answer in &answers {
        is("each copy", (answer.status, answer.receipt()), (200, Some("ok".to_owned())))?;
    }
    system.peer.next()?;
    // One more message, delivered behind it in another lane, shows that nothing else was due before.
    let mut last = admission(8)?;
    resource(&mut last, "Patient")?["identifier"][0]["value"] = json!("2512489996");
    system.json(HOSPITAL, bytes(&last))?;
    let next = system.peer.next()?;
    is("what is delivered next", next.key, "00000008-0000-4000-8000-000000000002".to_owned())
}

/// Whoever is not the sender is told nothing about the message.
fn impostors() -> Result<(), Failed> {
    let system = System::start()?;
    let body = bytes(&admission(3)?);
    let answer = system.json(TOWN, body.clone())?;
    is("not its own", (answer.status, answer.receipt()), (403, None))?;
    is("a no for ever says no time", answer.retry_after, None)?;
    is("nobody", system.json("guess", body.clone())?.status, 401)?;
    let answer = system.json(HOSPITAL, body)?;
    is("no verdict was left behind", answer.receipt(), Some("ok".to_owned()))
}

/// Receipts are valid by the loaded version, in JSON and XML, for good and bad messages.
fn receipts_are_valid() -> Result<(), Failed> {
    let system = System::start()?;
    let mut bad = admission(5)?;
    resource(&mut bad, "Encounter")?["status"] = "no-such-status".into();
    let running = system.running.as_ref().ok_or("it does not run")?;
    let engine = running.pipeline.engine();
    for (number, (message, code)) in
        [(admission(4)?, "Ok"), (bad, "FatalError")].into_iter().enumerate()
    {
        let json = system.json(HOSPITAL, bytes(&message))?;
        let now = jiff::Timestamp::now();
        let told =
            engine.receipt_in(&json.content_type, &json.body, now).ok_or_else(|| json.text())?;
        is("its code", format!("{:?}", told.code), code.to_owned())?;
        is("valid JSON receipt", told.valid, true)?;
        let text = json.text();
        is("an outcome unless ok", text.contains("OperationOutcome"), number == 1)?;
    }
    // The same message in XML is the same message, and hears the same in XML.
    let mut tree = stafett::tree::Tree::new(engine.library.names().clone());
    let mut issues = Vec::new();
    let text = bytestring::ByteString::from(admission(4)?.to_string());
    stafett::format::fhir_json::read(text, &mut tree, &mut issues);
    stafett::definitions::typing::type_tree(&mut tree, engine.library.table(), &mut issues);
    let mut xml = String::new();
    let root = tree.root().ok_or("no root")?;
    stafett::format::fhir_xml::write(&tree, engine.library.table(), root, &mut xml);
    let answer = system.post(HOSPITAL, Syntax::FhirXml, xml)?;
    is("its type", answer.content_type.as_str(), "application/fhir+xml")?;
    let now = jiff::Timestamp::now();
    let told = engine.receipt_in(&answer.content_type, &answer.body, now);
    let told = told.ok_or_else(|| answer.text())?;
    is("valid XML receipt", (format!("{:?}", told.code), told.valid), ("Ok".to_owned(), true))?;
    let page = system.metrics()?;
    is("JSON and XML are one message", page.contains("stafett_messages_duplicate_total"), true)
}

/// A receipt that comes as a message of its own settles the delivery that it is for.
fn receipts_settle() -> Result<(), Failed> {
    let mut setup = Setup::default();
    setup.routes.push_str("receipt_within = '30 min'\n");
    let system = System::with(&setup, &[], Arc::new(|_| (202, String::new())))?;
    let message = admission(6)?;
    // What the hospital hears is what the town would say, if it were sent the other way.
    let receipt = system.json(HOSPITAL, bytes(&message))?;
    system.peer.next()?;
    let answer = system.json(TOWN, receipt.body.clone())?;
    is("a receipt gets no receipt", (answer.status, answer.receipt()), (202, None))?;
    let store = Arc::clone(system.running.as_ref().ok_or("it does not run")?.pipeline.store());
    let filter = MessageFilter {
        message: Some("00000006-0000-4000-8000-000000000002".to_owned()),
        ..MessageFilter::default()
    };
    // The receipt may overtake the end of the attempt that it answers: it then decides when that has ended.
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let rows = store.messages(&filter)?;
        let deliveries: Vec<_> = rows.iter().flat_map(|row| &row.deliveries).collect();
        let states: Vec<_> = deliveries.iter().map(|one| (one.state.name(), one.receipt)).collect();
        if states != [("in-flight", Some(ReceiptCode::Ok))] || std::time::Instant::now() > until {
            is("the delivery", states, vec![("confirmed", Some(ReceiptCode::Ok))])?;
            break;
        }
    }
    let page = system.metrics()?;
    is("queue age", page.contains("stafett_queue_age_seconds{route=\"to-town\"} 0.0"), true)
}

/// Where the receiver answers, ours is a transport answer only, until the receiver has said something.
fn receiver_answers() -> Result<(), Failed> {
    let mut setup = Setup::default();
    setup.routes.push_str("answers = 'receiver'\nreceipt_within = '30 min'\n");
    // The town's receipt is made by an engine of its own, that sees the hospital as its sender.
    let town = System::start()?;
    let message = admission(9)?;
    let receipt = town.json(HOSPITAL, bytes(&message))?.text();
    let system = System::with(&setup, &[], Arc::new(move |_| (200, receipt.clone())))?;
    let first = system.json(HOSPITAL, bytes(&message))?;
    is("a transport answer", (first.status, first.receipt()), (202, None))?;
    system.peer.next()?;
    let store = Arc::clone(system.running.as_ref().ok_or("it does not run")?.pipeline.store());
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let again = system.json(HOSPITAL, bytes(&message))?;
        let detail = store.message(Position { partition: 0, sequence: 1 })?.ok_or("no message")?;
        match (again.status, again.receipt()) {
            (200, Some(code)) => return is("the receiver's word", code, "ok".to_owned()),
            (202, None) if std::time::Instant::now() < until => {}
            other => return Err(format!("{other:?}, {:?}", detail.row.deliveries).into()),
        }
    }
}

/// What another receiver's route asks for is not asked of this one's messages.
fn other_receivers() -> Result<(), Failed> {
    let mut setup = Setup::default();
    setup
        .parties
        .push_str("[[party]]\nname = 'clinic'\ntitle = 'C'\nidentifiers = ['gln:5790000120406']\n");
    setup.endpoints.push_str(
        "[[endpoint]]\nname = 'clinic'\nparty = 'clinic'\nurl = 'http://127.0.0.1:7103/'\n\
         syntax = 'fhir-json'\n",
    );
    let clinic = "[[route]]\nname = 'to-clinic'\nsender = 'hospital'\nreceiver = 'clinic'\n\
                  event = 'hospital-notification-message'\nto = 'clinic'\n\
                  answers = 'receiver'\nreceipt_within = '30 min'\nconflict = '409'\n\
                  validate = ['http://hl7.org/fhir/StructureDefinition/Patient']\n";
    setup.routes = format!("{clinic}{}", setup.routes);
    let system = System::with(&setup, &[], Arc::new(|_| (200, String::new())))?;
    let message = admission(10)?;
    let answer = system.json(HOSPITAL, bytes(&message))?;
    is("ours is the answer", (answer.status, answer.receipt()), (200, Some("ok".to_owned())))?;
    let mut other = message.clone();
    resource(&mut other, "Patient")?["gender"] = "unknown".into();
    let answer = system.json(HOSPITAL, bytes(&other))?;
    is("and no conflict", (answer.status, answer.receipt()), (200, Some("ok".to_owned())))
}

/// A route's `max_age` refuses what is older, and only that.
fn too_old() -> Result<(), Failed> {
    let mut setup = Setup::default();
    setup.routes.push_str("max_age = '1 days'\n");
    let system = System::with(&setup, &[], Arc::new(|_| (200, String::new())))?;
    let answer = system.json(HOSPITAL, bytes(&admission(11)?))?;
    is("years old", answer.receipt(), Some("fatal-error".to_owned()))?;
    is("why", answer.text().contains("message-too-old"), true)?;
    let mut young = admission(12)?;
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    young["timestamp"] = now.into();
    let answer = system.json(HOSPITAL, bytes(&young))?;
    is("of today", answer.receipt(), Some("ok".to_owned()))
}

/// A profile that nobody knows refuses, unless the configuration says that it only warns.
fn unknown_profiles() -> Result<(), Failed> {
    let mut message = admission(13)?;
    let known = &mut resource(&mut message, "Patient")?["meta"]["profile"];
    known.as_array_mut().ok_or("no claims")?.push(json!("urn:nobody:knows"));
    let system = System::start()?;
    let answer = system.json(HOSPITAL, bytes(&message))?;
    is("by default", answer.receipt(), Some("fatal-error".to_owned()))?;
    let text = answer.text();
    let told = text.contains("profile-unknown") && text.contains("not-supported");
    is("why", (told, text.contains("urn:nobody")), (true, false))?;
    drop(system);

    let mut setup = Setup::default();
    let with = "[definitions]\nunknown_profile = 'warn'\n";
    setup.stafett = setup.stafett.replace("[definitions]\n", with);
    let system = System::with(&setup, &[], Arc::new(|_| (200, String::new())))?;
    let answer = system.json(HOSPITAL, bytes(&message))?;
    is("as a warning", answer.receipt(), Some("ok".to_owned()))?;
    system.peer.next()?;
    let store = Arc::clone(system.running.as_ref().ok_or("it does not run")?.pipeline.store());
    let detail = store.message(Position { partition: 0, sequence: 1 })?.ok_or("no message")?;
    let told = detail.issues.iter().filter(|one| &*one.id == "profile-unknown").count();
    is("and told", told, 1)?;
    // what it does know is checked as ever
    let text = message.to_string().replace("0000000d-0000", "0000000e-0000");
    let mut bad: Value = serde_json::from_str(&text)?;
    resource(&mut bad, "Encounter")?["status"] = "no-such-status".into();
    let answer = system.json(HOSPITAL, bytes(&bad))?;
    is("the rest is checked", answer.receipt(), Some("fatal-error".to_owned()))
}

/// The trials.
pub fn trials() -> Vec<Trial> {
    let trial = |name, run: fn() -> Result<(), Failed>| {
        support::trial(name, Needs::Data("data/medcom-messages"), run)
    };
    vec![
        trial("G6: the table of duplicates, row by row, and after a restart", duplicates),
        trial("path: the published duplicates are duplicates", published_duplicates),
        trial("G6: a hundred copies that race get one verdict and one delivery", racing),
        trial("path: where the receiver answers, its receipt is the one", receiver_answers),
        trial("path: a route's wishes are for its own receiver", other_receivers),
        trial("path: what is older than its route allows is refused", too_old),
        trial("path: an unknown profile refuses, or warns where that is set", unknown_profiles),
        trial("path: a receipt settles the delivery that it is for", receipts_settle),
        trial("path: an impostor gets no receipt and leaves no verdict", impostors),
        trial(
            "path: receipts are valid by the loaded version, in JSON and XML",
            receipts_are_valid,
        ),
    ]
}
