//! What can only be seen over the whole configuration: names that mean nothing or two things, routes that
//! take each other's messages, what may not leave the machine in the clear.
//!
//! Promises: reports all of it. Never: stops at the first.

use super::read::Declared;
use super::value::suggestion;
use super::{At, ClientCertificates, Config, Listener, ListenerKind, Mode, Pause, Preset, Route};
use crate::message::{CertificateName, Diagnostic, Identifier, Origin, PartyName};
use std::collections::BTreeMap;
use std::time::Duration;

/// Checks everything.
pub(super) fn all(config: &Config, declared: &[Declared], found: &mut Vec<Diagnostic>) {
    unique_names(declared, found);
    let names = |section: &'static str| -> Vec<&str> {
        declared.iter().filter(|one| one.section == section).map(|one| &*one.name).collect()
    };
    let parties = Known { what: "party", names: names("party") };
    let endpoints = Known { what: "endpoint", names: names("endpoint") };
    listeners(config, &parties, found);
    limits(config, found);
    for pickup in &config.pickups {
        parties.demand(&pickup.party.value.0, &pickup.party.origin, found);
    }
    for mailbox in &config.mailboxes {
        parties.demand(&mailbox.party.value.0, &mailbox.party.origin, found);
        super::mailbox::reached(mailbox, found);
    }
    parties_and_carriers(config, &parties, &endpoints, found);
    for endpoint in &config.endpoints {
        parties.demand(&endpoint.party.value.0, &endpoint.party.origin, found);
        endpoint_in_the_clear(config, endpoint, found);
        if let Some(named) = &endpoint.envelope {
            let known = config.envelopes.iter().map(|one| &*one.name).collect();
            let envelopes = Known { what: "envelope", names: known };
            envelopes.demand(&named.value.0, &named.origin, found);
        }
    }
    for route in &config.routes {
        route_names(config, route, &parties, &endpoints, found);
        route_times(route, found);
    }
    for (place, route) in config.routes.iter().enumerate() {
        let earlier = config.routes[..place].iter().find(|earlier| takes_all_of(earlier, route));
        if let Some(earlier) = earlier {
            let text = format!(
                "no message reaches the route `{}`: `{}` at {} takes all of them before",
                &*route.name, &*earlier.name, earlier.origin
            );
            let one = Diagnostic::error(route.origin.clone(), "config-unreachable-route", text);
            found.push(one.help("give the earlier one a `when`, or put it last"));
        }
    }
    for organisation in config.directory.organisations() {
        if let Some(party) = &organisation.party {
            parties.demand(&party.0, &organisation.origin, found);
        }
    }
}

struct Known<'a> {
    what: &'static str,
    names: Vec<&'a str>,
}

impl Known<'_> {
    fn demand(&self, name: &str, origin: &Origin, found: &mut Vec<Diagnostic>) -> bool {
        let known = self.names.contains(&name);
        if origin.line == 0 {
            return false;
        }
        if !known {
            let text = format!("no {} is called `{name}`", self.what);
            let one = Diagnostic::error(origin.clone(), "config-unknown-name", text);
            found.push(suggestion(one, name, self.names.iter().copied()));
        }
        known
    }
}

fn unique_names(declared: &[Declared], found: &mut Vec<Diagnostic>) {
    let mut first: BTreeMap<(&str, &str), &Origin> = BTreeMap::new();
    for one in declared {
        match first.get(&(one.section, &*one.name)) {
            None => {
                first.insert((one.section, &one.name), &one.origin);
            }
            Some(origin) => {
                let text = format!("the {} `{}` is already at {origin}", one.section, one.name);
                found.push(Diagnostic::error(one.origin.clone(), "config-duplicate-name", text));
            }
        }
    }
}

