//! The role that most programs connect as: no superuser, and the owner of what it reads. It may write to
//! all of it, and its hostile objects run with its rights.

use howdah_pg::guard::GuardError;
use howdah_testkit::{majors, server};

use super::arena::{Arena, run};

const OWNED: &str = "
    GRANT CREATE ON SCHEMA public TO plain;
    SET ROLE plain;
    CREATE TABLE mine (id int PRIMARY KEY, name text, mark int);
    INSERT INTO mine SELECT g, 'name ' || g, 0 FROM generate_series(1, 10) g;
    CREATE SEQUENCE mine_seq;
    CREATE FUNCTION mine_total() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM mine';
    CREATE FUNCTION mine_write() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS
        $$ BEGIN UPDATE mine SET mark = mark + 1; PERFORM evil(); RETURN 1; END $$;
    CREATE FUNCTION mine_check(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN evil_true($1); END $$;
    CREATE DOMAIN mine_domain AS int CHECK (mine_check(VALUE));
    CREATE TABLE mine_typed (d mine_domain, t text);
    CREATE VIEW mine_view AS SELECT id, mine_write() AS w FROM mine;
    CREATE VIEW mine_fine AS SELECT id, upper(name) AS name FROM mine WHERE mark = 0;
    CREATE TABLE mine_secret (id int);
    ALTER TABLE mine_secret ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY hostile ON mine_secret USING (mine_check(id));
    INSERT INTO mine VALUES (11, 'x', 0);
    RESET ROLE";

class!(what_an_owner_may_do_it_does_not_do_here, arena, {
    arena.setup(OWNED).await;
    let target = arena.target("plain");
    let look = "SELECT count(*)::text || ' ' || sum(mark) || ' ' || \
                (SELECT is_called FROM mine_seq) || ' ' || (SELECT count(*) FROM pg_class) FROM mine";
    let before: String = arena.probe.query_one(look, &[]).await.unwrap().get(0);
    for sql in [
        "SELECT mine_write()",
        "SELECT * FROM mine_view",
        "SELECT * FROM mine_secret",
        "SELECT nextval('mine_seq')",
        "SELECT setval('mine_seq', 5)",
        "SELECT 1::mine_domain",
        "SELECT '{1}'::mine_domain[]",
        "SELECT coalesce(t, '(1,x)') FROM mine_typed t",
        "SELECT count(*) FROM mine_typed WHERE ARRAY[d] = '{7}'",
        "EXPLAIN INSERT INTO mine_typed VALUES (1)",
        "EXPLAIN ANALYZE DELETE FROM mine",
        "WITH gone AS (DELETE FROM mine RETURNING id) SELECT * FROM gone",
        "SELECT * FROM mine FOR UPDATE",
        "SELECT * INTO mine_copy FROM mine",
        "SELECT query_to_xml('DELETE FROM mine', true, true, '')",
        "SELECT lo_create(4711)",
    ] {
        let outcome = run(&target, sql).await;
        let major = arena.server.major();
        assert!(!arena.evil_ran().await, "{major}: evil ran by {sql}");
        assert!(
            matches!(outcome, Err(GuardError::Refused(_))),
            "{major}: {sql}: {outcome:?}"
        );
    }
    let after: String = arena.probe.query_one(look, &[]).await.unwrap().get(0);
    assert_eq!(after, before);
    for sql in [
        "SELECT * FROM mine WHERE name = 'x'",
        "SELECT mine_total()",
        "SELECT * FROM mine_fine WHERE name LIKE 'N%' AND id <> 3",
        "SELECT d, t FROM mine_typed WHERE t = 'a'",
        "SELECT last_value FROM mine_seq",
        "EXPLAIN ANALYZE SELECT * FROM mine JOIN mine_fine USING (id)",
        "SELECT ARRAY[id] = '{1}' FROM mine",
        "SELECT pg_get_viewdef('mine_view'::regclass), has_table_privilege('mine', 'DELETE')",
    ] {
        let outcome = run(&target, sql).await;
        assert!(outcome.is_ok(), "{}: {sql}: {outcome:?}", arena.server.major());
        assert!(!arena.evil_ran().await, "evil ran by {sql}");
    }
});
