//! What is done to a message at a site: one function a kind of mutation.

use super::json::{Op, RAW, split};
use super::walk::{Found, Site, Spot};
use serde_json::{Value, json};
use stafett::definitions::Library;
use stafett::definitions::model::Strength;
use stafett::definitions::terminology::Membership;
use stafett::tree::types::{Table, TypeKind};

/// A message with one fault.
pub struct Mutant {
    /// The rule file that must see it.
    pub rule: &'static str,
    /// What was done where: the same is done once over all messages.
    pub key: String,
    /// The change.
    pub ops: Vec<Op>,
    /// Where it must be told.
    pub expected: Spot,
    /// How its text begins, where that matters.
    pub says: Option<&'static str>,
}

/// Makes mutants of one message.
pub struct Maker<'a> {
    pub library: &'a Library,
    pub table: &'a Table,
    pub message: &'a Value,
    pub mutants: Vec<Mutant>,
}

impl Maker<'_> {
    fn add(&mut self, rule: &'static str, key: String, ops: Vec<Op>, expected: &Spot) {
        self.mutants.push(Mutant { rule, key, ops, expected: expected.clone(), says: None });
    }

    /// All mutations of a site.
    pub fn site(&mut self, site: &Site<'_>) {
        // what a resource claims decides what it is checked against: changing it proves nothing
        if site.holder.pointer.ends_with("/meta") && site.name == "profile" {
            return;
        }
        self.cardinality(site);
        for found in &site.found {
            self.value(site, found);
            self.coded(site, found);
            self.reference(site, found);
            self.structure(site, found);
        }
    }

    fn cardinality(&mut self, site: &Site<'_>) {
        let element = site.element;
        let (min, max) = (element.min.unwrap_or(0), element.max.unwrap_or(u32::MAX));
        let count = site.found.len() as u32;
        let rule = if site.is_slice { "slicing" } else { "cardinality" };
        if min >= 1 && count >= min && !site.discriminates {
            let mut ops: Vec<Op> = Vec::new();
            for one in site.found.iter().rev() {
                let (list, _) = split(&one.spot.pointer);
                let only = self.message.pointer(list).and_then(Value::as_array).map(Vec::len);
                match only {
                    Some(len) if len <= site.found.len() => ops = vec![Op::Remove(list.to_owned())],
                    _ => ops.push(Op::Remove(one.spot.pointer.clone())),
                }
            }
            self.add(rule, format!("remove {}", site.label), ops, &site.holder);
        }
        if (1..20).contains(&max) && count >= 1 {
            let first = &site.found[0];
            let (list, _) = split(&first.spot.pointer);
            if self.message.pointer(list).is_some_and(Value::is_array) {
                let copy = self.message.pointer(&first.spot.pointer).cloned().unwrap_or_default();
                let ops = (count..=max).map(|_| Op::Push(list.to_owned(), copy.clone())).collect();
                self.add(rule, format!("repeat {}", site.label), ops, &site.holder);
            }
        }
        if max == 0 && count == 0 && !site.is_slice {
            self.prohibited(site);
        }
    }

    fn prohibited(&mut self, site: &Site<'_>) {
        let names = self.table.names();
        let elements = &self.table.type_of(site.holder_type).elements;
        let is = |e: &&_| names.text(self.table.element(**e).name) == site.name;
        let Some(element) = elements.iter().find(is).map(|e| self.table.element(*e)) else {
            return;
        };
        let Some(alternative) = element.alternatives.first() else { return };
        let Some(sample) = sample(&self.table.type_of(alternative.type_id).name) else { return };
        let pointer = format!("{}/{}", site.holder.pointer, names.text(alternative.wire_name));
        let op = match element.max {
            1 => Op::Set(pointer, sample),
            _ => Op::Push(pointer, sample),
        };
        self.add("cardinality", format!("prohibited {}", site.label), vec![op], &site.holder);
    }

    /// Fixed values, patterns, forms, lengths.
    fn value(&mut self, site: &Site<'_>, found: &Found) {
        let element = site.element;
        let pointer = &found.spot.pointer;
        let kind = self.table.type_of(found.type_id);
        let literal = element.fixed.as_ref().or(element.pattern.as_ref());
        if let Some(literal) = literal.filter(|_| !site.discriminates && !site.is_slice) {
            let value: Value = serde_json::from_str(&literal.json).unwrap_or_default();
            let ops = differ(pointer, &value);
            self.add("fixed", format!("differ {}", site.label), ops, &found.spot);
        }
        if let Some(most) = element.max_length {
            let long = "9".repeat(most as usize + 1);
            let ops = vec![Op::Set(pointer.clone(), long.into())];
            self.add("bounds", format!("long {}", site.label), ops, &found.spot);
        }
        let of = format!("{}.{}", self.table.type_of(site.holder_type).name, site.name);
        if kind.kind != TypeKind::Primitive {
            let ops = vec![Op::Set(pointer.clone(), json!({}))];
            self.add("empty", format!("empty {of}"), ops, &found.spot);
            return;
        }
        for bad in malformed(&kind.name) {
            let key = format!("malformed {of} {bad}");
            self.add("primitive", key, vec![Op::Set(pointer.clone(), bad)], &found.spot);
        }
        for one in &element.constraints {
            let pattern = one.expression.as_deref().is_some_and(|e| e.starts_with("matches('"));
            if pattern && one.is_error {
                let ops = vec![Op::Set(pointer.clone(), "!".into())];
                let key = format!("break {} {}", one.key, site.label);
                self.add("constraint", key, ops, &found.spot);
            }
        }
    }

    fn coded(&mut self, site: &Site<'_>, found: &Found) {
        let Some(binding) = &site.element.binding else { return };
        let required = binding.strength == Strength::Required && !site.discriminates;
        let Some(canonical) = binding.value_set.as_deref().filter(|_| required) else { return };
        let Some(set) = self.library.value_set(canonical, site.scope) else { return };
        let none = "stafett-none";
        let Some(value) = self.message.pointer(&found.spot.pointer) else { return };
        let mut ops = Vec::new();
        let mut decided = |system: Option<&str>, pointer: String| {
            if set.contains(system, none) == Membership::NotIn {
                ops.push(Op::Set(pointer, none.into()));
            }
        };
        let pointer = &found.spot.pointer;
        let system = |v: &Value| v["system"].as_str().unwrap_or("").to_owned();
        match &*self.table.type_of(found.type_id).name {
            "code" => decided(None, pointer.clone()),
            "Coding" => decided(Some(&system(value)), format!("{pointer}/code")),
            "CodeableConcept" => {
                let codings = value["coding"].as_array().map_or(&[][..], |c| c);
                for (at, coding) in codings.iter().enumerate() {
                    decided(Some(&system(coding)), format!("{pointer}/coding/{at}/code"));
                }
            }
            _ => {}
        }
        if !ops.is_empty() {
            self.add("binding", format!("code {}", site.label), ops, &found.spot);
        }
    }

    fn reference(&mut self, site: &Site<'_>, found: &Found) {
        if &*self.table.type_of(found.type_id).name != "Reference" {
            return;
        }
        let reference = format!("{}/reference", found.spot.pointer);
        let Some(now) = self.message.pointer(&reference).and_then(Value::as_str) else { return };
        let entries = self.message["entry"].as_array().map_or(&[][..], |e| e);
        let kind_of = |e: &Value| e["resource"]["resourceType"].as_str().unwrap_or("").to_owned();
        let types = site.element.types.iter().filter(|t| &*t.code == "Reference");
        let bundled = types.clone().any(|t| t.aggregation.iter().any(|a| &**a == "bundled"));
        let only = types.clone().all(|t| t.aggregation.iter().all(|a| &**a == "bundled"));
        if bundled && only {
            let kind = now.rsplit('/').nth(1).unwrap_or("Organization");
            let gone = format!("{kind}/00000000-0000-4000-8000-000000000000");
            let ops = vec![Op::Set(reference.clone(), gone.into())];
            self.add("reference", format!("dangle {}", site.label), ops, &found.spot);
        }
        let mut allowed: Vec<String> = Vec::new();
        for target in types.flat_map(|t| &t.target_profiles) {
            let Some(structure) = self.library.structure(target, site.scope) else { return };
            allowed.push(structure.definition.type_name.to_string());
        }
        let open = allowed.is_empty() || allowed.iter().any(|t| t == "Resource");
        let other = entries.iter().find(|e| !allowed.contains(&kind_of(e)));
        if let Some(other) = other.filter(|_| !open) {
            let id = other["resource"]["id"].as_str().unwrap_or("");
            let text = format!("{}/{id}", kind_of(other));
            let ops = vec![Op::Set(reference.clone(), text.into())];
            self.add("reference", format!("wrong target {}", site.label), ops, &found.spot);
        }
    }

    /// Types and extensions.
    fn structure(&mut self, site: &Site<'_>, found: &Found) {
        let names = self.table.names();
        let elements = &self.table.type_of(site.holder_type).elements;
        let is = |e: &&_| names.text(self.table.element(**e).name) == site.name;
        let Some(element) = elements.iter().find(is).map(|e| self.table.element(*e)) else {
            return;
        };
        if element.choice && !site.is_slice {
            let may = |name: &str| site.element.types.iter().any(|t| *t.code == *name);
            let other = element.alternatives.iter().find_map(|a| {
                let name = &self.table.type_of(a.type_id).name;
                let sample = sample(name).filter(|_| !may(name))?;
                Some((names.text(a.wire_name), name, sample))
            });
            if let Some((wire, name, sample)) = other {
                let pointer = format!("{}/{wire}", site.holder.pointer);
                let expression = format!("{}.{}.ofType({name})", site.holder.expression, site.name);
                let extension = &*self.table.type_of(site.holder_type).name == "Extension";
                let spot = match extension {
                    true => site.holder.clone(),
                    false => Spot { pointer: pointer.clone(), expression },
                };
                let ops = vec![Op::Remove(found.spot.pointer.clone()), Op::Set(pointer, sample)];
                self.add("types", format!("other type {}", site.label), ops, &spot);
            }
        }
        let complex = self.table.type_of(found.type_id).kind != TypeKind::Primitive;
        let plain = complex && &*self.table.type_of(found.type_id).name != "Extension";
        if plain && site.label.contains("4.0.1#") {
            self.extensions(site, found);
        }
    }

    fn extensions(&mut self, site: &Site<'_>, found: &Found) {
        let unknown = json!({"url": "http://example.org/stafett/unknown", "valueString": "x"});
        let backbone = self.table.type_of(found.type_id).kind == TypeKind::Backbone;
        let kinds: &[&str] =
            if backbone { &["extension", "modifierExtension"] } else { &["extension"] };
        for name in kinds {
            let list = format!("{}/{name}", found.spot.pointer);
            let at = self.message.pointer(&list).and_then(Value::as_array).map_or(0, Vec::len);
            let spot = Spot {
                pointer: format!("{list}/{at}"),
                expression: format!("{}.{name}[{at}]", found.spot.expression),
            };
            let ops = vec![Op::Push(list, unknown.clone())];
            self.add("extension", format!("unknown {name} {}", site.label), ops, &spot);
        }
    }
}

