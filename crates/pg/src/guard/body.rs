//! Looks into the bodies of functions written in SQL and PL/pgSQL.

use serde_json::Value;

use super::mention::{self, Call, Grammar, Mentions, Name};
use super::refusal::Refusal;
use super::rows::Function;

/// What a body names.
pub(super) struct Body {
    /// Bare names are looked up with the search path.
    pub(super) bare: Mentions,
    /// Names whose schema was not made out.
    pub(super) anywhere: Mentions,
}

/// What a body names, or why it cannot be called harmless.
pub(super) fn mentions(function: &Function) -> Result<Body, Refusal> {
    let signature = &function.signature;
    let found = match function.language.as_str() {
        "sql" => statements(&function.source).map(|bare| Body {
            bare,
            anywhere: Mentions::default(),
        }),
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
        all.extend(
            mention::mentions(tree, Grammar::Read)
                .map_err(|refusal| format!("is not harmless: {}", refusal.reason.trim_end_matches('.')))?,
        );
    }
    Ok(all)
}

/// What a block of PL/pgSQL may be made of.
const KNOWN: &[&str] = &[
    "PLpgSQL_function",
    "PLpgSQL_var",
    "PLpgSQL_row",
    "PLpgSQL_rec",
    "PLpgSQL_recfield",
    "PLpgSQL_arrayelem",
    "PLpgSQL_type",
    "PLpgSQL_expr",
    "PLpgSQL_condition",
    "PLpgSQL_exception",
    "PLpgSQL_exception_block",
    "PLpgSQL_raise_option",
    "PLpgSQL_diag_item",
    "PLpgSQL_if_elsif",
    "PLpgSQL_case_when",
    "PLpgSQL_stmt_block",
    "PLpgSQL_stmt_assign",
    "PLpgSQL_stmt_if",
    "PLpgSQL_stmt_case",
    "PLpgSQL_stmt_loop",
    "PLpgSQL_stmt_while",
    "PLpgSQL_stmt_fori",
    "PLpgSQL_stmt_fors",
    "PLpgSQL_stmt_forc",
    "PLpgSQL_stmt_foreach_a",
    "PLpgSQL_stmt_exit",
    "PLpgSQL_stmt_return",
    "PLpgSQL_stmt_return_next",
    "PLpgSQL_stmt_return_query",
    "PLpgSQL_stmt_raise",
    "PLpgSQL_stmt_assert",
    "PLpgSQL_stmt_execsql",
    "PLpgSQL_stmt_perform",
    "PLpgSQL_stmt_getdiag",
    "PLpgSQL_stmt_open",
    "PLpgSQL_stmt_fetch",
    "PLpgSQL_stmt_close",
];

/// Every word of the text may name a function, a type or a relation, and every sign an
/// operator: the parser's tree leaves out what is declared with a type that it does not
/// know. The tree is for the statements, which have to be of kinds that only read.
fn plpgsql(definition: &str) -> Result<Body, String> {
    let tree = structure(definition)?;
    if tree.as_array().is_none_or(Vec::is_empty) {
        return Err("cannot be read".to_owned());
    }
    walk(&tree)?;
    words(definition)
}

/// The statements of the body. Types are looked up by the parser, which knows only those
/// that are built in: where one stands in its way, schemas and brackets are left out.
/// That changes what is named, never which statements there are.
fn structure(definition: &str) -> Result<Value, String> {
    let first = match howdah_sql::plpgsql_tree(definition) {
        Ok(tree) => return Ok(tree),
        Err(error) => unreadable(&error),
    };
    // A record, unlike a variable of a type that is not known, has fields to assign to.
    let definition = without_row_types(definition);
    let bare = without_schemas(&definition);
    howdah_sql::plpgsql_tree(&definition)
        .or_else(|_| howdah_sql::plpgsql_tree(&bare))
        .or_else(|_| howdah_sql::plpgsql_tree(&without_brackets(&bare)))
        .map_err(|_| first)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii()
}

/// `a.b` as `b`.
fn without_schemas(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end.max(c.len_utf8()));
        let names = |c: char| is_word(c) && !c.is_ascii_digit() && c != '$';
        rest = match after.strip_prefix('.') {
            Some(name) if word.starts_with(names) && name.starts_with(names) => name,
            _ => {
                bare.push_str(word);
                after
            }
        };
    }
    bare
}

/// `name[]` as `name`, but for `ARRAY[]`.
fn without_brackets(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    for piece in text.split_inclusive("[]") {
        let name = piece.strip_suffix("[]").unwrap_or(piece);
        let is_array = name.to_ascii_lowercase().ends_with("array");
        bare.push_str(if name.ends_with(is_word) && !is_array {
            name
        } else {
            piece
        });
    }
    bare
}

