//! Patients who withdrew consent from a day on: what is dated after that day is not used.

use clinical::field::Kind;
use clinical::form::FormDescriptor;

/// Condition on a row `t` of a form: it is dated after its patient's withdrawal of consent.
///
/// Dates are compared as text, which orders days and, of partial dates, the first day they may mean. A form without a date describes the
/// patient before the infusion and is used.
pub(super) fn after_withdrawal(form: &FormDescriptor) -> String {
    let date = clinical::review::EVENT_DATES.iter().find_map(|name| {
        let (_, field) = form.field(name)?;
        matches!(field.kind, Kind::Date | Kind::PartialDate).then_some(field.name)
    });
    match date {
        Some(date) if form.field("patient_id").is_some() => format!(
            "exists (select from patient w where w.center_id = t.center_id and w.patient_id = t.patient_id
                     and t.{date}::text collate \"C\" > w.withdrawn_on::text)"
        ),
        _ => "false".to_owned(),
    }
}

/// `select` of the ids of all rows that are left out.
pub(super) fn left_out() -> String {
    let of_forms: Vec<String> = clinical::forms::CLINICAL
        .iter()
        .map(|form| (form, after_withdrawal(form)))
        .filter(|(_, condition)| condition != "false")
        .map(|(form, condition)| format!("select t.record_id from {} t where {condition}", form.name))
        .collect();
    of_forms.join(" union all ")
}
