//! SUR: what is known of the patient's survival at a contact.

use crate::codes::{PatientId, YesNoUnknown};
use crate::field::value_sets;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

value_sets! {
    /// Survival status.
    Status "survival_status" {
        Alive "ALIVE" "Alive" "存活";
        Dead "DEAD" "Dead" "死亡";
        Lost "LOST" "Lost to follow-up" "失访";
        Withdrawn "WITHDRAWN" "Withdrawn" "退出";
    }
    /// Primary cause of death.
    Cause "cause_of_death" {
        Relapse "RELAPSE" "Relapse or progression" "复发或进展";
        Crs "CRS" "CRS" "细胞因子释放综合征";
        Icans "ICANS" "ICANS" "免疫效应细胞相关神经毒性综合征";
        IecHs "IECHS" "IEC-HS" "免疫效应细胞相关噬血综合征";
        Infection "INFECTION" "Infection" "感染";
        Bleeding "BLEEDING" "Bleeding" "出血";
        Cardiac "CARDIAC" "Cardiac" "心脏原因";
        SecondMalignancy "SPM" "Second malignancy" "第二肿瘤";
        Other "OTHER" "Other" "其他";
        Unknown "UNK" "Unknown" "未知";
    }
    /// Class of a death in analyses with competing risks.
    CauseClass "cause_class" {
        Relapse "RELAPSE" "After relapse or progression" "复发或进展后死亡";
        NonRelapse "NON_RELAPSE" "Without relapse or progression" "非复发死亡";
        Unknown "UNK" "Unknown" "未知";
    }
}

form! {
    /// The patient's survival status as of a contact; the latest contact counts.
    SurvivalStatus {
        name: "survival_status", path: "survival-statuses", version: 2, label: ("Survival status", "生存状态"),
        source: "catalogue G5 SUR", key: &["patient_id", "last_contact"], parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Day of the contact, or of death.
    last_contact: NaiveDate, mandatory, ("Last contact", "末次联系日期");
    /// Status on that day.
    status: Status, mandatory, ("Status", "状态");
    /// Day of death.
    death_date: NaiveDate, optional, ("Date of death", "死亡日期");
    /// Primary cause of death.
    cause_primary: Cause, optional, ("Primary cause of death", "主要死因");
    /// Autopsy done.
    autopsy: YesNoUnknown, optional, ("Autopsy", "尸检");
    /// Whether the death followed a relapse or progression, whatever its immediate cause.
    cause_class: CauseClass, optional, ("Class of death", "死亡分类");
}

rules! {
    /// G6 R49: DEAD needs a date of death.
    DEATH_DATE_REQUIRED = hard("survival_status.death_date_required", "a death needs its date", "死亡需填写死亡日期");
    /// G6 R49: cause and date of death only if dead.
    NOT_DEAD = hard("survival_status.not_dead", "a date or cause of death is given for a patient who is not dead", "未死亡患者填写了死亡日期或死因");
    /// G6 R04: the date of death is the last contact of a dead patient.
    DEATH_IS_LAST_CONTACT = hard("survival_status.death_is_last_contact", "the last contact of a dead patient is the day of death", "死亡患者的末次联系日期应为死亡日期");
    /// A death without a cause is followed up.
    CAUSE_EXPECTED = soft("survival_status.cause_expected", "a death is reported without its cause", "报告死亡但未填写死因");
    /// A death from relapse follows one.
    CLASS_OF_CAUSE = hard("survival_status.class_of_cause", "a death from relapse is not one without relapse", "死因为复发时死亡分类不应为非复发死亡");
}

impl Checks for SurvivalStatus {
    fn check(&self, _: Context, findings: &mut Findings) {
        if self.status == Status::Dead {
            match self.death_date {
                None => findings.at(
                    &DEATH_DATE_REQUIRED,
                    "death_date",
                    None,
                    Some("a date YYYY-MM-DD".to_owned()),
                ),
                Some(death) if death != self.last_contact => {
                    let expected = Some(self.last_contact.to_string());
                    findings.at(&DEATH_IS_LAST_CONTACT, "death_date", Some(death.to_string()), expected);
                }
                Some(_) => {}
            }
            if self.cause_primary.is_none() {
                let expected = Some(Cause::ALL.iter().map(|c| c.code()).collect::<Vec<_>>().join(", "));
                findings.at(&CAUSE_EXPECTED, "cause_primary", None, expected);
            }
            if self.cause_primary == Some(Cause::Relapse) && self.cause_class == Some(CauseClass::NonRelapse)
            {
                let received = Some(CauseClass::NonRelapse.code().to_owned());
                findings.at(&CLASS_OF_CAUSE, "cause_class", received, Some("RELAPSE".to_owned()));
            }
        } else {
            let given = [
                ("death_date", self.death_date.map(|d| d.to_string())),
                ("cause_primary", self.cause_primary.map(|c| c.code().to_owned())),
                ("cause_class", self.cause_class.map(|c| c.code().to_owned())),
            ];
            for (field, value) in given {
                if value.is_some() {
                    findings.at(&NOT_DEAD, field, value, Some("no value, or status DEAD".to_owned()));
                }
            }
        }
    }
}
