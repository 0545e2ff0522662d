//! Blood counts by day, and what follows from them: ICAHT and transfusions.

use super::sheet::Sheet;
use super::tumor::Seen;
use super::visit::Visited;
use super::{Book, Course, yes_no};
use crate::random::{Part, Stream, rounded};
use clinical::codes::Disease;
use clinical::codes::events::{BloodUnits, EarlyDays, IcahtGrade, SequenceNumber};
use clinical::forms::icaht::Icaht;
use clinical::forms::transfusion::{BloodComponent, Transfusion};
use clinical::lab::Analyte;
use clinical::record::Missing;

/// Days 0 to 30.
const DAYS: usize = 31;
/// Longest gap between counts that is interpolated, and longest recovery within a run, days (Rejeski, Blood 2023).
const INTERPOLATED: usize = 7;
const RECOVERY: usize = 2;
/// A count that was ordered and not done.
const NOT_COUNTED: f64 = 0.012;

/// Counts of one day in canonical units.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) anc: f64,
    pub(crate) plt: f64,
    pub(crate) hb: f64,
}

/// The counts of a course.
pub(crate) struct Counts {
    /// Before lymphodepletion.
    pub(crate) before: Count,
    /// By day from the infusion.
    days: Vec<Count>,
    /// Never recovered within the month.
    aplastic: bool,
    stream: Stream,
}

/// When neutrophils were low.
#[derive(Debug, Clone, Default)]
pub(crate) struct Nadir {
    /// Days with 0.5 or less, as counted.
    pub(crate) low: Vec<i32>,
}

/// Interpolates between knots of day and logarithm.
fn along(knots: &[(f64, f64)], day: f64) -> f64 {
    let next = knots.iter().position(|(d, _)| *d >= day);
    let (after, before) = match next {
        Some(0) => return knots.first().map_or(0.0, |k| k.1),
        Some(n) => (knots.get(n), knots.get(n - 1)),
        None => return knots.last().map_or(0.0, |k| k.1),
    };
    match (before, after) {
        (Some((d0, v0)), Some((d1, v1))) => (v0.ln() + (v1.ln() - v0.ln()) * (day - d0) / (d1 - d0)).exp(),
        _ => 0.0,
    }
}

impl Counts {
    pub(crate) fn draw(c: &Course) -> Self {
        let mut s = c.part(Part::Counts);
        let (anc, plt, hb) = match c.disease() {
            Disease::Nhl => (2.9, 165.0, 112.0),
            Disease::Mm => (2.4, 140.0, 102.0),
            _ => (1.7, 105.0, 98.0),
        };
        let before = Count {
            anc: rounded(s.log_normal(anc, 0.45).clamp(0.3, 12.0), 2),
            plt: rounded(s.log_normal(plt, 0.45).clamp(22.0, 480.0), 0),
            hb: rounded((hb + 16.0 * s.normal()).clamp(66.0, 162.0), 0),
        };
        let (crs, _) = c.worst();
        // Poor reserve and severe inflammation make neutropenia long (the idea of CAR-HEMATOTOX).
        let reserve = f64::from(u8::from(before.plt < 75.0)) + f64::from(u8::from(before.anc < 1.2));
        let burden = 0.06 + 0.10 * reserve + 0.05 * f64::from(crs.max(1) - 1);
        let (aplastic, twice) = (s.chance(burden), s.chance(0.35));
        let low = s.log_normal(if aplastic { 0.06 } else { 0.22 }, 0.6).clamp(0.0, 1.2);
        let low = low.max(0.01);
        let falls = f64::from(s.between(2, 5));
        let rises = if aplastic { f64::from(s.between(24, 40)) } else { falls + f64::from(s.between(3, 9)) };
        let recovered = s.log_normal(1.9, 0.3);
        let mut anc_knots =
            vec![(-1.0, before.anc * 0.55), (falls, low), (rises - 1.0, low * 1.1), (rises + 2.0, recovered)];
        if twice && !aplastic && rises < 16.0 {
            let second = rises + f64::from(s.between(5, 8));
            let dip = s.log_normal(0.45, 0.5);
            anc_knots.extend([(second, dip), (second + 3.0, dip * 1.2), (second + 7.0, recovered)]);
        }
        let depth = if aplastic { s.log_normal(0.12, 0.3) } else { s.log_normal(0.40, 0.35) }.min(0.95);
        let plt_low = (before.plt * depth).max(7.0);
        let plt_day = f64::from(s.between(8, 14));
        let plt_end = if aplastic { plt_low * 1.5 } else { before.plt * s.log_normal(0.8, 0.2) };
        let plt_knots = [(-1.0, before.plt * 0.9), (plt_day, plt_low), (30.0, plt_end.max(plt_low))];
        let hb_low = (before.hb - 14.0 - 9.0 * s.uniform() - if aplastic { 12.0 } else { 0.0 }).max(56.0);
        let hb_knots = [(-1.0, before.hb - 3.0), (12.0, hb_low), (30.0, hb_low + 9.0)];
        let days = (0..DAYS)
            .map(|day| {
                let day = day as f64;
                Count {
                    anc: rounded(along(&anc_knots, day) * s.log_normal(1.0, 0.12), 2),
                    plt: rounded(along(&plt_knots, day) * s.log_normal(1.0, 0.06), 0).max(3.0),
                    hb: rounded(along(&hb_knots, day) * s.log_normal(1.0, 0.015), 0).max(52.0),
                }
            })
            .collect();
        Self { before, days, aplastic, stream: s }
    }

