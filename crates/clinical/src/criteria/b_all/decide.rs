//! Remission, relapse, progression and refractory disease on one day (C3).

use super::check::{Burden, Reading};
use super::input::{BAllCategory, BAllParameters, BloodRelapse, LeukemiaSite};
use super::{cns, rules};
use crate::codes::assessment::CnsStatus;
use crate::criteria::compare::{above, at_least, below, rose_at_least};
use crate::criteria::{At, Criterion, Trace, Verdict};

/// Marrow blasts of remission lie below this, %.
const REMISSION_PERCENT: f64 = 5.0;
const ANC: f64 = 1.0;
const PLATELETS: f64 = 100.0;
const ANC_PARTIAL: f64 = 0.5;
const PLATELETS_PARTIAL: f64 = 50.0;
/// Relative rise of progression, %.
const RISE_PERCENT: f64 = 25.0;

/// Where the patient stands before an assessment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course<'a> {
    /// In remission, by the last decision that told or by baseline.
    pub(super) remission: bool,
    /// What progression is counted from: baseline, or the relapse that began the present disease.
    pub(super) reference: Burden<'a>,
    /// Extramedullary disease as last known.
    pub(super) extramedullary: Option<bool>,
    /// The sites last listed with it.
    pub(super) sites: &'a [LeukemiaSite],
}

/// One assessment to decide.
pub(super) struct Scene<'a> {
    pub(super) at: At,
    pub(super) now: &'a Reading<'a>,
    pub(super) course: &'a Course<'a>,
    pub(super) cns: Option<CnsStatus>,
    pub(super) choices: &'a BAllParameters,
}

struct Relapse {
    marrow: Verdict,
    blood: Verdict,
    extramedullary: Verdict,
}

struct Progress {
    marrow: Verdict,
    blood: Verdict,
    extramedullary: Verdict,
}

