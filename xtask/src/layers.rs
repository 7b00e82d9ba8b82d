//! Which crate may import which.

use crate::manifest::Crate;

/// The crates from the ground up. A crate may import those of lower layers,
/// and none of its own.
const LAYERS: &[&[&str]] = &[
    &["core"],
    &["sql"],
    &["pg"],
    &["store", "localpg"],
    &["rehearse", "jobs"],
    &[
        "lint", "checks", "watch", "notify", "advise", "change", "aurora", "generate",
    ],
    &["tools"],
    &["app"],
];

/// Crates that only tests may import, whatever layer they are in.
const FOR_TESTS: &[&str] = &["testkit"];

/// Libraries that make a face, and the crates that may know them: `app`, and
/// for clap those in which the inputs of tools are declared.
const FACES: &[(&str, &[&str])] = &[
    ("clap", &["app", "core", "tools"]),
    ("clap_complete", &["app"]),
    ("rmcp", &["app"]),
    ("axum", &["app"]),
    ("maud", &["app", "tools"]),
];

/// What breaks the order, a line each.
pub(crate) fn problems(crates: &[Crate]) -> Vec<String> {
    crates.iter().flat_map(problems_of).collect()
}

fn problems_of(krate: &Crate) -> Vec<String> {
    let name = krate.directory.as_str();
    let for_tests = FOR_TESTS.contains(&name);
    let place = format!("crates/{name}/Cargo.toml");
    let Some(own) = layer(name).or(for_tests.then_some(LAYERS.len())) else {
        return vec![format!("{place}: {name} has no place in xtask/src/layers.rs")];
    };
    let mut problems = Vec::new();
    // Dependencies are told apart by these names.
    let expected = if name == "app" {
        "howdah".to_owned()
    } else {
        format!("howdah-{name}")
    };
    if krate.name != expected {
        problems.push(format!(
            "{place}: the package is called {}, not {expected}",
            krate.name
        ));
    }
    for dependency in &krate.dependencies {
        let imported = match dependency.strip_prefix("howdah-") {
            Some(imported) => imported,
            None if dependency == "howdah" => "app",
            None => {
                problems.extend(face_problem(&place, name, dependency));
                continue;
            }
        };
        if FOR_TESTS.contains(&imported) {
            problems.push(format!(
                "{place}: {imported} is for tests: import it in [dev-dependencies]"
            ));
        } else if layer(imported).is_none_or(|layer| layer >= own) {
            problems.push(format!(
                "{place}: {name} may not import {imported}: imports go down only"
            ));
        }
    }
    problems
}

fn face_problem(place: &str, name: &str, dependency: &str) -> Option<String> {
    let (_, allowed) = FACES.iter().find(|(library, _)| *library == dependency)?;
    let allowed_text = allowed.join(", ");
    (!allowed.contains(&name)).then(|| format!("{place}: {dependency} is for {allowed_text} alone"))
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(directory: &str, dependencies: &[&str]) -> Vec<String> {
        let name = if directory == "app" {
            "howdah".to_owned()
        } else {
            format!("howdah-{directory}")
        };
        problems_of(&Crate {
            directory: directory.to_owned(),
            name,
            dependencies: dependencies.iter().map(|&name| name.to_owned()).collect(),
            path: Default::default(),
        })
    }

    #[test]
    fn imports_go_down() {
        assert!(problems("pg", &["howdah-sql", "howdah-core", "tokio"]).is_empty());
        assert!(problems("app", &["howdah-tools", "clap", "rmcp", "axum"]).is_empty());
        assert!(problems("tools", &["howdah-aurora", "clap"]).is_empty());
        assert!(problems("testkit", &["howdah-localpg"]).is_empty());
    }

    #[test]
    fn everything_else_is_refused() {
        for (directory, dependency) in [
            ("sql", "howdah-pg"),
            ("pg", "howdah-pg"),
            ("store", "howdah-localpg"),
            ("lint", "howdah-aurora"),
            ("tools", "howdah"),
            ("pg", "howdah-testkit"),
            ("pg", "howdah-unheard-of"),
            ("pg", "clap"),
            ("tools", "rmcp"),
            ("core", "axum"),
        ] {
            assert_eq!(
                problems(directory, &[dependency]).len(),
                1,
                "{directory} → {dependency}"
            );
        }
        assert_eq!(problems("unheard_of", &[]).len(), 1);
    }
}
