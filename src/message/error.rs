//! Errors: we could not do our job. What is wrong with a message is an [`Issue`](super::Issue) instead.

use std::fmt;
use std::time::Duration;

/// Whose fault it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The party that sent the message or the request.
    Sender,
    /// The party a message is for.
    Receiver,
    /// Ours.
    Ours,
}

/// Whether trying again can help.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Retry {
    /// Never.
    Never,
    /// With backoff.
    Backoff,
    /// Not before this much time has passed.
    After(Duration),
}

/// What kind of thing failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorKind {
    /// Configuration, a package, a map or a model cannot be used.
    Configuration,
    /// A file or the disk.
    Storage,
    /// A socket or a peer.
    Transport,
    /// A named limit was passed.
    Limit,
    /// A party is not who it says, or may not do this.
    Forbidden,
    /// The command line's arguments.
    Usage,
    /// A fault of our own.
    Internal,
}

/// An error: a note for our log, a text for the other party, a cause.
#[derive(Debug)]
pub struct Error {
    /// What failed.
    pub kind: ErrorKind,
    /// Whose fault it is.
    pub fault: Fault,
    /// Whether to try again.
    pub retry: Retry,
    /// For our log. Holds paths, codes and ids, never an element's value.
    pub note: String,
    /// For the other party: says no more than it may know.
    pub text: &'static str,
    /// What led here.
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of our own that trying again does not mend.
    pub fn new(kind: ErrorKind, note: impl Into<String>) -> Error {
        let text = match kind {
            ErrorKind::Forbidden => "not allowed",
            ErrorKind::Limit => "a limit was passed",
            _ => "the message could not be processed",
        };
        Error {
            kind,
            fault: Fault::Ours,
            retry: Retry::Never,
            note: note.into(),
            text,
            cause: None,
        }
    }

    /// The same error with whose fault it is.
    pub fn fault(self, fault: Fault) -> Error {
        Error { fault, ..self }
    }

    /// The same error with whether to try again.
    pub fn retry(self, retry: Retry) -> Error {
        Error { retry, ..self }
    }

    /// The same error with what led to it.
    pub fn cause(self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        Error { cause: Some(cause.into()), ..self }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.note)?;
        match &self.cause {
            Some(cause) => write!(out, ": {cause}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|c| c.as_ref() as &(dyn std::error::Error + 'static))
    }
}
