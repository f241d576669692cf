//! A whole engine behind MLLP: HL7 v2 in its own language, once, and nothing to an impostor.

use crate::path::system::{Setup, System};
use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};
use stafett::config::ListenerKind;
use stafett::format::mllp::{acknowledged, framed};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

pub fn trials() -> Vec<Trial> {
    vec![trial(
        "mllp: a whole engine answers each message in its own language",
        Needs::Nothing,
        whole,
    )]
}

const ADMISSION: &str = "MSH|^~\\&|PAS|RH|EHR|KOM|20261125121000+0100||ADT^A01^ADT_A01|42|P|2.5.1\r\
    EVN||202611251200\rPID|||2512489996^^^CPR^NNDNK||Bruun^Bruno\rPV1||I\r";

fn system() -> Result<(System, SocketAddr), Failed> {
    let mut setup = Setup::default();
    let cut = setup.stafett.find("[definitions]").ok_or("no definitions")?;
    setup.stafett.truncate(cut);
    setup.stafett += "[[listener]]\nname = 'lab'\naddress = '127.0.0.1:0'\nkind = 'mllp'\n\
                      mllp = { party = 'hospital' }\n";
    setup.parties = setup.parties.replacen("'sor:265161000016000'", "'organisation:RH'", 1);
    setup.parties = setup.parties.replacen("'sor:953741000016009'", "'organisation:KOM'", 1);
    setup.endpoints = setup.endpoints.replace("fhir-json", "hl7v2");
    setup.routes = setup
        .routes
        .replace("['hospital-notification-message', 'care-communication-message']", "['ADT^A01']");
    let system = System::with(&setup, &[], Arc::new(|_| (200, String::new())))?;
    let running = system.running.as_ref().ok_or("it does not run")?;
    let address = running.address(ListenerKind::Mllp).ok_or("no listener")?;
    Ok((system, address))
}

/// What is heard, as `AA 42` with its errors' numbers; empty when the connection ends.
fn heard(stream: &mut TcpStream) -> Result<String, Failed> {
    let (mut frame, mut byte) = (Vec::new(), [0]);
    while !frame.ends_with(b"\x1c\r") {
        match stream.read(&mut byte) {
            Ok(1) => frame.push(byte[0]),
            _ if frame.is_empty() => return Ok(String::new()),
            _ => return Err("half an acknowledgement".into()),
        }
    }
    let said = acknowledged(&frame[1..frame.len() - 2]).ok_or("no acknowledgement")?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut line = format!("{} {}", text(said.code), text(said.control));
    said.errors.iter().for_each(|code| line += &format!(" {}", text(code)));
    Ok(line)
}

fn whole() -> Result<(), Failed> {
    let (system, address) = system()?;
    let connect = || -> Result<TcpStream, Failed> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(stream)
    };
    let mut stream = connect()?;
    let numbered = |id: &str| ADMISSION.replace("|42|", &format!("|{id}|"));
    let asking = |id: &str, levels: &str| {
        numbered(id).replace("|P|2.5.1\r", &format!("|P|2.5.1|||{levels}\r"))
    };
    let without = |text: String| text.replace("PV1||I", "PV1|1");
    let cases: [(String, &[&str]); 8] = [
        (ADMISSION.to_owned(), &["AA 42"]),
        // Again: the same word, and it is not delivered again.
        (ADMISSION.to_owned(), &["AA 42"]),
        (without(numbered("43")), &["AE 43 101"]),
        (asking("44", "AL|AL"), &["CA 44", "AA 44"]),
        (without(asking("45", "AL|AL")), &["CA 45", "AE 45 101"]),
        (without(asking("46", "AL|NE")), &["CE 46 101"]),
        (numbered(""), &["AE  101"]),
        ("hello\r".to_owned(), &["AE  100"]),
    ];
    for (text, expected) in cases {
        stream.write_all(&framed(text.as_bytes()))?;
        for one in expected {
            let said = heard(&mut stream)?;
            if said != *one {
                return Err(format!("expected `{one}`, heard `{said}` to {text:?}").into());
            }
        }
    }
    // Who is not the sender hears nothing, and is heard no further.
    let mut impostor = connect()?;
    impostor.write_all(&framed(numbered("47").replace("|RH|", "|KOM|").as_bytes()))?;
    let said = heard(&mut impostor)?;
    if !said.is_empty() {
        return Err(format!("an impostor heard {said}").into());
    }
    let delivered = [system.peer.next()?, system.peer.next()?];
    let mut keys: Vec<&str> = delivered.iter().map(|got| got.key.as_str()).collect();
    keys.sort_unstable();
    let ends = |key: &str, id: &str| key.ends_with(id);
    match (ends(keys[0], "42") && ends(keys[1], "44"), system.peer.rest().len()) {
        (true, 0) => Ok(()),
        (_, more) => Err(format!("{keys:?} and {more} more").into()),
    }
}
