//! The order in which objects can be created: each after what it depends on,
//! and else by the place of its kind and its OID.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};

use super::Piece;

/// The catalog that an object is in, and its OID there.
pub(super) type Key = (String, u32);

/// When objects of a kind are created, where nothing else decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(pub(super) u32);

/// An object that is to be created.
pub(super) struct Node {
    pub(super) key: Key,
    pub(super) place: Place,
    pub(super) piece: Piece,
}

/// That one object depends on another.
pub(super) struct Edge {
    pub(super) from: Key,
    pub(super) to: Key,
    /// Whether the first is made along with the second, unless it has a
    /// statement of its own: the row type of a table, the index of a constraint.
    pub(super) is_part: bool,
}

/// Sorts; where objects depend on each other in a circle, the one that comes
/// first by its place is created first, and may fail.
pub(super) fn in_order(nodes: Vec<Node>, edges: &[Edge]) -> Vec<Piece> {
    let of_key: HashMap<&Key, usize> = nodes.iter().enumerate().map(|(i, node)| (&node.key, i)).collect();
    let mut wholes: HashMap<&Key, &Key> = HashMap::new();
    for edge in edges.iter().filter(|edge| edge.is_part) {
        wholes.entry(&edge.from).or_insert(&edge.to);
    }
    let created = |key| created_with(key, &of_key, &wholes);
    let mut waits_for: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); nodes.len()];
    let mut waited_for: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    for edge in edges {
        if let (Some(from), Some(to)) = (created(&edge.from), created(&edge.to))
            && from != to
            && waits_for[from].insert(to)
        {
            waited_for[to].push(from);
        }
    }
    let rank = |node: usize| Reverse((nodes[node].place, nodes[node].key.1, node));
    let mut ready: BinaryHeap<_> = (0..nodes.len())
        .filter(|node| waits_for[*node].is_empty())
        .map(rank)
        .collect();
    let mut waiting: BTreeMap<_, usize> = (0..nodes.len())
        .filter(|node| !waits_for[*node].is_empty())
        .map(|node| ((nodes[node].place, nodes[node].key.1, node), node))
        .collect();
    let mut order = Vec::with_capacity(nodes.len());
    let mut done = vec![false; nodes.len()];
    loop {
        let node = match (ready.pop(), waiting.values().next()) {
            (Some(Reverse((_, _, node))), _) => node,
            (None, Some(&first)) => {
                let circle = circle_behind(first, &waits_for);
                let cut = circle
                    .into_iter()
                    .min_by_key(|node| (nodes[*node].place, nodes[*node].key.1));
                cut.unwrap_or(first)
            }
            (None, None) => break,
        };
        waiting.remove(&(nodes[node].place, nodes[node].key.1, node));
        if std::mem::replace(&mut done[node], true) {
            continue;
        }
        order.push(node);
        for &next in &waited_for[node] {
            waits_for[next].remove(&node);
            if waits_for[next].is_empty() && !done[next] {
                waiting.remove(&(nodes[next].place, nodes[next].key.1, next));
                ready.push(rank(next));
            }
        }
    }
    let mut pieces: Vec<Option<Piece>> = nodes.into_iter().map(|node| Some(node.piece)).collect();
    order.into_iter().filter_map(|node| pieces[node].take()).collect()
}

/// The nodes of a circle that a node waits for, or is in: whoever waits and is in none waits for one.
fn circle_behind(node: usize, waits_for: &[BTreeSet<usize>]) -> Vec<usize> {
    let mut path = vec![node];
    loop {
        let last = path[path.len() - 1];
        let Some(&next) = waits_for[last].first() else {
            return vec![last];
        };
        if let Some(start) = path.iter().position(|seen| *seen == next) {
            return path.split_off(start);
        }
        path.push(next);
    }
}

/// The object that is created, and `key` with it.
fn created_with<'a>(
    mut key: &'a Key,
    of_key: &HashMap<&Key, usize>,
    wholes: &HashMap<&'a Key, &'a Key>,
) -> Option<usize> {
    const DEEPEST: usize = 8;
    for _ in 0..DEEPEST {
        if let Some(node) = of_key.get(key) {
            return Some(*node);
        }
        key = wholes.get(key)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(class: &str, oid: u32, place: u32) -> Node {
        Node {
            key: (class.to_owned(), oid),
            place: Place(place),
            piece: Piece {
                what: format!("{class} {oid}"),
                sql: String::new(),
            },
        }
    }

    fn edge(from: (&str, u32), to: (&str, u32), is_part: bool) -> Edge {
        Edge {
            from: (from.0.to_owned(), from.1),
            to: (to.0.to_owned(), to.1),
            is_part,
        }
    }

    fn names(nodes: Vec<Node>, edges: &[Edge]) -> Vec<String> {
        in_order(nodes, edges)
            .into_iter()
            .map(|piece| piece.what)
            .collect()
    }

    #[test]
    fn objects_come_after_what_they_depend_on() {
        let nodes = vec![node("view", 1, 30), node("table", 2, 20), node("function", 3, 30)];
        let edges = [
            // The view on the function, the table on the view's row type.
            edge(("view", 1), ("function", 3), false),
            edge(("table", 2), ("type", 9), false),
            edge(("type", 9), ("view", 1), true),
        ];
        assert_eq!(names(nodes, &edges), ["function 3", "view 1", "table 2"]);
    }

    #[test]
    fn a_circle_is_cut_at_its_first_place() {
        let nodes = vec![node("b", 2, 20), node("a", 1, 10), node("c", 3, 5)];
        let edges = [
            edge(("a", 1), ("b", 2), false),
            edge(("b", 2), ("a", 1), false),
            edge(("c", 3), ("a", 1), false),
        ];
        assert_eq!(names(nodes, &edges), ["a 1", "c 3", "b 2"]);
    }
}
