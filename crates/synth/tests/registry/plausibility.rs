//! The registry looks like one: shares, toxicity, response and survival within wide bands. Demonstration figures, no claim.

use crate::support::{Typed, cohort, survival_at};
use clinical::codes::assessment::Category;
use clinical::codes::{CrsGrade, Disease, IcansGrade};
use clinical::forms::daily_toxicity::DailyToxicity;
use clinical::forms::lymphodepletion::Regimen;
use clinical::forms::survival_status::Status;
use clinical::partial_date::Precision;
use std::collections::HashSet;
use std::ops::Range;

fn share(of: &[&Typed], is: impl Fn(&Typed) -> bool) -> f64 {
    of.iter().filter(|t| is(t)).count() as f64 / of.len() as f64
}

fn infused(disease: Disease) -> Vec<&'static Typed> {
    cohort().iter().filter(|t| t.is(disease) && !t.infusions.is_empty()).collect()
}

fn product(code: &str) -> Vec<&'static Typed> {
    cohort().iter().filter(|t| t.product() == Some(code)).collect()
}

fn within(what: &str, value: f64, band: Range<f64>) {
    assert!(band.contains(&value), "{what}: {value:.3} is outside {band:?}");
}

fn first(t: &Typed) -> impl Iterator<Item = &DailyToxicity> {
    t.days.iter().filter(|d| d.infusion_number.get() == 1)
}

fn crs(t: &Typed) -> i32 {
    first(t).filter_map(|d| d.crs_grade).map(CrsGrade::get).max().unwrap_or(0)
}

fn icans(t: &Typed) -> i32 {
    first(t).filter_map(|d| d.icans_grade).map(IcansGrade::get).max().unwrap_or(0)
}

fn median_crs_onset(of: &[&Typed]) -> f64 {
    let mut days: Vec<i64> = of
        .iter()
        .filter_map(|t| {
            first(t).find(|d| d.crs_grade.is_some_and(|g| g.get() > 0)).map(|d| d.assessment_date)
        })
        .zip(of.iter().filter(|t| crs(t) > 0))
        .filter_map(|(date, t)| t.since(date))
        .collect();
    days.sort_unstable();
    days[days.len() / 2] as f64
}

fn overall(of: &[&Typed]) -> Vec<(i64, bool)> {
    of.iter().filter_map(|t| Some((t.since(t.end().last_contact)?, t.died()))).collect()
}

fn progression_free(of: &[&Typed]) -> Vec<(i64, bool)> {
    of.iter()
        .filter_map(|t| {
            let progression =
                t.responses.iter().find(|r| r.reported_category.is_some_and(Category::is_progression));
            match progression {
                Some(r) => Some((t.since(r.assessment_date)?, true)),
                None => Some((t.since(t.end().last_contact)?, t.died())),
            }
        })
        .collect()
}

#[test]
fn diseases_and_baseline() {
    let all: Vec<&Typed> = cohort().iter().collect();
    within("NHL", share(&all, |t| t.is(Disease::Nhl)), 0.57..0.63);
    within("MM", share(&all, |t| t.is(Disease::Mm)), 0.22..0.28);
    within("B-ALL", share(&all, |t| t.is(Disease::BAll)), 0.13..0.17);
    within("not infused", share(&all, |t| t.infusions.is_empty()), 0.01..0.03);
    let precision =
        |p: Precision| share(&all, |t| t.disease.diagnosis_date.is_some_and(|d| d.precision() == p));
    within("diagnosis known to the month", precision(Precision::Month), 0.11..0.19);
    within("diagnosis known to the year", precision(Precision::Year), 0.03..0.07);
    let age = |of: &[&Typed]| {
        let ages = of.iter().filter_map(|t| {
            let year = t.patient.birth_year?.get();
            Some(f64::from(chrono::Datelike::year(&t.infusions.first()?.infusion_date) - year))
        });
        let ages: Vec<f64> = ages.collect();
        ages.iter().sum::<f64>() / ages.len() as f64
    };
    within("age NHL", age(&infused(Disease::Nhl)), 54.0..60.0);
    within("age MM", age(&infused(Disease::Mm)), 57.0..63.0);
    within("age tisa-cel", age(&product("tisa-cel")), 12.0..19.0);
    within("weight above 150 kg", share(&infused(Disease::Nhl), heavy), 0.0005..0.01);
    within(
        "prior lines above 10",
        share(&all, |t| t.disease.prior_lines.is_some_and(|l| l.get() > 10)),
        0.0005..0.01,
    );
}

