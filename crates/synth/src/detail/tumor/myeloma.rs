//! DXM, RSP components and MRD of myeloma.

use super::super::preparation::Plan;
use super::super::{Book, Course, yes_no};
use super::Seen;
use crate::random::{Stream, rounded};
use crate::response::Assessed;
use clinical::MissingCode;
use clinical::codes::assessment::{
    Category, Criteria, LightChain, MProteinType, MeasurableType, MrdMethod, MrdResult, MrdSpecimen, PosNeg,
};
use clinical::codes::baseline::{EmdType, HighRiskFish, ProductOfDiameters};
use clinical::codes::follow_up::{
    Calcium, FlcRatio, FreeLightChain, MrdLevel, MrdLimit, ProductSum, SerumMProtein, Timepoint,
    UrineMProtein,
};
use clinical::codes::{Percent, YesNoUnknown, baseline};
use clinical::field::CodeList;
use clinical::forms::mrd::Mrd;
use clinical::forms::myeloma_assessment::MyelomaAssessment;
use clinical::forms::myeloma_baseline::MyelomaBaseline;
use clinical::record::Missing;

/// Quantities at one time, in the units of the forms.
#[derive(Debug, Clone, Copy)]
struct Burden {
    serum: f64,
    urine: f64,
    involved: f64,
    marrow: f64,
    plasmacytoma: Option<f64>,
}

/// A myeloma before an infusion.
pub(crate) struct Myeloma {
    isotype: MProteinType,
    chain: LightChain,
    measurable: MeasurableType,
    uninvolved: f64,
    emd: EmdType,
    start: Burden,
    stream: Stream,
}

impl Myeloma {
    pub(crate) fn draw(c: &Course, s: &mut Stream) -> Option<Self> {
        // A minimal response is defined for serum alone here; the two versions of the criteria differ for the others.
        let minimal = c.assessed.iter().any(|a| a.category == Category::Mr);
        let other = if minimal { 0.0 } else { 1.0 };
        let measurable = s.pick(&[
            (MeasurableType::Serum, 0.62),
            (MeasurableType::Both, 0.13 * other),
            (MeasurableType::Urine, 0.09 * other),
            (MeasurableType::FlcOnly, 0.16 * other),
        ])?;
        let in_serum = matches!(measurable, MeasurableType::Serum | MeasurableType::Both);
        let in_urine = matches!(measurable, MeasurableType::Urine | MeasurableType::Both);
        let isotype =
            s.pick(&[(MProteinType::IgG, 0.66), (MProteinType::IgA, 0.31), (MProteinType::IgD, 0.03)])?;
        let isotype = if in_serum { isotype } else { MProteinType::LightChain };
        let highest = if isotype == MProteinType::IgG { 24.0 } else { 45.0 };
        let marrow = if c.b.high_burden { s.between(50, 85) } else { s.between(10, 45) };
        let plasmacytoma = rounded(s.log_normal(900.0, 0.5).clamp(300.0, 4_000.0), 0);
        let serum = rounded(14.0 + (highest - 14.0) * s.uniform(), 1);
        let urine = rounded(s.log_normal(700.0, 0.5).clamp(300.0, 2_600.0), 0);
        let involved = rounded(s.log_normal(420.0, 0.5).clamp(220.0, 2_500.0), 1);
        let emd =
            s.pick(&[(EmdType::Paraskeletal, 0.65), (EmdType::Extraosseous, 0.3), (EmdType::Both, 0.05)])?;
        Some(Self {
            isotype,
            chain: s.pick(&[(LightChain::Kappa, 0.6), (LightChain::Lambda, 0.4)])?,
            measurable,
            uninvolved: rounded(6.0 + 6.0 * s.uniform(), 1),
            emd: if c.facts.extramedullary { emd } else { EmdType::None },
            start: Burden {
                serum: if in_serum { serum } else { 0.0 },
                urine: if in_urine { urine } else { 0.0 },
                involved,
                marrow: f64::from(marrow),
                plasmacytoma: c.facts.extramedullary.then_some(plasmacytoma),
            },
            stream: s.clone(),
        })
    }

    /// Serum M-protein of immunoglobulin G type.
    pub(crate) fn igg(&self) -> f64 {
        if self.isotype == MProteinType::IgG { self.start.serum } else { 0.0 }
    }

    /// Free kappa and lambda.
    fn chains(&self, involved: f64) -> (f64, f64) {
        match self.chain {
            LightChain::Kappa => (involved, self.uninvolved),
            LightChain::Lambda => (self.uninvolved, involved),
        }
    }

