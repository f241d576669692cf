//! Names and types that the native rules ask for, looked up once.
//!
//! Promises: comparing a name on a message's path is comparing two numbers.

use crate::tree::types::{Table, TypeId};
use crate::tree::{NameId, NodeId, Tree};

macro_rules! known {
    (names { $($name:ident = $text:literal,)* } types { $($kind:ident = $type_name:literal,)* }) => {
        /// The names and types.
        #[derive(Clone, Debug)]
        #[allow(missing_docs, reason = "each is the name it says")]
        pub struct Known {
            $(pub $name: NameId,)*
            $(pub $kind: TypeId,)*
        }

        impl Known {
            /// Looks them up; what a table does not know equals nothing.
            pub fn new(table: &Table) -> Known {
                let name = |text: &str| table.names().find(text).unwrap_or(NameId::NONE);
                let kind = |text: &str| table.find(text).unwrap_or(TypeId::NONE);
                Known {
                    $($name: name($text),)*
                    $($kind: kind($type_name),)*
                }
            }
        }
    };
}

known! {
    names {
    id = "id", url = "url", value = "value", extension = "extension",
    modifier_extension = "modifierExtension", reference = "reference", type_ = "type",
    system = "system", code = "code", coding = "coding", text = "text", meta = "meta",
    profile = "profile", entry = "entry", full_url = "fullUrl", resource = "resource",
    contained = "contained", start = "start", end = "end", data = "data", size = "size",
    hash = "hash", identifier = "identifier", version_id = "versionId",
    last_updated = "lastUpdated", security = "security", total = "total", search = "search",
    request = "request", response = "response", timestamp = "timestamp", definition = "definition",
    link = "link", relation = "relation",
    mode = "mode", subject = "subject", author = "author", encounter = "encounter",
    custodian = "custodian", attester = "attester", party = "party", event = "event",
    detail = "detail", display = "display", source = "source", target = "target", element = "element", section = "section", focus = "focus",
    }
    types {
    extension_type = "Extension", reference_type = "Reference", coding_type = "Coding",
    concept_type = "CodeableConcept", quantity_type = "Quantity", bundle = "Bundle", observation = "Observation",
    message_header = "MessageHeader", attachment = "Attachment", resource_type = "Resource",
    composition = "Composition", canonical_type = "canonical", uri_type = "uri", url_type = "url",
    identifier_type = "Identifier", meta_type = "Meta", concept_map_group = "ConceptMap.group", operation_outcome = "OperationOutcome",
    }
}

/// The first child of a name.
#[inline]
pub fn child(tree: &Tree, node: NodeId, name: NameId) -> Option<NodeId> {
    tree.children(node).find(|c| tree.node(*c).name == name)
}

/// Whether the first child of a name has that text.
#[inline]
pub fn child_is(tree: &Tree, node: NodeId, name: NameId, text: &str) -> bool {
    child(tree, node, name).is_some_and(|c| tree.text_is(c, text))
}
