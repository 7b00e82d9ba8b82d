//! Random values of many types, as SQL literals would hold them.

use proptest::prelude::*;
use proptest::strategy::{BoxedStrategy, ValueTree};
use proptest::test_runner::TestRunner;

/// How the JSON of a type compares with `to_jsonb`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judge {
    /// Equal.
    Same,
    /// Text as the server prints it, where `to_jsonb` writes ISO 8601 or what a cast gives.
    Text,
}

pub(crate) struct Sample {
    pub(crate) type_name: &'static str,
    pub(crate) judge: Judge,
    pub(crate) values: Vec<Option<String>>,
}

/// Run before the types of [`samples`] exist.
pub(crate) const SETUP: &str = r#"
CREATE EXTENSION hstore; CREATE EXTENSION ltree; CREATE EXTENSION citext; CREATE EXTENSION cube;
CREATE SCHEMA "odd.Schema";
CREATE TYPE "odd.Schema"."Mood ""x""" AS ENUM ('sad', 'so so', 'ha"p,p{y}', '');
CREATE DOMAIN small AS int CHECK (value < 100000000);
CREATE DOMAIN labels AS text[];
CREATE TYPE pair AS (n numeric, "the ""text""" text);
CREATE TYPE nested AS (id bigint, pairs pair[], doc jsonb, mood "odd.Schema"."Mood ""x""", at date);
CREATE DOMAIN nested_domain AS nested;
"#;

const TEXT: &str = "[ -~äß€😀\n\t\\\\\"',{}()]{0,12}";

fn regex(pattern: &str) -> BoxedStrategy<String> {
    proptest::string::string_regex(pattern).unwrap().boxed()
}

fn number(pattern: &str) -> BoxedStrategy<String> {
    let odd = prop_oneof![
        Just("NaN".to_owned()),
        Just("0".to_owned()),
        Just("-0".to_owned())
    ];
    prop_oneof![9 => regex(pattern), 1 => odd].boxed()
}

fn int(range: std::ops::RangeInclusive<i64>) -> BoxedStrategy<String> {
    let (low, high) = (*range.start(), *range.end());
    let edge = prop_oneof![Just(low), Just(high), Just(0)];
    prop_oneof![4 => range, 1 => edge]
        .prop_map(|n| n.to_string())
        .boxed()
}

fn double() -> BoxedStrategy<String> {
    let any = any::<f64>().prop_map(|x| match x {
        x if x.is_nan() => "NaN".to_owned(),
        x if x == f64::INFINITY => "Infinity".to_owned(),
        x if x == f64::NEG_INFINITY => "-Infinity".to_owned(),
        x => format!("{x:e}"),
    });
    prop_oneof![any, (-1e6..1e6).prop_map(|x: f64| x.to_string())].boxed()
}

fn date() -> BoxedStrategy<String> {
    let day = (1..9999i32, 1..=12u32, 1..=28u32, any::<bool>()).prop_map(|(year, month, day, bc)| {
        // The calendar begins in 4714 BC.
        let era = if bc && year < 4700 { " BC" } else { "" };
        format!("{year:04}-{month:02}-{day:02}{era}")
    });
    let odd = prop_oneof![
        Just("infinity".to_owned()),
        Just("-infinity".to_owned()),
        Just("5874897-12-31".to_owned())
    ];
    prop_oneof![9 => day, 1 => odd].boxed()
}

fn timestamp() -> BoxedStrategy<String> {
    let moment = (
        1..4700i32,
        1..=12u32,
        1..=28u32,
        0..86_400u32,
        0..1_000_000u32,
        any::<bool>(),
    );
    let moment = moment.prop_map(|(year, month, day, second, micros, bc)| {
        let (h, m, s) = (second / 3600, second / 60 % 60, second % 60);
        format!(
            "{year:04}-{month:02}-{day:02} {h:02}:{m:02}:{s:02}.{micros:06}{}",
            if bc { " BC" } else { "" }
        )
    });
    prop_oneof![9 => moment, 1 => Just("infinity".to_owned())].boxed()
}

/// A JSON document, with numbers of any precision.
fn document() -> BoxedStrategy<String> {
    let string = regex(TEXT).prop_map(|text| serde_json::to_string(&text).unwrap());
    // Digits beyond a double's stay as they are written in json, and are written out by jsonb.
    let number = prop_oneof![
        regex("-?(0|[1-9][0-9]{0,22})(\\.[0-9]{1,20})?"),
        regex("-?[1-9](\\.[0-9]{1,8})?[eE][-+]?[0-9]{1,2}"),
    ];
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("\"\\ud83d\\ude00 \\u00e4 \\/\"".to_owned()),
        string,
        number
    ];
    let tree = leaf.prop_recursive(4, 24, 4, |inner| {
        let list = proptest::collection::vec(inner.clone(), 0..4);
        let fields = proptest::collection::vec((regex("[a-z\"\\\\ ]{1,6}"), inner), 0..4);
        prop_oneof![
            list.prop_map(|items| format!("[ {} ]", items.join(" , "))),
            fields.prop_map(|fields| {
                let mut seen = std::collections::HashSet::new();
                let fields: Vec<String> = fields
                    .into_iter()
                    .filter(|(name, _)| seen.insert(name.clone()))
                    .map(|(name, value)| format!("{} :\n{value}", serde_json::to_string(&name).unwrap()))
                    .collect();
                format!("{{ {} }}", fields.join(", "))
            }),
        ]
    });
    tree.boxed()
}

