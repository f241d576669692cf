// size: one door, and the sender that is used for all of its trials
//! MLLP at the door: frames cut anywhere, faults, modes, and a sender that is slowed instead of refused.

use super::certificates::Authority;
use crate::support::{self, Needs};
use bytes::Bytes;
use libtest_mimic::{Failed, Trial};
use stafett::config::ClientCertificates;
use stafett::deliver::tls::{Material, Secure};
use stafett::deliver::{Reply, Sender, Sending, Target};
use stafett::format::mllp::{acknowledged, framed, head};
use stafett::message::{
    Answer, Answering, CertificateName, DeliveryId, Intake, MessageId, PartyName, Position,
    Submission, Syntax,
};
use stafett::receive::mllp::{Front, serve};
use stafett::receive::{Budget, Limits, Quota, Quotas, tls};
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroU32;
use std::sync::mpsc::{Sender as Channel, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Runtime;

pub fn trials() -> Vec<Trial> {
    let trial = |name, run: fn() -> Result<(), Failed>| support::trial(name, Needs::Nothing, run);
    vec![
        trial("mllp: messages are found however their bytes come", cut),
        trial("mllp: what is no frame ends the connection, and no other", faults),
        trial("mllp: nothing is read behind a message that cannot be taken yet", slowed),
        trial("mllp: a quota slows, and in the end says when there is none", quota),
        trial("mllp: accepted at once, then what it came to", enhanced),
        trial("mllp: connections beyond the limit wait", limited),
        trial("mllp: where there is no room for more, nothing more is read", crowded),
        support::trial(
            "mllp: by TLS the certificate says who it is",
            Needs::Tool("openssl"),
            secured,
        ),
    ]
}

/// Takes what comes, in order; says 503 as often as it is told to.
#[derive(Default)]
struct Desk {
    taken: Mutex<Vec<String>>,
    first: Mutex<VecDeque<u16>>,
    /// Told when a message has been taken, which then waits for the other end.
    gate: Mutex<Option<(Channel<()>, tokio::sync::oneshot::Receiver<()>)>>,
}

impl Intake for Desk {
    fn submit(&self, submission: Submission) -> Answering {
        let status = self.first.lock().ok().and_then(|mut first| first.pop_front()).unwrap_or(200);
        let control = head(&submission.body).map(|head| head.control.to_vec()).unwrap_or_default();
        let control = String::from_utf8_lossy(&control).into_owned();
        if let Ok(mut taken) = self.taken.lock() {
            taken.push(format!("{} {status} {control}", submission.party));
        }
        let body = match status {
            200 => Bytes::from(format!("MSH|^~\\&|||||||ACK|9|P|2.5\rMSA|AA|{control}\r")),
            _ => Bytes::new(),
        };
        let gate = self.gate.lock().ok().and_then(|mut gate| gate.take());
        Box::pin(async move {
            if let Some((entered, open)) = gate {
                let _ = entered.send(());
                let _ = open.await;
            }
            Answer {
                status,
                content_type: None,
                body,
                retry_after: None,
                verdict: status == 200,
                said: None,
            }
        })
    }

    fn ready(&self) -> bool {
        true
    }

    fn party_of(&self, _: &str) -> Option<PartyName> {
        None
    }

    fn party_named(&self, names: &[CertificateName]) -> Option<PartyName> {
        let lab = names.iter().any(|name| name.to_string() == "dns:lab.example");
        lab.then(|| PartyName("lab".into()))
    }

    fn metadata(&self, _: Syntax) -> Bytes {
        Bytes::new()
    }
}

/// What all messages in hand may hold.
const BUDGET: usize = 1_024 * 1_024;

struct Served {
    desk: Arc<Desk>,
    address: SocketAddr,
    runtime: Runtime,
}

fn served(
    first: &[u16],
    limits: Limits,
    patience: Duration,
    burst: u32,
    tls: Option<tls::Secured>,
) -> Result<Served, Failed> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    let desk = Arc::new(Desk::default());
    desk.first.lock().map_err(|_| "poisoned")?.extend(first);
    let burst = NonZeroU32::new(burst).ok_or("a burst of nothing")?;
    let quotas = Quotas::new(Quota { per_second: NonZeroU32::MIN, burst }, &[]);
    let party = tls.is_none().then(|| PartyName("ward".into()));
    let front = Front::new(Arc::clone(&desk) as Arc<dyn Intake>, limits, quotas, party, patience);
    let front = match tls {
        Some(tls) => front.over(Arc::new(tls)),
        None => front,
    };
    let front = front.within(Budget::new(BUDGET));
    runtime.spawn(serve(Arc::new(front), listener, std::future::pending()));
    Ok(Served { desk, address, runtime })
}

