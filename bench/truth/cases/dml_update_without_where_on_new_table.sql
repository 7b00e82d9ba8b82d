-- in_transaction: yes
CREATE TABLE flags (name text PRIMARY KEY, on_by_default boolean);
INSERT INTO flags VALUES ('search'), ('reviews');
UPDATE flags SET on_by_default = false;
DELETE FROM flags;
