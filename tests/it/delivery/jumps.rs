//! A clock that jumps: no timer is lost, no order changes, nothing expires before its time.

use super::stage::{DOWN, Seen, Stage, answer};
use crate::support::{self, Needs};
use libtest_mimic::{Failed, Trial};
use stafett::store::{DeliveryFilter, DeliveryState};
use std::sync::Arc;

/// Ten years, in seconds.
const YEARS: i64 = 10 * 365 * 86_400;

fn is<T: PartialEq + std::fmt::Debug>(what: &str, got: T, expected: T) -> Result<(), Failed> {
    if got != expected {
        return Err(format!("{what}: expected {expected:?}, got {got:?}").into());
    }
    Ok(())
}

/// Resends and retries come when they would have come, whatever the time of day says meanwhile.
fn jumps() -> Result<(), Failed> {
    for steps in [[YEARS, -YEARS], [-YEARS, YEARS], [3_600, -7_200], [-2 * YEARS, 60]] {
        let script = |one: &Seen, _: &[Seen]| match one.endpoint.as_str() {
            "north" => answer(202),
            _ if one.at < 3_000 => DOWN,
            _ => answer(200),
        };
        let routes = [("north", "schedule = 'medcom'"), ("south", "retry = { first = '1 min' }")];
        let stage = Stage::new(&routes, Arc::new(script))?;
        let id = stage.commit("m1", "north", None)?;
        for n in 0..3 {
            stage.commit(&format!("s{n}"), "south", Some("h>south:1"))?;
        }
        let mut now = 0;
        for step in steps {
            now += 700;
            stage.until(now);
            stage.jump(step);
        }
        stage.until(4_000);
        is("resends", stage.times("m1"), vec![0, 1_800, 3_600])?;
        // 30 s, then doubling, halved by chance.
        is(
            "retries",
            stage.times("s0"),
            vec![0, 30, 90, 210, 450, 750, 1_050, 1_350, 1_650, 1_950, 2_250, 2_550, 2_850, 3_150],
        )?;
        is("order", (stage.times("s1"), stage.times("s2")), (vec![3_150], vec![3_150]))?;
        // What the book holds and what the ledger says are the same.
        let filter = DeliveryFilter { state: Some(DeliveryState::Sent), ..Default::default() };
        let rows = stage.store.deliveries(&filter)?;
        is("sent", rows.len(), 1)?;
        is("the book says the same", stage.store.delivery(id).as_ref(), rows.first())?;
        stage.until(5_399);
        is("not yet", stage.told(id)?.0, DeliveryState::Sent)?;
        stage.until(5_400);
        is("overdue", stage.told(id)?.0, DeliveryState::Overdue)?;
    }
    Ok(())
}

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![support::trial(
        "G14: a clock that jumps by ten years loses no timer and changes no order",
        Needs::Nothing,
        jumps,
    )]
}
