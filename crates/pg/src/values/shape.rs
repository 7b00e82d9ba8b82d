use std::sync::{Arc, LazyLock};

/// How the text form of a type is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// As it is: strings, dates, enums, ranges, and every type that is not below.
    Text,
    /// `t` or `f`.
    Bool,
    /// A number that a double always holds, or NaN or an infinity.
    Double,
    /// A number of any precision, or NaN or an infinity.
    Decimal,
    /// A JSON document.
    Json,
    /// `{…}` with nesting, quotes and perhaps bounds.
    Array {
        /// The elements' shape.
        element: Arc<Shape>,
        /// `,` but for `box`, which has `;`.
        delimiter: u8,
    },
    /// Elements between spaces: `int2vector` and `oidvector`.
    Vector(Arc<Shape>),
    /// `(…)` of a type with named fields.
    Composite(Vec<Field>),
    /// `(…)` of an anonymous row, whose fields' types the server does not tell.
    Record,
}

/// A field of a composite type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name, not quoted.
    pub name: String,
    /// How its text is read.
    pub shape: Arc<Shape>,
}

/// A type as results speak of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeInfo {
    /// The name that SQL takes: `int4`, `text[]`, `public."Mood"`.
    pub name: String,
    /// How its text is read.
    pub shape: Arc<Shape>,
}

impl TypeInfo {
    /// The type of that oid if it is one of those whose oid and meaning are the
    /// same in every database and version.
    pub fn built_in(oid: u32) -> Option<&'static Self> {
        let table = &*BUILT_IN;
        let index = table.binary_search_by_key(&oid, |(oid, _)| *oid).ok()?;
        Some(&table[index].1)
    }
}

/// Whether psql prints values of the type flush right.
pub(super) fn is_flush_right(oid: u32) -> bool {
    // int8, int2, int4, oid, xid, cid, float4, float8, money, numeric, xid8
    matches!(oid, 20 | 21 | 23 | 26 | 28 | 29 | 700 | 701 | 790 | 1700 | 5069)
}

static BUILT_IN: LazyLock<Vec<(u32, TypeInfo)>> = LazyLock::new(|| {
    let mut table = Vec::with_capacity(SCALARS.len() * 2);
    for &(oid, array_oid, name) in SCALARS {
        let shape = Arc::new(match name {
            "bool" => Shape::Bool,
            "int2" | "int4" | "float4" | "float8" => Shape::Double,
            "int8" | "numeric" => Shape::Decimal,
            "json" | "jsonb" => Shape::Json,
            "record" => Shape::Record,
            "int2vector" => Shape::Vector(Arc::new(Shape::Double)),
            "oidvector" => Shape::Vector(Arc::new(Shape::Text)),
            _ => Shape::Text,
        });
        if array_oid != 0 {
            let delimiter = if name == "box" { b';' } else { b',' };
            let element = Arc::clone(&shape);
            let array = Arc::new(Shape::Array { element, delimiter });
            table.push((
                array_oid,
                TypeInfo {
                    name: format!("{name}[]"),
                    shape: array,
                },
            ));
        }
        table.push((
            oid,
            TypeInfo {
                name: name.to_owned(),
                shape,
            },
        ));
    }
    table.sort_by_key(|(oid, _)| *oid);
    table
});

/// Oid, oid of the array type (0: none) and name, from `pg_type`; a test holds
/// it against every supported version. Only types below 10,000: higher oids are
/// given out anew by each version. No row types of catalogs: their columns differ.
#[rustfmt::skip]
const SCALARS: &[(u32, u32, &str)] = &[
    (16, 1000, "bool"), (17, 1001, "bytea"), (18, 1002, "\"char\""), (19, 1003, "name"), (20, 1016, "int8"), (21, 1005,
    "int2"), (22, 1006, "int2vector"), (23, 1007, "int4"), (24, 1008, "regproc"), (25, 1009, "text"), (26, 1028, "oid"),
    (27, 1010, "tid"), (28, 1011, "xid"), (29, 1012, "cid"), (30, 1013, "oidvector"), (114, 199, "json"), (142, 143,
    "xml"), (194, 0, "pg_node_tree"), (600, 1017, "point"), (601, 1018, "lseg"), (602, 1019, "path"), (603, 1020, "box"),
    (604, 1027, "polygon"), (628, 629, "line"), (650, 651, "cidr"), (700, 1021, "float4"), (701, 1022, "float8"), (705,
    0, "unknown"), (718, 719, "circle"), (774, 775, "macaddr8"), (790, 791, "money"), (829, 1040, "macaddr"), (869, 1041,
    "inet"), (1033, 1034, "aclitem"), (1042, 1014, "bpchar"), (1043, 1015, "varchar"), (1082, 1182, "date"), (1083, 1183,
    "time"), (1114, 1115, "timestamp"), (1184, 1185, "timestamptz"), (1186, 1187, "interval"), (1266, 1270, "timetz"),
    (1560, 1561, "bit"), (1562, 1563, "varbit"), (1700, 1231, "numeric"), (1790, 2201, "refcursor"), (2202, 2207,
    "regprocedure"), (2203, 2208, "regoper"), (2204, 2209, "regoperator"), (2205, 2210, "regclass"), (2206, 2211,
    "regtype"), (2249, 2287, "record"), (2275, 1263, "cstring"), (2276, 0, "any"), (2277, 0, "anyarray"), (2278, 0,
    "void"), (2281, 0, "internal"), (2283, 0, "anyelement"), (2776, 0, "anynonarray"), (2950, 2951, "uuid"), (2970, 2949,
    "txid_snapshot"), (3220, 3221, "pg_lsn"), (3361, 0, "pg_ndistinct"), (3402, 0, "pg_dependencies"), (3500, 0,
    "anyenum"), (3614, 3643, "tsvector"), (3615, 3645, "tsquery"), (3642, 3644, "gtsvector"), (3734, 3735, "regconfig"),
    (3769, 3770, "regdictionary"), (3802, 3807, "jsonb"), (3831, 0, "anyrange"), (3904, 3905, "int4range"), (3906, 3907,
    "numrange"), (3908, 3909, "tsrange"), (3910, 3911, "tstzrange"), (3912, 3913, "daterange"), (3926, 3927,
    "int8range"), (4072, 4073, "jsonpath"), (4089, 4090, "regnamespace"), (4096, 4097, "regrole"), (4191, 4192,
    "regcollation"), (4451, 6150, "int4multirange"), (4532, 6151, "nummultirange"), (4533, 6152, "tsmultirange"), (4534,
    6153, "tstzmultirange"), (4535, 6155, "datemultirange"), (4536, 6157, "int8multirange"), (4537, 0, "anymultirange"),
    (4600, 0, "pg_brin_bloom_summary"), (4601, 0, "pg_brin_minmax_multi_summary"), (5017, 0, "pg_mcv_list"), (5038, 5039,
    "pg_snapshot"), (5069, 271, "xid8"),
];
