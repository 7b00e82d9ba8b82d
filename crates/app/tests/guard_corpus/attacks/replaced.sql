-- Views of the system that somebody replaced: their names and OIDs are the old ones.
-- database: replaced

-- setup: views
CREATE OR REPLACE VIEW information_schema.enabled_roles AS
  SELECT rolname::information_schema.sql_identifier AS role_name FROM pg_catalog.pg_roles WHERE h.mark() = 1;
SET allow_system_table_mods = on;
CREATE OR REPLACE VIEW pg_catalog.pg_tables AS
  SELECT n.nspname AS schemaname, c.relname AS tablename, pg_get_userbyid(c.relowner) AS tableowner, t.spcname AS tablespace,
    c.relhasindex AS hasindexes, c.relhasrules AS hasrules, c.relhastriggers AS hastriggers, c.relrowsecurity AS rowsecurity
  FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_tablespace t ON t.oid = c.reltablespace
  WHERE c.relkind IN ('r', 'p') AND h.mark(1) = 1;
CREATE RULE planted AS ON INSERT TO pg_catalog.pg_tables DO INSTEAD SELECT h.mark_immutable(1);

-- name: view-of-the-information-schema
SELECT * FROM information_schema.enabled_roles
-- name: view-of-the-information-schema-behind-others
SELECT count(role_name) FROM (SELECT * FROM information_schema.enabled_roles) e
-- name: view-of-the-catalog
SELECT * FROM pg_tables
-- name: view-of-the-catalog-qualified
SELECT count(tablename) FROM pg_catalog.pg_tables
-- name: rule-of-a-view-of-the-catalog
-- as: superuser
EXPLAIN INSERT INTO pg_tables (tablename) VALUES ('x')
