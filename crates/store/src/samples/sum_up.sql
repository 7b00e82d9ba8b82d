INSERT OR REPLACE INTO tick (level, at, ticks)
SELECT :level, at - at % :span, sum(ticks)
FROM tick WHERE level = :below AND at >= :from AND at < :until GROUP BY 2;
INSERT OR REPLACE INTO activity (level, at, wait, statement, role, seen)
SELECT :level, at - at % :span, wait, statement, role, sum(seen)
FROM activity WHERE level = :below AND at >= :from AND at < :until GROUP BY 2, 3, 4, 5;
INSERT OR REPLACE INTO statement_use (level, at, statement, calls, time_us, plan_us, rows, hit, read, temp, wal_bytes)
SELECT :level, span, CASE WHEN place <= :apart THEN statement ELSE 0 END, sum(calls), sum(time_us), sum(plan_us),
       sum(rows), sum(hit), sum(read), sum(temp), sum(wal_bytes)
FROM (SELECT at - at % :span AS span, statement, sum(calls) AS calls, sum(time_us) AS time_us, sum(plan_us) AS plan_us,
             sum(rows) AS rows, sum(hit) AS hit, sum(read) AS read, sum(temp) AS temp, sum(wal_bytes) AS wal_bytes,
             row_number() OVER (PARTITION BY at - at % :span ORDER BY sum(time_us) DESC, statement) AS place
      FROM statement_use WHERE level = :below AND at >= :from AND at < :until GROUP BY 1, 2)
GROUP BY 2, 3;
INSERT OR REPLACE INTO relation_use (level, at, relation, scans, tuples_read, index_scans, tuples_found, inserted,
                                     updated, hot_updated, deleted, hit, read)
SELECT :level, span, CASE WHEN place <= :apart THEN relation ELSE 0 END, sum(scans), sum(tuples_read), sum(index_scans),
       sum(tuples_found), sum(inserted), sum(updated), sum(hot_updated), sum(deleted), sum(hit), sum(read)
FROM (SELECT at - at % :span AS span, relation, sum(scans) AS scans, sum(tuples_read) AS tuples_read,
             sum(index_scans) AS index_scans, sum(tuples_found) AS tuples_found, sum(inserted) AS inserted,
             sum(updated) AS updated, sum(hot_updated) AS hot_updated, sum(deleted) AS deleted, sum(hit) AS hit,
             sum(read) AS read,
             row_number() OVER (PARTITION BY at - at % :span ORDER BY sum(hit + read) DESC, relation) AS place
      FROM relation_use WHERE level = :below AND at >= :from AND at < :until GROUP BY 1, 2)
GROUP BY 2, 3;
INSERT OR REPLACE INTO relation_state (level, at, relation, bytes, live, dead)
SELECT :level, span, relation, bytes, live, dead
FROM (SELECT at - at % :span AS span, relation, bytes, live, dead,
             row_number() OVER (PARTITION BY at - at % :span, relation ORDER BY at DESC) AS place
      FROM relation_state WHERE level = :below AND at >= :from AND at < :until)
WHERE place = 1;
INSERT OR REPLACE INTO metric (level, at, name, value, most)
SELECT :level, m.at - m.at % :span, m.name, CASE n.kind WHEN 'counter' THEN sum(m.value) ELSE avg(m.value) END, max(m.most)
FROM metric m JOIN name n ON n.id = m.name
WHERE m.level = :below AND m.at >= :from AND m.at < :until GROUP BY 2, 3;
