//! Job records and the audit log in SQLite.
