//! The `visits` case of `sequela derive`.

use super::SCHEDULABLE;
use super::assess::{CarTResult, Course, Ended, ScheduledVisit, assess_course};
use super::input::{CarTInput, Day, EndedInput, OneOrMany};
use super::months::add_months;
use super::parameters::{
    CountedFrom, EndReason, Level, LostVisits, MonthlyUntil, Parameters, Partition, Purpose,
    ResponseInterval, Scope,
};
use super::timetable::{Code, HORIZON_MONTHS, Labels, Timetable};
use crate::codes::Disease;
use crate::criteria::case::{Case, Fault};
use crate::criteria::{At, Trace, Verdict};
use crate::field::nearest;
use crate::finding::echo;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Readings as given; each may stand in the case or in its member `parameters`.
#[derive(Debug, Clone, Default, Deserialize)]
struct Readings {
    #[serde(default)]
    counted_from: Option<CountedFrom>,
    #[serde(default)]
    monthly_until: Option<MonthlyUntil>,
    #[serde(default)]
    response_interval_months: Option<ResponseInterval>,
    #[serde(default)]
    partition: Option<Partition>,
    #[serde(default)]
    lost_to_follow_up: Option<LostVisits>,
    #[serde(default)]
    tolerance_days: Option<u16>,
    #[serde(default)]
    tolerance_days_by_code: Option<BTreeMap<Code, u16>>,
}

/// A case: one patient after one infusion.
///
/// `disease` (NHL, MM, B-ALL: the follow-up visits; kinetics: the samples to day 28) or `timetable` (an id, or a purpose together with
/// a disease), `infusion_date`, `data_cutoff`, `visits`; optionally `ended` (`{"reason", "date"}` or a list of them),
/// `best_response_date`, `car_t_results` and the members of [`Parameters`]. For a timetable of samples the days of `car_t_results` are the
/// visits unless `visits` is given.
#[derive(Debug, Clone, Deserialize)]
pub struct VisitsCase {
    #[serde(default)]
    disease: Option<Scope>,
    #[serde(default)]
    timetable: Option<String>,
    #[serde(default, alias = "d0")]
    infusion_date: Option<Day>,
    #[serde(default, alias = "cutoff")]
    data_cutoff: Option<Day>,
    #[serde(default, alias = "visit_dates", alias = "assessments", alias = "samples")]
    visits: Option<Vec<Day>>,
    #[serde(default)]
    ended: Option<OneOrMany<EndedInput>>,
    #[serde(default, alias = "best_response")]
    best_response_date: Option<Day>,
    #[serde(default, alias = "kinetics")]
    car_t_results: Option<Vec<CarTInput>>,
    #[serde(default)]
    parameters: Readings,
    #[serde(default)]
    counted_from: Option<CountedFrom>,
    #[serde(default)]
    monthly_until: Option<MonthlyUntil>,
    #[serde(default)]
    response_interval_months: Option<ResponseInterval>,
    #[serde(default)]
    partition: Option<Partition>,
    #[serde(default)]
    lost_to_follow_up: Option<LostVisits>,
    #[serde(default)]
    tolerance_days: Option<u16>,
    #[serde(default)]
    tolerance_days_by_code: Option<BTreeMap<Code, u16>>,
}

/// Where the windows come from.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ToleranceSource {
    /// How far they can be trusted.
    pub provenance: &'static str,
    /// Section or paper.
    pub source: &'static str,
}

/// The scheduled visits with the timetable they come from.
#[derive(Debug, Clone, Serialize)]
pub struct VisitsResult {
    /// `not_evaluable` when the infusion, the cutoff or the visits are unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<&'static str>,
    /// Id of the timetable.
    pub timetable: &'static str,
    /// Its title.
    pub title: &'static Labels,
    /// For which disease; null: every one.
    pub disease: Option<Disease>,
    /// What it schedules.
    pub purpose: Purpose,
    /// Section of the guideline.
    pub section: &'static str,
    /// Recommendation level, where one is printed.
    pub level: Option<Level>,
    /// How far the points can be trusted; `external` is not the guideline's.
    pub provenance: &'static str,
    /// Where the windows come from.
    pub tolerance: ToleranceSource,
    /// The readings used.
    pub parameters: Parameters,
    /// The scheduled visits in order of time.
    pub visits: Vec<ScheduledVisit>,
    /// Visits up to the cutoff that met no scheduled point.
    pub unscheduled: Vec<NaiveDate>,
    /// Visits after the cutoff, not looked at.
    pub after_cutoff: Vec<NaiveDate>,
}

/// A member given in the case or among its parameters.
fn either<T: PartialEq>(name: &str, outer: Option<T>, inner: Option<T>) -> Result<Option<T>, Fault> {
    match (outer, inner) {
        (Some(a), Some(b)) if a != b => Err(Fault::new(
            format!("/parameters/{name}"),
            format!("differs from /{name}"),
            "one of them only",
        )),
        (a, b) => Ok(a.or(b)),
    }
}

