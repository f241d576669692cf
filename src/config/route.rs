//! Routes: which message goes where, translated by what, answered by whom.
//!
//! Promises: what is not routed is refused; conditions are kept as text with their place, since compiling
//! them is a higher floor's work. Never: judges a message.

use super::read::{section, words};
use super::schedule::{Agreement, Preset, Resend, Retry, Schedule};
use super::value::{At, Name, OwnName, Several};
use crate::message::{Event, PartyName};
use std::collections::BTreeMap;
use std::time::Duration;

words! {
    /// Whose receipt the sender gets.
    Answers {
        /// our verdict is the only receipt; what fails later is an operator's task.
        Engine = "engine",
        /// the sender first gets a transport answer, and the final receiver's receipt when it comes.
        Receiver = "receiver",
    }
}

words! {
    /// Within what the order of messages is kept, for one sender and one receiver.
    LaneKey {
        /// one conversation or episode; one patient where a message names none.
        Conversation = "conversation",
        /// one patient.
        Patient = "patient",
        /// no order.
        None = "none",
    }
}

words! {
    /// When a lane goes on to its next message.
    LaneOrder {
        /// when the receiver's transport has taken the one before.
        Transport = "transport",
        /// when the receiver's receipt for the one before has come, or can no longer come.
        Receipt = "receipt",
    }
}

words! {
    /// What is answered when a message id comes again with other content.
    Conflict {
        /// the stored verdict again.
        Verdict = "verdict",
        /// HTTP 409.
        Status409 = "409",
    }
}

words! {
    /// What becomes of a message whose map reads an earlier one that has not come.
    MissingEarlier {
        /// it is refused, with an issue that says so.
        Refuse = "refuse",
        /// the map runs without it.
        GoOn = "go-on",
    }
}

section! {
    /// A route. Of the routes for a message's sender, receiver, event and version, in the order of files and
    /// lines, the first whose condition holds takes it. A message that no route takes is refused.
    Route as "route" {
        /// The route's name in logs, metrics and audit records.
        name: OwnName,
        /// The parties that may send by it.
        sender: Several<At<PartyName>>,
        /// The party it leads to.
        receiver: At<PartyName>,
        /// The events it takes: the code of MessageHeader.event, the type code of a letter.
        event: Several<Event>,
        /// The versions it takes, as the message says them: `"5.0"` takes `5.0` and `5.0.2`. Not set: all.
        version: Vec<At<Box<str>>>,
        /// A FHIRPath condition on the whole message; not set: always. One that cannot be evaluated is false.
        when: Option<At<Box<str>>>,
        /// The endpoints of the receiver that the message is delivered to; nearly always one.
        to: Several<At<Name>>,
        /// Profiles that the incoming message is validated against besides those it claims.
        validate: Vec<At<Box<str>>>,
        /// The canonical of the map that translates it. Not set: it is delivered as it came.
        map: Option<At<Box<str>>>,
        /// The concept map that says which profiles the output claims; maps ask for it by the name `profiles`.
        profiles: Option<At<Box<str>>>,
        /// What becomes of a message whose map reads an earlier one (`/// earlier.NAME = 'event'`) that has not come.
        missing_earlier: MissingEarlier = "'refuse'",
        /// Profiles that the output is validated against before it may leave.
        target_profiles: Vec<At<Box<str>>>,
        /// What the map may fill in where the message has nothing, by name; each use is an information issue.
        defaults: BTreeMap<Box<str>, At<Box<str>>>,
        /// Whose receipt the sender gets.
        answers: Answers = "'engine'",
        /// Within what the order of messages is kept.
        lane: LaneKey = "'conversation'",
        /// When such a lane goes on to its next message. Two routes keep their common order only where both say
        /// the same here.
        order: LaneOrder = "'transport'",
        /// The written schedule that it goes by.
        schedule: Preset = "'plain'",
        /// The partner's agreement (CPA, an XML file) that the schedule `ebxml` is read from, from the configuration's
        /// folder. It is read when the engine starts and when it is reloaded, and is no part of the configuration's hash.
        cpa: Option<At<Box<str>>>,
        /// When to try again what the receiver's transport did not take, where that differs from the schedule.
        retry: Retry = "{}",
        /// When to send again what no receipt has come for, where that differs from the schedule.
        resend: Resend = "{}",
        /// How old a message may be when it comes. Not set: any age. One from more than five minutes ahead
        /// is always refused.
        max_age: Option<Duration>,
        /// When the receiver's receipt is overdue, counted from the sending. Not set: as the schedule says.
        receipt_within: Option<At<Duration>>,
        /// What is answered when a message id comes again with other content.
        conflict: Conflict = "'verdict'",
    }
}

impl Route {
    /// Its schedule: the preset, or the partner's agreement, with what the route sets itself.
    pub fn plan(&self, agreement: Option<&Agreement>) -> Schedule {
        let within = self.receipt_within.as_ref().map(|at| at.value);
        Schedule::of(self.schedule, agreement).with(&self.retry, &self.resend, within)
    }
}
