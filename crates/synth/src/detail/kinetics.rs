//! KIN: CAR-T cells in blood, with the assay of the center.

use super::visit::Visited;
use super::{Book, Course};
use crate::outcome::Depth;
use crate::random::{Part, Stream, rounded};
use clinical::codes::Disease;
use clinical::codes::assessment::KineticsAssay;
use clinical::codes::events::SequenceNumber;
use clinical::codes::follow_up::{CarTLevel, GenomicDna};
use clinical::field::Coded;
use clinical::forms::kinetics_sample::KineticsSample;
use clinical::record::Missing;

/// Days of the guideline (4.10).
const DAYS: [i32; 8] = [1, 3, 5, 7, 10, 14, 21, 28];
/// Scheduled samples that were not taken.
const NOT_TAKEN: f64 = 0.07;

/// Expansion to a peak and contraction in two phases.
#[derive(Debug, Clone, Copy)]
struct Curve {
    start: f64,
    peak: f64,
    day: f64,
    fast: f64,
    slow: f64,
    /// Share of the peak that contracts slowly.
    persists: f64,
}

impl Curve {
    fn draw(c: &Course, s: &mut Stream) -> Self {
        let (crs, _) = c.worst();
        let depth = match c.outcome.map(|o| o.depth) {
            Some(Depth::Complete) => 1.5,
            Some(Depth::Partial) => 0.9,
            _ => 0.4,
        };
        let inflammation = 1.35_f64.powi(crs.min(4));
        let flow = c.b.site.equipment.assay == KineticsAssay::Flow;
        let median = if flow { 28.0 } else { 11_000.0 };
        let late = if c.disease() == Disease::Mm { 12.0 } else { 9.0 };
        Self {
            start: c.b.site.equipment.lloq * s.log_normal(0.7, 0.7),
            peak: median * depth * inflammation * s.log_normal(1.0, 0.9),
            day: (late * s.log_normal(1.0, 0.22)).clamp(5.0, 20.0),
            fast: s.log_normal(3.2, 0.3),
            slow: s.log_normal(75.0, 0.7),
            persists: (0.02 * s.log_normal(1.0, 0.8)).min(0.5),
        }
    }

    fn level(&self, day: i32) -> f64 {
        let t = f64::from(day);
        if t <= self.day {
            let share = ((t - 1.0) / (self.day - 1.0)).clamp(0.0, 1.0);
            return (self.start.ln() + (self.peak.ln() - self.start.ln()) * share).exp();
        }
        let after = t - self.day;
        let halved = |half_life: f64| (-std::f64::consts::LN_2 * after / half_life).exp();
        self.peak * ((1.0 - self.persists) * halved(self.fast) + self.persists * halved(self.slow))
    }
}

/// Adds the samples; after two results in a row below the limit no more are taken (1.9).
pub(super) fn write(c: &Course, visits: &[Visited], book: &mut Book) -> Option<()> {
    let mut s = c.part(Part::Kinetics);
    let curve = Curve::draw(c, &mut s);
    for day in DAYS {
        let noise = s.log_normal(1.0, 0.15);
        let taken = !s.chance(NOT_TAKEN * c.b.site.gaps);
        if taken && day <= c.last {
            book.put(sample(c, day, curve.level(day) * noise, &mut s)?);
        }
    }
    let mut below = 0;
    for visit in visits.iter().filter(|v| v.in_person && v.day > 28) {
        let level = curve.level(visit.day) * s.log_normal(1.0, 0.2);
        book.put(sample(c, visit.day, level, &mut s)?);
        below = if level < c.b.site.equipment.lloq { below + 1 } else { 0 };
        if below == 2 {
            break;
        }
    }
    Some(())
}

fn sample(c: &Course, day: i32, level: f64, s: &mut Stream) -> Option<KineticsSample> {
    let with = &c.b.site.equipment;
    let flow = with.assay == KineticsAssay::Flow;
    // Three significant digits.
    let digits = if level > 0.0 { 10_f64.powf(level.log10().floor() - 2.0) } else { 1.0 };
    let level = rounded((level / digits).round() * digits, 4);
    let below = level < with.lloq;
    Some(KineticsSample {
        patient_id: c.patient(),
        infusion_number: c.number,
        collected_date: c.date(day),
        specimen: Coded::of_code("PB")?,
        assay: with.assay,
        sequence_number: SequenceNumber::new(1)?,
        collected_time: None,
        unit: with.unit,
        below_lloq: Some(below),
        value: CarTLevel::new(level).filter(|_| !below),
        lod: CarTLevel::new(with.lod),
        lloq: CarTLevel::new(with.lloq),
        gdna_ng: GenomicDna::new(f64::from(s.between(4, 10) * 50)).filter(|_| !flow),
        cd3_percent: None,
        car_percent_cd3: None,
        missing: Missing::default(),
    })
}
