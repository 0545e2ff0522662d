//! LAB: one laboratory result or vital sign.

use crate::codes::PatientId;
use crate::codes::events::{CanonicalValue, LabValue, SequenceNumber, Term};
use crate::field::value_sets;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::lab::{Analyte, Judgement, Specimen, Unit, hint, judge};
use crate::rule::rules;
use chrono::{NaiveDate, NaiveTime};

value_sets! {
    /// How the true value compares with the one reported.
    Comparator "lab_comparator" { Equal "=" "Equal to" "等于"; Below "<" "Below" "低于"; Above ">" "Above" "高于"; }
    /// Result of a qualitative test.
    ResultCode "lab_result" {
        Negative "NEG" "Negative" "阴性"; Positive "POS" "Positive" "阳性"; WeakPositive "WEAK_POS" "Weakly positive" "弱阳性";
        Indeterminate "IND" "Indeterminate" "不确定";
    }
    /// The laboratory's own mark of a result.
    Flag "lab_flag" { CriticalLow "LL" "Critically low" "危急值低"; Low "L" "Low" "低"; Normal "N" "Normal" "正常"; High "H" "High" "高"; CriticalHigh "HH" "Critically high" "危急值高"; }
}

form! {
    /// One laboratory result or vital sign, as reported: the value in its own unit, and the same value in the canonical unit beside it.
    LaboratoryResult {
        name: "laboratory", path: "laboratory-results", version: 1, label: ("Laboratory result", "检验结果"),
        source: "catalogue G5 LAB", key: &["patient_id", "analyte", "specimen", "collected_date", "sequence_number"],
        parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// What was measured.
    analyte: Analyte, mandatory, ("Analyte", "检验项目");
    /// What it was measured on; vital signs are measured on the patient.
    specimen: Specimen, mandatory, ("Specimen", "标本");
    /// Day of collection at the center.
    collected_date: NaiveDate, mandatory, ("Date of collection", "采集日期");
    /// Number of the result among those of the same analyte, specimen and day.
    sequence_number: SequenceNumber, mandatory, ("Sequence number", "序号");
    /// Time of collection.
    collected_time: NaiveTime, optional, ("Time of collection", "采集时间");
    /// The number reported, in `unit`.
    value: LabValue, optional, ("Value", "数值");
    /// Unit of `value`, of the reference limits and of the limit of quantification. There is no default unit.
    unit: Unit, optional, ("Unit", "单位");
    /// Whether the true value equals, is below or is above `value`; equal when left out.
    comparator: Comparator, optional, ("Comparator", "比较符");
    /// Result of a qualitative analyte such as HBsAg.
    result_code: ResultCode, optional, ("Qualitative result", "定性结果");
    /// Lower reference limit of the laboratory.
    ref_low: LabValue, optional, ("Lower reference limit", "参考下限");
    /// Upper reference limit of the laboratory.
    ref_high: LabValue, optional, ("Upper reference limit", "参考上限");
    /// Lower limit of quantification.
    lloq: LabValue, optional, ("Limit of quantification", "定量下限");
    /// Method or analyzer.
    method: Term, optional, ("Method", "检测方法");
    /// The laboratory's own mark.
    flag: Flag, optional, ("Flag", "异常标记");
    /// `value` in the canonical unit of the analyte; with a comparator, the bound.
    canonical_value: CanonicalValue, computed, ("Value in the canonical unit", "标准单位数值");
}

rules! {
    /// G0: missing units are an error, not a default.
    UNIT_REQUIRED = hard("laboratory.unit_required", "a value is given without its unit", "给出数值但未给出单位");
    /// G5: the unit is not in the analyte's list.
    UNIT_OF_ANALYTE = hard("laboratory.unit_of_analyte", "the analyte is not measured in this unit", "该检验项目不使用此单位");
    /// A result is a number or a code.
    RESULT_REQUIRED = hard("laboratory.result_required", "neither a value nor a qualitative result is given; if there is none, give a missing code", "未给出数值或定性结果；若无结果请填写缺失代码");
    /// A number for an analyte whose results are codes.
    VALUE_OF_QUALITATIVE = hard("laboratory.value_of_qualitative", "the result of this analyte is a code, not a number", "该检验项目为定性结果，不应填写数值");
    /// A code for an analyte whose results are numbers.
    CODE_OF_QUANTITATIVE = hard("laboratory.code_of_quantitative", "the result of this analyte is a number with a unit, not a code", "该检验项目为定量结果，不应填写定性结果");
    /// G5: hard range, in the canonical unit.
    RANGE = hard("laboratory.range", "the value is outside the possible range of the analyte", "数值超出该检验项目的可能范围");
    /// G5: soft range; G6 R29: probably another unit.
    PLAUSIBLE_RANGE = soft("laboratory.plausible_range", "the value is unusual for the analyte; confirm it or correct it or its unit", "数值对该检验项目不常见，请确认或更正数值或单位");
    /// A bound of nothing.
    COMPARATOR_WITHOUT_VALUE = hard("laboratory.comparator_without_value", "a comparator is given without a value", "给出比较符但未给出数值");
    /// G1: low < high.
    REFERENCE_LIMITS = hard("laboratory.reference_limits", "the lower reference limit is not below the upper", "参考下限不低于参考上限");
    /// E2: below the limit a number is not a measurement.
    BELOW_LIMIT = soft("laboratory.below_limit", "the value lies below the limit of quantification; report it as below that limit", "数值低于定量下限，请以“低于定量下限”报告");
    /// The mark contradicts the limits.
    FLAG_OF_REFERENCE = soft("laboratory.flag_of_reference", "the flag contradicts the reference limits", "异常标记与参考范围不一致");
    /// The analyte is not measured on this specimen.
    SPECIMEN_OF_ANALYTE = hard("laboratory.specimen_of_analyte", "the analyte is not measured on this specimen", "该检验项目不使用此标本");
}

impl Checks for LaboratoryResult {
    fn compute(&mut self) {
        self.canonical_value = self
            .value
            .zip(self.unit)
            .and_then(|(value, unit)| self.analyte.to_canonical(value.get(), unit).ok())
            .and_then(CanonicalValue::new);
    }

    fn check(&self, _: Context, findings: &mut Findings) {
        self.check_specimen(findings);
        self.check_form_of_result(findings);
        self.check_range(findings);
        self.check_reference(findings);
    }
}

impl LaboratoryResult {
    fn check_specimen(&self, findings: &mut Findings) {
        let accepted = self.analyte.info().specimens.specimens();
        if !accepted.contains(&self.specimen) {
            let list: Vec<&str> = accepted.iter().map(|s| s.code()).collect();
            let expected = format!("for {}: {}", self.analyte.code(), list.join(", "));
            findings.at(
                &SPECIMEN_OF_ANALYTE,
                "specimen",
                Some(self.specimen.code().to_owned()),
                Some(expected),
            );
        }
    }

    fn check_form_of_result(&self, findings: &mut Findings) {
        let scale = &self.analyte.info().scale;
        let quantitative = !scale.units.is_empty();
        let value = self.value.map(|v| v.get().to_string());
        let of_analyte = || Some(format!("for {}: {}", self.analyte.code(), self.analyte.accepted_units()));
        match (self.value, self.result_code) {
            (None, None) if !["value", "result_code"].iter().any(|f| self.missing.get(f).is_some()) => {
                let (field, expected) = if quantitative {
                    ("value", "a number and its unit, or a missing code NK, NA, ND, PEND".to_owned())
                } else {
                    let codes: Vec<&str> = ResultCode::ALL.iter().map(|c| c.code()).collect();
                    (
                        "result_code",
                        format!("one of {}, or a missing code NK, NA, ND, PEND", codes.join(", ")),
                    )
                };
                findings.at(&RESULT_REQUIRED, field, None, Some(expected));
            }
            (Some(_), _) if !quantitative => {
                findings.at(
                    &VALUE_OF_QUALITATIVE,
                    "value",
                    value,
                    Some("no value, but a result_code".to_owned()),
                );
            }
            (Some(_), _) if self.unit.is_none() => findings.at(&UNIT_REQUIRED, "unit", None, of_analyte()),
            _ => {}
        }
        if let Some(code) = self.result_code.filter(|_| !scale.coded) {
            findings.at(&CODE_OF_QUANTITATIVE, "result_code", Some(code.code().to_owned()), of_analyte());
        }
        if let Some(unit) = self.unit.filter(|u| self.analyte.conversion(*u).is_none()) {
            findings.at(&UNIT_OF_ANALYTE, "unit", Some(unit.code().to_owned()), of_analyte());
        }
        if let Some(comparator) = self.comparator.filter(|_| self.value.is_none()) {
            let expected = Some("a value, or no comparator".to_owned());
            findings.at(
                &COMPARATOR_WITHOUT_VALUE,
                "comparator",
                Some(comparator.code().to_owned()),
                expected,
            );
        }
    }

    fn check_range(&self, findings: &mut Findings) {
        let (Some(value), Some(unit)) = (self.value.map(LabValue::get), self.unit) else { return };
        let scale = &self.analyte.info().scale;
        let (rule, word, (low, high), meant) = match judge(self.analyte, value, unit) {
            Some(Judgement::Impossible(meant)) => (&RANGE, "from", scale.hard, meant),
            Some(Judgement::Unusual(meant)) => (&PLAUSIBLE_RANGE, "usually", scale.plausible(), meant),
            Some(Judgement::Plausible) | None => return,
        };
        let canonical = self.analyte.canonical_unit().map_or("", Unit::code);
        let mut expected = format!("{word} {low} to {high} {canonical}");
        if let Some(meant) = meant {
            expected = format!("{expected}; {}", hint(self.analyte, value, meant));
        }
        findings.at(rule, "value", Some(format!("{value} {}", unit.code())), Some(expected));
    }

    fn check_reference(&self, findings: &mut Findings) {
        let [value, low, high, lloq] =
            [self.value, self.ref_low, self.ref_high, self.lloq].map(|v| v.map(LabValue::get));
        if let (Some(low), Some(high)) = (low, high)
            && low >= high
        {
            findings.at(&REFERENCE_LIMITS, "ref_low", Some(low.to_string()), Some(format!("below {high}")));
        }
        let Some(value) = value else { return };
        let exact = self.comparator.is_none_or(|c| c == Comparator::Equal);
        if let Some(limit) = lloq.filter(|limit| exact && value < *limit) {
            let expected = Some(format!("value {limit} with comparator <"));
            findings.at(&BELOW_LIMIT, "value", Some(value.to_string()), expected);
        }
        let contradicts = exact
            && match self.flag {
                Some(Flag::High | Flag::CriticalHigh) => high.is_some_and(|high| value <= high),
                Some(Flag::Low | Flag::CriticalLow) => low.is_some_and(|low| value >= low),
                Some(Flag::Normal) => high.is_some_and(|h| value > h) || low.is_some_and(|l| value < l),
                None => false,
            };
        if let Some(flag) = self.flag.filter(|_| contradicts) {
            findings.at(&FLAG_OF_REFERENCE, "flag", Some(flag.code().to_owned()), None);
        }
    }
}
