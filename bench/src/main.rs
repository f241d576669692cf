//! What stafett is measured by. Each case runs beside its yardstick, in the same run.
#![forbid(unsafe_code)]

mod conformance;
mod delimited;
mod drain;
mod durable;
mod features;
mod growth;
mod inputs;
mod letters;
mod load;
mod mapping;
mod mapsets;
mod measure;
mod micro;
mod mllp;
mod oracle;
mod queued;
mod start;
mod table;
mod whole;

// The suites' runners are the project's own tests, so that both count the same.
mod definitions;
mod fhirpath;
#[path = "../../tests/it/mapping.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod map_suites;
#[path = "../../tests/it/edimaps/values.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod partner_values;
mod profile;
#[path = "../../tests/it/support/mod.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod support;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Measures stafett beside its yardsticks.
#[derive(Parser)]
#[command(name = "stafett-bench", version)]
struct Bench {
    /// One JSON object a line.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything that has a goal: the table that the README carries.
    All,
    /// The micro cases only.
    Micro,
    /// Start times and peak memory only.
    Start,
    /// The load cases only.
    Load,
    /// Delivery after an outage only.
    Drain,
    /// The mapping cases only.
    Mapping,
    /// The delimited syntaxes only.
    Delimited,
    /// Reads delimited messages again and again, for a profiler.
    RepeatDelimited {
        /// How many times.
        times: usize,
    },
    /// Reads, maps and writes one message again and again, for a profiler.
    Repeat {
        /// How many times.
        times: usize,
        /// Bytes to grow the message to; 0: as it is.
        #[arg(default_value_t = 12_000)]
        bytes: usize,
    },
    /// Published suites: how many of each pass, and which do not.
    Conformance(conformance::Arguments),
    /// Hostile messages, and how what they cost grows with their size.
    Growth,
    /// A start with a million messages queued: how long it takes, what it reads, and its peak memory.
    Queued(queued::Arguments),
    /// Readers of other hands on the same bytes: where they differ from ours, and why.
    Oracle,
}

fn main() -> ExitCode {
    if let Some(code) = start::as_stafett() {
        return code;
    }
    let bench = Bench::parse();
    let features = match features::check() {
        Ok(features) => features,
        Err(why) => {
            eprintln!("stafett-bench: {why}");
            return ExitCode::from(2);
        }
    };
    if !bench.json {
        println!("{features}\n");
    }
    let result = match bench.command {
        Command::Growth => {
            growth::run(bench.json);
            Ok(())
        }
        Command::Oracle => oracle::run(bench.json),
        Command::Queued(arguments) => queued::run(&arguments),
        Command::Conformance(arguments) => conformance::run(&arguments, bench.json),
        Command::All => run(bench.json, [true; 3]),
        Command::Micro => run(bench.json, [true, false, false]),
        Command::Start => run(bench.json, [false, true, false]),
        Command::Load => run(bench.json, [false, false, true]),
        Command::Drain => {
            drain::all().into_iter().for_each(|line| show(&line, bench.json));
            Ok(())
        }
        Command::Mapping => inputs::engine().map(|engine| {
            mapping::all(&engine).into_iter().for_each(|line| show(&line, bench.json));
        }),
        Command::Delimited => {
            delimited::all().into_iter().for_each(|line| show(&line, bench.json));
            Ok(())
        }
        Command::RepeatDelimited { times } => delimited::repeat(times),
        Command::Repeat { times, bytes } => {
            inputs::engine().and_then(|engine| mapping::repeat(&engine, bytes, times))
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("stafett-bench: {why}");
            ExitCode::from(2)
        }
    }
}

fn run(json: bool, [micro, start, load]: [bool; 3]) -> Result<(), String> {
    if !json {
        println!("{}", table::HEAD);
    }
    let show = |line: table::Line| show(&line, json);
    if micro {
        let engine = inputs::engine()?;
        micro::all(&engine).into_iter().for_each(show);
        mapping::all(&engine).into_iter().for_each(show);
        delimited::all().into_iter().for_each(show);
        show(durable::case());
    }
    if start {
        start::all().into_iter().for_each(show);
    }
    if load {
        whole::all().into_iter().for_each(show);
        show(mllp::case());
        drain::all().into_iter().for_each(show);
    }
    Ok(())
}

fn show(line: &table::Line, json: bool) {
    println!("{}", if json { line.json() } else { line.row() });
}
