//! DXA, RSP components and MRD of B-cell acute lymphoblastic leukemia.

use super::super::counts::Count;
use super::super::preparation::Plan;
use super::super::{Book, Course, yes_no};
use super::Seen;
use crate::random::{Stream, rounded};
use crate::response::Assessed;
use clinical::MissingCode;
use clinical::codes::assessment::{AntigenStatus, Category, CnsStatus, MrdMethod, MrdResult, MrdSpecimen};
use clinical::codes::baseline::{BAllStatus, FusionGene, RelapseNumber};
use clinical::codes::follow_up::{CsfCells, MrdLevel, MrdLimit, NeutrophilCount, PlateletCount, Timepoint};
use clinical::codes::{Percent, YesNoUnknown};
use clinical::field::CodeList;
use clinical::forms::b_all_baseline::BAllBaseline;
use clinical::forms::disease::CnsInvolvement;
use clinical::forms::leukemia_assessment::LeukemiaAssessment;
use clinical::forms::mrd::Mrd;
use clinical::record::Missing;

/// A leukemia before an infusion.
pub(crate) struct Leukemia {
    status: BAllStatus,
    relapses: i32,
    philadelphia: bool,
    blasts: f64,
    peripheral: f64,
    cns: CnsStatus,
    stream: Stream,
}

impl Leukemia {
    pub(crate) fn draw(c: &Course, s: &mut Stream) -> Option<Self> {
        // Without remission there were blasts to begin with, and for a progression room to grow.
        let refractory = c.assessed.iter().any(|a| matches!(a.category, Category::Nr | Category::Pd));
        let overt = if refractory { 0.0 } else { 1.0 };
        let low = if c.b.high_burden || c.facts.lines < 1 { 0.0 } else { overt };
        let several = if c.facts.lines >= 3 { 1.0 } else { 0.2 };
        let (status, relapses) = s.pick(&[
            ((BAllStatus::PrimaryRefractory, 0), 0.15),
            ((BAllStatus::FirstRelapse, 1), 0.45),
            ((BAllStatus::LaterRelapse, 2), 0.2 * several),
            ((BAllStatus::PostAlloRelapse, 1), 0.15),
            ((BAllStatus::MrdPositiveRemission, 1), 0.12 * low),
        ])?;
        let blasts = match (status, c.b.high_burden) {
            (BAllStatus::MrdPositiveRemission, _) => s.between(0, 3),
            (_, true) => s.between(40, if refractory { 58 } else { 95 }),
            (..) => s.between(if refractory { 18 } else { 6 }, 38),
        };
        let peripheral = if blasts > 20 { s.between(1, blasts - 10) } else { 0 };
        let cns = match c.facts.cns {
            CnsInvolvement::None => CnsStatus::Cns1,
            CnsInvolvement::Leptomeningeal => CnsStatus::Cns2a,
            _ => CnsStatus::Cns3a,
        };
        let (blasts, peripheral) = (f64::from(blasts), f64::from(peripheral));
        let philadelphia = s.chance(0.2);
        Some(Self { status, relapses, philadelphia, blasts, peripheral, cns, stream: s.clone() })
    }

    /// True when the leukemia came back after an allogeneic transplantation, which then took place.
    pub(crate) fn after_allograft(&self) -> bool {
        self.status == BAllStatus::PostAlloRelapse
    }

    pub(crate) fn baseline(&self, c: &Course, book: &mut Book) -> Option<()> {
        let mut s = self.stream.clone();
        let other = s.pick(&[
            (FusionGene::None, 0.62),
            (FusionGene::Kmt2a, 0.1),
            (FusionGene::Crlf2, 0.1),
            (FusionGene::Etv6Runx1, 0.08),
            (FusionGene::Znf384, 0.05),
            (FusionGene::Tcf3Pbx1, 0.05),
        ])?;
        let gene = if self.philadelphia { FusionGene::BcrAbl1 } else { other };
        book.put(BAllBaseline {
            patient_id: c.patient(),
            ph_positive: yes_no(self.philadelphia),
            fusion_genes: CodeList::new(&[gene]),
            blast_percent: Percent::new(self.blasts),
            peripheral_blast_percent: Percent::new(self.peripheral),
            disease_status: Some(self.status),
            relapse_number: RelapseNumber::new(self.relapses),
            cns_status: Some(self.cns),
            prior_blinatumomab: yes_no(s.chance(0.3)),
            prior_inotuzumab: yes_no(s.chance(0.2)),
            cd19_flow_percent: Percent::new(f64::from(s.between(85, 100))),
            cd22_flow_percent: Percent::new(f64::from(s.between(60, 100))),
            missing: Missing::default(),
        });
        Some(())
    }

    pub(crate) fn assess(
        &self,
        c: &Course,
        plan: &Plan,
        before: Count,
        s: &mut Stream,
        seen: &mut Seen,
        book: &mut Book,
    ) {
        let first = View {
            marrow: self.blasts,
            peripheral: self.peripheral,
            anc: before.anc,
            plt: before.plt,
            extramedullary: c.facts.extramedullary,
            cns: self.cns,
            antigen: Some(AntigenStatus::Positive),
        };
        let mut baseline = first.form(c, plan.imaging, true);
        baseline.timepoint = Some(Timepoint::Baseline);
        book.put(baseline);
        let level = (self.blasts / 100.0).max(2e-3);
        book.put(mrd(c, plan.imaging, Some(level), s));
        if self.philadelphia {
            let mut transcript = mrd(c, plan.imaging, Some(level), s);
            transcript.method = MrdMethod::BcrAbl;
            book.put(transcript);
        }
        for a in c.assessed {
            let view = self.view(c, a, s);
            seen.counts.push((a.day, view.anc, view.plt));
            book.put(view.form(c, a.day, a.category != Category::Ne));
            let remission = matches!(a.category, Category::Cr | Category::Crh | Category::Cri);
            let level = match a.category {
                Category::Ne | Category::Nr | Category::Pd => continue,
                _ if remission && s.chance(0.88) => None,
                _ if remission => Some(1e-4 * 10_f64.powf(s.uniform())),
                _ => Some(view.marrow / 100.0),
            };
            book.put(mrd(c, a.day, level, s));
        }
    }

