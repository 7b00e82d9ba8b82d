UPDATE statement SET last_at = given.at
FROM json_to_recordset(CAST(:rows AS json)) AS given(query_id bigint, at bigint, hour_before bigint)
WHERE statement.target = :target AND statement.query_id = given.query_id AND statement.last_at <= given.hour_before
