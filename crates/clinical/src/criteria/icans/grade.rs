//! The grade of a day from its items.

use super::super::case::Fault;
use super::super::compare::{Verdict, above, below};
use super::super::crs::course::{Course, DEATH, Span, Tracker};
use super::super::crs::lenient::within;
use super::super::crs::timeline::timeline;
use super::super::trace::{At, Criterion, Quantity, Trace};
use super::input::{Domain, Observation, PROLONGED_MIN, SeizureSeen};
use super::{
    BEFORE_INFUSION, CONSCIOUSNESS_1, CONSCIOUSNESS_2, CONSCIOUSNESS_3, CONSCIOUSNESS_4,
    DEATH as DEATH_DUE_TO_ICANS, EDEMA_3, HEMORRHAGE, ICE_1, ICE_2, ICE_3, MOTOR_4, NONE, NOT_EVALUABLE,
    OTHER_CAUSE, PRESSURE_4, Parameters, SEDATED, SEIZURE_3, SEIZURE_4, UNDER_12, UnreportedSigns,
};
use crate::codes::toxicity::{Consciousness, IntracranialPressure, MotorFinding, Seizure};
use chrono::NaiveDate;
use serde::Serialize;

/// The ICE score is for patients from this age on.
const ICE_FROM_YEARS: f64 = 12.0;

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
    /// Lowest ICE score of the day; null when it is not fully told.
    pub ice_total: Option<u8>,
    /// Id of the rule that decided `at_least`.
    pub rule: Option<&'static str>,
}

/// A graded course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Icans {
    /// Graded days in order of time.
    pub days: Vec<DayGrade>,
    /// Onset, end, maximum and episodes.
    #[serde(flatten)]
    pub course: Course,
    /// Why no day is graded: `under_12_years`.
    pub not_graded: Option<&'static str>,
    /// Last ICE score before the infusion.
    pub baseline_ice_total: Option<u8>,
    /// Days recorded before the infusion, not graded.
    pub days_before_infusion: usize,
    /// Whether the reported maximum is the derived one; null when either is absent.
    pub reported_agrees: Option<bool>,
    /// Used.
    pub parameters: Parameters,
}

/// Grades a course. Observations may come in any order; an absent age is taken for one of at least 12 years.
///
/// # Errors
/// When an observation has no time, is impossible or contradicts itself.
pub fn grade(
    observations: &[Observation],
    infusion: Option<NaiveDate>,
    age_years: Option<f64>,
    parameters: Parameters,
    trace: &mut Trace,
) -> Result<Icans, Fault> {
    let age = within(age_years, (0.0, 120.0, "years"), || "/age_years".to_owned(), |_| None)?;
    let line = timeline(observations, infusion)?;
    for (i, observation) in observations.iter().enumerate() {
        observation.check(i)?;
    }
    if observations.is_empty() {
        trace.miss(At::Case, "days");
    }
    let child = age.is_some_and(|age| below(age, ICE_FROM_YEARS));
    let mut tracker = Tracker::default();
    let mut icans = Icans {
        days: Vec::with_capacity(line.order.len()),
        course: Course::default(),
        not_graded: child.then_some("under_12_years"),
        baseline_ice_total: None,
        days_before_infusion: 0,
        reported_agrees: None,
        parameters,
    };
    for same_day in line.order.chunk_by(|a, b| a.0 == b.0) {
        let Some(&(moment, _)) = same_day.first() else { continue };
        let rows = || same_day.iter().filter_map(|(_, i)| observations.get(*i));
        let day = Day::of(rows, parameters);
        let at = moment.at();
        if line.is_before_infusion(moment) {
            trace.judge(at, &BEFORE_INFUSION, true, &[]);
            icans.days_before_infusion += 1;
            icans.baseline_ice_total = day.ice_total().or(icans.baseline_ice_total);
            continue;
        }
        let span = if child {
            trace.decide(at, &UNDER_12, true, &[("age_years", age.into())], "not_evaluable");
            Span::between(0, DEATH)
        } else {
            day.judge(at, trace)
        };
        icans.days.push(DayGrade {
            day: moment.day(),
            date: moment.date(),
            grade: span.grade(),
            at_least: span.least,
            at_most: span.most,
            ice_total: day.ice_total(),
            rule: super::super::crs::rule_of(trace, at, span),
        });
        tracker.push(moment, span, true);
    }
    icans.course = tracker.finish();
    Ok(icans)
}

/// One item of a day.
#[derive(Clone, Copy)]
struct Item {
    span: Option<Span>,
    value: Quantity,
}

impl Item {
    const UNTOLD: Self = Self { span: None, value: Quantity::Absent };

