//! AEV: any other adverse event.

use crate::codes::events::{CtcaeGrade, ForeignCode, SequenceNumber, Term};
use crate::codes::{InfusionNumber, PatientId, YesNoUnknown};
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::partial_date::PartialDate;
use crate::rule::rules;

form! {
    /// An adverse event after an infusion that has no form of its own, such as tumor lysis, rash or organ toxicity.
    AdverseEvent {
        name: "adverse_event", path: "adverse-events", version: 1, label: ("Adverse event", "不良事件"),
        source: "catalogue G4 AEV", key: &["patient_id", "infusion_number", "event_number"], parent: Infusion, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Number of the event after that infusion.
    event_number: SequenceNumber, mandatory, ("Event number", "事件序号");
    /// What happened: a preferred term of MedDRA.
    term: Term, required, ("Term", "事件名称");
    /// Code of the preferred term.
    meddra_code: ForeignCode, optional, ("MedDRA code", "MedDRA编码");
    /// Highest grade by CTCAE v5.0.
    ctcae_grade: CtcaeGrade, optional, ("CTCAE grade", "CTCAE分级");
    /// First day, as precisely as known.
    start_date: PartialDate, optional, ("Start", "开始日期");
    /// Last day, as precisely as known; left out while it lasts.
    end_date: PartialDate, optional, ("End", "结束日期");
    /// Related to the CAR-T cells in the judgement of the physician.
    related: YesNoUnknown, optional, ("Related to CAR-T", "与CAR-T相关");
    /// Serious: fatal, life-threatening, prolonging hospital stay, disabling or otherwise important.
    serious: YesNoUnknown, optional, ("Serious", "严重不良事件");
}

rules! {
    /// Certainly out of order, whatever the unknown days are.
    END_BEFORE_START = hard("adverse_event.end_before_start", "the event ends before it starts", "不良事件结束早于开始");
    /// Grade 4 is life-threatening and grade 5 fatal: both are serious by definition.
    SEVERE_NOT_SERIOUS = soft("adverse_event.severe_not_serious", "an event of grade 4 or 5 is serious", "4级或5级事件应为严重不良事件");
}

impl Checks for AdverseEvent {
    fn check(&self, _: Context, findings: &mut Findings) {
        if let (Some(start), Some(end)) = (self.start_date, self.end_date)
            && end.latest() < start.earliest()
        {
            let expected = format!("{start} or later");
            findings.at(&END_BEFORE_START, "end_date", Some(end.to_string()), Some(expected));
        }
        if self.ctcae_grade.is_some_and(|g| g.get() >= 4) && self.serious == Some(YesNoUnknown::No) {
            findings.at(&SEVERE_NOT_SERIOUS, "serious", Some("N".to_owned()), Some("Y".to_owned()));
        }
    }
}
