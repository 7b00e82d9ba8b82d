-- An estimate of a built-in operator that somebody replaced: planning runs it.
-- database: replaced_estimates

-- setup: estimate
CREATE FUNCTION h.reset_estimate(internal, oid, internal, int) RETURNS float8 LANGUAGE internal AS 'pg_stat_reset';
ALTER OPERATOR pg_catalog.= (int, int) SET (RESTRICT = h.reset_estimate);

-- name: equal
SELECT * FROM h.canary WHERE n = 1
-- name: explained
EXPLAIN SELECT t FROM h.canary WHERE n IN (1, 2)
