//! Hostile messages, and how what is looked at grows with them: asserted by counted steps, which are the same
//! on every machine. The bench prints the same cases with their times.

use super::lab::now;
use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};
use stafett::definitions::{Library, LibraryBuilder, typing};
use stafett::format::fhir_json;
use stafett::profile::{Memory, Request, Settings, Validator, Wanted};
use stafett::tree::Tree;
use std::sync::Arc;

/// The most that ten times a message may cost, against the message.
const MOST: f64 = 11.0;

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![trial("profile: what is looked at grows as the message does", Needs::Nothing, || {
        let lab = Lab::new();
        for case in CASES {
            let (one, ten) = (lab.judge(case, case.few), lab.judge(case, case.few * 10));
            let (few, many) = (one.steps, ten.steps);
            let ratio = many as f64 / few as f64;
            println!("{}: {few} steps, {many} of ten times as much: {ratio:.1}", case.name);
            println!(
                "  {} and {} bytes, {:?} and {:?}",
                one.bytes, ten.bytes, one.taken, ten.taken
            );
            if ratio > MOST || few < case.few as u64 / 100 {
                return Err(Failed::from(format!("{}: {few} steps, then {many}", case.name)));
            }
        }
        Ok(())
    })]
}

/// A kind of message that can be made as large as one likes.
pub struct Case {
    /// What it is.
    pub name: &'static str,
    /// How many of what repeats are a small one.
    pub few: usize,
    make: fn(usize) -> Value,
}

/// The kinds.
pub const CASES: &[Case] = &[
    Case { name: "entries that refer to their neighbours", few: 1_000, make: entries },
    Case { name: "ten times ten thousand entries", few: 10_000, make: entries },
    Case { name: "repeats with repeats below, each sliced", few: 200, make: nested },
    Case { name: "references in a circle, all claims", few: 300, make: circle },
    Case { name: "references to everybody, no claims", few: 300, make: crowd },
    Case { name: "repeats under a closed, ordered slicing", few: 500, make: repeats },
    Case { name: "repeats that are of no slice", few: 500, make: strangers },
    Case { name: "slices of slices", few: 500, make: resliced },
    Case { name: "a long text for patterns", few: 20_000, make: long },
    Case { name: "deep nesting", few: 100, make: deep },
    Case { name: "codings in one concept", few: 1_000, make: codings },
    Case { name: "contained resources", few: 500, make: contained },
    Case { name: "extensions of one element", few: 1_000, make: extensions },
    Case { name: "links of one narrative", few: 500, make: narrative },
];

fn patient(id: usize) -> Value {
    json!({"resourceType": "Patient", "id": format!("p{id}"), "active": true,
        "name": [{"family": "x"}]})
}

fn bundle(all: impl Iterator<Item = Value>) -> Value {
    let url = |one: &Value| format!("http://a.b/Patient/{}", one["id"].as_str().unwrap_or("x"));
    let entry = |one: Value| json!({"fullUrl": url(&one), "resource": one});
    let all: Vec<Value> = all.map(entry).collect();
    json!({"resourceType": "Bundle", "type": "collection", "entry": all})
}

fn link(to: usize) -> Value {
    json!({"type": "seealso", "other": {"reference": format!("Patient/p{to}")}})
}

fn with(mut patient: Value, name: &str, value: Value) -> Value {
    patient[name] = value;
    patient
}

fn entries(many: usize) -> Value {
    bundle((0..many).map(|at| with(patient(at), "link", json!([link((at + 1) % many)]))))
}

fn circle(many: usize) -> Value {
    let claims = json!({"profile": ["urn:p"]});
    let linked = |at: usize| json!([link((at + 1) % many), link((at + many - 1) % many)]);
    let one = |at| with(with(patient(at), "link", linked(at)), "meta", claims.clone());
    bundle((0..many).map(one))
}

