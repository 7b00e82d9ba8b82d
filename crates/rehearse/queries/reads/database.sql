-- Bytes that were read into shared buffers, and the milliseconds that took; 0 where
-- track_io_timing is off. Before 16 nothing tells sequential reads from others.
SELECT s.blks_read::pg_catalog.float8 * pg_catalog.current_setting('block_size')::pg_catalog.float8, s.blk_read_time
  FROM pg_catalog.pg_stat_database AS s
 WHERE s.datname = pg_catalog.current_database();
