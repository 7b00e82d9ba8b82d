//! The truth set: scripts whose verdicts are taken from servers, and how well
//! `howdah lint` agrees with them.

mod case;
mod contents;
mod judge;
mod ordinary;
mod score;
mod traffic;
mod verdict;
mod world;

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;

/// What is done with the truth set.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Runs the scripts on servers beside clients, and writes the verdicts down.
    Judge {
        /// Only cases whose names begin so.
        names: Vec<String>,
        /// Only this version.
        #[arg(long, value_name = "N")]
        pg: Option<u16>,
        /// Only cases that have no verdict yet.
        #[arg(long)]
        missing: bool,
    },
    /// Compares `howdah lint` with the verdicts.
    Score(score::Arguments),
}

/// Does it.
pub(crate) async fn run(command: Command, howdah: PathBuf, peers: Option<PathBuf>) -> Result<()> {
    match command {
        Command::Judge { names, pg, missing } => {
            let cases = case::chosen(&names)?;
            let installed = |version: &u16| pg.is_none_or(|only| only == *version);
            for version in case::VERSIONS.into_iter().filter(installed) {
                let known = verdict::load(version)?;
                let mut cases = cases.clone();
                cases.retain(|case| !missing || !known.contains_key(&case.name));
                judge::judge(version, &cases).await?;
                judge::tidy(version, &case::all()?)?;
            }
            Ok(())
        }
        Command::Score(arguments) => score::score(&arguments, &howdah, peers.as_deref()).await,
    }
}

#[cfg(test)]
mod tests {
    use super::{case, verdict};

    #[test]
    fn every_case_has_its_verdicts_and_they_are_balanced() {
        let cases = case::all().expect("the cases parse");
        assert!(cases.len() >= 150, "{} cases", cases.len());
        for version in case::VERSIONS {
            let verdicts = verdict::load(version).expect("the verdicts parse");
            let judged: Vec<&str> = verdicts.keys().map(String::as_str).collect();
            let expected: Vec<&str> = cases
                .iter()
                .filter(|case| case.versions.contains(&version))
                .map(|case| case.name.as_str())
                .collect();
            assert_eq!(judged, expected, "run `./dev bench truth judge --missing`");
            let dangerous = verdicts.values().filter(|verdict| verdict.dangerous()).count();
            let share = dangerous as f64 / verdicts.len() as f64;
            assert!((0.4..=0.6).contains(&share), "{version}: {share:.2} dangerous");
            for (name, verdict) in verdicts {
                assert!(!verdict.evidence.starts_with("UNSTABLE"), "{version} {name}");
            }
        }
    }
}