impl VisitsCase {
    fn parameters(&self) -> Result<Parameters, Fault> {
        let inner = &self.parameters;
        let usual = Parameters::default();
        let interval = either(
            "response_interval_months",
            self.response_interval_months,
            inner.response_interval_months,
        )?;
        let lost = either("lost_to_follow_up", self.lost_to_follow_up, inner.lost_to_follow_up)?;
        let by_code = either(
            "tolerance_days_by_code",
            self.tolerance_days_by_code.as_ref(),
            inner.tolerance_days_by_code.as_ref(),
        )?;
        Ok(Parameters {
            counted_from: either("counted_from", self.counted_from, inner.counted_from)?
                .unwrap_or(usual.counted_from),
            monthly_until: either("monthly_until", self.monthly_until, inner.monthly_until)?
                .unwrap_or(usual.monthly_until),
            response_interval_months: interval.unwrap_or(usual.response_interval_months),
            partition: either("partition", self.partition, inner.partition)?.unwrap_or(usual.partition),
            lost_to_follow_up: lost.unwrap_or(usual.lost_to_follow_up),
            tolerance_days: either("tolerance_days", self.tolerance_days, inner.tolerance_days)?,
            tolerance_days_by_code: by_code.cloned().unwrap_or_default(),
        })
    }

    fn timetable(&self) -> Result<&'static Timetable, Fault> {
        let all = Timetable::all()
            .map_err(|error| Fault::new("/timetable", error.to_string(), "timetable files without faults"))?;
        let ids = || all.iter().map(|t| t.id.as_str());
        let disease = match self.disease {
            Some(Scope::Nhl) => Some(Disease::Nhl),
            Some(Scope::Mm) => Some(Disease::Mm),
            Some(Scope::BAll) => Some(Disease::BAll),
            Some(Scope::Kinetics) | None => None,
        };
        let found = match (&self.timetable, self.disease) {
            (Some(name), scope) => {
                let purpose = Purpose::ALL.iter().find(|p| p.code() == name);
                let named = Timetable::by_id(name);
                let of_purpose = || {
                    let purpose = *purpose?;
                    let own = disease.and_then(|d| Timetable::find(Some(d), purpose));
                    own.or_else(|| Timetable::find(None, purpose)).filter(|_| scope.is_some())
                };
                let found = named.or_else(of_purpose).ok_or_else(|| {
                    let hint = nearest(name, ids())
                        .map(|near| format!("; did you mean {near}?"))
                        .unwrap_or_default();
                    Fault::new(
                        "/timetable",
                        format!("no timetable {:?}", echo(name)),
                        format!(
                            "one of {}, or with a disease follow_up, response, kinetics or persistence{hint}",
                            ids().collect::<Vec<_>>().join(", ")
                        ),
                    )
                })?;
                let kinetics = scope == Some(Scope::Kinetics) && samples(found);
                if scope.is_some() && !kinetics && found.disease.is_some_and(|d| Some(d) != disease) {
                    return Err(Fault::new(
                        "/timetable",
                        format!("{} is not of this disease", found.id),
                        "a timetable of the disease, or no disease",
                    ));
                }
                Some(found)
            }
            (None, Some(scope)) => Timetable::shipped(scope),
            (None, None) => None,
        };
        found.ok_or_else(|| Fault::new("/disease", "absent", format!("one of {}, or a timetable", codes())))
    }

    fn ended(&self, infusion: Option<NaiveDate>) -> Result<Vec<Ended>, Fault> {
        let ended: Vec<Ended> = self.ended.iter().flat_map(|e| &e.0).map(|e| e.ended()).collect();
        let pointer = |index: usize| {
            if ended.len() > 1 { format!("/ended/{index}/date") } else { "/ended/date".to_owned() }
        };
        for (index, end) in ended.iter().enumerate() {
            if infusion.is_some_and(|infusion| end.date < infusion) {
                let expected = "a day on or after infusion_date";
                return Err(Fault::new(
                    pointer(index),
                    format!("{} is before the infusion", end.date),
                    expected,
                ));
            }
            let other = ended.iter().find(|e| e.reason == EndReason::Death && e.date != end.date);
            if let (EndReason::Death, Some(other)) = (end.reason, other) {
                let problem = format!("death on {} and on {}", end.date, other.date);
                return Err(Fault::new(pointer(index), problem, "one day of death"));
            }
        }
        Ok(ended)
    }

    fn results(&self) -> Result<Option<Vec<CarTResult>>, Fault> {
        let Some(given) = &self.car_t_results else { return Ok(None) };
        let mut results = Vec::with_capacity(given.len());
        for (index, input) in given.iter().enumerate() {
            results.push((input.result(index)?, index));
        }
        results.sort_unstable_by_key(|(r, index)| (r.date, *index));
        for pair in results.windows(2) {
            if let [(a, _), (b, index)] = pair
                && a.date == b.date
                && a.zero != b.zero
            {
                return Err(Fault::new(
                    format!("/car_t_results/{index}"),
                    format!("contradicts another result of {}", b.date),
                    "results of one day that agree",
                ));
            }
        }
        Ok(Some(results.into_iter().map(|(r, _)| r).collect()))
    }
}

