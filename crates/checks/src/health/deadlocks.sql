-- Deadlocks since the counters began.
SELECT d.deadlocks FROM pg_stat_database d WHERE d.datname = current_database();
