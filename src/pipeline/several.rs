//! A transmission of several messages on its way through the pipeline: read and decided one by one, committed as one.
//!
//! Promises: nothing of it is true before all of it is on disk; a message that came before keeps its verdict. Never:
//! some of it.

use super::worker::{Kept, Noting, Step};
use super::{LONGEST_COMMIT, Pipeline};
use crate::engine::{Again, Arena, Engine, Heard, Incoming, Outcome, Read};
use crate::message::{
    Answer, Earlier, Error, KnownAbout, Position, Submission, Syntax, Unit, Verdict,
};
use crate::receipt::{self, Ending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;
use uuid::Uuid;

/// Messages whose commit is on its way.
pub(super) struct Several {
    engine: Arc<Engine>,
    letters: Vec<(Read, Became)>,
    committed: Option<oneshot::Receiver<Result<Option<Vec<Position>>, Error>>>,
    since: Instant,
}

/// What was decided about one of them.
enum Became {
    Kept(Kept),
    Again(Again),
}

impl Pipeline {
    /// Reads and decides the messages of a transmission, and hands them on together.
    pub(super) fn several(
        &self,
        engine: &Arc<Engine>,
        letters: Vec<Incoming>,
        arena: &mut Arena,
        submission: &Submission,
    ) -> Step {
        let mut done: Vec<(Read, Became)> = Vec::with_capacity(letters.len());
        let mut units: Vec<Unit> = Vec::with_capacity(letters.len());
        for letter in letters {
            let now = self.clock.now();
            let reading = letter.clone();
            let read = catch_unwind(AssertUnwindSafe(|| engine.read(reading, arena, now)));
            let twice = |read: &Read| done.iter().any(|(one, _)| one.message == read.message);
            let read = match read.map(|read| {
                read.and_then(|read| match twice(&read) {
                    true => Err(engine.twice(arena)),
                    false => Ok(read),
                })
            }) {
                Ok(Ok(read)) => read,
                Ok(Err(unread)) => {
                    self.metrics.unverdicted();
                    let (syntax, id) = (submission.answer_in, Uuid::new_v4());
                    let answer = engine.answer_unread(&unread, &letter, syntax, now, id);
                    return Step::Answer(answer);
                }
                Err(_) => {
                    *arena = Arena::new(engine);
                    return Step::Answer(receipt::plain(Ending::Broken, submission.answer_in));
                }
            };
            let known = match self.known(engine, &read) {
                Ok(known) => beside(engine, &read, &units, known),
                Err(error) => {
                    tracing::error!(%error, "the store does not say what is known");
                    return Step::Answer(receipt::plain(Ending::Overloaded, submission.answer_in));
                }
            };
            let became = match self.decided(engine, &read, arena, &known) {
                Outcome::Again(again) => Became::Again(again),
                Outcome::Commit(mut decided) => {
                    self.hand_on_before(&read, decided.handed.take());
                    let (kept, unit) = Kept::of(*decided, false);
                    units.push(unit);
                    Became::Kept(kept)
                }
            };
            done.push((read, became));
        }
        let since = Instant::now();
        let committed = (!units.is_empty()).then(|| {
            let (hear, committed) = oneshot::channel();
            self.store.submit_together(units, Box::new(move |result| drop(hear.send(result))));
            committed
        });
        let engine = Arc::clone(engine);
        Step::Several(Box::new(Several { engine, letters: done, committed, since }))
    }

    /// Waits for the commit and answers it; none when the decision has to be made again.
    pub(super) async fn all_of(&self, several: Several, answer_in: Syntax) -> Option<Answer> {
        let Several { engine, letters, committed, since } = several;
        let mut positions = Vec::new();
        if let Some(committed) = committed {
            let Ok(result) = tokio::time::timeout(LONGEST_COMMIT, committed).await else {
                self.metrics.unverdicted();
                return Some(receipt::plain(Ending::Racing, answer_in));
            };
            self.metrics.stage("commit", since.elapsed());
            match result {
                Ok(Ok(Some(at))) => positions = at,
                Ok(Ok(None)) => return None,
                Ok(Err(_)) | Err(_) => {
                    tracing::error!("a transmission could not be committed");
                    self.metrics.unverdicted();
                    return Some(receipt::plain(Ending::Overloaded, answer_in));
                }
            }
        }
        let mut positions = positions.into_iter();
        let (mut heard, mut noting): (Vec<Heard<'_>>, Vec<Noting>) = (Vec::new(), Vec::new());
        for (read, became) in &letters {
            let (ending, issues) = match became {
                Became::Kept(kept) => {
                    let position = positions.next()?;
                    self.tell(&engine, read, kept, position);
                    (kept.ending, &kept.issues)
                }
                Became::Again(again) => {
                    noting.extend(self.note_again(&engine, read, again));
                    let said = self.said_of(&engine, read, again.position);
                    (engine.ending_again(read, again, said), &again.issues)
                }
            };
            heard.push(Heard { read, ending, issues });
        }
        let answer = engine.answer_several(&heard, answer_in, self.clock.now(), Uuid::new_v4());
        for one in noting {
            if !matches!(one.await, Ok(Ok(()))) {
                return Some(receipt::plain(Ending::Overloaded, answer_in));
            }
        }
        Some(answer)
    }
}

/// Adds what a message builds on among those that came before it in the same transmission.
fn beside(engine: &Engine, read: &Read, units: &[Unit], known: KnownAbout) -> KnownAbout {
    let mut earlier = known.earlier;
    for wanted in engine.earlier(read) {
        let fits = |unit: &&Unit| {
            unit.verdict == Verdict::Accepted
                && &*unit.event.0 == wanted.event
                && unit.conversation.as_deref() == Some(wanted.conversation)
        };
        // what stands later in the list counts as newer
        earlier.extend(units.iter().rev().find(fits).map(|unit| Earlier {
            event: unit.event.clone(),
            syntax: unit.syntax,
            bytes: unit.original.clone(),
            received: unit.received,
        }));
    }
    KnownAbout { earlier, ..known }
}
