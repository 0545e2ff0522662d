//! The order of events, and what the records of a patient say together.

use crate::support::{Typed, all, context, registry};
use chrono::NaiveDate;
use clinical::field::Cell;
use clinical::forms::apheresis::Apheresis;
use clinical::forms::bridging::Bridging;
use clinical::forms::crs_episode::CrsEpisode;
use clinical::forms::icans_episode::IcansEpisode;
use clinical::forms::infection::{Infection, InfectionOutcome};
use clinical::forms::kinetics_sample::KineticsSample;
use clinical::forms::lymphodepletion_dose::LymphodepletionDose;
use clinical::forms::prior_line::PriorLine;
use clinical::forms::subsequent_therapy::SubsequentTherapy;
use clinical::forms::survival_status::Cause;
use clinical::forms::visit::Visit;
use clinical::review::{History, review};
use std::collections::{BTreeMap, HashSet};
use synth::PatientRecords;

/// Contradictions between records that a registry has too, with how often at most per thousand patients: slips of the pen, practice
/// outside the guideline, and what later readers must not take for a fault of the center.
const DELIBERATE: [(&str, u32); 7] = [
    ("chronology.early_discharge", 40),
    ("outcome.pseudo_progression", 40),
    ("treatment.b_all_age", 80),
    ("treatment.lymphodepletion_gap", 120),
    ("treatment.myeloma_lines", 60),
    ("treatment.prior_lines", 15),
    ("treatment.product_dose", 30),
];

#[test]
fn records_of_a_patient_do_not_contradict_each_other() {
    let registry = registry(12, 1_000);
    let context = context(registry.config());
    let mut found: BTreeMap<&str, (u32, String)> = BTreeMap::new();
    for patient in registry.patients() {
        let records = patient.records.into_iter().map(|r| ((), r)).collect();
        let (history, _) = History::new(records);
        for c in review(&history, context).contradictions {
            let record = history.record(c.entry).expect("its record");
            let example = || format!("{} {:?} {:?}", record.to_json(), c.received, c.expected);
            found.entry(c.rule.id).or_insert_with(|| (0, example())).0 += 1;
        }
    }
    for (id, (times, example)) in &found {
        let most = DELIBERATE.iter().find(|(known, _)| known == id).map_or(0, |(_, most)| *most);
        assert!(*times <= most, "{id} {times} times: {example}");
    }
}

/// Days of a record that are known to the day, the patient's consent apart.
fn days(patient: &PatientRecords) -> impl Iterator<Item = (NaiveDate, &'static str, &'static str)> {
    patient.records.iter().flat_map(|record| {
        let form = record.form();
        form.fields.iter().zip(record.cells()).filter_map(|(field, cell)| match cell {
            Cell::Date(date) => Some((*date, form.name, field.name)),
            Cell::PartialDate(date) => Some((date.earliest(), form.name, field.name)),
            _ => None,
        })
    })
}

/// What holds for each single patient.
pub(crate) fn assert_in_order(patient: &PatientRecords) {
    let t = Typed::of(patient);
    let end = t.end().last_contact;
    for (date, form, field) in days(patient) {
        assert!(date <= end, "{form}.{field} {date} after the last contact {end}");
    }
    let mut keys = HashSet::new();
    for record in &patient.records {
        let key = (record.form().name, record.key());
        assert!(!keys.contains(&key), "{key:?} twice");
        keys.insert(key);
    }
    preparation(patient, &t);
    afterwards(patient, &t);
}

/// Diagnosis, lines, apheresis, bridging, lymphodepletion, infusion.
fn preparation(patient: &PatientRecords, t: &Typed) {
    let consent = t.patient.consent_date;
    for a in all::<Apheresis>(patient) {
        let day = a.apheresis_date.expect("a date");
        assert!(consent.is_none_or(|c| c < day));
        assert!(t.disease.diagnosis_date.is_none_or(|d| d.earliest() < day));
        let number = a.infusion_number;
        for line in all::<PriorLine>(patient).into_iter().filter(|_| number.get() == 1) {
            let dates = [line.start_date, line.end_date, line.relapse_date];
            assert!(dates.into_iter().flatten().all(|d| d.earliest() < day), "{line:?}");
            assert!(
                line.start_date
                    .is_none_or(|s| t.disease.diagnosis_date.is_none_or(|d| d.earliest() <= s.latest()))
            );
        }
        let bridging =
            all::<Bridging>(patient).into_iter().find(|b| b.infusion_number == number).expect("one");
        assert!(bridging.start_date.is_none_or(|b| day < b));
        for dose in all::<LymphodepletionDose>(patient).into_iter().filter(|d| d.infusion_number == number) {
            let given = dose.dose_date.expect("a date");
            assert!(day < given && bridging.end_date.is_none_or(|b| b < given), "{dose:?}");
            let course = t
                .courses
                .iter()
                .find(|c| c.infusion_number == number && c.course_number == dose.course_number);
            let course = course.expect("its course");
            assert!(
                course.start_date.is_none_or(|d| d <= given) && course.end_date.is_none_or(|d| given <= d)
            );
        }
    }
    for dose in all::<LymphodepletionDose>(patient) {
        let infusion = t.infusions.iter().find(|i| i.infusion_number == dose.infusion_number);
        assert!(infusion.is_none_or(|i| dose.dose_date.is_some_and(|d| d < i.infusion_date)));
    }
}

/// What follows an infusion follows it, and belongs to it until the next one.
fn afterwards(patient: &PatientRecords, t: &Typed) {
    let day0 = |number| {
        let infusion = t.infusions.iter().find(|i| i.infusion_number == number).expect("its infusion");
        let next = t.infusions.iter().find(|i| i.infusion_number > number).map(|i| i.infusion_date);
        (infusion.infusion_date, next.unwrap_or(NaiveDate::MAX))
    };
    for e in all::<CrsEpisode>(patient) {
        let (first, _) = day0(e.infusion_number);
        assert!(e.onset_date.is_some_and(|d| first <= d), "{e:?}");
    }
    for e in all::<IcansEpisode>(patient) {
        let (first, _) = day0(e.infusion_number);
        assert!(e.onset_date.is_some_and(|d| first <= d), "{e:?}");
    }
    for sample in all::<KineticsSample>(patient) {
        let (first, next) = day0(sample.infusion_number);
        assert!(first < sample.collected_date && sample.collected_date < next, "{sample:?}");
    }
    for visit in all::<Visit>(patient) {
        let (first, next) = day0(visit.infusion_number);
        assert!(first < visit.visit_date && visit.visit_date < next, "{visit:?}");
        assert!(!t.died() || visit.visit_date < t.end().last_contact);
    }
    for therapy in all::<SubsequentTherapy>(patient) {
        let start = therapy.start_date.expect("a date").earliest();
        let of = t.responses.iter().filter(|r| r.infusion_number == therapy.infusion_number);
        assert!(of.into_iter().all(|r| r.assessment_date < start), "{therapy:?}");
    }
    let fatal = all::<Infection>(patient).into_iter().any(|i| i.outcome == Some(InfectionOutcome::Death));
    assert!(!fatal || t.died());
    if t.end().cause_primary == Some(Cause::Infection) && t.infusions.len() == 1 {
        assert!(fatal, "a death from an infection that is not recorded");
    }
}

#[test]
fn events_are_in_order() {
    for patient in registry(13, 600).patients() {
        assert_in_order(&patient);
    }
}
