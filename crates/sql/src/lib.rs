//! The real PostgreSQL grammar: parse, split, classify, fingerprint, positions.
