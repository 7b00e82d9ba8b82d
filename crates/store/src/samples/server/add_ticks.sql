INSERT INTO tick (target, level, at, ticks)
SELECT CAST(:target AS bigint), given.level, given.at, sum(given.ticks)
FROM json_to_recordset(CAST(:rows AS json)) AS given(level bigint, at bigint, ticks bigint)
GROUP BY 2, 3
ON CONFLICT (target, level, at) DO UPDATE SET ticks = tick.ticks + excluded.ticks
