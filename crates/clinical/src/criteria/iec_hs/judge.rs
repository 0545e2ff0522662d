//! The criteria within 72 h, and the grade.

use super::super::case::Fault;
use super::super::compare::{Verdict, at_most};
use super::super::crs::course::Span;
use super::super::crs::timeline::{Moment, timeline};
use super::super::trace::{At, Criterion, Quantity, Trace};
use super::input::{Baseline, Limits, Observation, Severity};
use super::items::{COMMON, Found, OTHER, ferritin, find, rule};
use super::{
    CRITERIA_PRESENT, FERRITIN, FERRITIN_NOT_MET, FERRITIN_ONLY, GRADE_1, GRADE_2, GRADE_3, GRADE_4, GRADE_5,
    MINIMUM_COMMON, NOT_EVALUABLE, OTHER_CAUSE, Parameters, REPLACEMENT, UnreportedSigns,
};
use crate::codes::toxicity::IecHsItem;
use chrono::NaiveDate;
use serde::{Serialize, Serializer};

/// A group of items within the window.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Group {
    /// How many are present.
    pub count: usize,
    /// Present.
    pub present: Vec<IecHsItem>,
    /// Not present.
    pub absent: Vec<IecHsItem>,
    /// Neither is known.
    pub undecided: Vec<IecHsItem>,
}

/// Days that count together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Window {
    /// First recorded day.
    pub from: Moment,
    /// Last recorded day.
    pub to: Moment,
}

/// What one record tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayFindings {
    /// Day from the infusion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<i32>,
    /// Calendar day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<NaiveDate>,
    /// The required ferritin.
    #[serde(serialize_with = "name")]
    pub ferritin: Verdict,
    /// Items present.
    pub present: Vec<IecHsItem>,
    /// Whether fibrinogen is to be replaced (D3.4); null when fibrinogen, or bleeding where it decides, is absent.
    pub fibrinogen_replacement_expected: Option<bool>,
}

/// The criteria and the grade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IecHs {
    /// `criteria_present`, `ferritin_only`, `ferritin_not_met`, `other_cause` or `not_evaluable`; none is a diagnosis.
    pub category: &'static str,
    /// The required ferritin within the window, or at all when it is never met.
    #[serde(serialize_with = "name")]
    pub required: Verdict,
    /// Codes of what is present within the window, FERRITIN first.
    pub criteria_present: Vec<&'static str>,
    /// Common items within the window.
    pub common: Group,
    /// Other items within the window.
    pub other: Group,
    /// The days that count together.
    pub window: Option<Window>,
    /// Whether the number of common items of the parameter is reached; null without the parameter.
    pub minimum_common_reached: Option<bool>,
    /// Grade 1 to 5; null when absent marks of severity would decide, or when the syndrome is excluded.
    pub grade: Option<u8>,
    /// Lowest grade the marks of severity allow.
    pub grade_at_least: Option<u8>,
    /// Whether ferritin was measured within 3 days of the diagnosis; null without a diagnosis.
    pub ferritin_near_diagnosis: Option<bool>,
    /// Records in order of time.
    pub days: Vec<DayFindings>,
    /// Used.
    pub parameters: Parameters,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn name<S: Serializer>(verdict: &Verdict, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(verdict.name())
}

/// Whether fibrinogen (g/L) is to be replaced: not above 1.0, with bleeding not above 1.5 (§4.3.4, both limits included).
pub fn fibrinogen_replacement(fibrinogen_g_l: Option<f64>, bleeding: Option<bool>) -> Verdict {
    let up_to = |limit| Verdict::from(fibrinogen_g_l.map(|value| at_most(value, limit)));
    up_to(1.0) | (up_to(1.5) & Verdict::from(bleeding))
}

struct Row {
    moment: Moment,
    ferritin: Found,
    items: [Found; 14],
}

/// Common items first.
fn every_item() -> impl Iterator<Item = IecHsItem> {
    COMMON.into_iter().chain(OTHER)
}

