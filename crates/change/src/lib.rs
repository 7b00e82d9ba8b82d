//! Online schema changes: planned, carried out under load, resumable.
