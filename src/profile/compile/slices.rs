//! How an element is sliced -> a slicing with its slices.

use super::element::name_of;
use super::{Compiler, Context};
use crate::definitions::model::{
    Discriminator, DiscriminatorKind, ElementDefinition, Slicing as Sliced, SlicingRules,
};
use crate::profile::program::{Matcher, Slice, Slicing, Step, Test};
use crate::tree::NameId;
use crate::tree::types::ElementId;
use std::sync::Arc;

/// The most slices of one slicing that are told apart.
const MOST: usize = 128;

impl<'a> Compiler<'a> {
    /// The slicing of the element at `at`, if it has slices.
    pub(super) fn slicing(
        &mut self,
        context: &mut Context<'a>,
        at: usize,
        id: ElementId,
        counters: &mut u32,
    ) -> Option<Slicing> {
        let defs = std::rc::Rc::clone(&context.defs);
        let places = defs.slices(at);
        let head = context.element(at);
        let stated = head.slicing.as_ref();
        let closed = stated.is_some_and(|s| s.rules == SlicingRules::Closed);
        if places.is_empty() && !closed {
            return None;
        }
        if places.len() > MOST {
            let text = format!("more than {MOST} slices: those beyond are not checked");
            self.warn(context.structure, name_of(head), "profile-slices", text);
        }
        let discriminators = discriminators(head, stated);
        let mut slices: Vec<Slice> = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        for place in places.iter().take(MOST) {
            let element = context.element(*place);
            let name = element.slice_name.as_deref().unwrap_or("");
            let parent = name
                .rsplit_once('/')
                .and_then(|(parent, _)| names.iter().position(|n| *n == parent));
            // a reslice is told apart by the discriminators that its own slice states
            let resliced = parent.map(|p| context.element(places[p]));
            let own = match resliced {
                Some(slice) => self::discriminators(slice, slice.slicing.as_ref()),
                None => discriminators.clone(),
            };
            names.push(name);
            let slice = self.slice(context, (*place, at, id), &own, parent);
            slices.push(slice);
        }
        for (at, place) in places.iter().enumerate().take(MOST) {
            slices[at].one_of = closed_to(context.element(*place), at, &slices);
        }
        let first_counter = *counters;
        *counters += slices.len() as u32 + 2;
        Some(Slicing {
            rules: stated.map_or(SlicingRules::Open, |s| s.rules),
            ordered: stated.is_some_and(|s| s.ordered),
            told_by: told_by(&slices),
            closes: slices.iter().any(|s| s.one_of != 0),
            slices: slices.into(),
            first_counter,
        })
    }

    fn slice(
        &mut self,
        context: &mut Context<'a>,
        (place, head, id): (usize, usize, ElementId),
        discriminators: &[Discriminator],
        parent: Option<usize>,
    ) -> Slice {
        let element = context.element(place);
        let default = element.slice_name.as_deref() == Some("@default");
        let mut matchers: Vec<Matcher> = Vec::new();
        for one in discriminators {
            matchers.extend(self.matcher(context, place, one));
        }
        let undecidable = matchers.is_empty() && !default;
        if undecidable {
            let text = String::from("nothing tells which items belong to the slice: not checked");
            self.warn(context.structure, name_of(element), "profile-slice-undecidable", text);
        }
        let max = element.max.unwrap_or(u32::MAX);
        let types = self.types_of(id, element);
        let spec = match max {
            0 => None,
            _ => self.spec(context, place, &[id], &types, Some(head)),
        };
        Slice {
            name: Arc::from(name_of(element)),
            parent: parent.map(|p| p as u16),
            default,
            min: element.min.unwrap_or(0),
            max,
            spec,
            matchers: matchers.into(),
            undecidable,
            one_of: 0,
        }
    }
}

/// The child by whose value alone all slices are told, if they are.
fn told_by(slices: &[Slice]) -> Option<NameId> {
    let mut told = slices.iter().filter(|s| !s.undecidable).map(|slice| {
        let [one] = &slice.matchers[..] else { return None };
        let [Step::Child(name)] = one.path[..] else { return None };
        let looks = |test: &Test| matches!(test, Test::Fixed(_) | Test::Pattern(_));
        (!slice.default && one.tests.iter().all(looks)).then_some(name)
    });
    let first = told.next()??;
    told.all(|one| one == Some(first)).then_some(first)
}

/// The reslices that a slice is closed to, if it is and each of them can be told.
fn closed_to(slice: &ElementDefinition, at: usize, slices: &[Slice]) -> u128 {
    let closed = slice.slicing.as_ref().is_some_and(|s| s.rules == SlicingRules::Closed);
    let own = slices.iter().enumerate().filter(|(_, s)| s.parent.map(usize::from) == Some(at));
    if !closed || own.clone().any(|(_, s)| s.undecidable) {
        return 0;
    }
    own.fold(0, |all, (place, _)| all | 1 << place)
}

/// What is stated, or what FHIR means where nothing is: extensions by url, choices by type.
fn discriminators(head: &ElementDefinition, stated: Option<&Sliced>) -> Vec<Discriminator> {
    let implied = |kind, path: &str| vec![Discriminator { kind, path: path.into() }];
    match stated.map(|s| &s.discriminators) {
        Some(stated) if !stated.is_empty() => stated.clone(),
        _ if head.path.ends_with("xtension") => implied(DiscriminatorKind::Value, "url"),
        _ if head.path.ends_with("[x]") => implied(DiscriminatorKind::Type, "$this"),
        _ => Vec::new(),
    }
}
