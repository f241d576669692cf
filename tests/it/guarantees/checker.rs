//! The ledger checker: what senders sent and were told, what receivers got, and whether that may be.
//!
//! It knows nothing of the engine: no type, no file, no word of it. A run writes down what was seen from
//! outside, in order; [`judge`] names everything that a guarantee forbids. Never: looks into the store.

use std::collections::{BTreeMap, BTreeSet};

/// What a sender was told about a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Told {
    /// A positive verdict.
    Accepted,
    /// A negative verdict.
    Refused,
    /// No verdict: a temporary answer, a connection that was lost, nothing at all.
    Nothing,
}

/// What a receiver did with what it got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// It took it, and its answer went out.
    Took,
    /// It took it, and its answer was lost.
    Dropped,
    /// It said no, for now.
    Later,
}

/// One thing that was seen, in the order in which it was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Seen {
    /// A sender hands in a message.
    Sent { message: String, lane: String, content: u64 },
    /// And is told something.
    Told { message: String, told: Told },
    /// A receiver got a message.
    Got { message: String, content: u64, flagged: bool, answer: Answer },
    /// A receiver says later that it has taken a message.
    Confirmed { message: String },
    /// The engine says that it delivers a message no more: its receiver refused it, its time ran out, or an operator
    /// gave it up.
    GivenUp { message: String },
    /// The engine's disk has failed under it, and it has said so: from here on it gives no verdict.
    Failed,
    /// The engine was started anew.
    Restarted,
    /// All was delivered, as far as that could be; what is stored under each message id was counted.
    Ended { stored: BTreeMap<String, usize> },
}

/// What was broken: the guarantee, and how it was seen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Broken {
    /// The guarantee's number.
    pub guarantee: u8,
    /// What was seen.
    pub what: String,
}

/// What a run came to.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Judged {
    /// Messages that were told to be accepted.
    pub accepted: usize,
    /// Messages that were told to be refused.
    pub refused: usize,
    /// Times that a message was handed in again.
    pub resends: usize,
    /// Messages that reached their receiver.
    pub delivered: usize,
    /// Times that a receiver got what it had taken, each of them flagged unless it is among the broken.
    pub repeated: usize,
    /// Messages that the engine said it delivers no more.
    pub given_up: usize,
    /// Pairs of neighbours in a lane.
    pub pairs: usize,
    /// What no guarantee allows.
    pub broken: Vec<Broken>,
}

#[derive(Default)]
struct Message {
    lane: String,
    content: u64,
    sent: usize,
    accepted: bool,
    refused: bool,
    /// Whether a receiver has it, whatever became of its answer.
    taken: bool,
    /// Whether a receiver's positive answer went out.
    confirmed: bool,
    /// Whether the engine said that it delivers it no more.
    given_up: bool,
}

impl Judged {
    /// Adds what another run came to.
    pub fn add(&mut self, other: Judged) {
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.resends += other.resends;
        self.delivered += other.delivered;
        self.repeated += other.repeated;
        self.given_up += other.given_up;
        self.pairs += other.pairs;
        self.broken.extend(other.broken);
    }
}

/// Judges a run.
pub fn judge(seen: &[Seen]) -> Judged {
    let mut run = Run::default();
    for one in seen {
        match one {
            Seen::Sent { message, lane, content } => run.sent(message, lane, *content),
            Seen::Told { message, told } => run.told(message, *told),
            Seen::Got { message, content, flagged, answer } => {
                run.got(message, *content, *flagged, *answer);
            }
            Seen::Confirmed { message } => {
                let one = run.messages.entry(message.clone()).or_default();
                one.confirmed |= one.taken;
            }
            Seen::GivenUp { message } => {
                run.messages.entry(message.clone()).or_default().given_up = true;
            }
            Seen::Failed => run.failed = true,
            Seen::Restarted => run.failed = false,
            Seen::Ended { stored } => run.ended(stored),
        }
    }
    let mut judged = run.judged;
    let all = run.messages.values();
    judged.accepted = all.clone().filter(|one| one.accepted).count();
    judged.refused = all.clone().filter(|one| one.refused).count();
    judged.delivered = all.clone().filter(|one| one.taken).count();
    judged.given_up = all.clone().filter(|one| one.given_up).count();
    judged.resends = all.map(|one| one.sent.saturating_sub(1)).sum();
    judged.broken.sort();
    judged.broken.dedup();
    judged
}

