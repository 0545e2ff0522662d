//! Within a patient nothing contradicts anything else.

use crate::support::{Typed, cohort, registry};
use chrono::NaiveDate;
use clinical::codes::assessment::{Category, Criteria};
use clinical::codes::{CrsGrade, Disease, IcansGrade, YesNoUnknown};
use clinical::forms::disease::StageSystem;
use clinical::forms::lymphodepletion::Regimen;
use clinical::forms::survival_status::Status;
use clinical::products::products;
use std::collections::HashSet;
use synth::Registry;

/// Every property that holds for each single patient.
pub(crate) fn assert_coherent(t: &Typed, registry: &Registry) {
    dates_are_ordered(t, registry);
    keys_are_unique(t);
    lymphodepletion_precedes(t);
    toxicity_follows_its_infusion(t);
    responses_fit(t);
    contacts_fit(t);
    product_fits(t);
}

fn dates_are_ordered(t: &Typed, registry: &Registry) {
    let center = registry.centers().iter().find(|c| c.center_id.as_str() == t.center).expect("its center");
    let consent = t.patient.consent_date;
    if let Some(consent) = consent {
        assert!(consent >= center.joined_on);
        assert!(t.disease.diagnosis_date.is_none_or(|d| d.earliest() < consent));
    } else {
        assert_eq!(t.patient.consent_registry, Some(YesNoUnknown::Unknown));
    }
    let mut dates: Vec<NaiveDate> =
        t.courses.iter().flat_map(|c| [c.start_date, c.end_date]).flatten().collect();
    dates.extend(t.infusions.iter().map(|i| i.infusion_date));
    dates.extend(t.days.iter().map(|d| d.assessment_date));
    dates.extend(t.responses.iter().map(|r| r.assessment_date));
    dates.extend(t.contacts.iter().map(|c| c.last_contact));
    for date in dates {
        assert!(date <= registry.config().data_cutoff);
        assert!(date <= t.end().last_contact, "{date} after the end of observation {:?}", t.end());
        assert!(date >= center.joined_on);
        assert!(consent.is_none_or(|c| c < date));
    }
    // Nobody is assessed on the day of death; a toxicity that kills is graded that day.
    if t.died() {
        assert!(t.responses.iter().all(|r| r.assessment_date < t.end().last_contact));
    }
    let deadly = |g: Option<i32>| g == Some(5);
    for d in &t.days {
        if deadly(d.crs_grade.map(CrsGrade::get)) || deadly(d.icans_grade.map(IcansGrade::get)) {
            assert!(t.died() && d.assessment_date == t.end().last_contact);
        }
    }
}

fn keys_are_unique(t: &Typed) {
    let days: HashSet<_> = t.days.iter().map(|d| (d.infusion_number, d.assessment_date)).collect();
    assert_eq!(days.len(), t.days.len());
    let courses: HashSet<_> = t.courses.iter().map(|c| (c.infusion_number, c.course_number)).collect();
    assert_eq!(courses.len(), t.courses.len());
    let responses: HashSet<_> = t.responses.iter().map(|r| (r.infusion_number, r.assessment_date)).collect();
    assert_eq!(responses.len(), t.responses.len());
    let contacts: HashSet<_> = t.contacts.iter().map(|c| c.last_contact).collect();
    assert_eq!(contacts.len(), t.contacts.len());
    assert!(t.infusions.len() <= 2);
    assert!((1..).zip(&t.infusions).all(|(n, i)| i.infusion_number.get() == n));
    assert!(t.infusions.is_sorted_by(|a, b| a.infusion_date < b.infusion_date));
    assert!(t.contacts.is_sorted_by(|a, b| a.last_contact < b.last_contact));
    assert!(t.days.is_sorted_by_key(|d| d.assessment_date));
    assert!(t.responses.is_sorted_by_key(|r| r.assessment_date));
}

fn lymphodepletion_precedes(t: &Typed) {
    for course in &t.courses {
        let infusion = t.infusions.iter().find(|i| i.infusion_number == course.infusion_number);
        if let (Some(end), Some(infusion)) = (course.end_date, infusion) {
            assert!((1..=32).contains(&(infusion.infusion_date - end).num_days()));
        }
        if let (Some(start), Some(end)) = (course.start_date, course.end_date) {
            assert!((1..=4).contains(&(end - start).num_days()));
        }
        if course.regimen == Some(Regimen::None) {
            assert_eq!(course.missing.get("start_date").map(clinical::MissingCode::code), Some("NA"));
        }
        assert!(course.regimen != Some(Regimen::Bendamustine) || t.is(Disease::Nhl));
    }
    for pair in t.courses.windows(2) {
        if let (Some(end), Some(start)) = (pair[0].end_date, pair[1].start_date) {
            assert!(end < start);
        }
    }
}

