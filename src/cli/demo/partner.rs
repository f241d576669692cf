//! A simulated partner: answers like a receiver would, and tells what it got.

use super::fault;
use crate::cli::{assemble, expected};
use crate::engine::{Arena, Engine, Incoming};
use crate::message::{Error, ErrorKind, Syntax};
use crate::receipt::{self, Ending};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use jiff::Timestamp;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;
use uuid::Uuid;

/// One attempt as a partner saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// `Idempotency-Key`: the message's id.
    pub key: String,
    /// The syntax that it was declared as.
    pub syntax: Option<Syntax>,
    /// Its bytes.
    pub bytes: Bytes,
    /// What was answered.
    pub status: u16,
}

/// What makes partners' receipts: an engine of its own, that only reads.
pub struct Judge {
    engine: Engine,
}

impl Judge {
    /// A judge with the network's own packages.
    pub fn new(folder: &Path) -> Result<Judge, Error> {
        let engine = assemble::assemble(folder)?.engine;
        Ok(Judge { engine: engine.ok_or_else(|| fault("the configuration is not accepted"))? })
    }

    /// The acknowledgement of a message, by whoever received it.
    fn acknowledge(&self, syntax: Syntax, bytes: &Bytes) -> Option<(&'static str, Bytes)> {
        let now = Timestamp::now();
        let mut arena = Arena::new(&self.engine);
        // Whoever sent it to the partner may do so: the partner's own business, simulated as a yes.
        let party = self.engine.config.parties.iter().map(|party| &*party.name);
        let read = party.filter_map(|name| {
            let incoming = Incoming {
                party: crate::message::PartyName(name.into()),
                syntax,
                charset: None,
                bytes: bytes.clone(),
                received: now,
                place: None,
            };
            self.engine.read(incoming, &mut arena, now).ok()
        });
        let read = read.collect::<Vec<_>>().into_iter().next()?;
        let answer = self.engine.answer(&read, Ending::Accepted, &[], syntax, now, Uuid::new_v4());
        Some((answer.content_type?, answer.body))
    }
}

struct Shared {
    judge: Arc<Judge>,
    answers: expected::PartnerAnswers,
    down: AtomicU32,
    seen: Mutex<Vec<Seen>>,
    came: Notify,
}

/// A partner that is up (or pretends to be down).
pub struct Partner {
    /// Where it is.
    pub url: String,
    shared: Arc<Shared>,
}

impl Partner {
    /// Starts one on a port of the system's choice.
    pub async fn start(one: &expected::Partner, judge: Arc<Judge>) -> Result<Partner, Error> {
        let failed = |e| Error::new(ErrorKind::Transport, "a partner cannot listen").cause(e);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
        let url = format!("http://{}/", listener.local_addr().map_err(failed)?);
        let shared = Arc::new(Shared {
            judge,
            answers: one.answers,
            down: AtomicU32::new(one.down_at_first),
            seen: Mutex::default(),
            came: Notify::new(),
        });
        let router = Router::new().route("/", post(take)).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Partner { url, shared })
    }

    /// The attempts so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until more than `count` attempts were seen and the last one was taken.
    pub async fn taken(&self, count: usize) {
        loop {
            let came = self.shared.came.notified();
            let seen = self.seen();
            if seen.len() > count && seen.last().is_some_and(|last| last.status < 300) {
                return;
            }
            came.await;
        }
    }
}

async fn take(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let syntax = match text(header::CONTENT_TYPE) {
        "application/fhir+json" => Some(Syntax::FhirJson),
        "application/fhir+xml" => Some(Syntax::FhirXml),
        "application/xml" => Some(Syntax::Xml),
        "x-application/hl7-v2+er7" => Some(Syntax::Hl7v2),
        "application/edifact" => Some(Syntax::Edifact),
        _ => None,
    };
    let key = headers.get("idempotency-key").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let less = |n: u32| n.checked_sub(1);
    let down = shared.down.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok();
    let status = if down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let seen = Seen { key: key.to_owned(), syntax, bytes: body.clone(), status: status.as_u16() };
    let response = match (down, shared.answers, syntax) {
        (false, expected::PartnerAnswers::Acknowledgement, Some(syntax)) => {
            match shared.judge.acknowledge(syntax, &body) {
                Some((kind, body)) => {
                    (status, [(header::CONTENT_TYPE, kind)], body).into_response()
                }
                None => StatusCode::BAD_REQUEST.into_response(),
            }
        }
        _ => (
            status,
            [(header::CONTENT_TYPE, receipt::content_type(Syntax::FhirJson))],
            Bytes::new(),
        )
            .into_response(),
    };
    let seen = Seen { status: response.status().as_u16(), ..seen };
    shared.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
    shared.came.notify_waiters();
    response
}
