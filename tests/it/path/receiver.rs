//! A receiver on loopback that answers by a script and tells what it got.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use libtest_mimic::Failed;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One request as it came.
#[derive(Debug)]
pub struct Got {
    /// `Idempotency-Key`.
    pub key: String,
    /// Whether it was flagged as a possible duplicate.
    pub flagged: bool,
    /// Its content type.
    pub content_type: String,
    /// Its body.
    pub body: Vec<u8>,
    /// What was answered.
    pub answered: u16,
}

/// What makes a script's answer: status and body for a request's body.
pub type Script = Arc<dyn Fn(&[u8]) -> (u16, String) + Send + Sync>;

struct Shared {
    first: Mutex<VecDeque<u16>>,
    then: Script,
    got: Mutex<Sender<Got>>,
}

/// A receiver that is up.
pub struct Peer {
    /// Its address: `http://127.0.0.1:port/`.
    pub url: String,
    got: Receiver<Got>,
}

impl Peer {
    /// Starts one on the current runtime: these statuses first, then what `then` says.
    pub async fn start(port: u16, first: &[u16], then: Script) -> Result<Peer, Failed> {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let (send, got) = channel();
        let first = Mutex::new(first.iter().copied().collect());
        let shared = Arc::new(Shared { first, then, got: Mutex::new(send) });
        let router = Router::new().route("/", post(take)).with_state(shared);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Peer { url, got })
    }

    /// The next request; fails when none comes for a long time.
    pub fn next(&self) -> Result<Got, Failed> {
        Ok(self.got.recv_timeout(Duration::from_secs(20))?)
    }

    /// What has come and was not asked for.
    pub fn rest(&self) -> Vec<Got> {
        self.got.try_iter().collect()
    }
}

async fn take(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, [(&'static str, &'static str); 1], String) {
    let text =
        |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let scripted = shared.first.lock().ok().and_then(|mut first| first.pop_front());
    let (status, answer) = match scripted {
        Some(status) => (status, String::new()),
        None => (shared.then)(&body),
    };
    let got = Got {
        key: text("idempotency-key"),
        flagged: !text("possible-duplicate").is_empty(),
        content_type: text("content-type"),
        body: body.to_vec(),
        answered: status,
    };
    if let Ok(sender) = shared.got.lock() {
        let _ = sender.send(got);
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [("content-type", "application/fhir+json")], answer)
}
