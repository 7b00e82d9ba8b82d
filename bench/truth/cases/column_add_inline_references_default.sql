-- in_transaction: yes
ALTER TABLE orders ADD COLUMN plan_id int DEFAULT 1 REFERENCES plans (id);
