-- in_transaction: yes
-- setup: ALTER TABLE customers ADD CONSTRAINT score_positive CHECK (score >= 0);
ALTER TABLE customers ALTER COLUMN score SET NOT NULL;
