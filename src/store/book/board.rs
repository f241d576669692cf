//! The board: every delivery that is not over, its lane, when it is due, whose receipt is awaited.
//!
//! Every list here follows from the deliveries: a change takes a delivery off the lists, makes the change,
//! and lists it again. A lane lists only its first; so a stuck lane costs the others nothing.

use crate::message::sabotage::broken;
use crate::message::{DeliveryId, MessageId, PartyName, Position, instant};
use crate::store::delivery::{Change, Delivery, Refusal};
use crate::store::print::{Print, print};
use crate::store::state::DeliveryState;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

/// What is due: by time, then by arrival.
type Due = BTreeSet<(Timestamp, u64, DeliveryId)>;

/// A delivery with its place on the board.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Listed {
    /// Its place in the order of arrival.
    order: u64,
    /// When it became the first of its lane: a lane whose turn was is behind those that wait for theirs.
    #[serde(with = "instant")]
    turn: Timestamp,
    /// The delivery.
    delivery: Delivery,
}

impl Listed {
    /// Which delivery.
    pub fn id(&self) -> DeliveryId {
        self.delivery.id
    }
}

/// The deliveries that are not over.
#[derive(Default)]
pub struct Board {
    arrived: u64,
    deliveries: BTreeMap<DeliveryId, Listed>,
    lanes: HashMap<Box<str>, BTreeMap<u64, DeliveryId>>,
    due: BTreeMap<Box<str>, Due>,
    receipts: BTreeSet<(Timestamp, DeliveryId)>,
    awaited: HashMap<Print, DeliveryId>,
    /// While a journal is read behind a checkpoint: the newest record that a delivery was saved with.
    seen: HashMap<DeliveryId, u64>,
}

