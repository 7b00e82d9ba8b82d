//! Parse trees read from the JSON that libpg_query writes. They are the same that its protobuf
//! encoding gives, in a third of the time: its encoder tries all 270 kinds for each node.
//!
//! What is not known here (a kind, a field, a tree that nests deeply) is no error of the text: it is
//! read the other way then.

mod kinds;

use pg_query::protobuf::a_const::Val;
use pg_query::protobuf::{AConst, Node, RawStmt};

/// Such a tree cannot be read in this way.
#[derive(Debug)]
pub(crate) struct Unreadable;

type Read<T> = Result<T, Unreadable>;

/// The deepest tree that is read in this way, in nodes. Where Rust is optimised, a node takes some
/// 3 kB of the stack, else up to 25.
pub(crate) const DEEPEST: usize = if cfg!(debug_assertions) { 16 } else { 64 };

/// The statements of a script.
pub(crate) fn read_nodes(json: &str) -> Read<Vec<RawStmt>> {
    let mut reader = Reader {
        text: json,
        at: 0,
        depth: 0,
    };
    let mut statements = Vec::new();
    reader.fields(|reader, key| {
        match key {
            "version" => _ = i64::read(reader)?,
            "stmts" => statements = Field::read(reader)?,
            _ => return Err(Unreadable),
        }
        Ok(())
    })?;
    Ok(statements)
}

/// What a field may hold.
trait Field: Sized {
    fn read(reader: &mut Reader<'_>) -> Read<Self>;
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// How many objects are open.
    depth: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn take(&mut self) -> u8 {
        let byte = self.peek();
        self.at += 1;
        byte
    }

    fn expect(&mut self, byte: u8) -> Read<()> {
        match self.take() == byte {
            true => Ok(()),
            false => Err(Unreadable),
        }
    }

    /// An object, field by field.
    fn fields(&mut self, mut field: impl FnMut(&mut Self, &'a str) -> Read<()>) -> Read<()> {
        self.expect(b'{')?;
        self.depth += 1;
        // The outermost two hold the script and the statement.
        if self.depth > DEEPEST + 2 {
            return Err(Unreadable);
        }
        if self.peek() == b'}' {
            self.at += 1;
        } else {
            loop {
                let key = self.plain_text()?;
                self.expect(b':')?;
                field(self, key)?;
                match self.take() {
                    b',' => {}
                    b'}' => break,
                    _ => return Err(Unreadable),
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// A text without anything that is written in another way than it reads.
    fn plain_text(&mut self) -> Read<&'a str> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            match self.take() {
                b'"' => return self.text.get(start..self.at - 1).ok_or(Unreadable),
                b'\\' | 0 => return Err(Unreadable),
                _ => {}
            }
        }
    }

    /// A word or a number.
    fn word(&mut self) -> Read<&'a str> {
        let start = self.at;
        while matches!(self.peek(), b'a'..=b'z' | b'0'..=b'9' | b'-') {
            self.at += 1;
        }
        self.text.get(start..self.at).ok_or(Unreadable)
    }
}

impl Field for String {
    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let start = reader.at;
        if let Ok(plain) = reader.plain_text() {
            return Ok(plain.to_owned());
        }
        reader.at = start;
        reader.expect(b'"')?;
        loop {
            match reader.take() {
                b'"' => break,
                b'\\' => reader.at += 1,
                0 => return Err(Unreadable),
                _ => {}
            }
        }
        let literal = reader.text.get(start..reader.at).ok_or(Unreadable)?;
        serde_json::from_str(literal).map_err(|_| Unreadable)
    }
}

impl Field for bool {
    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        match reader.word()? {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(Unreadable),
        }
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {
        $(impl Field for $number {
            fn read(reader: &mut Reader<'_>) -> Read<Self> {
                reader.word()?.parse().map_err(|_| Unreadable)
            }
        })*
    };
}

numbers! { i32 u32 i64 u64 }

impl<T: Field> Field for Option<T> {
    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        T::read(reader).map(Some)
    }
}

impl<T: Field> Field for Box<T> {
    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        T::read(reader).map(Box::new)
    }
}

