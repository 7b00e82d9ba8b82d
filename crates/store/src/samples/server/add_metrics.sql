INSERT INTO metric (target, level, at, name, value, most)
SELECT CAST(:target AS bigint), 0, given.at, name.id,
       CASE WHEN bool_or(given.counts) THEN sum(given.value)
            ELSE (array_agg(given.value ORDER BY given.place DESC))[1] END,
       max(given.value)
FROM ROWS FROM (json_to_recordset(CAST(:rows AS json))
                AS (at bigint, kind text, name text, value double precision, counts boolean))
     WITH ORDINALITY AS given(at, kind, name, value, counts, place)
LEFT JOIN name ON name.target = :target AND name.kind = given.kind AND name.text = given.name
GROUP BY 3, 4
ON CONFLICT (target, level, at, name) DO UPDATE SET
    value = CASE WHEN (SELECT n.kind FROM name n WHERE n.id = excluded.name) = 'counter'
                 THEN metric.value + excluded.value ELSE excluded.value END,
    most = CASE WHEN metric.most > excluded.most THEN metric.most ELSE excluded.most END