fn heavy(t: &Typed) -> bool {
    t.infusions.iter().any(|i| i.weight_kg.is_some_and(|w| w.get() > 150.0))
}

#[test]
fn every_product_is_used_from_its_first_day_on() {
    let used: HashSet<&str> = cohort().iter().filter_map(Typed::product).collect();
    assert_eq!(used.len(), 10, "{used:?}");
    let earliest = |code: &str| {
        let dates = product(code).into_iter().filter_map(|t| t.infusions.first().map(|i| i.infusion_date));
        dates.min().expect("a use").to_string()
    };
    assert!(earliest("eque-cel").as_str() >= "2023-06-30");
    assert!(earliest("zevor-cel").as_str() >= "2024-02-23");
    assert!(earliest("inati-cel").as_str() >= "2023-11-07");
    let first =
        cohort().iter().flat_map(|t| &t.infusions).map(|i| i.infusion_date).min().expect("an infusion");
    assert!(("2021-07-01".."2021-09-01").contains(&first.to_string().as_str()), "{first}");
}

#[test]
fn toxicity_differs_by_product_as_in_the_table() {
    let any =
        |code: &str, grade: fn(&Typed) -> i32, at_least| share(&product(code), |t| grade(t) >= at_least);
    within("axi-cel CRS", any("axi-cel", crs, 1), 0.86..0.96);
    within("axi-cel CRS >= 3", any("axi-cel", crs, 3), 0.05..0.15);
    within("axi-cel ICANS", any("axi-cel", icans, 1), 0.47..0.63);
    within("axi-cel ICANS >= 3", any("axi-cel", icans, 3), 0.17..0.32);
    within("relma-cel CRS", any("relma-cel", crs, 1), 0.42..0.58);
    within("relma-cel ICANS >= 3", any("relma-cel", icans, 3), 0.01..0.08);
    within("eque-cel ICANS", any("eque-cel", icans, 1), 0.07..0.19);
    within("axi-cel onset", median_crs_onset(&product("axi-cel")), 1.0..3.5);
    within("brexu-cel onset", median_crs_onset(&product("brexu-cel")), 1.0..3.5);
    within("cilta-cel onset", median_crs_onset(&product("cilta-cel")), 5.0..8.5);
    let severe = |d: Disease| share(&infused(d), |t| crs(t) >= 3);
    assert!(severe(Disease::BAll) > severe(Disease::Nhl) && severe(Disease::Nhl) > severe(Disease::Mm));
    let everyone: Vec<&Typed> = cohort().iter().filter(|t| !t.infusions.is_empty()).collect();
    let drug = |f: fn(&DailyToxicity) -> Option<bool>| {
        share(&everyone, |t| t.days.iter().any(|d| f(d) == Some(true)))
    };
    within("tocilizumab", drug(|d| d.tocilizumab), 0.30..0.60);
    within("steroids", drug(|d| d.steroids), 0.18..0.45);
    within("anakinra", drug(|d| d.anakinra), 0.01..0.12);
    within("siltuximab", drug(|d| d.siltuximab), 0.0005..0.05);
}

#[test]
fn the_daily_series_has_gaps_of_every_kind() {
    let everyone: Vec<&Typed> =
        cohort().iter().filter(|t| t.since(t.end().last_contact).is_some_and(|d| d >= 28)).collect();
    let last = |t: &Typed| first(t).last().and_then(|d| t.since(d.assessment_date)).unwrap_or(0);
    within("ends on day 14", share(&everyone, |t| last(t) == 14), 0.70..0.92);
    within("goes on after day 14", share(&everyone, |t| last(t) > 14), 0.06..0.25);
    let rows = |t: &Typed| i64::try_from(first(t).count()).expect("a count");
    within("has a day without record", share(&everyone, |t| rows(t) < last(t) + 1), 0.1..0.3);
    let days: Vec<&DailyToxicity> = everyone.iter().flat_map(|t| &t.days).collect();
    let of_days =
        |is: fn(&DailyToxicity) -> bool| days.iter().filter(|d| is(d)).count() as f64 / days.len() as f64;
    within("one grade missing", of_days(|d| d.crs_grade.is_none() != d.icans_grade.is_none()), 0.005..0.03);
    within("day not assessed", of_days(|d| d.crs_grade.is_none() && d.icans_grade.is_none()), 0.0005..0.01);
    let at_once = |t: &Typed| {
        first(t).any(|d| t.since(d.assessment_date) == Some(0) && d.crs_grade.is_some_and(|g| g.get() > 0))
    };
    within("CRS on day 0", share(&everyone, at_once), 0.0002..0.02);
}

