//! Laboratory results beside each other and beside the diagnoses that rest on them (G6 R13, R28, R29, R31, R45).

use super::{Entry, History, Review};
use crate::codes::Disease;
use crate::codes::assessment::MProteinType;
use crate::codes::events::{CanonicalValue, SequenceNumber};
use crate::codes::toxicity::IecHsItem;
use crate::criteria::compare::{above, at_least, at_most, below};
use crate::form::Context;
use crate::forms::disease::DiseaseBaseline;
use crate::forms::iec_hs::IecHs;
use crate::forms::laboratory::{Comparator, LaboratoryResult};
use crate::forms::myeloma_baseline::MyelomaBaseline;
use crate::lab::{Analyte, Specimen, SpecimenGroup, Unit};
use crate::missing::MissingCode;
use crate::rule::rules;
use chrono::NaiveDate;
use std::collections::BTreeMap;

rules! {
    /// R28 (D6).
    B_CELL_COUNT = soft("laboratory.b_cell_count", "the B-cell count differs by more than 20 % from leukocytes, lymphocytes and CD19 of the day", "B细胞计数与当日白细胞、淋巴细胞百分比及CD19百分比计算值相差超过20%");
    /// R29.
    IGG_WITHOUT_MYELOMA = soft("laboratory.igg_without_igg_myeloma", "an IgG above 30 g/L is unusual without IgG myeloma; was mg/dL meant?", "非IgG型骨髓瘤患者IgG超过30 g/L不常见，单位是否应为mg/dL？");
    /// R31.
    NEUTROPHILS = soft("laboratory.neutrophils_above_leukocytes", "there are more neutrophils than leukocytes in the sample", "同一标本中性粒细胞多于白细胞");
    /// R31.
    LYMPHOCYTES = soft("laboratory.lymphocytes_above_leukocytes", "there are more lymphocytes than leukocytes in the sample", "同一标本淋巴细胞多于白细胞");
    /// R31.
    DIFFERENTIAL = soft("laboratory.differential_above_leukocytes", "neutrophils and lymphocytes together exceed the leukocytes of the sample by more than 10 %", "同一标本中性粒细胞与淋巴细胞之和超过白细胞10%以上");
    /// R13 (D3.1): ferritin is the required criterion.
    FERRITIN_EXPECTED = soft("laboratory.ferritin_expected", "IEC-HS is diagnosed without a ferritin within 3 days", "诊断IEC-HS前后3天内未登记铁蛋白");
    /// R45 (D3.1).
    TRANSAMINASES = soft("laboratory.transaminases_of_iec_hs", "the transaminase item of IEC-HS is present, but ALT and AST within 3 days are at most 5 times the reference", "IEC-HS勾选了转氨酶项目，但前后3天内ALT和AST均未超过参考值5倍");
}

/// Share of the computed B-cell count by which the reported one may differ (R28).
const B_CELL_TOLERANCE: f64 = 0.20;
/// B cells per µL by which counts differ through rounding alone; after CAR-T cells most are near zero. Proposed.
const WHOLE_CELL: f64 = 1.0;
/// Immunoglobulin G above which only a myeloma of that isotype is expected, g/L (R29).
const IGG_G_L: f64 = 30.0;
/// Neutrophils and lymphocytes as a multiple of the leukocytes that rounding explains (R31).
const DIFFERENTIAL_SLACK: f64 = 1.10;
/// Days before and after the diagnosis of IEC-HS that count (R13).
const IEC_HS_DAYS: i64 = 3;
/// Multiple of the upper reference limit that transaminases exceed in IEC-HS (D3.1).
const TRANSAMINASE_TIMES: f64 = 5.0;

type Results = [(Entry, LaboratoryResult)];

/// Applies the rules.
pub(super) fn review(history: &History, _: Context, review: &mut Review) {
    let results = history.of::<LaboratoryResult>();
    b_cells(&results, review);
    igg(history, &results, review);
    differentials(&results, review);
    iec_hs(history, &results, review);
}

/// The canonical value is above the limit, whatever the true value behind a comparator is.
pub(super) fn surely_above(result: &LaboratoryResult, limit: f64) -> bool {
    result.canonical_value.is_some_and(|value| match result.comparator.unwrap_or(Comparator::Equal) {
        Comparator::Equal => above(value.get(), limit),
        Comparator::Above => at_least(value.get(), limit),
        Comparator::Below => false,
    })
}

/// As [`surely_above`], the limit included.
pub(super) fn surely_at_least(result: &LaboratoryResult, limit: f64) -> bool {
    result.comparator != Some(Comparator::Below)
        && result.canonical_value.is_some_and(|value| at_least(value.get(), limit))
}

