//! Centers compared: observed over expected events in a funnel, peers blinded.

use super::completeness::of_groups;
use super::estimates::Interval;
use super::grouping::{By, Grouping};
use super::head::Head;
use super::parameters::{Checked, number};
use super::survival::{endpoint, outcomes};
use super::{Body, Report, ReportKind};
use crate::definition::CohortDefinition;
use crate::endpoints::{Cause, Evaluation, FollowUps};
use crate::error::ReportError;
use crate::fault::{Fault, Faults};
use crate::records::epoch;
use crate::render::figure::{FunnelPlot, Part};
use crate::render::{Block, EstimateRow, Figure, Table, say};
use crate::selection::Cohort;
use crate::snapshot::{Rows, Snapshot};
use clinical::Language;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use survival::funnel::{Center, LimitMethod, Options, Outcome, funnel, limits};
use survival::sir::Ratio;

/// Parameters of the center comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CentersParameters {
    /// The endpoint.
    pub endpoint: Value,
    /// Events until this day count.
    pub day: i32,
    /// Subjects are compared within these strata.
    pub standardize_by: Vec<By>,
    /// Centers with less complete follow-up are not shown.
    pub completeness: f64,
    /// Centers with fewer subjects are not shown.
    pub least_subjects: i32,
}

impl Default for CentersParameters {
    fn default() -> Self {
        Self {
            endpoint: "os".into(),
            day: 100,
            standardize_by: vec![By::Disease, By::AgeGroup],
            completeness: 0.9,
            least_subjects: 5,
        }
    }
}

impl Checked for CentersParameters {
    fn check(&mut self, faults: &mut Faults) {
        number("day", self.day, 1, 36_525, faults);
        number("least_subjects", self.least_subjects, 1, 1_000_000, faults);
        if !(0.0..=1.0).contains(&self.completeness) {
            let fault = Fault::new("/completeness", "this is not a share").received(self.completeness);
            faults.0.push(fault.expected("a number from 0 to 1"));
        }
        super::parameters::endpoints("endpoint", std::slice::from_ref(&self.endpoint), faults);
        for (i, by) in self.standardize_by.iter().enumerate().filter(|(_, by)| **by == By::Center) {
            let fault = Fault::new(format!("/standardize_by/{i}"), "centers are what is compared")
                .received(by.name());
            faults.0.push(fault.expected("a stratum of subjects, for example disease"));
        }
    }
}

/// The center comparison's result.
#[derive(Debug, Clone, Serialize)]
pub struct CentersResult {
    /// Label of the endpoint.
    pub endpoint: String,
    /// Events until this day count.
    pub day: i32,
    /// The centers shown, by expected events.
    pub centers: Vec<CenterPlace>,
    /// Centers not shown because their follow-up is not complete enough.
    pub incomplete: usize,
    /// Centers not shown because they have too few subjects.
    pub small: usize,
    /// Subjects without known status on the day; in no center's count.
    pub unknown_status: usize,
}

/// One center.
#[derive(Debug, Clone, Serialize)]
pub struct CenterPlace {
    /// Its code when it is the reader's own or the reader sees all; otherwise a number.
    pub center: String,
    /// The reader's own.
    pub own: bool,
    /// Subjects with known status.
    pub n: usize,
    /// Events.
    pub observed: u64,
    /// Events expected if each stratum had the risk of all centers together.
    pub expected: f64,
    /// Observed over expected with exact Poisson limits.
    pub ratio: Interval,
    /// Within the 95 % and the 99.8 % limits of the funnel.
    pub within: [bool; 2],
}

/// Fewest subjects of a center that others than itself may see.
const LEAST_OF_PEERS: i32 = 10;

