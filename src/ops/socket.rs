//! The engine's socket: what the command line asks of a running engine.
//!
//! A Unix socket in the data directory, mode 0600: whoever may read the journal may ask. Plain HTTP and JSON,
//! so that curl can ask too: `GET /messages`, `GET /messages/PARTITION/SEQUENCE`, `GET /lanes`,
//! `POST /deliveries/PARTITION/SEQUENCE/INDEX/retry` (and what else `operate` has), `POST /replay`, `POST /reload`, `POST /backup`.

use super::backup;
use super::operate::{self, Deed};
use super::replay::{Edited, Replay, Replayed};
use crate::message::{DeliveryId, Error, ErrorKind, Position};
use crate::store::{DeliveryState, MessageFilter, Operator, Store};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use tokio::net::{UnixListener, UnixStream};

/// The socket of a data directory.
pub fn path(data: &FilePath) -> PathBuf {
    data.join("socket")
}

/// What narrows a list, as the query string says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// `accepted`, `refused`, `quarantined`, or the state of a delivery.
    pub state: Option<String>,
    /// The party that handed it in.
    pub party: Option<String>,
    /// The event.
    pub event: Option<String>,
    /// The message's id.
    pub message: Option<String>,
    /// An issue's id.
    pub issue: Option<String>,
    /// How many at most.
    pub limit: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Few {
    limit: Option<usize>,
}

/// How a reload ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// Whether the new configuration is in force.
    pub active: bool,
    /// The hash of the configuration that is in force now.
    pub configuration: String,
    /// What was found.
    pub diagnostics: Vec<String>,
}

/// The running engine, as far as an operator changes it.
pub trait Control: Send + Sync {
    /// Does something to a delivery. Blocks.
    fn operate(
        &self,
        id: DeliveryId,
        deed: Deed,
        by: &Operator<'_>,
    ) -> Result<DeliveryState, Error>;

    /// Puts bytes in the place of a delivery. Blocks.
    fn edit(&self, id: DeliveryId, bytes: &Bytes, by: &Operator<'_>) -> Result<Edited, Error>;

    /// Sends messages again, or says which it would. Blocks.
    fn replay(&self, asked: &Replay, by: &Operator<'_>) -> Result<Replayed, Error>;

    /// Reads the configuration anew and puts it in force if it has no error. Blocks.
    fn reload(&self, actor: &str) -> Reloaded;
}

pub(super) struct Asked {
    pub(super) store: Arc<dyn Store>,
    pub(super) control: Arc<dyn Control>,
}

/// Serves the socket until `stop` resolves.
pub async fn serve(
    data: &FilePath,
    store: Arc<dyn Store>,
    control: Arc<dyn Control>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<impl Future<Output = ()> + Send + 'static, Error> {
    let path = path(data);
    let failed = |e: std::io::Error| {
        Error::new(ErrorKind::Transport, format!("no socket at {}", path.display())).cause(e)
    };
    // The lock on the data directory is ours, so a socket that is there is a dead engine's.
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).map_err(failed)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    let router = Router::new()
        .route("/messages", get(list))
        .route("/messages/{partition}/{sequence}", get(show))
        .route("/lanes", get(lanes))
        .route("/deliveries/{partition}/{sequence}/{index}/{deed}", post(operate::deed))
        .route("/backup", post(backup::backup))
        .route("/replay", post(operate::replay))
        .route("/reload", post(reload))
        .with_state(Arc::new(Asked { store, control }));
    Ok(async move {
        let _ = axum::serve(listener, router).with_graceful_shutdown(stop).await;
        let _ = std::fs::remove_file(&path);
    })
}

async fn list(State(asked): State<Arc<Asked>>, Query(filter): Query<Filter>) -> Response {
    let filter = MessageFilter {
        state: filter.state,
        party: filter.party,
        event: filter.event,
        message: filter.message,
        issue: filter.issue,
        limit: filter.limit.unwrap_or(0),
        ..MessageFilter::default()
    };
    answer(asked.store.messages(&filter))
}

async fn lanes(State(asked): State<Arc<Asked>>, Query(few): Query<Few>) -> Response {
    answer(asked.store.lanes(few.limit.unwrap_or(0)))
}

async fn show(
    State(asked): State<Arc<Asked>>,
    Path((partition, sequence)): Path<(u16, u64)>,
) -> Response {
    match asked.store.message(Position { partition, sequence }) {
        Ok(None) => (StatusCode::NOT_FOUND, "no such message\n").into_response(),
        other => answer(other),
    }
}

async fn reload(State(asked): State<Arc<Asked>>) -> Response {
    let control = Arc::clone(&asked.control);
    match tokio::task::spawn_blocking(move || control.reload("operator")).await {
        Ok(reloaded) => {
            let status = if reloaded.active { StatusCode::OK } else { StatusCode::CONFLICT };
            (status, Json(reloaded)).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn answer<T: Serialize>(result: Result<T, Error>) -> Response {
    match result {
        Ok(value) => Json(value).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

/// Asks a running engine; the status and the body of its answer.
pub async fn ask(data: &FilePath, method: &str, target: &str) -> Result<(u16, String), Error> {
    ask_with(data, method, target, Bytes::new()).await
}

/// The same, with a body.
pub async fn ask_with(
    data: &FilePath,
    method: &str,
    target: &str,
    body: Bytes,
) -> Result<(u16, String), Error> {
    let path = path(data);
    let failed = |what: &str| {
        let note = format!("no engine answers at {}: {what}", path.display());
        Error::new(ErrorKind::Transport, note)
    };
    let stream = UnixStream::connect(&path).await.map_err(|e| failed(&e.to_string()))?;
    let (mut sender, driver) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|e| failed(&e.to_string()))?;
    tokio::spawn(driver);
    let request = Request::builder()
        .method(method)
        .uri(target)
        .header("host", "localhost")
        .body(Full::new(body))
        .map_err(|e| failed(&e.to_string()))?;
    let response = sender.send_request(request).await.map_err(|e| failed(&e.to_string()))?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.map_err(|e| failed(&e.to_string()))?;
    Ok((status, String::from_utf8_lossy(&body.to_bytes()).into_owned()))
}
