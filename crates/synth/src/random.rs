//! Sampling on top of `ChaCha8`: the same numbers on every machine, one independent stream per patient and section.

use chrono::NaiveTime;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream is used for. Sections do not share numbers, so a new draw in one leaves the others as they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Section {
    /// Sex, age, disease, product, dates.
    Baseline = 0,
    /// Lymphodepletion, infusion.
    Treatment = 1,
    /// Grades and drugs, and how completely they were recorded.
    Toxicity = 2,
    /// Response, progression, death.
    Outcome = 3,
    /// Assessments.
    Response = 4,
    /// Contacts, loss to follow-up.
    FollowUp = 5,
    /// Properties of a center.
    Center = 6,
    /// Everything that follows from the others; one [`Part`] each.
    Detail = 7,
}

/// A part of [`Section::Detail`], far from every other part within the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Part {
    /// Disease baseline: what the common form leaves open.
    Disease = 1,
    /// Prior lines and transplantations.
    History = 2,
    /// Days before the infusion, and the examinations done on them.
    Preparation = 3,
    /// Doses of lymphodepletion.
    Lymphodepletion = 4,
    /// Particulars of the infusion.
    Infusion = 5,
    /// Tumor at baseline.
    Tumor = 6,
    /// Blood counts.
    Counts = 7,
    /// Laboratory results before lymphodepletion.
    Laboratory = 8,
    /// CRS by day.
    Crs = 9,
    /// ICANS by day.
    Icans = 10,
    /// IEC-HS, coagulopathy.
    Hyperinflammation = 11,
    /// Hospital stays.
    Stay = 12,
    /// Drugs.
    Medication = 13,
    /// Infections.
    Infection = 14,
    /// Hepatitis B of the patient.
    Hepatitis = 15,
    /// Other adverse events, second malignancies.
    Event = 16,
    /// CAR-T kinetics.
    Kinetics = 17,
    /// Visits.
    Visit = 18,
    /// Immunoglobulin, vaccines, subsequent therapy.
    LongTerm = 19,
    /// A center's laboratory.
    Center = 20,
    /// Assessments of the tumor.
    Assessment = 21,
    /// Laboratory results after the infusion.
    FollowUpLaboratory = 22,
    /// Test for SARS-CoV-2 before lymphodepletion.
    CovidBefore = 23,
    /// Test for SARS-CoV-2 after the infusion.
    CovidAfter = 24,
    /// Serology of one course.
    Serology = 25,
}

/// Eight sections for each of the at most two infusions of a subject.
const STREAMS_PER_SUBJECT: u64 = 16;

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of a subject (patient or center) for one section and course (0 for the first infusion, 1 for the second).
    pub(crate) fn new(seed: u64, subject: u64, section: Section, course: u8) -> Self {
        let mut key = [0_u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut generator = ChaCha8Rng::from_seed(key);
        let offset = u64::from(section as u8) + 8 * u64::from(course.min(1));
        generator.set_stream(subject.wrapping_mul(STREAMS_PER_SUBJECT).wrapping_add(offset));
        Self(generator)
    }

    /// The stream of one part of a subject's detail.
    pub(crate) fn part(seed: u64, subject: u64, part: Part, course: u8) -> Self {
        let mut stream = Self::new(seed, subject, Section::Detail, course);
        stream.0.set_word_pos(u128::from(part as u8) << 32);
        stream
    }

    /// The same stream far ahead: as good as another stream. Not for a [`Part`], which lies there itself.
    pub(crate) fn jumped(mut self) -> Self {
        self.0.set_word_pos(1 << 32);
        self
    }

    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in the open interval (0, 1): neither end, so that logarithms are finite.
    pub(crate) fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// True with probability `p`.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// Uniform over the whole numbers `low..=high`; `low` when the range is empty.
    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        let width = f64::from(high.saturating_sub(low).max(0)) + 1.0;
        low + whole((self.uniform() * width).floor())
    }

    /// Standard normal, by the cosine branch of Box and Muller (Ann Math Stat 1958;29:610).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Log-normal with the given median; `sigma` is the standard deviation of the logarithm.
    pub(crate) fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }

    /// Exponential with the given mean, by inversion.
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * self.uniform().ln()
    }

    /// Weibull with survival `exp(-(t / scale)^shape)`, by inversion.
    pub(crate) fn weibull(&mut self, shape: f64, scale: f64) -> f64 {
        scale * (-self.uniform().ln()).powf(1.0 / shape)
    }

    /// One of the values with probability proportional to its weight; `None` only for an empty list.
    pub(crate) fn pick<T: Copy>(&mut self, weighted: &[(T, f64)]) -> Option<T> {
        let total: f64 = weighted.iter().map(|(_, w)| w).sum();
        let mut left = self.uniform() * total;
        for (value, weight) in weighted {
            left -= weight;
            if left < 0.0 {
                return Some(*value);
            }
        }
        weighted.last().map(|(value, _)| *value)
    }
}

/// The nearest whole number.
#[expect(clippy::cast_possible_truncation, reason = "clamped to the range of i32 first")]
pub(crate) fn whole(value: f64) -> i32 {
    value.round().clamp(f64::from(i32::MIN), f64::from(i32::MAX)) as i32
}

