//! Folders that messages are picked up from.
//!
//! Promises: names the folder, and whose it is. Never: looks into it.

use super::read::section;
use super::value::{At, OwnName};
use crate::message::PartyName;
use std::time::Duration;

section! {
    /// A folder that messages are picked up from, one a file. It has folders of its own, which are made where they are
    /// missing: `in`, where a sender puts files (under another name first, beginning with a full stop or ending in `.tmp` or
    /// `.part`, and then renamed); `taken`, with the one in hand; `receipts`, with what is answered to each, under its name; `done`, where a file goes when it
    /// has its verdict; `quarantine`, where one goes that cannot be read, with the reason beside it.
    Pickup as "pickup" {
        /// The folder's name in logs.
        name: OwnName,
        /// Where it is, from the configuration's folder. All on one file system.
        folder: At<Box<str>>,
        /// The party whose files these are: whoever can write there is taken to be this one.
        party: At<PartyName>,
        /// How often it is looked at. A file is taken when it is the same at two looks, in size and in time.
        every: Duration = "'2 s'",
    }
}
