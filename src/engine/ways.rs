//! What a message needs on the way of a route: the plan of its map, and the concept maps that the plan asks for.
//!
//! Promises: found by name once, when an engine is made; a message finds them by the route's place. Never: a
//! search by text while a message waits.

use super::Engine;
use crate::config::{Intake, Route};
use crate::mapping::{Concepts, Plan, Plans};
use std::sync::Arc;

/// The word by which maps ask for the concept map of a route's `profiles`.
const PROFILES: &str = "profiles";

/// What a route's map needs.
#[derive(Default)]
pub(super) struct Way {
    plan: Option<Arc<Plan>>,
    /// By the place that the plan asks by.
    concepts: Vec<Option<Arc<Concepts>>>,
}

/// The ways of receipts, by the maps that the intake descriptions name.
pub(super) fn receipts(
    intakes: &[Intake],
    plans: &Plans,
    concepts: &[Arc<Concepts>],
) -> Vec<(Box<str>, Way)> {
    let named = intakes.iter().filter_map(|intake| intake.receipt_map.as_ref());
    named.map(|map| (map.value.clone(), way(Some(&map.value), None, plans, concepts))).collect()
}

/// The way of a map; `profiles` is the concept map that stands behind that word.
fn way(
    map: Option<&str>,
    profiles: Option<&str>,
    plans: &Plans,
    concepts: &[Arc<Concepts>],
) -> Way {
    let plan = map.and_then(|map| plans.find(map)).cloned();
    let find = |name: &Arc<str>| {
        let url = if &**name == PROFILES { profiles? } else { name };
        concepts.iter().find(|map| *map.url == *url).cloned()
    };
    let concepts = plan.iter().flat_map(|plan| plan.wanted_concepts()).map(find).collect();
    Way { plan, concepts }
}

/// The ways of all routes, in their order.
pub(super) fn all(routes: &[Route], plans: &Plans, concepts: &[Arc<Concepts>]) -> Vec<Way> {
    let one = |route: &Route| {
        let value =
            |at: &Option<crate::config::At<Box<str>>>| at.as_ref().map(|at| at.value.clone());
        way(value(&route.map).as_deref(), value(&route.profiles).as_deref(), plans, concepts)
    };
    routes.iter().map(one).collect()
}

impl Way {
    /// Its plan.
    pub(super) fn plan(&self) -> Option<&Arc<Plan>> {
        self.plan.as_ref()
    }

    /// The concept maps that its plan asks for.
    pub(super) fn concepts(&self) -> &[Option<Arc<Concepts>>] {
        &self.concepts
    }
}

impl Engine {
    /// The way of a route; one of another copy of the configuration is found by its name.
    fn way(&self, route: &Route) -> Option<&Way> {
        let mut routes = self.config.routes.iter();
        let own = routes.position(|one| std::ptr::eq(one, route));
        let place = own.or_else(|| {
            let mut routes = self.config.routes.iter();
            routes.position(|one| one.name == route.name)
        })?;
        self.ways.get(place)
    }

    /// The plan of a route's map.
    pub fn plan_of(&self, route: &Route) -> Option<&Arc<Plan>> {
        self.way(route)?.plan.as_ref()
    }

    /// The concept maps that the plan of a route's map asks for, by the place that it asks by.
    pub(super) fn concepts_of(&self, route: &Route) -> &[Option<Arc<Concepts>>] {
        self.way(route).map_or(&[], |way| &way.concepts)
    }
}