    pub(crate) fn baseline(&self, c: &Course, book: &mut Book) -> Option<()> {
        let mut s = self.stream.clone();
        let fish = s.pick(&[
            ([HighRiskFish::None; 2], 0.5),
            ([HighRiskFish::Gain1q; 2], 0.2),
            ([HighRiskFish::Del17p; 2], 0.1),
            ([HighRiskFish::T414; 2], 0.08),
            ([HighRiskFish::Del17p, HighRiskFish::Gain1q], 0.12),
        ])?;
        let (kappa, lambda) = self.chains(self.start.involved);
        let given = |value: f64| (value > 0.0).then_some(value);
        book.put(MyelomaBaseline {
            patient_id: c.patient(),
            m_type: Some(self.isotype),
            light_chain: Some(self.chain),
            measurable_type: Some(self.measurable),
            high_risk_fish: CodeList::new(&fish),
            baseline_m_serum: given(self.start.serum).and_then(baseline::SerumMProtein::new),
            baseline_m_urine: given(self.start.urine).and_then(baseline::UrineMProtein::new),
            baseline_kappa: baseline::FreeLightChain::new(kappa),
            baseline_lambda: baseline::FreeLightChain::new(lambda),
            baseline_bmpc: Percent::new(self.start.marrow),
            baseline_circulating_pc: None,
            plasmacytoma_spd: self.start.plasmacytoma.and_then(ProductOfDiameters::new),
            bcma_percent: Percent::new(f64::from(s.between(40, 100))),
            emd_type: Some(self.emd),
            amyloidosis: yes_no(s.chance(0.04)),
            missing: Missing::default(),
        });
        Some(())
    }

    pub(crate) fn assess(&self, c: &Course, plan: &Plan, s: &mut Stream, seen: &mut Seen, book: &mut Book) {
        let first =
            Assessed { day: plan.imaging, month: None, criteria: Criteria::Imwg2016, category: Category::Sd };
        book.put(self.form(c, &first, self.start, Timepoint::Baseline, s));
        let shares = [0.03 + 0.04 * s.uniform(), 0.15 + 0.25 * s.uniform(), 0.58 + 0.10 * s.uniform()];
        let mut lowest = self.start;
        let mut tests = 0;
        for a in c.assessed {
            let burden = self.burden(a, shares, lowest);
            if a.category != Category::Ne {
                lowest = Burden {
                    serum: lowest.serum.min(burden.serum),
                    urine: lowest.urine.min(burden.urine),
                    involved: lowest.involved.min(burden.involved),
                    ..burden
                };
                if self.isotype == MProteinType::IgG {
                    seen.igg.push((a.day, burden.serum));
                }
            }
            book.put(self.form(c, a, burden, Timepoint::FollowUp, s));
            let deep = matches!(a.category, Category::Scr | Category::Cr | Category::Vgpr);
            if deep && tests < 3 {
                tests += 1;
                book.put(mrd(c, a, s));
            }
        }
    }

    /// Quantities that give the category, measured from the lowest so far.
    fn burden(&self, a: &Assessed, [deep, half, some]: [f64; 3], lowest: Burden) -> Burden {
        let start = self.start;
        let difference = start.involved - self.uninvolved;
        let at = |serum: f64, urine: f64, spd: f64| Burden {
            serum: rounded(start.serum * serum, 1),
            urine: rounded(start.urine * urine, 0),
            involved: rounded(self.uninvolved + difference * serum, 1),
            marrow: rounded((start.marrow * serum).max(1.0), 0),
            plasmacytoma: start.plasmacytoma.map(|p| rounded(p * spd, 0)),
        };
        match a.category {
            Category::Scr | Category::Cr => {
                // A normal ratio makes the response stringent unless the marrow is clonal; otherwise it is left abnormal.
                let normal = a.category == Category::Scr || self.measurable == MeasurableType::FlcOnly;
                let involved = rounded(self.uninvolved * if normal { 1.2 } else { 4.5 }, 1);
                Burden { involved, marrow: 2.0, ..at(0.0, 0.0, 0.0) }
            }
            Category::Vgpr => Burden { marrow: 3.0, ..at(deep, deep.min(70.0 / start.urine.max(1.0)), deep) },
            // In urine below 200 mg, and above the 100 mg of a very good partial response.
            Category::Pr => at(half, (start.urine * 0.08).clamp(110.0, 190.0) / start.urine.max(1.0), half),
            Category::Mr => at(some, 0.3, if a.criteria == Criteria::ImwgSeed { 0.62 } else { 0.45 }),
            Category::Pd | Category::Relapse => Burden {
                serum: if start.serum > 0.0 {
                    rounded((lowest.serum + 11.0).max(lowest.serum * 1.45), 1)
                } else {
                    0.0
                },
                urine: if start.urine > 0.0 {
                    rounded((lowest.urine + 450.0).max(lowest.urine * 1.45), 0)
                } else {
                    0.0
                },
                involved: rounded(lowest.involved + 320.0, 1),
                marrow: rounded(start.marrow.max(12.0), 0),
                plasmacytoma: start.plasmacytoma,
            },
            _ => at(0.92, 0.92, 0.92),
        }
    }

