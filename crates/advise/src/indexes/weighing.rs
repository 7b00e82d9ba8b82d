//! What each statement of a workload counts.

/// The share of all work that one statement counts for at most. One that dwarfs the others by the planner's
/// reckoning, which is at its worst there, would leave nothing worth doing beside it.
const LARGEST_SHARE: f64 = 0.1;

/// The weights by which the planner's costs are in proportion to the time that was measured, where it was.
pub(crate) fn timed(costs: &[f64], weights: &[f64], times: &[Option<f64>]) -> Vec<f64> {
    let all = costs.iter().zip(weights).zip(times);
    let known = all.filter_map(|((cost, weight), time)| {
        let time = (*time).filter(|time| *time > 0.0 && *cost > 0.0)?;
        Some((cost * weight, time))
    });
    let (work, time) = known.fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let unit = if time > 0.0 { work / time } else { 0.0 };
    let one = |((cost, weight), time): ((&f64, &f64), &Option<f64>)| match time {
        Some(time) if *time > 0.0 && *cost > 0.0 && unit > 0.0 => time * unit / cost,
        _ => *weight,
    };
    costs.iter().zip(weights).zip(times).map(one).collect()
}

/// The weights with none of the statements above its share of the whole.
pub(crate) fn tempered(costs: &[f64], weights: &[f64]) -> Vec<f64> {
    let work: Vec<f64> = costs
        .iter()
        .zip(weights)
        .map(|(cost, weight)| cost * weight)
        .collect();
    let mut most = work.iter().sum::<f64>() * LARGEST_SHARE;
    // With few statements no share is kept; the bound then stays where these rounds leave it.
    for _ in 0..16 {
        most = work.iter().map(|one| one.min(most)).sum::<f64>() * LARGEST_SHARE;
    }
    let least = work
        .iter()
        .copied()
        .filter(|one| *one > 0.0)
        .fold(f64::INFINITY, f64::min);
    let most = most.max(least);
    let temper = |(weight, work): (&f64, &f64)| {
        if *work > most {
            weight * most / work
        } else {
            *weight
        }
    };
    weights.iter().zip(&work).map(temper).collect()
}

#[cfg(test)]
mod tests {
    use super::{tempered, timed};

    #[test]
    fn measured_time_corrects_the_planner() {
        let weights = timed(
            &[10.0, 10.0, 5.0],
            &[1.0, 1.0, 7.0],
            &[Some(30.0), Some(10.0), None],
        );
        assert_eq!(weights, [1.5, 0.5, 7.0]);
        assert_eq!(timed(&[10.0], &[3.0], &[None]), [3.0]);
    }

    #[test]
    fn no_statement_dwarfs_the_others() {
        let costs: Vec<f64> = std::iter::once(1e9).chain((0..20).map(|_| 10.0)).collect();
        let weights = tempered(&costs, &[1.0; 21]);
        assert!(weights[0] * costs[0] <= 30.0 && weights[1] == 1.0, "{weights:?}");
        assert_eq!(tempered(&[5.0], &[2.0]), [2.0]);
    }
}
