//! Completeness of follow-up: observed against possible person-time, and what the lost could change.

use super::estimates::{Interval, SurvivalAt, Wanted, kaplan_meier};
use super::grouping::{By, Group, Grouping};
use super::head::Head;
use super::parameters::{Checked, conf_level};
use super::{Body, Report, ReportKind};
use crate::definition::CohortDefinition;
use crate::endpoints::FollowUps;
use crate::error::ReportError;
use crate::fault::{Fault, Faults};
use crate::records::epoch;
use crate::render::{Block, EstimateRow, Figure, Table, day_heading, say};
use crate::selection::Cohort;
use crate::snapshot::Snapshot;
use chrono::NaiveDate;
use clinical::Language;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Parameters of the follow-up report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CompletenessParameters {
    /// Groups to compare.
    pub by: By,
    /// Days at which survival is given under each reading.
    pub at: Vec<i32>,
    /// Days a last contact may lie before the end without counting as lost.
    pub grace_days: i32,
    /// Confidence level.
    pub conf_level: f64,
}

impl Default for CompletenessParameters {
    fn default() -> Self {
        Self { by: By::Center, at: vec![100, 365, 730], grace_days: 183, conf_level: 0.95 }
    }
}

impl Checked for CompletenessParameters {
    fn check(&mut self, faults: &mut Faults) {
        conf_level(self.conf_level, faults);
        super::parameters::number("grace_days", self.grace_days, 0, 36_525, faults);
        for (i, day) in self.at.iter().enumerate().filter(|(_, day)| !(0..=36_525).contains(*day)) {
            let fault = Fault::new(format!("/at/{i}"), "the day is out of range").received(day);
            faults.0.push(fault.expected("a day from 0 to 36525"));
        }
    }
}

/// The follow-up report's result.
#[derive(Debug, Clone, Serialize)]
pub struct CompletenessResult {
    /// What the groups are.
    pub by: By,
    /// Until when follow-up was possible.
    pub until: String,
    /// One entry per group, then one of everybody when there are groups.
    pub groups: Vec<CompletenessGroup>,
}

/// One group.
#[derive(Debug, Clone, Serialize)]
pub struct CompletenessGroup {
    /// The group.
    pub group: Group,
    /// Subjects.
    pub n: usize,
    /// Subjects who died.
    pub deaths: usize,
    /// Subjects alive at a last contact longer ago than the days of grace.
    pub lost: usize,
    /// Days observed.
    pub observed_days: i64,
    /// Days possible: to death, or to the end.
    pub possible_days: i64,
    /// Observed of possible (Clark 2002); null without any possible.
    pub completeness: Option<f64>,
    /// Median follow-up by the reverse Kaplan-Meier method, days.
    pub median_follow_up: Interval,
    /// Overall survival as estimated.
    pub survival: Vec<SurvivalAt>,
    /// As if all lost had died the day after their last contact.
    pub worst: Vec<SurvivalAt>,
    /// As if all lost were alive at the end.
    pub best: Vec<SurvivalAt>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    observed: i32,
    possible: i32,
    died: bool,
    lost: bool,
}

/// Makes the follow-up report.
///
/// # Errors
///
/// [`ReportError`] when the snapshot cannot be read.
pub fn run(
    snapshot: &Snapshot,
    definition: &CohortDefinition,
    parameters: &CompletenessParameters,
) -> Result<Report, ReportError> {
    let cohort = Cohort::select(snapshot, definition)?;
    let grouping = Grouping::of(snapshot, &cohort, parameters.by)?;
    let follow_ups = FollowUps::of_cohort(snapshot, &cohort)?;
    let taken = snapshot.manifest().taken_at.get(..10).and_then(|day| day.parse::<NaiveDate>().ok());
    let until = definition.data_cutoff.or(taken).unwrap_or_default();
    let end = epoch(until);
    let real = Grouping::of(snapshot, &cohort, By::Year)?;
    let dated: Vec<bool> =
        real.of_subject.iter().map(|g| real.groups.get(*g).is_some_and(|g| g.code.is_some())).collect();
    let rows = cohort.members.iter().zip(&follow_ups.seen).zip(&dated);
    let subjects: Vec<Option<Seen>> = rows
        .map(|((member, seen), dated)| {
            // How long follow-up was possible cannot be told from made-up dates.
            if !dated || seen.contradiction(member).is_some() {
                return None;
            }
            let death = seen.death_day().map(|day| day - member.index);
            let observed = death.unwrap_or(seen.alive - member.index).max(0);
            let possible = death.unwrap_or_else(|| (end - member.index).max(observed));
            let lost = death.is_none() && possible - observed > parameters.grace_days;
            Some(Seen { observed, possible, died: death.is_some(), lost })
        })
        .collect();
    let made_up = dated.iter().filter(|dated| !**dated).count();
    let failed = |source| ReportError::Statistics { what: "completeness of follow-up".to_owned(), source };
    let mut groups = grouping
        .split(&subjects)
        .map(|(group, members)| completeness(group, &members, parameters))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    if parameters.by != By::None {
        let all: Vec<&Option<Seen>> = subjects.iter().collect();
        groups.push(completeness(&Group::everybody(), &all, parameters).map_err(failed)?);
    }
    let mut excluded = follow_ups.excluded(&cohort);
    if made_up > 0 {
        excluded.push(crate::endpoints::Excluded {
            reason: "dates count from a made-up anchor, so possible follow-up is not known".to_owned(),
            n: made_up,
        });
    }
    let result = CompletenessResult { by: parameters.by, until: until.to_string(), groups };
    let head = Head::new(ReportKind::FollowUp, snapshot, definition, &cohort, serde_json::to_value(parameters)?)
        .with_excluded(excluded)
        .with_notes([
            format!("Completeness: person-time observed over person-time possible until death or {until} (Clark et al. 2002). Lost: alive at a last contact more than {} days before that day.", parameters.grace_days),
            "Worst: the lost died the day after their last contact. Best: the lost are alive at the end. The truth about the lost lies between, the estimate assumes that they fare like the others.".to_owned(),
        ]);
    Ok(Report { head, body: Box::new(result) })
}

