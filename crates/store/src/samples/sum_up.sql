DELETE FROM tick WHERE target = :target AND level = :level AND at >= :from AND at < :until;
INSERT INTO tick (target, level, at, ticks)
SELECT CAST(:target AS bigint), CAST(:level AS bigint), at - at % :span, sum(ticks)
FROM tick WHERE target = :target AND level = :below AND at >= :from AND at < :until GROUP BY 3;
DELETE FROM activity WHERE target = :target AND level = :level AND at >= :from AND at < :until;
INSERT INTO activity (target, level, at, wait, statement, role, seen)
SELECT CAST(:target AS bigint), CAST(:level AS bigint), at - at % :span, wait, statement, role, sum(seen)
FROM activity WHERE target = :target AND level = :below AND at >= :from AND at < :until GROUP BY 3, 4, 5, 6;
DELETE FROM statement_use WHERE target = :target AND level = :level AND at >= :from AND at < :until;
INSERT INTO statement_use (target, level, at, statement, calls, time_us, plan_us, rows, hit, read, temp, wal_bytes)
SELECT CAST(:target AS bigint), CAST(:level AS bigint), span, CASE WHEN place <= :apart THEN statement ELSE 0 END,
       sum(calls), sum(time_us), sum(plan_us), sum(rows), sum(hit), sum(read), sum(temp), sum(wal_bytes)
FROM (SELECT at - at % :span AS span, statement, sum(calls) AS calls, sum(time_us) AS time_us, sum(plan_us) AS plan_us,
             sum(rows) AS rows, sum(hit) AS hit, sum(read) AS read, sum(temp) AS temp, sum(wal_bytes) AS wal_bytes,
             row_number() OVER (PARTITION BY at - at % :span ORDER BY sum(time_us) DESC, statement) AS place
      FROM statement_use WHERE target = :target AND level = :below AND at >= :from AND at < :until
      GROUP BY 1, 2) AS spans
GROUP BY 3, 4;
DELETE FROM relation_use WHERE target = :target AND level = :level AND at >= :from AND at < :until;
INSERT INTO relation_use (target, level, at, relation, scans, tuples_read, index_scans, tuples_found, inserted, updated,
                          hot_updated, deleted, hit, read)
SELECT CAST(:target AS bigint), CAST(:level AS bigint), span, CASE WHEN place <= :apart THEN relation ELSE 0 END,
       sum(scans), sum(tuples_read), sum(index_scans), sum(tuples_found), sum(inserted), sum(updated),
       sum(hot_updated), sum(deleted), sum(hit), sum(read)
FROM (SELECT at - at % :span AS span, relation, sum(scans) AS scans, sum(tuples_read) AS tuples_read,
             sum(index_scans) AS index_scans, sum(tuples_found) AS tuples_found, sum(inserted) AS inserted,
             sum(updated) AS updated, sum(hot_updated) AS hot_updated, sum(deleted) AS deleted, sum(hit) AS hit,
             sum(read) AS read,
             row_number() OVER (PARTITION BY at - at % :span ORDER BY sum(hit + read) DESC, relation) AS place
      FROM relation_use WHERE target = :target AND level = :below AND at >= :from AND at < :until
      GROUP BY 1, 2) AS spans
GROUP BY 3, 4;
DELETE FROM relation_state WHERE target = :target AND level = :level AND at >= :from AND at < :until;
INSERT INTO relation_state (target, level, at, relation, bytes, live, dead)
SELECT CAST(:target AS bigint), CAST(:level AS bigint), span, relation, bytes, live, dead
FROM (SELECT at - at % :span AS span, relation, bytes, live, dead,
             row_number() OVER (PARTITION BY at - at % :span, relation ORDER BY at DESC) AS place
      FROM relation_state WHERE target = :target AND level = :below AND at >= :from AND at < :until) AS spans
WHERE place = 1;
DELETE FROM metric WHERE target = :target AND level = :level AND at >= :from AND at < :until;
INSERT INTO metric (target, level, at, name, value, most)
SELECT CAST(:target AS bigint), CAST(:level AS bigint), m.at - m.at % :span, m.name,
       CASE n.kind WHEN 'counter' THEN sum(m.value) ELSE avg(m.value) END, max(m.most)
FROM metric m JOIN name n ON n.id = m.name
WHERE m.target = :target AND m.level = :below AND m.at >= :from AND m.at < :until GROUP BY 3, 4, n.kind;
DELETE FROM rolled WHERE target = :target AND level = :level;
INSERT INTO rolled (target, level, until) VALUES (:target, :level, :until);
