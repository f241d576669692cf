//! `stafett demo`: a network end to end, with simulated partners on loopback.
//!
//! Promises: the engine is the real one, over real sockets and a real journal; every expectation is read
//! from the network's folder, and one that is not met makes the exit code 1. Never: reaches beyond loopback.

mod partner;
mod play;
mod table;

use super::{Exit, assemble, expected};
use crate::config::{Address, ListenerKind};
use crate::message::{Error, ErrorKind};
use crate::pipeline::{self, Pipeline, Running, SystemClock};
use partner::Partner;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Runs a network with simulated partners on loopback, and shows what becomes of each message.
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// The network's folder.
    #[arg(long, default_value = "fixtures/networks/planomraade-syd")]
    network: PathBuf,
    /// Keeps it up afterwards, on the ports of its configuration, and prints lines to copy.
    #[arg(long)]
    serve: bool,
}

/// A network that runs.
pub(super) struct Stage {
    pub running: Running,
    pub partners: BTreeMap<Box<str>, Partner>,
    pub expected: expected::Expected,
    pub tokens: BTreeMap<crate::message::PartyName, Box<str>>,
    pub folder: PathBuf,
}

/// Runs the command.
pub fn run(arguments: &Demo) -> Exit {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("stafett demo: {error}");
            return Exit::CouldNot;
        }
    };
    match runtime.block_on(demo(&arguments.network, arguments.serve)) {
        Ok(exit) => exit,
        Err(error) => {
            eprintln!("stafett demo: {error}");
            Exit::CouldNot
        }
    }
}

async fn demo(folder: &Path, serve: bool) -> Result<Exit, Error> {
    let data = std::env::temp_dir().join(format!("stafett-demo-{}", std::process::id()));
    let result = staged(folder, &data, serve).await;
    // What the demo stored is invented and of no further use; a folder that stays is no failure.
    let _ = std::fs::remove_dir_all(&data);
    result
}

async fn staged(folder: &Path, data: &Path, serve: bool) -> Result<Exit, Error> {
    let stage = set_up(folder, data, serve).await?;
    let rows = play::play(&stage).await?;
    print!("{}", table::render(&rows));
    let failed = rows.iter().filter(|row| !row.faults.is_empty()).count();
    println!("{} messages, {failed} not as expected", rows.len());
    if serve {
        print!("{}", table::hints(&stage));
        let _ = tokio::signal::ctrl_c().await;
    }
    stage.running.stop().await;
    Ok(if failed == 0 { Exit::Fine } else { Exit::Findings })
}

/// Starts the engine and the partners.
async fn set_up(folder: &Path, data: &Path, serve: bool) -> Result<Stage, Error> {
    let expected = expected::expected(folder)?;
    let tokens = expected::test_tokens(folder)?;
    let assembled = assemble::assemble(folder)?;
    let refusing = assembled.diagnostics.iter().filter(|one| one.refuses());
    let told: Vec<String> = refusing.map(ToString::to_string).collect();
    let Some(mut engine) = assembled.engine else {
        let note = format!("the network's configuration is not accepted:\n{}", told.join("\n"));
        return Err(Error::new(ErrorKind::Configuration, note));
    };
    let mut config = (*engine.config).clone();
    if !serve {
        let any = |host: &str| Address { host: host.into(), port: 0 };
        config.listeners.iter_mut().for_each(|one| one.address.value = any("127.0.0.1"));
    }
    engine.config = Arc::new(config);
    let mut targets = assemble::targets(folder, &engine.config)?;
    let judge = Arc::new(partner::Judge::new(folder)?);
    let mut partners = BTreeMap::new();
    for one in &expected.partners {
        let partner = Partner::start(one, Arc::clone(&judge)).await?;
        if let Some((target, _)) = targets.get_mut(&one.endpoint) {
            let address = crate::deliver::http::Target::new(&partner.url, None, target.timeout);
            *target = address.ok_or_else(|| fault("a partner's address is no URL"))?;
        }
        partners.insert(one.endpoint.clone(), partner);
    }
    let store = super::open::store(data, &engine.config)?;
    let pipeline = Pipeline::new(engine, targets, store, Arc::new(SystemClock));
    pipeline.secure(assembled.secured);
    let running = pipeline::start(pipeline).await?;
    if running.address(ListenerKind::Messages).is_none() {
        return Err(fault("the network has no listener for messages"));
    }
    Ok(Stage { running, partners, expected, tokens, folder: folder.to_owned() })
}

pub(super) fn fault(note: &str) -> Error {
    Error::new(ErrorKind::Configuration, note)
}
