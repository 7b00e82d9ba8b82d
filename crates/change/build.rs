//! Writes the module list of the rewrites from the files that are there, so that
//! a new rewrite is one new file with its `.md` and touches nothing else.

use std::path::Path;
use std::{env, fs};

fn main() {
    let rewrites = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("src/rewrites");
    println!("cargo:rerun-if-changed={}", rewrites.display());
    let mut modules: Vec<String> = fs::read_dir(&rewrites)
        .expect("src/rewrites can be read")
        .map(|entry| entry.expect("src/rewrites can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|path| path.file_stem()?.to_str().map(str::to_owned))
        .collect();
    modules.sort();
    let list: String = modules
        .iter()
        .map(|stem| {
            let path = rewrites.join(format!("{stem}.rs"));
            format!(
                "#[path = {:?}]\npub(crate) mod {stem};\n",
                path.display().to_string()
            )
        })
        .collect();
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("rewrites.rs");
    fs::write(out, list).expect("OUT_DIR can be written");
}
