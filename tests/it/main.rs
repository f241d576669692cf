//! The one integration binary.
//!
//! Its harness can ignore a test at run time: one whose data or tool is absent counts as ignored, with the
//! reason in its name; with `CI=true` the absence is a failure.

mod support;
mod tidy;

fn main() {
    let arguments = libtest_mimic::Arguments::from_args();
    let mut trials = Vec::new();
    trials.extend(tidy::trials());
    libtest_mimic::run(&arguments, trials).exit();
}