fn listeners(config: &Config, parties: &Known<'_>, found: &mut Vec<Diagnostic>) {
    for listener in &config.listeners {
        listener_tls(listener, found);
        listener_mllp(listener, parties, found);
    }
    let fixed = config.listeners.iter().filter(|one| one.address.port != 0);
    let mut seen: BTreeMap<String, &Origin> = BTreeMap::new();
    for listener in fixed {
        let address = listener.address.to_string();
        if let Some(origin) = seen.get(&address) {
            let text = format!("another listener has this address, at {origin}");
            let origin = listener.address.origin.clone();
            found.push(Diagnostic::error(origin, "config-duplicate-address", text));
        }
        seen.insert(address, &listener.address.origin);
    }
    let takes = config.listeners.iter().any(|one| one.kind != ListenerKind::Operations)
        || !config.pickups.is_empty()
        || !config.mailboxes.is_empty();
    if !config.listeners.is_empty() && !takes {
        let text = "no listener takes messages: nothing can come in";
        let origin = config.listeners[0].origin.clone();
        found.push(Diagnostic::warning(origin, "config-no-intake", text));
    }
}

fn limits(config: &Config, found: &mut Vec<Diagnostic>) {
    let limits = &config.limits;
    if limits.buffered.0 < limits.body.0 {
        let text = "`buffered` is less than one body may be";
        found.push(Diagnostic::error(limits.origin.clone(), "config-bad-value", text));
    }
}

fn listener_tls(listener: &Listener, found: &mut Vec<Diagnostic>) {
    let operations = listener.kind == ListenerKind::Operations;
    if !listener.address.is_loopback() && (listener.tls.is_none() || operations) {
        let text = format!("the listener `{}` would speak in the clear", &*listener.name);
        let one = Diagnostic::error(listener.address.origin.clone(), "config-plain-listener", text);
        found.push(match operations {
            true => one.help("operations are for this machine: listen on a loopback address"),
            false => one.help("give it `tls`, or listen on a loopback address"),
        });
    }
    let Some(tls) = &listener.tls else { return };
    if operations {
        let text = "a listener for operations has no TLS: it is for this machine alone";
        found.push(Diagnostic::error(tls.origin.clone(), "config-bad-value", text));
    }
    match (tls.clients, &tls.client_authorities) {
        (ClientCertificates::None, Some(idle)) => {
            let text =
                "`client_authorities` means nothing where no client certificate is asked for";
            found.push(Diagnostic::warning(idle.origin.clone(), "config-idle-key", text));
        }
        (ClientCertificates::Required | ClientCertificates::Optional, None) => {
            let text = "`client_authorities` must say whom clients' certificates are judged by";
            let one = Diagnostic::error(tls.origin.clone(), "config-missing-key", text);
            found.push(one.help("or `clients = \"none\"`, and only bearer tokens count"));
        }
        _ => {}
    }
}

/// Who it is that speaks MLLP must be known: by certificate, or because only this machine can come.
fn listener_mllp(listener: &Listener, parties: &Known<'_>, found: &mut Vec<Diagnostic>) {
    let party = listener.mllp.party.as_ref();
    if let Some(party) = party {
        parties.demand(&party.value.0, &party.origin, found);
    }
    if listener.kind != ListenerKind::Mllp {
        if let Some(party) = party {
            let text = "`mllp` is for a listener of that kind";
            found.push(Diagnostic::error(party.origin.clone(), "config-idle-key", text));
        }
        return;
    }
    let certain =
        listener.tls.as_ref().map(|tls| tls.clients) == Some(ClientCertificates::Required);
    match party {
        Some(party) if certain => {
            let text = "the certificate says who it is: `party` means nothing here";
            found.push(Diagnostic::error(party.origin.clone(), "config-idle-key", text));
        }
        Some(party) if !listener.address.is_loopback() => {
            let text = "whoever can connect would be this party: ask for client certificates";
            found.push(Diagnostic::error(party.origin.clone(), "config-bad-value", text));
        }
        None if !certain => {
            let text = "nobody could say who sends here";
            let one = Diagnostic::error(listener.origin.clone(), "config-missing-key", text);
            found.push(one.help("ask for client certificates, or name the `party` in `mllp`"));
        }
        _ => {}
    }
}