    /// The counts of a day of the first month.
    pub(crate) fn on(&self, day: i32) -> Option<Count> {
        usize::try_from(day).ok().and_then(|day| self.days.get(day)).copied()
    }

    /// Makes the days around an assessment of leukemia agree with its counts.
    pub(crate) fn agree_with(&mut self, seen: &Seen) {
        let last = self.days.len();
        for (day, anc, plt) in &seen.counts {
            let from = usize::try_from(day - 2).unwrap_or(0).min(last);
            for count in self.days.iter_mut().skip(from) {
                (count.anc, count.plt) = (*anc, *plt);
            }
        }
    }

    /// A count after the first month.
    pub(crate) fn later(&self, day: i32, s: &mut Stream) -> Count {
        // Those who never recovered within the month do so over half a year.
        let held = if self.aplastic { (f64::from(day - 20) / 160.0).clamp(0.3, 1.0) } else { 1.0 };
        let recovered = 1.0 - 0.25 * (-f64::from(day) / 120.0).exp();
        Count {
            anc: rounded((s.log_normal(2.7, 0.3) * held).clamp(0.6, 9.0), 2),
            plt: rounded(
                (self.before.plt.max(95.0) * recovered * held * s.log_normal(1.0, 0.12)).clamp(20.0, 450.0),
                0,
            ),
            hb: rounded(
                (self.before.hb.max(98.0) * (0.6 + 0.5 * recovered * held.max(0.8))).clamp(72.0, 165.0),
                0,
            ),
        }
    }

    /// The counts of the first month, daily while low and in the first two weeks, else weekly.
    pub(crate) fn write(
        &self,
        c: &Course,
        visits: &[Visited],
        sheet: &mut Sheet,
        book: &mut Book,
    ) -> Option<Nadir> {
        let mut s = self.stream.clone();
        let mut measured: [Option<f64>; DAYS] = [None; DAYS];
        let mut low = Vec::new();
        let (mut red, mut platelets) = (-9, -9);
        let mut neutropenic = false;
        for (day, (slot, count)) in (0..).zip(measured.iter_mut().zip(&self.days)) {
            let visited = visits.iter().any(|v| v.day == day && v.in_person);
            let due = day <= 14 || day == 21 || day == 28 || neutropenic || visited;
            let skipped = s.chance(NOT_COUNTED * c.b.site.gaps) && !visited;
            if day > c.last || !due || skipped {
                continue;
            }
            *slot = sheet.value(day, Analyte::Anc, count.anc);
            sheet.value(day, Analyte::Plt, count.plt);
            sheet.value(day, Analyte::Hb, count.hb);
            neutropenic = count.anc <= 0.5;
            if neutropenic {
                low.push(day);
            }
            if count.hb < 70.0 && day - red >= 3 {
                red = day;
                transfusion(c, day, BloodComponent::RedCells, &mut s, book)?;
            }
            if count.plt < 15.0 && day - platelets >= 2 {
                platelets = day;
                transfusion(c, day, BloodComponent::Platelets, &mut s, book)?;
            }
        }
        if c.last >= 30 && !s.chance(0.08 * c.b.site.gaps) {
            icaht(c, &measured, book);
        }
        Some(Nadir { low })
    }
}