/// The canonical value is at most the limit, whatever the true value behind a comparator is.
pub(super) fn surely_at_most(result: &LaboratoryResult, limit: f64) -> bool {
    result.comparator != Some(Comparator::Above)
        && result.canonical_value.is_some_and(|value| at_most(value.get(), limit))
}

/// The canonical value when it is a measurement and no bound.
fn exact(result: &LaboratoryResult) -> Option<f64> {
    let equal = result.comparator.is_none_or(|c| c == Comparator::Equal);
    result.canonical_value.filter(|_| equal).map(CanonicalValue::get)
}

/// Least and most that the canonical value may be.
fn bounds(result: &LaboratoryResult) -> Option<(f64, f64)> {
    let value = result.canonical_value?.get();
    Some(match result.comparator.unwrap_or(Comparator::Equal) {
        Comparator::Equal => (value, value),
        Comparator::Above => (value, f64::INFINITY),
        Comparator::Below => (0.0, value),
    })
}

/// The value as reported, with its comparator and unit.
fn reported(result: &LaboratoryResult) -> Option<String> {
    let comparator = result.comparator.filter(|c| *c != Comparator::Equal).map_or("", Comparator::code);
    result.value.map(|v| {
        format!("{comparator}{} {}", v.get(), result.unit.map_or("", Unit::code)).trim_end().to_owned()
    })
}

fn of_blood(result: &LaboratoryResult) -> bool {
    SpecimenGroup::Blood.specimens().contains(&result.specimen)
}

/// Least and most of the values of an analyte on one day; `None` when there is none or one of them is only a bound.
fn of_day(day: &[&(Entry, LaboratoryResult)], analyte: Analyte) -> Option<(f64, f64)> {
    let values = day.iter().filter(|(_, r)| r.analyte == analyte).map(|(_, r)| exact(r));
    let values = values.collect::<Option<Vec<f64>>>()?;
    Some((values.iter().copied().reduce(f64::min)?, values.iter().copied().reduce(f64::max)?))
}

/// With several results on the day, the count has to differ from what any of them give.
fn b_cells(results: &Results, review: &mut Review) {
    let mut days: BTreeMap<NaiveDate, Vec<&(Entry, LaboratoryResult)>> = BTreeMap::new();
    for result in results.iter().filter(|(_, r)| of_blood(r)) {
        days.entry(result.1.collected_date).or_default().push(result);
    }
    for (date, day) in days {
        let (Some(leukocytes), Some(lymphocytes), Some(cd19)) = (
            of_day(&day, Analyte::Wbc),
            of_day(&day, Analyte::LymphocytePercent),
            of_day(&day, Analyte::Cd19Percent),
        ) else {
            continue;
        };
        // 10^9/L are thousands per µL; each percentage is a hundredth: 1000 / 100 / 100.
        let least = leukocytes.0 * lymphocytes.0 * cd19.0 / 10.0;
        let most = leukocytes.1 * lymphocytes.1 * cd19.1 / 10.0;
        for (entry, result) in day.iter().filter(|(_, r)| r.analyte == Analyte::Cd19) {
            let Some(count) = exact(result) else { continue };
            let high = above(count, most * (1.0 + B_CELL_TOLERANCE)) && count - most > WHOLE_CELL;
            let low = below(count, least * (1.0 - B_CELL_TOLERANCE)) && least - count > WHOLE_CELL;
            if high || low {
                let computed = if high { most } else { least };
                let expected = format!(
                    "{computed:.1} /uL within 20 % (leukocytes x lymphocyte share x CD19 share of {date})"
                );
                review.at(&B_CELL_COUNT, *entry, "value", reported(result), expected);
            }
        }
    }
}

/// What speaks against a myeloma of isotype G; `None` when the patient has one, or it is not known.
fn not_igg_myeloma(history: &History) -> Option<String> {
    let (_, disease) = history.one::<DiseaseBaseline>()?;
    if disease.disease != Disease::Mm {
        return Some(format!("disease {}", disease.disease.code()));
    }
    let (_, baseline) = history.one::<MyelomaBaseline>()?;
    let other = baseline.m_type.filter(|m| *m != MProteinType::IgG)?;
    Some(format!("M-protein type {}", other.code()))
}

fn igg(history: &History, results: &Results, review: &mut Review) {
    let Some(why) = not_igg_myeloma(history) else { return };
    for (entry, result) in results.iter().filter(|(_, r)| r.analyte == Analyte::IgG) {
        if surely_above(result, IGG_G_L) {
            let expected = format!("at most {IGG_G_L} g/L ({why}), or the value in mg/dL");
            review.at(&IGG_WITHOUT_MYELOMA, *entry, "value", reported(result), expected);
        }
    }
}

