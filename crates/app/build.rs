//! Writes the module list of the dashboard's pages from the files that are there,
//! so that a new page is one new file and touches nothing else.

use std::path::Path;
use std::{env, fs};

fn main() {
    let source = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("src/web/pages");
    println!("cargo:rerun-if-changed={}", source.display());
    let mut modules: Vec<String> = fs::read_dir(&source)
        .expect("the pages can be read")
        .map(|entry| entry.expect("the pages can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|path| path.file_stem()?.to_str().map(str::to_owned))
        .collect();
    modules.sort();
    // A path attribute is resolved from the file that holds it, which is in OUT_DIR; so the
    // paths have to be absolute.
    let list: String = modules
        .iter()
        .map(|stem| {
            let path = source.join(format!("{stem}.rs"));
            format!("#[path = {:?}]\nmod {stem};\n", path.display().to_string())
        })
        .collect();
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("pages.rs");
    fs::write(out, list).expect("OUT_DIR can be written");
}
