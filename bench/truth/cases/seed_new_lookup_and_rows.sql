-- in_transaction: yes
CREATE TABLE carriers (id int PRIMARY KEY, name text NOT NULL, country_code char(2) NOT NULL REFERENCES countries (code));
INSERT INTO carriers VALUES (1, 'Post', 'AB'), (2, 'Express', 'AC');
GRANT SELECT ON carriers TO app_ro, app_rw;
