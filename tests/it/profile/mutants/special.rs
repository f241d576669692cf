//! Mutants that no element's definition leads to: narratives, contained resources, the Bundle itself, and
//! invariants by name.

use super::json::Op;
use super::rules::Mutant;
use super::walk::Spot;
use serde_json::{Value, json};

/// The hand-made mutants of a message.
pub fn make(message: &Value) -> Vec<Mutant> {
    let mut all = Vec::new();
    let entries = message["entry"].as_array().map_or(&[][..], |e| e);
    for (at, entry) in entries.iter().enumerate() {
        let spot = Spot {
            pointer: format!("/entry/{at}/resource"),
            expression: format!("Bundle.entry[{at}].resource"),
        };
        resource(&entry["resource"], &spot, &mut all);
    }
    bundle(entries, &mut all);
    all
}

fn add(all: &mut Vec<Mutant>, rule: &'static str, key: &str, op: Op, expected: Spot) {
    all.push(Mutant { rule, key: key.to_owned(), ops: vec![op], expected, says: None });
}

fn below(spot: &Spot, pointer: &str, expression: &str) -> Spot {
    Spot {
        pointer: format!("{}{pointer}", spot.pointer),
        expression: format!("{}{expression}", spot.expression),
    }
}

fn resource(value: &Value, spot: &Spot, all: &mut Vec<Mutant>) {
    let kind = value["resourceType"].as_str().unwrap_or("");
    if value.pointer("/text/div").is_some() {
        let div = below(spot, "/text/div", ".text.div");
        for (inner, word) in [
            ("<script>x</script>", "script"),
            ("<p onload=\\\"x\\\">a</p>", "onload"),
            ("<iframe/>", "iframe"),
            ("<a href=\\\"javascript:x\\\">a</a>", "javascript"),
            ("<blink>a</blink>", "blink"),
            ("<p>a", "nesting"),
            (" ", "blank"),
            ("<a href=\\\"#nowhere\\\">a</a>", "links"),
        ] {
            let inner = inner.replace("\\\"", "\"");
            let markup = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{inner}</div>");
            let op = Op::Set(div.pointer.clone(), markup.into());
            let rule = if word == "links" { word } else { "narrative" };
            add(all, rule, &format!("narrative {word} {kind}"), op, div.clone());
        }
    }
    if kind == "Observation" {
        let sign = json!({"system": "http://loinc.org", "code": "8310-5"});
        let op = Op::Set(format!("{}/code", spot.pointer), json!({"coding": [sign]}));
        add(all, "vital_signs", "temperature", op, spot.clone());
    }
    let orphan = json!({"resourceType": "Organization", "id": "orphan", "name": "x"});
    if value.get("contained").is_none() && kind != "Bundle" {
        let op = Op::Push(format!("{}/contained", spot.pointer), orphan);
        let expected = below(spot, "/contained/0", ".contained[0]");
        add(all, "contained", &format!("orphan {kind}"), op, expected);
        let versioned = json!({"resourceType": "Organization", "id": "a", "name": "x",
            "meta": {"versionId": "1"}});
        let op = Op::Push(format!("{}/contained", spot.pointer), versioned);
        add(all, "native", &format!("dom-4 {kind}"), op, spot.clone());
    }
    let claim = "http://example.org/stafett/no-such-profile";
    let op = Op::Push(format!("{}/meta/profile", spot.pointer), claim.into());
    add(all, "claims", &format!("claim {kind}"), op, spot.clone());
    let wrong = "http://hl7.org/fhir/StructureDefinition/vitalsigns";
    if kind != "Observation" {
        let op = Op::Push(format!("{}/meta/profile", spot.pointer), wrong.into());
        add(all, "claims", &format!("claim of another type {kind}"), op, spot.clone());
    }
    let claims = value.pointer("/meta/profile").and_then(Value::as_array).map_or(0, Vec::len);
    let op = Op::Push(format!("{}/meta/profile", spot.pointer), "no-address".into());
    let expected =
        below(spot, &format!("/meta/profile/{claims}"), &format!(".meta.profile[{claims}]"));
    add(all, "canonicals", &format!("relative {kind}"), op, expected);
    let label =
        json!({"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "N"});
    let op = Op::Set(format!("{}/meta/security", spot.pointer), json!([label, label]));
    let expected = below(spot, "/meta/security/1", ".meta.security[1]");
    add(all, "meta", &format!("label twice {kind}"), op, expected);
    deep(value, spot, kind, all);
}

/// Every extension, period, attachment, coding of a resource.
fn deep(value: &Value, spot: &Spot, path: &str, all: &mut Vec<Mutant>) {
    let Value::Object(members) = value else { return };
    for (name, member) in members {
        let items: Vec<(Spot, &Value)> = match member {
            Value::Array(list) => list
                .iter()
                .enumerate()
                .map(|(at, one)| {
                    (below(spot, &format!("/{name}/{at}"), &format!(".{name}[{at}]")), one)
                })
                .collect(),
            one => vec![(below(spot, &format!("/{name}"), &format!(".{name}")), one)],
        };
        let path = format!("{path}.{name}");
        for (place, one) in items.iter().filter(|(_, one)| one.is_object()) {
            // a choice says its type in the expression, which takes the definitions to know
            let choice = ["value", "content", "effective", "event"].iter().any(|c| {
                name.strip_prefix(c).is_some_and(|rest| rest.starts_with(char::is_uppercase))
            });
            let place = match choice {
                true => {
                    let stem: String = name.chars().take_while(|c| c.is_lowercase()).collect();
                    below(
                        spot,
                        &format!("/{name}"),
                        &format!(".{stem}.ofType({})", &name[stem.len()..]),
                    )
                }
                false => place.clone(),
            };
            one_of(name, one, &place, &path, all);
            deep(one, &place, &path, all);
        }
    }
}

fn one_of(name: &str, one: &Value, place: &Spot, path: &str, all: &mut Vec<Mutant>) {
    if name == "extension" && one.get("extension").is_none() {
        let op = Op::Push(
            format!("{}/extension", place.pointer),
            json!({"url": "a", "valueString": "x"}),
        );
        add(all, "native", &format!("ext-1 {path}"), op, place.clone());
    }
    if let Some(start) = one.get("start").filter(|s| s.is_string()) {
        let early = start.as_str().map_or("", |s| &s[..4]).parse::<u32>().unwrap_or(2000) - 1;
        let op = Op::Set(format!("{}/end", place.pointer), early.to_string().into());
        add(all, "native", &format!("per-1 {path}"), op, place.clone());
    }
    if one.get("data").is_some() {
        let op = Op::Set(format!("{}/size", place.pointer), 1.into());
        add(all, "attachment", &format!("size {path}"), op, place.clone());
        let op = Op::Set(format!("{}/hash", place.pointer), "YQ==".into());
        add(all, "attachment", &format!("hash {path}"), op, place.clone());
    }
    let ours =
        one["system"].as_str().is_some_and(|s| s.contains("/CodeSystem/") && s.contains("medcom"));
    if ours && one.get("code").is_some() {
        let pointer = format!("{}/code", place.pointer);
        let op = Op::Set(pointer.clone(), "stafett-none".into());
        add(all, "coding", &format!("no such code {path}"), op, below(place, "/code", ".code"));
    }
    if let Some(reference) = one.get("reference").filter(|r| r.is_string()) {
        let _ = reference;
        let op = Op::Set(format!("{}/reference", place.pointer), "#stafett".into());
        add(all, "reference", &format!("no such fragment {path}"), op, place.clone());
    }
    if name == "identifier" && one.get("value").is_some() {
        let ops = vec![
            Op::Set(format!("{}/system", place.pointer), "urn:ietf:rfc:3986".into()),
            Op::Set(format!("{}/value", place.pointer), "1".into()),
        ];
        let expected = below(place, "/value", ".value");
        let key = format!("no uri {path}");
        let says = Some("the system says");
        all.push(Mutant { rule: "identifier", key, ops, expected, says });
    }
    if let (Some("urn:oid:1.2.208.176.1.2"), Some(_)) = (one["system"].as_str(), one.get("value")) {
        let op = Op::Set(format!("{}/value", place.pointer), "3213479989".into());
        add(all, "constraint", &format!("cpr {path}"), op, below(place, "/value", ".value"));
    }
}

fn bundle(entries: &[Value], all: &mut Vec<Mutant>) {
    let top = || Spot { pointer: String::new(), expression: "Bundle".into() };
    let entry = |at: usize| Spot {
        pointer: format!("/entry/{at}"),
        expression: format!("Bundle.entry[{at}]"),
    };
    let first = entries[0]["fullUrl"].clone();
    add(all, "bundle", "same fullUrl", Op::Set("/entry/1/fullUrl".into(), first), entry(1));
    let url = Op::Set("/entry/1/fullUrl".into(), "not-absolute".into());
    add(all, "bundle", "relative fullUrl", url, entry(1));
    add(all, "bundle", "no fullUrl", Op::Remove("/entry/1/fullUrl".into()), entry(1));
    let other = Op::Set("/entry/1/fullUrl".into(), "http://x.dk/Basic/1".into());
    add(all, "bundle", "other fullUrl", other, entry(1));
    add(all, "native", "bdl-1", Op::Set("/total".into(), 1.into()), top());
    let search = Op::Set("/entry/1/search".into(), json!({"mode": "match"}));
    add(all, "native", "bdl-2", search, top());
    let request = Op::Set("/entry/1/request".into(), json!({"method": "GET", "url": "x"}));
    add(all, "native", "bdl-3", request, top());
    let response = Op::Set("/entry/1/response".into(), json!({"status": "200"}));
    add(all, "native", "bdl-4", response, top());
    add(
        all,
        "native",
        "bdl-5",
        Op::Push("/entry".into(), json!({"fullUrl": "urn:x:y"})),
        entry(entries.len()),
    );
    let history = Op::Set("/entry/1/fullUrl".into(), "http://x.dk/Patient/1/_history/2".into());
    add(all, "native", "bdl-8", history, entry(1));
    let page = json!([{"relation": "next", "url": "http://x.dk/2"}]);
    let relation =
        Spot { pointer: "/link/0/relation".into(), expression: "Bundle.link[0].relation".into() };
    add(all, "bundle_links", "page", Op::Set("/link".into(), page), relation);
    if entries[0].pointer("/resource/focus/0").is_some() {
        let away = Op::Set("/entry/0/resource/focus/0/reference".into(), "http://x.dk/Y/1".into());
        let focus = Spot {
            pointer: "/entry/0/resource/focus/0".into(),
            expression: "Bundle.entry[0].resource.focus[0]".into(),
        };
        add(all, "inside", "focus", away, focus);
        if let Some(one) = all.last_mut() {
            one.says = Some("MessageHeader.focus: what it refers to must be in this message");
        }
    }
    all.push(Mutant {
        rule: "searchset",
        key: "no resource".into(),
        ops: vec![
            Op::Set("/type".into(), "searchset".into()),
            Op::Remove("/entry/1/resource".into()),
        ],
        expected: entry(1),
        says: Some("an entry of a search"),
    });
    let header = entries[0].clone();
    let second = entries[1].clone();
    all.push(Mutant {
        rule: "native",
        key: "bdl-12".into(),
        ops: vec![Op::Set("/entry/0".into(), second), Op::Set("/entry/1".into(), header)],
        expected: top(),
        says: None,
    });
}