impl Scene<'_> {
    fn extramedullary(&self) -> Verdict {
        let in_cns = self.cns.is_some_and(cns::is_disease);
        Verdict::from(self.now.burden.extramedullary) | Verdict::from(in_cns)
    }

    fn relapse(&self, trace: &mut Trace) -> Relapse {
        let (at, seen, choices) = (self.at, &self.now.burden, self.choices);
        let cut = choices.relapse_blast_percent;
        let over = |p: f64| if choices.relapse_blast_inclusive { at_least(p, cut) } else { above(p, cut) };
        let values = [("marrow_blast_percent", seen.marrow.into()), ("cut_percent", cut.into())];
        let marrow = trace.judge(at, &rules::RELAPSE_MARROW, seen.marrow.map(over), &values);
        let blood = match (choices.relapse_blood, seen.circulating) {
            (BloodRelapse::Any, any) => Verdict::from(any),
            (BloodRelapse::Cut, Some(false)) => Verdict::NotMet,
            (BloodRelapse::Cut, _) => seen.peripheral.map(over).into(),
        };
        let values = [
            ("circulating_blasts", seen.circulating.into()),
            ("peripheral_blast_percent", seen.peripheral.into()),
        ];
        let blood = trace.judge(at, &rules::RELAPSE_BLOOD, blood, &values);
        let values = [
            ("extramedullary_disease", seen.extramedullary.into()),
            ("cns_status", self.cns.map(CnsStatus::code).into()),
        ];
        let extramedullary = trace.judge(at, &rules::RELAPSE_EXTRAMEDULLARY, self.extramedullary(), &values);
        Relapse { marrow, blood, extramedullary }
    }

    /// The sites of a relapse, in the order of the value set.
    fn sites(&self, relapse: &Relapse) -> Vec<LeukemiaSite> {
        let listed = self.now.burden.sites;
        let in_cns = self.cns.is_some_and(cns::is_disease);
        let elsewhere = relapse.extramedullary.met() && listed.is_empty() && !in_cns;
        let holds = |site: &LeukemiaSite| match site {
            LeukemiaSite::Marrow => relapse.marrow.met(),
            LeukemiaSite::Blood => relapse.blood.met(),
            LeukemiaSite::Cns => in_cns || listed.contains(site),
            LeukemiaSite::Extramedullary => elsewhere || listed.contains(site),
            other => listed.contains(other),
        };
        LeukemiaSite::ALL.iter().copied().filter(holds).collect()
    }

    /// Everything a remission needs but the counts.
    fn cleared(&self, trace: &mut Trace) -> Verdict {
        let (at, seen) = (self.at, &self.now.burden);
        let marrow = trace.judge(
            at,
            &rules::CR_MARROW,
            seen.marrow.map(|p| below(p, REMISSION_PERCENT)),
            &[("marrow_blast_percent", seen.marrow.into())],
        );
        let blood = trace.judge(
            at,
            &rules::NO_CIRCULATING,
            !Verdict::from(seen.circulating),
            &[("circulating_blasts", seen.circulating.into())],
        );
        let elsewhere = trace.judge(
            at,
            &rules::NO_EXTRAMEDULLARY,
            !self.extramedullary(),
            &[("extramedullary_disease", seen.extramedullary.into())],
        );
        let stated = self.now.source.trilineage_hematopoiesis;
        let trilineage = if self.choices.require_trilineage { stated } else { Some(stated.unwrap_or(true)) };
        let trilineage =
            trace.judge(at, &rules::TRILINEAGE, trilineage, &[("trilineage_hematopoiesis", stated.into())]);
        marrow & blood & elsewhere & trilineage
    }

    /// Full recovery of the counts, and partial recovery.
    fn counts(&self, trace: &mut Trace) -> (Verdict, Verdict) {
        let (at, anc, platelets) = (self.at, self.now.anc, self.now.platelets);
        let reached = |x: f64, needed: f64| {
            if self.choices.nccn_strict { above(x, needed) } else { at_least(x, needed) }
        };
        let full_anc = trace.judge(
            at,
            &rules::ANC_RECOVERED,
            anc.map(|x| reached(x, ANC)),
            &[("anc_10e9_l", anc.into())],
        );
        let full_platelets = trace.judge(
            at,
            &rules::PLATELETS_RECOVERED,
            platelets.map(|x| reached(x, PLATELETS)),
            &[("platelets_10e9_l", platelets.into())],
        );
        let partial = Verdict::from(anc.map(|x| above(x, ANC_PARTIAL)))
            & Verdict::from(platelets.map(|x| above(x, PLATELETS_PARTIAL)));
        let values = [("anc_10e9_l", anc.into()), ("platelets_10e9_l", platelets.into())];
        let partial = trace.judge(at, &rules::PARTIAL_RECOVERY, partial, &values);
        (full_anc & full_platelets, partial & Verdict::from(self.choices.crh))
    }

    /// The conditions of progression, for disease that is there.
    fn progress(&self, trace: &mut Trace) -> Progress {
        let (at, seen, reference) = (self.at, &self.now.burden, &self.course.reference);
        let rise = |before: Option<f64>, now: Option<f64>| {
            Verdict::from(before.zip(now).map(|(before, now)| rose_at_least(before, now, RISE_PERCENT)))
        };
        let many = Verdict::from(seen.marrow.map(|p| at_least(p, REMISSION_PERCENT)));
        let marrow = many & rise(reference.marrow, seen.marrow);
        let values = [
            ("marrow_blast_before_percent", reference.marrow.into()),
            ("marrow_blast_percent", seen.marrow.into()),
        ];
        let marrow = trace.judge(at, &rules::PD_MARROW, marrow, &values);
        let first = reference.circulating == Some(false);
        let number = if first { Verdict::Met } else { rise(reference.number, seen.number) };
        let values = [
            ("blasts_before_10e9_l", reference.number.into()),
            ("blasts_10e9_l", seen.number.into()),
            ("circulating_blasts", seen.circulating.into()),
        ];
        let blood = trace.judge(at, &rules::PD_BLOOD, Verdict::from(seen.circulating) & number, &values);
        let extramedullary = self.extramedullary() & self.new_site();
        let values = [
            ("extramedullary_before", self.course.extramedullary.into()),
            ("extramedullary_disease", seen.extramedullary.into()),
        ];
        let extramedullary = trace.judge(at, &rules::PD_EXTRAMEDULLARY, extramedullary, &values);
        Progress { marrow, blood, extramedullary }
    }

    /// Whether extramedullary disease seen now was not there before. Between two times with disease the sites tell.
    fn new_site(&self) -> Verdict {
        match self.course.extramedullary {
            None => Verdict::Undecided,
            Some(false) => Verdict::Met,
            Some(true) => {
                let in_cns = self.cns.is_some_and(cns::is_disease).then_some(LeukemiaSite::Cns);
                let mut now = self.now.burden.sites.iter().copied().chain(in_cns).peekable();
                let before = self.course.sites;
                if now.peek().is_none() || before.is_empty() {
                    return Verdict::Undecided;
                }
                now.any(|site| !before.contains(&site)).into()
            }
        }
    }

    fn persists(&self, trace: &mut Trace) -> Verdict {
        let seen = &self.now.burden;
        let many = Verdict::from(seen.marrow.map(|p| at_least(p, REMISSION_PERCENT)));
        let persists = many | Verdict::from(seen.circulating) | self.extramedullary();
        trace.judge(self.at, &rules::PERSISTENT, persists, &[("marrow_blast_percent", seen.marrow.into())])
    }

    fn miss(&self, absent: bool, name: &'static str, trace: &mut Trace) {
        if absent {
            trace.miss(self.at, name);
        }
    }

    fn miss_burden(&self, trace: &mut Trace) {
        let seen = &self.now.burden;
        self.miss(seen.marrow.is_none(), "marrow_blast_percent", trace);
        self.miss(seen.circulating.is_none(), "peripheral_blast_percent", trace);
        self.miss(self.extramedullary().undecided(), "extramedullary_disease", trace);
    }

    fn miss_progress(&self, progress: &Progress, trace: &mut Trace) {
        let (seen, before) = (&self.now.burden, &self.course.reference);
        if progress.marrow.undecided() {
            self.miss(seen.marrow.is_none(), "marrow_blast_percent", trace);
            self.miss(before.marrow.is_none(), "baseline.marrow_blast_percent", trace);
        }
        if progress.blood.undecided() {
            self.miss(seen.circulating.is_none(), "peripheral_blast_percent", trace);
            self.miss(seen.number.is_none(), "peripheral_blasts_10e9_l", trace);
            self.miss(before.number.is_none(), "baseline.peripheral_blasts_10e9_l", trace);
        }
        if progress.extramedullary.undecided() {
            self.miss(self.extramedullary().undecided(), "extramedullary_disease", trace);
            self.miss(self.course.extramedullary.is_none(), "baseline.extramedullary_disease", trace);
            let unnamed = self.course.extramedullary == Some(true) && seen.sites.is_empty();
            self.miss(unnamed, "extramedullary_sites", trace);
            let unnamed = self.course.extramedullary == Some(true) && self.course.sites.is_empty();
            self.miss(unnamed, "baseline.extramedullary_sites", trace);
        }
    }
}

