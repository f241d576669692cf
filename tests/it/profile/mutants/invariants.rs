//! Invariants of the published profiles, each broken by hand and told by its own key.

use super::json::Op;
use super::rules::Mutant;
use super::walk::Spot;
use serde_json::{Value, json};

/// What breaks an invariant in a message, if the message has what it takes.
type Break = fn(&Message<'_>) -> Option<(Vec<Op>, String)>;

/// A message with short ways to its resources.
struct Message<'a>(&'a Value);

impl Message<'_> {
    fn entries(&self) -> &[Value] {
        self.0["entry"].as_array().map_or(&[], |e| e)
    }

    /// The pointers of all resources of a type.
    fn all(&self, kind: &str) -> Vec<String> {
        let of = |(at, e): (usize, &Value)| {
            (e["resource"]["resourceType"] == kind).then(|| format!("/entry/{at}/resource"))
        };
        self.entries().iter().enumerate().filter_map(of).collect()
    }

    fn first(&self, kind: &str) -> Option<String> {
        self.all(kind).into_iter().next()
    }

    fn has(&self, pointer: &str) -> bool {
        self.0.pointer(pointer).is_some()
    }

    /// Takes a member away from every resource of a type.
    fn strip(&self, kind: &str, member: &str) -> Option<Vec<Op>> {
        let all = self.all(kind).into_iter().map(|p| format!("{p}/{member}"));
        let ops: Vec<Op> = all.filter(|p| self.has(p)).map(Op::Remove).collect();
        (!ops.is_empty()).then_some(ops)
    }

    /// A second patient.
    fn another_patient(&self) -> Option<(Vec<Op>, String)> {
        let at = self.entries().iter().position(|e| e["resource"]["resourceType"] == "Patient")?;
        let mut copy = self.entries()[at].clone();
        copy["resource"]["id"] = "11111111-1111-4111-8111-111111111111".into();
        copy["fullUrl"] = "urn:uuid:11111111-1111-4111-8111-111111111111".into();
        top(vec![Op::Push("/entry".into(), copy)])
    }
}

fn top(ops: Vec<Op>) -> Option<(Vec<Op>, String)> {
    (!ops.is_empty()).then(|| (ops, String::new()))
}

/// (key, how it is broken)
const BREAKS: &[(&str, Break)] = &[
    ("medcom-hospitalNotification-2", |m| m.another_patient()),
    ("medcom-careCommunication-2", |m| m.another_patient()),
    ("medcom-hospitalNotification-4", |m| {
        let pointer = format!("{}/identifier/0/system", m.first("Patient")?);
        top(vec![Op::Set(pointer, "urn:oid:1.2.3".into())])
    }),
    ("medcom-hospitalNotification-5", |m| {
        let pointer = "/entry/0/resource/destination/0/extension/0/valueCoding/code";
        m.has(pointer).then(|| top(vec![Op::Set(pointer.into(), "cc".into())]))?
    }),
    ("medcom-hospitalNotification-6", |m| {
        let encounter = m.first("Encounter")?;
        let leave = m.0.pointer(&format!("{encounter}/status"))? == "onleave";
        leave.then(|| (vec![Op::Remove(format!("{encounter}/extension"))], encounter))
    }),
    ("medcom-messaging-2", |m| {
        let all = m.all("Provenance").into_iter().rev();
        top(all.map(|p| Op::Remove(p.trim_end_matches("/resource").to_owned())).collect())
    }),
    ("medcom-careCommunication-4", |m| top(m.strip("Practitioner", "name")?)),
    ("medcom-careCommunication-13", |m| top(m.strip("PractitionerRole", "practitioner")?)),
    ("medcom-careCommunication-8", |m| {
        Some((m.strip("Practitioner", "name")?, m.first("Communication")?))
    }),
    ("medcom-careCommunication-7", |m| {
        let payload = format!("{}/payload/0/extension", m.first("Communication")?);
        let role = m.has(&payload).then(|| m.strip("PractitionerRole", "code"))??;
        Some((role, m.first("Communication")?))
    }),
    ("medcom-careCommunication-5", |m| {
        let letter = m.first("Communication")?;
        let pointer = format!("{letter}/category/0/coding/0/code");
        let other = m.0.pointer(&pointer)? != "regarding-referral";
        other.then(|| (vec![Op::Set(format!("{letter}/priority"), "routine".into())], letter))
    }),
    ("medcom-careCommunication-6", |m| {
        let letter = m.first("Communication")?;
        let code = Op::Set(format!("{letter}/category/0/coding/0/code"), "other".into());
        Some((vec![code, Op::Remove(format!("{letter}/topic"))], letter))
    }),
    ("medcom-careCommunication-9", |m| {
        let letter = m.first("Communication")?;
        m.has(&format!("{letter}/encounter")).then_some(())?;
        Some((m.strip("Encounter", "episodeOfCare")?, letter))
    }),
    ("medcom-careCommunication-15", |m| {
        let letter = m.first("Communication")?;
        let op = Op::Set(format!("{letter}/encounter"), json!({"display": "x"}));
        Some((vec![op], letter))
    }),
    ("medcom-careCommunication-11", |m| {
        let letter = m.first("Communication")?;
        let one = json!({"url": "http://example.org/x", "valueString": "x"});
        top(vec![Op::Push(format!("{letter}/extension"), one)])
    }),
    ("medcom-careCommunication-12", |m| {
        let letter = m.first("Communication")?;
        let role = m.0.pointer(&format!("{}/id", m.first("PractitionerRole")?))?.as_str()?;
        let one = json!({"reference": format!("PractitionerRole/{role}")});
        top(vec![Op::Push(format!("{letter}/recipient"), one)])
    }),
    ("medcom-careCommunication-1", |m| {
        let other =
            "http://medcomfhir.dk/ig/messaging/StructureDefinition/medcom-messaging-messageHeader";
        let _ = m.first("Communication")?;
        top(vec![Op::Set("/entry/0/resource/meta/profile/0".into(), other.into())])
    }),
    ("medcom-careCommunication-3", |m| {
        let other =
            "http://medcomfhir.dk/ig/messaging/StructureDefinition/medcom-messaging-provenance";
        let all = m.all("Provenance").into_iter();
        top(all.map(|p| Op::Set(format!("{p}/meta/profile/0"), other.into())).collect())
    }),
    ("medcom-acknowledgement-1", |m| {
        let outcome = m.first("OperationOutcome")?;
        top(vec![Op::Remove(outcome.trim_end_matches("/resource").to_owned())])
    }),
    ("medcom-acknowledgement-2", |_| top(vec![Op::Remove("/entry/0/resource/response".into())])),
    ("medcom-homecareObsMessage-1", |_| {
        top(vec![Op::Remove("/entry/0/resource/definition".into())])
    }),
    ("medcom-homecareObsMessage-2", |m| {
        let pointer = format!("{}/activity/coding/0/code", m.first("Provenance")?);
        top(vec![Op::Set(pointer, "stafett-none".into())])
    }),
    ("medcom-homecareReport-1", |m| performer(m, "PractitionerRole", "code")),
    ("medcom-homecareReport-2", |m| performer(m, "Practitioner", "name")),
    ("medcom-homecareReport-3", |m| performer(m, "Practitioner", "telecom")),
    ("medcom-homecareReport-5", |m| operator(m, "PractitionerRole", "code")),
    ("medcom-homecareReport-6", |m| operator(m, "Practitioner", "name")),
    ("dk-core-organization-mandatory-identifier", |m| {
        Some((m.strip("Organization", "identifier")?, m.first("Organization")?))
    }),
    ("medcom-carecommunication-definition-url", |m| {
        let _ = m.first("Communication")?;
        let pointer = "/entry/0/resource/definition";
        let spot = pointer.to_owned();
        m.has(pointer).then(|| (vec![Op::Set(spot.clone(), "http://x|1.0".into())], spot))
    }),
    ("medcom-hcobs-definition-url", |m| {
        let _ = m.first("DiagnosticReport")?;
        let pointer = "/entry/0/resource/definition".to_owned();
        Some((vec![Op::Set(pointer.clone(), "http://x|0.9".into())], pointer))
    }),
];

