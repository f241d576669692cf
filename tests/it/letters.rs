//! The maps under mappings/ on real letters.

use crate::support::{self, Needs, trial};
use libtest_mimic::{Failed, Trial};

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![trial("letters: the maps have no fault of language", Needs::Nothing, || {
        for name in ["xdis91-to-carecommunication", "carecommunication-to-xdis91"] {
            let file = support::root().join(format!("mappings/{name}/{name}.map"));
            let text = std::fs::read_to_string(&file)?;
            let (_, diagnostics) = stafett::mapping::parse(name, &text);
            let all: Vec<_> = diagnostics.iter().map(ToString::to_string).collect();
            if !all.is_empty() {
                return Err(Failed::from(all.join("\n")));
            }
        }
        Ok(())
    })]
}
