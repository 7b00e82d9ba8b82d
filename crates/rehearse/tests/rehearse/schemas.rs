use howdah_rehearse::Schema;
use howdah_testkit::majors;

use crate::world::{connect, copy_of, scratch};

const KITCHEN_SINK: &str = include_str!("kitchen_sink.sql");

#[tokio::test]
async fn what_is_rebuilt_is_what_was_read() {
    for major in majors() {
        let setup = KITCHEN_SINK.to_owned() + version_specific(major);
        let (schema, copy) = copy_of(major, &setup).await;
        assert!(copy.notes().is_empty(), "{major}: {:#?}", copy.notes());
        let url = copy.superuser_url();
        let again = Schema::capture(&mut connect(&url).await).await.unwrap();
        let lines = |schema: &Schema| {
            let mut lines: Vec<String> = schema.to_sql().split(";\n").map(str::to_owned).collect();
            // The role that a script runs as gets what a superuser has.
            lines.retain(|line| !(line.starts_with("GRANT ") && line.contains(" TO postgres WITH ADMIN")));
            lines.sort();
            lines
        };
        pretty_equal(&lines(&schema), &lines(&again), major);
    }
}

fn pretty_equal(left: &[String], right: &[String], major: u16) {
    let only = |a: &[String], b: &[String]| -> Vec<String> {
        a.iter().filter(|line| !b.contains(line)).cloned().collect()
    };
    let (lost, added) = (only(left, right), only(right, left));
    assert!(
        lost.is_empty() && added.is_empty(),
        "{major}: lost {lost:#?}, added {added:#?}"
    );
    assert_eq!(left, right);
}

fn version_specific(major: u16) -> &'static str {
    match major {
        18.. => include_str!("kitchen_sink_18.sql"),
        _ => "",
    }
}

#[tokio::test]
async fn databases_of_one_server_follow_each_other() {
    let major = majors()[0];
    let scratch = scratch(major).await;
    for _ in 0..2 {
        let database = scratch.database("postgres").await.unwrap();
        drop(database);
    }
}
