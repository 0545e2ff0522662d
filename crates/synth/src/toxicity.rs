//! CRS and ICANS after one infusion: what happened day by day, the drugs given against it, and what of it was written down.

use crate::after;
use crate::assumptions::{AtLeast, recording};
use crate::baseline::Baseline;
use crate::random::{Stream, shifted, whole};
use chrono::NaiveDate;
use clinical::codes::{CrsGrade, Disease, IcansGrade, InfusionNumber};
use clinical::forms::daily_toxicity::DailyToxicity;
use clinical::forms::survival_status::Cause;
use clinical::record::Missing;
use clinical::{Form, MissingCode, Record};

/// Last day of the series at the latest.
pub(crate) const LAST_DAY: i32 = 28;
/// Last day of the series as a rule.
const USUAL_LAST_DAY: i32 = 14;
/// Share of grade 4 episodes that end in death.
const FATAL_CRS: f64 = 0.10;
const FATAL_ICANS: f64 = 0.06;

/// One toxicity from onset to resolution; empty when it did not occur.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Episode {
    pub(crate) onset: i32,
    grades: Vec<i32>,
}

impl Episode {
    /// Rises to the peak, stays, and falls by one grade after the other.
    fn draw(onset: i32, peak: i32, stay: f64, s: &mut Stream) -> Self {
        if peak == 0 {
            return Self::default();
        }
        let mut grade = if s.chance(0.15) { peak.min(2) } else { 1 };
        let mut grades = vec![grade];
        while grade < peak {
            if !s.chance(0.3) {
                grade = (grade + if s.chance(0.12) { 2 } else { 1 }).min(peak);
            }
            grades.push(grade);
        }
        while grades.len() < 10 && s.chance(stay) {
            grades.push(peak);
        }
        while grade > 1 && grades.len() < 18 {
            grade -= 1;
            grades.push(grade);
            if s.chance(0.35) {
                grades.push(grade);
            }
        }
        while grades.len() < 20 && s.chance(0.4) {
            grades.push(1);
        }
        Self { onset, grades }
    }

    pub(crate) fn grade(&self, day: i32) -> i32 {
        let place = usize::try_from(day - self.onset).ok();
        place.and_then(|i| self.grades.get(i)).copied().unwrap_or(0)
    }

    pub(crate) fn last_day(&self) -> Option<i32> {
        i32::try_from(self.grades.len()).ok().filter(|n| *n > 0).map(|n| self.onset + n - 1)
    }

    /// Ends in death some days after the peak is reached; returns the day of death.
    fn end_in_death(&mut self, s: &mut Stream) -> Option<i32> {
        let peak = self.grades.iter().position(|g| *g >= 4)?;
        self.grades.truncate(peak + 1);
        for _ in 0..s.between(1, 3) {
            self.grades.push(4);
        }
        self.grades.push(5);
        self.last_day()
    }
}

/// The toxicity of one infusion.
#[derive(Debug, Clone, Default)]
pub(crate) struct Toxicity {
    pub(crate) crs: Episode,
    pub(crate) icans: Episode,
    /// Day and cause of a death from toxicity.
    pub(crate) fatal: Option<(i32, Cause)>,
}

/// One day as it was.
#[expect(clippy::struct_excessive_bools, reason = "four drugs, each given or not")]
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Day {
    pub(crate) crs: i32,
    pub(crate) icans: i32,
    pub(crate) tocilizumab: bool,
    pub(crate) siltuximab: bool,
    pub(crate) steroids: bool,
    pub(crate) anakinra: bool,
}

/// Proportional odds over the grades.
fn peak(at_least: AtLeast, shift: f64, s: &mut Stream) -> i32 {
    let u = s.uniform();
    (1..).zip(at_least).take_while(|(_, p)| u < shifted(*p, shift)).last().map_or(0, |(grade, _)| grade)
}

