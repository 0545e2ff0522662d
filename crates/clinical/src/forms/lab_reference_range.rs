//! CTR, child table `lab_ref_ranges`: a center's laboratory reference range.

use crate::codes::treatment::{AgeYears, AnalyteCode, LaboratoryUnit, ReferenceLimit, ReferenceSex};
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

form! {
    /// A reference range of a center's laboratory for one analyte, unit, sex and age band, from one day on.
    LabReferenceRange {
        name: "lab_reference_range", path: "lab-reference-ranges", version: 1, label: ("Laboratory reference range", "实验室参考范围"),
        source: "catalogue G1 CTR lab_ref_ranges", key: &["analyte", "unit", "sex", "age_from", "valid_from"],
        parent: Registry, rules: RULES,
    }
    /// Code of the analyte, as in the laboratory results.
    analyte: AnalyteCode, mandatory, ("Analyte", "检验项目");
    /// Unit of the limits, as the laboratory reports it.
    unit: LaboratoryUnit, mandatory, ("Unit", "单位");
    /// Sex the range is for.
    sex: ReferenceSex, mandatory, ("Sex", "性别");
    /// First completed year of age the range is for; 0 when it has no lower bound.
    age_from: AgeYears, mandatory, ("Age from", "年龄下限");
    /// First day the range is in force.
    valid_from: NaiveDate, mandatory, ("Valid from", "生效日期");
    /// Last completed year of age the range is for; empty when it has no upper bound.
    age_to: AgeYears, optional, ("Age to", "年龄上限");
    /// Last day the range is in force; empty while it is.
    valid_to: NaiveDate, optional, ("Valid to", "失效日期");
    /// Lower limit of normal; empty when only an upper limit is stated.
    low: ReferenceLimit, optional, ("Lower limit", "下限");
    /// Upper limit of normal; empty when only a lower limit is stated.
    high: ReferenceLimit, optional, ("Upper limit", "上限");
}

rules! {
    /// G1: low < high.
    LIMITS = hard("lab_reference_range.limits", "the lower limit is not below the upper limit", "下限未低于上限");
    /// A range without limits says nothing.
    NO_LIMIT = hard("lab_reference_range.no_limit", "neither a lower nor an upper limit is given", "上限和下限均未填写");
    /// An age band is not empty.
    AGE_BAND = hard("lab_reference_range.age_band", "the age band ends before it begins", "年龄上限低于年龄下限");
    /// A validity is not empty.
    VALIDITY = hard("lab_reference_range.validity", "the range ends before it is in force", "失效日期早于生效日期");
}

impl Checks for LabReferenceRange {
    fn check(&self, _: Context, findings: &mut Findings) {
        match (self.low, self.high) {
            (None, None) => {
                findings.at(&NO_LIMIT, "high", None, Some("at least one of low and high".to_owned()));
            }
            (Some(low), Some(high)) if low >= high => {
                let expected = format!("more than {}", low.get());
                findings.at(&LIMITS, "high", Some(high.get().to_string()), Some(expected));
            }
            _ => {}
        }
        if let Some(to) = self.age_to.filter(|to| *to < self.age_from) {
            let expected = format!("{} or more", self.age_from.get());
            findings.at(&AGE_BAND, "age_to", Some(to.get().to_string()), Some(expected));
        }
        if let Some(to) = self.valid_to.filter(|to| *to < self.valid_from) {
            let expected = format!("{} or later", self.valid_from);
            findings.at(&VALIDITY, "valid_to", Some(to.to_string()), Some(expected));
        }
    }
}
