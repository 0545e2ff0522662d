//! Every clinical assumption of the generator, in one place.
//!
//! The figures are invented for demonstration. They were chosen to resemble published ranges so that curves and tables look familiar to
//! a clinician; they are estimates of nothing, and no comparison of products, diseases or centers may be read from synthetic data.

use chrono::NaiveDate;
use clinical::codes::Disease;

/// First possible day of an infusion.
pub(crate) const ACCRUAL_START: (i32, u32, u32) = (2021, 7, 1);
/// First centers join.
pub(crate) const REGISTRY_START: (i32, u32, u32) = (2021, 5, 1);

/// How cells are dosed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Dose {
    /// Total cells, lowest to highest.
    Flat(f64, f64),
    /// Cells per kg, lowest to highest, and most cells in one infusion.
    PerKg(f64, f64, f64),
    /// Cells per kg up to 50 kg, else total cells.
    Split { per_kg: (f64, f64), total: (f64, f64) },
}

/// Probability of reaching at least grade 1, 2, 3, 4.
pub(crate) type AtLeast = [f64; 4];

/// Response at its deepest, and how long it lasts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Efficacy {
    /// Share with complete response.
    pub(crate) complete: f64,
    /// Share with partial response.
    pub(crate) partial: f64,
    /// Share with stable disease; the rest progresses at once.
    pub(crate) stable: f64,
    /// Share of complete responders who never progress.
    pub(crate) cured: f64,
    /// Weibull shape and scale (days) of the time to progression of the other complete responders.
    pub(crate) complete_lasts: (f64, f64),
    /// Weibull shape and scale (days) of the time to progression of partial responders.
    pub(crate) partial_lasts: (f64, f64),
}

/// A product as used in one disease.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Profile {
    /// Code of the product table.
    pub(crate) product: &'static str,
    /// Disease.
    pub(crate) disease: Disease,
    /// Relative use among the products available on the day.
    pub(crate) share: f64,
    /// First day of use.
    pub(crate) from: (i32, u32, u32),
    /// Dose.
    pub(crate) dose: Dose,
    /// CRS.
    pub(crate) crs: AtLeast,
    /// Median day of onset of CRS.
    pub(crate) crs_onset: f64,
    /// ICANS.
    pub(crate) icans: AtLeast,
    /// Median days from the onset of CRS to that of ICANS.
    pub(crate) icans_lag: f64,
    /// Efficacy.
    pub(crate) efficacy: Efficacy,
}

const fn efficacy(rates: [f64; 4], complete_lasts: (f64, f64), partial_lasts: (f64, f64)) -> Efficacy {
    let [complete, partial, stable, cured] = rates;
    Efficacy { complete, partial, stable, cured, complete_lasts, partial_lasts }
}

const EARLY: (i32, u32, u32) = (2021, 1, 1);

