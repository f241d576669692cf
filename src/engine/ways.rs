//! What a message needs on the way of a route: the plan of its map, and the concept maps that the plan asks for.
//!
//! Promises: found by name once, when an engine is made; a message finds them by the route's place. Never: a
//! search by text while a message waits.

use super::Engine;
use crate::config::Route;
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

/// The ways of all routes, in their order.
pub(super) fn all(routes: &[Route], plans: &Plans, concepts: &[Arc<Concepts>]) -> Vec<Way> {
    let way = |route: &Route| {
        let plan = route.map.as_ref().and_then(|map| plans.find(&map.value)).cloned();
        let url = |name: &str| match name {
            PROFILES => route.profiles.as_ref().map(|at| at.value.to_string()),
            other => Some(other.to_owned()),
        };
        let find = |name: &Arc<str>| {
            let url = url(name)?;
            concepts.iter().find(|map| *map.url == *url).cloned()
        };
        let concepts = plan.iter().flat_map(|plan| plan.wanted_concepts()).map(find).collect();
        Way { plan, concepts }
    };
    routes.iter().map(way).collect()
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
