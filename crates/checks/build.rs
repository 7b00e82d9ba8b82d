//! Writes the module lists of `src/health`, `src/evidence`, `src/sequences` and `src/upgrade` from the files that
//! are there, so that a new check or sequence is its own files and touches nothing else.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let source = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("src");
    for family in ["health", "evidence", "sequences", "upgrade"] {
        write_family(&source.join(family), family);
    }
}

fn write_family(directory: &Path, family: &str) {
    println!("cargo:rerun-if-changed={}", directory.display());
    let mut list = String::new();
    let mut pages = String::from("static PAGES: &[(&str, &str)] = &[\n");
    for file in sorted(directory) {
        let name = file
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("names of checks are ASCII");
        let path = file.display().to_string();
        match file.extension().and_then(|extension| extension.to_str()) {
            // A path attribute is resolved from the file that holds it, which is in OUT_DIR.
            Some("rs") => writeln!(list, "#[path = {path:?}]\nmod {name};"),
            Some("md") => writeln!(
                pages,
                "    ({:?}, include_str!({path:?})),",
                name.replace('_', "-")
            ),
            _ => Ok(()),
        }
        .expect("a string takes it");
    }
    pages.push_str("];\n");
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join(format!("{family}.rs"));
    fs::write(out, list + &pages).expect("OUT_DIR can be written");
}

fn sorted(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("the directories of checks can be read");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the directories of checks can be read").path())
        .collect();
    paths.sort();
    paths
}
