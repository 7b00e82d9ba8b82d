INSERT INTO activity (target, level, at, wait, statement, role, seen)
VALUES (:target, :level, :at,
        (SELECT id FROM name WHERE target = :target AND kind = 'wait' AND text = :wait),
        coalesce((SELECT id FROM statement WHERE target = :target AND query_id = :query_id), 0),
        (SELECT id FROM name WHERE target = :target AND kind = 'role' AND text = :role), :seen)
ON CONFLICT (target, level, at, wait, statement, role) DO UPDATE SET seen = activity.seen + excluded.seen
