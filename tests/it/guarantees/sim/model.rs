//! What must be true after each step: a few facts about each message and delivery, kept beside the store.
//!
//! It follows from what was seen outside, and holds the store's word against it. Never: asks the store how it
//! came to its word.

use super::shop::Note;
use crate::guarantees::checker::Told;
use jiff::{SignedDuration, Timestamp};
use libtest_mimic::Failed;
use stafett::message::{AttemptOutcome, DeliveryId, ReceiptCode, Verdict};
use stafett::store::{Claim, Delivery, DeliveryState};
use std::collections::BTreeMap;

/// A delivery, as far as anybody outside knows it.
#[derive(Clone, Debug)]
pub struct Track {
    pub number: usize,
    /// Whether its receiver has it, and whether anybody said so.
    pub taken: bool,
    /// It is in somebody's hand.
    in_hand: bool,
    /// What comes behind it in its lane must wait.
    keeps_lane: bool,
    pub held: bool,
    /// It failed, was given up, or ran out of time.
    pub over: bool,
    /// Operators, or a receipt that did not come, had it sent outside its order.
    outside: bool,
    /// Not to be tried before.
    due: Timestamp,
    /// The transport has taken it.
    sent: bool,
    yes: bool,
    no: bool,
    /// The store said neither yes nor no to the last change, which may have told this.
    doubt: Option<Option<ReceiptCode>>,
}

/// How a delivery stands when a day has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// Nothing changes it any more.
    Over,
    Stands(DeliveryState),
}

#[derive(Default)]
pub struct Model {
    verdicts: BTreeMap<usize, Verdict>,
    tracks: BTreeMap<DeliveryId, Track>,
    token: u64,
}

fn wrong<T>(what: String) -> Result<T, Failed> {
    Err(what.into())
}

impl Model {
    /// The messages whose verdict was told.
    pub fn told(&self) -> Vec<usize> {
        self.verdicts.keys().copied().collect()
    }

    pub fn has_verdict(&self, number: usize) -> bool {
        self.verdicts.contains_key(&number)
    }

