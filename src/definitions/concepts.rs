//! The concepts of a code system, kept as few large pieces: one text with every code and what else each
//! concept is called, and lists of numbers.
//!
//! Promises: what was added comes back, in the order it was added; unpacking allocates a handful of times,
//! however many concepts there are. Never: finds a code by anything but its place.

use serde::{Deserialize, Serialize};

/// A concept as it is added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Concept<'a> {
    /// Its code.
    pub code: &'a str,
    /// The place of its parent among the concepts.
    pub parent: Option<u32>,
    /// What it is called: its display, then its designations in any language.
    pub words: Vec<&'a str>,
    /// (property, value as text).
    pub properties: Vec<(Box<str>, Box<str>)>,
}

/// Concepts, parents before children.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concepts {
    /// Every code followed by its words.
    text: String,
    /// How long each code and each word is, in the order of the text.
    lengths: Vec<u32>,
    /// How many words each concept has.
    words: Vec<u16>,
    /// The parent of each concept, counted from 1; 0 for none.
    parents: Vec<u32>,
    /// The properties, by concept.
    properties: Vec<(u32, Box<str>, Box<str>)>,
}

impl Concepts {
    /// Adds a concept.
    pub fn push(&mut self, one: Concept<'_>) {
        let at = self.len() as u32;
        let most = usize::from(u16::MAX);
        let words = || one.words.iter().take(most);
        for text in std::iter::once(&one.code).chain(words()) {
            self.text.push_str(text);
            self.lengths.push(text.len() as u32);
        }
        self.words.push(words().count() as u16);
        self.parents.push(one.parent.map_or(0, |parent| parent + 1));
        self.properties.extend(one.properties.into_iter().map(|(name, value)| (at, name, value)));
    }

    /// The same concepts, some called more: (code, word).
    pub fn with_words(&self, more: &[(Box<str>, Box<str>)]) -> Concepts {
        let places = self.places().expect("concepts that were added fit");
        let mut all = Concepts::default();
        for at in 0..self.len() as u32 {
            let code = places.code(&self.text, at);
            let own = more.iter().filter(|(of, _)| **of == *code).map(|(_, word)| &**word);
            all.push(Concept {
                code,
                parent: self.parents[at as usize].checked_sub(1),
                words: places.words(&self.text, at).chain(own).collect(),
                properties: Vec::new(),
            });
        }
        all.properties.clone_from(&self.properties);
        all
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The parent of each concept that has one: (concept, parent).
    pub fn parents(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let all = self.parents.iter().enumerate();
        all.filter_map(|(at, parent)| Some((at as u32, parent.checked_sub(1)?)))
    }

    /// The properties: (concept, property, value).
    pub fn properties(&self) -> &[(u32, Box<str>, Box<str>)] {
        &self.properties
    }

    /// Drops the properties that are not wanted.
    pub fn keep_properties(&mut self, mut wanted: impl FnMut(&str) -> bool) {
        self.properties.retain(|(_, name, _)| wanted(name));
    }

    /// Where each concept's texts lie; none when the numbers are not those that were packed.
    pub(super) fn places(&self) -> Option<Places> {
        let mut places = Places::default();
        places.starts.reserve_exact(self.lengths.len() + 1);
        places.first.reserve_exact(self.len() + 1);
        let (mut at, mut next) = (0_u32, 0_u32);
        places.starts.push(0);
        for length in &self.lengths {
            at = at.checked_add(*length)?;
            if !self.text.is_char_boundary(at as usize) {
                return None;
            }
            places.starts.push(at);
        }
        places.first.push(0);
        for words in &self.words {
            next = next.checked_add(u32::from(*words) + 1)?;
            places.first.push(next);
        }
        let count = self.len() as u32;
        let known = |at: u32| at < count;
        let fits = next as usize == self.lengths.len()
            && self.parents.len() == self.len()
            && self.parents().all(|(_, parent)| known(parent))
            && self.properties.iter().all(|(at, ..)| known(*at));
        fits.then_some(places)
    }

    /// Whether the numbers are those that were packed.
    pub fn fits(&self) -> bool {
        self.places().is_some()
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

/// Where the texts of concepts lie.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    starts: Vec<u32>,
    /// The first text of each concept: its code.
    first: Vec<u32>,
}

impl Places {
    fn at<'t>(&self, text: &'t str, place: u32) -> &'t str {
        &text[self.starts[place as usize] as usize..self.starts[place as usize + 1] as usize]
    }

    /// A concept's code.
    pub fn code<'t>(&self, text: &'t str, concept: u32) -> &'t str {
        self.at(text, self.first[concept as usize])
    }

    /// What a concept is called.
    pub fn words<'t>(&self, text: &'t str, concept: u32) -> impl Iterator<Item = &'t str> {
        let (first, end) = (self.first[concept as usize], self.first[concept as usize + 1]);
        (first + 1..end).map(move |place| self.at(text, place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_comes_back() {
        let mut all = Concepts::default();
        let properties = vec![("size".into(), "big".into())];
        all.push(Concept { code: "å", words: vec!["A with ring", ""], ..Concept::default() });
        all.push(Concept { code: "b", parent: Some(0), properties, ..Concept::default() });
        let places = all.places().unwrap();
        assert_eq!((places.code(&all.text, 0), places.code(&all.text, 1)), ("å", "b"));
        let words: Vec<_> = places.words(&all.text, 0).collect();
        assert_eq!(words, ["A with ring", ""]);
        assert_eq!(places.words(&all.text, 1).count(), 0);
        assert_eq!(all.parents().collect::<Vec<_>>(), [(1, 0)]);
        assert_eq!(all.properties().len(), 1);
        let more = all.with_words(&[("b".into(), "B".into()), ("c".into(), "C".into())]);
        let places = more.places().unwrap();
        assert_eq!(places.words(&more.text, 1).collect::<Vec<_>>(), ["B"]);
        assert_eq!((more.len(), more.properties()), (2, all.properties()));
    }

    #[test]
    fn numbers_of_other_texts_are_told_apart() {
        let mut all = Concepts::default();
        all.push(Concept { code: "å", words: vec!["x"], ..Concept::default() });
        let with = |change: &dyn Fn(&mut Concepts)| {
            let mut other = all.clone();
            change(&mut other);
            other.fits()
        };
        assert!(with(&|_| ()));
        assert!(!with(&|all| all.lengths[0] = 1));
        assert!(!with(&|all| all.lengths[0] = u32::MAX));
        assert!(!with(&|all| all.words[0] = 2));
        assert!(!with(&|all| all.parents[0] = 9));
        assert!(!with(&|all| all.parents.clear()));
        assert!(!with(&|all| all.properties.push((1, "a".into(), "b".into()))));
    }
}
