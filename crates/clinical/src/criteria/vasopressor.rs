//! High-dose vasopressors and the norepinephrine equivalent (CSCO 2024, chapter 3, appendix; catalogue B3.7).
//!
//! The table belongs to CRS grading before ASTCT (Lee, Blood 2014); ASTCT counts agents, not doses. It describes a patient and grades
//! nothing. It is not monotone, as printed: dopamine alone is high from 10 ug/kg/min, with any second agent the norepinephrine
//! equivalent of 20 ug/min decides.

mod input;

pub use input::{Agent, DoseUnit, VasopressorCase, regimen};

use super::compare::{Verdict, at_least};
use super::trace::{At, Quantity, Trace, criteria};
use crate::field::value_sets;
use serde::{Deserialize, Serialize};

value_sets! {
    /// Vasopressors; catalogue G4 CRD, with agents used besides. Vasopressin analogs are VASO.
    Vasopressor "vasopressor" {
        Norepinephrine "NE" "Norepinephrine" "去甲肾上腺素";
        Dopamine "DOPA" "Dopamine" "多巴胺";
        Epinephrine "EPI" "Epinephrine" "肾上腺素";
        Phenylephrine "PHE" "Phenylephrine" "去氧肾上腺素";
        Vasopressin "VASO" "Vasopressin" "血管升压素";
        Metaraminol "METARAMINOL" "Metaraminol" "间羟胺";
        AngiotensinII "ANG_II" "Angiotensin II" "血管紧张素Ⅱ";
        Other "OTHER" "Other vasopressor" "其他升压药";
    }
}

criteria! {
    NOREPINEPHRINE_ALONE = Seed("vasopressor.norepinephrine_alone", "norepinephrine alone at 20 ug/min or more", "去甲肾上腺素单药≥20 μg/min", "CSCO 2024 ch. 3 appendix");
    DOPAMINE_ALONE = Seed("vasopressor.dopamine_alone", "dopamine alone at 10 ug/kg/min or more", "多巴胺单药≥10 μg/(kg·min)", "CSCO 2024 ch. 3 appendix");
    EPINEPHRINE_ALONE = Seed("vasopressor.epinephrine_alone", "epinephrine alone at 10 ug/min or more", "肾上腺素单药≥10 μg/min", "CSCO 2024 ch. 3 appendix");
    PHENYLEPHRINE_ALONE = Seed("vasopressor.phenylephrine_alone", "phenylephrine alone at 200 ug/min or more", "去氧肾上腺素单药≥200 μg/min", "CSCO 2024 ch. 3 appendix");
    WITH_VASOPRESSIN = Seed("vasopressor.with_vasopressin", "vasopressin with a norepinephrine equivalent of 10 ug/min or more", "血管升压素＋去甲肾上腺素等效剂量≥10 μg/min", "CSCO 2024 ch. 3 appendix");
    COMBINATION = Seed("vasopressor.combination", "several agents, not vasopressin, with a norepinephrine equivalent of 20 ug/min or more", "联合升压药（非血管升压素），去甲肾上腺素等效剂量≥20 μg/min", "CSCO 2024 ch. 3 appendix");
    /// An agent that the table does not name, alone.
    UNLISTED_ALONE = Proposed("vasopressor.unlisted_alone", "an agent without a threshold, alone", "未列剂量阈值的升压药单药", "catalogue B3.7");
    NONE_SUSTAINED = Seed("vasopressor.none_sustained", "no vasopressor for 3 h, besides vasopressin", "无持续≥3小时的升压药（血管升压素除外）", "CSCO 2024 ch. 3 appendix");
    EQUIVALENT = Seed("vasopressor.norepinephrine_equivalent", "norepinephrine equivalent: norepinephrine + dopamine/2 + epinephrine + phenylephrine/10", "去甲肾上腺素等效剂量＝去甲肾上腺素＋多巴胺/2＋肾上腺素＋去氧肾上腺素/10", "CSCO 2024 ch. 3 appendix; Russell, N Engl J Med 2008 (VASST)");
    HIGH_DOSE = Seed("vasopressor.high_dose", "high-dose vasopressors for at least 3 h", "高剂量升压药物持续≥3小时", "CSCO 2024 ch. 3 appendix");
    NOT_HIGH_DOSE = Seed("vasopressor.not_high_dose", "vasopressors below every high dose, or for less than 3 h", "未达高剂量升压药物标准", "CSCO 2024 ch. 3 appendix");
    NOT_EVALUABLE = Proposed("vasopressor.not_evaluable", "an absent dose, duration or agent would decide", "缺少决定性的剂量、时长或药物信息", "catalogue B3.7");
}

