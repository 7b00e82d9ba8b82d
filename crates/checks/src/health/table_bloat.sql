-- Tables of some size, with the pages that their rows would fill: the width of a row from the
-- statistics, each column padded to where the next one may begin. Of what is stored out of line four pieces fill a page, and
-- more fit if they are small: so much of it is empty at least.
-- $1: the least size in MiB.
WITH big AS (
    SELECT c.oid, c.relkind, n.nspname, c.relname, c.reltuples, c.relpages,
           current_setting('block_size')::int AS page,
           coalesce((SELECT o.option_value::int FROM pg_options_to_table(c.reloptions) o
                     WHERE o.option_name = 'fillfactor'), 100) AS fillfactor
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_am am ON am.oid = c.relam AND am.amname = 'heap'
    WHERE c.relkind IN ('r', 'm', 't') AND c.reltuples >= 0 AND c.relpersistence <> 't'
      AND c.relpages::float8 * current_setting('block_size')::int >= $1::float8 * 1048576
), columns AS (
    SELECT b.oid, s.avg_width, s.null_frac,
           CASE WHEN lead(a.attlen) OVER in_order = -1 THEN 1
                ELSE CASE lead(a.attalign) OVER in_order WHEN 'd' THEN 8 WHEN 'i' THEN 4 WHEN 's' THEN 2 ELSE 1 END
           END AS next_align
    FROM big b
    JOIN pg_attribute a ON a.attrelid = b.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_stats s ON s.schemaname = b.nspname AND s.tablename = b.relname AND s.attname = a.attname AND NOT s.inherited
    WINDOW in_order AS (PARTITION BY b.oid ORDER BY a.attnum)
), width AS (
    SELECT c.oid, count(*) AS columns, count(c.avg_width) AS known, bool_or(c.null_frac > 0) AS has_nulls,
           sum((1 - c.null_frac) * ceil(c.avg_width::float8 / c.next_align) * c.next_align) AS data
    FROM columns c GROUP BY c.oid
), tuple AS (
    SELECT b.*, w.known = w.columns AS is_known,
           ceil((23 + CASE WHEN w.has_nulls THEN (w.columns + 7) / 8 ELSE 0 END) / 8.0) * 8 + ceil(w.data / 8) * 8 + 4 AS bytes
    FROM big b JOIN width w ON w.oid = b.oid
), filled AS (
    SELECT t.oid, t.relkind, t.nspname, t.relname, t.reltuples, t.relpages, t.page, t.is_known OR t.relkind = 't' AS is_known,
           CASE t.relkind WHEN 't' THEN ceil(t.reltuples / 4)
           ELSE ceil(t.reltuples / greatest(floor((t.page - 24) * t.fillfactor / 100.0 / t.bytes), 1)) END AS needed
    FROM tuple t
)
SELECT f.oid, f.relkind = 'm' AS is_view, f.is_known, f.relkind = 't' AS is_toast,
       CASE f.relkind WHEN 't' THEN (SELECT format('%I.%I', n.nspname, o.relname) FROM pg_class o
                                     JOIN pg_namespace n ON n.oid = o.relnamespace WHERE o.reltoastrelid = f.oid)
       ELSE format('%I.%I', f.nspname, f.relname) END AS name,
       f.relpages::bigint * f.page AS bytes,
       CASE WHEN f.is_known THEN greatest(0, 100 * (1 - f.needed / f.relpages)) END AS percent,
       f.reltuples AS rows, count(*) OVER () AS tables
FROM filled f
ORDER BY CASE WHEN f.is_known THEN greatest(0, f.relpages - f.needed) ELSE f.relpages END DESC, name
LIMIT 100;
