//! Kinetics of CAR-T cells: noncompartmental analysis per infusion, per assay, specimen and unit, never mixed.

use super::assessments::{is_complete, responses};
use super::estimates::{Interval, Wanted, kaplan_meier, proportion};
use super::grouping::{By, Group, Grouping};
use super::head::Head;
use super::parameters::{Checked, ProportionInterval, conf_level, number};
use super::response::Share;
use super::summary::Summary;
use super::timepoints::{self, TimePoint};
use super::{Body, Report, ReportKind};
use crate::definition::CohortDefinition;
use crate::endpoints::FollowUps;
use crate::endpoints::toxicity::days;
use crate::error::ReportError;
use crate::fault::Faults;
use crate::records::Basis;
use crate::render::{Block, EstimateRow, Figure};
use crate::selection::Cohort;
use crate::snapshot::Snapshot;
use clinical::Language;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use survival::nca::{AucMethod, BelowQuantification, Kinetics, Lloq, Options, Samples, analyse};

mod profiles;
mod tables;

pub use profiles::Assay;
use profiles::{Profile, profiles};

/// Trapezoidal rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Auc {
    /// Straight lines.
    Linear,
    /// Straight up, exponential down.
    LinUpLogDown,
}

/// What a sample below the limit of quantification counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blq {
    /// 0.
    Zero,
    /// Nothing between quantifiable samples, 0 after them.
    Drop,
    /// Half the limit.
    Half,
}

/// Parameters of the kinetics report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KineticsParameters {
    /// Groups to compare.
    pub by: By,
    /// Trapezoidal rule.
    pub auc_method: Auc,
    /// Samples below the limit of quantification.
    pub blq: Blq,
    /// Last day of the partial area, which begins on day 0.
    pub window_days: i32,
    /// Points in time of the curves.
    pub timepoints: Vec<TimePoint>,
    /// Grade from which CRS counts when exposure is compared.
    pub crs_threshold: i32,
    /// Confidence level.
    pub conf_level: f64,
}

impl Default for KineticsParameters {
    fn default() -> Self {
        Self {
            by: By::Product,
            auc_method: Auc::Linear,
            blq: Blq::Drop,
            window_days: 28,
            timepoints: timepoints::kinetics(),
            crs_threshold: 2,
            conf_level: 0.95,
        }
    }
}

impl Checked for KineticsParameters {
    fn check(&mut self, faults: &mut Faults) {
        timepoints::check(&self.timepoints, faults);
        number("window_days", self.window_days, 1, 36_525, faults);
        number("crs_threshold", self.crs_threshold, 1, 5, faults);
        conf_level(self.conf_level, faults);
    }
}

/// The kinetics report's result.
#[derive(Debug, Clone, Serialize)]
pub struct KineticsResult {
    /// What the groups are.
    pub by: By,
    /// Last day of the partial area.
    pub window_days: i32,
    /// One entry per assay, specimen and unit that occur.
    pub assays: Vec<AssayResult>,
}

/// One assay.
#[derive(Debug, Clone, Serialize)]
pub struct AssayResult {
    /// Which.
    #[serde(flatten)]
    pub assay: Assay,
    /// One entry per group.
    pub groups: Vec<KineticsGroup>,
    /// Exposure of everybody by best response and by CRS.
    pub exposure: Vec<Exposure>,
}

