INSERT INTO relation_state (target, level, at, relation, bytes, live, dead)
VALUES (:target, 0, :at, (SELECT id FROM name WHERE target = :target AND kind = :kind AND text = :relation),
        :bytes, :live, :dead)
ON CONFLICT (target, level, at, relation) DO UPDATE SET
    bytes = excluded.bytes, live = excluded.live, dead = excluded.dead