/// The counts of one sample.
#[derive(Default)]
struct Sample<'a> {
    leukocytes: Option<(Entry, &'a LaboratoryResult)>,
    neutrophils: Option<(Entry, &'a LaboratoryResult)>,
    lymphocytes: Option<(Entry, &'a LaboratoryResult)>,
}

/// Results of one day and number are one sample unless their times differ.
fn differentials(results: &Results, review: &mut Review) {
    let mut samples: BTreeMap<(NaiveDate, Specimen, SequenceNumber), Sample<'_>> = BTreeMap::new();
    for (entry, result) in results.iter().filter(|(_, r)| of_blood(r)) {
        let key = (result.collected_date, result.specimen, result.sequence_number);
        let sample = samples.entry(key).or_default();
        match result.analyte {
            Analyte::Wbc => sample.leukocytes = Some((*entry, result)),
            Analyte::Anc => sample.neutrophils = Some((*entry, result)),
            Analyte::Alc => sample.lymphocytes = Some((*entry, result)),
            _ => {}
        }
    }
    for sample in samples.values() {
        differential(sample, review);
    }
}

fn differential(sample: &Sample<'_>, review: &mut Review) {
    let Some((leukocyte_entry, leukocytes)) = sample.leukocytes else { return };
    let Some((_, most)) = bounds(leukocytes) else { return };
    let same_time =
        |r: &LaboratoryResult| r.collected_time.zip(leukocytes.collected_time).is_none_or(|(a, b)| a == b);
    let total = reported(leukocytes).unwrap_or_default();
    let mut sum = Some(0.0);
    for (rule, part) in [(&NEUTROPHILS, sample.neutrophils), (&LYMPHOCYTES, sample.lymphocytes)] {
        let part = part.filter(|(_, r)| same_time(r));
        let least = part.and_then(|(entry, r)| bounds(r).map(|(least, _)| (entry, r, least)));
        sum = match least {
            Some((entry, result, least)) if above(least, most) => {
                let expected = format!("at most the leukocytes of the sample, {total}");
                review.at(rule, entry, "value", reported(result), expected);
                // The sum would ask about the same count again.
                None
            }
            Some((_, _, least)) => sum.map(|sum| sum + least),
            None => None,
        };
    }
    if let Some(sum) = sum.filter(|sum| above(*sum, most * DIFFERENTIAL_SLACK)) {
        let expected =
            format!("at least neutrophils and lymphocytes of the sample, {sum:.3} 10^9/L, less 10 %");
        review.at(&DIFFERENTIAL, leukocyte_entry, "value", total, expected);
    }
}

fn iec_hs(history: &History, results: &Results, review: &mut Review) {
    for (entry, episode) in history.of::<IecHs>() {
        let day = episode.diagnosis_date;
        let near: Vec<&LaboratoryResult> = results
            .iter()
            .map(|(_, r)| r)
            .filter(|r| (r.collected_date - day).num_days().abs() <= IEC_HS_DAYS && r.value.is_some())
            .collect();
        let declared = episode.missing.get("ferritin_ug_l");
        let measured = episode.ferritin_ug_l.is_some() || near.iter().any(|r| r.analyte == Analyte::Ferritin);
        // A pending result is expected anyway.
        if !measured && declared != Some(MissingCode::Pending) {
            let expected = format!("a ferritin within {IEC_HS_DAYS} days of {day}");
            let received = declared.map(|code| code.code().to_owned());
            review.at(&FERRITIN_EXPECTED, entry, "ferritin_ug_l", received, expected);
        }
        let item = episode.items.as_ref().is_some_and(|items| items.contains(IecHsItem::Transaminases));
        if let Some((times, of)) = highest_transaminase(&near).filter(|_| item) {
            let expected = format!(
                "ALT or AST above {TRANSAMINASE_TIMES} times the reference within {IEC_HS_DAYS} days of {day} (highest {times:.1} times, {} of {})",
                of.analyte.code(),
                of.collected_date
            );
            review.at(&TRANSAMINASES, entry, "items", IecHsItem::Transaminases.code().to_owned(), expected);
        }
    }
}

/// The highest of the transaminases as a multiple of its upper reference limit, when every one is surely at most 5 times that. A baseline that
/// was abnormal is above the limit, so that what is not 5 times the limit is not 5 times the baseline either.
fn highest_transaminase<'a>(near: &[&'a LaboratoryResult]) -> Option<(f64, &'a LaboratoryResult)> {
    let mut highest: Option<(f64, &LaboratoryResult)> = None;
    for result in near.iter().filter(|r| matches!(r.analyte, Analyte::Alt | Analyte::Ast)) {
        let (value, limit) = (result.value?.get(), result.ref_high?.get());
        let low = result.comparator != Some(Comparator::Above) && at_most(value, TRANSAMINASE_TIMES * limit);
        if limit <= 0.0 || !low {
            return None;
        }
        let times = value / limit;
        if highest.is_none_or(|(most, _)| times > most) {
            highest = Some((times, result));
        }
    }
    highest
}
