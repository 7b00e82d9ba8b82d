use howdah_pg::SslMode;

use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section};

pub(super) const ITEM: Item = Item {
    code: "verified-tls",
    title: "The server is verified, not only encrypted to",
    section: Section::Connections,
    guide: "Connection Examples: Connection Checklist",
    judge,
};

fn judge(gathered: &Gathered) -> Answer {
    let way = match &gathered.way {
        Ok(way) => way,
        Err(why) => return Answer::skipped(why),
    };
    let mode = way.ssl_mode;
    if !way.is_remote && mode != SslMode::VerifyFull {
        return Answer::skipped("The way to the server does not leave this machine.");
    }
    match mode {
        SslMode::VerifyFull => Answer::pass("sslmode=verify-full: the certificate is checked, and is for this host."),
        SslMode::VerifyCa => Answer::warn("sslmode=verify-ca: any server with a certificate of the same authority is taken for this one.")
            .fix("sslmode=verify-full in the URL"),
        other => Answer::fail(format!(
            "sslmode={}: whoever stands in between can say that they are the server, and is given the password's proof and the data.",
            other
        ))
        .fix("sslmode=verify-full&sslrootcert=FILE in the URL; the bundle of RDS is built into howdah"),
    }
}
