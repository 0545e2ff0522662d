//! Tumor lysis syndrome by Cairo and Bishop (catalogue D7). The guideline only names it.

use super::case::{Case, Fault};
use super::compare::{Verdict, at_least, at_most};
use super::measured::{
    CALCIUM, CREATININE, Dated, Measure, PHOSPHATE, POTASSIUM, Place, URATE, flag, known, rows, series,
};
use super::trace::{At, Criterion, Trace, criteria};
use chrono::NaiveDate;

criteria! {
    URIC_ACID = External("tls.uric_acid", "uric acid of 476 umol/L or more, or 25 % above the baseline", "尿酸≥476 μmol/L或较基线升高25%", "Cairo and Bishop, Br J Haematol 2004");
    HIGH_POTASSIUM = External("tls.potassium", "potassium of 6.0 mmol/L or more, or 25 % above the baseline", "血钾≥6.0 mmol/L或较基线升高25%", "Cairo and Bishop, Br J Haematol 2004");
    HIGH_PHOSPHATE = External("tls.phosphate", "phosphate of 1.45 mmol/L or more (adult), or 25 % above the baseline", "血磷≥1.45 mmol/L（成人）或较基线升高25%", "Cairo and Bishop, Br J Haematol 2004");
    LOW_CALCIUM = External("tls.calcium", "calcium of 1.75 mmol/L or less, or 25 % below the baseline", "血钙≤1.75 mmol/L或较基线降低25%", "Cairo and Bishop, Br J Haematol 2004");
    LABORATORY = External("tls.laboratory", "two or more of the four", "符合四项中≥2项", "Cairo and Bishop, Br J Haematol 2004");
    ORGAN = External("tls.organ", "creatinine of 1.5 times the upper limit or more, arrhythmia, or seizure", "肌酐≥1.5×ULN、心律失常或癫痫发作", "Cairo and Bishop, Br J Haematol 2004");
    CLINICAL = External("tls.clinical", "laboratory tumor lysis with organ damage", "实验室TLS合并器官损害", "Cairo and Bishop, Br J Haematol 2004");
    NONE = External("tls.none", "fewer than two of the four", "不足2项", "Cairo and Bishop, Br J Haematol 2004");
    UNDECIDED = Proposed("tls.missing", "a missing value would decide", "缺失值可改变判断", "catalogue D7");
}

/// First and last day of the window, counted from the start of therapy.
const WINDOW: std::ops::RangeInclusive<i32> = -3..=7;
/// Change from the baseline that counts, in percent of it.
const CHANGE: f64 = 25.0;

rows! {
    /// Values of one day.
    Observation {
        /// Uric acid, µmol/L.
        #[serde(alias = "urate_umol_l", alias = "urate")]
        uric_acid_umol_l: f64,
        /// Uric acid, mg/dl.
        uric_acid_mg_dl: f64,
        /// Potassium, mmol/L.
        #[serde(alias = "potassium")]
        potassium_mmol_l: f64,
        /// Phosphate, mmol/L.
        #[serde(alias = "phosphate")]
        phosphate_mmol_l: f64,
        /// Phosphate (phosphorus), mg/dl.
        phosphate_mg_dl: f64,
        /// Calcium, mmol/L.
        #[serde(alias = "calcium")]
        calcium_mmol_l: f64,
        /// Calcium, mg/dl.
        calcium_mg_dl: f64,
        /// Creatinine, µmol/L.
        #[serde(alias = "creatinine")]
        creatinine_umol_l: f64,
        /// Creatinine, mg/dl.
        creatinine_mg_dl: f64,
        /// Arrhythmia or sudden death.
        #[serde(deserialize_with = "flag")]
        arrhythmia: bool,
        /// Seizure.
        #[serde(deserialize_with = "flag")]
        seizure: bool,
    }
}

/// A case of tumor lysis: values around the start of therapy, which is day 0.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct TlsCase {
    /// Before therapy.
    pub baseline: Observation,
    /// Around it, in any order; days count from the start of therapy.
    #[serde(alias = "days", alias = "labs")]
    pub observations: Vec<Observation>,
    /// Start of therapy.
    #[serde(alias = "infusion_date")]
    pub therapy_date: Option<NaiveDate>,
    /// Upper limit of normal of creatinine, µmol/L.
    pub creatinine_uln_umol_l: Option<f64>,
}

