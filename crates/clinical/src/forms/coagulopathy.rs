//! COA: scores of coagulation after the infusion.

use crate::codes::events::{CdssScore, IsthScore, WhoBleeding};
use crate::codes::{InfusionNumber, PatientId, YesNoUnknown};
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

form! {
    /// An assessment of CAR-T-associated coagulopathy: bleeding and scores of disseminated intravascular coagulation.
    Coagulopathy {
        name: "coagulopathy", path: "coagulopathies", version: 1, label: ("Coagulopathy", "凝血功能障碍"),
        source: "catalogue G4 COA, D4", key: &["patient_id", "infusion_number", "assessment_date"], parent: Infusion, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// The day assessed.
    assessment_date: NaiveDate, mandatory, ("Date", "日期");
    /// WHO bleeding grade: 0 none, 1 petechiae, 2 mild blood loss, 3 gross loss, 4 debilitating or fatal.
    who_bleeding: WhoBleeding, optional, ("WHO bleeding grade", "WHO出血分级");
    /// ISTH score of overt disseminated intravascular coagulation; 5 or more is overt.
    isth_score: IsthScore, optional, ("ISTH score", "ISTH评分");
    /// Chinese DIC scoring system.
    cdss_score: CdssScore, optional, ("CDSS score", "中国DIC诊断积分（CDSS）");
    /// Plasma exchange done.
    plasma_exchange: YesNoUnknown, optional, ("Plasma exchange", "血浆置换");
}

rules! {
    /// An assessment without a score says nothing.
    SCORE_REQUIRED = hard("coagulopathy.score_required", "none of the scores is given; if there is none, give a missing code", "未填写任何评分；若无请填写缺失代码");
}

impl Checks for Coagulopathy {
    fn check(&self, _: Context, findings: &mut Findings) {
        let none = self.who_bleeding.is_none() && self.isth_score.is_none() && self.cdss_score.is_none();
        let declared =
            ["who_bleeding", "isth_score", "cdss_score"].iter().any(|f| self.missing.get(f).is_some());
        if none && !declared {
            let expected = Some("who_bleeding, isth_score or cdss_score".to_owned());
            findings.at(&SCORE_REQUIRED, "who_bleeding", None, expected);
        }
    }
}
