//! Transforms that make dates of texts.
//!
//! Promises: a zone or a form that nobody knows is found here. Never: looks at a text.

use super::Compiler;
use super::shape::nearest;
use super::targets::Spot;
use super::transforms::Made;
use crate::mapping::ast::{Call, Name};
use crate::mapping::dates::{self, Becomes, Pattern};
use crate::mapping::plan::{DateForm, DateOp, DateRead, Moment, Transform};
use crate::tree::types::TypeId;

/// FHIR's own forms, for a transform that names none.
const FHIR: [&str; 3] = ["yyyy-MM-dd", "yyyy-MM-ddTHH:mm:ssZ", "HH:mm:ss"];

impl Compiler<'_> {
    /// `dateOp(x, 'zone', 'form')`; with a form of letters instead of a zone it reads that form, and without either
    /// it takes a date as it is.
    pub(super) fn date_op(&mut self, call: &Call, spot: &Spot) -> Made {
        if call.arguments.len() == 1 {
            return self.cast(call, spot);
        }
        let (operand, _) = self.argument(call, 0)?;
        let name = self.text_argument(call, 1)?;
        let Ok(zone) = jiff::tz::TimeZone::get(name) else {
            if name.contains("yyyy") || name.contains("HH") {
                return self.read_date(call, self.becomes(spot));
            }
            let text = format!("unknown time zone `{}`", &**name);
            self.error(name.at, "map-unknown-zone", text, None);
            return None;
        };
        let primitives = &self.facts.primitives;
        let (date_time, date, string) = (primitives.date_time, primitives.date, primitives.string);
        let (form, type_id) = match call.arguments.get(2) {
            None => (DateForm::DateTime, date_time),
            Some(_) => {
                let form = self.text_argument(call, 2)?;
                match &**form {
                    "dateTime" => (DateForm::DateTime, date_time),
                    "date" => (DateForm::Date, date),
                    "time" => (DateForm::Time, string),
                    "minutes" => (DateForm::Minutes, string),
                    "local" => (DateForm::Local, string),
                    _ => {
                        let text = format!("`{}` is no form of dateOp", &**form);
                        let known = ["dateTime", "date", "time", "minutes", "local"];
                        self.error(form.at, "map-wrong-type", text, nearest(form, known));
                        return None;
                    }
                }
            }
        };
        let transform = Transform::DateOp(Box::new(DateOp { operand, zone, form }));
        Some((transform, vec![type_id]))
    }

    /// `toDate(x, 'form')`, `toDateTime(x, 'form', 'zone')`, `toTime(x, 'form')`.
    pub(super) fn read_date(&mut self, call: &Call, to: Becomes) -> Made {
        let (operand, _) = self.argument(call, 0)?;
        if call.arguments.len() == 1 {
            return Some((Transform::Cast(operand, self.date_type(to)), vec![self.date_type(to)]));
        }
        let form = self.text_argument(call, 1)?;
        let pattern = match Pattern::read(form) {
            Ok(pattern) => pattern,
            Err(letter) => {
                let text = format!("`{letter}` is no part of a date that can be read");
                let help = FHIR[to as usize].to_owned();
                self.error(form.at, "map-wrong-type", text, Some(help));
                return None;
            }
        };
        let zone = match call.arguments.get(2) {
            None => None,
            Some(_) => {
                let name = self.text_argument(call, 2)?;
                Some(self.zone(name)?)
            }
        };
        self.moment(Moment { operand, read: DateRead::Pattern(pattern, zone), to })
    }

    /// `unixToDate(x, 'zone')` and its like.
    pub(super) fn unix_date(&mut self, call: &Call, to: Becomes) -> Made {
        let (operand, _) = self.argument(call, 0)?;
        let zone = match call.arguments.get(1) {
            None => jiff::tz::TimeZone::UTC,
            Some(_) => {
                let name = self.text_argument(call, 1)?;
                self.zone(name)?
            }
        };
        self.moment(Moment { operand, read: DateRead::Seconds(zone), to })
    }

    fn moment(&mut self, moment: Moment) -> Made {
        let type_id = self.date_type(moment.to);
        Some((Transform::Moment(Box::new(moment)), vec![type_id]))
    }

    fn zone(&mut self, name: &Name) -> Option<jiff::tz::TimeZone> {
        let found = dates::zone(name);
        if found.is_none() {
            let text = format!("unknown time zone `{}`", &**name);
            self.error(name.at, "map-unknown-zone", text, None);
        }
        found
    }

    /// What a date becomes in a place.
    fn becomes(&self, spot: &Spot) -> Becomes {
        let primitives = &self.facts.primitives;
        match spot.types[..] {
            [one] if one == primitives.date => Becomes::Date,
            [one] if one == primitives.time => Becomes::Time,
            _ => Becomes::DateTime,
        }
    }

    fn date_type(&self, to: Becomes) -> TypeId {
        let primitives = &self.facts.primitives;
        match to {
            Becomes::Date => primitives.date,
            Becomes::DateTime => primitives.date_time,
            Becomes::Time => primitives.time,
        }
    }
}
