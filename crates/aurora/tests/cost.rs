//! Every example on the pages of the rules of cost, hand-computed; and what holds of any cluster.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use howdah_aurora::cost::{Advice, Decimal, Description, Estimate, Prices, Verdict, estimate, pages, rules};
use proptest::prelude::*;
use serde_json::Value;

fn estimated(given: &Description) -> Estimate {
    estimate(given, &Prices::built_in(&given.region).unwrap()).unwrap()
}

fn decimal(value: &Value) -> Decimal {
    serde_json::from_value(value.clone()).unwrap()
}

fn check(code: &str, verdict: &str, example: &Value) {
    let given: Description = serde_json::from_value(example["given"].clone()).unwrap();
    let estimate = estimated(&given);
    let said: Vec<&Advice> = estimate
        .advice
        .iter()
        .filter(|advice| advice.rule == code)
        .collect();
    let at = format!("{code}: {example}\n{said:#?}");
    for (key, value) in example.as_object().unwrap() {
        match (
            key.as_str(),
            said.get(example["advice"].as_u64().unwrap_or(0) as usize),
        ) {
            ("given" | "advice", _) => {}
            ("monthly", _) => assert_eq!(estimate.monthly, decimal(value), "{at}"),
            ("monthly_at_most", _) => assert_eq!(estimate.monthly_at_most, Some(decimal(value)), "{at}"),
            ("saves", Some(advice)) => assert_eq!(
                advice.saves.as_ref().unwrap().to_string(),
                value.as_str().unwrap(),
                "{at}"
            ),
            ("size", Some(advice)) => assert_eq!(advice.size.as_deref(), value.as_str(), "{at}"),
            ("wait_hours", Some(advice)) => {
                assert_eq!(advice.wait_hours.map(u64::from), value.as_u64(), "{at}")
            }
            ("missing", Some(advice)) => assert_eq!(serde_json::json!(advice.missing), *value, "{at}"),
            ("figures", Some(advice)) => {
                for (name, value) in value.as_object().unwrap() {
                    let figure = advice.figures.iter().find(|figure| figure.name == *name);
                    assert_eq!(
                        figure.unwrap_or_else(|| panic!("no {name}: {at}")).value,
                        decimal(value),
                        "{at}"
                    );
                }
            }
            (other, said) => panic!("{other:?} is not to be looked at ({}): {at}", said.is_some()),
        }
    }
    match said.first() {
        None => assert_eq!(verdict, "nothing", "{at}"),
        Some(advice) => assert_eq!(serde_json::json!(advice.verdict), verdict, "{at}"),
    }
}

#[test]
fn every_example_costs_what_its_page_says() {
    let mut examples = 0;
    for (code, page) in pages() {
        let before = examples;
        for block in page.split("\n```json ").skip(1) {
            let (verdict, rest) = block.split_once('\n').unwrap();
            let example = serde_json::from_str(rest.split("\n```").next().unwrap()).unwrap();
            check(code, verdict, &example);
            examples += 1;
        }
        assert!(examples > before + 2, "{code} lacks examples");
    }
    assert!(examples >= 60, "{examples}");
}

#[test]
fn every_rule_has_a_page_and_every_page_a_rule() {
    let codes: BTreeSet<&str> = rules().iter().map(|rule| rule.code).collect();
    let of_pages: BTreeSet<&str> = pages().iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, of_pages);
    assert!(rules().iter().all(|rule| !rule.title.is_empty()));
}

#[test]
fn a_region_or_class_without_a_price_is_an_error_with_the_way_out() {
    let error = Prices::built_in("mars-north-1").unwrap_err();
    assert!(error.to_text().contains("--prices FILE"), "{error}");
    let given = Description {
        region: "us-east-1".into(),
        size: "db.x2g.large".into(),
        instances: 1,
        ..Description::default()
    };
    let error = estimate(&given, &Prices::built_in("us-east-1").unwrap()).unwrap_err();
    assert!(error.to_text().contains("--prices FILE"), "{error}");
}

#[test]
fn a_file_of_prices_takes_the_place_of_those_built_in() {
    let mine = Prices::example()
        .replace("us-east-1", "eu-west-1")
        .replace("\"0.260\"", "\"0.300\"");
    let prices = Prices::of_file(&mine, "eu-west-1").unwrap();
    let given = Description {
        region: "eu-west-1".into(),
        size: "db.r6g.large".into(),
        instances: 1,
        ..Description::default()
    };
    assert_eq!(estimate(&given, &prices).unwrap().monthly.to_string(), "219");
    let one = mine.trim().trim_start_matches('[').trim_end_matches(']');
    assert_eq!(Prices::of_file(one, "eu-west-1").unwrap(), prices);
    assert!(
        Prices::of_file(&mine, "us-east-1")
            .unwrap_err()
            .message
            .contains("eu-west-1")
    );
    let typo = mine.replace("acu_hour_io_optimized", "acu_hour_optimized");
    assert!(
        Prices::of_file(&typo, "eu-west-1")
            .unwrap_err()
            .message
            .contains("acu_hour_optimized")
    );
}

