-- How many values of these columns are missing, and how many are different, for the planner.
-- Without that it takes two hundred for as many as there can be.
INSERT INTO pg_catalog.pg_statistic (
  starelid, staattnum, stainherit, stanullfrac, stawidth, stadistinct, stakind1, stakind2, stakind3, stakind4, stakind5,
  staop1, staop2, staop3, staop4, staop5, stacoll1, stacoll2, stacoll3, stacoll4, stacoll5)
SELECT a.attrelid, a.attnum, false, v.nulls, CASE WHEN a.attlen > 0 THEN a.attlen ELSE 16 END, v.distincts,
       0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
  FROM (VALUES /* columns */) AS v(nspname, relname, attname, nulls, distincts)
  JOIN pg_catalog.pg_namespace AS n ON n.nspname = v.nspname
  JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = v.relname AND c.relkind IN ('r', 'm')
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attname = v.attname AND NOT a.attisdropped
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_statistic AS s WHERE s.starelid = a.attrelid AND s.staattnum = a.attnum AND NOT s.stainherit);
