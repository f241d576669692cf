//! Mailboxes: message servers that are asked for messages, as NHN's is.
//!
//! Never: a secret; the token is in a file of its own.

use super::address::{Scheme, Url};
use super::read::{section, words};
use super::tls::EndpointTls;
use super::value::{At, OwnName};
use crate::message::{Diagnostic, PartyName};
use std::time::Duration;

words! {
    /// Which application receipts the engine sends by itself.
    MailboxReceipts {
        /// one for every message that its own word counts for.
        All = "all",
        /// only for what is refused.
        Refused = "refused",
        /// none.
        None = "none",
    }
}

section! {
    /// Where the interface has what. `{id}` is the message's, `{receiver}` the HER-id that it is for, `{receivers}` all of the
    /// mailbox, as the list's parameters, `{count}` how many are asked for.
    MailboxPaths as "mailbox paths" {
        /// The list of what is unread (`GET`).
        list: Box<str> = "'?{receivers}&IncludeMetadata=true&MessagesToFetch={count}&OrderBy=1'",
        /// A message's document (`GET`).
        document: Box<str> = "'{id}/business-document'",
        /// Where it is marked as read (`PUT`).
        read: Box<str> = "'{id}/read/{receiver}'",
        /// Where its application receipt goes (`POST`).
        receipt: Box<str> = "'{id}/apprec/{receiver}'",
    }
}

section! {
    /// A mailbox at NHN's message interface (MSH API 2), that messages are fetched from. A message is marked as read
    /// when it is on disk here and its application receipt is taken there, never before.
    Mailbox as "mailbox" {
        /// The mailbox's name in logs.
        name: OwnName,
        /// The interface's address: `https://api.example/Messages`.
        url: At<Url>,
        /// The party that hands in what is fetched: the carrier of those who send.
        party: At<PartyName>,
        /// The HER-ids whose messages are fetched.
        receivers: Vec<u32>,
        /// A file whose content is sent as bearer token; from the configuration's folder, and kept out of it.
        token_file: Option<At<Box<str>>>,
        /// How it is reached by TLS, as for endpoints.
        tls: Option<EndpointTls>,
        /// How long a request may take.
        timeout: Duration = "'30 s'",
        /// How often it is asked, when there was nothing.
        every: Duration = "'10 s'",
        /// How many messages are asked for at once; the interface allows 1 to 100.
        at_once: u32 = "10",
        /// The folder for documents that cannot be read, from the configuration's folder. Their servers are told that they
        /// are refused, and they are marked as read.
        quarantine: At<Box<str>>,
        /// Which application receipts the engine sends by itself.
        receipts: MailboxReceipts = "'all'",
        /// The error code (code list 8221) of a receipt that refuses; the issues themselves are in the ledger.
        error_code: Box<str> = "'T99'",
        /// Where the interface has what, where that differs.
        paths: MailboxPaths = "{}",
    }
}

/// Finds a mailbox that cannot be reached, or would be in the clear.
pub(super) fn reached(mailbox: &Mailbox, found: &mut Vec<Diagnostic>) {
    let url = &mailbox.url;
    let mut error = |kind, text| found.push(Diagnostic::error(url.origin.clone(), kind, text));
    if url.scheme != Scheme::Http {
        error("config-bad-value", "a mailbox is reached by http: or https:");
    }
    if !url.secure && !url.is_loopback() {
        error("config-plain-endpoint", "a mailbox in the clear is on this machine alone");
    }
}