/// What it schedules are samples for CAR-T cells.
fn samples(timetable: &Timetable) -> bool {
    matches!(timetable.purpose, Purpose::Kinetics | Purpose::Persistence)
}

fn codes() -> String {
    Scope::ALL.iter().map(|s| s.code()).collect::<Vec<_>>().join(", ")
}

/// The cutoff lies between the infusion and the horizon.
fn check_cutoff(infusion: NaiveDate, cutoff: NaiveDate) -> Result<(), Fault> {
    let horizon = add_months(infusion, HORIZON_MONTHS.into()).unwrap_or(NaiveDate::MAX);
    if (infusion..=horizon).contains(&cutoff) {
        return Ok(());
    }
    Err(Fault::new(
        "/data_cutoff",
        format!("{cutoff}, with the infusion on {infusion}"),
        format!("a day from {infusion} to {horizon}"),
    ))
}

/// Nobody is seen after death.
fn check_visits(visits: &[NaiveDate], ended: &[Ended]) -> Result<(), Fault> {
    let Some(death) = ended.iter().find(|e| e.reason == EndReason::Death) else { return Ok(()) };
    match visits.iter().position(|v| *v > death.date) {
        Some(index) => Err(Fault::new(
            format!("/visits/{index}"),
            format!("a visit after the death on {}", death.date),
            "visits up to the day of death",
        )),
        None => Ok(()),
    }
}

impl Case for VisitsCase {
    type Result = VisitsResult;

    fn derive(&self, trace: &mut Trace) -> Result<VisitsResult, Fault> {
        let parameters = self.parameters()?;
        let timetable = self.timetable()?;
        if let Some(code) =
            parameters.tolerance_days_by_code.keys().find(|c| !timetable.schedules(**c, &parameters))
        {
            return Err(Fault::new(
                format!("/tolerance_days_by_code/{code}"),
                format!("{} has no point {code} with a tolerance", timetable.id),
                "codes of scheduled points, as in the result",
            ));
        }
        let infusion = self.infusion_date.map(|d| d.0);
        let cutoff = self.data_cutoff.map(|d| d.0);
        let ended = self.ended(infusion)?;
        let results = self.results()?;
        let sampled = results.as_ref().filter(|_| samples(timetable));
        let visits: Option<Vec<NaiveDate>> = match (&self.visits, sampled) {
            (Some(days), _) => Some(days.iter().map(|d| d.0).collect()),
            (None, Some(results)) => Some(results.iter().map(|r| r.date).collect()),
            (None, None) => None,
        };
        check_visits(visits.as_deref().unwrap_or_default(), &ended)?;
        let mut result = VisitsResult {
            category: None,
            timetable: &timetable.id,
            title: &timetable.title,
            disease: timetable.disease,
            purpose: timetable.purpose,
            section: &timetable.section,
            level: timetable.level,
            provenance: timetable.provenance.name(),
            tolerance: ToleranceSource {
                provenance: timetable.tolerance.provenance.name(),
                source: &timetable.tolerance.source,
            },
            parameters,
            visits: Vec::new(),
            unscheduled: Vec::new(),
            after_cutoff: Vec::new(),
        };
        let (Some(infusion_date), Some(cutoff), Some(mut visits)) = (infusion, cutoff, visits) else {
            let present = [
                ("infusion_date", self.infusion_date.is_some()),
                ("data_cutoff", self.data_cutoff.is_some()),
                ("visits", self.visits.is_some() || sampled.is_some()),
            ];
            for (name, _) in present.iter().filter(|(_, present)| !present) {
                trace.miss(At::Case, name);
            }
            let values = present.map(|(name, present)| (name, present.into()));
            trace.judge(At::Case, &SCHEDULABLE, Verdict::Undecided, &values);
            result.category = Some("not_evaluable");
            return Ok(result);
        };
        check_cutoff(infusion_date, cutoff)?;
        let course = Course {
            infusion_date,
            cutoff,
            visits: &visits,
            ended: &ended,
            best_response: self.best_response_date.map(|d| d.0),
            car_t_results: results.as_deref(),
        };
        result.visits = assess_course(timetable, &course, &result.parameters, trace);
        visits.sort_unstable();
        visits.dedup();
        result.after_cutoff = visits.split_off(visits.partition_point(|v| *v <= cutoff));
        visits.retain(|day| result.visits.iter().all(|s| s.visit != Some(*day)));
        result.unscheduled = visits;
        Ok(result)
    }
}
