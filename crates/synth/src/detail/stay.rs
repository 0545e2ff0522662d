//! HOSP: the stay around the infusion, with its transfers to intensive care.

use super::crs::Severity;
use super::{Book, Course, yes_no};
use crate::random::{Part, clock};
use clinical::MissingCode;
use clinical::codes::treatment::{StayNumber, Ward};
use clinical::forms::hospital_stay::HospitalStay;
use clinical::record::Missing;

/// Discharge before two weeks, against the guideline.
const EARLY: f64 = 0.02;

/// Adds the stays.
pub(super) fn write(c: &Course, book: &mut Book) -> Option<()> {
    let severity = Severity::draw(c, &mut c.part(Part::Crs));
    let mut s = c.part(Part::Stay);
    let from_icans =
        (0..).zip(c.days).find(|(_, d)| d.icans >= 3).map(|(day, _)| day).filter(|_| s.chance(0.6));
    let transfer = [severity.intensive, from_icans].into_iter().flatten().min();
    let worst = |day: i32| c.toxicity.crs.grade(day).max(c.toxicity.icans.grade(day));
    let over = c.toxicity.crs.last_day().max(c.toxicity.icans.last_day()).unwrap_or(0);
    let usual = if s.chance(EARLY * c.b.site.practice) { s.between(10, 13) } else { s.between(15, 23) };
    let leaves = usual.max(over + s.between(1, 3));
    let calm = (0..=over).rev().find(|day| worst(*day) >= 3).map_or(0, |day| day + 1);
    let mut stays = Vec::new();
    let admitted = c.depletion_start() - s.between(0, 2);
    match transfer {
        Some(day) => {
            let back = calm.max(day + 1).min(leaves);
            stays.extend([(Ward::Ward, admitted, day), (Ward::Icu, day, back), (Ward::Ward, back, leaves)]);
        }
        None => stays.push((Ward::Ward, admitted, leaves)),
    }
    for (number, (ward, from, to)) in (1..).zip(stays) {
        if from > c.end || (from == c.end && number > 1) {
            break;
        }
        // Death ends the stay; the end of observation leaves it open.
        let to = if to > c.end { c.death.map(|_| c.end) } else { Some(to) };
        let missing = if to.is_none() { vec![("discharge_date", MissingCode::Pending)] } else { Vec::new() };
        book.put(HospitalStay {
            patient_id: c.patient(),
            infusion_number: c.number,
            stay_number: StayNumber::new(number)?,
            ward: Some(ward),
            admission_date: Some(c.date(from)),
            admission_time: if number == 1 { clock(&mut s, 8, 16) } else { None },
            discharge_date: to.map(|day| c.date(day)),
            discharge_time: None,
            ecg_monitor: yes_no(s.chance(0.95)),
            missing: Missing::new(missing),
        });
    }
    Some(())
}
