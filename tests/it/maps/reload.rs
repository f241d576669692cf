//! Hot reload over the running path: maps and directories are exchanged, wrong ones never become active.

use super::{Site, admission, map};
use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};
use stafett::cli::assemble;
use stafett::engine::Engine;
use stafett::message::{Answer, Intake, KnownAbout, PartyName, Submission, Syntax};
use stafett::ops::Watched;
use stafett::pipeline::{Door, Pipeline, SystemClock};
use stafett::store;
use std::sync::{Arc, Mutex, mpsc};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("maps: a reload exchanges maps, a wrong one stays out", Needs::Nothing, exchanged),
        trial("maps: a message ends on the engine it began with", Needs::Nothing, in_flight),
        trial("maps: an earlier message is read by its conversation", Needs::Nothing, earlier),
        trial("maps: a costly map stops no other message", Needs::Nothing, costly),
    ]
}

struct Node {
    site: Site,
    pipeline: Arc<Pipeline>,
    runtime: tokio::runtime::Runtime,
}

impl Node {
    fn new(site: Site) -> Result<Node, Failed> {
        let engine = site.engine()?;
        let targets = assemble::targets(site.path(), &engine.config)?;
        let data = site.path().join("data");
        let opened = store::open(&data, store::Options::default(), jiff::Timestamp::now())?;
        let pipeline = Pipeline::new(engine, targets, Arc::new(opened), Arc::new(SystemClock));
        let path = site.path().to_owned();
        pipeline.reload_from(Box::new(move || assemble::fresh(&path)));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Node { site, pipeline, runtime })
    }

    fn send(&self, text: &str) -> Answer {
        let submission = Submission {
            party: PartyName("amager-og-hvidovre-hospital".into()),
            syntax: Syntax::FhirJson,
            charset: None,
            answer_in: Syntax::FhirJson,
            apart: false,
            body: text.as_bytes().to_vec().into(),
            received: jiff::Timestamp::now(),
        };
        self.runtime.block_on(Door(Arc::clone(&self.pipeline)).submit(submission))
    }

    /// The text of what was made of the last message.
    fn made(&self, sequence: u64) -> Result<String, Failed> {
        let position = stafett::message::Position { partition: 0, sequence };
        let unit = self.pipeline.store().unit(position)?;
        let output = unit.outputs.first().ok_or_else(|| format!("no output: {:?}", unit.issues))?;
        Ok(String::from_utf8_lossy(&output.bytes).into_owned())
    }

    fn metrics(&self) -> String {
        Door(Arc::clone(&self.pipeline)).metrics().page()
    }
}

/// The admission with ids of this number, in the past.
fn numbered(number: u32) -> Result<String, Failed> {
    let value: serde_json::Value = serde_json::from_str(&admission()?)?;
    let id = |value: &serde_json::Value| value["id"].as_str().unwrap_or_default().to_owned();
    let (envelope, header) = (id(&value), id(&value["entry"][0]["resource"]));
    let new = |n: u32| format!("{number:08x}-0000-4000-8000-00000000000{n}");
    Ok(value.to_string().replace(&header, &new(2)).replace(&envelope, &new(1)))
}

fn implicit(rules: &str) -> String {
    map(&format!("src -> tgt.implicitRules = '{rules}';"), "")
}

fn holds(what: &str, holds: bool) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(what.to_owned().into()) }
}

fn exchanged() -> Result<(), Failed> {
    let node = Node::new(Site::new(&implicit("urn:one"), "")?)?;
    node.send(&numbered(1)?);
    holds("the first map", node.made(1)?.contains("urn:one"))?;

    node.site.write("maps/test.map", &implicit("urn:two").replace("tgt.type", "tgt.tpye"))?;
    let refused = node.pipeline.reload("test");
    holds("refused", !refused.active)?;
    let told = refused.diagnostics.join("\n");
    holds(&told, told.contains("map-unknown-element") && told.contains("test.map:5"))?;
    node.send(&numbered(2)?);
    holds("the old one stays", node.made(2)?.contains("urn:one"))?;

    node.site.write("maps/test.map", &implicit("urn:three"))?;
    let before = node.pipeline.engine().config.hash;
    node.site.write("directory.csv", "name,gln\nTown,9520000000028\n")?;
    let active = node.pipeline.reload("test");
    holds("active", active.active && node.pipeline.engine().config.hash != before)?;
    node.send(&numbered(3)?);
    holds("the new one", node.made(3)?.contains("urn:three"))?;

    let routes = std::fs::read_to_string(node.site.path().join("stafett.toml"))?;
    node.site.write("stafett.toml", &routes.replace("workers = 2", "workers = 3"))?;
    let told = node.pipeline.reload("test").diagnostics.join("\n");
    holds("what needs a start is said", told.contains("workers") && told.contains("next start"))?;
    let page = node.metrics();
    holds("reloads are counted", page.contains("stafett_reloads_total{outcome=\"refused\"} 1"))?;
    holds("and the good ones", page.contains("stafett_reloads_total{outcome=\"active\"} 2"))
}

