//! What stays the same through a course: baseline, what is measurable, the involved chain, the readings in force.

use super::known::{Input, Known};
use super::observation::Observation;
use super::parameters::Parameters;
use super::rules;
use crate::codes::assessment::{LightChain, MeasurableType};
use crate::criteria::compare::{above, at_least, below, fell_at_least};
use crate::criteria::trace::{At, Trace};

/// Serum M-protein that is measurable, g/L.
pub(super) const MEASURABLE_SERUM: f64 = 10.0;
/// Urine M-protein that is measurable, mg/24 h.
pub(super) const MEASURABLE_URINE: f64 = 200.0;
/// Involved free light chain that is measurable, mg/L.
const MEASURABLE_FLC: f64 = 100.0;
/// Marrow plasma cells that are measurable, percent.
pub(super) const MEASURABLE_MARROW: f64 = 30.0;

/// The fixed part of a course.
pub(super) struct Frame<'a> {
    pub(super) parameters: &'a Parameters,
    pub(super) baseline: &'a Observation,
    pub(super) kind: MeasurableType,
    /// The center recorded what is measurable, so that what it does not name is not followed.
    pub(super) given: bool,
    pub(super) involved: Option<LightChain>,
}

impl<'a> Frame<'a> {
    pub(super) fn new(
        parameters: &'a Parameters,
        baseline: &'a Observation,
        given: Option<MeasurableType>,
        chain: Option<LightChain>,
        trace: &mut Trace,
    ) -> Self {
        let excess = baseline.flc_ratio.and_then(|ratio| match baseline.ratio_abnormal() {
            Some(true) if above(ratio, 1.0) => Some(LightChain::Kappa),
            Some(true) => Some(LightChain::Lambda),
            _ => None,
        });
        let involved = chain.or(excess);
        trace.judge(
            At::Case,
            &rules::INVOLVED_CHAIN,
            involved.map(|_| true),
            &[
                ("light_chain", chain.map(LightChain::code).into()),
                ("baseline.flc_ratio", baseline.flc_ratio.into()),
                ("involved", involved.map(LightChain::code).into()),
            ],
        );
        let derived = || derive_kind(baseline, involved, trace);
        let kind = given.unwrap_or_else(derived);
        if given.is_some() {
            trace.judge(At::Case, &rules::MEASURABLE_GIVEN, true, &[("measurable_type", kind.code().into())]);
        }
        Self { parameters, baseline, kind, given: given.is_some(), involved }
    }

    /// Response is followed by serum M-protein.
    pub(super) fn by_serum(&self) -> bool {
        matches!(self.kind, MeasurableType::Serum | MeasurableType::Both)
    }

    /// Response is followed by urine M-protein.
    pub(super) fn by_urine(&self) -> bool {
        matches!(self.kind, MeasurableType::Urine | MeasurableType::Both)
    }

    /// Response is followed by M-protein.
    pub(super) fn by_m_protein(&self) -> bool {
        self.by_serum() || self.by_urine()
    }

    /// Response is followed by free light chains.
    pub(super) fn by_flc(&self) -> bool {
        self.kind == MeasurableType::FlcOnly
    }

    /// Urine that was never measured at baseline cannot be left out of the follow-up of a serum M-protein, nor the reverse.
    pub(super) fn serum_open(&self) -> bool {
        self.by_serum() || (self.by_urine() && !self.given && self.baseline.serum_m().is_none())
    }

    /// As [`serum_open`](Self::serum_open), of urine.
    pub(super) fn urine_open(&self) -> bool {
        self.by_urine() || (self.by_serum() && !self.given && self.baseline.urine_m().is_none())
    }

    /// Involved minus uninvolved free light chain, mg/L.
    pub(super) fn dflc(&self, o: &Observation) -> Option<f64> {
        o.dflc(self.involved?)
    }

