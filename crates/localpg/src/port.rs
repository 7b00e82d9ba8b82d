use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::ops::RangeInclusive;

use crate::LocalError;

/// Below the ports from which operating systems take those of outgoing
/// connections (32768 on Linux), so that a stopped server finds its own again.
const DEFAULT: RangeInclusive<u16> = 15432..=16431;

/// The ports that servers may take: `HOWDAH_PORTS=first-last`, or 15432 to 16431.
pub fn port_range() -> RangeInclusive<u16> {
    std::env::var("HOWDAH_PORTS")
        .ok()
        .and_then(|text| parse(&text))
        .unwrap_or(DEFAULT)
}

fn parse(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-')?;
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (1024 <= first && first <= last).then_some(first..=last)
}

/// The first port of `range` from `start` on (then from the beginning) that
/// nobody listens on and that is not in `avoid`. Somebody may take it right
/// afterwards: whoever binds it must be ready to ask again.
pub fn free_port(range: RangeInclusive<u16>, start: u16, avoid: &BTreeSet<u16>) -> Result<u16, LocalError> {
    let later = range.clone().filter(|port| *port >= start);
    let earlier = range.clone().filter(|port| *port < start);
    later
        .chain(earlier)
        .find(|port| !avoid.contains(port) && is_free(*port))
        .ok_or(LocalError::NoPort {
            first: *range.start(),
            last: *range.end(),
        })
}

/// Clients that are told `localhost` try IPv6 first, so that nobody else may
/// listen there either; a machine without IPv6 has nobody there.
fn is_free(port: u16) -> bool {
    let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let v6 = match TcpListener::bind((Ipv6Addr::LOCALHOST, port)) {
        Ok(_) => true,
        Err(error) => error.kind() != std::io::ErrorKind::AddrInUse,
    };
    v4 && v6
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn ranges_are_read_strictly() {
        assert_eq!(parse("21400-21499"), Some(21400..=21499));
        assert_eq!(parse("5000 - 5000"), Some(5000..=5000));
        for wrong in ["", "21400", "9-8", "2000-1999", "80-90", "a-b", "1-99999"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn taken_and_avoided_ports_are_passed_over() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let only = port..=port;
        assert!(matches!(
            free_port(only.clone(), port, &BTreeSet::new()),
            Err(LocalError::NoPort { .. })
        ));
        drop(taken);
        assert_eq!(free_port(only.clone(), 1, &BTreeSet::new()).unwrap(), port);
        assert!(free_port(only, port, &BTreeSet::from([port])).is_err());
    }

    #[test]
    fn the_search_goes_round() {
        let range = 29_990..=29_995;
        let avoid = BTreeSet::from([29_994, 29_995]);
        let found = free_port(range, 29_994, &avoid).unwrap();
        assert!(found < 29_994);
    }
}
