//! Questions to a checked configuration: who is that, where is that.
//!
//! Promises: answers by exact names; whoever presents a token or a certificate is one party or nobody.
//! Never: guesses.

use super::{Config, Endpoint, Party, Route, Schedule, TokenHash};
use crate::message::{CertificateName, PartyName};

impl Config {
    /// The party of that name.
    pub fn party(&self, name: &PartyName) -> Option<&Party> {
        self.parties.iter().find(|party| *party.name == *name.0)
    }

    /// The endpoint of that name.
    pub fn endpoint(&self, name: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| &*endpoint.name == name)
    }

    /// The route of that name.
    pub fn route(&self, name: &str) -> Option<&Route> {
        self.routes.iter().find(|route| &*route.name == name)
    }

    /// The schedule of a route.
    pub fn plan(&self, route: &Route) -> Schedule {
        let agreement = route.cpa.as_ref().and_then(|file| self.agreements.get(&file.value));
        route.plan(agreement)
    }

    /// Sends what is for an endpoint to another port of this machine: for simulations, whose partners
    /// take the ports they get. Says whether there is such an endpoint.
    pub fn redirect(&mut self, endpoint: &str, port: u16) -> bool {
        let found = self.endpoints.iter_mut().find(|one| &*one.name == endpoint);
        found
            .map(|one| {
                one.url.value.host = "127.0.0.1".into();
                one.url.value.port = port;
            })
            .is_some()
    }

    /// The party that presents this bearer token.
    pub fn authenticate(&self, token: &[u8]) -> Option<&Party> {
        let presented = TokenHash::of(token);
        self.parties.iter().find(|party| party.tokens.iter().any(|own| own.is(&presented)))
    }

    /// The party that one of these names means; none where they mean two.
    pub fn named(&self, names: &[CertificateName]) -> Option<&Party> {
        let means = |party: &&Party| party.certificates.iter().any(|own| names.contains(own));
        let mut meant = self.parties.iter().filter(means);
        meant.next().filter(|_| meant.next().is_none())
    }
}
