//! DXN, RSP components and lesions of lymphoma.

use super::super::preparation::Plan;
use super::super::{Book, Course, yes_no};
use crate::after;
use crate::baseline::partial;
use crate::random::{Stream, rounded, whole};
use crate::response::Assessed;
use clinical::MissingCode;
use clinical::codes::assessment::{Category, Criteria, Deauville, MarrowState, NonTargetState, UptakeChange};
use clinical::codes::baseline::{
    AntigenMethod, BulkCm, Cd19Result, ClassificationCode, FollicularGrade, Histology, Ipi, SuvMax,
};
use clinical::codes::events::Term;
use clinical::codes::follow_up::{DiameterMm, LesionNumber, SpleenMm, Timepoint};
use clinical::codes::{Percent, YesNoUnknown};
use clinical::forms::disease::Stage;
use clinical::forms::lesion::Lesion;
use clinical::forms::lymphoma_assessment::{LymphomaAssessment, LymphomaModality};
use clinical::forms::nhl_baseline::NhlBaseline;
use clinical::record::Missing;

/// Sites of measured nodes.
const NODES: [&str; 6] = [
    "Right cervical node",
    "Left axillary node",
    "Mediastinal nodes",
    "Retroperitoneal nodes",
    "Mesenteric nodes",
    "Left inguinal node",
];

/// A target lesion: diameters in mm.
#[derive(Debug, Clone, Copy)]
struct Target {
    site: &'static str,
    longest: f64,
    shortest: f64,
}

impl Target {
    fn scaled(self, by: f64) -> Self {
        Self { longest: rounded(self.longest * by, 0), shortest: rounded(self.shortest * by, 0), ..self }
    }
}

/// A lymphoma before an infusion.
pub(crate) struct Lymphoma {
    histology: Histology,
    targets: Vec<Target>,
    suvmax: f64,
    gut: bool,
    spleen: i32,
    criteria: Criteria,
    stream: Stream,
}

impl Lymphoma {
    pub(crate) fn draw(c: &Course, s: &mut Stream) -> Option<Self> {
        let histology = if c.b.profile.product == "brexu-cel" {
            Histology::Mantle
        } else {
            s.pick(&[
                (Histology::Dlbcl, 0.62),
                (Histology::HighGrade, 0.06),
                (Histology::DoubleHit, 0.09),
                (Histology::Transformed, 0.11),
                (Histology::Pmbcl, 0.05),
                (Histology::Follicular, 0.05),
                (Histology::Follicular3B, 0.02),
            ])?
        };
        let count = s.between(2, 4);
        let offset = s.between(0, 5);
        let largest = f64::from(if c.b.high_burden { s.between(75, 140) } else { s.between(42, 70) });
        let mut targets = Vec::new();
        for place in 0..count {
            let site = *NODES.get(usize::try_from((place + offset) % 6).ok()?)?;
            let longest = if place == 0 { largest } else { f64::from(s.between(20, 38)) };
            let shortest = rounded(longest * (0.55 + 0.35 * s.uniform()), 0);
            targets.push(Target { site, longest, shortest });
        }
        // The criteria are those of the assessments; without any, PET-CT.
        let criteria = c.assessed.first().map_or(Criteria::LuganoPet, |a| a.criteria);
        let suvmax = rounded(s.log_normal(16.0, 0.4).clamp(6.0, 45.0), 1);
        let (gut, spleen) = (s.chance(0.12), s.between(92, 124));
        Some(Self { histology, targets, suvmax, gut, spleen, criteria, stream: s.clone() })
    }

