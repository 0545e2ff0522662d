//! The grade of a day from its observations.

use super::super::case::Fault;
use super::super::compare::{Verdict, at_least, below};
use super::super::trace::{At, Criterion, Quantity, Trace};
use super::course::{Course, DEATH, GRADES, Span, Tracker};
use super::input::{Device, Observation};
use super::lenient::{UnreportedSigns, within};
use super::oxygen::Breathing;
use super::timeline::{Moment, timeline};
use super::{
    AIRWAY_PROTECTION, BEFORE_INFUSION, DEATH as DEATH_DUE_TO_CRS, ELIGIBLE, FEVER, GRADE_1, HIGH_FLOW,
    HYPOTENSION, LOW_FLOW, NO_CRS, NO_SIGN, NOT_EVALUABLE, POSITIVE_PRESSURE, Parameters, VASOPRESSIN_ALONE,
    VASOPRESSOR, VASOPRESSORS, VasopressinAlone,
};
use chrono::NaiveDate;
use serde::Serialize;

/// Fever begins here.
const FEVER_C: f64 = 38.0;

/// The grade of one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayGrade {
    /// Day from the infusion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<i32>,
    /// Calendar day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<NaiveDate>,
    /// 0 to 5; null when an absent observation would decide.
    pub grade: Option<u8>,
    /// Lowest grade the observations allow.
    pub at_least: u8,
    /// Highest grade the observations allow.
    pub at_most: u8,
    /// Id of the rule that decided `at_least`.
    pub rule: Option<&'static str>,
}

/// A graded course.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Crs {
    /// Graded days in order of time.
    pub days: Vec<DayGrade>,
    /// Onset, end, maximum and episodes.
    #[serde(flatten)]
    pub course: Course,
    /// Days recorded before the infusion, not graded.
    pub days_before_infusion: usize,
    /// Whether the reported maximum is the derived one; null when either is absent (catalogue R07).
    pub reported_agrees: Option<bool>,
    /// Used.
    pub parameters: Parameters,
}

/// Grades a course. Observations may come in any order.
///
/// # Errors
/// When an observation has no time, is impossible or contradicts itself.
pub fn grade(
    observations: &[Observation],
    infusion: Option<NaiveDate>,
    parameters: Parameters,
    trace: &mut Trace,
) -> Result<Crs, Fault> {
    let bound = parameters.hypotension_below_sbp_mmhg;
    within(bound, (30.0, 250.0, "mmHg"), || "/parameters/hypotension_below_sbp_mmhg".to_owned(), |_| None)?;
    let line = timeline(observations, infusion)?;
    for (i, observation) in observations.iter().enumerate() {
        observation.check(i)?;
    }
    if observations.is_empty() {
        trace.miss(At::Case, "days");
    }
    let mut tracker = Tracker::default();
    let mut days = Vec::with_capacity(line.order.len());
    let mut fever_before = Verdict::NotMet;
    let mut treated_before = false;
    let mut days_before_infusion = 0;
    for same_day in line.order.chunk_by(|a, b| a.0 == b.0) {
        let Some(&(moment, _)) = same_day.first() else { continue };
        if line.is_before_infusion(moment) {
            trace.judge(moment.at(), &BEFORE_INFUSION, true, &[]);
            days_before_infusion += 1;
            continue;
        }
        let rows = || same_day.iter().filter_map(|(_, i)| observations.get(*i));
        let day = Day::of(rows, parameters);
        treated_before |= day.treated;
        fever_before = fever_before | day.fever();
        let span = day.judge(moment, fever_before, treated_before, parameters, trace);
        days.push(DayGrade {
            day: moment.day(),
            date: moment.date(),
            grade: span.grade(),
            at_least: span.least,
            at_most: span.most,
            rule: rule_of(trace, moment.at(), span),
        });
        tracker.push(moment, span, !(parameters.end_needs_no_drug && day.treated));
        if span.most == 0 {
            fever_before = Verdict::NotMet;
        }
    }
    Ok(Crs { days, course: tracker.finish(), days_before_infusion, reported_agrees: None, parameters })
}

/// The step that decided the lowest possible grade.
pub(crate) fn rule_of(trace: &Trace, at: At, span: Span) -> Option<&'static str> {
    let of_day = trace.steps().iter().rev().take_while(|step| step.at == at);
    let mut concluding = of_day.filter(|step| step.concludes == Some(span.name()));
    concluding.next().map(|step| step.criterion.id)
}