/// Changes that make a literal no longer be there.
fn differ(pointer: &str, literal: &Value) -> Vec<Op> {
    match literal {
        Value::Object(members) => {
            let (name, inner) = members.iter().next().expect("a literal is not empty");
            differ(&format!("{pointer}/{name}"), inner)
        }
        Value::Array(items) => differ(&format!("{pointer}/0"), &items[0]),
        Value::Bool(value) => vec![Op::Set(pointer.to_owned(), (!value).into())],
        Value::Number(_) => vec![Op::Set(pointer.to_owned(), 4711.into())],
        _ => vec![Op::Set(pointer.to_owned(), "stafett-other".into())],
    }
}

/// A small value of a type.
fn sample(name: &str) -> Option<Value> {
    Some(match name {
        "string" | "code" | "id" | "markdown" => "x".into(),
        "uri" | "url" | "canonical" => "urn:x".into(),
        "boolean" => true.into(),
        "integer" | "positiveInt" | "unsignedInt" => 1.into(),
        "decimal" => 1.5.into(),
        "date" => "2024-01-02".into(),
        "dateTime" | "instant" => "2024-01-02T10:00:00Z".into(),
        "Reference" | "Coding" => json!({"display": "x"}),
        "CodeableConcept" | "HumanName" | "Address" | "Annotation" => json!({"text": "x"}),
        "Identifier" | "ContactPoint" => json!({"value": "x"}),
        "Period" => json!({"start": "2024-01-02"}),
        "Attachment" => json!({"title": "x"}),
        "Quantity" => json!({"value": 1}),
        _ => return None,
    })
}

/// Values that are none of a type.
fn malformed(name: &str) -> Vec<Value> {
    let raw = |text: &str| Value::from(format!("{RAW}{text}"));
    match name {
        "string" | "markdown" => vec!["".into(), 17.into()],
        "code" => vec![" x".into(), 17.into()],
        "id" => vec!["a_b!".into(), "a".repeat(65).into()],
        "uri" | "url" | "canonical" => vec!["urn:a b".into()],
        "boolean" => vec!["true".into(), "yes".into()],
        "integer" | "positiveInt" | "unsignedInt" => vec!["1".into(), 1.5.into()],
        "decimal" => vec!["1.5".into(), raw("1e400"), raw(&"9".repeat(300))],
        "date" => vec!["2024-02-30".into(), "2024-1-2".into()],
        "dateTime" => vec!["2024-02-30".into(), "2024-01-02T10:00:00".into()],
        "instant" => vec!["2024-01-02".into(), "2024-01-02T10:00:00".into()],
        "base64Binary" => vec!["a!b?".into()],
        _ => Vec::new(),
    }
}
