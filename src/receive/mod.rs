//! Intake over HTTP.
