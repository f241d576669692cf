//! Mailboxes as the pipeline has them: asked by the client that deliveries go out by.
//!
//! Promises: a reload's token and certificates hold from the next request on. Never: two fetchers for one mailbox.

use super::{Door, Pipeline};
use crate::config::Mailbox;
use crate::deliver::{Ask, Reply, Sender, nhn::HEADERS};
use crate::receive::nhn::{Front, Request, Said, Service};
use crate::receive::{Limits, Quotas};
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

/// What a mailbox's target is called among those of endpoints.
pub fn mailbox(name: &str) -> String {
    format!("mailbox/{name}")
}

/// Carries requests to a mailbox's address.
struct Post {
    pipeline: Arc<Pipeline>,
    name: Box<str>,
    sender: Sender,
}

impl Service for Post {
    fn ask(&self, request: Request) -> Pin<Box<dyn Future<Output = Said> + Send + '_>> {
        Box::pin(async move {
            let target = self.pipeline.force.load().targets.get(&self.name)?.0.clone();
            let Request { method, path, body, most } = request;
            let ask = Ask { method, path: &path, headers: &HEADERS, body, most };
            match self.sender.ask(&target, ask).await {
                Reply::Answer { status, body, .. } => Some((status, body)),
                _ => None,
            }
        })
    }
}

/// What fetches from a mailbox.
pub(super) fn front(
    pipeline: &Arc<Pipeline>,
    own: &Mailbox,
    (limits, quotas): (Limits, Quotas),
    base: &Path,
) -> Front {
    Front {
        intake: Arc::new(Door(Arc::clone(pipeline))),
        service: Box::new(Post {
            pipeline: Arc::clone(pipeline),
            name: mailbox(&own.name).into(),
            sender: Sender::default(),
        }),
        limits,
        quotas,
        party: own.party.value.clone(),
        receivers: own.receivers.clone(),
        at_once: own.at_once.clamp(1, 100),
        every: own.every,
        quarantine: base.join(&*own.quarantine.value),
        receipts: own.receipts,
        error_code: own.error_code.clone(),
        paths: own.paths.clone(),
    }
}