/// An array's text, of elements that are quoted or NULL, of one or two dimensions.
fn array(element: BoxedStrategy<String>, delimiter: &'static str) -> BoxedStrategy<String> {
    let quoted = element.prop_map(|text| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")));
    let item = prop_oneof![6 => quoted, 1 => Just("NULL".to_owned())].boxed();
    let flat = |items: Vec<String>| format!("{{{}}}", items.join(delimiter));
    let one = proptest::collection::vec(item.clone(), 0..5).prop_map(flat);
    let bounded = proptest::collection::vec(item.clone(), 2..=2)
        .prop_map(move |items| format!("[-1:0]={}", flat(items)));
    let two = proptest::collection::vec(proptest::collection::vec(item, 2..=2), 1..4)
        .prop_map(move |rows| flat(rows.into_iter().map(flat).collect()));
    prop_oneof![4 => one, 1 => bounded, 2 => two].boxed()
}

/// A row's text.
fn row(fields: Vec<BoxedStrategy<String>>) -> BoxedStrategy<String> {
    let field = |field: BoxedStrategy<String>| {
        let quoted =
            field.prop_map(|text| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\"\"")));
        prop_oneof![6 => quoted, 1 => Just(String::new())].boxed()
    };
    let fields: Vec<_> = fields.into_iter().map(field).collect();
    fields
        .prop_map(|fields| format!("({})", fields.join(",")))
        .boxed()
}

