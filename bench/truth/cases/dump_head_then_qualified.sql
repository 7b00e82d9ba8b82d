-- in_transaction: no
SET statement_timeout = 0;
SET lock_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
CREATE TABLE public.warehouses (
    id integer NOT NULL,
    name character varying(100) NOT NULL
);
ALTER TABLE ONLY public.warehouses ADD CONSTRAINT warehouses_pkey PRIMARY KEY (id);
INSERT INTO public.warehouses VALUES (1, 'North');
CREATE INDEX warehouses_name ON public.warehouses USING btree (name);
