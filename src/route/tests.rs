//! Who may send what to whom, over one small configuration.

use super::*;
use crate::config::{self, Config, File};
use crate::message::{Event, Identifier, IdentifierKind, PartyName};
use jiff::civil::{Date, date};
use std::sync::Arc;

const TEXT: &str = r#"
    [engine]
    name = "e"
    [store]
    folder = "data"
    [[party]]
    name = "hospital"
    title = "H"
    identifiers = ["gln:5790000120406", "sor:1"]
    [[party]]
    name = "town"
    title = "T"
    identifiers = ["sor:2"]
    [[party]]
    name = "carrier"
    title = "C"
    tokens = ["af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"]
    carries = ["town"]
    [[endpoint]]
    name = "town-in"
    party = "town"
    url = "http://127.0.0.1:1/"
    syntax = "xml"
    [[endpoint]]
    name = "hospital-in"
    party = "hospital"
    url = "http://127.0.0.1:2/"
    syntax = "fhir-json"
    [[route]]
    name = "first"
    sender = "hospital"
    receiver = "town"
    event = "letter"
    when = "a"
    to = "town-in"
    [[route]]
    name = "second"
    sender = "hospital"
    receiver = "town"
    event = ["letter", "notice"]
    version = ["5.0"]
    to = "town-in"
    [[route]]
    name = "back"
    sender = "town"
    receiver = "hospital"
    event = "answer"
    to = "hospital-in"
"#;

const DIRECTORY: &str = "name,sor,party,from,to\nWard,10,hospital,,2025-12-31\nOffice,20,town,,\n\
                         Stranger,30,,,\n";

const TODAY: Date = date(2026, 1, 1);

fn configuration(text: &str) -> Arc<Config> {
    let file = |name: &str, text: &str| File { name: name.into(), text: text.into() };
    let (config, found) = config::check(&[file("c.toml", text), file("d.csv", DIRECTORY)]);
    assert!(found.is_empty(), "{found:?}");
    Arc::new(config.unwrap())
}

fn sor(value: &str) -> Identifier {
    Identifier::parse(IdentifierKind::Sor, value).unwrap()
}

fn party(name: &str) -> PartyName {
    PartyName(name.into())
}

struct Ask<'a> {
    sender: &'a str,
    receivers: &'a [Identifier],
    event: Option<&'a str>,
    version: Option<&'a str>,
    test: bool,
}

const ASK: Ask<'_> =
    Ask { sender: "hospital", receivers: &[], event: Some("letter"), version: None, test: false };

/// The destination's route, or the id of the issue that refuses.
fn decide(ask: &Ask<'_>, holds: Result<bool, &'static str>) -> String {
    let routes = Routes::new(&configuration(TEXT));
    let event = ask.event.map(|event| Event(event.into()));
    let query = Query {
        sender: &party(ask.sender),
        receivers: ask.receivers,
        receiver_unreadable: false,
        event: event.as_ref(),
        version: ask.version,
        test: ask.test,
        day: TODAY,
    };
    let decision = routes.decide_by(&query, |_| holds);
    match &decision.routed {
        Routed::To(destinations) => {
            let route = destinations[0].route;
            format!("{} {}", &*route.name, &*destinations[0].endpoint.name)
        }
        other => other.kind().unwrap().id.to_owned(),
    }
}

#[test]
fn the_first_route_whose_condition_holds_takes_it() {
    let town = [sor("2")];
    let ask = Ask { receivers: &town, version: Some("5.0.2"), ..ASK };
    assert_eq!(decide(&ask, Ok(true)), "first town-in");
    assert_eq!(decide(&ask, Ok(false)), "second town-in");
    assert_eq!(decide(&ask, Err("why")), "second town-in");
    let other = Ask { version: Some("5.01"), ..ask };
    assert_eq!(decide(&other, Ok(false)), "route-no-condition");
}

#[test]
fn every_refusal_has_its_reason() {
    let (town, hospital) = ([sor("2")], [sor("1")]);
    let refused = |ask: &Ask<'_>| decide(ask, Ok(false));
    assert_eq!(refused(&ASK), "route-no-receiver");
    assert_eq!(refused(&Ask { receivers: &[sor("99")], ..ASK }), "route-unknown-receiver");
    assert_eq!(refused(&Ask { receivers: &[sor("30")], ..ASK }), "route-unknown-receiver");
    assert_eq!(refused(&Ask { receivers: &[sor("1"), sor("2")], ..ASK }), "route-unknown-receiver");
    assert_eq!(refused(&Ask { receivers: &town, event: None, ..ASK }), "route-no-event");
    assert_eq!(refused(&Ask { receivers: &town, event: Some("x"), ..ASK }), "route-unknown-event");
    assert_eq!(refused(&Ask { receivers: &hospital, ..ASK }), "route-not-supported");
    let old = Ask { receivers: &town, event: Some("notice"), version: Some("4.0"), ..ASK };
    assert_eq!(refused(&old), "route-not-supported");
    let own = Ask { receivers: &town, sender: "town", ..ASK };
    assert_eq!(refused(&own), "route-not-allowed");
    assert_eq!(refused(&Ask { receivers: &town, test: true, ..ASK }), "route-test-message");
}

#[test]
fn a_test_engine_takes_test_messages() {
    let text = TEXT.replace("name = \"e\"", "name = \"e\"\nmode = \"test\"");
    let routes = Routes::new(&configuration(&text));
    let (sender, event, town) = (party("hospital"), Event("letter".into()), [sor("2")]);
    let query = Query {
        sender: &sender,
        receivers: &town,
        receiver_unreadable: false,
        event: Some(&event),
        version: None,
        test: true,
        day: TODAY,
    };
    assert!(matches!(routes.decide_by(&query, |_| Ok(true)).routed, Routed::To(_)));
}

#[test]
fn a_party_sends_as_itself_or_as_a_listed_carrier() {
    let routes = Routes::new(&configuration(TEXT));
    let admits = |name: &str, senders: &[Identifier]| routes.admits(&party(name), senders, TODAY);
    assert_eq!(admits("town", &[sor("2")]), Identity::Own);
    assert_eq!(admits("town", &[sor("20")]), Identity::Own);
    assert_eq!(admits("carrier", &[sor("2")]), Identity::Carrier { sender: party("town") });
    assert_eq!(admits("carrier", &[sor("1")]), Identity::Impostor);
    assert_eq!(admits("town", &[sor("1")]), Identity::Impostor);
    assert_eq!(admits("town", &[sor("2"), sor("1")]), Identity::Impostor);
    assert_eq!(admits("town", &[]), Identity::Nobody);
    assert_eq!(admits("town", &[sor("99")]), Identity::Nobody);
}

#[test]
fn a_ward_sends_until_its_last_day() {
    let routes = Routes::new(&configuration(TEXT));
    let on = |day| routes.admits(&party("hospital"), &[sor("10")], day);
    assert_eq!(on(date(2025, 12, 31)), Identity::Own);
    assert_eq!(on(date(2026, 1, 1)), Identity::Nobody);
}
