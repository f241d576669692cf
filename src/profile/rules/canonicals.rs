//! Canonicals: absolute, and of the kind of definition that their element names.

use crate::definitions::core::Kind;
use crate::definitions::model::{ElementDefinition, StructureDefinition};
use crate::message::Arg;
use crate::profile::catalogue;
use crate::profile::run::Run;
use crate::tree::{Node, NodeId};

/// The kinds of definitions that a library knows, by the names of their types.
const KINDS: [(Kind, &str); 4] = [
    (Kind::Structure, "StructureDefinition"),
    (Kind::ValueSet, "ValueSet"),
    (Kind::CodeSystem, "CodeSystem"),
    (Kind::ConceptMap, "ConceptMap"),
];

/// Stands for every kind that a library does not know.
const OTHERS: u8 = 1 << 7;

/// The kinds that an element of type canonical names, a bit each; none when it may name any.
/// No kind: it is a canonical or a system itself, which must be absolute.
pub(in crate::profile) fn kinds(
    structure: &StructureDefinition,
    element: &ElementDefinition,
) -> Option<u8> {
    if is_defining(structure, &element.path) {
        return Some(0);
    }
    let [one] = &element.types[..] else { return None };
    if &*one.code != "canonical" || one.target_profiles.is_empty() {
        return None;
    }
    let bit = |target: &str| {
        let name = target.rsplit('/').next().unwrap_or(target);
        if name == "Resource" {
            return u8::MAX;
        }
        KINDS.iter().position(|(_, known)| *known == name).map_or(OTHERS, |at| 1 << at)
    };
    let all = one.target_profiles.iter().fold(0, |all, target| all | bit(target));
    (all != u8::MAX).then_some(all)
}

/// Whether an element says by which canonical its own resource is known, or which system it chooses codes of.
fn is_defining(structure: &StructureDefinition, path: &str) -> bool {
    let name = &*structure.type_name;
    let has = |element: &str| {
        let below =
            |path: &str| path.strip_prefix(name).and_then(|p| p.strip_prefix('.')) == Some(element);
        structure.snapshot.iter().any(|e| below(&e.path))
    };
    let own = path.strip_prefix(name).is_some_and(|rest| rest == ".url");
    path == "ValueSet.compose.include.system" || (own && has("publisher") && has("status"))
}

/// Checks a uri of an element that must be absolute.
pub(super) fn absolute(run: &mut Run<'_>, id: NodeId, node: &Node) {
    if run.validator.named_kinds(node.element).is_some()
        && super::primitive::with_text(run, id, |text| {
            !text.contains(':') && !text.starts_with('#')
        })
    {
        run.tell_base(&catalogue::CANONICAL_RELATIVE, id, Arg::None);
    }
}

/// Checks a canonical.
pub(super) fn check(run: &mut Run<'_>, id: NodeId, node: &Node) {
    let validator = run.validator;
    let kinds = validator.named_kinds(node.element);
    let (absolute, fits) = super::primitive::with_text(run, id, |text| {
        let absolute = text.contains(':') || text.starts_with('#');
        let fits = |kinds: u8| {
            let mut found = false;
            for (at, (kind, _)) in KINDS.iter().enumerate() {
                if validator.library.has(*kind, text) {
                    if kinds & 1 << at != 0 {
                        return true;
                    }
                    found = true;
                }
            }
            !found
        };
        // what a resource claims is looked up where claims are
        let claim = node.name == validator.known.profile;
        (absolute, claim || !absolute || kinds.is_none_or(fits))
    });
    if !absolute {
        run.tell_base(&catalogue::CANONICAL_RELATIVE, id, Arg::None);
    } else if !fits {
        run.tell_base(&catalogue::CANONICAL_KIND, id, Arg::None);
    }
}
