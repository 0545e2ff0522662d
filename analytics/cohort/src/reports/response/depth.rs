//! Depth of response: the best change of measured disease against the baseline.

use crate::condition::{Condition, Test};
use crate::error::ReportError;
use crate::records::{Basis, RecordQuery};
use crate::reports::assessments::numbers;
use crate::selection::Cohort;
use crate::snapshot::Snapshot;
use clinical::codes::assessment::Category;
use clinical::form::{Form, FormDescriptor};
use clinical::forms::lesion::Lesion;
use clinical::forms::myeloma_assessment::MyelomaAssessment;
use clinical::forms::myeloma_baseline::MyelomaBaseline;
use serde::Serialize;

/// The best change of one subject.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Depth {
    /// `serum_m_protein` or `sum_of_products`.
    pub measure: &'static str,
    /// Smallest value after day 0 against the baseline, in percent.
    pub percent: f64,
    /// Best category of response, when there is one.
    pub best: Option<&'static str>,
}

/// The best change of each subject with a baseline, from most growth to deepest.
pub(super) fn depth(
    snapshot: &Snapshot,
    cohort: &Cohort,
    courses: &[Vec<(i32, Category)>],
    usable: &[bool],
) -> Result<Vec<Depth>, ReportError> {
    let query =
        |form: &'static FormDescriptor, date: Option<&'static str>, value: &'static str| RecordQuery {
            form,
            date,
            value: Some(value),
            conditions: Vec::new(),
            all: false,
            basis: Basis::Reported,
        };
    let baseline = snapshot.records(&query(MyelomaBaseline::DESCRIPTOR, None, "baseline_m_serum"))?;
    let assessed = query(MyelomaAssessment::DESCRIPTOR, Some("assessment_date"), "serum_m_protein_g_l");
    let protein = numbers(snapshot, cohort, &assessed, false)?;
    let products = products(snapshot, cohort)?;
    let mut all = Vec::new();
    for (place, member) in
        cohort.members.iter().enumerate().filter(|(place, _)| usable.get(*place) == Some(&true))
    {
        let best =
            courses.get(place).and_then(|course| super::best(course)).map(|(_, category)| category.code());
        let before = baseline.of(member.patient).first().map(|entry| entry.value);
        let after =
            |values: &[(i32, f64)]| values.iter().filter(|(day, _)| *day > 0).map(|v| v.1).reduce(f64::min);
        let empty = Vec::new();
        let values = protein.get(place).unwrap_or(&empty);
        let sums = products.get(place).unwrap_or(&empty);
        let last = sums.iter().rev().find(|(day, _)| *day <= 0).map(|(_, sum)| *sum);
        for (measure, before, after) in
            [("serum_m_protein", before, after(values)), ("sum_of_products", last, after(sums))]
        {
            if let (Some(before), Some(after)) = (before.filter(|b| *b > 0.0), after) {
                all.push(Depth { measure, percent: 100.0 * (after - before) / before, best });
            }
        }
    }
    all.sort_by(|a, b| {
        a.measure.cmp(b.measure).then(b.percent.total_cmp(&a.percent)).then(a.best.cmp(&b.best))
    });
    Ok(all)
}

/// The sum of the products of the diameters of target lesions by day.
fn products(snapshot: &Snapshot, cohort: &Cohort) -> Result<Vec<Vec<(i32, f64)>>, ReportError> {
    let form = Lesion::DESCRIPTOR;
    let target: Vec<Condition> =
        form.field("target").map(|(_, field)| Condition::new(field, Test::Is(true))).into_iter().collect();
    let query = |value: &'static str| RecordQuery {
        form,
        date: Some("assessment_date"),
        value: Some(value),
        conditions: target.clone(),
        all: false,
        basis: Basis::Reported,
    };
    let (long, short) = (snapshot.records(&query("ldi_mm"))?, snapshot.records(&query("sdi_mm"))?);
    let own = |member: &crate::selection::Member| {
        // Both answers list the same records in the same order.
        let pairs = long.of(member.patient).iter().zip(short.of(member.patient));
        let mut sums: Vec<(i32, f64)> = Vec::new();
        for (long, short) in pairs.filter(|(entry, _)| member.owns(entry, false) && entry.holds == Some(true))
        {
            let Some(day) = long.day else { continue };
            if cohort.cutoff.is_some_and(|cutoff| day > cutoff) {
                continue;
            }
            let day = day - member.index;
            // A lesion without both diameters makes the sum unknown.
            let product = long.value * short.value;
            match sums.last_mut().filter(|(of, _)| *of == day) {
                Some((_, sum)) => *sum += product,
                None => sums.push((day, product)),
            }
        }
        sums.retain(|(_, sum)| !sum.is_nan());
        sums
    };
    Ok(cohort.members.iter().map(own).collect())
}
