//! Rules of a StructureMap resource.
//!
//! Promises: R4's `variable` and R5's `parameter` of a dependent, R4's typed default values and R5's text mean
//! the same. Never: guesses a name that the resource does not give.

use super::Reader;
use crate::mapping::ast::{
    Argument, Call, Fragment, Name, Rule, SEARCH, Source, SourceList, Target, TargetList, Transform,
};
use crate::tree::NodeId;

impl Reader<'_> {
    pub(super) fn rule(&mut self, node: NodeId) -> Rule {
        self.documentation(node);
        let at = self.tree.node(node).offset;
        let mut rule = Rule { at, name: self.text(node, "name"), ..Rule::default() };
        for one in self.children(node, "source") {
            rule.sources.extend(self.source(one));
        }
        for one in self.children(node, "target") {
            rule.targets.extend(self.target(one));
        }
        for one in self.children(node, "dependent") {
            rule.calls.extend(self.dependent(one));
        }
        if rule.sources.is_empty() {
            self.fault(node, "this rule has no source");
        }
        for one in self.children(node, "rule") {
            let inner = self.rule(one);
            rule.rules.push(inner);
        }
        rule.braces = (at, rule.rules.last().map_or(at, |last| last.braces.1));
        simplify(&mut rule);
        rule
    }

    fn source(&mut self, node: NodeId) -> Option<Source> {
        let context = self.required(node, "context")?;
        let element = self.text(node, "element");
        let (search, elements) = match (&*context == SEARCH, element) {
            (true, Some(Name { text, at })) => (Some(Fragment { text, at }), Vec::new()),
            (_, element) => (None, element.map(|e| path(&e)).unwrap_or_default()),
        };
        let min = self.text(node, "min").and_then(|n| n.parse().ok());
        let max = self.text(node, "max").map(|n| n.parse().unwrap_or(u32::MAX));
        let cardinality = match (min, max) {
            (None, None) => None,
            (min, max) => Some((min.unwrap_or(0), max.unwrap_or(u32::MAX))),
        };
        let list = match self.tree.child_text(node, "listMode").as_deref() {
            Some("first") => Some(SourceList::First),
            Some("not_first") => Some(SourceList::NotFirst),
            Some("last") => Some(SourceList::Last),
            Some("not_last") => Some(SourceList::NotLast),
            Some("only_one") => Some(SourceList::OnlyOne),
            _ => None,
        };
        Some(Source {
            context,
            search,
            elements,
            type_name: self.text(node, "type"),
            cardinality,
            default: self.default(node),
            list,
            alias: self.text(node, "variable"),
            condition: self.fragment(node, "condition"),
            check: self.fragment(node, "check"),
            log: self.fragment(node, "logMessage"),
        })
    }

    /// R5: a text; R4: a value of any type, of which only primitives can be said in an expression.
    fn default(&mut self, node: NodeId) -> Option<Fragment> {
        let named = |child: &NodeId| {
            self.tree.name_text(self.tree.node(*child).name).starts_with("defaultValue")
        };
        let child = self.tree.children(node).find(named)?;
        let name = self.tree.name_text(self.tree.node(child).name);
        let number = matches!(
            &name["defaultValue".len()..],
            "Boolean" | "Integer" | "Decimal" | "PositiveInt" | "UnsignedInt"
        );
        if self.tree.value(child).is_none() {
            self.fault(child, "a default value of several parts cannot be used");
            return None;
        }
        let Name { text, at } = self.name_of(child);
        let text = if number { text } else { quoted(&text) };
        Some(Fragment { text, at })
    }

    fn target(&mut self, node: NodeId) -> Option<Target> {
        let mut elements = self.text(node, "element").map(|e| path(&e)).unwrap_or_default();
        let element = elements.pop();
        let parameters: Vec<Argument> = self
            .children(node, "parameter")
            .into_iter()
            .filter_map(|parameter| self.parameter(parameter))
            .collect();
        let mut target = Target {
            at: self.tree.node(node).offset,
            context: self.text(node, "context"),
            path: elements,
            element,
            transform: None,
            alias: self.text(node, "variable"),
            list: self.list(node),
        };
        if let Some(name) = self.text(node, "transform") {
            self.transform(node, &mut target, name, parameters)?;
        }
        Some(target)
    }

    fn list(&mut self, node: NodeId) -> Option<TargetList> {
        let key = self.text(node, "listRuleId");
        let modes = self.children(node, "listMode").into_iter();
        let mut modes = modes.map(|mode| self.name_of(mode));
        match key {
            Some(key) => Some(TargetList::Share(key)),
            None => match &*modes.next()? {
                "first" => Some(TargetList::First),
                "last" | "collate" => Some(TargetList::Last),
                "single" => Some(TargetList::Single),
                _ => None,
            },
        }
    }

    fn transform(
        &mut self,
        node: NodeId,
        target: &mut Target,
        name: Name,
        mut parameters: Vec<Argument>,
    ) -> Option<()> {
        match (&*name, parameters.len()) {
            ("copy", 1) => match parameters.swap_remove(0) {
                // What is only bound stays what it was: a target can be written under its new name.
                Argument::Variable(variable) if target.context.is_none() => {
                    target.context = Some(variable);
                }
                value => target.transform = Some(Transform::Value(value)),
            },
            ("evaluate", 1 | 2) => {
                let expression =
                    match parameters.pop()? {
                        Argument::Text(Name { text, at })
                        | Argument::Variable(Name { text, at }) => Fragment { text, at },
                        Argument::Number(Name { text, at })
                        | Argument::Boolean(Name { text, at }) => Fragment { text, at },
                        Argument::Expression(fragment) => fragment,
                    };
                target.transform = Some(Transform::Evaluate(parameters.pop(), expression));
            }
            ("copy" | "evaluate", _) => {
                self.fault(node, &format!("`{}` has the wrong number of parameters", &*name));
                return None;
            }
            _ => target.transform = Some(Transform::Call(Call { name, arguments: parameters })),
        }
        Some(())
    }

    fn parameter(&mut self, node: NodeId) -> Option<Argument> {
        let value = self
            .tree
            .children(node)
            .find(|child| self.tree.name_text(self.tree.node(*child).name).starts_with("value"));
        let Some(value) = value else {
            self.fault(node, "this parameter has no value");
            return None;
        };
        let name = Name { text: self.tree.text(value)?.into(), at: self.at(value) };
        let kind = self.tree.name_text(self.tree.node(value).name);
        Some(match &kind["value".len()..] {
            "Id" if name.contains('.') => {
                Argument::Expression(Fragment { text: name.text, at: name.at })
            }
            "Id" => Argument::Variable(name),
            "Boolean" => Argument::Boolean(name),
            "Integer" | "Decimal" if !name.starts_with('-') => Argument::Number(name),
            "Integer" | "Decimal" => {
                Argument::Expression(Fragment { text: name.text, at: name.at })
            }
            _ => Argument::Text(name),
        })
    }

    fn dependent(&mut self, node: NodeId) -> Option<Call> {
        let name = self.required(node, "name")?;
        let variables = self.children(node, "variable").into_iter();
        let mut arguments: Vec<Argument> =
            variables.map(|one| Argument::Variable(self.name_of(one))).collect();
        for one in self.children(node, "parameter") {
            arguments.extend(self.parameter(one));
        }
        Some(Call { name, arguments })
    }
}

