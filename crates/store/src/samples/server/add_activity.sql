INSERT INTO activity (target, level, at, wait, statement, role, seen)
SELECT CAST(:target AS bigint), given.level, given.at, wait.id, coalesce(statement.id, 0), role.id, sum(given.seen)
FROM json_to_recordset(CAST(:rows AS json))
     AS given(level bigint, at bigint, wait text, query_id bigint, role text, seen bigint)
LEFT JOIN name wait ON wait.target = :target AND wait.kind = 'wait' AND wait.text = given.wait
LEFT JOIN name role ON role.target = :target AND role.kind = 'role' AND role.text = given.role
LEFT JOIN statement ON statement.target = :target AND statement.query_id = given.query_id
GROUP BY 2, 3, 4, 5, 6
ON CONFLICT (target, level, at, wait, statement, role) DO UPDATE SET seen = activity.seen + excluded.seen
