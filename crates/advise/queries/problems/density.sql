-- How full the leaves of a B-tree are, in per cent, pages that were deleted counting as empty. $1: its name.
SELECT CASE WHEN s.leaf_pages + s.deleted_pages + s.empty_pages > 0
            THEN s.avg_leaf_density * s.leaf_pages / (s.leaf_pages + s.deleted_pages + s.empty_pages) END
FROM {schema}.pgstatindex($1::regclass) s
