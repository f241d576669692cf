//! Primitive values: there, written with the right kind of token, of the right form; narratives.

use super::format::{Fault, Format, LONGEST, is_graphic};
use super::narrative;
use crate::message::{Arg, IssueKind};
use crate::profile::catalogue;
use crate::profile::run::Run;
use crate::profile::settings::{Examples, is_reserved};
use crate::tree::{Escape, Node, NodeId, State, Token};
use std::sync::Arc;

/// Checks a primitive.
#[inline]
pub(in crate::profile) fn check(run: &mut Run<'_>, id: NodeId, node: &Node, format: Format) {
    if !is_plain(run, node, format) {
        check_any(run, id, node, format);
    }
}

/// Whether a value is of the letters that most are of, so that its form is right beyond doubt and nothing else is
/// to be asked of it.
#[inline]
fn is_plain(run: &mut Run<'_>, node: &Node, format: Format) -> bool {
    let slice = node.value;
    let string = node.state == State::Present && node.token == Token::String;
    if !string || slice.escape() != Escape::None {
        return false;
    }
    let bytes = run.tree.raw_bytes(slice);
    let plain = match format {
        Format::Text => match bytes {
            [first, .., last] => {
                first.is_ascii_graphic() && last.is_ascii_graphic() && bytes.len() <= LONGEST
            }
            _ => false,
        },
        Format::Code => is_graphic(bytes),
        Format::Uri => {
            let validator = run.validator;
            !matches!(bytes.first(), Some(b'o' | b'u') | None)
                && node.type_id != validator.known.canonical_type
                && validator.settings.examples != Examples::Refused
                && validator.named_kinds(node.element).is_none()
                && is_graphic(bytes)
        }
        _ => false,
    };
    if plain {
        run.memory.steps += slice.len() as u64 / 64;
    }
    plain
}

fn check_any(run: &mut Run<'_>, id: NodeId, node: &Node, format: Format) {
    let (tree, known) = (run.tree, &run.validator.known);
    if format == Format::Id && node.name == known.id && tree.first_child(id).is_some() {
        run.tell_base(&catalogue::RESOURCE_ID, id, Arg::None);
    }
    match node.state {
        State::Present => {}
        State::Empty => return told(run, id, node, &catalogue::EMPTY),
        // nothing but a null is told by the reader
        State::Null if tree.first_child(id).is_none() => return,
        State::Absent | State::Null => {
            if tree.children(id).all(|c| tree.node(c).name == known.id) {
                told(run, id, node, &catalogue::EMPTY);
            }
            return;
        }
    }
    let written = match format {
        Format::Boolean => node.token == Token::Boolean,
        Format::Integer | Format::Unsigned | Format::Positive | Format::Decimal => {
            node.token == Token::Number
        }
        _ => node.token == Token::String,
    };
    if !written && node.token != Token::Text {
        return told(run, id, node, &catalogue::TOKEN);
    }
    let (fault, outer) = with_text(run, id, |text| {
        let outer = format == Format::Text && {
            text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace)
        };
        (format.check(text).err(), outer)
    });
    if let Some(fault) = fault {
        let type_name = Arg::Shared(Arc::clone(&run.validator.table.type_of(node.type_id).name));
        let name = Arg::Shared(run.validator.element_name(node));
        match fault {
            Fault::Form if format == Format::Id => {
                run.tell_base(&catalogue::RESOURCE_ID, id, Arg::None);
            }
            // a message of another standard may leave its zone to an agreement
            Fault::Form if format == Format::DateTime && local(run, id) => {}
            Fault::Form if matches!(format, Format::Date | Format::DateTime | Format::Instant) => {
                run.tell_base(&catalogue::DATE_FORMAT, id, type_name);
            }
            Fault::Form if format == Format::Base64 => {
                run.tell_base(&catalogue::BASE64, id, Arg::None);
            }
            Fault::Form => run.tell_base(&catalogue::FORMAT, id, type_name),
            Fault::Range => run.tell_base(&catalogue::DECIMAL_RANGE, id, Arg::None),
            Fault::Long(most) if format == Format::Id => {
                run.tell_base(&catalogue::ID_TOO_LONG, id, Arg::Number(u64::from(most)));
            }
            Fault::Long(most) => {
                let args = [name, Arg::Number(u64::from(most)), Arg::None];
                let issue = crate::message::Issue::on(&catalogue::TOO_LONG, id);
                run.push(crate::message::Issue { args, ..issue });
            }
        }
    } else if outer && run.tree.header.delimiters.is_none() {
        // between delimiters white space is where lines of text were cut
        run.tell_base(&catalogue::WHITE_SPACE, id, Arg::None);
    } else if node.type_id == run.validator.known.canonical_type {
        super::canonicals::check(run, id, node);
    } else if format == Format::Uri && run.validator.settings.examples != Examples::Refused {
        super::canonicals::absolute(run, id, node);
    } else if format == Format::Uri
        && run.validator.settings.examples == Examples::Refused
        && with_text(run, id, is_reserved)
    {
        run.tell_base(&catalogue::EXAMPLE_URL, id, Arg::None);
    }
}