    pub(crate) fn baseline(&self, c: &Course, book: &mut Book) -> Option<()> {
        let mut s = self.stream.clone();
        let double_hit = self.histology == Histology::DoubleHit;
        let with_bcl2 = s.chance(0.75);
        let grade = match self.histology {
            Histology::Follicular => s.pick(&[(FollicularGrade::Two, 0.5), (FollicularGrade::ThreeA, 0.5)]),
            Histology::Follicular3B => Some(FollicularGrade::ThreeB),
            _ => None,
        };
        let code = match self.histology {
            Histology::Pmbcl => "9679/3",
            Histology::Follicular => "9691/3",
            Histology::Follicular3B => "9698/3",
            Histology::Mantle => "9673/3",
            _ => "9680/3",
        };
        let cd19 =
            s.pick(&[(Cd19Result::Positive, 0.94), (Cd19Result::Dim, 0.05), (Cd19Result::Negative, 0.01)])?;
        let percent = match cd19 {
            Cd19Result::Positive => s.between(75, 100),
            Cd19Result::Dim => s.between(20, 60),
            Cd19Result::Negative => 0,
        };
        let advanced = matches!(c.facts.stage, Some(Stage::Iii | Stage::Iv));
        let ipi = s.between(0, 2) + i32::from(advanced) + i32::from(c.b.age > 60.0);
        // The last biopsy falls between diagnosis and preparation.
        let biopsy = after(c.date(c.floor), -s.between(10, 60)).max(c.facts.diagnosis);
        let method = s.pick(&[(AntigenMethod::Immunohistochemistry, 0.8), (AntigenMethod::Flow, 0.2)]);
        book.put(NhlBaseline {
            patient_id: c.patient(),
            histology: Some(self.histology),
            who_code: ClassificationCode::new(code),
            fl_grade: grade,
            path_date: partial(biopsy, s.pick(&[(10, 0.85), (7, 0.15)])?),
            myc: yes_no(double_hit || s.chance(0.06)),
            bcl2: yes_no(if double_hit { with_bcl2 } else { s.chance(0.2) }),
            bcl6: yes_no(if double_hit { !with_bcl2 } else { s.chance(0.15) }),
            cd19_result: Some(cd19),
            cd19_method: method,
            cd19_percent: Percent::new(f64::from(percent)),
            ipi: Ipi::new(ipi.min(5)),
            bulky_cm: self.targets.first().and_then(|t| BulkCm::new(t.longest / 10.0)),
            suvmax: SuvMax::new(self.suvmax),
            gi_involved: yes_no(self.gut),
            missing: Missing::default(),
        });
        Some(())
    }

    pub(crate) fn assess(&self, c: &Course, plan: &Plan, s: &mut Stream, book: &mut Book) -> Option<()> {
        let ct = self.criteria == Criteria::LuganoCt;
        let modality = if ct { LymphomaModality::Ct } else { LymphomaModality::PetCt };
        book.put(LymphomaAssessment {
            patient_id: c.patient(),
            infusion_number: c.number,
            assessment_date: c.date(plan.imaging),
            timepoint: Some(Timepoint::Baseline),
            modality: Some(modality),
            deauville: (!ct).then_some(Deauville::Five),
            uptake_change: None,
            new_lesions: None,
            non_target: None,
            spleen_mm: SpleenMm::new(self.spleen),
            marrow: None,
            missing: Missing::default(),
        });
        measured(c, plan.imaging, &self.targets, book)?;
        // Diameters shrink to a share of the baseline and keep to it; a progression grows from the smallest seen.
        let complete = f64::sqrt(0.02 + 0.03 * s.uniform());
        let partial = f64::sqrt(0.28 + 0.12 * s.uniform());
        let mut nadir = self.targets.clone();
        for (visit, a) in c.assessed.iter().enumerate() {
            let current: Vec<Target> = match a.category {
                Category::Cr | Category::Cmr => {
                    self.targets.iter().map(|t| shrunk(t.scaled(complete))).collect()
                }
                Category::Pr | Category::Pmr => self.targets.iter().map(|t| t.scaled(partial)).collect(),
                Category::Pd | Category::Pmd => nadir.iter().map(|t| grown(*t)).collect(),
                _ => self.targets.iter().map(|t| t.scaled(0.95)).collect(),
            };
            let new = a.category.is_progression() && s.chance(0.5);
            book.put(self.assessment(c, a, new, s));
            let evaluable = a.category != Category::Ne;
            if evaluable && (ct || visit == 0 || a.category.is_progression()) {
                measured(c, a.day, &current, book)?;
                if new {
                    let size = f64::from(s.between(18, 40));
                    let shortest = rounded(size * 0.7, 0);
                    let target = Target { site: "New para-aortic node", longest: size, shortest };
                    book.put(lesion(c, a.day, 7, target, true)?);
                }
            }
            if evaluable {
                nadir = current;
            }
        }
        Some(())
    }

