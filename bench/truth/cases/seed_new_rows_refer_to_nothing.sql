-- in_transaction: yes
CREATE TABLE carriers (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE tariffs (carrier_id int NOT NULL REFERENCES carriers, price numeric NOT NULL);
INSERT INTO carriers VALUES (1, 'Post');
INSERT INTO tariffs VALUES (1, 4.5), (2, 9);
