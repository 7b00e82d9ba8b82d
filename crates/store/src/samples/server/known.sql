INSERT INTO known (target, kind, name, value)
SELECT CAST(:target AS bigint), given.kind, given.name, given.value
FROM json_to_recordset(CAST(:rows AS json)) AS given(kind text, name text, value text)
