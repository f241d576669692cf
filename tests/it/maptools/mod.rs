//! The mapping team's tools, as a team runs them; the pages about them, whose examples are run.

mod checks;
mod console;
mod editor;
mod models;
mod pages;
mod tools;
mod translate;
mod wire;

use libtest_mimic::Trial;

/// The trials.
pub fn trials() -> Vec<Trial> {
    let mut trials = pages::trials();
    trials.extend(checks::trials());
    trials.extend(tools::trials());
    trials.extend(models::trials());
    trials.extend(editor::trials());
    trials.extend(wire::trials());
    trials.extend(translate::trials());
    trials
}