/// The category of one assessment, with the sites when it is a relapse.
///
/// After a remission disease is a relapse, never progression. Without one, disease at least a quarter more than before or at a new
/// extramedullary site is progression; otherwise it is refractory at the response assessment and plainly no remission elsewhere. A marrow
/// without leukemia and without trilineage hematopoiesis is no remission either, and not refractory.
pub(super) fn decide(scene: &Scene<'_>, trace: &mut Trace) -> (BAllCategory, Vec<LeukemiaSite>) {
    let at = scene.at;
    let conclude = |trace: &mut Trace, rule: &'static Criterion, verdict: Verdict, category: BAllCategory| {
        trace.decide(at, rule, verdict, &[], category.code()).met()
    };
    let mut relapsed = Verdict::NotMet;
    if scene.course.remission {
        let parts = scene.relapse(trace);
        relapsed = parts.marrow | parts.blood | parts.extramedullary;
        if conclude(trace, &rules::RELAPSE, relapsed, BAllCategory::Relapse) {
            return (BAllCategory::Relapse, scene.sites(&parts));
        }
    }
    let cleared = !relapsed & scene.cleared(trace);
    let (full, partial) = scene.counts(trace);
    for (rule, verdict, category) in [
        (&rules::CR, cleared & full, BAllCategory::Cr),
        (&rules::CRH, cleared & !full & partial, BAllCategory::Crh),
        (&rules::CRI, cleared & !full & !partial, BAllCategory::Cri),
    ] {
        if conclude(trace, rule, verdict, category) {
            return (category, Vec::new());
        }
    }
    if cleared.not_met() && relapsed.not_met() {
        let persists = scene.persists(trace);
        let fresh = !scene.course.remission && !persists.not_met();
        let progress = fresh.then(|| scene.progress(trace));
        let progressive =
            progress.as_ref().map_or(Verdict::NotMet, |p| p.marrow | p.blood | p.extramedullary);
        if conclude(trace, &rules::PD, persists & progressive, BAllCategory::Pd) {
            return (BAllCategory::Pd, Vec::new());
        }
        let asked =
            Verdict::from(!scene.course.remission && scene.now.source.response_assessment == Some(true));
        if conclude(trace, &rules::REFRACTORY, asked & persists, BAllCategory::Refractory) {
            return (BAllCategory::Refractory, Vec::new());
        }
        let plain = !(persists & progressive) & !(asked & persists);
        if conclude(trace, &rules::NOT_IN_REMISSION, plain, BAllCategory::Nr) {
            return (BAllCategory::Nr, Vec::new());
        }
        if let Some(progress) = &progress {
            scene.miss_progress(progress, trace);
        }
        if persists.undecided() {
            scene.miss_burden(trace);
        }
    } else {
        scene.miss_burden(trace);
        let stated = scene.now.source.trilineage_hematopoiesis.is_some();
        scene.miss(scene.choices.require_trilineage && !stated, "trilineage_hematopoiesis", trace);
        if full.undecided() || (full.not_met() && partial.undecided()) {
            scene.miss(scene.now.anc.is_none(), "anc_10e9_l", trace);
            scene.miss(scene.now.platelets.is_none(), "platelets_10e9_l", trace);
        }
    }
    conclude(trace, &rules::NOT_EVALUABLE, Verdict::Met, BAllCategory::NotEvaluable);
    (BAllCategory::NotEvaluable, Vec::new())
}
