//! Messages in VANSEnvelopes: carried in and out by a network, each envelope with a receipt of its own.

use crate::path::receiver::Got;
use crate::path::system::{HOSPITAL, Setup, System, TOWN, admission, bytes};
use crate::support::{self, Needs};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use stafett::message::Syntax;
use stafett::store::{DeliveryState, MessageFilter};
use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub fn trials() -> Vec<Trial> {
    let trial = |name, run: fn() -> Result<(), Failed>| {
        support::trial(name, Needs::Data("data/packages"), run)
    };
    vec![
        trial("vans: a message comes and goes in envelopes, and each is answered twice", carried),
        trial("vans: an envelope again, and one whose id came with another message", again),
        trial("vans: what cannot be used is refused in the envelope's language", unusable),
        trial("vans: a negative receipt of an envelope settles its delivery", returned),
        trial("vans: a folder's envelopes are answered beside it", folder),
    ]
}

const NETWORK: &str = "network-token";
const ENDS: [&str; 2] = ["5790000209354", "5790001348120"];

/// A network that carries for both; both are reached through it.
fn setup() -> Setup {
    let mut setup = Setup::default();
    let hash = blake3::hash(NETWORK.as_bytes()).to_hex();
    setup.parties += &format!(
        "[[party]]\nname = 'network'\ntitle = 'N'\ntokens = ['{hash}']\n\
         carries = ['hospital', 'town']\n"
    );
    setup.endpoints =
        setup.endpoints.replace("'fhir-json'", "'fhir-json'\nenvelope = 'vans-envelope-1.0.4'");
    setup.endpoints += "[[endpoint]]\nname = 'back'\nparty = 'hospital'\n\
         url = 'http://127.0.0.1:7103/'\nsyntax = 'fhir-json'\nenvelope = 'vans-envelope-1.0.4'\n";
    setup
}

fn system() -> Result<System, Failed> {
    System::with(&setup(), &[], Arc::new(|_| (200, String::new())))
}

/// An envelope from the first end to the second, in a prefix of its own.
fn envelope(id: &str, data: &str) -> String {
    let [from, to] = ENDS;
    format!(
        "<v:VANSEnvelope xmlns:v=\"urn:oio:medcom:vans-envelope:1.0.4\">\
         <v:SenderID EndPointType=\"EAN\">{from}</v:SenderID>\
         <v:ReceiverID EndPointType=\"EAN\">{to}</v:ReceiverID>\
         <v:EnvelopeIdentifier>{id}</v:EnvelopeIdentifier>\
         <v:SentDateTime>2026-11-25T12:00:00Z</v:SentDateTime><v:Message><v:MetaInformation>\
         <v:Identifier>aaaaaaaa-0000-4000-8000-00000000000a</v:Identifier><v:Document>\
         <v:Format>HL7</v:Format><v:Name>MCM:FDIS20#AdmissionInpatient</v:Name>\
         <v:Version>3.0.0</v:Version><v:SizeInBytes>1</v:SizeInBytes></v:Document><v:Transport>\
         <v:Type>reliable</v:Type><v:TransformMessage>false</v:TransformMessage>\
         <v:ServiceTag name=\"MCM:MIME\">application/fhir+json</v:ServiceTag></v:Transport>\
         </v:MetaInformation><v:Data>{data}</v:Data></v:Message></v:VANSEnvelope>"
    )
}

fn around(id: &str, message: &Value) -> String {
    envelope(id, &STANDARD.encode(message.to_string()))
}

fn id(number: u32) -> String {
    format!("{number:08x}-aaaa-4aaa-8aaa-aaaaaaaaaaaa")
}

/// What stands in an element; of the first of its name.
fn within<'a>(text: &'a str, name: &str) -> &'a str {
    let start = text.find(&format!("<{name}")).and_then(|at| Some(at + text[at..].find('>')? + 1));
    let rest = start.map_or("", |at| &text[at..]);
    rest.split(&format!("</{name}>")).next().unwrap_or_default()
}

/// The text of something that was delivered, valid by the published schema where that and a judge are at hand.
fn text(got: &Got) -> Result<String, Failed> {
    let text = String::from_utf8(got.body.clone())?;
    if !got.content_type.starts_with("application/xml") {
        return Err(format!("delivered as {}", got.content_type).into());
    }
    valid(&text)?;
    Ok(text)
}

fn valid(text: &str) -> Result<(), Failed> {
    let schema = support::shared().join("data/medcom-legacy/vans-envelope-1.0.4.xsd");
    let file = tempfile::NamedTempFile::new()?;
    fs::write(file.path(), text)?;
    let mut judge = Command::new("xmllint");
    judge.arg("--noout").arg("--schema").arg(schema).arg(file.path()).stderr(Stdio::piped());
    match judge.output() {
        Ok(said) if said.status.success() => Ok(()),
        Ok(said) => Err(format!("{}\n{text}", String::from_utf8_lossy(&said.stderr)).into()),
        Err(_) => Ok(()),
    }
}

