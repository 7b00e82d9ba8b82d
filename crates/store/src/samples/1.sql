-- Samples of one database. Times are seconds since 1970, cut down to the beginning of their span.
-- level 0 is as it was sampled, each further level sums up the one below it: see keep.rs.

CREATE TABLE name ( -- texts that stand in many rows, once
    id   INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,     -- wait, role, table, index, counter, gauge
    text TEXT NOT NULL,
    UNIQUE (kind, text)
) STRICT;

CREATE TABLE statement (
    id       INTEGER PRIMARY KEY,
    query_id INTEGER NOT NULL UNIQUE,   -- the server's, or ours where it has none
    text     TEXT    NOT NULL DEFAULT '', -- without constants
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE tick ( -- looks at the sessions
    level INTEGER NOT NULL,
    at    INTEGER NOT NULL,
    ticks INTEGER NOT NULL,
    PRIMARY KEY (level, at)
) STRICT, WITHOUT ROWID;

CREATE TABLE activity ( -- sessions that were seen at work in these looks
    level     INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    wait      INTEGER NOT NULL,
    statement INTEGER NOT NULL, -- 0: not known
    role      INTEGER NOT NULL,
    seen      INTEGER NOT NULL,
    PRIMARY KEY (level, at, wait, statement, role)
) STRICT, WITHOUT ROWID;

CREATE TABLE statement_use (
    level     INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    statement INTEGER NOT NULL, -- 0: all others together
    calls     INTEGER NOT NULL,
    time_us   INTEGER NOT NULL,
    plan_us   INTEGER NOT NULL,
    rows      INTEGER NOT NULL,
    hit       INTEGER NOT NULL, -- blocks of shared buffers
    read      INTEGER NOT NULL,
    temp      INTEGER NOT NULL, -- blocks read and written
    wal_bytes INTEGER NOT NULL,
    PRIMARY KEY (level, at, statement)
) STRICT, WITHOUT ROWID;

CREATE TABLE relation_use (
    level         INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    relation      INTEGER NOT NULL, -- 0: all others together
    scans         INTEGER NOT NULL, -- of a table: sequential ones
    tuples_read   INTEGER NOT NULL,
    index_scans   INTEGER NOT NULL, -- of a table
    tuples_found  INTEGER NOT NULL, -- fetched through indexes
    inserted      INTEGER NOT NULL,
    updated       INTEGER NOT NULL,
    hot_updated   INTEGER NOT NULL,
    deleted       INTEGER NOT NULL,
    hit           INTEGER NOT NULL,
    read          INTEGER NOT NULL,
    PRIMARY KEY (level, at, relation)
) STRICT, WITHOUT ROWID;

CREATE TABLE relation_state ( -- as it was last in the span
    level    INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    relation INTEGER NOT NULL,
    bytes    INTEGER NOT NULL,
    live     INTEGER NOT NULL, -- tuples, as the server estimates them; of an index 0
    dead     INTEGER NOT NULL,
    PRIMARY KEY (level, at, relation)
) STRICT, WITHOUT ROWID;

CREATE TABLE metric ( -- a counter's increase, a gauge's mean
    level INTEGER NOT NULL,
    at    INTEGER NOT NULL,
    name  INTEGER NOT NULL,
    value REAL    NOT NULL,
    most  REAL    NOT NULL, -- the largest sample within
    PRIMARY KEY (level, at, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE change ( -- of settings, schema, versions; restarts and resets
    number INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    kind   TEXT    NOT NULL,
    name   TEXT    NOT NULL,
    before TEXT,
    after  TEXT
) STRICT;

CREATE INDEX change_at ON change (at);

CREATE TABLE known ( -- what changes are told from
    kind  TEXT NOT NULL,
    name  TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE rolled ( -- up to when a level has been summed up into
    level INTEGER PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT;