    /// What gives the category.
    fn view(&self, c: &Course, a: &Assessed, s: &mut Stream) -> View {
        let between = |low: f64, high: f64, s: &mut Stream| low + (high - low) * s.uniform();
        let recovered = (rounded(between(1.1, 3.6, s), 2), rounded(between(104.0, 255.0, s), 0));
        let mut view = View {
            marrow: rounded(between(0.0, 3.0, s), 1),
            peripheral: 0.0,
            anc: recovered.0,
            plt: recovered.1,
            extramedullary: false,
            cns: CnsStatus::Cns1,
            antigen: None,
        };
        match a.category {
            Category::Crh => {
                (view.anc, view.plt) =
                    (rounded(between(0.56, 0.96, s), 2), rounded(between(55.0, 96.0, s), 0));
            }
            Category::Cri => {
                (view.anc, view.plt) =
                    (rounded(between(0.15, 0.48, s), 2), rounded(between(14.0, 46.0, s), 0));
            }
            Category::Nr => {
                view.marrow = rounded((self.blasts * between(0.6, 1.05, s)).max(6.0), 0);
                view.peripheral = rounded(self.peripheral * 0.8, 0);
                view.extramedullary = c.facts.extramedullary;
                view.anc = rounded(between(0.4, 1.5, s), 2);
                view.plt = rounded(between(20.0, 90.0, s), 0);
            }
            Category::Pd => {
                view.marrow = rounded((self.blasts * 1.5).min(95.0), 0);
                view.peripheral = rounded((self.peripheral * 1.6).max(3.0), 0);
                view.extramedullary = c.facts.extramedullary;
                view.antigen = s.pick(&[(AntigenStatus::Positive, 0.8), (AntigenStatus::Negative, 0.2)]);
            }
            Category::Relapse => {
                view.marrow = rounded(between(9.0, 80.0, s), 0);
                view.peripheral = rounded(view.marrow * 0.2, 0);
                view.antigen = s.pick(&[
                    (AntigenStatus::Positive, 0.55),
                    (AntigenStatus::Negative, 0.3),
                    (AntigenStatus::Dim, 0.15),
                ]);
            }
            _ => {}
        }
        view
    }
}

/// One look at the leukemia.
struct View {
    marrow: f64,
    peripheral: f64,
    anc: f64,
    plt: f64,
    extramedullary: bool,
    cns: CnsStatus,
    antigen: Option<AntigenStatus>,
}

impl View {
    fn form(&self, c: &Course, day: i32, evaluable: bool) -> LeukemiaAssessment {
        let missing =
            if evaluable { Vec::new() } else { vec![("marrow_blast_percent", MissingCode::NotDone)] };
        let (blasts, leukocytes) = match self.cns {
            CnsStatus::Cns1 => (false, 1.0),
            CnsStatus::Cns2a => (true, 3.0),
            _ => (true, 22.0),
        };
        LeukemiaAssessment {
            patient_id: c.patient(),
            infusion_number: c.number,
            assessment_date: c.date(day),
            timepoint: Some(Timepoint::FollowUp),
            marrow_blast_percent: Percent::new(self.marrow).filter(|_| evaluable),
            peripheral_blast_percent: Percent::new(self.peripheral),
            anc_10e9_l: NeutrophilCount::new(self.anc),
            platelets_10e9_l: PlateletCount::new(self.plt),
            trilineage_hematopoiesis: yes_no(self.marrow < 5.0).filter(|_| evaluable),
            extramedullary: yes_no(self.extramedullary),
            extramedullary_new: yes_no(false),
            cns_status: Some(self.cns),
            csf_blasts: yes_no(blasts),
            csf_wbc_ul: CsfCells::new(leukocytes),
            csf_rbc_ul: CsfCells::new(2.0),
            blood_wbc_10e9_l: None,
            blood_rbc_10e12_l: None,
            cns_signs: Some(YesNoUnknown::No),
            cd19_status: self.antigen,
            missing: Missing::new(missing),
        }
    }
}

/// A flow test; the level is given when the result is positive.
fn mrd(c: &Course, day: i32, level: Option<f64>, s: &mut Stream) -> Mrd {
    let fine = s.chance(0.3);
    Mrd {
        patient_id: c.patient(),
        infusion_number: c.number,
        assessment_date: c.date(day),
        method: if fine { MrdMethod::Ngs } else { MrdMethod::FlowOther },
        specimen: MrdSpecimen::Marrow,
        sensitivity: MrdLimit::new(if fine { 1e-6 } else { 1e-4 }),
        lod: MrdLimit::new(if fine { 1e-6 } else { 5e-5 }),
        result: Some(if level.is_some() { MrdResult::Positive } else { MrdResult::Negative }),
        mrd_level: level.and_then(|level| MrdLevel::new(rounded(level, 6))),
        imaging_negative: None,
        missing: Missing::default(),
    }
}
