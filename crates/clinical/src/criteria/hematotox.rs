//! CAR-HEMATOTOX score before lymphodepletion (CSCO 2024 §4.5.1; catalogue D5.2).

use super::case::{Case, Fault};
use super::compare::{Verdict, above, at_least, below, same};
use super::measured::{ANC, CRP, FERRITIN, HEMOGLOBIN, Moment, PLATELETS, Place, flag, known, rows_or_one};
use super::trace::{At, Criterion, Trace, criteria};
use chrono::NaiveDate;

criteria! {
    PLATELETS_BELOW_75 = Seed("hematotox.platelets_2", "platelets below 75 x10^9/L: 2 points", "血小板<75 G/L：2分", "4.5.1");
    PLATELETS_75_TO_175 = Seed("hematotox.platelets_1", "platelets 75 to 175 x10^9/L: 1 point", "血小板75~175 G/L：1分", "4.5.1");
    ANC_BELOW = Seed("hematotox.anc", "ANC below 1.2 x10^9/L: 1 point", "中性粒细胞<1.2 G/L：1分", "4.5.1");
    HEMOGLOBIN_BELOW = Seed("hematotox.hemoglobin", "hemoglobin below 90 g/L: 1 point", "血红蛋白<90 g/L：1分", "4.5.1");
    CRP_ABOVE = Seed("hematotox.crp", "CRP above 30 mg/L: 1 point", "C反应蛋白>30 mg/L：1分", "4.5.1");
    FERRITIN_ABOVE_2000 = Seed("hematotox.ferritin_2", "ferritin above 2000 ug/L: 2 points", "铁蛋白>2000 ng/ml：2分", "4.5.1");
    FERRITIN_650_TO_2000 = Seed("hematotox.ferritin_1", "ferritin 650 to 2000 ug/L: 1 point", "铁蛋白650~2000 ng/ml：1分", "4.5.1");
    LOW = Seed("hematotox.low", "0 or 1 points", "0~1分：低危", "4.5.1");
    HIGH = Seed("hematotox.high", "2 points or more", "≥2分：高危", "4.5.1");
    UNDECIDED = Proposed("hematotox.missing", "a component is missing and could change the class", "缺少指标且可改变危险度", "catalogue D5.2");
}

/// Choices the table leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// Points for an ANC, hemoglobin or CRP exactly on its limit, which the table leaves out (erratum H40): 1 when true, else 0.
    pub equality_scores: bool,
    /// First day of the window of the samples, counted from the infusion (H50: day -5 with a grace of 3 days).
    pub window_first_day: i32,
    /// Last day of the window.
    pub window_last_day: i32,
    /// Whether a sample of the first day of lymphodepletion, its time unknown, was taken before the first dose.
    pub first_day_sample_is_before_dose: bool,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            equality_scores: false,
            window_first_day: -8,
            window_last_day: -2,
            first_day_sample_is_before_dose: true,
        }
    }
}

/// The components, each possibly absent.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Components {
    /// Platelets, 10^9/L.
    pub platelets_10e9_l: Option<f64>,
    /// Neutrophils, 10^9/L.
    pub anc_10e9_l: Option<f64>,
    /// Hemoglobin, g/L.
    pub hb_g_l: Option<f64>,
    /// C-reactive protein, mg/L.
    pub crp_mg_l: Option<f64>,
    /// Ferritin, µg/L.
    pub ferritin_ug_l: Option<f64>,
}

/// Risk class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// 0 or 1 points.
    Low,
    /// 2 points or more.
    High,
}

/// Points of each component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Points {
    /// 0 to 2.
    pub platelets: Option<u8>,
    /// 0 or 1.
    pub anc: Option<u8>,
    /// 0 or 1.
    pub hb: Option<u8>,
    /// 0 or 1.
    pub crp: Option<u8>,
    /// 0 to 2.
    pub ferritin: Option<u8>,
}

/// Bounds of a score with components missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Bounds {
    /// With 0 points for each missing component.
    pub min: u8,
    /// With the most points for each missing component.
    pub max: u8,
}

/// CAR-HEMATOTOX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Score {
    /// 0 to 7; none when a component is missing.
    pub score: Option<u8>,
    /// None when missing components could change it.
    pub class: Option<Class>,
    /// What the score can be.
    pub bounds: Bounds,
    /// Points by component.
    pub points: Points,
}