/// What is in an envelope.
fn held(text: &str) -> Result<Value, Failed> {
    Ok(serde_json::from_slice(&STANDARD.decode(within(text, "Data"))?)?)
}

/// So many deliveries, those with a message first by what it is: `FDIS20#..`, `FCTL#ok`, `positive`, `negative`.
fn delivered(system: &System, count: usize) -> Result<Vec<(String, String)>, Failed> {
    let mut all = Vec::new();
    for _ in 0..count {
        let text = text(&system.peer.next()?)?;
        let kind = match within(&text, "Receipt") {
            "" => within(&text, "Name").trim_start_matches("MCM:").to_owned(),
            receipt if receipt.starts_with("<PositiveMessage>") => "positive".to_owned(),
            _ => "negative".to_owned(),
        };
        all.push((kind, text));
    }
    all.sort();
    Ok(all)
}

fn kinds(all: &[(String, String)]) -> Vec<&str> {
    all.iter().map(|(kind, _)| &**kind).collect()
}

fn same<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Result<(), Failed> {
    match found == expected {
        true => Ok(()),
        false => Err(format!("expected {expected:?}, found {found:?}").into()),
    }
}

fn carried() -> Result<(), Failed> {
    let mut system = system()?;
    let message = admission(1)?;
    let answer = system.post(NETWORK, Syntax::Xml, around(&id(1), &message))?;
    if answer.status != 202 || answer.receipt().is_some() {
        return Err(format!("{answer:?}").into());
    }
    let all = delivered(&system, 3)?;
    same(kinds(&all), vec!["FCTL#ok", "FDIS20#AdmissionInpatient", "positive"])?;
    let [(_, receipt), (_, sent), (_, positive)] = &all[..] else { return Err("three".into()) };
    same(held(sent)?, message.clone())?;
    let header = |bundle: &Value| bundle["entry"][0]["resource"].clone();
    same(within(sent, "Identifier"), header(&message)["id"].as_str().unwrap_or_default())?;
    same((within(sent, "SenderID"), within(sent, "ReceiverID")), (ENDS[0], ENDS[1]))?;
    same(within(sent, "Format"), "HL7")?;
    same(within(sent, "ServiceTag"), "application/fhir+json")?;
    same(within(sent, "SizeInBytes"), &message.to_string().len().to_string())?;
    let acknowledged = header(&held(receipt)?);
    same(acknowledged["response"]["identifier"].clone(), header(&message)["id"].clone())?;
    same((within(receipt, "SenderID"), within(receipt, "ReceiverID")), (ENDS[1], ENDS[0]))?;
    same(within(positive, "OriginalEnvelopeIdentifier"), &*id(1))?;
    same(within(positive, "Identifier"), "aaaaaaaa-0000-4000-8000-00000000000a")?;
    same((within(positive, "SenderID"), within(positive, "ReceiverID")), (ENDS[1], ENDS[0]))?;
    same(within(positive, "ServiceTag"), "application/fhir+json")?;
    // Another may not hand in what is not its own.
    let answer = system.post(TOWN, Syntax::Xml, around(&id(2), &admission(2)?))?;
    same(answer.status, 403)?;
    // Plainly in, in an envelope out; and the receipt is in the answer.
    let answer = system.json(HOSPITAL, bytes(&admission(3)?))?;
    same((answer.status, answer.receipt().as_deref()), (200, Some("ok")))?;
    same(kinds(&delivered(&system, 1)?), vec!["FDIS20#AdmissionInpatient"])?;
    system.stop();
    same(system.peer.rest().len(), 0)
}

fn again() -> Result<(), Failed> {
    let system = system()?;
    let first = around(&id(1), &admission(1)?);
    system.post(NETWORK, Syntax::Xml, first.clone())?;
    delivered(&system, 3)?;
    for (envelope, number) in [(1, 1), (2, 1)] {
        let answer =
            system.post(NETWORK, Syntax::Xml, around(&id(envelope), &admission(number)?))?;
        same(answer.status, 202)?;
        let all = delivered(&system, 2)?;
        same(kinds(&all), vec!["FCTL#ok", "positive"])?;
        same(within(&all[1].1, "OriginalEnvelopeIdentifier"), &*id(envelope))?;
    }
    let answer = system.post(NETWORK, Syntax::Xml, around(&id(1), &admission(2)?))?;
    same(answer.status, 202)?;
    same(kinds(&delivered(&system, 2)?), vec!["FCTL#fatal-error", "positive"])?;
    same(system.peer.rest().len(), 0)
}

