//! Mapping cases of size: long messages, sets of maps, models as large as a clinical document's. All of them are
//! generated here.

use crate::measure::Measured;
use crate::table::{Better, Line};
use bytestring::ByteString;
use stafett::definitions::{LibraryBuilder, typing};
use stafett::format;
use stafett::mapping::{
    Engine, IdSeed, Inputs, Limits, Materials, Memory, NoHooks, Plan, Plans, parse,
};
use stafett::tree::Tree;
use stafett::tree::types::{Table, TypeKind};
use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

/// How often a case is timed; the median counts.
const TIMES: usize = 5;
const FHIR: &str = "http://hl7.org/fhir/StructureDefinition/";

/// All cases.
pub fn all() -> Vec<Line> {
    vec![
        line("map 10,000 repetitions", "1,000", 11.0, growth()),
        line("parse, check and compile 150 maps", "one second", 1.0, set(150)),
        line("load models of 150 definitions", "one second", 1.0, models(150)),
    ]
}

fn line(
    case: &'static str,
    against: &'static str,
    goal: f64,
    measured: Result<Measured, String>,
) -> Line {
    Line { case, against, unit: "s", goal, better: Better::AtMost, measured, note: String::new() }
}

fn seconds(run: &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64()
}

/// The median against one second.
fn against_a_second(mut run: impl FnMut()) -> Measured {
    run();
    let mut all: Vec<f64> = (0..TIMES).map(|_| seconds(&mut run)).collect();
    all.sort_by(f64::total_cmp);
    let value = all[TIMES / 2];
    Measured { value, yardstick: 1.0, ratio: value, allocations: None }
}

/// A Bundle of patients to another, with a copy by type, conditions, constants and ids for each.
const MAP: &str = r#"map 'urn:grown' = 'grown'
uses "http://hl7.org/fhir/StructureDefinition/Bundle" alias Bundle as source
uses "http://hl7.org/fhir/StructureDefinition/Bundle" alias Made as target
group bundle(source src : Bundle, target tgt : Made) {
  src.type -> tgt.type;
  src.entry as one -> tgt.entry as other then {
    one.fullUrl -> other.fullUrl;
    one.resource : Patient as from -> other.resource = create('Patient') as to, to.id = uuid() then {
      from.name -> to.name;
      from.active as active where ($this = true) -> to.active = active;
      from.generalPractitioner as gp where (reference.exists()) -> to.managingOrganization as by, by.reference = (%gp.reference & '!');
    };
  };
}
"#;

fn growth() -> Result<Measured, String> {
    let (library, _) = LibraryBuilder::new().build();
    let table = library.table();
    let (map, _) = parse("grown.map", MAP);
    let (plans, said) = Plans::build(&[map], &Materials { table, concepts: &[] });
    let plan = plans.all().first().ok_or_else(|| format!("{said:?}"))?;
    let (small, large) = (message(table, 1_000), message(table, 10_000));
    let mut memory = Memory::new();
    let mut target = Tree::new(Arc::clone(table.names()));
    let mut once = |source: &Tree| run(plan, source, &mut target, &mut memory);
    if !once(&large) || !once(&small) {
        return Err("the map failed".to_owned());
    }
    let mut pairs: Vec<(f64, f64)> = (0..TIMES)
        .map(|_| {
            let mut time = |tree: &Tree| seconds(&mut || assert!(black_box(once(tree))));
            (time(&large), time(&small))
        })
        .collect();
    pairs.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let (value, yardstick) = pairs[TIMES / 2];
    Ok(Measured { value, yardstick, ratio: value / yardstick, allocations: None })
}

fn run(plan: &Plan, source: &Tree, target: &mut Tree, memory: &mut Memory) -> bool {
    let inputs = Inputs {
        sources: &[source],
        now: jiff::Timestamp::UNIX_EPOCH,
        engine: Engine::default(),
        parameters: &[],
        ids: IdSeed::default(),
        limits: Limits::default(),
    };
    let mut issues = Vec::new();
    plan.run(&inputs, target, &NoHooks, memory, &mut issues).is_ok()
        && !issues.iter().any(stafett::message::Issue::refuses)
}

fn message(table: &Arc<Table>, entries: usize) -> Tree {
    let mut text = String::from("{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[");
    for n in 0..entries {
        let comma = if n > 0 { "," } else { "" };
        let _ = write!(
            text,
            "{comma}{{\"fullUrl\":\"https://e.example/Patient/p{n}\",\"resource\":{{\"resourceType\":\"Patient\",\
             \"id\":\"p{n}\",\"active\":true,\"name\":[{{\"family\":\"F{n}\"}}],\
             \"generalPractitioner\":[{{\"reference\":\"Patient/p{n}\"}}]}}}}"
        );
    }
    text.push_str("]}");
    let mut tree = Tree::new(Arc::clone(table.names()));
    let mut issues = Vec::new();
    format::fhir_json::read(ByteString::from(text), &mut tree, &mut issues);
    typing::type_tree(&mut tree, table, &mut issues);
    tree
}

