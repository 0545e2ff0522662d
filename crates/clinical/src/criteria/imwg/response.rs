//! sCR, CR, VGPR, PR, MR and SD of one assessment.

use super::frame::{Frame, MEASURABLE_MARROW, MEASURABLE_URINE};
use super::known::{Input, Known};
use super::observation::Observation;
use super::parameters::{FlcFall, MrUrine, Version};
use super::rules;
use crate::codes::assessment::{Category, MeasurableType, PosNeg};
use crate::criteria::compare::{Verdict, at_least, at_most, below, fell_at_least, fell_more_than};
use crate::criteria::trace::{At, Criterion, Quantity, Trace};

/// The category of a response that cannot be told.
pub(super) const NOT_EVALUABLE: &str = "not_evaluable";

/// The response categories in the order in which they are tried.
const RESPONSES: [Category; 5] = [Category::Scr, Category::Cr, Category::Vgpr, Category::Pr, Category::Mr];

/// One assessment under judgement.
pub(super) struct Judge<'a, 't> {
    pub(super) frame: &'a Frame<'a>,
    pub(super) now: &'a Observation,
    /// An earlier assessment whose marrow and imaging stand in for those not repeated: they need no confirmation.
    pub(super) carried: Option<&'a Observation>,
    /// The immunohistochemistry before this one was abnormal.
    pub(super) earlier_ihc: Option<Known>,
    pub(super) at: At,
    pub(super) trace: &'t mut Trace,
    /// Whether the assessment was found to be at least a CR, once that was tried.
    pub(super) complete: Verdict,
    bone: Option<Known>,
}

impl<'a, 't> Judge<'a, 't> {
    pub(super) fn new(frame: &'a Frame<'a>, now: &'a Observation, at: At, trace: &'t mut Trace) -> Self {
        Self {
            frame,
            now,
            carried: None,
            earlier_ihc: None,
            at,
            trace,
            complete: Verdict::Undecided,
            bone: None,
        }
    }