/// A time of day, to five minutes, from one full hour to the end of another.
pub(crate) fn clock(s: &mut Stream, from: i32, to: i32) -> Option<NaiveTime> {
    let minutes = s.between(from * 12, to * 12 + 11) * 5;
    NaiveTime::from_hms_opt(u32::try_from(minutes / 60).ok()?, u32::try_from(minutes % 60).ok()?, 0)
}

/// Rounds to so many decimal places.
pub(crate) fn rounded(value: f64, decimals: i32) -> f64 {
    let unit = 10_f64.powi(decimals);
    (value * unit).round() / unit
}

/// A probability shifted on the logit scale.
pub(crate) fn shifted(probability: f64, shift: f64) -> f64 {
    let p = probability.clamp(1e-9, 1.0 - 1e-9);
    1.0 / (1.0 + (-((p / (1.0 - p)).ln() + shift)).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: u32 = 200_000;

    fn moments(mut draw: impl FnMut(&mut Stream) -> f64) -> (f64, f64) {
        let mut stream = Stream::new(42, 7, Section::Baseline, 0);
        let values: Vec<f64> = (0..DRAWS).map(|_| draw(&mut stream)).collect();
        let mean = values.iter().sum::<f64>() / f64::from(DRAWS);
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / f64::from(DRAWS);
        (mean, variance)
    }

    /// Mean within five standard errors and variance within 3 %.
    fn close(found: (f64, f64), mean: f64, variance: f64) {
        let error = (variance / f64::from(DRAWS)).sqrt();
        assert!((found.0 - mean).abs() < 5.0 * error, "mean {} instead of {mean}", found.0);
        assert!((found.1 / variance - 1.0).abs() < 0.03, "variance {} instead of {variance}", found.1);
    }

    #[test]
    fn samples_have_the_moments_of_their_distribution() {
        close(moments(Stream::uniform), 0.5, 1.0 / 12.0);
        close(moments(Stream::normal), 0.0, 1.0);
        close(moments(|s| s.exponential(30.0)), 30.0, 900.0);
        // Weibull, shape 2: mean scale * Γ(3/2), variance scale² (1 - Γ(3/2)²).
        let gamma = std::f64::consts::PI.sqrt() / 2.0;
        close(moments(|s| s.weibull(2.0, 10.0)), 10.0 * gamma, 100.0 * (1.0 - gamma * gamma));
        // Log-normal, median 3, sigma 0.5: mean 3 e^{σ²/2}, variance 9 (e^{σ²} - 1) e^{σ²}.
        let e = 0.25_f64.exp();
        close(moments(|s| s.log_normal(3.0, 0.5)), 3.0 * e.sqrt(), 9.0 * (e - 1.0) * e);
        close(moments(|s| f64::from(s.between(-3, 6))), 1.5, 99.0 / 12.0);
    }

    #[test]
    fn both_ends_of_a_range_are_drawn_and_nothing_outside() {
        let mut stream = Stream::new(1, 1, Section::Treatment, 0);
        let drawn: std::collections::BTreeSet<i32> = (0..1000).map(|_| stream.between(2, 5)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [2, 3, 4, 5]);
        assert_eq!(stream.between(3, 3), 3);
        assert_eq!(stream.between(3, 1), 3);
    }

    #[test]
    fn weights_are_respected() {
        let mut stream = Stream::new(1, 2, Section::Treatment, 0);
        let mut seen = [0_u32; 3];
        for _ in 0..10_000 {
            seen[stream.pick(&[(0_usize, 1.0), (1, 0.0), (2, 3.0)]).expect("a value")] += 1;
        }
        assert_eq!(seen[1], 0);
        assert!((2300..2700).contains(&seen[0]), "{seen:?}");
        assert_eq!(stream.pick::<u8>(&[]), None);
    }

    #[test]
    fn streams_differ_by_seed_subject_section_and_course() {
        let first = |seed, subject, section, course| Stream::new(seed, subject, section, course).bits();
        let all = [
            first(1, 1, Section::Baseline, 0),
            first(2, 1, Section::Baseline, 0),
            first(1, 2, Section::Baseline, 0),
            first(1, 1, Section::Toxicity, 0),
            first(1, 1, Section::Toxicity, 1),
            Stream::part(1, 1, Part::Counts, 0).bits(),
            Stream::part(1, 1, Part::Crs, 0).bits(),
            Stream::part(1, 1, Part::Crs, 1).bits(),
            Stream::part(1, 2, Part::Crs, 0).bits(),
        ];
        let distinct: std::collections::BTreeSet<u64> = all.into_iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert_eq!(first(1, 1, Section::Toxicity, 1), all[4]);
    }

    #[test]
    fn a_shift_of_zero_keeps_a_probability_and_ln_2_doubles_the_odds() {
        assert!((shifted(0.2, 0.0) - 0.2).abs() < 1e-12);
        assert!((shifted(0.2, 2_f64.ln()) - 1.0 / 3.0).abs() < 1e-12);
        assert!(shifted(0.0, 1.0) < 1e-8 && shifted(1.0, -1.0) > 1.0 - 1e-8);
    }
}
