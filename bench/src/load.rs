//! A load of 64 connections on loopback, each with one request outstanding, and the bare server that the
//! engine is held against.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};

/// Connections at once.
pub const CONNECTIONS: usize = 64;

/// What is asked for, again and again.
pub struct Request64 {
    /// The server.
    pub address: SocketAddr,
    /// The path.
    pub path: &'static str,
    /// Content type of the bodies.
    pub content_type: &'static str,
    /// The bearer token, if any.
    pub token: Option<String>,
    /// The bodies; each is sent at most once.
    pub bodies: Vec<Bytes>,
    /// Requests a second, at set times whether the answers to earlier ones have come or not: latencies count from
    /// the time that a request was due, so that a server that stalls hides nothing by it. None: one outstanding on
    /// each connection, as fast as they are answered.
    pub rate: Option<f64>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Load {
    /// Answers a second.
    pub rate: f64,
    /// Latencies at p50, p99 and p99.9.
    pub percentiles: [Duration; 3],
    /// Answers whose status was not 2xx.
    pub failed: usize,
}

impl Load {
    /// From the latencies of all answers, and the time that they took together.
    pub fn of(mut latencies: Vec<Duration>, took: Duration, failed: usize) -> Load {
        latencies.sort_unstable();
        let at = |share: f64| {
            let index = (latencies.len() as f64 * share) as usize;
            latencies.get(index.min(latencies.len().saturating_sub(1))).copied().unwrap_or_default()
        };
        Load {
            rate: latencies.len() as f64 / took.as_secs_f64(),
            percentiles: [at(0.5), at(0.99), at(0.999)],
            failed,
        }
    }

    /// The percentiles as people read them.
    pub fn note(&self) -> String {
        let [p50, p99, p999] = self.percentiles.map(|p| p.as_secs_f64() * 1e3);
        let failed =
            if self.failed > 0 { format!("; {} failed", self.failed) } else { String::new() };
        format!("p50 {p50:.2} ms, p99 {p99:.2} ms, p99.9 {p999:.2} ms{failed}")
    }
}

/// When a request is due: now, or at its place in a rate. Latencies count from it.
pub async fn due(begin: Instant, at: usize, rate: Option<f64>) -> Instant {
    let Some(rate) = rate else { return Instant::now() };
    let due = begin + Duration::from_secs_f64(at as f64 / rate);
    tokio::time::sleep_until(due.into()).await;
    due
}

/// Sends every body once over [`CONNECTIONS`] connections, one outstanding on each.
pub async fn run(request: Request64) -> Result<Load, String> {
    let request = Arc::new(request);
    let next = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..CONNECTIONS {
        let (request, next) = (Arc::clone(&request), Arc::clone(&next));
        tasks.push(tokio::spawn(async move { connection(&request, &next, start).await }));
    }
    let mut latencies = Vec::with_capacity(request.bodies.len());
    let mut failed = 0;
    for task in tasks {
        let (times, bad) = task.await.map_err(|e| e.to_string())??;
        latencies.extend(times);
        failed += bad;
    }
    Ok(Load::of(latencies, start.elapsed(), failed))
}

async fn connection(
    request: &Request64,
    next: &AtomicUsize,
    begin: Instant,
) -> Result<(Vec<Duration>, usize), String> {
    let stream = TcpStream::connect(request.address).await.map_err(|e| e.to_string())?;
    stream.set_nodelay(true).map_err(|e| e.to_string())?;
    let io = TokioIo::new(stream);
    let (mut sender, driver) =
        hyper::client::conn::http1::handshake(io).await.map_err(|e| e.to_string())?;
    tokio::spawn(driver);
    let uri: Uri = request.path.parse().map_err(|_| "bad path".to_owned())?;
    let mut times = Vec::new();
    let mut failed = 0;
    loop {
        let at = next.fetch_add(1, Ordering::Relaxed);
        let Some(body) = request.bodies.get(at) else { return Ok((times, failed)) };
        let mut builder = Request::builder()
            .method("POST")
            .uri(uri.clone())
            .header("host", "localhost")
            .header("content-type", request.content_type);
        if let Some(token) = &request.token {
            builder = builder.header("authorization", format!("Bearer {token}"));
        }
        let message = builder.body(Full::new(body.clone())).map_err(|e| e.to_string())?;
        let start = due(begin, at, request.rate).await;
        let response = sender.send_request(message).await.map_err(|e| e.to_string())?;
        let good = response.status().is_success();
        response.into_body().collect().await.map_err(|e| e.to_string())?;
        times.push(start.elapsed());
        failed += usize::from(!good);
    }
}

/// Serves a bare echo until the runtime ends; the yardstick of the whole path.
pub async fn echo() -> Result<SocketAddr, String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|e| e.to_string())?;
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service_fn(repeat)),
            );
        }
    });
    Ok(address)
}

async fn repeat(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = match request.into_body().collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => Bytes::new(),
    };
    Ok(Response::new(Full::new(body)))
}
