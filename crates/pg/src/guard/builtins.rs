//! The functions that every database of a server has, and what becomes of calling them.
//!
//! Read once for a database and again when a minute has passed, so that a statement
//! costs no look at three thousand rows. That nobody replaced one of them since is seen
//! for those that a statement names by their `xmin`.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::allow::{self, Class};
use super::facts::{Table, fetch, number, numbers, text};
use super::mention::{self, Grammar, Mentions};
use super::stored::{When, references};
use crate::{Connection, PgError, Step};

/// How long what was read may be used.
const FRESH: Duration = Duration::from_secs(60);

/// OIDs below are given by initdb.
pub(crate) const FIRST_NORMAL_OID: u32 = 16_384;

/// What is known of a built-in function.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    /// The classes of the code that it runs; more than one for a function in SQL.
    pub(crate) classes: Vec<&'static Class>,
    /// Why it may not be called, where no class says so.
    pub(crate) unknown: Option<String>,
    /// Whether it is VOLATILE: never computed ahead of time.
    pub(crate) volatile: bool,
    /// What its body names, where the server resolves that only when it runs (13).
    pub(crate) mentions: Option<Arc<Mentions>>,
}

impl Standing {
    /// How much it is known to run; this only grows while bodies are read.
    fn reach(&self) -> (usize, bool) {
        (self.classes.len(), self.unknown.is_some())
    }

    /// Whether a statement may call it.
    pub(crate) fn allowed(&self) -> bool {
        self.unknown.is_none() && self.classes.iter().all(|class| class.allowed)
    }
}

/// A built-in function under its name.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) oid: u32,
    pub(crate) schema: String,
    /// Arguments that a call has at least and at most; the most is open for VARIADIC.
    pub(crate) args: (usize, usize),
}

/// All built-in functions of a database.
pub(crate) struct Builtins {
    by_oid: HashMap<u32, Standing>,
    by_name: HashMap<String, Vec<Named>>,
    operators: HashMap<u32, u32>,
    /// The transactions that made them, as `xmin` shows.
    pub(crate) xmins: String,
    /// What was put in the place of something that runs without being named.
    pub(crate) replaced: Option<String>,
    taken: Instant,
}

type Cache = Mutex<HashMap<String, Arc<Builtins>>>;
static CACHE: LazyLock<Cache> = LazyLock::new(Cache::default);

impl Builtins {
    /// Those of the connection's database, which `key` tells apart from others.
    pub(crate) async fn of(connection: &mut Connection, key: &str) -> Result<Arc<Self>, PgError> {
        let cache = || CACHE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = cache().get(key).filter(|known| known.taken.elapsed() < FRESH) {
            return Ok(Arc::clone(known));
        }
        let tables = fetch(
            connection,
            &[
                Step::new(include_str!("../../queries/guard/builtins.sql")),
                Step::new(include_str!("../../queries/guard/builtin_uses.sql")),
            ],
        )
        .await?;
        let read = Arc::new(Self::read(&tables[0], &tables[1]));
        let mut cache = cache();
        cache.retain(|_, known| known.taken.elapsed() < FRESH);
        cache.insert(key.to_owned(), Arc::clone(&read));
        Ok(read)
    }

    /// Whether [`Builtins::of`] would ask nothing.
    pub(crate) fn are_fresh(key: &str) -> bool {
        let cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
        cache.get(key).is_some_and(|known| known.taken.elapsed() < FRESH)
    }

    /// The function with this OID.
    pub(crate) fn function(&self, oid: u32) -> Option<&Standing> {
        self.by_oid.get(&oid)
    }

    /// The functions of this name, in whatever schema.
    pub(crate) fn named(&self, name: &str) -> &[Named] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// Schema and name of a function, for messages.
    pub(crate) fn name(&self, oid: u32) -> (&str, &str) {
        let mut all = self
            .by_name
            .iter()
            .flat_map(|(name, same)| same.iter().map(move |named| (name, named)));
        all.find(|(_, named)| named.oid == oid)
            .map_or(("pg_catalog", "?"), |(name, named)| (&named.schema, name))
    }

    /// The function behind a built-in operator.
    pub(crate) fn operator(&self, oid: u32) -> Option<u32> {
        self.operators.get(&oid).copied()
    }

