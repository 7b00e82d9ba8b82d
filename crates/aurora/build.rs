//! Writes the list of the rules of cost from the files in `src/cost/rules`, so that a new rule
//! is its own files and touches nothing else.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let directory = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("src/cost/rules");
    println!("cargo:rerun-if-changed={}", directory.display());
    let (mut modules, mut rules, mut pages) = (String::new(), String::new(), String::new());
    for file in sorted(&directory) {
        let name = file
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("names of rules are ASCII");
        let path = file.display().to_string();
        match file.extension().and_then(|extension| extension.to_str()) {
            // A path attribute is resolved from the file that holds it, which is in OUT_DIR.
            Some("rs") => {
                writeln!(modules, "#[path = {path:?}]\nmod {name};").expect("a string takes it");
                writeln!(rules, "    {name}::RULE,").expect("a string takes it");
            }
            Some("md") => {
                let code = name.replace('_', "-");
                writeln!(pages, "    ({code:?}, include_str!({path:?})),").expect("a string takes it");
            }
            _ => {}
        }
    }
    let list = format!(
        "{modules}\nstatic RULES: &[Rule] = &[\n{rules}];\nstatic PAGES: &[(&str, &str)] = &[\n{pages}];\n"
    );
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("cost_rules.rs");
    fs::write(out, list).expect("OUT_DIR can be written");
}

fn sorted(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("the directory of rules can be read");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the directory of rules can be read").path())
        .collect();
    paths.sort();
    paths
}
