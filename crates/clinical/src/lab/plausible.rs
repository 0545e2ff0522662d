//! Whether a value is possible and plausible, and in which other unit it would be.

use super::{Analyte, Unit};

/// What a value of an analyte looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// Within the plausible range.
    Plausible,
    /// Possible but unusual; with the unit in which it would be usual, if there is one.
    Unusual(Option<Unit>),
    /// Outside the possible range; with the unit in which it would be usual, if there is one.
    Impossible(Option<Unit>),
}

/// Judges `value`, given in `unit`. `None` when the analyte is not measured in `unit`. Bounds are inclusive; a value that is not a number
/// is impossible.
pub fn judge(analyte: Analyte, value: f64, unit: Unit) -> Option<Judgement> {
    let scale = &analyte.info().scale;
    let canonical = analyte.to_canonical(value, unit).ok()?;
    let within = |(low, high): (f64, f64), v: f64| (low..=high).contains(&v);
    let meant = || {
        let fits = |c: &&super::Conversion| within(scale.plausible(), c.to_canonical(value));
        scale.units.iter().find(fits).map(|c| c.unit)
    };
    Some(if !within(scale.hard, canonical) {
        Judgement::Impossible(meant())
    } else if !within(scale.plausible(), canonical) {
        Judgement::Unusual(meant())
    } else {
        Judgement::Plausible
    })
}

/// `13.5 looks like g/dL (135 g/L)`: a value read in the unit that was probably meant.
pub fn hint(analyte: Analyte, value: f64, meant: Unit) -> String {
    let reading = match (analyte.to_canonical(value, meant), analyte.canonical_unit()) {
        (Ok(canonical), Some(unit)) if unit != meant => format!(" ({canonical} {})", unit.code()),
        _ => String::new(),
    };
    format!("{value} looks like {}{reading}", meant.code())
}
