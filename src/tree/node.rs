//! The node, and what its fields may say.

use super::text::Slice;
use super::{NameId, types};

/// What a node is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Kind {
    /// A FHIR element (also a primitive, whose value it carries), an XML element, a segment, a field.
    #[default]
    Element,
    /// An XML attribute that is not FHIR's `value`, `id` or `url` (those are elements' values and children).
    Attribute,
    /// Character data of mixed or simple XML content, in document order among its siblings.
    Text,
    /// A narrative: its value is the whole `<div>` as markup.
    Xhtml,
    /// Bytes kept as they came, which no model describes.
    Raw,
}

/// Whether a node's value was there, where the syntax knows the difference.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum State {
    /// No value was written: a complex element, or a primitive that has only an id or extensions.
    #[default]
    Absent,
    /// Written, and empty: `""`, `{}`, `value=""`.
    Empty,
    /// JSON `null`.
    Null,
    /// A value of at least one character.
    Present,
}

/// How the syntax wrote a value: what the JSON token was. Other syntaxes write `Text`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Token {
    /// Nothing, or a syntax without token kinds.
    #[default]
    Text,
    /// A JSON string.
    String,
    /// A JSON number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A JSON object.
    Object,
}

/// Marks that a reader or the typing pass sets on a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Marks(pub(super) u8);

impl Marks {
    /// The node stood in a JSON array.
    pub const IN_ARRAY: Marks = Marks(1);
    /// The node is a resource: its value holds the resource type's name, not a value of its own.
    pub const RESOURCE: Marks = Marks(2);
    /// The node was detached; iteration does not meet it.
    pub const DETACHED: Marks = Marks(4);
    /// JSON wrote something of this node in the property with an underscore: it is a primitive.
    pub const SHADOWED: Marks = Marks(8);
    /// The value belongs to the syntax, not to the message: delimiters, counts. Nobody who drops it loses any.
    pub const SYNTAX: Marks = Marks(16);

    /// Whether all of `other`'s marks are set.
    #[inline]
    pub fn has(self, other: Marks) -> bool {
        self.0 & other.0 == other.0
    }

    /// Adds `other`'s marks.
    pub fn set(&mut self, other: Marks) {
        self.0 |= other.0;
    }
}

/// One node: 56 bytes, copied freely.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    pub(super) parent: u32,
    pub(super) first_child: u32,
    pub(super) last_child: u32,
    pub(super) next_sibling: u32,
    /// The namespace, or [`NameId::NONE`] (always none in FHIR trees, whatever the syntax).
    pub namespace: NameId,
    /// The local name as written: `valueQuantity`, `PID.3`.
    pub name: NameId,
    /// The value; for a resource the name of its type. Meaningful only if `state` says so.
    pub value: Slice,
    /// Byte offset of the node's first character in the decoded input.
    pub offset: u32,
    /// The element's definition, after typing.
    pub element: types::ElementId,
    /// The element's type, after typing.
    pub type_id: types::TypeId,
    /// What the node is.
    pub kind: Kind,
    /// Whether there was a value.
    pub state: State,
    /// How the value was written.
    pub token: Token,
    /// Marks.
    pub marks: Marks,
}

/// What a syntax needs to write a message back as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The charset that was declared or found, by its name of the web platform's encoding standard.
    pub charset: Option<&'static str>,
    /// A byte-order mark came first.
    pub byte_order_mark: bool,
    /// An XML declaration came first.
    pub declaration: bool,
    /// Comments and processing instructions that were dropped.
    pub dropped: u32,
    /// The order of elements is part of the syntax, as in FHIR XML.
    pub ordered: bool,
    /// The delimiters of a syntax that has them.
    pub delimiters: Option<Delimiters>,
    /// Receivers pass over what they do not expect (HL7 v2.8.2, section 2.8.2).
    pub extensible: bool,
}

/// The delimiters of HL7 v2 or EDIFACT, as a message declares them. A zero: there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delimiters {
    /// Between fields (v2), between a segment's data elements (EDIFACT).
    pub field: u8,
    /// Between components.
    pub component: u8,
    /// Between sub-components; EDIFACT has none.
    pub subcomponent: u8,
    /// Between repetitions.
    pub repetition: u8,
    /// What takes the meaning of a delimiter, or gives an escape its meaning.
    pub escape: u8,
    /// What ends a segment: `\r`, `\n`, `\r\n`, `'`, and what follows each of them in the message.
    pub end: &'static str,
}
