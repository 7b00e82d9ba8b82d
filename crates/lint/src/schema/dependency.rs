use std::collections::{HashMap, HashSet};

/// A column of a sample of rows: hashes stand for values, `None` for NULL.
#[derive(Debug, Clone, Default)]
pub struct SampledColumn {
    /// Its number in the table.
    pub number: i16,
    /// Its value in each row.
    pub values: Vec<Option<i64>>,
    /// Whether it may be what others depend on: an identifier or a code, not a measurement.
    pub may_determine: bool,
    /// Whether it may be what depends: no part of a key.
    pub may_depend: bool,
    /// Of columns that determine each other, the one with the lowest is named as what determines.
    pub rank: u32,
}

/// Columns that hold a fact about another column rather than about the row.
#[derive(Debug, Clone, PartialEq)]
pub struct Dependency {
    /// The number of the column that determines.
    pub determinant: i16,
    /// The number of the column that depends on it.
    pub dependent: i16,
    /// Rows that were looked at.
    pub rows: usize,
    /// Different values of the column that determines.
    pub determinant_values: usize,
    /// Different values of the column that depends.
    pub dependent_values: usize,
    /// Times that a value came again, in another page of the table, and the other column had
    /// the value that it had before.
    pub support: usize,
    /// Whether all rows of the table were looked at.
    pub is_exact: bool,
}

/// Times that a value must come again.
const MIN_SUPPORT: usize = 30;
/// Values that must come again.
const MIN_REPEATED: usize = 3;
/// How unlikely the agreement must be if the columns had nothing to do with each other, as the
/// negative logarithm: e⁻²⁵ is one in 7 × 10¹⁰. Some hundreds of pairs of columns are tried per table.
const MIN_SURPRISE: f64 = 25.0;

/// Finds the columns that depend on another one which is no key.
///
/// `pages` says for each row where it is stored: rows that are stored together are often alike
/// because they were written together, and do not count as evidence for each other unless `whole`
/// says that the rows are all there are.
///
/// Of chains (`customer → city → country`) only the links are given, not what follows from them.
pub fn dependencies(columns: &[SampledColumn], pages: &[i64], whole: bool) -> Vec<Dependency> {
    let coded: Vec<Coded> = columns
        .iter()
        .map(|column| Coded::of(column, pages, whole))
        .collect();
    let count = columns.len();
    let mut holds = vec![false; count * count];
    for x in 0..count {
        if !columns[x].may_determine || !coded[x].can_show() {
            continue;
        }
        for y in 0..count {
            holds[x * count + y] = x != y && coded[x].determines(&coded[y]);
        }
    }
    let holds = |x: usize, y: usize| holds[x * count + y];
    let mut found = Vec::new();
    for y in 0..count {
        if !columns[y].may_depend {
            continue;
        }
        let all: Vec<usize> = (0..count).filter(|&x| holds(x, y)).collect();
        // Of what determines it, what is closest to it; of equals, the one that is best named.
        let best = all
            .iter()
            .copied()
            .filter(|&x| !all.iter().any(|&z| z != x && holds(x, z) && !holds(z, x)))
            .min_by_key(|&x| (columns[x].rank, x));
        let Some(x) = best else { continue };
        if holds(y, x) && (columns[y].rank, y) < (columns[x].rank, x) {
            continue;
        }
        found.push(Dependency {
            determinant: columns[x].number,
            dependent: columns[y].number,
            rows: pages.len(),
            determinant_values: coded[x].values,
            dependent_values: coded[y].values,
            support: coded[x].support,
            is_exact: whole,
        });
    }
    found.sort_by_key(|dependency| (dependency.determinant, dependency.dependent));
    found
}

/// A column whose values are numbered from 1 in the order in which they come; 0 is NULL.
struct Coded {
    codes: Vec<u32>,
    values: usize,
    support: usize,
    repeated: usize,
    /// How likely two rows agree: the sum of the squares of the shares of the values.
    agreement: f64,
}