/// `schema.name%ROWTYPE` as `record`.
fn without_row_types(text: &str) -> String {
    let mut bare = text.to_owned();
    while let Some(end) = bare.to_ascii_lowercase().find("%rowtype") {
        let start = bare[..end]
            .rfind(|c| !is_word(c) && c != '.')
            .map_or(0, |at| at + bare[at..].chars().next().map_or(1, char::len_utf8));
        bare.replace_range(start..end + "%rowtype".len(), "record");
    }
    bare
}

/// Longest run of signs that is looked at; longer ones stand in comments.
const SIGNS_MAX: usize = 12;

/// The words and signs of a text, whatever they stand for, comments and literals included.
fn words(text: &str) -> Result<Body, String> {
    if text.to_ascii_lowercase().contains("u&\"") {
        return Err("holds names in Unicode escapes, which cannot be looked into".to_owned());
    }
    let mut body = Body {
        bare: Mentions::default(),
        anywhere: Mentions::default(),
    };
    // A comment may stand between a dot and the name after it.
    let hidden = text.split('.').skip(1).any(|after| {
        let after = after.trim_start();
        after.starts_with("--") || after.starts_with("/*")
    });
    let mut before = "";
    for word in text.split(|c| !is_word(c)).filter(|word| !word.is_empty()) {
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        let dotted = hidden || text[..start].trim_end().ends_with('.');
        let schema = (!hidden && text[..start].ends_with(&format!("{before}.")) && !before.is_empty())
            .then_some(before);
        for spelling in [word.to_owned(), word.to_ascii_lowercase(), word.to_lowercase()] {
            match schema {
                Some(schema) => {
                    for schema in [
                        schema.to_owned(),
                        schema.to_ascii_lowercase(),
                        schema.to_lowercase(),
                    ] {
                        name(Some(schema), &spelling, &mut body.bare);
                    }
                }
                None if dotted => name(None, &spelling, &mut body.anywhere),
                None => {}
            }
            name(None, &spelling, &mut body.bare);
        }
        operators_of(&word.to_ascii_lowercase(), &mut body.bare);
        before = word;
    }
    // Which quotes belong together is not certain: what lies between any two may be a name,
    // and the word in front of it its schema.
    if text.contains('"') {
        for quoted in text.replace("\"\"", "\u{1}").split('"') {
            name(None, &quoted.replace('\u{1}', "\""), &mut body.anywhere);
        }
        for word in text.split(|c| !is_word(c)).filter(|word| !word.is_empty()) {
            for spelling in [word.to_owned(), word.to_ascii_lowercase(), word.to_lowercase()] {
                name(None, &spelling, &mut body.anywhere);
            }
        }
    }
    let all = &mut body.bare;
    for run in text.split(|c: char| !"+-*/<>=~!@#%^&|`?".contains(c)) {
        if run.len() > SIGNS_MAX
            && run
                .bytes()
                .any(|sign| !matches!(sign, b'-' | b'*' | b'=' | b'/' | b'#'))
        {
            return Err("holds an operator that is too long to be looked into".to_owned());
        }
        if run.contains("!=") {
            all.operators.insert(Name::bare("<>"));
        }
        for start in 0..run.len().min(SIGNS_MAX) {
            for end in start + 1..=run.len().min(SIGNS_MAX) {
                all.operators.insert(Name::bare(&run[start..end]));
            }
        }
    }
    // Where schemas of operators stand is not looked for.
    if text.to_ascii_lowercase().contains("operator") {
        body.anywhere.operators.clone_from(&body.bare.operators);
    }
    Ok(body)
}

/// The operators that a keyword stands for.
fn operators_of(word: &str, all: &mut Mentions) {
    let operators: &[&str] = match word {
        "like" | "ilike" => &["~~", "!~~", "~~*", "!~~*"],
        "similar" => &["~", "!~"],
        "between" => &["<", "<=", ">", ">="],
        "in" | "not" | "distinct" | "nullif" | "using" | "natural" | "case" | "cycle" => &["=", "<>"],
        _ => return,
    };
    all.operators
        .extend(operators.iter().map(|name| Name::bare(*name)));
}

/// Bytes of a name; the server cuts off what is longer.
const NAME_MAX: usize = 63;

