//! What an operator may do to deliveries and messages of a running engine, each with who asks and why.
//!
//! Promises: nothing is done without an actor and a reason, and both are in the audit record. Never: decides
//! whether something is allowed; that is the state's.

use super::replay::Replay;
use super::socket::Asked;
use crate::message::{DeliveryId, Position};
use crate::store::Operator;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;
use std::sync::Arc;

/// What is done to a delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    /// A dead letter is tried again, with the same bytes and ids, outside its lane's order.
    Retry,
    /// One that waits is held back, and its lane with it.
    Hold,
    /// A held one goes on.
    Release,
    /// One is given up, and its lane goes on.
    Skip,
    /// One that was sent is sent again, in a new envelope if its route says so.
    Resend,
}

impl Deed {
    /// Its word in addresses and commands.
    pub fn named(word: &str) -> Option<Deed> {
        Some(match word {
            "retry" => Deed::Retry,
            "hold" => Deed::Hold,
            "release" => Deed::Release,
            "skip" => Deed::Skip,
            "resend" => Deed::Resend,
            _ => return None,
        })
    }
}

/// Who asks, and why.
#[derive(Debug, Deserialize)]
pub(super) struct By {
    actor: String,
    reason: String,
}

impl By {
    /// What both are, if neither is empty.
    fn operator(&self) -> Option<Operator<'_>> {
        let said = !self.actor.trim().is_empty() && !self.reason.trim().is_empty();
        said.then_some(Operator { actor: &self.actor, reason: Some(&self.reason) })
    }
}

fn unsaid() -> Response {
    (StatusCode::BAD_REQUEST, "an actor and a reason must be said\n").into_response()
}

/// `POST /deliveries/PARTITION/SEQUENCE/INDEX/DEED?actor=..&reason=..`; `edit` takes the bytes as the body.
pub(super) async fn deed(
    State(asked): State<Arc<Asked>>,
    Path((partition, sequence, index, word)): Path<(u16, u64, u16, String)>,
    Query(by): Query<By>,
    body: Bytes,
) -> Response {
    if by.operator().is_none() {
        return unsaid();
    }
    let id = DeliveryId { unit: Position { partition, sequence }, index };
    let (deed, edit) = (Deed::named(&word), word == "edit");
    if deed.is_none() && !edit {
        return (StatusCode::NOT_FOUND, "no such operation\n").into_response();
    }
    let control = Arc::clone(&asked.control);
    let done = tokio::task::spawn_blocking(move || {
        let Some(by) = by.operator() else { return unsaid() };
        match deed {
            Some(deed) => match control.operate(id, deed, &by) {
                Ok(state) => Json(serde_json::json!({ "state": state.name() })).into_response(),
                Err(error) => refused(&error),
            },
            None => match control.edit(id, &body, &by) {
                Ok(edited) if edited.position.is_some() => Json(edited).into_response(),
                Ok(edited) => (StatusCode::CONFLICT, Json(edited)).into_response(),
                Err(error) => refused(&error),
            },
        }
    });
    done.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// Which messages, as the query string says it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Which {
    actor: String,
    reason: String,
    /// `PARTITION/SEQUENCE`.
    position: Option<String>,
    message: Option<String>,
    party: Option<String>,
    event: Option<String>,
    issue: Option<String>,
    state: Option<String>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    dry_run: bool,
}

/// `POST /replay?actor=..&reason=..&dry_run=true&..`.
pub(super) async fn replay(
    State(asked): State<Arc<Asked>>,
    Query(which): Query<Which>,
) -> Response {
    let by = By { actor: which.actor, reason: which.reason };
    let position = match which.position.as_deref().map(position) {
        Some(None) => return (StatusCode::BAD_REQUEST, "no such position\n").into_response(),
        found => found.flatten(),
    };
    let wanted = Replay {
        position,
        message: which.message,
        party: which.party,
        event: which.event,
        issue: which.issue,
        state: which.state,
        from: which.from,
        until: which.until,
        dry_run: which.dry_run,
    };
    let control = Arc::clone(&asked.control);
    let done = tokio::task::spawn_blocking(move || {
        let Some(by) = by.operator() else { return unsaid() };
        match control.replay(&wanted, &by) {
            Ok(replayed) => Json(replayed).into_response(),
            Err(error) => refused(&error),
        }
    });
    done.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn position(text: &str) -> Option<Position> {
    let (partition, sequence) = text.split_once('/')?;
    Some(Position { partition: partition.parse().ok()?, sequence: sequence.parse().ok()? })
}

fn refused(error: &crate::message::Error) -> Response {
    (StatusCode::CONFLICT, format!("{error}\n")).into_response()
}
