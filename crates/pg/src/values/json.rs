use serde_json::Value;

use super::document::write_document;
use super::nested::{write_array, write_composite, write_record, write_vector};
use super::number::{write_exact_number, write_number};
use super::shape::Shape;

/// How deeply a value may be nested before it is given as text: readers stop
/// at 128 levels (serde_json), and the answer around a value has a few itself.
pub(super) const MAX_DEPTH: usize = 100;

/// A cell's text as a JSON value; see the [module](super) for the rules.
pub fn to_json(cell: &str, shape: &Shape) -> Value {
    let mut out = Vec::with_capacity(cell.len() + 8);
    write_json(&mut out, cell, shape);
    serde_json::from_slice(&out).unwrap_or_else(|_| Value::String(cell.to_owned()))
}

/// Appends a cell's text as JSON to `out`, on one line; see the [module](super) for the rules.
pub fn write_json(out: &mut Vec<u8>, cell: &str, shape: &Shape) {
    write_nested(out, cell, shape, 0);
}

/// As [`write_json`], for a value that is itself `depth` levels deep in its cell.
pub(super) fn write_nested(out: &mut Vec<u8>, cell: &str, shape: &Shape, depth: usize) {
    if depth > MAX_DEPTH {
        return write_string(out, cell);
    }
    let start = out.len();
    let written = match shape {
        Shape::Text => false,
        Shape::Bool => match cell {
            "t" => write_word(out, b"true"),
            "f" => write_word(out, b"false"),
            _ => false,
        },
        Shape::Double => {
            write_exact_number(out, cell);
            true
        }
        Shape::Decimal => {
            write_number(out, cell);
            true
        }
        Shape::Json => write_document(out, cell, depth),
        Shape::Array { element, delimiter } => write_array(out, cell, element, *delimiter, depth).is_some(),
        Shape::Vector(element) => {
            write_vector(out, cell, element, depth);
            true
        }
        Shape::Composite(fields) => write_composite(out, cell, fields, depth).is_some(),
        Shape::Record => write_record(out, cell).is_some(),
    };
    if !written {
        // The text does not fit its shape: the type changed between the query
        // and the look at its definition. Text is right for every value.
        out.truncate(start);
        write_string(out, cell);
    }
}

fn write_word(out: &mut Vec<u8>, word: &[u8]) -> bool {
    out.extend_from_slice(word);
    true
}

