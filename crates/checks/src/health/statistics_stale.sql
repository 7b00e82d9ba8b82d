-- Tables of which much has changed since they were analysed. $1: least share in percent, $2: least number of rows.
-- A load that is analysed in its own transaction is counted at its end, after what the ANALYZE set to nothing: where rows
-- only came, and the ANALYZE saw as many as there are, it saw them. So is a load of the same session shortly before it: then
-- the ANALYZE saw as many as came altogether, and they are counted once more.
SELECT format('%I.%I', n.nspname, c.relname) AS name, s.changed, s.rows,
       100.0 * s.changed / greatest(s.rows, 1) AS percent,
       extract(epoch FROM clock_timestamp() - greatest(pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid)))::bigint AS analyzed_s,
       count(*) OVER () AS total
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT pg_stat_get_mod_since_analyze(c.oid) AS changed, greatest(c.reltuples, pg_stat_get_live_tuples(c.oid), 0) AS rows) s
WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND greatest(pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid)) IS NOT NULL
  AND s.changed >= $2::float8 AND 100.0 * s.changed >= $1::float8 * greatest(s.rows, 1)
  AND NOT (10 * (pg_stat_get_tuples_updated(c.oid) + pg_stat_get_tuples_deleted(c.oid)) <= s.changed
           AND (c.reltuples >= 0.9 * pg_stat_get_live_tuples(c.oid)
                OR c.reltuples BETWEEN 0.9 * pg_stat_get_tuples_inserted(c.oid) AND 1.1 * pg_stat_get_tuples_inserted(c.oid)
                   AND s.changed BETWEEN 0.9 * c.reltuples AND 1.1 * c.reltuples)
           AND coalesce(greatest(pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_autovacuum_time(c.oid)), '-infinity')
               <= greatest(pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid)))
ORDER BY percent DESC, name LIMIT 100;
