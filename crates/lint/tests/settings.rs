//! The JSON schema of `[lint]` in `howdah.toml`, as editors get it.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use howdah_lint::Settings;

#[test]
fn the_schema_in_the_book_is_that_of_the_settings() {
    let expected = serde_json::to_string_pretty(&Settings::schema()).unwrap() + "\n";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/howdah.schema.json");
    if std::fs::read_to_string(&file).is_ok_and(|written| written == expected) {
        return;
    }
    let right = Path::new(env!("CARGO_TARGET_TMPDIR")).join("howdah.schema.json");
    std::fs::write(&right, expected).unwrap();
    panic!(
        "docs/howdah.schema.json is out of date: copy {} there",
        right.display()
    );
}
