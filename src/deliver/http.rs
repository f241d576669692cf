//! One HTTP request to a receiver, within its limits; no redirects, no retries of its own.

use super::tls::Secure;
use crate::message::{DeliveryId, MessageId, Syntax};
use crate::receipt;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, Uri};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Builder, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::time::Duration;

/// The most bytes of an answer that are read: a receipt is small.
pub const MOST_ANSWER: usize = 1_000_000;

/// Where and how to send.
#[derive(Clone, Debug)]
pub struct Target {
    /// The address; from configuration, never from a message.
    pub url: Uri,
    /// The `Authorization` header, if the receiver wants one; marked sensitive.
    pub authorization: Option<HeaderValue>,
    /// For the whole exchange.
    pub timeout: Duration,
    /// The connections by TLS, if that is how it is reached.
    secure: Option<SecureClient>,
}

type SecureClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

impl Target {
    /// A target at this address; `token` is sent as bearer token. None: the address or the token cannot
    /// stand in a request.
    pub fn new(url: &str, token: Option<&str>, timeout: Duration) -> Option<Target> {
        let authorization = match token {
            None => None,
            Some(token) => {
                let mut value = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        Some(Target { url: url.parse().ok()?, authorization, timeout, secure: None })
    }

    /// The same target, reached by TLS where its address says `https`.
    pub fn over(self, secure: &Secure) -> Target {
        let client = client().build(secure.connector(connector()));
        Target { secure: Some(client), ..self }
    }
}

/// What is sent.
#[derive(Clone, Debug)]
pub struct Sending {
    /// The delivery; with the message's id it makes the idempotency key, constant over retries.
    pub delivery: DeliveryId,
    /// The message's id as the receiver sees it.
    pub message: MessageId,
    /// Its syntax.
    pub syntax: Syntax,
    /// Its bytes.
    pub bytes: Bytes,
    /// Whether an earlier attempt may have reached the receiver.
    pub possible_duplicate: bool,
}

/// What came back.
#[derive(Clone, Debug)]
pub enum Reply {
    /// An HTTP answer.
    Answer {
        /// Its status.
        status: u16,
        /// Its `Retry-After`, where it was a number of seconds.
        retry_after: Option<u32>,
        /// Its content type.
        content_type: Option<Box<str>>,
        /// Its body.
        body: Bytes,
    },
    /// None: a code for people.
    Unreachable(&'static str),
}

/// A client for all receivers, with a pool of connections.
#[derive(Clone)]
pub struct Sender {
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Default for Sender {
    fn default() -> Sender {
        Sender { client: client().build(connector()) }
    }
}

fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(Duration::from_secs(5)));
    connector
}

fn client() -> Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    builder
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(30))
        // A request that was cut off is ours to repeat, flagged; not the pool's, silently.
        .retry_canceled_requests(false);
    builder
}

impl Sender {
    /// Sends one message and waits for the answer.
    pub async fn send(&self, target: &Target, sending: Sending) -> Reply {
        let Ok(request) = request(target, sending) else {
            return Reply::Unreachable("bad-request");
        };
        let exchange = async {
            let answered = match &target.secure {
                Some(client) => client.request(request).await,
                None => self.client.request(request).await,
            };
            let response = match answered {
                Ok(response) => response,
                Err(error) if error.is_connect() => return Reply::Unreachable("connect"),
                Err(_) => return Reply::Unreachable("connection-lost"),
            };
            let (parts, body) = response.into_parts();
            let text = |name| parts.headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok());
            let status = parts.status.as_u16();
            let retry_after = text(RETRY_AFTER).and_then(|v| v.trim().parse().ok());
            let content_type = text(CONTENT_TYPE).map(Into::into);
            // What is longer than any receipt is no receipt; the status alone then decides.
            let body = match Limited::new(body, MOST_ANSWER).collect().await {
                Ok(body) => body.to_bytes(),
                Err(_) => Bytes::new(),
            };
            Reply::Answer { status, retry_after, content_type, body }
        };
        match tokio::time::timeout(target.timeout, exchange).await {
            Ok(reply) => reply,
            Err(_) => Reply::Unreachable("timeout"),
        }
    }
}

fn request(target: &Target, sending: Sending) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let accept = match sending.syntax {
        Syntax::FhirJson => "application/fhir+json",
        Syntax::FhirXml => "application/fhir+xml",
        Syntax::Xml => "application/xml, application/fhir+xml, application/fhir+json;q=0.9",
        Syntax::Hl7v2 => "x-application/hl7-v2+er7, application/fhir+json;q=0.9",
        Syntax::Edifact => "application/edifact, application/fhir+json;q=0.9",
    };
    let mut builder = Request::builder()
        .method(Method::POST)
        .uri(&target.url)
        .header(CONTENT_TYPE, receipt::content_type(sending.syntax))
        .header(ACCEPT, accept)
        .header("idempotency-key", sending.message.0.as_ref());
    if sending.possible_duplicate {
        builder = builder.header("possible-duplicate", "true");
    }
    if let Some(value) = &target.authorization {
        builder = builder.header(AUTHORIZATION, value.clone());
    }
    builder.body(Full::new(sending.bytes))
}
