//! What is set once for an engine: its name and mode, listeners, limits, the store, definitions, maps.
//!
//! Promises: every key has its doc comment, which is the reference page. Never: reads a path that it names.

use super::address::{Address, Url};
use super::quantity::Size;
use super::read::{section, words};
use super::tls::ListenerTls;
use super::value::{At, Name, OwnName};
use crate::message::PartyName;
use std::collections::BTreeMap;
use std::time::Duration;

words! {
    /// Whether the engine carries real messages.
    Mode {
        /// real messages; one that is marked as a test is refused.
        Production = "production",
        /// a trial installation; test messages are welcome.
        Test = "test",
    }
}

section! {
    /// Who the engine is.
    Engine as "engine" {
        /// The engine's name in audit records, in Provenance and as `source` of what it sends.
        name: Name,
        /// Whether it carries real messages.
        mode: Mode = "'production'",
        /// How many messages are worked on at once. Not set: one for each processor core.
        workers: Option<u32>,
        /// How many messages may wait for a worker. One more is answered 503 with Retry-After.
        queue: u32 = "256",
    }
}

words! {
    /// What a listener is for.
    ListenerKind {
        /// takes messages from parties, by HTTP.
        Messages = "messages",
        /// takes messages of HL7 v2 from parties, by MLLP.
        Mllp = "mllp",
        /// health, metrics and the commands on a running engine; never messages.
        Operations = "operations",
    }
}

section! {
    /// A socket that the engine listens on. Without TLS only loopback addresses are accepted.
    Listener as "listener" {
        /// The listener's name in logs and metrics.
        name: OwnName,
        /// `host:port`, the host an address and not a name. Port 0: the system chooses one, and says which in the log.
        address: At<Address>,
        /// What it is for.
        kind: ListenerKind,
        /// How many connections it holds at once; a further one waits.
        connections: u32 = "1024",
        /// How it speaks TLS; for messages only. Not set: in the clear.
        tls: Option<ListenerTls>,
        /// For `mllp` only.
        mllp: MllpListener = "{}",
    }
}

section! {
    /// A listener of MLLP. Each connection has one message in hand at a time; the next is not read before that one is
    /// acknowledged. Whether one acknowledgement is sent or two is as `MSH-15` and `MSH-16` ask.
    MllpListener as "mllp listener" {
        /// The party that whoever connects is, where no client certificate says it: on a loopback address alone.
        party: Option<At<PartyName>>,
        /// How long a message is held, and nothing read behind it, while the engine or the party's quota has no room. Then its
        /// sender is told to come again.
        patience: Duration = "'20 s'",
    }
}

section! {
    /// How many messages a party may hand in.
    Quota as "quota" {
        /// Messages a second, in the long run.
        per_second: u32,
        /// How many may come at once.
        burst: u32,
    }
}

section! {
    /// What is too much. Beyond a limit a message is refused and nothing of it is stored.
    Limits as "limits" {
        /// The largest body, after decoding of the transport.
        body: Size = "'10 MB'",
        /// What all bodies in hand may hold together, over all listeners. Beyond it a request is answered 503 with Retry-After,
        /// and nothing more is read from a connection of MLLP.
        buffered: Size = "'256 MB'",
        /// The largest sum of HTTP header lines.
        headers: Size = "'32 KiB'",
        /// How long a client may take for its header lines, and may stay silent between requests.
        header_time: Duration = "'10 s'",
        /// How long a body may pause.
        body_idle: Duration = "'15 s'",
        /// How long a body may take.
        body_time: Duration = "'2 min'",
        /// The quota of each party that has none of its own. Beyond it: 429 with Retry-After.
        quota: Quota = "{ per_second = 50, burst = 200 }",
    }
}

section! {
    /// Where messages are kept.
    Store as "store" {
        /// The folder of the journal and the ledger, from the configuration's folder. One engine at a time.
        folder: At<Box<str>>,
        /// For how long, at least, a message that comes again is known as a duplicate. Not less than 4 days
        /// if senders resend over a long weekend.
        remember_duplicates: Duration = "'14 days'",
        /// The size of each of the journal's files, which are made ready and zeroed ahead of use; more where three
        /// times the largest body asks for it, since a message lies in one file.
        segment: Size = "'64 MiB'",
    }
}

