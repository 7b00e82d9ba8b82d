use howdah_aurora::Acu;

use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section};

pub(super) const ITEM: Item = Item {
    code: "capacity",
    title: "Its size is one for production",
    section: Section::Infrastructure,
    guide: "Pre-Production Checklist: Infrastructure (Serverless v2: min/max ACU)",
    judge,
};

fn judge(gathered: &Gathered) -> Answer {
    let cluster = match gathered.at_aws("A local cluster does not scale: it takes what this machine has, or its cap.") {
        Ok(cluster) => cluster,
        Err(why) => return Answer::skipped(why),
    };
    let name = &cluster.name;
    let mut classes = cluster.instances.iter().filter_map(|one| one.class.as_deref());
    if let Some(class) = classes.clone().find(|class| class.starts_with("db.t")) {
        return Answer::fail(format!("{class} gathers credits for short bursts: under steady load it slows down when they are used up."))
            .fix(format!("howdah cluster modify {name} --size db.r8g.large --yes"));
    }
    if !classes.any(|class| class == "db.serverless") {
        return Answer::pass("Its instances are of a fixed class for production.");
    }
    let Some((text, min, max)) = cluster.details.get("Scaling").and_then(|text| Some((text, range(text)?.0, range(text)?.1))) else {
        return Answer::fail("The cluster is serverless and has no range of capacity.")
            .fix(format!("howdah cluster modify {name} --size 2-16 --yes"));
    };
    let answer = if min == Acu::halves(0) {
        Answer::warn("The cluster pauses when nobody asks: the first who comes waits for some 15 seconds, and a cold cache.")
    } else if min == max {
        Answer::warn("The range of capacity is a point: nothing scales, and instances of a fixed class cost less.")
    } else {
        return Answer::pass("Its capacity follows the load within a range.").evidence(text.clone());
    };
    answer.evidence(text.clone()).fix(format!("howdah cluster modify {name} --size 2-16 --yes"))
}

/// The range in `Serverless v2, 0.5 to 4 ACU`.
fn range(text: &str) -> Option<(Acu, Acu)> {
    let (min, max) = text.strip_prefix("Serverless v2, ")?.strip_suffix(" ACU")?.split_once(" to ")?;
    Some((min.parse().ok()?, max.parse().ok()?))
}
