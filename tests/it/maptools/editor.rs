//! Editor support: the grammar colours a map as it should, and the matcher finds what `map check` prints.
//!
//! The grammar keeps to what every engine knows, so that a small one here can apply it: matches, captures,
//! begin and end, includes.

use super::tools::{MAP, examples, printed};
use crate::support::{self, Needs, trial};
use libtest_mimic::{Failed, Trial};
use regex::Regex;
use serde_json::Value;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let trial = |name, run: fn() -> Result<(), Failed>| trial(name, Needs::Nothing, run);
    vec![
        trial("editor: the matcher finds what map check prints", matched),
        trial("editor: the grammar colours a sample", coloured),
        trial("editor: the files are JSON, and those that are named are there", files),
    ]
}

fn json(name: &str) -> Result<Value, Failed> {
    let path = support::root().join("docs/editor").join(name);
    Ok(serde_json::from_str(&std::fs::read_to_string(path)?)?)
}

fn files() -> Result<(), Failed> {
    let package = json("package.json")?;
    json("tasks.json")?;
    let contributes = &package["contributes"];
    for named in
        [&contributes["grammars"][0]["path"], &contributes["languages"][0]["configuration"]]
    {
        json(named.as_str().ok_or("no path")?.trim_start_matches("./"))?;
    }
    match contributes["grammars"][0]["scopeName"] == json("fml.tmLanguage.json")?["scopeName"] {
        true => Ok(()),
        false => Err("the grammar has another scope".into()),
    }
}

fn matched() -> Result<(), Failed> {
    let pattern = &json("package.json")?["contributes"]["problemMatchers"][0]["pattern"];
    let regex = Regex::new(pattern["regexp"].as_str().ok_or("no regexp")?)?;
    let folder = examples()?;
    let arguments = ["check", "wrong", "--with", "mappings"];
    let text = printed(folder.path(), &arguments, 1)?;
    let found: Vec<_> = text.lines().filter_map(|line| regex.captures(line)).collect();
    let json = printed(folder.path(), &[&arguments[..], &["--format", "json"]].concat(), 1)?;
    let wanted: Vec<Value> = json.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    if found.len() != wanted.len() || found.is_empty() {
        return Err(format!("{} of {} are found", found.len(), wanted.len()).into());
    }
    for (found, wanted) in found.iter().zip(&wanted) {
        let part = |name: &str| {
            let group = pattern[name].as_u64().unwrap_or(0) as usize;
            found.get(group).map_or("", |part| part.as_str()).to_owned()
        };
        let same = part("file") == wanted["file"].as_str().unwrap_or_default()
            && part("line").parse().ok() == wanted["line"].as_u64()
            && part("column").parse().ok() == wanted["column"].as_u64()
            && part("severity") == wanted["severity"].as_str().unwrap_or_default()
            && part("code") == wanted["id"].as_str().unwrap_or_default()
            && part("message").starts_with(wanted["text"].as_str().unwrap_or("?"));
        if !same {
            return Err(format!("{found:?} is not {wanted}").into());
        }
    }
    Ok(())
}

/// A grammar that is applied.
struct Grammar(Value);

/// A piece of a line and its scope.
type Piece = (String, String);

impl Grammar {
    /// The rules of a list, includes resolved.
    fn rules<'a>(&'a self, list: &'a Value, out: &mut Vec<&'a Value>) -> Result<(), String> {
        for rule in list.as_array().into_iter().flatten() {
            let Some(name) = rule["include"].as_str() else {
                if rule["match"].is_string() || rule["begin"].is_string() {
                    out.push(rule);
                } else {
                    self.rules(&rule["patterns"], out)?;
                }
                continue;
            };
            let named = &self.0["repository"][name.trim_start_matches('#')];
            match (named.is_object(), named["match"].is_string()) {
                (true, true) => out.push(named),
                (true, false) => self.rules(&named["patterns"], out)?,
                _ => return Err(format!("nothing is called {name}")),
            }
        }
        Ok(())
    }

    fn colour(&self, text: &str) -> Result<Vec<Piece>, Failed> {
        let mut top = Vec::new();
        self.rules(&self.0["patterns"], &mut top)?;
        let mut pieces = Vec::new();
        let mut open: Option<&Value> = None;
        for line in text.lines() {
            let mut at = 0;
            while at <= line.len() {
                let mut inner = Vec::new();
                if let Some(rule) = open {
                    self.rules(&rule["patterns"], &mut inner)?;
                    let end = find(rule, "end", line, at)?;
                    let other = first(&inner, line, at)?;
                    let (start, stop, done) = match (end, other) {
                        (Some(end), Some(other)) if other.1.start() < end.start() => {
                            (at, other.1.end(), false)
                        }
                        (Some(end), _) => (at, end.end(), true),
                        (None, _) => (at, line.len() + 1, false),
                    };
                    let name = rule["name"].as_str().unwrap_or_default().to_owned();
                    pieces.push((line[start..stop.min(line.len())].to_owned(), name));
                    at = stop;
                    open = if done { None } else { Some(rule) };
                    continue;
                }
                let Some((rule, found)) = first(&top, line, at)? else { break };
                let name = rule["name"].as_str().unwrap_or_default();
                if rule["begin"].is_string() {
                    open = Some(rule);
                    pieces.push((found.as_str().to_owned(), name.to_owned()));
                } else {
                    captured(rule, line, found.start(), name, &mut pieces)?;
                }
                at = found.end().max(at + usize::from(found.is_empty()));
            }
        }
        Ok(pieces)
    }
}

