-- in_transaction: yes
CREATE TABLE ratings (id int PRIMARY KEY, stars smallint NOT NULL);
INSERT INTO ratings VALUES (1, 5), (2, 4);
ALTER TABLE ratings ALTER COLUMN stars TYPE int;
