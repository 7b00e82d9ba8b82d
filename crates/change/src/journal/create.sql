-- The journal of changes lies in the database that it is about, so that a step and the
-- note that it is done commit together.
CREATE SCHEMA IF NOT EXISTS howdah;
COMMENT ON SCHEMA howdah IS 'The journal of Howdah''s schema changes. It may be dropped when no change is under way.';
CREATE TABLE IF NOT EXISTS howdah.changes (
    id text PRIMARY KEY,
    plan text NOT NULL,
    state text NOT NULL,
    wanted text NOT NULL DEFAULT 'run',
    tables text[] NOT NULL,
    error text,
    who text NOT NULL DEFAULT current_user,
    started_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS howdah.steps (
    change text NOT NULL REFERENCES howdah.changes ON DELETE CASCADE,
    ordinal int NOT NULL,
    state text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    PRIMARY KEY (change, ordinal)
);
CREATE TABLE IF NOT EXISTS howdah.positions (
    change text NOT NULL REFERENCES howdah.changes ON DELETE CASCADE,
    ordinal int NOT NULL,
    position text NOT NULL,
    rows bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (change, ordinal)
) WITH (fillfactor = 20)
;
-- Changes whose old column could not hold what was written after the swap.
CREATE TABLE IF NOT EXISTS howdah.misfits (change text PRIMARY KEY)
;
ALTER TABLE howdah.changes ADD COLUMN IF NOT EXISTS before text
