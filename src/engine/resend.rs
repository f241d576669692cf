//! A message in another envelope, with another time of sending: what a resend changes, and nothing else.
//!
//! Promises: byte for byte the same but for the envelope's id and the times of its sending; a time that the
//! message does not say is not added. Never: writes a message anew.

use super::{Arena, Engine, header, told};
use crate::format::edifact;
use crate::message::{EnvelopeId, Error, ErrorKind, Syntax};
use crate::tree::{BufferId, NodeId, Tree};
use bytes::Bytes;
use jiff::Timestamp;

/// The buffer that a tree was read from.
const INPUT: BufferId = BufferId(1);

impl Engine {
    /// The bytes of a message in an envelope of this id, sent at this time.
    pub fn in_envelope(
        &self,
        syntax: Syntax,
        bytes: &Bytes,
        envelope: &EnvelopeId,
        sent: Timestamp,
    ) -> Result<Bytes, Error> {
        let fault = |why: &str| Error::new(ErrorKind::Internal, format!("a resend: {why}"));
        if syntax == Syntax::Xml
            && let Some(anew) = self.enveloped_anew(bytes, envelope, sent)
        {
            return anew;
        }
        // A message of HL7 v2 has no envelope: it is sent again as it is.
        if syntax == Syntax::Hl7v2 {
            return Ok(bytes.clone());
        }
        let wire = self.library.wire();
        let decoded =
            wire.decode(syntax, bytes, None).map_err(|_| fault("the message cannot be decoded"))?;
        let mut arena = Arena::new(self);
        let (tree, issues) = (&mut arena.tree, &mut arena.issues);
        if !wire.read(syntax, decoded.text.clone(), tree, issues) || told::refuse(issues) {
            return Err(fault("the message cannot be read"));
        }
        wire.type_tree(syntax, tree, issues);
        arena.references.build(&arena.tree);
        let places = {
            let trees = [&arena.tree];
            let scene = self.scene(&trees, &arena.references, sent);
            self.intakes.of_sending(&scene, syntax, sent, &mut arena.paths)
        };
        let (place, mut changes) = places.ok_or_else(|| fault("no intake describes it"))?;
        changes.push((place, envelope.0.clone()));
        // what closes an interchange says its reference again
        let closing = edifact::references(&arena.tree).filter(|_| syntax == Syntax::Edifact);
        changes.extend(closing.map(|[_, closing]| (closing, envelope.0.clone())));
        for name in ["occurredDateTime", "recorded"] {
            let newest = header::parts(&arena.tree).and_then(|parts| parts.newest);
            if let Some(node) = newest.and_then(|newest| arena.tree.child(newest, name)) {
                changes.push((node, sent.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string().into()));
            }
        }
        let text = replaced(&arena.tree, &decoded.text, changes)
            .ok_or_else(|| fault("an id or a time has no place of its own in it"))?;
        let encoded = |text: &str| {
            let mut out = Vec::with_capacity(text.len());
            decoded.charset.encode(text, &mut out);
            out
        };
        match encoded(&decoded.text) == bytes[..] {
            true => Ok(Bytes::from(encoded(&text))),
            false => Err(fault("its bytes cannot be kept")),
        }
    }
}

/// A text with the values of some nodes exchanged; none if one of them does not stand in it as it is.
fn replaced(tree: &Tree, text: &str, changes: Vec<(NodeId, Box<str>)>) -> Option<String> {
    let mut slices = Vec::with_capacity(changes.len());
    for (node, value) in changes {
        let slice = tree.value(node)?;
        let own = slice.buffer() == INPUT && tree.buffer(INPUT) == text;
        let plain = value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-:.+".contains(&b));
        if !own || !plain || slice.is_empty() {
            return None;
        }
        slices.push((slice.start(), slice.len(), value));
    }
    slices.sort();
    let (mut out, mut at) = (String::with_capacity(text.len() + 64), 0);
    for (start, len, value) in slices {
        out.push_str(text.get(at..start)?);
        out.push_str(&value);
        at = start + len;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}
