//! The generator on small schemas of our own.

use super::{Schemas, Wanted, derive};

fn model(schema: &str, root: &str) -> Vec<String> {
    let mut schemas = Schemas::new();
    schemas.add("letter.xsd", &schema.to_owned().into()).unwrap();
    let wanted =
        Wanted { root, url: "http://example.org/models/Letter", leave_out: &[], payloads: &[] };
    let model = derive(&schemas, &wanted).unwrap();
    let lines = model.elements.iter().map(|e| {
        let max = e.max.map_or("*".to_owned(), |m| m.to_string());
        format!(
            "{} {}..{max} {:?} {:?} {}",
            e.path,
            e.min,
            e.held,
            e.written,
            e.invariants.iter().map(|i| &*i.1).collect::<Vec<_>>().join("; ")
        )
    });
    lines.collect()
}

const HEAD: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:letters"
    targetNamespace="urn:letters" elementFormDefault="qualified">"#;

#[test]
fn elements_attributes_and_types_in_place() {
    let schema = format!(
        r#"{HEAD}<xs:element name="Letter"><xs:complexType><xs:sequence>
        <xs:element name="Sent" type="xs:date" minOccurs="0"/>
        <xs:element ref="Name" maxOccurs="unbounded"/>
        <xs:element name="Weight"><xs:complexType><xs:simpleContent><xs:extension base="xs:decimal">
            <xs:attribute name="unit" type="Short" use="required"/></xs:extension></xs:simpleContent></xs:complexType></xs:element>
        <xs:element name="Own" type="xs:anyType"/></xs:sequence></xs:complexType></xs:element>
        <xs:element name="Name" type="Short"/>
        <xs:simpleType name="Short"><xs:restriction base="xs:string"><xs:maxLength value="35"/></xs:restriction></xs:simpleType>
        </xs:schema>"#
    );
    let lines = model(&schema, "Letter");
    assert_eq!(
        lines,
        [
            "Letter 0..* Root Element ",
            r#"Letter.Sent 0..1 Type("date") Element "#,
            r#"Letter.Name 1..* Type("string") Element "#,
            r#"Letter.Weight 1..1 Type("BackboneElement") Element "#,
            r#"Letter.Weight.unit 1..1 Type("string") Attribute "#,
            r#"Letter.Weight.value 0..1 Type("decimal") Text "#,
            r#"Letter.Own 1..1 Type("BackboneElement") Element "#,
            r#"Letter.Own.text 0..* Type("string") Text "#,
        ]
    );
}

#[test]
fn a_choice_is_optional_children_and_an_invariant() {
    let schema = format!(
        r#"{HEAD}<xs:element name="Letter"><xs:complexType><xs:sequence><xs:choice>
        <xs:element name="Link" type="xs:string"/>
        <xs:sequence><xs:element name="Size" type="xs:int"/><xs:element name="Kind" type="xs:string"/></xs:sequence>
        </xs:choice></xs:sequence></xs:complexType></xs:element></xs:schema>"#
    );
    let lines = model(&schema, "Letter");
    assert_eq!(
        lines[0],
        "Letter 0..* Root Element \
         iif(Link.exists(), 1, 0) + iif(Size.exists() or Kind.exists(), 1, 0) = 1"
    );
    assert!(lines[1..].iter().all(|line| line.contains(" 0..1 ")), "{lines:?}");
}

#[test]
fn mixed_content_has_its_text_beside_its_elements() {
    let schema = format!(
        r#"{HEAD}<xs:element name="Letter" type="Formatted"/>
        <xs:complexType name="Formatted" mixed="true"><xs:choice minOccurs="0" maxOccurs="unbounded">
        <xs:element name="Break"><xs:complexType/></xs:element>
        <xs:element name="Bold" type="Formatted"/></xs:choice></xs:complexType></xs:schema>"#
    );
    assert_eq!(
        model(&schema, "Letter"),
        [
            "Letter 0..* Root Element ",
            r#"Letter.text 0..* Type("string") Text "#,
            r#"Letter.Break 0..* Type("Element") Element "#,
            r#"Letter.Bold 0..* SameAs("Letter") Element "#,
        ]
    );
}

