//! A stored message translated again, or with other bytes in the place of what was made of it.
//!
//! Promises: what comes out as it did before keeps its ids; what does not is a new generation with ids of its
//! own, and nothing is in between. The verdict is not touched. Never: a refused message, or a receipt.

use super::translate::Stopped;
use super::{Arena, Engine, Incoming, Read, apart, several};
use crate::format::recognise;
use crate::message::sabotage::broken;
use crate::message::{AuditAction, KnownAbout, NewDelivery, Output, ToldIssue, Unit, Verdict};
use crate::tree::types::TypeId;
use bytes::Bytes;
use jiff::Timestamp;

/// What a message comes to now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remade {
    /// What is to be sent.
    pub outputs: Vec<Output>,
    /// To whom.
    pub deliveries: Vec<NewDelivery>,
    /// Whether it is what was made of it before, byte for byte.
    pub same: bool,
}

/// What a message or an envelope is called in a generation; the first keeps its name.
pub fn generation(id: &str, number: u32) -> String {
    match number {
        0 => id.to_owned(),
        number => format!("{id};generation={number}"),
    }
}

impl Engine {
    /// Reads a stored message again, as it was handed in.
    pub fn reread(&self, unit: &Unit, arena: &mut Arena, now: Timestamp) -> Option<Read> {
        let incoming = Incoming {
            party: unit.party.clone(),
            syntax: unit.syntax,
            charset: None,
            bytes: unit.original.clone(),
            received: unit.received,
            place: several::place_of(unit),
        };
        self.read(incoming, arena, now).ok()
    }

    /// Translates a stored message again, for the `number`th time; or why that is not done, as a code. `known`
    /// holds the earlier messages that its maps ask for.
    pub fn remake(
        &self,
        unit: &Unit,
        known: &KnownAbout,
        number: u32,
        arena: &mut Arena,
        now: Timestamp,
    ) -> Result<Remade, &'static str> {
        if unit.verdict != Verdict::Accepted {
            return Err("refused");
        }
        if unit.receipt_for.is_some() {
            return Err("receipt");
        }
        let decided =
            |record: &&crate::message::AuditRecord| record.action == AuditAction::Accepted;
        let then = unit.audit.iter().find(decided).map_or(unit.received, |record| record.at);
        let (outputs, deliveries) = self.make(unit, known, 0, arena, then, now)?;
        let told = |one: &&NewDelivery| *one.route != *apart::RECEIPTS;
        let before = unit.deliveries.iter().filter(told);
        let made = |delivery: &NewDelivery, outputs: &[Output]| {
            let output = outputs.get(usize::from(delivery.output)).cloned();
            (delivery.route.clone(), delivery.endpoint.clone(), output)
        };
        let before: Vec<_> = before.map(|one| made(one, &unit.outputs)).collect();
        let same = before == deliveries.iter().map(|one| made(one, &outputs)).collect::<Vec<_>>();
        if same || before.is_empty() {
            // What was never delivered has no earlier generation.
            return Ok(Remade { outputs, deliveries, same });
        }
        let (outputs, deliveries) = self.make(
            unit,
            known,
            if broken("replay-keeps-ids") { 0 } else { number },
            arena,
            now,
            now,
        )?;
        Ok(Remade { outputs, deliveries, same: false })
    }

    fn make(
        &self,
        unit: &Unit,
        known: &KnownAbout,
        number: u32,
        arena: &mut Arena,
        then: Timestamp,
        now: Timestamp,
    ) -> Result<(Vec<Output>, Vec<NewDelivery>), &'static str> {
        let read = self.reread(unit, arena, then).ok_or("not-read")?;
        arena.generation = number;
        arena.sent = self.sent(known, then);
        let (routed, _) = self.route(&read, arena, then);
        if routed.is_empty() {
            return Err("no-route");
        }
        let (mut outputs, mut deliveries) = (Vec::new(), Vec::new());
        for destination in &routed {
            let output = self.translate(&read, arena, *destination, known, then).map_err(why)?;
            let at = u16::try_from(outputs.len()).unwrap_or(u16::MAX);
            outputs.push(output);
            deliveries.push(self.delivery(&read, destination.route, destination, at, now));
        }
        Ok((outputs, deliveries))
    }

    /// Bytes that an operator puts in the place of one of a unit's deliveries; or what is wrong with them.
    pub fn edited(
        &self,
        unit: &Unit,
        index: u16,
        bytes: &Bytes,
        arena: &mut Arena,
        now: Timestamp,
    ) -> Result<Remade, (&'static str, Vec<ToldIssue>)> {
        let plain = |why| (why, Vec::new());
        let due = unit.deliveries.get(usize::from(index)).ok_or(plain("no-such-delivery"))?;
        let route = self.config.route(&due.route).ok_or(plain("no-route"))?;
        let before = unit.outputs.get(usize::from(due.output)).ok_or(plain("no-such-delivery"))?;
        let endpoint = self.config.endpoint(&due.endpoint).ok_or(plain("no-endpoint"))?;
        let own = match &endpoint.envelope {
            None => None,
            Some(_) => self
                .taken_out(before.syntax, bytes)
                .or_else(|| Some((recognise(bytes), bytes.clone()))),
        };
        let (syntax, bytes) = own.as_ref().map_or((before.syntax, bytes), |(s, b)| (*s, b));
        let made = self.plan_of(route).map_or(TypeId::NONE, |plan| plan.target());
        if let Err(stopped) = self.check_output(arena, (route, made), syntax, bytes, now) {
            return Err((why(stopped), self.output_issues(arena)));
        }
        let mut references = std::mem::take(&mut arena.references);
        references.build(&arena.target);
        let trees = [&arena.target];
        let says = {
            let scene = self.scene(&trees, &references, now);
            self.intakes.extract(&scene, syntax, &mut arena.paths)
        };
        arena.references = references;
        let ids = says.and_then(|says| says.message.zip(says.envelope));
        let (message, envelope) = ids.ok_or(plain("output-without-id"))?;
        if message == before.message || envelope == before.envelope {
            return Err(plain("same-id"));
        }
        let output = Output { syntax, bytes: bytes.clone(), message, envelope, map: None };
        let output = self.enveloped(endpoint, (&unit.party, &due.receiver), output, now);
        let output = output.map_err(|stopped| plain(why(stopped)))?;
        // In the place of one that was late already: outside its lane's order.
        let lives = self.config.plan(route).give_up;
        let lives = jiff::SignedDuration::try_from(lives).unwrap_or(jiff::SignedDuration::MAX);
        let delivery = NewDelivery { output: 0, lane: None, expires: now + lives, ..due.clone() };
        Ok(Remade { outputs: vec![output], deliveries: vec![delivery], same: false })
    }
}

fn why(stopped: Stopped) -> &'static str {
    match stopped {
        Stopped::NotExpressible => "not-expressible",
        Stopped::TooCostly => "too-costly",
        Stopped::Ours(why) => why,
    }
}
