//! LES: a measured lesion.

use crate::codes::events::Term;
use crate::codes::follow_up::{DiameterMm, LesionNumber};
use crate::codes::{InfusionNumber, PatientId};
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

form! {
    /// One lesion measured at one assessment, at baseline or after the infusion: a node, an extranodal lesion or a plasmacytoma.
    Lesion {
        name: "lesion", path: "lesions", version: 1, label: ("Lesion", "病灶"),
        source: "catalogue G5 RSP LES, C2.3", key: &["patient_id", "infusion_number", "assessment_date", "lesion_number"],
        parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion it precedes or follows.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Day of the assessment.
    assessment_date: NaiveDate, mandatory, ("Date of assessment", "评估日期");
    /// Number of the lesion, the same at every assessment. Target lesions are numbered 1 to 6.
    lesion_number: LesionNumber, mandatory, ("Lesion number", "病灶序号");
    /// Site.
    site: Term, required, ("Site", "部位");
    /// Longest diameter; 0 when the lesion is no longer visible, 5 when too small to measure.
    ldi_mm: DiameterMm, required, ("Longest diameter", "最长径");
    /// Diameter perpendicular to the longest; 0 when no longer visible, 5 when too small to measure.
    sdi_mm: DiameterMm, required, ("Perpendicular diameter", "垂直短径");
    /// True for a node or nodal mass, false for an extranodal lesion.
    nodal: bool, required, ("Nodal", "淋巴结病灶");
    /// Target lesion, chosen at baseline: at most 6, measurable in two diameters.
    target: bool, required, ("Target lesion", "靶病灶");
    /// The lesion was not there before.
    new_lesion: bool, optional, ("New lesion", "新发病灶");
}

rules! {
    /// G6 R18: the longest diameter is the longest.
    DIAMETERS = hard("lesion.diameters", "the longest diameter is below the perpendicular one", "最长径小于垂直短径");
    /// G6 R18: at most 6 target lesions; their numbers make this a rule of one record.
    TARGET_NUMBER = hard("lesion.target_number", "there are at most 6 target lesions, numbered 1 to 6", "靶病灶最多6个，序号为1至6");
    /// Targets are chosen at baseline.
    NEW_TARGET = soft("lesion.new_target", "a new lesion is marked as a target lesion; targets are chosen at baseline", "新发病灶被标记为靶病灶，靶病灶应在基线选定");
}

/// Most target lesions of one patient (Cheson, J Clin Oncol 2014).
const MOST_TARGETS: i32 = 6;

impl Checks for Lesion {
    fn check(&self, _: Context, findings: &mut Findings) {
        if let (Some(longest), Some(shortest)) =
            (self.ldi_mm.map(DiameterMm::get), self.sdi_mm.map(DiameterMm::get))
            && shortest > longest
        {
            let expected = Some(format!("at most {longest}"));
            findings.at(&DIAMETERS, "sdi_mm", Some(shortest.to_string()), expected);
        }
        if self.target == Some(true) {
            let number = self.lesion_number.get();
            if number > MOST_TARGETS {
                let expected = Some("1 to 6, or target false".to_owned());
                findings.at(&TARGET_NUMBER, "lesion_number", Some(number.to_string()), expected);
            }
            if self.new_lesion == Some(true) {
                findings.at(&NEW_TARGET, "target", Some("true".to_owned()), Some("false".to_owned()));
            }
        }
    }
}
