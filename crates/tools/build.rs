//! Writes the module list of this crate, and the list of the items of readiness, from the files
//! that are there, so that a new tool or item is its own files and touches nothing else.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let source = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("src");
    println!("cargo:rerun-if-changed={}", source.display());
    let mut modules: Vec<String> = fs::read_dir(&source)
        .expect("src can be read")
        .map(|entry| entry.expect("src can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|path| path.file_stem()?.to_str().map(str::to_owned))
        .filter(|stem| stem != "lib")
        .collect();
    modules.sort();
    // A path attribute is resolved from the file that holds it, which is in
    // OUT_DIR; so the paths have to be absolute.
    let list: String = modules
        .iter()
        .map(|stem| {
            let path = source.join(format!("{stem}.rs"));
            // The doc comment of a tool is on its struct; the module is only its file.
            let text = fs::read_to_string(&path).expect("src can be read");
            let doc = if text.starts_with("//!") {
                String::new()
            } else {
                format!("/// The capability `{stem}`.\n")
            };
            format!(
                "{doc}#[path = {:?}]\npub mod {stem};\n",
                path.display().to_string()
            )
        })
        .collect();
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("modules.rs");
    fs::write(out, list).expect("OUT_DIR can be written");
    write_items(&source.join("check_readiness/items"));
}

/// The items of readiness and their pages.
fn write_items(directory: &Path) {
    println!("cargo:rerun-if-changed={}", directory.display());
    let (mut modules, mut items, mut pages) = (String::new(), String::new(), String::new());
    for file in sorted(directory) {
        let name = file
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("names of items are ASCII");
        let path = file.display().to_string();
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("rs") => {
                writeln!(modules, "#[path = {path:?}]\nmod {name};").expect("a string takes it");
                writeln!(items, "    {name}::ITEM,").expect("a string takes it");
            }
            Some("md") => {
                let code = name.replace('_', "-");
                writeln!(pages, "    ({code:?}, include_str!({path:?})),").expect("a string takes it");
            }
            _ => {}
        }
    }
    let list = format!(
        "{modules}\nstatic ITEMS: &[Item] = &[\n{items}];\nstatic PAGES: &[(&str, &str)] = &[\n{pages}];\n"
    );
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("readiness_items.rs");
    fs::write(out, list).expect("OUT_DIR can be written");
}

fn sorted(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("the directory of items can be read");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the directory of items can be read").path())
        .collect();
    paths.sort();
    paths
}