/// Thresholds of the table.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// How long each agent must have been given.
    pub sustained_h: f64,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { sustained_h: 3.0 }
    }
}

/// What is known of one agent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dose {
    /// Whether it is given at all.
    pub given: Verdict,
    /// How much, when known: ug/min, of dopamine ug/kg/min, of vasopressin U/min.
    pub rate: Option<f64>,
    /// For how long, when known.
    pub hours: Option<f64>,
}

impl Dose {
    /// Not given.
    pub const NONE: Self = Self { given: Verdict::NotMet, rate: Some(0.0), hours: None };
    /// Nothing is known of it.
    pub const UNKNOWN: Self = Self { given: Verdict::Undecided, rate: None, hours: None };

    /// Given at a known rate for a known time; a rate of 0 is not given.
    pub fn of(rate: f64, hours: Option<f64>) -> Self {
        if rate > 0.0 { Self { given: Verdict::Met, rate: Some(rate), hours } } else { Self::NONE }
    }

    /// Given for `sustained_h`.
    fn sustained(&self, sustained_h: f64) -> Verdict {
        self.given & Verdict::from(self.hours.map(|hours| at_least(hours, sustained_h)))
    }
}

/// The vasopressors of one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Regimen {
    /// ug/min.
    pub norepinephrine: Dose,
    /// ug/kg/min.
    pub dopamine: Dose,
    /// ug/min.
    pub epinephrine: Dose,
    /// ug/min.
    pub phenylephrine: Dose,
    /// U/min; its dose decides nothing.
    pub vasopressin: Dose,
    /// Agents the table does not name; no dose of theirs is comparable.
    pub other: Dose,
}

impl Regimen {
    /// No vasopressor.
    pub const NONE: Self = Self {
        norepinephrine: Dose::NONE,
        dopamine: Dose::NONE,
        epinephrine: Dose::NONE,
        phenylephrine: Dose::NONE,
        vasopressin: Dose::NONE,
        other: Dose::NONE,
    };

    fn agents(&self) -> [Listed<'_>; 5] {
        let listed = |dose, name, per_ug, alone, rule| Listed { dose, name, per_ug, alone, rule };
        [
            listed(&self.norepinephrine, "norepinephrine_ug_min", 1.0, Some(20.0), &NOREPINEPHRINE_ALONE),
            listed(&self.dopamine, "dopamine_ug_kg_min", 0.5, Some(10.0), &DOPAMINE_ALONE),
            listed(&self.epinephrine, "epinephrine_ug_min", 1.0, Some(10.0), &EPINEPHRINE_ALONE),
            listed(&self.phenylephrine, "phenylephrine_ug_min", 0.1, Some(200.0), &PHENYLEPHRINE_ALONE),
            listed(&self.other, "other_vasopressor", f64::NAN, None, &UNLISTED_ALONE),
        ]
    }
}

struct Listed<'a> {
    dose: &'a Dose,
    name: &'static str,
    /// Norepinephrine equivalent of one unit; NaN when there is none.
    per_ug: f64,
    alone: Option<f64>,
    rule: &'static super::Criterion,
}

impl Listed<'_> {
    fn equivalent(&self) -> Option<f64> {
        self.dose.rate.filter(|_| self.alone.is_some()).map(|rate| rate * self.per_ug)
    }
}

/// Norepinephrine equivalent in ug/min of norepinephrine, epinephrine and phenylephrine in ug/min and dopamine in ug/kg/min.
pub fn norepinephrine_equivalent(
    norepinephrine: f64,
    dopamine: f64,
    epinephrine: f64,
    phenylephrine: f64,
) -> f64 {
    norepinephrine + dopamine / 2.0 + epinephrine + phenylephrine / 10.0
}

/// What a regimen amounts to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assessment {
    /// `high_dose`, `not_high_dose` or `not_evaluable`.
    pub category: &'static str,
    /// High dose for the time required.
    pub high_dose: Option<bool>,
    /// Equivalent of what is given, whatever its duration; null when a rate is absent or an agent has no equivalent.
    pub norepinephrine_equivalent_ug_min: Option<f64>,
    /// The part of it that is known.
    pub norepinephrine_equivalent_at_least_ug_min: f64,
    /// Used.
    pub parameters: Parameters,
}

