//! Maps in the language's older forms, and in every style of quotes, names and comments that maps are written in:
//! they parse, print as the newer form, check, and run.

use super::lenient::run;
use super::{Materials, Plans, parse, print};

const OLD: &str = r##"map "urn:x/Old2to3" = "R2 to R3 of a thing"

conceptmap "gender" {
  source "http://a/vs"
  target "http://b/vs"
  prefix s = "http://hl7.org/fhir/administrative-gender"
  prefix t = "http://hl7.org/fhir/administrative-gender"
  unmapped for s = provided
  s:m == t:male // said
  s:"f x" <= t:"female"
  s:none -- t:x
}

uses "http://hl7.org/fhir/DSTU2/StructureDefinition/Patient" alias PatientR2 as source
uses "http://hl7.org/fhir/StructureDefinition/Patient" alias PatientR3 as target
imports "urn:x/*2to3"

group for type+types Patient extends Any
  input src : PatientR2 as source
  input tgt : PatientR3 as target

  "Patient.active" : for src.active make tgt.active
  Patient.gender : for src.gender as g make tgt.gender = translate(g, "#gender", "code") // a comment
  "name" : for src.name as n make tgt.name as m then HumanName(n, m)
  "birth" : for src.birthDate as b where %b.exists() and b.toString() > '1900' make tgt.birthDate = evaluate(b, %b)
  "dead" : for src.deceased : boolean as d make tgt.deceased = create("boolean") as e then {
    "inner" : for d.value as v make e.value = v
    for d where value.exists() make e.id = ('x' & "y")
  }
endgroup

group for types HumanName
  input src : HumanName as source;
  input tgt : HumanName as target;
  "f.1" : for src.family as f make tgt.family = append(f, '!') as g first
  "g" : for src.given make tgt.given
endgroup

group for types Any(source src, target tgt) {
  src.id -> tgt.id;
}
"##;

const PATIENT: &str = r#"{"resourceType":"Patient","id":"p","active":true,"gender":"m","birthDate":"1970-03-25",
    "name":[{"family":"A","given":["b","c"]}],"deceasedBoolean":true}"#;

#[test]
fn the_older_form_of_groups_runs() {
    let (json, issues) = run(&[OLD], PATIENT);
    assert_eq!(issues, Vec::<String>::new());
    for piece in [
        r#""id":"p""#,
        r#""active":true"#,
        r#""gender":"male""#,
        r#""name":[{"family":"A!","given":["b","c"]}]"#,
        r#""birthDate":"1970-03-25""#,
        r#""deceasedBoolean":true"#,
        r#""_deceasedBoolean":{"id":"xy"}"#,
    ] {
        assert!(json.contains(piece), "{piece} in {json}");
    }
}

#[test]
fn the_older_form_prints_as_the_newer_one() {
    let (map, faults) = parse("old.map", OLD);
    assert_eq!(faults, []);
    let text = print(&map);
    let (again, faults) = parse("new.map", &text);
    assert_eq!(faults, []);
    assert_eq!(print(&again), text);
    for piece in [
        "group Patient(source src : PatientR2, target tgt : PatientR3) extends Any <<type+>> {",
        "  src.name as n -> tgt.name as m then HumanName(n, m) \"name\";",
        "group HumanName(source src : HumanName, target tgt : HumanName) <<types>> {",
        "  source \"http://a/vs\"",
        "// a comment",
    ] {
        assert!(text.contains(piece), "{piece} in {text}");
    }
}

#[test]
fn faults_in_the_older_form_are_located_and_the_next_rule_is_read() {
    let text = "map 'u' = 'n'\ngroup for types A\n  input s as source\n  input t as target\n  \
                \"a\" : for s.a make -> t.b\n  \"b\" : for s.c make t.d\nendgroup\n\
                group B\n  input s source\nendgroup\n";
    let (map, faults) = parse("a.map", text);
    let said: Vec<_> = faults.iter().map(ToString::to_string).collect();
    assert!(said[0].starts_with("a.map:5:"), "{said:#?}");
    assert!(said.iter().any(|one| one.starts_with("a.map:9:11")), "{said:#?}");
    assert_eq!(map.groups[0].rules.last().and_then(|r| r.name.as_deref()), Some("b"));
}

