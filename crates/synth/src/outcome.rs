//! What becomes of a patient after one infusion: depth of response, progression, death. Days count from that infusion.

use crate::assumptions::patient_effect;
use crate::baseline::Baseline;
use crate::random::{Stream, shifted, whole};
use clinical::forms::survival_status::Cause;

/// Times beyond this many days (137 years) mean never.
const NEVER: f64 = 50_000.0;

/// The deepest response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    Complete,
    Partial,
    Stable,
    Progressive,
}

/// The course after one infusion, as it would be seen with endless follow-up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    pub(crate) depth: Depth,
    /// Before death.
    pub(crate) progression: Option<i32>,
    pub(crate) death: i32,
    pub(crate) cause: Cause,
}

/// Draws the course: response first, then the time to progression that belongs to it; death without progression runs beside, death after
/// progression follows it.
pub(crate) fn draw(b: &Baseline, fatal: Option<(i32, Cause)>, second: bool, s: &mut Stream) -> Outcome {
    let hazard = b.site.hazard.exp();
    let depth = depth(b, second, s);
    let e = b.profile.efficacy;
    let lasting = |(shape, scale): (f64, f64), s: &mut Stream| {
        s.weibull(shape, scale * hazard.powf(-1.0 / shape)).min(NEVER)
    };
    let progression = match depth {
        Depth::Complete if s.chance(e.cured) => None,
        Depth::Complete => Some(60.0 + lasting(e.complete_lasts, s)),
        Depth::Partial => Some(45.0 + lasting(e.partial_lasts, s)),
        Depth::Stable => Some(38.0 + lasting((1.0, 60.0), s)),
        Depth::Progressive => Some(f64::from(s.between(20, 34))),
    };
    let progression = progression.map(whole);

    let frailty = (hazard.ln() + patient_effect::AGE_DEATH * (b.age - 55.0) / 10.0).clamp(-1.2, 1.2).exp();
    let early = s.chance((b.course.early_death * frailty).min(0.5)).then(|| s.between(9, 60));
    let late = whole(60.0 + s.exponential(365.25 / (b.course.late_death * frailty)).min(NEVER));
    let without_progression = early.unwrap_or(late);
    let other_cause = cause_without_progression(without_progression, s);
    let after_progression = progression.map(|p| p + 5 + whole(lasting(b.course.after_progression, s)));

    let mut end = (without_progression, other_cause);
    if let Some(day) = after_progression.filter(|day| *day < end.0) {
        let cause = s.pick(&[(Cause::Relapse, 0.88), (Cause::Infection, 0.08), (Cause::Other, 0.04)]);
        end = (day, cause.unwrap_or(Cause::Relapse));
    }
    if let Some(toxic) = fatal.filter(|(day, _)| *day <= end.0) {
        end = toxic;
    }
    Outcome { depth, progression: progression.filter(|p| *p < end.0), death: end.0, cause: end.1 }
}

fn depth(b: &Baseline, second: bool, s: &mut Stream) -> Depth {
    let burden = patient_effect::BURDEN_RESPONSE * if b.high_burden { 1.0 } else { -0.5 };
    let shift = burden + if second { patient_effect::SECOND_INFUSION_RESPONSE } else { 0.0 };
    let e = b.profile.efficacy;
    let u = s.uniform();
    if u < shifted(e.complete, shift) {
        Depth::Complete
    } else if u < shifted(e.complete + e.partial, shift) {
        Depth::Partial
    } else if u < shifted(e.complete + e.partial + e.stable, shift) {
        Depth::Stable
    } else {
        Depth::Progressive
    }
}

fn cause_without_progression(day: i32, s: &mut Stream) -> Cause {
    let early = [
        (Cause::Infection, 0.55),
        (Cause::IecHs, 0.17),
        (Cause::Bleeding, 0.12),
        (Cause::Cardiac, 0.08),
        (Cause::Other, 0.08),
    ];
    let late = [
        (Cause::Infection, 0.45),
        (Cause::SecondMalignancy, 0.16),
        (Cause::Cardiac, 0.13),
        (Cause::Bleeding, 0.03),
        (Cause::Other, 0.15),
        (Cause::Unknown, 0.08),
    ];
    let causes: &[(Cause, f64)] = if day <= 60 { &early } else { &late };
    s.pick(causes).unwrap_or(Cause::Unknown)
}
