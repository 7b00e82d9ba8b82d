INSERT INTO statement_use (target, level, at, statement, calls, time_us, plan_us, rows, hit, read, temp, wal_bytes)
VALUES (:target, 0, :at, coalesce((SELECT id FROM statement WHERE target = :target AND query_id = :query_id), 0),
        :calls, :time_us, :plan_us, :rows, :hit, :read, :temp, :wal_bytes)
ON CONFLICT (target, level, at, statement) DO UPDATE SET
    calls = statement_use.calls + excluded.calls, time_us = statement_use.time_us + excluded.time_us,
    plan_us = statement_use.plan_us + excluded.plan_us, rows = statement_use.rows + excluded.rows,
    hit = statement_use.hit + excluded.hit, read = statement_use.read + excluded.read,
    temp = statement_use.temp + excluded.temp, wal_bytes = statement_use.wal_bytes + excluded.wal_bytes
