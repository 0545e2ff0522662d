//! MED: prophylaxis, drugs against toxicity as the daily form has them, growth factor.

use super::counts::Nadir;
use super::panel::Immunity;
use super::{Book, Course};
use crate::random::{Part, Stream, rounded};
use clinical::codes::Name;
use clinical::codes::treatment::{
    DaysPerWeek, DoseUnit, Drug, DrugAmount, DrugIndication, Frequency, MedicationNumber, Route,
};
use clinical::forms::medication::Medication;
use clinical::record::Missing;

/// Every drug of a patient, numbered in the end.
#[derive(Debug, Default)]
pub(crate) struct Pharmacy(Vec<Medication>);

/// A drug being written down.
pub(super) struct Order<'a>(Option<&'a mut Medication>);

impl Order<'_> {
    /// One dose and how often.
    pub(super) fn dose(mut self, value: f64, unit: DoseUnit, route: Route, frequency: Frequency) -> Self {
        if let Some(m) = &mut self.0 {
            m.dose_value = DrugAmount::new(value);
            m.dose_unit = Some(unit);
            m.route = Some(route);
            m.frequency = Some(frequency);
        }
        self
    }

    /// The name of the product or regimen.
    pub(super) fn named(mut self, name: &str) {
        if let Some(m) = &mut self.0 {
            m.drug_name = Name::new(name);
        }
    }

    fn days_a_week(mut self, days: i32) {
        if let Some(m) = &mut self.0 {
            m.days_per_week = DaysPerWeek::new(days);
        }
    }
}

impl Pharmacy {
    /// Notes a drug from one day to another. Observation cuts it: by death, or as going on. Nothing is noted that begins after its end.
    pub(super) fn give(
        &mut self,
        c: &Course,
        drug: Drug,
        indication: DrugIndication,
        first: i32,
        last: i32,
    ) -> Option<Order<'_>> {
        if first > c.end {
            return Some(Order(None));
        }
        let cut = last > c.end;
        let ends = !cut || c.death.is_some() || c.next.is_some();
        self.0.push(Medication {
            patient_id: c.patient(),
            medication_number: MedicationNumber::new(1)?,
            drug: Some(drug),
            indication: Some(indication),
            start_date: Some(c.date(first)),
            start_time: None,
            end_date: ends.then(|| c.date(last.min(c.end))),
            end_time: None,
            ongoing: Some(!ends),
            dose_value: None,
            dose_unit: None,
            route: None,
            frequency: None,
            days_per_week: None,
            weight_kg: None,
            infusion_number: Some(c.number),
            drug_name: None,
            atc_code: None,
            missing: Missing::default(),
        });
        Some(Order(self.0.last_mut()))
    }

    /// The records in the order of their first days.
    pub(crate) fn write(mut self, book: &mut Book) -> Option<()> {
        self.0.sort_by_key(|m| m.start_date);
        for (number, mut medication) in (1..).zip(self.0) {
            medication.medication_number = MedicationNumber::new(number)?;
            book.put(medication);
        }
        Some(())
    }
}

/// Adds the drugs given around and after the infusion.
pub(super) fn write(c: &Course, nadir: &Nadir, immunity: &Immunity, pharmacy: &mut Pharmacy) -> Option<()> {
    let mut s = c.part(Part::Medication);
    prophylaxis(c, immunity, &mut s, pharmacy)?;
    against_toxicity(c, pharmacy)?;
    steroids(c, pharmacy)?;
    if let (Some(first), Some(last)) = (nadir.low.iter().find(|d| **d >= 2), nadir.low.last())
        && s.chance(0.75)
    {
        pharmacy.give(c, Drug::GCsf, DrugIndication::Cytopenia, *first, last + 1)?.dose(
            5.0,
            DoseUnit::MicrogramPerKg,
            Route::Subcutaneous,
            Frequency::Daily,
        );
    }
    Some(())
}

