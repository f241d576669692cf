//! Journal, ledger, lanes, verdicts, audit.
