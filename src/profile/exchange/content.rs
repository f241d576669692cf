//! What the events of the data ask: one patient with a citizen's number, a primary receiver, a stay whose
//! codes fit, letters in order.

use super::data::{Conversation, Stays};
use super::{Check, catalogue, chain};
use crate::message::{Arg, Issue};
use crate::tree::NodeId;

/// Checks patients and citizens' numbers, then what the message's event asks.
pub(super) fn check(check: &mut Check<'_>) {
    let second = check.resources("Patient").nth(1);
    if let Some(second) = second {
        check.tell(&catalogue::TWO_PATIENTS, second);
    }
    numbers(check);
    let rules = check.rules;
    let Some(event) = check.event() else { return };
    for stays in rules.data.stays.iter().filter(|s| *s.event == *event) {
        citizen(check);
        primary(check, stays);
        stay(check, stays);
    }
    for letters in rules.data.conversations.iter().filter(|c| *c.event == *event) {
        conversation(check, letters);
    }
}

/// Every identifier of a system of citizens' numbers.
fn numbers(check: &mut Check<'_>) {
    let tree = check.tree;
    for at in 0..check.memory.entries.len() {
        let resource = check.memory.entries[at].1;
        for identifier in tree.children_named(resource, "identifier") {
            let Some(system) = tree.child_text(identifier, "system") else { continue };
            let Some(value) = tree.child(identifier, "value") else { continue };
            let citizens = check.rules.data.citizen.iter().find(|c| *c.system == *system);
            let fits = citizens.is_none_or(|c| tree.text(value).is_some_and(|v| c.fits(&v)));
            if !fits {
                check.tell(&catalogue::CITIZEN, value);
            }
        }
    }
}

fn citizen(check: &mut Check<'_>) {
    let tree = check.tree;
    let Some(patient) = check.resources("Patient").next() else {
        return check.tell(&catalogue::NO_PATIENT, check.root);
    };
    let is_citizens = |identifier: NodeId| {
        let system = tree.child_text(identifier, "system").unwrap_or_default();
        check.rules.data.citizen.iter().any(|c| *c.system == *system)
    };
    let mut identifiers = tree.children_named(patient, "identifier");
    let first = tree.child(patient, "identifier");
    match (identifiers.any(is_citizens), first) {
        (true, _) => {}
        (false, None) => check.tell(&catalogue::NO_CITIZEN, patient),
        (false, Some(first)) => check.tell(&catalogue::OTHER_CITIZEN, first),
    }
}

fn primary(check: &mut Check<'_>, stays: &Stays) {
    let tree = check.tree;
    let Some(header) = check.header else { return };
    let is_primary = |destination: &NodeId| {
        tree.children_named(*destination, "extension").any(|e| {
            let says = tree.at(e, &["valueCoding", "code"]);
            tree.child(e, "url").is_some_and(|u| tree.text_is(u, &stays.destination_use))
                && says.is_some_and(|c| tree.text_is(c, &stays.primary))
        })
    };
    let count = tree.children_named(header, "destination").filter(is_primary).count();
    if count != 1 {
        let issue = Issue::on(&catalogue::PRIMARY, header);
        check.issues.push(issue.arg(Arg::Number(count as u64)));
    }
}

fn stay(check: &mut Check<'_>, stays: &Stays) {
    let tree = check.tree;
    let (Some(newest), Some(encounter)) =
        (chain::newest(check), check.resources("Encounter").next())
    else {
        return;
    };
    let Some(activity) = tree.at(newest, &["activity", "coding", "code"]) else { return };
    let row = stays.rows.iter().find(|r| tree.text_is(activity, &r.activity));
    let Some(row) = row else { return check.tell(&catalogue::STAY_ACTIVITY, activity) };
    let says = |path: &[&str], wanted: &str| {
        tree.at(encounter, path).is_some_and(|n| tree.text_is(n, wanted))
    };
    let dead = check.resources("Patient").any(|p| {
        tree.child(p, "deceasedBoolean").is_some_and(|d| tree.text_is(d, "true"))
            || tree.child(p, "deceasedDateTime").is_some()
    });
    let status = says(&["status"], &row.status) || (dead && says(&["status"], "finished"));
    if !status || !says(&["class", "code"], &row.class) {
        check.tell(&catalogue::STAY, encounter);
    }
}

fn conversation(check: &mut Check<'_>, letters: &Conversation) {
    let tree = check.tree;
    let letter = check.resources("Communication").next();
    let Some(letter) = letter else { return };
    let newest = chain::newest(check);
    let answers = newest.is_some_and(|p| {
        tree.children_named(p, "entity")
            .any(|e| tree.child(e, "role").is_some_and(|r| tree.text_is(r, "revision")))
    });
    let quotes = tree.at(letter, &["identifier", "value"]).is_some_and(|v| tree.value(v).is_some());
    if answers && !quotes {
        check.tell(&catalogue::REPLY, letter);
    }
    let mut before: Option<jiff::Timestamp> = None;
    for payload in tree.children_named(letter, "payload") {
        let time = tree.children_named(payload, "extension").find_map(|e| {
            let named =
                tree.child(e, "url").is_some_and(|u| tree.text_is(u, &letters.segment_time));
            tree.child(e, "valueDateTime").filter(|_| named)
        });
        let Some(moment) = time.and_then(|t| tree.text(t)?.parse::<jiff::Timestamp>().ok()) else {
            continue;
        };
        if before.is_some_and(|b| moment < b) {
            check.tell(&catalogue::SEGMENT_ORDER, payload);
        }
        before = Some(moment);
    }
}