/// Appends `text` as a JSON string.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut clean = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[clean..at]);
        clean = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
        }
    }
    out.extend_from_slice(&bytes[clean..]);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::values::Field;

    fn array(element: Shape) -> Shape {
        Shape::Array {
            element: Arc::new(element),
            delimiter: b',',
        }
    }

    fn composite(fields: &[(&str, Shape)]) -> Shape {
        let field = |(name, shape): &(&str, Shape)| Field {
            name: (*name).to_owned(),
            shape: Arc::new(shape.clone()),
        };
        Shape::Composite(fields.iter().map(field).collect())
    }

    #[test]
    fn scalars() {
        assert_eq!(to_json("t", &Shape::Bool), json!(true));
        assert_eq!(to_json("f", &Shape::Bool), json!(false));
        assert_eq!(to_json("-5", &Shape::Double), json!(-5));
        assert_eq!(to_json("1e-07", &Shape::Double), json!(1e-7));
        assert_eq!(to_json("NaN", &Shape::Double), json!("NaN"));
        assert_eq!(to_json("-Infinity", &Shape::Decimal), json!("-Infinity"));
        assert_eq!(
            to_json("9223372036854775807", &Shape::Decimal),
            json!("9223372036854775807")
        );
        assert_eq!(to_json("a\"b\\\u{1}\n é", &Shape::Text), json!("a\"b\\\u{1}\n é"));
        assert_eq!(to_json("{\"a\": [1]}", &Shape::Json), json!({"a": [1]}));
    }

    #[test]
    fn arrays() {
        let ints = array(Shape::Double);
        assert_eq!(to_json("{}", &ints), json!([]));
        assert_eq!(to_json("{1,NULL,3}", &ints), json!([1, null, 3]));
        assert_eq!(to_json("{{1,2},{3,4}}", &ints), json!([[1, 2], [3, 4]]));
        assert_eq!(to_json("[0:2]={1,2,3}", &ints), json!([1, 2, 3]));
        assert_eq!(
            to_json("[-1:0][2:3]={{1,2},{3,4}}", &ints),
            json!([[1, 2], [3, 4]])
        );
        let texts = array(Shape::Text);
        assert_eq!(
            to_json(r#"{a,"b,c","d\"e\\f","NULL",NULL,"","{}"}"#, &texts),
            json!(["a", "b,c", "d\"e\\f", "NULL", null, "", "{}"])
        );
        let boxes = Shape::Array {
            element: Arc::new(Shape::Text),
            delimiter: b';',
        };
        assert_eq!(
            to_json("{(1,1),(0,0);(2,2),(1,1)}", &boxes),
            json!(["(1,1),(0,0)", "(2,2),(1,1)"])
        );
        assert_eq!(
            to_json(r#"{"{\"a\": 1}","[1, \"x\"]"}"#, &array(Shape::Json)),
            json!([{"a": 1}, [1, "x"]])
        );
    }

    #[test]
    fn composites() {
        let point = composite(&[("x", Shape::Double), ("the \"name\"", Shape::Text)]);
        assert_eq!(
            to_json(r#"(1,"a ""quoted"" \\ word, (x)")"#, &point),
            json!({"x": 1, "the \"name\"": "a \"quoted\" \\ word, (x)"})
        );
        assert_eq!(to_json("(,)", &point), json!({"x": null, "the \"name\"": null}));
        assert_eq!(to_json("(,\"\")", &point), json!({"x": null, "the \"name\"": ""}));
        assert_eq!(to_json("()", &composite(&[])), json!({}));
        assert_eq!(
            to_json("()", &composite(&[("a", Shape::Text)])),
            json!({"a": null})
        );
        let nested = composite(&[("ps", array(point))]);
        assert_eq!(
            to_json(r#"("{""(1,a)"",""(2,\\""b c\\"")"",NULL}")"#, &nested),
            json!({"ps": [{"x": 1, "the \"name\"": "a"}, {"x": 2, "the \"name\"": "b c"}, null]})
        );
        assert_eq!(
            to_json(r#"(1,"a b",,"")"#, &Shape::Record),
            json!(["1", "a b", null, ""])
        );
        assert_eq!(to_json("()", &Shape::Record), json!([]));
    }

    #[test]
    fn vectors() {
        assert_eq!(
            to_json("1 2 3", &Shape::Vector(Arc::new(Shape::Double))),
            json!([1, 2, 3])
        );
        assert_eq!(to_json("", &Shape::Vector(Arc::new(Shape::Double))), json!([]));
    }

    #[test]
    fn text_that_does_not_fit_its_shape_stays_text() {
        for text in ["", "{1", "{1,2}}", "1,2", "[x", "{\"a}", "{1}x", "[0:1]", "{,}"] {
            assert_eq!(to_json(text, &array(Shape::Double)), json!(text));
        }
        for text in ["", "(1", "1,2", "(1,2,3)", "(1)x", "(\"1,2)"] {
            let two = composite(&[("a", Shape::Text), ("b", Shape::Text)]);
            assert_eq!(to_json(text, &two), json!(text));
        }
        assert_eq!(to_json("maybe", &Shape::Bool), json!("maybe"));
        assert_eq!(to_json("{\"a", &Shape::Json), json!("{\"a"));
    }

    #[test]
    fn no_text_and_shape_gives_invalid_json() {
        use proptest::prelude::*;
        let shape = (0..6usize).prop_map(|n| {
            let pair = composite(&[("a", Shape::Json), ("b", array(Shape::Text))]);
            match n {
                0 => array(Shape::Json),
                1 => array(pair),
                2 => pair,
                3 => Shape::Record,
                4 => Shape::Json,
                _ => Shape::Decimal,
            }
        });
        proptest!(ProptestConfig::with_cases(2000), |(text in "[\\[\\]{}(),\"\\\\:=a0-9eu \n.-]{0,24}", shape in shape)| {
            let mut out = Vec::new();
            write_json(&mut out, &text, &shape);
            prop_assert!(serde_json::from_slice::<Value>(&out).is_ok(), "{}", String::from_utf8_lossy(&out));
        });
    }
}
