//! The hash of what references name.
//!
//! Promises: a text hashes the same however it is cut into pieces, so that nothing is put together to be
//! found; a value is hashed decoded, without a copy.

use crate::tree::{Escape, NodeId, Tree};

/// A hash of a text that may come in pieces: however it is cut, it hashes the same.
pub(super) struct Mix {
    sum: u64,
    word: u64,
    filled: u32,
    length: u64,
}

impl Mix {
    /// A hash that depends on `seed`.
    pub fn new(seed: u64) -> Mix {
        Mix { sum: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15), word: 0, filled: 0, length: 0 }
    }

    fn mix(&mut self, word: u64) {
        let wide = u128::from(self.sum ^ word) * 0xF39C_C060_5CED_C835;
        self.sum = (wide as u64) ^ ((wide >> 64) as u64);
    }

    /// Adds a piece.
    pub fn add(&mut self, text: &str) {
        let mut bytes = text.as_bytes();
        self.length += bytes.len() as u64;
        while let Some((eight, rest)) = bytes.split_first_chunk() {
            let word = u64::from_le_bytes(*eight);
            bytes = rest;
            match self.filled {
                0 => self.mix(word),
                // what waits is filled up, and as much waits as before
                filled => {
                    self.mix(self.word | word << (8 * filled));
                    self.word = word >> (64 - 8 * filled);
                }
            }
        }
        for byte in bytes {
            self.word |= u64::from(*byte) << (8 * self.filled);
            self.filled += 1;
            if self.filled == 8 {
                self.mix(self.word);
                (self.word, self.filled) = (0, 0);
            }
        }
    }

    /// Adds a node's value, decoded.
    pub fn add_value(&mut self, tree: &Tree, node: NodeId) {
        let Some(slice) = tree.value(node) else { return };
        match slice.escape() {
            Escape::None => self.add(tree.raw_slice(slice)),
            _ => tree.chars(slice).for_each(|c| self.add(c.encode_utf8(&mut [0; 4]))),
        }
    }

    /// The hash.
    pub fn done(mut self) -> u64 {
        let (word, length) = (self.word, self.length);
        self.mix(word);
        self.mix(length);
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_hash_as_the_whole() {
        let whole = "https://stafett.example/fhir/Patient/1";
        let hash = |pieces: &[&str]| {
            let mut mix = Mix::new(7);
            pieces.iter().for_each(|piece| mix.add(piece));
            mix.done()
        };
        for at in 0..whole.len() {
            assert_eq!(hash(&[&whole[..at], &whole[at..]]), hash(&[whole]));
        }
        assert_ne!(hash(&[whole]), hash(&[&whole[1..]]));
        assert_ne!(hash(&["a"]), hash(&["a\0"]));
    }
}