/// Products by disease. Figures invented, see above.
#[rustfmt::skip]
pub(crate) const PROFILES: [Profile; 11] = [
    Profile {
        product: "axi-cel", disease: Disease::Nhl, share: 0.42, from: (2021, 6, 22), dose: Dose::PerKg(1.6e6, 2.0e6, 2e8),
        crs: [0.92, 0.52, 0.09, 0.03], crs_onset: 2.2, icans: [0.55, 0.38, 0.24, 0.06], icans_lag: 3.0,
        efficacy: efficacy([0.56, 0.24, 0.07, 0.70], (0.9, 330.0), (0.9, 130.0)),
    },
    Profile {
        product: "relma-cel", disease: Disease::Nhl, share: 0.38, from: (2021, 9, 1), dose: Dose::Flat(0.8e8, 1.0e8),
        crs: [0.50, 0.24, 0.05, 0.01], crs_onset: 4.0, icans: [0.20, 0.10, 0.04, 0.01], icans_lag: 3.5,
        efficacy: efficacy([0.54, 0.23, 0.08, 0.66], (0.9, 310.0), (0.9, 130.0)),
    },
    Profile {
        product: "brexu-cel", disease: Disease::Nhl, share: 0.08, from: EARLY, dose: Dose::PerKg(1.6e6, 2.0e6, 2e8),
        crs: [0.91, 0.55, 0.13, 0.04], crs_onset: 2.0, icans: [0.60, 0.42, 0.28, 0.08], icans_lag: 3.5,
        efficacy: efficacy([0.62, 0.22, 0.05, 0.45], (0.9, 620.0), (0.9, 180.0)),
    },
    Profile {
        product: "liso-cel", disease: Disease::Nhl, share: 0.12, from: EARLY, dose: Dose::Flat(0.9e8, 1.1e8),
        crs: [0.43, 0.20, 0.03, 0.01], crs_onset: 4.5, icans: [0.28, 0.16, 0.09, 0.02], icans_lag: 4.0,
        efficacy: efficacy([0.56, 0.21, 0.09, 0.68], (0.9, 330.0), (0.9, 130.0)),
    },
    Profile {
        product: "eque-cel", disease: Disease::Mm, share: 0.45, from: (2023, 6, 30), dose: Dose::PerKg(0.8e6, 1.0e6, 1e8),
        crs: [0.92, 0.42, 0.03, 0.01], crs_onset: 5.0, icans: [0.12, 0.06, 0.02, 0.005], icans_lag: 2.5,
        efficacy: efficacy([0.72, 0.22, 0.03, 0.20], (1.1, 1300.0), (1.0, 480.0)),
    },
    Profile {
        product: "zevor-cel", disease: Disease::Mm, share: 0.30, from: (2024, 2, 23), dose: Dose::Flat(1.3e8, 1.5e8),
        crs: [0.90, 0.40, 0.06, 0.01], crs_onset: 3.5, icans: [0.11, 0.05, 0.02, 0.005], icans_lag: 2.5,
        efficacy: efficacy([0.68, 0.24, 0.04, 0.18], (1.1, 1200.0), (1.0, 450.0)),
    },
    Profile {
        product: "cilta-cel", disease: Disease::Mm, share: 0.15, from: EARLY, dose: Dose::PerKg(0.5e6, 1.0e6, 1e8),
        crs: [0.90, 0.38, 0.04, 0.01], crs_onset: 6.5, icans: [0.18, 0.08, 0.03, 0.005], icans_lag: 2.0,
        efficacy: efficacy([0.78, 0.17, 0.02, 0.28], (1.1, 1500.0), (1.0, 540.0)),
    },
    Profile {
        product: "ide-cel", disease: Disease::Mm, share: 0.10, from: EARLY, dose: Dose::Flat(3.0e8, 4.6e8),
        crs: [0.84, 0.32, 0.05, 0.01], crs_onset: 1.4, icans: [0.18, 0.08, 0.03, 0.005], icans_lag: 2.0,
        efficacy: efficacy([0.38, 0.35, 0.10, 0.05], (1.1, 620.0), (1.0, 280.0)),
    },
    Profile {
        product: "inati-cel", disease: Disease::BAll, share: 0.70, from: (2023, 11, 7), dose: Dose::Flat(2.5e7, 5e7),
        crs: [0.89, 0.48, 0.11, 0.03], crs_onset: 3.0, icans: [0.24, 0.14, 0.08, 0.02], icans_lag: 3.0,
        efficacy: efficacy([0.84, 0.0, 0.09, 0.50], (0.9, 280.0), (1.0, 60.0)),
    },
    Profile {
        product: "tisa-cel", disease: Disease::BAll, share: 0.25, from: EARLY,
        dose: Dose::Split { per_kg: (1.0e6, 5.0e6), total: (0.8e8, 2.5e8) },
        crs: [0.77, 0.46, 0.18, 0.06], crs_onset: 3.2, icans: [0.32, 0.20, 0.10, 0.02], icans_lag: 3.0,
        efficacy: efficacy([0.82, 0.0, 0.10, 0.56], (0.9, 300.0), (1.0, 60.0)),
    },
    Profile {
        product: "brexu-cel", disease: Disease::BAll, share: 0.20, from: EARLY, dose: Dose::PerKg(0.8e6, 1.0e6, 1e8),
        crs: [0.89, 0.58, 0.22, 0.06], crs_onset: 2.2, icans: [0.58, 0.42, 0.25, 0.07], icans_lag: 3.5,
        efficacy: efficacy([0.73, 0.0, 0.15, 0.44], (0.9, 320.0), (1.0, 60.0)),
    },
];

