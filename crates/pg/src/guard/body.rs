//! Looks into the bodies of functions written in SQL and PL/pgSQL.

use serde_json::Value;

use super::mention::{self, Grammar, Mentions, Name};
use super::refusal::Refusal;
use super::rows::Function;

/// What a body names, or why it cannot be called harmless.
pub(super) fn mentions(function: &Function) -> Result<Mentions, Refusal> {
    let signature = &function.signature;
    let found = match function.language.as_str() {
        "sql" => statements(&function.source),
        _ if gives_a_record_its_value(&function.source) => {
            Err("declares a record with a value, which cannot be looked into".to_owned())
        }
        _ => plpgsql(function.definition.as_deref().unwrap_or_default()),
    };
    found.map_err(|why| Refusal::new(format!("The body of the function {signature} {why}.")))
}

fn unreadable(error: &howdah_sql::SyntaxError) -> String {
    format!("cannot be read ({error})")
}

/// SQL statements, all of which have to be queries that only read.
fn statements(text: &str) -> Result<Mentions, String> {
    let trees = howdah_sql::tree(text, &howdah_sql::Limits::default()).map_err(|error| unreadable(&error))?;
    let mut all = Mentions::default();
    for tree in &trees {
        if tree.get("SelectStmt").is_none() {
            let tag = tree.as_object().and_then(|tree| tree.keys().next());
            let verb = tag.map_or("", |tag| tag.trim_end_matches("Stmt"));
            return Err(format!("holds a statement that is no query ({verb})"));
        }
        all.extend(mention::mentions(tree, Grammar::Read).map_err(|refusal| {
            format!("is not harmless: {}", refusal.reason.trim_end_matches('.'))
        })?);
    }
    Ok(all)
}

/// What a block of PL/pgSQL may be made of.
const KNOWN: &[&str] = &[
    "PLpgSQL_function", "PLpgSQL_var", "PLpgSQL_row", "PLpgSQL_rec", "PLpgSQL_recfield", "PLpgSQL_arrayelem",
    "PLpgSQL_type", "PLpgSQL_expr", "PLpgSQL_condition", "PLpgSQL_exception", "PLpgSQL_exception_block",
    "PLpgSQL_raise_option", "PLpgSQL_diag_item", "PLpgSQL_if_elsif", "PLpgSQL_case_when", "PLpgSQL_stmt_block",
    "PLpgSQL_stmt_assign", "PLpgSQL_stmt_if", "PLpgSQL_stmt_case", "PLpgSQL_stmt_loop", "PLpgSQL_stmt_while",
    "PLpgSQL_stmt_fori", "PLpgSQL_stmt_fors", "PLpgSQL_stmt_forc", "PLpgSQL_stmt_foreach_a", "PLpgSQL_stmt_exit",
    "PLpgSQL_stmt_return", "PLpgSQL_stmt_return_next", "PLpgSQL_stmt_return_query", "PLpgSQL_stmt_raise",
    "PLpgSQL_stmt_assert", "PLpgSQL_stmt_execsql", "PLpgSQL_stmt_perform", "PLpgSQL_stmt_getdiag",
    "PLpgSQL_stmt_open", "PLpgSQL_stmt_fetch", "PLpgSQL_stmt_close",
];

fn plpgsql(definition: &str) -> Result<Mentions, String> {
    let tree = howdah_sql::plpgsql_tree(definition).map_err(|error| unreadable(&error))?;
    if tree.as_array().is_none_or(Vec::is_empty) {
        return Err("cannot be read".to_owned());
    }
    let mut all = Mentions::default();
    walk(&tree, &mut all)?;
    // What values are assigned to is converted to its type, also where a literal is.
    all.untyped = true;
    Ok(all)
}

