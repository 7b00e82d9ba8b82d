use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The path of the program `howdah`: `$HOWDAH_BIN`, or the one beside the
/// running test in the target directory, brought up to date first.
pub fn howdah() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(find_or_build).clone()
}

fn find_or_build() -> PathBuf {
    if let Some(path) = std::env::var_os("HOWDAH_BIN") {
        return PathBuf::from(path);
    }
    // target/<profile>/deps/<test>
    let test = std::env::current_exe().unwrap();
    let profile = test
        .ancestors()
        .nth(2)
        .expect("a test lies in target/<profile>/deps")
        .to_owned();
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.args(["build", "--quiet", "--package", "howdah", "--bin", "howdah"]);
    build
        .arg("--target-dir")
        .arg(profile.parent().expect("a target directory"));
    build.current_dir(crate::server::checkout());
    match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => {}
        Some(name) => {
            build.args(["--profile", name]);
        }
    }
    let output = build.output().expect("cargo");
    assert!(
        output.status.success(),
        "howdah does not build:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    profile.join("howdah")
}