    /// Why the FLC difference is not known.
    pub(super) fn lacking_dflc(&self, o: &Observation) -> Known {
        let mut lacking = Known::NOT_MET;
        for (absent, input) in [
            (self.involved.is_none(), Input::Chain),
            (o.flc_kappa_mg_l.is_none(), Input::Kappa),
            (o.flc_lambda_mg_l.is_none(), Input::Lambda),
        ] {
            if absent {
                lacking = lacking | Known::lacking(&[input]);
            }
        }
        lacking
    }

    /// As [`lacking_dflc`](Self::lacking_dflc), at baseline.
    pub(super) fn lacking_base_dflc(&self) -> Known {
        let inputs = [
            (self.involved.is_none(), Input::Chain),
            (self.baseline.flc_kappa_mg_l.is_none(), Input::BaseKappa),
            (self.baseline.flc_lambda_mg_l.is_none(), Input::BaseLambda),
        ];
        inputs
            .into_iter()
            .filter(|(absent, _)| *absent)
            .fold(Known::NOT_MET, |lacking, (_, input)| lacking | Known::lacking(&[input]))
    }

    /// Whether M-protein of one compartment has fallen by `percent`.
    ///
    /// A compartment known not to have been measurable at baseline is not followed, as long as it does not become measurable (Rajkumar,
    /// Blood 2011;117:4691). Of one that was not measured at baseline, only so much is known: had it been measurable, it was at
    /// least `measurable`.
    pub(super) fn fall(&self, compartment: &Compartment, now: Option<f64>, percent: f64) -> Known {
        let base = compartment.base;
        let known_base = base.is_some() || self.given;
        match (compartment.followed, base, now) {
            (true, _, None) => Known::lacking(&[compartment.input]),
            (true, Some(base), Some(now)) => fell_at_least(base, now, percent).into(),
            (false, _, None) if known_base => Known::MET,
            (false, _, Some(now)) if known_base => below(now, compartment.measurable).into(),
            (false, _, None) => Known::lacking(&[compartment.input, compartment.base_input]),
            (_, _, Some(now)) if fell_at_least(compartment.measurable, now, percent) => Known::MET,
            (_, _, Some(_)) => Known::lacking(&[compartment.base_input]),
        }
    }

    /// Serum M-protein.
    pub(super) fn serum(&self) -> Compartment {
        Compartment {
            followed: self.by_serum(),
            base: self.baseline.serum_m(),
            measurable: MEASURABLE_SERUM,
            input: Input::SerumM,
            base_input: Input::BaseSerumM,
        }
    }

    /// Urine M-protein.
    pub(super) fn urine(&self) -> Compartment {
        Compartment {
            followed: self.by_urine(),
            base: self.baseline.urine_m(),
            measurable: MEASURABLE_URINE,
            input: Input::UrineM,
            base_input: Input::BaseUrineM,
        }
    }

    /// Whether a plasmacytoma was there at baseline.
    pub(super) fn had_plasmacytoma(&self) -> Option<bool> {
        if self.kind == MeasurableType::PlasmacytomaOnly {
            return Some(true);
        }
        let o = self.baseline;
        o.plasmacytoma_spd_mm2
            .or(o.plasmacytoma_longest_diameter_mm)
            .map(|size| above(size, 0.0))
            .or_else(|| o.plasmacytomas.as_ref().map(|lesions| !lesions.is_empty()))
    }

    /// The compartment that is followed was measured.
    pub(super) fn measured(&self, o: &Observation) -> Known {
        let number = |value: Option<f64>, input: Input| Known::of(value.map(|_| true), input);
        let serum = || number(o.serum_m(), Input::SerumM);
        let urine = || number(o.urine_m(), Input::UrineM);
        match self.kind {
            MeasurableType::Serum => serum(),
            MeasurableType::Urine => urine(),
            MeasurableType::Both => serum() & urine(),
            MeasurableType::FlcOnly => self.dflc(o).map_or_else(|| self.lacking_dflc(o), |_| Known::MET),
            MeasurableType::MarrowOnly => number(o.marrow_plasma_cell_percent, Input::Marrow),
            MeasurableType::PlasmacytomaOnly => number(o.plasmacytoma_spd_mm2, Input::Spd),
            MeasurableType::CirculatingOnly => number(o.circulating_plasma_cells_ul, Input::Circulating),
            MeasurableType::None => Known::NOT_MET,
        }
    }
}