#[test]
fn an_extension_keeps_its_bases_parts_first_and_a_restriction_says_its_own() {
    let schema = format!(
        r#"{HEAD}<xs:complexType name="Base"><xs:sequence><xs:element name="Id" type="xs:string"/>
        <xs:element name="Old" type="xs:string" minOccurs="0"/></xs:sequence></xs:complexType>
        <xs:element name="More"><xs:complexType><xs:complexContent><xs:extension base="Base"><xs:sequence>
        <xs:element name="New" type="xs:string"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType></xs:element>
        <xs:element name="Less"><xs:complexType><xs:complexContent><xs:restriction base="Base"><xs:sequence>
        <xs:element name="Id" type="xs:string"/></xs:sequence></xs:restriction></xs:complexContent></xs:complexType></xs:element>
        </xs:schema>"#
    );
    let names = |root: &str| -> Vec<String> {
        let lines = model(&schema, root);
        lines[1..].iter().map(|l| l.split(' ').next().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(names("More"), ["More.Id", "More.Old", "More.New"]);
    assert_eq!(names("Less"), ["Less.Id"]);
}

#[test]
fn what_is_missing_is_said_with_its_place() {
    let schema = format!("{HEAD}\n<xs:element name=\"Letter\" type=\"Nowhere\"/></xs:schema>");
    let mut schemas = Schemas::new();
    schemas.add("letter.xsd", &schema.into()).unwrap();
    let wanted = Wanted { root: "Letter", url: "urn:x", leave_out: &[], payloads: &[] };
    let fault = derive(&schemas, &wanted).unwrap_err();
    assert_eq!(fault.origin.line, 3);
    assert!(fault.text.contains("`Nowhere`"), "{fault}");
}

#[test]
fn the_json_names_the_namespace_and_says_everything_twice() {
    let schema = format!("{HEAD}<xs:element name=\"Letter\" type=\"xs:string\"/></xs:schema>");
    let mut schemas = Schemas::new();
    assert!(schemas.add("letter.xsd", &schema.into()).unwrap().is_empty());
    let wanted = Wanted { root: "Letter", url: "urn:x", leave_out: &[], payloads: &[] };
    let json = derive(&schemas, &wanted).unwrap().to_json();
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["extension"][0]["valueUri"], "urn:letters");
    assert_eq!(value["snapshot"], value["differential"]);
}

#[test]
fn a_place_for_any_element_holds_the_models_that_are_named_for_it() {
    let schema = format!(
        r#"{HEAD}<xs:element name="Letter"><xs:complexType><xs:sequence>
        <xs:element name="Content"><xs:complexType><xs:sequence><xs:any maxOccurs="unbounded"/>
        </xs:sequence></xs:complexType></xs:element>
        <xs:element name="Other"><xs:complexType><xs:sequence><xs:any/></xs:sequence></xs:complexType></xs:element>
        </xs:sequence></xs:complexType></xs:element></xs:schema>"#
    );
    let mut schemas = Schemas::new();
    schemas.add("letter.xsd", &schema.into()).unwrap();
    let payloads = [("Content".to_owned(), "urn:a".to_owned()), ("Content".into(), "urn:b".into())];
    let wanted = Wanted { root: "Letter", url: "urn:x", leave_out: &[], payloads: &payloads };
    let json = derive(&schemas, &wanted).unwrap().to_json();
    assert!(json.contains(
        r#""Letter.Content.any[x]","min":1,"max":"*","type":[{"code":"urn:a"},{"code":"urn:b"}]"#
    ));
    assert!(json.contains(r#""Letter.Other.any","min":1,"max":"1","type":[{"code":"Element"}]"#));
}
