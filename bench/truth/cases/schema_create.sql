-- in_transaction: yes
CREATE SCHEMA IF NOT EXISTS analytics;
CREATE TABLE analytics.facts (day date NOT NULL, what text NOT NULL, value numeric, PRIMARY KEY (day, what));
