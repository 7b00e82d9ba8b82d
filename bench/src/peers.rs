//! The MCP servers of the field that pip can install.

use std::path::Path;

use serde_json::json;

use crate::measure::Setting;

/// Those found in the environment; one that is not installed is named and left out.
pub(crate) fn installed(venv: &Path, url: &str) -> Vec<Setting> {
    let program = |name: &str| venv.join("bin").join(name);
    let mut settings = Vec::new();
    let pro = program("postgres-mcp");
    if pro.exists() {
        settings.push(Setting {
            name: "Postgres MCP Pro".into(),
            command: vec![pro.display().to_string(), "--access-mode=restricted".into()],
            env: vec![("DATABASE_URI".into(), url.into())],
            tool: "execute_sql",
            arguments: json!({}),
            url: url.into(),
        });
    } else {
        eprintln!("postgres-mcp is not installed: left out");
    }
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
