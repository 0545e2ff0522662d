//! INX, CVD: infections, their treatment, tests for SARS-CoV-2.

use super::counts::Nadir;
use super::preparation::Plan;
use super::{Book, Course, Pharmacy, yes_no};
use crate::random::{Part, Stream};
use clinical::codes::YesNoUnknown;
use clinical::codes::assessment::PosNeg;
use clinical::codes::events::{CtcaeGrade, CultureSets, CultureVolume, EpisodeNumber};
use clinical::codes::treatment::{Drug, DrugIndication};
use clinical::field::CodeList;
use clinical::forms::covid_test::{CovidSeverity, CovidTest};
use clinical::forms::infection::{
    FungalCertainty, Infection, InfectionOutcome, InfectionSite, Organism, PathogenClass, Resistance,
};
use clinical::forms::survival_status::Cause;
use clinical::record::Missing;

/// Site and organism; none when no pathogen was found.
type Kind = (InfectionSite, Option<Organism>);

/// In neutropenia.
const EARLY: [(Kind, f64); 7] = [
    ((InfectionSite::FeverUnknown, None), 0.32),
    ((InfectionSite::Blood, Some(Organism::EColi)), 0.15),
    ((InfectionSite::Blood, Some(Organism::Klebsiella)), 0.1),
    ((InfectionSite::Catheter, Some(Organism::CoagulaseNegative)), 0.13),
    ((InfectionSite::Lung, None), 0.16),
    ((InfectionSite::Lung, Some(Organism::Aspergillus)), 0.06),
    ((InfectionSite::Blood, Some(Organism::Pseudomonas)), 0.08),
];
/// Later on.
const LATE: [(Kind, f64); 8] = [
    ((InfectionSite::UpperAirway, Some(Organism::SarsCov2)), 0.24),
    ((InfectionSite::UpperAirway, Some(Organism::Influenza)), 0.14),
    ((InfectionSite::Lung, None), 0.22),
    ((InfectionSite::Lung, Some(Organism::Pneumocystis)), 0.04),
    ((InfectionSite::Skin, Some(Organism::Vzv)), 0.12),
    ((InfectionSite::Blood, Some(Organism::Cmv)), 0.08),
    ((InfectionSite::Urine, Some(Organism::EColi)), 0.1),
    ((InfectionSite::Gut, Some(Organism::ClostridioidesDifficile)), 0.06),
];

/// Adds the infections after the infusion by the day of their onset.
pub(super) fn write(c: &Course, nadir: &Nadir, pharmacy: &mut Pharmacy, book: &mut Book) -> Option<()> {
    let mut s = c.part(Part::Infection);
    let mut found: Vec<(i32, Kind, i32)> = Vec::new();
    if let Some(first) = nadir.low.first().filter(|_| s.chance(0.36)) {
        let day = (first + s.between(0, 4)).max(1);
        found.push((day, s.pick(&EARLY)?, s.pick(&[(2, 0.35), (3, 0.55), (4, 0.1)])?));
    }
    // Half of the late ones fall into the first half year.
    for _ in 0..s.pick(&[(0, 0.55), (1, 0.32), (2, 0.13)])? {
        let day = 31 + crate::random::whole(s.exponential(200.0).min(3_000.0));
        found.push((day, s.pick(&LATE)?, s.pick(&[(1, 0.2), (2, 0.5), (3, 0.28), (4, 0.02)])?));
    }
    if c.death == Some(Cause::Infection) {
        let day = (c.end - s.between(3, 14)).max(1);
        found.retain(|(d, ..)| *d < day - 20);
        let kind = if day <= 30 { s.pick(&EARLY)? } else { (InfectionSite::Lung, None) };
        found.push((day, kind, 5));
    }
    found.retain(|(day, ..)| *day <= c.last);
    found.sort_by_key(|(day, ..)| *day);
    for (number, (day, kind, grade)) in (1..).zip(found) {
        infection(c, number, day, kind, grade, &mut s, book)?;
        treat(c, day, kind, grade, pharmacy)?;
    }
    Some(())
}

