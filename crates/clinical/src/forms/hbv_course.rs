//! HBV: hepatitis B before and after the infusion.

use crate::codes::events::EpisodeNumber;
use crate::codes::{InfusionNumber, PatientId, YesNoUnknown};
use crate::field::value_sets;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::forms::chronology::in_order;
use crate::rule::rules;
use chrono::NaiveDate;

value_sets! {
    /// Hepatitis B group by the last serology before lymphodepletion; where the core antigen is printed, HBcAb is meant (H06).
    HbvGroup "hbv_group" {
        SurfaceAntigen "SAG_POS" "HBsAg positive" "HBsAg阳性"; CoreDnaPositive "SAG_NEG_CAB_POS_DNA_POS" "HBsAg negative, HBcAb positive, DNA detectable" "HBsAg阴性、HBcAb阳性、DNA阳性";
        CoreDnaNegative "SAG_NEG_CAB_POS_DNA_NEG" "HBsAg negative, HBcAb positive, DNA undetectable" "HBsAg阴性、HBcAb阳性、DNA阴性"; Negative "ALL_NEG" "All markers negative" "全部阴性";
        SurfaceAntibody "HBSAB_ONLY" "HBsAb alone" "仅HBsAb阳性"; Unknown "UNK" "Unknown" "未知";
    }
    /// Nucleos(t)ide analogue.
    Nucleoside "nucleoside_analogue" {
        Entecavir "ENTECAVIR" "Entecavir" "恩替卡韦"; TenofovirDisoproxil "TDF" "Tenofovir disoproxil" "富马酸替诺福韦二吡呋酯"; TenofovirAlafenamide "TAF" "Tenofovir alafenamide" "丙酚替诺福韦";
        Other "OTHER" "Other" "其他"; None "NONE" "None" "未使用";
    }
    /// Definition of reactivation (D9).
    ReactivationDefinition "reactivation_definition" { Aasld2018 "AASLD2018" "AASLD 2018" "AASLD 2018标准"; Chb2019 "CHB2019" "Chinese guideline 2019" "中国慢性乙肝指南2019"; }
}

form! {
    /// Hepatitis B of a patient: the risk group, a course of antiviral prophylaxis and reactivation.
    HbvCourse {
        name: "hbv_course", path: "hbv-courses", version: 1, label: ("Hepatitis B course", "乙肝病程"),
        source: "catalogue G5 HBV, D9", key: &["patient_id", "infusion_number", "course_number"], parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Number of the antiviral course, 1 when there is only one or none.
    course_number: EpisodeNumber, mandatory, ("Course number", "疗程序号");
    /// Group by the last serology before lymphodepletion, as reported.
    hbv_group: HbvGroup, required, ("Hepatitis B group", "乙肝分组");
    /// Nucleos(t)ide analogue.
    na_drug: Nucleoside, required, ("Antiviral", "核苷（酸）类似物");
    /// First day of the antiviral.
    na_start_date: NaiveDate, conditional, ("Antiviral since", "抗病毒开始日期"), when na_drug in ["ENTECAVIR", "TDF", "TAF", "OTHER"];
    /// Last day of the antiviral; left out while it is taken.
    na_end_date: NaiveDate, optional, ("Antiviral until", "抗病毒结束日期");
    /// Follow-up cannot be relied upon, a reason for an antiviral where monitoring would do.
    poor_compliance: YesNoUnknown, optional, ("Poor compliance", "依从性差");
    /// Reactivation as reported.
    reactivation: YesNoUnknown, required, ("Reactivation", "乙肝再激活");
    /// Day of reactivation.
    reactivation_date: NaiveDate, conditional, ("Reactivation on", "再激活日期"), when reactivation in ["Y"];
    /// Definition applied.
    reactivation_definition: ReactivationDefinition, conditional, ("Definition", "再激活定义"), when reactivation in ["Y"];
}

rules! {
    /// The antiviral does not end before it starts.
    END_BEFORE_START = hard("hbv_course.end_before_start", "the antiviral ends before it starts", "抗病毒结束早于开始");
    /// Dates of a drug that was not given.
    DATES_WITHOUT_DRUG = hard("hbv_course.dates_without_drug", "dates of an antiviral are given, but none was", "未使用抗病毒药物却填写了日期");
    /// G6 R25: expected with HBsAg, or with HBcAb and detectable DNA.
    ANTIVIRAL_EXPECTED = soft("hbv_course.antiviral_expected", "an antiviral is expected with HBsAg, or with HBcAb and detectable DNA", "HBsAg阳性，或HBcAb阳性且DNA阳性者应使用抗病毒药物");
    /// Details of a reactivation that was not.
    DETAILS_WITHOUT_REACTIVATION = hard("hbv_course.details_without_reactivation", "a date or definition is given, but no reactivation", "无再激活却填写了日期或定义");
}

impl Checks for HbvCourse {
    fn check(&self, _: Context, findings: &mut Findings) {
        let start = (self.na_start_date, None);
        in_order(&END_BEFORE_START, "na_end_date", start, (self.na_end_date, None), findings);
        if self.na_drug == Some(Nucleoside::None) {
            for (field, date) in [("na_start_date", self.na_start_date), ("na_end_date", self.na_end_date)] {
                if let Some(date) = date {
                    let expected = Some("no date, or the drug".to_owned());
                    findings.at(&DATES_WITHOUT_DRUG, field, Some(date.to_string()), expected);
                }
            }
            if matches!(self.hbv_group, Some(HbvGroup::SurfaceAntigen | HbvGroup::CoreDnaPositive)) {
                findings.at(&ANTIVIRAL_EXPECTED, "na_drug", Some("NONE".to_owned()), None);
            }
        }
        if self.reactivation == Some(YesNoUnknown::No) {
            let details = [
                ("reactivation_date", self.reactivation_date.map(|d| d.to_string())),
                ("reactivation_definition", self.reactivation_definition.map(|d| d.code().to_owned())),
            ];
            for (field, value) in details.into_iter().filter(|(_, value)| value.is_some()) {
                let expected = Some("no value, or reactivation Y".to_owned());
                findings.at(&DETAILS_WITHOUT_REACTIVATION, field, value, expected);
            }
        }
    }
}