/// A store's answer is held back until the engine was exchanged: the message still ends on the old one.
fn in_flight() -> Result<(), Failed> {
    struct Pause(Mutex<(mpsc::Sender<()>, mpsc::Receiver<()>)>);
    impl stafett::engine::Stages for &Pause {
        fn ended(&mut self, stage: &'static str) {
            if stage == "route" {
                let pause = self.0.lock().expect("nobody panicked");
                let _ = pause.0.send(());
                let _ = pause.1.recv();
            }
        }
    }
    let node = Node::new(Site::new(&implicit("urn:one"), "")?)?;
    let (at_route, reached) = mpsc::channel();
    let (go, going) = mpsc::channel();
    let pause = Pause(Mutex::new((at_route, going)));
    let engine: Arc<Engine> = node.pipeline.engine();
    let text = numbered(1)?;
    let made = std::thread::scope(|scope| -> Result<String, Failed> {
        let under_way = scope.spawn(|| {
            let mut arena = stafett::engine::Arena::new(&engine);
            let now = jiff::Timestamp::now();
            let incoming = stafett::engine::Incoming {
                party: PartyName("amager-og-hvidovre-hospital".into()),
                syntax: Syntax::FhirJson,
                charset: None,
                bytes: text.as_bytes().to_vec().into(),
                received: now,
                place: None,
            };
            let read = engine.read(incoming, &mut arena, now).ok()?;
            let known = KnownAbout::default();
            let decided = engine.decide(&read, &mut arena, &known, now, &mut &pause);
            let stafett::engine::Outcome::Commit(decided) = decided else { return None };
            let output = decided.unit.outputs.first()?;
            Some(String::from_utf8_lossy(&output.bytes).into_owned())
        });
        reached.recv()?;
        node.site.write("maps/test.map", &implicit("urn:two"))?;
        holds("active", node.pipeline.reload("test").active)?;
        go.send(())?;
        Ok(under_way.join().map_err(|_| "it panicked")?.ok_or("no output")?)
    })?;
    holds("the one that was under way", made.contains("urn:one"))?;
    node.send(&numbered(2)?);
    holds("the one after it", node.made(1)?.contains("urn:two"))
}

/// The second admission of a stay is given the first.
fn earlier() -> Result<(), Failed> {
    let source = "/// earlier.before = 'hospital-notification-message'\n";
    let map = map("before.id as id -> tgt.implicitRules = append('urn:uuid:', id);", "");
    let map = map.replacen(
        "group g(source src : Bundle, ",
        "group g(source src : Bundle, source before : Bundle, ",
        1,
    );
    let node = Node::new(Site::new(&format!("{map}\n"), "")?)?;
    node.send(&numbered(1)?);
    holds("undeclared, it is empty", !node.made(1)?.contains("implicitRules"))?;
    node.site.write("maps/test.map", &format!("{source}{map}"))?;
    let reloaded = node.pipeline.reload("test");
    holds(&reloaded.diagnostics.join("\n"), reloaded.active)?;
    node.send(&numbered(2)?);
    let made = node.made(2)?;
    holds(&made, made.contains("urn:uuid:00000001-0000-4000-8000-000000000001"))?;
    // Another conversation has no earlier message: refused, unless the route goes on without.
    let alone = |number| -> Result<String, Failed> {
        let mut value: serde_json::Value = serde_json::from_str(&numbered(number)?)?;
        for entry in value["entry"].as_array_mut().into_iter().flatten() {
            let resource = &mut entry["resource"];
            if resource["resourceType"] == "Encounter" {
                for episode in
                    resource["episodeOfCare"].as_array_mut().into_iter().flatten().take(1)
                {
                    episode["identifier"]["value"] = "0c0c0c0c-0000-4000-8000-0000000000aa".into();
                }
            }
        }
        Ok(value.to_string())
    };
    let answer = String::from_utf8_lossy(&node.send(&alone(3)?).body).into_owned();
    holds(&answer, answer.contains("message-no-earlier"))?;
    let routes = std::fs::read_to_string(node.site.path().join("routes.toml"))?;
    node.site.write("routes.toml", &format!("{routes}missing_earlier = 'go-on'\n"))?;
    holds("active", node.pipeline.reload("test").active)?;
    node.send(&alone(4)?);
    holds("without", !node.made(4)?.contains("implicitRules"))
}

/// A map that never ends on one message lets others through, and each loss is counted.
fn costly() -> Result<(), Failed> {
    let rules = "src.entry as e then { e.resource : Patient as p \
                 where p.name.family = 'Ærøskov' then down(src, tgt); };";
    let group = "group down(source a : Bundle, target b : BundleOut) { a where a.id.exists() -> b then down(a, b); }";
    let node = Node::new(Site::new(&map(rules, group), "")?)?;
    let bad = numbered(1)?;
    let answer = String::from_utf8_lossy(&node.send(&bad).body).into_owned();
    holds(&answer, answer.contains("map-too-costly"))?;
    let good = numbered(2)?.replace("Ærøskov", "Holm");
    node.send(&good);
    holds("the other goes on", node.made(2)?.contains("Holm"))?;
    let more = numbered(3)?.replace("Ærøskov", "Holm").replacen(
        "\"resourceType\":\"Bundle\"",
        "\"resourceType\":\"Bundle\",\"language\":\"da\"",
        1,
    );
    node.send(&more);
    let page = node.metrics();
    holds(&page, page.contains("stafett_map_values_dropped_total{route=\"mapped\""))
}
