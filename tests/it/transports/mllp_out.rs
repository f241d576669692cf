//! MLLP to a receiver: acknowledgements that are late, swapped, doubled, missing or nonsense meet no other message.

use crate::support::{self, Needs};
use bytes::{Bytes, BytesMut};
use libtest_mimic::{Failed, Trial};
use stafett::deliver::{Reply, Sender, Sending, Target};
use stafett::format::mllp::{Frames, framed, head};
use stafett::message::{AttemptOutcome, DeliveryId, MessageId, Position, Syntax};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender as Channel, channel};
use std::sync::{Arc, Barrier};
use std::time::Duration;
use tokio::runtime::Runtime;

pub fn trials() -> Vec<Trial> {
    let trial = |name, run: fn() -> Result<(), Failed>| support::trial(name, Needs::Nothing, run);
    vec![
        trial("mllp: a late acknowledgement of message 1 is not taken for message 2", late),
        trial("mllp: an acknowledgement that came twice meets no other message", twice),
        trial("mllp: swapped acknowledgements are nobody's", swapped),
        trial("mllp: a connection stays for as many messages as there are", persistent),
        trial("mllp: what a receiver says, and what it comes to", meanings),
        trial("mllp: what cannot be framed or answered is not sent", unsendable),
    ]
}

/// What a receiver saw: the connection's number and the control id.
type Seen = Receiver<(usize, String)>;

/// What it does about a message: it may write to the connection.
type Act = dyn Fn(usize, &str, &mut TcpStream) + Send + Sync;

/// A receiver on a port of its own; each connection is served by a thread.
fn receiver(act: Arc<Act>) -> Result<(u16, Seen), Failed> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let (tell, seen) = channel();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let Ok(stream) = stream else { return };
            let (act, tell) = (Arc::clone(&act), tell.clone());
            std::thread::spawn(move || serve(number, stream, &*act, &tell));
        }
    });
    Ok((port, seen))
}

fn serve(number: usize, mut stream: TcpStream, act: &Act, tell: &Channel<(usize, String)>) {
    let mut frames = Frames::new(100_000);
    let mut piece = [0; 7];
    while let Ok(read) = stream.read(&mut piece) {
        if read == 0 {
            return;
        }
        let room: &mut BytesMut = frames.room();
        room.extend_from_slice(&piece[..read]);
        while let Ok(Some(message)) = frames.message() {
            let control = head(&message).map(|head| head.control.to_vec()).unwrap_or_default();
            let control = String::from_utf8_lossy(&control).into_owned();
            let _ = tell.send((number, control.clone()));
            act(number, &control, &mut stream);
        }
    }
}

fn acknowledge(stream: &mut TcpStream, code: &str, control: &str) {
    let text = format!("MSH|^~\\&|||||||ACK|x|P|2.5\rMSA|{code}|{control}\r");
    // In two pieces, as a network may.
    let bytes = framed(text.as_bytes());
    let _ = stream.write_all(&bytes[..9]).and_then(|()| stream.write_all(&bytes[9..]));
}

struct Out {
    target: Target,
    sender: Sender,
    runtime: Runtime,
}

impl Out {
    fn to(port: u16, time: Duration) -> Result<Out, Failed> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let target = Target::mllp("127.0.0.1", port, None, time);
        Ok(Out { target, sender: Sender::default(), runtime })
    }

    fn send(&self, control: &str, levels: &str) -> Reply {
        self.runtime.block_on(self.sender.send(&self.target, sending(control, levels)))
    }
}

fn sending(control: &str, levels: &str) -> Sending {
    let text = format!("MSH|^~\\&|a|b|c|d|2026||ADT^A01|{control}|P|2.5|||{levels}\rPID|1\r");
    Sending {
        delivery: DeliveryId { unit: Position::default(), index: 0 },
        message: MessageId(control.into()),
        syntax: Syntax::Hl7v2,
        bytes: Bytes::from(text),
        possible_duplicate: false,
    }
}

fn said(reply: &Reply) -> String {
    match reply {
        Reply::Judged(AttemptOutcome::Sent { receipt }) => format!("sent {receipt:?}"),
        Reply::Acknowledged { receipt, .. } => format!("sent {:?}", Some(receipt)),
        Reply::Judged(AttemptOutcome::Failed { reason, .. }) => format!("failed {reason}"),
        Reply::Judged(AttemptOutcome::Final { reason, .. }) => format!("final {reason}"),
        Reply::Unreachable(why) if reply.unknown() => format!("unknown {why}"),
        other => format!("{other:?}"),
    }
}

fn is(reply: &Reply, expected: &str) -> Result<(), Failed> {
    match said(reply) == expected {
        true => Ok(()),
        false => Err(format!("expected {expected}, got {}", said(reply)).into()),
    }
}

const SENT: &str = "sent Some(Ok)";

/// The named regression: the receiver says nothing to message 1 in time, and acknowledges it when message 2 comes, on
/// whatever connection it has.
fn late() -> Result<(), Failed> {
    let act = |number: usize, control: &str, stream: &mut TcpStream| match (number, control) {
        (_, "1") => {}
        // First what is late, then what is due: whoever goes by order takes the first.
        (1, "2") => {
            acknowledge(stream, "AE", "1");
            acknowledge(stream, "AA", "2");
        }
        (_, control) => acknowledge(stream, "AA", control),
    };
    let (port, seen) = receiver(Arc::new(act))?;
    let out = Out::to(port, Duration::from_millis(300))?;
    is(&out.send("1", ""), "unknown timeout")?;
    is(&out.send("2", ""), "unknown ack-mismatch")?;
    // Each time on a new connection: nothing more is heard on one that was in doubt.
    is(&out.send("2", ""), SENT)?;
    let came: Vec<_> = seen.try_iter().collect();
    let expected = [(0, "1"), (1, "2"), (2, "2")].map(|(n, id)| (n, id.to_owned()));
    match came == expected {
        true => Ok(()),
        false => Err(format!("{came:?}").into()),
    }
}

