//! The ledger's tables. A change of them is a new `VERSION`: an older ledger is made anew from the journal.
//!
//! Instants are nanoseconds since 1970, enumerations are their words, identifiers are `kind:value`.

/// The tables' version.
pub const VERSION: &str = "4";

/// The tables and what finds rows in them.
pub const TABLES: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE progress (partition INTEGER PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE messages (
    partition INTEGER, sequence INTEGER, party TEXT NOT NULL, carrier TEXT,
    message TEXT NOT NULL, envelope TEXT NOT NULL, sender TEXT, receiver TEXT,
    event TEXT NOT NULL, conversation TEXT, syntax TEXT NOT NULL, received INTEGER NOT NULL,
    state TEXT NOT NULL, quarantine TEXT, size INTEGER NOT NULL, content_hash BLOB NOT NULL,
    configuration BLOB NOT NULL, receipt_message TEXT, receipt_code TEXT,
    PRIMARY KEY (partition, sequence)) WITHOUT ROWID;
CREATE INDEX messages_received ON messages (received);
CREATE INDEX messages_state ON messages (state, received);
CREATE INDEX messages_party ON messages (party, received);
CREATE INDEX messages_sender ON messages (sender, received);
CREATE INDEX messages_receiver ON messages (receiver, received);
CREATE INDEX messages_event ON messages (event, received);
CREATE INDEX messages_conversation ON messages (conversation, received);
CREATE INDEX messages_message ON messages (message);
CREATE INDEX messages_envelope ON messages (envelope);
CREATE TABLE issues (
    partition INTEGER, sequence INTEGER, n INTEGER, severity TEXT NOT NULL, code TEXT NOT NULL,
    id TEXT NOT NULL, expression TEXT, line INTEGER, col INTEGER, profile TEXT,
    text TEXT NOT NULL, PRIMARY KEY (partition, sequence, n)) WITHOUT ROWID;
CREATE INDEX issues_id ON issues (id);
CREATE TABLE outputs (
    partition INTEGER, sequence INTEGER, n INTEGER, syntax TEXT NOT NULL, size INTEGER NOT NULL,
    message TEXT NOT NULL, envelope TEXT NOT NULL, map TEXT,
    PRIMARY KEY (partition, sequence, n)) WITHOUT ROWID;
CREATE INDEX outputs_message ON outputs (message);
CREATE TABLE deliveries (
    partition INTEGER, sequence INTEGER, n INTEGER, route TEXT NOT NULL, receiver TEXT NOT NULL,
    endpoint TEXT NOT NULL, output INTEGER NOT NULL, lane TEXT, message TEXT NOT NULL,
    event TEXT NOT NULL, since INTEGER NOT NULL, expires INTEGER NOT NULL, receipt_within INTEGER,
    state TEXT NOT NULL, due INTEGER NOT NULL, attempts INTEGER NOT NULL, token INTEGER NOT NULL,
    possible_duplicate INTEGER NOT NULL, outside_lane INTEGER NOT NULL, receipt TEXT,
    receipt_due INTEGER, reason TEXT, in_lane INTEGER NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0, resends INTEGER NOT NULL DEFAULT 0, resent_in TEXT, resent INTEGER,
    PRIMARY KEY (partition, sequence, n)) WITHOUT ROWID;
CREATE INDEX deliveries_state ON deliveries (state, route, since);
CREATE INDEX deliveries_route ON deliveries (route, since);
CREATE INDEX deliveries_receiver ON deliveries (receiver, message);
CREATE INDEX deliveries_lane ON deliveries (lane, since) WHERE lane IS NOT NULL;
CREATE INDEX deliveries_in_lane ON deliveries (lane, since) WHERE in_lane = 1;
CREATE INDEX deliveries_receipt_due ON deliveries (receipt_due) WHERE receipt_due IS NOT NULL;
CREATE TABLE audit (
    partition INTEGER, sequence INTEGER, n INTEGER, unit_partition INTEGER NOT NULL,
    unit_sequence INTEGER NOT NULL, delivery INTEGER, at INTEGER NOT NULL, action TEXT NOT NULL,
    actor TEXT NOT NULL, outcome TEXT,
    PRIMARY KEY (unit_partition, unit_sequence, partition, sequence, n)) WITHOUT ROWID;
CREATE TABLE counters (
    name TEXT, route TEXT, event TEXT, n INTEGER NOT NULL,
    PRIMARY KEY (name, route, event)) WITHOUT ROWID;
";

/// Every table that follows from the journal, with its key: what two ledgers of one journal share.
pub const PROJECTED: [(&str, &str); 7] = [
    ("progress", "partition"),
    ("messages", "partition, sequence"),
    ("issues", "partition, sequence, n"),
    ("outputs", "partition, sequence, n"),
    ("deliveries", "partition, sequence, n"),
    ("audit", "partition, sequence, n"),
    ("counters", "name, route, event"),
];
