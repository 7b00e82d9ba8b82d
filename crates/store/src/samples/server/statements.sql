INSERT INTO statement (target, query_id, first_at, last_at)
SELECT CAST(:target AS bigint), given.query_id, given.at, given.at
FROM json_to_recordset(CAST(:rows AS json)) AS given(query_id bigint, at bigint)
WHERE NOT EXISTS (SELECT 1 FROM statement s WHERE s.target = :target AND s.query_id = given.query_id)
