//! The pause after COVID-19 (4.7.5) and live vaccines (4.7.6).

use super::{days_at_least, hours_at_least};
use crate::criteria::compare::Verdict;
use crate::criteria::measured::known;
use crate::criteria::trace::{At, Trace, criteria};
use crate::field::value_sets;

criteria! {
    PAUSE_14 = Seed("infection_covid.pause_14", "asymptomatic, mild or moderate: at least 14 days from the first positive test", "无症状或轻中度：自首次阳性起暂停≥14天", "4.7.5(3)");
    PAUSE_20 = Seed("infection_covid.pause_20", "severe or critical: at least 20 days from the first positive test", "重度及危重症：自首次阳性起暂停≥20天", "4.7.5(3)");
    STILL_ASYMPTOMATIC = Seed("infection_covid.asymptomatic", "still asymptomatic", "持续无症状", "4.7.5(3)");
    IMPROVED = Seed("infection_covid.improved", "improved, and afebrile for at least 24 h without antipyretics", "症状好转，且不用退热药退热≥24小时", "4.7.5(3)");
    URGENT = Seed("infection_covid.urgent", "treatment is urgent: at the physician's discretion", "迫切需要治疗：由临床医生判断", "4.7.5(3)");
    MAY_PROCEED = Seed("infection_covid.proceed", "the pause and the condition of restart are met", "满足暂停时间及重启指征", "4.7.5(3)");
    POSTPONE = Seed("infection_covid.postpone", "the pause or the condition of restart is not met", "未满足暂停时间或重启指征", "4.7.5(3)");
    UNDECIDED = Proposed("infection_covid.missing", "a missing answer would decide", "缺失项可改变判断", "4.7.5(3)");
    SIX_WEEKS = Seed("infection_vaccine.six_weeks", "live vaccine at least 6 weeks (42 days) before lymphodepletion", "减毒活疫苗距清淋≥6周", "4.7.6");
    RECONSTITUTED = Seed("infection_vaccine.reconstituted", "live vaccine after immune reconstitution", "免疫重建后接种减毒活疫苗", "4.7.6");
    VACCINE_AVOIDED = Seed("infection_vaccine.allowed", "not within the time to be avoided", "不在应避免的时间段内", "4.7.6");
    VACCINE_VIOLATION = Seed("infection_vaccine.avoid", "live vaccine between 6 weeks before lymphodepletion and immune reconstitution", "清淋前6周至免疫重建期间接种减毒活疫苗", "4.7.6");
    VACCINE_UNDECIDED = Proposed("infection_vaccine.missing", "a missing answer would decide", "缺失项可改变判断", "4.7.6");
}

value_sets! {
    /// Severity of COVID-19 (catalogue G5 CVD).
    CovidSeverity "covid_severity" {
        Asymptomatic "ASYMP" "Asymptomatic" "无症状";
        MildModerate "MILD_MOD" "Mild or moderate" "轻中度";
        Severe "SEVERE" "Severe" "重度";
        Critical "CRITICAL" "Critical" "危重症";
    }
}

/// What is known of COVID-19 before CAR-T therapy.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pause {
    /// Severity.
    pub severity: Option<CovidSeverity>,
    /// Days from the first positive test to the restart.
    pub days: Option<i32>,
    /// The condition of restart.
    pub restart: Restart,
    /// The physician judged that treatment could not wait.
    pub urgent: Option<bool>,
}

/// What is known of the condition of restart.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Restart {
    /// No symptoms to date.
    pub still_asymptomatic: Option<bool>,
    /// Symptoms improved.
    pub improved: Option<bool>,
    /// Hours without fever and without antipyretics.
    pub afebrile_hours: Option<f64>,
}

/// The pause judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct CovidPause {
    /// Days from the first positive test.
    pub days: Option<i32>,
    /// Days asked for.
    pub days_required: Option<i32>,
    /// The days have passed.
    pub pause_met: Option<bool>,
    /// The condition of restart is met.
    pub restart_met: Option<bool>,
    /// Both, or urgent.
    pub may_proceed: Option<bool>,
    /// The urgent exception was used: the rule itself was not met, or not known to be.
    pub urgent_exception: bool,
}

