//! The door alone, before any message is looked at: who, what, how much, how fast.

use crate::support::{self, Needs};
use bytes::Bytes;
use libtest_mimic::{Failed, Trial};
use stafett::message::{Answer, Answering, Intake, PartyName, Submission, Syntax};
use stafett::receive::{Budget, Front, Limits, Quota, Quotas, serve};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::num::NonZeroU32;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// An intake that takes everything and counts it.
#[derive(Default)]
struct Counting {
    taken: AtomicUsize,
    closed: bool,
}

impl Intake for Counting {
    fn submit(&self, submission: Submission) -> Answering {
        self.taken.fetch_add(1, Ordering::SeqCst);
        let body = Bytes::from(format!("{:?} {}", submission.syntax, submission.body.len()));
        Box::pin(async move {
            Answer {
                status: 200,
                content_type: None,
                body,
                retry_after: None,
                verdict: true,
                said: None,
            }
        })
    }

    fn ready(&self) -> bool {
        !self.closed
    }

    fn party_of(&self, token: &str) -> Option<PartyName> {
        (token == "secret").then(|| PartyName("ward".into()))
    }

    fn metadata(&self, syntax: Syntax) -> Bytes {
        Bytes::from(format!("{syntax:?}"))
    }
}

/// A served front; `curl` talks to it as a real client would.
struct Served {
    intake: Arc<Counting>,
    address: String,
    _runtime: tokio::runtime::Runtime,
}

fn served(intake: Counting, limits: Limits, burst: u32) -> Result<Served, Failed> {
    served_within(intake, limits, burst, Budget::default())
}

fn served_within(
    intake: Counting,
    limits: Limits,
    burst: u32,
    budget: Budget,
) -> Result<Served, Failed> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    let address = format!("http://{}", listener.local_addr()?);
    let intake = Arc::new(intake);
    let burst = NonZeroU32::new(burst).ok_or("a burst of nothing")?;
    let quota = Quota { per_second: NonZeroU32::MIN, burst };
    let quotas = Quotas::new(quota, &[]);
    let front = Front::new(Arc::clone(&intake) as Arc<dyn Intake>, limits, quotas);
    let front = Arc::new(front.within(budget));
    runtime.spawn(serve(front, listener, std::future::pending()));
    Ok(Served { intake, address, _runtime: runtime })
}

impl Served {
    /// The status line's number and the whole answer, headers included.
    fn curl(&self, path: &str, arguments: &[&str]) -> Result<(u16, String), Failed> {
        let output = Command::new("curl")
            .args(["-s", "-i", "--max-time", "20", "-H", "Expect:"])
            .args(arguments)
            .arg(format!("{}{path}", self.address))
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let status = text.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
        Ok((status, text))
    }
}

const POST: &str = "/fhir/$process-message";
const TOKEN: &str = "Authorization: Bearer secret";
const JSON: &str = "Content-Type: application/fhir+json";

fn expect(got: &(u16, String), status: u16, part: &str) -> Result<(), Failed> {
    let (found, text) = got;
    if *found != status || !text.to_lowercase().contains(&part.to_lowercase()) {
        return Err(format!("expected {status} with `{part}`, got {found}:\n{text}").into());
    }
    Ok(())
}

fn refusals() -> Result<(), Failed> {
    let served = served(Counting::default(), Limits::default(), 100)?;
    let body = ["-d", "{}"];
    let with = |more: &[&'static str]| {
        let mut all = vec!["-H", TOKEN, "-H", JSON];
        all.extend(more);
        all.extend(body);
        all
    };
    expect(&served.curl("/nowhere", &[])?, 404, "not-found")?;
    expect(&served.curl(POST, &[])?, 405, "allow: POST")?;
    expect(&served.curl("/fhir/metadata", &["-d", ""])?, 405, "allow: GET")?;
    expect(&served.curl(POST, &["-H", JSON, "-d", "{}"])?, 401, "www-authenticate: Bearer")?;
    let wrong = ["-H", "Authorization: Bearer guess", "-H", JSON, "-d", "{}"];
    expect(&served.curl(POST, &wrong)?, 401, "\"login\"")?;
    let plain = ["-H", TOKEN, "-H", "Content-Type: text/plain", "-d", "{}"];
    expect(&served.curl(POST, &plain)?, 415, "not-supported")?;
    expect(&served.curl(POST, &with(&["-H", "Accept: image/png"]))?, 406, "not-supported")?;
    expect(&served.curl(POST, &with(&["-H", "Content-Encoding: gzip"]))?, 415, "not-supported")?;
    let xml = served
        .curl(POST, &with(&["-H", "Accept: application/fhir+xml", "-H", "Content-Encoding: br"]))?;
    expect(&xml, 415, "<OperationOutcome")?;
    let elsewhere = format!("{POST}?async=true&response-url=http%3A%2F%2F127.0.0.1%2F");
    expect(&served.curl(&elsewhere, &with(&[]))?, 406, "not-supported")?;
    expect(&served.curl("/fhir/$process-message?async=perhaps", &with(&[]))?, 406, "")?;
    if served.intake.taken.load(Ordering::SeqCst) != 0 {
        return Err("something that was refused was taken in".into());
    }
    expect(&served.curl(POST, &with(&[]))?, 200, "FhirJson 2")?;
    expect(
        &served.curl("/messages", &["-H", TOKEN, "-H", "Content-Type: text/xml", "-d", "<a/>"])?,
        200,
        "Xml 4",
    )?;
    expect(&served.curl("/fhir/metadata", &["-H", "Accept: application/fhir+xml"])?, 200, "FhirXml")
}

