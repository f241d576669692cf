//! The shell around the spine.