/// Makes the center comparison. A center sees its own place by name and its peers as numbers.
///
/// # Errors
///
/// [`ReportError`] when the snapshot cannot be read.
pub fn run(
    snapshot: &Snapshot,
    definition: &CohortDefinition,
    parameters: &CentersParameters,
) -> Result<Report, ReportError> {
    let scoped = snapshot;
    let own_cohort = Cohort::select(scoped, definition)?;
    // Peers take part as counts only: no code, no record and no head of theirs leaves this function.
    let snapshot = &scoped.of_every_center();
    let cohort = Cohort::select(snapshot, definition)?;
    let grouping = Grouping::of(snapshot, &cohort, By::Center)?;
    let follow_ups = FollowUps::of_cohort(snapshot, &cohort)?;
    let endpoint = endpoint(&parameters.endpoint)?;
    let (label, rule) = (endpoint.label.clone(), endpoint.rule.clone());
    let evaluation = Evaluation::of(snapshot, &cohort, &follow_ups, endpoint)?;
    // Status on the day: the event came by then, something else ended the observation by then, or it went on beyond.
    let status: Vec<Option<bool>> = outcomes(&evaluation)
        .iter()
        .map(|outcome| {
            let outcome = (*outcome)?;
            match outcome.cause {
                Cause::Event if outcome.day <= parameters.day => Some(true),
                Cause::Competing if outcome.day <= parameters.day => Some(false),
                _ if outcome.day >= parameters.day => Some(false),
                _ => None,
            }
        })
        .collect();
    let expected = expected(snapshot, &cohort, &parameters.standardize_by, &status)?;
    let end = definition.data_cutoff.map_or_else(|| taken(snapshot), epoch);
    let complete = of_groups(&cohort, &follow_ups, &grouping, end);
    let own = |code: &str| match &scoped.scope().centers {
        Rows::All => false,
        Rows::Only(codes) => codes.contains(code),
    };
    let blinded = !matches!(scoped.scope().centers, Rows::All);
    // A peer of few subjects would be recognized, and a rare cohort would tell of them.
    let least =
        if blinded { parameters.least_subjects.max(LEAST_OF_PEERS) } else { parameters.least_subjects };
    let (mut shown, mut incomplete, mut small) = (Vec::new(), 0, 0);
    for (place, group) in grouping.groups.iter().enumerate() {
        let members =
            grouping.of_subject.iter().zip(status.iter().zip(&expected)).filter(|(g, _)| **g == place);
        let known: Vec<(bool, f64)> =
            members.filter_map(|(_, (status, e))| Some(((*status)?, (*e)?))).collect();
        let code = group.code.clone().unwrap_or_default();
        if known.len() < usize::try_from(least).unwrap_or(0) {
            small += 1;
        } else if complete.get(place).copied().flatten().is_none_or(|share| share < parameters.completeness) {
            incomplete += 1;
        } else {
            let observed = known.iter().filter(|(event, _)| *event).count() as u64;
            shown.push((code, known.len(), observed, known.iter().map(|(_, e)| e).sum::<f64>()));
        }
    }
    // By size, so that a number says nothing about the code.
    shown.sort_by(|a, b| b.3.total_cmp(&a.3).then(a.2.cmp(&b.2)).then(a.1.cmp(&b.1)).then(a.0.cmp(&b.0)));
    let sizes: Vec<Center> = shown.iter().map(|c| Center { events: c.2, size: c.3 }).collect();
    let options = Options { target: Some(1.0), ..Options::default() };
    let failed = |source| ReportError::Statistics { what: "comparison of centers".to_owned(), source };
    let placed = funnel(Outcome::Ratio, &sizes, &options).map_err(failed)?;
    let centers = shown.into_iter().zip(placed.centers).enumerate();
    let centers = centers
        .map(|(place, ((code, n, observed, expected), at))| {
            let own = own(&code);
            let ratio = Ratio::new(observed, expected, 0.0, 0.95);
            let within = |level: usize| at.position.get(level) == Some(&survival::funnel::Position::Within);
            CenterPlace {
                center: if blinded && !own { format!("center {}", place + 1) } else { code },
                own,
                n,
                observed,
                expected,
                ratio: Interval { value: at.value, lower: ratio.lower, upper: ratio.upper },
                within: [within(0), within(1)],
            }
        })
        .collect();
    let result = CentersResult {
        endpoint: label,
        day: parameters.day,
        centers,
        incomplete,
        small,
        unknown_status: status.iter().filter(|s| s.is_none()).count(),
    };
    let strata: Vec<String> = parameters.standardize_by.iter().map(By::name).collect();
    let head = Head::new(ReportKind::Centers, scoped, definition, &own_cohort, serde_json::to_value(parameters)?)
        .with_notes([
            rule,
            format!(
                "Expected events: each subject with known status on day {} counts with the share of events among all subjects of its stratum ({}). Exact Poisson limits of 95 % and 99.8 % around 1. \
                 Centers with completeness of follow-up under {} or fewer than {} subjects are not shown. A center outside the limits is a reason to look, not a verdict.",
                parameters.day,
                if strata.is_empty() { "none".to_owned() } else { strata.join(" x ") },
                parameters.completeness,
                least
            ),
        ]);
    Ok(Report { head, body: Box::new(result) })
}

fn taken(snapshot: &Snapshot) -> i32 {
    let day = snapshot.manifest().taken_at.get(..10).and_then(|day| day.parse().ok());
    day.map_or(0, epoch)
}