impl<T: Field> Field for Vec<T> {
    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let mut items = Self::new();
        reader.expect(b'[')?;
        if reader.peek() == b']' {
            reader.at += 1;
            return Ok(items);
        }
        loop {
            // Nodes are large, and most lists have one or two: no room for more is kept.
            if items.len() == items.capacity() {
                items.reserve_exact(items.len().max(1));
            }
            items.push(T::read(reader)?);
            match reader.take() {
                b',' => {}
                b']' => return Ok(items),
                _ => return Err(Unreadable),
            }
        }
    }
}

impl Field for Node {
    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        reader.expect(b'{')?;
        if reader.peek() == b'}' {
            reader.at += 1;
            return Ok(Self { node: None });
        }
        let label = reader.plain_text()?;
        reader.expect(b':')?;
        let node = kinds::reader_of(label)?(reader)?;
        reader.expect(b'}')?;
        Ok(Self { node: Some(node) })
    }
}

impl Field for RawStmt {
    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let mut statement = Self::default();
        reader.fields(|reader, key| {
            match key {
                "stmt" => statement.stmt = Field::read(reader)?,
                "stmt_location" => statement.stmt_location = Field::read(reader)?,
                "stmt_len" => statement.stmt_len = Field::read(reader)?,
                _ => return Err(Unreadable),
            }
            Ok(())
        })?;
        Ok(statement)
    }
}

impl Field for AConst {
    fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let mut constant = Self::default();
        reader.fields(|reader, key| {
            match key {
                "ival" => constant.val = Some(Val::Ival(Field::read(reader)?)),
                "fval" => constant.val = Some(Val::Fval(Field::read(reader)?)),
                "boolval" => constant.val = Some(Val::Boolval(Field::read(reader)?)),
                "sval" => constant.val = Some(Val::Sval(Field::read(reader)?)),
                "bsval" => constant.val = Some(Val::Bsval(Field::read(reader)?)),
                "isnull" => constant.isnull = Field::read(reader)?,
                "location" => constant.location = Field::read(reader)?,
                _ => return Err(Unreadable),
            }
            Ok(())
        })?;
        Ok(constant)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::ffi::CString;
    use std::path::Path;

    use super::*;
    use crate::{Limits, ffi, parse, split_lossy};

