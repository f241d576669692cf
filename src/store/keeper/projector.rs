//! The thread that keeps a ledger close behind the journal. It reads the journal like anybody else, so what
//! it has not reached costs no memory.
//!
//! Never: keeps a commit waiting, or ends the store when the ledger fails: questions say so then.

use crate::message::{Error, ErrorKind};
use crate::store::ledger::Ledger;
use crate::store::log::Log;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long what is new waits for more of it, so that what several records change is written once. A question does
/// not wait for it: whoever asks has the ledger follow first.
const GATHER: Duration = Duration::from_millis(200);

/// Says that there is something to follow, or that it is time to end.
#[derive(Default)]
pub struct Signal {
    state: Mutex<(bool, bool)>,
    raised: Condvar,
}

impl Signal {
    /// There is something new.
    pub fn raise(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::replace(&mut state.0, true) {
            self.raised.notify_one();
        }
    }

    fn end(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.raised.notify_one();
    }

    /// Waits for something new, and then a moment for more; false when it is time to end.
    fn wait(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while !state.0 && !state.1 {
            state = self.raised.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let until = Instant::now() + GATHER;
        while !state.1 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.raised.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.0 = false;
        !state.1
    }
}

/// With so many records behind, the ledger rests no longer than it works.
const BEHIND: u64 = 50_000;
/// With so many it works without a rest.
const FAR_BEHIND: u64 = 500_000;
/// How many times as long it rests as it works otherwise.
const SLOWLY: u32 = 3;
/// The longest rest between two stretches of work.
const REST: Duration = Duration::from_millis(10);

/// Shares the processor with whoever accepts and delivers messages: after each stretch of work a rest, so that what has
/// gathered comes as many small stretches and not as one that everybody waits behind.
struct Pace {
    since: Instant,
}

impl Pace {
    fn new() -> Pace {
        Pace { since: Instant::now() }
    }

    fn rest(&mut self, left: u64) {
        let times = match left {
            0..BEHIND => SLOWLY,
            BEHIND..FAR_BEHIND => 1,
            FAR_BEHIND.. => 0,
        };
        if times > 0 {
            std::thread::sleep((self.since.elapsed() * times).min(REST));
        }
        self.since = Instant::now();
    }
}

/// The thread.
pub struct Projector {
    signal: Arc<Signal>,
    thread: Option<JoinHandle<()>>,
}

impl Projector {
    /// Starts to follow.
    pub fn start(
        log: Arc<dyn Log>,
        ledger: Arc<Ledger>,
        signal: Arc<Signal>,
        durable: Box<dyn Fn() -> Vec<u64> + Send>,
    ) -> Result<Projector, Error> {
        let follow = Arc::clone(&signal);
        let run = move || {
            while follow.wait() {
                let mut pace = Pace::new();
                if let Err(error) = ledger.follow(&*log, &durable(), &mut |left| pace.rest(left)) {
                    tracing::error!(%error, "the ledger does not follow the journal");
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(run)
            .map_err(|e| Error::new(ErrorKind::Storage, "the ledger cannot follow").cause(e))?;
        Ok(Projector { signal, thread: Some(thread) })
    }
}

impl Drop for Projector {
    fn drop(&mut self) {
        self.signal.end();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
