//! NHN's message interface (MSH API 2) as a sender: a message is posted, and its transport asked about.
//!
//! The interface's own names stand here: it is one server's interface, and no format of messages. Promises: what was
//! created there counts as sent unless the server says that its transport was refused. Never: posts twice by itself.

use super::http::{Address, Ask, MOST_ANSWER, Plain};
use super::send::{Reply, Sending};
use crate::message::{AttemptOutcome, FaultOf};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use std::time::Duration;
use uuid::Uuid;

/// What every request says.
pub const HEADERS: [(&str, &str); 2] =
    [("api-version", "2"), ("nhn-source-system", concat!("stafett, ", env!("CARGO_PKG_VERSION")))];

/// How a message's transport stands, for one of its receivers.
#[derive(Deserialize)]
struct Status {
    #[serde(rename = "transportDeliveryState")]
    state: Box<str>,
}

/// Posts a message; the target's address is the one that messages are posted to.
pub(super) async fn send(
    http: &Plain,
    target: &Address,
    timeout: Duration,
    sending: Sending,
) -> Reply {
    let document = STANDARD.encode(&sending.bytes);
    let body = format!(
        "{{\"businessDocument\":\"{document}\",\"contentType\":\"application/xml\",\
         \"contentTransferEncoding\":\"base64\"}}"
    );
    let ask = |method, path, body| Ask { method, path, headers: &HEADERS, body, most: MOST_ANSWER };
    let reply = http.ask(target, timeout, ask("POST", "", Some(Bytes::from(body)))).await;
    let Reply::Answer { status: 200..300, body, .. } = &reply else { return reply };
    let sent = || Reply::Judged(AttemptOutcome::Sent { receipt: None });
    let Some(id) = id(body) else { return sent() };
    // What is not known yet will be told by a receipt, or by its absence.
    let path = format!("{id}/status");
    let said = http.ask(target, timeout, ask("GET", &path, None)).await;
    let Reply::Answer { status: 200, body, .. } = said else { return sent() };
    let states: Vec<Status> = serde_json::from_slice(&body).unwrap_or_default();
    match !states.is_empty() && states.iter().all(|one| &*one.state == "Rejected") {
        true => Reply::Judged(AttemptOutcome::Final {
            reason: "transport-rejected".into(),
            fault: FaultOf::Receiver,
        }),
        false => sent(),
    }
}

/// The id that the server gave it: a JSON string.
fn id(body: &[u8]) -> Option<Uuid> {
    let text: String = serde_json::from_slice(body).ok()?;
    Uuid::parse_str(&text).ok()
}