/// The observations of a day, each component at its worst.
#[expect(clippy::struct_excessive_bools, reason = "independent findings of one day")]
struct Day {
    temperature: Option<f64>,
    fever: Option<bool>,
    hypotension: Option<bool>,
    sbp: Option<f64>,
    agents: Option<i32>,
    vasopressin: bool,
    hypoxia: Span,
    oxygen_rule: &'static Criterion,
    device: Option<Device>,
    flow: Option<f64>,
    oxygen_missing: &'static str,
    airway_protection: bool,
    treated: bool,
    silent: bool,
    death: bool,
}

fn worst(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a || b),
        (a, b) => a.or(b),
    }
}

fn higher(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.map_or(b, |a| Some(b.map_or(a, |b| a.max(b))))
}

impl Day {
    fn of<'a, I: Iterator<Item = &'a Observation>>(rows: impl Fn() -> I, parameters: Parameters) -> Self {
        let mut day = Self {
            temperature: None,
            fever: None,
            hypotension: None,
            sbp: None,
            agents: None,
            vasopressin: false,
            hypoxia: Span::between(0, 4),
            oxygen_rule: &LOW_FLOW,
            device: None,
            flow: None,
            oxygen_missing: "oxygen",
            airway_protection: false,
            treated: false,
            silent: parameters.unreported_signs == UnreportedSigns::Absent
                || rows().any(|row| row.no_other_findings == Some(true)),
            death: false,
        };
        let mut breathing: Option<Breathing> = None;
        let mut denied = false;
        for row in rows() {
            day.temperature = higher(day.temperature, row.temperature_c);
            let warm = row.temperature_c.map(|t| at_least(t, FEVER_C)).or(row.fever).or(row.fever_attributed);
            let fever = if row.fever_attributed == Some(false) { Some(false) } else { warm };
            day.fever = worst(day.fever, fever);
            day.treated |= row.treated();
            day.death |= row.death_due_to_crs == Some(true);
            if row.hypotension_other_cause == Some(true) {
                day.hypotension = worst(day.hypotension, Some(false));
            } else {
                let bound = parameters.hypotension_below_sbp_mmhg;
                let low = row.sbp_mmhg.zip(bound).map(|(sbp, bound)| below(sbp, bound));
                day.hypotension = worst(day.hypotension, row.hypotension.or(low));
                day.sbp = day.sbp.map_or(row.sbp_mmhg, |a| Some(row.sbp_mmhg.map_or(a, |b| a.min(b))));
                day.agents = day.agents.max(row.agents());
                day.vasopressin |= row.has_vasopressin();
            }
            denied |= row.hypoxia == Some(false);
            if let Some(now) = Breathing::of(row, day.silent) {
                day.airway_protection |= now.airway_protection;
                breathing = Some(breathing.map_or(now, |before| before.worse(now)));
            }
        }
        if let Some(found) = breathing {
            day.hypoxia = found.span;
            day.oxygen_rule = found.rule;
            day.oxygen_missing = found.missing;
            day.device = found.device;
            day.flow = found.flow;
        } else if denied || day.silent {
            day.hypoxia = Span::exactly(0);
        }
        if day.silent || (day.hypotension == Some(false) && !day.vasopressin) {
            day.agents = day.agents.or(Some(0));
        }
        if day.silent {
            day.hypotension = day.hypotension.or(Some(false));
        }
        day
    }

    fn fever(&self) -> Verdict {
        Verdict::from(self.fever)
    }

    /// What hypotension and vasopressors amount to, 0 or 2 to 4.
    fn pressure(&self, parameters: Parameters) -> Span {
        let counted = self.vasopressin && parameters.vasopressin_alone == VasopressinAlone::Vasopressor;
        let known = match self.agents.unwrap_or(0) {
            2.. => 4,
            1 => 3,
            _ if counted => 3,
            _ if self.vasopressin || self.hypotension == Some(true) => 2,
            _ => 0,
        };
        let most = match (self.agents, self.hypotension) {
            (None, _) => 4,
            (Some(_), None) => known.max(2),
            (Some(_), Some(_)) => known,
        };
        Span::between(known, most)
    }