    fn read(functions: &Table, uses: &Table) -> Self {
        let mut builtins = Self {
            by_oid: HashMap::with_capacity(functions.len()),
            by_name: HashMap::with_capacity(functions.len()),
            operators: HashMap::with_capacity(1000),
            xmins: String::new(),
            replaced: None,
            taken: Instant::now(),
        };
        for row in uses.iter().filter(|row| text(row, 0) == "o") {
            builtins.operators.insert(number(row, 1), number(row, 2));
        }
        let mut xmins = BTreeSet::new();
        let mut bodies = Vec::new();
        for row in functions {
            let oid = number(row, 0);
            let most = number(row, 5) as usize;
            let least = most.saturating_sub(number(row, 6) as usize);
            builtins
                .by_name
                .entry(text(row, 2).to_owned())
                .or_default()
                .push(Named {
                    oid,
                    schema: text(row, 1).to_owned(),
                    args: match text(row, 7) {
                        "t" => (least.saturating_sub(1), usize::MAX),
                        _ => (least, most),
                    },
                });
            xmins.insert(text(row, 8));
            let mut standing = match (text(row, 3), text(row, 4)) {
                ("12", symbol) => Standing::of(allow::internal(symbol), symbol),
                // Nothing, until what it calls has been added below.
                ("14", _) => {
                    bodies.push(row);
                    Standing::all(std::iter::empty())
                }
                ("13", symbol) => Standing::of(allow::library(text(row, 12), symbol), symbol),
                (_, symbol) => Standing::of(None, symbol),
            };
            standing.volatile = text(row, 11) == "v";
            builtins.by_oid.insert(oid, standing);
        }
        for row in functions.iter().filter(|row| row[10].is_some()) {
            let parts: Vec<Standing> = numbers(row, 10)
                .into_iter()
                .filter_map(|oid| builtins.by_oid.get(&oid).cloned())
                .collect();
            builtins
                .by_oid
                .insert(number(row, 0), Standing::all(parts.iter()));
        }
        // Bodies call each other, before 14 also functions of their own name that may be themselves:
        // what each adds up to grows until it holds all that can be reached.
        let mut grown = true;
        while grown {
            grown = false;
            for row in &bodies {
                let mut standing = builtins.body(row);
                standing.volatile = text(row, 11) == "v";
                let known = builtins.by_oid.insert(number(row, 0), standing.clone());
                grown |= known.is_none_or(|known| known.reach() != standing.reach());
            }
        }
        builtins.xmins = array(&xmins);
        builtins.replaced = builtins.find_replaced(functions, uses);
        builtins
    }

    /// What a body in SQL adds up to.
    fn body(&self, row: &[Option<String>]) -> Standing {
        if let Some(tree) = &row[9] {
            let Ok(found) = references(tree, When::Runs) else {
                return Standing::unknown("its body cannot be read".to_owned());
            };
            if let Some(node) = found.unknown {
                return Standing::unknown(format!("its body holds {node}"));
            }
            let operators = found.operators.iter().filter_map(|oid| self.operators.get(oid));
            let called: BTreeSet<u32> = found.functions.iter().chain(operators).copied().collect();
            return Standing::all(called.iter().filter_map(|oid| self.by_oid.get(oid)));
        }
        let Some(mentions) = body_mentions(text(row, 4)) else {
            return Standing::unknown("its body is no query that only reads".to_owned());
        };
        let calls = mentions.calls.iter().filter(|call| !call.projection);
        let mut standing = Standing::all(calls.flat_map(|call| {
            let fits = move |named: &&Named| {
                call.args
                    .is_none_or(|n| (named.args.0..=named.args.1).contains(&n))
            };
            let named = self.named(&call.name.name).iter().filter(fits);
            named.filter_map(|named| self.by_oid.get(&named.oid))
        }));
        standing.mentions = Some(Arc::new(mentions));
        standing
    }

    /// Something that runs without being named and is not the server's own harmless code.
    fn find_replaced(&self, functions: &Table, uses: &Table) -> Option<String> {
        if let Some(row) = uses.iter().find(|row| text(row, 0) == "x") {
            return Some(text(row, 3).to_owned());
        }
        let used = uses.iter().map(|row| number(row, 2)).filter(|oid| *oid != 0);
        let bad = used
            .filter(|oid| *oid < FIRST_NORMAL_OID)
            .find(|oid| self.by_oid.get(oid).is_none_or(|standing| !standing.allowed()))?;
        let row = functions.iter().find(|row| number(row, 0) == bad)?;
        Some(format!("function {}.{}", text(row, 1), text(row, 2)))
    }
}

impl Standing {
    fn of(class: Option<&'static Class>, symbol: &str) -> Self {
        match class {
            Some(class) => Self {
                classes: vec![class],
                unknown: None,
                volatile: false,
                mentions: None,
            },
            None => Self::unknown(format!(
                "its code ({symbol}) is not on the list of what was reviewed"
            )),
        }
    }

    fn unknown(why: String) -> Self {
        Self {
            classes: Vec::new(),
            unknown: Some(why),
            volatile: false,
            mentions: None,
        }
    }

    fn all<'a>(parts: impl Iterator<Item = &'a Self>) -> Self {
        let mut sum = Self {
            classes: Vec::new(),
            unknown: None,
            volatile: false,
            mentions: None,
        };
        for part in parts {
            for class in &part.classes {
                if !sum.classes.contains(class) {
                    sum.classes.push(class);
                }
            }
            if sum.unknown.is_none() {
                sum.unknown.clone_from(&part.unknown);
            }
            if let (None, Some(mentions)) = (&sum.mentions, &part.mentions) {
                sum.mentions = Some(Arc::clone(mentions));
            }
        }
        sum
    }
}

/// What the queries of a body in SQL name, if they are such that only read.
fn body_mentions(body: &str) -> Option<Mentions> {
    let trees = howdah_sql::tree(body, &howdah_sql::Limits::default()).ok()?;
    let mut all = Mentions::default();
    for tree in &trees {
        tree.get("SelectStmt")?;
        all.extend(mention::mentions(tree, Grammar::Read).ok()?);
    }
    Some(all)
}

/// An array of words that need no quotes.
fn array(words: &BTreeSet<&str>) -> String {
    let words: Vec<&str> = words.iter().copied().collect();
    format!("{{{}}}", words.join(","))
}
