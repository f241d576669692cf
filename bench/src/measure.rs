//! How a case is measured: in turns with its yardstick, so that both see the same machine.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// What a case came to.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Its own figure.
    pub value: f64,
    /// The yardstick's.
    pub yardstick: f64,
    /// Own over yardstick, the median over pairs of turns.
    pub ratio: f64,
    /// Heap allocations of one warm run, where that is counted.
    pub allocations: Option<u64>,
}

/// How long one turn lasts at least.
const TURN: Duration = Duration::from_millis(40);
/// How many pairs of turns are made; odd, so that there is a median.
const PAIRS: usize = 11;

/// Measures the time of `own` against that of `yardstick`, in seconds a call.
pub fn times<A, B>(mut own: impl FnMut() -> A, mut yardstick: impl FnMut() -> B) -> Measured {
    let calls_own = calls_a_turn(&mut own);
    let calls_yardstick = calls_a_turn(&mut yardstick);
    let mut pairs: Vec<(f64, f64)> = (0..PAIRS)
        .map(|_| (turn(&mut own, calls_own), turn(&mut yardstick, calls_yardstick)))
        .collect();
    let allocations = allocation_counter::measure(|| {
        black_box(own());
    });
    pairs.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let (value, yardstick) = pairs[PAIRS / 2];
    Measured {
        value,
        yardstick,
        ratio: value / yardstick,
        allocations: Some(allocations.count_total),
    }
}

fn calls_a_turn<A>(run: &mut impl FnMut() -> A) -> u32 {
    // The first call pays for cold caches; the count is made of the ones after it.
    black_box(run());
    let mut calls = 1;
    loop {
        let took = time(run, calls);
        if took >= TURN || calls >= 1 << 24 {
            return calls;
        }
        calls *= 2;
    }
}

fn turn<A>(run: &mut impl FnMut() -> A, calls: u32) -> f64 {
    time(run, calls).as_secs_f64() / f64::from(calls)
}

fn time<A>(run: &mut impl FnMut() -> A, calls: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..calls {
        black_box(run());
    }
    start.elapsed()
}

/// A figure as people read it.
pub fn figure(value: f64, unit: &str) -> String {
    match unit {
        "s" if value < 1e-3 => format!("{:.1} µs", value * 1e6),
        "s" if value < 1.0 => format!("{:.2} ms", value * 1e3),
        "s" => format!("{value:.2} s"),
        _ => format!("{value:.0} {unit}"),
    }
}
