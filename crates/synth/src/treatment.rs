//! Lymphodepletion and infusion.

use crate::after;
use crate::assumptions::{Dose, recording};
use crate::baseline::Baseline;
use crate::gaps::Gaps;
use crate::random::{Part, Stream, clock, rounded};
use chrono::{Datelike, NaiveDate, TimeDelta};
use clinical::codes::baseline::Ecog;
use clinical::codes::{
    BatchNumber, CarTCells, CourseNumber, Disease, InfusionNumber, Minutes, Percent, ProductCode, WeightKg,
    YesNoUnknown,
};
use clinical::form::Checks;
use clinical::forms::infusion::{Infusion, ProductConformity};
use clinical::forms::lymphodepletion::{AdjustReason, Lymphodepletion, Regimen};
use clinical::{Form, MissingCode, Record};

/// Share of patients whose infusion is put off after lymphodepletion.
const POSTPONED: f64 = 0.03;
/// No record of any course.
const FORM_MISSING: f64 = 0.004;

/// A course of lymphodepletion as it was given. Days count from the infusion.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Depletion {
    pub(crate) number: CourseNumber,
    pub(crate) regimen: Regimen,
    pub(crate) start: i32,
    pub(crate) end: i32,
    pub(crate) adjusted: bool,
}

/// LDC: the courses before the infusion on `infused_on`, in order of their dates, and those of them that were given.
pub(crate) fn lymphodepletion(
    b: &Baseline,
    number: InfusionNumber,
    infused_on: NaiveDate,
    s: &mut Stream,
) -> Option<(Vec<Record>, Vec<Depletion>)> {
    if s.chance(FORM_MISSING * b.site.gaps) {
        return Some((Vec::new(), Vec::new()));
    }
    let practice = b.site.practice;
    let intervals: Vec<(i32, f64)> = b
        .course
        .interval
        .iter()
        .map(|(days, weight, within)| (*days, if *within { *weight } else { weight * practice }))
        .collect();
    let interval = s.pick(&intervals)?;
    let bendamustine = if b.profile.disease == Disease::Nhl { 0.04 } else { 0.0 };
    let regimen = s.pick(&[
        (Regimen::Fc, 0.93),
        (Regimen::Bendamustine, bendamustine),
        (Regimen::Other, 0.015),
        (Regimen::None, 0.012),
    ])?;
    let postponed = s.chance(POSTPONED * practice);
    let long_interval = s.between(10, 32);
    // A second course when more than three weeks (myeloma: more than seven days) have passed, in most cases.
    let due = long_interval > if b.profile.disease == Disease::Mm { 7 } else { 21 };
    let repeated = due && s.chance(0.75);
    let intervals = match (regimen, postponed) {
        (Regimen::None, _) | (_, false) => vec![interval],
        (_, true) if repeated => vec![long_interval, interval.min(4)],
        (_, true) => vec![long_interval],
    };
    let mut records = Vec::with_capacity(intervals.len());
    let mut courses = Vec::new();
    for (course, interval) in (1..).zip(intervals) {
        let days = match regimen {
            Regimen::Bendamustine => 2,
            _ => s.pick(&[(3, 0.91), (4, 0.05), (5, 0.03), (2, 0.01)])?,
        };
        let adjust_reason = if s.chance(0.03 + 0.12 * f64::from(u8::from(b.age >= 70.0))) {
            let age = if b.age >= 65.0 { 0.6 } else { 0.0 };
            s.pick(&[
                (AdjustReason::Age, age),
                (AdjustReason::Crcl30, 0.12),
                (AdjustReason::Ecog, 0.14),
                (AdjustReason::Comorbidity, 0.14),
            ])
        } else {
            None
        };
        let given = regimen != Regimen::None;
        let end = given.then(|| after(infused_on, -interval));
        let start = end.map(|end| after(end, 1 - days));
        if given {
            let (number, adjusted) = (CourseNumber::new(course)?, adjust_reason.is_some());
            courses.push(Depletion { number, regimen, start: 1 - days - interval, end: -interval, adjusted });
        }
        let mut gaps = Gaps::new(s, b.missing_rate());
        let code = if given { MissingCode::NotKnown } else { MissingCode::NotApplicable };
        let record = Lymphodepletion {
            patient_id: b.patient_id.clone(),
            infusion_number: number,
            course_number: CourseNumber::new(course)?,
            regimen: Some(regimen),
            start_date: gaps.value("start_date", code, start),
            end_date: gaps.value("end_date", code, end),
            adjusted: given.then_some(if adjust_reason.is_some() {
                YesNoUnknown::Yes
            } else {
                YesNoUnknown::No
            }),
            adjust_reason: adjust_reason.filter(|_| given),
            missing: gaps.missing(),
        };
        records.push(record.to_record());
    }
    Some((records, courses))
}

