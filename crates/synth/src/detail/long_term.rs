//! IVG, VAX, SBT: immunoglobulin, vaccines, the therapy after a progression.

use super::panel::Immunity;
use super::{Book, Course, yes_no};
use crate::random::{Part, Stream};
use clinical::PartialDate;
use clinical::codes::Disease;
use clinical::codes::events::EpisodeNumber;
use clinical::codes::follow_up::{CourseDays, IgG, ImmunoglobulinDose, VaccineDose};
use clinical::forms::immunoglobulin::Immunoglobulin;
use clinical::forms::subsequent_therapy::{NextTherapy, SubsequentTherapy, TherapyIndication};
use clinical::forms::vaccination::{Vaccination, Vaccine, VaccinePlatform};
use clinical::record::Missing;

/// Immunoglobulin G below which it is replaced, g/L (4.6).
const LOW_IGG: f64 = 4.0;

/// Adds all three.
pub(super) fn write(c: &Course, immunity: &Immunity, book: &mut Book) -> Option<()> {
    let mut s = c.part(Part::LongTerm);
    let mut given = 0;
    for (day, igg, _) in &immunity.seen {
        let first = day + s.between(0, 2);
        // Once a month at most.
        if *igg < LOW_IGG && s.chance(0.7) && first + 2 <= c.last && first >= given + 28 {
            given = first;
            book.put(Immunoglobulin {
                patient_id: c.patient(),
                start_date: c.date(first),
                dose_g: ImmunoglobulinDose::new(5.0),
                days: CourseDays::new(3),
                dose_mg_kg: None,
                igg_before_g_l: IgG::new(*igg),
                missing: Missing::default(),
            });
        }
    }
    vaccination(c, &mut s, book);
    therapy(c, &mut s, book)
}

fn vaccination(c: &Course, s: &mut Stream, book: &mut Book) {
    use Vaccine::{Covid, Influenza, Pneumococcus};
    use VaccinePlatform::{Inactivated, MessengerRna, Recombinant};
    for (vaccine, platform, share) in [
        (Influenza, Inactivated, 0.3),
        (Covid, if s.chance(0.2) { MessengerRna } else { Inactivated }, 0.25),
        (Pneumococcus, Recombinant, 0.08),
    ] {
        let day = s.between(185, 420);
        if s.chance(share) && day <= c.last {
            book.put(Vaccination {
                patient_id: c.patient(),
                vaccination_date: c.date(day),
                vaccine,
                platform: Some(platform),
                live: yes_no(false),
                dose_number: VaccineDose::new(1),
                household: yes_no(s.chance(0.6)),
                missing: Missing::default(),
            });
        }
    }
}

fn therapy(c: &Course, s: &mut Stream, book: &mut Book) -> Option<()> {
    let Some(progression) = c.progression() else { return Some(()) };
    // Not before the progression was seen.
    let seen = c.assessed.iter().find(|a| a.category.is_progression()).map_or(progression, |a| a.day);
    let weights: &[(NextTherapy, f64)] = match c.disease() {
        Disease::Nhl => &[
            (NextTherapy::Bispecific, 0.35),
            (NextTherapy::Chemotherapy, 0.25),
            (NextTherapy::Radiotherapy, 0.15),
            (NextTherapy::KinaseInhibitor, 0.1),
            (NextTherapy::Trial, 0.15),
        ],
        Disease::Mm => &[
            (NextTherapy::Bispecific, 0.4),
            (NextTherapy::Chemotherapy, 0.3),
            (NextTherapy::Trial, 0.2),
            (NextTherapy::Other, 0.1),
        ],
        _ => &[
            (NextTherapy::Chemotherapy, 0.4),
            (NextTherapy::Allogeneic, 0.3),
            (NextTherapy::Bispecific, 0.2),
            (NextTherapy::Trial, 0.1),
        ],
    };
    let therapy = s.pick(weights)?;
    let day = seen + s.between(7, 35);
    let treated = s.chance(0.75);
    // Another infusion is a therapy too: the first thing done after the progression, or the only thing known.
    let (therapy, day) = match c.next {
        Some(next) => (NextTherapy::CarT, next),
        None if treated && day <= c.last => (therapy, day),
        None => return Some(()),
    };
    book.put(SubsequentTherapy {
        patient_id: c.patient(),
        infusion_number: c.number,
        therapy_number: EpisodeNumber::new(1)?,
        start_date: Some(PartialDate::day(c.date(day))),
        therapy: Some(therapy),
        indication: Some(TherapyIndication::Relapse),
        missing: Missing::default(),
    });
    Some(())
}
