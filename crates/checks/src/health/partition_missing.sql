-- Tables partitioned by ranges: how many rows lie in the default partition, and where one column of time is the key, when
-- the last partition ends. To deparse a bound takes no lock, as no table is named.
WITH parents AS MATERIALIZED (
    SELECT p.partrelid, p.partdefid,
           (SELECT a.atttypid FROM pg_attribute a WHERE a.attrelid = p.partrelid AND a.attnum = p.partattrs[0] AND p.partnatts = 1)
               IN ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype) AS is_time
    FROM pg_partitioned_table p
    WHERE p.partstrat = 'r' AND NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = p.partrelid)
), ends AS (
    SELECT p.partrelid, bool_or(b.bound LIKE '%TO (MAXVALUE)') AS is_open,
           max(substring(b.bound FROM 'TO \(''([0-9]{4}-[^'']*)''\)$')) AS last_end
    FROM parents p
    JOIN pg_inherits i ON i.inhparent = p.partrelid
    JOIN pg_class c ON c.oid = i.inhrelid
    CROSS JOIN LATERAL (SELECT pg_get_expr(c.relpartbound, 0) AS bound) b
    WHERE p.is_time
    GROUP BY p.partrelid
)
SELECT format('%I.%I', n.nspname, c.relname) AS name, CASE WHEN d.oid IS NOT NULL THEN format('%I.%I', dn.nspname, d.relname) END AS default_partition,
       coalesce(greatest(d.reltuples, pg_stat_get_live_tuples(d.oid)), 0) AS default_rows,
       CASE WHEN NOT e.is_open THEN extract(epoch FROM e.last_end::timestamptz - clock_timestamp()) END AS ends_in_s,
       CASE WHEN NOT e.is_open THEN e.last_end END AS last_end
FROM parents p
JOIN pg_class c ON c.oid = p.partrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class d ON d.oid = p.partdefid
LEFT JOIN pg_namespace dn ON dn.oid = d.relnamespace
LEFT JOIN ends e ON e.partrelid = p.partrelid
ORDER BY default_rows DESC, name;
