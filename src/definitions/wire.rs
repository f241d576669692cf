//! Bytes of any syntax to typed trees and back: one door for everybody who has a library.
//!
//! Promises: each syntax has its reader, its charset rule, its typing and its writer here and nowhere else. Never:
//! reads a file, or keeps anything of a message.

use super::{edifact as letters, hl7v2 as models, typing};
use crate::format::charset::{self, Charset, Decoded};
use crate::format::{Scratch, Unwritable, edifact, fhir_json, fhir_xml, hl7v2, xml};
use crate::message::{Issue, Syntax};
use crate::tree::types::{Table, TypeId};
use crate::tree::{NodeId, Tree};
use bytes::Bytes;
use bytestring::ByteString;
use std::sync::Arc;

/// The codecs over one table of types.
pub struct Wire {
    table: Arc<Table>,
    grammar: hl7v2::Grammar,
}

impl Wire {
    /// The codecs over a table.
    pub fn new(table: &Arc<Table>) -> Wire {
        let grammar = hl7v2::Grammar::new(table, &models::structures());
        Wire { table: Arc::clone(table), grammar }
    }

    /// The table.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Bytes to text; `declared` is what the transport says. HL7 v2 and EDIFACT say their charset themselves.
    pub fn decode(
        &self,
        syntax: Syntax,
        bytes: &Bytes,
        declared: Option<&str>,
    ) -> Result<Decoded, Issue> {
        match syntax {
            Syntax::FhirJson | Syntax::FhirXml => {
                let text = charset::decode_fhir(bytes, declared, syntax == Syntax::FhirXml)?;
                return Ok(Decoded { text, charset: Charset::Utf8, note: None });
            }
            Syntax::Xml => return charset::decode(bytes, declared, true),
            Syntax::Hl7v2 | Syntax::Edifact => {}
        }
        let own = Wire::declared(syntax, bytes);
        let own =
            own.map(|own| if syntax == Syntax::Hl7v2 { hl7v2::charset_name(own) } else { own });
        // a transport that says nothing better than the usual is not believed against the message
        charset::decode(bytes, own.or(declared), false)
    }

    /// What a message itself says about its charset; in EDIFACT the usual ones come by their common names.
    pub fn declared(syntax: Syntax, bytes: &[u8]) -> Option<&str> {
        match syntax {
            Syntax::FhirJson => None,
            Syntax::FhirXml | Syntax::Xml => charset::declaration(bytes),
            Syntax::Hl7v2 => hl7v2::declared(bytes),
            Syntax::Edifact => edifact::declared(bytes),
        }
    }

    /// Text to a tree, not yet typed. False: nothing usable.
    pub fn read(
        &self,
        syntax: Syntax,
        text: ByteString,
        tree: &mut Tree,
        issues: &mut Vec<Issue>,
    ) -> bool {
        match syntax {
            Syntax::FhirJson => fhir_json::read(text, tree, issues),
            Syntax::FhirXml => fhir_xml::read(text, tree, issues),
            Syntax::Xml => xml::read(text, tree, issues),
            Syntax::Hl7v2 => hl7v2::read(text, &self.grammar, tree, issues),
            Syntax::Edifact => edifact::read(text, tree, issues),
        }
    }

    /// Types a tree that was read.
    pub fn type_tree(&self, syntax: Syntax, tree: &mut Tree, issues: &mut Vec<Issue>) {
        match self.model_of(syntax, tree) {
            Some(id) => typing::type_tree_as(tree, &self.table, id, issues),
            None => typing::type_tree(tree, &self.table, issues),
        }
    }

    /// The model that a letter's kind names, if it has one.
    fn model_of(&self, syntax: Syntax, tree: &Tree) -> Option<TypeId> {
        if syntax != Syntax::Edifact {
            return None;
        }
        let kind = edifact::kind(tree);
        let of = |name: &str| self.table.find(&format!("{}{name}", letters::BASE));
        kind.and_then(|kind| of(&kind)).or_else(|| of(letters::ROOT))
    }

    /// Says what a map need not say: counts, delimiters. Nothing for a tree that was read.
    pub fn complete(&self, tree: &mut Tree) {
        match self.made(tree) {
            Some(Syntax::Hl7v2) => hl7v2::complete(tree, &self.table),
            Some(Syntax::Edifact) => edifact::complete(tree, &self.table),
            _ => {}
        }
    }

    /// The syntax that a tree's root is of, by its type; none where several write it.
    pub fn made(&self, tree: &Tree) -> Option<Syntax> {
        let root = tree.root()?;
        match tree.node(root).type_id {
            TypeId::NONE => None,
            id if self.table.type_of(id).name.starts_with(models::BASE) => Some(Syntax::Hl7v2),
            id if self.table.type_of(id).name.starts_with(letters::BASE) => Some(Syntax::Edifact),
            _ => None,
        }
    }

    /// A tree to bytes. `charset` counts for XML; the others say their charset themselves, FHIR is UTF-8.
    pub fn write(
        &self,
        tree: &Tree,
        syntax: Syntax,
        charset: Charset,
        out: &mut Vec<u8>,
    ) -> Result<(), Unwritable> {
        self.write_with(tree, syntax, charset, &mut Scratch::new(), out)
    }

    /// The same with memory that is used again: a warm one allocates nothing but the output's room, letters and
    /// HL7 v2.
    pub fn write_with(
        &self,
        tree: &Tree,
        syntax: Syntax,
        charset: Charset,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<(), Unwritable> {
        let (table, root) = (&*self.table, tree.root().unwrap_or(NodeId(0)));
        let mut text = String::new();
        match syntax {
            Syntax::FhirJson => fhir_json::write(tree, table, root, &mut text),
            Syntax::FhirXml => fhir_xml::write(tree, table, root, &mut text),
            Syntax::Xml => return xml::write_with(tree, table, root, charset, scratch, out),
            Syntax::Hl7v2 => {
                let charset = hl7v2::charset(tree);
                return hl7v2::write_with(tree, table, root, charset, scratch, out);
            }
            Syntax::Edifact => {
                return edifact::write_with(tree, root, edifact::charset(tree), scratch, out);
            }
        }
        out.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
