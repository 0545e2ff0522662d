//! One item of one record.

use super::super::compare::{above, below};
use super::super::trace::{Criterion, Quantity};
use super::input::{Baseline, Limits, Observation};
use super::{
    COAGULATION, CYTOPENIA, DIRECT_BILIRUBIN, FEVER, FIBRINOGEN, HEMOPHAGOCYTOSIS, LDH, NEUROTOXICITY,
    PULMONARY, RENAL, RESOLVING_CRS, SPLENOMEGALY, TRANSAMINASES, TRIGLYCERIDES,
};
use crate::codes::toxicity::IecHsItem;

/// The items that make the syndrome likely.
pub(super) const COMMON: [IecHsItem; 5] = [
    IecHsItem::ResolvingCrs,
    IecHsItem::Transaminases,
    IecHsItem::Fibrinogen,
    IecHsItem::Hemophagocytosis,
    IecHsItem::Cytopenia,
];

/// The items that may accompany it.
pub(super) const OTHER: [IecHsItem; 9] = [
    IecHsItem::Ldh,
    IecHsItem::Coagulation,
    IecHsItem::DirectBilirubin,
    IecHsItem::Splenomegaly,
    IecHsItem::Fever,
    IecHsItem::Neurotoxicity,
    IecHsItem::Pulmonary,
    IecHsItem::Renal,
    IecHsItem::Triglycerides,
];

/// What a record, or several, tell of an item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Found {
    /// Nothing.
    Untold,
    /// Not there.
    Absent,
    /// A value, but not what it is compared with.
    Needs(&'static str),
    /// There.
    Present,
}

impl Found {
    fn of(holds: bool) -> Self {
        if holds { Self::Present } else { Self::Absent }
    }

    /// Of two records together.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Present, _) | (_, Self::Present) => Self::Present,
            (Self::Needs(name), _) | (_, Self::Needs(name)) => Self::Needs(name),
            (Self::Absent, _) | (_, Self::Absent) => Self::Absent,
            (Self::Untold, Self::Untold) => Self::Untold,
        }
    }
}

impl From<Found> for super::super::Verdict {
    fn from(found: Found) -> Self {
        match found {
            Found::Present => Self::Met,
            Found::Absent => Self::NotMet,
            Found::Needs(_) | Found::Untold => Self::Undecided,
        }
    }
}

/// The rule of an item and the observation that answers it first of all.
pub(super) fn rule(item: IecHsItem) -> (&'static Criterion, &'static str) {
    match item {
        IecHsItem::ResolvingCrs => (&RESOLVING_CRS, "resolving_crs"),
        IecHsItem::Transaminases => (&TRANSAMINASES, "alt_u_l"),
        IecHsItem::Fibrinogen => (&FIBRINOGEN, "fibrinogen_g_l"),
        IecHsItem::Hemophagocytosis => (&HEMOPHAGOCYTOSIS, "hemophagocytosis"),
        IecHsItem::Cytopenia => (&CYTOPENIA, "cytopenia"),
        IecHsItem::Ldh => (&LDH, "ldh_u_l"),
        IecHsItem::Coagulation => (&COAGULATION, "coagulation"),
        IecHsItem::DirectBilirubin => (&DIRECT_BILIRUBIN, "direct_bilirubin_umol_l"),
        IecHsItem::Splenomegaly => (&SPLENOMEGALY, "splenomegaly"),
        IecHsItem::Fever => (&FEVER, "fever"),
        IecHsItem::Neurotoxicity => (&NEUROTOXICITY, "neurotoxicity"),
        IecHsItem::Pulmonary => (&PULMONARY, "pulmonary"),
        IecHsItem::Renal => (&RENAL, "renal"),
        IecHsItem::Triglycerides => (&TRIGLYCERIDES, "triglycerides_mmol_l"),
    }
}

/// Above a limit of the laboratory.
fn over(value: Option<f64>, limit: Option<f64>, name: &'static str) -> Found {
    match (value, limit) {
        (None, _) => Found::Untold,
        (Some(_), None) => Found::Needs(name),
        (Some(value), Some(limit)) => Found::of(above(value, limit)),
    }
}

/// Ferritin, the required item.
pub(super) fn ferritin(row: &Observation, limits: &Limits, baseline: Option<f64>) -> Found {
    if row.ferritin_rapid_rise == Some(true) {
        return Found::Present;
    }
    let doubled = |limit: Option<f64>, name| over(row.ferritin_ug_l, limit.map(|x| 2.0 * x), name);
    doubled(limits.ferritin_uln_ug_l, "limits.ferritin_uln_ug_l")
        .or(doubled(baseline, "baseline.ferritin_ug_l"))
}