impl Board {
    /// Some deliveries after one, as they are now, each with whether its receipt is awaited.
    pub fn some(&self, after: Option<DeliveryId>, count: usize) -> Vec<(Listed, bool)> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let all = self.deliveries.range((from, Bound::Unbounded)).take(count);
        let awaited = |one: &Delivery| self.awaited.get(&key(&one.receiver, &one.message));
        all.map(|(id, listed)| (listed.clone(), awaited(&listed.delivery) == Some(id))).collect()
    }

    /// How many have ever been put on the board.
    pub fn arrived(&self) -> u64 {
        self.arrived
    }

    /// Takes deliveries over from a checkpoint after record `from`, each saved when the newest record was the number
    /// beside it.
    pub fn take_over(&mut self, arrived: u64, from: u64, saved: Vec<(u64, Vec<(Listed, bool)>)>) {
        self.arrived = arrived;
        for (seen, some) in saved {
            for (listed, awaited) in some {
                let (id, order) = (listed.delivery.id, listed.order);
                if seen > from {
                    self.seen.insert(id, seen);
                }
                if awaited {
                    let key = key(&listed.delivery.receiver, &listed.delivery.message);
                    self.awaited.insert(key, id);
                }
                if let Some(lane) =
                    listed.delivery.lane.as_ref().filter(|_| listed.delivery.in_lane())
                {
                    self.lanes.entry(lane.clone()).or_default().insert(order, id);
                }
                self.deliveries.insert(id, listed);
            }
        }
        // Which is the first of its lane is known when all are there.
        let all = std::mem::take(&mut self.deliveries);
        all.values().for_each(|listed| self.list(listed));
        self.deliveries = all;
    }

    /// Whether a delivery was saved after this record was made, so that it has it in it.
    pub fn has_seen(&self, id: DeliveryId, sequence: u64) -> bool {
        !self.seen.is_empty() && self.seen.get(&id).is_some_and(|seen| sequence <= *seen)
    }

    /// All that was saved has been read past.
    pub fn is_read(&mut self) {
        self.seen = HashMap::new();
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.deliveries.len()
    }

    /// One of them.
    pub fn delivery(&self, id: DeliveryId) -> Option<&Delivery> {
        self.deliveries.get(&id).map(|listed| &listed.delivery)
    }

    /// Puts a delivery on the board, last in its lane; false if it is there.
    pub fn add(&mut self, delivery: Delivery) -> bool {
        if self.deliveries.contains_key(&delivery.id) {
            return false;
        }
        self.arrived += 1;
        let order = self.arrived;
        if let Some(lane) = delivery.lane.as_ref().filter(|_| delivery.in_lane()) {
            self.lanes.entry(lane.clone()).or_default().insert(order, delivery.id);
        }
        self.awaited.insert(key(&delivery.receiver, &delivery.message), delivery.id);
        let listed = Listed { order, turn: Timestamp::MIN, delivery };
        self.list(&listed);
        self.deliveries.insert(listed.delivery.id, listed);
        true
    }

    /// Why a change is not allowed, if it is not.
    pub fn refuses(&self, id: DeliveryId, change: &Change) -> Option<Refusal> {
        match self.delivery(id) {
            None => Some(Refusal::Unknown),
            Some(delivery) => delivery.refuses(change),
        }
    }

    /// Makes a change; a delivery that is not on the board is passed over.
    pub fn change(&mut self, id: DeliveryId, change: &Change, at: Timestamp) {
        let Some(mut listed) = self.deliveries.remove(&id) else { return };
        self.unlist(&listed);
        let was_in_lane = listed.delivery.in_lane();
        listed.delivery.apply(change, at);
        if was_in_lane && !listed.delivery.in_lane() {
            self.leave(&listed, at);
        }
        if listed.delivery.is_final() {
            let key = key(&listed.delivery.receiver, &listed.delivery.message);
            if self.awaited.get(&key) == Some(&id) {
                self.awaited.remove(&key);
            }
            return;
        }
        self.list(&listed);
        self.deliveries.insert(id, listed);
    }

    /// Shifts every time that deliveries of a partition wait for.
    pub fn shift(&mut self, at: Position, by: SignedDuration) {
        let own = |id: &&DeliveryId| {
            id.unit.partition == at.partition && !self.has_seen(**id, at.sequence)
        };
        let all: Vec<DeliveryId> = self.deliveries.keys().filter(own).copied().collect();
        for id in all {
            let Some(mut listed) = self.deliveries.remove(&id) else { continue };
            self.unlist(&listed);
            listed.delivery.shift(by);
            if listed.turn != Timestamp::MIN {
                listed.turn = listed.turn.saturating_add(by).unwrap_or(Timestamp::MIN);
            }
            self.list(&listed);
            self.deliveries.insert(id, listed);
        }
    }

    /// Whatever is open in a partition may have been delivered by the node that this one was restored from.
    pub fn doubt(&mut self, at: Position) {
        let seen = std::mem::take(&mut self.seen);
        let own = |id: &DeliveryId| {
            id.unit.partition == at.partition && seen.get(id).is_none_or(|seen| at.sequence > *seen)
        };
        let all = self.deliveries.iter_mut().filter(|(id, _)| own(id));
        all.for_each(|(_, listed)| listed.delivery.possible_duplicate = true);
        self.seen = seen;
    }

    /// Takes a delivery out of its lane, whose new first becomes due in its turn.
    fn leave(&mut self, listed: &Listed, at: Timestamp) {
        let Some(name) = &listed.delivery.lane else { return };
        let Some(lane) = self.lanes.get_mut(name) else { return };
        lane.remove(&listed.order);
        match lane.first_key_value().map(|(_, id)| *id) {
            None => {
                self.lanes.remove(name);
            }
            Some(first) => {
                let first = self.deliveries.get_mut(&first);
                if let Some(first) = first.filter(|first| first.order > listed.order) {
                    first.turn = at;
                    let first = first.clone();
                    self.list(&first);
                }
            }
        }
    }

    fn list(&mut self, listed: &Listed) {
        let delivery = &listed.delivery;
        match delivery.state {
            DeliveryState::Waiting if self.is_first(listed) => {
                let entry = (delivery.due.max(listed.turn), listed.order, delivery.id);
                match self.due.get_mut(&delivery.endpoint) {
                    Some(due) => due.insert(entry),
                    None => self.due.entry(delivery.endpoint.clone()).or_default().insert(entry),
                };
            }
            DeliveryState::Sent => {
                if let Some(due) = delivery.receipt_due {
                    self.receipts.insert((due, delivery.id));
                }
            }
            // What has failed may still have to be told to whoever sent it, when its time has run out.
            DeliveryState::DeadLetter | DeliveryState::Expired => {
                self.receipts.insert((delivery.expires, delivery.id));
            }
            _ => {}
        }
    }

    /// Nothing is to become of a delivery that has failed; an operator may still do something.
    pub fn leave_be(&mut self, id: DeliveryId) {
        let Some(delivery) = self.deliveries.get(&id).map(|listed| &listed.delivery) else {
            return;
        };
        for at in [Some(delivery.expires), delivery.receipt_due].into_iter().flatten() {
            self.receipts.remove(&(at, id));
        }
    }

    fn unlist(&mut self, listed: &Listed) {
        let delivery = &listed.delivery;
        if let Some(due) = self.due.get_mut(&delivery.endpoint) {
            due.remove(&(delivery.due.max(listed.turn), listed.order, delivery.id));
            if due.is_empty() {
                self.due.remove(&delivery.endpoint);
            }
        }
        if let Some(due) = delivery.receipt_due {
            self.receipts.remove(&(due, delivery.id));
        }
        self.receipts.remove(&(delivery.expires, delivery.id));
    }

    fn is_first(&self, listed: &Listed) -> bool {
        if broken("lane-off") {
            return true;
        }
        let Some(lane) = listed.delivery.lane.as_ref().filter(|_| listed.delivery.in_lane()) else {
            return true;
        };
        let first = self.lanes.get(lane).and_then(|lane| lane.first_key_value());
        first.is_none_or(|(order, _)| *order == listed.order)
    }

    /// The endpoints with something due, and the delivery that has been due longest at each.
    pub fn due(&self, endpoint: &str, now: Timestamp) -> Option<DeliveryId> {
        let (due, _, id) = self.due.get(endpoint)?.first()?;
        (*due <= now).then_some(*id)
    }

    /// The endpoints that have something due at a time.
    pub fn due_endpoints(&self, now: Timestamp) -> Vec<Box<str>> {
        let due = self.due.iter().filter(|(_, due)| due.first().is_some_and(|d| d.0 <= now));
        due.map(|(endpoint, _)| endpoint.clone()).collect()
    }

    /// When something is due next, at one endpoint or at any.
    pub fn next_due(&self, endpoint: Option<&str>) -> Option<Timestamp> {
        let first = |due: &Due| due.first().map(|(at, _, _)| *at);
        match endpoint {
            Some(endpoint) => self.due.get(endpoint).and_then(first),
            None => self.due.values().filter_map(first).min(),
        }
    }

    /// What follows a delivery in its lane, if it may be claimed once that one has left.
    pub fn after_in_lane(&self, lane: &str, id: DeliveryId, now: Timestamp) -> Option<DeliveryId> {
        let (_, next) = self.lanes.get(lane)?.iter().find(|(_, other)| **other != id)?;
        let delivery = self.delivery(*next)?;
        let due = delivery.state == DeliveryState::Waiting && delivery.due <= now;
        (due && delivery.expires > now).then_some(*next)
    }

    /// When the next receipt is overdue.
    pub fn next_overdue(&self) -> Option<Timestamp> {
        self.receipts.first().map(|(due, _)| *due)
    }

    /// The delivery whose receipt has been overdue longest at a time.
    pub fn overdue(&self, now: Timestamp) -> Option<DeliveryId> {
        self.receipts.first().filter(|(due, _)| *due <= now).map(|(_, id)| *id)
    }

    /// The delivery of this message to this party.
    pub fn awaiting(&self, party: &PartyName, message: &MessageId) -> Option<&Delivery> {
        if broken("takes-receipts-by-order") {
            return self
                .deliveries
                .values()
                .map(|one| &one.delivery)
                .find(|d| d.receiver == *party);
        }
        self.awaited.get(&key(party, message)).and_then(|id| self.delivery(*id))
    }

    /// Deliveries that somebody has in hand, in order.
    pub fn in_hand(&self) -> Vec<DeliveryId> {
        let in_hand = |state| matches!(state, DeliveryState::Claimed | DeliveryState::InFlight);
        let all = self.deliveries.values().map(|listed| &listed.delivery);
        let mut found: Vec<_> = all.filter(|d| in_hand(d.state)).map(|d| d.id).collect();
        found.sort();
        found
    }
}

fn key(receiver: &PartyName, message: &MessageId) -> Print {
    print("delivery", &[&receiver.0, &message.0])
}
