//! Derived values as a table of the snapshot, beside those of the forms.

use crate::codes::{PatientId, ShortText};
use crate::field::bounded_text;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};

bounded_text! {
    /// Name of a form or field, or id of a criterion.
    Term(Identifier, 128);
}

form! {
    /// What the criteria derive from a patient's records, beside what was reported. Computed by the registry, never submitted.
    DerivedValue {
        name: "derived_value", path: "derived-values", version: 1, label: ("Derived value", "推导值"),
        source: "criteria", key: &["patient_id", "subject", "value_name"], parent: Patient, rules: &[],
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Form of the record that the value belongs to; `record_id` is that of the record.
    subject: Term, mandatory, ("Form", "表单");
    /// Name of the reported field, or a name of its own.
    value_name: Term, mandatory, ("Value", "名称");
    /// The derived value; absent when it cannot be decided.
    derived: ShortText, optional, ("Derived", "推导结果");
    /// The reported value.
    reported: ShortText, optional, ("Reported", "报告结果");
    /// The criterion that decided.
    criterion: Term, optional, ("Criterion", "判定标准");
}

impl Checks for DerivedValue {
    fn check(&self, _: Context, _: &mut Findings) {}
}
