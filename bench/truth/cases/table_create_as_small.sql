-- in_transaction: yes
CREATE TABLE plan_history AS SELECT *, now() AS at FROM plans;
ALTER TABLE plan_history ADD PRIMARY KEY (id);
