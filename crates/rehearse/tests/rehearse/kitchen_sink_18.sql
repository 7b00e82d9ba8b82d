CREATE TABLE shop.modern (
  id int CONSTRAINT there NOT NULL, a int, b int,
  sum int GENERATED ALWAYS AS (a + b) VIRTUAL
);
ALTER TABLE shop.modern ADD CONSTRAINT a_there NOT NULL a NOT VALID;
ALTER TABLE shop.modern ADD CONSTRAINT unenforced CHECK (b > 0) NOT ENFORCED;
CREATE TABLE shop.serials (id bigint GENERATED ALWAYS AS IDENTITY, k int) PARTITION BY LIST (k);
CREATE TABLE shop.serials_1 PARTITION OF shop.serials FOR VALUES IN (1);
CREATE PUBLICATION filtered FOR TABLE shop.owned (id) WHERE (id > 0);
