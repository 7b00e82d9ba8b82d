-- The same tables as in a file of samples, for many databases: see ../1.sql for what the columns mean.
-- Run in the schema that the configuration names. To forget a database: DELETE FROM target WHERE name = '…'.

CREATE TABLE format (version integer NOT NULL);

CREATE TABLE target (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    holder     text NOT NULL,            -- the watcher that may write
    held_until timestamptz NOT NULL,     -- without a sign of life until then another may
    written    bigint NOT NULL DEFAULT 0 -- the last bundle that this holder has written
);
COMMENT ON TABLE target IS 'Databases that howdah watches.';

CREATE TABLE name (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target bigint NOT NULL REFERENCES target ON DELETE CASCADE,
    kind   text NOT NULL,
    text   text NOT NULL,
    UNIQUE (target, kind, text)
);

CREATE TABLE statement (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target   bigint NOT NULL REFERENCES target ON DELETE CASCADE,
    query_id bigint NOT NULL,
    text     text   NOT NULL DEFAULT '',
    first_at bigint NOT NULL,
    last_at  bigint NOT NULL,
    UNIQUE (target, query_id)
);

CREATE TABLE tick (
    target bigint NOT NULL REFERENCES target ON DELETE CASCADE,
    level  bigint NOT NULL,
    at     bigint NOT NULL,
    ticks  bigint NOT NULL,
    PRIMARY KEY (target, level, at)
);

CREATE TABLE activity (
    target    bigint NOT NULL REFERENCES target ON DELETE CASCADE,
    level     bigint NOT NULL,
    at        bigint NOT NULL,
    wait      bigint NOT NULL,
    statement bigint NOT NULL,
    role      bigint NOT NULL,
    seen      bigint NOT NULL,
    PRIMARY KEY (target, level, at, wait, statement, role)
);

CREATE TABLE statement_use (
    target    bigint NOT NULL REFERENCES target ON DELETE CASCADE,
    level     bigint NOT NULL,
    at        bigint NOT NULL,
    statement bigint NOT NULL,
    calls     bigint NOT NULL,
    time_us   bigint NOT NULL,
    plan_us   bigint NOT NULL,
    rows      bigint NOT NULL,
    hit       bigint NOT NULL,
    read      bigint NOT NULL,
    temp      bigint NOT NULL,
    wal_bytes bigint NOT NULL,
    PRIMARY KEY (target, level, at, statement)
);

CREATE TABLE relation_use (
    target       bigint NOT NULL REFERENCES target ON DELETE CASCADE,
    level        bigint NOT NULL,
    at           bigint NOT NULL,
    relation     bigint NOT NULL,
    scans        bigint NOT NULL,
    tuples_read  bigint NOT NULL,
    index_scans  bigint NOT NULL,
    tuples_found bigint NOT NULL,
    inserted     bigint NOT NULL,
    updated      bigint NOT NULL,
    hot_updated  bigint NOT NULL,
    deleted      bigint NOT NULL,
    hit          bigint NOT NULL,
    read         bigint NOT NULL,
    PRIMARY KEY (target, level, at, relation)
);

CREATE TABLE relation_state (
    target   bigint NOT NULL REFERENCES target ON DELETE CASCADE,
    level    bigint NOT NULL,
    at       bigint NOT NULL,
    relation bigint NOT NULL,
    bytes    bigint NOT NULL,
    live     bigint NOT NULL,
    dead     bigint NOT NULL,
    PRIMARY KEY (target, level, at, relation)
);

CREATE TABLE metric (
    target bigint NOT NULL REFERENCES target ON DELETE CASCADE,
    level  bigint NOT NULL,
    at     bigint NOT NULL,
    name   bigint NOT NULL,
    value  double precision NOT NULL,
    most   double precision NOT NULL,
    PRIMARY KEY (target, level, at, name)
);

CREATE TABLE change (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target bigint NOT NULL REFERENCES target ON DELETE CASCADE,
    at     bigint NOT NULL,
    kind   text NOT NULL,
    name   text NOT NULL,
    before text,
    after  text
);
CREATE INDEX change_at ON change (target, at);

CREATE TABLE known (
    target bigint NOT NULL REFERENCES target ON DELETE CASCADE,
    kind   text NOT NULL,
    name   text NOT NULL,
    value  text NOT NULL,
    PRIMARY KEY (target, kind, name)
);

CREATE TABLE rolled (
    target bigint NOT NULL REFERENCES target ON DELETE CASCADE,
    level  bigint NOT NULL,
    until  bigint NOT NULL,
    PRIMARY KEY (target, level)
);