/// M-protein of serum or urine, as it was at baseline.
pub(super) struct Compartment {
    followed: bool,
    pub(super) base: Option<f64>,
    measurable: f64,
    input: Input,
    base_input: Input,
}

/// What is measurable, from what was recorded at baseline; what was not recorded is named as missing.
fn derive_kind(baseline: &Observation, involved: Option<LightChain>, trace: &mut Trace) -> MeasurableType {
    let mut look = |criterion, value: Option<f64>, least: f64, name: &'static str, input: Input| {
        let known = Known::of(value.map(|v| at_least(v, least)), input);
        let verdict = trace.judge(At::Case, criterion, known.verdict, &[(name, value.into())]);
        known.report(At::Case, trace);
        verdict.met()
    };
    let serum = look(
        &rules::MEASURABLE_SERUM,
        baseline.serum_m(),
        MEASURABLE_SERUM,
        "baseline.serum_m_protein_g_l",
        Input::BaseSerumM,
    );
    let urine = look(
        &rules::MEASURABLE_URINE,
        baseline.urine_m(),
        MEASURABLE_URINE,
        "baseline.urine_m_protein_mg_24h",
        Input::BaseUrineM,
    );
    match (serum, urine) {
        (true, true) => return MeasurableType::Both,
        (true, false) => return MeasurableType::Serum,
        (false, true) => return MeasurableType::Urine,
        (false, false) => {}
    }
    let flc = match involved {
        Some(LightChain::Kappa) => baseline.flc_kappa_mg_l,
        Some(LightChain::Lambda) => baseline.flc_lambda_mg_l,
        None => None,
    };
    let abnormal = Known::of(baseline.ratio_abnormal(), Input::BaseKappa);
    let chain = if baseline.ratio_abnormal() == Some(false) {
        Known::NOT_MET
    } else {
        Known::lacking(&[Input::BaseKappa, Input::BaseLambda])
    };
    let enough = flc.map_or(chain, |flc| at_least(flc, MEASURABLE_FLC).into());
    let known = abnormal & enough;
    known.report(At::Case, trace);
    let values = [("involved_flc_mg_l", flc.into()), ("baseline.flc_ratio", baseline.flc_ratio.into())];
    if trace.judge(At::Case, &rules::MEASURABLE_FLC, known.verdict, &values).met() {
        return MeasurableType::FlcOnly;
    }
    let mut look = |criterion, value: Option<f64>, holds: Option<bool>, name: &'static str, input: Input| {
        let known = Known::of(holds, input);
        known.report(At::Case, trace);
        trace.judge(At::Case, criterion, known.verdict, &[(name, value.into())]).met()
    };
    let marrow = baseline.marrow_plasma_cell_percent;
    let spd = baseline.plasmacytoma_spd_mm2;
    let circulating = baseline.circulating_plasma_cells_ul;
    if look(
        &rules::MEASURABLE_MARROW,
        marrow,
        marrow.map(|m| at_least(m, MEASURABLE_MARROW)),
        "baseline.marrow_plasma_cell_percent",
        Input::BaseMarrow,
    ) {
        MeasurableType::MarrowOnly
    } else if look(
        &rules::MEASURABLE_PLASMACYTOMA,
        spd,
        spd.map(|s| above(s, 0.0)),
        "baseline.plasmacytoma_spd_mm2",
        Input::BaseSpd,
    ) {
        MeasurableType::PlasmacytomaOnly
    } else if look(
        &rules::MEASURABLE_CIRCULATING,
        circulating,
        circulating.map(|c| above(c, 0.0)),
        "baseline.circulating_plasma_cells_ul",
        Input::BaseCirculating,
    ) {
        MeasurableType::CirculatingOnly
    } else {
        MeasurableType::None
    }
}
