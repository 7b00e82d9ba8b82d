//! Plans, made by real servers: read alike from text and JSON, and what is found in them.
#![allow(clippy::unwrap_used)]

mod comparison;
mod files;
mod pages;
mod size;
mod wrapped;

use std::collections::{BTreeMap, BTreeSet};

use howdah_advise::plan::{Figures, Plan};
use howdah_advise::plans::{PlanFinding, Reading, examine};

fn findings(plan: &Plan) -> Vec<PlanFinding> {
    examine(&Reading {
        plan,
        figures: &Figures::of(plan),
        relations: &BTreeMap::new(),
    })
}

fn codes(plan: &Plan) -> BTreeSet<String> {
    findings(plan).into_iter().map(|finding| finding.code).collect()
}
