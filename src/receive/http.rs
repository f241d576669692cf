//! HTTP on hyper: `POST /fhir/$process-message`, `POST /messages`, `GET /fhir/metadata`.

use super::body;
use super::budget::{Budget, Held};
use super::limits::{Limits, Quotas};
use super::negotiate::{self, Door};
use super::tls::Secured;
use crate::message::{Answer, CertificateName, Intake, PartyName, Submission, Syntax};
use crate::receipt::{self, Ending};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT, ALLOW, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use jiff::Timestamp;
use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// How long open requests may take to end after a stop was asked for.
const DRAIN: Duration = Duration::from_secs(8);

/// The pause after a connection could not be accepted.
const AFTER_FAULT: Duration = Duration::from_millis(50);

/// What stands at the door: the intake, the limits, the quotas.
pub struct Front {
    intake: Arc<dyn Intake>,
    limits: Limits,
    quotas: Quotas,
    connections: Arc<Semaphore>,
    tls: Option<Arc<Secured>>,
    budget: Budget,
}

impl Front {
    /// A front for this intake.
    pub fn new(intake: Arc<dyn Intake>, limits: Limits, quotas: Quotas) -> Front {
        let connections = Arc::new(Semaphore::new(limits.connections));
        Front { intake, limits, quotas, connections, tls: None, budget: Budget::default() }
    }

    /// The same front behind TLS.
    pub fn over(self, tls: Arc<Secured>) -> Front {
        Front { tls: Some(tls), ..self }
    }

    /// The same front, whose bodies are within this budget.
    pub fn within(self, budget: Budget) -> Front {
        Front { budget, ..self }
    }
}

