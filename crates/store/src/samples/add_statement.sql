INSERT INTO statement_use (level, at, statement, calls, time_us, plan_us, rows, hit, read, temp, wal_bytes)
VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT (level, at, statement) DO UPDATE SET
    calls = calls + excluded.calls, time_us = time_us + excluded.time_us, plan_us = plan_us + excluded.plan_us,
    rows = rows + excluded.rows, hit = hit + excluded.hit, read = read + excluded.read, temp = temp + excluded.temp,
    wal_bytes = wal_bytes + excluded.wal_bytes
