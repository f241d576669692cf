//! A start with many messages queued: made by the store's own write path, then opened by a process of its own.

use crate::drain;
use jiff::Timestamp;
use stafett::store::{self, Options, Store};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

/// Arguments of the command.
#[derive(clap::Args)]
pub struct Arguments {
    /// How many messages wait.
    #[arg(default_value_t = 1_000_000)]
    count: usize,
    /// A folder that was made before: opens it and says what came of it.
    #[arg(long, hide = true)]
    open: Option<PathBuf>,
    /// As if the process had been killed at once: no checkpoint but those made on the way.
    #[arg(long)]
    killed: bool,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    if let Some(folder) = &arguments.open {
        return open(folder);
    }
    let folder = tempfile::TempDir::new().map_err(|e| e.to_string())?;
    let data = folder.path().join("data");
    let now = Timestamp::now();
    let begin = Instant::now();
    let store = store::open(&data, Options::default(), now).map_err(|e| e.to_string())?;
    let store = Arc::new(store);
    let mut saves = Vec::new();
    for part in 0..arguments.count.div_ceil(50_000) {
        let from = part * 50_000;
        let to = arguments.count.min(from + 50_000);
        let shared: Arc<dyn Store> = Arc::clone(&store) as Arc<dyn Store>;
        drain::commit_from(&shared, "up", from..to, now)?;
        let save = Instant::now();
        if store.save_if_due().map_err(|e| e.to_string())? {
            saves.push(save.elapsed());
        }
    }
    println!("{} messages committed in {:.1} s", arguments.count, begin.elapsed().as_secs_f64());
    let longest = saves.iter().max().copied().unwrap_or_default();
    println!("{} checkpoints on the way, the longest {:.2} s", saves.len(), longest.as_secs_f64());
    if !arguments.killed {
        let stop = Instant::now();
        store.save().map_err(|e| e.to_string())?;
        println!("the checkpoint of a stop: {:.2} s", stop.elapsed().as_secs_f64());
    }
    drop(store);
    let own = std::env::current_exe().map_err(|e| e.to_string())?;
    let status = Command::new(own).args(["queued", "--open"]).arg(&data).status();
    match status.map_err(|e| e.to_string())?.success() {
        true => Ok(()),
        false => Err("it could not be opened".to_owned()),
    }
}

fn open(data: &Path) -> Result<(), String> {
    let begin = Instant::now();
    let store =
        store::open(data, Options::default(), Timestamp::now()).map_err(|e| e.to_string())?;
    let took = begin.elapsed().as_secs_f64();
    let status = store.status();
    let first = store.claim_due(None, Timestamp::now(), 1).map_err(|e| e.to_string())?;
    let ready = begin.elapsed().as_secs_f64();
    let memory = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = memory.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("").trim();
    println!(
        "start with {} queued: {took:.2} s, first claim after {ready:.2} s ({} there), {} records read, peak {peak}",
        status.open_deliveries,
        first.claims.len(),
        status.read_at_start,
    );
    Ok(())
}