/// A set of maps as versions of FHIR are mapped to each other: a map for each type, which copies each of its
/// elements and imports all the others.
fn set(count: usize) -> Result<Measured, String> {
    let (library, _) = LibraryBuilder::new().build();
    let table = library.table();
    let types = table.types().iter();
    let mapped = types.filter(|one| {
        one.kind != TypeKind::Primitive && !one.is_abstract && !one.name.contains(['.', '/'])
    });
    let texts: Vec<String> = mapped.take(count).map(|one| copying(table, &one.name)).collect();
    if texts.len() < count {
        return Err(format!("there are but {} types", texts.len()));
    }
    let compiled = || {
        let maps: Vec<_> = texts.iter().map(|text| parse("set.map", text).0).collect();
        Plans::build(&maps, &Materials { table, concepts: &[] })
    };
    let (plans, said) = compiled();
    if plans.all().len() < count {
        return Err(format!("{} plans of {count}: {:?}", plans.all().len(), said.first()));
    }
    Ok(against_a_second(|| drop(black_box(compiled()))))
}

fn copying(table: &Table, name: &str) -> String {
    let mut text = format!(
        "/// url = 'urn:set/{name}4to4'\n/// name = '{name}4to4'\n\
         uses '{FHIR}{name}' alias {name} as source\nuses '{FHIR}{name}' alias {name}B as target\n\
         imports 'urn:set/*4to4'\n\
         group {name}(source src : {name}, target tgt : {name}B) <<type+>> {{\n"
    );
    let elements = table.find(name).map(|id| table.type_of(id).elements.clone());
    for element in elements.unwrap_or_default() {
        let one = table.element(element);
        let element = table.names().text(one.name);
        for alternative in one.alternatives.iter().take(if one.choice { 3 } else { 1 }) {
            let type_name = &table.type_of(alternative.type_id).name;
            let _ = match one.choice {
                true => writeln!(
                    text,
                    "  src.{element} : {type_name} as v -> tgt.{element} = create('{type_name}') as w, w = v;"
                ),
                false => writeln!(text, "  src.{element} -> tgt.{element};"),
            };
        }
    }
    text.push_str("}\n");
    text
}

/// Models as large as a clinical document's: definitions of twenty elements each, of each other's types.
fn models(count: usize) -> Result<Measured, String> {
    let texts: Vec<(String, String)> =
        (0..count).map(|at| (format!("m{at}.json"), model(at, count))).collect();
    let loaded = || {
        let mut builder = LibraryBuilder::new();
        for (name, text) in &texts {
            builder.add_json(name, text);
        }
        builder.build()
    };
    let (library, said) = loaded();
    let last = format!("urn:models/M{}", count - 1);
    if said.iter().any(stafett::message::Diagnostic::refuses)
        || library.table().find(&last).is_none()
    {
        return Err(format!("not loaded: {:?}", said.first()));
    }
    Ok(against_a_second(|| drop(black_box(loaded()))))
}

fn model(at: usize, count: usize) -> String {
    let mut elements = format!("{{\"id\":\"M{at}\",\"path\":\"M{at}\"}}");
    for n in 0..20 {
        let (how, code) = match n % 4 {
            0 => ("\"representation\":[\"xmlAttr\"],", "string".to_owned()),
            1 => {
                ("\"representation\":[\"typeAttr\"],", format!("urn:models/M{}", (at + n) % count))
            }
            _ => ("", format!("urn:models/M{}", (at * 7 + n) % count)),
        };
        let _ = write!(
            elements,
            ",{{\"id\":\"M{at}.e{n}\",\"path\":\"M{at}.e{n}\",{how}\"min\":0,\"max\":\"*\",\
             \"type\":[{{\"code\":\"{code}\"}}]}}"
        );
    }
    format!(
        "{{\"resourceType\":\"StructureDefinition\",\"url\":\"urn:models/M{at}\",\"name\":\"M{at}\",\
         \"kind\":\"logical\",\"abstract\":false,\"type\":\"urn:models/M{at}\",\"derivation\":\"specialization\",\
         \"extension\":[{{\"url\":\"http://hl7.org/fhir/StructureDefinition/elementdefinition-namespace\",\
         \"valueUri\":\"urn:hl7-org:v3\"}}],\"snapshot\":{{\"element\":[{elements}]}}}}"
    )
}
