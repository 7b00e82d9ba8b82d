INSERT INTO relation_state (target, level, at, relation, bytes, live, dead)
SELECT DISTINCT ON (given.at, name.id)
       CAST(:target AS bigint), 0, given.at, name.id, given.bytes, given.live, given.dead
FROM ROWS FROM (json_to_recordset(CAST(:rows AS json))
                AS (at bigint, kind text, relation text, bytes bigint, live bigint, dead bigint))
     WITH ORDINALITY AS given(at, kind, relation, bytes, live, dead, place)
LEFT JOIN name ON name.target = :target AND name.kind = given.kind AND name.text = given.relation
ORDER BY given.at, name.id, given.place DESC
ON CONFLICT (target, level, at, relation) DO UPDATE SET
    bytes = excluded.bytes, live = excluded.live, dead = excluded.dead
