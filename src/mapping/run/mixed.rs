//! Dates with and without zones, text with line breaks and with markup.
//!
//! Promises: a local time becomes the instant it was in its zone; text keeps every character. Never: a zone
//! that the map did not name.

use super::value::Value;
use super::{Machine, issues};
use crate::mapping::dates::{self, Becomes};
use crate::mapping::plan::{DateForm, DateOp, DateRead, Moment, Target};
use crate::message::Arg;
use crate::tree::types::ElementId;
use crate::tree::{Kind, NameId, NodeId, Token, Tree};
use jiff::civil;
use jiff::tz::TimeZone;
use std::fmt::Write;

impl<'p> Machine<'p, '_> {
    pub(super) fn date_op(&mut self, op: &DateOp, value: Value, at: Value) -> Value {
        let Some(text) = self.take_text(value) else { return Value::None };
        let start = self.target.scratch().len();
        let made = write_date(text.trim(), op, self.target.scratch());
        self.memory.text = text;
        if made.is_none() {
            let place = if matches!(value, Value::Node(..)) { value } else { at };
            self.report(&issues::CONVERSION, place, Arg::Static("date and time"));
            return Value::None;
        }
        let primitives = &self.plan.code.facts.primitives;
        let type_id = match op.form {
            DateForm::DateTime => primitives.date_time,
            DateForm::Date => primitives.date,
            DateForm::Time | DateForm::Minutes | DateForm::Local => primitives.string,
        };
        Value::Text(self.target.kept_since(start), type_id)
    }

    /// A text in its own order, or seconds since 1970, as a date.
    pub(super) fn moment(&mut self, moment: &Moment, value: Value, at: Value) -> Value {
        let Some(text) = self.take_text(value) else { return Value::None };
        let made = match &moment.read {
            DateRead::Pattern(pattern, zone) => {
                pattern.apply(text.trim(), moment.to, zone.as_ref())
            }
            DateRead::Seconds(zone) => dates::unix(text.trim(), moment.to, zone),
        };
        self.memory.text = text;
        let primitives = &self.plan.code.facts.primitives;
        let (type_id, name) = match moment.to {
            Becomes::Date => (primitives.date, "date"),
            Becomes::DateTime => (primitives.date_time, "date and time"),
            Becomes::Time => (primitives.time, "time"),
        };
        match made {
            Some(made) => self.keep(&made, type_id),
            None => {
                let place = if matches!(value, Value::Node(..)) { value } else { at };
                self.report(&issues::CONVERSION, place, Arg::Static(name));
                Value::None
            }
        }
    }

    /// The text of mixed content: the first name is a line break's, the second a space's.
    pub(super) fn flatten(&mut self, value: Value, names: &[Box<str>]) -> Value {
        let Value::Node(tree, top) = value else { return value };
        let mut text = std::mem::take(&mut self.memory.name);
        text.clear();
        let of: &Tree = self.sources.get(usize::from(tree)).copied().unwrap_or(self.target);
        let mut read = 0;
        for node in of.descend(top) {
            let one = of.node(node);
            match one.kind {
                Kind::Element if node != top => {
                    let name = of.name_text(one.name);
                    match names.iter().position(|known| **known == *name) {
                        Some(0) => text.push('\n'),
                        Some(_) => text.push(' '),
                        None => {}
                    }
                }
                Kind::Attribute => continue,
                _ => {}
            }
            if let Some(slice) = of.value(node) {
                of.decode_into(slice, &mut text);
                read += 1;
            }
        }
        let made = match read {
            0 if text.is_empty() => Value::None,
            _ => self.keep(&text, self.plan.code.facts.primitives.string),
        };
        self.memory.name = text;
        self.mark_all_read(tree, top);
        made
    }

    /// Text as mixed content below a new element: an element between lines, and one for each space that
    /// would be lost.
    pub(super) fn unflatten(
        &mut self,
        target: &'p Target,
        elements: &'p [ElementId],
        value: Value,
        frame: usize,
        at: Value,
    ) -> Value {
        let Some(text) = self.take_text(value) else { return Value::None };
        let made = self.make(target, frame, None, at);
        if let Value::Node(_, parent) = made {
            for (number, line) in text.split('\n').enumerate() {
                if number > 0 {
                    self.mark_element(parent, elements.first());
                }
                self.line(parent, line.trim_end_matches('\r'), elements.get(1));
            }
        }
        self.memory.text = text;
        made
    }

    fn line(&mut self, parent: NodeId, line: &str, space: Option<&ElementId>) {
        let mut rest = line;
        while !rest.is_empty() && space.is_some() {
            // The first space between words stays a character.
            let lost =
                if rest.starts_with(' ') { Some(0) } else { rest.find("  ").map(|at| at + 1) };
            let Some(lost) = lost else { break };
            self.character_data(parent, &rest[..lost]);
            rest = &rest[lost..];
            while let Some(more) = rest.strip_prefix(' ') {
                self.mark_element(parent, space);
                rest = more;
            }
        }
        self.character_data(parent, rest);
    }

    fn mark_element(&mut self, parent: NodeId, element: Option<&ElementId>) {
        let step = element.map(|e| crate::mapping::plan::Step::Element(*e));
        if let Some(spot) = step.and_then(|step| self.spot(parent, &step, None)) {
            self.fresh(parent, spot);
        }
    }

    fn character_data(&mut self, parent: NodeId, text: &str) {
        if text.is_empty() {
            return;
        }
        let type_id = self.target.node(parent).type_id;
        let slice = self.target.keep(text);
        let node = self.target.add(Some(parent), Kind::Text, NameId::NONE, self.rule.0 + 1);
        self.target.set_value(node, slice, Token::Text);
        if let Some(child) = self.plan.code.table.child(type_id, NameId::NONE) {
            let one = self.target.node_mut(node);
            (one.element, one.type_id) = (child.element, child.type_id);
        }
    }

    /// Text as a narrative.
    pub(super) fn narrative(&mut self, value: Value) -> Value {
        let Some(text) = self.take_text(value) else { return Value::None };
        let start = self.target.scratch().len();
        let out = self.target.scratch();
        out.push_str("<div xmlns=\"http://www.w3.org/1999/xhtml\">");
        for c in text.chars() {
            match c {
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '&' => out.push_str("&amp;"),
                '\n' => out.push_str("<br/>"),
                '\r' => {}
                c => out.push(c),
            }
        }
        out.push_str("</div>");
        self.memory.text = text;
        Value::Text(self.target.kept_since(start), self.plan.code.facts.primitives.string)
    }
}

