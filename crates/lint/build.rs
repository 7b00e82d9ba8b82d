//! Writes the module lists of `src/rules` and `src/runner` from the files that are there, so that a
//! new rule or runner is one new file, with its page beside it, and touches nothing else.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let source = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("src");
    write_rules(&source.join("rules"));
    write_runners(&source.join("runner"));
}

fn write_rules(rules: &Path) {
    println!("cargo:rerun-if-changed={}", rules.display());
    let mut list = String::new();
    let mut pages = String::from("static PAGES: &[(&str, &str)] = &[\n");
    for family in sorted(rules).into_iter().filter(|path| path.is_dir()) {
        println!("cargo:rerun-if-changed={}", family.display());
        let name = stem(&family);
        writeln!(list, "mod {name} {{").expect("a string takes it");
        for file in sorted(&family) {
            let rule = stem(&file);
            match file.extension().and_then(|extension| extension.to_str()) {
                // A path attribute is resolved from the file that holds it, which is in OUT_DIR.
                Some("rs") => writeln!(
                    list,
                    "    #[path = {:?}]\n    mod {rule};",
                    file.display().to_string()
                ),
                Some("md") => writeln!(
                    pages,
                    "    ({:?}, include_str!({:?})),",
                    format!("{name}/{}", rule.replace('_', "-")),
                    file.display().to_string()
                ),
                _ => Ok(()),
            }
            .expect("a string takes it");
        }
        list.push_str("}\n");
    }
    pages.push_str("];\n");
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("rules.rs");
    fs::write(out, list + &pages).expect("OUT_DIR can be written");
}

/// Modules without a page belong to all runners and are named by hand.
fn write_runners(runners: &Path) {
    println!("cargo:rerun-if-changed={}", runners.display());
    let mut list = String::new();
    let mut pages = String::from("static PAGES: &[(&str, &str)] = &[\n");
    for page in sorted(runners) {
        if page.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let runner = stem(&page);
        let file = page.with_extension("rs").display().to_string();
        writeln!(list, "#[path = {file:?}]\nmod {runner};").expect("a string takes it");
        let name = runner.replace('_', "-");
        let page = page.display().to_string();
        writeln!(pages, "    ({name:?}, include_str!({page:?})),").expect("a string takes it");
    }
    pages.push_str("];\n");
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("runners.rs");
    fs::write(out, list + &pages).expect("OUT_DIR can be written");
}

fn sorted(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("src/rules can be read");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("src/rules can be read").path())
        .collect();
    paths.sort();
    paths
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .and_then(|stem| stem.to_str())
        .expect("names of rules are ASCII")
        .to_owned()
}
