//! The command line: one file per subcommand, each with its arguments and one function.
//!
//! Exit codes: 0 fine, 1 findings, 2 could not.

mod archives;
pub mod assemble;
pub mod check;
mod definitions;
mod demo;
pub mod excerpt;
pub mod expected;
pub mod issues;
pub mod load;
pub mod map;
mod messages;
mod model;
mod open;
mod package;
mod reload;
mod run;
mod secure;
mod shelf;
pub mod store;
mod translate;
mod validate;

use clap::{Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// Nothing to complain about.
    Fine,
    /// It ran, and found something.
    Findings,
    /// It could not do what was asked.
    CouldNot,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Fine => 0,
            Exit::Findings => 1,
            Exit::CouldNot => 2,
        })
    }
}

/// How a command prints.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON value a line.
    Json,
}

/// Receives care messages, validates, translates and delivers them, and accounts for every step.
#[derive(Debug, Parser)]
#[command(name = "stafett", version, about, max_term_width = 100)]
struct Stafett {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Check),
    Definitions(definitions::Definitions),
    Demo(demo::Demo),
    ExplainIssue(issues::ExplainIssue),
    Map(map::Map),
    Messages(messages::Messages),
    Model(model::Model),
    Package(package::Package),
    Reload(reload::Reload),
    Run(run::Run),
    Validate(validate::Validate),
    Store(store::Store),
    Translate(translate::Translate),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    main_with(std::env::args_os())
}

/// Runs a command line; its first argument is the program's name.
pub fn main_with(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let stafett = match Stafett::try_parse_from(arguments) {
        Ok(stafett) => stafett,
        Err(error) => {
            let _ = error.print();
            let code = if error.use_stderr() { Exit::CouldNot } else { Exit::Fine };
            return code.into();
        }
    };
    match stafett.command {
        Command::Check(arguments) => check::run(&arguments).into(),
        Command::Definitions(arguments) => definitions::run(&arguments).into(),
        Command::Demo(arguments) => demo::run(&arguments).into(),
        Command::ExplainIssue(arguments) => issues::run(&arguments).into(),
        Command::Map(arguments) => map::run(&arguments).into(),
        Command::Messages(arguments) => messages::run(&arguments).into(),
        Command::Model(arguments) => model::run(&arguments).into(),
        Command::Package(arguments) => package::run(&arguments).into(),
        Command::Reload(arguments) => reload::run(&arguments).into(),
        Command::Run(arguments) => run::run(&arguments).into(),
        Command::Validate(arguments) => validate::run(&arguments).into(),
        Command::Store(arguments) => store::run(&arguments).into(),
        Command::Translate(arguments) => translate::run(&arguments).into(),
    }
}