    /// The worse of two records.
    fn worse(self, other: Self) -> Self {
        match (self.span, other.span) {
            (Some(a), Some(b)) => {
                let value = if (b.least, b.most) > (a.least, a.most) { other.value } else { self.value };
                Self { span: Some(a.worse(b)), value }
            }
            (None, Some(_)) => other,
            (_, None) => self,
        }
    }
}

/// The items of a day, each at its worst.
#[expect(clippy::struct_excessive_bools, reason = "independent findings of one day")]
struct Day {
    ice: Item,
    ice_bounds: Option<(u8, u8)>,
    consciousness: Item,
    seizure: Item,
    motor: Item,
    pressure: Item,
    hemorrhage: bool,
    other_cause: bool,
    sedated: bool,
    death: bool,
}

fn of_ice(score: u8) -> u8 {
    match score {
        10.. => 0,
        7..=9 => 1,
        3..=6 => 2,
        0..=2 => 3,
    }
}

fn of_consciousness(level: Consciousness) -> u8 {
    match level {
        Consciousness::Awake => 0,
        Consciousness::Spontaneous => 1,
        Consciousness::Voice => 2,
        Consciousness::Tactile => 3,
        Consciousness::Unarousable => 4,
    }
}

fn of_seizure(row: &Observation) -> Item {
    let long = row.seizure_minutes.map(|minutes| above(minutes, PROLONGED_MIN));
    let clinical = match long {
        Some(true) => Span::exactly(4),
        Some(false) => Span::exactly(3),
        None => Span::between(3, 4),
    };
    let (span, value) = match row.seizure {
        Some(SeizureSeen::Known(Seizure::None)) => (Span::exactly(0), Seizure::None.code()),
        Some(SeizureSeen::Known(kind @ (Seizure::Prolonged | Seizure::Repetitive))) => {
            (Span::exactly(4), kind.code())
        }
        Some(SeizureSeen::Known(kind)) => {
            (Span::exactly(if long == Some(true) { 4 } else { 3 }), kind.code())
        }
        Some(SeizureSeen::Clinical) => (clinical, "CLINICAL"),
        None if row.seizure_minutes.is_some_and(|minutes| minutes > 0.0) => (clinical, "CLINICAL"),
        None => return Item::UNTOLD,
    };
    Item { span: Some(span), value: Quantity::Code(value) }
}

fn of_pressure(row: &Observation, hemorrhage: bool) -> Item {
    let Some(signs) = &row.icp else { return Item::UNTOLD };
    let mut found = Item { span: Some(Span::exactly(0)), value: IntracranialPressure::None.code().into() };
    for sign in signs {
        let grade = match sign {
            IntracranialPressure::None | IntracranialPressure::Hemorrhage => 0,
            IntracranialPressure::FocalEdema | IntracranialPressure::DiffuseEdema if hemorrhage => 0,
            IntracranialPressure::FocalEdema => 3,
            IntracranialPressure::DiffuseEdema
            | IntracranialPressure::Posturing
            | IntracranialPressure::Cn6Palsy
            | IntracranialPressure::Papilledema
            | IntracranialPressure::CushingTriad => 4,
        };
        found = found.worse(Item { span: Some(Span::exactly(grade)), value: sign.code().into() });
    }
    found
}

impl Day {
    fn of<'a, I: Iterator<Item = &'a Observation>>(rows: impl Fn() -> I, parameters: Parameters) -> Self {
        let bleeds = |row: &Observation| {
            row.intracranial_hemorrhage == Some(true)
                || row.icp.iter().flatten().any(|sign| *sign == IntracranialPressure::Hemorrhage)
        };
        // Edema found in one record of the day is edema beside the hemorrhage found in another.
        let hemorrhage = rows().any(bleeds);
        let mut silent = parameters.unreported_signs == UnreportedSigns::Absent;
        let mut day = Self {
            ice: Item::UNTOLD,
            ice_bounds: None,
            consciousness: Item::UNTOLD,
            seizure: Item::UNTOLD,
            motor: Item::UNTOLD,
            pressure: Item::UNTOLD,
            hemorrhage,
            other_cause: false,
            sedated: false,
            death: false,
        };
        for row in rows() {
            let sedated = row.sedated == Some(true);
            let excluded = |domain, item| {
                if row.other_cause.iter().flatten().any(|other| *other == domain) {
                    Item { span: Some(Span::exactly(0)), value: Quantity::Code("OTHER_CAUSE") }
                } else {
                    item
                }
            };
            let under_sedation = |span: Span| if sedated { Span { least: 0, ..span } } else { span };
            let bounds = row.ice_bounds();
            let ice = bounds.map_or(Item::UNTOLD, |(low, high)| Item {
                span: Some(under_sedation(Span::between(of_ice(high), of_ice(low)))),
                value: Quantity::Integer(low.into()),
            });
            day.ice_bounds = match (day.ice_bounds, bounds) {
                (Some((a, b)), Some((low, high))) => Some((a.min(low), b.min(high))),
                (before, now) => before.or(now),
            };
            let consciousness = row.consciousness.map_or(Item::UNTOLD, |level| Item {
                span: Some(under_sedation(Span::exactly(of_consciousness(level)))),
                value: level.code().into(),
            });
            let motor = row.motor.map_or(Item::UNTOLD, |finding| Item {
                span: Some(Span::exactly(if finding == MotorFinding::DeepFocalWeakness { 4 } else { 0 })),
                value: finding.code().into(),
            });
            day.ice = day.ice.worse(excluded(Domain::Ice, ice));
            day.consciousness = day.consciousness.worse(excluded(Domain::Consciousness, consciousness));
            day.seizure = day.seizure.worse(excluded(Domain::Seizure, of_seizure(row)));
            day.motor = day.motor.worse(excluded(Domain::Motor, motor));
            let pressure = of_pressure(row, hemorrhage);
            day.pressure = day.pressure.worse(excluded(Domain::IntracranialPressure, pressure));
            day.other_cause |= row.other_cause.as_ref().is_some_and(|list| !list.is_empty());
            day.sedated |= sedated;
            silent |= row.no_other_findings == Some(true);
            day.death |= row.death_due_to_icans == Some(true);
        }
        if silent {
            for sign in [&mut day.seizure, &mut day.motor, &mut day.pressure] {
                sign.span = sign.span.or(Some(Span::exactly(0)));
            }
        }
        day
    }

