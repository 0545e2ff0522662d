//! Laboratory results other than daily counts: before lymphodepletion, during CRS, at visits.

use super::Course;
use super::counts::Counts;
use super::hepatitis::Hepatitis;
use super::preparation::Plan;
use super::sheet::Sheet;
use super::tumor::{Seen, Tumor};
use super::visit::Visited;
use crate::random::{Part, Stream, rounded};
use clinical::codes::Disease;
use clinical::lab::Analyte;

/// What later results are compared with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Before {
    pub(crate) ferritin: f64,
}

/// Immune reconstitution as visits saw it.
#[derive(Debug, Default)]
pub(crate) struct Immunity {
    /// Day, immunoglobulin G (g/L) without M-protein, CD4 cells per uL.
    pub(crate) seen: Vec<(i32, f64, f64)>,
}

impl Immunity {
    /// First visit from `day` on with more than 200 CD4 cells per uL.
    pub(crate) fn cd4_recovered(&self, day: i32) -> Option<i32> {
        self.seen.iter().find(|(d, _, cd4)| *d >= day && *cd4 > 200.0).map(|(d, ..)| *d)
    }
}

/// Adds the results before lymphodepletion.
pub(super) fn before(
    c: &Course,
    plan: &Plan,
    counts: &Counts,
    virus: &Hepatitis,
    tumor: &Tumor,
    sheet: &mut Sheet,
) -> Option<Before> {
    let mut s = c.part(Part::Laboratory);
    let day = plan.imaging;
    let count = counts.before;
    let alc = rounded(s.log_normal(0.9, 0.4).clamp(0.1, 5.0), 2);
    sheet.value(day, Analyte::Anc, count.anc);
    sheet.value(day, Analyte::Alc, alc);
    sheet.value(day, Analyte::Wbc, rounded(count.anc + alc + 0.2 + 0.4 * s.uniform(), 2));
    sheet.value(day, Analyte::Plt, count.plt);
    sheet.value(day, Analyte::Hb, count.hb);
    let burden = if c.b.high_burden { 2.0 } else { 1.0 };
    let crp = s.log_normal(7.0 * burden, 0.9).clamp(0.5, 180.0);
    let ferritin = s.log_normal(420.0 * burden, 0.8).clamp(25.0, 6_000.0);
    sheet.value(day, Analyte::Crp, crp);
    let ferritin = sheet.value(day, Analyte::Ferritin, ferritin)?;
    sheet.value(day, Analyte::Ldh, s.log_normal(215.0 * burden.sqrt(), 0.35).clamp(105.0, 2_200.0));
    sheet.value(day, Analyte::Creatinine, s.log_normal(68.0, 0.25).clamp(32.0, 175.0));
    sheet.value(day, Analyte::Alt, s.log_normal(22.0, 0.5).clamp(6.0, 160.0));
    sheet.value(day, Analyte::Ast, s.log_normal(23.0, 0.45).clamp(8.0, 150.0));
    sheet.value(day, Analyte::BilirubinTotal, s.log_normal(10.0, 0.35).clamp(3.0, 34.0));
    sheet.value(day, Analyte::Calcium, 2.26 + 0.09 * s.normal());
    sheet.value(day, Analyte::Fibrinogen, (3.4 + 0.7 * s.normal()).clamp(1.6, 6.5));
    sheet.value(day, Analyte::DDimer, s.log_normal(0.5, 0.7).clamp(0.1, 8.0));
    sheet.value(day, Analyte::Pt, 12.3 + 0.7 * s.normal());
    sheet.value(day, Analyte::IgG, tumor.igg() + s.log_normal(5.5, 0.25).clamp(2.0, 6.0));
    sheet.value(day, Analyte::Cd4, s.log_normal(230.0, 0.5).clamp(25.0, 1_100.0));
    sheet.value(day, Analyte::B2m, s.log_normal(2.6 * burden.sqrt(), 0.35).clamp(1.0, 14.0));
    sheet.value(day, Analyte::NtProBnp, s.log_normal(95.0, 0.8).clamp(10.0, 2_500.0));
    sheet.value(day, Analyte::Il6, s.log_normal(5.0, 0.8).clamp(1.5, 90.0));
    virus.screen(plan.screening, sheet);
    for (analyte, share) in [
        (Analyte::HcvAb, 0.01),
        (Analyte::Hiv, 0.0),
        (Analyte::Syphilis, 0.01),
        (Analyte::CmvIgG, 0.9),
        (Analyte::EbvIgG, 0.93),
    ] {
        sheet.code(plan.screening, analyte, s.chance(share));
    }
    Some(Before { ferritin })
}

