//! The operations listener: metrics and health. No message, no payload, no command.

use super::Metrics;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use std::future::Future;
use std::sync::Arc;
use tokio::net::TcpListener;

/// What the operations listener shows.
pub trait Watched: Send + Sync + 'static {
    /// The counters, with everything that is a state and not a count brought up to date first.
    fn metrics(&self) -> &Metrics;

    /// Why no messages are taken now, if that is so.
    fn not_ready(&self) -> Option<String>;
}

/// Serves `/metrics`, `/health/live` and `/health/ready` until `stop` resolves.
pub async fn serve(
    watched: Arc<dyn Watched>,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let router = Router::new()
        .route("/metrics", get(metrics))
        .route("/health/live", get(|| async { "live\n" }))
        .route("/health/ready", get(ready))
        .with_state(watched);
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stop).await {
        tracing::error!(%error, "the operations listener ended");
    }
}

async fn metrics(State(watched): State<Arc<dyn Watched>>) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], watched.metrics().page())
}

async fn ready(State(watched): State<Arc<dyn Watched>>) -> impl IntoResponse {
    match watched.not_ready() {
        None => (StatusCode::OK, "ready\n".to_owned()),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
    }
}
