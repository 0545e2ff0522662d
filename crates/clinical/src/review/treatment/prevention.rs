//! Prevention of infection: hepatitis B, Pneumocystis and live vaccines (G6 R25 to R27, R35).

use super::first_infusion;
use crate::codes::YesNoUnknown;
use crate::codes::events::{CanonicalValue, LabValue};
use crate::codes::treatment::{Drug, DrugIndication};
use crate::criteria::compare::{above, at_least};
use crate::form::Context;
use crate::forms::hbv_course::{HbvCourse, HbvGroup, Nucleoside};
use crate::forms::infusion::Infusion;
use crate::forms::laboratory::{Comparator, LaboratoryResult, ResultCode};
use crate::forms::lymphodepletion::Lymphodepletion;
use crate::forms::medication::Medication;
use crate::forms::vaccination::{Vaccination, VaccinePlatform};
use crate::lab::Analyte;
use crate::review::chronology::death;
use crate::review::laboratory::{surely_above, surely_at_least, surely_at_most};
use crate::review::{Entry, History, Review};
use crate::rule::rules;
use chrono::{Days, NaiveDate};

rules! {
    /// R25 (4.7.7.2). What the hepatitis B form says of its own group and drug is judged there.
    ANTIVIRAL_EXPECTED = soft("treatment.hbv_antiviral_expected", "the serology calls for an antiviral against hepatitis B, but none is recorded", "血清学提示应使用抗乙肝病毒药物，但未登记");
    /// R26 (4.7.7).
    DNA_EXPECTED = soft("treatment.hbv_dna_expected", "the antibody to the hepatitis B core antigen is positive, but no HBV DNA is recorded before the infusion", "乙肝核心抗体阳性，但回输前未登记HBV DNA检测");
    /// R27 (4.7.2).
    PNEUMOCYSTIS_STOPPED = soft("treatment.pneumocystis_stopped", "prophylaxis with TMP-SMX was stopped while CD4+ T cells were at most 200/µL", "CD4+ T细胞≤200/µL时停用了复方磺胺甲噁唑预防");
    /// R35 (4.7.6).
    LIVE_VACCINE = soft("treatment.live_vaccine", "a live vaccine was given between 6 weeks before lymphodepletion and immune reconstitution", "清淋前6周至免疫重建期间接种了活疫苗");
}

/// CD4+ T cells per µL up to which prophylaxis against Pneumocystis goes on (4.7.2).
const CD4_LOW: f64 = 200.0;
/// B cells per µL from which they have recovered: the printed 61/mL is read per µL (4.6, H01).
const B_CELLS_RECOVERED: f64 = 61.0;
/// Days without a drug of Pneumocystis prophylaxis that are no stop: it is given on some days of the week. Proposed.
const PROPHYLAXIS_PAUSE: u64 = 7;
/// Days before lymphodepletion from which no live vaccine is given (4.7.6).
const LIVE_VACCINE_DAYS: u64 = 42;

type Results = [(Entry, LaboratoryResult)];

/// Applies the rules.
pub(in crate::review) fn review(history: &History, _: Context, review: &mut Review) {
    let infusions = history.of::<Infusion>();
    let Some((_, first)) = first_infusion(&infusions) else { return };
    let results = history.of::<LaboratoryResult>();
    let medications = history.of::<Medication>();
    hepatitis_b(history, first, &results, &medications, review);
    pneumocystis(history, first.infusion_date, &results, &medications, review);
    live_vaccines(history, &infusions, &results, review);
}

/// The results of the last day on which an analyte was measured, no later than `until`.
fn last(results: &Results, analyte: Analyte, until: NaiveDate) -> Vec<(Entry, &LaboratoryResult)> {
    let known = |r: &&(Entry, LaboratoryResult)| {
        r.1.analyte == analyte
            && r.1.collected_date <= until
            && (r.1.value.is_some() || r.1.result_code.is_some())
    };
    let day = results.iter().filter(known).map(|(_, r)| r.collected_date).max();
    let of_day = results.iter().filter(known).filter(|(_, r)| Some(r.collected_date) == day);
    of_day.map(|(entry, r)| (*entry, r)).collect()
}

/// The record when there is a result and every result of the day agrees.
fn agreed(results: &[(Entry, &LaboratoryResult)], test: fn(&LaboratoryResult) -> bool) -> Option<Entry> {
    results.iter().all(|(_, r)| test(r)).then(|| results.last().map(|(entry, _)| *entry)).flatten()
}

fn is_positive(result: &LaboratoryResult) -> Option<bool> {
    result.result_code.map(|code| matches!(code, ResultCode::Positive | ResultCode::WeakPositive))
}

