//! What the simulated days are made of: the parties, tiny messages, and two configurations of the real engine.
//!
//! A message is a few elements of XML, read by an intake of the trial's own, so that reading and deciding, which are
//! the engine's, cost little.

use crate::guarantees::wire::print;
use bytes::Bytes;
use jiff::Timestamp;
use libtest_mimic::Failed;
use stafett::cli::assemble;
use stafett::engine::{Arena, Engine, Incoming, Read};
use stafett::message::{PartyName, Syntax};
use std::sync::Arc;

/// Messages of a day, at most.
pub const MESSAGES: usize = 24;
/// Who sends.
pub const SENDERS: [&str; 2] = ["hospital", "clinic"];
/// Who receives: one lane goes on by transport, the other by receipt.
pub const RECEIVERS: [&str; 2] = ["north", "south"];

const NUMBERS: [(&str, &str); 4] = [
    ("hospital", "9520000000011"),
    ("clinic", "9520000000028"),
    ("north", "9520000000035"),
    ("south", "9520000000042"),
];

const CONFIGURATION: &str = "[engine]\nname = 'days'\nmode = 'test'\nworkers = 1\n[store]\nfolder = 'data'\n\
[definitions]\nsupport = ['note.json', 'receipt.json']\n\
[[intake]]\nname = 'note'\nsyntax = 'xml'\nroot = 'note'\nnamespace = 'urn:days'\nmessage = \"id\"\n\
envelope = \"envelope\"\nevent = \"event\"\nconversation = [\"talk\"]\nof_sending = [\"envelope\"]\n\
sender = [{ kind = 'gln', path = \"from\" }]\nreceiver = [{ kind = 'gln', path = \"to\" }]\n\
[[intake]]\nname = 'receipt'\nsyntax = 'xml'\nroot = 'receipt'\nnamespace = 'urn:days'\nmessage = \"id\"\n\
envelope = \"id\"\nevent = \"event\"\nreceipt_for = \"about\"\nreceipt_code = \"code\"\n\
sender = [{ kind = 'gln', path = \"from\" }]\nreceiver = [{ kind = 'gln', path = \"to\" }]\n";

/// A logical model of one root and its elements, all of them texts.
fn model(root: &str, elements: &[&str]) -> String {
    let url = format!("https://stafett.example/days/{root}");
    let one = |name: &&str| {
        format!(
            "{{\"id\":\"{root}.{name}\",\"path\":\"{root}.{name}\",\"min\":0,\"max\":\"1\",\
             \"type\":[{{\"code\":\"string\"}}]}}"
        )
    };
    let elements: Vec<String> = elements.iter().map(one).collect();
    let namespace = "http://hl7.org/fhir/StructureDefinition/elementdefinition-namespace";
    format!(
        "{{\"resourceType\":\"StructureDefinition\",\"id\":\"{root}\",\"extension\":[{{\"url\":\"{namespace}\",\
         \"valueUri\":\"urn:days\"}}],\"url\":\"{url}\",\"name\":\"{root}\",\"status\":\"active\",\
         \"fhirVersion\":\"4.0.1\",\"kind\":\"logical\",\"abstract\":false,\"type\":\"{url}\",\
         \"baseDefinition\":\"http://hl7.org/fhir/StructureDefinition/Base\",\
         \"derivation\":\"specialization\",\"snapshot\":{{\"element\":[\
         {{\"id\":\"{root}\",\"path\":\"{root}\",\"min\":0,\"max\":\"*\"}},{}]}}}}",
        elements.join(",")
    )
}

/// One message of a day, by its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Note {
    pub number: usize,
    /// Its text is not that of its first sending.
    pub altered: bool,
    /// It comes in another envelope than the first time.
    pub anew: bool,
}

impl Note {
    pub fn first(number: usize) -> Note {
        Note { number, altered: false, anew: false }
    }

    pub fn id(self) -> String {
        format!("m{}", self.number)
    }

    pub fn sender(self) -> &'static str {
        SENDERS[self.number % 2]
    }

    pub fn receiver(self) -> usize {
        self.number / 2 % 2
    }

    pub fn lane(self) -> String {
        format!("{}>{}:{}", self.sender(), RECEIVERS[self.receiver()], self.number / 4 % 2)
    }

    /// Every seventh has no route, and is refused.
    fn event(self) -> &'static str {
        if self.number % 7 == 6 { "unheard-of" } else { "note" }
    }

    /// Every ninth comes in the envelope of an earlier message of its sender.
    fn envelope(self) -> String {
        let of = if self.number % 9 == 8 { self.number - 2 } else { self.number };
        format!("e{of}{}", if self.anew { "x" } else { "" })
    }

    pub fn text(self) -> String {
        let again = if self.altered { "other words" } else { "words" };
        format!("{again} {}", self.number)
    }

    /// What a checker compares: the text alone.
    pub fn content(self) -> u64 {
        print(self.text().as_bytes())
    }

    /// As it is handed in.
    pub fn incoming(self, now: Timestamp) -> Incoming {
        incoming(self.sender(), self.bytes(), now)
    }

    fn bytes(self) -> Bytes {
        let to = RECEIVERS[self.receiver()];
        let (from, to) = (number(self.sender()), number(to));
        let (id, envelope, event) = (self.id(), self.envelope(), self.event());
        let (talk, text) = (self.number / 4 % 2, self.text());
        let body = format!(
            "<note xmlns=\"urn:days\"><id>{id}</id><envelope>{envelope}</envelope><from>{from}</from>\
             <to>{to}</to><event>{event}</event><talk>t{talk}</talk><text>{text}</text></note>"
        );
        body.into()
    }
}

