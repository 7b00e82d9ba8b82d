//! Scripts one after another in one scratch database.

use howdah_rehearse::{Options, Rehearsing};
use howdah_testkit::majors;

use crate::world::{autocommit, in_transaction, lines, scratch};

#[tokio::test]
async fn each_script_finds_what_those_before_it_left() {
    for major in majors() {
        let database = scratch(major).await.database("continued").await.unwrap();
        let mut rehearsing = Rehearsing::start(database, &Options::default()).await.unwrap();
        rehearsing
            .skip(
                0,
                &autocommit("CREATE TABLE t (id int PRIMARY KEY, a int); SET lock_timeout = '9s'"),
            )
            .await
            .unwrap();

        let script = in_transaction("ALTER TABLE t ADD COLUMN b text; CREATE VIEW w AS SELECT id, b FROM t");
        let first = rehearsing.judge(&script).await.unwrap();
        let all = lines(&first).join(", ");
        assert!(all.contains("AccessExclusive public.t"), "{major}: {all}");
        assert!(all.contains("broke prepared PUBLIC: 0A000"), "{major}: {all}");
        assert_eq!(
            first.statements[0].lock_timeout_ms, 0,
            "{major}: each script has a session of its own"
        );

        // The role is nobody's: without a target it is made up, once.
        let script = in_transaction("GRANT SELECT ON w TO reader; SET lock_timeout = '7s'");
        let second = rehearsing.judge(&script).await.unwrap();
        assert!(
            second.statements.iter().all(|of| of.effects.failure.is_none()),
            "{major}: {second:?}"
        );
        assert!(
            second
                .notes
                .iter()
                .any(|note| note.contains("reader was made up")),
            "{major}: {:?}",
            second.notes
        );

        // What the second script let the role do, the third takes away.
        let third = rehearsing
            .judge(&in_transaction("REVOKE SELECT ON w FROM reader"))
            .await
            .unwrap();
        assert_eq!(third.statements[0].lock_timeout_ms, 0, "{major}");
        assert!(
            lines(&third)[0].contains("broke reader: 42501"),
            "{major}: {:?}",
            lines(&third)
        );

        // And what is broken once is not told again of the next.
        let fourth = rehearsing
            .judge(&in_transaction("COMMENT ON VIEW w IS 'x'"))
            .await
            .unwrap();
        assert!(
            !lines(&fourth)[0].contains("broke"),
            "{major}: {:?}",
            lines(&fourth)
        );

        let fails = rehearsing
            .judge(&autocommit("DROP VIEW w; SELECT nothing"))
            .await
            .unwrap();
        assert!(lines(&fails)[0].contains("broke"), "{major}: {:?}", lines(&fails));
        assert!(
            lines(&fails)[1].contains("failed 42703"),
            "{major}: {:?}",
            lines(&fails)
        );
    }
}

#[tokio::test]
async fn a_first_script_that_fails_half_way_is_half_applied() {
    for major in majors() {
        let database = scratch(major).await.database("halves").await.unwrap();
        let mut rehearsing = Rehearsing::start(database, &Options::default()).await.unwrap();
        let script = autocommit("CREATE TABLE a (id int); CREATE TABLE a (id int)");
        let rehearsal = rehearsing.judge(&script).await.unwrap();
        assert_eq!(lines(&rehearsal), ["", "HalfApplied, failed 42P07"], "{major}");
    }
}
