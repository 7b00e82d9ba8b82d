use std::path::PathBuf;
use std::time::Duration;

use howdah_localpg::{Account, free_port, port_range};

use crate::Server;
use crate::watchdog::Watchdog;

/// pgbouncer in transaction mode before a server: every transaction may run on
/// another session than the one before.
pub struct PgBouncer {
    port: u16,
    _watchdog: Watchdog,
}

impl PgBouncer {
    /// Starts it, or `None` where it is not installed.
    pub async fn start(server: &Server) -> Option<Self> {
        let program = [
            "/usr/sbin/pgbouncer",
            "/usr/bin/pgbouncer",
            "/opt/homebrew/bin/pgbouncer",
            "/usr/local/bin/pgbouncer",
        ]
        .into_iter()
        .map(PathBuf::from)
        .find(|path| path.is_file())?;
        let account = Account::of_servers().unwrap();
        let (directory, watchdog) = Watchdog::directory();
        account.own(&directory).unwrap();
        let users = directory.join("users.txt");
        std::fs::write(&users, "\"postgres\" \"\"\n\"plain\" \"\"\n").unwrap();
        let mut start = port_range().end() - (std::process::id() % 400) as u16;
        for _ in 0..20 {
            let port = free_port(port_range(), start, &Default::default()).unwrap();
            let ini = directory.join("pgbouncer.ini");
            let text = format!(
                "[databases]\n* = host={} port={}\n\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
                 unix_socket_dir =\nauth_type = trust\nauth_file = {}\npool_mode = transaction\ndefault_pool_size = 10\n\
                 max_client_conn = 200\nlogfile = {dir}/pgbouncer.log\npidfile = {dir}/pgbouncer.pid\n",
                server.socket_dir().display(),
                server.port(),
                users.display(),
                dir = directory.display(),
            );
            std::fs::write(&ini, text).unwrap();
            let mut child = account.command(&program).arg("-q").arg(&ini).spawn().unwrap();
            for _ in 0..100 {
                if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                    std::thread::spawn(move || child.wait());
                    return Some(Self {
                        port,
                        _watchdog: watchdog,
                    });
                }
                if child.try_wait().unwrap().is_some() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            drop(child.kill());
            drop(child.wait());
            start = port + 1;
        }
        panic!(
            "pgbouncer does not start: {:?}",
            std::fs::read_to_string(directory.join("pgbouncer.log"))
        );
    }

    /// The port it listens on, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A URL for a role (`postgres` or `plain`) that goes through it.
    pub fn url_as(&self, role: &str, database: &str) -> String {
        format!("postgresql://{role}@127.0.0.1:{}/{database}", self.port)
    }
}
