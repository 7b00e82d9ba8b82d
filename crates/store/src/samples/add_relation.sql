INSERT INTO relation_use (level, at, relation, scans, tuples_read, index_scans, tuples_found, inserted, updated,
                          hot_updated, deleted, hit, read)
VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
ON CONFLICT (level, at, relation) DO UPDATE SET
    scans = scans + excluded.scans, tuples_read = tuples_read + excluded.tuples_read,
    index_scans = index_scans + excluded.index_scans, tuples_found = tuples_found + excluded.tuples_found,
    inserted = inserted + excluded.inserted, updated = updated + excluded.updated,
    hot_updated = hot_updated + excluded.hot_updated, deleted = deleted + excluded.deleted,
    hit = hit + excluded.hit, read = read + excluded.read
