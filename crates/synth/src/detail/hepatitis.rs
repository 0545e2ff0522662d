//! HBV: serology, antiviral prophylaxis, reactivation.

use super::preparation::Plan;
use super::sheet::Sheet;
use super::visit::Visited;
use super::{Book, Course, Pharmacy, yes_no};
use crate::random::{Part, Stream};
use clinical::codes::events::EpisodeNumber;
use clinical::codes::treatment::{DoseUnit, Drug, DrugIndication, Frequency, Route};
use clinical::forms::hbv_course::{HbvCourse, HbvGroup, Nucleoside, ReactivationDefinition};
use clinical::lab::Analyte;
use clinical::record::Missing;

/// Hepatitis B of a patient before an infusion, and what was done about it.
pub(crate) struct Hepatitis {
    group: HbvGroup,
    drug: Nucleoside,
    dna: f64,
    /// Day of reactivation.
    reactivation: Option<i32>,
    stream: Stream,
}

impl Hepatitis {
    /// The group is the same before every infusion of a patient.
    pub(super) fn draw(c: &Course) -> Option<Self> {
        let mut s = c.b.part(Part::Hepatitis, 0);
        let group = s.pick(&[
            (HbvGroup::SurfaceAntigen, 0.06),
            (HbvGroup::CoreDnaPositive, 0.015),
            (HbvGroup::CoreDnaNegative, 0.29),
            (HbvGroup::SurfaceAntibody, 0.27),
            (HbvGroup::Negative, 0.365),
        ])?;
        let certain = matches!(group, HbvGroup::SurfaceAntigen | HbvGroup::CoreDnaPositive);
        let given = certain || (group == HbvGroup::CoreDnaNegative && s.chance(0.7));
        let drug = s.pick(&[
            (Nucleoside::Entecavir, 0.7),
            (Nucleoside::TenofovirAlafenamide, 0.2),
            (Nucleoside::TenofovirDisoproxil, 0.1),
        ])?;
        let dna = s.log_normal(220.0, 1.0).clamp(30.0, 9_000.0);
        let unguarded = group == HbvGroup::CoreDnaNegative && !given;
        let day = s.between(120, 420);
        let reactivates = unguarded && s.chance(0.08) && c.index == 0;
        Some(Self {
            group,
            drug: if given { drug } else { Nucleoside::None },
            dna,
            reactivation: reactivates.then_some(day),
            stream: c.part(Part::Serology),
        })
    }

    fn core(&self) -> bool {
        matches!(self.group, HbvGroup::CoreDnaPositive | HbvGroup::CoreDnaNegative | HbvGroup::SurfaceAntigen)
    }

    /// Serology and, where it calls for it, viral DNA before the infusion.
    pub(super) fn screen(&self, day: i32, sheet: &mut Sheet) {
        let mut s = self.stream.clone();
        sheet.code(day, Analyte::HbsAg, self.group == HbvGroup::SurfaceAntigen);
        let resolved = self.group == HbvGroup::CoreDnaNegative && s.chance(0.6);
        sheet.code(day, Analyte::HbsAb, self.group == HbvGroup::SurfaceAntibody || resolved);
        sheet.code(day, Analyte::HbcAb, self.core());
        if self.core() {
            self.dna_result(day, !matches!(self.group, HbvGroup::CoreDnaNegative), sheet);
        }
    }

    fn dna_result(&self, day: i32, detectable: bool, sheet: &mut Sheet) {
        if detectable {
            sheet.value(day, Analyte::HbvDna, self.dna);
        } else {
            sheet.below(day, Analyte::HbvDna, 20.0);
        }
    }

    /// Day on which reactivation was found: the first visit in person after it.
    fn found(&self, c: &Course) -> Option<i32> {
        self.reactivation.filter(|day| *day <= c.last)
    }

    /// Viral DNA at visits.
    pub(super) fn follow(&self, c: &Course, visits: &[Visited], sheet: &mut Sheet) {
        if !self.core() {
            return;
        }
        let found = self.found(c);
        for visit in visits.iter().filter(|v| v.in_person && v.day > 60) {
            if found.is_none_or(|day| visit.day < day) {
                // An antiviral suppresses what was detectable before.
                self.dna_result(visit.day, false, sheet);
            }
        }
        if let Some(day) = found {
            sheet.value(day, Analyte::HbvDna, 6_000.0 + self.dna * 20.0);
            sheet.value(day, Analyte::Alt, 160.0);
        }
    }

    /// The course, and its drug.
    pub(super) fn write(
        &self,
        c: &Course,
        plan: &Plan,
        pharmacy: &mut Pharmacy,
        book: &mut Book,
    ) -> Option<()> {
        let found = self.found(c).filter(|_| c.infused);
        let (drug, start) = match (self.drug, found) {
            (Nucleoside::None, Some(day)) => (Nucleoside::Entecavir, Some(day + 1)),
            (Nucleoside::None, None) => (Nucleoside::None, None),
            (drug, _) => (drug, Some(plan.apheresis + 1)),
        };
        let start = start.map(|day| day.min(c.end));
        let stops = if self.group == HbvGroup::CoreDnaNegative { Some(550) } else { None };
        let stop = stops.filter(|day| *day <= c.end && found.is_none() && drug != Nucleoside::None);
        book.put(HbvCourse {
            patient_id: c.patient(),
            infusion_number: c.number,
            course_number: EpisodeNumber::new(1)?,
            hbv_group: Some(self.group),
            na_drug: Some(drug),
            na_start_date: start.map(|day| c.date(day)),
            na_end_date: stop.map(|day| c.date(day)),
            poor_compliance: None,
            reactivation: yes_no(found.is_some()),
            reactivation_date: found.map(|day| c.date(day)),
            reactivation_definition: found.map(|_| ReactivationDefinition::Aasld2018),
            missing: Missing::default(),
        });
        let medication = match drug {
            Nucleoside::Entecavir => (Drug::Entecavir, 0.5),
            Nucleoside::TenofovirAlafenamide => (Drug::Taf, 25.0),
            Nucleoside::TenofovirDisoproxil => (Drug::Tdf, 300.0),
            _ => return Some(()),
        };
        let indication =
            if found.is_some() { DrugIndication::Infection } else { DrugIndication::Prophylaxis };
        let last = stop.unwrap_or(i32::MAX / 2);
        pharmacy.give(c, medication.0, indication, start?, last)?.dose(
            medication.1,
            DoseUnit::Mg,
            Route::Oral,
            Frequency::Daily,
        );
        Some(())
    }
}
