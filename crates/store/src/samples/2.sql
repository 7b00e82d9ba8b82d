-- The tables are those of a store on a server, where many databases share them: each row belongs to a
-- target. In a file that is always 1.

ALTER TABLE name RENAME TO name_before;
CREATE TABLE name (
    id     INTEGER PRIMARY KEY,
    target INTEGER NOT NULL,
    kind   TEXT NOT NULL,
    text   TEXT NOT NULL,
    UNIQUE (target, kind, text)
) STRICT;
INSERT INTO name SELECT id, 1, kind, text FROM name_before;
DROP TABLE name_before;

ALTER TABLE statement RENAME TO statement_before;
CREATE TABLE statement (
    id       INTEGER PRIMARY KEY,
    target   INTEGER NOT NULL,
    query_id INTEGER NOT NULL,
    text     TEXT    NOT NULL DEFAULT '',
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    UNIQUE (target, query_id)
) STRICT;
INSERT INTO statement SELECT id, 1, query_id, text, first_at, last_at FROM statement_before;
DROP TABLE statement_before;

ALTER TABLE tick RENAME TO tick_before;
CREATE TABLE tick (
    target INTEGER NOT NULL,
    level  INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    ticks  INTEGER NOT NULL,
    PRIMARY KEY (target, level, at)
) STRICT, WITHOUT ROWID;
INSERT INTO tick SELECT 1, level, at, ticks FROM tick_before;
DROP TABLE tick_before;

ALTER TABLE activity RENAME TO activity_before;
CREATE TABLE activity (
    target    INTEGER NOT NULL,
    level     INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    wait      INTEGER NOT NULL,
    statement INTEGER NOT NULL,
    role      INTEGER NOT NULL,
    seen      INTEGER NOT NULL,
    PRIMARY KEY (target, level, at, wait, statement, role)
) STRICT, WITHOUT ROWID;
INSERT INTO activity SELECT 1, level, at, wait, statement, role, seen FROM activity_before;
DROP TABLE activity_before;

ALTER TABLE statement_use RENAME TO statement_use_before;
CREATE TABLE statement_use (
    target    INTEGER NOT NULL,
    level     INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    statement INTEGER NOT NULL,
    calls     INTEGER NOT NULL,
    time_us   INTEGER NOT NULL,
    plan_us   INTEGER NOT NULL,
    rows      INTEGER NOT NULL,
    hit       INTEGER NOT NULL,
    read      INTEGER NOT NULL,
    temp      INTEGER NOT NULL,
    wal_bytes INTEGER NOT NULL,
    PRIMARY KEY (target, level, at, statement)
) STRICT, WITHOUT ROWID;
INSERT INTO statement_use
SELECT 1, level, at, statement, calls, time_us, plan_us, rows, hit, read, temp, wal_bytes FROM statement_use_before;
DROP TABLE statement_use_before;

ALTER TABLE relation_use RENAME TO relation_use_before;
CREATE TABLE relation_use (
    target       INTEGER NOT NULL,
    level        INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    relation     INTEGER NOT NULL,
    scans        INTEGER NOT NULL,
    tuples_read  INTEGER NOT NULL,
    index_scans  INTEGER NOT NULL,
    tuples_found INTEGER NOT NULL,
    inserted     INTEGER NOT NULL,
    updated      INTEGER NOT NULL,
    hot_updated  INTEGER NOT NULL,
    deleted      INTEGER NOT NULL,
    hit          INTEGER NOT NULL,
    read         INTEGER NOT NULL,
    PRIMARY KEY (target, level, at, relation)
) STRICT, WITHOUT ROWID;
INSERT INTO relation_use
SELECT 1, level, at, relation, scans, tuples_read, index_scans, tuples_found, inserted, updated, hot_updated, deleted,
       hit, read
FROM relation_use_before;
DROP TABLE relation_use_before;

ALTER TABLE relation_state RENAME TO relation_state_before;
CREATE TABLE relation_state (
    target   INTEGER NOT NULL,
    level    INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    relation INTEGER NOT NULL,
    bytes    INTEGER NOT NULL,
    live     INTEGER NOT NULL,
    dead     INTEGER NOT NULL,
    PRIMARY KEY (target, level, at, relation)
) STRICT, WITHOUT ROWID;
INSERT INTO relation_state SELECT 1, level, at, relation, bytes, live, dead FROM relation_state_before;
DROP TABLE relation_state_before;

ALTER TABLE metric RENAME TO metric_before;
CREATE TABLE metric (
    target INTEGER NOT NULL,
    level  INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    name   INTEGER NOT NULL,
    value  REAL    NOT NULL,
    most   REAL    NOT NULL,
    PRIMARY KEY (target, level, at, name)
) STRICT, WITHOUT ROWID;
INSERT INTO metric SELECT 1, level, at, name, value, most FROM metric_before;
DROP TABLE metric_before;

DROP INDEX change_at;
ALTER TABLE change RENAME TO change_before;
CREATE TABLE change (
    number INTEGER PRIMARY KEY,
    target INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    kind   TEXT    NOT NULL,
    name   TEXT    NOT NULL,
    before TEXT,
    after  TEXT
) STRICT;
INSERT INTO change SELECT number, 1, at, kind, name, before, after FROM change_before;
DROP TABLE change_before;
CREATE INDEX change_at ON change (target, at);

ALTER TABLE known RENAME TO known_before;
CREATE TABLE known (
    target INTEGER NOT NULL,
    kind   TEXT NOT NULL,
    name   TEXT NOT NULL,
    value  TEXT NOT NULL,
    PRIMARY KEY (target, kind, name)
) STRICT, WITHOUT ROWID;
INSERT INTO known SELECT 1, kind, name, value FROM known_before;
DROP TABLE known_before;

ALTER TABLE rolled RENAME TO rolled_before;
CREATE TABLE rolled (
    target INTEGER NOT NULL,
    level  INTEGER NOT NULL,
    until  INTEGER NOT NULL,
    PRIMARY KEY (target, level)
) STRICT, WITHOUT ROWID;
INSERT INTO rolled SELECT 1, level, until FROM rolled_before;
DROP TABLE rolled_before;
