-- Memory that the server takes at most, against what the planner believes the machine to have for it.
SELECT s.buffers, s.work_mem, s.connections, s.cache, s.hash, s.work_mem * s.connections * s.hash AS worst
FROM (SELECT pg_size_bytes(max(reset_val || coalesce(unit, '')) FILTER (WHERE name = 'work_mem')) AS work_mem,
             max(reset_val) FILTER (WHERE name = 'shared_buffers')::float8 * current_setting('block_size')::int AS buffers,
             max(reset_val) FILTER (WHERE name = 'effective_cache_size')::float8 * current_setting('block_size')::int AS cache,
             max(reset_val) FILTER (WHERE name = 'max_connections')::float8 AS connections,
             coalesce(max(reset_val) FILTER (WHERE name = 'hash_mem_multiplier')::float8, 1) AS hash
      FROM pg_settings) s;