fn two_step(
    trace: &mut Trace,
    name: &'static str,
    value: Option<f64>,
    two: (&'static Criterion, fn(f64) -> bool),
    one: (&'static Criterion, fn(f64) -> bool),
) -> Option<u8> {
    let at = At::Case;
    let values = [(name, value.into())];
    let worst = trace.judge(at, two.0, value.map(two.1), &values);
    let middle = trace.judge(at, one.0, value.map(|value| one.1(value) && !two.1(value)), &values);
    match (worst, middle) {
        (Verdict::Met, _) => Some(2),
        (_, Verdict::Met) => Some(1),
        (Verdict::NotMet, Verdict::NotMet) => Some(0),
        _ => {
            trace.miss(at, name);
            None
        }
    }
}

fn one_step(
    trace: &mut Trace,
    criterion: &'static Criterion,
    name: &'static str,
    value: Option<f64>,
    beyond: impl Fn(f64) -> bool,
) -> Option<u8> {
    let verdict = trace.judge(At::Case, criterion, value.map(beyond), &[(name, value.into())]);
    if verdict.undecided() {
        trace.miss(At::Case, name);
    }
    known(verdict).map(u8::from)
}

/// Scores the components.
pub fn score(components: &Components, parameters: &Parameters, trace: &mut Trace) -> Score {
    let at = At::Case;
    let edge = parameters.equality_scores;
    let Components { platelets_10e9_l, anc_10e9_l, hb_g_l, crp_mg_l, ferritin_ug_l } = *components;
    let points = Points {
        platelets: two_step(
            trace,
            "platelets_10e9_l",
            platelets_10e9_l,
            (&PLATELETS_BELOW_75, |value| below(value, 75.0)),
            (&PLATELETS_75_TO_175, |value| !above(value, 175.0)),
        ),
        anc: one_step(trace, &ANC_BELOW, "anc_10e9_l", anc_10e9_l, |value| {
            below(value, 1.2) || (edge && same(value, 1.2))
        }),
        hb: one_step(trace, &HEMOGLOBIN_BELOW, "hb_g_l", hb_g_l, |value| {
            below(value, 90.0) || (edge && same(value, 90.0))
        }),
        crp: one_step(trace, &CRP_ABOVE, "crp_mg_l", crp_mg_l, |value| {
            above(value, 30.0) || (edge && same(value, 30.0))
        }),
        ferritin: two_step(
            trace,
            "ferritin_ug_l",
            ferritin_ug_l,
            (&FERRITIN_ABOVE_2000, |value| above(value, 2000.0)),
            (&FERRITIN_650_TO_2000, |value| at_least(value, 650.0)),
        ),
    };
    let parts =
        [(points.platelets, 2), (points.anc, 1), (points.hb, 1), (points.crp, 1), (points.ferritin, 2)];
    let bounds = Bounds {
        min: parts.iter().map(|(points, _)| points.unwrap_or(0)).sum(),
        max: parts.iter().map(|(points, most)| points.unwrap_or(*most)).sum(),
    };
    let values = [("min", i32::from(bounds.min).into()), ("max", i32::from(bounds.max).into())];
    let low = trace.decide(at, &LOW, decided(bounds.max <= 1, bounds.min <= 1), &values, "low");
    let high = trace.decide(at, &HIGH, decided(bounds.min >= 2, bounds.max >= 2), &values, "high");
    trace.decide(at, &UNDECIDED, low.undecided() && high.undecided(), &values, "not_evaluable");
    Score {
        score: (bounds.min == bounds.max).then_some(bounds.min),
        class: if high.met() { Some(Class::High) } else { low.met().then_some(Class::Low) },
        bounds,
        points,
    }
}

fn decided(surely: bool, possibly: bool) -> Verdict {
    match (surely, possibly) {
        (true, _) => Verdict::Met,
        (false, true) => Verdict::Undecided,
        (false, false) => Verdict::NotMet,
    }
}

/// Whether a sample of `day` may serve: within the window, and before the first dose of lymphodepletion.
///
/// `before_first_dose` matters on the first day of lymphodepletion only; unknown follows the parameter.
pub fn in_window(
    day: i32,
    lymphodepletion_start_day: Option<i32>,
    before_first_dose: Option<bool>,
    parameters: &Parameters,
) -> bool {
    let window = parameters.window_first_day..=parameters.window_last_day;
    let before = match lymphodepletion_start_day.map(|start| day.cmp(&start)) {
        None | Some(std::cmp::Ordering::Less) => true,
        Some(std::cmp::Ordering::Equal) => {
            before_first_dose.unwrap_or(parameters.first_day_sample_is_before_dose)
        }
        Some(std::cmp::Ordering::Greater) => false,
    };
    window.contains(&day) && before
}

rows_or_one! {
    /// A case of CAR-HEMATOTOX: the components, or dated samples among which the last within the window are taken.
    case HematotoxCase {
        /// First day of lymphodepletion, counted from the infusion.
        #[serde(alias = "lymphodepletion_start_day", alias = "lymphodepletion_day", alias = "ld_day")]
        ld_start_day: Option<i32>,
        /// First date of lymphodepletion.
        #[serde(alias = "lymphodepletion_start_date", alias = "lymphodepletion_date", alias = "ld_start", alias = "ld_date")]
        ld_start_date: Option<NaiveDate>,
        /// What the table leaves open.
        parameters: Parameters,
    }
    /// Components measured on one day.
    row Sample {
        /// Platelets, 10^9/L.
        #[serde(alias = "plt", alias = "platelets", alias = "plt_10e9_l")]
        platelets_10e9_l: f64,
        /// Platelets, /µl.
        #[serde(alias = "plt_ul")]
        platelets_ul: f64,
        /// Neutrophils, 10^9/L.
        #[serde(alias = "anc")]
        anc_10e9_l: f64,
        /// Neutrophils, /µl.
        anc_ul: f64,
        /// Hemoglobin, g/L.
        #[serde(alias = "hb", alias = "hemoglobin", alias = "hemoglobin_g_l")]
        hb_g_l: f64,
        /// Hemoglobin, g/dl.
        #[serde(alias = "hemoglobin_g_dl")]
        hb_g_dl: f64,
        /// C-reactive protein, mg/L.
        #[serde(alias = "crp")]
        crp_mg_l: f64,
        /// C-reactive protein, mg/dl.
        crp_mg_dl: f64,
        /// Ferritin, µg/L, which is ng/ml.
        #[serde(alias = "ferritin_ng_ml", alias = "ferritin")]
        ferritin_ug_l: f64,
        /// Taken before the first dose; asked for on the first day of lymphodepletion.
        #[serde(deserialize_with = "flag")]
        before_first_dose: bool,
    }
}

impl Sample {
    fn components(&self, place: Place) -> Result<Components, Fault> {
        Ok(Components {
            platelets_10e9_l: PLATELETS.read(place, self.platelets_10e9_l, self.platelets_ul)?,
            anc_10e9_l: ANC.read(place, self.anc_10e9_l, self.anc_ul)?,
            hb_g_l: HEMOGLOBIN.read(place, self.hb_g_l, self.hb_g_dl)?,
            crp_mg_l: CRP.read(place, self.crp_mg_l, self.crp_mg_dl)?,
            ferritin_ug_l: FERRITIN.read(place, self.ferritin_ug_l, None)?,
        })
    }
}

/// CAR-HEMATOTOX with what it rests on.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Hematotox {
    /// The score.
    #[serde(flatten)]
    pub score: Score,
    /// Day of the sample used, by component; none when the components were given without a day.
    pub sample_days: Option<SampleDays>,
    /// A sample used was not said to be taken before the first dose: its time, or the start of lymphodepletion, is unknown.
    pub before_first_dose_assumed: bool,
    /// What was chosen.
    pub parameters: Parameters,
}

/// Days of the samples used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct SampleDays {
    /// Of the platelets.
    pub platelets: Option<i32>,
    /// Of the ANC.
    pub anc: Option<i32>,
    /// Of the hemoglobin.
    pub hb: Option<i32>,
    /// Of CRP.
    pub crp: Option<i32>,
    /// Of ferritin.
    pub ferritin: Option<i32>,
}

