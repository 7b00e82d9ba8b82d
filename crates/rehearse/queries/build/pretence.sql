-- Makes the planner believe in a thousand million rows of every table: so many
-- that an estimate which depends on a table's size is far beyond any batch,
-- however many conditions of unknown selectivity (0.005 each) stand together.
-- Keys that count upwards are spread over as much, so that a range of them is a batch; in a
-- thousand steps, since the planner takes no less than a hundredth of a step for what lies outside.
UPDATE pg_catalog.pg_class AS c
   SET reltuples = 1e9, relpages = 1
  FROM pg_catalog.pg_namespace AS n
 WHERE n.oid = c.relnamespace AND c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema';

WITH steps AS MATERIALIZED (
  SELECT '{' || pg_catalog.string_agg((step * 65 - 32768)::pg_catalog.text, ',' ORDER BY step) || '}' AS small,
         '{' || pg_catalog.string_agg((step * 1000000 + 1)::pg_catalog.text, ',' ORDER BY step) || '}' AS large
    FROM pg_catalog.generate_series(0, 1000) AS step
)
INSERT INTO pg_catalog.pg_statistic (
  starelid, staattnum, stainherit, stanullfrac, stawidth, stadistinct, stakind1, stakind2, stakind3, stakind4, stakind5,
  staop1, staop2, staop3, staop4, staop5, stacoll1, stacoll2, stacoll3, stacoll4, stacoll5, stavalues1)
SELECT DISTINCT ON (a.attrelid, a.attnum)
       a.attrelid, a.attnum, false, 0, a.attlen, -1, 2, 0, 0, 0, 0, o.oid, 0, 0, 0, 0, 0, 0, 0, 0, 0,
       pg_catalog.array_in(CASE a.attlen WHEN 2 THEN k.small ELSE k.large END::pg_catalog.cstring, a.atttypid, -1)
  FROM steps AS k, pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid AND c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
  JOIN pg_catalog.pg_operator AS o ON o.oprname = '<' AND o.oprleft = a.atttypid AND o.oprright = a.atttypid
                                  AND o.oprnamespace = 'pg_catalog'::pg_catalog.regnamespace
 WHERE i.indisunique AND i.indnkeyatts = 1 AND i.indexprs IS NULL AND i.indpred IS NULL
   AND a.atttypid IN (20, 21, 23) AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_statistic AS s
                    WHERE s.starelid = a.attrelid AND s.staattnum = a.attnum AND NOT s.stainherit);
