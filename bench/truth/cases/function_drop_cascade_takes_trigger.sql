-- in_transaction: yes
DROP FUNCTION touch_updated_at() CASCADE;