#[test]
fn what_cannot_be_is_refused() {
    let refused = |change: fn(&mut Description)| {
        let mut given = Description {
            region: "us-east-1".into(),
            size: "0.5-8".into(),
            instances: 1,
            ..Description::default()
        };
        change(&mut given);
        assert!(
            estimate(&given, &Prices::built_in("us-east-1").unwrap()).is_err(),
            "{given:?}"
        );
    };
    refused(|given| given.instances = 0);
    refused(|given| given.instances = 17);
    refused(|given| given.size = "large".into());
    refused(|given| given.size = "0.3-8".into());
    refused(|given| given.cpu_max = Some(Decimal::new(1001, 1)));
    refused(|given| given.acu_max = Some(Decimal::new(85, 1)));
    refused(|given| given.idle_hours = Some(Decimal::new(731, 0)));
    refused(|given| given.kept_awake_by = vec!["cron".into()]);
    refused(|given| {
        given.acu_avg = Some(Decimal::new(4, 0));
        given.acu_max = Some(Decimal::new(3, 0));
    });
    refused(|given| {
        given.size = "db.r6g.large".into();
        given.acu_avg = Some(Decimal::new(4, 0));
    });
}

prop_compose! {
    fn any_cluster()(
        serverless in any::<bool>(),
        class in 0usize..36,
        min in 0u16..64,
        over in 2u16..64,
        instances in 1u32..=16,
        io_optimized in any::<bool>(),
        storage in 0i64..1_000_000,
        io in 0i64..1_000_000_000_000,
        backup in 0i64..1_000_000,
        (cpu, peak, set) in (0i64..=100, 0i64..=100, 0i64..2000),
        hours in prop_oneof![Just(167u32), Just(168), 0u32..1000],
    ) -> Description {
        let prices = Prices::built_in("us-east-1").unwrap();
        let classes: Vec<&String> = prices.classes.keys().collect();
        let half = |halves: u16| Decimal::new(i64::from(halves) * 5, 1);
        let whole = |number: i64| Some(Decimal::new(number, 0));
        let mut given = Description {
            region: "us-east-1".into(),
            size: classes[class % classes.len()].clone(),
            instances,
            io_optimized,
            version: Some("16.4".into()),
            storage_gib: whole(storage),
            io_requests: whole(io),
            backup_gib: whole(backup),
            metrics_hours: hours,
            cpu_avg: whole(cpu.min(peak)),
            cpu_p95: whole(cpu.min(peak)),
            cpu_max: whole(peak),
            working_set_gib: whole(set),
            ..Description::default()
        };
        if serverless {
            given.size = format!("{}-{}", half(min), half(min + over));
            given.acu_steady = Some(half(min));
            given.acu_avg = Some(half(min + over / 2));
            given.acu_max = Some(half(min + over));
        }
        given
    }
}

proptest! {
    #[test]
    fn the_sum_is_that_of_its_parts(given in any_cluster()) {
        let estimate = estimated(&given);
        let sum: Decimal = estimate.items.iter().map(|item| &item.value).sum();
        prop_assert_eq!(&estimate.monthly, &sum);
        prop_assert!(estimate.items.iter().all(|item| item.value >= Decimal::zero() && !item.formula.is_empty()));
        prop_assert!(estimate.advice.iter().all(|advice| advice.figures.iter().all(|figure| !figure.formula.is_empty())));
    }

    #[test]
    fn what_switching_the_storage_saves_is_the_difference_of_the_two_bills(given in any_cluster()) {
        let other = Description { io_optimized: !given.io_optimized, ..given.clone() };
        let (here, there) = (estimated(&given), estimated(&other));
        let advice = here.advice.iter().find(|advice| advice.rule == "io-optimized").unwrap();
        prop_assert_eq!(advice.saves.is_none(), given.metrics_hours < 168);
        if let Some(saves) = &advice.saves {
            prop_assert_eq!(&(&here.monthly - &there.monthly), saves);
            let back = there.advice.iter().find(|advice| advice.rule == "io-optimized").unwrap();
            prop_assert_eq!(&(Decimal::zero() - saves), back.saves.as_ref().unwrap());
        }
    }

    #[test]
    fn what_a_size_saves_is_the_difference_of_the_two_bills(given in any_cluster()) {
        let here = estimated(&given);
        for advice in here.advice.iter().filter(|advice| advice.rule == "right-size") {
            if let (Some(saves), Some(size)) = (&advice.saves, &advice.size) {
                let there = estimated(&Description { size: size.clone(), ..given.clone() });
                prop_assert_eq!(&(&here.monthly - &there.monthly), saves);
            }
        }
    }

    #[test]
    fn the_verdict_is_the_sign(given in any_cluster()) {
        for advice in estimated(&given).advice {
            let zero = Decimal::zero();
            match (advice.verdict, &advice.saves) {
                (Verdict::Saves, Some(saves)) => prop_assert!(*saves > zero),
                (Verdict::NoGain, Some(saves)) => prop_assert!(*saves == zero),
                (Verdict::CostsMore, Some(saves)) => prop_assert!(*saves < zero),
                (Verdict::Saves | Verdict::NoGain | Verdict::CostsMore, None) => prop_assert!(false, "{advice:?}"),
                (Verdict::TooLittleData, saves) => prop_assert!(saves.is_none() && !advice.missing.is_empty()),
                _ => {}
            }
        }
    }

    #[test]
    fn more_is_never_cheaper(given in any_cluster()) {
        let here = estimated(&given).monthly;
        let mut more = given.clone();
        more.instances = (given.instances + 1).min(16);
        more.storage_gib = given.storage_gib.clone().map(|gib| gib + Decimal::new(1, 0));
        more.backup_gib = given.backup_gib.clone().map(|gib| gib + Decimal::new(1, 0));
        more.io_requests = given.io_requests.clone().map(|io| io + Decimal::new(1, 0));
        prop_assert!(estimated(&more).monthly >= here);
    }
}
