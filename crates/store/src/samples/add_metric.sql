INSERT INTO metric (target, level, at, name, value, most)
VALUES (:target, 0, :at, (SELECT id FROM name WHERE target = :target AND kind = :kind AND text = :name), :value, :value)
ON CONFLICT (target, level, at, name) DO UPDATE SET
    value = CASE WHEN :counts THEN metric.value + excluded.value ELSE excluded.value END,
    most = CASE WHEN metric.most > excluded.most THEN metric.most ELSE excluded.most END
