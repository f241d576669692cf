//! Several elements copied in one rule: `src -> tgt: id, active, gender;`.
//!
//! Promises: it means one rule for each element, and is printed as those. Never: a rule for an element that stands
//! there twice without a word; that is found where rules are compiled.

use super::{Parsed, Parser};
use crate::mapping::ast::{Name, Rule, Source, Target};

impl Parser<'_> {
    /// Whether a rule that was read so far goes on with the elements it is for: from one variable to another.
    pub(super) fn begins_batch(&self, rule: &Rule) -> bool {
        let ([source], [target]) = (&rule.sources[..], &rule.targets[..]) else { return false };
        let bare = target.element.is_none()
            && target.transform.is_none()
            && target.alias.is_none()
            && target.list.is_none();
        self.is(":") && target.context.is_some() && bare && is_bare(source)
    }

    /// The elements behind the colon, each as the rule that copies it, and the name that the rules share.
    pub(super) fn batch(&mut self, rule: Rule) -> Parsed<Vec<Rule>> {
        self.expect(":")?;
        let mut elements = Vec::new();
        loop {
            elements.push(self.text_or_word("an element")?);
            if !self.accept(",") {
                break;
            }
        }
        let name = self.rule_name();
        let end = self.last as u32;
        if !self.accept(";") && !self.is("}") {
            return self.fault("expected `;`");
        }
        let ([source], [target]) = (&rule.sources[..], &rule.targets[..]) else {
            return Ok(vec![rule]);
        };
        let one = |element: &Name| Rule {
            at: element.at,
            name: name.clone(),
            sources: vec![Source { elements: vec![element.clone()], ..source.clone() }],
            targets: vec![Target { element: Some(element.clone()), ..target.clone() }],
            braces: (end, end),
            ..Rule::default()
        };
        Ok(elements.iter().map(one).collect())
    }
}

/// Whether a source says nothing but its variable.
fn is_bare(source: &Source) -> bool {
    source.search.is_none()
        && source.elements.is_empty()
        && source.type_name.is_none()
        && source.cardinality.is_none()
        && source.default.is_none()
        && source.list.is_none()
        && source.alias.is_none()
        && source.condition.is_none()
        && source.check.is_none()
        && source.log.is_none()
}