#[test]
fn most_infusions_fall_into_the_window_and_some_do_not() {
    let gap = |t: &Typed| {
        let infusion = t.infusions.first()?;
        let end =
            t.courses.iter().filter(|c| c.infusion_number.get() == 1).filter_map(|c| c.end_date).max()?;
        Some((infusion.infusion_date - end).num_days())
    };
    let held = |d: Disease, window: fn(i64) -> bool| {
        let gaps: Vec<i64> = infused(d).into_iter().filter_map(gap).collect();
        gaps.iter().filter(|g| window(**g)).count() as f64 / gaps.len() as f64
    };
    within("NHL-INF-01", held(Disease::Nhl, |g| g >= 2), 0.93..0.99);
    within("MM-INF-01", held(Disease::Mm, |g| (1..=2).contains(&g)), 0.60..0.85);
    within("MM-INF-02", held(Disease::Mm, |g| g <= 7), 0.93..0.995);
    within("ALL-INF-01", held(Disease::BAll, |g| (2..=7).contains(&g)), 0.88..0.98);
    let all: Vec<&Typed> = cohort().iter().collect();
    let infusion1 = |t: &Typed| t.courses.iter().filter(|c| c.infusion_number.get() == 1).count();
    within("second course", share(&all, |t| infusion1(t) == 2), 0.003..0.03);
    within(
        "no lymphodepletion",
        share(&all, |t| t.courses.iter().any(|c| c.regimen == Some(Regimen::None))),
        0.005..0.025,
    );
    within("FC", share(&all, |t| t.courses.iter().any(|c| c.regimen == Some(Regimen::Fc))), 0.90..0.98);
}

#[test]
fn survival_by_disease() {
    for (disease, os, pfs) in [
        (Disease::Nhl, 0.71..0.79, 0.42..0.54),
        (Disease::Mm, 0.84..0.93, 0.63..0.78),
        (Disease::BAll, 0.66..0.80, 0.47..0.63),
    ] {
        let group = infused(disease);
        within("overall survival at 1 year", survival_at(365, &overall(&group)), os);
        within("progression-free survival at 1 year", survival_at(365, &progression_free(&group)), pfs);
        within("overall survival at 30 days", survival_at(30, &overall(&group)), 0.96..0.998);
        within("second infusion", share(&group, |t| t.infusions.len() == 2), 0.005..0.05);
        let status = |s: Status| share(&group, |t| t.end().status == s);
        within("lost", status(Status::Lost), 0.01..0.09);
        within("withdrawn", status(Status::Withdrawn), 0.0005..0.012);
    }
}

#[test]
fn complete_response_among_those_assessed_for_half_a_year() {
    const COMPLETE: [&str; 5] = ["CMR", "CR", "sCR", "CRi", "CRh"];
    let rate = |code: &str| {
        let group = product(code);
        let followed: Vec<&Typed> =
            group.into_iter().filter(|t| t.died() || t.since(t.end().last_contact) >= Some(200)).collect();
        let complete = |c: &Category| COMPLETE.contains(&c.code());
        share(&followed, |t| t.responses.iter().filter_map(|r| r.reported_category).any(|c| complete(&c)))
    };
    within("axi-cel", rate("axi-cel"), 0.46..0.62);
    within("inati-cel", rate("inati-cel"), 0.72..0.90);
    within("cilta-cel", rate("cilta-cel"), 0.60..0.84);
    assert!(rate("ide-cel") < rate("cilta-cel"));
}

#[test]
fn centers_differ_a_little() {
    let centers: HashSet<&str> = cohort().iter().map(|t| t.center.as_str()).collect();
    let rates: Vec<f64> = centers
        .iter()
        .map(|center| {
            let own: Vec<&Typed> =
                cohort().iter().filter(|t| t.center == *center && !t.infusions.is_empty()).collect();
            share(&own, |t| crs(t) >= 2)
        })
        .collect();
    let low = rates.iter().copied().fold(1.0, f64::min);
    let high = rates.iter().copied().fold(0.0, f64::max);
    within("spread of CRS grade >= 2 between centers", high - low, 0.05..0.35);
}