/// Writes a date in the form that is asked for; none when the text is no date.
fn write_date(text: &str, op: &DateOp, out: &mut String) -> Option<()> {
    if text.len() <= 10 {
        let date = text.parse::<civil::Date>().ok()?;
        return match op.form {
            DateForm::DateTime | DateForm::Date | DateForm::Local => write!(out, "{date}").ok(),
            DateForm::Time | DateForm::Minutes => None,
        };
    }
    let zoned = match text.parse::<jiff::Timestamp>() {
        Ok(instant) => instant.to_zoned(op.zone.clone()),
        Err(_) => text.parse::<civil::DateTime>().ok()?.to_zoned(op.zone.clone()).ok()?,
    };
    let local = zoned.datetime();
    let (date, hour, minute, second) = (local.date(), local.hour(), local.minute(), local.second());
    match op.form {
        DateForm::Date => write!(out, "{date}").ok(),
        DateForm::Time => write!(out, "{hour:02}:{minute:02}:{second:02}").ok(),
        DateForm::Minutes => write!(out, "{hour:02}:{minute:02}").ok(),
        DateForm::Local => write!(out, "{date}T{hour:02}:{minute:02}:{second:02}").ok(),
        DateForm::DateTime => {
            let offset = TimeZone::to_offset(&op.zone, zoned.timestamp()).seconds();
            let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs() / 60);
            let (hours, rest) = (minutes / 60, minutes % 60);
            write!(out, "{date}T{hour:02}:{minute:02}:{second:02}{sign}{hours:02}:{rest:02}").ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::plan::{Operand, Slot};

    fn op(text: &str, form: DateForm) -> Option<String> {
        let zone = TimeZone::get("Europe/Copenhagen").unwrap();
        let op = DateOp { operand: Operand::Slot(Slot(0)), zone, form };
        let mut out = String::new();
        write_date(text, &op, &mut out).map(|()| out)
    }

    #[test]
    fn local_times_get_the_zone_of_their_season() {
        let local = |text| op(text, DateForm::DateTime);
        assert_eq!(local("2024-07-01T12:10").as_deref(), Some("2024-07-01T12:10:00+02:00"));
        assert_eq!(local("2024-01-01T12:10:05").as_deref(), Some("2024-01-01T12:10:05+01:00"));
        assert_eq!(local("2024-01-01").as_deref(), Some("2024-01-01"));
        assert_eq!(local("yesterday, I think"), None);
    }

    #[test]
    fn instants_become_local() {
        let at = "2024-07-01T22:10:00Z";
        assert_eq!(op(at, DateForm::Date).as_deref(), Some("2024-07-02"));
        assert_eq!(op(at, DateForm::Minutes).as_deref(), Some("00:10"));
        assert_eq!(op(at, DateForm::Local).as_deref(), Some("2024-07-02T00:10:00"));
        assert_eq!(op("2024-07-01", DateForm::Time), None);
    }
}
