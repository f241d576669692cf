//! The whole path over HTTP: receive, validate, commit, answer; alone and with translation.

use crate::inputs;
use crate::load::{self, Load, Request64};
use crate::measure::Measured;
use crate::table::{Better, Line};
use bytes::Bytes;
use stafett::cli::{assemble, expected};
use stafett::config::ListenerKind;
use stafett::message::PartyName;
use stafett::pipeline::{self, Pipeline, SystemClock};
use stafett::store::{self, Options};
use std::sync::Arc;

/// Messages of one round.
const MESSAGES: usize = 6_000;

/// Both cases.
pub fn all() -> Vec<Line> {
    vec![
        case("whole path over HTTP, 64 connections", "hospital-notification-admission.json", 0.25),
        case("the same with translation", "care-communication-to-koebenhavn.json", 0.15),
    ]
}

fn case(case: &'static str, message: &str, goal: f64) -> Line {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(measure(message)),
        Err(error) => Err(error.to_string()),
    };
    let (measured, note) = match result {
        Ok((measured, note)) => (Ok(measured), note),
        Err(why) => (Err(why), String::new()),
    };
    let against = "bare hyper echo";
    Line { case, against, unit: "/s", goal, better: Better::AtLeast, measured, note }
}

async fn measure(name: &str) -> Result<(Measured, String), String> {
    let message = inputs::message(name)?;
    let bodies = |from: usize| -> Result<Vec<Bytes>, String> {
        (from..from + MESSAGES).map(|n| inputs::numbered(&message, n)).collect()
    };
    let folder = tempfile::TempDir::new().map_err(|e| e.to_string())?;
    let engine = inputs::engine()?;
    // Deliveries are not what is measured here: their receivers are not there, and they wait.
    let targets =
        assemble::targets(&inputs::network(), &engine.config).map_err(|e| e.to_string())?;
    let now = jiff::Timestamp::now();
    let store = store::open(&folder.path().join("data"), Options::default(), now);
    let store = Arc::new(store.map_err(|e| e.to_string())?);
    let pipeline = Pipeline::new(engine, targets, store, Arc::new(SystemClock));
    let running = pipeline::start(pipeline).await.map_err(|e| e.to_string())?;
    let address = running.address(ListenerKind::Messages).ok_or("no listener")?;
    let tokens = expected::test_tokens(&inputs::network()).map_err(|e| e.to_string())?;
    let token = tokens.get(&PartyName(inputs::HOSPITAL.into())).map(ToString::to_string);
    let echo = load::echo().await?;
    let request = |address, bodies, token, rate| Request64 {
        address,
        path: "/fhir/$process-message",
        content_type: "application/fhir+json",
        token,
        bodies,
        rate,
    };
    let mut rounds: Vec<(Load, Load)> = Vec::new();
    for round in 0..4 {
        let own =
            load::run(request(address, bodies(round * MESSAGES)?, token.clone(), None)).await?;
        let bare = load::run(request(echo, bodies(0)?, None, None)).await?;
        // The first round warms both.
        if round > 0 {
            rounds.push((own, bare));
        }
    }
    // At half of what it can do, at set times: what a sender sees who does not wait for others.
    let half = rounds.iter().map(|(own, _)| own.rate).fold(f64::INFINITY, f64::min) / 2.0;
    let due = bodies(4 * MESSAGES)?;
    let open = load::run(request(address, due, token.clone(), Some(half))).await?;
    running.stop().await;
    rounds.sort_by(|a, b| (a.0.rate / a.1.rate).total_cmp(&(b.0.rate / b.1.rate)));
    let (own, bare) = rounds.swap_remove(1);
    let note =
        format!("{}; at {half:.0}/s, open loop: {}; echo {}", own.note(), open.note(), bare.note());
    let ratio = own.rate / bare.rate;
    let measured = Measured { value: own.rate, yardstick: bare.rate, ratio, allocations: None };
    Ok((measured, note))
}
