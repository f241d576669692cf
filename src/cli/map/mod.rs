//! `stafett map ...`: the tools of those who write maps.
//!
//! Promises: all work on files alone, without a server; exit codes: 0 fine, 1 findings, 2 could not. Never: asks
//! anything that the files do not answer.

pub mod alone;
mod case;
mod check;
mod coverage;
mod explain;
mod fmt;
pub mod folder;
mod junit;
pub(super) mod losses;
pub mod messages;
mod pick;
mod roundtrip;
mod rules;
mod run;
mod test;
pub mod world;

pub use world::Given;

use super::Exit;
use clap::{Args, Subcommand};

/// Works on maps.
#[derive(Debug, Args)]
pub struct Map {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Reports every mistake of maps and models at once, with file, line and column.
    Check(check::Check),
    /// Shows what of a set of messages the maps read, and which of their rules fire.
    Coverage(coverage::Arguments),
    /// Says which rule made a value from which bytes, or why there is none.
    Explain(explain::Explain),
    /// Prints maps as all of a team should look.
    Fmt(fmt::Fmt),
    /// Lists what messages lose on the way through one map and back through another.
    Roundtrip(roundtrip::Roundtrip),
    /// Runs one map on one message, and says what is lost.
    Run(run::Run),
    /// Runs the cases beside maps.
    Test(test::Test),
}

/// Runs the command.
pub fn run(arguments: &Map) -> Exit {
    let ran = match &arguments.command {
        Command::Check(arguments) => check::run(arguments),
        Command::Coverage(arguments) => coverage::run(arguments),
        Command::Explain(arguments) => explain::run(arguments),
        Command::Fmt(arguments) => fmt::run(arguments),
        Command::Roundtrip(arguments) => roundtrip::run(arguments),
        Command::Run(arguments) => run::run(arguments),
        Command::Test(arguments) => test::run(arguments),
    };
    ran.unwrap_or_else(|why| {
        eprintln!("{why}");
        Exit::CouldNot
    })
}