/// What depends on the disease alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Course {
    /// Disease.
    pub(crate) disease: Disease,
    /// Share of the registry.
    pub(crate) share: f64,
    /// Weibull shape and scale (days) from progression to death.
    pub(crate) after_progression: (f64, f64),
    /// Probability of death without progression from toxicity and infection within the first 60 days.
    pub(crate) early_death: f64,
    /// Deaths without progression per 365 days later on.
    pub(crate) late_death: f64,
    /// Probability of a second infusion after progression.
    pub(crate) second_infusion: f64,
    /// Probability of high tumor burden.
    pub(crate) high_burden: f64,
    /// Probability of extramedullary or extranodal disease.
    pub(crate) extramedullary: f64,
    /// Probability of involvement of the central nervous system.
    pub(crate) cns: f64,
    /// Median days from diagnosis to infusion.
    pub(crate) since_diagnosis: f64,
    /// Weights of 0, 1, 2... prior lines.
    pub(crate) prior_lines: [f64; 9],
    /// Days from the last dose of lymphodepletion to infusion, with weights, and whether the guideline's window holds (catalogue F6:
    /// NHL-INF-01 at least 2 days, MM-INF-01 1 to 2 and MM-INF-02 at most 7, ALL-INF-01 2 to 7).
    pub(crate) interval: &'static [(i32, f64, bool)],
}

/// Diseases. Figures invented, see above.
#[rustfmt::skip]
pub(crate) const COURSES: [Course; 3] = [
    Course {
        disease: Disease::Nhl, share: 0.60, after_progression: (0.95, 460.0), early_death: 0.018, late_death: 0.022,
        second_infusion: 0.04, high_burden: 0.35, extramedullary: 0.38, cns: 0.05, since_diagnosis: 480.0,
        prior_lines: [0.0, 0.10, 0.44, 0.26, 0.11, 0.05, 0.025, 0.01, 0.005],
        interval: &[(1, 0.03, false), (2, 0.26, true), (3, 0.58, true), (4, 0.06, true), (5, 0.04, true), (7, 0.03, true)],
    },
    Course {
        disease: Disease::Mm, share: 0.25, after_progression: (1.0, 780.0), early_death: 0.015, late_death: 0.025,
        second_infusion: 0.05, high_burden: 0.40, extramedullary: 0.22, cns: 0.01, since_diagnosis: 1400.0,
        prior_lines: [0.0, 0.02, 0.05, 0.40, 0.27, 0.14, 0.07, 0.03, 0.02],
        interval: &[(1, 0.16, true), (2, 0.60, true), (3, 0.14, false), (4, 0.05, false), (6, 0.03, false), (8, 0.02, false)],
    },
    Course {
        disease: Disease::BAll, share: 0.15, after_progression: (0.9, 270.0), early_death: 0.03, late_death: 0.05,
        second_infusion: 0.08, high_burden: 0.45, extramedullary: 0.14, cns: 0.08, since_diagnosis: 400.0,
        prior_lines: [0.0, 0.22, 0.42, 0.23, 0.09, 0.04, 0.0, 0.0, 0.0],
        interval: &[(1, 0.03, false), (2, 0.32, true), (3, 0.48, true), (4, 0.10, true), (6, 0.05, true), (8, 0.02, false)],
    },
];

/// Spread between centers: standard deviation of each center's own effect.
pub(crate) mod center_spread {
    /// Log size.
    pub(crate) const SIZE: f64 = 0.5;
    /// Log-odds of toxicity grades.
    pub(crate) const TOXICITY: f64 = 0.18;
    /// Log hazard of progression and death.
    pub(crate) const HAZARD: f64 = 0.10;
    /// Log of how often a window is missed.
    pub(crate) const PRACTICE: f64 = 0.4;
    /// Log of how often a value is missing.
    pub(crate) const GAPS: f64 = 0.4;
}

/// Effects of the patient.
pub(crate) mod patient_effect {
    /// Standard deviation of a patient's own shift in the log-odds of CRS and ICANS, which ties them together.
    pub(crate) const TOXICITY: f64 = 0.5;
    /// Added log-odds of toxicity with high tumor burden; half as much is taken off without it.
    pub(crate) const BURDEN_TOXICITY: f64 = 0.3;
    /// Log-odds of response with high tumor burden; half as much the other way without it.
    pub(crate) const BURDEN_RESPONSE: f64 = -0.4;
    /// Log hazard of death without progression per decade over 55.
    pub(crate) const AGE_DEATH: f64 = 0.35;
    /// Efficacy of a second infusion: log-odds of response.
    pub(crate) const SECOND_INFUSION_RESPONSE: f64 = -0.6;
}

