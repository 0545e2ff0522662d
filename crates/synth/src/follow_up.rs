//! SUR: yearly contacts, the last contact, and how observation ended.

use crate::after;
use crate::baseline::Baseline;
use crate::random::{Stream, whole};
use chrono::NaiveDate;
use clinical::codes::YesNoUnknown;
use clinical::forms::survival_status::{Cause, CauseClass, Status, SurvivalStatus};
use clinical::record::Missing;
use clinical::{Form, Record};

/// Deaths reported without a cause.
const CAUSE_NOT_REPORTED: f64 = 0.015;

/// How and when (days from the first infusion) observation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) day: i32,
    pub(crate) status: Status,
}

/// The contacts in order of their dates; the last one is the end. A death `relapsed` followed a progression.
pub(crate) fn contacts(b: &Baseline, end: End, cause: Cause, relapsed: bool, s: &mut Stream) -> Vec<Record> {
    let mut records = Vec::new();
    for year in 1..=end.day / 365 {
        let day = 365 * year + whole(9.0 * s.normal());
        if day < end.day - 30 {
            records.push(contact(b, after(b.infused_on, day), Status::Alive, None, None, None));
        }
    }
    let dead = end.status == Status::Dead;
    let reported = !s.chance(CAUSE_NOT_REPORTED);
    let autopsy = if s.chance(0.02) { YesNoUnknown::Yes } else { YesNoUnknown::No };
    let cause = Some(cause).filter(|_| dead && reported);
    let class = if relapsed { CauseClass::Relapse } else { CauseClass::NonRelapse };
    let (autopsy, class) = (dead.then_some(autopsy), dead.then_some(class));
    records.push(contact(b, after(b.infused_on, end.day), end.status, cause, autopsy, class));
    records
}

fn contact(
    b: &Baseline,
    date: NaiveDate,
    status: Status,
    cause: Option<Cause>,
    autopsy: Option<YesNoUnknown>,
    cause_class: Option<CauseClass>,
) -> Record {
    SurvivalStatus {
        patient_id: b.patient_id.clone(),
        last_contact: date,
        status,
        death_date: (status == Status::Dead).then_some(date),
        cause_primary: cause,
        autopsy,
        cause_class,
        missing: Missing::default(),
    }
    .to_record()
}
