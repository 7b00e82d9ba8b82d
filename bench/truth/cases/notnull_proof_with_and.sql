-- in_transaction: yes
-- setup: ALTER TABLE customers ADD CONSTRAINT score_sane CHECK (score IS NOT NULL AND score < 1000);
ALTER TABLE customers ALTER COLUMN score SET NOT NULL;
