INSERT INTO metric (target, level, at, name, value, most)
SELECT DISTINCT ON (given.level, given.at, name.id)
       CAST(:target AS bigint), given.level, given.at, name.id, given.value, given.value
FROM ROWS FROM (json_to_recordset(CAST(:rows AS json)) AS (level bigint, at bigint, name text, value double precision))
     WITH ORDINALITY AS given(level, at, name, value, place)
LEFT JOIN name ON name.target = :target AND name.kind = 'gauge' AND name.text = given.name
ORDER BY given.level, given.at, name.id, given.place DESC
ON CONFLICT (target, level, at, name) DO UPDATE SET value = excluded.value, most = excluded.most
