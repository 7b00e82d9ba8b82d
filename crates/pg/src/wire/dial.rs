use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, UnixStream};

use crate::bridge::Bridge;
use crate::conninfo::{ConnInfo, Host, HostName, Keepalives};

/// A place where a server listens, after names were resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Tcp(SocketAddr),
    Unix(PathBuf),
    /// A name in Linux's abstract socket namespace.
    Abstract(String),
    /// Calls, behind a socket that nobody but this process has.
    Bridge(Bridge),
}

/// A connected socket before TLS.
pub(crate) enum RawSocket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Endpoint {
    /// The places that `host` stands for, in the resolver's order.
    pub(crate) async fn resolve(host: &Host) -> io::Result<Vec<Self>> {
        let file = format!(".s.PGSQL.{}", host.port);
        if let Some(address) = host.hostaddr {
            return Ok(vec![Self::Tcp(SocketAddr::new(address, host.port))]);
        }
        match &host.name {
            HostName::Directory(directory) => Ok(vec![Self::Unix(directory.join(file))]),
            HostName::Abstract(name) => Ok(vec![Self::Abstract(format!("{name}/{file}"))]),
            HostName::Bridge(bridge) => Ok(vec![Self::Bridge(bridge.clone())]),
            HostName::Tcp(name) => {
                let found: Vec<Self> = tokio::net::lookup_host((name.as_str(), host.port))
                    .await?
                    .map(Self::Tcp)
                    .collect();
                if found.is_empty() {
                    return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
                }
                Ok(found)
            }
        }
    }

    /// Connects, with the socket's options set.
    pub(crate) async fn dial(&self, keepalives: &Keepalives) -> io::Result<RawSocket> {
        match self {
            Self::Tcp(address) => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                apply(&stream, keepalives)?;
                Ok(RawSocket::Tcp(stream))
            }
            Self::Unix(path) => Ok(RawSocket::Unix(UnixStream::connect(path).await?)),
            Self::Abstract(name) => connect_abstract(name).await.map(RawSocket::Unix),
            Self::Bridge(bridge) => bridge.dial().map(RawSocket::Unix),
        }
    }
}

#[cfg(target_os = "linux")]
async fn connect_abstract(name: &str) -> io::Result<UnixStream> {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net as unix;

    let address = unix::SocketAddr::from_abstract_name(name)?;
    let stream = unix::UnixStream::connect_addr(&address)?;
    stream.set_nonblocking(true)?;
    UnixStream::from_std(stream)
}

#[cfg(not(target_os = "linux"))]
async fn connect_abstract(_: &str) -> io::Result<UnixStream> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "abstract sockets exist on Linux only",
    ))
}

fn apply(stream: &TcpStream, keepalives: &Keepalives) -> io::Result<()> {
    let socket = SockRef::from(stream);
    if keepalives.enabled {
        let mut probe = TcpKeepalive::new();
        if let Some(idle) = keepalives.idle_s {
            probe = probe.with_time(Duration::from_secs(idle.into()));
        }
        if let Some(interval) = keepalives.interval_s {
            probe = probe.with_interval(Duration::from_secs(interval.into()));
        }
        if let Some(count) = keepalives.count {
            probe = probe.with_retries(count);
        }
        socket.set_tcp_keepalive(&probe)?;
    }
    #[cfg(target_os = "linux")]
    if let Some(timeout) = keepalives.user_timeout_ms {
        socket.set_tcp_user_timeout(Some(Duration::from_millis(timeout.into())))?;
    }
    Ok(())
}

impl ConnInfo {
    /// What went wrong with `host`, said for a person.
    pub(crate) fn dial_failure(&self, host: &Host, error: &io::Error) -> (String, Option<String>) {
        let hint = match (error.kind(), &host.name) {
            (io::ErrorKind::ConnectionRefused, _) => {
                "No server listens there. Is it running, and is the port right?"
            }
            (io::ErrorKind::NotFound, HostName::Directory(_)) => {
                "There is no such socket. Is the server running, and is this its socket directory? Name a host to connect by TCP."
            }
            (io::ErrorKind::PermissionDenied, _) => "The socket's permissions do not let this user in.",
            (io::ErrorKind::TimedOut, _) => {
                "Nothing answered. Check the network, security groups and firewalls between here and there."
            }
            (_, HostName::Tcp(_)) if host.hostaddr.is_none() => "Check the host's name and the network.",
            _ => return (plain(error), None),
        };
        (plain(error), Some(hint.to_owned()))
    }
}

fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::TimedOut => "timed out".to_owned(),
        _ => {
            let text = error.to_string();
            match text.split_once(" (os error") {
                Some((text, _)) => text.to_lowercase(),
                None => text,
            }
        }
    }
}
