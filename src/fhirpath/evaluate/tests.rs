//! The evaluator on R4's own types and small resources.

use super::quick_truth;
use crate::definitions::core::Core;
use crate::definitions::typing::type_tree;
use crate::fhirpath::{
    Cause, Context, Expression, Fault, Hooks, Item, Memory, NoHooks, NotEvaluable, References,
    Scene,
};
use crate::format::fhir_json;
use crate::tree::types::{Table, TypeId};
use crate::tree::{NodeId, Tree};
use jiff::Timestamp;
use std::sync::Arc;

const PATIENT: &str = r##"{"resourceType":"Patient","id":"p","active":true,"birthDate":"1974-12-25",
    "_birthDate":{"extension":[{"url":"http://x/birthTime","valueDateTime":"1974-12-25T14:35:45-05:00"}]},
    "deceasedBoolean":false,"multipleBirthInteger":2,"gender":"male",
    "name":[{"use":"official","family":"Chal\"mers","given":["Peter","James"]},{"use":"usual","given":["Jim"]}],
    "contained":[{"resourceType":"Organization","id":"o","name":"Org"}],
    "managingOrganization":{"reference":"#o"}}"##;

struct World {
    table: Arc<Table>,
    tree: Tree,
}

fn world(json: &str) -> World {
    let table = Core::embedded().table();
    let mut tree = Tree::new(Arc::clone(table.names()));
    let mut issues = Vec::new();
    assert!(fhir_json::read(json.to_owned().into(), &mut tree, &mut issues), "{issues:?}");
    type_tree(&mut tree, &table, &mut issues);
    assert!(issues.is_empty(), "{issues:?}");
    World { table, tree }
}

impl World {
    fn compile(&self, text: &str) -> Result<Expression, Vec<Fault>> {
        let focus = vec![self.tree.node(NodeId(0)).type_id];
        Expression::compile(text, &self.table, &Context { focus, ..Context::default() })
    }

    fn run(&self, text: &str, memory: &mut Memory) -> Result<Vec<String>, NotEvaluable> {
        let expression = self.compile(text).unwrap_or_else(|faults| panic!("{text}: {faults:?}"));
        let mut references = References::new();
        references.build(&self.tree);
        let scene = Scene {
            trees: &[&self.tree],
            table: &self.table,
            now: Timestamp::UNIX_EPOCH,
            references: Some(&references),
            hooks: &NoHooks,
        };
        let result = expression.evaluate(&scene, &[Item::Node(0, NodeId(0))], &[], memory)?;
        let text = |item| result.text(&item).map_or("?".to_owned(), |t| t.into_owned());
        Ok(result.iter().map(text).collect())
    }
}

fn all(cases: &[(&str, &str)]) {
    let world = world(PATIENT);
    let mut memory = Memory::new();
    for (text, expected) in cases {
        let got = world.run(text, &mut memory).map(|items| items.join(" "));
        assert_eq!(got.as_deref(), Ok(*expected), "{text}");
    }
}

#[test]
fn paths() {
    all(&[
        ("name.given", "Peter James Jim"),
        ("Patient.name.first().given[1]", "James"),
        ("deceased is boolean and multipleBirth = 2", "true"),
        ("name.where(use = 'usual').given", "Jim"),
        ("name.family = 'Chal\"mers'", "true"),
        ("name[0].family.length()", "9"),
        ("contained.name | id", "Org p"),
        ("descendants().where($this is Organization).id", "o"),
        ("name.select(given.count())", "2 1"),
        ("name.select($index)", "0 1"),
        ("birthDate.extension('http://x/birthTime').value.toDate()", "1974-12-25"),
    ]);
}

#[test]
fn references_lead_where_they_should() {
    all(&[
        ("managingOrganization.resolve().name", "Org"),
        ("managingOrganization.reference.resolve().id", "o"),
        ("contained.select(%resource.id)", "p"),
        ("%rootResource.id & %context.id", "pp"),
    ]);
}