/// The situation of the table that a set of sustained agents is in, and whether its threshold is reached.
fn situation(agents: &[Listed<'_>; 5], set: u8, vasopressin: bool) -> (&'static super::Criterion, Verdict) {
    let members = || agents.iter().enumerate().filter(|(i, _)| set & (1 << i) != 0).map(|(_, agent)| agent);
    // The sum of nothing is -0.
    let known = members().filter_map(Listed::equivalent).sum::<f64>() + 0.0;
    let complete = members().all(|agent| agent.equivalent().is_some());
    let reaches = |threshold: f64| {
        if at_least(known, threshold) {
            Verdict::Met
        } else if complete {
            Verdict::NotMet
        } else {
            Verdict::Undecided
        }
    };
    let mut of_set = members();
    match (of_set.next(), of_set.next()) {
        (None, _) => (&NONE_SUSTAINED, Verdict::NotMet),
        _ if vasopressin => (&WITH_VASOPRESSIN, reaches(10.0)),
        (Some(only), None) => {
            let dose_reached = only.alone.zip(only.dose.rate).map(|(alone, rate)| at_least(rate, alone));
            (only.rule, Verdict::from(dose_reached))
        }
        _ => (&COMBINATION, reaches(20.0)),
    }
}

/// Judges a regimen. An unknown duration or presence is tried both ways; the category is given when all ways agree.
pub fn assess(regimen: &Regimen, parameters: Parameters, trace: &mut Trace) -> Assessment {
    let agents = regimen.agents();
    let running = |agent: &&Listed<'_>| !agent.dose.given.not_met();
    let given = agents.iter().filter(|a| a.dose.given.met());
    let known = given.filter_map(Listed::equivalent).sum::<f64>() + 0.0;
    let complete = agents.iter().filter(running).all(|a| a.dose.given.met() && a.equivalent().is_some());
    let equivalent = complete.then_some(known);
    trace.judge(
        At::Case,
        &EQUIVALENT,
        Verdict::from(complete.then_some(true)),
        &[("norepinephrine_equivalent_ug_min", Quantity::from(equivalent))],
    );
    let sustained: [Verdict; 6] = std::array::from_fn(|i| {
        agents.get(i).map_or(&regimen.vasopressin, |agent| agent.dose).sustained(parameters.sustained_h)
    });
    // One bit for each agent, the highest for vasopressin; sets that contradict what is known are skipped.
    let possible = |set: u8| {
        sustained.iter().enumerate().all(|(i, verdict)| match verdict {
            Verdict::Met => set & (1 << i) != 0,
            Verdict::NotMet => set & (1 << i) == 0,
            Verdict::Undecided => true,
        })
    };
    let mut overall: Option<Verdict> = None;
    let mut only: Option<&'static super::Criterion> = None;
    let mut one_situation = true;
    for set in (0..64_u8).filter(|set| possible(*set)) {
        let (rule, verdict) = situation(&agents, set & 31, set & 32 != 0);
        one_situation &= only.is_none_or(|first| first == rule);
        only = only.or(Some(rule));
        overall = Some(match overall {
            None => verdict,
            Some(before) if before == verdict => verdict,
            Some(_) => Verdict::Undecided,
        });
    }
    let overall = overall.unwrap_or(Verdict::Undecided);
    let value = [("norepinephrine_equivalent_at_least_ug_min", Quantity::Number(known))];
    if let Some(rule) = only.filter(|_| one_situation) {
        trace.judge(At::Case, rule, overall, &value);
    }
    let category = match overall {
        Verdict::Met => "high_dose",
        Verdict::NotMet => "not_high_dose",
        Verdict::Undecided => "not_evaluable",
    };
    trace.decide(At::Case, &HIGH_DOSE, overall, &value, "high_dose");
    trace.decide(At::Case, &NOT_HIGH_DOSE, !overall, &value, "not_high_dose");
    if overall.undecided() {
        trace.decide(At::Case, &NOT_EVALUABLE, true, &[], "not_evaluable");
        miss(&agents, &regimen.vasopressin, trace);
    }
    Assessment {
        category,
        high_dose: match overall {
            Verdict::Met => Some(true),
            Verdict::NotMet => Some(false),
            Verdict::Undecided => None,
        },
        norepinephrine_equivalent_ug_min: equivalent,
        norepinephrine_equivalent_at_least_ug_min: known,
        parameters,
    }
}

fn miss(agents: &[Listed<'_>; 5], vasopressin: &Dose, trace: &mut Trace) {
    for agent in agents.iter().filter(|agent| !agent.dose.given.not_met()) {
        if agent.dose.rate.is_none() {
            trace.miss(At::Case, agent.name);
        }
        if agent.dose.hours.is_none() {
            trace.miss(At::Case, "hours");
        }
    }
    if vasopressin.given.undecided() {
        trace.miss(At::Case, "vasopressin");
    }
    if !vasopressin.given.not_met() && vasopressin.hours.is_none() {
        trace.miss(At::Case, "hours");
    }
}
