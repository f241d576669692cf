//! The guarantees: their words, the trials that prove them, and what no trial proves yet.
//!
//! A trial whose name begins with `G8: ` is taken for that guarantee's of its own; others are named here. After either
//! `UPDATE=1 cargo test --test it -- guarantees` writes the page anew.

/// A guarantee.
pub struct Guarantee {
    /// Its number.
    pub number: u8,
    /// In a few words.
    pub title: &'static str,
    /// What users may hold us to.
    pub words: &'static str,
    /// Trials that prove it and have another name, without what follows in brackets.
    pub trials: &'static [&'static str],
    /// What these trials count at least.
    pub figure: &'static str,
    /// What they do not prove yet; nothing, when all of the words are.
    pub missing: &'static str,
}

/// All of them, in order.
pub const GUARANTEES: &[Guarantee] = &[
    Guarantee {
        number: 1,
        title: "Acknowledged means durable",
        words: "A verdict is answered only after the exact bytes that were received, the decision where they go and \
            the audit record are in one commit whose sync has returned without an error. No setting turns this off.",
        trials: &[
            "guarantees: nothing leaves before its sync",
            "guarantees: killed, or told that the disk fails",
            "store: power lost at every point of a run",
        ],
        figure: "20 answers and every request to a receiver held against the syncs that cover their bytes",
        missing: "",
    },
    Guarantee {
        number: 2,
        title: "Nothing acknowledged is lost",
        words: "Not by a kill at any system call, not by a full or broken disk, not by writes that were torn or \
            reordered when the power went.",
        trials: &[
            "guarantees: killed, or told that the disk fails",
            "store: power lost at every point of a run",
            "guarantees: simulated days",
        ],
        figure: "10,000 simulated days (at least 1,000 of each kind of fault: power cuts, broken and full disks, bad receivers, \
            clock jumps, operators), none lost; at least 100 points of kill, EIO and ENOSPC, every kind of call among them; four outcomes of a power cut at \
            every write and sync of a run",
        missing: "a power cut under the real file system; all points in one run, which is made by hand and was not made yet",
    },
    Guarantee {
        number: 3,
        title: "A failed sync is final",
        words: "After a write or a sync that failed the store is read-only: nobody gets a verdict, and only a start \
            through recovery goes on. A sync is never tried again.",
        trials: &[
            "guarantees: killed, or told that the disk fails",
            "store: a failed write or sync is final",
            "front: a closed intake says when to come back",
        ],
        figure: "no verdict after the failure, at every write and sync of a run in memory and at a sample of the real ones",
        missing: "",
    },
    Guarantee {
        number: 4,
        title: "Without a verdict it is safe to send again",
        words: "Whatever else a sender heard, the message is stored whole or not at all, and sending it again makes \
            exactly one of it.",
        trials: &[
            "guarantees: killed, or told that the disk fails",
            "store: power lost at every point of a run",
            "path: a commit that takes too long is answered later",
        ],
        figure: "every message handed in again after every fault; stored once",
        missing: "",
    },
    Guarantee {
        number: 5,
        title: "At least once, with a constant key",
        words: "Every attempt carries the same message id and `Idempotency-Key`. A receiver gets a message again only \
            where the outcome of the attempt before was unknown, and then flagged as a possible duplicate.",
        trials: &[
            "guarantees: killed, or told that the disk fails",
            "deliver: what failed is sent again, the same bytes under the same id",
            "guarantees: simulated days",
            "store: what was in hand is due again, flagged",
        ],
        figure: "no repeated delivery without its flag",
        missing: "",
    },
    Guarantee {
        number: 6,
        title: "One verdict for ever",
        words: "Accepted or refused is written once for a party and a message id. Every copy gets the same verdict, also \
            after a restart and when a hundred copies race. A temporary answer is no verdict.",
        trials: &[
            "guarantees: killed, or told that the disk fails",
            "store: journal on a real disk: a hundred racing copies get one verdict",
            "guarantees: simulated days",
        ],
        figure: "100 racing copies, one verdict",
        missing: "an upgrade of the program, or a change of maps, between two copies",
    },
    Guarantee {
        number: 7,
        title: "An id used again for something else is never delivered",
        words: "It raises an alarm and an audit record, and never earns a receipt of the other sign.",
        trials: &["path: the published duplicates are duplicates"],
        figure: "MedCom's own pairs of duplicates pass as such",
        missing: "",
    },
    Guarantee {
        number: 8,
        title: "Order inside a lane",
        words: "The next message of a lane is sent only when the one before it was confirmed, has finally failed or \
            was set aside. Lanes do not wait for each other. The order is that of our commits; what is sent again \
            is outside of it and flagged.",
        trials: &[
            "guarantees: killed, or told that the disk fails",
            "deliver: a lane keeps its order through failures",
            "guarantees: simulated days",
            "deliver: a receiver that is down holds nobody else",
            "store: journal on a real disk: a lane keeps its order, others go on",
        ],
        figure: "10,000 lanes under random failures and every pair of neighbours in every faulted run, no inversion",
        missing: "what the slowest percent of the other lanes notices",
    },
    Guarantee {
        number: 9,
        title: "The right acknowledgement for the right message",
        words: "A receipt counts only for the message whose id it quotes; any other is ignored, and the outcome unknown.",
        trials: &[
            "path: a receipt settles the delivery that it is for",
            "mllp: a late acknowledgement of message 1 is not taken for message 2",
            "mllp: an acknowledgement that came twice meets no other message",
            "mllp: swapped acknowledgements are nobody's",
            "store: journal on a real disk: a receipt decides, once",
            "store: journal on a real disk: a receipt may overtake the end of the attempt",
            "guarantees: simulated days",
        ],
        figure: "late, swapped and doubled acknowledgements, none taken for another message's",
        missing: "the same on transports other than HTTP and MLLP",
    },
    Guarantee {
        number: 10,
        title: "Rot is detected, never served",
        words: "Every record is checked when it is read. A bad one is reported with its number and place, and stops \
            what depends on it; all others go on, and nothing good is deleted.",
        trials: &[
            "store: a rotten bit in any record is seen, others go on",
            "store: rot while it runs is not served",
            "store: verify finds what has rotted",
            "guarantees: killed, or told that the disk fails",
        ],
        figure: "a bit in every third byte of every record of a journal, all of them seen",
        missing: "zeroed, cut and doubled blocks; the ledger's file and the marker",
    },
    Guarantee {
        number: 11,
        title: "Bounded memory and disk",
        words: "Under any load the engine stays within its bounds and says 429 or 503 beyond them; it drops nothing \
            silently, and it is back to normal afterwards.",
        trials: &[
            "front: bodies and headers have their limits",
            "front: a quota is a party's own",
            "mllp: where there is no room for more, nothing more is read",
            "directory: what there is no room for stays, and what is behind it",
        ],
        figure: "limits at the door",
        missing: "ten times the load for minutes, thousands of slow clients, a million queued messages, a full disk: memory, \
            disk and the time until normal",
    },
    Guarantee {
        number: 12,
        title: "A receiver that is down costs nothing but time",
        words: "Nothing is lost, order is kept, others notice nothing, and it is not overrun when it comes back.",
        trials: &["deliver: a receiver that is down holds nobody else"],
        figure: "24 hours on a clock of the test's own",
        missing: "half an hour in real time, with the others' slowest percent",
    },
    Guarantee {
        number: 13,
        title: "When it is sent again is a written schedule",
        words: "Each route has its preset, to the second; a message that runs out of time ends in a final negative only \
            where the receiver answers.",
        trials: &["store: journal on a real disk: what ran out of time is not sent"],
        figure: "every preset, instant by instant",
        missing: "",
    },
    Guarantee {
        number: 14,
        title: "Clocks may jump",
        words: "A clock that is set changes no order, loses no timer and makes no id twice.",
        trials: &["guarantees: simulated days"],
        figure: "thousands of jumps of up to ten years in simulated days; one under the delivery's own timers",
        missing: "a jump under the real program; ids over a jump; the audit record of it",
    },
    Guarantee {
        number: 15,
        title: "Poison is contained",
        words: "A message that panics, exhausts memory or was in hand at two crashes is quarantined before the third \
            try; one that costs too much is refused. Everything else goes on.",
        trials: &[
            "path: a panic quarantines the message, and the worker lives",
            "path: a map without an end is refused as too costly",
            "maps: a costly map stops no other message",
        ],
        figure: "one panic, one quarantine; two ends of the process with a message in hand, one quarantine",
        missing: "a message that really ends the process: its file is written by the trial",
    },
    Guarantee {
        number: 16,
        title: "Replay is explicit",
        words: "An operator asks for it, with a reason; a dry run says what it would do. The same bytes keep their ids, \
            other bytes are a new generation.",
        trials: &[],
        figure: "",
        missing: "a permission beyond access to the socket; a whole day replayed",
    },
    Guarantee {
        number: 17,
        title: "Translation is deterministic",
        words: "The same bytes, configuration, known facts and time give the same output, on any machine.",
        trials: &["maps: a message ends on the engine it began with"],
        figure: "",
        missing: "two runs and two builds compared, byte for byte",
    },
    Guarantee {
        number: 18,
        title: "No silent loss in translation",
        words: "Every source element reached the output or a condition, is declared as dropped, or is listed as unmapped.",
        trials: &[
            "maptools: coverage counts each value and each rule once",
            "maptools: a round trip says what is lost, and where",
        ],
        figure: "",
        missing: "the count over every published message",
    },
    Guarantee {
        number: 19,
        title: "A graceful stop, a quick start",
        words: "It stops within 10 seconds and starts with a million queued messages within 30; the intake opens only \
            when recovery has ended.",
        trials: &[],
        figure: "",
        missing: "a million queued messages, in seconds; a stop with messages in hand, in seconds",
    },
    Guarantee {
        number: 20,
        title: "Formats are versioned",
        words: "What an earlier version wrote stays readable; an unknown format is refused and not touched.",
        trials: &[],
        figure: "two formats of records kept as fixtures",
        missing: "",
    },
    Guarantee {
        number: 21,
        title: "The audit is complete",
        words: "Every change of state has its record in the same commit.",
        trials: &["store: journal on a real disk: every change of state has its audit record"],
        figure: "every change of state of a run",
        missing: "a chain that is verified against a checkpoint kept elsewhere",
    },
    Guarantee {
        number: 22,
        title: "Backup while running",
        words: "A restored node keeps every guarantee up to the point that the backup names, and sends nothing again that \
            was delivered, unless flagged.",
        trials: &[],
        figure: "10 rounds of a backup under load and a restore: over 200 messages kept, over 100 deliveries that \
            their receivers had already, every one flagged",
        missing: "a power cut while a backup or a restore is made",
    },
];
