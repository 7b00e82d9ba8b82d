-- What the settings of a capacity are worth now, in bytes where they are sizes, and whether somebody has set them by
-- ALTER SYSTEM, which wins over what Howdah writes.
SELECT name,
       CASE WHEN unit IS NULL THEN setting ELSE pg_catalog.pg_size_bytes(pg_catalog.current_setting(name))::pg_catalog.text END,
       EXISTS (SELECT FROM pg_catalog.pg_file_settings AS line
                WHERE line.name = setting.name AND line.sourcefile LIKE '%/postgresql.auto.conf')
  FROM pg_catalog.pg_settings AS setting
 WHERE name IN ('max_connections', 'max_parallel_workers', 'shared_buffers', 'effective_cache_size', 'maintenance_work_mem')
 ORDER BY name