/// Draws the course of both toxicities.
pub(crate) fn draw(b: &Baseline, s: &mut Stream) -> Toxicity {
    let p = b.profile;
    let crs_peak = peak(p.crs, b.toxicity, s);
    let crs_onset = whole(s.log_normal(p.crs_onset, 0.45)).clamp(0, 12);
    let mut crs = Episode::draw(crs_onset, crs_peak, 0.5, s);
    // ICANS without CRS is the exception; with CRS it is so much more frequent that the product's overall share comes out.
    let factor = if crs_peak == 0 { 0.12 } else { (1.0 - 0.12 * (1.0 - p.crs[0])) / p.crs[0] };
    let icans_peak = peak(p.icans.map(|q| (q * factor).min(0.97)), b.toxicity, s);
    let lag = whole(s.log_normal(p.icans_lag, 0.5)).max(0);
    let mut icans = Episode::draw((crs_onset + lag).min(20), icans_peak, 0.45, s);
    let crs_death = if s.chance(FATAL_CRS) { crs.end_in_death(s) } else { None };
    let icans_death = if s.chance(FATAL_ICANS) && crs_death.is_none() { icans.end_in_death(s) } else { None };
    let fatal = crs_death.map(|d| (d, Cause::Crs)).or(icans_death.map(|d| (d, Cause::Icans)));
    Toxicity { crs, icans, fatal: fatal.filter(|(day, _)| *day <= LAST_DAY) }
}

impl Toxicity {
    /// No toxicity.
    pub(crate) const fn none() -> Self {
        const NONE: Episode = Episode { onset: 0, grades: Vec::new() };
        Self { crs: NONE, icans: NONE, fatal: None }
    }

    fn last_day(&self) -> i32 {
        self.crs.last_day().max(self.icans.last_day()).unwrap_or(0)
    }

    /// Drugs follow the grades of the day and the days before.
    fn days(&self, disease: Disease, s: &mut Stream) -> Vec<Day> {
        let prophylaxis = s.chance(0.004).then(|| s.between(1, 3));
        let (mut doses, mut feverish, mut on_steroids, mut on_anakinra) = (0, 0, 0, false);
        (0..=LAST_DAY)
            .map(|day| {
                let (crs, icans) = (self.crs.grade(day), self.icans.grade(day));
                feverish = if crs > 0 { feverish + 1 } else { 0 };
                let indicated = match (crs, doses) {
                    (2.., 0) => s.chance(0.8),
                    (2.., 1..=3) => s.chance(0.35),
                    (1, 0) => s.chance(if feverish > 3 { 0.3 } else { 0.06 }),
                    _ => false,
                };
                let tocilizumab = indicated || prophylaxis == Some(day);
                let siltuximab = disease == Disease::Mm && doses >= 2 && crs >= 2 && s.chance(0.2);
                let start = crs >= 3 || icans >= 2 || (crs == 2 && doses >= 1 && s.chance(0.25));
                on_steroids = match on_steroids {
                    0 if start && s.chance(0.85) => 1,
                    0 => 0,
                    _ if crs <= 1 && icans <= 1 && s.chance(0.7) => 0,
                    n => n + 1,
                };
                on_anakinra = if on_anakinra {
                    crs + icans > 1
                } else {
                    on_steroids >= 2 && (crs >= 3 || icans >= 3) && s.chance(0.2)
                };
                doses += i32::from(tocilizumab);
                Day { crs, icans, tocilizumab, siltuximab, steroids: on_steroids > 0, anakinra: on_anakinra }
            })
            .collect()
    }

    /// The daily form: the days recorded, none after `last` (day of death, end of observation), and every day as it was.
    pub(crate) fn records(
        &self,
        b: &Baseline,
        number: InfusionNumber,
        infused_on: NaiveDate,
        last: i32,
        s: &mut Stream,
    ) -> (Vec<Record>, Vec<Day>) {
        let days = self.days(b.profile.disease, s);
        let gaps = b.site.gaps;
        let planned = match (s.chance(0.06), s.chance(0.05)) {
            (true, _) => LAST_DAY,
            (false, true) => s.between(8, 13),
            _ => USUAL_LAST_DAY,
        };
        // Nobody is left alone before a toxicity is over.
        let end = last;
        let last = last.min(planned.max(self.last_day() + 2)).min(LAST_DAY);
        let stretch = |p: f64, longest: i32, s: &mut Stream| {
            let first = s.between(1, 12);
            let length = s.between(1, longest);
            if s.chance(p * gaps) { first..first + length } else { 0..0 }
        };
        let unrecorded = stretch(recording::GAP_OF_RECORDS, 4, s);
        let unassessed = stretch(recording::GAP_OF_ASSESSMENT, 3, s);
        let observed = (0..).zip(&days).take_while(|(day, _)| *day <= end).map(|(_, day)| *day).collect();
        let records = (0..)
            .zip(days)
            .take_while(|(day, _)| *day <= last)
            .filter_map(|(day, truth)| {
                let skipped = s.chance(recording::DAY_WITHOUT_RECORD * gaps) || unrecorded.contains(&day);
                let not_known = recording::GRADE_NOT_KNOWN * gaps;
                let (crs_lost, icans_lost) = (s.chance(not_known), s.chance(not_known));
                // A death from toxicity is always recorded as such.
                let deadly = truth.crs == 5 || truth.icans == 5;
                let row = Row { day, truth, b, number, infused_on };
                let record = match (deadly, skipped, unassessed.contains(&day)) {
                    (true, ..) => row.record([None, None]),
                    (_, true, _) => return None,
                    (_, _, true) => row.record([Some(MissingCode::NotDone); 2]),
                    _ => row.record([
                        crs_lost.then_some(MissingCode::NotKnown),
                        icans_lost.then_some(MissingCode::NotKnown),
                    ]),
                };
                Some(record)
            })
            .collect();
        (records, observed)
    }
}

