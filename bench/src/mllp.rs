//! The whole path over MLLP: read, decide, commit, acknowledge, 64 connections with one message outstanding on each.

use crate::load::{CONNECTIONS, Load, due};
use crate::measure::Measured;
use crate::table::{Better, Line};
use stafett::cli::assemble;
use stafett::config::ListenerKind;
use stafett::format::mllp::{acknowledged, framed};
use stafett::pipeline::{self, Pipeline, SystemClock};
use stafett::store::{self, Options};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Messages of one round.
const MESSAGES: usize = 6_000;

/// A hospital that sends to a municipality that is not there, so that deliveries wait.
const SITE: [(&str, &str); 4] = [
    (
        "stafett.toml",
        "[engine]\nname = 'bench'\nmode = 'test'\nqueue = 4096\n\
         [[listener]]\nname = 'mllp'\naddress = '127.0.0.1:0'\nkind = 'mllp'\n\
         mllp = { party = 'hospital' }\n\
         [store]\nfolder = 'data'\n\
         [limits]\nquota = { per_second = 1000000, burst = 1000000 }\n",
    ),
    (
        "parties.toml",
        "[[party]]\nname = 'hospital'\ntitle = 'H'\nidentifiers = ['organisation:RH']\n\
         [[party]]\nname = 'town'\ntitle = 'T'\nidentifiers = ['organisation:KOM']\n",
    ),
    (
        "endpoints.toml",
        "[[endpoint]]\nname = 'town'\nparty = 'town'\nurl = 'http://127.0.0.1:9/'\n\
         syntax = 'hl7v2'\n",
    ),
    (
        "routes.toml",
        "[[route]]\nname = 'to-town'\nsender = 'hospital'\nreceiver = 'town'\n\
         event = ['ADT^A01']\nto = 'town'\n",
    ),
];

/// An admission; its place for the control id is `{id}`.
const ADMISSION: &str = "MSH|^~\\&|PAS|RH|EHR|KOM|20261125121000+0100||ADT^A01^ADT_A01|{id}|P|2.5.1\r\
    EVN||202611251200\r\
    PID|||2512489996^^^CPR^NNDNK||Bruun^Bruno||19481225|M|||Vestergade 1^^Tønder^^6270^DK\r\
    PV1||I|AFD1^STUE2^SENG3^RH||||0101^Læge^Lis|||MED||||1|||||NR-{id}|||||||||||||||||||||||||202611251200\r\
    AL1|1|DA|P^Penicillin^L|MO|Udslæt\rDG1|1||DJ189^Pneumoni UNS^SKS|Pneumoni|202611251200|A\r";

/// The case. It has no goal of its own: what HTTP may cost is the other case's.
pub fn case() -> Line {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(measure()),
        Err(error) => Err(error.to_string()),
    };
    let (measured, note) = match result {
        Ok((measured, note)) => (Ok(measured), note),
        Err(why) => (Err(why), String::new()),
    };
    Line {
        case: "whole path over MLLP, 64 connections",
        against: "bare TCP echo",
        unit: "/s",
        goal: 0.0,
        better: Better::AtLeast,
        measured,
        note,
    }
}

