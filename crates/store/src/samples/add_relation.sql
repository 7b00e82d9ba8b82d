INSERT INTO relation_use (target, level, at, relation, scans, tuples_read, index_scans, tuples_found, inserted, updated,
                          hot_updated, deleted, hit, read)
VALUES (:target, 0, :at,
        coalesce((SELECT id FROM name WHERE target = :target AND kind = :kind AND text = :relation), 0),
        :scans, :tuples_read, :index_scans, :tuples_found, :inserted, :updated, :hot_updated, :deleted, :hit, :read)
ON CONFLICT (target, level, at, relation) DO UPDATE SET
    scans = relation_use.scans + excluded.scans, tuples_read = relation_use.tuples_read + excluded.tuples_read,
    index_scans = relation_use.index_scans + excluded.index_scans,
    tuples_found = relation_use.tuples_found + excluded.tuples_found,
    inserted = relation_use.inserted + excluded.inserted, updated = relation_use.updated + excluded.updated,
    hot_updated = relation_use.hot_updated + excluded.hot_updated, deleted = relation_use.deleted + excluded.deleted,
    hit = relation_use.hit + excluded.hit, read = relation_use.read + excluded.read