fn twice() -> Result<(), Failed> {
    let (done, finished) = channel::<()>();
    let act = move |_: usize, control: &str, stream: &mut TcpStream| {
        acknowledge(stream, "AA", control);
        if control == "1" {
            acknowledge(stream, "AA", control);
        }
        let _ = done.send(());
    };
    let (port, seen) = receiver(Arc::new(act))?;
    let out = Out::to(port, Duration::from_secs(20))?;
    is(&out.send("1", ""), SENT)?;
    finished.recv_timeout(Duration::from_secs(20))?;
    // Whether the second has arrived by now or comes later, message 2 has an acknowledgement of its own or none.
    match said(&out.send("2", "")).as_str() {
        SENT => {}
        "unknown ack-mismatch" => is(&out.send("2", ""), SENT)?,
        other => return Err(other.to_owned().into()),
    }
    let connections: Vec<usize> = seen.try_iter().map(|(number, _)| number).collect();
    match connections.first() == Some(&0) && connections.last() > Some(&0) {
        true => Ok(()),
        false => Err(format!("{connections:?}").into()),
    }
}

/// Two at once, to a receiver that answers each with the other's.
fn swapped() -> Result<(), Failed> {
    let both = Barrier::new(2);
    let act = move |_: usize, control: &str, stream: &mut TcpStream| {
        let other = if control == "1" { "2" } else { "1" };
        both.wait();
        acknowledge(stream, "AA", other);
    };
    let (port, _seen) = receiver(Arc::new(act))?;
    let out = Out::to(port, Duration::from_secs(20))?;
    let (one, two) = out.runtime.block_on(async {
        tokio::join!(
            out.sender.send(&out.target, sending("1", "")),
            out.sender.send(&out.target, sending("2", ""))
        )
    });
    is(&one, "unknown ack-mismatch")?;
    is(&two, "unknown ack-mismatch")
}

fn persistent() -> Result<(), Failed> {
    let act = |_: usize, control: &str, stream: &mut TcpStream| acknowledge(stream, "AA", control);
    let (port, seen) = receiver(Arc::new(act))?;
    let out = Out::to(port, Duration::from_secs(20))?;
    for control in 0..50 {
        is(&out.send(&control.to_string(), ""), SENT)?;
    }
    let came: Vec<_> = seen.try_iter().collect();
    let expected: Vec<_> = (0..50).map(|control| (0, control.to_string())).collect();
    match came == expected {
        true => Ok(()),
        false => Err(format!("{came:?}").into()),
    }
}

fn meanings() -> Result<(), Failed> {
    let act = |_: usize, control: &str, stream: &mut TcpStream| match control {
        "close" => drop(stream.shutdown(std::net::Shutdown::Both)),
        "garbage" => drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
        "no-msa" => drop(stream.write_all(&framed(b"MSH|^~\\&|||||||ACK|x|P|2.5\r"))),
        "no-id" => acknowledge(stream, "AA", ""),
        codes => {
            let codes = codes.split('-').collect::<Vec<_>>();
            codes.iter().for_each(|code| acknowledge(stream, code, &codes.join("-")));
        }
    };
    let (port, _seen) = receiver(Arc::new(act))?;
    let out = Out::to(port, Duration::from_secs(20))?;
    let cases = [
        ("AA", "", SENT),
        ("AE", "", "sent Some(FatalError)"),
        ("AR", "", "failed transient-error"),
        ("CA", "", "sent None"),
        ("ZZ", "", "unknown ack-undecodable"),
        ("close", "", "unknown connection-lost"),
        ("garbage", "", "unknown ack-undecodable"),
        ("no-msa", "", "unknown ack-undecodable"),
        ("no-id", "", "unknown ack-mismatch"),
        ("CA-AA", "AL|AL", SENT),
        ("CA-AE", "AL|AL", "sent Some(FatalError)"),
        ("CA-AR", "AL|AL", "failed transient-error"),
        ("CE", "AL|AL", "sent Some(FatalError)"),
        ("CR", "AL|AL", "failed transient-error"),
        ("CA-ZZ", "AL|AL", "sent None"),
        ("CA", "AL|NE", "sent None"),
        ("AA", "NE|AL", SENT),
        ("nothing-asked-for", "NE|NE", "sent None"),
    ];
    for (control, levels, expected) in cases {
        is(&out.send(control, levels), expected)
            .map_err(|failed| format!("{control} {levels}: {failed:?}"))?;
    }
    // Accepted, and then silence: that it was accepted stands.
    let act = |_: usize, control: &str, stream: &mut TcpStream| acknowledge(stream, "CA", control);
    let (port, _seen) = receiver(Arc::new(act))?;
    let out = Out::to(port, Duration::from_millis(200))?;
    is(&out.send("1", "AL|AL"), "sent None")
}

fn unsendable() -> Result<(), Failed> {
    let act = |_: usize, control: &str, stream: &mut TcpStream| acknowledge(stream, "AA", control);
    let (port, seen) = receiver(Arc::new(act))?;
    let out = Out::to(port, Duration::from_secs(20))?;
    is(&out.send("", ""), "final mllp-no-control-id")?;
    is(&out.send("1\u{b}", ""), "final mllp-cannot-frame")?;
    match seen.try_iter().count() {
        0 => Ok(()),
        some => Err(format!("{some} messages were sent").into()),
    }
}
