//! IEC-HS and coagulopathy, with the results they rest on.

use super::counts::Counts;
use super::panel::Before;
use super::sheet::Sheet;
use super::{Book, Course, Pharmacy, yes_no};
use crate::random::{Part, Stream, clock, rounded};
use clinical::codes::YesNoUnknown;
use clinical::codes::events::{
    EpisodeGrade, Ferritin, FerritinLimit, Fibrinogen, IsthScore, Multiple, Triglycerides, WhoBleeding,
};
use clinical::codes::toxicity::IecHsItem;
use clinical::codes::treatment::{DoseUnit, Drug, DrugIndication, Frequency, Route};
use clinical::field::CodeList;
use clinical::forms::coagulopathy::Coagulopathy;
use clinical::forms::iec_hs::IecHs;
use clinical::forms::survival_status::Cause;
use clinical::lab::Analyte;
use clinical::record::Missing;

/// Upper reference limit of ferritin, ug/L.
const FERRITIN_LIMIT: f64 = 400.0;

/// Adds both.
pub(super) fn write(
    c: &Course,
    counts: &Counts,
    before: Before,
    sheet: &mut Sheet,
    pharmacy: &mut Pharmacy,
    book: &mut Book,
) -> Option<()> {
    let mut s = c.part(Part::Hyperinflammation);
    syndrome(c, before, &mut s, sheet, pharmacy, book)?;
    coagulopathy(c, counts, &mut s, sheet, book)
}

fn syndrome(
    c: &Course,
    before: Before,
    s: &mut Stream,
    sheet: &mut Sheet,
    pharmacy: &mut Pharmacy,
    book: &mut Book,
) -> Option<()> {
    let (crs, _) = c.worst();
    let fatal = c.death == Some(Cause::IecHs);
    let occurs = s.chance(if crs >= 3 { 0.14 } else { 0.012 });
    let after_crs = c.toxicity.crs.last_day().map_or(9, |day| day + 1);
    let usual = after_crs + s.between(0, 4);
    let day = if fatal { (c.end - s.between(3, 9)).max(1) } else { usual };
    if !(fatal || occurs) || day > c.last || (!fatal && day > 40) {
        return Some(());
    }
    let grade = if fatal { 5 } else { s.pick(&[(1, 0.2), (2, 0.45), (3, 0.25), (4, 0.1)])? };
    let peak = s.log_normal(9_000.0 + 2_500.0 * f64::from(grade), 0.5).clamp(6_500.0, 46_000.0);
    let ferritin =
        sheet.value(day, Analyte::Ferritin, rounded(peak.max(2.5 * before.ferritin).min(49_000.0), 0))?;
    let fibrinogen = rounded(0.7 + 0.7 * s.uniform(), 2);
    let triglycerides = rounded(3.2 + 1.8 * s.uniform(), 2);
    let times = rounded(5.4 + 8.0 * s.uniform(), 1);
    let mut items =
        vec![IecHsItem::ResolvingCrs, IecHsItem::Cytopenia, IecHsItem::Ldh, IecHsItem::Fibrinogen];
    sheet.value(day, Analyte::Fibrinogen, fibrinogen);
    let (high_enzymes, high_fat) = (s.chance(0.6), s.chance(0.5));
    if high_enzymes {
        items.push(IecHsItem::Transaminases);
        sheet.value(day, Analyte::Alt, rounded(times * 40.0, 0));
    }
    if high_fat {
        items.push(IecHsItem::Triglycerides);
        sheet.value(day, Analyte::Triglycerides, triglycerides);
    }
    sheet.value(day, Analyte::Ldh, rounded(s.log_normal(650.0, 0.3).clamp(300.0, 2_500.0), 0));
    let end = day + s.between(6, 16);
    let resolved = !fatal && end <= c.end;
    book.put(IecHs {
        patient_id: c.patient(),
        infusion_number: c.number,
        diagnosis_date: c.date(day),
        diagnosis_time: clock(s, 8, 17),
        grade: EpisodeGrade::new(grade),
        items: CodeList::new(&items),
        ferritin_ug_l: Ferritin::new(ferritin),
        ferritin_baseline_ug_l: Ferritin::new(before.ferritin),
        ferritin_uln_ug_l: FerritinLimit::new(FERRITIN_LIMIT),
        ferritin_rising: Some(YesNoUnknown::Yes),
        transaminase_times_reference: Multiple::new(times).filter(|_| high_enzymes),
        fibrinogen_g_l: Fibrinogen::new(fibrinogen),
        triglycerides_mmol_l: Triglycerides::new(triglycerides).filter(|_| high_fat),
        end_date: resolved.then(|| c.date(end)),
        missing: Missing::default(),
    });
    if grade >= 2 {
        let last = day + s.between(4, 9);
        pharmacy.give(c, Drug::Anakinra, DrugIndication::IecHs, day, last)?.dose(
            100.0,
            DoseUnit::Mg,
            Route::Subcutaneous,
            Frequency::Q6h,
        );
        if s.chance(0.7) {
            pharmacy.give(c, Drug::Dexamethasone, DrugIndication::IecHs, day, last)?.dose(
                10.0,
                DoseUnit::Mg,
                Route::Intravenous,
                Frequency::Q12h,
            );
        }
        if grade >= 3 && s.chance(0.5) {
            let (first, last) = ((day + 2).min(c.end), day + 12);
            pharmacy.give(c, Drug::Ruxolitinib, DrugIndication::IecHs, first, last)?.dose(
                5.0,
                DoseUnit::Mg,
                Route::Oral,
                Frequency::Q12h,
            );
        }
    }
    Some(())
}