/// Whether a time would be one with a zone, in a message that is none of FHIR's.
fn local(run: &mut Run<'_>, id: NodeId) -> bool {
    let fhir = run.tree.root().is_none_or(|root| run.tree.resource_type(root).is_some());
    !fhir && with_text(run, id, |text| Format::DateTime.check(&format!("{text}Z")).is_ok())
}

fn told(run: &mut Run<'_>, id: NodeId, node: &Node, kind: &'static IssueKind) {
    let name = run.validator.element_name(node);
    run.tell_base(kind, id, Arg::Shared(name));
}

/// Hands over the decoded value of a node, decoded into scratch space only if need be.
pub(super) fn with_text<T>(run: &mut Run<'_>, id: NodeId, look: impl FnOnce(&str) -> T) -> T {
    let slice = run.tree.node(id).value;
    run.memory.steps += slice.len() as u64 / 64;
    if slice.escape() == Escape::None {
        return look(run.tree.raw_slice(slice));
    }
    let mut text = std::mem::take(&mut run.memory.text);
    text.clear();
    run.tree.decode_into(slice, &mut text);
    let found = look(&text);
    run.memory.text = text;
    found
}

/// Checks a narrative's markup: txt-1, txt-2.
pub(super) fn narrative(run: &mut Run<'_>, id: NodeId) {
    let mut open = std::mem::take(&mut run.memory.open);
    let mut fragments = std::mem::take(&mut run.memory.fragments);
    let in_json = run.tree.node(id).token == Token::String;
    let slice = run.tree.node(id).value;
    let raw = run.tree.raw_slice(slice);
    let mut links = false;
    let undecoded = match slice.escape() {
        Escape::Json => narrative::check_undecoded(raw, &mut open, &mut links),
        _ => None,
    };
    let fault = if let Some(result) = undecoded {
        run.memory.steps += slice.len() as u64 / 64;
        if links || result.is_err() {
            super::links::note(raw, id, &mut fragments);
        }
        result.err()
    } else {
        with_text(run, id, |markup| {
            let mut fault = narrative::check(markup, &mut open, &mut links).err();
            // in XML the namespace may be in scope from further out; the reader has checked it
            if fault.is_none() && in_json && !narrative::says_namespace(markup) {
                fault = Some(narrative::Fault::NotAllowed("no namespace"));
            }
            if links || fault.is_some() {
                super::links::note(markup, id, &mut fragments);
            }
            fault
        })
    };
    run.memory.open = open;
    run.memory.fragments = fragments;
    let (kind, what) = match fault {
        None => return,
        Some(narrative::Fault::Security(what)) => (&catalogue::NARRATIVE_SECURITY, what),
        Some(narrative::Fault::NotAllowed(what)) => (&catalogue::NARRATIVE_ELEMENT, what),
        Some(narrative::Fault::Blank) => (&catalogue::NARRATIVE_BLANK, ""),
    };
    run.tell_base(kind, id, Arg::Static(what));
}