fn receipts(
    config: &Config,
    party: &super::Party,
    to: &At<super::Name>,
    endpoints: &Known<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let known = endpoints.demand(&to.value.0, &to.origin, found);
    let endpoint = config.endpoint(&to.value.0).filter(|_| known);
    if let Some(endpoint) = endpoint.filter(|one| *one.party.value.0 != *party.name) {
        let text = format!("the endpoint `{}` belongs to `{}`", to.value, endpoint.party.value);
        found.push(Diagnostic::error(to.origin.clone(), "config-foreign-endpoint", text));
    }
}

fn parties_and_carriers(
    config: &Config,
    parties: &Known<'_>,
    endpoints: &Known<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let mut owners: BTreeMap<&Identifier, &str> = BTreeMap::new();
    let mut tokens: BTreeMap<[u8; 32], &str> = BTreeMap::new();
    let mut certificates: BTreeMap<&CertificateName, &str> = BTreeMap::new();
    for party in &config.parties {
        for identifier in &party.identifiers {
            if let Some(other) = owners.insert(&identifier.value, &party.name) {
                let text = format!("`{}` belongs to the party `{other}`", identifier.value);
                let origin = identifier.origin.clone();
                found.push(Diagnostic::error(origin, "config-shared-identifier", text));
            }
        }
        for token in &party.tokens {
            if let Some(other) = tokens.insert(token.0, &party.name) {
                let text = format!("the party `{other}` has the same token");
                found.push(Diagnostic::error(token.origin.clone(), "config-shared-token", text));
            }
        }
        for name in &party.certificates {
            if let Some(other) = certificates.insert(&name.value, &party.name) {
                let text = format!("`{}` means the party `{other}`", name.value);
                found.push(Diagnostic::error(
                    name.origin.clone(),
                    "config-shared-certificate",
                    text,
                ));
            }
        }
        for carried in &party.carries {
            parties.demand(&carried.value.0, &carried.origin, found);
            if *carried.value.0 == *party.name {
                let text = "a party is never its own carrier";
                let origin = carried.origin.clone();
                found.push(Diagnostic::error(origin, "config-own-carrier", text));
            }
        }
        if let Some(to) = &party.receipts_to {
            receipts(config, party, to, endpoints, found);
        }
        let mute = party.tokens.is_empty() && party.certificates.is_empty();
        if !party.carries.is_empty() && mute {
            let text = format!(
                "`{}` carries for others but has no token or certificate to come with",
                &*party.name
            );
            found.push(Diagnostic::warning(party.origin.clone(), "config-mute-carrier", text));
        }
    }
}

fn endpoint_in_the_clear(config: &Config, endpoint: &super::Endpoint, found: &mut Vec<Diagnostic>) {
    let origin = endpoint.url.origin.clone();
    if let Some(tls) = &endpoint.tls {
        if !endpoint.url.secure {
            let text = "`tls` means nothing for an address without TLS";
            found.push(Diagnostic::error(tls.origin.clone(), "config-idle-key", text));
        }
        let (own, key) = (tls.certificate.as_ref(), tls.key.as_ref());
        if let (Some(lone), None) | (None, Some(lone)) = (own, key) {
            let text = "`certificate` and `key` go together";
            found.push(Diagnostic::error(lone.origin.clone(), "config-missing-key", text));
        }
    }
    if !endpoint.url.secure && !endpoint.url.is_loopback() {
        let text = "messages would leave this machine in the clear";
        let one = match config.engine.mode {
            Mode::Production => Diagnostic::error(origin, "config-plain-endpoint", text),
            Mode::Test => Diagnostic::warning(origin, "config-plain-endpoint", text),
        };
        found.push(one.help("send over TLS"));
    }
}

