-- in_transaction: yes
-- setup: CREATE OR REPLACE FUNCTION customer_label(who int) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT value FROM labels WHERE key = who); END $$;
-- setup: CREATE TABLE labels (key int, value text);
-- setup: INSERT INTO labels SELECT g, 'label ' || g FROM generate_series(1, 100) AS g;
-- setup: GRANT SELECT ON labels TO app_ro, app_rw;
ALTER TABLE labels RENAME COLUMN value TO label;