/// Judges the pause (C31: the exception is the physician's and is shown).
pub fn covid_pause(given: &Pause, trace: &mut Trace) -> CovidPause {
    let at = At::Case;
    let shown =
        [("covid_severity", given.severity.map(CovidSeverity::code).into()), ("days", given.days.into())];
    let (after_14, after_20) = (days_at_least(given.days, 14), days_at_least(given.days, 20));
    let mild = given.severity.map(|s| matches!(s, CovidSeverity::Asymptomatic | CovidSeverity::MildModerate));
    let pause = match mild {
        Some(true) => trace.judge(at, &PAUSE_14, after_14, &shown),
        Some(false) => trace.judge(at, &PAUSE_20, after_20, &shown),
        // Severity unknown: fewer than 14 days are too few and 20 enough for all.
        None => {
            let enough = trace.judge(at, &PAUSE_14, after_14, &shown);
            let for_all = trace.judge(at, &PAUSE_20, after_20, &shown);
            if for_all.not_met() && !enough.not_met() { Verdict::Undecided } else { for_all }
        }
    };
    let Restart { still_asymptomatic, improved, afebrile_hours } = given.restart;
    let improved = Verdict::from(improved) & hours_at_least(afebrile_hours, 24.0);
    let restart = match given.severity {
        Some(CovidSeverity::Asymptomatic) => {
            let shown = [("still_asymptomatic", still_asymptomatic.into())];
            trace.judge(at, &STILL_ASYMPTOMATIC, still_asymptomatic, &shown)
        }
        Some(_) => {
            let shown =
                [("improved", given.restart.improved.into()), ("afebrile_hours", afebrile_hours.into())];
            trace.judge(at, &IMPROVED, improved, &shown)
        }
        None => Verdict::Undecided,
    };
    let rule = pause & restart;
    let urgent = given.urgent == Some(true) && !rule.met();
    trace.judge(at, &URGENT, given.urgent, &[("urgent", given.urgent.into())]);
    let proceed = if urgent { Verdict::Met } else { rule };
    trace.decide(at, &MAY_PROCEED, proceed, &shown, "proceed");
    trace.decide(at, &POSTPONE, !proceed, &shown, "postpone");
    trace.decide(at, &UNDECIDED, proceed.undecided(), &shown, "not_evaluable");
    if proceed.undecided() {
        let asymptomatic = given.severity == Some(CovidSeverity::Asymptomatic);
        let symptomatic = given.severity.is_some() && !asymptomatic;
        for (absent, name) in [
            (given.severity.is_none(), "covid/severity"),
            (given.days.is_none(), "covid/days_since_positive"),
            (asymptomatic && still_asymptomatic.is_none(), "covid/still_asymptomatic"),
            (symptomatic && given.restart.improved.is_none(), "covid/improved"),
            (symptomatic && afebrile_hours.is_none(), "covid/afebrile_hours"),
        ] {
            if absent {
                trace.miss(at, name);
            }
        }
    }
    CovidPause {
        days: given.days,
        days_required: mild.map(|mild| if mild { 14 } else { 20 }),
        pause_met: known(pause),
        restart_met: known(restart),
        may_proceed: known(proceed),
        urgent_exception: urgent,
    }
}

/// A live vaccine judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct LiveVaccine {
    /// Days from the vaccine to the start of lymphodepletion; negative afterwards.
    pub days_before_lymphodepletion: Option<i32>,
    /// Given outside the time to be avoided.
    pub allowed: Option<bool>,
}

/// Judges a live vaccine: `days` from it to the start of lymphodepletion (negative when given later), and whether immunity had been
/// reconstituted when it was given.
pub fn live_vaccine(days: Option<i32>, reconstituted: Option<bool>, trace: &mut Trace) -> LiveVaccine {
    let at = At::Case;
    let shown = [("days_before_lymphodepletion", days.into())];
    let early = trace.judge(at, &SIX_WEEKS, days_at_least(days, 42), &shown);
    let after: Verdict = days.map(|days| days < 0).into();
    let late = after & reconstituted.into();
    trace.judge(at, &RECONSTITUTED, late, &[("immune_reconstituted", reconstituted.into())]);
    let allowed = early | late;
    trace.decide(at, &VACCINE_AVOIDED, allowed, &shown, "allowed");
    trace.decide(at, &VACCINE_VIOLATION, !allowed, &shown, "avoid");
    trace.decide(at, &VACCINE_UNDECIDED, allowed.undecided(), &shown, "not_evaluable");
    if allowed.undecided() {
        for (absent, name) in [
            (days.is_none(), "live_vaccine/days_before_lymphodepletion"),
            (reconstituted.is_none(), "live_vaccine/immune_reconstituted"),
        ] {
            if absent {
                trace.miss(at, name);
            }
        }
    }
    LiveVaccine { days_before_lymphodepletion: days, allowed: known(allowed) }
}
