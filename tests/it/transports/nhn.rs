//! NHN's message interface, against a stand-in: fetched, committed, answered, marked, in this order and whatever fails.

use crate::path::system::{Setup, System, admission};
use crate::support::{self, Needs};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::{Failed, Trial};
use stafett::deliver::{Reply, Sender, Sending, Target};
use stafett::message::{AttemptOutcome, DeliveryId, MessageId, Position, Syntax};
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

pub fn trials() -> Vec<Trial> {
    let trial = |name, run: fn() -> Result<(), Failed>| {
        support::trial(name, Needs::Data("data/packages"), run)
    };
    vec![
        trial("nhn: a message is marked as read after its commit and its receipt", order),
        trial("nhn: whatever fails, each message is taken once and marked in the end", faults),
        trial("nhn: a stop between commit and mark makes a duplicate", stopped),
        trial("nhn: what cannot be read is put aside, refused and marked", unreadable),
        support::trial(
            "nhn: a message is posted, and its transport asked about",
            Needs::Nothing,
            posted,
        ),
    ]
}

/// A message server of our own.
#[derive(Default)]
struct Server {
    /// Id, document, whether it was read.
    messages: Vec<(String, String, bool)>,
    /// What is answered instead, once each: a part of method and path, and a status; 0: nothing at all.
    faults: Vec<(&'static str, u16)>,
    /// Every request that was answered as it should be.
    log: Vec<String>,
    /// Whether what was read is listed all the same.
    repeats: bool,
    transport: &'static str,
}

type Shared = Arc<Mutex<Server>>;

async fn answer(
    State(server): State<Shared>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> (StatusCode, String) {
    let line = format!("{method} {}", uri.path_and_query().map_or("", |one| one.as_str()));
    let said = {
        let mut server = server.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = server.faults.iter().position(|(part, _)| line.contains(part));
        match fault.map(|at| server.faults.remove(at).1) {
            Some(status) => (status, String::new()),
            None => server.say(&line, &body),
        }
    };
    if said.0 == 0 {
        std::future::pending::<()>().await;
    }
    (StatusCode::from_u16(said.0).unwrap_or_default(), said.1)
}

impl Server {
    fn say(&mut self, line: &str, body: &[u8]) -> (u16, String) {
        let own = |id: &str| line.contains(id);
        let at = self.messages.iter().position(|(id, ..)| own(id));
        let mut parts = line.trim_start_matches(|c| c != '/').split('/').skip(3);
        match (line.split(' ').next().unwrap_or_default(), parts.next(), at) {
            ("GET", None, _) => {
                let listed = self.messages.iter().filter(|(.., read)| self.repeats || !read);
                let one = |(id, ..): &(String, String, bool)| {
                    format!("{{\"id\":\"{id}\",\"receiverHerId\":42,\"isAppRec\":false}}")
                };
                let all: Vec<String> = listed.map(one).collect();
                // A list may name one twice.
                (200, format!("[{}]", [&all[..], &all[..]].concat().join(",")))
            }
            ("POST", None, _) if line.contains("apprec") => {
                self.log.push(format!("{line} {}", String::from_utf8_lossy(body)));
                (201, "\"x\"".to_owned())
            }
            ("POST", _, None) => {
                self.log.push(format!("{line} {}", String::from_utf8_lossy(body)));
                (201, "\"3d518803-e519-457a-9bcf-7f7ed3922acd\"".to_owned())
            }
            (_, Some("status"), _) => {
                let state = self.transport;
                (200, format!("[{{\"receiverHerId\":1,\"transportDeliveryState\":\"{state}\"}}]"))
            }
            ("GET", _, Some(at)) => {
                self.log.push(line.to_owned());
                let document = &self.messages[at].1;
                let kind =
                    "\"contentType\":\"application/xml\",\"contentTransferEncoding\":\"base64\"";
                (200, format!("{{\"businessDocument\":\"{document}\",{kind}}}"))
            }
            ("POST", ..) => {
                self.log.push(format!("{line} {}", String::from_utf8_lossy(body)));
                (201, "\"x\"".to_owned())
            }
            (_, _, Some(at)) => {
                self.log.push(line.to_owned());
                self.messages[at].2 = true;
                (204, String::new())
            }
            _ => (404, String::new()),
        }
    }
}

fn id(number: u32) -> String {
    format!("{number:08x}-0000-4000-8000-0000000000ff")
}

fn served(runtime: &Runtime, server: Server) -> Result<(Shared, String), Failed> {
    let shared: Shared = Arc::new(Mutex::new(server));
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    let url = format!("http://{}/Messages", listener.local_addr()?);
    let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
    runtime.spawn(async move { axum::serve(listener, router).await });
    Ok((shared, url))
}

/// A server with these documents, and an engine that fetches from it.
fn fetching(
    documents: &[String],
    change: fn(&mut Server),
) -> Result<(Runtime, Shared, System), Failed> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let messages = documents.iter().zip(1..).map(|(one, n)| (id(n), STANDARD.encode(one), false));
    let mut server = Server { messages: messages.collect(), ..Server::default() };
    change(&mut server);
    let (shared, url) = served(&runtime, server)?;
    let mut setup = Setup::default();
    setup.parties += "[[party]]\nname = 'network'\ntitle = 'N'\ncarries = ['hospital']\n";
    setup.stafett += &format!(
        "[[mailbox]]\nname = 'nhn'\nurl = '{url}'\nparty = 'network'\nreceivers = [42]\n\
         every = '5 ms'\ntimeout = '500 ms'\nquarantine = 'aside'\n"
    );
    let system = System::with(&setup, &[], Arc::new(|_| (200, String::new())))?;
    Ok((runtime, shared, system))
}

/// Waits until everything was read.
fn read(server: &Shared) -> Result<(), Failed> {
    wait(|| {
        server
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .messages
            .iter()
            .all(|(.., read)| *read)
    })
}

fn wait(holds: impl Fn() -> bool) -> Result<(), Failed> {
    let until = Instant::now() + Duration::from_secs(30);
    while !holds() {
        if Instant::now() > until {
            return Err("it did not come to it".into());
        }
        std::thread::yield_now();
    }
    Ok(())
}

fn same<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Result<(), Failed> {
    match found == expected {
        true => Ok(()),
        false => Err(format!("expected {expected:?}, found {found:?}").into()),
    }
}

fn documents(count: u32) -> Result<Vec<String>, Failed> {
    (1..=count).map(|n| Ok(admission(n)?.to_string())).collect()
}

fn order() -> Result<(), Failed> {
    let mut wrong = admission(2)?;
    wrong["entry"][0]["resource"]["nonsense"] = "x".into();
    let all = [admission(1)?.to_string(), wrong.to_string()];
    let (_runtime, server, system) = fetching(&all, |_| {})?;
    read(&server)?;
    system.peer.next()?;
    let path = |n, rest: &str| format!("/Messages/{}/{rest}", id(n));
    let refused = serde_json::json!({
        "appRecStatus": "Rejected", "appRecErrorList": [{ "errorCode": "T99", "details": "" }]
    });
    let expected = vec![
        format!("GET {}", path(1, "business-document")),
        format!("POST {} {{\"appRecStatus\":\"Ok\"}}", path(1, "apprec/42")),
        format!("PUT {}", path(1, "read/42")),
        format!("GET {}", path(2, "business-document")),
        format!("POST {} {refused}", path(2, "apprec/42")),
        format!("PUT {}", path(2, "read/42")),
    ];
    let log = server.lock().unwrap_or_else(PoisonError::into_inner).log.clone();
    same(log, expected)?;
    same(system.peer.rest().len(), 0)
}

fn faults() -> Result<(), Failed> {
    let (_runtime, server, system) = fetching(&documents(2)?, |server| {
        server.faults = vec![
            ("ReceiverHerIds=42", 500),
            ("business-document", 503),
            ("business-document", 0),
            ("apprec", 500),
            ("apprec", 0),
            ("read/", 500),
            ("read/", 0),
            ("ReceiverHerIds=42", 429),
        ];
    })?;
    read(&server)?;
    let mut keys = vec![system.peer.next()?.key, system.peer.next()?.key];
    keys.sort();
    keys.dedup();
    same((keys.len(), system.peer.rest().len()), (2, 0))?;
    same(server.lock().unwrap_or_else(PoisonError::into_inner).faults.len(), 0)
}

fn stopped() -> Result<(), Failed> {
    let (_runtime, server, mut system) =
        fetching(&documents(1)?, |server| server.faults = vec![("PUT", 500); 10_000])?;
    system.peer.next()?;
    // Its receipt was taken, so that it was tried to be marked.
    wait(|| server.lock().unwrap_or_else(PoisonError::into_inner).faults.len() < 10_000)?;
    system.stop();
    {
        let mut server = server.lock().unwrap_or_else(PoisonError::into_inner);
        server.faults.clear();
        server.repeats = true;
    }
    system.go()?;
    read(&server)?;
    system.stop();
    same(system.peer.rest().len(), 0)
}

fn unreadable() -> Result<(), Failed> {
    let all = ["{\"resourceType\":".to_owned(), admission(1)?.to_string()];
    let (_runtime, server, system) =
        fetching(&all, |server| server.messages.push((id(9), "no base64!".into(), false)))?;
    read(&server)?;
    system.peer.next()?;
    let aside = system.folder.path().join("aside");
    same(fs::read_to_string(aside.join(format!("{}-42", id(1))))?, all[0].clone())?;
    same(fs::read_dir(aside)?.count(), 2)?;
    let log = server.lock().unwrap_or_else(PoisonError::into_inner).log.join("\n");
    same(log.matches("Rejected").count(), 2)
}

fn posted() -> Result<(), Failed> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (server, url) = served(&runtime, Server::default())?;
    let target = Target::new(&url, Some("secret"), Duration::from_secs(5)).ok_or("no URL")?.nhn();
    let send = || {
        let sending = Sending {
            delivery: DeliveryId { unit: Position::default(), index: 0 },
            message: MessageId("m".into()),
            syntax: Syntax::Xml,
            bytes: bytes::Bytes::from_static(b"<MsgHead/>"),
            possible_duplicate: false,
        };
        match runtime.block_on(Sender::default().send(&target, sending)) {
            Reply::Judged(AttemptOutcome::Sent { .. }) => "sent".to_owned(),
            Reply::Judged(AttemptOutcome::Final { reason, .. }) => format!("final {reason}"),
            Reply::Answer { status, .. } => format!("answer {status}"),
            other => format!("{other:?}"),
        }
    };
    server.lock().unwrap_or_else(PoisonError::into_inner).transport = "Unconfirmed";
    same(send(), "sent".to_owned())?;
    let expected = "POST /Messages {\"businessDocument\":\"PE1zZ0hlYWQvPg==\",\
                    \"contentType\":\"application/xml\",\"contentTransferEncoding\":\"base64\"}";
    same(
        server.lock().unwrap_or_else(PoisonError::into_inner).log.join("\n"),
        expected.to_owned(),
    )?;
    server.lock().unwrap_or_else(PoisonError::into_inner).transport = "Rejected";
    same(send(), "final transport-rejected".to_owned())?;
    server.lock().unwrap_or_else(PoisonError::into_inner).faults =
        vec![("POST", 503), ("status", 500)];
    same(send(), "answer 503".to_owned())?;
    // What is not known of its transport is not known to have failed.
    same(send(), "sent".to_owned())
}
