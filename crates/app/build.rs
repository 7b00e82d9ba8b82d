//! Embeds the book: every Markdown file under `docs/`, so that a new page or
//! prompt is one new file and touches nothing else.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let manifest = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let docs = manifest.join("../../docs");
    println!("cargo:rerun-if-changed={}", docs.display());
    let mut files = Vec::new();
    collect(&docs, &docs, &mut files);
    files.sort();
    let mut list = String::from("static DOCUMENTS: &[(&str, &str)] = &[\n");
    for (name, path) in files {
        let path = path.canonicalize().expect("the file was just listed");
        writeln!(
            list,
            "    ({name:?}, include_str!({:?})),",
            path.display().to_string()
        )
        .expect("a string takes it");
    }
    list.push_str("];\n");
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("documents.rs");
    fs::write(out, list).expect("OUT_DIR can be written");
}

/// Adds `(path without ending, file)` for each Markdown file at or below `directory`.
fn collect(root: &Path, directory: &Path, files: &mut Vec<(String, PathBuf)>) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            let name = path
                .strip_prefix(root)
                .expect("below the root")
                .with_extension("")
                .to_string_lossy()
                .replace('\\', "/");
            files.push((name, path));
        }
    }
}
