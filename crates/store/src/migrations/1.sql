-- Times are milliseconds since 1970; *_json columns hold JSON text.

CREATE TABLE jobs (
    number           INTEGER PRIMARY KEY AUTOINCREMENT, -- order of creation, which a changed clock cannot upset
    id               TEXT    NOT NULL UNIQUE,
    kind             TEXT    NOT NULL,
    subject          TEXT    NOT NULL,
    exclusive_key    TEXT,
    input_json       TEXT    NOT NULL,
    created_by       TEXT    NOT NULL,
    state            TEXT    NOT NULL,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    work_json        TEXT    NOT NULL DEFAULT 'null',   -- the kind's own state between steps
    result_json      TEXT,
    error_json       TEXT,
    exists_now_json  TEXT    NOT NULL DEFAULT '[]',
    phase            TEXT,
    step_fraction    REAL,
    token            INTEGER NOT NULL DEFAULT 0,        -- of the latest lease: grows with every worker
    deaths           INTEGER NOT NULL DEFAULT 0,        -- workers lost in a row in the same step
    created_ms       INTEGER NOT NULL,
    launched_ms      INTEGER,
    started_ms       INTEGER,
    finished_ms      INTEGER,
    updated_ms       INTEGER NOT NULL
) STRICT;

CREATE INDEX jobs_active ON jobs (number) WHERE state IN ('queued', 'running', 'undoing');
CREATE UNIQUE INDEX jobs_exclusive ON jobs (exclusive_key)
    WHERE exclusive_key IS NOT NULL AND state IN ('queued', 'running', 'undoing');
CREATE INDEX jobs_kind ON jobs (kind, number);

CREATE TABLE job_steps (
    job         TEXT    NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    ordinal     INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    title       TEXT    NOT NULL,
    weight      REAL    NOT NULL,
    state       TEXT    NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    started_ms  INTEGER,
    finished_ms INTEGER,
    error       TEXT,
    PRIMARY KEY (job, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE job_events (
    job     TEXT    NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    seq     INTEGER NOT NULL,
    at_ms   INTEGER NOT NULL,
    level   TEXT    NOT NULL,
    step    TEXT,
    message TEXT    NOT NULL,
    PRIMARY KEY (job, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE leases (
    job         TEXT    NOT NULL PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    token       INTEGER NOT NULL,
    owner_json  TEXT    NOT NULL,
    acquired_ms INTEGER NOT NULL,
    renewed_ms  INTEGER NOT NULL,
    expires_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE approvals (
    number         INTEGER PRIMARY KEY AUTOINCREMENT,
    id             TEXT    NOT NULL UNIQUE,
    target         TEXT    NOT NULL,
    identity       TEXT    NOT NULL,
    statement      TEXT    NOT NULL, -- the masked text once it is settled
    masked         TEXT    NOT NULL,
    params_json    TEXT    NOT NULL,
    effect_json    TEXT    NOT NULL,
    binding        TEXT    NOT NULL,
    requested_by   TEXT    NOT NULL,
    state          TEXT    NOT NULL,
    decided_by     TEXT,
    outcome        TEXT,
    created_ms     INTEGER NOT NULL,
    expires_ms     INTEGER NOT NULL,
    decided_ms     INTEGER,
    executed_ms    INTEGER
) STRICT;

-- Asking twice for the same thing does not ask the person twice.
CREATE UNIQUE INDEX approvals_pending ON approvals (binding) WHERE state = 'pending';

CREATE TABLE audit (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms       INTEGER NOT NULL,
    who         TEXT    NOT NULL,
    caller      TEXT    NOT NULL,
    tool        TEXT    NOT NULL,
    target      TEXT    NOT NULL,
    statement   TEXT    NOT NULL, -- literals masked
    rows        INTEGER,
    duration_ms REAL,
    outcome     TEXT    NOT NULL,
    sqlstate    TEXT
) STRICT;

CREATE INDEX audit_target ON audit (target, number);
