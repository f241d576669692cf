//! Names seen before: messages have a few dozen, thousands of times.
//!
//! Promises: gives the same ids as the tree would; a name of up to 16 bytes costs two loads and a compare.
//! What it knows stays with the tree from message to message, and holds only names of the snapshot.

use crate::tree::NameId;

const SLOTS: usize = 256;

/// The longest name that is kept.
const LONGEST: usize = 16;

/// The id of the name that stands in these bytes, from `make` when it was not seen. Ids from `known` on are
/// a message's own and are not kept.
#[inline]
pub fn name(
    slots: &mut Vec<[u64; 4]>,
    known: u32,
    (bytes, start, end): (&[u8], usize, usize),
    make: impl FnOnce() -> NameId,
) -> NameId {
    let Some([first, last, length]) = spelling(bytes, start, end) else { return make() };
    let mixed = (first ^ last.rotate_left(23) ^ length).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let at = (mixed >> 56) as usize;
    if let Some(slot) = slots.get(at)
        && slot[0] == first
        && slot[1] == last
        && slot[2] == length
    {
        return NameId(slot[3] as u32);
    }
    let name = make();
    if name.0 < known {
        slots.resize(SLOTS, [0; 4]);
        slots[at] = [first, last, length, name.0.into()];
    }
    name
}

/// The eight bytes from a place on, the first one lowest.
#[inline]
pub fn eight(bytes: &[u8], at: usize) -> Option<u64> {
    let chunk = bytes.get(at..at + 8)?;
    Some(u64::from_le_bytes(chunk.try_into().ok()?))
}

/// The first and the last eight bytes, which are all there are of a name this short, and its length.
#[inline]
fn spelling(bytes: &[u8], start: usize, end: usize) -> Option<[u64; 3]> {
    let length = end - start;
    if length == 0 || length > LONGEST {
        return None;
    }
    let first = eight(bytes, start)?;
    Some(match length.checked_sub(8) {
        None => [first & (u64::MAX >> (64 - 8 * length)), 0, length as u64],
        Some(_) => [first, eight(bytes, end - 8)?, length as u64],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        let words = "a b aa ab abcdefgh abcdefghi abcdefghj bbcdefghi abcdefghijklmnop id ";
        let text = format!("{words}abcdefghijklmnopq {words}        ");
        let mut slots = Vec::new();
        let mut made = Vec::new();
        let mut at = 0;
        for word in text.split(' ').filter(|w| !w.is_empty()) {
            let start = at + text[at..].find(word).unwrap();
            at = start + word.len();
            let id = name(&mut slots, 100, (text.as_bytes(), start, at), || {
                made.push(word);
                NameId(made.len() as u32 - 1)
            });
            assert_eq!(made[id.0 as usize], word);
        }
        assert!(made.len() < 22);
    }
}
