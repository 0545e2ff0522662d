//! CR and sCR, and the clonality of marrow plasma cells.

use super::frame::Frame;
use super::known::{Input, Known};
use super::observation::Observation;
use super::parameters::ClonalityRule;
use super::response::Judge;
use super::rules;
use crate::codes::assessment::{LightChain, MrdMethod, MrdResult, MrdSpecimen, PosNeg};
use crate::criteria::compare::{above, at_least, at_most, below};
use crate::criteria::mrd::MrdTest;
use crate::criteria::trace::Quantity;

impl Judge<'_, '_> {
    pub(super) fn complete(&mut self) -> Known {
        let o = self.now;
        let ife = |result: Option<PosNeg>, seen: Option<bool>, input| {
            // What electrophoresis shows, the more sensitive immunofixation shows too.
            let negative = result.map(|r| r == PosNeg::Negative);
            Known::of(negative.or(seen.filter(|seen| *seen).map(|_| false)), input)
        };
        let code = |result: Option<PosNeg>| Quantity::from(result.map(PosNeg::code));
        let serum = ife(o.serum_ife, o.serum_seen(), Input::SerumIfe);
        let serum = self.judge(
            &rules::SERUM_IFE_NEGATIVE,
            serum,
            &[("serum_ife", code(o.serum_ife)), ("serum_m_protein_g_l", o.serum_m_protein_g_l.into())],
        );
        let urine = ife(o.urine_ife, o.urine_seen(), Input::UrineIfe);
        let urine = self.judge(
            &rules::URINE_IFE_NEGATIVE,
            urine,
            &[("urine_ife", code(o.urine_ife)), ("urine_m_protein_mg_24h", o.urine_m_protein_mg_24h.into())],
        );
        let gone = self.plasmacytoma_gone();
        let percent =
            o.marrow_plasma_cell_percent.or(self.carried.and_then(|c| c.marrow_plasma_cell_percent));
        let marrow = Known::of(percent.map(|p| below(p, 5.0)), Input::Marrow);
        let marrow =
            self.judge(&rules::MARROW_BELOW_5, marrow, &[("marrow_plasma_cell_percent", percent.into())]);
        let flc = if self.frame.by_flc() { self.flc_normal() } else { Known::MET };
        let bone = self.bone_if_asked();
        serum & urine & gone & marrow & flc & bone
    }

    pub(super) fn stringent(&mut self, complete: Known) -> Known {
        if complete.verdict.not_met() {
            return complete;
        }
        let flc = self.flc_normal();
        let clonal = self.not_clonal();
        complete & flc & clonal
    }

    fn flc_normal(&mut self) -> Known {
        let normal = match self.now.ratio_abnormal() {
            Some(abnormal) => (!abnormal).into(),
            None => Known::lacking(&[Input::Ratio]),
        };
        self.judge(&rules::FLC_RATIO_NORMAL, normal, &[("flc_ratio", self.now.flc_ratio.into())])
    }

    fn not_clonal(&mut self) -> Known {
        let o = self.now;
        let biopsied = o.marrow_clonal.is_some() || o.marrow_ihc_ratio.is_some();
        if !biopsied {
            let flow = if self.frame.parameters.flow_replaces_biopsy { flow_clonal(o) } else { None };
            if flow.is_some() {
                return self.judge(
                    &rules::NOT_CLONAL_BY_FLOW,
                    !Known::of(flow, Input::Clonal),
                    &[("clonal", flow.into())],
                );
            }
            if let Some(carried) = self.carried {
                // The earlier assessment stands as it was judged: only one that was sCR is carried to this question.
                return self.judge(&rules::NOT_CLONAL, Known::MET, &[("date", carried.date.into())]);
            }
        }
        let clonal = match o.marrow_clonal {
            Some(clonal) => clonal.into(),
            None => self.clonal_by_ihc(),
        };
        let values = [
            ("marrow_clonal", o.marrow_clonal.into()),
            ("marrow_ihc_ratio", o.marrow_ihc_ratio.into()),
            ("marrow_ihc_cells_counted", o.marrow_ihc_cells_counted.into()),
            ("marrow_ihc_repeat_ratio", o.marrow_ihc_repeat_ratio.into()),
        ];
        self.judge(&rules::NOT_CLONAL, !clonal, &values)
    }

    fn clonal_by_ihc(&self) -> Known {
        let o = self.now;
        let first = self.frame.ihc_abnormal(o.marrow_ihc_ratio, o.marrow_ihc_cells_counted);
        if o.marrow_ihc_ratio.is_none() || self.frame.parameters.clonality == ClonalityRule::Single {
            return first;
        }
        let second = match (o.marrow_ihc_repeat_ratio, self.earlier_ihc) {
            (Some(ratio), _) => self.frame.ihc_abnormal(Some(ratio), o.marrow_ihc_repeat_cells_counted),
            (None, Some(earlier)) => earlier,
            (None, None) => Known::lacking(&[Input::IhcRepeat]),
        };
        first & second
    }

    fn plasmacytoma_gone(&mut self) -> Known {
        let now = self.spd();
        let known = match (self.frame.had_plasmacytoma(), now) {
            (_, Some(now)) => at_most(now, 0.0).into(),
            (Some(true), None) => Known::lacking(&[Input::Spd]),
            (None, None) if self.frame.parameters.imaging_required => {
                Known::lacking(&[Input::Spd, Input::BaseSpd])
            }
            (Some(false) | None, None) => Known::MET,
        };
        self.judge(
            &rules::PLASMACYTOMA_GONE,
            known,
            &[
                ("baseline_present", self.frame.had_plasmacytoma().into()),
                ("plasmacytoma_spd_mm2", now.into()),
            ],
        )
    }
}

impl Frame<'_> {
    /// Whether kappa to lambda of plasma cells shows a clone of the patient's light chain.
    pub(super) fn ihc_abnormal(&self, ratio: Option<f64>, counted: Option<f64>) -> Known {
        let Some(ratio) = ratio else { return Known::lacking(&[Input::Clonal]) };
        if !counted.is_some_and(|cells| at_least(cells, 100.0)) {
            return Known::lacking(&[Input::IhcCells]);
        }
        let (kappa, lambda) = (above(ratio, 4.0), below(ratio, 0.5));
        match self.involved {
            Some(LightChain::Kappa) => kappa.into(),
            Some(LightChain::Lambda) => lambda.into(),
            None if kappa || lambda => Known::lacking(&[Input::Chain]),
            None => Known::NOT_MET,
        }
    }
}

/// What flow cytometry of marrow at a sensitivity of at least 1e-4 found.
fn flow_clonal(o: &Observation) -> Option<bool> {
    let suits = |test: &&MrdTest| {
        matches!(test.method, Some(MrdMethod::FlowNgf | MrdMethod::FlowOther))
            && test.specimen == Some(MrdSpecimen::Marrow)
            && test.sensitivity.is_some_and(|s| at_most(s, 1e-4))
    };
    let by_test =
        || o.mrd.iter().filter(suits).find_map(|test| test.result).map(|r| r != MrdResult::Negative);
    o.marrow_flow_clonal.or_else(by_test)
}
