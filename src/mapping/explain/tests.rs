//! Explanations on small maps.

use super::*;
use crate::mapping::bench::{World, compile, letter_to, read, table};
use crate::mapping::{Engine, IdSeed, Inputs, Limits, Memory};
use crate::tree::Expression;
use std::sync::Arc;

/// Runs a map on a letter and explains a path, in words.
fn said(map: &str, letter: &str, path: &str) -> Vec<String> {
    let (plan, found) = compile(map);
    let plan = plan.unwrap_or_else(|| panic!("{found:#?}"));
    let source = read(letter, plan.sources()[0]);
    let mut target = Tree::new(Arc::clone(table().names()));
    let inputs = Inputs {
        sources: &[&source],
        now: "2024-07-01T10:10:00Z".parse().expect("a time"),
        engine: Engine::default(),
        parameters: &[],
        ids: IdSeed::default(),
        limits: Limits::default(),
    };
    let mut story = Story::new();
    let (mut memory, mut issues) = (Memory::new(), Vec::new());
    let world = World::default();
    let ran = plan.run_traced(&inputs, &mut target, &world, &mut memory, &mut issues, &mut story);
    ran.expect("it runs");
    let line = |rule: usize| {
        let place = &plan.rules()[rule].place;
        let line: usize = place.rsplit(':').next().and_then(|l| l.parse().ok()).expect("a line");
        // The map's own head and the group's line come before a test's rules.
        line - map.lines().position(|l| l.starts_with("group")).expect("a group") - 1
    };
    let place = |at: Option<At>| match at {
        Some(at) if at.tree == 0 => Expression::new(&source, table(), at.node).to_string(),
        Some(at) => format!("made {}", Expression::new(&target, table(), at.node)),
        None => "-".to_owned(),
    };
    match explain(&plan, &story, &target, path).expect("a path") {
        Explanation::Present(found) => found
            .iter()
            .map(|one| {
                let from: Vec<_> = one.from.iter().map(|at| place(Some(*at))).collect();
                let through: Vec<_> = one.through.iter().map(|(rule, _)| line(*rule)).collect();
                let own = one.rule.map(line);
                let path = Expression::new(&target, table(), one.node);
                format!("{path} {own:?} from {} through {through:?}", from.join("+"))
            })
            .collect(),
        Explanation::Absent(absent) => {
            let mut all = vec![format!("known {}, only {:?}", absent.known, absent.only)];
            for one in &absent.candidates {
                let reasons = one.reasons.iter().map(|reason| match reason {
                    Reason::Passed(at, why) => format!("passed {} {why:?}", place(*at)),
                    Reason::Empty(at) => format!("empty {}", place(*at)),
                    Reason::Elsewhere(at, _) => format!("elsewhere {}", place(*at)),
                    Reason::Outer(rule, at, why) => {
                        format!("outer {} {} {why:?}", line(*rule), place(*at))
                    }
                    Reason::NotReached => "not reached".to_owned(),
                });
                all.push(format!("{}: {}", line(one.rule), reasons.collect::<Vec<_>>().join(", ")));
            }
            all
        }
    }
}

const LETTER: &str = r#"{"resourceType":"Letter","id":"1","title":"Hello","status":"sent",
    "part":[{"key":"a","text":"first"},{"key":"b"}]}"#;

#[test]
fn a_value_is_led_back_to_its_rule_and_to_what_was_read_for_it() {
    let map = letter_to(
        "Patient",
        "src.part as part -> tgt.name as name then {\n part.text as text -> name.family = text;\n \
         part.key as key -> name.text = append(key, '-', part);\n };\n\
         src.id as i, src.title as t -> tgt.id = append(i, t);\n src -> tgt.language = 'da';",
    );
    let at = |path| said(&map, LETTER, path);
    assert_eq!(
        at("Patient.name[0].family"),
        ["Patient.name[0].family Some(2) from Letter.part[0].text through [2, 1]"]
    );
    assert_eq!(at("Patient.id"), ["Patient.id Some(5) from Letter.id+Letter.title through [5]"]);
    assert_eq!(at("Patient.language"), ["Patient.language Some(6) from Letter through [6]"]);
    let whole = at("Patient.name[0]");
    assert_eq!(whole.len(), 3, "{whole:#?}");
    assert_eq!(whole[0], "Patient.name[0] Some(1) from Letter.part[0] through [1]");
}

#[test]
fn what_is_copied_whole_comes_from_its_own_places() {
    let map = crate::mapping::bench::fml(
        "group g(source src : Patient, target tgt : PatientOut) {\nsrc.name -> tgt.name;\n}",
    );
    let patient = r#"{"resourceType":"Patient","name":[{"family":"A","given":["B","C"]}]}"#;
    assert_eq!(
        said(&map, patient, "Patient.name.given[1]"),
        ["Patient.name[0].given[1] Some(1) from Patient.name[0].given[1] through [1]"]
    );
}

#[test]
fn what_is_absent_is_led_to_what_kept_each_rule_from_it() {
    let map = letter_to(
        "Patient",
        "src.part as part -> tgt.name as name then {\n part.text as t -> name.family = t;\n };\n\
         src.title as t where t = 'x' -> tgt.gender = t;\n\
         src.count as c -> tgt.language = c;\n\
         src.title as t where t = 'y' then {\n src.id as i -> tgt.id = i;\n };\n\
         src.title as t -> tgt.implicitRules = ({}) ;",
    );
    let at = |path| said(&map, LETTER, path);
    assert_eq!(at("Patient.gender"), ["known true, only None", "4: passed Letter.title Condition"]);
    assert_eq!(at("Patient.language"), ["known true, only None", "5: passed Letter Absent"]);
    assert_eq!(at("Patient.id"), ["known true, only None", "7: outer 6 Letter.title Condition"]);
    assert_eq!(at("Patient.implicitRules"), ["known true, only None", "9: empty Letter.title"]);
    assert_eq!(
        at("Patient.name[1].family"),
        ["known true, only None", "2: passed Letter.part[1] Absent"]
    );
    let third = at("Patient.name[2].family");
    assert_eq!(third[0], "known true, only Some(2)");
    assert_eq!(third[1], "1: elsewhere Letter.part[0], elsewhere Letter.part[1]");
    assert_eq!(at("Patient.birthDate"), ["known true, only None"]);
    assert_eq!(at("Patient.birthDat"), ["known false, only None"]);
}
