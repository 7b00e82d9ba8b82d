use anyhow::Result;
use tokio_postgres::Client;

/// A change to be carried out under load.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// What the table needs beside what every scenario has.
    pub(crate) setup: &'static str,
    pub(crate) script: &'static str,
    /// Where the load's columns are afterwards.
    pub(crate) table: &'static str,
    pub(crate) id: &'static str,
    pub(crate) v: &'static str,
    pub(crate) w: &'static str,
    /// 0.6 of what an expert needed by hand, in seconds, for the two long changes.
    pub(crate) bound_s: Option<f64>,
    /// Put into the changed table only: the change has to stop at it, with nothing touched.
    pub(crate) obstacle: &'static str,
    /// Removes the obstacle.
    pub(crate) repair: &'static str,
    /// Whether old names stay until `howdah change contract`.
    pub(crate) contract: bool,
}

const PLAIN: Scenario = Scenario {
    name: "",
    setup: "",
    script: "",
    table: "t",
    id: "id",
    v: "v",
    w: "w",
    bound_s: None,
    obstacle: "",
    repair: "",
    contract: false,
};

/// All of them.
pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "bigint",
        script: "ALTER TABLE t ALTER COLUMN v TYPE bigint",
        bound_s: Some(48.0),
        ..PLAIN
    },
    Scenario {
        name: "pk",
        setup: "CREATE TABLE child (id int PRIMARY KEY, t_id int REFERENCES t ON DELETE CASCADE); \
                INSERT INTO child SELECT g, g FROM generate_series(1, (SELECT count(*)::int FROM t), 10) g; CREATE INDEX ON child (t_id)",
        script: "ALTER TABLE t ALTER COLUMN id TYPE bigint; ALTER TABLE child ALTER COLUMN t_id TYPE bigint",
        ..PLAIN
    },
    Scenario {
        name: "varchar",
        script: "ALTER TABLE t ALTER COLUMN w TYPE integer USING w::integer",
        obstacle: "INSERT INTO t (id, v, w) VALUES (2000000000, 1, 'no number')",
        repair: "DELETE FROM t WHERE id = 2000000000",
        ..PLAIN
    },
    Scenario {
        name: "uuid",
        script: "ALTER TABLE t ADD COLUMN u uuid NOT NULL DEFAULT gen_random_uuid()",
        bound_s: Some(42.0),
        ..PLAIN
    },
    Scenario {
        name: "notnull",
        script: "ALTER TABLE t ALTER COLUMN w SET NOT NULL",
        ..PLAIN
    },
    Scenario {
        name: "check",
        script: "ALTER TABLE t ADD CONSTRAINT v_small CHECK (v < 100000000)",
        ..PLAIN
    },
    Scenario {
        name: "fk",
        setup: "CREATE TABLE kind (id int PRIMARY KEY); INSERT INTO kind SELECT generate_series(0, 9); ALTER TABLE t ADD COLUMN kind_id int DEFAULT 3",
        script: "ALTER TABLE t ADD FOREIGN KEY (kind_id) REFERENCES kind",
        ..PLAIN
    },
    Scenario {
        name: "unique",
        script: "ALTER TABLE t ADD CONSTRAINT t_id_w UNIQUE (id, w)",
        ..PLAIN
    },
    Scenario {
        name: "primary",
        setup: "ALTER TABLE t DROP CONSTRAINT t_pkey; CREATE INDEX t_id ON t (id)",
        script: "ALTER TABLE t ADD PRIMARY KEY (id)",
        ..PLAIN
    },
    Scenario {
        name: "index",
        script: "CREATE INDEX ON t (w)",
        ..PLAIN
    },
    Scenario {
        name: "partitioned",
        setup: "ALTER TABLE t RENAME TO old; ALTER TABLE old RENAME CONSTRAINT t_pkey TO old_pkey; ALTER INDEX t_v RENAME TO old_v; \
                CREATE TABLE t (LIKE old INCLUDING DEFAULTS, PRIMARY KEY (id)) PARTITION BY HASH (id); CREATE INDEX t_v ON t (v); \
                CREATE TABLE t_0 PARTITION OF t FOR VALUES WITH (MODULUS 4, REMAINDER 0); CREATE TABLE t_1 PARTITION OF t FOR VALUES WITH (MODULUS 4, REMAINDER 1); \
                CREATE TABLE t_2 PARTITION OF t FOR VALUES WITH (MODULUS 4, REMAINDER 2); CREATE TABLE t_3 PARTITION OF t FOR VALUES WITH (MODULUS 4, REMAINDER 3); \
                INSERT INTO t SELECT * FROM old; DROP TABLE old",
        script: "CREATE INDEX ON t (w)",
        ..PLAIN
    },
    Scenario {
        name: "column",
        script: "ALTER TABLE t RENAME COLUMN v TO value",
        v: "value",
        contract: true,
        ..PLAIN
    },
    Scenario {
        name: "table",
        script: "ALTER TABLE t RENAME TO items",
        table: "items",
        ..PLAIN
    },
    Scenario {
        name: "split",
        script: "BEGIN; ALTER TABLE t ADD COLUMN n int; CREATE INDEX t_n ON t (n); ALTER TABLE t ADD CONSTRAINT n_ok CHECK (n > 0); \
                 CREATE TABLE audit (id int PRIMARY KEY, t_id int REFERENCES t); COMMIT",
        ..PLAIN
    },
    Scenario {
        name: "vacuum",
        // Every row has a newer version further back, so that the front half is empty.
        setup: "UPDATE t SET pad = pad",
        script: "VACUUM FULL t",
        ..PLAIN
    },
];

