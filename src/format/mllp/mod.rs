//! The frames of MLLP: messages of HL7 v2 on a stream of bytes.
//!
//! Promises: a frame is found wherever the stream was cut; what is no frame is a fault, and nothing after it is
//! believed. Source: HL7 v2 implementation guide, appendix C (lower layer protocols), and MLLP release 1.
//! Never: reads a socket, or looks for more in a message than whom an acknowledgement is for.

mod header;

pub use header::{Acknowledged, Asked, Head, acknowledged, head};

use bytes::{Buf, Bytes, BytesMut};

/// The byte before a message.
pub const START: u8 = 0x0b;
/// The bytes after it.
pub const END: [u8; 2] = [0x1c, b'\r'];

/// What is wrong with a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// A message does not begin with the start byte.
    NoStart,
    /// The start byte stands inside a message.
    StartInside,
    /// The end byte without the return that belongs to it.
    HalfEnd,
    /// The message is longer than the limit.
    TooLong,
}

impl Fault {
    /// A code for logs.
    pub fn word(self) -> &'static str {
        match self {
            Fault::NoStart => "frame-no-start",
            Fault::StartInside => "frame-start-inside",
            Fault::HalfEnd => "frame-half-end",
            Fault::TooLong => "frame-too-long",
        }
    }
}

/// The frames of one stream. Bytes go in at [`Frames::room`], messages come out of [`Frames::message`].
#[derive(Debug)]
pub struct Frames {
    limit: usize,
    buffer: BytesMut,
    /// How much of the buffer was looked at.
    seen: usize,
    inside: bool,
}

impl Frames {
    /// A stream whose messages have at most `limit` bytes.
    pub fn new(limit: usize) -> Frames {
        Frames { limit, buffer: BytesMut::new(), seen: 0, inside: false }
    }

    /// Where what comes next is put: behind what is there.
    pub fn room(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// Whether a message has begun and not ended.
    pub fn open(&self) -> bool {
        self.inside
    }

    /// Whether nothing is left over.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty() && !self.inside
    }

    /// What there is of the message that has begun, for whoever must say what was wrong with it.
    pub fn begun(&self) -> &[u8] {
        if self.inside { &self.buffer } else { &[] }
    }

    /// The next whole message, without its frame; none: more must come first. After a fault the stream is of no
    /// further use.
    pub fn message(&mut self) -> Result<Option<Bytes>, Fault> {
        if !self.inside && !self.begin()? {
            return Ok(None);
        }
        let marked = self.marked();
        self.seen = marked.unwrap_or(self.buffer.len());
        // Before anything else that is wrong: what is said must not depend on how the bytes came.
        if self.seen > self.limit {
            return Err(Fault::TooLong);
        }
        let Some(at) = marked else { return Ok(None) };
        match (self.buffer[at], self.buffer.get(at + 1)) {
            (START, _) => Err(Fault::StartInside),
            (_, None) => Ok(None),
            (_, Some(b'\r')) => {
                let message = self.buffer.split_to(at).freeze();
                self.buffer.advance(END.len());
                (self.seen, self.inside) = (0, false);
                Ok(Some(message))
            }
            (_, Some(_)) => Err(Fault::HalfEnd),
        }
    }

    /// Finds the start byte. Returns between messages are let pass: some senders end a frame with one too many.
    fn begin(&mut self) -> Result<bool, Fault> {
        let blank = self.buffer.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.buffer.advance(blank);
        match self.buffer.first() {
            None => Ok(false),
            Some(&START) => {
                self.buffer.advance(1);
                (self.seen, self.inside) = (0, true);
                Ok(true)
            }
            Some(_) => Err(Fault::NoStart),
        }
    }

    /// Where the next byte is that means something to a frame.
    fn marked(&self) -> Option<usize> {
        let rest = &self.buffer[self.seen..];
        memchr::memchr2(START, END[0], rest).map(|at| self.seen + at)
    }
}

/// A message in its frame.
pub fn framed(message: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(message.len() + 3);
    out.push(START);
    out.extend_from_slice(message);
    out.extend_from_slice(&END);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All messages of a stream that comes in these pieces, and its fault.
    fn all(pieces: &[&[u8]], limit: usize) -> (Vec<Bytes>, Option<Fault>) {
        let mut frames = Frames::new(limit);
        let mut messages = Vec::new();
        for piece in pieces {
            frames.room().extend_from_slice(piece);
            loop {
                match frames.message() {
                    Ok(Some(message)) => messages.push(message),
                    Ok(None) => break,
                    Err(fault) => return (messages, Some(fault)),
                }
            }
        }
        (messages, None)
    }

    #[test]
    fn faults() {
        let cases: [(&[u8], usize, Fault); 9] = [
            (b"MSH|", 0, Fault::NoStart),
            (b"\x0bMSH\x0bMSH", 0, Fault::StartInside),
            (b"\x0bMSH\x1cx", 0, Fault::HalfEnd),
            (b"\x0b12345678901", 0, Fault::TooLong),
            (b"\x0b12345678901\x1c\r", 0, Fault::TooLong),
            (b"\x0b12345678901\x0b", 0, Fault::TooLong),
            (b"\x0b12345678901\x1cx", 0, Fault::TooLong),
            (b"\x0b1234567890\x1c\rx", 1, Fault::NoStart),
            (b"\x0b1\x1c\r\x1c\r", 1, Fault::NoStart),
        ];
        for (stream, before, fault) in cases {
            let (messages, found) = all(&[stream], 10);
            assert_eq!((messages.len(), found), (before, Some(fault)), "{stream:?}");
        }
        assert_eq!(all(&[b"\x0b1234567890\x1c\r\r\n\x0b\x1c\r"], 10).0, ["1234567890", ""]);
    }

    proptest! {
        #[test]
        fn cut_anywhere(
            messages in prop::collection::vec("[ -~\r]{0,40}", 0..6),
            cuts in prop::collection::vec(0usize..300, 0..12),
        ) {
            let stream: Vec<u8> =
                messages.iter().flat_map(|one| framed(one.as_bytes())).collect();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
            cuts.extend([0, stream.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|two| &stream[two[0]..two[1]]).collect();
            let (found, fault) = all(&pieces, 40);
            prop_assert_eq!(fault, None);
            prop_assert_eq!(found, messages);
        }

        #[test]
        fn anything_ends(stream: Vec<u8>, cut in 0usize..50) {
            let cut = cut.min(stream.len());
            let whole = all(&[&stream], 20);
            prop_assert_eq!(all(&[&stream[..cut], &stream[cut..]], 20), whole);
        }
    }
}
