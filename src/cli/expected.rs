//! `expected.toml` of a network: what its simulated partners do, and what must become of each message.
//!
//! Promises: an unknown key is an error, so that no expectation is skipped by a slip of the pen.
//! Never: read by an engine that runs; it belongs to simulations.

use crate::config::EndpointSyntax;
use crate::message::{Error, ErrorKind, PartyName, ReceiptCode};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::path::Path;

/// The file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The simulated partners.
    #[serde(rename = "partner")]
    pub partners: Vec<Partner>,
    /// The messages, in the order they are sent.
    #[serde(rename = "message")]
    pub messages: Vec<Message>,
}

/// A simulated partner.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partner {
    /// Whom it plays.
    pub party: PartyName,
    /// The endpoint whose port it takes over.
    pub endpoint: Box<str>,
    /// What it answers.
    pub answers: PartnerAnswers,
    /// How many attempts it answers with 503 before it is up.
    #[serde(default)]
    pub down_at_first: u32,
}

/// What a simulated partner answers when it is up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartnerAnswers {
    /// A FHIR acknowledgement with `ok`.
    Acknowledgement,
    /// HTTP 200 without a body.
    Nothing,
}

/// A message and what must become of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// What the table calls it.
    pub name: Box<str>,
    /// The file that holds it, from the network's folder.
    pub file: Box<str>,
    /// The party whose token it is sent with.
    pub from: PartyName,
    /// How it is declared.
    pub content_type: Box<str>,
    /// What the sender is answered.
    pub expect: Answer,
    /// Where it is delivered to; none: nowhere.
    pub delivery: Option<Delivery>,
}

/// What the sender of a message must be answered.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The verdict, if one is written.
    pub verdict: Option<ExpectedVerdict>,
    /// The code of the acknowledgement in the answer.
    pub receipt: Option<ReceiptCode>,
    /// The id of an issue that the answer tells.
    pub issue: Option<Box<str>>,
    /// Whether the verdict is that of an earlier message.
    #[serde(default)]
    pub duplicate: bool,
}

/// A verdict, as the file spells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpectedVerdict {
    /// Accepted.
    Accepted,
    /// Refused.
    Refused,
}

/// A delivery that must happen.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// The endpoint.
    pub to: Box<str>,
    /// After how many attempts.
    pub attempts: u32,
    /// The map that translated it.
    pub map: Option<Box<str>>,
    /// The syntax that it arrives in; none: as it was sent.
    #[serde(default, deserialize_with = "syntax")]
    pub syntax: Option<EndpointSyntax>,
    /// What its receiver says about it.
    pub receipt: Option<ReceiptCode>,
}

fn syntax<'de, D: Deserializer<'de>>(from: D) -> Result<Option<EndpointSyntax>, D::Error> {
    let word = String::deserialize(from)?;
    let fhir = [EndpointSyntax::FhirJson, EndpointSyntax::FhirXml];
    let others = [EndpointSyntax::Xml, EndpointSyntax::Hl7v2, EndpointSyntax::Edifact];
    let found = fhir.into_iter().chain(others).find(|one| one.word() == word);
    found.map(Some).ok_or_else(|| serde::de::Error::custom(format!("`{word}` is no syntax")))
}

/// Reads the expectations of a network's folder.
pub fn expected(folder: &Path) -> Result<Expected, Error> {
    toml_file(&folder.join("expected.toml"))
}

/// Reads the plain tokens of a network's simulated parties.
pub fn test_tokens(folder: &Path) -> Result<BTreeMap<PartyName, Box<str>>, Error> {
    toml_file(&folder.join("test-tokens.toml"))
}

fn toml_file<T: serde::de::DeserializeOwned>(file: &Path) -> Result<T, Error> {
    let fault =
        |what: String| Error::new(ErrorKind::Configuration, format!("{}: {what}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| fault(error.to_string()))?;
    toml::from_str(&text).map_err(|error| fault(error.to_string()))
}
