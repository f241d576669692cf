//! What all messages in hand may hold together, over all listeners.
//!
//! Promises: what came is counted before more is read, and counted off when its message has its answer; memory has a
//! bound that does not grow with the number of connections. Never: waits where the other side can be told to come
//! again.

use crate::message::sabotage::broken;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What one permit stands for.
const UNIT: usize = 1_024;

/// The bytes that may be held.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Semaphore>);

/// The bytes that somebody holds; dropped, they are free again.
#[derive(Default)]
pub struct Held {
    permit: Option<OwnedSemaphorePermit>,
}

impl Budget {
    /// A budget of so many bytes.
    pub fn new(bytes: usize) -> Budget {
        Budget(Arc::new(Semaphore::new((bytes / UNIT).clamp(1, Semaphore::MAX_PERMITS))))
    }

    /// Makes what is held at least `bytes`; false: there is no room, and what was held is held.
    pub fn cover(&self, held: &mut Held, bytes: usize) -> bool {
        let Some(more) = held.missing(bytes) else { return true };
        match Arc::clone(&self.0).try_acquire_many_owned(more) {
            Err(_) if broken("no-budget") => true,
            Ok(permit) => {
                held.add(permit);
                true
            }
            Err(_) => false,
        }
    }

    /// The same, once there is room.
    pub async fn covered(&self, held: &mut Held, bytes: usize) {
        let Some(more) = held.missing(bytes) else { return };
        // It is never closed.
        if let Ok(permit) = Arc::clone(&self.0).acquire_many_owned(more).await {
            held.add(permit);
        }
    }
}

impl Default for Budget {
    fn default() -> Budget {
        Budget::new(usize::MAX)
    }
}

impl Held {
    fn missing(&self, bytes: usize) -> Option<u32> {
        let has = self.permit.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = bytes.div_ceil(UNIT).saturating_sub(has);
        (more > 0).then(|| u32::try_from(more).unwrap_or(u32::MAX))
    }

    fn add(&mut self, permit: OwnedSemaphorePermit) {
        match &mut self.permit {
            Some(own) => own.merge(permit),
            None => self.permit = Some(permit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_free_again() {
        let budget = Budget::new(10 * UNIT);
        let (mut one, mut two) = (Held::default(), Held::default());
        assert!(budget.cover(&mut one, 1) && budget.cover(&mut one, 6 * UNIT));
        assert!(budget.cover(&mut one, 100), "less than what is held is held");
        assert!(!budget.cover(&mut two, 5 * UNIT));
        assert!(budget.cover(&mut two, 4 * UNIT));
        drop(one);
        assert!(budget.cover(&mut two, 10 * UNIT) && !budget.cover(&mut two, 10 * UNIT + 1));
    }
}
