//! Whether the treatment fits the disease, the product and the patient (G6 R02, R19 to R27, R35, R38, R39).

pub mod dose;
pub mod pregnancy;
pub mod prevention;
pub mod tocilizumab;

use super::{Entry, History, Review};
use crate::codes::assessment::MrdMethod;
use crate::codes::treatment::DrugClass;
use crate::codes::{Disease, YesNoUnknown};
use crate::field::CodeList;
use crate::form::Context;
use crate::forms::b_all_baseline::BAllBaseline;
use crate::forms::disease::DiseaseBaseline;
use crate::forms::infusion::Infusion;
use crate::forms::lymphodepletion::{Lymphodepletion, Regimen};
use crate::forms::mrd::Mrd;
use crate::forms::patient::{DateBasis, Patient};
use crate::forms::prior_line::PriorLine;
use crate::rule::rules;
use chrono::{Datelike, NaiveDate};

rules! {
    /// R02 (1.6.2, 2.6.2, 3.3). A course that does not end before the infusion breaks R01 instead.
    LYMPHODEPLETION_GAP = soft("treatment.lymphodepletion_gap", "the time from the last dose of lymphodepletion to the infusion is unusual for the disease", "清淋结束至回输的间隔不符合该疾病的常规");
    /// R19: bridging is not a line.
    PRIOR_LINES = soft("treatment.prior_lines", "the number of prior lines is not the number of lines recorded", "既往治疗线数与已登记的治疗线数不一致");
    /// R20 (2.1).
    MYELOMA_LINES = soft("treatment.myeloma_lines", "CAR-T cells in myeloma are indicated after at least 3 prior lines; confirm", "多发性骨髓瘤CAR-T治疗适用于至少3线治疗后，请确认");
    /// R20 (2.1).
    MYELOMA_EXPOSURE = soft("treatment.myeloma_exposure", "CAR-T cells in myeloma are indicated after a proteasome inhibitor and an immunomodulatory drug, which no prior line holds", "多发性骨髓瘤CAR-T治疗适用于使用过蛋白酶体抑制剂和免疫调节剂者，但既往治疗中均未登记");
    /// R21 (3.1): 18 to 65 is level I, above level II, below not covered.
    B_ALL_AGE = soft("treatment.b_all_age", "CAR-T cells in adult B-ALL are indicated from 18 years of age on; confirm", "成人B-ALL的CAR-T治疗适用于18岁及以上患者，请确认");
    /// R21 (3.2).
    BCR_ABL_TEST = soft("treatment.bcr_abl_test", "a Ph-positive leukemia is recorded without a BCR-ABL test", "Ph阳性白血病未登记BCR-ABL检测");
}

/// Days from the last dose of lymphodepletion to the infusion that open no query (R02).
fn usual_gap(disease: Disease) -> Option<(i64, i64)> {
    match disease {
        Disease::Nhl => Some((2, 21)),
        Disease::Mm => Some((1, 7)),
        Disease::BAll => Some((2, 7)),
        Disease::Other => None,
    }
}

/// Prior lines from which CAR-T cells are indicated in myeloma (2.1).
const MYELOMA_LEAST_LINES: i32 = 3;
/// Age from which CAR-T cells are indicated in B-ALL (3.1).
const B_ALL_LEAST_AGE: i32 = 18;

/// Applies the rules.
pub(super) fn review(history: &History, context: Context, review: &mut Review) {
    let infusions = history.of::<Infusion>();
    if let Some((entry, disease)) = history.one::<DiseaseBaseline>() {
        lymphodepletion_gap(history, &infusions, disease.disease, review);
        prior_lines(history, &infusions, entry, &disease, review);
        if disease.disease == Disease::BAll {
            b_all_age(history, &infusions, review);
        }
    }
    bcr_abl(history, &infusions, review);
    dose::review(history, context, review);
    tocilizumab::review(history, context, review);
    prevention::review(history, context, review);
    pregnancy::review(history, context, review);
}

/// Day 0 of the first infusion, with its record.
pub(super) fn first_infusion(infusions: &[(Entry, Infusion)]) -> Option<&(Entry, Infusion)> {
    infusions.iter().min_by_key(|(entry, i)| (i.infusion_date, *entry))
}

/// Completed years of age on a day, at least and at most: of the birth only the year is known. `None` when the patient's dates are
/// not calendar dates.
fn age_on(patient: &Patient, day: NaiveDate) -> Option<(i32, i32)> {
    let calendar = patient.date_basis == DateBasis::Calendar;
    let birth_year = patient.birth_year.filter(|_| calendar)?;
    let oldest = day.year() - birth_year.get();
    (oldest >= 0).then_some((oldest - 1, oldest))
}

/// The protocol of a trial decides in place of the indication and the label.
fn in_trial(infusion: &Infusion) -> bool {
    infusion.clinical_trial == Some(YesNoUnknown::Yes)
}