fn walk(value: &Value, all: &mut Mentions) -> Result<(), String> {
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| walk(item, all)),
        Value::Object(map) => {
            for (key, inner) in map {
                match key.as_str() {
                    "PLpgSQL_expr" => {
                        expression(inner, all)?;
                        continue;
                    }
                    "PLpgSQL_type" => {
                        type_(inner, all)?;
                        continue;
                    }
                    "dynquery" => return Err("runs SQL that it makes up as text".to_owned()),
                    "PLpgSQL_stmt_dynexecute" | "PLpgSQL_stmt_dynfors" => {
                        return Err("runs SQL that it makes up as text (EXECUTE)".to_owned());
                    }
                    tag if tag.starts_with("PLpgSQL") && !KNOWN.contains(&tag) => {
                        let statement = tag.trim_start_matches("PLpgSQL_stmt_").to_uppercase();
                        return Err(format!("holds {statement}, which is not known to be harmless"));
                    }
                    _ => {}
                }
                walk(inner, all)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A statement, an expression or an assignment, by its parse mode.
fn expression(value: &Value, all: &mut Mentions) -> Result<(), String> {
    let text = value.get("query").and_then(Value::as_str).unwrap_or_default();
    match value.get("parseMode").and_then(Value::as_i64).unwrap_or(0) {
        0 => all.extend(statements(text)?),
        2 => all.extend(statements(&format!("SELECT {text}"))?),
        _ => {
            let (place, value) = assignment(text).ok_or("holds an assignment that cannot be read")?;
            all.extend(statements(&format!("SELECT {place}"))?);
            all.extend(statements(&format!("SELECT {value}"))?);
        }
    }
    Ok(())
}

/// Whether a variable of type `record` may be given a value where it is declared: the
/// parser's tree leaves that expression out. Goes by the bare text, so that no quoting
/// can hide one; a literal that looks like one counts as well.
fn gives_a_record_its_value(body: &str) -> bool {
    let lower = body.to_lowercase();
    let values = lower.match_indices("record").any(|(at, word)| {
        let mut rest = &lower[at + word.len()..];
        rest = rest.strip_prefix('"').unwrap_or(rest);
        loop {
            rest = rest.trim_start();
            let next = match rest {
                // Who writes a comment there is not trusted with what follows it.
                _ if rest.starts_with("--") || rest.starts_with("/*") => return true,
                _ => rest.strip_prefix("not").or_else(|| rest.strip_prefix("null")),
            };
            match next {
                Some(next) => rest = next,
                None => return rest.starts_with([':', '=']) || rest.starts_with("default"),
            }
        }
    });
    values || lower.contains("u&\"")
}

/// Splits `place := value` (or `=`) at the sign that is in no brackets and no quotes.
fn assignment(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0usize;
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '(') => depth += 1,
            (None, ']' | ')') => depth = depth.checked_sub(1)?,
            (None, ':') if depth == 0 && text[at..].starts_with(":=") => {
                return Some((&text[..at], &text[at + 2..]));
            }
            (None, '=') if depth == 0 => return Some((&text[..at], &text[at + 1..])),
            _ => {}
        }
    }
    None
}

