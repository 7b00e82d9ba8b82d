//! The MCP servers of the field that pip can install.

use std::path::Path;

use serde_json::json;

use crate::measure::Setting;

/// Those found in the environment; one that is not installed is named and left out.
pub(crate) fn installed(venv: &Path, url: &str) -> Vec<Setting> {
    let program = |name: &str| venv.join("bin").join(name);
    let mut settings = Vec::new();
    settings.extend(pro(venv, url));
    let aws = program("awslabs.postgres-mcp-server");
    if aws.exists() {
        settings.push(Setting {
            name: "AWS Labs".into(),
            command: vec![aws.display().to_string()],
            env: vec![],
            tool: "",
            arguments: json!({}),
            url: url.into(),
        });
    } else {
        eprintln!("awslabs.postgres-mcp-server is not installed: left out");
    }
    settings
}

/// Postgres MCP Pro, where it is installed.
pub(crate) fn pro(venv: &Path, url: &str) -> Option<Setting> {
    let program = venv.join("bin/postgres-mcp");
    if !program.exists() {
        eprintln!("postgres-mcp is not installed: left out");
        return None;
    }
    Some(Setting {
        name: "Postgres MCP Pro".into(),
        command: vec![program.display().to_string(), "--access-mode=restricted".into()],
        env: vec![("DATABASE_URI".into(), url.into())],
        tool: "execute_sql",
        arguments: json!({}),
        url: url.into(),
    })
}