impl Coded {
    fn of(column: &SampledColumn, pages: &[i64], whole: bool) -> Self {
        let mut numbers: HashMap<i64, u32> = HashMap::new();
        let mut codes = Vec::with_capacity(column.values.len());
        for value in &column.values {
            let code = value.map_or(0, |value| {
                let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX - 1) + 1;
                *numbers.entry(value).or_insert(next)
            });
            codes.push(code);
        }
        let values = numbers.len();
        let mut times = vec![0usize; values + 1];
        for &code in &codes {
            times[code as usize] += 1;
        }
        let rows = codes.len().max(1) as f64;
        let agreement = times.iter().map(|&n| (n as f64 / rows).powi(2)).sum();
        let places: HashSet<(u32, i64)> = codes
            .iter()
            .zip(pages)
            .enumerate()
            .filter(|(_, (code, _))| **code != 0)
            .map(|(row, (&code, &page))| (code, if whole { row as i64 } else { page }))
            .collect();
        Self {
            values,
            support: places.len() - values,
            repeated: times.iter().skip(1).filter(|&&n| n > 1).count(),
            agreement,
            codes,
        }
    }

    fn can_show(&self) -> bool {
        self.support >= MIN_SUPPORT && self.repeated >= MIN_REPEATED
    }

    fn determines(&self, other: &Self) -> bool {
        let surprise = -other.agreement.ln() * self.support as f64;
        if surprise < MIN_SURPRISE {
            return false;
        }
        let mut first = vec![u32::MAX; self.values + 1];
        self.codes.iter().zip(&other.codes).all(|(&x, &y)| {
            let seen = &mut first[x as usize];
            if x == 0 {
                return true;
            }
            if *seen == u32::MAX {
                *seen = y;
            }
            *seen == y
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number that looks like chance, the same in every run.
    fn mixed(seed: i64) -> i64 {
        let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as i64);
        x ^= x >> 29;
        x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9_u64 as i64);
        (x ^ (x >> 32)) & 0x7fff_ffff
    }

    fn column(number: i16, rank: u32, values: impl Fn(i64) -> i64, rows: i64) -> SampledColumn {
        SampledColumn {
            number,
            values: (0..rows).map(|row| Some(values(row))).collect(),
            may_determine: true,
            may_depend: true,
            rank,
        }
    }

    fn pages(rows: i64) -> Vec<i64> {
        (0..rows).map(|row| row / 50).collect()
    }

    fn pairs(columns: &[SampledColumn], rows: i64) -> Vec<(i16, i16)> {
        dependencies(columns, &pages(rows), false)
            .iter()
            .map(|d| (d.determinant, d.dependent))
            .collect()
    }

    #[test]
    fn a_fact_about_another_column_is_found_and_chance_is_not() {
        let rows = 5000;
        let customer = |row: i64| mixed(row) % 700;
        let columns = [
            column(1, 2, customer, rows),
            column(2, 5, move |row| mixed(customer(row) + 1_000_000) % 90, rows),
            column(3, 5, |row| mixed(row + 77_777) % 5, rows),
            column(4, 5, |_| 1, rows),
        ];
        assert_eq!(pairs(&columns, rows), [(1, 2)]);
    }

    #[test]
    fn of_a_chain_only_the_links_are_given() {
        let rows = 8000;
        let customer = |row: i64| mixed(row) % 900;
        let city = move |row: i64| mixed(customer(row) + 5) % 60;
        let country = move |row: i64| mixed(city(row) + 9) % 7;
        let columns = [
            column(1, 0, customer, rows),
            column(2, 5, city, rows),
            column(3, 5, country, rows),
        ];
        assert_eq!(pairs(&columns, rows), [(1, 2), (2, 3)]);
    }

    #[test]
    fn of_two_names_for_the_same_the_better_determines() {
        let rows = 4000;
        let customer = |row: i64| mixed(row) % 500;
        let columns = [
            column(1, 5, move |row| customer(row) + 10_000, rows),
            column(2, 1, customer, rows),
            column(3, 5, move |row| mixed(customer(row) + 3) % 40, rows),
        ];
        assert_eq!(pairs(&columns, rows), [(2, 1), (2, 3)]);
    }

    #[test]
    fn too_few_repetitions_show_nothing() {
        let rows = 300;
        // Every value twice, but next to each other, in the same page.
        let columns = [
            column(1, 0, |row| row / 2, rows),
            column(2, 5, |row| mixed(row / 2) % 50, rows),
        ];
        assert!(pairs(&columns, rows).is_empty());
        assert_eq!(dependencies(&columns, &pages(rows), true).len(), 1);
        // A column that is nearly constant agrees with anything.
        let rare = [
            column(1, 0, |row| mixed(row) % 100, rows),
            column(2, 5, |row| i64::from(row == 17), rows),
        ];
        assert!(pairs(&rare, rows).is_empty());
    }

    #[test]
    fn one_exception_is_enough() {
        let rows = 3000;
        let customer = |row: i64| mixed(row) % 300;
        let mut columns = [
            column(1, 0, customer, rows),
            column(2, 5, move |row| mixed(customer(row) + 11) % 40, rows),
        ];
        assert_eq!(pairs(&columns, rows), [(1, 2)]);
        columns[1].values[2999] = None;
        assert!(pairs(&columns, rows).is_empty());
    }
}