/// Above 5 times the upper limit; above 5 times the baseline where that was above the upper limit.
fn transaminase(
    value: Option<f64>,
    (uln, uln_name): (Option<f64>, &'static str),
    (baseline, baseline_name): (Option<f64>, &'static str),
) -> Found {
    let Some(value) = value else { return Found::Untold };
    let Some(uln) = uln else { return Found::Needs(uln_name) };
    // The higher of limit and baseline is the reference, so up to 5 times the limit the baseline does not matter.
    if !above(value, 5.0 * uln) {
        return Found::Absent;
    }
    baseline.map_or(Found::Needs(baseline_name), |baseline| Found::of(above(value, 5.0 * baseline)))
}

fn fibrinogen(row: &Observation, limits: &Limits) -> Found {
    let Some(value) = row.fibrinogen() else { return Found::Untold };
    match limits.fibrinogen_lln_g_l {
        _ if below(value, 1.5) => Found::Present,
        None => Found::Needs("limits.fibrinogen_lln_g_l"),
        Some(lln) => Found::of(below(value, lln)),
    }
}

/// Grade 4 of CTCAE v5.0: neutrophils below 0.5, platelets below 25 x10^9/L. Less is no proof of no cytopenia.
fn counts(row: &Observation) -> Found {
    let low = row.neutrophils().is_some_and(|anc| below(anc, 0.5))
        || row.platelets_10e9_l.is_some_and(|platelets| below(platelets, 25.0));
    if low {
        Found::Present
    } else if row.neutrophils().is_some() || row.platelets_10e9_l.is_some() {
        Found::Needs("cytopenia")
    } else {
        Found::Untold
    }
}

fn triglycerides(row: &Observation) -> Found {
    // Each unit has its own printed threshold: 2.99 mmol/L is 265 mg/dL rounded.
    let high =
        row.triglycerides_mmol_l.map(|x| above(x, 2.99)).or(row.triglycerides_mg_dl.map(|x| above(x, 265.0)));
    match (high, row.triglycerides_fasting) {
        (None, _) => Found::Untold,
        (Some(_), Some(false)) => Found::Needs("triglycerides_fasting"),
        (Some(high), _) => Found::of(high),
    }
}

/// What a record tells of an item, with the value it tells it by.
pub(super) fn find(
    item: IecHsItem,
    row: &Observation,
    limits: &Limits,
    baseline: &Baseline,
) -> (Found, Quantity) {
    let listed = row.items.iter().flatten().any(|present| *present == item);
    let stated = match item {
        IecHsItem::ResolvingCrs => row.resolving_crs,
        IecHsItem::Hemophagocytosis => row.hemophagocytosis,
        IecHsItem::Cytopenia => row.cytopenia,
        IecHsItem::Coagulation => row.coagulation,
        IecHsItem::DirectBilirubin => row.direct_hyperbilirubinemia,
        IecHsItem::Splenomegaly => row.splenomegaly,
        IecHsItem::Fever => row.fever,
        IecHsItem::Neurotoxicity => row.neurotoxicity,
        IecHsItem::Pulmonary => row.pulmonary,
        IecHsItem::Renal => row.renal,
        IecHsItem::Transaminases | IecHsItem::Fibrinogen | IecHsItem::Ldh | IecHsItem::Triglycerides => None,
    };
    if let Some(holds) = stated.or(listed.then_some(true)) {
        return (Found::of(holds), holds.into());
    }
    let measured = |found: Found, value: Option<f64>| (found, Quantity::from(value));
    match item {
        IecHsItem::Transaminases => {
            let uln = (limits.alt_uln_u_l, "limits.alt_uln_u_l");
            let alt = transaminase(row.alt_u_l, uln, (baseline.alt_u_l, "baseline.alt_u_l"));
            let uln = (limits.ast_uln_u_l, "limits.ast_uln_u_l");
            let ast = transaminase(row.ast_u_l, uln, (baseline.ast_u_l, "baseline.ast_u_l"));
            measured(alt.or(ast), row.alt_u_l.or(row.ast_u_l))
        }
        IecHsItem::Fibrinogen => measured(fibrinogen(row, limits), row.fibrinogen()),
        IecHsItem::Cytopenia => measured(counts(row), row.neutrophils().or(row.platelets_10e9_l)),
        IecHsItem::Ldh => measured(over(row.ldh_u_l, limits.ldh_uln_u_l, "limits.ldh_uln_u_l"), row.ldh_u_l),
        IecHsItem::Coagulation => {
            let pt = over(row.pt_s, limits.pt_uln_s, "limits.pt_uln_s");
            let aptt = over(row.aptt_s, limits.aptt_uln_s, "limits.aptt_uln_s");
            // Times within their limits leave other abnormalities open.
            let found = match pt.or(aptt) {
                Found::Absent => Found::Needs("coagulation"),
                found => found,
            };
            measured(found, row.pt_s.or(row.aptt_s))
        }
        IecHsItem::DirectBilirubin => {
            let (value, limit) = (row.direct_bilirubin_umol_l, limits.direct_bilirubin_uln_umol_l);
            measured(over(value, limit, "limits.direct_bilirubin_uln_umol_l"), value)
        }
        IecHsItem::Triglycerides => {
            measured(triglycerides(row), row.triglycerides_mmol_l.or(row.triglycerides_mg_dl))
        }
        _ => (Found::Untold, Quantity::Absent),
    }
}
