//! PTL, PHC: what was given before CAR-T cells.

use super::tumor::Tumor;
use super::{Book, Course, yes_no};
use crate::baseline::partial;
use crate::gaps::Gaps;
use crate::random::{Part, Stream};
use crate::{after, days_between};
use chrono::NaiveDate;
use clinical::codes::assessment::Category;
use clinical::codes::treatment::{DrugClass, LineNumber, LymphotoxicDrug, TransplantNumber, TransplantType};
use clinical::codes::{Disease, ShortText};
use clinical::field::CodeList;
use clinical::forms::prior_hct::PriorHct;
use clinical::forms::prior_line::PriorLine;
use clinical::record::Missing;
use clinical::{MissingCode, PartialDate};

/// Drug classes and name of a line.
type Regimen = (&'static [DrugClass], &'static str);

use DrugClass::{
    Alkylator, Anthracycline, Bispecific, Blinatumomab, BtkInhibitor, Cd20, Cd38, Imid, Inotuzumab, Other,
    ProteasomeInhibitor,
};

/// Regimens by line; the last one serves all later lines.
const NHL: [&[Regimen]; 3] = [
    &[
        (&[Cd20, Anthracycline, Alkylator, Other], "R-CHOP"),
        (&[Cd20, Anthracycline, Alkylator, Other], "Pola-R-CHP"),
    ],
    &[(&[Cd20, Other], "R-GDP"), (&[Cd20, Alkylator, Other], "R-ICE"), (&[Cd20, Other], "R-GemOx")],
    &[
        (&[BtkInhibitor], "BTK inhibitor"),
        (&[Cd20, Imid], "R2"),
        (&[Bispecific], "CD20xCD3 bispecific antibody"),
    ],
];
const MM: [&[Regimen]; 4] = [
    &[(&[ProteasomeInhibitor, Imid], "VRd"), (&[ProteasomeInhibitor, Alkylator], "VCd")],
    &[(&[Cd38, Imid], "DRd"), (&[Cd38, ProteasomeInhibitor, Imid], "D-VRd")],
    &[(&[Cd38, ProteasomeInhibitor, Imid], "DKPd"), (&[ProteasomeInhibitor, Imid, Other], "KPd")],
    &[(&[Imid, Other], "XPd"), (&[Alkylator, Other], "DECP"), (&[Bispecific], "Bispecific antibody")],
];
const B_ALL: [&[Regimen]; 3] = [
    &[(&[Anthracycline, Alkylator, Other], "Hyper-CVAD"), (&[Anthracycline, Other], "VDLP")],
    &[(&[Blinatumomab], "Blinatumomab"), (&[Anthracycline, Other], "FLAG-IDA")],
    &[(&[Inotuzumab], "Inotuzumab ozogamicin"), (&[Other], "High-dose cytarabine")],
];

fn regimen(disease: Disease, line: usize, s: &mut Stream) -> Option<Regimen> {
    let table: &[&[Regimen]] = match disease {
        Disease::Nhl => &NHL,
        Disease::Mm => &MM,
        _ => &B_ALL,
    };
    let choices: Vec<(Regimen, f64)> =
        table.get(line.min(table.len() - 1))?.iter().map(|regimen| (*regimen, 1.0)).collect();
    s.pick(&choices)
}

fn best_response(disease: Disease, s: &mut Stream) -> Option<Category> {
    let weights: &[(Category, f64)] = match disease {
        Disease::Mm => &[
            (Category::Vgpr, 0.4),
            (Category::Pr, 0.35),
            (Category::Cr, 0.1),
            (Category::Sd, 0.1),
            (Category::Pd, 0.05),
        ],
        Disease::BAll => &[(Category::Cr, 0.65), (Category::Cri, 0.15), (Category::Nr, 0.2)],
        _ => &[(Category::Pr, 0.4), (Category::Cr, 0.25), (Category::Sd, 0.15), (Category::Pd, 0.2)],
    };
    s.pick(weights)
}

fn date(day: NaiveDate, s: &mut Stream) -> Option<PartialDate> {
    partial(day, s.pick(&[(10, 0.6), (7, 0.35), (4, 0.05)])?)
}

/// Lines one after the other from diagnosis to preparation.
pub(super) fn write(c: &Course, tumor: &Tumor, book: &mut Book) -> Option<()> {
    let mut s = c.part(Part::History);
    let first = after(c.facts.diagnosis, 5);
    let until = c.date(c.floor - 3);
    let lines = c.facts.lines;
    let slot = (days_between(first, until) / lines.max(1)).max(3);
    let mut end_of_last = first;
    for line in 1..=lines {
        let begin = after(first, slot * (line - 1));
        let end = after(begin, (slot * s.between(30, 55) / 100).min(270));
        let relapse = after(begin, slot - 2).max(end);
        let drawn = regimen(c.disease(), usize::try_from(line - 1).ok()?, &mut s)?;
        // Whoever had a single line for myeloma had both classes that the indication asks for.
        let first_choice =
            MM.first().and_then(|line| line.first()).filter(|_| c.disease() == Disease::Mm && lines == 1);
        let (classes, name) = first_choice.copied().unwrap_or(drawn);
        let (start_date, end_date, relapse_date) =
            (date(begin, &mut s), date(end, &mut s), date(relapse, &mut s));
        let best = best_response(c.disease(), &mut s);
        let bendamustine = c.disease() == Disease::Nhl && s.chance(0.05);
        let lenalidomide = classes.contains(&Imid);
        let toxic = match (bendamustine, lenalidomide) {
            (true, _) => CodeList::new(&[LymphotoxicDrug::Bendamustine]),
            (_, true) => CodeList::new(&[LymphotoxicDrug::Lenalidomide]),
            _ => None,
        };
        let mut gaps = Gaps::new(&mut s, c.b.missing_rate());
        book.put(PriorLine {
            patient_id: c.patient(),
            line_number: LineNumber::new(line)?,
            start_date: gaps.value("start_date", MissingCode::NotKnown, start_date),
            end_date: gaps.value("end_date", MissingCode::NotKnown, end_date),
            drug_classes: CodeList::new(classes),
            best_response: gaps.value("best_response", MissingCode::NotKnown, best),
            relapsed: yes_no(true),
            relapse_date,
            is_bridging: Some(false),
            lymphotoxic_drugs: toxic,
            regimen: ShortText::new(name),
            missing: gaps.missing(),
        });
        end_of_last = end;
    }
    transplantation(c, tumor, end_of_last, &mut s, book)
}

/// A transplantation that consolidated the last line.
fn transplantation(c: &Course, tumor: &Tumor, end: NaiveDate, s: &mut Stream, book: &mut Book) -> Option<()> {
    let autologous = match c.disease() {
        Disease::Nhl => 0.15,
        Disease::Mm => 0.45,
        _ => 0.02,
    };
    let allogeneic = tumor.after_allograft();
    let given = s.chance(autologous) && c.facts.lines > 0;
    if !allogeneic && !given {
        return Some(());
    }
    let day = after(end, 1).min(c.date(c.floor - 2));
    book.put(PriorHct {
        patient_id: c.patient(),
        hct_number: TransplantNumber::new(1)?,
        hct_type: Some(if allogeneic { TransplantType::Allogeneic } else { TransplantType::Autologous }),
        hct_date: date(day, s),
        gvhd_active: allogeneic.then(|| yes_no(s.chance(0.04))).flatten(),
        immunosuppression: allogeneic.then(|| yes_no(s.chance(0.08))).flatten(),
        missing: Missing::default(),
    });
    Some(())
}