/// Positive by the laboratory's word, or a number above its upper reference limit.
fn reactive(result: &LaboratoryResult) -> bool {
    is_positive(result).unwrap_or_else(|| {
        let (Some(value), Some(limit)) = (result.value, result.ref_high) else { return false };
        match result.comparator.unwrap_or(Comparator::Equal) {
            Comparator::Equal => above(value.get(), limit.get()),
            Comparator::Above => at_least(value.get(), limit.get()),
            Comparator::Below => false,
        }
    })
}

/// Positive by the laboratory's word, or a number that was quantified.
fn detectable(result: &LaboratoryResult) -> bool {
    is_positive(result).unwrap_or_else(|| {
        let Some(value) = result.value.map(LabValue::get) else { return false };
        let limit = result.lloq.map_or(0.0, LabValue::get);
        result.comparator != Some(Comparator::Below) && value > 0.0 && at_least(value, limit)
    })
}

fn hepatitis_b(
    history: &History,
    first: &Infusion,
    results: &Results,
    medications: &[(Entry, Medication)],
    review: &mut Review,
) {
    let day0 = first.infusion_date;
    let courses = history.of::<HbvCourse>();
    let surface = agreed(&last(results, Analyte::HbsAg, day0), reactive);
    let core = agreed(&last(results, Analyte::HbcAb, day0), reactive);
    let dna = agreed(&last(results, Analyte::HbvDna, day0), detectable);
    // A test that is declared missing is asked about already.
    let tested = results.iter().any(|(_, r)| r.analyte == Analyte::HbvDna && r.collected_date <= day0);
    let grouped = courses
        .iter()
        .any(|(_, c)| matches!(c.hbv_group, Some(HbvGroup::CoreDnaPositive | HbvGroup::CoreDnaNegative)));
    if let Some(entry) = core.filter(|_| !tested && !grouped) {
        let expected = format!("an HBV_DNA result until {day0} (infusion)");
        review.at(&DNA_EXPECTED, entry, "result_code", result_text(results, entry), expected);
    }
    let because =
        surface.map(|e| (e, "HBsAg positive")).or(core.and(dna).map(|e| (e, "HBcAb and HBV DNA positive")));
    let Some((shown, why)) = because else { return };
    if antiviral_given(&courses, medications, day0) {
        return;
    }
    let expected = format!("ENTECAVIR, TDF, TAF or another antiviral ({why} until {day0}, infusion)");
    let of_first = courses.iter().find(|(_, c)| c.infusion_number == first.infusion_number);
    match of_first {
        Some((entry, course)) => {
            let received = course.na_drug.map(|drug| drug.code().to_owned());
            review.at(&ANTIVIRAL_EXPECTED, *entry, "na_drug", received, expected);
        }
        None => {
            review.at(
                &ANTIVIRAL_EXPECTED,
                shown,
                result_field(results, shown),
                result_text(results, shown),
                expected,
            );
        }
    }
}

/// An antiviral that was not over before the infusion, or one of which the hepatitis B form itself is asked.
fn antiviral_given(
    courses: &[(Entry, HbvCourse)],
    medications: &[(Entry, Medication)],
    day0: NaiveDate,
) -> bool {
    let lasts = |end: Option<NaiveDate>| end.is_none_or(|end| end >= day0);
    let drug = medications.iter().any(|(_, m)| {
        // Antiretroviral regimens mostly hold a drug that acts against hepatitis B.
        let acts = matches!(
            m.drug,
            Some(Drug::Entecavir | Drug::Tdf | Drug::Taf | Drug::OtherNucleoside | Drug::HivAntiretroviral)
        );
        acts && lasts(m.end_date)
    });
    let course = courses.iter().any(|(_, c)| match c.na_drug {
        // Declared missing, or judged with its group on its own record: asked about already.
        None => true,
        Some(Nucleoside::None) => {
            matches!(c.hbv_group, Some(HbvGroup::SurfaceAntigen | HbvGroup::CoreDnaPositive))
        }
        Some(_) => lasts(c.na_end_date),
    });
    drug || course
}

fn result_of(results: &Results, entry: Entry) -> Option<&LaboratoryResult> {
    results.iter().find(|(e, _)| *e == entry).map(|(_, r)| r)
}

fn result_field(results: &Results, entry: Entry) -> &'static str {
    let coded = result_of(results, entry).is_some_and(|r| r.result_code.is_some());
    if coded { "result_code" } else { "value" }
}