#[derive(Default)]
struct Run {
    messages: BTreeMap<String, Message>,
    /// Each lane's messages, in the order in which they were first handed in.
    lanes: BTreeMap<String, Vec<String>>,
    failed: bool,
    judged: Judged,
}

impl Run {
    fn broken(&mut self, guarantee: u8, what: String) {
        self.judged.broken.push(Broken { guarantee, what });
    }

    fn sent(&mut self, id: &str, lane: &str, content: u64) {
        let message = self.messages.entry(id.to_owned()).or_default();
        if message.sent == 0 {
            (message.lane, message.content) = (lane.to_owned(), content);
            self.lanes.entry(lane.to_owned()).or_default().push(id.to_owned());
        }
        message.sent += 1;
    }

    fn told(&mut self, id: &str, told: Told) {
        let message = self.messages.entry(id.to_owned()).or_default();
        message.accepted |= told == Told::Accepted;
        message.refused |= told == Told::Refused;
        let both = message.accepted && message.refused;
        if self.failed && told != Told::Nothing {
            self.broken(3, format!("{id} got a verdict after a write had failed"));
        }
        if both {
            self.broken(6, format!("{id} was told to be accepted and to be refused"));
        }
    }

    fn got(&mut self, id: &str, content: u64, flagged: bool, answer: Answer) {
        let Some(message) = self.messages.get_mut(id) else {
            return self.broken(4, format!("{id} was delivered and never handed in"));
        };
        let (altered, repeated) = (message.content != content, message.taken);
        let given_up = message.given_up;
        message.taken |= answer != Answer::Later;
        message.confirmed |= answer == Answer::Took;
        let lane = message.lane.clone();
        if altered {
            self.broken(10, format!("{id} was delivered with bytes that were not handed in"));
        }
        if repeated {
            self.judged.repeated += 1;
            if !flagged {
                self.broken(5, format!("{id} was delivered again without a flag"));
            }
        }
        // What its receiver has taken before stands outside the order, and is flagged; so does what was given up.
        if !repeated && !given_up {
            self.in_order(id, &lane);
        }
    }

    /// What was handed in before it in its lane has reached its receiver, unless it was refused.
    fn in_order(&mut self, id: &str, lane: &str) {
        let Some(lane) = self.lanes.get(lane) else { return };
        let before = lane.iter().take_while(|other| *other != id);
        let counts = |m: &Message| !m.refused && !m.given_up;
        let earlier = before.filter(|other| self.messages.get(*other).is_some_and(counts));
        let Some(last) = earlier.last().cloned() else { return };
        self.judged.pairs += 1;
        let confirmed = self.messages.get(&last).is_some_and(|one| one.confirmed);
        if !confirmed {
            self.broken(8, format!("{id} was delivered before {last} was confirmed"));
        }
    }

    fn ended(&mut self, stored: &BTreeMap<String, usize>) {
        let mut found = Vec::new();
        for (id, message) in &self.messages {
            let copies = stored.get(id).copied().unwrap_or(0);
            let told = message.accepted || message.refused;
            if message.accepted && !message.confirmed && !message.given_up {
                found.push((2, format!("{id} was accepted and never delivered")));
            }
            if told && copies == 0 {
                found.push((1, format!("{id} was told to be stored and is not")));
            }
            if message.refused && message.taken {
                found.push((6, format!("{id} was refused and delivered")));
            }
            if copies > 1 {
                found.push((4, format!("{id} is stored {copies} times")));
            }
            if !told {
                found.push((4, format!("{id} never got a verdict, though it was handed in again")));
            }
        }
        let known: BTreeSet<&String> = self.messages.keys().collect();
        for id in stored.keys().filter(|id| !known.contains(id)) {
            found.push((4, format!("{id} is stored and was never handed in")));
        }
        for (guarantee, what) in found {
            self.broken(guarantee, what);
        }
    }
}