    /// What stands nowhere in the scripts of this repository.
    const RARE: &[&str] = &[
        "SELECT DISTINCT ON (a) b.*, (c).d, e[1:2], f(VARIADIC g => 1) FILTER (WHERE h) OVER (PARTITION BY i ORDER BY j USING < ROWS 1 PRECEDING) FROM ONLY k TABLESAMPLE system (1) REPEATABLE (2), LATERAL l(m) WITH ORDINALITY AS n(o, p)",
        "SELECT CASE a WHEN 1 THEN b ELSE c END, coalesce(d, e), greatest(f, 1.5), nullif(g, h), ARRAY[[1], [2]], ROW(1, 2), x'1f', b'01', U&'\\0041', i::text COLLATE \"C\", current_user, -9223372036854775808, 'a<b>\u{1}' \n 'é'",
        "SELECT a FROM b GROUP BY ROLLUP (a), GROUPING SETS ((b), CUBE (c)) HAVING grouping(a) = 0 WINDOW w AS (ORDER BY d) ORDER BY e NULLS LAST FETCH FIRST 2 ROWS WITH TIES FOR NO KEY UPDATE OF b NOWAIT",
        "WITH RECURSIVE a(b) AS MATERIALIZED (SELECT 1 UNION ALL SELECT b FROM a) SEARCH DEPTH FIRST BY b SET c CYCLE b SET d USING e TABLE a EXCEPT ALL VALUES (1), (2)",
        "SELECT xmlelement(name a, xmlattributes(b AS c), d), xmlserialize(DOCUMENT e AS text), f IS DOCUMENT FROM XMLTABLE('/a' PASSING b COLUMNS c int PATH 'd' DEFAULT 1 NOT NULL, e FOR ORDINALITY)",
        "SELECT json_object('a' VALUE 1 ABSENT ON NULL), json_array(SELECT 1), json_arrayagg(a ORDER BY b), json_objectagg(c : d), json('{}' WITH UNIQUE KEYS), json_query(e, '$' WITH WRAPPER ERROR ON EMPTY), f IS JSON OBJECT FROM JSON_TABLE(g, '$' PASSING 1 AS h COLUMNS (i int PATH '$' DEFAULT 1 ON ERROR, NESTED PATH '$.a' COLUMNS (j FOR ORDINALITY)))",
        "MERGE INTO a AS b USING c ON b.d = c.d WHEN MATCHED AND e THEN UPDATE SET f = DEFAULT WHEN NOT MATCHED BY SOURCE THEN DELETE WHEN NOT MATCHED THEN INSERT (g) OVERRIDING USER VALUE VALUES (1) RETURNING merge_action(), OLD.f",
        "INSERT INTO a AS b (c[1], d.e) SELECT 1 ON CONFLICT (lower(f) text_ops) WHERE g DO UPDATE SET (h, i) = (SELECT 1, 2) WHERE j RETURNING WITH (OLD AS o, NEW AS n) o.c",
        "UPDATE a SET b = c FROM d WHERE CURRENT OF e",
        "DELETE FROM a USING b WHERE NOT EXISTS (SELECT 1) OR c = ANY (ARRAY[1]) OR d IS UNKNOWN OR e IN (1, 2) OR f BETWEEN SYMMETRIC 1 AND 2 OR g SIMILAR TO 'h'",
        "CREATE TABLE a (b int GENERATED ALWAYS AS (c) VIRTUAL, d text STORAGE external COMPRESSION lz4, LIKE e INCLUDING ALL, EXCLUDE USING gist (f WITH &&) WHERE (g), FOREIGN KEY (h, PERIOD i) REFERENCES j ON DELETE SET NULL (h) DEFERRABLE NOT ENFORCED, PRIMARY KEY (k, l WITHOUT OVERLAPS)) PARTITION BY RANGE (m, lower(n) COLLATE \"C\") WITH (fillfactor = 70) TABLESPACE o",
        "CREATE TABLE a PARTITION OF b FOR VALUES FROM (1, MINVALUE) TO (2, MAXVALUE); CREATE TABLE c PARTITION OF d FOR VALUES WITH (MODULUS 4, REMAINDER 1); CREATE TABLE e PARTITION OF f DEFAULT; CREATE TABLE g OF h",
        "ALTER TABLE a ALTER b SET STATISTICS 5, ALTER c ADD GENERATED BY DEFAULT AS IDENTITY (START 5), ALTER CONSTRAINT d DEFERRABLE, REPLICA IDENTITY USING INDEX f, SET (autovacuum_enabled = off), ENABLE ALWAYS TRIGGER g, INHERIT h; ALTER TABLE a DETACH PARTITION e CONCURRENTLY",
        "CREATE FUNCTION a(IN b int DEFAULT 1, VARIADIC c text[]) RETURNS TABLE (d int) LANGUAGE sql STABLE PARALLEL SAFE COST 5 SET search_path TO x, y BEGIN ATOMIC SELECT 1; SELECT 2; END",
        "CREATE AGGREGATE a(int ORDER BY text) (sfunc = b, stype = int); CREATE OPERATOR === (leftarg = int, function = c, commutator = OPERATOR(x.===)); CREATE OPERATOR CLASS d DEFAULT FOR TYPE int USING btree AS OPERATOR 1 < (int, int) FOR ORDER BY e, FUNCTION 1 f(int, int), STORAGE int",
        "CREATE CAST (int AS text) WITH FUNCTION a(int) AS IMPLICIT; CREATE TRANSFORM FOR int LANGUAGE b (FROM SQL WITH FUNCTION c(internal)); CREATE CONVERSION d FOR 'UTF8' TO 'LATIN1' FROM e; CREATE ACCESS METHOD f TYPE index HANDLER g",
        "CREATE TRIGGER a BEFORE UPDATE OF b ON c REFERENCING NEW TABLE AS d FOR EACH STATEMENT WHEN (e) EXECUTE FUNCTION f('g'); CREATE EVENT TRIGGER h ON ddl_command_end WHEN tag IN ('i') EXECUTE FUNCTION j(); CREATE RULE k AS ON DELETE TO l WHERE m DO INSTEAD (NOTIFY n; DELETE FROM o)",
        "CREATE TYPE a AS (b int); CREATE TYPE c AS ENUM ('d'); CREATE TYPE e AS RANGE (subtype = int); ALTER TYPE c ADD VALUE 'f' BEFORE 'd'; CREATE DOMAIN g AS int NOT NULL CHECK (value > 0); ALTER DOMAIN g DROP CONSTRAINT h; ALTER TYPE a ADD ATTRIBUTE i text CASCADE",
        "CREATE POLICY a ON b AS RESTRICTIVE FOR UPDATE TO CURRENT_USER USING (c) WITH CHECK (d); ALTER POLICY a ON b RENAME TO e; CREATE STATISTICS f (ndistinct) ON g, (h + 1) FROM i; CREATE PUBLICATION j FOR TABLE k (l) WHERE (m), TABLES IN SCHEMA n; CREATE SUBSCRIPTION o CONNECTION 'p' PUBLICATION q WITH (enabled = false)",
        "GRANT SELECT (a), INSERT ON b TO c WITH GRANT OPTION; GRANT d TO e WITH ADMIN OPTION GRANTED BY f; REVOKE ALL ON ALL TABLES IN SCHEMA g FROM PUBLIC CASCADE; ALTER DEFAULT PRIVILEGES FOR ROLE h IN SCHEMA i GRANT EXECUTE ON FUNCTIONS TO j; GRANT USAGE ON FOREIGN SERVER k TO l; REVOKE EXECUTE ON FUNCTION m(int) FROM n",
        "CREATE ROLE a LOGIN PASSWORD 'b' VALID UNTIL 'c' IN ROLE d; ALTER ROLE a IN DATABASE e SET f = 1, 'g'; DROP OWNED BY h; REASSIGN OWNED BY i TO j; CREATE SCHEMA k AUTHORIZATION l CREATE TABLE m (n int)",
        "COPY (SELECT 1) TO PROGRAM 'a' WITH (format csv, header, force_quote (b, c), null ''); COPY a (b) FROM stdin WHERE c; EXPLAIN (ANALYZE, format json) EXECUTE d(1, 'e'); PREPARE f(int) AS SELECT $1; DECLARE g BINARY SCROLL CURSOR WITH HOLD FOR SELECT 1; FETCH BACKWARD ALL FROM g; CLOSE ALL; DEALLOCATE ALL; DISCARD TEMP",
        "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE; SAVEPOINT a; ROLLBACK TO a; COMMIT AND CHAIN; PREPARE TRANSACTION 'b'; SET CONSTRAINTS ALL DEFERRED; SET LOCAL c TO DEFAULT; SET TIME ZONE INTERVAL '1' HOUR TO MINUTE; RESET ALL; SHOW d; LOCK a IN SHARE MODE NOWAIT; LISTEN e; NOTIFY f, 'g'; UNLISTEN *; CHECKPOINT; LOAD 'h'",
        "VACUUM (FULL, PARALLEL 2) a (b), c; REINDEX (VERBOSE) TABLE CONCURRENTLY d; CLUSTER e USING f; REFRESH MATERIALIZED VIEW CONCURRENTLY g WITH NO DATA; TRUNCATE ONLY h RESTART IDENTITY CASCADE; COMMENT ON CONSTRAINT i ON j IS NULL; SECURITY LABEL FOR k ON TABLE l IS 'm'",
        "CREATE FOREIGN DATA WRAPPER a HANDLER b; CREATE SERVER c TYPE 'd' VERSION 'e' FOREIGN DATA WRAPPER a OPTIONS (f 'g'); CREATE USER MAPPING FOR h SERVER c; CREATE FOREIGN TABLE i (j int OPTIONS (k 'l')) SERVER c; IMPORT FOREIGN SCHEMA m LIMIT TO (n) FROM SERVER c INTO o; ALTER SERVER c OPTIONS (SET f 'p', DROP q)",
        "CREATE DATABASE a TEMPLATE b; ALTER DATABASE a SET c TO 'd'; DROP DATABASE a WITH (FORCE); CREATE TABLESPACE e LOCATION 'f'; ALTER SYSTEM SET g = on; CREATE EXTENSION h SCHEMA i CASCADE; ALTER EXTENSION h ADD FUNCTION j(int); CREATE LANGUAGE k HANDLER l; CREATE COLLATION m FROM \"C\"; CREATE TEXT SEARCH CONFIGURATION n (parser = o); ALTER TEXT SEARCH CONFIGURATION n ADD MAPPING FOR p WITH q",
        "ALTER TABLE a RENAME b TO c; ALTER FUNCTION d(int) OWNER TO e; ALTER INDEX f DEPENDS ON EXTENSION g; ALTER TYPE h SET SCHEMA i; DROP INDEX CONCURRENTLY IF EXISTS j, k.l; DROP FUNCTION m(int, OUT text); DROP CAST (int AS text); DROP OPERATOR FAMILY n USING btree; CALL o(1, p => 2); DO LANGUAGE plpgsql $$BEGIN END$$; SELECT 1 INTO q; CREATE TABLE r AS EXECUTE s; CREATE RECURSIVE VIEW t (u) AS SELECT 1",
    ];