fn performer(m: &Message<'_>, kind: &str, member: &str) -> Option<(Vec<Op>, String)> {
    let report = m.first("DiagnosticReport")?;
    let performers = m.0.pointer(&format!("{report}/performer"))?.as_array()?;
    let role = |p: &Value| p["reference"].as_str().is_some_and(|r| r.contains("PractitionerRole"));
    let at = performers.iter().position(role)?;
    Some((m.strip(kind, member)?, format!("{report}/performer/{at}")))
}

fn operator(m: &Message<'_>, kind: &str, member: &str) -> Option<(Vec<Op>, String)> {
    let pointer = format!("{}/operator", m.first("Media")?);
    m.has(&pointer).then_some(())?;
    Some((m.strip(kind, member)?, pointer))
}

/// The mutants of a message.
pub fn make(message: &Value) -> Vec<Mutant> {
    let mut all = Vec::new();
    let claim = message.pointer("/meta/profile/0").and_then(Value::as_str).unwrap_or("");
    for (key, breaks) in BREAKS.iter().filter(|(key, _)| is_for(key, claim)) {
        let Some((ops, pointer)) = breaks(&Message(message)) else { continue };
        let expected = Spot { expression: expression(&pointer), pointer };
        let (rule, says) = ("constraint", Some(*key));
        all.push(Mutant { rule, key: (*key).to_owned(), ops, expected, says });
    }
    all
}

/// Whether a message of that profile has that invariant.
fn is_for(key: &str, claim: &str) -> bool {
    const FAMILIES: &[(&str, &str)] = &[
        ("-hospitalNotification-", "/hospitalnotification/"),
        ("-careCommunication-", "/carecommunication/"),
        ("-carecommunication-", "/carecommunication/"),
        ("-homecare", "/homecareobservation/"),
        ("-hcobs-", "/homecareobservation/"),
        ("-acknowledgement-", "/acknowledgement/"),
    ];
    let family = FAMILIES.iter().find(|(part, _)| key.contains(part));
    family.is_none_or(|(_, part)| claim.contains(part))
}

/// The keys that must be broken by some message.
pub fn keys() -> impl Iterator<Item = &'static str> {
    BREAKS.iter().map(|(key, _)| *key)
}

/// `/entry/0/resource` -> `Bundle.entry[0].resource`; no choices among them.
fn expression(pointer: &str) -> String {
    let mut text = String::from("Bundle");
    for part in pointer.split('/').skip(1) {
        match part.parse::<usize>() {
            Ok(at) => text.push_str(&format!("[{at}]")),
            Err(_) => text.push_str(&format!(".{part}")),
        }
    }
    text
}
