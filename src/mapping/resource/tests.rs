//! Resources become the maps that their text would be.

use super::{is_structure_map, read};
use crate::mapping::print;

fn printed(text: &str) -> String {
    let (map, faults) = read("a", text);
    assert_eq!(faults, [], "in {text}");
    let once = print(&map);
    let (again, faults) = read("a", &once);
    assert_eq!(faults, [], "in {once}");
    assert_eq!(print(&again), once);
    once
}

const WANTED: &str = r##"/// url = 'http://x'
/// name = 'n'

conceptmap "c" {
  prefix s = "urn:s"
  prefix t = "urn:t"

  s:a == t:b
  s:"c d" --
}

uses "http://a" alias A as source
uses "http://b" as target

imports "http://x/*"

// about the group
group g(source src : A, target tgt) extends h <<type+>> {
  // about the rule
  src.a : string 0..1 default 'no' first as v where (v.exists()) -> tgt.b = v, tgt.c = (v & 'x') as w share k then other(v, w) "one";
  src.b -> tgt.b "two";
  src.c as c -> tgt.d = evaluate(c, $this.x), tgt.e = translate(c, '#c', 'code'), tgt as t2 then {
    c.x -> t2.y "four";
  } "three";
}
"##;

#[test]
fn json_of_r4_and_r5() {
    let json = |dependent: &str, default: &str| {
        format!(
            r##"
{{"resourceType":"StructureMap","url":"http://x","name":"n",
"contained":[{{"resourceType":"ConceptMap","id":"c","group":[{{"source":"urn:s","target":"urn:t","element":[
  {{"code":"a","target":[{{"code":"b","equivalence":"equivalent"}}]}},
  {{"code":"c d","target":[{{"equivalence":"unmatched"}}]}}]}}]}}],
"structure":[{{"url":"http://a","mode":"source","alias":"A"}},{{"url":"http://b","mode":"target"}}],
"import":["http://x/*"],
"group":[{{"name":"g","extends":"h","typeMode":"type-and-types","documentation":"about the group",
"input":[{{"name":"src","type":"A","mode":"source"}},{{"name":"tgt","mode":"target"}}],
"rule":[{{"name":"one","documentation":"about the rule",
  "source":[{{"context":"src","element":"a","type":"string","min":0,"max":"1","{default}":"no","listMode":"first",
    "variable":"v","condition":"v.exists()"}}],
  "target":[{{"context":"tgt","contextType":"variable","element":"b","transform":"copy","parameter":[{{"valueId":"v"}}]}},
    {{"context":"tgt","element":"c","variable":"w","listMode":["share"],"listRuleId":"k","transform":"evaluate",
     "parameter":[{{"valueString":"v & 'x'"}}]}}],
  "dependent":[{{"name":"other",{dependent}}}]}},
 {{"name":"two","source":[{{"context":"src","element":"b","variable":"vvv"}}],
  "target":[{{"context":"tgt","element":"b","variable":"vvv","transform":"create"}}]}},
 {{"name":"three","source":[{{"context":"src","element":"c","variable":"c"}}],
  "target":[{{"context":"tgt","element":"d","transform":"evaluate","parameter":[{{"valueId":"c"}},{{"valueString":"$this.x"}}]}},
   {{"context":"tgt","element":"e","transform":"translate","parameter":[{{"valueId":"c"}},{{"valueString":"#c"}},{{"valueString":"code"}}]}},
   {{"variable":"t2","transform":"copy","parameter":[{{"valueId":"tgt"}}]}}],
  "rule":[{{"name":"four","source":[{{"context":"c","element":"x","variable":"vvv"}}],
   "target":[{{"context":"t2","element":"y","variable":"vvv","transform":"create"}}]}}]}}]}}]}}"##
        )
    };
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let r4 = json(r#""variable":["v","w"]"#, "defaultValueString");
    let r5 = json(r#""parameter":[{"valueId":"v"},{"valueId":"w"}]"#, "defaultValue");
    for text in [r4, format!("\u{feff}{r5}")] {
        assert!(is_structure_map(&text));
        assert_eq!(words(&printed(&text)), words(WANTED));
    }
}

#[test]
fn xml_too() {
    let xml = r#"<?xml version="1.0"?><!-- x --><StructureMap xmlns="http://hl7.org/fhir"><url value="u"/><name value="n"/>
        <structure><url value="http://a"/><mode value="source"/></structure>
        <const><name value="k"/><value value="'x'"/></const>
        <group><name value="g"/><typeMode value="none"/><input><name value="s"/><mode value="source"/></input>
        <rule><source><context value="s"/><element value="value[x]"/><logMessage value="'dropped: no'"/></source></rule>
        </group></StructureMap>"#;
    assert!(is_structure_map(xml));
    let made = printed(xml);
    assert!(made.contains("let k = 'x';"), "{made}");
    assert!(made.contains("s.value log ('dropped: no');"), "{made}");
}

#[test]
fn what_is_missing_is_located() {
    let text = "{\"resourceType\":\"StructureMap\",\"url\":\"u\",\n\"group\":[{\"name\":\"g\",\"rule\":[{\"name\":\"r\"}]}]}";
    let (_, faults) = read("a.json", text);
    let said: Vec<_> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["a.json:2:30: error[map-syntax]: this rule has no source"]);
    assert!(!is_structure_map("{\"resourceType\":\"ConceptMap\"}"));
    let (_, faults) = read("a.json", "{\"resourceType\":\"Patient\"}");
    assert_eq!(faults.len(), 1);
}