fn captured(
    rule: &Value,
    line: &str,
    at: usize,
    name: &str,
    pieces: &mut Vec<Piece>,
) -> Result<(), Failed> {
    let regex = Regex::new(rule["match"].as_str().unwrap_or_default())?;
    let all = regex.captures_at(line, at).ok_or("it matched before")?;
    if !name.is_empty() {
        pieces.push((all[0].to_owned(), name.to_owned()));
    }
    for (number, about) in rule["captures"].as_object().into_iter().flatten() {
        if let Some(part) = all.get(number.parse()?) {
            let name = about["name"].as_str().unwrap_or_default();
            pieces.push((part.as_str().to_owned(), name.to_owned()));
        }
    }
    Ok(())
}

fn find<'l>(
    rule: &Value,
    key: &str,
    line: &'l str,
    at: usize,
) -> Result<Option<regex::Match<'l>>, Failed> {
    let Some(pattern) = rule[key].as_str() else { return Ok(None) };
    Ok(Regex::new(pattern)?.find_at(line, at))
}

/// The rule that matches first; of several at one place the first of the list.
fn first<'g, 'l>(
    rules: &[&'g Value],
    line: &'l str,
    at: usize,
) -> Result<Option<(&'g Value, regex::Match<'l>)>, Failed> {
    let mut best: Option<(&'g Value, regex::Match<'l>)> = None;
    for rule in rules {
        let key = if rule["begin"].is_string() { "begin" } else { "match" };
        if let Some(found) = find(rule, key, line, at)?
            && best.as_ref().is_none_or(|(_, other)| found.start() < other.start())
        {
            best = Some((rule, found));
        }
    }
    Ok(best)
}

const SAMPLE: &str = r#"/// url = 'http://example.org/map'
uses "http://example.org/Letter" alias Letter as source
/* a block
   where it goes on */
group letter(source letter : Letter, target out : Bundle) extends base <<types>> {
  letter.where as where_it where ($this.id = 'it\'s' and %route.x > 10) -> out.first = create('Patient') as p then g(p); // why
}
"#;

fn coloured() -> Result<(), Failed> {
    let grammar = Grammar(json("fml.tmLanguage.json")?);
    let pieces = grammar.colour(SAMPLE)?;
    let scope = |piece: &str| {
        let found = pieces.iter().filter(|(text, _)| text == piece);
        found.map(|(_, name)| name.as_str()).collect::<Vec<_>>()
    };
    for (piece, wanted) in [
        ("url", &["entity.other.attribute-name.fml"][..]),
        ("uses", &["keyword.other.fml"]),
        ("   where it goes on */", &["comment.block.fml"]),
        ("letter", &["entity.name.function.group.fml"]),
        ("base", &["entity.name.function.group.fml"]),
        ("<<types>>", &["storage.modifier.typemode.fml"]),
        ("Bundle", &["entity.name.type.fml"]),
        ("where", &["variable.other.member.fml", "keyword.control.fml"]),
        ("first", &["variable.other.member.fml"]),
        ("$this", &["variable.language.fml"]),
        ("10", &["constant.numeric.fml"]),
        ("create", &["support.function.transform.fml"]),
        ("then", &["keyword.control.fml"]),
        ("// why", &["comment.line.double-slash.fml"]),
        ("s'", &["string.quoted.single.fml"]),
        ("->", &["keyword.operator.arrow.fml"]),
    ] {
        if scope(piece) != wanted {
            return Err(format!("{piece}: {:?} in {pieces:#?}", scope(piece)).into());
        }
    }
    for name in stafett::mapping::TRANSFORMS {
        let pieces = grammar
            .colour(&format!("group g(source a, target b) {{\n  a -> b.c = {name}(a);\n}}"))?;
        let wanted = |(text, scope): &(String, String)| {
            text == name && scope == "support.function.transform.fml"
        };
        if !pieces.iter().any(wanted) {
            return Err(format!("{name} is no transform in {pieces:#?}").into());
        }
    }
    // A whole map of the examples leaves no text open.
    let map = std::fs::read_to_string(support::root().join("docs/examples").join(MAP))?;
    let pieces = grammar.colour(&format!("{map}\nuses"))?;
    match pieces.last() {
        Some((text, name)) if text == "uses" && name == "keyword.other.fml" => Ok(()),
        last => Err(format!("{last:?}").into()),
    }
}