fn infection(
    c: &Course,
    number: i32,
    day: i32,
    (site, organism): Kind,
    grade: i32,
    s: &mut Stream,
    book: &mut Book,
) -> Option<()> {
    let class = organism.and_then(Organism::class).unwrap_or(PathogenClass::NoneFound);
    let bacterial = matches!(class, PathogenClass::GramNegative | PathogenClass::GramPositive);
    let fungal = matches!(class, PathogenClass::Mold | PathogenClass::Pneumocystis);
    let resistant = class == PathogenClass::GramNegative && s.chance(0.3);
    let resistance = if resistant { Resistance::Esbl } else { Resistance::None };
    let end = day + s.between(5, 12) + 3 * grade;
    let outcome = match (grade, end <= c.end) {
        (5, _) => InfectionOutcome::Death,
        (_, true) => InfectionOutcome::Resolved,
        _ => InfectionOutcome::Ongoing,
    };
    let cultured = grade >= 2 || site == InfectionSite::Blood;
    let line = day <= 30 || s.chance(0.3);
    book.put(Infection {
        patient_id: c.patient(),
        infusion_number: c.number,
        episode_number: EpisodeNumber::new(number)?,
        onset_date: Some(c.date(day)),
        site: Some(site),
        pathogen_class: Some(class),
        organism,
        organism_name: None,
        ctcae_grade: CtcaeGrade::new(grade),
        mdr: CodeList::new(&[resistance]).filter(|_| bacterial),
        blood_culture: yes_no(cultured),
        culture_sets: CultureSets::new(s.pick(&[(1, 0.1), (2, 0.8), (3, 0.1)])?).filter(|_| cultured),
        cvc_present: yes_no(line).filter(|_| cultured),
        cvc_set: yes_no(s.chance(0.85)).filter(|_| cultured && line),
        culture_volume_ml: CultureVolume::new(f64::from(s.between(8, 10))).filter(|_| cultured),
        imaging: yes_no(site == InfectionSite::Lung || s.chance(0.4)),
        outcome: Some(outcome),
        end_date: (outcome == InfectionOutcome::Resolved).then(|| c.date(end)),
        ifd_certainty: fungal.then_some(FungalCertainty::Probable),
        persistent: (outcome == InfectionOutcome::Ongoing).then_some(YesNoUnknown::No),
        recurrent: yes_no(false),
        severe_infection: None,
        missing: Missing::default(),
    });
    Some(())
}

fn treat(c: &Course, day: i32, (_, organism): Kind, grade: i32, pharmacy: &mut Pharmacy) -> Option<()> {
    use PathogenClass::{GramPositive, Mold, Pneumocystis, Virus};
    let class = organism.and_then(Organism::class);
    let drug = match (class, organism) {
        (Some(Virus), Some(Organism::Cmv)) => Drug::Ganciclovir,
        (Some(Virus), Some(Organism::Vzv)) => Drug::Valaciclovir,
        (Some(Virus), _) => return Some(()),
        (Some(GramPositive), _) => Drug::Vancomycin,
        (Some(Mold), _) => Drug::Voriconazole,
        (Some(Pneumocystis), _) => Drug::TmpSmx,
        _ if grade >= 3 => Drug::Carbapenem,
        _ => Drug::Cephalosporin,
    };
    pharmacy.give(c, drug, DrugIndication::Infection, day, day + 7 + 2 * grade)?;
    Some(())
}

/// The test before lymphodepletion; now and then an illness before it, over in time.
pub(super) fn covid_before(c: &Course, plan: &Plan, book: &mut Book) {
    let mut s = c.part(Part::CovidBefore);
    if s.chance(0.02) && plan.imaging - plan.screening > 18 {
        let over = plan.screening + s.between(2, 6);
        test(c, plan.screening, Some((CovidSeverity::MildModerate, over)), book);
    }
    if s.chance(0.8) {
        test(c, plan.imaging, None, book);
    }
}

/// A test after the infusion for a few.
pub(super) fn covid_after(c: &Course, book: &mut Book) {
    let mut s = c.part(Part::CovidAfter);
    let positive = s.chance(0.08);
    let day = 40 + crate::random::whole(s.exponential(220.0).min(2_000.0));
    let over = day + s.between(2, 9);
    if positive && over <= c.last {
        test(c, day, Some((CovidSeverity::MildModerate, over)), book);
    }
}

fn test(c: &Course, day: i32, ill: Option<(CovidSeverity, i32)>, book: &mut Book) {
    book.put(CovidTest {
        patient_id: c.patient(),
        infusion_number: c.number,
        test_date: c.date(day),
        result: Some(if ill.is_some() { PosNeg::Positive } else { PosNeg::Negative }),
        severity: ill.map(|(severity, _)| severity),
        afebrile_date: ill.map(|(_, over)| c.date(over)),
        afebrile_time: None,
        missing: Missing::default(),
    });
}
