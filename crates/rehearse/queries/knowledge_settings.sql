-- What the planner reckons with where it is not as it comes, and where names are looked up: as sessions begin, since
-- this one may have been set otherwise for reading the catalog.
SELECT s.name,
       CASE s.name WHEN 'search_path'
                   THEN pg_catalog.replace(s.reset_val, '"$user"', pg_catalog.quote_ident(session_user::pg_catalog.text))
                   ELSE s.reset_val END
  FROM pg_catalog.pg_settings AS s
 WHERE s.name = 'search_path'
    OR (s.category LIKE 'Query Tuning%' OR s.name IN ('work_mem', 'hash_mem_multiplier', 'jit', 'TimeZone', 'DateStyle', 'IntervalStyle'))
       AND s.reset_val IS DISTINCT FROM s.boot_val AND s.context = 'user'
 ORDER BY 1;
