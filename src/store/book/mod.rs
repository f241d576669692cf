//! The book: what must be known at once, in memory. Verdict keys by partition, and the board of deliveries.
//!
//! It changes in the order of the log, under one lock, before an entry is durable; what is not yet durable
//! is invisible to everybody but the next commit ([`Book::durable`]). It is a function of the entries: the
//! same log gives the same book.
//! Never: holds a message's bytes, reads a clock, or decides a verdict.

mod board;

pub use board::{Board, Listed};

use super::backup::Restored;
use super::delivery::Delivery;
use super::entry::{Entry, Step};
use super::print::{Print, envelope_key, message_key, print};
use crate::message::sabotage::broken;
use crate::message::{DeliveryId, EnvelopeId, MessageId, PartyName, Position, ReceiptFor, Unit};
use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, VecDeque};

/// What the book says to a unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Judgement {
    /// It may be written.
    New,
    /// There is a verdict on its message id, at this position.
    Existing(Position),
    /// Its envelope id has been seen since the decision was made.
    Stale,
}

#[derive(Default)]
struct Partition {
    last: u64,
    durable: u64,
    messages: HashMap<Print, u64>,
    envelopes: HashMap<Print, u64>,
    /// Deliveries of units that are not durable yet.
    arriving: VecDeque<(u64, Vec<Delivery>)>,
    /// Verdicts in segments that have no summary yet: number, key of the message, key of the envelope.
    unsummed: VecDeque<(u64, Print, Print)>,
}

impl Partition {
    fn know(&mut self, sequence: u64, message: Print, envelope: Print) {
        self.messages.entry(message).or_insert(sequence);
        self.envelopes.entry(envelope).or_insert(sequence);
    }
}

/// Everything that must be known at once.
pub struct Book {
    partitions: Vec<Partition>,
    /// The deliveries that are not over.
    pub board: Board,
    pub(super) token: u64,
    /// Whether a receipt has let a lane go on since somebody was told of it.
    stirred: bool,
    /// Whether the node was restored, and up to where.
    pub restored: Option<Restored>,
}

impl Book {
    /// An empty book.
    pub fn new(partitions: usize) -> Book {
        let partitions = (0..partitions).map(|_| Partition::default()).collect();
        Book { partitions, board: Board::default(), token: 0, stirred: false, restored: None }
    }

    /// Goes on at this number: what comes before is as durable as it will ever be.
    pub fn go_on(&mut self, partition: u16, next: u64) {
        self.partitions[usize::from(partition)].last = next - 1;
        self.synced(partition, next - 1);
    }

    /// The partition of an authenticated party.
    pub fn partition_of(&self, party: &PartyName) -> u16 {
        let hash = print("party", &[&party.0]);
        (hash % self.partitions.len() as u128) as u16
    }

    /// The newest durable record of each partition.
    pub fn durable(&self) -> Vec<u64> {
        self.partitions.iter().map(|p| p.durable).collect()
    }

    /// What the unit's conditions come to.
    pub fn judge(&self, partition: u16, unit: &Unit) -> Judgement {
        let own = &self.partitions[usize::from(partition)];
        if broken("verdict-not-unique") {
            return Judgement::New;
        }
        if let Some(sequence) = own.messages.get(&message_key(&unit.party, &unit.message)) {
            return Judgement::Existing(Position { partition, sequence: *sequence });
        }
        let read = unit.read_at.filter(|at| at.partition == partition).map_or(0, |at| at.sequence);
        match own.envelopes.get(&envelope_key(&unit.party, &unit.envelope)) {
            Some(seen) if *seen > read => Judgement::Stale,
            _ => Judgement::New,
        }
    }

    /// The durable position of the message's verdict, and of the message that first came in the envelope;
    /// with the position that this is true at.
    pub fn known(
        &self,
        party: &PartyName,
        message: &MessageId,
        envelope: &EnvelopeId,
    ) -> (Option<Position>, Option<Position>, Position) {
        let partition = self.partition_of(party);
        let own = &self.partitions[usize::from(partition)];
        let at = |found: Option<&u64>| {
            let sequence = *found.filter(|sequence| **sequence <= own.durable)?;
            Some(Position { partition, sequence })
        };
        let message = at(own.messages.get(&message_key(party, message)));
        let envelope = at(own.envelopes.get(&envelope_key(party, envelope)));
        (message, envelope, Position { partition, sequence: own.durable })
    }

    /// A fencing token that nobody has had.
    pub fn token(&mut self) -> u64 {
        self.token += 1;
        self.token
    }

    /// The position that the next entry of a partition gets.
    pub fn next(&self, partition: u16) -> Position {
        Position { partition, sequence: self.partitions[usize::from(partition)].last + 1 }
    }