fn sizes() -> Result<(), Failed> {
    let limits = Limits { body: 1_000, ..Limits::default() };
    let served = served(Counting::default(), limits, 100)?;
    let long = "x".repeat(1_001);
    let fits = "x".repeat(1_000);
    let header = format!("X-Long: {}", "y".repeat(40_000));
    let base = ["-H", TOKEN, "-H", JSON];
    let with = |more: &[&str]| served.curl(POST, &[&base[..], more].concat());
    expect(&with(&["-d", &long])?, 413, "too-long")?;
    expect(&with(&["-H", "Transfer-Encoding: chunked", "-d", &long])?, 413, "too-long")?;
    expect(&with(&["-d", &fits])?, 200, "FhirJson 1000")?;
    expect(&with(&["-H", &header, "-d", "{}"])?, 431, "")
}

fn quota() -> Result<(), Failed> {
    let served = served(Counting::default(), Limits::default(), 2)?;
    let once = || served.curl(POST, &["-H", TOKEN, "-H", JSON, "-d", "{}"]);
    expect(&once()?, 200, "")?;
    expect(&once()?, 200, "")?;
    let third = once()?;
    expect(&third, 429, "throttled")?;
    expect(&third, 429, "retry-after: 1")
}

fn closed() -> Result<(), Failed> {
    let shut = Counting { closed: true, ..Counting::default() };
    let served = served(shut, Limits::default(), 2)?;
    let answer = served.curl(POST, &["-H", TOKEN, "-H", JSON, "-d", "{}"])?;
    expect(&answer, 503, "retry-after")
}

/// A client that has sent this much of its body.
fn begun(served: &Served, sent: usize, whole: usize) -> Result<TcpStream, Failed> {
    let address = served.address.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let head = format!(
        "POST {POST} HTTP/1.1\r\nHost: a\r\n{TOKEN}\r\n{JSON}\r\nContent-Length: {whole}\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(&vec![b'x'; sent])?;
    Ok(stream)
}

fn status(stream: &mut TcpStream) -> Result<String, Failed> {
    let mut answer = [0; 4_096];
    let read = stream.read(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer[..read]).to_lowercase())
}

/// Bodies that are slow hold what has come of them, and together no more than there is.
fn within() -> Result<(), Failed> {
    let budget = Budget::new(100 * 1_024);
    let served = served_within(Counting::default(), Limits::default(), 100, budget)?;
    let (most, whole) = (95_000, 96_000);
    let mut slow = begun(&served, most, whole)?;
    // Until it is in hand, others have room; from then on they are told to come again.
    let refused = loop {
        let said = status(&mut begun(&served, 20_000, 20_000)?)?;
        if !said.contains("200 ok") {
            break said;
        }
    };
    if !refused.contains("503 service") || !refused.contains("retry-after") {
        return Err(refused.into());
    }
    slow.write_all(&vec![b'x'; whole - most])?;
    if !status(&mut slow)?.contains("200 ok") {
        return Err("who came first was not served".into());
    }
    // What it held is free again.
    match status(&mut begun(&served, whole, whole)?)? {
        said if said.contains("200 ok") => Ok(()),
        said => Err(said.into()),
    }
}

/// The trials.
pub fn trials() -> Vec<Trial> {
    let curl = || Needs::Tool("curl");
    vec![
        support::trial("front: what is no message is refused at the door", curl(), refusals),
        support::trial("front: bodies and headers have their limits", curl(), sizes),
        support::trial("front: bodies in hand are within one budget", Needs::Nothing, within),
        support::trial("front: a quota is a party's own", curl(), quota),
        support::trial("front: a closed intake says when to come back", curl(), closed),
    ]
}