fn completeness(
    group: &Group,
    members: &[&Option<Seen>],
    parameters: &CompletenessParameters,
) -> Result<CompletenessGroup, survival::error::Error> {
    let seen: Vec<Seen> = members.iter().copied().flatten().copied().collect();
    let wanted = Wanted {
        conf_level: parameters.conf_level,
        at: &parameters.at,
        at_risk: &[],
        quantiles: &[],
        rmst: None,
    };
    let estimate =
        |of: &dyn Fn(&Seen) -> (i32, bool)| kaplan_meier(&seen.iter().map(of).collect::<Vec<_>>(), &wanted);
    let plain = estimate(&|s| (s.observed, s.died))?;
    let worst = estimate(&|s| if s.lost { (s.observed + 1, true) } else { (s.observed, s.died) })?;
    let best = estimate(&|s| (if s.lost { s.possible } else { s.observed }, s.died))?;
    let observed_days: i64 = seen.iter().map(|s| i64::from(s.observed)).sum();
    let possible_days: i64 = seen.iter().map(|s| i64::from(s.possible)).sum();
    Ok(CompletenessGroup {
        group: group.clone(),
        n: seen.len(),
        deaths: seen.iter().filter(|s| s.died).count(),
        lost: seen.iter().filter(|s| s.lost).count(),
        observed_days,
        possible_days,
        completeness: (possible_days > 0).then(|| observed_days as f64 / possible_days as f64),
        median_follow_up: plain.median_follow_up,
        survival: plain.at,
        worst: worst.at,
        best: best.at,
    })
}

/// Completeness of each group of a grouping until `end`, for reports that show a group only above some completeness.
pub(super) fn of_groups(
    cohort: &Cohort,
    follow_ups: &FollowUps,
    grouping: &Grouping,
    end: i32,
) -> Vec<Option<f64>> {
    let rows = cohort.members.iter().zip(&follow_ups.seen);
    let days: Vec<(i64, i64)> = rows
        .map(|(member, seen)| {
            let death = seen.death_day().map(|day| day - member.index);
            let observed = death.unwrap_or(seen.alive - member.index).max(0);
            let possible = death.unwrap_or_else(|| (end - member.index).max(observed));
            (i64::from(observed), i64::from(possible))
        })
        .collect();
    let share = |(_, members): (&Group, Vec<&(i64, i64)>)| {
        let possible: i64 = members.iter().map(|d| d.1).sum();
        let observed: i64 = members.iter().map(|d| d.0).sum();
        (possible > 0).then(|| observed as f64 / possible as f64)
    };
    grouping.split(&days).map(share).collect()
}

impl Body for CompletenessResult {
    fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self)
    }

    fn estimates(&self) -> Vec<EstimateRow> {
        let mut rows = Vec::new();
        for group in &self.groups {
            let row = |statistic: &str, unit| {
                EstimateRow::new("follow-up", &group.group.label, statistic, unit).n(group.n)
            };
            rows.push(row("completeness", "share").optional(group.completeness, None, None, None));
            rows.push(row("deaths", "subjects").value(group.deaths as f64));
            rows.push(row("lost", "subjects").value(group.lost as f64));
            rows.push(row("observed", "days").value(group.observed_days as f64));
            rows.push(row("possible", "days").value(group.possible_days as f64));
            rows.push(row("median_follow_up", "days").interval(group.median_follow_up));
            for (name, at) in [
                ("survival", &group.survival),
                ("survival_worst", &group.worst),
                ("survival_best", &group.best),
            ] {
                let figures = at.iter().map(|a| {
                    row(name, "probability").at(&a.day).optional(a.survival, a.std_err, a.lower, a.upper)
                });
                rows.extend(figures);
            }
        }
        rows
    }

    fn blocks(&self, language: Language) -> Vec<Block> {
        let mut columns = vec![
            say(language, "group", "组").to_owned(),
            "n".to_owned(),
            say(language, "deaths", "死亡").to_owned(),
            say(language, "lost", "失访").to_owned(),
            say(language, "completeness, %", "完整性%").to_owned(),
            say(language, "median follow-up", "中位随访").to_owned(),
        ];
        let days: Vec<i32> =
            self.groups.first().map(|g| g.survival.iter().map(|a| a.day).collect()).unwrap_or_default();
        columns.extend(days.iter().map(|day| format!("{} %", day_heading(language, *day))));
        let mut table = Table::new(
            say(
                language,
                "Completeness of follow-up; survival (worst to best)",
                "随访完整性；生存率（最差至最佳）",
            ),
            columns,
        );
        for group in &self.groups {
            let percent =
                |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |v| format!("{:.1}", 100.0 * v));
            let mut cells = vec![
                group.group.label.clone(),
                group.n.to_string(),
                group.deaths.to_string(),
                group.lost.to_string(),
                percent(group.completeness),
                group.median_follow_up.days_text(),
            ];
            for ((plain, worst), best) in group.survival.iter().zip(&group.worst).zip(&group.best) {
                cells.push(format!(
                    "{} ({}–{})",
                    percent(plain.survival),
                    percent(worst.survival),
                    percent(best.survival)
                ));
            }
            table.push(cells);
        }
        vec![Block::Table(table)]
    }

    fn figure(&self, _: Language) -> Option<Figure> {
        None
    }
}
