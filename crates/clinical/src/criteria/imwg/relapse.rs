//! Clinical relapse, relapse from CR, and signs of relapse from MRD negativity.

use super::frame::Frame;
use super::known::{Input, Known};
use super::nadir::Nadir;
use super::observation::Observation;
use super::parameters::HbReference;
use super::progression::{Progression, new_plasmacytoma, pairs};
use super::rules;
use crate::codes::assessment::{LightChain, PosNeg};
use crate::criteria::compare::{Verdict, at_least, rose_at_least, rose_by_at_least};
use crate::criteria::trace::{At, Criterion, Quantity, Trace};

/// The assessment that is searched for relapse.
pub(super) struct Visit<'a> {
    pub(super) frame: &'a Frame<'a>,
    pub(super) nadir: &'a Nadir<'a>,
    pub(super) now: &'a Observation,
    pub(super) at: At,
}

/// Which M-protein tests have been negative before, so that it can come back.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cleared([bool; 4]);

/// What the M-protein tests show: immunofixation of serum and urine, electrophoresis of serum and urine.
fn bands(o: &Observation) -> [Option<bool>; 4] {
    let positive = |ife: Option<PosNeg>| ife.map(|r| r == PosNeg::Positive);
    [positive(o.serum_ife), positive(o.urine_ife), o.serum_seen(), o.urine_seen()]
}

impl Cleared {
    pub(super) fn add(&mut self, o: &Observation) {
        for (cleared, shown) in self.0.iter_mut().zip(bands(o)) {
            *cleared |= shown == Some(false);
        }
    }

    fn returned(self, o: &Observation) -> Verdict {
        let again =
            self.0.into_iter().zip(bands(o)).map(|(cleared, shown)| Verdict::from(cleared) & shown.into());
        again.fold(Verdict::NotMet, |any, one| any | one)
    }
}

/// Immunofixation of serum may show the therapeutic antibody, which is IgG-kappa.
pub(super) fn mab_interference(o: &Observation, said: Option<bool>) -> bool {
    o.mab_interference.or(said) == Some(true)
        && o.serum_ife == Some(PosNeg::Positive)
        && o.serum_ife_light_chain != Some(LightChain::Lambda)
}