fn toxicity_follows_its_infusion(t: &Typed) {
    for infusion in &t.infusions {
        let own = || t.days.iter().filter(|d| d.infusion_number == infusion.infusion_number);
        let day = |date: NaiveDate| (date - infusion.infusion_date).num_days();
        assert!(own().all(|d| (0..=28).contains(&day(d.assessment_date))));
        let onset = |grade: &dyn Fn(&clinical::forms::daily_toxicity::DailyToxicity) -> Option<i32>| {
            own().find(|d| grade(d).is_some_and(|g| g > 0)).map(|d| d.assessment_date)
        };
        let crs = onset(&|d| d.crs_grade.map(CrsGrade::get));
        let icans = onset(&|d| d.icans_grade.map(IcansGrade::get));
        // ICANS follows CRS; with an unrecorded first day of CRS only the recorded order could differ.
        let complete = own().count() >= 14 && own().all(|d| d.missing.is_empty());
        if let (Some(crs), Some(icans)) = (crs, icans)
            && complete
        {
            assert!(day(icans) + 2 >= day(crs), "CRS {crs}, ICANS {icans}");
        }
    }
    assert!(t.days.iter().all(|d| t.infusions.iter().any(|i| i.infusion_number == d.infusion_number)));
}

fn responses_fit(t: &Typed) {
    for r in &t.responses {
        let infusion =
            t.infusions.iter().find(|i| i.infusion_number == r.infusion_number).expect("its infusion");
        assert!(r.assessment_date > infusion.infusion_date);
        let fits = match t.disease.disease {
            Disease::Nhl => matches!(r.criteria, Criteria::LuganoPet | Criteria::LuganoCt),
            Disease::Mm => matches!(r.criteria, Criteria::ImwgSeed | Criteria::Imwg2016),
            _ => r.criteria == Criteria::AllNccn,
        };
        assert!(fits, "{r:?}");
        if let Some(next) = t.infusions.iter().find(|i| i.infusion_number > r.infusion_number) {
            assert!(r.assessment_date < next.infusion_date);
        }
    }
    let complete = [Category::Cmr, Category::Cr, Category::Scr, Category::Crh, Category::Cri];
    for infusion in &t.infusions {
        let own: Vec<Option<Category>> = t
            .responses
            .iter()
            .filter(|r| r.infusion_number == infusion.infusion_number)
            .map(|r| r.reported_category)
            .collect();
        // A progression is the last assessment of its infusion.
        let before = own.len().saturating_sub(1);
        assert!(own[..before].iter().flatten().all(|c| !c.is_progression()), "{own:?}");
        if own.last() == Some(&Some(Category::Relapse)) {
            let seen = own.iter().any(|c| c.is_none_or(|c| complete.contains(&c) || c == Category::Ne));
            assert!(seen, "a relapse without a complete response before: {own:?}");
        }
    }
}

fn contacts_fit(t: &Typed) {
    let before = &t.contacts[..t.contacts.len() - 1];
    assert!(before.iter().all(|c| c.status == Status::Alive));
    let end = t.end();
    assert_eq!(t.patient.withdrawn_on, (end.status == Status::Withdrawn).then_some(end.last_contact));
    assert_eq!(end.death_date, t.died().then_some(end.last_contact));
}

fn product_fits(t: &Typed) {
    let Some(product) = t.product() else { return };
    let row =
        products().into_iter().find(|p| p.text("product_code") == Some(product)).expect("a known product");
    let target = if t.is(Disease::Mm) { "BCMA" } else { "CD19" };
    assert_eq!(row.text("target"), Some(target));
    assert!(t.infusions.iter().all(|i| i.product_code.as_str() == product));
    let system_fits = match t.disease.disease {
        Disease::Nhl => t.disease.stage_system.is_none_or(|s| s == StageSystem::AnnArbor),
        Disease::Mm => t.disease.stage_system.is_none_or(|s| s != StageSystem::AnnArbor),
        _ => t.disease.stage_system.is_none() && t.disease.stage.is_none(),
    };
    assert!(system_fits);
}

#[test]
fn every_patient_is_coherent() {
    let registry = registry(1, 0);
    for t in cohort() {
        assert_coherent(t, &registry);
    }
}

#[test]
fn patients_of_one_center_have_distinct_pseudonyms() {
    let mut seen = HashSet::new();
    assert!(cohort().iter().all(|t| seen.insert(t.patient.patient_id.as_str())));
}

#[test]
fn drugs_follow_grades() {
    let mut doses_at = [(0_u32, 0_u32); 6];
    for d in cohort().iter().flat_map(|t| &t.days) {
        let (Some(crs), Some(icans)) = (d.crs_grade, d.icans_grade) else { continue };
        let place = usize::try_from(crs.get()).expect("a grade");
        doses_at[place].0 += 1;
        doses_at[place].1 += u32::from(d.tocilizumab == Some(true));
        if d.anakinra == Some(true) {
            assert!(crs.get() + icans.get() > 1);
        }
        if d.siltuximab == Some(true) {
            assert!(crs.get() >= 2);
        }
    }
    let share = |grade: usize| f64::from(doses_at[grade].1) / f64::from(doses_at[grade].0);
    assert!(share(0) < 0.001 && share(0) > 0.0, "{doses_at:?}");
    assert!(share(1) < 0.2 && share(2) > 0.3, "{doses_at:?}");
}
