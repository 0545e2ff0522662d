//! AEV, SPM: other adverse events, and second malignancies.

use super::{Book, Course, yes_no};
use crate::random::{Part, Stream, whole};
use clinical::PartialDate;
use clinical::codes::YesNoUnknown;
use clinical::codes::events::{CtcaeGrade, EpisodeNumber, ForeignCode, SequenceNumber, Term};
use clinical::forms::adverse_event::AdverseEvent;
use clinical::forms::second_malignancy::{MalignancyCategory, SecondMalignancy, TransgeneResult};
use clinical::forms::survival_status::Cause;
use clinical::record::Missing;

/// Term, code, highest usual grade, first and last usual day of onset, weight.
type Kind = (&'static str, i32, i32, i32, f64);

const KINDS: [Kind; 9] = [
    ("Hypokalaemia", 3, 1, 14, 0.2),
    ("Alanine aminotransferase increased", 3, 4, 20, 0.16),
    ("Tumour lysis syndrome", 3, 1, 6, 0.05),
    ("Rash maculo-papular", 2, 1, 14, 0.1),
    ("Diarrhoea", 2, 2, 20, 0.16),
    ("Nausea", 2, -3, 5, 0.14),
    ("Atrial fibrillation", 3, 3, 15, 0.05),
    ("Pleural effusion", 3, 4, 18, 0.06),
    ("Acute kidney injury", 3, 2, 18, 0.08),
];

/// Adds both.
pub(super) fn write(c: &Course, book: &mut Book) -> Option<()> {
    let mut s = c.part(Part::Event);
    events(c, &mut s, book)?;
    malignancy(c, &mut s, book)
}

fn events(c: &Course, s: &mut Stream, book: &mut Book) -> Option<()> {
    let weights: Vec<(Kind, f64)> = KINDS.iter().map(|k| (*k, k.4)).collect();
    let mut found: Vec<(i32, &'static str, i32)> = Vec::new();
    for _ in 0..s.pick(&[(0, 0.3), (1, 0.35), (2, 0.25), (3, 0.1)])? {
        let (term, highest, first, last, _) = s.pick(&weights)?;
        let day = s.between(first.max(0), last);
        let grade = s.between(1, highest);
        if found.iter().all(|(_, known, _)| *known != term) {
            found.push((day, term, grade));
        }
    }
    match c.death {
        Some(Cause::Cardiac) => found.push(((c.end - s.between(0, 4)).max(0), "Cardiac failure acute", 5)),
        Some(Cause::Bleeding) => {
            found.push(((c.end - s.between(0, 2)).max(0), "Haemorrhage intracranial", 5));
        }
        _ => {}
    }
    found.retain(|(day, _, grade)| *day <= c.last || *grade == 5);
    found.sort_by_key(|(day, ..)| *day);
    for (number, (day, term, grade)) in (1..).zip(found) {
        let end = day + s.between(2, 9);
        let over = grade < 5 && end <= c.end;
        book.put(AdverseEvent {
            patient_id: c.patient(),
            infusion_number: c.number,
            event_number: SequenceNumber::new(number)?,
            term: Term::new(term),
            meddra_code: None,
            ctcae_grade: CtcaeGrade::new(grade),
            start_date: Some(PartialDate::day(c.date(day))),
            end_date: over.then(|| PartialDate::day(c.date(end))),
            related: yes_no(grade < 5 && s.chance(0.5)),
            serious: yes_no(grade >= 4 || s.chance(0.05)),
            missing: Missing::default(),
        });
    }
    Some(())
}

/// Kind, site, histology and code of a malignancy.
type Malignancy = (MalignancyCategory, &'static str, &'static str, &'static str);

fn malignancy(c: &Course, s: &mut Stream, book: &mut Book) -> Option<()> {
    use MalignancyCategory::{Myeloid, Skin, Solid, TCell};
    let fatal = c.death == Some(Cause::SecondMalignancy);
    // About one in a hundred years of follow-up.
    let drawn = 150 + whole(s.exponential(36_500.0).min(50_000.0));
    let (day, kinds): (i32, &[(Malignancy, f64)]) = if fatal {
        let day = (c.end - s.between(40, 200)).max(30);
        (
            day,
            &[
                ((Myeloid, "Bone marrow", "MDS with increased blasts", "9983/3"), 0.6),
                ((Solid, "Lung", "Adenocarcinoma", "8140/3"), 0.35),
                ((TCell, "Lymph node", "Peripheral T-cell lymphoma", "9702/3"), 0.05),
            ],
        )
    } else {
        (
            drawn,
            &[
                ((Skin, "Skin of the face", "Basal cell carcinoma", "8090/3"), 0.4),
                ((Myeloid, "Bone marrow", "MDS with multilineage dysplasia", "9985/3"), 0.3),
                ((Solid, "Colon", "Adenocarcinoma", "8140/3"), 0.25),
                ((TCell, "Lymph node", "Peripheral T-cell lymphoma", "9702/3"), 0.05),
            ],
        )
    };
    let (category, site, histology, code) = s.pick(kinds)?;
    let tested = category == TCell || s.chance(0.3);
    let report = day + s.between(5, 40);
    if day > c.last {
        return Some(());
    }
    book.put(SecondMalignancy {
        patient_id: c.patient(),
        infusion_number: c.number,
        malignancy_number: EpisodeNumber::new(1)?,
        category: Some(category),
        onset_date: Some(PartialDate::day(c.date(day))),
        site: Term::new(site),
        histology: Term::new(histology),
        icd_o: ForeignCode::new(code),
        transgene_tested: Some(if tested { YesNoUnknown::Yes } else { YesNoUnknown::No }),
        transgene_result: tested.then_some(TransgeneResult::Negative),
        insertion_site: None,
        report_date: (report <= c.last).then(|| c.date(report)),
        missing: Missing::default(),
    });
    Some(())
}