    /// Enters an entry at its position. Its deliveries come up when it is durable.
    pub fn enter(&mut self, position: Position, entry: &Entry) {
        match entry {
            Entry::Unit(unit) => self.enter_unit(position, unit),
            Entry::Steps(steps) => self.enter_steps(position, steps),
            // whoever reads a log finds the messages of a transmission first; a member that has lost its record is none
            Entry::Together(_) | Entry::Member { .. } => drop(self.advance(position)),
            Entry::Note { .. } => drop(self.advance(position)),
            Entry::Jumped { by, .. } => {
                self.advance(position);
                self.board.shift(position, SignedDuration::from_nanos(*by));
            }
            Entry::Restored { up_to, audit } => {
                self.advance(position);
                if !broken("restored-undoubted") {
                    self.board.doubt(position);
                }
                self.restored = Some(Restored { up_to: *up_to, at: audit.at });
            }
        }
    }

    /// Enters a unit.
    pub fn enter_unit(&mut self, position: Position, unit: &Unit) {
        let own = self.advance(position);
        let sequence = position.sequence;
        let message = message_key(&unit.party, &unit.message);
        let envelope = envelope_key(&unit.party, &unit.envelope);
        own.know(sequence, message, envelope);
        own.unsummed.push_back((sequence, message, envelope));
        let deliveries = unit
            .deliveries
            .iter()
            .zip(0..)
            .map(|(new, index)| Delivery::new(DeliveryId { unit: position, index }, unit, new));
        own.arriving.push_back((sequence, deliveries.collect()));
        if let Some(receipt) = &unit.receipt_for {
            let (by, at) = (unit.speaker(), unit.received);
            self.stirred |= self.board.receive(position, &by, receipt, at);
        }
    }

    /// Takes over a verdict's keys; what else its entry made is in the checkpoint.
    pub fn know(&mut self, sequence: u64, message: Print, envelope: Print) {
        self.partitions[0].know(sequence, message, envelope);
    }

    /// Takes over what an entry from before the checkpoint says beyond it: a verdict's keys.
    pub fn enter_known(&mut self, position: Position, entry: &Entry) {
        let own = self.advance(position);
        if let Entry::Unit(unit) = entry {
            let message = message_key(&unit.party, &unit.message);
            let envelope = envelope_key(&unit.party, &unit.envelope);
            own.know(position.sequence, message, envelope);
            own.unsummed.push_back((position.sequence, message, envelope));
        }
    }

    /// The keys of the verdicts from one record to another that have been in no summary yet.
    pub fn unsummed(&self, first: u64, last: u64) -> Vec<(u64, Print, Print)> {
        let all = self.partitions[0].unsummed.iter();
        all.skip_while(|one| one.0 < first).take_while(|one| one.0 <= last).copied().collect()
    }

    /// The verdicts up to a record are in summaries, or in segments that never have one.
    pub fn summed(&mut self, last: u64) {
        let unsummed = &mut self.partitions[0].unsummed;
        while unsummed.front().is_some_and(|one| one.0 <= last) {
            unsummed.pop_front();
        }
    }

    /// The newest entry of the only partition, durable or not.
    pub fn last(&self) -> u64 {
        self.partitions[0].last
    }

    /// Enters steps; one of a delivery that the board does not have is passed over.
    pub fn enter_steps(&mut self, position: Position, steps: &[Step]) {
        self.advance(position);
        for step in steps {
            if let super::delivery::Change::Claim { token } = step.change {
                self.token = self.token.max(token);
            }
            if !self.board.has_seen(step.delivery, position.sequence) {
                self.board.change(step.delivery, &step.change, step.audit.at);
            }
        }
    }

    fn advance(&mut self, position: Position) -> &mut Partition {
        let own = &mut self.partitions[usize::from(position.partition)];
        assert!(position.sequence > own.last, "a log is read and written in order");
        own.last = position.sequence;
        own
    }

    /// Everything up to here is durable: says whether deliveries came up by it, or may go on.
    pub fn synced(&mut self, partition: u16, sequence: u64) -> bool {
        let mut any = std::mem::take(&mut self.stirred);
        let own = &mut self.partitions[usize::from(partition)];
        own.durable = own.durable.max(sequence);
        while own.arriving.front().is_some_and(|(at, _)| *at <= sequence) {
            let (_, deliveries) = own.arriving.pop_front().unwrap_or_default();
            for delivery in deliveries {
                any |= self.board.add(delivery);
            }
        }
        any
    }

    /// The delivery that a receipt from this party is for, if one is known.
    pub fn awaiting(&self, party: &PartyName, message: &MessageId) -> Option<&Delivery> {
        self.board.awaiting(party, message)
    }

    /// Deliveries that are in hand: after a restart nobody has them any more.
    pub fn in_hand(&self) -> Vec<DeliveryId> {
        self.board.in_hand()
    }
}

impl Board {
    /// A receipt came as a message; says whether it let a lane go on.
    fn receive(
        &mut self,
        position: Position,
        party: &PartyName,
        receipt: &ReceiptFor,
        at: Timestamp,
    ) -> bool {
        let found = self.awaiting(party, &receipt.message);
        let Some((id, kept)) = found.map(|delivery| (delivery.id, delivery.in_lane())) else {
            return false;
        };
        if self.has_seen(id, position.sequence) {
            return false;
        }
        self.change(id, &super::delivery::Change::Receipt(receipt.code), at);
        kept && !self.delivery(id).is_some_and(Delivery::in_lane)
    }
}