/// INF.
pub(crate) fn infusion(
    b: &Baseline,
    number: InfusionNumber,
    infused_on: NaiveDate,
    s: &mut Stream,
) -> Option<Record> {
    let conformity = s.pick(&[
        (ProductConformity::InSpec, 0.955),
        (ProductConformity::OutOfSpec, 0.03),
        (ProductConformity::ExpandedAccess, 0.015),
    ])?;
    let dose = dose(b.profile.dose, b.weight_kg, conformity, s);
    let batch = format!(
        "{}{:02}-{:05}",
        b.profile.product.get(..2).unwrap_or_default().to_ascii_uppercase(),
        infused_on.year() % 100,
        s.between(0, 99_999)
    );
    let viability = rounded((91.0 + 4.0 * s.normal()).clamp(62.0, 99.0), 1);
    let infection =
        s.pick(&[(YesNoUnknown::No, 0.975), (YesNoUnknown::Yes, 0.01), (YesNoUnknown::Unknown, 0.015)])?;
    let vasopressors = if s.chance(0.004) { YesNoUnknown::Yes } else { YesNoUnknown::No };
    let thaw = if s.chance(0.02) { s.between(31, 55) } else { s.between(5, 28) };
    let thaw_known = !s.chance(0.1 * b.site.gaps);
    let mut detail = b.part(Part::Infusion, u8::from(number.get() > 1));
    let start_time = clock(&mut detail, 9, 15);
    let minutes = detail.between(3, 11) * 5;
    let end_time = start_time.map(|t| t + TimeDelta::minutes(i64::from(minutes)));
    let ecog = detail.pick(&[(0, 0.3), (1, 0.58), (2, 0.12)])?;
    let trial = if detail.chance(0.03) { YesNoUnknown::Yes } else { YesNoUnknown::No };
    let mut gaps = Gaps::new(s, b.missing_rate());
    let mut record = Infusion {
        patient_id: b.patient_id.clone(),
        infusion_number: number,
        infusion_date: infused_on,
        product_code: ProductCode::new(b.profile.product)?,
        batch: BatchNumber::new(&batch),
        weight_kg: gaps.value("weight_kg", MissingCode::NotKnown, WeightKg::new(b.weight_kg)),
        dose_total_car_t: gaps.value("dose_total_car_t", MissingCode::NotKnown, CarTCells::new(dose)),
        viability_percent: Percent::new(viability),
        product_conformity: gaps.value("product_conformity", MissingCode::Pending, Some(conformity)),
        active_infection: gaps.value("active_infection", MissingCode::NotKnown, Some(infection)),
        vasopressor_hypotension: gaps.value(
            "vasopressor_hypotension",
            MissingCode::NotKnown,
            Some(vasopressors),
        ),
        thaw_to_infuse_min: thaw_known.then(|| Minutes::new(thaw)).flatten(),
        start_time,
        end_date: None,
        end_time,
        dose_per_kg: None,
        dose_per_kg_reported: None,
        ecog: Ecog::new(ecog),
        clinical_trial: Some(trial),
        missing: gaps.missing(),
    };
    record.compute();
    Some(record.to_record())
}

/// Cells infused, to three significant digits. A product out of specification often holds too few cells, and now and then a dose exceeds
/// its range.
fn dose(dose: Dose, weight_kg: f64, conformity: ProductConformity, s: &mut Stream) -> f64 {
    let share = s.uniform();
    let within = |low: f64, high: f64| low + (high - low) * share;
    let cells = match dose {
        Dose::Flat(low, high) => within(low, high),
        Dose::PerKg(low, high, cap) => (within(low, high) * weight_kg).min(cap),
        Dose::Split { per_kg, .. } if weight_kg <= 50.0 => within(per_kg.0, per_kg.1) * weight_kg,
        Dose::Split { total, .. } => within(total.0, total.1),
    };
    let factor = if s.chance(2.0 * recording::IMPLAUSIBLE) {
        1.5
    } else if conformity == ProductConformity::OutOfSpec && s.chance(0.5) {
        0.4
    } else {
        1.0
    };
    // Rounded down, so that rounding never leaves the range of the product.
    let unit = 10_f64.powf((cells * factor).log10().floor() - 2.0);
    ((cells * factor / unit).floor() * unit).round()
}
