//! Sizes as areas: rectangles as square as they can be (Bruls, Huizing and van Wijk, "Squarified
//! treemaps"), in per cent of a picture that is as wide as there is room.

use maud::{Markup, html};

use super::stack::percent;

/// One of the sizes.
pub(super) struct Tile {
    /// What it is.
    pub(super) name: String,
    /// What is said of it beside the name.
    pub(super) says: String,
    /// Its size.
    pub(super) size: f64,
    /// Where it leads.
    pub(super) link: String,
    /// Its colour: 0 for what is well, up to 4 for what is worst.
    pub(super) heat: usize,
}

/// A rectangle, in parts of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Area {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

/// How wide the picture is for its height: of a page of usual width.
const ASPECT: f64 = 2.6;

/// The picture; the largest first.
pub(super) fn treemap(says: &str, tiles: &[Tile]) -> Markup {
    let sizes: Vec<f64> = tiles.iter().map(|tile| tile.size.max(1.0)).collect();
    let whole = Area {
        left: 0.0,
        top: 0.0,
        width: ASPECT,
        height: 1.0,
    };
    let areas = areas(&sizes, whole);
    html! {
        svg.treemap role="group" aria-label=(says) {
            @for (tile, area) in tiles.iter().zip(areas) {
                // Where there is no room for letters there are none.
                @let has_room = area.width > 0.12 && area.height > 0.09;
                a href=(tile.link) aria-label=[(!has_room).then(|| format!("{}: {}", tile.name, tile.says))] {
                    svg x=(percent(100.0 * area.left / ASPECT)) y=(percent(100.0 * area.top))
                        width=(percent(100.0 * area.width / ASPECT)) height=(percent(100.0 * area.height)) {
                        title { (tile.name) ": " (tile.says) }
                        rect class=(format!("heat{}", tile.heat)) width="100%" height="100%" {}
                        @if has_room {
                            text x="6" y="18" { (tile.name) }
                            @if area.height > 0.18 { text x="6" y="36" { (tile.says) } }
                        }
                    }
                }
            }
        }
    }
}

/// The area of each size; they are given the largest first.
fn areas(sizes: &[f64], whole: Area) -> Vec<Area> {
    let sum: f64 = sizes.iter().sum();
    let scale = whole.width * whole.height / sum.max(f64::MIN_POSITIVE);
    let mut left: &[f64] = sizes;
    let mut room = whole;
    let mut areas = Vec::with_capacity(sizes.len());
    while !left.is_empty() {
        let side = room.width.min(room.height) / scale.sqrt();
        let mut row = 1;
        while row < left.len() && worst(&left[..=row], side) <= worst(&left[..row], side) {
            row += 1;
        }
        let (these, rest) = left.split_at(row);
        room = lay(these, scale, room, &mut areas);
        left = rest;
    }
    areas
}

/// The worst ratio of sides of a row along a side of that length.
fn worst(row: &[f64], side: f64) -> f64 {
    let sum: f64 = row.iter().sum();
    let ratio = |size: &f64| {
        let across = sum / side;
        let along = size / across;
        (across / along).max(along / across)
    };
    row.iter().map(ratio).fold(0.0, f64::max)
}

/// Lays a row along the shorter side; gives what room is left.
fn lay(row: &[f64], scale: f64, room: Area, areas: &mut Vec<Area>) -> Area {
    let sum: f64 = row.iter().sum::<f64>() * scale;
    let is_column = room.width >= room.height;
    let across = sum / if is_column { room.height } else { room.width };
    let mut at = 0.0;
    for size in row {
        let along = size * scale / across;
        areas.push(match is_column {
            true => Area {
                left: room.left,
                top: room.top + at,
                width: across,
                height: along,
            },
            false => Area {
                left: room.left + at,
                top: room.top,
                width: along,
                height: across,
            },
        });
        at += along;
    }
    match is_column {
        true => Area {
            left: room.left + across,
            width: (room.width - across).max(1e-9),
            ..room
        },
        false => Area {
            top: room.top + across,
            height: (room.height - across).max(1e-9),
            ..room
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_as_large_as_what_they_stand_for_and_do_not_overlap() {
        let sizes = [60.0, 30.0, 20.0, 10.0, 5.0, 1.0, 0.5];
        let whole = Area {
            left: 0.0,
            top: 0.0,
            width: 2.0,
            height: 1.0,
        };
        let found = areas(&sizes, whole);
        let sum: f64 = sizes.iter().sum();
        for (size, area) in sizes.iter().zip(&found) {
            assert!(
                (area.width * area.height / 2.0 - size / sum).abs() < 1e-6,
                "{area:?}"
            );
            assert!(
                area.left >= -1e-6 && area.left + area.width <= 2.0 + 1e-6,
                "{area:?}"
            );
            assert!(
                area.top >= -1e-6 && area.top + area.height <= 1.0 + 1e-6,
                "{area:?}"
            );
        }
        for (at, a) in found.iter().enumerate() {
            for b in &found[at + 1..] {
                let overlap = |a0: f64, a1: f64, b0: f64, b1: f64| (a1.min(b1) - a0.max(b0)).max(0.0);
                let area = overlap(a.left, a.left + a.width, b.left, b.left + b.width)
                    * overlap(a.top, a.top + a.height, b.top, b.top + b.height);
                assert!(area < 1e-9, "{a:?} {b:?}");
            }
        }
        assert!(areas(&[], whole).is_empty());
    }
}