fn prophylaxis(c: &Course, immunity: &Immunity, s: &mut Stream, pharmacy: &mut Pharmacy) -> Option<()> {
    use DrugIndication::{Premedication, Prophylaxis};
    use Frequency::{Daily, Once, Q12h};
    if s.chance(0.8) {
        let last = s.between(28, 35);
        pharmacy.give(c, Drug::Levetiracetam, Prophylaxis, 0, last)?.dose(
            500.0,
            DoseUnit::Mg,
            Route::Oral,
            Q12h,
        );
    }
    if s.chance(0.9) {
        // Until CD4 cells are back, half a year at least.
        let until = immunity.cd4_recovered(180).unwrap_or(i32::MAX / 2);
        let first = (-7).max(c.floor + 1);
        pharmacy
            .give(c, Drug::TmpSmx, Prophylaxis, first, until)?
            .dose(960.0, DoseUnit::Mg, Route::Oral, Q12h)
            .days_a_week(2);
    }
    if s.chance(0.92) {
        let high = c.days.iter().any(|d| d.steroids || d.tocilizumab);
        let until = s.between(185, 215) + if high { 182 } else { 0 };
        let first = c.depletion_start();
        pharmacy.give(c, Drug::Aciclovir, Prophylaxis, first, until)?.dose(
            400.0,
            DoseUnit::Mg,
            Route::Oral,
            Q12h,
        );
    }
    let steroids = c.days.iter().any(|d| d.steroids);
    if s.chance(if steroids { 0.7 } else { 0.3 }) {
        let (drug, dose) = if steroids { (Drug::Posaconazole, 300.0) } else { (Drug::Fluconazole, 200.0) };
        let last = s.between(25, 40);
        pharmacy.give(c, drug, Prophylaxis, 0, last)?.dose(dose, DoseUnit::Mg, Route::Oral, Daily);
    }
    pharmacy.give(c, Drug::Antihistamine, Premedication, 0, 0)?.dose(
        25.0,
        DoseUnit::Mg,
        Route::Intramuscular,
        Once,
    );
    pharmacy.give(c, Drug::Paracetamol, Premedication, 0, 0)?.dose(500.0, DoseUnit::Mg, Route::Oral, Once);
    Some(())
}

/// One record for each dose of an antibody, one for each run of days of anakinra.
fn against_toxicity(c: &Course, pharmacy: &mut Pharmacy) -> Option<()> {
    use DrugIndication::{Crs, Icans};
    use Frequency::Once;
    for (day, d) in (0..).zip(c.days) {
        let indication = if d.crs == 0 && d.icans > 0 { Icans } else { Crs };
        if d.tocilizumab {
            let dose = rounded((8.0 * c.b.weight_kg / 10.0).min(80.0), 0) * 10.0;
            pharmacy.give(c, Drug::Tocilizumab, indication, day, day)?.dose(
                dose,
                DoseUnit::Mg,
                Route::Intravenous,
                Once,
            );
        }
        if d.siltuximab {
            pharmacy.give(c, Drug::Siltuximab, indication, day, day)?.dose(
                11.0,
                DoseUnit::MgPerKg,
                Route::Intravenous,
                Once,
            );
        }
        let feverish = d.crs > 0 && day == c.toxicity.crs.onset;
        if feverish {
            pharmacy.give(c, Drug::Paracetamol, Crs, day, day + 2)?.dose(
                500.0,
                DoseUnit::Mg,
                Route::Oral,
                Frequency::Q6h,
            );
        }
    }
    for (first, last) in runs(c, |day| c.days.get(day).is_some_and(|d| d.anakinra)) {
        pharmacy.give(c, Drug::Anakinra, DrugIndication::Icans, first, last)?.dose(
            100.0,
            DoseUnit::Mg,
            Route::Subcutaneous,
            Frequency::Q12h,
        );
    }
    Some(())
}

/// Runs of days on which something was given.
fn runs(c: &Course, given: impl Fn(usize) -> bool) -> Vec<(i32, i32)> {
    let mut found: Vec<(i32, i32)> = Vec::new();
    for (place, day) in (0..c.days.len()).zip(0..) {
        if !given(place) {
            continue;
        }
        match found.last_mut() {
            Some(run) if run.1 == day - 1 => run.1 = day,
            _ => found.push((day, day)),
        }
    }
    found
}

/// Steroids by the grades they were given for.
fn steroids(c: &Course, pharmacy: &mut Pharmacy) -> Option<()> {
    for (first, last) in runs(c, |day| c.days.get(day).is_some_and(|d| d.steroids)) {
        let days = (first..=last).filter_map(|day| c.days.get(usize::try_from(day).ok()?));
        let (crs, icans) = days.fold((0, 0), |(crs, icans), d| (d.crs.max(crs), d.icans.max(icans)));
        let indication = if icans >= 2 && icans >= crs { DrugIndication::Icans } else { DrugIndication::Crs };
        let pulse = crs >= 4 || icans >= 4;
        let from = if pulse { (first + 3).min(last + 1) } else { first };
        if pulse {
            pharmacy.give(c, Drug::Methylprednisolone, indication, first, from - 1)?.dose(
                1000.0,
                DoseUnit::Mg,
                Route::Intravenous,
                Frequency::Daily,
            );
        }
        if from <= last {
            let (dose, frequency) = match (crs, icans) {
                (_, 3..) => (20.0, Frequency::Q6h),
                (3.., _) => (10.0, Frequency::Q6h),
                _ => (10.0, Frequency::Q12h),
            };
            pharmacy.give(c, Drug::Dexamethasone, indication, from, last)?.dose(
                dose,
                DoseUnit::Mg,
                Route::Intravenous,
                frequency,
            );
        }
    }
    Some(())
}
