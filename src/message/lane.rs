//! Names of lanes: within one, the order of messages is kept.
//!
//! Promises: the name alone says what a lane waits for before it goes on, so that journals, ledgers and
//! people read the same in it; a key that may be a person's stands in it as a hash. Never: an element's value.

use super::PartyName;

/// How the name of a lane ends that goes on when the receipt has come.
const BY_RECEIPT: &str = "+receipt";

/// The lane of a sender's messages to a receiver that share a key.
pub fn lane(sender: &PartyName, receiver: &PartyName, key: u64, by_receipt: bool) -> Box<str> {
    let end = if by_receipt { BY_RECEIPT } else { "" };
    format!("{sender}>{receiver}:{key:016x}{end}").into()
}

/// Whether a lane goes on when the receipt has come, and not already when the transport has confirmed.
pub fn goes_on_by_receipt(lane: &str) -> bool {
    lane.ends_with(BY_RECEIPT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_its_lane_waits_for() {
        let (a, b) = (PartyName("a+receipt".into()), PartyName("b".into()));
        assert_eq!(&*lane(&a, &b, 0xfe, false), "a+receipt>b:00000000000000fe");
        assert!(!goes_on_by_receipt(&lane(&a, &b, 1, false)));
        assert!(goes_on_by_receipt(&lane(&a, &b, 1, true)));
    }
}
