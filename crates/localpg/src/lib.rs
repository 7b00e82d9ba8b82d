//! PostgreSQL clusters on this machine: find, init, start, stop, base backup.
