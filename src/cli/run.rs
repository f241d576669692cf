//! `stafett run DIR`: the engine, until it is told to stop.
//!
//! Promises: nothing listens before the configuration is whole and recovery has ended; SIGTERM and SIGINT let
//! open requests end; SIGHUP takes over a changed configuration that has no error; a store that fails ends the process
//! with code 2, for its supervisor to start it again. Never: starts on a folder that another engine has.

use super::{Exit, assemble, open};
use crate::config::ListenerKind;
use crate::message::{Error, ErrorKind};
use crate::pipeline::{self, Pipeline, SystemClock};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Runs the engine of a configuration's folder.
#[derive(Debug, clap::Args)]
pub struct Run {
    /// The configuration's folder.
    folder: PathBuf,
    /// What is logged, as `level` or `target=level,...`.
    #[arg(long, default_value = "info")]
    log: String,
    /// Sockets and timers on one thread, so that a run can be repeated call by call.
    #[arg(long, hide = true)]
    one_thread: bool,
}

/// Runs the command.
pub fn run(arguments: &Run) -> Exit {
    if let Err(error) = logs(&arguments.log) {
        eprintln!("stafett run: {error}");
        return Exit::CouldNot;
    }
    let mut builder = match arguments.one_thread {
        true => tokio::runtime::Builder::new_current_thread(),
        false => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = match builder.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("stafett run: {error}");
            return Exit::CouldNot;
        }
    };
    match runtime.block_on(serve(&arguments.folder)) {
        Ok(exit) => exit,
        Err(error) => {
            tracing::error!(%error, "the engine did not start");
            eprintln!("stafett run: {error}");
            Exit::CouldNot
        }
    }
}

/// Structured logs: one JSON object a line on standard error.
fn logs(filter: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    // A panic's own text may quote what it was about; where it happened is enough to find it.
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "ALARM: a panic");
    }));
    let filter = EnvFilter::try_new(filter)?;
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init()
}

async fn serve(folder: &Path) -> Result<Exit, Error> {
    let assembled = assemble::assemble(folder)?;
    for one in &assembled.diagnostics {
        tracing::warn!(diagnostic = %one, "configuration");
    }
    let Some(engine) = assembled.engine else {
        let told = assembled.diagnostics.iter().filter(|one| one.refuses());
        told.for_each(|one| eprintln!("{one}"));
        eprintln!("stafett run: the configuration has errors, so nothing was started");
        return Ok(Exit::Findings);
    };
    let config = Arc::clone(&engine.config);
    let targets = assemble::targets(folder, &config)?;
    let data = folder.join(&*config.store.folder.value);
    let store = open::store(&data, &config)?;
    let status = store.status();
    tracing::info!(
        sync_micros = status.sync_micros,
        bad_records = status.bad_records,
        open_deliveries = status.open_deliveries,
        "the store is open"
    );
    if let Some(restored) = &status.restored {
        let (up_to, at) = (restored.up_to, restored.at.to_string());
        tracing::warn!(up_to, at, "this node was restored from a backup");
    }
    let pipeline = Pipeline::new(engine, targets, store, Arc::new(SystemClock));
    pipeline.secure(assembled.secured);
    pipeline.based(folder);
    let path = folder.to_owned();
    pipeline.reload_from(Box::new(move || assemble::fresh(&path)));
    let signals = Signals::heard()?;
    let running = pipeline::start_with(pipeline, Some(&data)).await?;
    let mut out = std::io::stdout();
    for (name, kind, address) in &running.listeners {
        // Whoever started us may have closed the pipe; the listeners are in the log as well.
        let scheme = if *kind == ListenerKind::Mllp { "mllp" } else { "http" };
        let _ = writeln!(out, "{name} ({}) on {scheme}://{address}", kind.word());
    }
    let _ = out.flush();
    let exit = tokio::select! {
        () = stopped(&running.pipeline, signals) => Exit::Fine,
        () = running.pipeline.store_failed() => Exit::CouldNot,
    };
    // Whoever waits for a verdict that the disk did not take hears that it is to come back.
    running.stop().await;
    match exit {
        Exit::Fine => tracing::info!("stopped"),
        _ => {
            tracing::error!("ended because the store failed; the next start goes through recovery")
        }
    }
    Ok(exit)
}

/// What an operator sends; heard from when it is made, so that none that comes while listeners open is lost.
struct Signals {
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    fn heard() -> Result<Signals, Error> {
        let fault = |e| Error::new(ErrorKind::Internal, "signals cannot be heard").cause(e);
        Ok(Signals {
            terminate: signal(SignalKind::terminate()).map_err(fault)?,
            hangup: signal(SignalKind::hangup()).map_err(fault)?,
        })
    }
}

/// Waits for SIGTERM or SIGINT; at each SIGHUP the configuration is read anew.
async fn stopped(pipeline: &Arc<Pipeline>, signals: Signals) {
    let Signals { mut terminate, mut hangup } = signals;
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return,
            _ = terminate.recv() => return,
            _ = hangup.recv() => {
                let pipeline = Arc::clone(pipeline);
                tokio::task::spawn_blocking(move || pipeline.reload("SIGHUP"));
            }
        }
    }
}