#[test]
fn three_valued_logic_decides_early() {
    all(&[
        ("name.family.empty() and (name.given > 1)", "false"),
        ("{} or true", "true"),
        ("({} and true).empty()", "true"),
        ("false implies {}", "true"),
    ]);
}

#[test]
fn sets_and_sorting() {
    all(&[
        ("(1|2|3|4|5|6|7|8|9|10|1|2).count()", "10"),
        ("(1|2|3).combine(1|2.0).distinct()", "1 2 3"),
        ("(3|1|2).sort()", "1 2 3"),
        ("name.given.sort(-$this)", "Peter Jim James"),
        ("(1|2|3|4|5|6|7|8|9|10).intersect(9|20|2)", "2 9"),
        ("name.isDistinct() and name.combine(name).isDistinct().not()", "true"),
        ("(1|2).repeat(iif($this < 12, $this + 1, {})).count()", "11"),
    ]);
}

#[test]
fn faults_have_offsets_and_suggestions() {
    let world = world(PATIENT);
    let fault = |text: &str| world.compile(text).unwrap_err().remove(0);
    let given = fault("name.given1");
    assert_eq!((given.offset, given.id), (5, "fhirpath-unknown-element"));
    assert_eq!(given.help.as_deref(), Some("did you mean `given`?"));
    assert_eq!(fault("deceasedBoolean").help.as_deref(), Some("did you mean `deceased`?"));
    assert_eq!(fault("Encounter.status").id, "fhirpath-wrong-type");
    assert_eq!(fault("name.exist()").help.as_deref(), Some("did you mean `exists`?"));
    assert_eq!(fault("name.ofType(HumanNam)").id, "fhirpath-unknown-type");
    assert_eq!(fault("%resourc.id").id, "fhirpath-unknown-variable");
    assert_eq!(fault("name.startsWith('x')").id, "fhirpath-wrong-type");
    assert_eq!(fault("id.matches('(?=x)')").id, "fhirpath-pattern");
    let many = fault("name.exists() and name.first(1)");
    assert_eq!((many.offset, many.id), (23, "fhirpath-arguments"));
    assert_eq!((fault("1 + (2 * )").offset, fault("1 + (2 * )").id), (9, "fhirpath-syntax"));
    assert_eq!(world.compile("name.foo or name.bar").unwrap_err().len(), 2);
}

#[test]
fn the_map_dialect_knows_wire_names_and_bare_variables() {
    let world = world(PATIENT);
    let focus = vec![world.tree.node(NodeId(0)).type_id];
    let variables = vec![("src".into(), focus.clone())];
    let context = Context { focus, variables, wire_names: true, ..Context::default() };
    let compile = |text| Expression::compile(text, &world.table, &context).unwrap();
    let scene = Scene {
        trees: &[&world.tree],
        table: &world.table,
        now: Timestamp::UNIX_EPOCH,
        references: None,
        hooks: &NoHooks,
    };
    let mut memory = Memory::new();
    for text in ["src.deceasedBoolean = false", "%src.name.exists()", "deceased.exists()"] {
        let item = Item::Node(0, NodeId(0));
        let items = [item.clone()];
        let result = compile(text).evaluate(&scene, &[item], &[&items], &mut memory).unwrap();
        assert_eq!(result.truth(), Some(true), "{text}");
    }
}

#[test]
fn no_expression_hangs() {
    let world = world(PATIENT);
    let many = "(1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16)";
    let text = (0..8).fold("true".to_owned(), |inner, _| format!("{many}.all({inner})"));
    let reason = world.run(&text, &mut Memory::new()).unwrap_err();
    assert_eq!(reason.cause, Cause::Limit);
    let doubling = "(1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16|17|18|19|20|21|22|23|24|25|26|27|28|29|30)\
                    .aggregate($total & $total, 'text')";
    assert_eq!(world.run(doubling, &mut Memory::new()).unwrap_err().cause, Cause::Limit);
    let endless = world.run("(1).repeat($this + 1)", &mut Memory::new()).unwrap_err();
    assert_eq!(endless.cause, Cause::Limit);
}