async fn measure() -> Result<(Measured, String), String> {
    let folder = tempfile::TempDir::new().map_err(|e| e.to_string())?;
    for (name, text) in SITE {
        std::fs::write(folder.path().join(name), text).map_err(|e| e.to_string())?;
    }
    let assembled = assemble::assemble(folder.path()).map_err(|e| e.to_string())?;
    let told: Vec<String> = assembled.diagnostics.iter().map(ToString::to_string).collect();
    let engine = assembled.engine.ok_or_else(|| told.join("\n"))?;
    let targets = assemble::targets(folder.path(), &engine.config).map_err(|e| e.to_string())?;
    let now = jiff::Timestamp::now();
    let store = store::open(&folder.path().join("data"), Options::default(), now);
    let store = Arc::new(store.map_err(|e| e.to_string())?);
    let pipeline = Pipeline::new(engine, targets, store, Arc::new(SystemClock));
    let running = pipeline::start(pipeline).await.map_err(|e| e.to_string())?;
    let address = running.address(ListenerKind::Mllp).ok_or("no listener")?;
    let echo = echo().await?;
    let mut rounds: Vec<(Load, Load)> = Vec::new();
    for round in 0..4 {
        let own = load(address, frames(round * MESSAGES), None, true).await?;
        let bare = load(echo, frames(0), None, false).await?;
        // The first round warms both.
        if round > 0 {
            rounds.push((own, bare));
        }
    }
    let half = rounds.iter().map(|(own, _)| own.rate).fold(f64::INFINITY, f64::min) / 2.0;
    let open = load(address, frames(4 * MESSAGES), Some(half), true).await?;
    running.stop().await;
    rounds.sort_by(|a, b| (a.0.rate / a.1.rate).total_cmp(&(b.0.rate / b.1.rate)));
    let (own, bare) = rounds.swap_remove(1);
    let note =
        format!("{}; at {half:.0}/s, open loop: {}; echo {}", own.note(), open.note(), bare.note());
    let ratio = own.rate / bare.rate;
    Ok((Measured { value: own.rate, yardstick: bare.rate, ratio, allocations: None }, note))
}

fn frames(from: usize) -> Vec<bytes::Bytes> {
    (from..from + MESSAGES)
        .map(|n| framed(ADMISSION.replace("{id}", &format!("B{n:08}")).as_bytes()))
        .collect()
}

/// Sends every frame once. `judged`: what comes back must accept the message that was sent.
async fn load(
    address: SocketAddr,
    frames: Vec<bytes::Bytes>,
    rate: Option<f64>,
    judged: bool,
) -> Result<Load, String> {
    let (frames, next, begin) = (Arc::new(frames), Arc::new(AtomicUsize::new(0)), Instant::now());
    let mut tasks = Vec::new();
    for _ in 0..CONNECTIONS {
        let (frames, next) = (Arc::clone(&frames), Arc::clone(&next));
        tasks.push(tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await.map_err(|e| e.to_string())?;
            stream.set_nodelay(true).map_err(|e| e.to_string())?;
            let (mut times, mut failed, mut heard) = (Vec::new(), 0, Vec::new());
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(frame) = frames.get(at) else { return Ok((times, failed)) };
                let start = due(begin, at, rate).await;
                stream.write_all(frame).await.map_err(|e| e.to_string())?;
                answer(&mut stream, &mut heard).await?;
                times.push(start.elapsed());
                failed += usize::from(judged && !accepted(&heard));
            }
        }));
    }
    let (mut latencies, mut failed) = (Vec::with_capacity(frames.len()), 0);
    for task in tasks {
        let ended: Result<_, String> = task.await.map_err(|e| e.to_string())?;
        let (times, bad) = ended?;
        latencies.extend(times);
        failed += bad;
    }
    Ok(Load::of(latencies, begin.elapsed(), failed))
}

/// One frame, whole.
async fn answer(stream: &mut TcpStream, heard: &mut Vec<u8>) -> Result<(), String> {
    heard.clear();
    while !heard.ends_with(b"\x1c\r") {
        let read = stream.read_buf(heard).await.map_err(|e| e.to_string())?;
        if read == 0 {
            return Err("the connection ended".to_owned());
        }
    }
    Ok(())
}

fn accepted(frame: &[u8]) -> bool {
    let within = frame.get(1..frame.len().saturating_sub(2)).unwrap_or_default();
    acknowledged(within).is_some_and(|said| said.code == b"AA")
}

/// Sends back what it gets, frame by frame; the yardstick.
async fn echo() -> Result<SocketAddr, String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|e| e.to_string())?;
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(async move {
                let mut heard = Vec::new();
                while answer(&mut stream, &mut heard).await.is_ok() {
                    if stream.write_all(&heard).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    Ok(address)
}
