//! One HTTP GET from an address that configuration names: for packages, by a person's command.
//!
//! Promises: no more bytes than the caller allows, no longer than its time; a redirect is an answer, not an
//! order. Never: runs in an engine, or asks for an address that a message named.

use super::tls::{Material, Secure};
use crate::config::Url;
use crate::message::{Error, ErrorKind};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::header::{ACCEPT, CONTENT_LENGTH, LOCATION, USER_AGENT};
use hyper::{Request, Response, StatusCode, body::Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::time::Duration;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the server may take to begin its answer.
const ANSWER: Duration = Duration::from_secs(60);
/// How long a whole answer may take.
const WHOLE: Duration = Duration::from_secs(300);

type Connector = hyper_rustls::HttpsConnector<HttpConnector>;

/// A client for a registry.
pub struct Fetcher {
    client: Client<Connector, Empty<Bytes>>,
}

impl Fetcher {
    /// A client; it connects when it is first asked. `authorities` are certificates as PEM, those that
    /// servers are judged by; none: those that browsers trust.
    pub fn new(authorities: Option<&[u8]>) -> Result<Fetcher, Error> {
        let mut plain = HttpConnector::new();
        plain.set_nodelay(true);
        plain.set_connect_timeout(Some(CONNECT));
        let secure = Secure::new(Material { authorities, ..Material::default() })?;
        let connector = secure.connector(plain);
        let client =
            Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
        Ok(Fetcher { client })
    }

    /// The body that is at an address; none: there is nothing.
    pub async fn get(
        &self,
        url: &Url,
        accept: &'static str,
        most: usize,
    ) -> Result<Option<Bytes>, Error> {
        let exchange = async {
            let request = Request::get(url.to_string())
                .header(ACCEPT, accept)
                .header(USER_AGENT, concat!("stafett/", env!("CARGO_PKG_VERSION")))
                .body(Empty::new())
                .map_err(|e| fault(url, "cannot be asked for").cause(e))?;
            let answer = tokio::time::timeout(ANSWER, self.client.request(request)).await;
            let response = match answer {
                Ok(Ok(response)) => response,
                Ok(Err(e)) if e.is_connect() => {
                    return Err(fault(url, &format!("no connection: {}", deepest(&e))));
                }
                Ok(Err(e)) => {
                    return Err(fault(url, &format!("the connection was lost: {}", deepest(&e))));
                }
                Err(_) => return Err(fault(url, "no answer in time")),
            };
            body(url, response, most).await
        };
        match tokio::time::timeout(WHOLE, exchange).await {
            Ok(result) => result,
            Err(_) => Err(fault(url, "the answer took too long")),
        }
    }
}

async fn body(
    url: &Url,
    response: Response<Incoming>,
    most: usize,
) -> Result<Option<Bytes>, Error> {
    let (parts, body) = response.into_parts();
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    match parts.status {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(None),
        status if status.is_redirection() => {
            let to = text(LOCATION).unwrap_or("somewhere");
            let what = format!("redirects to {to}, which is not followed: set the address itself");
            return Err(fault(url, &what));
        }
        status => return Err(fault(url, &format!("answers {status}"))),
    }
    let too_much = || {
        let note = format!("{url}: the answer is larger than {most} bytes");
        Error::new(ErrorKind::Limit, note)
    };
    let announced = text(CONTENT_LENGTH).and_then(|value| value.parse::<u64>().ok());
    if announced.is_some_and(|length| length > most as u64) {
        return Err(too_much());
    }
    match Limited::new(body, most).collect().await {
        Ok(whole) => Ok(Some(whole.to_bytes())),
        Err(e) if e.is::<http_body_util::LengthLimitError>() => Err(too_much()),
        Err(_) => Err(fault(url, "the answer broke off")),
    }
}

/// What is at the bottom of an error: why, rather than what.
fn deepest(error: &dyn std::error::Error) -> String {
    let mut at = error;
    while let Some(source) = at.source() {
        at = source;
    }
    at.to_string()
}

fn fault(url: &Url, what: &str) -> Error {
    Error::new(ErrorKind::Transport, format!("{url}: {what}"))
}