/// The number and content of a message that a receiver got.
pub fn got(bytes: &[u8]) -> Option<(usize, u64)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let within = |tag: &str| {
        let rest = text.split_once(&format!("<{tag}>"))?.1;
        Some(rest.split_once('<')?.0)
    };
    let number = within("id")?.strip_prefix('m')?.parse().ok()?;
    Some((number, print(within("text")?.as_bytes())))
}

fn number(name: &str) -> &'static str {
    let found = NUMBERS.iter().find(|(party, _)| *party == name);
    found.map_or("", |(_, number)| number)
}

/// A receipt of a receiver, as it is handed in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Receipt {
    pub from: usize,
    pub about: usize,
    pub code: &'static str,
    /// Its sender's count: another number is another receipt.
    pub number: usize,
}

impl Receipt {
    /// As it is handed in.
    pub fn incoming(&self, now: Timestamp) -> Incoming {
        incoming(RECEIVERS[self.from], self.bytes(), now)
    }

    fn bytes(&self) -> Bytes {
        let Receipt { from, about, code, number: count } = self;
        let from = number(RECEIVERS[*from]);
        let to = number(Note::first(*about).sender());
        let body = format!(
            "<receipt xmlns=\"urn:days\"><id>r{count}</id><from>{from}</from><to>{to}</to>\
             <event>receipt</event><about>m{about}</about><code>{code}</code></receipt>"
        );
        body.into()
    }
}

/// The engines, and what they read.
pub struct Shop {
    engines: Vec<Arc<Engine>>,
    arenas: Vec<Arena>,
}

impl Shop {
    /// The engines of both configurations: the second has no routes for the clinic.
    pub fn open() -> Result<Shop, Failed> {
        let engines = vec![engine("'hospital', 'clinic'")?, engine("'hospital'")?];
        let arenas = engines.iter().map(|one| Arena::new(one)).collect();
        Ok(Shop { engines, arenas })
    }

    pub fn engine(&self, which: usize) -> &Arc<Engine> {
        &self.engines[which]
    }

    pub fn arena(&mut self, which: usize) -> &mut Arena {
        &mut self.arenas[which]
    }

    /// Reads a message into the arena of an engine.
    pub fn read(&mut self, which: usize, incoming: &Incoming) -> Result<Read, Failed> {
        let now = incoming.received;
        let read = self.engines[which].read(incoming.clone(), &mut self.arenas[which], now);
        read.map_err(|unread| format!("{unread:?}").into())
    }
}

fn incoming(party: &str, bytes: Bytes, received: Timestamp) -> Incoming {
    let (party, syntax) = (PartyName(party.into()), Syntax::Xml);
    Incoming { party, syntax, charset: None, bytes, received, place: None }
}

fn engine(senders: &str) -> Result<Arc<Engine>, Failed> {
    let folder = tempfile::TempDir::new()?;
    let mut parties = String::new();
    for (name, number) in NUMBERS {
        parties.push_str(&format!(
            "[[party]]\nname = '{name}'\ntitle = '{name}'\nidentifiers = ['gln:{number}']\n"
        ));
    }
    let mut routes = String::new();
    for (name, order) in [("north", "transport"), ("south", "receipt")] {
        parties.push_str(&format!(
            "[[endpoint]]\nname = '{name}'\nparty = '{name}'\nsyntax = 'xml'\n\
             url = 'http://127.0.0.1:1/{name}'\n"
        ));
        routes.push_str(&format!(
            "[[route]]\nname = 'to-{name}'\nsender = [{senders}]\nreceiver = '{name}'\n\
             event = 'note'\nto = '{name}'\norder = '{order}'\nreceipt_within = '30 min'\n\
             retry = {{ first = '5 s', cap = '10 min', give_up = '2 days' }}\n\
             resend = {{ most = 1, envelope = 'same-envelope' }}\n"
        ));
    }
    std::fs::write(folder.path().join("stafett.toml"), format!("{CONFIGURATION}{parties}"))?;
    std::fs::write(folder.path().join("routes.toml"), routes)?;
    let note = ["id", "envelope", "from", "to", "event", "talk", "text"];
    let receipt = ["id", "from", "to", "event", "about", "code"];
    std::fs::write(folder.path().join("note.json"), model("note", &note))?;
    std::fs::write(folder.path().join("receipt.json"), model("receipt", &receipt))?;
    let assembled = assemble::assemble(folder.path())?;
    let told: Vec<String> = assembled.diagnostics.iter().map(ToString::to_string).collect();
    Ok(Arc::new(assembled.engine.ok_or_else(|| told.join("\n"))?))
}
