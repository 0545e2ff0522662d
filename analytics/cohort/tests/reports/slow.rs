//! The endpoints read once more: record by record, with the definitions written out, without Polars and without the kernels.

use chrono::NaiveDate;
use clinical::codes::assessment::Category;
use clinical::codes::{CrsGrade, IcansGrade};
use clinical::form::Form;
use clinical::forms::daily_toxicity::DailyToxicity;
use clinical::forms::disease::DiseaseBaseline;
use clinical::forms::infusion::Infusion;
use clinical::forms::lymphodepletion::Lymphodepletion;
use clinical::forms::response::ResponseAssessment;
use clinical::forms::survival_status::{Status, SurvivalStatus};
use std::collections::BTreeMap;

use crate::fixture::Registry;

/// Grades and drugs of one day.
pub(crate) type Recorded = ([Option<i32>; 2], [Option<bool>; 4]);

pub(crate) struct Subject {
    pub(crate) product: String,
    pub(crate) disease: Option<String>,
    pub(crate) center: String,
    /// OS and PFS: (day, event).
    pub(crate) os: (i64, bool),
    pub(crate) pfs: (i64, bool),
    /// Why it is left out.
    pub(crate) excluded: Option<&'static str>,
    /// Day, grades, drugs; by day, from day 0 to day 30.
    pub(crate) days: BTreeMap<i64, Recorded>,
    pub(crate) death: Option<i64>,
}

fn of<F: Form>(registry: &Registry) -> Vec<(String, F)> {
    registry.rows.iter().filter_map(|(c, r)| Some((c.clone(), F::from_record(r)?))).collect()
}

/// The first infusions in order of center and patient.
pub(crate) fn subjects(registry: &Registry) -> Vec<Subject> {
    let mut infusions = of::<Infusion>(registry);
    infusions.sort_by_key(|(center, i)| {
        (center.clone(), i.patient_id.as_str().to_owned(), i.infusion_number.get())
    });
    let statuses = of::<SurvivalStatus>(registry);
    let responses = of::<ResponseAssessment>(registry);
    let courses = of::<Lymphodepletion>(registry);
    let toxicities = of::<DailyToxicity>(registry);
    let diseases = of::<DiseaseBaseline>(registry);
    let mut out = Vec::new();
    for (center, first) in infusions.iter().filter(|(_, i)| i.infusion_number.get() == 1) {
        let id = &first.patient_id;
        let d0 = first.infusion_date;
        let since = |d: NaiveDate| (d - d0).num_days();
        let second = infusions
            .iter()
            .find(|(c, i)| c == center && i.patient_id == *id && i.infusion_number.get() == 2);
        let next = second.map(|(_, i)| since(i.infusion_date));

        let mut contacts = vec![0];
        contacts.extend(next);
        let mut deaths = Vec::new();
        for (_, s) in statuses.iter().filter(|(c, s)| c == center && s.patient_id == *id) {
            if s.status == Status::Dead {
                deaths.push(since(s.death_date.unwrap()));
            } else {
                contacts.push(since(s.last_contact));
            }
        }
        let (mut progressions, mut assessments) = (Vec::new(), Vec::new());
        for (_, r) in responses.iter().filter(|(c, r)| c == center && r.patient_id == *id) {
            let on = since(r.assessment_date);
            contacts.push(on);
            if r.infusion_number.get() != 1 || on < 0 {
                continue;
            }
            match r.reported_category {
                Some(Category::Pd | Category::Pmd | Category::Relapse) => {
                    progressions.push(on);
                    assessments.push(on);
                }
                Some(Category::Ne) | None => {}
                Some(_) => assessments.push(on),
            }
        }
        for (_, l) in courses.iter().filter(|(c, l)| c == center && l.patient_id == *id) {
            contacts.extend(l.start_date.map(since));
            contacts.extend(l.end_date.map(since));
        }
        let mut days = BTreeMap::new();
        for (_, t) in toxicities.iter().filter(|(c, t)| c == center && t.patient_id == *id) {
            let on = since(t.assessment_date);
            contacts.push(on);
            if (0..=30).contains(&on) {
                let grades = [t.crs_grade.map(CrsGrade::get), t.icans_grade.map(IcansGrade::get)];
                days.insert(on, (grades, [t.tocilizumab, t.siltuximab, t.steroids, t.anakinra]));
            }
        }
        let alive = *contacts.iter().max().unwrap();
        deaths.sort_unstable();
        let death = deaths.first().copied();
        let excluded = if deaths.first() != deaths.last() {
            Some("records give different dates of death")
        } else if death.is_some_and(|d| d < 0) {
            Some("the death is dated before the infusion")
        } else if death.is_some_and(|d| alive > d) {
            Some("a record is dated after the death")
        } else {
            None
        };
        let os = death.map_or((alive, false), |d| (d, true));
        let mut pfs_event: Option<i64> = None;
        for day in progressions.iter().chain(&death) {
            if next.is_none_or(|n| *day <= n) && pfs_event.is_none_or(|e| *day < e) {
                pfs_event = Some(*day);
            }
        }
        let last = assessments.iter().max().copied().unwrap_or(0);
        let pfs = pfs_event.map_or((next.map_or(last, |n| last.min(n)), false), |d| (d, true));
        let disease = diseases.iter().find(|(c, d)| c == center && d.patient_id == *id);
        out.push(Subject {
            product: first.product_code.as_str().to_owned(),
            disease: disease.map(|(_, d)| d.disease.code().to_owned()),
            center: center.clone(),
            os,
            pfs,
            excluded,
            days,
            death,
        });
    }
    out
}

/// Kaplan-Meier by definition: (day, at risk, events, censored, survival).
pub(crate) fn kaplan_meier(times: &[(i64, bool)]) -> Vec<(i64, usize, usize, usize, f64)> {
    let mut days: Vec<i64> = times.iter().map(|t| t.0).collect();
    days.sort_unstable();
    days.dedup();
    let mut survival = 1.0;
    days.into_iter()
        .map(|day| {
            let at_risk = times.iter().filter(|t| t.0 >= day).count();
            let events = times.iter().filter(|t| **t == (day, true)).count();
            let censored = times.iter().filter(|t| **t == (day, false)).count();
            survival *= 1.0 - events as f64 / at_risk as f64;
            (day, at_risk, events, censored, survival)
        })
        .collect()
}

/// Cumulative incidence of cause 1 of causes 0 (censored), 1 and 2, by definition: (day, incidence, incidence of cause 2).
pub(crate) fn cumulative_incidence(times: &[(i64, u8)]) -> Vec<(i64, f64, f64)> {
    let mut days: Vec<i64> = times.iter().map(|t| t.0).collect();
    days.sort_unstable();
    days.dedup();
    let (mut survival, mut one, mut two) = (1.0, 0.0, 0.0);
    days.into_iter()
        .map(|day| {
            let at_risk = times.iter().filter(|t| t.0 >= day).count() as f64;
            let of = |cause: u8| times.iter().filter(|t| **t == (day, cause)).count() as f64;
            one += survival * of(1) / at_risk;
            two += survival * of(2) / at_risk;
            survival *= 1.0 - (of(1) + of(2)) / at_risk;
            (day, one, two)
        })
        .collect()
}