    fn ice_total(&self) -> Option<u8> {
        self.ice_bounds.filter(|(low, high)| low == high).map(|(low, _)| low)
    }

    /// Applies the table item by item, mildest first, so that the last conclusion is the grade.
    fn judge(&self, at: At, trace: &mut Trace) -> Span {
        for (holds, criterion) in
            [(self.hemorrhage, &HEMORRHAGE), (self.other_cause, &OTHER_CAUSE), (self.sedated, &SEDATED)]
        {
            if holds {
                trace.judge(at, criterion, true, &[]);
            }
        }
        let ice: [&'static Criterion; 4] = [&ICE_1, &ICE_2, &ICE_3, &ICE_3];
        let consciousness: [&'static Criterion; 4] =
            [&CONSCIOUSNESS_1, &CONSCIOUSNESS_2, &CONSCIOUSNESS_3, &CONSCIOUSNESS_4];
        let seizure: [&'static Criterion; 4] = [&SEIZURE_3, &SEIZURE_3, &SEIZURE_3, &SEIZURE_4];
        let motor: [&'static Criterion; 4] = [&MOTOR_4; 4];
        let pressure: [&'static Criterion; 4] = [&EDEMA_3, &EDEMA_3, &EDEMA_3, &PRESSURE_4];
        // Name, item, mildest and worst grade it can give, its rules by grade.
        let mut items = [
            ("ice_total", self.ice, 1, 3, ice),
            ("consciousness", self.consciousness, 1, 4, consciousness),
            ("seizure", self.seizure, 3, 4, seizure),
            ("motor", self.motor, 4, 4, motor),
            ("icp", self.pressure, 3, 4, pressure),
        ];
        let reach = |item: &Item, most| item.span.unwrap_or(Span::between(0, most));
        items.sort_by_key(|(_, item, _, most, _)| reach(item, *most).least);
        let span =
            items.iter().fold(Span::exactly(0), |all, (_, item, _, most, _)| all.worse(reach(item, *most)));
        let none = match span {
            Span { least: 0, most: 0 } => Verdict::Met,
            Span { least: 0, .. } => Verdict::Undecided,
            Span { .. } => Verdict::NotMet,
        };
        trace.decide(at, &NONE, none, &[], "0");
        for (name, item, mildest, most, rules) in items {
            let found = reach(&item, most);
            let verdict = match found {
                Span { least: 1.., .. } => Verdict::Met,
                Span { most: 0, .. } => Verdict::NotMet,
                Span { .. } => Verdict::Undecided,
            };
            let rule = rules.get(usize::from(found.least.max(mildest).saturating_sub(1)));
            if let Some(rule) = rule {
                trace.decide(at, rule, verdict, &[(name, item.value)], found.name());
            }
        }
        if self.death {
            trace.decide(at, &DEATH_DUE_TO_ICANS, true, &[("death_due_to_icans", true.into())], "5");
            return Span::exactly(DEATH);
        }
        if span.grade().is_none() {
            trace.decide(at, &NOT_EVALUABLE, true, &[], "not_evaluable");
            for (name, item, _, most, _) in items {
                let found = reach(&item, most);
                if found.most > span.least && found.grade().is_none() {
                    let clinical = item.value == Quantity::Code("CLINICAL");
                    trace.miss(at, if clinical { "seizure_minutes" } else { name });
                }
            }
        }
        span
    }
}
