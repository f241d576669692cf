//! The spine: read, decide, process.
