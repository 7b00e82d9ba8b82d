-- in_transaction: yes
CREATE FUNCTION broken() RETURNS int LANGUAGE sql AS $$ SELEC 1 $$;
