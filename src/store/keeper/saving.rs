//! What makes the next start quick: summaries of full segments, and the checkpoint.
//!
//! Never: keeps a commit waiting for longer than some deliveries take to be copied.

use super::Keeper;
use crate::message::{Error, ErrorKind};
use crate::store::checkpoint::{Draft, End, LOT};
use std::sync::mpsc;

/// A checkpoint is worth its writing when so many records have come since the last.
const LEAST: u64 = 20_000;

impl Keeper {
    /// Writes the summaries that are missing, and a checkpoint if enough has come since the last one: a start reads no
    /// more records than `LEAST` or half of what is open, and those of a segment. Says whether it wrote one.
    pub(super) fn checkpoint_if_due(&self) -> Result<bool, Error> {
        let (last, open) = {
            let book = self.shared.book();
            (book.last(), book.board.count() as u64)
        };
        let since = last - *self.saved.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.sum_up()?;
        if since < LEAST.max(open / 2) {
            return Ok(false);
        }
        self.checkpoint().map(|()| true)
    }

    /// Writes a checkpoint; nothing in memory has one.
    pub(super) fn checkpoint(&self) -> Result<(), Error> {
        let Some(home) = self.log.home() else { return Ok(()) };
        let mut saved = self.saved.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.sum_up()?;
        let after = self.shared.book().last();
        if after == *saved {
            return Ok(());
        }
        // What came before is on the board when it is durable.
        self.wait_durable()?;
        let mut draft = Draft::begin(&home, after)?;
        let mut newest = None;
        loop {
            let (seen, some) = {
                let book = self.shared.book();
                (book.last(), book.board.some(newest, LOT))
            };
            let ended = some.is_empty();
            newest = some.last().map(|(listed, _)| listed.id());
            draft.save(seen, some)?;
            if ended {
                break;
            }
        }
        let end = {
            let book = self.shared.book();
            let (arrived, token, last) = (book.board.arrived(), book.token, book.last());
            End { deliveries: 0, arrived, token, last, restored: book.restored.clone() }
        };
        // Whatever the last lot has in it is on disk before the checkpoint is.
        self.wait_durable()?;
        draft.end(end)?;
        *saved = after;
        Ok(())
    }

    fn sum_up(&self) -> Result<(), Error> {
        for (first, last) in self.log.unsummed() {
            let keys = self.shared.book().unsummed(first, last);
            let keys = keys.into_iter().map(|(at, one, other)| ((at - first) as u32, one, other));
            self.log.sum(first, keys.collect())?;
            self.shared.book().summed(last);
        }
        Ok(())
    }

    fn wait_durable(&self) -> Result<(), Error> {
        let (send, receive) = mpsc::channel();
        self.log.wait(0, Box::new(move |result| drop(send.send(result))));
        self.log.kick();
        receive.recv().map_err(|_| Error::new(ErrorKind::Internal, "the writer is gone"))?
    }
}
