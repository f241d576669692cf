//! Printing: stable, nothing lost, meaning kept.

use super::print;
use crate::mapping::{ast, parse};

fn printed(text: &str) -> String {
    let (map, faults) = parse("a.fml", text);
    assert_eq!(faults, [], "in {text}");
    let once = print(&map);
    let (again, faults) = parse("a.fml", &once);
    assert_eq!(faults, [], "in {once}");
    assert_eq!(print(&again), once, "printing is not stable");
    assert_eq!(shape(&again), shape(&map), "in {once}");
    once
}

/// A map without its places.
fn shape(map: &ast::Map) -> String {
    let said = format!("{:?}", (&map.url, &map.name, &map.uses, &map.imports, &map.groups));
    let mut out = String::new();
    let mut rest = &*said;
    let places = [" at: ", " braces: ("];
    while let Some((at, place)) = places.iter().filter_map(|p| Some((rest.find(p)?, p))).min() {
        out.push_str(&rest[..at]);
        let numbers = &rest[at + place.len()..];
        let end = numbers.find(|c: char| !c.is_ascii_digit() && !matches!(c, ',' | ' '));
        rest = &numbers[end.unwrap_or(numbers.len())..];
    }
    out.push_str(rest);
    // What printing may change: parentheses around clauses, an expression's form.
    out.replace(['(', ')', ' '], "").replace("condition:SomeFragment", "c:")
}

#[test]
fn a_map_in_its_canonical_form() {
    let text = "map \"u\" = \"n\"\n// about\nuses \"a\" alias A as source // doc\n\n\nimports \"b\"\n\
                group g( source s:A ,target t ) extends h <<types>>  { // first\n// own\n\ts.a as x where y=1 -> t.b=x r1;\n\n\
                s.c then { s.d -> t.e ; // behind\n // last\n } \"n\"; /* block */\n}\n// end\n";
    let expected = "map \"u\" = \"n\"\n// about\nuses \"a\" alias A as source // doc\n\nimports \"b\"\n\n\
                    group g(source s : A, target t) extends h <<types>> { // first\n  // own\n  \
                    s.a as x where (y=1) -> t.b = x \"r1\";\n\n  s.c then {\n    s.d -> t.e; // behind\n    // last\n  \
                    } \"n\"; /* block */\n}\n// end\n";
    let made = printed(text);
    assert!(made.contains("s.a as x where (y=1) -> t.b = x \"r1\";"), "{made}");
    let made_lines: Vec<_> = made.lines().collect();
    let wanted: Vec<_> = expected.lines().collect();
    assert_eq!(
        made_lines.iter().filter(|l| !l.is_empty()).collect::<Vec<_>>(),
        wanted.iter().filter(|l| !l.is_empty()).collect::<Vec<_>>(),
        "{made}"
    );
}

#[test]
fn long_rules_are_broken_and_comments_inside_them_kept() {
    let text = "/// url = 'u'\n/// name = \"n\"\ngroup g(source s, target t) {\n  s.abcdefghijklmnop as x // why\n \
                where (x.exists() /* in */ and true) -> t.abcdefghijklmnop = create('Abcdefghijklmnop') as y, // that\n \
                y.abcdefghijklmnop = x then h(x, y) \"name\";\n}";
    let made = printed(text);
    for piece in ["// why\n", "// that\n", "/* in */", "    -> t.abc", "    then h(x, y) \"name\";"]
    {
        assert_eq!(made.matches(piece).count(), 1, "{piece} in {made}");
    }
}

#[test]
fn concept_maps_constants_and_odd_names() {
    let text = "/// url = 'u'\n/// text = \"\"\"a\nb\"\"\"\nconceptmap \"#c\" { prefix s = 'a' // s\n prefix t = 'b'\n \
                unmapped for s = provided\n s:\"x-y\" == t:\"y z\" // line\n s:1 -- }\nlet k = 'x' & 'y';\n\
                group `g h`(source s : 'http://x', target t) {\n s.`a b` as c-1 0..1 default 'x' log 'l' -> t.a.b = c-1 share q, \
                evaluate(c-1, $this) as e, append('it\\'s', (e)) as f, t.c = ($this); s.value[x] then {}; }";
    let made = printed(text);
    for piece in
        ["s:\"x-y\" == t:\"y z\" // line", "let k = 'x' & 'y';", "`a b`", "t.a.b = c-1 share q"]
    {
        assert!(made.contains(piece), "{piece} in {made}");
    }
}

#[test]
fn one_argument_of_evaluate_is_an_expression() {
    let text = "map 'u' = 'n' group g(source s, target t) { s -> t.a = evaluate(s.a + 1); }";
    let (map, _) = parse("a.fml", text);
    assert!(print(&map).contains("t.a = (s.a + 1);"));
}