/// One claims, so that all others are asked whether they meet what it asks of them.
fn crowd(many: usize) -> Value {
    let linked = |at: usize| (0..20).map(|by| link((at * 7 + by * 13) % many)).collect();
    let claimed = with(patient(0), "meta", json!({"profile": ["urn:p"]}));
    let everybody = (1..many).map(link).collect();
    let first = with(claimed, "link", everybody);
    let rest = (1..many).map(|at| with(patient(at), "link", linked(at)));
    bundle(std::iter::once(first).chain(rest))
}

fn identifiers(many: usize, system: impl Fn(usize) -> String) -> Value {
    let one = |at: usize| {
        json!({"system": system(at), "value": format!("{at}"),
            "type": {"coding": [{"system": "urn:kind", "code": format!("k{}", at % 12)}]}})
    };
    claimed("identifier", (0..many).map(one).collect())
}

fn claimed(name: &str, value: Value) -> Value {
    with(with(patient(0), "meta", json!({"profile": ["urn:p"]})), name, value)
}

fn repeats(many: usize) -> Value {
    identifiers(many, |_| "urn:s9".to_owned())
}

fn strangers(many: usize) -> Value {
    identifiers(many, |at| format!("urn:none{at}"))
}

fn resliced(many: usize) -> Value {
    identifiers(many, |_| "urn:s0".to_owned())
}

/// A contact for each, whose addresses are sliced, and their lines again.
fn nested(many: usize) -> Value {
    let line = |at: usize| json!({"system": "phone", "value": format!("{at}"), "use": "work"});
    let one = |at: usize| {
        let all: Vec<Value> = (0..10).map(|by| line(at + by)).collect();
        json!({"name": {"family": "x"}, "relationship": [{"coding": [{"system": "urn:kind",
            "code": format!("c{}", at % 3)}]}], "telecom": all})
    };
    claimed("contact", (0..many).map(one).collect())
}

fn long(many: usize) -> Value {
    claimed("name", json!([{"family": "ab-".repeat(many / 3)}]))
}

fn deep(many: usize) -> Value {
    let chain = || {
        let inner = json!({"url": "urn:x", "valueString": "x"});
        (0..40).fold(inner, |inner, _| json!({"url": "urn:x", "extension": [inner]}))
    };
    claimed("extension", (0..many).map(|_| chain()).collect())
}

fn codings(many: usize) -> Value {
    let one = |at: usize| json!({"system": "urn:kind", "code": format!("c{at}")});
    let all: Vec<Value> = (0..many).map(one).collect();
    claimed("maritalStatus", json!({"coding": all}))
}

fn contained(many: usize) -> Value {
    let links = (0..many)
        .map(|at| json!({"type": "seealso", "other": {"reference": format!("#p{}", at + 1)}}));
    let inside: Vec<Value> = (0..many).map(|at| patient(at + 1)).collect();
    with(claimed("link", links.collect()), "contained", json!(inside))
}

fn extensions(many: usize) -> Value {
    let one = |at: usize| json!({"url": format!("urn:x{at}"), "valueString": "x"});
    claimed("extension", (0..many).map(one).collect())
}

fn narrative(many: usize) -> Value {
    let links: String = (0..many).map(|at| format!("<a href=\"#x{at}\">x</a>")).collect();
    let div = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{links}</div>");
    claimed("text", json!({"status": "generated", "div": div}))
}