    /// Applies the decision table from the lowest grade up, so that the last conclusion is the grade.
    fn judge(
        &self,
        moment: Moment,
        fever_so_far: Verdict,
        treated: bool,
        parameters: Parameters,
        trace: &mut Trace,
    ) -> Span {
        let at = moment.at();
        let fever = trace.judge(
            at,
            &FEVER,
            self.fever(),
            &[("temperature_c", self.temperature.into()), ("fever", self.fever.into())],
        );
        let eligible = fever_so_far | Verdict::from(treated);
        trace.judge(
            at,
            &ELIGIBLE,
            eligible,
            &[
                ("fever_in_episode", Quantity::Code(fever_so_far.name())),
                ("antipyretic_or_anticytokine", treated.into()),
            ],
        );
        let pressure = self.pressure(parameters);
        let mut span = match fever {
            Verdict::Met => Span::exactly(1),
            Verdict::Undecided => Span::between(0, 1),
            Verdict::NotMet => Span::exactly(0),
        };
        span = span.worse(pressure).worse(self.hypoxia);
        match eligible {
            Verdict::Met => self.judge_levels(at, fever, pressure, span, parameters, trace),
            Verdict::NotMet => {
                span = Span::exactly(0);
                trace.decide(at, &NO_CRS, true, &[("temperature_c", self.temperature.into())], "0");
            }
            Verdict::Undecided => {
                span.least = 0;
                trace.decide(at, &NO_CRS, Verdict::Undecided, &[], "0");
                let none = Verdict::from(if span.most == 0 { Some(true) } else { None });
                trace.decide(at, &NO_SIGN, none, &[], "0");
            }
        }
        if self.death {
            span = Span::exactly(DEATH);
            trace.decide(at, &DEATH_DUE_TO_CRS, true, &[("death_due_to_crs", true.into())], "5");
        }
        if span.grade().is_none() {
            trace.decide(at, &NOT_EVALUABLE, true, &[], "not_evaluable");
            self.miss(at, span, fever, eligible, pressure, trace);
        }
        span
    }

    fn judge_levels(
        &self,
        at: At,
        fever: Verdict,
        pressure: Span,
        day: Span,
        parameters: Parameters,
        trace: &mut Trace,
    ) {
        let none = match day {
            Span { least: 0, most: 0 } => Verdict::Met,
            Span { least: 0, .. } => Verdict::Undecided,
            Span { .. } => Verdict::NotMet,
        };
        trace.decide(at, &NO_SIGN, none, &[("hypotension", self.hypotension.into())], "0");
        trace.decide(at, &GRADE_1, fever, &[("temperature_c", self.temperature.into())], "1");
        if self.airway_protection {
            trace.judge(at, &AIRWAY_PROTECTION, true, &[("airway_protection_only", true.into())]);
        }
        let counted = parameters.vasopressin_alone == VasopressinAlone::Vasopressor;
        let alone = self.vasopressin && counted && self.agents.unwrap_or(0) == 0;
        let pressors = [
            ("hypotension", Quantity::from(self.hypotension)),
            ("sbp_mmhg", self.sbp.into()),
            ("vasopressors", self.agents.into()),
            ("vasopressin", self.vasopressin.into()),
        ];
        let device = self.device.map(Device::code);
        let oxygen = [("device", Quantity::from(device)), ("flow_l_min", self.flow.into())];
        let level = |span: Span, grade: u8| {
            if span.least == grade {
                Verdict::Met
            } else if (span.least..=span.most).contains(&grade) {
                Verdict::Undecided
            } else {
                Verdict::NotMet
            }
        };
        let rules: [(u8, &'static Criterion, &'static Criterion, &'static str); 3] = [
            (2, &HYPOTENSION, &LOW_FLOW, GRADES[2]),
            (3, if alone { &VASOPRESSIN_ALONE } else { &VASOPRESSOR }, &HIGH_FLOW, GRADES[3]),
            (4, &VASOPRESSORS, &POSITIVE_PRESSURE, GRADES[4]),
        ];
        for (grade, of_pressure, of_oxygen, name) in rules {
            // The device may belong to a row of its own in this grade (blow-by, non-rebreather).
            let of_oxygen = if self.hypoxia.least == grade { self.oxygen_rule } else { of_oxygen };
            trace.decide(at, of_pressure, level(pressure, grade), &pressors, name);
            trace.decide(at, of_oxygen, level(self.hypoxia, grade), &oxygen, name);
        }
    }

    /// Names what could still raise the grade above the lowest possible.
    fn miss(&self, at: At, span: Span, fever: Verdict, eligible: Verdict, pressure: Span, trace: &mut Trace) {
        if eligible.undecided() || (fever.undecided() && span.least == 0) {
            trace.miss(at, "temperature_c");
        }
        if pressure.most > span.least && pressure.grade().is_none() {
            if self.hypotension.is_none() && span.least < 2 {
                trace.miss(at, "hypotension");
            }
            if self.agents.is_none() {
                trace.miss(at, "vasopressors");
            }
        }
        if self.hypoxia.most > span.least && self.hypoxia.grade().is_none() {
            trace.miss(at, self.oxygen_missing);
        }
    }
}