/// One group of one assay.
#[derive(Debug, Clone, Serialize)]
pub struct KineticsGroup {
    /// The group.
    pub group: Group,
    /// Subjects with a sample.
    pub n: usize,
    /// Samples.
    pub samples: usize,
    /// Of them, below the limit of quantification.
    pub below_quantification: usize,
    /// Peak, day of the peak, area over the window, last quantifiable day, half-life.
    pub parameters: Vec<(&'static str, Summary)>,
    /// Subjects whose samples do not reach the end of the window: they have no area.
    pub window_not_covered: usize,
    /// Level at the points in time.
    pub curve: Vec<Level>,
    /// Days of persistence: to the first of two consecutive samples without quantifiable cells, or one that is the last; Kaplan-Meier.
    pub persistence: Interval,
}

/// The level at one point in time.
#[derive(Debug, Clone, Serialize)]
pub struct Level {
    /// The point.
    pub name: String,
    /// Its day.
    pub day: i32,
    /// Levels; below quantification counts as half the limit, 0 without one.
    pub level: Summary,
    /// Quantifiable, of the subjects with a sample.
    pub detectable: Share,
}

/// Exposure of subjects with and without an outcome.
#[derive(Debug, Clone, Serialize)]
pub struct Exposure {
    /// `complete_response` or `crs`.
    pub outcome: &'static str,
    /// Whether they had it.
    pub with: bool,
    /// Peak.
    pub cmax: Summary,
    /// Area over the window.
    pub auc_window: Summary,
}

/// Makes the kinetics report.
///
/// # Errors
///
/// [`ReportError`] when the snapshot cannot be read.
pub fn run(
    snapshot: &Snapshot,
    definition: &CohortDefinition,
    parameters: &KineticsParameters,
) -> Result<Report, ReportError> {
    let cohort = Cohort::select(snapshot, definition)?;
    let grouping = Grouping::of(snapshot, &cohort, parameters.by)?;
    let follow_ups = FollowUps::of_cohort(snapshot, &cohort)?;
    let usable: Vec<bool> = follow_ups.contradictions(&cohort).map(|c| c.is_none()).collect();
    let complete: Vec<Option<bool>> = responses(snapshot, &cohort, Basis::Reported)?
        .iter()
        .map(|course| (!course.is_empty()).then(|| course.iter().any(|(_, c)| is_complete(*c))))
        .collect();
    let mut crs: Vec<Option<bool>> = vec![None; cohort.len()];
    for day in days(snapshot, &cohort, 30)?.days {
        let grade = day.grade.first().copied().flatten();
        if let (Some(grade), Some(place)) = (grade, crs.get_mut(day.subject as usize)) {
            *place = Some(place.unwrap_or(false) || grade >= parameters.crs_threshold);
        }
    }
    let mut assays = Vec::new();
    for (assay, mut profiles) in profiles(snapshot, &cohort)? {
        for (profile, usable) in profiles.iter_mut().zip(&usable) {
            if !usable {
                profile.samples.clear();
            }
        }
        let failed =
            |source| ReportError::Statistics { what: format!("kinetics by {}", assay.assay), source };
        let analysed =
            profiles.iter().map(|profile| analysed(profile, parameters)).collect::<Result<Vec<_>, _>>();
        let analysed = analysed.map_err(failed)?;
        let subjects: Vec<(&Profile, &Option<Kinetics>)> = profiles.iter().zip(&analysed).collect();
        let groups =
            grouping.split(&subjects).map(|(group, members)| group_result(group, &members, parameters));
        let groups = groups.collect::<Result<_, _>>().map_err(failed)?;
        let mut exposure = Vec::new();
        for (outcome, of) in [("complete_response", &complete), ("crs", &crs)] {
            for with in [true, false] {
                let own = || {
                    let pairs = analysed.iter().zip(of.iter()).filter(|(_, outcome)| **outcome == Some(with));
                    pairs.filter_map(|(kinetics, _)| kinetics.as_ref())
                };
                exposure.push(Exposure {
                    outcome,
                    with,
                    cmax: Summary::of(own().map(|k| k.cmax)),
                    auc_window: Summary::of(own().map(|k| k.window.and_then(|w| w.area))),
                });
            }
        }
        assays.push(AssayResult { assay, groups, exposure });
    }
    let result = KineticsResult { by: parameters.by, window_days: parameters.window_days, assays };
    let head = Head::new(ReportKind::Kinetics, snapshot, definition, &cohort, serde_json::to_value(parameters)?)
        .with_excluded(follow_ups.excluded(&cohort))
        .with_notes([
            "Assays, specimens and units are kept apart: levels of different assays are not comparable. Samples on or after day 0 until the next infusion; of several on one day the highest.".to_owned(),
            format!(
                "Noncompartmental analysis: peak and its first day as observed; area from day 0, where the level is taken as 0 before the first sample, to day {}, null unless the samples reach it; \
                 half-life by the terminal log-linear slope of at least three samples after the peak. Below the limit of quantification: {:?}.",
                parameters.window_days, parameters.blq
            ),
            "Persistence: days to the first of two consecutive samples without quantifiable cells, after a quantifiable one; censored at the last sample. Comparisons of exposure by an outcome that follows it are descriptive: \
             whoever dies early has no later samples.".to_owned(),
        ]);
    Ok(Report { head, body: Box::new(result) })
}

fn analysed(
    profile: &Profile,
    parameters: &KineticsParameters,
) -> Result<Option<Kinetics>, survival::error::Error> {
    if profile.samples.is_empty() {
        return Ok(None);
    }
    let time: Vec<f64> = profile.samples.iter().map(|s| f64::from(s.day)).collect();
    let concentration: Vec<f64> =
        profile.samples.iter().map(|s| if s.below { 0.0 } else { s.value }).collect();
    let limits: Vec<f64> = profile.samples.iter().map(|s| s.lloq).collect();
    let known = limits.iter().all(|limit| limit.is_finite());
    let options = Options {
        auc_method: match parameters.auc_method {
            Auc::Linear => AucMethod::Linear,
            Auc::LinUpLogDown => AucMethod::LinearUpLogDown,
        },
        below_quantification: match parameters.blq {
            Blq::Zero => BelowQuantification::Zero,
            Blq::Half if known => BelowQuantification::Half,
            Blq::Half | Blq::Drop => BelowQuantification::Drop,
        },
        window: Some((0.0, f64::from(parameters.window_days))),
        ..Options::default()
    };
    let lloq = if known { Lloq::PerSample(&limits) } else { Lloq::Unknown };
    analyse(&Samples { time: &time, concentration: &concentration, lloq }, &options).map(Some)
}

fn group_result(
    group: &Group,
    members: &[&(&Profile, &Option<Kinetics>)],
    parameters: &KineticsParameters,
) -> Result<KineticsGroup, survival::error::Error> {
    let sampled: Vec<(&Profile, &Kinetics)> =
        members.iter().filter_map(|(profile, kinetics)| Some((*profile, kinetics.as_ref()?))).collect();
    let summary = |of: &dyn Fn(&Kinetics) -> Option<f64>| Summary::of(sampled.iter().map(|(_, k)| of(k)));
    let curve = parameters.timepoints.iter().map(|point| {
        let seen: Vec<_> = sampled.iter().filter_map(|(p, _)| point.choose(&p.samples, |s| s.day)).collect();
        let found = seen.iter().filter(|s| !s.below).count();
        Level {
            name: point.name.clone(),
            day: point.day,
            level: Summary::of(seen.iter().map(|s| Some(s.shown()))),
            detectable: Share {
                n: found,
                of: seen.len(),
                share: proportion(
                    found,
                    seen.len(),
                    ProportionInterval::ClopperPearson,
                    parameters.conf_level,
                ),
            },
        }
    });
    let persistence: Vec<(i32, bool)> =
        sampled.iter().filter_map(|(profile, _)| profile.persistence()).collect();
    let wanted =
        Wanted { conf_level: parameters.conf_level, at: &[], at_risk: &[], quantiles: &[], rmst: None };
    Ok(KineticsGroup {
        group: group.clone(),
        n: sampled.len(),
        samples: sampled.iter().map(|(p, _)| p.samples.len()).sum(),
        below_quantification: sampled.iter().map(|(p, _)| p.samples.iter().filter(|s| s.below).count()).sum(),
        parameters: vec![
            ("cmax", summary(&|k| k.cmax)),
            ("tmax", summary(&|k| k.tmax)),
            ("auc_window", summary(&|k| k.window.and_then(|w| w.area))),
            ("tlast", summary(&|k| k.tlast)),
            ("half_life", summary(&|k| k.terminal.as_ref().map(|t| t.half_life))),
        ],
        window_not_covered: sampled.iter().filter(|(_, k)| k.window.is_none_or(|w| !w.covered)).count(),
        curve: curve.collect(),
        persistence: kaplan_meier(&persistence, &wanted)?.median,
    })
}

impl Body for KineticsResult {
    fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self)
    }

    fn estimates(&self) -> Vec<EstimateRow> {
        tables::rows(self)
    }

    fn blocks(&self, language: Language) -> Vec<Block> {
        tables::blocks(self, language)
    }

    fn figure(&self, language: Language) -> Option<Figure> {
        Some(tables::figure(self, language))
    }
}
