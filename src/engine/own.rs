//! Receipts in formats whose words only maps know: an Acknowledgement, translated.
//!
//! Promises: what a map cannot express is told in another way; a receipt quotes ids as they came. Never: knows an
//! element of such a format.

use super::hooks::World;
use super::read::Read;
use super::translate::base32;
use super::{Arena, Engine, told};
use crate::definitions::typing;
use crate::format::{self, charset::Charset};
use crate::mapping::{self, IdSeed, Inputs};
use crate::message::{Identifier, ReceiptCode, Syntax, ToldIssue};
use crate::receipt::{self, Acknowledging, Address, ProfileSet};
use bytes::Bytes;
use bytestring::ByteString;
use jiff::Timestamp;
use uuid::Uuid;

/// What the words of a family begin with that name the systems of identifiers: `system-gln`.
const SYSTEM: &str = "system-";

impl Engine {
    /// The receipt of a message whose format has a map for that. None: nobody wants it, or the map cannot say it.
    pub(super) fn through_map(
        &self,
        read: &Read,
        code: ReceiptCode,
        issues: &[ToldIssue],
        now: Timestamp,
        id: Uuid,
    ) -> Option<Bytes> {
        let by = read.says.receipt.as_ref()?;
        let wanted = match code {
            ReceiptCode::Ok => by.accepted,
            ReceiptCode::FatalError => by.refused,
            ReceiptCode::TransientError => false,
        };
        let (_, way) = self.receipt_ways.iter().find(|(map, _)| *map == by.map && wanted)?;
        let plan = way.plan()?;
        let json = self.as_acknowledgement(read, code, issues, now, id)?;
        let mut arena = Arena::new(self);
        let (tree, found) = (&mut arena.tree, &mut arena.issues);
        format::fhir_json::read(ByteString::from(json), tree, found);
        typing::type_tree(tree, self.library.table(), found);
        arena.references.build(&arena.tree);
        let sent = self.as_read(read);
        let (concepts, message) = (way.concepts(), base32(id.as_u128()));
        let world = World::of_receipt(self, concepts, now, &sent).resolving(&arena.references);
        let envelope = base32(Uuid::new_v5(&id, b"envelope").as_u128());
        let moment = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let inputs = Inputs {
            sources: &[&arena.tree],
            now,
            engine: mapping::Engine { message_id: &message, envelope_id: &envelope, now: &moment },
            parameters: &[],
            ids: IdSeed { message: &read.message.0, destination: "receipt", generation: 0 },
            limits: self.map_limits(),
        };
        let before = arena.issues.len();
        plan.run(&inputs, &mut arena.target, &world, &mut arena.mapping, &mut arena.issues).ok()?;
        if told::refuse(&arena.issues[before..]) {
            return None;
        }
        self.library.wire().complete(&mut arena.target);
        let declared = format::charset::declaration(&read.incoming.bytes);
        let charset = declared.and_then(Charset::named).unwrap_or(Charset::Utf8);
        let mut out = Vec::new();
        let (target, scratch) = (&arena.target, &mut arena.scratch);
        let wire = self.library.wire();
        let written = wire.write_with(target, Syntax::Xml, charset, scratch, &mut out);
        written.ok().map(|()| Bytes::from(out))
    }

    /// What is said, as a FHIR message between the ends that the message names.
    fn as_acknowledgement(
        &self,
        read: &Read,
        code: ReceiptCode,
        issues: &[ToldIssue],
        now: Timestamp,
        envelope: Uuid,
    ) -> Option<String> {
        let knows = |set: &&ProfileSet| set.canonicals.keys().any(|word| word.starts_with(SYSTEM));
        let profiles = self.profile_sets.iter().find(knows)?;
        let issues = match code {
            ReceiptCode::Ok => Vec::new(),
            _ => told::for_receipt(issues),
        };
        let sent = read.says.sent.unwrap_or(now).to_string();
        Some(receipt::acknowledge(&Acknowledging {
            profiles,
            message: &read.message,
            code,
            issues: &issues,
            codes: &self.codes,
            from: &self.end(profiles, &read.says.receiver.identifiers),
            to: &self.end(profiles, &read.says.sender.identifiers),
            occurred: &sent,
            activity: "new-message",
            now,
            envelope,
        }))
    }

    /// One end of it: by the identifiers that have a system, and the name that is known here.
    fn end(&self, profiles: &ProfileSet, identifiers: &[Identifier]) -> Address {
        let systems = identifiers.iter().filter_map(|one| {
            let system = profiles.canonical(&format!("{SYSTEM}{}", one.kind.word()));
            (!system.is_empty()).then(|| (system.into(), one.value.as_ref().into()))
        });
        let party = self
            .config
            .parties
            .iter()
            .find(|party| party.identifiers.iter().any(|own| identifiers.contains(&own.value)));
        // somebody whom nobody here knows has a number only
        let number = identifiers.first().map_or("", |one| &one.value);
        let name = party.map_or(number, |party| &*party.title);
        Address { identifiers: systems.collect(), name: name.into(), endpoint: "urn:local".into() }
    }
}