/// Tumor lysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Tls {
    /// `clinical`, `laboratory`, `none` or `not_evaluable`.
    pub category: &'static str,
    /// Laboratory tumor lysis.
    pub laboratory: Option<bool>,
    /// With organ damage.
    pub clinical: Option<bool>,
    /// Uric acid on any day of the window.
    pub uric_acid: Option<bool>,
    /// Potassium.
    pub potassium: Option<bool>,
    /// Phosphate.
    pub phosphate: Option<bool>,
    /// Calcium.
    pub calcium: Option<bool>,
}

/// Reads one analyte of an observation.
type Read = fn(&Observation, Place) -> Result<Option<f64>, Fault>;

/// Which way a value is worse.
#[derive(Clone, Copy)]
enum Worse {
    High,
    Low,
}

/// The worst value of the window against its limit and the baseline.
fn item(
    trace: &mut Trace,
    criterion: &'static Criterion,
    measure: &'static Measure,
    (extreme, baseline): (Option<f64>, Option<f64>),
    (limit, direction): (f64, Worse),
) -> Verdict {
    let verdict = extreme.map(|value| match direction {
        Worse::High => {
            at_least(value, limit) || baseline.is_some_and(|b| at_least(value * 100.0, b * (100.0 + CHANGE)))
        }
        Worse::Low => {
            at_most(value, limit) || baseline.is_some_and(|b| at_most(value * 100.0, b * (100.0 - CHANGE)))
        }
    });
    // Without a baseline a value inside the limit can still be a change of 25 %.
    let verdict = match verdict {
        Some(false) if baseline.is_none() => Verdict::Undecided,
        known => known.into(),
    };
    trace.judge(
        At::Case,
        criterion,
        verdict,
        &[(measure.name, extreme.into()), ("baseline", baseline.into())],
    )
}

impl TlsCase {
    fn extreme(rows: &[Dated<Observation>], direction: Worse, read: Read) -> Result<Option<f64>, Fault> {
        let mut extreme: Option<f64> = None;
        for row in rows {
            if let Some(value) = read(&row.row, row.place)? {
                extreme = Some(extreme.map_or(value, |so_far| match direction {
                    Worse::High => so_far.max(value),
                    Worse::Low => so_far.min(value),
                }));
            }
        }
        Ok(extreme)
    }
}

/// Met when at least `least` hold; not met when that many cannot.
pub(crate) fn count_at_least(parts: &[Verdict], least: usize) -> Verdict {
    let met = parts.iter().filter(|part| part.met()).count();
    let open = parts.iter().filter(|part| part.undecided()).count();
    if met >= least {
        Verdict::Met
    } else if met + open >= least {
        Verdict::Undecided
    } else {
        Verdict::NotMet
    }
}

impl Case for TlsCase {
    type Result = Tls;

