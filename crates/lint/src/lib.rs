//! Rules for queries, migrations and schemas, and the verdict on a script.