fn name(schema: Option<String>, word: &str, all: &mut Mentions) {
    let mut end = word.len().min(NAME_MAX);
    while !word.is_char_boundary(end) {
        end -= 1;
    }
    let name = Name {
        schema,
        name: word[..end].to_owned(),
    };
    all.calls.insert(Call {
        name: name.clone(),
        args: None,
        // A word that is no call at all settles nothing.
        projection: true,
        constant_type: false,
    });
    all.types.insert(name.clone());
    all.relations.insert(name);
}

fn walk(value: &Value) -> Result<(), String> {
    match value {
        Value::Array(items) => items.iter().try_for_each(walk),
        Value::Object(map) => {
            for (key, inner) in map {
                match key.as_str() {
                    "PLpgSQL_expr" => {
                        expression(inner)?;
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
                walk(inner)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A statement, an expression or an assignment, by its parse mode.
fn expression(value: &Value) -> Result<(), String> {
    let text = value.get("query").and_then(Value::as_str).unwrap_or_default();
    match value.get("parseMode").and_then(Value::as_i64).unwrap_or(0) {
        0 => statements(text)?,
        2 => statements(&format!("SELECT {text}"))?,
        _ => {
            let (place, value) = assignment(text).ok_or("holds an assignment that cannot be read")?;
            statements(&format!("SELECT {place}"))?;
            statements(&format!("SELECT {value}"))?
        }
    };
    Ok(())
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn calls(body: &str) -> Result<Vec<String>, String> {
        let definition = format!("CREATE FUNCTION f(a int) RETURNS int LANGUAGE plpgsql AS $f$ {body} $f$");
        let found = plpgsql(&definition)?;
        let calls = found.bare.calls.iter().chain(&found.anywhere.calls);
        Ok(calls.map(|call| call.name.name.clone()).collect())
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
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
            "last",
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
    fn whatever_is_declared_counts() {
        let definition = "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $f$ \
            DECLARE a s.dom := one(); b s.dom2[] = two(); c t%ROWTYPE := three(); d s2.t2.col%TYPE; e varchar(5) := four(); \
            r record := ROW(five()); h pg_catalog.pg_class; i \"Odd \"\" type\" := 1 <-> 2; \
            BEGIN a := ARRAY[]::int[]; RETURN 1; END $f$";
        let found = plpgsql(definition).unwrap();
        let types = found.bare.types.iter().chain(&found.anywhere.types);
        let names: Vec<&str> = types.map(|name| name.name.as_str()).collect();
        for name in [
            "dom",
            "dom2",
            "one",
            "two",
            "three",
            "four",
            "five",
            "t",
            "t2",
            "Odd \" type",
        ] {
            assert!(names.contains(&name), "{name} in {names:?}");
        }
        assert!(found.bare.operators.contains(&Name::bare("<->")));
    }

    #[test]
    fn what_stands_in_the_parsers_way_hides_no_statement() {
        for body in [
            "DECLARE a s.dom; BEGIN INSERT INTO s.t VALUES (1); RETURN 1; END",
            "DECLARE a s.dom[]; BEGIN EXECUTE 'x'; RETURN 1; END",
            "DECLARE a s.dom[]; BEGIN PERFORM 1; CALL s.p(); RETURN 1; END",
            "DECLARE r s.t%RowType; BEGIN r.x := 1; DELETE FROM s.t; RETURN 1; END",
        ] {
            assert!(calls(body).is_err(), "{body}");
        }
        for body in [
            "DECLARE a s.dom; BEGIN RETURN 1; END",
            "DECLARE r s.t%ROWTYPE; BEGIN SELECT * INTO r FROM s.t; r.x := upper(r.x); RETURN 1; END",
            "DECLARE a s.dom[] := ARRAY[]::s.dom[]; BEGIN RETURN 1; END",
        ] {
            assert!(calls(body).is_ok(), "{body}: {:?}", calls(body));
        }
    }

    #[test]
    fn trigger_functions_are_read() {
        let definition = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS \
            $f$ BEGIN IF TG_OP = 'UPDATE' THEN NEW.x := fine(); END IF; RETURN NEW; END $f$";
        let found = plpgsql(definition).unwrap();
        assert!(found.bare.calls.iter().any(|call| call.name.name == "fine"));
    }

    #[test]
    fn assignments_are_split_outside_of_brackets() {
        assert_eq!(assignment("a := b = c"), Some(("a ", " b = c")));
        assert_eq!(assignment("a[x = 1] = 2"), Some(("a[x = 1] ", " 2")));
        assert_eq!(assignment("\"a=b\".c := 1"), Some(("\"a=b\".c ", " 1")));
        assert_eq!(assignment("a"), None);
    }
}