impl Case for HematotoxCase {
    type Result = Hematotox;

    fn derive(&self, trace: &mut Trace) -> Result<Hematotox, Fault> {
        let parameters = self.parameters;
        let start = Moment::read(Place::Top, self.ld_start_day, self.ld_start_date, self.infusion_date)?;
        let mut used = Components::default();
        let mut days = None;
        let mut assumed = false;
        for sample in self.rows()? {
            let components = sample.row.components(sample.place)?;
            let Some(day) = sample.moment.day else {
                if let Some(date) = sample.moment.date {
                    let problem = format!("{date} without the date of infusion");
                    return Err(Fault::new(
                        sample.place.pointer("date"),
                        problem,
                        "infusion_date, or the day",
                    ));
                }
                used = components;
                continue;
            };
            let days: &mut SampleDays = days.get_or_insert_default();
            let start_day = match (start.day, start.date, sample.moment.date) {
                (Some(start), _, _) => Some(start),
                (None, Some(start), Some(date)) => {
                    i32::try_from((start - date).num_days()).ok().map(|gap| day + gap)
                }
                (None, Some(start), None) => {
                    let problem = format!("{start} without the date of infusion");
                    return Err(Fault::new("/ld_start_date", problem, "infusion_date, or ld_start_day"));
                }
                (None, None, _) => None,
            };
            if !in_window(day, start_day, sample.row.before_first_dose, &parameters) {
                continue;
            }
            let unproven =
                sample.row.before_first_dose.is_none() && start_day.is_none_or(|start| day == start);
            let mut take = |slot: &mut Option<f64>, slot_day: &mut Option<i32>, value: Option<f64>| {
                if value.is_some() {
                    assumed |= unproven;
                    (*slot, *slot_day) = (value, Some(day));
                }
            };
            take(&mut used.platelets_10e9_l, &mut days.platelets, components.platelets_10e9_l);
            take(&mut used.anc_10e9_l, &mut days.anc, components.anc_10e9_l);
            take(&mut used.hb_g_l, &mut days.hb, components.hb_g_l);
            take(&mut used.crp_mg_l, &mut days.crp, components.crp_mg_l);
            take(&mut used.ferritin_ug_l, &mut days.ferritin, components.ferritin_ug_l);
        }
        Ok(Hematotox {
            score: score(&used, &parameters, trace),
            sample_days: days,
            before_first_dose_assumed: assumed,
            parameters,
        })
    }
}
