//! A backup that an operator asks a running engine for.
//!
//! Promises: the answer comes when the backup is whole and was read again. Never: writes over anything.

use super::socket::Asked;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::Arc;

/// `POST /backup`; the body is the folder, as this machine calls it, from its root.
pub(super) async fn backup(State(asked): State<Arc<Asked>>, folder: String) -> Response {
    let folder = PathBuf::from(folder);
    if !folder.is_absolute() {
        return (StatusCode::BAD_REQUEST, "the folder's whole path must be said\n").into_response();
    }
    let store = Arc::clone(&asked.store);
    let done = tokio::task::spawn_blocking(move || store.backup(&folder, Timestamp::now()));
    match done.await {
        Ok(Ok(backup)) => {
            tracing::info!(last = backup.copied.last, bad = backup.copied.bad, "backed up");
            Json(backup).into_response()
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "the backup failed");
            (StatusCode::CONFLICT, format!("{error}\n")).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