/// The risk of each subject's stratum; `None` for a subject without known status.
fn expected(
    snapshot: &Snapshot,
    cohort: &Cohort,
    strata: &[By],
    status: &[Option<bool>],
) -> Result<Vec<Option<f64>>, ReportError> {
    let groupings =
        strata.iter().map(|by| Grouping::of(snapshot, cohort, *by)).collect::<Result<Vec<_>, _>>()?;
    let key = |subject: usize| -> Vec<usize> {
        groupings.iter().map(|g| g.of_subject.get(subject).copied().unwrap_or_default()).collect()
    };
    let mut counts: std::collections::BTreeMap<Vec<usize>, (u64, u64)> = std::collections::BTreeMap::new();
    for (subject, event) in status.iter().enumerate() {
        if let Some(event) = event {
            let count = counts.entry(key(subject)).or_default();
            count.0 += u64::from(*event);
            count.1 += 1;
        }
    }
    let risk = |subject: usize| counts.get(&key(subject)).map(|(events, n)| *events as f64 / *n as f64);
    Ok(status.iter().enumerate().map(|(subject, known)| known.and_then(|_| risk(subject))).collect())
}

impl Body for CentersResult {
    fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self)
    }

    fn estimates(&self) -> Vec<EstimateRow> {
        let row = |center: &CenterPlace, statistic: &str, unit| {
            let n = usize::try_from(center.observed).unwrap_or(0);
            EstimateRow::new(&self.endpoint, &center.center, statistic, unit)
                .at(&self.day)
                .counts(center.n, n)
        };
        let mut rows = Vec::new();
        for center in &self.centers {
            rows.push(row(center, "observed_over_expected", "ratio").interval(center.ratio));
            rows.push(row(center, "expected", "events").value(center.expected));
        }
        rows
    }

    fn blocks(&self, language: Language) -> Vec<Block> {
        let columns = [
            say(language, "center", "中心"),
            "n",
            say(language, "observed", "观察"),
            say(language, "expected", "期望"),
            say(language, "observed/expected (CI)", "观察/期望 (CI)"),
            say(language, "limits", "控制限"),
        ];
        let mut table =
            Table::new(format!("{}, {}", self.endpoint, self.day), columns.map(str::to_owned).into());
        for center in &self.centers {
            let outside = match center.within {
                [true, true] => "",
                [false, true] => "95 %",
                _ => "99.8 %",
            };
            let mark = if center.own { " *" } else { "" };
            table.push(vec![
                format!("{}{mark}", center.center),
                center.n.to_string(),
                center.observed.to_string(),
                format!("{:.2}", center.expected),
                center.ratio.text(|v| format!("{v:.2}")),
                outside.to_owned(),
            ]);
        }
        let line = match language {
            Language::En => format!(
                "{} center(s) not shown for incomplete follow-up, {} for few subjects; status unknown of {} subject(s).",
                self.incomplete, self.small, self.unknown_status
            ),
            Language::Zh => format!(
                "未显示：随访不完整{}个中心，病例过少{}个中心；状态未知{}例。",
                self.incomplete, self.small, self.unknown_status
            ),
        };
        vec![Block::Table(table), Block::Line(line)]
    }

    fn figure(&self, language: Language) -> Option<Figure> {
        let widest = self.centers.iter().map(|c| c.expected).fold(1.0_f64, f64::max);
        let line = |level: f64| {
            (1..=60)
                .filter_map(|i| {
                    let size = widest * 1.05 * f64::from(i) / 60.0;
                    let (low, high) =
                        limits(Outcome::Ratio, size, 1.0, level, LimitMethod::Exact, None).ok()?;
                    Some((size, low, high))
                })
                .collect()
        };
        let points =
            self.centers.iter().filter_map(|c| Some((c.expected, c.ratio.value?, c.center.clone(), c.own)));
        Some(Figure {
            title: ReportKind::Centers.title(language).to_owned(),
            description: say(
                language,
                "Observed over expected events against expected events, one point per center, with exact 95 % and 99.8 % limits.",
                "各中心观察/期望事件比与期望事件数，附95%与99.8%精确控制限。",
            )
            .to_owned(),
            parts: vec![Part::Funnel(FunnelPlot {
                title: format!("{}, {}", self.endpoint, self.day),
                x_label: say(language, "expected events", "期望事件数").to_owned(),
                y_label: say(language, "observed / expected", "观察/期望").to_owned(),
                target: 1.0,
                points: points.collect(),
                limits: vec![("95 %".to_owned(), line(0.95)), ("99.8 %".to_owned(), line(0.998))],
            })],
        })
    }
}