fn usual() -> Result<Served, Failed> {
    served(&[], Limits::default(), Duration::from_secs(20), 10_000, None)
}

fn message(control: &str, levels: &str) -> String {
    format!("MSH|^~\\&|a|b|c|d|2026||ADT^A01|{control}|P|2.5|||{levels}\rPID|1\r")
}

/// A sender that writes bytes and reads acknowledgements.
struct Client(TcpStream);

impl Client {
    fn to(served: &Served) -> Result<Client, Failed> {
        let stream = TcpStream::connect(served.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(Client(stream))
    }

    /// The next acknowledgement as `AA 7`, with its error's number; none: the connection ended.
    fn heard(&mut self) -> Result<Option<String>, Failed> {
        let mut frame = Vec::new();
        let mut byte = [0];
        while !frame.ends_with(b"\x1c\r") {
            match self.0.read(&mut byte) {
                Ok(0) if frame.is_empty() => return Ok(None),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(None),
                Ok(0) => return Err("half an acknowledgement".into()),
                read => frame.extend(&byte[..read?]),
            }
        }
        let said = acknowledged(&frame[1..frame.len() - 2]).ok_or("no acknowledgement")?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut line = format!("{} {}", text(said.code), text(said.control));
        said.errors.iter().for_each(|code| line += &format!(" {}", text(code)));
        Ok(Some(line))
    }

    fn hears(&mut self, expected: &[&str]) -> Result<(), Failed> {
        for one in expected {
            let heard = self.heard()?;
            if heard.as_deref() != Some(*one) {
                return Err(format!("expected {one}, heard {heard:?}").into());
            }
        }
        Ok(())
    }

    fn ends(&mut self) -> Result<(), Failed> {
        match self.heard()? {
            None => Ok(()),
            Some(more) => Err(format!("expected the end, heard {more}").into()),
        }
    }
}

fn taken(served: &Served) -> Result<Vec<String>, Failed> {
    Ok(served.desk.taken.lock().map_err(|_| "poisoned")?.clone())
}

fn cut() -> Result<(), Failed> {
    let served = usual()?;
    let stream: Vec<u8> =
        (1..=3).flat_map(|n| framed(message(&n.to_string(), "").as_bytes())).collect();
    // At every byte once, in two pieces; then byte by byte; then all in one.
    let mut client = Client::to(&served)?;
    for at in 1..stream.len() {
        client.0.write_all(&stream[..at])?;
        client.0.write_all(&stream[at..])?;
        client.hears(&["AA 1", "AA 2", "AA 3"])?;
    }
    for byte in &stream {
        client.0.write_all(&[*byte])?;
    }
    client.hears(&["AA 1", "AA 2", "AA 3"])?;
    client.0.write_all(&stream.repeat(50))?;
    for _ in 0..50 {
        client.hears(&["AA 1", "AA 2", "AA 3"])?;
    }
    let count = taken(&served)?.len();
    match count == (stream.len() - 1 + 51) * 3 {
        true => Ok(()),
        false => Err(format!("{count} messages were taken").into()),
    }
}

fn faults() -> Result<(), Failed> {
    let limits = Limits {
        body: 200,
        body_idle: Duration::from_millis(100),
        body_time: Duration::from_millis(300),
        ..Limits::default()
    };
    let served = served(&[], limits, Duration::ZERO, 10_000, None)?;
    let (good, begun) = (framed(message("1", "").as_bytes()), message("2", ""));
    let mut neighbour = Client::to(&served)?;
    let long = format!("\x0b{begun}{}", "x".repeat(200));
    let cases: [(String, Option<&str>); 7] = [
        (begun.clone(), None),
        (format!("\x0b{begun}\x0b{begun}\x1c\r"), Some("AR 2 207")),
        (format!("\x0b{begun}\x1cx"), Some("AR 2 207")),
        ("\x0bno head\x1cx".to_owned(), None),
        (long, Some("AE 2 104")),
        // A frame that never ends is not waited for.
        (format!("\x0b{begun}"), None),
        ("\x0b".to_owned(), None),
    ];
    for (bytes, answer) in cases {
        let mut client = Client::to(&served)?;
        client.0.write_all(&good)?;
        client.hears(&["AA 1"])?;
        client.0.write_all(bytes.as_bytes())?;
        client.hears(answer.as_slice())?;
        client.ends()?;
    }
    // One that breaks off is no message.
    let mut client = Client::to(&served)?;
    client.0.write_all(format!("\x0b{begun}").as_bytes())?;
    client.0.shutdown(std::net::Shutdown::Write)?;
    client.ends()?;
    if taken(&served)?.iter().any(|one| one.ends_with(" 2")) {
        return Err("what was no frame was taken in".into());
    }
    neighbour.0.write_all(&good)?;
    neighbour.hears(&["AA 1"])
}

fn slowed() -> Result<(), Failed> {
    let first = [503, 503, 503];
    let served = served(&first, Limits::default(), Duration::from_secs(20), 10_000, None)?;
    let mut client = Client::to(&served)?;
    for control in ["1", "2"] {
        client.0.write_all(&framed(message(control, "").as_bytes()))?;
    }
    client.hears(&["AA 1", "AA 2"])?;
    let expected = ["ward 503 1", "ward 503 1", "ward 503 1", "ward 200 1", "ward 200 2"];
    if taken(&served)? != expected {
        return Err(format!("{:?}", taken(&served)?).into());
    }
    // Without patience the sender is told to come again, and the connection stays.
    let served = self::served(&[503], Limits::default(), Duration::ZERO, 10_000, None)?;
    let mut client = Client::to(&served)?;
    client.0.write_all(&framed(message("1", "").as_bytes()))?;
    client.hears(&["AR 1 207"])?;
    client.0.write_all(&framed(message("1", "AL|AL").as_bytes()))?;
    client.hears(&["CA 1", "AA 1"])
}

fn quota() -> Result<(), Failed> {
    let served = served(&[], Limits::default(), Duration::ZERO, 2, None)?;
    let mut client = Client::to(&served)?;
    for _ in 0..3 {
        client.0.write_all(&framed(message("1", "").as_bytes()))?;
    }
    client.hears(&["AA 1", "AA 1", "AR 1 207"])?;
    if taken(&served)?.len() != 2 {
        return Err("what was over the quota was taken".into());
    }
    // With patience the third waits for its turn.
    let served = self::served(&[], Limits::default(), Duration::from_secs(20), 2, None)?;
    let mut client = Client::to(&served)?;
    for _ in 0..3 {
        client.0.write_all(&framed(message("1", "").as_bytes()))?;
    }
    client.hears(&["AA 1", "AA 1", "AA 1"])
}

fn enhanced() -> Result<(), Failed> {
    let served = usual()?;
    let mut client = Client::to(&served)?;
    let cases: [(&str, &[&str]); 4] =
        [("AL|AL", &["CA 7", "AA 7"]), ("AL|NE", &["CA 7"]), ("NE|AL", &["AA 7"]), ("NE|NE", &[])];
    for (levels, expected) in cases {
        client.0.write_all(&framed(message("7", levels).as_bytes()))?;
        client.hears(expected)?;
    }
    client.0.write_all(&framed(message("8", "").as_bytes()))?;
    client.hears(&["AA 8"])
}

fn limited() -> Result<(), Failed> {
    let limits = Limits { connections: 2, ..Limits::default() };
    let served = served(&[], limits, Duration::from_secs(20), 10_000, None)?;
    let mut held = vec![Client::to(&served)?, Client::to(&served)?];
    let say = |client: &mut Client| client.0.write_all(&framed(message("1", "").as_bytes()));
    for client in &mut held {
        say(client)?;
        client.hears(&["AA 1"])?;
    }
    let mut third = Client::to(&served)?;
    say(&mut third)?;
    third.0.set_read_timeout(Some(Duration::from_millis(50)))?;
    if third.heard().is_ok() || taken(&served)?.len() != 2 {
        return Err("a third connection was served".into());
    }
    held.pop();
    third.0.set_read_timeout(Some(Duration::from_secs(20)))?;
    third.hears(&["AA 1"])
}

fn crowded() -> Result<(), Failed> {
    let served = usual()?;
    let (entered, enters) = channel();
    let (open, opens) = tokio::sync::oneshot::channel();
    *served.desk.gate.lock().map_err(|_| "poisoned")? = Some((entered, opens));
    let long = |control: &str| {
        framed(format!("{}{}", message(control, ""), "x".repeat(700_000)).as_bytes())
    };
    let (one, two) = (long("1"), long("2"));
    let mut first = Client::to(&served)?;
    first.0.write_all(&one)?;
    enters.recv_timeout(Duration::from_secs(20))?;
    let mut second = Client::to(&served)?;
    let mut writer = second.0.try_clone()?;
    let written = std::thread::spawn(move || writer.write_all(&two));
    second.0.set_read_timeout(Some(Duration::from_millis(200)))?;
    if second.heard().is_ok() || taken(&served)?.len() != 1 {
        return Err("more was read than there is room for".into());
    }
    let _ = open.send(());
    first.hears(&["AA 1"])?;
    second.0.set_read_timeout(Some(Duration::from_secs(20)))?;
    second.hears(&["AA 2"])?;
    written.join().map_err(|_| "the writer panicked")??;
    Ok(())
}

fn secured() -> Result<(), Failed> {
    let authority = Authority::new()?;
    authority.certify("engine", "/CN=engine", "IP:127.0.0.1")?;
    authority.certify("lab", "/CN=Lab", "DNS:lab.example")?;
    authority.certify("other", "/CN=Other", "DNS:other.example")?;
    let material = tls::Material {
        certificate: authority.read("engine.pem")?,
        key: authority.read("engine.key")?,
        authorities: Some(authority.read("authority.pem")?),
        revoked: Vec::new(),
    };
    let secured = tls::Secured::new(&material, ClientCertificates::Required, &[])?;
    let patience = Duration::from_secs(20);
    let served = served(&[], Limits::default(), patience, 10_000, Some(secured))?;
    let roots = authority.read("authority.pem")?;
    // Our own sender is the peer: both ends of MLLP by TLS.
    let send = |own: Option<&str>| -> Result<Reply, Failed> {
        let read = |name: &str| {
            let key = authority.read(&format!("{name}.key"))?;
            Ok::<_, Failed>((authority.read(&format!("{name}.pem"))?, key))
        };
        let own = own.map(read).transpose()?;
        let own = own.as_ref().map(|(pem, key)| (&**pem, &**key));
        let secure = Secure::new(Material { authorities: Some(&roots), own })?;
        let (port, time) = (served.address.port(), Duration::from_secs(20));
        let target = Target::mllp("127.0.0.1", port, Some(secure), time);
        let sending = Sending {
            delivery: DeliveryId { unit: Position::default(), index: 0 },
            message: MessageId("7".into()),
            syntax: Syntax::Hl7v2,
            bytes: Bytes::from(message("7", "")),
            possible_duplicate: false,
        };
        Ok(served.runtime.block_on(Sender::default().send(&target, sending)))
    };
    match send(Some("lab"))? {
        Reply::Acknowledged { .. } => {}
        other => return Err(format!("{other:?}").into()),
    }
    for own in [Some("other"), None] {
        let reply = send(own)?;
        if matches!(reply, Reply::Acknowledged { .. } | Reply::Judged(_)) {
            return Err(format!("{own:?}: {reply:?}").into());
        }
    }
    match taken(&served)? == ["lab 200 7"] {
        true => Ok(()),
        false => Err(format!("{:?}", taken(&served)?).into()),
    }
}
