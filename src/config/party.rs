//! Who takes part: parties with their identifiers and tokens, and the endpoints they are reached at.
//!
//! Promises: identifiers have their check digits. Never: holds a secret; a token is known by its hash only.

use super::address::Url;
use super::read::{Field, Reader, section, words};
use super::site::Quota;
use super::tls::EndpointTls;
use super::value::{At, Name, OwnName, parsed};
use crate::message::{CertificateName, Identifier, PartyName, Syntax};
use std::time::Duration;
use toml::Spanned;
use toml::de::DeValue;

/// The BLAKE3 hash of a bearer token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// The hash of a token as it is presented.
    pub fn of(token: &[u8]) -> TokenHash {
        TokenHash(*blake3::hash(token).as_bytes())
    }

    /// Whether this is the hash of a presented token; takes the same time for every wrong one.
    pub fn is(&self, presented: &TokenHash) -> bool {
        blake3::Hash::from_bytes(presented.0) == blake3::Hash::from_bytes(self.0)
    }

    /// Whether a presented token has this hash.
    pub fn admits(&self, token: &[u8]) -> bool {
        self.is(&TokenHash::of(token))
    }
}

impl Field for TokenHash {
    fn read(value: &Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<TokenHash> {
        parsed(value, reader, "a BLAKE3 hash of 64 hexadecimal digits", |text| {
            let hash = (text.len() == 64).then(|| blake3::Hash::from_hex(text).ok()).flatten();
            match hash {
                Some(hash) => Ok(TokenHash(*hash.as_bytes())),
                None => Err("expected the token's BLAKE3 hash, 64 hexadecimal digits, \
                             and never the token itself"),
            }
        })
    }

    fn form() -> String {
        "a BLAKE3 hash of 64 hexadecimal digits".to_owned()
    }
}

words! {
    /// Whether a party answers messages with receipts.
    Acknowledges {
        /// every message; a missing receipt is overdue.
        All = "all",
        /// only some; a missing receipt is no alarm.
        Some = "some",
        /// never; none is waited for.
        None = "none",
    }
}

section! {
    /// A party: a sender, a receiver, or a carrier that hands in messages of others.
    Party as "party" {
        /// The party's name everywhere in the configuration, in logs and in metrics.
        name: OwnName,
        /// What people call it.
        title: Box<str>,
        /// The identifiers it is addressed by and sends as: `kind:value`. No two parties share one. Those of
        /// its departments may stand in the directory instead.
        identifiers: Vec<At<Identifier>>,
        /// BLAKE3 hashes of the bearer tokens it may present; two while one replaces the other. Without any token or
        /// certificate it cannot hand in messages itself.
        tokens: Vec<At<TokenHash>>,
        /// Names in the client certificates that it may show. No two parties share one.
        certificates: Vec<At<CertificateName>>,
        /// The parties whose messages it may hand in as their carrier.
        carries: Vec<At<PartyName>>,
        /// The endpoint of its own that takes the receipts for its messages when it asks for them apart (`async=true`).
        /// Not set: its only endpoint. Where there is none, the receipt is in the answer.
        receipts_to: Option<At<Name>>,
        /// Whether it answers messages with receipts.
        acknowledges: Acknowledges = "'all'",
        /// Its own quota instead of the one in `limits`.
        quota: Option<Quota>,
    }
}

words! {
    /// How an endpoint wants its messages.
    EndpointSyntax {
        /// FHIR JSON, `application/fhir+json`.
        FhirJson = "fhir-json",
        /// FHIR XML, `application/fhir+xml`.
        FhirXml = "fhir-xml",
        /// XML of a logical model, such as OIOXML.
        Xml = "xml",
        /// HL7 v2 in its delimited form, `x-application/hl7-v2+er7`.
        Hl7v2 = "hl7v2",
        /// EDIFACT, `application/edifact`.
        Edifact = "edifact",
    }
}

impl EndpointSyntax {
    /// The syntax of a message, as an endpoint names it.
    pub fn of(syntax: Syntax) -> EndpointSyntax {
        match syntax {
            Syntax::FhirJson => EndpointSyntax::FhirJson,
            Syntax::FhirXml => EndpointSyntax::FhirXml,
            Syntax::Xml => EndpointSyntax::Xml,
            Syntax::Hl7v2 => EndpointSyntax::Hl7v2,
            Syntax::Edifact => EndpointSyntax::Edifact,
        }
    }
}

words! {
    /// What is spoken over HTTP at an endpoint.
    EndpointInterface {
        /// the message is posted as it is.
        Messages = "messages",
        /// NHN's message interface (MSH API 2): the URL is the one that messages are posted to.
        Nhn = "nhn",
    }
}

words! {
    /// The characters of an XML message.
    EndpointCharset {
        /// UTF-8.
        Utf8 = "utf-8",
        /// ISO-8859-1; a character it does not have is written as a numeric entity.
        Latin1 = "iso-8859-1",
        /// windows-1252; a character it does not have is written as a numeric entity.
        Windows1252 = "windows-1252",
    }
}

section! {
    /// An address that messages are delivered to.
    Endpoint as "endpoint" {
        /// The endpoint's name, which routes use.
        name: OwnName,
        /// The party that is reached there.
        party: At<PartyName>,
        /// Where to send: `http:` and `https:` post there, `mllp:` and `mllps:` (host and port) speak MLLP, `folder:PATH` puts
        /// a file into a folder that is there, from the configuration's folder. Without TLS only to
        /// this machine, unless the engine is in test mode.
        url: At<Url>,
        /// How the party wants its messages.
        syntax: EndpointSyntax,
        /// The characters of an `xml` message.
        charset: EndpointCharset = "'utf-8'",
        /// The envelope that its messages and their receipts travel in: `vans-envelope-1.0.4`, or one of `[[envelope]]`. Not
        /// set: none.
        envelope: Option<At<Name>>,
        /// What is spoken over HTTP there.
        interface: EndpointInterface = "'messages'",
        /// A file whose content is sent as bearer token; from the configuration's folder, and kept out of it.
        token_file: Option<At<Box<str>>>,
        /// How it is reached by TLS. Not set: its certificate is judged by the authorities that browsers trust, and none of
        /// ours is shown.
        tls: Option<EndpointTls>,
        /// How long an attempt may take, from connecting to the answer's last byte.
        timeout: Duration = "'30 s'",
        /// How many messages are on their way at once.
        connections: u32 = "4",
        /// How many messages a second at most, when many wait. Not set: as fast as it takes them.
        per_second: Option<u32>,
    }
}