fn transfusion(
    c: &Course,
    day: i32,
    component: BloodComponent,
    s: &mut Stream,
    book: &mut Book,
) -> Option<()> {
    let red = component == BloodComponent::RedCells;
    book.put(Transfusion {
        patient_id: c.patient(),
        infusion_number: c.number,
        transfusion_date: c.date(day),
        component,
        sequence_number: SequenceNumber::new(1)?,
        units: BloodUnits::new(if red && s.chance(0.25) { 2 } else { 1 }),
        irradiated: yes_no(s.chance(0.96)),
        leukoreduced: yes_no(true),
        missing: Missing::default(),
    });
    Some(())
}

/// Counts by day with gaps filled, and how many were.
fn filled(measured: &[Option<f64>]) -> (Vec<Option<f64>>, usize) {
    let mut values = measured.to_vec();
    let (mut before, mut added): (Option<(usize, f64)>, usize) = (None, 0);
    for (day, value) in measured.iter().enumerate() {
        let Some(value) = *value else { continue };
        if let Some((from, start)) = before.filter(|(from, _)| day - from - 1 <= INTERPOLATED) {
            let span = (day - from) as f64;
            for (step, slot) in (1_u32..).zip(values.iter_mut().skip(from + 1).take(day - from - 1)) {
                *slot = Some(start + (value - start) * f64::from(step) / span);
                added += 1;
            }
        }
        before = Some((day, value));
    }
    (values, added)
}

/// Longest run of days at or below `limit`, and whether the last run starts by day 3 and lasts to the last value.
fn longest(values: &[Option<f64>], limit: f64) -> (usize, bool) {
    let last_value = values.iter().rposition(Option::is_some);
    let (mut best, mut run): (usize, Option<(usize, usize)>) = (0, None);
    for (day, _) in values.iter().enumerate().filter(|(_, v)| v.is_some_and(|v| v <= limit * (1.0 + 1e-9))) {
        let start = run.filter(|(_, end)| day - end - 1 <= RECOVERY).map_or(day, |(start, _)| start);
        run = Some((start, day));
        best = best.max(day - start + 1);
    }
    (best, run.is_some_and(|(start, end)| start <= 3 && Some(end) == last_value))
}

/// ICAHT: early, as the counts give it.
fn icaht(c: &Course, measured: &[Option<f64>], book: &mut Book) {
    let (values, interpolated) = filled(measured);
    let (low, never_recovered) = longest(&values, 0.5);
    let (deep, _) = longest(&values, 0.1);
    let grade = match (low, deep) {
        _ if never_recovered || deep >= 14 => 4,
        (14.., _) | (_, 7..) => 3,
        (7.., _) => 2,
        (1.., _) => 1,
        _ => 0,
    };
    let days = |limit: f64| {
        let low = values.iter().flatten().filter(|v| **v <= limit * (1.0 + 1e-9)).count();
        i32::try_from(low).ok().and_then(EarlyDays::new)
    };
    book.put(Icaht {
        patient_id: c.patient(),
        infusion_number: c.number,
        assessment_date: c.date(30),
        reported_early_grade: IcahtGrade::new(grade),
        reported_late_grade: None,
        days_anc_500: days(0.5),
        days_anc_100: days(0.1),
        days_interpolated: i32::try_from(interpolated).ok().and_then(EarlyDays::new),
        missing: Missing::default(),
    });
}
