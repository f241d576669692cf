//! Schedules: when a route tries again what a transport did not take, and when it sends again what nobody
//! answered.
//!
//! Promises: a route's schedule is its preset with the keys that it sets itself; what comes out has no gaps.
//! Never: reads a clock, or a partner's agreement itself (it is read where files are).

use super::read::{section, words};
use super::value::At;
use std::time::Duration;

words! {
    /// A written schedule, by the rules that have it.
    Preset {
        /// attempts after 5 s, doubling up to 10 minutes, for 3 days; no receipt is waited for.
        Plain = "plain",
        /// MedCom: as `plain`; a receipt within 30 minutes, else sent again, twice at most, in a new envelope.
        MedCom = "medcom",
        /// Norwegian EDI 2.0: as `plain`; a receipt within 12 hours, else sent again, five times at most: 72 hours.
        Edi20 = "edi-2.0",
        /// ebXML: count, interval and duration of the partner's agreement (`cpa`), always the same envelope.
        EbXml = "ebxml",
        /// MLLP: attempts after 1 s, doubling up to a minute; the acknowledgement is the answer.
        Mllp = "mllp",
    }
}

words! {
    /// In which envelope a message is sent again that nobody answered.
    ResendIn {
        /// a new one with the time of its sending; the message itself unchanged.
        New = "new-envelope",
        /// the same one, byte for byte.
        Same = "same-envelope",
    }
}

section! {
    /// When to try again what a transport did not take. Keys that are not set are the preset's.
    Retry as "retry" {
        /// The pause after the first failure; it doubles with each further one, and is shortened by chance.
        first: Option<Duration>,
        /// The longest pause; at most 10 minutes.
        cap: Option<At<Duration>>,
        /// The same pause after each failure, instead of `first` and `cap`.
        every: Option<Duration>,
        /// How many attempts at most. Not set: until it is given up.
        attempts: Option<u32>,
        /// When it is given up, counted from the moment it was accepted: a dead letter, and an alarm.
        give_up: Option<Duration>,
    }
}

section! {
    /// When to send again what no receipt has come for. Keys that are not set are the preset's.
    Resend as "resend" {
        /// How often at most; 0: never, it is overdue at once and a person decides.
        most: Option<u32>,
        /// In which envelope.
        envelope: Option<ResendIn>,
    }
}

/// How long to pause between attempts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pause {
    /// Doubling from the first to the longest.
    Doubling {
        /// The first.
        first: Duration,
        /// The longest.
        cap: Duration,
    },
    /// Always the same.
    Every(Duration),
}

/// What a partner's agreement says about trying again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Agreement {
    /// How often at most, after the first time.
    pub retries: u32,
    /// How long between two times.
    pub interval: Duration,
    /// How long the message is worth sending.
    pub persist: Duration,
}

/// A route's schedule, whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Schedule {
    /// Between attempts.
    pub pause: Pause,
    /// How many attempts at most, those of resends too.
    pub attempts: Option<u32>,
    /// When it is given up, from the moment it was accepted.
    pub give_up: Duration,
    /// When the receipt is overdue, from the sending; none when none is waited for.
    pub receipt_within: Option<Duration>,
    /// How often it is sent again when no receipt has come.
    pub resends: u32,
    /// In which envelope then.
    pub resend_in: ResendIn,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

impl Schedule {
    /// The schedule of a preset. An ebXML one without an agreement is as `plain`, with the same envelope.
    pub fn of(preset: Preset, agreement: Option<&Agreement>) -> Schedule {
        let seconds = Duration::from_secs;
        let plain = Schedule {
            pause: Pause::Doubling { first: seconds(5), cap: seconds(10 * MINUTE) },
            attempts: None,
            give_up: seconds(3 * DAY),
            receipt_within: None,
            resends: 0,
            resend_in: ResendIn::New,
        };
        match (preset, agreement) {
            (Preset::Plain, _) => plain,
            (Preset::MedCom, _) => {
                Schedule { receipt_within: Some(seconds(30 * MINUTE)), resends: 2, ..plain }
            }
            (Preset::Edi20, _) => {
                Schedule { receipt_within: Some(seconds(12 * HOUR)), resends: 5, ..plain }
            }
            (Preset::Mllp, _) => {
                let pause = Pause::Doubling { first: seconds(1), cap: seconds(MINUTE) };
                Schedule { pause, ..plain }
            }
            (Preset::EbXml, None) => Schedule { resend_in: ResendIn::Same, ..plain },
            (Preset::EbXml, Some(agreement)) => Schedule {
                pause: Pause::Every(agreement.interval),
                attempts: Some(agreement.retries.saturating_add(1)),
                give_up: agreement.persist,
                receipt_within: Some(agreement.interval),
                resends: agreement.retries,
                resend_in: ResendIn::Same,
            },
        }
    }

    /// The same, with what a route sets itself.
    pub fn with(
        self,
        retry: &Retry,
        resend: &Resend,
        receipt_within: Option<Duration>,
    ) -> Schedule {
        let mut own = self;
        if let Some(every) = retry.every {
            own.pause = Pause::Every(every);
        }
        if retry.first.is_some() || retry.cap.is_some() {
            let seconds = Duration::from_secs;
            let (first, cap) = match own.pause {
                Pause::Doubling { first, cap } => (first, cap),
                Pause::Every(_) => (seconds(5), seconds(10 * MINUTE)),
            };
            let cap = retry.cap.as_ref().map_or(cap, |own| own.value);
            own.pause = Pause::Doubling { first: retry.first.unwrap_or(first), cap };
        }
        own.attempts = retry.attempts.or(own.attempts);
        own.give_up = retry.give_up.unwrap_or(own.give_up);
        own.receipt_within = receipt_within.or(own.receipt_within);
        own.resends = resend.most.unwrap_or(own.resends);
        own.resend_in = resend.envelope.unwrap_or(own.resend_in);
        own
    }
}
