//! Large and hostile messages: they end, with the findings that are due, and nothing grows beyond its input.

use super::lab::{Seen, lab};
use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};
use stafett::profile::Memory;

/// The trials.
pub fn trials() -> Vec<Trial> {
    const DATA: Needs = Needs::Data("data/packages");
    vec![
        trial("profile: ten thousand entries", DATA, || entries(10_000)),
        trial("profile: ten thousand contained resources", DATA, contained),
        trial("profile: references in circles", DATA, circles),
        trial("profile: ten thousand claims", DATA, claims),
    ]
}

fn judge(message: &Value) -> Vec<Seen> {
    let start = std::time::SystemTime::now();
    let mut memory = Memory::new();
    let text = message.to_string();
    let mut issues = Vec::new();
    let tree = lab().read(&text, &mut issues);
    let read = start.elapsed().unwrap_or_default();
    let request = stafett::profile::Request::default();
    let start = std::time::SystemTime::now();
    lab().validator.validate(&tree, &request, super::lab::now(), &mut memory, &mut issues);
    let taken = start.elapsed().unwrap_or_default();
    println!("{} bytes read {read:?} validated {taken:?}: {} findings", text.len(), issues.len());
    lab().seen(&text, &tree, &issues)
}

/// At most a thousand are told.
fn count(seen: &[Seen], id: &str, wanted: usize) -> Result<(), Failed> {
    let wanted = wanted.min(1_000);
    match seen.iter().filter(|s| s.id == id).count() {
        found if found == wanted => Ok(()),
        found => Err(Failed::from(format!("{id}: {found} times, not {wanted}"))),
    }
}

/// Every entry refers to its neighbours, and one fullUrl is there twice.
fn entries(many: usize) -> Result<(), Failed> {
    for many in [many / 10, many] {
        let entry = |at: usize| {
            json!({
                "fullUrl": format!("http://a.b/Patient/{}", at % (many - 1)),
                "resource": {
                    "resourceType": "Patient", "id": format!("{}", at % (many - 1)),
                    "link": [{"type": "seealso",
                        "other": {"reference": format!("Patient/{}", (at + 1) % (many - 1))}}],
                },
            })
        };
        let all: Vec<Value> = (0..many).map(entry).collect();
        let seen = judge(&json!({"resourceType": "Bundle", "type": "collection", "entry": all}));
        count(&seen, "profile-full-url-duplicate", 1)?;
    }
    Ok(())
}

/// Half of them are referred to.
fn contained() -> Result<(), Failed> {
    for many in [1_000, 10_000] {
        let inside =
            |at: usize| json!({"resourceType": "Patient", "id": format!("p{at}"), "active": true});
        let all: Vec<Value> = (0..many).map(inside).collect();
        let links: Vec<Value> = (0..many / 2)
            .map(|at| json!({"type": "seealso", "other": {"reference": format!("#p{at}")}}))
            .collect();
        let seen = judge(&json!({"resourceType": "Patient", "contained": all, "link": links}));
        count(&seen, "profile-contained-unused", many / 2)?;
    }
    Ok(())
}

/// Each refers to the next, the last to the first; a profile that asks for profiles of what is referred to.
fn circles() -> Result<(), Failed> {
    let claim = "http://hl7.org/fhir/StructureDefinition/vitalsigns";
    for many in [1_000, 10_000] {
        // no status, among other things, in each
        let entry = |at: usize| {
            json!({
                "fullUrl": format!("http://a.b/Observation/{at}"),
                "resource": {
                    "resourceType": "Observation", "id": format!("{at}"),
                    "meta": {"profile": [claim]},
                    "hasMember": [{"reference": format!("Observation/{}", (at + 1) % many)}],
                },
            })
        };
        let all: Vec<Value> = (0..many).map(entry).collect();
        let seen = judge(&json!({"resourceType": "Bundle", "type": "collection", "entry": all}));
        count(&seen, "profile-untold", 1)?;
    }
    Ok(())
}

fn claims() -> Result<(), Failed> {
    let claims: Vec<String> = (0..10_000).map(|at| format!("http://a.b/{at}")).collect();
    let seen =
        judge(&json!({"resourceType": "Patient", "meta": {"profile": claims}, "active": true}));
    count(&seen, "profile-unknown", 10_000)
}