/// Judges a course. Observations may come in any order; those before the infusion serve as baseline only.
///
/// # Errors
/// When an observation has no time, is impossible or contradicts itself.
#[expect(clippy::too_many_arguments, reason = "each is an own record of the registry")]
pub fn assess(
    observations: &[Observation],
    infusion: Option<NaiveDate>,
    limits: &Limits,
    baseline: &Baseline,
    other_cause: Option<bool>,
    severity: Option<&Severity>,
    parameters: Parameters,
    trace: &mut Trace,
) -> Result<IecHs, Fault> {
    let line = timeline(observations, infusion)?;
    for (i, observation) in observations.iter().enumerate() {
        observation.check(i)?;
    }
    limits.check()?;
    baseline.check()?;
    let in_order = || line.order.iter().filter_map(|(moment, i)| Some((*moment, observations.get(*i)?)));
    let at_infusion = in_order()
        .take_while(|(moment, _)| line.infusion.is_some_and(|infusion| *moment <= infusion))
        .filter_map(|(_, row)| row.ferritin_ug_l)
        .last();
    let ferritin_baseline = baseline.ferritin_ug_l.or(at_infusion);
    let mut rows: Vec<Row> = Vec::with_capacity(observations.len());
    let mut days = Vec::with_capacity(observations.len());
    for (moment, row) in in_order().filter(|(moment, _)| !line.is_before_infusion(*moment)) {
        let at = moment.at();
        let required = ferritin(row, limits, ferritin_baseline);
        if required != Found::Untold {
            let values = [
                ("ferritin_ug_l", Quantity::from(row.ferritin_ug_l)),
                ("ferritin_uln_ug_l", limits.ferritin_uln_ug_l.into()),
                ("baseline_ferritin_ug_l", ferritin_baseline.into()),
                ("ferritin_rapid_rise", row.ferritin_rapid_rise.into()),
            ];
            trace.judge(at, &FERRITIN, required, &values);
        }
        let mut found = [Found::Untold; 14];
        let mut present = Vec::new();
        for (place, item) in found.iter_mut().zip(every_item()) {
            let (told, value) = find(item, row, limits, baseline);
            *place = told;
            if told != Found::Untold {
                let (criterion, name) = rule(item);
                trace.judge(at, criterion, told, &[(name, value)]);
            }
            if told == Found::Present {
                present.push(item);
            }
        }
        let replacement = fibrinogen_replacement(row.fibrinogen(), row.bleeding);
        if row.fibrinogen().is_some() {
            let values =
                [("fibrinogen_g_l", Quantity::from(row.fibrinogen())), ("bleeding", row.bleeding.into())];
            trace.judge(at, &REPLACEMENT, replacement, &values);
        }
        days.push(DayFindings {
            day: moment.day(),
            date: moment.date(),
            ferritin: required.into(),
            present,
            fibrinogen_replacement_expected: (!replacement.undecided()).then(|| replacement.met()),
        });
        rows.push(Row { moment, ferritin: required, items: found });
    }
    let best = best_window(&rows, parameters.concurrent_days);
    let required = Verdict::from(if best.ferritin == Found::Present {
        Found::Present
    } else {
        rows.iter().fold(Found::Untold, |all, row| all.or(row.ferritin))
    });
    let mut result = IecHs {
        category: "not_evaluable",
        required,
        criteria_present: Vec::new(),
        common: Group::default(),
        other: Group::default(),
        window: best.window,
        minimum_common_reached: None,
        grade: None,
        grade_at_least: None,
        ferritin_near_diagnosis: None,
        days,
        parameters,
    };
    if required.met() {
        result.criteria_present.push("FERRITIN");
    }
    let excluded = other_cause == Some(true) || required.not_met();
    if !excluded {
        let graded = grade(severity, parameters, trace);
        result.grade = graded.and_then(Span::grade);
        result.grade_at_least = graded.map(|span| span.least);
    }
    result.conclude(&best, other_cause, trace);
    Ok(result)
}

impl IecHs {
    fn conclude(&mut self, best: &Best, other_cause: Option<bool>, trace: &mut Trace) {
        trace.judge(At::Case, &FERRITIN, self.required, &[]);
        for (item, found) in every_item().zip(best.items) {
            let (criterion, _) = rule(item);
            trace.judge(At::Case, criterion, found, &[]);
            let group = if COMMON.contains(&item) { &mut self.common } else { &mut self.other };
            match found {
                Found::Present => {
                    group.count += 1;
                    group.present.push(item);
                    self.criteria_present.push(item.code());
                }
                Found::Absent => group.absent.push(item),
                Found::Needs(_) | Found::Untold => group.undecided.push(item),
            }
        }
        let other_cause = Verdict::from(other_cause == Some(true));
        let counted = self.required & !other_cause;
        let any = common_at_least(&self.common, 1);
        let count = [("common", Quantity::Integer(i64::try_from(self.common.count).unwrap_or(i64::MAX)))];
        let steps: [(&'static Criterion, Verdict, &'static str); 4] = [
            (&CRITERIA_PRESENT, counted & any, "criteria_present"),
            (&FERRITIN_ONLY, counted & !any, "ferritin_only"),
            (&FERRITIN_NOT_MET, !self.required, "ferritin_not_met"),
            (&OTHER_CAUSE, other_cause, "other_cause"),
        ];
        if let Some(minimum) = self.parameters.minimum_common {
            let reached = counted & common_at_least(&self.common, usize::from(minimum));
            self.minimum_common_reached = (!reached.undecided()).then(|| reached.met());
            trace.judge(At::Case, &MINIMUM_COMMON, reached, &count);
        }
        let mut open = true;
        for (criterion, verdict, category) in steps {
            if trace.decide(At::Case, criterion, verdict, &count, category).met() {
                self.category = category;
                open = false;
            }
        }
        if !open {
            return;
        }
        trace.decide(At::Case, &NOT_EVALUABLE, true, &[], "not_evaluable");
        if self.required.undecided() {
            let name = if let Found::Needs(name) = best.any_ferritin { name } else { "ferritin_ug_l" };
            trace.miss(At::Case, name);
        }
        for (item, found) in COMMON.into_iter().zip(best.items).filter(|_| self.common.count == 0) {
            match found {
                Found::Needs(name) => trace.miss(At::Case, name),
                Found::Untold => trace.miss(At::Case, rule(item).1),
                Found::Absent | Found::Present => {}
            }
        }
    }
}

