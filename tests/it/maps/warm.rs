//! A warm translation allocates next to nothing.

use crate::support::{Needs, root, trial};
use bytestring::ByteString;
use libtest_mimic::{Failed, Trial};
use stafett::cli::assemble;
use stafett::definitions::typing::type_tree;
use stafett::engine::World;
use stafett::format::charset::Charset;
use stafett::format::{fhir_json, xml};
use stafett::mapping::{self, IdSeed, Inputs, Limits, Memory};
use stafett::tree::{NodeId, Tree};

/// The most heap allocations of reading, mapping and writing one message.
const MOST: u64 = 20;

pub fn trials() -> Vec<Trial> {
    vec![trial("maps: a warm translation makes at most 20 allocations", Needs::Nothing, few)]
}

fn few() -> Result<(), Failed> {
    let network = root().join(super::NETWORK);
    let engine = assemble::assemble(&network)?.engine.ok_or("the network has errors")?;
    let route = engine.config.route("care-to-koebenhavn").ok_or("no such route")?;
    let map = route.map.as_ref().ok_or("no map")?;
    let plan = engine.plans.find(&map.value).ok_or("no plan")?;
    let file = network.join("messages/care-communication-to-koebenhavn.json");
    let text = ByteString::from(std::fs::read_to_string(file)?);
    let (names, table) = (engine.library.names(), engine.library.table());
    let (mut source, mut target) = (Tree::new(names.clone()), Tree::new(names.clone()));
    let (mut issues, mut memory, mut out) = (Vec::new(), Memory::new(), Vec::new());
    let now: jiff::Timestamp = "2027-01-01T12:00:00Z".parse()?;
    let mut once = || {
        source.reset(names);
        issues.clear();
        out.clear();
        fhir_json::read(text.clone(), &mut source, &mut issues);
        type_tree(&mut source, table, &mut issues);
        let world = World::new(&engine, route, now);
        let inputs = Inputs {
            sources: &[&source],
            now,
            engine: mapping::Engine {
                message_id: "0123456789ABCD",
                envelope_id: "EFGHJKMNPQRSTV",
                now: "2027-01-01T12:00:00Z",
            },
            parameters: &[("episodeStatus", "inaktiv")],
            ids: IdSeed { message: "m", destination: "d", generation: 0 },
            limits: Limits::default(),
        };
        let ran = plan.run(&inputs, &mut target, &world, &mut memory, &mut issues);
        let root = target.root().unwrap_or(NodeId(0));
        ran.is_ok() && xml::write(&target, table, root, Charset::Utf8, &mut out).is_ok()
    };
    if !(once() && once()) {
        return Err("not translated".into());
    }
    let mut whole = false;
    let counted = allocation_counter::measure(|| whole = once());
    match whole && counted.count_total <= MOST {
        true => Ok(()),
        false => Err(format!("{} allocations", counted.count_total).into()),
    }
}
