//! Typing, over the embedded core and over a small model.

use super::*;
use crate::definitions::core::Core;
use crate::definitions::tables::TableBuilder;

fn table() -> Table {
    let mut builder = TableBuilder::new();
    for outline in Core::embedded().outlines() {
        builder.add(outline);
    }
    let (table, missing) = builder.build(&[]);
    assert_eq!(missing, Vec::<Box<str>>::new());
    table
}

struct Made {
    tree: Tree,
    table: Table,
}

impl Made {
    fn new(resource: &str) -> Made {
        let table = table();
        let mut tree = Tree::new(table.names().clone());
        let name = tree.name_id(resource);
        let root = tree.add(None, Kind::Element, name, 0);
        let name = tree.keep(resource);
        tree.set_resource_type(root, name);
        Made { tree, table }
    }

    fn add(&mut self, parent: NodeId, name: &str) -> NodeId {
        let name = self.tree.name_id(name);
        self.tree.add(Some(parent), Kind::Element, name, 0)
    }

    fn value(&mut self, parent: NodeId, name: &str) -> NodeId {
        let id = self.add(parent, name);
        let value = self.tree.keep("x");
        self.tree.set_value(id, value, Token::String);
        id
    }

    fn issues(&mut self) -> Vec<(&'static str, NodeId)> {
        let mut issues = Vec::new();
        type_tree(&mut self.tree, &self.table, &mut issues);
        issues.iter().map(|i| (i.kind.id, i.place.node.unwrap())).collect()
    }

    fn types(&self, id: NodeId) -> (&str, &str) {
        let node = self.tree.node(id);
        let element = &self.table.element(node.element).path;
        (element, &self.table.type_of(node.type_id).name)
    }
}

const ROOT: NodeId = NodeId(0);

#[test]
fn a_choice_is_its_element_with_the_type_its_name_says() {
    let mut made = Made::new("Observation");
    let quantity = made.add(ROOT, "valueQuantity");
    let code = made.value(quantity, "code");
    assert_eq!(made.issues(), []);
    assert_eq!(made.types(quantity), ("Observation.value[x]", "Quantity"));
    assert_eq!(made.types(code), ("Quantity.code", "code"));
}

#[test]
fn a_nested_resource_starts_a_scope_of_its_own() {
    let mut made = Made::new("Bundle");
    let entry = made.add(ROOT, "entry");
    let resource = made.add(entry, "resource");
    let birth = made.value(resource, "birthDate");
    assert_eq!(made.issues(), [("typing-missing-type", resource)]);
    let name = made.tree.keep("Patient");
    made.tree.set_resource_type(resource, name);
    assert_eq!(made.issues(), []);
    assert_eq!(made.types(resource), ("Bundle.entry.resource", "Patient"));
    assert_eq!(made.types(birth), ("Patient.birthDate", "date"));
    let name = made.tree.keep("DomainResource");
    made.tree.set_resource_type(resource, name);
    assert_eq!(made.issues(), [("typing-unknown-type", resource)]);
}

#[test]
fn what_is_unknown_is_said_once_and_stays_untyped() {
    let mut made = Made::new("Patient");
    let unknown = made.add(ROOT, "nam");
    let below = made.value(unknown, "given");
    assert_eq!(made.issues(), [("typing-unknown-element", ROOT)], "its parent holds too much");
    assert_eq!(made.tree.node(below).type_id, TypeId::NONE);
    assert_eq!(Made::new("Patent").issues(), [("typing-unknown-type", ROOT)]);
}

#[test]
fn content_references_and_backbones_have_types() {
    let mut made = Made::new("Bundle");
    let entry = made.add(ROOT, "entry");
    let link = made.add(entry, "link");
    made.tree.node_mut(link).marks.set(Marks::IN_ARRAY);
    let url = made.value(link, "url");
    assert_eq!(made.issues(), []);
    assert_eq!(made.types(entry), ("Bundle.entry", "Bundle.entry"));
    assert_eq!(made.types(url), ("Bundle.link.url", "uri"));
}

#[test]
fn values_and_objects_in_each_others_places() {
    let mut made = Made::new("Patient");
    let name = made.value(ROOT, "maritalStatus");
    let birth = made.add(ROOT, "birthDate");
    made.tree.node_mut(birth).token = Token::Object;
    let list = made.value(ROOT, "gender");
    made.tree.node_mut(list).marks.set(Marks::IN_ARRAY);
    let contact = made.add(ROOT, "contact");
    made.tree.node_mut(contact).token = Token::Object;
    assert_eq!(
        made.issues(),
        [
            ("typing-value-for-complex", name),
            ("typing-object-for-primitive", birth),
            ("typing-array-unexpected", list),
            ("typing-array-expected", contact),
        ]
    );
}

#[test]
fn a_primitive_has_an_id_and_extensions_but_no_value_below_it() {
    let mut made = Made::new("Patient");
    let birth = made.value(ROOT, "birthDate");
    let extension = made.add(birth, "extension");
    made.value(extension, "valueDateTime");
    made.value(birth, "value");
    assert_eq!(made.issues(), [("typing-unknown-element", birth)]);
}

