//! Whom the engine calls when a person is needed.
//!
//! Never: a secret; a webhook that wants one gets it in a file of its own, as endpoints do.

use super::address::Url;
use super::read::section;
use super::value::At;
use std::time::Duration;

section! {
    /// What is called for each alarm: a delivery that is dead or unanswered, a receipt that is overdue, a message that is
    /// quarantined or whose id came with other content, a store that takes no more, a certificate that ends soon.
    /// Every alarm is in the log and in the metrics as well. An alarm is a JSON object: `kind`, `route`, `event`, `text`,
    /// `at`, and `count`, for those of one kind that came together are told together.
    Alarms as "alarms" {
        /// A program and its arguments; the alarm comes on its standard input. It has 30 seconds.
        command: Vec<Box<str>>,
        /// An address that the alarm is posted to.
        webhook: Option<At<Url>>,
        /// How long before a certificate ends that is said, once a day.
        certificates: Duration = "'30 days'",
    }
}
