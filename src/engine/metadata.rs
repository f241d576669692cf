//! What this engine can do, as a FHIR CapabilityStatement (R4, messaging).

use super::Engine;
use crate::config::Mode;
use crate::message::Syntax;
use bytes::Bytes;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fmt::Write;

impl Engine {
    /// The CapabilityStatement: formats, and for how long a message that comes again is recognised
    /// (`messaging.reliableCache`, in minutes).
    pub fn metadata(&self, syntax: Syntax, now: Timestamp) -> Bytes {
        let minutes = self.config.store.remember_duplicates.as_secs() / 60;
        let days = minutes / 60 / 24;
        let events: BTreeSet<&str> =
            self.config.routes.iter().flat_map(|r| r.event.iter()).map(|e| &*e.0).collect();
        let mode = match self.config.engine.mode {
            Mode::Production => "production",
            Mode::Test => "test",
        };
        let mut said = format!(
            "Messages of a known id are recognised as duplicates for {days} days. Mode: {mode}. Events:"
        );
        for event in events {
            let _ = write!(said, " {event}");
        }
        let json = format!(
            "{{\"resourceType\":\"CapabilityStatement\",\"status\":\"active\",\"date\":\"{date}\",\
             \"kind\":\"instance\",\"software\":{{\"name\":\"stafett\",\"version\":\"{version}\"}},\
             \"implementation\":{{\"description\":{name}}},\"fhirVersion\":\"4.0.1\",\
             \"format\":[\"application/fhir+json\",\"application/fhir+xml\"],\
             \"messaging\":[{{\"reliableCache\":{minutes},\"documentation\":{said}}}]}}",
            date = now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            version = env!("CARGO_PKG_VERSION"),
            name = serde_json::to_string(&*self.config.engine.name.0).unwrap_or_default(),
            said = serde_json::to_string(&said).unwrap_or_default(),
        );
        match syntax {
            Syntax::FhirJson => Bytes::from(json),
            _ => self.as_xml(json),
        }
    }
}
