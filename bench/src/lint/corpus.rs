//! Made-up scripts and schemas, the same in every run.

/// A script of that many bytes of everything that stands in migrations, most of it fine.
pub(super) fn mixed(bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 1000);
    for number in 0.. {
        if text.len() >= bytes {
            break;
        }
        text.push_str(&statement(number));
        text.push('\n');
    }
    text
}

/// Migrations of three statements each.
pub(super) fn small_files(count: usize) -> Vec<String> {
    let file = |number: usize| (0..3).map(|of| statement(number * 3 + of) + "\n").collect();
    (0..count).map(file).collect()
}

fn statement(number: usize) -> String {
    let table = format!("app_table_{}", number % 997);
    match number % 10 {
        0 => format!(
            "CREATE TABLE {table}_{number} (\n    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n    \
             customer_id bigint NOT NULL,\n    status text NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'paid', 'sent')),\n    \
             created_at timestamptz NOT NULL DEFAULT now()\n);"
        ),
        1 => format!(
            "CREATE INDEX CONCURRENTLY {table}_{number}_idx ON {table} (customer_id, created_at DESC);"
        ),
        2 => format!("ALTER TABLE {table} ADD COLUMN note_{number} text;"),
        3 => format!(
            "INSERT INTO {table} (id, name, amount) VALUES ({number}, 'name {number}', 3.5), (-{number}, 'it''s', 3.25) ON CONFLICT (id) DO NOTHING;"
        ),
        4 => format!(
            "ALTER TABLE {table} ADD CONSTRAINT c_{number} CHECK (amount > 0) NOT VALID;\nALTER TABLE {table} VALIDATE CONSTRAINT c_{number};"
        ),
        5 => format!(
            "CREATE OR REPLACE FUNCTION f_{number}() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n  IF NEW.id > 10 THEN\n    \
             NEW.name := 'x';\n  END IF;\n  RETURN NEW;\nEND\n$$;"
        ),
        6 => format!(
            "UPDATE {table} SET status = 'paid' WHERE id = {number} AND status = 'new'; -- by its key"
        ),
        7 => format!(
            "CREATE VIEW v_{number} AS SELECT a.id, a.status, c.name FROM {table} a JOIN customers c ON c.id = a.customer_id \
             WHERE a.created_at > now() - interval '1 day' ORDER BY a.id LIMIT 10;"
        ),
        8 => format!("GRANT SELECT, INSERT ON {table} TO app_rw;"),
        _ => format!("COMMENT ON COLUMN {table}.status IS 'What became of order {number}';"),
    }
}

/// Statements in each of which something is found, by themselves or in one transaction.
pub(super) fn dangerous(count: usize, wrapped: bool) -> String {
    let mut text = String::new();
    if wrapped {
        text.push_str("BEGIN;\nSET LOCAL lock_timeout = '1s';\n");
    }
    for number in 0..count {
        // As many tables as there are statements, nearly: what is kept for each table adds up.
        let table = format!("t_{}", number / 2);
        text.push_str(&match number % 6 {
            0 => format!("CREATE INDEX i_{number} ON {table} (a);\n"),
            1 => format!("ALTER TABLE {table} ALTER COLUMN c{number} SET NOT NULL;\n"),
            2 => format!("UPDATE {table} SET a = {number};\n"),
            3 => format!("ALTER TABLE {table} RENAME COLUMN c{number} TO d{number};\n"),
            4 => format!("DROP VIEW v_{number};\n"),
            _ => format!("ALTER TABLE {table} ALTER COLUMN c{number} DROP DEFAULT;\n"),
        });
    }
    if wrapped {
        text.push_str("COMMIT;\n");
    }
    text
}

/// A schema of tables with keys, foreign keys, indexes and a few views, functions and triggers.
pub(super) fn schema(tables: usize) -> String {
    let mut text = String::from(
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.updated_at := now(); RETURN NEW; END';\n",
    );
    for number in 0..tables {
        let parent = number.saturating_sub(1);
        text.push_str(&format!(
            "CREATE TABLE t{number} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent_id bigint REFERENCES t{parent},
                 name varchar(100) NOT NULL, status text NOT NULL DEFAULT 'new' CHECK (status <> ''), amount numeric(12, 2),
                 details jsonb, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz, note text, active boolean DEFAULT true);
             CREATE INDEX t{number}_parent ON t{number} (parent_id);
             CREATE INDEX t{number}_created ON t{number} (created_at DESC);\n"
        ));
        if number % 5 == 0 {
            text.push_str(&format!(
                "CREATE VIEW v{number} AS SELECT id, name, status FROM t{number} WHERE active;
                 CREATE TRIGGER touch BEFORE UPDATE ON t{number} FOR EACH ROW EXECUTE FUNCTION touch();\n"
            ));
        }
    }
    text
}

/// Fifty statements on the first tables of that schema.
pub(super) fn fifty_statements() -> String {
    let statement = |number: usize| match number % 5 {
        0 => format!("ALTER TABLE t{number} ADD COLUMN extra_{number} text;\n"),
        1 => format!("CREATE INDEX CONCURRENTLY t{number}_name ON t{number} (name);\n"),
        2 => format!("ALTER TABLE t{number} ADD CONSTRAINT positive CHECK (amount >= 0) NOT VALID;\n"),
        3 => format!("ALTER TABLE t{number} ALTER COLUMN amount SET NOT NULL;\n"),
        _ => format!("UPDATE t{number} SET note = name WHERE id = {number};\n"),
    };
    (0..50).map(statement).collect()
}

/// Tables of ten columns each, with three indexes and a foreign key.
pub(super) fn tables(count: u32) -> Vec<String> {
    let table = |number: u32| {
        format!(
            "CREATE TABLE things_{number} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent bigint REFERENCES things_{number},
                 name varchar(50), status text DEFAULT 'new', price float8, at timestamp DEFAULT now(), email text NOT NULL,
                 note text, extra json, seen boolean);
             CREATE INDEX ON things_{number} (name); CREATE INDEX ON things_{number} (name, status);"
        )
    };
    (0..count).map(table).collect()
}