/// Serves a listener until `stop` resolves; then lets open requests end.
pub async fn serve(front: Arc<Front>, listener: TcpListener, stop: impl Future<Output = ()>) {
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        // A connection beyond the limit waits in the system's backlog until one ends.
        let next = async {
            let permit = Arc::clone(&front.connections).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        // A failed accept (too many open files, say) must not spin.
        let (Ok(permit), Ok((stream, _))) = (permit, accepted) else {
            tokio::time::sleep(AFTER_FAULT).await;
            continue;
        };
        let front = Arc::clone(&front);
        let watcher = graceful.watcher();
        tokio::spawn(async move {
            connection(front, stream, watcher).await;
            drop(permit);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(DRAIN, graceful.shutdown()).await;
}

async fn connection(front: Arc<Front>, stream: TcpStream, watcher: Watcher) {
    let _ = stream.set_nodelay(true);
    let Some(tls) = front.tls.clone() else {
        return requests(front, stream, Vec::new(), watcher).await;
    };
    // Whoever does not get through the handshake has been told why by it.
    let handshake = tokio::time::timeout(front.limits.header_time, tls.accept(stream)).await;
    if let Ok(Ok((stream, names))) = handshake {
        requests(front, stream, names, watcher).await;
    }
}

/// The requests of one connection; `names` are those of the client's certificate.
async fn requests(
    front: Arc<Front>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    names: Vec<CertificateName>,
    watcher: Watcher,
) {
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(front.limits.header_time)
        .max_buf_size(front.limits.headers.max(8_192))
        .half_close(false);
    let names = Arc::new(names);
    let service = service_fn(move |request| {
        let (front, names) = (Arc::clone(&front), Arc::clone(&names));
        async move { Ok::<_, Infallible>(handle(&front, &names, request).await) }
    });
    // Errors here are the peer's: it went away, or sent what is no HTTP; hyper has answered that.
    let _ = watcher.watch(builder.serve_connection(TokioIo::new(stream), service)).await;
}

async fn handle(
    front: &Front,
    names: &[CertificateName],
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let path = request.uri().path();
    let (door, allowed) = match path {
        "/fhir/$process-message" => (Door::Fhir, Method::POST),
        "/messages" => (Door::Messages, Method::POST),
        "/fhir/metadata" => (Door::Fhir, Method::GET),
        _ => return refuse(Ending::NoSuchPath, Syntax::FhirJson),
    };
    if *request.method() != allowed {
        let mut response = refuse(Ending::WrongMethod, Syntax::FhirJson);
        let value = if allowed == Method::GET { "GET" } else { "POST" };
        response.headers_mut().insert(ALLOW, HeaderValue::from_static(value));
        return response;
    }
    if allowed == Method::GET {
        return metadata(front, request.headers());
    }
    match submission(front, names, door, request).await {
        Ok((submission, held)) => {
            let answer = front.intake.submit(submission).await;
            drop(held);
            render(answer)
        }
        Err(refused) => *refused,
    }
}

fn metadata(front: &Front, headers: &HeaderMap) -> Response<Full<Bytes>> {
    let Some(syntax) = negotiate::accept(text(headers, ACCEPT), Syntax::FhirJson) else {
        return refuse(Ending::NotAcceptable, Syntax::FhirJson);
    };
    render(Answer {
        status: 200,
        content_type: Some(receipt::content_type(syntax)),
        body: front.intake.metadata(syntax),
        retry_after: None,
        verdict: false,
        said: None,
    })
}

/// Everything that can be said no to before the message is looked at, in that order.
async fn submission(
    front: &Front,
    names: &[CertificateName],
    door: Door,
    request: Request<Incoming>,
) -> Result<(Submission, Held), Box<Response<Full<Bytes>>>> {
    let no = |ending, syntax| Box::new(refuse(ending, syntax));
    let headers = request.headers();
    let Some(apart) = apart(request.uri().query(), door) else {
        return Err(no(Ending::NotAcceptable, Syntax::FhirJson));
    };
    let Some(party) = authenticate(front, names, headers) else {
        let mut response = no(Ending::NoIdentity, Syntax::FhirJson);
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return Err(response);
    };
    let kind = text(headers, CONTENT_TYPE).unwrap_or_default().to_owned();
    let Some((syntax, charset)) = negotiate::content_type(&kind, door) else {
        return Err(no(Ending::NotTaken, Syntax::FhirJson));
    };
    let Some(answer_in) = negotiate::accept(text(headers, ACCEPT), syntax) else {
        return Err(no(Ending::NotAcceptable, syntax));
    };
    if let Err(seconds) = front.quotas.take(&party) {
        let mut answer = receipt::plain(Ending::OverQuota, answer_in);
        answer.retry_after = Some(seconds);
        return Err(Box::new(render(answer)));
    }
    if text(headers, CONTENT_ENCODING).is_some_and(|v| !v.eq_ignore_ascii_case("identity")) {
        return Err(no(Ending::NotTaken, answer_in));
    }
    if !front.intake.ready() {
        return Err(no(Ending::Overloaded, answer_in));
    }
    let body = body::read(request.into_body(), &front.limits, &front.budget).await;
    let (body, held) = body.map_err(|ending| no(ending, answer_in))?;
    let Some(found) = negotiate::of_content(&kind, syntax, &body) else {
        return Err(no(Ending::NotTaken, answer_in));
    };
    let answer_in = if answer_in == syntax { found } else { answer_in };
    let syntax = found;
    let received = Timestamp::now();
    let submission = Submission { party, syntax, charset, answer_in, apart, body, received };
    Ok((submission, held))
}

/// Whether the receipt is asked for as a message of its own; none: in a way that there is not, such as at an
/// address that the request names.
fn apart(query: Option<&str>, door: Door) -> Option<bool> {
    let mut apart = false;
    for parameter in query.unwrap_or("").split('&').filter(|one| !one.is_empty()) {
        match (parameter.split_once('=').unwrap_or((parameter, "")), door) {
            (("async", "true"), Door::Fhir) => apart = true,
            (("async", "false"), Door::Fhir) => apart = false,
            (("async" | "response-url", _), _) => return None,
            _ => {}
        }
    }
    Some(apart)
}

/// Who it is: by certificate, by token, or by both if they mean the same party.
fn authenticate(
    front: &Front,
    names: &[CertificateName],
    headers: &HeaderMap,
) -> Option<PartyName> {
    let named = front.intake.party_named(names);
    let Some(value) = text(headers, AUTHORIZATION) else { return named };
    let (scheme, token) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let party = front.intake.party_of(token.trim())?;
    (names.is_empty() || named.as_ref() == Some(&party)).then_some(party)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn refuse(ending: Ending, syntax: Syntax) -> Response<Full<Bytes>> {
    render(receipt::plain(ending, syntax))
}

fn render(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Some(kind) = answer.content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    if let Some(seconds) = answer.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