    fn derive(&self, trace: &mut Trace) -> Result<Tls, Fault> {
        let mut rows = series("observations", &self.observations, self.therapy_date)?;
        if let Some(row) = rows.iter().find(|row| row.moment.day.is_none() && row.moment.date.is_some()) {
            let problem = "a date without the start of therapy";
            return Err(Fault::new(row.place.pointer("date"), problem, "therapy_date, or the day from it"));
        }
        let before = Place::Under("baseline");
        let base = &self.baseline;
        let urate: Read = |o, at| URATE.read(at, o.uric_acid_umol_l, o.uric_acid_mg_dl);
        let potassium: Read = |o, at| POTASSIUM.read(at, o.potassium_mmol_l, None);
        let phosphate: Read = |o, at| PHOSPHATE.read(at, o.phosphate_mmol_l, o.phosphate_mg_dl);
        let calcium: Read = |o, at| CALCIUM.read(at, o.calcium_mmol_l, o.calcium_mg_dl);
        let creatinine: Read = |o, at| CREATININE.read(at, o.creatinine_umol_l, o.creatinine_mg_dl);
        // What is impossible is refused wherever it stands, also where no rule looks.
        for (observation, at) in rows.iter().map(|row| (&row.row, row.place)).chain([(base, before)]) {
            for read in [urate, potassium, phosphate, calcium, creatinine] {
                read(observation, at)?;
            }
        }
        rows.retain(|row| row.moment.day.is_none_or(|day| WINDOW.contains(&day)));
        let high = Worse::High;
        let pair = (Self::extreme(&rows, high, urate)?, urate(base, before)?);
        let uric_acid = item(trace, &URIC_ACID, &URATE, pair, (476.0, high));
        let pair = (Self::extreme(&rows, high, potassium)?, potassium(base, before)?);
        let potassium = item(trace, &HIGH_POTASSIUM, &POTASSIUM, pair, (6.0, high));
        let pair = (Self::extreme(&rows, high, phosphate)?, phosphate(base, before)?);
        let phosphate = item(trace, &HIGH_PHOSPHATE, &PHOSPHATE, pair, (1.45, high));
        let pair = (Self::extreme(&rows, Worse::Low, calcium)?, calcium(base, before)?);
        let calcium = item(trace, &LOW_CALCIUM, &CALCIUM, pair, (1.75, Worse::Low));
        let parts = [uric_acid, potassium, phosphate, calcium];
        let laboratory = count_at_least(&parts, 2);

        let worst_creatinine = Self::extreme(&rows, high, creatinine)?;
        let limit = CREATININE.read(Place::Top, self.creatinine_uln_umol_l, None)?;
        let damaged = worst_creatinine.zip(limit).map(|(value, uln)| at_least(value, uln * 1.5));
        let on_any = |of: fn(&Observation) -> Option<bool>| {
            let none = if rows.is_empty() { Verdict::Undecided } else { Verdict::NotMet };
            rows.iter().fold(none, |any, row| any | of(&row.row).into())
        };
        let (arrhythmia, seizure) = (on_any(|o| o.arrhythmia), on_any(|o| o.seizure));
        let organ = Verdict::from(damaged) | arrhythmia | seizure;
        let shown = [
            ("creatinine_umol_l", worst_creatinine.into()),
            ("creatinine_uln_umol_l", limit.into()),
            ("arrhythmia", known(arrhythmia).into()),
            ("seizure", known(seizure).into()),
        ];
        trace.judge(At::Case, &ORGAN, organ, &shown);
        let clinical = laboratory & organ;
        trace.decide(At::Case, &NONE, !laboratory, &[], "none");
        trace.decide(At::Case, &LABORATORY, laboratory, &[], "laboratory");
        trace.decide(At::Case, &CLINICAL, clinical, &[], "clinical");
        trace.decide(At::Case, &UNDECIDED, laboratory.undecided(), &[], "not_evaluable");
        if laboratory.undecided() {
            for (part, name) in parts.iter().zip([
                "uric_acid_umol_l",
                "potassium_mmol_l",
                "phosphate_mmol_l",
                "calcium_mmol_l",
            ]) {
                if part.undecided() {
                    trace.miss(At::Case, name);
                }
            }
        } else if clinical.undecided() {
            for (absent, name) in [
                (worst_creatinine.is_none(), "creatinine_umol_l"),
                (limit.is_none(), "creatinine_uln_umol_l"),
                (arrhythmia.undecided(), "arrhythmia"),
                (seizure.undecided(), "seizure"),
            ] {
                if absent {
                    trace.miss(At::Case, name);
                }
            }
        }
        let category = match (laboratory, clinical) {
            (_, Verdict::Met) => "clinical",
            (Verdict::Met, _) => "laboratory",
            (Verdict::NotMet, _) => "none",
            (Verdict::Undecided, _) => "not_evaluable",
        };
        Ok(Tls {
            category,
            laboratory: known(laboratory),
            clinical: known(clinical),
            uric_acid: known(uric_acid),
            potassium: known(potassium),
            phosphate: known(phosphate),
            calcium: known(calcium),
        })
    }
}