/// The type of a variable as it is declared.
fn type_(value: &Value, all: &mut Mentions) -> Result<(), String> {
    let text = value.get("typname").and_then(Value::as_str).unwrap_or_default().trim();
    let lower = text.to_lowercase();
    if let Some(at) = lower.find('%') {
        // `t%ROWTYPE`, `t.column%TYPE`, `schema.t.column%TYPE`: the types of t's columns count.
        let parts: Vec<String> = text[..at]
            .trim()
            .split('.')
            .map(|part| match part.trim().strip_prefix('"').and_then(|part| part.strip_suffix('"')) {
                Some(quoted) => quoted.replace("\"\"", "\""),
                None => part.trim().to_lowercase(),
            })
            .collect();
        for (index, name) in parts.iter().enumerate() {
            all.relations.insert(Name {
                schema: index.checked_sub(1).map(|before| parts[before].clone()),
                name: name.clone(),
            });
            all.relations.insert(Name::bare(name));
        }
        return Ok(());
    }
    if text.is_empty() || matches!(lower.as_str(), "record" | "refcursor" | "unknown") {
        return Ok(());
    }
    all.extend(statements(&format!("SELECT NULL::{text}"))?);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn calls(body: &str) -> Result<Vec<String>, String> {
        let definition = format!("CREATE FUNCTION f(a int) RETURNS int LANGUAGE plpgsql AS $f$ {body} $f$");
        let found = plpgsql(&definition)?;
        Ok(found.calls.iter().map(|call| call.name.name.clone()).collect())
    }

    #[test]
    fn every_expression_of_a_body_counts() {
        let found = calls(
            "DECLARE x int := one(); y int[]; c CURSOR FOR SELECT two(); r record;
             BEGIN
               IF three() THEN x := four(); ELSIF five() THEN y[six()] := seven(); END IF;
               FOR i IN eight()..nine() LOOP PERFORM ten(); END LOOP;
               FOR r IN SELECT eleven() LOOP RAISE NOTICE '%', twelve(); END LOOP;
               CASE thirteen() WHEN 1 THEN NULL; ELSE NULL; END CASE;
               SELECT fourteen() INTO x;
               WHILE fifteen() LOOP EXIT WHEN sixteen(); END LOOP;
               FOREACH x IN ARRAY seventeen() LOOP NULL; END LOOP;
               BEGIN x = eighteen(); EXCEPTION WHEN others THEN x := nineteen(); END;
               ASSERT twenty();
               OPEN c;
               RETURN last();
             END",
        )
        .unwrap();
        for name in [
            "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
            "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "last",
        ] {
            assert!(found.iter().any(|call| call == name), "{name} in {found:?}");
        }
    }

    #[test]
    fn bodies_that_write_or_make_up_sql_are_not_harmless() {
        for body in [
            "BEGIN INSERT INTO t VALUES (1); RETURN 1; END",
            "BEGIN EXECUTE 'SELECT 1'; RETURN 1; END",
            "DECLARE r record; BEGIN FOR r IN EXECUTE 'SELECT 1' LOOP NULL; END LOOP; RETURN 1; END",
            "DECLARE c refcursor; BEGIN OPEN c FOR EXECUTE 'SELECT 1'; RETURN 1; END",
            "BEGIN CALL p(); RETURN 1; END",
            "BEGIN COMMIT; RETURN 1; END",
            "BEGIN SET x.y = 1; RETURN 1; END",
            "BEGIN CREATE TABLE t (); RETURN 1; END",
            "BEGIN PERFORM 1 FROM t FOR UPDATE; RETURN 1; END",
            "BEGIN NOTIFY x; RETURN 1; END",
        ] {
            assert!(calls(body).is_err(), "{body}");
        }
    }

    #[test]
    fn a_record_with_a_value_is_seen() {
        for body in [
            "DECLARE r record := evil(); BEGIN END",
            "DECLARE r /* x */ RECORD NOT NULL = evil(); BEGIN END",
            "DECLARE r \"record\" DEFAULT evil(); BEGIN END",
            "DECLARE a text := '/*'; r pg_catalog.record := evil(); b text := '*/'; BEGIN END",
            "DECLARE a text := '--'; r record\n:= evil(); BEGIN END",
        ] {
            assert!(gives_a_record_its_value(body), "{body}");
        }
        for body in [
            "DECLARE r record; x int := 1; BEGIN r := fine(); END",
            "DECLARE recorded int := 1; BEGIN END",
        ] {
            assert!(!gives_a_record_its_value(body), "{body}");
        }
    }

    #[test]
    fn declared_types_count() {
        let definition = "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $f$ \
            DECLARE a s.dom := 1; b dom2[]; c t%ROWTYPE; d s2.t2.col%TYPE; e varchar(5); BEGIN RETURN 1; END $f$";
        let found = plpgsql(definition).unwrap();
        let types: Vec<&str> = found.types.iter().map(|name| name.name.as_str()).collect();
        assert!(types.contains(&"dom") && types.contains(&"dom2"), "{types:?}");
        let relations: Vec<&str> = found.relations.iter().map(|name| name.name.as_str()).collect();
        assert!(relations.contains(&"t") && relations.contains(&"t2"), "{relations:?}");
    }

    #[test]
    fn trigger_functions_are_read() {
        let definition = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS \
            $f$ BEGIN IF TG_OP = 'UPDATE' THEN NEW.x := fine(); END IF; RETURN NEW; END $f$";
        let found = plpgsql(definition).unwrap();
        assert!(found.calls.iter().any(|call| call.name.name == "fine"));
    }

    #[test]
    fn assignments_are_split_outside_of_brackets() {
        assert_eq!(assignment("a := b = c"), Some(("a ", " b = c")));
        assert_eq!(assignment("a[x = 1] = 2"), Some(("a[x = 1] ", " 2")));
        assert_eq!(assignment("\"a=b\".c := 1"), Some(("\"a=b\".c ", " 1")));
        assert_eq!(assignment("a"), None);
    }
}