/// One day about to be written down.
struct Row<'a> {
    day: i32,
    truth: Day,
    b: &'a Baseline<'a>,
    number: InfusionNumber,
    infused_on: NaiveDate,
}

impl Row<'_> {
    /// The record, with the gaps of CRS and ICANS. On a day with neither grade nothing is known of drugs either.
    fn record(&self, [crs_gap, icans_gap]: [Option<MissingCode>; 2]) -> Record {
        let t = self.truth;
        let known = crs_gap.is_none() || icans_gap.is_none();
        let missing = [("crs_grade", crs_gap), ("icans_grade", icans_gap)];
        DailyToxicity {
            patient_id: self.b.patient_id.clone(),
            infusion_number: self.number,
            assessment_date: after(self.infused_on, self.day),
            crs_grade: if crs_gap.is_none() { CrsGrade::new(t.crs) } else { None },
            icans_grade: if icans_gap.is_none() { IcansGrade::new(t.icans) } else { None },
            tocilizumab: known.then_some(t.tocilizumab),
            siltuximab: known.then_some(t.siltuximab),
            steroids: known.then_some(t.steroids),
            anakinra: known.then_some(t.anakinra),
            missing: Missing::new(missing.into_iter().filter_map(|(f, gap)| gap.map(|g| (f, g))).collect()),
        }
        .to_record()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Section;

    #[test]
    fn an_episode_starts_low_reaches_its_peak_and_resolves_step_by_step() {
        let mut s = Stream::new(3, 0, Section::Toxicity, 0);
        for peak in (1..=4).cycle().take(2_000) {
            let episode = Episode::draw(3, peak, 0.5, &mut s);
            let g = &episode.grades;
            assert!(g[0] <= 2 && g[g.len() - 1] == 1, "{g:?}");
            assert_eq!(g.iter().max(), Some(&peak));
            let top = g.iter().position(|x| *x == peak).expect("the peak");
            assert!(g[..=top].is_sorted(), "{g:?}");
            assert!(g[top..].is_sorted_by(|a, b| a >= b), "{g:?}");
            assert!(g.windows(2).all(|w| w[1] - w[0] <= 2 && w[0] - w[1] <= 1), "{g:?}");
            assert_eq!((episode.grade(2), episode.grade(3)), (0, g[0]));
            let last = episode.last_day().expect("an episode");
            assert_eq!((episode.grade(last), episode.grade(last + 1)), (1, 0));
        }
        assert_eq!(Episode::draw(3, 0, 0.5, &mut s), Episode::default());
        assert_eq!(Episode::default().last_day(), None);
    }

    #[test]
    fn a_death_is_the_last_day_and_needs_grade_4() {
        let mut s = Stream::new(3, 1, Section::Toxicity, 0);
        let mut mild = Episode { onset: 2, grades: vec![1, 2, 3, 2, 1] };
        assert_eq!(mild.end_in_death(&mut s), None);
        let mut severe = Episode { onset: 2, grades: vec![1, 3, 4, 4, 3, 2, 1] };
        let day = severe.end_in_death(&mut s).expect("a death");
        assert_eq!(severe.grade(day), 5);
        assert!((6..=8).contains(&day) && severe.grades[..3] == [1, 3, 4], "{severe:?}");
    }
}