    fn form(
        &self,
        c: &Course,
        a: &Assessed,
        burden: Burden,
        timepoint: Timepoint,
        s: &mut Stream,
    ) -> MyelomaAssessment {
        let follow_up = timepoint == Timepoint::FollowUp;
        let evaluable = a.category != Category::Ne;
        let complete = follow_up && matches!(a.category, Category::Scr | Category::Cr);
        let marrow = !follow_up || complete || a.category.is_progression();
        let (kappa, lambda) = self.chains(burden.involved);
        // Below 0.1 three decimals would be too coarse.
        let ratio = rounded(kappa / lambda, if kappa < 0.1 * lambda { 4 } else { 2 }).max(0.001);
        let fixation = |remains: bool| if remains { PosNeg::Positive } else { PosNeg::Negative };
        let secretes_serum = self.start.serum > 0.0 || !complete;
        let missing =
            if evaluable { Vec::new() } else { vec![("serum_m_protein_g_l", MissingCode::NotDone)] };
        // Where free light chains alone are measured, a normal ratio comes with complete response; clonal cells tell it from stringent.
        let clonal = a.category == Category::Cr && self.measurable == MeasurableType::FlcOnly;
        MyelomaAssessment {
            patient_id: c.patient(),
            infusion_number: c.number,
            assessment_date: c.date(a.day),
            timepoint: Some(timepoint),
            serum_m_protein_g_l: SerumMProtein::new(burden.serum).filter(|_| evaluable),
            urine_m_protein_mg_24h: UrineMProtein::new(burden.urine).filter(|_| evaluable),
            flc_kappa_mg_l: FreeLightChain::new(kappa).filter(|_| evaluable),
            flc_lambda_mg_l: FreeLightChain::new(lambda).filter(|_| evaluable),
            flc_ratio: FlcRatio::new(ratio).filter(|_| evaluable),
            serum_ife: evaluable.then_some(fixation(!complete && secretes_serum)),
            urine_ife: evaluable
                .then_some(fixation(!complete && (burden.urine > 0.0 || self.start.urine > 0.0))),
            mab_interference: evaluable.then_some(YesNoUnknown::No),
            marrow_plasma_cell_percent: Percent::new(burden.marrow).filter(|_| evaluable && marrow),
            marrow_clonal: if complete { yes_no(clonal) } else { None },
            plasmacytoma_spd_mm2: burden.plasmacytoma.and_then(ProductSum::new).filter(|_| evaluable),
            plasmacytoma_new: yes_no(false).filter(|_| evaluable),
            bone_lesion_new: yes_no(false).filter(|_| evaluable),
            circulating_plasma_cells_ul: None,
            calcium_mmol_l: Calcium::new(rounded(2.25 + 0.09 * s.normal(), 2)).filter(|_| evaluable),
            hb_g_l: None,
            creatinine_umol_l: None,
            missing: Missing::new(missing),
        }
    }
}

fn mrd(c: &Course, a: &Assessed, s: &mut Stream) -> Mrd {
    let negative = s.chance(if a.category == Category::Vgpr { 0.55 } else { 0.85 });
    let ngs = s.chance(0.2);
    let level = (1e-5 * 10_f64.powf(2.0 * s.uniform())).min(1e-3);
    Mrd {
        patient_id: c.patient(),
        infusion_number: c.number,
        assessment_date: c.date(a.day),
        method: if ngs { MrdMethod::Ngs } else { MrdMethod::FlowNgf },
        specimen: MrdSpecimen::Marrow,
        sensitivity: MrdLimit::new(1e-5),
        lod: MrdLimit::new(if ngs { 1e-6 } else { 2e-6 }),
        result: Some(if negative { MrdResult::Negative } else { MrdResult::Positive }),
        mrd_level: if negative { None } else { MrdLevel::new(rounded(level, 6)) },
        imaging_negative: (a.category != Category::Vgpr && s.chance(0.5)).then_some(YesNoUnknown::Yes),
        missing: Missing::default(),
    }
}