fn result_text(results: &Results, entry: Entry) -> Option<String> {
    let result = result_of(results, entry)?;
    result.result_code.map(|c| c.code().to_owned()).or_else(|| result.value.map(|v| v.get().to_string()))
}

fn pneumocystis(
    history: &History,
    day0: NaiveDate,
    results: &Results,
    medications: &[(Entry, Medication)],
    review: &mut Review,
) {
    let died = death(history).map(|(_, day)| day);
    for (entry, medication) in medications {
        let prophylaxis = medication.drug == Some(Drug::TmpSmx)
            && medication.indication == Some(DrugIndication::Prophylaxis);
        let Some(end) = medication.end_date.filter(|end| prophylaxis && *end >= day0) else { continue };
        let resumed = end.checked_add_days(Days::new(PROPHYLAXIS_PAUSE)).unwrap_or(end);
        let goes_on = medications.iter().any(|(other, m)| {
            let protects =
                matches!(m.drug, Some(Drug::TmpSmx | Drug::Pentamidine | Drug::Atovaquone | Drug::Dapsone));
            let later = m.end_date.is_none_or(|e| e > end);
            other != entry && protects && later && m.start_date.is_none_or(|start| start <= resumed)
        });
        if goes_on || died.is_some_and(|died| died <= resumed) {
            continue;
        }
        let counts = last(results, Analyte::Cd4, end);
        if let Some(low) = agreed(&counts, |r| surely_at_most(r, CD4_LOW)) {
            let count = result_of(results, low);
            let day = count.map(|r| r.collected_date.to_string()).unwrap_or_default();
            let cells = count.and_then(|r| r.canonical_value).map(CanonicalValue::get).unwrap_or_default();
            let expected = format!("not before CD4 is above {CD4_LOW}/uL ({cells}/uL on {day})");
            review.at(&PNEUMOCYSTIS_STOPPED, *entry, "end_date", end.to_string(), expected);
        }
    }
}

fn is_live(vaccination: &Vaccination) -> bool {
    let by_platform = vaccination.platform.and_then(VaccinePlatform::is_live);
    by_platform.unwrap_or(vaccination.live == Some(YesNoUnknown::Yes))
}

/// The first day of lymphodepletion, or day 0 where none is recorded, less the six weeks.
fn live_vaccines_until(
    courses: &[(Entry, Lymphodepletion)],
    infusion: &Infusion,
) -> (NaiveDate, &'static str) {
    let of_infusion = courses.iter().filter(|(_, c)| c.infusion_number == infusion.infusion_number);
    let start = of_infusion.filter_map(|(_, c)| c.start_date).min();
    match start.filter(|start| *start <= infusion.infusion_date) {
        Some(start) => (start, "lymphodepletion"),
        None => (infusion.infusion_date, "infusion"),
    }
}

/// CD4+ T cells above 200/µL and B cells recovered, both measured between the infusion and the day. The guideline leaves immune
/// reconstitution undefined; this is the proposal of catalogue VAX-01. It ends a risk, so it has to be shown.
fn reconstituted(results: &Results, day0: NaiveDate, day: NaiveDate) -> bool {
    let shown = |analyte, test: fn(&LaboratoryResult) -> bool| {
        let mut counts = last(results, analyte, day);
        counts.retain(|(_, r)| r.collected_date > day0);
        agreed(&counts, test).is_some()
    };
    shown(Analyte::Cd4, |r| surely_above(r, CD4_LOW))
        && shown(Analyte::Cd19, |r| surely_at_least(r, B_CELLS_RECOVERED))
}

fn live_vaccines(history: &History, infusions: &[(Entry, Infusion)], results: &Results, review: &mut Review) {
    let courses = history.of::<Lymphodepletion>();
    for (entry, vaccination) in history.of::<Vaccination>() {
        let day = vaccination.vaccination_date;
        if !is_live(&vaccination) {
            continue;
        }
        let at_risk = infusions.iter().rev().find_map(|(_, infusion)| {
            let (start, what) = live_vaccines_until(&courses, infusion);
            let from = start.checked_sub_days(Days::new(LIVE_VACCINE_DAYS)).unwrap_or(start);
            let within = day >= from && !reconstituted(results, infusion.infusion_date, day);
            within.then_some((from, start, what))
        });
        if let Some((from, start, what)) = at_risk {
            let expected = format!(
                "before {from} ({LIVE_VACCINE_DAYS} days before {what} on {start}), or after CD4 above {CD4_LOW}/uL and B cells of {B_CELLS_RECOVERED}/uL or more"
            );
            review.at(&LIVE_VACCINE, entry, "vaccination_date", day.to_string(), expected);
        }
    }
}
