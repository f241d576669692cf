//! Metrics, health, the admin API.