    fn texts_below(path: &Path, texts: &mut Vec<String>) {
        if path.is_dir() {
            for entry in std::fs::read_dir(path).unwrap() {
                texts_below(&entry.unwrap().path(), texts);
            }
            return;
        }
        let extension = path.extension().and_then(|extension| extension.to_str());
        match (extension, std::fs::read_to_string(path)) {
            (Some("sql"), Ok(text)) => texts.push(text),
            (Some("md"), Ok(text)) => {
                let fenced = text
                    .split("```sql")
                    .skip(1)
                    .filter_map(|rest| rest.split("```").next());
                texts.extend(fenced.map(|fenced| fenced.split_once('\n').unwrap_or_default().1.to_owned()));
            }
            _ => {}
        }
    }

    #[test]
    fn trees_are_those_of_the_other_encoding() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut texts: Vec<String> = RARE.iter().map(|text| (*text).to_owned()).collect();
        let rare = texts.len();
        for place in [
            "lint/src",
            "change/src",
            "app/tests/guard_corpus",
            "../bench/truth/cases",
        ] {
            texts_below(&crates.join(place), &mut texts);
        }
        let (mut same, mut other) = (0, 0);
        let mut wrong = Vec::new();
        for (number, text) in texts.iter().enumerate() {
            for piece in split_lossy(text).0 {
                let script = match parse(piece.text, &Limits::default()) {
                    Ok(script) => script,
                    Err(error) => {
                        wrong.extend((number < rare).then(|| format!("{}: {error}", piece.text)));
                        continue;
                    }
                };
                let input = CString::new(piece.text).unwrap();
                let read = ffi::parse_json(&input, read_nodes).unwrap();
                let Ok(read) = read else {
                    other += 1;
                    continue;
                };
                assert_eq!(read.len(), script.statements.len());
                for (read, statement) in read.iter().zip(&script.statements) {
                    let node = read.stmt.as_ref().and_then(|stmt| stmt.node.as_ref());
                    if node != Some(statement.node()) {
                        wrong.push(format!("{}: {node:?}, not {:?}", piece.text, statement.node()));
                    }
                }
                same += 1;
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        // What is not read is deep.
        assert!(
            same > 1000 && other * 20 < same,
            "{same} are the same, {other} were not read"
        );
    }

    #[test]
    fn what_is_not_known_is_left_to_others() {
        for json in [
            "",
            "{",
            r#"{"stmts":[{"stmt":{"Unknown":{}}}]}"#,
            r#"{"stmts":[{"stmt":{"SelectStmt":{"unknown":1}}}]}"#,
            r#"{"stmts":[{"stmt":{"SelectStmt":{"limitOption":"UNKNOWN"}}}]}"#,
            r#"{"stmts":[{"stmt":{"Integer":{"ival":99999999999}}}]}"#,
            r#"{"stmts":[{"stmt":{"String":{"sval":"open}}}]}"#,
            r#"{"stmts":[{"stmt":{"String":{"sval":"\x"}}}]}"#,
        ] {
            assert!(read_nodes(json).is_err(), "{json}");
        }
        let deep = |levels: usize| format!("SELECT {}1{}", "(SELECT ".repeat(levels), ")".repeat(levels));
        let read = |text: &str| {
            ffi::parse_json(&CString::new(text).unwrap(), |json| read_nodes(json).is_ok()).unwrap()
        };
        assert!(read(&deep(1)) && !read(&deep(DEEPEST)));
    }
}
