//! FUP: visits at the months of the schedule, those with a response assessment in person.

use super::{Book, Course, yes_no};
use crate::assumptions::VISIT_MONTHS;
use crate::random::{Part, whole};
use clinical::codes::Disease;
use clinical::field::CodeList;
use clinical::forms::visit::{PlannedVisit, Visit, VisitItem, VisitMode};
use clinical::record::Missing;

/// A visit that took place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visited {
    /// Day from the infusion.
    pub(crate) day: i32,
    /// The patient came, so that blood was drawn.
    pub(crate) in_person: bool,
    /// Found or followed a progression.
    pub(crate) progressed: bool,
    month: Option<i32>,
}

impl Visited {
    /// Months from the infusion.
    pub(crate) fn months(&self) -> f64 {
        f64::from(self.day) / 30.4375
    }
}

fn code(month: Option<i32>) -> PlannedVisit {
    match month {
        Some(1) => PlannedVisit::M01,
        Some(3) => PlannedVisit::M03,
        Some(6) => PlannedVisit::M06,
        Some(9) => PlannedVisit::M09,
        Some(12) => PlannedVisit::M12,
        Some(18) => PlannedVisit::M18,
        Some(24) => PlannedVisit::M24,
        Some(30) => PlannedVisit::M30,
        Some(36) => PlannedVisit::M36,
        Some(48) => PlannedVisit::M48,
        Some(60) => PlannedVisit::M60,
        Some(_) => PlannedVisit::Later,
        None => PlannedVisit::Unscheduled,
    }
}

/// Adds the visits and returns them by day.
pub(super) fn write(c: &Course, book: &mut Book) -> Option<Vec<Visited>> {
    let mut s = c.part(Part::Visit);
    let mut visits: Vec<(Visited, VisitMode)> = c
        .assessed
        .iter()
        .filter(|a| a.day <= c.last)
        .map(|a| {
            let progressed = a.category.is_progression();
            (Visited { day: a.day, in_person: true, progressed, month: a.month }, VisitMode::InPerson)
        })
        .collect();
    let progression = c.progression();
    for month in VISIT_MONTHS {
        let spread = (2.5 + 0.4 * f64::from(month - 1)).min(12.0);
        let day = whole(f64::from(month) * 30.4375 + spread * s.normal()).max(22);
        let kept = s.chance(0.75);
        let mode = s.pick(&[
            (VisitMode::Phone, 0.5),
            (VisitMode::InPerson, 0.35),
            (VisitMode::Record, 0.1),
            (VisitMode::Remote, 0.05),
        ])?;
        let known = visits.iter().any(|(v, _)| v.month == Some(month) || (v.day - day).abs() < 7);
        if kept && !known && day <= c.last {
            let progressed = progression.is_some_and(|p| p <= day);
            let in_person = mode == VisitMode::InPerson;
            visits.push((Visited { day, in_person, progressed, month: Some(month) }, mode));
        }
    }
    visits.sort_by_key(|(v, _)| v.day);
    for (visit, mode) in &visits {
        let first = visit.month == Some(1);
        book.put(Visit {
            patient_id: c.patient(),
            infusion_number: c.number,
            visit_date: c.date(visit.day),
            planned_code: Some(code(visit.month)),
            mode: Some(*mode),
            items: items(c, visit),
            near_hospital: if first { yes_no(s.chance(0.85)) } else { None },
            caregiver: if first { yes_no(s.chance(0.95)) } else { None },
            driving_counselled: if first { yes_no(s.chance(0.9)) } else { None },
            missing: Missing::default(),
        });
    }
    Some(visits.into_iter().map(|(v, _)| v).collect())
}

/// What was done at a visit: laboratory results and samples of the day are records of their own.
fn items(c: &Course, visit: &Visited) -> Option<CodeList<VisitItem>> {
    use VisitItem::{
        Biochemistry, BloodCount, CarT, Examination, History, Immunoglobulins, LymphocyteSubsets,
        MyelomaResponse, PetCt, SecondMalignancy, Toxicity,
    };
    if !visit.in_person {
        return CodeList::new(&[History, SecondMalignancy]);
    }
    let mut items = vec![
        History,
        Examination,
        BloodCount,
        Biochemistry,
        Immunoglobulins,
        LymphocyteSubsets,
        Toxicity,
        CarT,
        SecondMalignancy,
    ];
    if c.assessed.iter().any(|a| a.day == visit.day) {
        items.extend(match c.disease() {
            Disease::Nhl => Some(PetCt),
            Disease::Mm => Some(MyelomaResponse),
            _ => None,
        });
    }
    CodeList::new(&items)
}
