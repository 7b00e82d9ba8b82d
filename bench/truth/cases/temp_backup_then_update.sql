-- in_transaction: yes
CREATE TEMP TABLE plan_backup ON COMMIT DROP AS SELECT * FROM plans;
UPDATE plans SET price = round(price, 1);