/// Follow-up and recording.
pub(crate) mod recording {
    /// Patients registered but never infused.
    pub(crate) const NOT_INFUSED: f64 = 0.02;
    /// Mean days to loss to follow-up.
    pub(crate) const DAYS_TO_LOSS: f64 = 365.25 * 28.0;
    /// Patients who withdraw consent.
    pub(crate) const WITHDRAWN: f64 = 0.006;
    /// A day of the toxicity series without a record.
    pub(crate) const DAY_WITHOUT_RECORD: f64 = 0.012;
    /// A patient with some consecutive days without a record.
    pub(crate) const GAP_OF_RECORDS: f64 = 0.03;
    /// A patient with some consecutive days recorded as not assessed.
    pub(crate) const GAP_OF_ASSESSMENT: f64 = 0.02;
    /// A single grade not known.
    pub(crate) const GRADE_NOT_KNOWN: f64 = 0.008;
    /// A required value of another form declared missing.
    pub(crate) const VALUE_MISSING: f64 = 0.005;
    /// A scheduled response assessment that did not take place.
    pub(crate) const VISIT_MISSED: f64 = 0.07;
    /// A value outside the plausible range, which opens a query.
    pub(crate) const IMPLAUSIBLE: f64 = 0.003;
}

/// Months of scheduled response assessments after infusion.
pub(crate) const VISIT_MONTHS: [i32; 16] = [1, 3, 6, 9, 12, 18, 24, 30, 36, 48, 60, 72, 84, 96, 108, 120];

/// A day of the tables above.
pub(crate) fn date((year, month, day): (i32, u32, u32)) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clinical::products::products;

    #[test]
    fn probabilities_are_probabilities_and_grades_are_nested() {
        for p in &PROFILES {
            for at_least in [p.crs, p.icans] {
                assert!(at_least.windows(2).all(|w| w[0] > w[1]), "{}", p.product);
                assert!(at_least.iter().all(|q| (0.0..1.0).contains(q)), "{}", p.product);
            }
            assert!(p.icans[0] < p.crs[0], "{}: ICANS follows CRS", p.product);
            let e = p.efficacy;
            assert!(e.complete + e.partial + e.stable < 1.0 && e.cured < 1.0, "{}", p.product);
        }
        assert!((COURSES.iter().map(|c| c.share).sum::<f64>() - 1.0).abs() < 1e-9);
        for c in &COURSES {
            assert!((c.interval.iter().map(|i| i.1).sum::<f64>() - 1.0).abs() < 1e-9, "{:?}", c.disease);
            assert!(PROFILES.iter().any(|p| p.disease == c.disease && date(p.from) < date(ACCRUAL_START)));
        }
    }

    #[test]
    fn every_interval_is_flagged_as_the_guideline_has_it() {
        for c in &COURSES {
            for (days, _, within) in c.interval {
                let expected = match c.disease {
                    Disease::Mm => (1..=2).contains(days),
                    Disease::BAll => (2..=7).contains(days),
                    _ => *days >= 2,
                };
                assert_eq!(*within, expected, "{:?} {days}", c.disease);
            }
        }
    }

    /// The table may not contradict the reference table that the registry starts with.
    #[test]
    fn doses_lie_within_the_product_table_and_every_product_is_used() {
        let table = products();
        let number = |code: &str, field: &str| {
            let row = table.iter().find(|r| r.text("product_code") == Some(code)).expect("a known product");
            row.cell(field).to_text().parse::<f64>().ok()
        };
        for p in &PROFILES {
            let (low, high) = match p.dose {
                Dose::Flat(low, high) | Dose::PerKg(low, high, _) => (low, high),
                Dose::Split { per_kg, .. } => per_kg,
            };
            assert!(low < high);
            assert!(number(p.product, "dose_min").is_none_or(|min| low >= min), "{}", p.product);
            assert!(number(p.product, "dose_max").is_none_or(|max| high <= max), "{}", p.product);
            let most = match p.dose {
                Dose::PerKg(_, _, cap) => cap,
                Dose::Flat(_, high) => high,
                Dose::Split { total, .. } => total.1,
            };
            assert!(number(p.product, "dose_cap").is_none_or(|cap| most <= cap), "{}", p.product);
        }
        for row in &table {
            assert!(PROFILES.iter().any(|p| Some(p.product) == row.text("product_code")), "{row:?}");
        }
    }
}
