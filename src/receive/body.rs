//! Reading a body within its limits.

use super::budget::{Budget, Held};
use super::limits::Limits;
use crate::receipt::Ending;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

use tokio::time::{Instant, timeout};

/// Reads a whole body, which holds its part of the budget; says how it ended when that is not possible.
pub async fn read(
    body: Incoming,
    limits: &Limits,
    budget: &Budget,
) -> Result<(Bytes, Held), Ending> {
    let expected = body.size_hint().lower();
    if expected > limits.body as u64 {
        return Err(Ending::TooLarge);
    }
    let until = Instant::now() + limits.body_time;
    let mut body = body;
    let mut held = Held::default();
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let frame = match timeout(left.min(limits.body_idle), body.frame()).await {
            Err(_) => return Err(Ending::TooSlow),
            Ok(None) => break,
            Ok(Some(Err(_))) => return Err(Ending::NotWellFormed),
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(data) = frame.into_data() else { continue };
        if first.len() + all.len() + data.len() > limits.body {
            return Err(Ending::TooLarge);
        }
        if !budget.cover(&mut held, first.len() + all.len() + data.len()) {
            return Err(Ending::Overloaded);
        }
        // A body that came in one piece is passed on as it is, without a copy.
        if first.is_empty() && all.is_empty() {
            first = data;
        } else {
            if all.is_empty() {
                all.reserve(first.len() + data.len());
                all.extend_from_slice(&std::mem::take(&mut first));
            }
            all.extend_from_slice(&data);
        }
    }
    Ok((if all.is_empty() { first } else { all.freeze() }, held))
}
