-- in_transaction: no
SET lock_timeout = '5s';
SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SET search_path = public;