fn common_at_least(common: &Group, minimum: usize) -> Verdict {
    if common.count >= minimum {
        Verdict::Met
    } else if common.count + common.undecided.len() < minimum {
        Verdict::NotMet
    } else {
        Verdict::Undecided
    }
}

struct Best {
    window: Option<Window>,
    ferritin: Found,
    /// Of all days.
    any_ferritin: Found,
    items: [Found; 14],
}

/// The window with ferritin met, most common items and most other items, the earliest of equals.
fn best_window(rows: &[Row], concurrent_days: u16) -> Best {
    let any_ferritin = rows.iter().fold(Found::Untold, |all, row| all.or(row.ferritin));
    let mut best = Best { window: None, ferritin: Found::Untold, any_ferritin, items: [Found::Untold; 14] };
    let mut best_rank = None;
    for (i, first) in rows.iter().enumerate() {
        let mut window = Window { from: first.moment, to: first.moment };
        let mut ferritin = Found::Untold;
        let mut items = [Found::Untold; 14];
        let near =
            |row: &&Row| row.moment.days_since(first.moment).is_some_and(|d| d <= i64::from(concurrent_days));
        for row in rows.iter().skip(i).take_while(near) {
            window.to = row.moment;
            ferritin = ferritin.or(row.ferritin);
            for (place, found) in items.iter_mut().zip(row.items) {
                *place = place.or(found);
            }
        }
        let present = |group: &[Found]| group.iter().filter(|found| **found == Found::Present).count();
        let (common, other) = items.split_at(COMMON.len());
        let rank = (ferritin == Found::Present, present(common), present(other));
        if best_rank.is_none_or(|before| rank > before) {
            best_rank = Some(rank);
            best = Best { window: Some(window), ferritin, any_ferritin, items };
        }
    }
    best
}

/// Grade, its name, rule and marks.
type Level<'a> = (u8, &'static str, &'static Criterion, &'a [(&'static str, Option<bool>)]);

/// Grade 1 to 5 of the marks of severity; `None` when none are told.
fn grade(severity: Option<&Severity>, parameters: Parameters, trace: &mut Trace) -> Option<Span> {
    let Some(marks) = severity else {
        trace.miss(At::Case, "severity");
        return None;
    };
    let silent =
        parameters.unreported_signs == UnreportedSigns::Absent || marks.no_other_findings == Some(true);
    let levels: [Level<'_>; 3] = [
        (
            2,
            "2",
            &GRADE_2,
            &[
                ("immunosuppression", marks.immunosuppression),
                ("transfusion_for_hypofibrinogenemia", marks.transfusion_for_hypofibrinogenemia),
            ],
        ),
        (
            3,
            "3",
            &GRADE_3,
            &[
                ("bleeding_with_transfusion", marks.bleeding_with_transfusion),
                ("hospitalized_for_kidney_injury", marks.hospitalized_for_kidney_injury),
                ("hospitalized_for_hypotension", marks.hospitalized_for_hypotension),
                ("hospitalized_for_respiratory_distress", marks.hospitalized_for_respiratory_distress),
            ],
        ),
        (
            4,
            "4",
            &GRADE_4,
            &[
                ("life_threatening_bleeding", marks.life_threatening_bleeding),
                ("life_threatening_hypotension", marks.life_threatening_hypotension),
                ("intubation", marks.intubation),
                ("dialysis", marks.dialysis),
            ],
        ),
    ];
    trace.decide(At::Case, &GRADE_1, true, &[], "1");
    let mut span = Span::exactly(1);
    for (level, name, criterion, of_level) in levels {
        let mut verdict = Verdict::NotMet;
        let mut values = [("", Quantity::Absent); 4];
        for (place, (name, mark)) in values.iter_mut().zip(of_level) {
            *place = (*name, (*mark).into());
            verdict = verdict | Verdict::from(mark.or(silent.then_some(false)));
        }
        let values = values.get(..of_level.len()).unwrap_or(&values);
        match trace.decide(At::Case, criterion, verdict, values, name) {
            Verdict::Met => span = Span::exactly(level),
            Verdict::Undecided => span.most = level,
            Verdict::NotMet => {}
        }
    }
    if marks.death_due_to_iec_hs == Some(true) {
        trace.decide(At::Case, &GRADE_5, true, &[("death_due_to_iec_hs", true.into())], "5");
        return Some(Span::exactly(5));
    }
    for (level, _, _, of_level) in levels {
        if level > span.least && span.grade().is_none() && !silent {
            for (name, mark) in of_level {
                if mark.is_none() {
                    trace.miss(At::Case, name);
                }
            }
        }
    }
    Some(span)
}
