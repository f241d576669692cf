//! JSON with positions: where each member and item begins, worked out while writing, not by our reader.

use serde_json::Value;
use std::collections::HashMap;

/// A string that begins so is written as it stands, without quotes: for numbers that no library holds.
pub const RAW: &str = "\u{1}raw:";

/// What was written, and where: pointer -> (line, column).
pub struct Written {
    pub text: String,
    pub places: HashMap<String, (u32, u32)>,
}

/// Writes a value, one member or item a line.
pub fn write(value: &Value) -> Written {
    let mut written = Written { text: String::new(), places: HashMap::new() };
    let mut at = Place { line: 1, column: 1 };
    written.places.insert(String::new(), (1, 1));
    put(value, "", &mut at, &mut written);
    written
}

struct Place {
    line: u32,
    column: u32,
}

fn text(piece: &str, at: &mut Place, out: &mut Written) {
    out.text.push_str(piece);
    at.column += piece.chars().count() as u32;
}

fn line(at: &mut Place, out: &mut Written) {
    out.text.push('\n');
    at.line += 1;
    at.column = 1;
}

fn put(value: &Value, pointer: &str, at: &mut Place, out: &mut Written) {
    match value {
        Value::Object(members) => {
            text("{", at, out);
            for (number, (name, member)) in members.iter().enumerate() {
                text(if number == 0 { "" } else { "," }, at, out);
                line(at, out);
                let below = format!("{pointer}/{name}");
                out.places.insert(below.clone(), (at.line, at.column));
                text(&format!("{}: ", Value::from(name.as_str())), at, out);
                put(member, &below, at, out);
            }
            text("}", at, out);
        }
        Value::Array(items) => {
            text("[", at, out);
            for (number, item) in items.iter().enumerate() {
                text(if number == 0 { "" } else { "," }, at, out);
                line(at, out);
                let below = format!("{pointer}/{number}");
                out.places.insert(below.clone(), (at.line, at.column));
                put(item, &below, at, out);
            }
            text("]", at, out);
        }
        Value::String(raw) if raw.starts_with(RAW) => text(&raw[RAW.len()..], at, out),
        other => text(&other.to_string(), at, out),
    }
}

/// One change of a message.
#[derive(Clone, Debug)]
pub enum Op {
    /// Takes a member or an item away.
    Remove(String),
    /// Replaces what is there, or adds a member.
    Set(String, Value),
    /// Adds an item; the array is made if need be.
    Push(String, Value),
}

/// Splits a pointer into what holds and the last part.
pub fn split(pointer: &str) -> (&str, &str) {
    pointer.rsplit_once('/').unwrap_or(("", pointer))
}

impl Op {
    /// Changes a message.
    pub fn apply(&self, message: &mut Value) {
        let (pointer, set) = match self {
            Op::Remove(pointer) => (pointer, None),
            Op::Set(pointer, value) => (pointer, Some(value.clone())),
            Op::Push(pointer, value) => {
                let mut items = match message.pointer(pointer) {
                    Some(Value::Array(items)) => items.clone(),
                    _ => Vec::new(),
                };
                items.push(value.clone());
                (pointer, Some(Value::Array(items)))
            }
        };
        let (holder, last) = split(pointer);
        match (message.pointer_mut(holder), set) {
            (Some(Value::Object(members)), Some(value)) => {
                members.insert(last.to_owned(), value);
            }
            (Some(Value::Object(members)), None) => {
                members.remove(last);
            }
            (Some(Value::Array(items)), set) => {
                let at: usize = last.parse().expect("an index");
                match set {
                    Some(value) => items[at] = value,
                    None => {
                        items.remove(at);
                    }
                }
            }
            _ => {}
        }
    }
}
