INSERT INTO statement_use (target, level, at, statement, calls, time_us, plan_us, rows, hit, read, temp, wal_bytes)
SELECT CAST(:target AS bigint), 0, given.at, coalesce(statement.id, 0), sum(given.calls), sum(given.time_us),
       sum(given.plan_us), sum(given.rows), sum(given.hit), sum(given.read), sum(given.temp), sum(given.wal_bytes)
FROM json_to_recordset(CAST(:rows AS json))
     AS given(at bigint, query_id bigint, calls bigint, time_us bigint, plan_us bigint, rows bigint, hit bigint,
              read bigint, temp bigint, wal_bytes bigint)
LEFT JOIN statement ON statement.target = :target AND statement.query_id = given.query_id
GROUP BY 3, 4
ON CONFLICT (target, level, at, statement) DO UPDATE SET
    calls = statement_use.calls + excluded.calls, time_us = statement_use.time_us + excluded.time_us,
    plan_us = statement_use.plan_us + excluded.plan_us, rows = statement_use.rows + excluded.rows,
    hit = statement_use.hit + excluded.hit, read = statement_use.read + excluded.read,
    temp = statement_use.temp + excluded.temp, wal_bytes = statement_use.wal_bytes + excluded.wal_bytes
