//! The one integration binary.
//!
//! Its harness can ignore a test at run time: one whose data or tool is absent counts as ignored, with the
//! reason in its name; with `CI=true` the absence is a failure.

mod badinput;
mod commands;
mod config;
mod definitions;
mod delivery;
mod edimaps;
mod exchange;
mod fhirpath;
mod format;
mod guarantees;
mod hostile;
mod issues;
mod letters;
mod mapping;
mod maps;
mod mapsets;
mod maptools;
mod package;
mod path;
mod privacy;
mod profile;
mod registry;
mod route;
mod store;
mod support;
mod tidy;
mod transports;

fn main() {
    let arguments = libtest_mimic::Arguments::from_args();
    let mut trials = Vec::new();
    trials.extend(badinput::trials());
    trials.extend(commands::trials());
    trials.extend(config::trials());
    trials.extend(definitions::trials());
    trials.extend(delivery::trials());
    trials.extend(edimaps::trials());
    trials.extend(exchange::trials());
    trials.extend(fhirpath::trials());
    trials.extend(format::trials());
    trials.extend(guarantees::trials());
    trials.extend(hostile::trials());
    trials.extend(issues::trials());
    trials.extend(letters::trials());
    trials.extend(mapping::trials());
    trials.extend(maps::trials());
    trials.extend(mapsets::trials());
    trials.extend(maptools::trials());
    trials.extend(package::trials());
    trials.extend(path::trials());
    trials.extend(privacy::trials());
    trials.extend(profile::trials());
    trials.extend(registry::trials());
    trials.extend(route::trials());
    trials.extend(store::trials());
    trials.extend(support::trials());
    trials.extend(tidy::trials());
    trials.extend(transports::trials());

    // Last: it looks the others up by their names.
    trials.push(guarantees::page(&trials));
    libtest_mimic::run(&arguments, trials).exit();
}