    pub(super) fn judge(
        &mut self,
        criterion: &'static Criterion,
        known: Known,
        values: &[(&'static str, Quantity)],
    ) -> Known {
        self.trace.judge(self.at, criterion, known.verdict, values);
        known
    }

    /// The best category shown, tried from sCR downwards and not below `floor`, and what is known of all that were tried.
    pub(super) fn best(&mut self, floor: Category) -> (Option<Category>, Known) {
        let mut tried = Known::NOT_MET;
        let mut complete = Known::NOT_MET;
        for category in RESPONSES {
            let (criterion, known) = match category {
                Category::Scr => {
                    complete = self.complete();
                    self.complete = complete.verdict;
                    (&rules::SCR, self.stringent(complete))
                }
                Category::Cr => (&rules::CR, complete),
                Category::Vgpr => (&rules::VGPR, self.very_good()),
                Category::Pr => (&rules::PR, self.partial()),
                _ => (&rules::MR, self.minimal()),
            };
            let code = category.code();
            if self.trace.decide(self.at, criterion, known.verdict, &[], code).met() {
                tried.report(self.at, self.trace);
                return (Some(category), Known::MET);
            }
            tried = tried | known;
            if category == floor {
                break;
            }
        }
        (None, tried)
    }

    /// Stable disease, or that nothing can be told.
    pub(super) fn rest(&mut self, better: Known) -> Category {
        let bone = self.bone_stable();
        let known = !better & self.frame.measured(self.now) & bone;
        if self.trace.decide(self.at, &rules::SD, known.verdict, &[], Category::Sd.code()).met() {
            return Category::Sd;
        }
        known.report(self.at, self.trace);
        self.trace.decide(self.at, &rules::NOT_EVALUABLE, true, &[], NOT_EVALUABLE);
        Category::Ne
    }

    fn very_good(&mut self) -> Known {
        let o = self.now;
        let parameters = self.frame.parameters;
        let response = match self.frame.kind {
            MeasurableType::Serum | MeasurableType::Urine | MeasurableType::Both => {
                self.gone_on_electrophoresis() | self.fell_by_90()
            }
            MeasurableType::FlcOnly => {
                let fall = self.flc_fall(90.0, parameters.vgpr_flc_fall == FlcFall::MoreThan90);
                match (parameters.version, o.urine_m()) {
                    // The printed rule asks the other clauses of VGPR as well.
                    (Version::Csco2024, Some(urine)) => fall & below(urine, 100.0).into(),
                    _ => fall,
                }
            }
            MeasurableType::PlasmacytomaOnly => parameters.vgpr_plasmacytoma.into(),
            MeasurableType::MarrowOnly | MeasurableType::CirculatingOnly | MeasurableType::None => {
                Known::NOT_MET
            }
        };
        if response.verdict.not_met() {
            return response;
        }
        let plasmacytoma =
            if parameters.vgpr_plasmacytoma { self.plasmacytoma_fall(90.0, true) } else { Known::MET };
        let bone = self.bone_if_asked();
        response & plasmacytoma & bone
    }

    fn gone_on_electrophoresis(&mut self) -> Known {
        let o = self.now;
        let both = self.frame.parameters.vgpr_urine_electrophoresis || !self.frame.by_serum();
        let serum = !Known::of(o.serum_seen(), Input::SerumElectrophoresis);
        let known = if both {
            serum & !Known::of(o.urine_seen(), Input::UrineElectrophoresis)
        } else {
            let known = |ife: Option<PosNeg>, input| Known::of(ife.map(|_| true), input);
            serum & known(o.serum_ife, Input::SerumIfe) & known(o.urine_ife, Input::UrineIfe)
        };
        let values = [("serum_seen", o.serum_seen().into()), ("urine_seen", o.urine_seen().into())];
        self.judge(&rules::VGPR_ELECTROPHORESIS, known, &values)
    }

    fn fell_by_90(&mut self) -> Known {
        let (serum, urine) = (self.now.serum_m(), self.now.urine_m());
        let mut known = self.serum_fall(90.0) & Known::of(urine.map(|u| below(u, 100.0)), Input::UrineM);
        if !self.frame.by_serum() {
            known = known & self.frame.fall(&self.frame.urine(), urine, 90.0);
        }
        let values = [("serum_m_protein_g_l", serum.into()), ("urine_m_protein_mg_24h", urine.into())];
        self.judge(&rules::VGPR_FALL, known, &values)
    }

    fn partial(&mut self) -> Known {
        let bone = self.bone_stable();
        let response = match self.frame.kind {
            MeasurableType::Serum | MeasurableType::Urine | MeasurableType::Both => {
                let urine = self.now.urine_m();
                let fall = match urine {
                    Some(now) if below(now, MEASURABLE_URINE) => Known::MET,
                    _ => self.frame.fall(&self.frame.urine(), urine, 90.0),
                };
                self.serum_fall(50.0) & self.urine_fall(fall, self.frame.urine().base, urine, 90.0)
            }
            MeasurableType::FlcOnly => self.flc_fall(50.0, false),
            MeasurableType::MarrowOnly => self.marrow_fall(),
            MeasurableType::PlasmacytomaOnly => Known::MET,
            MeasurableType::CirculatingOnly | MeasurableType::None => Known::NOT_MET,
        };
        if response.verdict.not_met() {
            response
        } else {
            response & self.plasmacytoma_fall(50.0, false) & bone
        }
    }

    fn minimal(&mut self) -> Known {
        let response = match self.frame.kind {
            MeasurableType::Serum | MeasurableType::Urine | MeasurableType::Both => {
                self.serum_fall(25.0) & self.minimal_urine()
            }
            MeasurableType::PlasmacytomaOnly => Known::MET,
            _ => Known::NOT_MET,
        };
        if response.verdict.not_met() {
            return response;
        }
        let percent = self.frame.parameters.mr_plasmacytoma_fall_percent;
        response & self.plasmacytoma_fall(percent, false) & self.bone_stable()
    }

    fn minimal_urine(&mut self) -> Known {
        let chains = self.frame.baseline.urine_light_chain_mg_24h.zip(self.now.urine_light_chain_mg_24h);
        if self.frame.parameters.mr_urine == MrUrine::LightChain
            && let Some((base, now)) = chains
        {
            return self.urine_fall(fell_at_least(base, now, 50.0).into(), Some(base), Some(now), 50.0);
        }
        let urine = self.now.urine_m();
        let fall = self.frame.fall(&self.frame.urine(), urine, 50.0);
        self.urine_fall(fall, self.frame.urine().base, urine, 50.0)
    }

    fn urine_fall(&mut self, known: Known, base: Option<f64>, now: Option<f64>, percent: f64) -> Known {
        self.judge(
            &rules::URINE_FALL,
            known,
            &[("baseline_mg_24h", base.into()), ("now_mg_24h", now.into()), ("percent", percent.into())],
        )
    }

    fn serum_fall(&mut self, percent: f64) -> Known {
        let serum = self.frame.serum();
        let known = self.frame.fall(&serum, self.now.serum_m(), percent);
        self.judge(
            &rules::SERUM_FALL,
            known,
            &[
                ("baseline_g_l", serum.base.into()),
                ("now_g_l", self.now.serum_m().into()),
                ("percent", percent.into()),
            ],
        )
    }

    fn flc_fall(&mut self, percent: f64, strictly: bool) -> Known {
        let (base, now) = (self.frame.dflc(self.frame.baseline), self.frame.dflc(self.now));
        let known = match (base, now) {
            (Some(base), Some(now)) if strictly => fell_more_than(base, now, percent).into(),
            (Some(base), Some(now)) => fell_at_least(base, now, percent).into(),
            _ => self.frame.lacking_base_dflc() | self.frame.lacking_dflc(self.now),
        };
        self.judge(
            &rules::FLC_FALL,
            known,
            &[("baseline_dflc_mg_l", base.into()), ("dflc_mg_l", now.into()), ("percent", percent.into())],
        )
    }

    fn marrow_fall(&mut self) -> Known {
        let base = self.frame.baseline.marrow_plasma_cell_percent;
        let now = self.now.marrow_plasma_cell_percent;
        let high = Known::of(base.map(|b| at_least(b, MEASURABLE_MARROW)), Input::BaseMarrow);
        let fall = match (base, now) {
            (Some(base), Some(now)) => fell_at_least(base, now, 50.0).into(),
            (_, None) => Known::lacking(&[Input::Marrow]),
            (None, _) => Known::lacking(&[Input::BaseMarrow]),
        };
        self.judge(
            &rules::MARROW_FALL,
            high & fall,
            &[("baseline_percent", base.into()), ("now_percent", now.into())],
        )
    }

    /// Size of the plasmacytomas, mm²; those gone to a diameter of 0 have none.
    pub(super) fn spd(&self) -> Option<f64> {
        let of = |o: &Observation| {
            let gone = o.plasmacytoma_longest_diameter_mm.filter(|size| at_most(*size, 0.0)).map(|_| 0.0);
            o.plasmacytoma_spd_mm2.or(gone)
        };
        of(self.now).or_else(|| self.carried.and_then(of))
    }

    fn plasmacytoma_fall(&mut self, percent: f64, strictly: bool) -> Known {
        let (base, now) = (self.frame.baseline.plasmacytoma_spd_mm2, self.spd());
        let known = match (self.frame.had_plasmacytoma(), base, now) {
            (Some(false), ..) => Known::MET,
            (None, ..) => {
                Known::of((!self.frame.parameters.imaging_required).then_some(true), Input::BaseSpd)
            }
            (Some(true), Some(base), Some(now)) if strictly => fell_more_than(base, now, percent).into(),
            (Some(true), Some(base), Some(now)) => fell_at_least(base, now, percent).into(),
            (Some(true), None, Some(now)) => Known::of(at_most(now, 0.0).then_some(true), Input::BaseSpd),
            (Some(true), Some(_), None) => Known::lacking(&[Input::Spd]),
            (Some(true), None, None) => Known::lacking(&[Input::BaseSpd, Input::Spd]),
        };
        self.judge(
            &rules::PLASMACYTOMA_FALL,
            known,
            &[("baseline_mm2", base.into()), ("now_mm2", now.into()), ("percent", percent.into())],
        )
    }

    /// Known growth or novelty ends a response; not having looked does not, unless imaging is asked for (Kumar 2016, footnote).
    pub(super) fn bone_stable(&mut self) -> Known {
        if let Some(known) = self.bone {
            return known;
        }
        let o = self.now;
        let (new, grown) = (o.new_bone_lesion(), o.bone_lesion_progressed);
        let looked = new.or(self.carried.and_then(Observation::new_bone_lesion));
        let known = if new == Some(true) || grown == Some(true) {
            Known::NOT_MET
        } else if self.frame.parameters.imaging_required {
            Known::of(looked.map(|_| true), Input::NewBoneLesion)
        } else {
            Known::MET
        };
        self.bone = Some(known);
        self.judge(
            &rules::BONE_STABLE,
            known,
            &[
                ("bone_lesion_new", o.bone_lesion_new.into()),
                ("osteoporotic_fracture", o.osteoporotic_fracture.into()),
                ("bone_lesion_progressed", grown.into()),
            ],
        )
    }

    /// The published standard asks it of every response, the printed text from PR downwards.
    pub(super) fn bone_if_asked(&mut self) -> Known {
        match self.frame.parameters.version {
            Version::Imwg2016 => self.bone_stable(),
            Version::Csco2024 => Known::MET,
        }
    }
}
