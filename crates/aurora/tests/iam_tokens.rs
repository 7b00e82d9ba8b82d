//! IAM tokens are those that botocore makes, whatever the names, hosts, times and credentials.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, UNIX_EPOCH};

use howdah_aurora::aws::{Credentials, token};
use serde_json::json;

const CASES: usize = 1000;

/// Always the same numbers (xorshift), so that a failure is seen again.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }

    fn text(&mut self, letters: &str, least: usize, most: usize) -> String {
        let letters: Vec<char> = letters.chars().collect();
        let length = least + self.below(most - least + 1);
        (0..length).map(|_| letters[self.below(letters.len())]).collect()
    }
}

struct Case {
    host: String,
    port: u16,
    region: &'static str,
    user: String,
    key: String,
    secret: String,
    session: Option<String>,
    at: u64,
}

fn case(numbers: &mut Numbers) -> Case {
    const PLAIN: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    const REGIONS: [&str; 5] = [
        "eu-central-1",
        "us-east-1",
        "ap-southeast-2",
        "us-gov-west-1",
        "cn-north-1",
    ];
    let odd = format!("{PLAIN}@ &=+%/?#:;,'\"\\<>|~-._!$()*[]{{}}^`äß✓𝄞\t");
    let region = REGIONS[numbers.below(REGIONS.len())];
    let base = format!("{PLAIN}+/=");
    Case {
        host: format!(
            "{}.cluster-{}.{region}.rds.amazonaws.com",
            numbers.text("abcxyz019", 1, 20),
            numbers.text("abc019", 12, 12)
        ),
        port: [5432, 3306, 443, 80, 6543, 65535][numbers.below(6)],
        region,
        user: match numbers.below(8) {
            0 => "app user".into(),
            1 => "a+b@corp.com".into(),
            2 => "u&DBUser=postgres".into(),
            _ => numbers.text(&odd, 1, 63),
        },
        key: format!("AKIA{}", numbers.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16, 16)),
        secret: numbers.text(&base, 40, 40),
        session: (numbers.below(2) == 0).then(|| numbers.text(&base, 100, 400)),
        // Up to the year 2060, in whole seconds and days of every kind.
        at: u64::try_from(numbers.below(2_840_000_000)).unwrap(),
    }
}

#[test]
fn tokens_are_those_of_botocore() {
    let mut numbers = Numbers(0x5eed_cafe_f00d_1234);
    let cases: Vec<Case> = (0..CASES).map(|_| case(&mut numbers)).collect();
    let input: String = cases
        .iter()
        .map(|case| {
            let line = json!({
                "host": case.host, "port": case.port, "region": case.region, "user": case.user,
                "key": case.key, "secret": case.secret, "session": case.session, "at": case.at,
            });
            format!("{line}\n")
        })
        .collect();
    let theirs = botocore(&input);
    let theirs: Vec<&str> = theirs.lines().collect();
    assert_eq!(theirs.len(), CASES);
    for (case, theirs) in cases.iter().zip(theirs) {
        let credentials = Credentials::new(&case.key, &case.secret, case.session.clone(), None, "test");
        let now = UNIX_EPOCH + Duration::from_secs(case.at);
        let ours = token(&case.host, case.port, case.region, &case.user, &credentials, now).unwrap();
        assert_eq!(ours, theirs, "{:?} at {}:{}", case.user, case.host, case.port);
    }
}

fn botocore(input: &str) -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = std::env::var_os("HOWDAH_AWS_PYTHON")
        .map_or_else(|| here.join("../../.dev/aws/bin/python"), PathBuf::from);
    assert!(
        python.exists(),
        "no botocore at {}: `./dev setup` installs it",
        python.display()
    );
    let mut child = Command::new(python)
        .arg(here.join("tests/aws/tokens.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writing = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}
