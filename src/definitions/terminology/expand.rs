//! A value set, worked out from its compose and ready to answer.

use super::super::core::Kind;
use super::super::library::{Body, DefinitionId, Library, Scope};
use super::super::model::{Include, ValueSet};
use super::code_system::Codes;
use super::{CodeSystemIndex, Membership, Reason, Syntax};
use std::borrow::Cow;
use std::sync::Arc;

/// A value set.
#[derive(Debug)]
pub struct ValueSetIndex {
    url: Box<str>,
    version: Option<Box<str>>,
    include: Vec<Part>,
    exclude: Vec<Part>,
    /// An expansion that came with it: asked when its compose is absent or leaves a code open.
    listed: Vec<Selection>,
}

/// A part of a compose: what it selects itself, and value sets that it asks as well.
#[derive(Debug)]
struct Part {
    own: Option<Selection>,
    also: Vec<Result<ValueSetIndex, Reason>>,
}

/// What a part selects of one system (of any, when there is none).
#[derive(Debug)]
struct Selection {
    system: Option<Box<str>>,
    codes: Selected,
}

#[derive(Debug)]
enum Selected {
    /// These.
    These(Codes),
    /// All of the system's.
    All(Arc<CodeSystemIndex>),
    /// All of a system that is a grammar.
    Form(Syntax),
    /// Nobody can say.
    Unknown(Reason),
}

impl ValueSetIndex {
    /// Its canonical.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its version.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Whether a code is in it. Without a system (an element of type `code`) any system's code will do.
    pub fn contains(&self, system: Option<&str>, code: &str) -> Membership {
        let composed = match self.include.is_empty() && !self.listed.is_empty() {
            true => Membership::NotIn,
            false => {
                any(&self.include, system, code).and(|| any(&self.exclude, system, code).not())
            }
        };
        match composed {
            Membership::In => Membership::In,
            other => {
                let listed = self.listed.iter().any(|s| s.contains(system, code) == Membership::In);
                let open = self.include.is_empty() || matches!(other, Membership::Unknown(_));
                if listed && open { Membership::In } else { other }
            }
        }
    }

    /// Whether it draws on that system at all: a code of another is not in it, whatever the code.
    pub fn has_system(&self, system: &str) -> bool {
        let own = |s: &Selection| s.system.as_deref().is_none_or(|one| one == system);
        let part = |p: &Part| {
            p.own.as_ref().is_none_or(own)
                && p.also.iter().all(|n| n.as_ref().map_or(true, |n| n.has_system(system)))
        };
        self.include.iter().any(part) || self.listed.iter().any(own)
    }

    /// Why not every code can be decided; none when all can.
    pub fn open(&self) -> Option<Reason> {
        if !self.listed.is_empty() && self.include.is_empty() {
            return None;
        }
        self.include.iter().chain(&self.exclude).find_map(|part| {
            let own = part.own.as_ref().and_then(|s| match &s.codes {
                Selected::Unknown(reason) => Some(*reason),
                Selected::All(index) if !index.is_complete() => Some(Reason::SystemIncomplete),
                _ => None,
            });
            own.or_else(|| {
                part.also.iter().find_map(|n| match n {
                    Ok(nested) => nested.open(),
                    Err(reason) => Some(*reason),
                })
            })
        })
    }
}

fn any(parts: &[Part], system: Option<&str>, code: &str) -> Membership {
    parts.iter().fold(Membership::NotIn, |found, part| found.or(|| part.contains(system, code)))
}

impl Part {
    fn contains(&self, system: Option<&str>, code: &str) -> Membership {
        let own = self.own.as_ref().map_or(Membership::In, |s| s.contains(system, code));
        self.also.iter().fold(own, |found, nested| {
            found.and(|| match nested {
                Ok(nested) => nested.contains(system, code),
                Err(reason) => Membership::Unknown(*reason),
            })
        })
    }
}

impl Selection {
    fn contains(&self, system: Option<&str>, code: &str) -> Membership {
        let other = |own: &str| system.is_some_and(|asked| asked != own);
        if self.system.as_deref().is_some_and(other) {
            return Membership::NotIn;
        }
        match &self.codes {
            Selected::These(codes) if codes.find(code).is_some() => Membership::In,
            Selected::These(_) => Membership::NotIn,
            Selected::All(index) => index.has(code),
            Selected::Form(syntax) => syntax.check(code),
            Selected::Unknown(reason) => Membership::Unknown(*reason),
        }
    }
}