    fn assessment(&self, c: &Course, a: &Assessed, new: bool, s: &mut Stream) -> LymphomaAssessment {
        let ct = a.criteria == Criteria::LuganoCt;
        let evaluable = a.category != Category::Ne;
        let score = match a.category {
            Category::Cmr => {
                s.pick(&[(Deauville::One, 0.3), (Deauville::Two, 0.45), (Deauville::Three, 0.25)])
            }
            Category::Pmr | Category::Nmr => s.pick(&[(Deauville::Four, 0.65), (Deauville::Five, 0.35)]),
            _ => Some(Deauville::Five),
        };
        let uptake = match a.category {
            Category::Cmr | Category::Pmr => UptakeChange::Reduced,
            Category::Nmr => UptakeChange::Unchanged,
            _ => UptakeChange::Increased,
        };
        let non_target = match a.category {
            Category::Cmr | Category::Cr => NonTargetState::Absent,
            Category::Pmr | Category::Pr => NonTargetState::Regressed,
            _ => NonTargetState::Stable,
        };
        let no_score = !ct && !evaluable;
        let missing = if no_score { vec![("deauville", MissingCode::NotDone)] } else { Vec::new() };
        LymphomaAssessment {
            patient_id: c.patient(),
            infusion_number: c.number,
            assessment_date: c.date(a.day),
            timepoint: Some(Timepoint::FollowUp),
            modality: Some(if ct { LymphomaModality::Ct } else { LymphomaModality::PetCt }),
            deauville: score.filter(|_| !ct && evaluable),
            uptake_change: (!ct && evaluable).then_some(uptake),
            new_lesions: if evaluable { yes_no(new) } else { Some(YesNoUnknown::Unknown) },
            non_target: evaluable.then_some(non_target),
            spleen_mm: SpleenMm::new(self.spleen).filter(|_| evaluable),
            marrow: evaluable.then_some(MarrowState::Normal),
            missing: Missing::new(missing),
        }
    }
}

/// A node back to normal size.
fn shrunk(t: Target) -> Target {
    let longest = t.longest.clamp(6.0, 14.0);
    Target { longest, shortest: t.shortest.clamp(5.0, longest), ..t }
}

/// Clear progression from the smallest size: half as large again and more, in both diameters.
fn grown(t: Target) -> Target {
    let by = ((t.longest + 14.0) / t.longest.max(1.0)).clamp(1.35, 3.5);
    let longest = f64::from(whole(t.longest * by)).max(20.0);
    Target { longest, shortest: f64::from(whole(t.shortest * by)).clamp(12.0, longest), ..t }
}

fn measured(c: &Course, day: i32, targets: &[Target], book: &mut Book) -> Option<()> {
    for (number, target) in (1..).zip(targets) {
        book.put(lesion(c, day, number, *target, false)?);
    }
    Some(())
}

fn lesion(c: &Course, day: i32, number: i32, target: Target, new: bool) -> Option<Lesion> {
    Some(Lesion {
        patient_id: c.patient(),
        infusion_number: c.number,
        assessment_date: c.date(day),
        lesion_number: LesionNumber::new(number)?,
        site: Term::new(target.site),
        ldi_mm: DiameterMm::new(target.longest),
        sdi_mm: DiameterMm::new(target.shortest),
        nodal: Some(true),
        target: Some(!new),
        new_lesion: Some(new),
        missing: Missing::default(),
    })
}