/// ISTH score of overt disseminated intravascular coagulation (Taylor, Thromb Haemost 2001).
fn isth(plt: f64, d_dimer: f64, pt_prolonged: f64, fibrinogen: f64) -> i32 {
    let platelets = match plt {
        p if p < 50.0 => 2,
        p if p < 100.0 => 1,
        _ => 0,
    };
    let marker = match d_dimer {
        d if d > 5.0 => 3,
        d if d > 0.5 => 2,
        _ => 0,
    };
    let time = match pt_prolonged {
        t if t >= 6.0 => 2,
        t if t >= 3.0 => 1,
        _ => 0,
    };
    platelets + marker + time + i32::from(fibrinogen < 1.0)
}

fn coagulopathy(
    c: &Course,
    counts: &Counts,
    s: &mut Stream,
    sheet: &mut Sheet,
    book: &mut Book,
) -> Option<()> {
    let (crs, _) = c.worst();
    let fatal = c.death == Some(Cause::Bleeding) && c.end <= 30;
    let share = match crs {
        3.. => 0.75,
        2 => 0.2,
        _ => 0.03,
    };
    let day = c.toxicity.crs.onset + s.between(2, 5);
    let day = if fatal { (c.end - 1).max(1) } else { day };
    if !(fatal || s.chance(share)) || day > c.last {
        return Some(());
    }
    let bad = f64::from(crs.max(1));
    let d_dimer = s.log_normal(0.7 * bad, 0.6).clamp(0.2, 60.0);
    let prolonged = (0.9 * bad + 1.2 * s.normal()).clamp(0.0, 9.0);
    let fibrinogen = (3.6 - 0.6 * bad + 0.6 * s.normal()).clamp(0.6, 6.0);
    let d_dimer = sheet.value(day, Analyte::DDimer, d_dimer)?;
    let pt = sheet.value(day, Analyte::Pt, 12.5 + prolonged)?;
    // The day of an IEC-HS has its fibrinogen already.
    let Some(fibrinogen) = sheet.value(day, Analyte::Fibrinogen, fibrinogen) else { return Some(()) };
    let plt = counts.on(day).map_or(150.0, |count| count.plt);
    let bleeding = if fatal { 4 } else { s.pick(&[(0, 0.75), (1, 0.15), (2, 0.08), (3, 0.02)])? };
    book.put(Coagulopathy {
        patient_id: c.patient(),
        infusion_number: c.number,
        assessment_date: c.date(day),
        who_bleeding: WhoBleeding::new(bleeding),
        isth_score: IsthScore::new(isth(plt, d_dimer, pt - 12.5, fibrinogen)),
        cdss_score: None,
        plasma_exchange: yes_no(crs >= 4 && s.chance(0.2)),
        missing: Missing::default(),
    });
    Some(())
}
