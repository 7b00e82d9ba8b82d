INSERT INTO relation_use (target, level, at, relation, scans, tuples_read, index_scans, tuples_found, inserted, updated,
                          hot_updated, deleted, hit, read)
SELECT CAST(:target AS bigint), 0, given.at, coalesce(name.id, 0), sum(given.scans), sum(given.tuples_read),
       sum(given.index_scans), sum(given.tuples_found), sum(given.inserted), sum(given.updated), sum(given.hot_updated),
       sum(given.deleted), sum(given.hit), sum(given.read)
FROM json_to_recordset(CAST(:rows AS json))
     AS given(at bigint, kind text, relation text, scans bigint, tuples_read bigint, index_scans bigint,
              tuples_found bigint, inserted bigint, updated bigint, hot_updated bigint, deleted bigint, hit bigint,
              read bigint)
LEFT JOIN name ON name.target = :target AND name.kind = given.kind AND name.text = given.relation
GROUP BY 3, 4
ON CONFLICT (target, level, at, relation) DO UPDATE SET
    scans = relation_use.scans + excluded.scans, tuples_read = relation_use.tuples_read + excluded.tuples_read,
    index_scans = relation_use.index_scans + excluded.index_scans,
    tuples_found = relation_use.tuples_found + excluded.tuples_found,
    inserted = relation_use.inserted + excluded.inserted, updated = relation_use.updated + excluded.updated,
    hot_updated = relation_use.hot_updated + excluded.hot_updated, deleted = relation_use.deleted + excluded.deleted,
    hit = relation_use.hit + excluded.hit, read = relation_use.read + excluded.read
