//! What `howdah cluster modify` and the action `modify` change beside the size: read, and written as a command.

use std::collections::BTreeMap;

use howdah_aurora::{Compute, Modification};
use howdah_core::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is to be otherwise.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct ClusterChange {
    /// For `modify`: days that backups are kept, 1 to 35.
    #[arg(long, value_name = "DAYS")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u8>,
    /// For `modify`: whether a deletion is refused.
    #[arg(long, value_name = "BOOL")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_protection: Option<bool>,
    /// For `modify`: a setting of the servers, `name=value`; may be given several times.
    #[arg(long = "parameter", value_name = "NAME=VALUE")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<String>,
    /// For `modify`: a setting of the servers that goes back to its default; may be given several times.
    #[arg(long = "reset-parameter", value_name = "NAME")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reset_parameters: Vec<String>,
    /// For `modify`: restart the instances afterwards that wait for it, so that every parameter is in force.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restart: bool,
    /// For `modify` on AWS: the port that clients connect to.
    #[arg(long, value_name = "PORT")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// For `modify` on AWS: when backups are taken each day, in UTC: 02:00-03:00.
    #[arg(long, value_name = "TIMES")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_window: Option<String>,
    /// For `modify` on AWS: when AWS may restart it each week, in UTC: sun:03:00-sun:04:00.
    #[arg(long, value_name = "TIMES")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance_window: Option<String>,
    /// For `modify` on AWS: whether its log is copied to CloudWatch Logs.
    #[arg(long, value_name = "BOOL")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_export: Option<bool>,
    /// For `modify` on AWS: whether Performance Insights is on.
    #[arg(long, value_name = "BOOL")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub performance_insights: Option<bool>,
}

impl ClusterChange {
    /// With the size that was asked for.
    pub(crate) fn modification(&self, compute: Option<Compute>) -> Result<Modification> {
        let mut parameters = BTreeMap::new();
        for given in &self.parameters {
            let (name, value) = given
                .split_once('=')
                .map(|(name, value)| (name.trim(), value.trim()))
                .filter(|(name, _)| !name.is_empty())
                .ok_or_else(|| {
                    Error::invalid(format!("{given:?} is no parameter with its value."))
                        .hint("Give both: --parameter log_min_duration_statement=500 (argument `parameters`).")
                })?;
            add(&mut parameters, name, Some(value.to_owned()))?;
        }
        for name in &self.reset_parameters {
            add(&mut parameters, name.trim(), None)?;
        }
        Ok(Modification {
            compute,
            retention_days: self.retention_days,
            deletion_protection: self.deletion_protection,
            parameters,
            restart: self.restart,
            port: self.port,
            backup_window: self.backup_window.clone(),
            maintenance_window: self.maintenance_window.clone(),
            log_export: self.log_export,
            performance_insights: self.performance_insights,
        })
    }
}

fn add(parameters: &mut BTreeMap<String, Option<String>>, name: &str, value: Option<String>) -> Result<()> {
    match parameters.insert(name.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(Error::invalid(format!("The parameter {name} is given twice.")).hint("Give it once.")),
    }
}

/// As it is written at the command line, but for the size.
pub(crate) fn arguments(change: &Modification) -> String {
    let mut words = String::new();
    let mut add = |option: &str, value: Option<String>| {
        if let Some(value) = value {
            words.push_str(&format!(" --{option} {value}"));
        }
    };
    add("retention-days", change.retention_days.map(|days| days.to_string()));
    add("deletion-protection", change.deletion_protection.map(|is| is.to_string()));
    for (name, value) in &change.parameters {
        match value {
            Some(value) => add("parameter", Some(quoted(&format!("{name}={value}")))),
            None => add("reset-parameter", Some(quoted(name))),
        }
    }
    add("port", change.port.map(|port| port.to_string()));
    add("backup-window", change.backup_window.as_deref().map(quoted));
    add("maintenance-window", change.maintenance_window.as_deref().map(quoted));
    add("log-export", change.log_export.map(|is| is.to_string()));
    add("performance-insights", change.performance_insights.map(|is| is.to_string()));
    if change.restart {
        words.push_str(" --restart");
    }
    words
}

/// As a shell takes it for one word.
fn quoted(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-.=:,/".contains(letter);
    match text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn change(parameters: &[&str], resets: &[&str]) -> ClusterChange {
        ClusterChange {
            parameters: parameters.iter().map(|&text| text.to_owned()).collect(),
            reset_parameters: resets.iter().map(|&text| text.to_owned()).collect(),
            ..ClusterChange::default()
        }
    }

    #[test]
    fn a_parameter_may_hold_anything_behind_its_name() {
        let read = change(&["log_line_prefix=%t:%r = it's", "work_mem = 64"], &["shared_buffers"])
            .modification(None)
            .unwrap();
        assert_eq!(read.parameters["log_line_prefix"].as_deref(), Some("%t:%r = it's"));
        assert_eq!(read.parameters["work_mem"].as_deref(), Some("64"));
        assert_eq!(read.parameters["shared_buffers"], None);
        assert_eq!(
            arguments(&read),
            r" --parameter 'log_line_prefix=%t:%r = it'\''s' --reset-parameter shared_buffers --parameter work_mem=64"
        );
    }

    #[test]
    fn what_is_no_parameter_is_refused() {
        for bad in [change(&["work_mem"], &[]), change(&["=1"], &[]), change(&["a=1", "a=2"], &[]), change(&["a=1"], &["a"])] {
            assert!(bad.modification(None).is_err(), "{bad:?}");
        }
    }
}