fn lymphodepletion_gap(
    history: &History,
    infusions: &[(Entry, Infusion)],
    disease: Disease,
    review: &mut Review,
) {
    let Some((least, most)) = usual_gap(disease) else { return };
    let courses = history.of::<Lymphodepletion>();
    for (_, infusion) in infusions {
        let day0 = infusion.infusion_date;
        let number = infusion.infusion_number;
        let given = || {
            courses.iter().filter(|(_, c)| c.infusion_number == number && c.regimen != Some(Regimen::None))
        };
        let ends = given().filter_map(|(entry, c)| c.end_date.map(|end| (end, *entry)));
        let Some((end, entry)) = ends.max() else { continue };
        let gap = (day0 - end).num_days();
        // A course whose end is not known may have ended later than the others.
        let last_known = given().all(|(_, c)| c.end_date.is_some());
        if gap > 0 && (gap < least || (gap > most && last_known)) {
            let expected = format!(
                "{least} to {most} days before {day0} (infusion {}, {})",
                number.get(),
                disease.code()
            );
            review.at(&LYMPHODEPLETION_GAP, entry, "end_date", end.to_string(), expected);
        }
    }
}

fn prior_lines(
    history: &History,
    infusions: &[(Entry, Infusion)],
    entry: Entry,
    disease: &DiseaseBaseline,
    review: &mut Review,
) {
    let Some(stated) = disease.prior_lines.map(crate::codes::PriorLines::get) else { return };
    // A line of which nobody knows whether it was bridging may count or not.
    let lines: Vec<(Entry, PriorLine)> =
        history.of::<PriorLine>().into_iter().filter(|(_, line)| line.is_bridging != Some(true)).collect();
    let certain = lines.iter().filter(|(_, line)| line.is_bridging.is_some()).count();
    let (least, most) = (count(certain), count(lines.len()));
    let complete = most > 0 && (least..=most).contains(&stated);
    if most > 0 && !complete {
        let expected = if least == most { most.to_string() } else { format!("{least} to {most}") };
        let expected = format!("{expected} (prior lines recorded, bridging left out)");
        review.at(&PRIOR_LINES, entry, "prior_lines", stated.to_string(), expected);
    }
    let trial = first_infusion(infusions).is_some_and(|(_, i)| in_trial(i));
    if disease.disease != Disease::Mm || trial {
        return;
    }
    if stated < MYELOMA_LEAST_LINES {
        let expected = format!("at least {MYELOMA_LEAST_LINES} (2.1)");
        review.at(&MYELOMA_LINES, entry, "prior_lines", stated.to_string(), expected);
    }
    if complete {
        myeloma_exposure(&lines, review);
    }
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Of all lines, so the last is asked: none names the class that is missing.
fn myeloma_exposure(lines: &[(Entry, PriorLine)], review: &mut Review) {
    let Some(classes) = lines.iter().map(|(_, l)| l.drug_classes.as_ref()).collect::<Option<Vec<_>>>() else {
        return;
    };
    let given = |class| classes.iter().any(|c| c.contains(class));
    let needed = [DrugClass::ProteasomeInhibitor, DrugClass::Imid];
    let lacking: Vec<&str> = needed.into_iter().filter(|c| !given(*c)).map(DrugClass::code).collect();
    if let Some((entry, last)) = lines.last().filter(|_| !lacking.is_empty()) {
        let received = last.drug_classes.as_ref().map(codes);
        let expected = format!("{} in one of the {} prior lines (2.1)", lacking.join(" and "), lines.len());
        review.at(&MYELOMA_EXPOSURE, *entry, "drug_classes", received, expected);
    }
}

fn codes(classes: &CodeList<DrugClass>) -> String {
    classes.values().iter().map(|c| c.code()).collect::<Vec<_>>().join(";")
}

fn b_all_age(history: &History, infusions: &[(Entry, Infusion)], review: &mut Review) {
    let (Some((_, infusion)), Some((entry, patient))) = (first_infusion(infusions), history.one::<Patient>())
    else {
        return;
    };
    let day0 = infusion.infusion_date;
    let too_young = age_on(&patient, day0).filter(|(_, oldest)| *oldest < B_ALL_LEAST_AGE);
    if too_young.is_some() && !in_trial(infusion) {
        let expected = format!(
            "{} or earlier: {B_ALL_LEAST_AGE} years on {day0} (infusion)",
            day0.year() - B_ALL_LEAST_AGE
        );
        review.at(&B_ALL_AGE, entry, "birth_year", patient.birth_year.map(|y| y.get().to_string()), expected);
    }
}

fn bcr_abl(history: &History, infusions: &[(Entry, Infusion)], review: &mut Review) {
    let (Some((_, infusion)), Some((entry, baseline))) =
        (first_infusion(infusions), history.one::<BAllBaseline>())
    else {
        return;
    };
    let tested = || history.of::<Mrd>().iter().any(|(_, test)| test.method == MrdMethod::BcrAbl);
    if baseline.ph_positive == Some(YesNoUnknown::Yes) && !tested() {
        let expected =
            format!("an MRD test by BCR_ABL, or ph_positive N (infused on {})", infusion.infusion_date);
        review.at(&BCR_ABL_TEST, entry, "ph_positive", "Y".to_owned(), expected);
    }
}
