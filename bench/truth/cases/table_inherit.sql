-- in_transaction: yes
CREATE TABLE special_products () INHERITS (products);