fn route_names(
    config: &Config,
    route: &Route,
    parties: &Known<'_>,
    endpoints: &Known<'_>,
    found: &mut Vec<Diagnostic>,
) {
    for sender in route.sender.iter() {
        parties.demand(&sender.value.0, &sender.origin, found);
    }
    let receiver: &At<PartyName> = &route.receiver;
    parties.demand(&receiver.value.0, &receiver.origin, found);
    for to in route.to.iter() {
        if !endpoints.demand(&to.value.0, &to.origin, found) {
            continue;
        }
        let endpoint = config.endpoint(&to.value.0);
        let known = |one: &At<PartyName>| one.origin.line > 0;
        let foreign = |one: &&super::Endpoint| {
            one.party.value != receiver.value && known(&one.party) && known(receiver)
        };
        if let Some(endpoint) = endpoint.filter(foreign) {
            let text = format!(
                "the endpoint `{}` belongs to `{}`, not to the receiver `{}`",
                to.value, endpoint.party.value, receiver.value
            );
            found.push(Diagnostic::error(to.origin.clone(), "config-foreign-endpoint", text));
        }
    }
    if route.map.is_none() {
        let unused = [
            (route.profiles.as_ref().map(|one| &one.origin), "profiles"),
            (route.defaults.values().next().map(|one| &one.origin), "defaults"),
        ];
        for (origin, key) in unused.into_iter().filter_map(|(origin, key)| Some((origin?, key))) {
            let text = format!("`{key}` means nothing without a `map`");
            found.push(Diagnostic::warning(origin.clone(), "config-idle-key", text));
        }
    }
}

fn route_times(route: &Route, found: &mut Vec<Diagnostic>) {
    let plan = route.plan(None);
    let mut bad = |origin: &Origin, text: &str| {
        found.push(Diagnostic::error(origin.clone(), "config-bad-value", text));
    };
    let cap = route.retry.cap.as_ref();
    if let Some(cap) = cap.filter(|cap| cap.value > Duration::from_secs(600)) {
        bad(&cap.origin, "the longest pause between attempts is 10 minutes");
    }
    if let Pause::Doubling { first, cap } = plan.pause
        && first > cap
    {
        bad(&route.retry.origin, "the first pause is longer than the longest");
    }
    if route.retry.every.is_some() && (route.retry.first.is_some() || cap.is_some()) {
        bad(&route.retry.origin, "`every` stands instead of `first` and `cap`, not beside them");
    }
    let mut missing = |text: String| {
        found.push(Diagnostic::error(route.origin.clone(), "config-missing-key", text));
    };
    let name = &*route.name;
    let by_agreement = route.schedule == Preset::EbXml;
    if by_agreement && route.cpa.is_none() {
        missing(format!("the route `{name}` goes by its partner's agreement: `cpa` must name it"));
    }
    let waits = plan.receipt_within.is_some() || by_agreement;
    if route.order == super::LaneOrder::Receipt && !waits {
        missing(format!(
            "lanes of the route `{name}` go on by receipt, so `receipt_within` must say until when"
        ));
    }
    if route.answers == super::Answers::Receiver && !waits {
        missing(format!(
            "on the route `{name}` the receiver answers, so `receipt_within` must say until when"
        ));
    }
}

/// Whether every message that `later` would take is taken by `earlier` already.
fn takes_all_of(earlier: &Route, later: &Route) -> bool {
    let contains = |earlier: &[At<PartyName>], later: &[At<PartyName>]| {
        later.iter().all(|one| earlier.iter().any(|other| other.value == one.value))
    };
    let version = earlier.version.is_empty()
        || (!later.version.is_empty()
            && later.version.iter().all(|one| {
                earlier.version.iter().any(|other| version_matches(&other.value, &one.value))
            }));
    let same = |a: &Option<At<Box<str>>>, b: &Option<At<Box<str>>>| {
        a.as_ref().map(|a| &a.value) == b.as_ref().map(|b| &b.value)
    };
    let whole = !later.sender.is_empty() && !later.event.is_empty();
    whole
        && later.receiver.origin.line > 0
        && (earlier.when.is_none() || same(&earlier.when, &later.when))
        && earlier.receiver.value == later.receiver.value
        && contains(&earlier.sender, &later.sender)
        && later.event.iter().all(|event| earlier.event.contains(event))
        && version
}

/// Whether a version that a route names takes one that a message says: `5.0` takes `5.0` and `5.0.2`.
pub fn version_matches(route: &str, message: &str) -> bool {
    message.strip_prefix(route).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