/// A model in a namespace of its own, with an attribute and character data.
const MODEL: &str = r#"{"resourceType":"StructureDefinition","url":"urn:m","name":"M","kind":"logical",
    "abstract":false,"type":"urn:m","derivation":"specialization",
    "extension":[{"url":"http://hl7.org/fhir/tools/StructureDefinition/xml-namespace","valueUri":"urn:n"}],
    "snapshot":{"element":[{"id":"M","path":"M"},
    {"id":"M.no","path":"M.no","representation":["xmlAttr"],"max":"1","type":[{"code":"string"}]},
    {"id":"M.part","path":"M.part","type":[{"code":"Element"}]},
    {"id":"M.part.text","path":"M.part.text","representation":["xmlText"],"type":[{"code":"string"}]},
    {"id":"M.part.sub","path":"M.part.sub","type":[{"code":"date"}]}]}}"#;

/// Reads and types a document of the model: what is said, at which line-less place of the text.
fn model(document: &str) -> Vec<(&'static str, String)> {
    let mut builder = crate::definitions::LibraryBuilder::new();
    builder.add_json("m.json", MODEL);
    let (library, diagnostics) = builder.build();
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let mut tree = Tree::new(library.names().clone());
    let mut issues = Vec::new();
    assert!(crate::format::xml::read(document.into(), &mut tree, &mut issues), "{issues:?}");
    type_tree(&mut tree, library.table(), &mut issues);
    let name = |n: NodeId| tree.name_text(tree.node(n).name).to_owned();
    issues.iter().map(|i| (i.kind.id, i.place.node.map_or(String::new(), name))).collect()
}

#[test]
fn a_models_attributes_and_text_are_elements() {
    let schema = "xmlns:x='http://www.w3.org/2001/XMLSchema-instance' x:schemaLocation='a b'";
    let document = format!(
        "<M xmlns='urn:n' no='1' {schema}><part>text</part><part><sub>2024-01-01</sub></part></M>"
    );
    assert_eq!(model(&document), []);
}

#[test]
fn what_a_model_does_not_know_is_said() {
    let told = |document: &str| model(document);
    assert_eq!(told("<N xmlns='urn:n'/>"), [("typing-unknown-root", "N".into())]);
    assert_eq!(told("<M/>"), [("typing-unknown-root", "M".into())]);
    assert_eq!(told("<M xmlns='urn:n' at='1'/>"), [("typing-unknown-element", "at".into())]);
    let other = "<M xmlns='urn:n'><part xmlns='urn:o'/></M>";
    assert_eq!(told(other), [("typing-wrong-namespace", "part".into())]);
    let text = "<M xmlns='urn:n'>a<part/></M>";
    assert_eq!(told(text), [("typing-unexpected-text", String::new())]);
}

/// A model that holds documents of two others, whose roots are called alike.
fn holding(document: &str) -> (Vec<&'static str>, String) {
    let held = |url: &str, namespace: &str, element: &str| {
        format!(
            r#"{{"resourceType":"StructureDefinition","url":"{url}","name":"D","kind":"logical",
            "abstract":false,"type":"{url}","derivation":"specialization",
            "extension":[{{"url":"http://hl7.org/fhir/tools/StructureDefinition/xml-namespace","valueUri":"{namespace}"}}],
            "snapshot":{{"element":[{{"id":"D","path":"D"}},
            {{"id":"D.{element}","path":"D.{element}","type":[{{"code":"string"}}]}}]}}}}"#
        )
    };
    let holder = held("urn:m", "urn:n", "x").replace("\"D", "\"M").replace("M.x\"", "M.any[x]\"");
    let holder = holder.replace(r#"{"code":"string"}"#, r#"{"code":"urn:one"},{"code":"urn:two"}"#);
    let mut builder = crate::definitions::LibraryBuilder::new();
    builder.add_json("m.json", &holder);
    builder.add_json("one.json", &held("urn:one", "urn:v1", "old"));
    builder.add_json("two.json", &held("urn:two", "urn:v2", "new"));
    let (library, diagnostics) = builder.build();
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let mut tree = Tree::new(library.names().clone());
    let mut issues = Vec::new();
    assert!(crate::format::xml::read(document.into(), &mut tree, &mut issues), "{issues:?}");
    type_tree(&mut tree, library.table(), &mut issues);
    let mut out = Vec::new();
    let charset = crate::format::charset::Charset::Utf8;
    crate::format::xml::write(&tree, library.table(), ROOT, charset, &mut out).unwrap();
    let written = String::from_utf8(out).unwrap();
    (
        issues.iter().map(|i| i.kind.id).collect(),
        written.replacen("<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "", 1),
    )
}

#[test]
fn a_document_in_another_is_of_the_model_of_its_namespace() {
    let one = r#"<M xmlns="urn:n"><D xmlns="urn:v1"><old>a</old></D></M>"#;
    let two = r#"<M xmlns="urn:n"><D xmlns="urn:v2"><new>a</new></D></M>"#;
    for document in [one, two] {
        assert_eq!(holding(document), (vec![], document.to_owned()));
    }
    let mixed = r#"<M xmlns="urn:n"><D xmlns="urn:v2"><old>a</old></D></M>"#;
    assert_eq!(holding(mixed).0, ["typing-unknown-element"]);
    let unknown = r#"<M xmlns="urn:n"><D xmlns="urn:v3"><new>a</new></D></M>"#;
    assert_eq!(holding(unknown).0, ["typing-wrong-namespace"]);
}