const STYLES: &str = r#"/// url = "urn:x/Styles"
/// name = 'Styles'
/// title = "A title with = and 'quotes' in it"
/// date = 2024-01-01
/// description = """many
lines"""
/* a block
   comment */
uses "http://hl7.org/fhir/StructureDefinition/Patient" alias In as source // said
uses "http://hl7.org/fhir/StructureDefinition/Patient" alias Out as target;
imports "urn:x/nothing/*";

// before a group
group Styles(source "the src" : "In", target `the tgt` : 'Out') <<types>> { // behind the brace
  // before a rule
  'the src'.identifier -> `the tgt`.identifier; // behind a rule
  "the src".active as v -> 'the tgt'.active = v "active";
  `the src`.gender as g default "unknown" -> `the tgt`.gender = g 'single';
  `the src`.name first as n log "only the first" -> `the tgt`.name as m, m.text = (n.family & " " & %n.given.first()) then {
    n.given not_first as later -> m.given = later;
    n.given last as l check $this.length() > 0 -> m.suffix = l rule-with-dash;
  };
  `the src` as s where s.active = true and "b" = 'b' -> `the tgt`.language = 'da' r.dotted;
  `the src` as s -> `the tgt`.implicitRules = append("urn:", s.id, ':c') share_rule;
  `the src`.contact as c -> `the tgt`.contact share k as d then { c.name -> d.name; };
  `the src`.contact as c -> `the tgt`.contact share k as d then { c.gender as x -> d.gender = x; };
  `the src`.link as l -> `the tgt`.link = create("BackboneElement") as k then Link(l, k);
  `the src`.multipleBirth[x] : integer as b -> `the tgt`.multipleBirth = b "mb";
  `the src`.maritalStatus as ms /* here too */ -> `the tgt`.maritalStatus = cc("http://x", "y", 'z');
  `the src`.maritalStatus.* as any where $this is string -> `the tgt`.id = evaluate(any, %any.substring(0, 1));
}
group Link(source src, target tgt) { src.type -> tgt.type; };
"#;

#[test]
fn quotes_names_and_comments_of_every_style_run() {
    let source = r#"{"resourceType":"Patient","id":"p","active":true,"identifier":[{"value":"1"}],
        "name":[{"family":"A","given":["b","c"]},{"family":"N"}],"multipleBirthInteger":2,
        "contact":[{"name":{"family":"D"},"gender":"female"}],"link":[{"type":"seealso"}],
        "maritalStatus":{"text":"qx"}}"#;
    let (json, issues) = run(&[STYLES], source);
    assert_eq!(issues, Vec::<String>::new());
    for piece in [
        r#""gender":"unknown""#,
        r#""language":"da""#,
        r#""implicitRules":"urn:p:c""#,
        r#"[{"text":"A b","given":["c"],"suffix":["c"]}]"#,
        r#""contact":[{"name":{"family":"D"},"gender":"female"}]"#,
        r#""link":[{"type":"seealso"}]"#,
        r#""multipleBirthInteger":2"#,
        r#"{"coding":[{"system":"http://x","code":"y","display":"z"}]}"#,
        r#""id":"q""#,
    ] {
        assert!(json.contains(piece), "{piece} in {json}");
    }
    let (map, _) = parse("a.map", STYLES);
    let text = print(&map);
    assert_eq!(print(&parse("b.map", &text).0), text);
    assert!(text.contains(".maritalStatus.* as any"), "{text}");
}

const SEARCH: &str = "map 'u' = 'n'\nuses \"http://hl7.org/fhir/StructureDefinition/Patient\" alias Patient as source\n\
    uses \"http://hl7.org/fhir/StructureDefinition/Basic\" alias Basic as target\n\
    group g(source src : Patient, target tgt : Basic) {\n\
      src.id -> tgt.id;\n  search('Patient?identifier=' & src.id) as found -> tgt.code = cc('a', 'b');\n\
      @search( 'x' ) as other -> tgt.language = 'da';\n}\n";

#[test]
fn a_search_finds_nothing_and_says_so() {
    let (json, issues) = run(&[SEARCH], r#"{"resourceType":"Patient","id":"p"}"#);
    assert_eq!(json, r#"{"resourceType":"Basic","id":"p"}"#);
    assert_eq!(issues.len(), 2);
    assert!(issues[0].contains("nothing to search in"), "{issues:?}");
    let text = print(&parse("a.map", SEARCH).0);
    assert!(text.contains("search('Patient?identifier=' & src.id) as found"), "{text}");
    assert!(text.contains("search('x') as other"), "{text}");
    let wrong = SEARCH.replace("src.id)", "src.idd)");
    let (map, _) = parse("a.map", &wrong);
    let materials = Materials { table: super::bench::table(), concepts: &[] };
    let (_, said) = Plans::build_lenient(&[map], &materials);
    assert!(said.iter().any(|one| one.refuses() && one.origin.line == 6), "{said:#?}");
}