#[test]
fn what_cannot_be_evaluated_says_why_and_where() {
    let world = world(PATIENT);
    let reason = |text: &str| world.run(text, &mut Memory::new()).unwrap_err();
    assert_eq!(reason("true and name.given = 1 or name.single().exists()").offset, 32);
    assert_eq!(reason("gender.memberOf('http://x')").cause, Cause::Missing);
    assert_eq!(reason("name.as(HumanName)").cause, Cause::Error);
    assert_eq!(reason("'a' < 1").cause, Cause::Error);
}

#[test]
fn a_vacuous_expression_says_what_it_looks_at() {
    let world = world(PATIENT);
    let vacuity = |text: &str| {
        let expression = world.compile(text).unwrap();
        expression.vacuity().map(|v| (v.elements.len(), v.names.len(), v.result))
    };
    assert_eq!(vacuity("contact.name.exists() or name.exists()"), Some((2, 2, Some(false))));
    assert_eq!(vacuity("deceased.empty() or active"), Some((2, 2, Some(true))));
    assert_eq!(vacuity("extension('x').value = 1"), Some((1, 1, None)));
    assert_eq!(vacuity("hasValue()"), None);
    assert_eq!(vacuity("name.all(given in %resource.id)"), None);
    let unknown = Context { focus: vec![TypeId::NONE], ..Context::default() };
    let open = Expression::compile("a.exists()", &world.table, &unknown).unwrap();
    assert_eq!(open.vacuity().unwrap().result, Some(false));
}

/// Says that every other node conforms, and that one set has all members.
struct Says;

impl Hooks for Says {
    fn conforms_to(&self, _: u8, node: NodeId, canonical: &str) -> Result<bool, NotEvaluable> {
        match canonical {
            "http://x/unknown" => Err(NotEvaluable::missing("not here")),
            _ => Ok(node.0.is_multiple_of(2)),
        }
    }

    fn member_of(&self, item: &Item<'_>, set: &str) -> Result<bool, NotEvaluable> {
        Ok(matches!(item, Item::Node(0, _)) && set == "http://x/men")
    }
}

#[test]
fn the_quick_answer_is_the_evaluators() {
    let world = world(PATIENT);
    let scene = Scene {
        trees: &[&world.tree],
        table: &world.table,
        now: Timestamp::UNIX_EPOCH,
        references: None,
        hooks: &Says,
    };
    let (mut memory, mut answered) = (Memory::new(), 0);
    for node in world.tree.descend(NodeId(0)) {
        let focus = vec![world.tree.node(node).type_id];
        for text in [
            "name.all(given.exists())",
            "name.all(family.exists())",
            "name.all(use = 'usual')",
            "name.exists(use = 'usual')",
            "name.exists(use = 'old')",
            "name.all(given.all($this = 'Jim'))",
            "telecom.all(false)",
            "name.all(%context.active.exists())",
            "name.given.all($this.exists() and %context.name.count() = 2)",
            "name.all(conformsTo('http://x'))",
            "name.exists(conformsTo('http://x'))",
            "conformsTo('http://x')",
            "name.conformsTo('http://x')",
            "telecom.conformsTo('http://x')",
            "name.all(conformsTo('http://x/unknown'))",
            "gender.memberOf('http://x/men')",
            "name.all(conformsTo('http://x') and use.memberOf('http://x/women').not())",
            "name.exists(use)",
            "name.all(count())",
        ] {
            let context = Context { focus: focus.clone(), ..Context::default() };
            let Ok(expression) = Expression::compile(text, &world.table, &context) else {
                continue;
            };
            let quickly =
                quick_truth(&expression.code, &world.table, &world.tree, node, Some(&Says), &mut 0);
            let slowly = expression.test(&scene, 0, node, &mut memory);
            if let Some(quickly) = quickly {
                assert_eq!(slowly, Ok(Some(quickly)), "{text} on node {}", node.0);
                answered += 1;
            }
        }
    }
    assert!(answered > 15, "{answered}");
}