/// A profile that slices, slices again, matches and refers to itself.
fn profile() -> Value {
    let slicing = |kind: &str, path: &str, rules: &str| json!({"rules": rules, "ordered": true, "discriminator": [{"type": kind, "path": path}]});
    let mut elements = vec![
        json!({"path": "Patient.extension", "slicing": slicing("value", "url", "open")}),
        json!({"path": "Patient.identifier", "slicing": slicing("value", "system", "closed")}),
    ];
    for at in 0..10 {
        let id = format!("Patient.identifier:s{at}");
        let mut slice =
            json!({"id": id, "path": "Patient.identifier", "sliceName": format!("s{at}")});
        if at == 0 {
            slice["slicing"] = slicing("pattern", "type", "open");
        }
        elements.push(slice);
        elements.push(json!({"id": format!("{id}.system"), "path": "Patient.identifier.system",
            "fixedUri": format!("urn:s{at}")}));
        for kind in (0..12).filter(|_| at == 0) {
            let id = format!("{id}/k{kind}");
            elements.push(json!({"id": id, "path": "Patient.identifier",
                "sliceName": format!("s0/k{kind}")}));
            elements.push(json!({"id": format!("{id}.type"), "path": "Patient.identifier.type",
                "patternCodeableConcept": {"coding": [{"system": "urn:kind",
                    "code": format!("k{kind}")}]}}));
        }
    }
    elements.push(json!({"path": "Patient.name", "constraint": [
        {"key": "p-1", "severity": "error", "human": "h",
            "expression": "family.matches('^(([a-z]+)-?)+$') and family.matches('^[a-z-]+$')"},
        {"key": "p-2", "severity": "error", "human": "h",
            "expression": "family.replace('-', '').length() <= family.length()"}]}));
    elements.push(json!({"path": "Patient.maritalStatus.coding",
        "slicing": slicing("pattern", "$this", "open")}));
    for at in 0..3 {
        elements
            .push(json!({"path": "Patient.maritalStatus.coding", "sliceName": format!("c{at}"),
            "patternCoding": {"system": "urn:kind", "code": format!("c{at}")}}));
    }
    elements.push(json!({"path": "Patient.contact",
        "slicing": slicing("pattern", "relationship", "open")}));
    for at in 0..3 {
        let id = format!("Patient.contact:r{at}");
        elements.push(json!({"id": id, "path": "Patient.contact", "sliceName": format!("r{at}")}));
        elements.push(json!({"id": format!("{id}.relationship"),
            "path": "Patient.contact.relationship",
            "patternCodeableConcept": {"coding": [{"system": "urn:kind", "code": format!("c{at}")}]}}));
        let below = format!("{id}.telecom");
        elements.push(json!({"id": below, "path": "Patient.contact.telecom",
            "slicing": slicing("value", "use", "open")}));
        elements.push(json!({"id": format!("{below}:work"), "path": "Patient.contact.telecom",
            "sliceName": "work"}));
        elements.push(json!({"id": format!("{below}:work.use"),
            "path": "Patient.contact.telecom.use", "fixedCode": "work"}));
    }
    elements.push(json!({"path": "Patient.link.other",
        "type": [{"code": "Reference", "targetProfile": ["urn:p"]}]}));
    json!({
        "resourceType": "StructureDefinition", "url": "urn:p", "name": "P", "status": "draft",
        "kind": "resource", "abstract": false, "type": "Patient", "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "differential": {"element": elements}
    })
}

/// What was measured of one message.
pub struct Measured {
    /// Bytes of the message.
    pub bytes: usize,
    /// Nodes, slices, children, operations.
    pub steps: u64,
    /// The time that validating it took.
    pub taken: std::time::Duration,
}

/// A validator of the profile.
pub struct Lab {
    library: Arc<Library>,
    validator: Validator,
}

impl Lab {
    /// Makes it.
    pub fn new() -> Lab {
        let mut builder = LibraryBuilder::new();
        builder.add_json("p.json", &profile().to_string());
        let (library, _) = builder.build();
        let library = Arc::new(library);
        let (validator, _) = Validator::build(&library, &Wanted::All, &Settings::default());
        Lab { library, validator }
    }

    /// Validates a message of that many.
    pub fn judge(&self, case: &Case, many: usize) -> Measured {
        let text = (case.make)(many).to_string();
        let bytes = text.len();
        let mut tree = Tree::new(Arc::clone(self.library.names()));
        let (mut issues, mut memory) = (Vec::new(), Memory::new());
        fhir_json::read(text.into(), &mut tree, &mut issues);
        typing::type_tree(&mut tree, self.library.table(), &mut issues);
        let start = std::time::SystemTime::now();
        self.validator.validate(&tree, &Request::default(), now(), &mut memory, &mut issues);
        Measured { bytes, steps: memory.steps(), taken: start.elapsed().unwrap_or_default() }
    }
}
