//! Rules as text: on one line where it is short enough, else a line for each target.
//!
//! Promises: a rule's name stands in double quotes behind everything else of it. Never: a rule without its `;`.

use super::words::{double, enclosed, ident, operand, single, tidy, type_word};
use super::{Printer, WIDTH};
use crate::mapping::ast::{
    Argument, Call, Rule, Source, SourceList, Target, TargetList, Transform,
};

impl Printer<'_> {
    pub(super) fn rules(&mut self, rules: &[Rule]) {
        for rule in rules {
            self.begin(rule.at, rule.braces.0, false);
            self.rule(rule);
        }
    }

    fn rule(&mut self, rule: &Rule) {
        let sources = rule.sources.iter().map(source).collect::<Vec<_>>().join(", ");
        let targets: Vec<String> = rule.targets.iter().map(target).collect();
        let mut then = rule.calls.iter().map(call).collect::<Vec<_>>().join(", ");
        let opens =
            rule.braces.1 > rule.braces.0 && rule.calls.is_empty() || !rule.rules.is_empty();
        if !then.is_empty() || opens {
            then.insert_str(0, if then.is_empty() { "then" } else { "then " });
        }
        let name = rule.name.as_ref().map(|name| format!(" {}", double(name)));
        let end = match opens {
            true => " {".to_owned(),
            false => format!("{};", name.as_deref().unwrap_or_default()),
        };
        let mut line = sources.clone();
        if !targets.is_empty() {
            line.push_str(" -> ");
            line.push_str(&targets.join(", "));
        }
        if !then.is_empty() {
            line.push(' ');
            line.push_str(&then);
        }
        line.push_str(&end);
        if self.indent + line.chars().count() > WIDTH && !targets.is_empty() {
            line = self.broken(&sources, &targets, &then, &end);
        }
        if !opens {
            return self.line(&line);
        }
        self.open(&line);
        self.rules(&rule.rules);
        self.close(rule.braces.1, &format!("}}{};", name.unwrap_or_default()));
    }

    fn broken(&self, sources: &str, targets: &[String], then: &str, end: &str) -> String {
        let next = format!("\n{}", " ".repeat(self.indent + 4));
        let mut text = format!("{sources}{next}-> ");
        text.push_str(&targets.join(&format!(",{next}   ")));
        if !then.is_empty() {
            text.push_str(&next);
            text.push_str(then);
        }
        text.push_str(end);
        text
    }
}

fn source(source: &Source) -> String {
    let mut text = match &source.search {
        Some(query) => format!("search({})", tidy(&query.text)),
        None => ident(&source.context).into_owned(),
    };
    for element in &source.elements {
        text.push('.');
        text.push_str(&if &**element == "*" { "*".into() } else { ident(element) });
    }
    let mut part = |word: &str, value: &str| {
        text.push_str(word);
        text.push_str(value);
    };
    if let Some(type_name) = &source.type_name {
        part(" : ", &type_word(type_name));
    }
    if let Some((min, max)) = source.cardinality {
        let max = if max == u32::MAX { "*".to_owned() } else { max.to_string() };
        part(" ", &format!("{min}..{max}"));
    }
    if let Some(default) = &source.default {
        part(" default ", &operand(&default.text));
    }
    if let Some(list) = source.list {
        part(
            " ",
            match list {
                SourceList::First => "first",
                SourceList::NotFirst => "not_first",
                SourceList::Last => "last",
                SourceList::NotLast => "not_last",
                SourceList::OnlyOne => "only_one",
            },
        );
    }
    if let Some(alias) = &source.alias {
        part(" as ", &ident(alias));
    }
    let clauses =
        [(" where ", &source.condition), (" check ", &source.check), (" log ", &source.log)];
    for (word, clause) in clauses {
        if let Some(fragment) = clause {
            part(word, &enclosed(&fragment.text));
        }
    }
    text
}

fn target(target: &Target) -> String {
    let mut text = String::new();
    if let Some(context) = &target.context {
        text.push_str(&ident(context));
        for element in target.path.iter().chain(&target.element) {
            text.push('.');
            text.push_str(&ident(element));
        }
        if target.transform.is_some() {
            text.push_str(" = ");
        }
    }
    match &target.transform {
        None => {}
        Some(Transform::Value(value)) => text.push_str(&argument(value)),
        Some(Transform::Evaluate(None, fragment)) => text.push_str(&enclosed(&fragment.text)),
        Some(Transform::Evaluate(Some(of), fragment)) => {
            text.push_str(&format!("evaluate({}, {})", argument(of), tidy(&fragment.text)));
        }
        Some(Transform::Call(one)) => text.push_str(&call(one)),
    }
    if let Some(alias) = &target.alias {
        text.push_str(" as ");
        text.push_str(&ident(alias));
    }
    match &target.list {
        None => {}
        Some(TargetList::First) => text.push_str(" first"),
        Some(TargetList::Last) => text.push_str(" last"),
        Some(TargetList::Single) => text.push_str(" single"),
        Some(TargetList::Share(key)) => {
            text.push_str(" share ");
            text.push_str(&ident(key));
        }
    }
    text
}

fn call(call: &Call) -> String {
    let arguments = call.arguments.iter().map(argument).collect::<Vec<_>>();
    format!("{}({})", ident(&call.name), arguments.join(", "))
}

fn argument(argument: &Argument) -> String {
    match argument {
        Argument::Variable(name) => ident(name).into_owned(),
        Argument::Text(text) => single(text),
        Argument::Number(text) | Argument::Boolean(text) => text.text.to_string(),
        Argument::Expression(fragment) => tidy(&fragment.text).into_owned(),
    }
}