words! {
    /// What to do with a check that could not be made because something it needs is not loaded.
    NotChecked {
        /// an information issue; the message goes on.
        Report = "report",
        /// an error issue; the message is refused.
        Refuse = "refuse",
    }
}

words! {
    /// How a message is taken that claims a profile which no loaded package defines.
    UnknownProfile {
        /// an error issue (`not-supported`); the message is refused.
        Refuse = "refuse",
        /// a warning issue; the message goes on, checked against everything else.
        Warn = "warn",
    }
}

words! {
    /// How a display is taken that its code system does not give the code.
    WrongDisplay {
        /// an error issue; the message is refused.
        Refuse = "refuse",
        /// a warning issue; the message goes on.
        Warn = "warn",
    }
}

section! {
    /// What messages are checked against. FHIR R4 core is built in.
    Definitions as "definitions" {
        /// FHIR packages: `.tgz` files, or folders whose `.tgz` files (or the resources of one unpacked package) are all taken.
        /// From the configuration's folder.
        packages: Vec<At<Box<str>>>,
        /// Single resources (StructureDefinition, ValueSet, CodeSystem, ConceptMap; JSON): files or folders.
        support: Vec<At<Box<str>>>,
        /// The folder that `stafett package add` writes archives into, from the configuration's folder. The lock file
        /// stands beside it under the same name with `.lock`; where there is one, exactly its archives are loaded.
        folder: At<Box<str>> = "'packages'",
        /// The file that keeps what archives were decoded to, so that the next start is quicker, from the configuration's
        /// folder. Not set: beside the data, its folder's name with `.definitions`. One that does not fit is made anew.
        cache: Option<At<Box<str>>>,
        /// The base address of a FHIR package registry, for `stafett package add` alone: a running engine asks nobody.
        /// Not set: packages come from files.
        registry: Option<At<Url>>,
        /// A file with the certificates (PEM) of the authorities that the registry's own certificate is judged by,
        /// from the configuration's folder. Not set: those that browsers trust.
        registry_authorities: Option<At<Box<str>>>,
        /// Canonicals that profiles name by another URL than the package that has them: `"old" = "new"`.
        aliases: BTreeMap<Box<str>, Box<str>>,
        /// What to do with checks that could not be made.
        not_checked: NotChecked = "'report'",
        /// How a message is taken that claims a profile, or a version of one, which no loaded package defines.
        unknown_profile: UnknownProfile = "'refuse'",
        /// How a display is taken that its code system, where it is loaded, does not give the code. Senders write it in their
        /// own language, and it decides nothing.
        wrong_display: WrongDisplay = "'warn'",
        /// Whether what cannot be resolved when packages are loaded is an error that keeps the configuration
        /// from becoming active, instead of a warning.
        strict: bool = "false",
    }
}

section! {
    /// What one translation may cost. Beyond a limit the message is refused (`map-too-costly`), and others go on.
    MapLimits as "map limits" {
        /// Rules tried, items met and values written, together.
        steps: u32 = "5000000",
        /// Rules and groups inside each other.
        depth: u32 = "200",
        /// Elements of what is made.
        elements: u32 = "1000000",
        /// Text that the map makes; what it copies does not count.
        text: Size = "'64 MiB'",
    }
}

section! {
    /// Where maps look persons up (`urn:stafett:person/FROM-to-TO`): an official name, the regular general
    /// practitioner. Without it every such lookup is an error issue on the message.
    PersonLookup as "persons" {
        /// A CSV file, from the configuration's folder. It is read when the engine starts and when it is
        /// reloaded, and is no part of the configuration's hash.
        file: At<Box<str>>,
    }
}

section! {
    /// What messages are translated with.
    Mappings as "mappings" {
        /// Folders with maps (`.map`, `.fml`), models, concept maps and intake descriptions (`.intake.toml`), searched
        /// with their subfolders, except those named `tests`. From the configuration's folder.
        folders: Vec<At<Box<str>>>,
        /// What one translation may cost.
        limits: MapLimits = "{}",
    }
}
