-- in_transaction: yes
LOCK TABLE orders IN EXCLUSIVE MODE;
DO $$ BEGIN
  IF (SELECT count(*) FROM orders WHERE note LIKE '%never%') > 0 THEN
    RAISE EXCEPTION 'unexpected notes';
  END IF;
END $$;