/// `count` values of each type, about one in ten NULL.
pub(crate) fn samples(major: u16, count: usize) -> Vec<Sample> {
    use Judge::{Same, Text};
    let octet = "(25[0-5]|1?[0-9]?[0-9])";
    let inet = format!("{octet}\\.{octet}\\.{octet}\\.{octet}");
    let point = "\\(-?[0-9]{1,4}(\\.[0-9]{1,3})?,-?[0-9]{1,4}\\)";
    let mood = || regex("(sad|so so|ha\"p,p\\{y\\}|)");
    let pair = || row(vec![number("-?[0-9]{1,20}(\\.[0-9]{1,9})?"), regex(TEXT)]);
    let nested = || {
        row(vec![
            int(i64::MIN..=i64::MAX),
            array(pair(), ","),
            document(),
            mood(),
            date(),
        ])
    };
    let mut kinds: Vec<(&'static str, Judge, BoxedStrategy<String>)> = vec![
        ("bool", Same, regex("(t|f)")),
        ("int2", Same, int(-32768..=32767)),
        ("int4", Same, int(i64::from(i32::MIN)..=i64::from(i32::MAX))),
        ("int8", Same, int(i64::MIN..=i64::MAX)),
        (
            "float4",
            Same,
            regex("-?[0-9]{1,9}(\\.[0-9]{1,9})?(e-?[0-2]?[0-9])?"),
        ),
        ("float8", Same, double()),
        ("numeric", Same, number("-?[0-9]{1,40}(\\.[0-9]{1,30})?")),
        ("numeric(12,2)", Same, number("-?[0-9]{1,10}(\\.[0-9]{1,2})?")),
        ("text", Same, regex(TEXT)),
        ("varchar(30)", Same, regex(TEXT)),
        ("char(16)", Same, regex("[a-zA-Z\"]{0,12}")),
        ("\"char\"", Same, regex("[!-~]")),
        ("name", Same, regex("[a-zA-Z\" ,]{1,12}")),
        ("bytea", Same, regex("\\\\x([0-9a-f]{2}){0,12}")),
        ("date", Same, date()),
        (
            "time",
            Same,
            regex("([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?"),
        ),
        (
            "timetz",
            Same,
            regex("([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\\+0[0-9]"),
        ),
        ("timestamp", Text, timestamp()),
        ("timestamptz", Text, timestamp()),
        (
            "interval",
            Same,
            regex("-?[0-9]{1,3} years [0-9]{1,2} mons -?[0-9]{1,4} days [0-9]{1,2}:[0-5][0-9]:[0-5][0-9]"),
        ),
        (
            "uuid",
            Same,
            regex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
        ),
        ("json", Same, document()),
        ("jsonb", Same, document()),
        ("inet", Same, regex(&format!("{inet}(/[0-9])?"))),
        ("cidr", Same, regex("10\\.(0|[1-9][0-9])\\.0\\.0/16")),
        ("macaddr", Same, regex("([0-9a-f]{2}:){5}[0-9a-f]{2}")),
        ("bit(5)", Same, regex("[01]{5}")),
        ("varbit", Same, regex("[01]{0,9}")),
        ("money", Same, regex("-?[0-9]{1,9}\\.[0-9]{2}")),
        ("point", Same, regex(point)),
        ("lseg", Same, regex(&format!("\\[{point},{point}\\]"))),
        ("box", Same, regex(&format!("{point},{point}"))),
        ("path", Same, regex(&format!("\\[{point},{point},{point}\\]"))),
        ("polygon", Same, regex(&format!("\\({point},{point},{point}\\)"))),
        ("circle", Same, regex(&format!("<{point},[1-9]>"))),
        (
            "tsvector",
            Same,
            regex("([a-z']{1}[a-z]{1,5}''[a-z]{1,3}|[a-z]{1,6}(:[1-9]A?)?)( [a-z]{1,6}){0,2}")
                .prop_filter("quotes are doubled", |text| !text.starts_with('\''))
                .boxed(),
        ),
        ("tsquery", Same, regex("[a-z]{1,6}( [&|] !?[a-z]{1,6}){0,3}")),
        ("pg_lsn", Same, regex("[0-9A-F]{1,8}/[0-9A-F]{1,8}")),
        (
            "int4range",
            Same,
            regex("(empty|[\\[(]-?[0-9]{1,3},1[0-9]{3}[\\])])"),
        ),
        (
            "numrange",
            Same,
            regex("[\\[(]-?[0-9]{1,3}\\.[0-9]{2},(1[0-9]{3}\\.5)?[\\])]"),
        ),
        (
            "tstzrange",
            Same,
            regex("\\[2001-02-03 04:05:06\\.[1-9],20[2-9][0-9]-02-03\\)"),
        ),
        ("oid", Same, int(0..=4_294_967_295)),
        ("regclass", Same, Just("pg_class".to_owned()).boxed()),
        ("jsonpath", Same, regex("\\$\\.[a-z]{1,5}(\\[\\*\\])?")),
        (
            "hstore",
            Text,
            regex("\"[a-z ]{1,5}\"=>(\"[a-z\\\\]{0,1}[a-z]{1,4}\"|NULL)"),
        ),
        ("ltree", Same, regex("[a-z]{1,5}(\\.[A-Z_0-9]{1,5}){0,3}")),
        ("citext", Same, regex("[a-zA-Z ]{0,10}")),
        ("cube", Same, regex("\\([0-9],[0-9]\\)")),
        ("\"odd.Schema\".\"Mood \"\"x\"\"\"", Same, mood()),
        ("small", Same, int(-99_999_999..=99_999_999)),
        ("labels", Same, array(regex(TEXT), ",")),
        ("pair", Same, pair()),
        ("nested", Same, nested()),
        ("nested_domain", Same, nested()),
        ("int4[]", Same, array(int(-5..=5), ",")),
        ("text[]", Same, array(regex(TEXT), ",")),
        ("numeric[]", Same, array(number("-?[0-9]{1,30}"), ",")),
        ("bool[]", Same, array(regex("(t|f)"), ",")),
        ("jsonb[]", Same, array(document(), ",")),
        ("date[]", Same, array(date(), ",")),
        ("box[]", Same, array(regex(&format!("{point},{point}")), ";")),
        ("pair[]", Same, array(pair(), ",")),
        ("small[]", Same, array(int(0..=9), ",")),
        ("int2vector", Same, regex("[0-9]{1,3}( [0-9]{1,3}){0,3}")),
        ("oidvector", Same, regex("[0-9]{1,3}( [0-9]{1,3}){0,3}")),
    ];
    if major >= 14 {
        kinds.push((
            "int4multirange",
            Same,
            regex("\\{(\\[[0-9],1[0-9]\\))?(,\\[2[0-9],3[0-9]\\))?\\}")
                .prop_map(|text| text.replace("{,", "{"))
                .boxed(),
        ));
        kinds.push(("numeric", Same, regex("-?Infinity")));
    }
    let mut runner = TestRunner::default();
    let sample = |(type_name, judge, strategy): (&'static str, Judge, BoxedStrategy<String>)| {
        let values = (0..count)
            .map(|index| (index % 10 != 9).then(|| strategy.new_tree(&mut runner).unwrap().current()));
        Sample {
            type_name,
            judge,
            values: values.collect(),
        }
    };
    kinds.into_iter().map(sample).collect()
}
