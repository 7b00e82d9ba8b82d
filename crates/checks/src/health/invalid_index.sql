-- Indexes that a failed build left, without those that are being built now.
SELECT format('%I.%I', n.nspname, c.relname) AS name, format('%I.%I', tn.nspname, t.relname) AS table,
       c.relkind = 'I' AS is_partitioned, i.indisunique AS is_unique, i.indisready AS is_written,
       c.relname ~ '_cc(new|old)[0-9]*$' AS is_left_over,
       c.relpages::bigint * current_setting('block_size')::bigint AS bytes,
       count(*) OVER () AS total
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace tn ON tn.oid = t.relnamespace
WHERE (NOT i.indisvalid OR NOT i.indisready)
  AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.relid = i.indrelid)
ORDER BY i.indisunique DESC, bytes DESC, name LIMIT 100;
