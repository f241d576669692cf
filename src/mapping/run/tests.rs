//! What a run does, rule by rule.
