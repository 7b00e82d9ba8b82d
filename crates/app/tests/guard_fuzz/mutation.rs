//! Mutations of statements: wild ones, which test the reading of a text, and ones that keep to the grammar, which
//! reach what comes after it.

/// What turns one meaning into another: quoting, nesting, ends of statements.
const WILD: [&str; 20] = [
    "'",
    "\"",
    "$$",
    "$a$",
    "\\'",
    "E'\\''",
    "U&'\\0027'",
    "--",
    "/*",
    "*/",
    "; ",
    "(",
    ")",
    "::",
    " AS ",
    ", ",
    ".",
    " INTO x ",
    " FOR UPDATE ",
    " EXPLAIN ANALYZE ",
];
/// Expressions with an effect, and ones that lead to one through a view, a domain, an operator.
const EXPRESSIONS: [&str; 16] = [
    "h.mark()",
    "h.mark_immutable(1)",
    "(SELECT h.mark())",
    "nextval('h.canary_seq')",
    "1::h.d_int",
    "(SELECT count(*) FROM h.v)",
    "(1 OPERATOR(h.%%%) 2)",
    "pg_notify('a', 'b')",
    "set_config('work_mem', '1MB', false)",
    "ARRAY[1, 2]",
    "NULL",
    "'1'",
    "ROW(1, 'a')",
    "count(*)",
    "generate_series(1, 3)",
    "(SELECT 1)",
];
const CASTS: [&str; 8] = [
    "::text",
    "::int",
    "::h.d_int",
    "::regclass",
    "::jsonb",
    "::text[]",
    "::numeric(4, 1)",
    "::bool",
];

/// SplitMix64: small, and the same everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &'a [impl AsRef<T>]) -> &'a T {
        from[self.below(from.len())].as_ref()
    }
}

/// One statement made of others: one time in six a wild one.
pub(crate) fn mutate(random: &mut Random, seeds: &[String]) -> String {
    let base: String = random.pick::<str>(seeds).to_owned();
    let other: String = random.pick::<str>(seeds).to_owned();
    if random.below(6) == 0 {
        return wild(random, &base, &other);
    }
    let mut text = base;
    for _ in 0..=random.below(2) {
        text = tame(random, &text, &other);
    }
    text
}

/// Cuts a text into words, strings, numbers and marks; what lies between quotes stays whole.
fn tokens(sql: &str) -> Vec<&str> {
    let bytes = sql.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80;
        match bytes[at] {
            b if b.is_ascii_whitespace() => {
                while at < bytes.len() && bytes[at].is_ascii_whitespace() {
                    at += 1;
                }
            }
            quote @ (b'\'' | b'"') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    at += 1;
                }
                at = (at + 1).min(bytes.len());
            }
            b if word(b) => {
                while at < bytes.len() && word(bytes[at]) {
                    at += 1;
                }
            }
            _ => at += 1,
        }
        out.push(&sql[start..at]);
    }
    out
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_lowercase() || c == '"')
}

fn is_operand(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_digit() || c == '\'' || c == '$') && token != "$"
}

/// Where a token of a kind stands.
fn places(tokens: &[&str], kind: impl Fn(&str) -> bool) -> Vec<usize> {
    (0..tokens.len()).filter(|at| kind(tokens[*at])).collect()
}

/// From an opening parenthesis to the one that closes it.
fn groups(tokens: &[&str]) -> Vec<(usize, usize)> {
    let mut open = Vec::new();
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match *token {
            "(" => open.push(at),
            ")" => found.extend(open.pop().map(|start| (start, at))),
            _ => {}
        }
    }
    found
}

/// A change that leaves most texts well formed.
fn tame(random: &mut Random, base: &str, other: &str) -> String {
    let trimmed = base.trim_end().trim_end_matches(';');
    let (mut parts, others) = (tokens(trimmed), tokens(other));
    let expression: &str = random.pick::<str>(&EXPRESSIONS);
    match random.below(12) {
        0 => return format!("SELECT * FROM ({trimmed}) fuzzed"),
        1 => return format!("EXPLAIN {trimmed}"),
        2 => {
            return format!("WITH fuzzed AS ({trimmed}) SELECT * FROM fuzzed WHERE {expression} IS NOT NULL");
        }
        3 => return format!("SELECT ({trimmed} LIMIT 1){}", random.pick::<str>(&CASTS)),
        // A name for a name: relations, functions, columns, schemas.
        4 | 5 => {
            let (here, there) = (places(&parts, is_name), places(&others, is_name));
            if !here.is_empty() && !there.is_empty() {
                parts[here[random.below(here.len())]] = others[there[random.below(there.len())]];
            }
        }
        // A group for a group: subqueries, arguments, lists.
        6 | 7 => {
            let (here, there) = (groups(&parts), groups(&others));
            if !here.is_empty() && !there.is_empty() {
                let (from, to) = here[random.below(here.len())];
                let (first, last) = there[random.below(there.len())];
                parts.splice(from..=to, others[first..=last].iter().copied());
            }
        }
        // An operand becomes an expression, or of another type.
        8 | 9 => {
            let here = places(&parts, is_operand);
            if !here.is_empty() {
                parts[here[random.below(here.len())]] = expression;
            }
        }
        10 => {
            let here = places(&parts, |token| is_operand(token) || token == ")");
            if !here.is_empty() {
                parts.insert(here[random.below(here.len())] + 1, random.pick::<str>(&CASTS));
            }
        }
        // One more output column.
        _ => {
            if let Some(at) = parts.iter().position(|part| part.eq_ignore_ascii_case("select")) {
                parts.insert(at + 1, ", ");
                parts.insert(at + 1, expression);
                parts.insert(at + 1, " ");
            }
        }
    }
    parts.concat()
}

/// Anything: most of it is no SQL.
fn wild(random: &mut Random, base: &str, other: &str) -> String {
    let (mut parts, others) = (tokens(base), tokens(other));
    for _ in 0..=random.below(3) {
        let at = random.below(parts.len());
        match random.below(7) {
            0 => drop(parts.remove(at)),
            1 => parts.insert(at, random.pick::<str>(&WILD)),
            2 => parts[at] = others[random.below(others.len())],
            3 => parts.insert(at, parts[at]),
            4 => {
                let to = random.below(parts.len());
                parts.swap(at, to);
            }
            5 => {
                let from = random.below(others.len());
                let to = (from + random.below(8)).min(others.len());
                parts.splice(at..at, others[from..to].iter().copied());
            }
            _ => {
                parts.truncate(at);
                parts.extend(&others[random.below(others.len())..]);
            }
        }
        if parts.is_empty() {
            parts.push("SELECT");
        }
    }
    parts.concat()
}
