//! What the delivery loops do in a simulated day, and receivers that are bad in every way.

use super::shop::{RECEIVERS, got};
use super::world::{Flight, World, wait};
use crate::guarantees::checker::{Answer, Seen};
use libtest_mimic::Failed;
use stafett::deliver::{Reply, judge, schedule};
use stafett::message::{AttemptOutcome, ReceiptCode};
use stafett::store::{Claim, DeliveryState, Follow, Settle, Store};

fn answer(status: u16, retry_after: Option<u32>) -> Reply {
    Reply::Answer { status, retry_after, content_type: None, body: bytes::Bytes::new() }
}

impl World<'_> {
    /// The loop of an endpoint looks once whether something is due.
    pub fn claim(&mut self, receiver: usize) -> Result<bool, Failed> {
        if self.gates[receiver].shut(self.now).is_some() {
            return Ok(false);
        }
        let claims = self.store().claim_due(Some(RECEIVERS[receiver]), self.now, 1);
        let written = self.settle_down();
        let Ok(mut claims) = claims else { return Ok(false) };
        let any = !claims.claims.is_empty() || !claims.expired.is_empty();
        for lapsed in std::mem::take(&mut claims.expired) {
            let unit = self.store().unit(lapsed.delivery.unit)?;
            let (number, _) = got(&unit.original).ok_or("nothing that was ever handed in")?;
            self.model.meet(lapsed.delivery, number);
            if unit.deliveries[0].expires > self.now && !self.counts.contains_key("clock jumps") {
                return Err(format!("m{number} expired before its time").into());
            }
            if !written {
                self.model.doubt(lapsed.delivery, None);
                continue;
            }
            self.count("expired");
            self.model.given_up(lapsed.delivery);
            self.given_up(number);
        }
        if !written {
            claims.claims.iter().for_each(|one| self.model.doubt(one.delivery, None));
            return Ok(true);
        }
        if let Some(claim) = claims.claims.pop() {
            self.gates[receiver].enter(self.now, None);
            self.attempt(claim)?;
        }
        Ok(any)
    }

    /// Marks a claim, sends it, and leaves the answer on its way.
    fn attempt(&mut self, claim: Claim) -> Result<(), Failed> {
        let sendable = self.store().sendable(claim.delivery)?;
        let (number, content) = got(&sendable.bytes).ok_or("nothing that was ever handed in")?;
        self.say(|| format!("m{number} is claimed: {claim:?}"));
        self.model.claimed(&claim, number, self.now)?;
        let (delivery, token, now) = (claim.delivery, claim.token, self.now);
        let mark = || wait(|done| self.store().sending(delivery, token, now, done));
        if !claim.begun && mark().is_err() {
            self.model.doubt(delivery, None);
            self.broke();
            return Ok(());
        }
        let (taken, reply, receipt) = self.receive(&claim, number);
        if let Some(answer) = taken {
            let (message, flagged) = (claim.message.0.to_string(), claim.possible_duplicate);
            self.seen.push(Seen::Got { message, content, flagged, answer });
            if answer != Answer::Later {
                self.model.taken(delivery);
            }
        }
        self.flying.push(Flight { claim, number, reply, receipt });
        Ok(())
    }

    /// What a receiver does with a message: whether it has it, and what is heard of it.
    fn receive(
        &mut self,
        claim: &Claim,
        number: usize,
    ) -> (Option<Answer>, Reply, Option<ReceiptCode>) {
        let from = World::receiver(&claim.endpoint);
        let (took, later) = (Some(Answer::Took), Some(Answer::Later));
        let before = self.model.track(claim.delivery).is_some_and(|one| one.taken);
        match if self.calm { 0 } else { self.dice.roll(20) } {
            0..=4 => (took, answer(200, None), Some(ReceiptCode::Ok)),
            5..=8 => {
                self.owes(from, number, "ok");
                (took, answer(202, None), None)
            }
            9..=11 => {
                self.count("answers dropped");
                (Some(Answer::Dropped), Reply::Unreachable("timeout"), None)
            }
            12 => {
                self.count("answers late");
                self.owes(from, number, "ok");
                (Some(Answer::Dropped), Reply::Unreachable("connection-lost"), None)
            }
            13 => {
                self.count("receivers silent");
                (took, answer(200, None), None)
            }
            14 | 15 => {
                self.count("receivers gone");
                (None, Reply::Unreachable("connect"), None)
            }
            16 | 17 => {
                self.count("receivers busy");
                let wait = (self.dice.roll(2) == 0).then_some(40);
                (later, answer(503, wait), None)
            }
            18 => {
                self.count("temporary receipts");
                (later, answer(200, None), Some(ReceiptCode::TransientError))
            }
            // One that has a message does not refuse it any more.
            _ if before => (took, answer(200, None), Some(ReceiptCode::Ok)),
            _ => match self.dice.roll(3) {
                0 => {
                    self.count("refused by receipt");
                    (later, answer(422, None), Some(ReceiptCode::FatalError))
                }
                1 => {
                    self.count("refused later");
                    self.owes(from, number, "fatal-error");
                    (took, answer(202, None), None)
                }
                _ => {
                    self.count("refused for good");
                    (later, answer(400, None), None)
                }
            },
        }
    }

    /// Some answer that is on its way comes in.
    pub fn answered(&mut self) -> Result<bool, Failed> {
        if self.flying.is_empty() {
            return Ok(false);
        }
        let at = self.dice.roll(self.flying.len());
        let Flight { claim, number, reply, receipt } = self.flying.swap_remove(at);
        let outcome = judge(&reply, receipt);
        let chance = self.dice.next();
        let next = match &outcome {
            AttemptOutcome::Failed { wait, .. } => {
                let engine = self.shop.engine(self.engine);
                let route = engine.config.route(&claim.route).ok_or("no such route")?;
                let schedule = engine.config.plan(route);
                schedule::again(&schedule, &claim, *wait, self.now, chance)
            }
            _ => None,
        };
        let gate = &self.gates[World::receiver(&claim.endpoint)];
        gate.ended(&reply, self.now, chance);
        let follow = match (gate.is_open(), self.dice.roll(3)) {
            (false, _) | (_, 0) => Follow::Leave,
            (true, 1) => Follow::Claim,
            (true, _) => Follow::Begin,
        };
        let settle = Settle {
            delivery: claim.delivery,
            token: claim.token,
            at: self.now,
            outcome: outcome.clone(),
            next,
            unknown: reply.unknown(),
            follow,
        };
        let settled = match wait(|done| self.store().settle(settle, done)) {
            Ok(settled) => settled,
            Err(_) => {
                let heard = match outcome {
                    AttemptOutcome::Sent { receipt } => receipt,
                    _ => None,
                };
                self.model.doubt(claim.delivery, heard);
                self.broke();
                return Ok(true);
            }
        };
        self.say(|| format!("m{number}: {reply:?} {receipt:?}, next {next:?}: {settled:?}"));
        let over = self.model.settled(claim.delivery, &outcome, next, settled.state)?;
        if over || settled.state == DeliveryState::DeadLetter {
            self.given_up(number);
        }
        if let Some(next) = settled.next {
            self.count("lanes gone on");
            self.gates[World::receiver(&next.endpoint)].enter(self.now, None);
            self.attempt(next)?;
        }
        Ok(true)
    }
}
