//! CRS: an episode of cytokine release syndrome.

use crate::codes::events::{EpisodeGrade, EpisodeNumber};
use crate::codes::{InfusionNumber, PatientId, YesNoUnknown};
use crate::field::value_sets;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::forms::chronology::{before, in_order};
use crate::rule::rules;
use chrono::{NaiveDate, NaiveTime};

value_sets! {
    /// Local inflammatory manifestation of CRS in lymphoma; recorded beside the grade, which it does not change (D1.2).
    LocalCrs "local_crs" {
        None "NONE" "None" "无";
        Enlarged "ENLARGED" "Lesion enlarged without compression" "病灶增大无压迫";
        Compression "COMPRESSION" "Compression or serous effusion, adjacent organ compensated" "压迫症状或浆膜腔积液，邻近器官可代偿";
        Decompensated "DECOMPENSATED" "Bleeding, perforation, massive effusion or decompensation of an adjacent organ" "出血、穿孔、大量积液或邻近器官失代偿";
    }
}

form! {
    /// An episode of cytokine release syndrome after an infusion, from the first attributed fever until everything has resolved.
    CrsEpisode {
        name: "crs_episode", path: "crs-episodes", version: 1, label: ("CRS episode", "CRS事件"),
        source: "catalogue G4 CRS, D1", key: &["patient_id", "infusion_number", "episode_number"], parent: Infusion, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Number of the episode after that infusion.
    episode_number: EpisodeNumber, mandatory, ("Episode number", "事件序号");
    /// Day of the first fever attributed to CRS, known to the day.
    onset_date: NaiveDate, required, ("Onset", "发生日期");
    /// Time of the first attributed fever.
    onset_time: NaiveTime, optional, ("Time of onset", "发生时间");
    /// Day on which fever, hypotension and hypoxia had resolved; PEND while it lasts.
    end_date: NaiveDate, required, ("End", "结束日期");
    /// Time of the end.
    end_time: NaiveTime, optional, ("Time of the end", "结束时间");
    /// Highest ASTCT grade of the episode as reported.
    max_grade: EpisodeGrade, required, ("Highest grade", "最高分级");
    /// Admitted to intensive care for CRS.
    icu_admission: YesNoUnknown, required, ("Intensive care", "入住ICU");
    /// Day of admission to intensive care.
    icu_admission_date: NaiveDate, conditional, ("Admission to intensive care", "入住ICU日期"), when icu_admission in ["Y"];
    /// Time of admission to intensive care.
    icu_admission_time: NaiveTime, optional, ("Time of admission to intensive care", "入住ICU时间");
    /// Invasive or non-invasive positive-pressure ventilation for hypoxia.
    mechanical_ventilation: YesNoUnknown, required, ("Mechanical ventilation", "机械通气");
    /// Local inflammatory manifestation; it does not change the grade.
    local_crs: LocalCrs, optional, ("Local CRS", "局部CRS");
}

rules! {
    /// G4: end >= onset.
    END_BEFORE_ONSET = hard("crs_episode.end_before_onset", "the episode ends before it starts", "CRS结束早于发生");
    /// A date of an admission that was not.
    ICU_DATE_WITHOUT_ADMISSION = hard("crs_episode.icu_date_without_admission", "a date of admission to intensive care is given, but no admission", "填写了入住ICU日期但未入住ICU");
    /// Admission belongs to the episode.
    ICU_OUTSIDE_EPISODE = soft("crs_episode.icu_outside_episode", "the admission to intensive care lies outside the episode", "入住ICU时间不在CRS事件期间");
    /// D1.1: positive pressure for hypoxia is grade 4.
    VENTILATION_BELOW_GRADE_4 = soft("crs_episode.ventilation_below_grade_4", "positive-pressure ventilation for hypoxia is grade 4", "因低氧行正压通气应为4级");
}

impl Checks for CrsEpisode {
    fn check(&self, _: Context, findings: &mut Findings) {
        let onset = (self.onset_date, self.onset_time);
        let end = (self.end_date, self.end_time);
        in_order(&END_BEFORE_ONSET, "end_date", onset, end, findings);
        let icu = (self.icu_admission_date, self.icu_admission_time);
        if let Some(date) = self.icu_admission_date {
            if self.icu_admission.is_some_and(|a| a != YesNoUnknown::Yes) {
                let expected = Some("no date, or icu_admission Y".to_owned());
                findings.at(
                    &ICU_DATE_WITHOUT_ADMISSION,
                    "icu_admission_date",
                    Some(date.to_string()),
                    expected,
                );
            }
            if before(icu, onset) || before(end, icu) {
                findings.at(&ICU_OUTSIDE_EPISODE, "icu_admission_date", Some(date.to_string()), None);
            }
        }
        if let Some(grade) = self.max_grade.filter(|g| g.get() < 4)
            && self.mechanical_ventilation == Some(YesNoUnknown::Yes)
        {
            let expected = Some("4 or 5, or no ventilation for hypoxia".to_owned());
            findings.at(&VENTILATION_BELOW_GRADE_4, "max_grade", Some(grade.get().to_string()), expected);
        }
    }
}
