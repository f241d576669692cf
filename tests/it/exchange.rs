//! The exchange rules on real messages, reported apart from the profiles.

use crate::profile::lab::{lab, messages};
use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![trial(
        "exchange: findings on the published Bundles",
        Needs::Data("data/medcom-messages"),
        || {
            for (name, text) in messages(false)? {
                println!("{name}");
                for one in lab().exchange(&text) {
                    println!("    {:?} {} {} {}", one.severity, one.id, one.expression, one.text);
                }
            }
            Ok::<(), Failed>(())
        },
    )]
}
