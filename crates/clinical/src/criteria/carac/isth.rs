//! The ISTH score for overt DIC.

use super::super::case::Fault;
use super::super::compare::{Verdict, above, at_least, below, same};
use super::super::crs::lenient::within;
use super::super::trace::{At, Criterion, Quantity, Trace};
use super::{Assessment, DdimerIncrease, ISTH_DDIMER, ISTH_FIBRINOGEN, ISTH_PLATELETS, ISTH_PT, OVERT_DIC};
use serde::{Deserialize, Serialize};

/// Which of the two scores beside it a boundary value gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Boundary {
    /// The lower.
    Lower,
    /// The higher.
    Higher,
}

/// From where on D-dimer is increased; there is no published number, it depends on the assay.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DdimerCuts {
    /// Moderate from here, mg/L FEU.
    pub moderate_from_mg_l: f64,
    /// Strong from here, mg/L FEU.
    pub strong_from_mg_l: f64,
}

/// What the table leaves open (Q21).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IsthParameters {
    /// Platelets of exactly 50 x10^9/L: 1 or 2.
    pub platelets_50: Boundary,
    /// Platelets of exactly 100 x10^9/L: 0 or 1.
    pub platelets_100: Boundary,
    /// PT prolonged by exactly 3 s: 0 or 1.
    pub pt_3_s: Boundary,
    /// PT prolonged by exactly 6 s: 1 or 2.
    pub pt_6_s: Boundary,
    /// Fibrinogen of exactly 1 g/L: 0 or 1.
    pub fibrinogen_1_g_l: Boundary,
    /// Reads measured D-dimer; null leaves it undecided where no increase is stated.
    pub ddimer: Option<DdimerCuts>,
}

impl Default for IsthParameters {
    fn default() -> Self {
        Self {
            platelets_50: Boundary::Lower,
            platelets_100: Boundary::Higher,
            pt_3_s: Boundary::Higher,
            pt_6_s: Boundary::Higher,
            fibrinogen_1_g_l: Boundary::Lower,
            ddimer: None,
        }
    }
}

impl IsthParameters {
    pub(super) fn check(&self) -> Result<(), Fault> {
        let Some(cuts) = self.ddimer else { return Ok(()) };
        let at = |name: &str| format!("/parameters/isth/ddimer/{name}");
        let range = (0.0, 200.0, "mg/L FEU");
        within(Some(cuts.moderate_from_mg_l), range, || at("moderate_from_mg_l"), |_| None)?;
        within(Some(cuts.strong_from_mg_l), range, || at("strong_from_mg_l"), |_| None)?;
        if above(cuts.moderate_from_mg_l, cuts.strong_from_mg_l) {
            let problem = format!("{} lies above strong_from_mg_l", cuts.moderate_from_mg_l);
            return Err(Fault::new(at("moderate_from_mg_l"), problem, "moderate from less than strong"));
        }
        Ok(())
    }
}

/// The score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Isth {
    /// 0 to 8; null when a component is absent.
    pub score: Option<u8>,
    /// Points of the components told.
    pub at_least: u8,
    /// With the most points for those absent.
    pub at_most: u8,
    /// Score of 5 or more; null when an absent component would decide.
    pub overt_dic: Option<bool>,
    /// Points, 0 to 2.
    pub platelets: Option<u8>,
    /// Points, 0, 2 or 3.
    pub ddimer: Option<u8>,
    /// Points, 0 to 2.
    pub pt: Option<u8>,
    /// Points, 0 or 1.
    pub fibrinogen: Option<u8>,
}

/// Rule, name, value, points and most points.
type Component = (&'static Criterion, &'static str, Option<f64>, Option<u8>, u8);

/// Points when one value is above the other; at the boundary, those the parameter says.
fn points(value: f64, boundary: f64, below_it: u8, above_it: u8, equal: Boundary) -> u8 {
    if same(value, boundary) {
        let (low, high) = if below_it < above_it { (below_it, above_it) } else { (above_it, below_it) };
        if equal == Boundary::Lower { low } else { high }
    } else if below(value, boundary) {
        below_it
    } else {
        above_it
    }
}

/// Scores one assessment.
pub fn isth(row: &Assessment, at: At, parameters: IsthParameters, trace: &mut Trace) -> Isth {
    let platelets = row.platelets_10e9_l.map(|value| {
        let few = points(value, 50.0, 2, 1, parameters.platelets_50);
        if below(value, 100.0) { few } else { points(value, 100.0, 1, 0, parameters.platelets_100) }
    });
    let prolonged = row.pt_prolongation();
    let pt = prolonged.map(|value| {
        let long = points(value, 6.0, 1, 2, parameters.pt_6_s);
        if above(value, 3.0) { long } else { points(value, 3.0, 0, 1, parameters.pt_3_s) }
    });
    let fibrinogen = row.fibrinogen().map(|value| points(value, 1.0, 1, 0, parameters.fibrinogen_1_g_l));
    let measured = row.d_dimer_mg_l.zip(parameters.ddimer).map(|(value, cuts)| {
        if at_least(value, cuts.strong_from_mg_l) {
            DdimerIncrease::Strong
        } else if at_least(value, cuts.moderate_from_mg_l) {
            DdimerIncrease::Moderate
        } else {
            DdimerIncrease::None
        }
    });
    let ddimer = row.d_dimer.or(measured).map(|increase| match increase {
        DdimerIncrease::None => 0,
        DdimerIncrease::Moderate => 2,
        DdimerIncrease::Strong => 3,
    });
    let components: [Component; 4] = [
        (&ISTH_PLATELETS, "platelets_10e9_l", row.platelets_10e9_l, platelets, 2),
        (&ISTH_DDIMER, "d_dimer", row.d_dimer_mg_l, ddimer, 3),
        (&ISTH_PT, "pt_prolongation_s", prolonged, pt, 2),
        (&ISTH_FIBRINOGEN, "fibrinogen_g_l", row.fibrinogen(), fibrinogen, 1),
    ];
    let mut low = 0;
    let mut high = 0;
    for (criterion, name, value, points, most) in components {
        let scores = Verdict::from(points.map(|points| points > 0));
        trace.judge(at, criterion, scores, &[(name, value.into()), ("points", points.map(i32::from).into())]);
        low += points.unwrap_or(0);
        high += points.unwrap_or(most);
    }
    let overt = match (low, high) {
        (5.., _) => Verdict::Met,
        (_, ..5) => Verdict::NotMet,
        _ => Verdict::Undecided,
    };
    let told = [("at_least", Quantity::Integer(low.into())), ("at_most", Quantity::Integer(high.into()))];
    trace.judge(at, &OVERT_DIC, overt, &told);
    if overt.undecided() {
        for (_, name, _, points, _) in components {
            if points.is_none() {
                trace.miss(at, name);
            }
        }
    }
    Isth {
        score: (low == high).then_some(low),
        at_least: low,
        at_most: high,
        overt_dic: (!overt.undecided()).then(|| overt.met()),
        platelets,
        ddimer,
        pt,
        fibrinogen,
    }
}
