-- What becomes of the statement that backend $1 of change $2 is at: whether it is still wanted, how far it is (0 to 1), and who
-- is in its way. The phases of a build share its time as measured on builds of tables of some GB: the table is read,
-- sorted and loaded, then the index read and the table once more.
SELECT (SELECT wanted FROM howdah.changes WHERE id = $2),
       coalesce(
         (SELECT CASE
                   WHEN phase = 'initializing' OR phase LIKE '%before build' THEN 0
                   WHEN phase LIKE 'building index%sorting%' THEN 0.40
                   WHEN phase LIKE 'building index%loading%' THEN 0.45 + 0.10 * coalesce(tuples_done / nullif(tuples_total, 0)::float8, 0)
                   WHEN phase LIKE 'building index%' THEN 0.40 * coalesce(blocks_done / nullif(blocks_total, 0)::float8, 0)
                   WHEN phase LIKE '%before validation' THEN 0.55
                   WHEN phase LIKE '%scanning index%' THEN 0.55 + 0.10 * coalesce(blocks_done / nullif(blocks_total, 0)::float8, 0)
                   WHEN phase LIKE '%sorting tuples%' THEN 0.65
                   WHEN phase LIKE '%scanning table%' THEN 0.65 + 0.30 * coalesce(blocks_done / nullif(blocks_total, 0)::float8, 0)
                   ELSE 0.95
                 END
            FROM pg_catalog.pg_stat_progress_create_index WHERE pid = $1::int LIMIT 1),
         (SELECT 0.9 * heap_blks_scanned / nullif(heap_blks_total, 0)::float8 FROM pg_catalog.pg_stat_progress_vacuum WHERE pid = $1::int LIMIT 1),
         (SELECT 0.6 * heap_blks_scanned / nullif(heap_blks_total, 0)::float8 FROM pg_catalog.pg_stat_progress_cluster WHERE pid = $1::int LIMIT 1),
         (SELECT sample_blks_scanned / nullif(sample_blks_total, 0)::float8 FROM pg_catalog.pg_stat_progress_analyze WHERE pid = $1::int LIMIT 1))::text,
       (SELECT string_agg(pg_catalog.format('pid %s (%s%s, %s, transaction open since %s UTC)', a.pid, coalesce(a.usename, a.backend_type),
                            coalesce(', ' || nullif(a.application_name, ''), ''), coalesce(a.state, 'running'),
                            pg_catalog.to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')), '; ' ORDER BY a.xact_start, a.pid)
          FROM pg_catalog.pg_stat_activity a WHERE a.pid = ANY (pg_catalog.pg_blocking_pids($1::int)))
