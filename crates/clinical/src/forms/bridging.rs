//! BRG: treatment between apheresis and lymphodepletion.

use crate::codes::assessment::Category;
use crate::codes::treatment::{BridgingModality, BridgingNumber, RadiationDose, RadiotherapySite};
use crate::codes::{InfusionNumber, PatientId, ShortText, YesNoUnknown};
use crate::field::CodeList;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

form! {
    /// A bridging treatment between apheresis and lymphodepletion, or the statement that none was given. Drugs are recorded as
    /// medication; each irradiated site is a record of its own.
    Bridging {
        name: "bridging", path: "bridgings", version: 1, label: ("Bridging", "桥接治疗"),
        source: "catalogue G3 BRG", key: &["patient_id", "infusion_number", "bridging_number"],
        parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion bridged to.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Number of the bridging treatment before that infusion, 1 for the first.
    bridging_number: BridgingNumber, mandatory, ("Bridging number", "桥接序号");
    /// Whether bridging was given.
    given: YesNoUnknown, required, ("Bridging given", "是否桥接");
    /// Modalities.
    modalities: CodeList<BridgingModality>, conditional, ("Modalities", "桥接方式"), when given in ["Y"];
    /// First day.
    start_date: NaiveDate, conditional, ("First day", "开始日期"), when given in ["Y"];
    /// Last day.
    end_date: NaiveDate, conditional, ("Last day", "结束日期"), when given in ["Y"];
    /// Site irradiated; expected with modality RT.
    rt_site: RadiotherapySite, optional, ("Radiotherapy site", "放疗部位");
    /// Radiation dose; expected with modality RT.
    rt_gy: RadiationDose, optional, ("Radiation dose", "放疗剂量");
    /// Last day of radiotherapy; expected with modality RT.
    rt_end_date: NaiveDate, optional, ("Last day of radiotherapy", "放疗结束日期");
    /// Response to bridging, in the categories of the disease.
    response: Category, optional, ("Response to bridging", "桥接疗效");
    /// Name of the regimen.
    regimen: ShortText, optional, ("Regimen", "方案");
}

rules! {
    /// G3: start <= end.
    END_BEFORE_START = hard("bridging.end_before_start", "bridging ends before it starts", "桥接结束早于开始");
    /// Details of a treatment that was not given.
    NOT_GIVEN = hard("bridging.not_given", "details are given although no bridging was given", "未桥接却填写了桥接内容");
    /// G3: site, dose and end are conditional on radiotherapy.
    RADIOTHERAPY_DETAILS = hard("bridging.radiotherapy_details", "radiotherapy needs its site, dose and last day; if there is none, give a missing code", "放疗需填写部位、剂量和结束日期；若无值请填写缺失代码");
    /// Details of a modality that is not named.
    NO_RADIOTHERAPY = hard("bridging.no_radiotherapy", "details of radiotherapy are given but RT is not among the modalities", "填写了放疗内容但桥接方式不含放疗");
    /// Radiotherapy is a part of the bridging.
    RADIOTHERAPY_OUTSIDE = hard("bridging.radiotherapy_outside", "radiotherapy ends outside the bridging period", "放疗结束日期不在桥接期间内");
}

impl Checks for Bridging {
    fn check(&self, _: Context, findings: &mut Findings) {
        if let (Some(start), Some(end)) = (self.start_date, self.end_date)
            && end < start
        {
            let expected = Some(format!("{start} or later"));
            findings.at(&END_BEFORE_START, "end_date", Some(end.to_string()), expected);
        }
        if self.given == Some(YesNoUnknown::No) {
            self.check_not_given(findings);
        } else {
            self.check_radiotherapy(findings);
        }
    }
}

impl Bridging {
    fn radiotherapy(&self) -> [(&'static str, Option<String>); 3] {
        [
            ("rt_site", self.rt_site.map(|s| s.code().to_owned())),
            ("rt_gy", self.rt_gy.map(|d| d.get().to_string())),
            ("rt_end_date", self.rt_end_date.map(|d| d.to_string())),
        ]
    }

    fn check_not_given(&self, findings: &mut Findings) {
        let modalities = self
            .modalities
            .as_ref()
            .map(|m| m.values().iter().map(|v| v.code()).collect::<Vec<_>>().join(";"));
        let other = [
            ("modalities", modalities),
            ("start_date", self.start_date.map(|d| d.to_string())),
            ("end_date", self.end_date.map(|d| d.to_string())),
            ("response", self.response.map(|r| r.code().to_owned())),
        ];
        for (field, value) in other.into_iter().chain(self.radiotherapy()) {
            if value.is_some() {
                findings.at(&NOT_GIVEN, field, value, Some("no value, or given Y".to_owned()));
            }
        }
    }

    fn check_radiotherapy(&self, findings: &mut Findings) {
        let Some(modalities) = &self.modalities else { return };
        let irradiated = modalities.contains(BridgingModality::Radiotherapy);
        for (field, value) in self.radiotherapy() {
            if irradiated && value.is_none() && self.missing.get(field).is_none() {
                let expected = Some("a value, or a missing code NK, NA, ND, PEND".to_owned());
                findings.at(&RADIOTHERAPY_DETAILS, field, None, expected);
            } else if !irradiated && value.is_some() {
                findings.at(&NO_RADIOTHERAPY, field, value, Some("no value, or modality RT".to_owned()));
            }
        }
        if let Some(last) = self.rt_end_date {
            let before = self.start_date.is_some_and(|start| last < start);
            let after = self.end_date.is_some_and(|end| last > end);
            if before || after {
                let expected = Some("within start_date and end_date".to_owned());
                findings.at(&RADIOTHERAPY_OUTSIDE, "rt_end_date", Some(last.to_string()), expected);
            }
        }
    }
}