/// `a.b[x]` as names.
fn path(element: &Name) -> Vec<Name> {
    let mut at = element.at;
    let mut names = Vec::new();
    for part in element.split('.') {
        names.push(Name { text: part.trim_end_matches("[x]").into(), at });
        at += part.len() as u32 + 1;
    }
    names
}

fn quoted(text: &str) -> Box<str> {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")).into()
}

/// A copy by type is written out in a resource: both sides have a variable, and `create` says no type.
fn simplify(rule: &mut Rule) {
    let alone = rule.calls.is_empty() && rule.rules.is_empty();
    let ([source], [target]) = (&mut rule.sources[..], &mut rule.targets[..]) else { return };
    let creates = matches!(&target.transform,
        Some(Transform::Call(call)) if &*call.name == "create" && call.arguments.is_empty());
    let Some(alias) = source.alias.clone() else { return };
    if !alone || !creates || source.elements.is_empty() || target.element.is_none() {
        return;
    }
    let clauses = [&source.condition, &source.check, &source.log];
    target.alias = None;
    match clauses.into_iter().flatten().any(|clause| clause.text.contains(&*alias.text)) {
        true => target.transform = Some(Transform::Value(Argument::Variable(alias))),
        false => {
            target.transform = None;
            source.alias = None;
        }
    }
}
