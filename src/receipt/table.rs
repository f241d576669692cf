//! The table: how an intake ended, and what that is on the wire.

use crate::message::{IssueType, ReceiptCode};

/// Every way in which an intake can end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// Accepted now, or before (a duplicate).
    Accepted,
    /// Accepted before, and its receiver has said so since: that is told.
    AcceptedByReceiver,
    /// Refused now, or before (a duplicate).
    Refused,
    /// Refused now: the id of this sending came before, with another message.
    EnvelopeReused,
    /// The id came with other content, and the route answers with a conflict instead of the verdict.
    Conflict,
    /// Over the party's quota; nothing was stored.
    OverQuota,
    /// Too busy, or the store cannot write; nothing was stored.
    Overloaded,
    /// The same message is being decided by another worker; nothing was stored.
    Racing,
    /// Not well formed; neither sender nor message id can be believed.
    NotWellFormed,
    /// A limit of a codec was passed.
    TooCostly,
    /// Larger than allowed.
    TooLarge,
    /// A charset, content type or content encoding that we do not take.
    NotTaken,
    /// Well formed, but sender or message id cannot be read.
    Unidentified,
    /// Nobody we know.
    NoIdentity,
    /// Somebody we know, but not the sender nor its carrier.
    NotYours,
    /// No such path.
    NoSuchPath,
    /// Not with that method.
    WrongMethod,
    /// No answer in a form that the client takes.
    NotAcceptable,
    /// The client was too slow.
    TooSlow,
    /// Headers larger than allowed.
    HeadersTooLarge,
    /// A fault of ours before the message id was known.
    Broken,
}

impl Ending {
    /// All of them, for tests and for the reference page.
    pub const ALL: [Ending; 21] = [
        Ending::Accepted,
        Ending::AcceptedByReceiver,
        Ending::Refused,
        Ending::EnvelopeReused,
        Ending::Conflict,
        Ending::OverQuota,
        Ending::Overloaded,
        Ending::Racing,
        Ending::NotWellFormed,
        Ending::TooCostly,
        Ending::TooLarge,
        Ending::NotTaken,
        Ending::Unidentified,
        Ending::NoIdentity,
        Ending::NotYours,
        Ending::NoSuchPath,
        Ending::WrongMethod,
        Ending::NotAcceptable,
        Ending::TooSlow,
        Ending::HeadersTooLarge,
        Ending::Broken,
    ];
}

/// One row of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    /// The status when the answer is a receipt in the message's own language.
    pub receipt: Option<(u16, ReceiptCode)>,
    /// The status when there is no receipt: an OperationOutcome, or legacy formats for now.
    pub status: u16,
    /// FHIR's issue type where no issue of the message says more.
    pub code: IssueType,
    /// What the other party is told where no issue of the message says more.
    pub text: &'static str,
    /// Seconds for `Retry-After`.
    pub retry_after: Option<u32>,
}

/// Whether an ending is a verdict, or rests on one.
pub fn verdict(ending: Ending) -> bool {
    matches!(
        ending,
        Ending::Accepted
            | Ending::AcceptedByReceiver
            | Ending::Refused
            | Ending::EnvelopeReused
            | Ending::Conflict
    )
}

/// The row of an ending.
pub fn row(ending: Ending) -> Row {
    use IssueType as T;
    use ReceiptCode::{FatalError, Ok, TransientError};
    let plain = |status, code, text| Row { receipt: None, status, code, text, retry_after: None };
    let told = |http, receipt, status, code, text| Row {
        receipt: Some((http, receipt)),
        ..plain(status, code, text)
    };
    let later = |row: Row, seconds| Row { retry_after: Some(seconds), ..row };
    match ending {
        Ending::Accepted | Ending::AcceptedByReceiver => {
            told(200, Ok, 202, T::Informational, "accepted")
        }
        Ending::Refused => told(200, FatalError, 422, T::Processing, "refused"),
        Ending::EnvelopeReused => told(200, FatalError, 409, T::Duplicate, "refused"),
        Ending::Conflict => {
            plain(409, T::Conflict, "this message id came before, with other content")
        }
        Ending::OverQuota => {
            later(told(429, TransientError, 429, T::Throttled, "over the agreed quota"), 1)
        }
        Ending::Overloaded => {
            later(told(503, TransientError, 503, T::Transient, "cannot take messages right now"), 5)
        }
        Ending::Racing => {
            later(told(503, TransientError, 503, T::LockError, "this message is being decided"), 1)
        }
        Ending::NotWellFormed => plain(400, T::Structure, "not well formed"),
        Ending::TooCostly => plain(400, T::TooCostly, "deeper or more intricate than allowed"),
        Ending::TooLarge => plain(413, T::TooLong, "larger than allowed"),
        Ending::NotTaken => {
            plain(415, T::NotSupported, "this content type, charset or encoding is not taken")
        }
        Ending::Unidentified => plain(422, T::Required, "the sender or the message id is missing"),
        Ending::NoIdentity => plain(401, T::Login, "a known bearer token is required"),
        Ending::NotYours => plain(403, T::Forbidden, "not allowed to send for this sender"),
        Ending::NoSuchPath => plain(404, T::NotFound, "no such path"),
        Ending::WrongMethod => plain(405, T::NotSupported, "not with this method"),
        Ending::NotAcceptable => plain(406, T::NotSupported, "no answer in an accepted form"),
        Ending::TooSlow => plain(408, T::Timeout, "the request took too long"),
        Ending::HeadersTooLarge => plain(431, T::TooLong, "headers larger than allowed"),
        Ending::Broken => plain(500, T::Exception, "the message could not be processed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table as a person checks it against exchange.md and the checklist of bad inputs.
    #[test]
    fn row_by_row() {
        use ReceiptCode::{FatalError, Ok, TransientError};
        let expected = [
            (Ending::Accepted, Some((200, Ok)), 202),
            (Ending::AcceptedByReceiver, Some((200, Ok)), 202),
            (Ending::Refused, Some((200, FatalError)), 422),
            (Ending::EnvelopeReused, Some((200, FatalError)), 409),
            (Ending::Conflict, None, 409),
            (Ending::OverQuota, Some((429, TransientError)), 429),
            (Ending::Overloaded, Some((503, TransientError)), 503),
            (Ending::Racing, Some((503, TransientError)), 503),
            (Ending::NotWellFormed, None, 400),
            (Ending::TooCostly, None, 400),
            (Ending::TooLarge, None, 413),
            (Ending::NotTaken, None, 415),
            (Ending::Unidentified, None, 422),
            (Ending::NoIdentity, None, 401),
            (Ending::NotYours, None, 403),
            (Ending::NoSuchPath, None, 404),
            (Ending::WrongMethod, None, 405),
            (Ending::NotAcceptable, None, 406),
            (Ending::TooSlow, None, 408),
            (Ending::HeadersTooLarge, None, 431),
            (Ending::Broken, None, 500),
        ];
        assert_eq!(expected.map(|(ending, _, _)| ending), Ending::ALL);
        for (ending, receipt, status) in expected {
            assert_eq!(row(ending).receipt, receipt, "{ending:?}");
            assert_eq!(row(ending).status, status, "{ending:?}");
        }
    }

    #[test]
    fn what_may_be_sent_again_says_when() {
        for ending in Ending::ALL {
            let transient = matches!(row(ending).status, 429 | 503);
            assert_eq!(row(ending).retry_after.is_some(), transient, "{ending:?}");
        }
    }
}
