-- Body of pg_temp.howdah_compact(low, high): moves the rows of the pages from `low` to before `high` elsewhere: two numbers, the rows that were there and those
-- that found room only on the pages from `high` on. {table}, {column} and {places} are put in their places.
--
-- A new version of a row stays on its page while that has room. What this transaction leaves behind is pruned only
-- after it, so that a page is full after as many versions as it has room for, and the next one goes elsewhere.
DECLARE
  first CONSTANT pg_catalog.tid := pg_catalog.format('(%s,0)', low)::pg_catalog.tid;
  beyond CONSTANT pg_catalog.tid := pg_catalog.format('(%s,0)', high)::pg_catalog.tid;
  places pg_catalog.tid[];
  found pg_catalog.int8;
  above pg_catalog.int8 := 0;
  now_above pg_catalog.int8;
BEGIN
  -- A row that a client has is left to the next pass.
  SELECT pg_catalog.array_agg(place) INTO places
    FROM (SELECT ctid AS place FROM ONLY {table} WHERE {places} FOR NO KEY UPDATE SKIP LOCKED) AS here;
  found := coalesce(pg_catalog.cardinality(places), 0);
  -- As many rows as a page can hold, of the smallest.
  FOR attempt IN 1 .. 300 LOOP
    EXIT WHEN coalesce(pg_catalog.cardinality(places), 0) = 0;
    WITH moved AS (
      UPDATE ONLY {table} SET {column} = {column} WHERE ctid = ANY (places) RETURNING ctid AS place
    )
    SELECT pg_catalog.array_agg(place) FILTER (WHERE place >= first AND place < beyond),
           pg_catalog.count(*) FILTER (WHERE place >= beyond)
      INTO places, now_above
      FROM moved;
    above := above + now_above;
  END LOOP;
  RETURN NEXT found;
  RETURN NEXT above;
END
