//! ONE table: outcome to receipt, and back.
