//! One HTTP request to a receiver, within its limits; no redirects, no retries of its own.

use super::tls::Secure;
use crate::message::Syntax;
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

pub use super::send::{Reply, Sender, Sending, Target};

/// Where to send by HTTP.
#[derive(Clone)]
pub(super) struct Address {
    /// From configuration, never from a message.
    url: Uri,
    /// The `Authorization` header, if the receiver wants one; marked sensitive.
    authorization: Option<HeaderValue>,
    /// The connections by TLS, if that is how it is reached.
    secure: Option<SecureClient>,
}

/// A request of an interface.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// `GET`, `PUT` or `POST`.
    pub method: &'static str,
    /// Below the address; empty: the address itself.
    pub path: &'a str,
    /// Its headers, beside those of who we are and what the body is.
    pub headers: &'a [(&'static str, &'a str)],
    /// JSON.
    pub body: Option<Bytes>,
    /// The most bytes of an answer: of a larger one the status alone is told.
    pub most: usize,
}

type SecureClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

impl Address {
    pub(super) fn new(url: &str, token: Option<&str>) -> Option<Address> {
        let authorization = match token {
            None => None,
            Some(token) => {
                let mut value = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        Some(Address { url: url.parse().ok()?, authorization, secure: None })
    }

    pub(super) fn path(&self) -> &str {
        self.url.path()
    }

    /// The same address, reached by TLS where it says `https`.
    pub(super) fn over(self, secure: &Secure) -> Address {
        let client = client().build(secure.connector(connector()));
        Address { secure: Some(client), ..self }
    }
}

/// A client for all receivers in the clear, with a pool of connections.
#[derive(Clone)]
pub(super) struct Plain(Client<HttpConnector, Full<Bytes>>);

impl Default for Plain {
    fn default() -> Plain {
        Plain(client().build(connector()))
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

impl Plain {
    /// Sends one message and waits for the answer.
    pub(super) async fn send(
        &self,
        target: &Address,
        timeout: Duration,
        sending: Sending,
    ) -> Reply {
        match request(target, sending) {
            Ok(request) => self.exchange(target, timeout, request, MOST_ANSWER).await,
            Err(_) => Reply::Unreachable("bad-request"),
        }
    }

    /// Asks for something below an address, as an interface of requests and JSON wants it.
    pub(super) async fn ask(&self, target: &Address, timeout: Duration, ask: Ask<'_>) -> Reply {
        let base = target.url.to_string();
        let path = match ask.path {
            "" => base,
            path if path.starts_with('?') => base + path,
            path => format!("{}/{path}", base.trim_end_matches('/')),
        };
        let mut builder = Request::builder().method(ask.method).uri(path);
        for (name, value) in ask.headers {
            builder = builder.header(*name, *value);
        }
        if ask.body.is_some() {
            builder = builder.header(CONTENT_TYPE, "application/json");
        }
        if let Some(value) = &target.authorization {
            builder = builder.header(AUTHORIZATION, value.clone());
        }
        match builder.body(Full::new(ask.body.unwrap_or_default())) {
            Ok(request) => self.exchange(target, timeout, request, ask.most).await,
            Err(_) => Reply::Unreachable("bad-request"),
        }
    }

    /// Posts a JSON object that is no message.
    pub(super) async fn post_json(
        &self,
        target: &Address,
        timeout: Duration,
        body: Bytes,
    ) -> Reply {
        let builder = Request::builder().method(Method::POST).uri(&target.url);
        match builder.header(CONTENT_TYPE, "application/json").body(Full::new(body)) {
            Ok(request) => self.exchange(target, timeout, request, MOST_ANSWER).await,
            Err(_) => Reply::Unreachable("bad-request"),
        }
    }

    async fn exchange(
        &self,
        target: &Address,
        timeout: Duration,
        request: Request<Full<Bytes>>,
        most: usize,
    ) -> Reply {
        let exchange = async {
            let answered = match &target.secure {
                Some(client) => client.request(request).await,
                None => self.0.request(request).await,
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
            let body = match Limited::new(body, most).collect().await {
                Ok(body) => body.to_bytes(),
                Err(_) => Bytes::new(),
            };
            Reply::Answer { status, retry_after, content_type, body }
        };
        match tokio::time::timeout(timeout, exchange).await {
            Ok(reply) => reply,
            Err(_) => Reply::Unreachable("timeout"),
        }
    }
}

fn request(target: &Address, sending: Sending) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
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