fn unusable() -> Result<(), Failed> {
    let system = system()?;
    let cases = [
        envelope(&id(1), "no base64!"),
        envelope(&id(2), &STANDARD.encode("{\"resourceType\":")).replace("00000a<", "00000b<"),
        envelope(&id(3), &STANDARD.encode(around(&id(9), &admission(1)?)))
            .replace("00000a<", "00000c<"),
    ];
    for (text, number) in cases.iter().zip(1..) {
        let answer = system.post(NETWORK, Syntax::Xml, text.clone())?;
        same(answer.status, 202)?;
        let all = delivered(&system, 1)?;
        same(kinds(&all), vec!["negative"])?;
        same(within(&all[0].1, "OriginalEnvelopeIdentifier"), &*id(number))?;
    }
    // Without an id of its own there is nobody to tell.
    let nameless = cases[0].replace(&id(1), "");
    same(system.post(NETWORK, Syntax::Xml, nameless)?.status, 400)?;
    same(system.peer.rest().len(), 0)
}

fn returned() -> Result<(), Failed> {
    let mut setup = setup();
    setup.routes += "receipt_within = '1 h'\n";
    let system = System::with(&setup, &[], Arc::new(|_| (200, String::new())))?;
    system.json(HOSPITAL, bytes(&admission(1)?))?;
    let sent = text(&system.peer.next()?)?;
    let [from, to] = ENDS;
    let receipt = |kind: &str, error: &str, number| {
        format!(
            "<VANSEnvelope xmlns=\"urn:oio:medcom:vans-envelope:1.0.4\">\
             <SenderID EndPointType=\"EAN\">{to}</SenderID>\
             <ReceiverID EndPointType=\"EAN\">{from}</ReceiverID>\
             <EnvelopeIdentifier>{}</EnvelopeIdentifier>\
             <SentDateTime>2026-11-25T12:00:00</SentDateTime><Receipt><{kind}>{error}\
             <OriginalEnvelopeIdentifier>{}</OriginalEnvelopeIdentifier><OriginalMessage>{}\
             </OriginalMessage></{kind}></Receipt></VANSEnvelope>",
            id(number),
            within(&sent, "EnvelopeIdentifier"),
            within(&sent, "MetaInformation"),
        )
    };
    let positive = receipt("PositiveMessage", "", 5);
    valid(&positive)?;
    same(system.post(NETWORK, Syntax::Xml, positive)?.status, 202)?;
    same(state(&system, false)?, DeliveryState::Sent)?;
    let error = "<Error><Description>unknown</Description></Error>";
    let negative = receipt("NegativeMessage", error, 6);
    same(system.post(NETWORK, Syntax::Xml, negative)?.status, 202)?;
    same(state(&system, true)?, DeliveryState::Rejected)?;
    same(system.peer.rest().len(), 0)
}

/// How the first message's delivery stands, after it was settled if that is waited for.
fn state(system: &System, settled: bool) -> Result<DeliveryState, Failed> {
    let store = system.running.as_ref().ok_or("it does not run")?.pipeline.store();
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let rows = store.messages(&MessageFilter { limit: 100, ..MessageFilter::default() })?;
        let row = rows.iter().find_map(|row| row.deliveries.first());
        let state = row.ok_or("no delivery")?.state;
        let waits = match state {
            DeliveryState::Sent => settled,
            DeliveryState::Waiting | DeliveryState::Claimed | DeliveryState::InFlight => true,
            _ => false,
        };
        if !waits || Instant::now() > until {
            return Ok(state);
        }
        std::thread::yield_now();
    }
}

fn folder() -> Result<(), Failed> {
    let mut setup = setup();
    setup.endpoints.truncate(setup.endpoints.find("[[endpoint]]\nname = 'back'").unwrap_or(0));
    setup.stafett +=
        "[[pickup]]\nname = 'mailbox'\nfolder = 'mailbox'\nparty = 'network'\nevery = '5 ms'\n";
    let system = System::with(&setup, &[], Arc::new(|_| (200, String::new())))?;
    let own = system.folder.path().join("mailbox");
    fs::write(own.join("in/.one.tmp"), around(&id(1), &admission(1)?))?;
    fs::rename(own.join("in/.one.tmp"), own.join("in/one.xml"))?;
    same(kinds(&delivered(&system, 1)?), vec!["FDIS20#AdmissionInpatient"])?;
    let until = Instant::now() + Duration::from_secs(20);
    while !own.join("done/one.xml").exists() && Instant::now() < until {
        std::thread::yield_now();
    }
    let receipt = fs::read_to_string(own.join("receipts/one.xml.receipt.xml"))?;
    valid(&receipt)?;
    same(within(&receipt, "OriginalEnvelopeIdentifier"), &*id(1))?;
    same(receipt.contains("PositiveMessage"), true)
}