/// Adds the results after the infusion.
pub(super) fn after(
    c: &Course,
    counts: &Counts,
    before: Before,
    visits: &[Visited],
    seen: &Seen,
    sheet: &mut Sheet,
) -> Immunity {
    let mut s = c.part(Part::FollowUpLaboratory);
    inflammation(c, before, &mut s, sheet);
    for day in [7, 14] {
        if day <= c.last {
            sheet.value(day, Analyte::Creatinine, s.log_normal(66.0, 0.25).clamp(32.0, 190.0));
            sheet.value(day, Analyte::Alt, s.log_normal(28.0, 0.6).clamp(6.0, 190.0));
        }
    }
    reconstitution(c, counts, visits, seen, &mut s, sheet)
}

/// CRP, ferritin and IL-6: as the grades rise and fall, a day or two behind.
fn inflammation(c: &Course, before: Before, s: &mut Stream, sheet: &mut Sheet) {
    let crs = &c.toxicity.crs;
    let reach = s.log_normal(1.0, 0.35);
    let last = crs.last_day().map_or(0, |day| day + 2).clamp(14, 28);
    let mut ferritin = before.ferritin;
    for day in 0..=last.min(c.last) {
        let grade = crs.grade(day).clamp(0, 4);
        let goal = before.ferritin
            + reach
                * [0.0, 900.0, 2_600.0, 7_000.0, 13_000.0].get(grade.unsigned_abs() as usize).unwrap_or(&0.0);
        ferritin += (goal - ferritin) * if goal > ferritin { 0.55 } else { 0.12 };
        let since = day - crs.onset;
        let during = crs.last_day().is_some_and(|end| (0..=end - crs.onset + 2).contains(&since));
        if (during && since % 2 == 0) || day == 7 || day == 14 {
            let crp = [4.0, 38.0, 85.0, 130.0, 170.0].get(grade.unsigned_abs() as usize).unwrap_or(&4.0);
            sheet.value(day, Analyte::Crp, (crp * s.log_normal(1.0, 0.45)).clamp(0.5, 430.0));
            sheet.value(day, Analyte::Ferritin, (ferritin * s.log_normal(1.0, 0.1)).clamp(20.0, 44_000.0));
        }
        if [3, 7, 10, 14].contains(&day) || (during && since == 0) {
            let il6 = 6.0 * 8.0_f64.powf(f64::from(grade)) * s.log_normal(1.0, 0.8);
            sheet.value(day, Analyte::Il6, il6.clamp(1.5, 90_000.0));
        }
    }
}

/// Counts, immunoglobulin and lymphocyte subsets at visits.
fn reconstitution(
    c: &Course,
    counts: &Counts,
    visits: &[Visited],
    seen: &Seen,
    s: &mut Stream,
    sheet: &mut Sheet,
) -> Immunity {
    let return_of_b = match c.disease() {
        Disease::Mm => s.log_normal(5.0, 0.5),
        Disease::Nhl => s.log_normal(14.0, 0.7),
        _ => s.log_normal(20.0, 0.8),
    };
    let (cd4_start, cd4_gain) = (s.log_normal(95.0, 0.4), s.log_normal(24.0, 0.5));
    let floor = s.log_normal(4.7, 0.3).clamp(1.4, 9.0);
    let mut immunity = Immunity::default();
    for visit in visits.iter().filter(|v| v.in_person) {
        let (day, months) = (visit.day, visit.months());
        if day > 30 {
            let mut count = counts.later(day, s);
            if let Some((_, anc, plt)) = seen.counts.iter().find(|(d, ..)| *d == day) {
                (count.anc, count.plt) = (*anc, *plt);
            }
            sheet.value(day, Analyte::Anc, count.anc);
            sheet.value(day, Analyte::Plt, count.plt);
            sheet.value(day, Analyte::Hb, count.hb);
        }
        let back = (months - return_of_b).max(0.0);
        let igg = (floor + 0.35 * back + 0.25 * s.normal()).clamp(0.8, 13.0);
        let monoclonal = seen.igg.iter().find(|(d, _)| *d == day).map_or(0.0, |(_, m)| *m);
        let cd19 = if back > 0.0 { (9.0 + 22.0 * back) * s.log_normal(1.0, 0.3) } else { 2.0 * s.uniform() };
        let cd4 = (cd4_start + cd4_gain * months).min(850.0) * s.log_normal(1.0, 0.08);
        sheet.value(day, Analyte::IgG, (igg + monoclonal).min(29.9));
        sheet.value(day, Analyte::Cd19, rounded(cd19.min(420.0), 0));
        let cd4 = sheet.value(day, Analyte::Cd4, rounded(cd4, 0)).unwrap_or(cd4);
        let ldh = if visit.progressed { 330.0 } else { 195.0 };
        sheet.value(day, Analyte::Ldh, s.log_normal(ldh, 0.2).clamp(105.0, 2_000.0));
        sheet.value(day, Analyte::Creatinine, s.log_normal(68.0, 0.22).clamp(34.0, 170.0));
        immunity.seen.push((day, rounded(igg, 2), cd4));
    }
    immunity
}
