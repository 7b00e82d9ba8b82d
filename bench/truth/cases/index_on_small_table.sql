-- in_transaction: yes
CREATE INDEX plans_price_idx ON plans (price);
CREATE UNIQUE INDEX countries_name_key ON countries (name);
