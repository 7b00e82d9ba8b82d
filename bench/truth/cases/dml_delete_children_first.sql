-- in_transaction: yes
-- setup: CREATE TABLE tags (id int PRIMARY KEY, name text);
-- setup: CREATE TABLE product_tags (product_id int NOT NULL, tag_id int NOT NULL REFERENCES tags);
-- setup: INSERT INTO tags SELECT g, 'tag ' || g FROM generate_series(1, 20) AS g;
-- setup: INSERT INTO product_tags SELECT 1 + g % 500, 1 + g % 20 FROM generate_series(1, 900) AS g;
DELETE FROM product_tags WHERE tag_id = 3;
DELETE FROM tags WHERE id = 3;
