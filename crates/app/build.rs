//! Embeds the book, every Markdown file under `docs/`, and lists the modules of the dashboard's pages: a new page,
//! prompt or page of the dashboard is one new file and touches nothing else.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let manifest = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    let write = |name: &str, text: String| fs::write(out.join(name), text).expect("OUT_DIR can be written");
    write("documents.rs", documents(&manifest.join("../../docs")));
    write("pages.rs", pages(&manifest.join("src/web/pages")));
}

fn documents(docs: &Path) -> String {
    println!("cargo:rerun-if-changed={}", docs.display());
    let mut files = Vec::new();
    collect(docs, docs, &mut files);
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
    list
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

fn pages(source: &Path) -> String {
    println!("cargo:rerun-if-changed={}", source.display());
    let mut modules: Vec<String> = fs::read_dir(source)
        .expect("the pages can be read")
        .map(|entry| entry.expect("the pages can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|path| path.file_stem()?.to_str().map(str::to_owned))
        .collect();
    modules.sort();
    // A path attribute is resolved from the file that holds it, which is in OUT_DIR; so the
    // paths have to be absolute.
    modules
        .iter()
        .map(|stem| {
            let path = source.join(format!("{stem}.rs"));
            format!("#[path = {:?}]\nmod {stem};\n", path.display().to_string())
        })
        .collect()
}