/// The value that a row is loaded with.
pub(crate) fn loaded(id: i64) -> i64 {
    id * 7919 % 1_000_003
}

/// A table of so many rows, 162 bytes each with its header.
pub(crate) fn setup(rows: u32) -> String {
    format!(
        "CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL, w varchar(20), at timestamptz NOT NULL DEFAULT now(), pad text); \
         INSERT INTO t (id, v, w, pad) SELECT g, g::bigint * 7919 % 1000003, g::bigint * 7919 % 1000003, repeat('x', 90) FROM generate_series(1, {rows}) g; \
         CREATE INDEX t_v ON t (v)"
    )
}

/// Bytes of the table and of its indexes.
pub(crate) struct Sizes {
    pub(crate) heap: f64,
    pub(crate) indexes: f64,
}

pub(crate) async fn sizes(client: &Client, scenario: &Scenario) -> Result<Sizes> {
    let sql = format!(
        "SELECT sum(pg_relation_size(oid))::float8, sum(pg_indexes_size(oid))::float8 FROM pg_class \
         WHERE oid = '{0}'::regclass OR oid IN (SELECT relid FROM pg_partition_tree('{0}'))",
        scenario.table
    );
    let row = client.query_one(&sql, &[]).await?;
    Ok(Sizes {
        heap: row.get(0),
        indexes: row.get(1),
    })
}

/// Columns, indexes, constraints and triggers as lines, whatever the order of columns.
pub(crate) async fn schema(client: &Client) -> Result<Vec<String>> {
    let sql = "SELECT format('%s.%s %s %s %s', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)) \
               FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
               WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace \
               UNION ALL SELECT pg_get_indexdef(indexrelid) || indisvalid FROM pg_index JOIN pg_class c ON c.oid = indrelid WHERE c.relnamespace = 'public'::regnamespace \
               UNION ALL SELECT format('%s %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated) FROM pg_constraint WHERE connamespace = 'public'::regnamespace \
               UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal \
               ORDER BY 1";
    Ok(client
        .query(sql, &[])
        .await?
        .iter()
        .map(|row| row.get(0))
        .collect())
}

pub(crate) fn difference(expected: &[String], found: &[String]) -> String {
    let missing = expected
        .iter()
        .filter(|line| !found.contains(line))
        .map(|line| format!("- {line}\n"));
    let new = found
        .iter()
        .filter(|line| !expected.contains(line))
        .map(|line| format!("+ {line}\n"));
    missing.chain(new).collect()
}
