use std::path::{Path, PathBuf};

use crate::conninfo::{ConnInfoError, Environment};

/// Where service files of the whole machine are, unless `PGSYSCONFDIR` says otherwise.
const SYSTEM_DIRECTORIES: [&str; 2] = ["/etc/postgresql-common", "/etc"];
const FILE_NAME: &str = "pg_service.conf";

/// The parameters of the service `name`: from the user's file (`PGSERVICEFILE` or
/// `~/.pg_service.conf`), else from the machine's.
pub(crate) fn read(
    name: &str,
    file: Option<&Path>,
    environment: &dyn Environment,
) -> Result<Vec<(String, String)>, ConnInfoError> {
    let named = file
        .map(Path::to_path_buf)
        .or_else(|| environment.var("PGSERVICEFILE").map(PathBuf::from));
    let mut paths = Vec::new();
    match &named {
        Some(path) => paths.push(path.clone()),
        None => paths.extend(environment.home().map(|home| home.join(".pg_service.conf"))),
    }
    match environment.var("PGSYSCONFDIR") {
        Some(directory) => paths.push(Path::new(&directory).join(FILE_NAME)),
        None => {
            paths.extend(
                SYSTEM_DIRECTORIES
                    .iter()
                    .map(|dir| Path::new(dir).join(FILE_NAME)),
            );
        }
    }
    let mut known = Vec::new();
    for path in &paths {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if Some(path) == named.as_ref() => {
                return Err(ConnInfoError::new(format!(
                    "The service file {} cannot be read: {error}",
                    path.display()
                )));
            }
            Err(_) => continue,
        };
        let services = parse(&text).map_err(|(line, reason)| {
            ConnInfoError::new(format!(
                "Line {line} of the service file {}: {reason}",
                path.display()
            ))
        })?;
        for (service, parameters) in services {
            if service == name {
                return Ok(parameters);
            }
            known.push(service);
        }
    }
    let hint = if known.is_empty() {
        let places: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        format!("Looked in {}.", places.join(", "))
    } else {
        format!("There are: {}.", known.join(", "))
    };
    Err(ConnInfoError::new(format!("There is no service \"{name}\" in the service files")).hint(hint))
}

type Service = (String, Vec<(String, String)>);

fn parse(text: &str) -> Result<Vec<Service>, (usize, String)> {
    let mut services: Vec<Service> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            let name = name.split(']').next().unwrap_or_default();
            services.push((name.to_owned(), Vec::new()));
            continue;
        }
        // What stands before the first section belongs to none.
        let Some((_, parameters)) = services.last_mut() else {
            continue;
        };
        let Some((key, value)) = line.split_once('=') else {
            return Err((index + 1, "there is no \"=\"".to_owned()));
        };
        let (key, value) = (key.trim(), value.trim());
        if key == "service" || key == "servicefile" {
            return Err((index + 1, "a service cannot name another one".to_owned()));
        }
        // libpq: the first mention within a section counts.
        if !parameters.iter().any(|(known, _)| known == key) {
            parameters.push((key.to_owned(), value.to_owned()));
        }
    }
    Ok(services)
}
