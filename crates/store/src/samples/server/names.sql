INSERT INTO name (target, kind, text)
SELECT CAST(:target AS bigint), given.kind, given.text
FROM json_to_recordset(CAST(:rows AS json)) AS given(kind text, text text)
WHERE NOT EXISTS (SELECT 1 FROM name n WHERE n.target = :target AND n.kind = given.kind AND n.text = given.text)
