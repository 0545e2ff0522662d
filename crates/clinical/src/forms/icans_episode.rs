//! ICN: an episode of immune effector cell-associated neurotoxicity.

use crate::codes::events::{EpisodeGrade, EpisodeNumber};
use crate::codes::{InfusionNumber, PatientId};
use crate::field::{CodeList, value_sets};
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::forms::chronology::in_order;
use crate::rule::rules;
use chrono::{NaiveDate, NaiveTime};

value_sets! {
    /// Work-up of neurotoxicity (D2.3).
    NeurologicWorkup "neurologic_workup" {
        Eeg "EEG" "Electroencephalography" "脑电图"; Mri "MRI" "MRI of the head" "头颅磁共振"; Ct "CT" "CT of the head" "头颅CT";
        LumbarPuncture "LP" "Lumbar puncture" "腰椎穿刺"; Fundoscopy "FUNDUS" "Fundoscopy" "眼底检查"; NeurologyConsult "NEURO_CONSULT" "Neurology consult" "神经科会诊";
    }
    /// Delayed neurotoxicity, typical of BCMA and GPRC5D products (D2.3).
    DelayedNeurotoxicity "delayed_neurotoxicity" {
        SeventhNerve "CN7_PALSY" "Palsy of cranial nerve VII" "第Ⅶ脑神经麻痹"; OtherCranialNerve "OTHER_CN" "Palsy of another cranial nerve" "其他脑神经麻痹";
        Neuropathy "NEUROPATHY" "Peripheral neuropathy" "周围神经病"; Parkinsonism "PARKINSON" "Parkinsonism" "帕金森样综合征"; Cerebellar "CEREBELLAR" "Cerebellar toxicity" "小脑毒性";
    }
}

form! {
    /// An episode of immune effector cell-associated neurotoxicity syndrome after an infusion.
    IcansEpisode {
        name: "icans_episode", path: "icans-episodes", version: 1, label: ("ICANS episode", "ICANS事件"),
        source: "catalogue G4 ICN, D2", key: &["patient_id", "infusion_number", "episode_number"], parent: Infusion, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Number of the episode after that infusion.
    episode_number: EpisodeNumber, mandatory, ("Episode number", "事件序号");
    /// First day of the episode, known to the day.
    onset_date: NaiveDate, required, ("Onset", "发生日期");
    /// Time of onset.
    onset_time: NaiveTime, optional, ("Time of onset", "发生时间");
    /// Day on which every finding had resolved; PEND while it lasts.
    end_date: NaiveDate, required, ("End", "结束日期");
    /// Time of the end.
    end_time: NaiveTime, optional, ("Time of the end", "结束时间");
    /// Highest ASTCT grade of the episode as reported.
    max_grade: EpisodeGrade, required, ("Highest grade", "最高分级");
    /// What was done to find the cause.
    workup: CodeList<NeurologicWorkup>, optional, ("Work-up", "检查项目");
    /// Kind of delayed neurotoxicity, if any.
    delayed_type: DelayedNeurotoxicity, optional, ("Delayed neurotoxicity", "迟发性神经毒性");
}

rules! {
    /// G4: end >= onset.
    END_BEFORE_ONSET = hard("icans_episode.end_before_onset", "the episode ends before it starts", "ICANS结束早于发生");
    /// G4 ICN.imaging: expected from grade 3 on; the days of imaging are recorded in the daily form.
    IMAGING_EXPECTED = soft("icans_episode.imaging_expected", "an episode of grade 3 or more is recorded without imaging of the head", "3级及以上ICANS未记录头颅影像学检查");
}

impl Checks for IcansEpisode {
    fn check(&self, _: Context, findings: &mut Findings) {
        let onset = (self.onset_date, self.onset_time);
        in_order(&END_BEFORE_ONSET, "end_date", onset, (self.end_date, self.end_time), findings);
        let imaged = self
            .workup
            .as_ref()
            .is_some_and(|w| w.contains(NeurologicWorkup::Mri) || w.contains(NeurologicWorkup::Ct));
        let declared = self.missing.get("workup").is_some();
        if self.max_grade.is_some_and(|g| g.get() >= 3) && !imaged && !declared {
            findings.at(&IMAGING_EXPECTED, "workup", None, Some("MRI or CT".to_owned()));
        }
    }
}