    pub fn deliveries(&self) -> impl Iterator<Item = DeliveryId> + '_ {
        self.tracks.keys().copied()
    }

    pub fn track(&self, id: DeliveryId) -> Option<&Track> {
        self.tracks.get(&id)
    }

    pub fn held(&self) -> Vec<DeliveryId> {
        self.tracks.iter().filter(|(_, one)| one.held).map(|(id, _)| *id).collect()
    }

    /// What has failed, or was given up.
    pub fn failed(&self) -> Vec<DeliveryId> {
        self.tracks.iter().filter(|(_, one)| one.over).map(|(id, _)| *id).collect()
    }

    /// The delivery of a message, once it was claimed.
    pub fn of(&self, number: usize) -> Option<DeliveryId> {
        self.tracks.iter().find(|(_, one)| one.number == number).map(|(id, _)| *id)
    }

    pub fn heard(&mut self, number: usize, told: Told) -> Result<(), Failed> {
        let verdict = match told {
            Told::Nothing => return Ok(()),
            Told::Accepted => Verdict::Accepted,
            Told::Refused => Verdict::Refused,
        };
        self.remembered(number, verdict)
    }

    /// A verdict is what it was whenever it was told.
    pub fn remembered(&mut self, number: usize, verdict: Verdict) -> Result<(), Failed> {
        match *self.verdicts.entry(number).or_insert(verdict) == verdict {
            true => Ok(()),
            false => wrong(format!("m{number} is {verdict:?} and was told otherwise")),
        }
    }

    /// A delivery is claimed: it may be, it is its turn, and whoever has it already is told so.
    pub fn claimed(&mut self, claim: &Claim, number: usize, now: Timestamp) -> Result<(), Failed> {
        let id = claim.delivery;
        if claim.token <= self.token {
            return wrong(format!("{id:?} has the token {} of somebody before", claim.token));
        }
        self.token = claim.token;
        let known = self.meet(id, number);
        let problem = match &*known {
            one if one.in_hand => Some("is in somebody's hand"),
            one if one.held => Some("is held by an operator"),
            one if one.over => Some("was given up"),
            one if one.yes || one.no => Some("has its receiver's last word"),
            one if one.sent => Some("was taken by the transport"),
            one if one.due > now => Some("is not due"),
            one if one.taken && !claim.possible_duplicate => Some("may be there, and has no flag"),
            _ => None,
        };
        if let Some(problem) = problem {
            return wrong(format!("m{number} is claimed and {problem}: {known:?}"));
        }
        if claim.expires <= now {
            return wrong(format!("m{number} is claimed after its time"));
        }
        known.in_hand = true;
        let outside = known.outside;
        let lane = Note::first(number).lane();
        let before = self.tracks.iter().find(|(other, one)| {
            let same = Note::first(one.number).lane() == lane && **other < id;
            same && one.keeps_lane && !one.outside
        });
        match before {
            Some((_, one)) if !outside => {
                wrong(format!("m{number} is claimed while m{} keeps its lane", one.number))
            }
            _ => Ok(()),
        }
    }

    /// A delivery is heard of.
    pub fn meet(&mut self, id: DeliveryId, number: usize) -> &mut Track {
        let fresh = Track {
            number,
            taken: false,
            in_hand: false,
            keeps_lane: true,
            held: false,
            over: false,
            outside: false,
            due: Timestamp::MIN,
            sent: false,
            yes: false,
            no: false,
            doubt: None,
        };
        self.tracks.entry(id).or_insert(fresh)
    }

    /// Its receiver has it.
    pub fn taken(&mut self, id: DeliveryId) {
        if let Some(one) = self.tracks.get_mut(&id) {
            one.taken = true;
        }
    }

    /// An attempt has ended, and this is what the store makes of it. Says whether the message is given up by it.
    pub fn settled(
        &mut self,
        id: DeliveryId,
        outcome: &AttemptOutcome,
        next: Option<Timestamp>,
        state: DeliveryState,
    ) -> Result<bool, Failed> {
        use DeliveryState as S;
        let Some(one) = self.tracks.get_mut(&id) else { return wrong(format!("{id:?}: unknown")) };
        one.in_hand = false;
        if let AttemptOutcome::Sent { receipt } = outcome {
            one.sent = true;
            one.hear(*receipt);
        }
        let by_receipt = Note::first(one.number).receiver() == 1;
        let expected = match outcome {
            _ if one.yes => S::Confirmed,
            _ if one.no => S::Rejected,
            AttemptOutcome::Sent { .. } => S::Sent,
            AttemptOutcome::Failed { .. } if next.is_some() => S::Waiting,
            _ => S::DeadLetter,
        };
        one.due = next.unwrap_or(one.due);
        one.over = expected == S::DeadLetter;
        one.keeps_lane = expected == S::Waiting || (by_receipt && expected == S::Sent);
        match state == expected {
            true => Ok(one.over || one.no),
            false => wrong(format!("m{} is {state}, not {expected}: {one:?}", one.number)),
        }
    }

    /// A receiver's receipt is stored; it counts for its own delivery only, and a last word is the last.
    /// Says whether the message is refused by it.
    pub fn receipt(&mut self, number: usize, from: usize, code: ReceiptCode) -> Option<DeliveryId> {
        if Note::first(number).receiver() != from {
            return None;
        }
        let id = self.of(number)?;
        let one = self.tracks.get_mut(&id)?;
        let before = one.no;
        one.hear(Some(code));
        if (one.yes || one.no) && !one.in_hand {
            (one.keeps_lane, one.held, one.over) = (false, false, false);
        }
        (one.no && !before).then_some(id)
    }

    /// It is sent again since no receipt came.
    pub fn resent(&mut self, id: DeliveryId) {
        if let Some(one) = self.tracks.get_mut(&id) {
            one.outside |= !one.keeps_lane;
            (one.sent, one.over, one.due) = (false, false, Timestamp::MIN);
        }
    }

    /// No receipt will come any more; its lane goes on.
    pub fn overdue(&mut self, id: DeliveryId) {
        if let Some(one) = self.tracks.get_mut(&id) {
            one.keeps_lane = false;
        }
    }

    /// It ran out of time, or an operator gave it up: says its number.
    pub fn given_up(&mut self, id: DeliveryId) -> Option<usize> {
        let one = self.tracks.get_mut(&id)?;
        (one.over, one.keeps_lane, one.held) = (true, false, false);
        Some(one.number)
    }

    pub fn hold(&mut self, id: DeliveryId, held: bool) {
        if let Some(one) = self.tracks.get_mut(&id) {
            one.held = held;
            // Who lets it go wants it sent now.
            one.due = if held { one.due } else { Timestamp::MIN };
        }
    }

    /// An operator has it tried again.
    pub fn retried(&mut self, id: DeliveryId) {
        self.resent(id);
    }

    /// The clock jumped: everything waits for as long as before.
    pub fn jumped(&mut self, by: SignedDuration) {
        for one in self.tracks.values_mut() {
            one.due = one.due.saturating_add(by).unwrap_or(one.due);
        }
    }

    /// The store said neither yes nor no to a change of a delivery.
    pub fn doubt(&mut self, id: DeliveryId, heard: Option<ReceiptCode>) {
        if let Some(one) = self.tracks.get_mut(&id) {
            one.doubt = Some(one.doubt.flatten().or(heard));
        }
    }

    /// Nobody knows whether the clock's jump was stored.
    pub fn doubt_times(&mut self) {
        self.tracks.values_mut().for_each(|one| one.due = Timestamp::MIN);
    }

    /// The engine was started anew: nobody has anything in hand, what was told stands, and what was in doubt is one
    /// or the other. Names the messages that turn out to be given up.
    pub fn restarted(
        &mut self,
        now: Timestamp,
        find: impl Fn(DeliveryId) -> Option<Delivery>,
    ) -> Result<Vec<usize>, Failed> {
        use DeliveryState as S;
        let mut given_up = Vec::new();
        for (id, one) in &mut self.tracks {
            let found = find(*id);
            let state = found.as_ref().map(|found| found.state);
            let over = matches!(state, Some(S::DeadLetter | S::Expired));
            if let Some(heard) = one.doubt.take() {
                let news = one.over || one.no;
                one.sync(found, heard);
                if (one.over || one.no) && !news {
                    given_up.push(one.number);
                }
            } else if one.in_hand {
                (one.in_hand, one.due) = (false, now);
                one.keeps_lane &= !(one.yes || one.no);
            } else if one.held != (state == Some(S::Held))
                || one.over != over
                || (one.yes || one.no) != state.is_none()
            {
                return wrong(format!("m{} is {state:?} after a start: {one:?}", one.number));
            }
        }
        Ok(given_up)
    }

    /// What stands when all was delivered: nothing waits, and a last word was heard where one is told.
    pub fn ended(&self, id: DeliveryId, end: End) -> Result<(), Failed> {
        use DeliveryState as S;
        let Some(one) = self.tracks.get(&id) else { return Ok(()) };
        let right = match end {
            End::Over => one.yes || one.no,
            End::Stands(S::DeadLetter | S::Expired) => one.over,
            End::Stands(S::Overdue) => one.sent || one.over,
            End::Stands(S::Sent) => one.sent,
            End::Stands(_) => false,
        };
        match right {
            true => Ok(()),
            false => wrong(format!("m{} ends as {end:?}: {one:?}", one.number)),
        }
    }
}

impl Track {
    /// Takes the store's word for what was in doubt.
    fn sync(&mut self, found: Option<Delivery>, heard: Option<ReceiptCode>) {
        use DeliveryState as S;
        self.in_hand = false;
        let Some(found) = found else {
            self.hear(heard);
            (self.keeps_lane, self.held, self.over) = (false, false, false);
            return;
        };
        let by_receipt = Note::first(self.number).receiver() == 1;
        let waits = matches!(found.state, S::Waiting | S::Held);
        self.held = found.state == S::Held;
        self.over = matches!(found.state, S::DeadLetter | S::Expired);
        self.sent = matches!(found.state, S::Sent | S::Overdue);
        self.keeps_lane = waits || (by_receipt && found.state == S::Sent);
        (self.outside, self.due) = (found.outside_lane, Timestamp::MIN);
    }

    fn hear(&mut self, code: Option<ReceiptCode>) {
        if self.yes || self.no {
            return;
        }
        self.yes = code == Some(ReceiptCode::Ok);
        self.no = code == Some(ReceiptCode::FatalError);
    }
}
