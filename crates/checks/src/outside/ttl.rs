//! How long a name's record may be kept: the resolver of the system does not tell, the name server does.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::timeout;

const WITHIN: Duration = Duration::from_secs(2);
/// Of a datagram without extensions.
const ANSWER_MAX: usize = 512;
const NAME_MAX: usize = 253;
const HEADER: usize = 12;

/// Seconds that the record of `name` lives, as the first name server of this machine says; `None`
/// where it says nothing, as for names of /etc/hosts.
pub(super) async fn of(name: &str) -> Option<u32> {
    let configuration = tokio::fs::read_to_string("/etc/resolv.conf").await.ok()?;
    let server = first_server(&configuration)?;
    timeout(WITHIN, ask(SocketAddr::new(server, 53), name))
        .await
        .ok()?
}

fn first_server(configuration: &str) -> Option<IpAddr> {
    configuration
        .lines()
        .filter_map(|line| line.trim().strip_prefix("nameserver"))
        .find_map(|address| address.trim().split('%').next()?.parse().ok())
}

async fn ask(server: SocketAddr, name: &str) -> Option<u32> {
    let local = match server {
        SocketAddr::V4(_) => "0.0.0.0:0",
        SocketAddr::V6(_) => "[::]:0",
    };
    let socket = UdpSocket::bind(local).await.ok()?;
    // Only the server's answers are taken in.
    socket.connect(server).await.ok()?;
    // The port is chosen by the system; a figure that is only shown needs no more against forgery.
    let id = socket.local_addr().ok()?.port();
    socket.send(&question(id, name)?).await.ok()?;
    let mut answer = [0; ANSWER_MAX];
    loop {
        let length = socket.recv(&mut answer).await.ok()?;
        let message = &answer[..length];
        if message.starts_with(&id.to_be_bytes()) {
            return shortest(message);
        }
    }
}

/// The question for the IPv4 addresses of a name, recursion asked for.
fn question(id: u16, name: &str) -> Option<Vec<u8>> {
    let name = name.trim_end_matches('.');
    if name.is_empty() || name.len() > NAME_MAX {
        return None;
    }
    let mut message = id.to_be_bytes().to_vec();
    message.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.split('.') {
        if label.is_empty() || label.len() > 63 {
            return None;
        }
        message.push(u8::try_from(label.len()).ok()?);
        message.extend(label.as_bytes());
    }
    message.extend([0, 0, 1, 0, 1]);
    Some(message)
}

/// The shortest life among the answers: aliases on the way count too.
fn shortest(message: &[u8]) -> Option<u32> {
    let number = |at: usize| Some(u16::from_be_bytes([*message.get(at)?, *message.get(at + 1)?]));
    let (questions, answers) = (number(4)?, number(6)?);
    let mut at = HEADER;
    for _ in 0..questions {
        at = behind_name(message, at)? + 4;
    }
    let mut shortest = None;
    for _ in 0..answers {
        at = behind_name(message, at)?;
        let ttl = message.get(at + 4..at + 8)?;
        let ttl = u32::from_be_bytes(ttl.try_into().ok()?);
        shortest = Some(shortest.map_or(ttl, |other: u32| other.min(ttl)));
        at += 10 + usize::from(number(at + 8)?);
    }
    shortest
}

/// Where what follows a name begins: names end in an empty label or in a pointer.
fn behind_name(message: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *message.get(at)? {
            0 => return Some(at + 1),
            pointer if pointer >= 0xc0 => return Some(at + 2),
            length => at += usize::from(length) + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The answer of a name server to a question: an alias that lives 300 s, and its address, 5 s.
    fn answer(question: &[u8]) -> Vec<u8> {
        let mut message = question.to_vec();
        message[2] = 0x81;
        message[7] = 2;
        message.extend([0xc0, 12, 0, 5, 0, 1, 0, 0, 1, 44, 0, 4, 1, b'x', 0xc0, 12]);
        message.extend([1, b'x', 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 10, 0, 0, 1]);
        message
    }

    #[tokio::test]
    async fn a_name_server_is_asked_and_the_shortest_life_counts() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let at = server.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            let mut buffer = [0; 512];
            let (length, from) = server.recv_from(&mut buffer).await.unwrap();
            // An answer to somebody else's question is passed over.
            server.send_to(&[0, 0, 1], from).await.unwrap();
            server.send_to(&answer(&buffer[..length]), from).await.unwrap();
        });
        let asked = timeout(Duration::from_secs(60), ask(at, "shop.cluster.example"))
            .await
            .unwrap();
        assert_eq!(asked, Some(5));
        serving.await.unwrap();
    }

    #[test]
    fn what_is_cut_short_is_no_answer() {
        let whole = answer(&question(7, "a.b").unwrap());
        assert_eq!(shortest(&whole), Some(5));
        for length in 0..whole.len() - 6 {
            assert_eq!(shortest(&whole[..length]), None, "{length}");
        }
        assert_eq!(question(7, "a..b"), None);
        assert_eq!(question(7, &"a".repeat(64)), None);
    }

    #[test]
    fn the_first_server_is_taken() {
        let file = "# none\nsearch x\nnameserver fe80::1%eth0\nnameserver 10.0.0.2\n";
        assert_eq!(first_server(file), Some("fe80::1".parse().unwrap()));
        assert_eq!(first_server("nameserver x\n"), None);
    }
}
