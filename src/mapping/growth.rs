//! What grows with what, by counted work: a longer message, a larger set of maps.
//!
//! Never: a clock.

use super::bench::{World, compile, letter_to, plain, read, table};
use super::{At, Limits, Materials, Memory, Plans, Trace, Use, parse};
use crate::tree::{NodeId, Tree};
use std::sync::Arc;

/// Counts what it is told.
#[derive(Default)]
struct Count(u64);

impl Trace for Count {
    fn fired(&mut self, _rule: usize, _item: Option<At>) {
        self.0 += 1;
    }

    fn wrote(&mut self, _rule: usize, _node: NodeId, _from: Option<At>) {
        self.0 += 1;
    }

    fn read(&mut self, _rule: usize, _node: At, _what_for: Use) {
        self.0 += 1;
    }
}

const RULES: &str = "src.part as part -> tgt.component as one then {\n\
    part.key as key where ($this.length() > 0) -> one.code as code, code.text = key;\n\
    part.text as text -> one.value = create('string') as value, value.value = (%text & '!'), one.id = uuid();\n};";

/// The events and the steps of a letter of so many parts.
fn work(parts: usize) -> (u64, usize) {
    let (plan, said) = compile(&letter_to("Observation", RULES));
    let plan = plan.unwrap_or_else(|| panic!("{said:#?}"));
    let one = r#"{"key":"k","text":"t"}"#;
    let all = vec![one; parts].join(",");
    let text = format!(r#"{{"resourceType":"Letter","part":[{all}]}}"#);
    let source = read(&text, plan.sources()[0]);
    let mut target = Tree::new(Arc::clone(table().names()));
    let (mut memory, mut issues, mut count) = (Memory::new(), Vec::new(), Count::default());
    let sources = [&source];
    let mut inputs = plain(&sources);
    // Each part is three rules, three items and five targets; what is more is refused.
    inputs.limits = Limits { steps: 20 + 12 * parts as u64, ..Limits::default() };
    let world = World::default();
    let ran = plan.run_traced(&inputs, &mut target, &world, &mut memory, &mut issues, &mut count);
    ran.unwrap_or_else(|failure| panic!("{}", failure.issue.text()));
    assert!(!issues.iter().any(crate::message::Issue::refuses));
    (count.0, target.len())
}

#[test]
fn ten_times_the_message_is_ten_times_the_work() {
    let ((small, made), (large, more)) = (work(1_000), work(10_000));
    assert!(small > 5_000, "{small}");
    // The root is made once.
    assert_eq!((large, more - 1), (10 * small, 10 * (made - 1)));
}

/// A set of maps, each with two groups, each the rule for one type, which call each other by way of imports.
fn set(count: usize) -> (usize, usize, usize) {
    let names: Vec<&str> = table()
        .types()
        .iter()
        .filter(|one| !one.is_abstract && !one.name.contains(['.', '/']))
        .map(|one| &*one.name)
        .take(count)
        .collect();
    assert_eq!(names.len(), count);
    let map = |name: &&str| {
        let url = format!("http://hl7.org/fhir/StructureDefinition/{name}");
        let text = format!(
            "map 'urn:set/{name}' = '{name}'\nuses '{url}' alias A as source\nuses '{url}' alias B as target\n\
             imports 'urn:set/*'\n\
             group {name}(source src : A, target tgt : B) extends Any{name} <<type+>> {{\n\
             src.id as i -> tgt.id = i;\n src as s then Any{name}(s, tgt);\n}}\n\
             group Any{name}(source src : A, target tgt : B) {{ src.id -> tgt.id; }}"
        );
        let (map, faults) = parse(&format!("{name}.map"), &text);
        assert_eq!(faults, []);
        map
    };
    let maps: Vec<_> = names.iter().map(map).collect();
    let (plans, said) = Plans::build(&maps, &Materials { table: table(), concepts: &[] });
    let refused: Vec<_> =
        said.iter().filter(|one| one.refuses()).map(ToString::to_string).collect();
    assert_eq!(refused, Vec::<String>::new());
    let code = &plans.all()[0].code;
    (plans.all().len(), code.groups.len(), code.rules.len())
}

#[test]
fn a_set_of_150_maps_compiles_each_group_once() {
    assert_eq!(set(75), (75, 150, 225));
    assert_eq!(set(150), (150, 300, 450));
}
