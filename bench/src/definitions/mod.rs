//! What the project's tests share about definitions: snapshots made and published.

#[path = "../../../tests/it/definitions/at_hand.rs"]
mod at_hand;
#[path = "../../../tests/it/definitions/snapshots.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
pub mod snapshots;

use at_hand::{check, library, read};
