//! Paths from variables that an expression repeats: `%bundle.entry.resource.ofType(Communication)`, walked once for
//! each node that the variable is, not for each item that a `where` looks at, nor again in the next rule.
//!
//! Promises: what is taken out reads no value and cannot fail, so that nothing else is read, reported or yielded
//! than before; where that is in doubt an expression stays as it is. Never: a variable that may be a target, for
//! that changes while the map runs.

use super::expression::{Compiled, Variable, Visible, is_word, quoted, word_of};
use crate::fhirpath::{Context, Expression};
use crate::tree::types::{Table, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

/// What a path's variable is called, whatever the map calls it.
const IT: &str = "it";

/// The paths of all expressions of a compilation.
#[derive(Default)]
pub(super) struct Paths {
    /// Compiled over one variable.
    pub expressions: Vec<Expression>,
    /// By what follows the variable, and its types.
    places: HashMap<(Box<str>, Box<[TypeId]>), u32>,
}

/// A path in an expression's text.
struct Found<'t> {
    start: usize,
    end: usize,
    variable: &'t str,
    rest: &'t str,
}

impl Paths {
    /// The expression with its paths taken out; none where there is nothing to gain, or it would be another.
    pub fn taken_out(
        &mut self,
        one: &Compiled,
        table: &Arc<Table>,
        focus: &[TypeId],
        visible: &[Visible<'_>],
        most: usize,
    ) -> Option<Compiled> {
        let text = one.expression.text();
        let found = paths(text);
        let mut context = Context { focus: focus.to_vec(), wire_names: true, ..Context::default() };
        let mut variables = one.variables.clone();
        for from in &one.variables {
            let known = visible.iter().find(|v| v.from == *from)?;
            context.variables.push((known.name.into(), known.types.to_vec()));
        }
        let mut written = String::with_capacity(text.len());
        let mut at = 0;
        for path in &found {
            let Some(known) = visible.iter().rev().find(|v| v.name == path.variable) else {
                continue;
            };
            let (Variable::Slot(of), true) = (known.from, known.is_source) else { continue };
            let Some(place) = self.place(path.rest, known.types, table) else { continue };
            let taken = Variable::Path { path: place, of };
            let name = format!("path {place} {}", of.0);
            if !variables.contains(&taken) {
                let types = self.expressions[place as usize].yields().to_vec();
                context.variables.push((name.as_str().into(), types));
                variables.push(taken);
            }
            written.push_str(&text[at..path.start]);
            written.push_str("%`");
            written.push_str(&name);
            written.push('`');
            at = path.end;
        }
        if at == 0 || variables.len() > most {
            return None;
        }
        written.push_str(&text[at..]);
        let expression = Expression::compile(&written, table, &context).ok()?;
        let alike = expression.yields() == one.expression.yields();
        alike.then_some(Compiled { expression, focus: one.focus, variables })
    }

    fn place(&mut self, rest: &str, types: &[TypeId], table: &Arc<Table>) -> Option<u32> {
        let key = (Box::from(rest), Box::from(types));
        if let Some(place) = self.places.get(&key) {
            return Some(*place);
        }
        let context = Context {
            variables: vec![(IT.into(), types.to_vec())],
            wire_names: true,
            ..Context::default()
        };
        let made = Expression::compile(&format!("%{IT}{rest}"), table, &context).ok()?;
        self.expressions.push(made);
        let place = self.expressions.len() as u32 - 1;
        self.places.insert(key, place);
        Some(place)
    }
}

/// The paths of a text that are worth it: of two steps or more, inside parentheses or choosing by type.
fn paths(text: &str) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    let (mut at, mut depth) = (0, 0u32);
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        at += match c {
            '\'' | '`' => quoted(rest, c),
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '%' if rest[1..].starts_with('`') => 1 + quoted(&rest[1..], '`'),
            '%' => {
                let variable = word_of(&rest[1..]);
                let from = 1 + variable.len();
                let (len, steps, chooses) = steps(&rest[from..]);
                if steps >= 2 && !variable.is_empty() && (depth > 0 || chooses) {
                    let (start, end) = (at, at + from + len);
                    found.push(Found { start, end, variable, rest: &rest[from..from + len] });
                }
                from + len
            }
            '(' => {
                depth += 1;
                1
            }
            ')' => {
                depth = depth.saturating_sub(1);
                1
            }
            c => c.len_utf8(),
        };
    }
    found
}

/// How far `.a.b.ofType(C)` reaches at the beginning of a text, how many steps it has, and whether one of them chooses
/// by type.
fn steps(text: &str) -> (usize, u32, bool) {
    let (mut at, mut count, mut chooses) = (0, 0, false);
    while let Some(rest) = text[at..].strip_prefix('.') {
        let word = word_of(rest);
        let after = &rest[word.len()..];
        if word.is_empty() || word.starts_with(|c: char| c.is_ascii_digit()) {
            break;
        }
        let mut len = 1 + word.len();
        if let Some(inner) = after.strip_prefix('(') {
            let plain = inner.find(|c| !is_word(c) && c != '.').unwrap_or(inner.len());
            if word != "ofType" || !inner[plain..].starts_with(')') {
                break;
            }
            chooses = true;
            len += plain + 2;
        }
        at += len;
        count += 1;
    }
    (at, count, chooses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_are_worth_it() {
        let found = |text: &'static str| -> Vec<&str> {
            paths(text).into_iter().map(|one| &text[one.start..one.end]).collect()
        };
        assert_eq!(
            found("a.where(u.endsWith(%h.sender.reference)) and '%h.a.b' = %h.a.b.first()"),
            ["%h.sender.reference"]
        );
        assert_eq!(
            found("%b.entry.resource.ofType(X).sent.exists()"),
            ["%b.entry.resource.ofType(X).sent"]
        );
        assert_eq!(found("(%b.a.ofType(X | Y).c) + (%`r.b`.c.d) // (%b.c.d)"), Vec::<&str>::new());
        assert_eq!(found("(%b.a) + (%b.where(c).d)"), Vec::<&str>::new());
    }
}