impl Library {
    /// A value set's definition.
    pub(in super::super) fn value_set_of(&self, id: DefinitionId) -> Option<Cow<'_, ValueSet>> {
        match &self.stored[id.0 as usize].body {
            Body::ValueSet(set) => Some(Cow::Borrowed(set)),
            Body::Core(at) if self.stored[id.0 as usize].kind == Kind::ValueSet => {
                Some(Cow::Owned(self.core.value_set(*at)))
            }
            _ => None,
        }
    }
}

/// Works a value set out. `above` are those that led here.
pub(super) fn expand(
    library: &Library,
    id: DefinitionId,
    scope: Scope,
    above: &mut Vec<DefinitionId>,
) -> Option<ValueSetIndex> {
    let set = library.value_set_of(id)?;
    let scope = scope.seen_from(library.listed(id).package);
    above.push(id);
    let mut maker = Maker { library, scope, above };
    let mut include: Vec<Part> = set.include.iter().map(|i| maker.part(i)).collect();
    let exclude = set.exclude.iter().map(|e| maker.part(e)).collect();
    let listed = set.expansion.as_deref().map_or(Vec::new(), listed);
    above.pop();
    if include.is_empty() && listed.is_empty() {
        let codes = Selected::Unknown(Reason::NoContent);
        include.push(Part { own: Some(Selection { system: None, codes }), also: Vec::new() });
    }
    let (url, version) = (set.url.clone(), set.version.clone());
    Some(ValueSetIndex { url, version, include, exclude, listed })
}

/// An expansion's codes, by system.
fn listed(expansion: &[(Box<str>, Box<str>)]) -> Vec<Selection> {
    let mut all: Vec<(Option<Box<str>>, Codes)> = Vec::new();
    for (system, code) in expansion {
        let system = (!system.is_empty()).then(|| system.clone());
        let at = all.iter().position(|(s, _)| *s == system).unwrap_or_else(|| {
            all.push((system, Codes::new(false)));
            all.len() - 1
        });
        all[at].1.add(code, 0);
    }
    let selection = |(system, codes)| Selection { system, codes: Selected::These(codes) };
    all.into_iter().map(selection).collect()
}

struct Maker<'a> {
    library: &'a Library,
    scope: Scope,
    above: &'a mut Vec<DefinitionId>,
}

impl Maker<'_> {
    fn part(&mut self, part: &Include) -> Part {
        let also = part.value_sets.iter().map(|v| self.nested(v)).collect::<Vec<_>>();
        let own = match &part.system {
            Some(system) => Some(self.selected(system, part)),
            None if also.is_empty() => Some(Selected::Unknown(Reason::NoContent)),
            None => None,
        };
        let selection = |codes| Selection { system: part.system.clone(), codes };
        Part { own: own.map(selection), also }
    }

    fn nested(&mut self, canonical: &str) -> Result<ValueSetIndex, Reason> {
        let id = self.library.resolve(Kind::ValueSet, canonical, self.scope);
        let id = id.ok_or(Reason::ValueSetNotLoaded)?;
        if self.above.contains(&id) {
            return Err(Reason::Circular);
        }
        expand(self.library, id, self.scope, self.above).ok_or(Reason::ValueSetNotLoaded)
    }

    fn selected(&self, system: &str, part: &Include) -> Selected {
        let canonical = match &part.version {
            Some(version) => Cow::Owned(format!("{system}|{version}")),
            None => Cow::Borrowed(system),
        };
        let index = self.library.code_system(&canonical, self.scope);
        if !part.codes.is_empty() {
            let fold = index.is_some_and(|i| i.is_case_insensitive());
            let mut codes = Codes::new(fold);
            part.codes.iter().for_each(|code| codes.add(code, 0));
            return Selected::These(codes);
        }
        let index = match index {
            Some(index) if !index.is_empty() => index,
            _ => match Syntax::of(system) {
                Some(syntax) if part.filters.is_empty() => return Selected::Form(syntax),
                _ => return Selected::Unknown(Reason::SystemNotLoaded),
            },
        };
        if part.filters.is_empty() {
            return Selected::All(index);
        }
        filtered(&index, part)
    }
}

/// What all filters of a part select.
fn filtered(index: &CodeSystemIndex, part: &Include) -> Selected {
    if !index.is_complete() {
        return Selected::Unknown(Reason::SystemIncomplete);
    }
    let mut selected: Option<Vec<&str>> = None;
    for (property, op, value) in &part.filters {
        let Some(these) = index.filter(property, op, value) else {
            return Selected::Unknown(Reason::Filter);
        };
        selected = Some(match selected {
            None => these,
            Some(before) => before.into_iter().filter(|code| these.contains(code)).collect(),
        });
    }
    let mut codes = Codes::new(index.is_case_insensitive());
    selected.unwrap_or_default().into_iter().for_each(|code| codes.add(code, 0));
    Selected::These(codes)
}
