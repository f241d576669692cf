//! Envelopes that a network puts around messages, described by data: where one keeps its ids, and how it is written.
//!
//! Promises: one mechanism for every such envelope; what is written has the names of its description. Never: names an
//! element itself.

use super::party::EndpointSyntax;
use super::quantity::Size;
use super::read::section;
use super::value::{At, OwnName, Several};
use std::collections::BTreeMap;

section! {
    /// What an envelope says about messages of one kind.
    EnvelopeKind as "envelope kind" {
        /// The syntaxes of the message that it is for.
        syntax: Several<EndpointSyntax>,
        /// The events that it is for. Not set: all.
        event: Vec<Box<str>>,
        /// Further values for the texts, by name: FHIRPath expressions from the message's root. One that yields nothing
        /// keeps the message from being sent.
        values: BTreeMap<Box<str>, At<Box<str>>>,
        /// How `{about}` is written.
        about: At<Box<str>>,
    }
}

section! {
    /// An envelope of XML around one message, in base64, and the envelope's own receipts. Places are names of elements
    /// from the root down: `Message.Data`. In what is written, `{name}` stands for a value: `sender` and `receiver`
    /// (location numbers), `id`, `sent`, `message`; of a message also `event`, `version`, `mime`, `size`, `data` and `about`; of
    /// a receipt `original`, `original_about` and `description`.
    Envelope as "envelope" {
        /// Its name, which endpoints use.
        name: OwnName,
        /// The root element.
        root: Box<str>,
        /// The root element's XML namespace.
        namespace: Box<str>,
        /// Where its id is.
        id: Box<str>,
        /// Where the sender's location number is.
        sender: Box<str>,
        /// Where the receiver's location number is.
        receiver: Box<str>,
        /// Where the message itself is, in base64.
        data: Box<str>,
        /// Where what is said about the message is: repeated in receipts.
        about: Box<str>,
        /// Where the message's id in it is, below `about`.
        message: Box<str>,
        /// Where it says whether a receipt is wanted, below `about`.
        transport: Box<str>,
        /// What stands there when none is.
        unreliable: Box<str>,
        /// Where a positive receipt is.
        positive: Several<Box<str>>,
        /// Where a negative receipt is.
        negative: Several<Box<str>>,
        /// Where a receipt has the id of the envelope that it is for, below itself.
        original: Box<str>,
        /// Where a receipt repeats what was said about the message, below itself.
        original_about: Box<str>,
        /// The largest message that it takes.
        most: Size = "'100 MB'",
        /// An envelope around a message, as it is written.
        written: At<Box<str>>,
        /// A positive receipt, as it is written.
        accepted: At<Box<str>>,
        /// A negative receipt, as it is written.
        refused: At<Box<str>>,
        /// What it says about a message: the first of these that is for its syntax and event.
        kind: Vec<EnvelopeKind>,
    }
}
