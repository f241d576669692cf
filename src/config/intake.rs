//! Intake descriptions: where a format keeps its ids, sender, receiver and event.
//!
//! Promises: one mechanism for every format; a new one is described by data, beside its model and maps.
//! Never: names an element itself.

use super::party::EndpointSyntax;
use super::quantity::KINDS;
use super::read::{Field, Reader, section};
use super::value::{At, OwnName, Several, word};
use crate::message::IdentifierKind;
use toml::Spanned;
use toml::de::DeValue;

/// The descriptions that come with the engine: their names in diagnostics, and their texts.
pub(super) const BUILT_IN: [(&str, &str); 4] = [
    ("fhir-messaging.intake.toml (built in)", include_str!("fhir-messaging.intake.toml")),
    ("hl7v2.intake.toml (built in)", include_str!("hl7v2.intake.toml")),
    ("edifact.intake.toml (built in)", include_str!("edifact.intake.toml")),
    ("vans-envelope.intake.toml (built in)", include_str!("vans-envelope.intake.toml")),
];

impl Field for IdentifierKind {
    fn read(value: &Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<IdentifierKind> {
        word(value, reader, &KINDS)
    }

    fn repair() -> Option<IdentifierKind> {
        Some(IdentifierKind::Organisation)
    }

    fn form() -> String {
        format!("one of {}", KINDS.map(|(word, _)| format!("`\"{word}\"`")).join(", "))
    }
}

section! {
    /// Where an identifier of a party is found.
    IdentifierPath as "identifier path" {
        /// The identifier's kind.
        kind: IdentifierKind,
        /// A FHIRPath expression from the message's root.
        path: At<Box<str>>,
    }
}

section! {
    /// Where a message says when it was sent: what is written there when it is sent again.
    Stamp as "stamp" {
        /// A FHIRPath expression from the message's root, for an element with a value.
        path: At<Box<str>>,
        /// How the time is written, in the zone of the description or in UTC: `%Y-%m-%d`.
        format: Box<str> = "'%Y-%m-%dT%H:%M:%S%:z'",
    }
}

section! {
    /// Where a receipt says why it refuses: what its sender is told, in the sender's own format.
    Reasons as "reasons" {
        /// A FHIRPath expression from the message's root, for the elements that each are a reason.
        each: At<Box<str>>,
        /// The code of one, from such an element.
        code: Option<At<Box<str>>>,
        /// Its words, from such an element; several are put together.
        text: Option<At<Box<str>>>,
        /// Concept maps that such a code goes through, one after the other, until it is a code of an acknowledgement
        /// (`MSG_...`). A code that one of them does not have is told as words.
        codes: Vec<At<Box<str>>>,
    }
}

section! {
    /// How messages of one format are read. Each value is a FHIRPath expression from the message's root;
    /// the first item it yields counts, an empty result means that the message does not say.
    Intake as "intake" {
        /// The description's name, for `check` and for logs.
        name: OwnName,
        /// The syntaxes it is for.
        syntax: Several<EndpointSyntax>,
        /// The name of the root: a resource's type, an XML element's local name, an HL7 v2 message's structure
        /// (`ADT_A01`), `Edifact`; `*`: whatever it is.
        root: Box<str>,
        /// The root element's XML namespace.
        namespace: Option<Box<str>>,
        /// A condition on the message, where several descriptions share a root; the first that holds counts.
        when: Option<At<Box<str>>>,
        /// The elements that each hold a message, in a format whose transmissions may hold several; the rest is their
        /// common envelope. Each message gets its own verdict.
        letters: Option<At<Box<str>>>,
        /// The message's id.
        message: At<Box<str>>,
        /// The envelope's id.
        envelope: At<Box<str>>,
        /// The sender's identifiers.
        sender: Vec<IdentifierPath>,
        /// The receiver's identifiers.
        receiver: Vec<IdentifierPath>,
        /// What happened.
        event: At<Box<str>>,
        /// The version of the message's format: the first of these that yields something.
        version: Vec<At<Box<str>>>,
        /// A condition that holds for the versions that are known; where it is false the message is refused. Not set:
        /// any version.
        known_version: Option<At<Box<str>>>,
        /// What ties it to earlier messages: the first of these that yields something.
        conversation: Vec<At<Box<str>>>,
        /// The patient, for the order of messages; kept as a keyed hash and never shown.
        patient: Option<At<Box<str>>>,
        /// When it was sent: an instant, or a time of the zone below.
        sent: Option<At<Box<str>>>,
        /// Where it says so, for a message that is sent again in a new envelope.
        stamp: Vec<Stamp>,
        /// The zone of times that name none: `Europe/Copenhagen`.
        zone: Option<At<Box<str>>>,
        /// True for a test message.
        test: Option<At<Box<str>>>,
        /// What belongs to the sending and not to the message: left out when contents are compared. For FHIR
        /// messages this is built in (exchange rules, duplicates).
        of_sending: Vec<At<Box<str>>>,
        /// The canonical of the map that makes a receipt for a message of this format from an Acknowledgement. Not set:
        /// the format's own way, or an answer of the transport alone.
        receipt_map: Option<At<Box<str>>>,
        /// A condition for an acceptance to be told by such a receipt. Not set: always.
        tell_accepted: Option<At<Box<str>>>,
        /// A condition for a refusal to be told by such a receipt. Not set: always.
        tell_refused: Option<At<Box<str>>>,
        /// The id of the message that this one is a receipt for.
        receipt_for: Option<At<Box<str>>>,
        /// What the receipt says: `ok`, `fatal-error` or `transient-error`.
        receipt_code: Option<At<Box<str>>>,
        /// Why the receipt refuses, where it says so.
        reasons: Option<Reasons>,
    }
}