impl Visit<'_> {
    /// Clinical relapse: what is known of it, and the ids of the criteria that hold.
    pub(super) fn clinical(&self, trace: &mut Trace) -> (Known, Vec<&'static str>) {
        let o = self.now;
        let mut found = Vec::new();
        let mut together = Known::NOT_MET;
        // What was not looked for at all is left to the trace; what was begun names what it lacks.
        let mut look = |criterion: &'static Criterion,
                        known: Known,
                        begun: bool,
                        values: &[(&'static str, Quantity)]| {
            if begun {
                known.report(self.at, trace);
            }
            if trace.judge(self.at, criterion, known.verdict, values).met() {
                found.push(criterion.id);
            }
            together = together | known;
        };
        let (bone, plasmacytoma) = (o.new_bone_lesion(), new_plasmacytoma(o, self.nadir));
        let new = Known::of(bone, Input::NewBoneLesion) | Known::of(plasmacytoma, Input::NewPlasmacytoma);
        look(
            &rules::CLINICAL_NEW_LESION,
            new,
            false,
            &[("bone", bone.into()), ("plasmacytoma", plasmacytoma.into())],
        );
        let (low, now) = (self.nadir.spd.get(), o.plasmacytoma_spd_mm2);
        let growth = Known::from(o.bone_lesion_progressed == Some(true)) | self.plasmacytoma_growth(low, now);
        look(
            &rules::CLINICAL_GROWTH,
            growth,
            now.is_some(),
            &[
                ("lowest_mm2", low.into()),
                ("now_mm2", now.into()),
                ("bone_lesion_progressed", o.bone_lesion_progressed.into()),
            ],
        );
        let calcium = o.calcium_mmol_l;
        look(
            &rules::HYPERCALCEMIA,
            Known::of(o.hypercalcemia(), Input::Calcium),
            false,
            &[("calcium_mmol_l", calcium.into())],
        );
        let from = match self.frame.parameters.hb_reference {
            HbReference::Baseline => self.frame.baseline.hb_g_l,
            HbReference::Highest => self.nadir.highest_hb,
        };
        let fall =
            both(from, Input::BaseHb, o.hb_g_l, Input::Hb, |from, now| rose_by_at_least(now, from, 20.0));
        look(
            &rules::CLINICAL_HB,
            fall & Known::of(o.hb_fall_myeloma_related, Input::HbRelated),
            o.hb_g_l.is_some(),
            &[
                ("from_g_l", from.into()),
                ("hb_g_l", o.hb_g_l.into()),
                ("related", o.hb_fall_myeloma_related.into()),
            ],
        );
        let base = self.frame.baseline.creatinine_umol_l;
        let rise = both(base, Input::BaseCreatinine, o.creatinine_umol_l, Input::Creatinine, |base, now| {
            rose_by_at_least(base, now, 176.8)
        });
        let related = o.creatinine_rise_myeloma_related;
        look(
            &rules::CLINICAL_CREATININE,
            rise & Known::of(related, Input::CreatinineRelated),
            o.creatinine_umol_l.is_some(),
            &[
                ("baseline_umol_l", base.into()),
                ("creatinine_umol_l", o.creatinine_umol_l.into()),
                ("related", related.into()),
            ],
        );
        look(
            &rules::CLINICAL_HYPERVISCOSITY,
            Known::of(o.hyperviscosity, Input::Hyperviscosity),
            false,
            &[("hyperviscosity", o.hyperviscosity.into())],
        );
        (together, found)
    }

    fn plasmacytoma_growth(&self, low: Option<f64>, now: Option<f64>) -> Known {
        let had = self.frame.had_plasmacytoma() == Some(true);
        let (Some(low), Some(now)) = (low, now) else {
            return if had { Known::lacking(&[Input::Spd]) } else { Known::NOT_MET };
        };
        let mut longest = Known::lacking(&[Input::LongestDiameter]);
        for (lesion, now) in pairs(self.now, self.nadir) {
            let grown = lesion.longest.zip(now).map(|(low, now)| rose_by_at_least(low, now, 10.0));
            let known = Known::of(grown, Input::LongestDiameter);
            longest = if longest.verdict.undecided() { known } else { longest | known };
        }
        Known::from(rose_at_least(low, now, 50.0)) & longest
    }

    /// Relapse from CR.
    pub(super) fn after_cr(&self, progression: &Progression, interference: bool, trace: &mut Trace) -> Known {
        let o = self.now;
        let parameters = self.frame.parameters;
        let alone = parameters.ife_alone_is_relapse;
        let by = |ife: Option<PosNeg>, input: Input, seen: Option<bool>, may_be_drug: bool| {
            let positive = Known::of(ife.map(|r| r == PosNeg::Positive), input);
            let counts = if may_be_drug {
                // The band may be the drug: only what electrophoresis also shows is known to be the disease.
                Known::of(seen.filter(|seen| *seen), Input::SerumElectrophoresis)
            } else if alone {
                Known::MET
            } else {
                Known::of(
                    seen,
                    if input == Input::SerumIfe {
                        Input::SerumElectrophoresis
                    } else {
                        Input::UrineElectrophoresis
                    },
                )
            };
            positive & counts
        };
        let ife = by(o.serum_ife, Input::SerumIfe, o.serum_seen(), interference)
            | by(o.urine_ife, Input::UrineIfe, o.urine_seen(), false);
        let code = |ife: Option<PosNeg>| Quantity::from(ife.map(PosNeg::code));
        trace.judge(
            self.at,
            &rules::RELAPSE_IFE,
            ife.verdict,
            &[
                ("serum_ife", code(o.serum_ife)),
                ("urine_ife", code(o.urine_ife)),
                ("mab_interference", interference.into()),
                ("ife_alone_is_relapse", alone.into()),
            ],
        );
        let percent = o.marrow_plasma_cell_percent;
        let marrow = Known::of(percent.map(|p| at_least(p, 5.0)), Input::Marrow);
        trace.judge(
            self.at,
            &rules::RELAPSE_MARROW,
            marrow.verdict,
            &[("marrow_plasma_cell_percent", percent.into())],
        );
        let progressed = Known::from(progression.met());
        trace.judge(self.at, &rules::RELAPSE_PROGRESSION, progressed.verdict, &[]);
        let mut relapse = ife | marrow | progressed;
        if parameters.relapse_from_cr_by_other_signs {
            let band = Known::of(o.serum_seen(), Input::SerumElectrophoresis)
                | Known::of(o.urine_seen(), Input::UrineElectrophoresis);
            trace.judge(
                self.at,
                &rules::RELAPSE_ELECTROPHORESIS,
                band.verdict,
                &[("serum_seen", o.serum_seen().into()), ("urine_seen", o.urine_seen().into())],
            );
            let calcium = Known::of(o.hypercalcemia(), Input::Calcium);
            let bone = Known::from(o.new_bone_lesion() == Some(true));
            relapse = relapse | band | calcium | bone;
        }
        trace.judge(self.at, &rules::RELAPSE_FROM_CR, relapse.verdict, &[]);
        relapse
    }

    /// Signs, other than MRD and imaging, of relapse after MRD negativity.
    pub(super) fn after_mrd_negative(
        &self,
        cleared: Cleared,
        progression: &Progression,
        trace: &mut Trace,
    ) -> Verdict {
        let o = self.now;
        let percent = o.marrow_plasma_cell_percent.map(|p| at_least(p, 5.0));
        let sign = cleared.returned(o)
            | (Verdict::from(percent) & Verdict::from(o.marrow_clonal))
            | Verdict::from(progression.met())
            | Verdict::from(o.new_bone_lesion())
            | Verdict::from(o.hypercalcemia());
        trace.judge(
            self.at,
            &rules::MRD_RELAPSE_SIGN,
            sign,
            &[
                ("m_protein_again", cleared.returned(o).met().into()),
                ("marrow_plasma_cell_percent", o.marrow_plasma_cell_percent.into()),
                ("marrow_clonal", o.marrow_clonal.into()),
                ("calcium_mmol_l", o.calcium_mmol_l.into()),
            ],
        )
    }
}

fn both(
    a: Option<f64>,
    a_input: Input,
    b: Option<f64>,
    b_input: Input,
    holds: impl Fn(f64, f64) -> bool,
) -> Known {
    if let (Some(a), Some(b)) = (a, b) {
        return holds(a, b).into();
    }
    let lacking = |value: Option<f64>, input| match value {
        Some(_) => Known::NOT_MET,
        None => Known::lacking(&[input]),
    };
    lacking(a, a_input) | lacking(b, b_input)
}
