-- A support function of a built-in function that somebody replaced: planning runs it.
-- database: replaced_support

-- setup: support
CREATE FUNCTION h.reset(internal) RETURNS internal LANGUAGE internal AS 'pg_stat_reset';
ALTER FUNCTION pg_catalog.initcap(text) SUPPORT h.reset;

-- name: called
SELECT initcap(t) FROM h.canary
-- name: explained
EXPLAIN SELECT 1 FROM h.canary WHERE initcap(t) = 'A'
