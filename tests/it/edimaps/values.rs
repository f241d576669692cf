//! The values of a letter, with their places: read by scans of our own, so that our readers and writers cannot agree
//! on a mistake.

use libtest_mimic::Failed;
use std::collections::BTreeMap;

/// How often each value stands in its place.
pub struct Values(pub BTreeMap<(String, String), usize>);

impl Values {
    /// Of an interchange or a document.
    pub fn of(bytes: &[u8]) -> Result<Values, Failed> {
        let utf8 = bytes.starts_with(b"<?xml") && bytes.windows(5).any(|w| w == b"UTF-8");
        let text = match utf8 {
            true => String::from_utf8(bytes.to_vec())?,
            // both charsets of letters are alike in all that letters hold
            false => bytes.iter().map(|byte| char::from(*byte)).collect(),
        };
        let mut values = Values(BTreeMap::new());
        match text.starts_with("UNA") || text.starts_with("UNB") {
            true => values.edifact(&text),
            false => values.xml(&text)?,
        }
        match values.0.len() {
            0..10 => Err(Failed::from("a letter of a few values only")),
            _ => Ok(values),
        }
    }

    /// How many values both have, and how many they have together.
    pub fn alike(&self, other: &Values) -> (usize, usize) {
        let count = |values: &Values| values.0.values().sum::<usize>();
        let both = self.0.iter().map(|(one, n)| *other.0.get(one).unwrap_or(&0).min(n)).sum();
        (both, count(self) + count(other) - both)
    }

    /// What this has and the other has not.
    pub fn without(&self, other: &Values) -> Vec<(String, String)> {
        let more = |(one, n): (&(String, String), &usize)| {
            let fewer = *other.0.get(one).unwrap_or(&0);
            vec![one.clone(); n.saturating_sub(fewer)]
        };
        self.0.iter().flat_map(more).collect()
    }

    fn add(&mut self, place: String, value: &str) {
        *self.0.entry((place, value.to_owned())).or_default() += 1;
    }

    /// Trigger, segment, element and component, from 0; what counts segments is the syntax's.
    fn edifact(&mut self, text: &str) {
        let mut trigger = String::new();
        for segment in split(text, '\'') {
            let segment = segment.trim_start_matches(['\r', '\n']);
            let elements = split(segment, '+');
            let Some(name) = elements.first().filter(|name| !name.is_empty()) else { continue };
            if name.starts_with("UNA") {
                continue;
            }
            if name.starts_with('S') && name.len() == 3 && name != "SEQ" && name != "SPR" {
                trigger.clone_from(name);
            }
            if matches!(&**name, "UNT" | "UNZ") {
                trigger.clear();
            }
            for (place, element) in elements.iter().skip(1).enumerate() {
                for (at, value) in split(element, ':').iter().enumerate() {
                    if !value.is_empty() {
                        self.add(format!("{trigger}.{name}.{place}.{at}"), &released(value));
                    }
                }
            }
        }
    }

    /// Paths of elements; line breaks in texts.
    fn xml(&mut self, text: &str) -> Result<(), Failed> {
        let (mut path, mut held) = (Vec::<String>::new(), Vec::<String>::new());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('<') {
            if let Some(text) = held.last_mut() {
                text.push_str(before);
            }
            let (tag, after) = after.split_once('>').ok_or("a tag without an end")?;
            rest = after;
            if tag.starts_with('?') || tag.starts_with('!') {
                continue;
            }
            if tag == "Break/" {
                held.last_mut().ok_or("a break outside")?.push('\n');
            } else if tag.starts_with('/') {
                let value = held.pop().unwrap_or_default();
                if !value.trim_matches(' ').trim_matches('\n').is_empty() {
                    self.add(path.join("."), &plain(&value));
                }
                path.pop();
            } else if !tag.ends_with('/') {
                // indentation is no value
                held.iter_mut().for_each(String::clear);
                held.push(String::new());
                path.push(tag.split_whitespace().next().unwrap_or_default().to_owned());
            }
        }
        Ok(())
    }
}

/// Pieces between a mark that is not released by a question mark.
fn split(text: &str, mark: char) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut released = false;
    for c in text.chars() {
        if c == mark && !released {
            pieces.push(String::new());
            continue;
        }
        released = c == '?' && !released;
        if let Some(last) = pieces.last_mut() {
            last.push(c);
        }
    }
    pieces
}

fn released(value: &str) -> String {
    let mut out = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '?' { chars.next().unwrap_or('?') } else { c });
    }
    out
}

fn plain(value: &str) -> String {
    let named = [("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&apos;", "'"), ("&amp;", "&")];
    named.into_iter().fold(value.to_owned(), |text, (from, to)| text.replace(from, to))
}
