//! What a partner's agreement (ebXML CPA 2.0) says about trying again.
//!
//! Promises: count, interval and duration are the sender's bindings' and agree with each other, or there is
//! an error that says what does not. Never: looks at certificates, roles or addresses.

use crate::config::Agreement;
use crate::format::{self, charset};
use crate::message::{Error, ErrorKind};
use crate::tree::{NodeId, Tree};
use bytes::Bytes;
use jiff::{Span, SpanRelativeTo};
use std::sync::Arc;
use std::time::Duration;

/// Reads an agreement.
pub fn read(bytes: &Bytes) -> Result<Agreement, Error> {
    let fault = |why: &str| Error::new(ErrorKind::Configuration, format!("the agreement {why}"));
    let text = charset::decode(bytes, None, true).map_err(|_| fault("cannot be decoded"))?.text;
    let mut tree = Tree::new(Arc::default());
    let mut issues = Vec::new();
    if !format::xml::read(text, &mut tree, &mut issues) {
        return Err(fault("is no well-formed XML"));
    }
    let root = tree.root().ok_or_else(|| fault("is empty"))?;
    let mut found: Option<Agreement> = None;
    let mut bindings = Vec::new();
    below(&tree, root, "ebXMLSenderBinding", &mut bindings);
    for binding in bindings {
        let Some(reliable) = tree.child(binding, "ReliableMessaging") else { continue };
        let text = |of: NodeId, name: &str| -> Option<String> {
            tree.child(of, name).and_then(|node| tree.text(node)).map(|t| t.trim().to_owned())
        };
        let retries = text(reliable, "Retries").and_then(|text| text.parse().ok());
        let interval = text(reliable, "RetryInterval").and_then(|text| duration(&text));
        let persist = text(binding, "PersistDuration").and_then(|text| duration(&text));
        let (Some(retries), Some(interval), Some(persist)) = (retries, interval, persist) else {
            let why = "has a sender's binding without Retries, RetryInterval or PersistDuration";
            return Err(fault(why));
        };
        let one = Agreement { retries, interval, persist };
        if found.is_some_and(|other| other != one) {
            return Err(fault(
                "has sender's bindings that differ: set `retry` and `resend` instead",
            ));
        }
        found = Some(one);
    }
    found.ok_or_else(|| fault("says nothing about reliable messaging"))
}

fn below(tree: &Tree, node: NodeId, name: &str, found: &mut Vec<NodeId>) {
    for child in tree.children(node) {
        if tree.name_text(tree.node(child).name) == name {
            found.push(child);
        }
        below(tree, child, name, found);
    }
}

/// A duration of XML Schema; a day has 24 hours, months and years have no fixed length and are refused.
fn duration(text: &str) -> Option<Duration> {
    let span: Span = text.parse().ok()?;
    let long = span.get_years() != 0 || span.get_months() != 0;
    let whole = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    Duration::try_from(whole).ok().filter(|whole| !long && !whole.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreement(inside: &str) -> Result<Agreement, Error> {
        let text = format!("<C xmlns='urn:x'><D>{inside}</D></C>");
        read(&Bytes::from(text))
    }

    fn binding(retries: &str, interval: &str, persist: &str) -> String {
        format!(
            "<ebXMLSenderBinding><ReliableMessaging><Retries>{retries}</Retries>\
             <RetryInterval>{interval}</RetryInterval></ReliableMessaging>\
             <PersistDuration>{persist}</PersistDuration></ebXMLSenderBinding>"
        )
    }

    #[test]
    fn bindings_that_agree_are_one() {
        let one = binding("3", "PT2H", "P1DT1H");
        let read = agreement(&format!("{one}<x>{one}</x>")).unwrap();
        let hours = |n: u64| Duration::from_secs(n * 3600);
        assert_eq!(read, Agreement { retries: 3, interval: hours(2), persist: hours(25) });
    }

    #[test]
    fn what_is_not_clear_is_an_error() {
        for inside in [
            String::new(),
            binding("3", "PT2H", "P1D") + &binding("4", "PT2H", "P1D"),
            binding("3", "P1M", "P1D"),
            binding("3", "PT0S", "P1D"),
            binding("-1", "PT2H", "P1D"),
        ] {
            assert!(agreement(&inside).is_err(), "{inside}");
        }
    }
}
