-- The regions of an Aurora Global Database.
SELECT g.aws_region AS name, g.durability_lag_in_msec AS durability_ms, g.rpo_lag_in_msec AS rpo_ms
FROM aurora_global_db_status() g
ORDER BY g.durability_lag_in_msec DESC NULLS LAST, g.aws_region;
