//! The book: what must be known at once, in memory. Verdict keys by partition, and the board of deliveries.
//!
//! It changes in the order of the log, under one lock, before an entry is durable; what is not yet durable
//! is invisible to everybody but the next commit ([`Book::durable`]). It is a function of the entries: the
//! same log gives the same book.
//! Never: holds a message's bytes, reads a clock, or decides a verdict.

mod board;

pub use board::Board;

use super::backup::Restored;
use super::delivery::Delivery;
use super::entry::{Entry, Step};
use crate::message::sabotage::broken;
use crate::message::{DeliveryId, EnvelopeId, MessageId, PartyName, Position, ReceiptFor, Unit};
use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, VecDeque};

/// A key of the book: so many bits of a strong hash that two never meet.
pub type Print = u128;

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
}

/// Everything that must be known at once.
pub struct Book {
    partitions: Vec<Partition>,
    /// The deliveries that are not over.
    pub board: Board,
    token: u64,
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
                self.board.shift(position.partition, SignedDuration::from_nanos(*by));
            }
            Entry::Restored { up_to, audit } => {
                self.advance(position);
                self.board.doubt(position.partition);
                self.restored = Some(Restored { up_to: *up_to, at: audit.at });
            }
        }
    }

    /// Enters a unit.
    pub fn enter_unit(&mut self, position: Position, unit: &Unit) {
        let own = self.advance(position);
        let sequence = position.sequence;
        own.messages.entry(message_key(&unit.party, &unit.message)).or_insert(sequence);
        own.envelopes.entry(envelope_key(&unit.party, &unit.envelope)).or_insert(sequence);
        let deliveries = unit
            .deliveries
            .iter()
            .zip(0..)
            .map(|(new, index)| Delivery::new(DeliveryId { unit: position, index }, unit, new));
        own.arriving.push_back((sequence, deliveries.collect()));
        if let Some(receipt) = &unit.receipt_for {
            self.stirred |= self.board.receive(&unit.speaker(), receipt, unit.received);
        }
    }

    /// Enters steps; one of a delivery that the board does not have is passed over.
    pub fn enter_steps(&mut self, position: Position, steps: &[Step]) {
        self.advance(position);
        for step in steps {
            if let super::delivery::Change::Claim { token } = step.change {
                self.token = self.token.max(token);
            }
            self.board.change(step.delivery, &step.change, step.audit.at);
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
                any = true;
                self.board.add(delivery);
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

/// A strong hash of a few texts, which may hold anything.
fn print(kind: &str, texts: &[&str]) -> Print {
    let mut hasher = blake3::Hasher::new();
    hasher.update(kind.as_bytes());
    for text in texts {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    let mut half = [0; 16];
    half.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    u128::from_le_bytes(half)
}

fn message_key(party: &PartyName, message: &MessageId) -> Print {
    print("message", &[&party.0, &message.0])
}

fn envelope_key(party: &PartyName, envelope: &EnvelopeId) -> Print {
    print("envelope", &[&party.0, &envelope.0])
}

impl Board {
    /// A receipt came as a message; says whether it let a lane go on.
    fn receive(&mut self, party: &PartyName, receipt: &ReceiptFor, at: Timestamp) -> bool {
        let found = self.awaiting(party, &receipt.message);
        let Some((id, kept)) = found.map(|delivery| (delivery.id, delivery.in_lane())) else {
            return false;
        };
        self.change(id, &super::delivery::Change::Receipt(receipt.code), at);
        kept && !self.delivery(id).is_some_and(Delivery::in_lane)
    }
}
