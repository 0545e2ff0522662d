//! Speed of the criteria over a synthetic registry: cases per second on one core, beside a pass over the same observations.
//!
//! ```sh
//! cargo bench -p synth --bench criteria            # 100,000 patients; CRITERIA_PATIENTS=5000 for a quick look
//! ```
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and has failed when it cannot read its own input"
)]

use clinical::criteria::Trace;
use clinical::criteria::crs::{self, CrsCase};
use clinical::criteria::icaht::{self, Ended};
use clinical::criteria::icans::{self, IcansCase};
use clinical::criteria::imwg::ImwgCase;
use clinical::criteria::lugano::{self, Lugano};
use clinical::form::Context;
use clinical::record::Record;
use clinical::review::{History, review};
use serde_json::{Value, json};
use std::hint::black_box;
use std::time::{Duration, Instant};
use synth::{Config, PatientRecords, Registry};

/// Cases held at a time, so that memory does not grow with the patients.
const BATCH: usize = 2_000;

#[derive(Default)]
struct Timing {
    cases: u64,
    observations: u64,
    spent: Duration,
    floor: Duration,
    allocations: u64,
}

impl Timing {
    /// Times `decide` over cases, and `pass`, which reads every observation once.
    fn add<C>(
        &mut self,
        cases: &[C],
        observations: impl Fn(&C) -> usize,
        pass: impl Fn(&C) -> f64,
        mut decide: impl FnMut(&C),
    ) {
        self.cases += cases.len() as u64;
        self.observations += cases.iter().map(|c| observations(c) as u64).sum::<u64>();
        let begun = Instant::now();
        black_box(cases.iter().map(&pass).sum::<f64>());
        self.floor += begun.elapsed();
        let begun = Instant::now();
        cases.iter().for_each(&mut decide);
        self.spent += begun.elapsed();
        if let Some(case) = cases.first() {
            self.allocations = self.allocations.max(allocation_counter::measure(|| decide(case)).count_total);
        }
    }

    fn show(&self, name: &str) {
        let seconds = self.spent.as_secs_f64();
        println!(
            "{name:<8} {:>9} cases {:>10} observations {:>11.0} cases/s {:>12.0} observations/s  {:>6.1} x a pass over them; at most {} allocations a case",
            self.cases,
            self.observations,
            self.cases as f64 / seconds,
            self.observations as f64 / seconds,
            seconds / self.floor.as_secs_f64().max(1e-9),
            self.allocations,
        );
    }
}

/// The records of a form, as observations.
fn observations(patient: &PatientRecords, form: &str) -> Vec<Value> {
    let of_form =
        patient.records.iter().filter(|r| r.form().name == form && r.integer("infusion_number") == Some(1));
    of_form
        .map(|record| {
            let mut value = record.to_json();
            if let Some(date) = value.as_object_mut().and_then(|o| o.shift_remove("assessment_date")) {
                value["date"] = date;
            }
            value
        })
        .collect()
}

fn day0(patient: &PatientRecords) -> Option<chrono::NaiveDate> {
    let infusion = patient.records.iter().find(|r| r.form().name == "infusion")?;
    infusion.cell("infusion_date").to_text().parse().ok()
}

/// Baseline and follow-up of a form of components.
fn split(patient: &PatientRecords, form: &str) -> Option<(Value, Vec<Value>)> {
    let (before, after): (Vec<Value>, Vec<Value>) =
        observations(patient, form).into_iter().partition(|v| v["timepoint"] == "BASELINE");
    (!after.is_empty()).then(|| (before.last().cloned().unwrap_or(json!({})), after))
}

fn crs_case(patient: &PatientRecords) -> Option<CrsCase> {
    let mut days = observations(patient, "crs_day");
    for day in &mut days {
        if day["vasopressor_given"] == "N" {
            day["vasopressors"] = json!([]);
        }
    }
    (!days.is_empty()).then(|| serde_json::from_value(json!({ "days": days })).unwrap())
}

fn icans_case(patient: &PatientRecords) -> Option<IcansCase> {
    let days = observations(patient, "icans_day");
    (!days.is_empty()).then(|| serde_json::from_value(json!({ "days": days })).unwrap())
}

fn imwg_case(patient: &PatientRecords) -> Option<ImwgCase> {
    let (baseline, assessments) = split(patient, "myeloma_assessment")?;
    let case = json!({ "criteria": "imwg_2016", "baseline": baseline, "assessments": assessments });
    Some(serde_json::from_value(case).unwrap())
}

fn pet_case(patient: &PatientRecords) -> Option<Lugano> {
    let (baseline, mut assessments) = split(patient, "lymphoma_assessment")?;
    for assessment in &mut assessments {
        assessment["new_lesions"] = json!(assessment["new_lesions"] == "Y");
    }
    let case = json!({ "modality": "pet_ct", "baseline": baseline, "assessments": assessments });
    Some(serde_json::from_value(case).unwrap())
}

fn counts(patient: &PatientRecords) -> Option<Vec<(i32, f64)>> {
    let day0 = day0(patient)?;
    let anc = |r: &&Record| r.form().name == "laboratory" && r.text("analyte") == Some("ANC");
    let points: Vec<(i32, f64)> = patient
        .records
        .iter()
        .filter(anc)
        .filter_map(|r| {
            let date: chrono::NaiveDate = r.cell("collected_date").to_text().parse().ok()?;
            let value: f64 = r.cell("canonical_value").to_text().parse().ok()?;
            Some((i32::try_from((date - day0).num_days()).ok()?, value * 1000.0))
        })
        .filter(|(day, _)| *day >= 0)
        .collect();
    (!points.is_empty()).then_some(points)
}

fn main() {
    let patients: u64 =
        std::env::var("CRITERIA_PATIENTS").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let registry = Registry::new(&Config { patients, ..Config::default() }).unwrap();
    let mut trace = Trace::new();
    let [mut crs_t, mut icans_t, mut icaht_t, mut imwg_t, mut lugano_t] =
        std::array::from_fn(|_| Timing::default());
    let (mut reviewed, mut review_t) = (0_u64, Duration::ZERO);
    let mut all = registry.patients();
    loop {
        let batch: Vec<PatientRecords> = all.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        let cases: Vec<CrsCase> = batch.iter().filter_map(crs_case).collect();
        crs_t.add(
            &cases,
            |c| c.days.len(),
            |c| c.days.iter().filter_map(|d| d.temperature_c).sum(),
            |c| {
                trace.clear();
                black_box(crs::grade(&c.days, None, c.parameters, &mut trace).unwrap());
            },
        );
        let cases: Vec<IcansCase> = batch.iter().filter_map(icans_case).collect();
        icans_t.add(
            &cases,
            |c| c.days.len(),
            |c| c.days.iter().filter_map(|d| d.ice_total).map(f64::from).sum(),
            |c| {
                trace.clear();
                black_box(icans::grade(&c.days, None, None, c.parameters, &mut trace).unwrap());
            },
        );
        let cases: Vec<Vec<(i32, f64)>> = batch.iter().filter_map(counts).collect();
        icaht_t.add(
            &cases,
            Vec::len,
            |c| c.iter().map(|(_, anc)| anc).sum(),
            |c| {
                trace.clear();
                let parameters = icaht::Parameters::default();
                black_box(icaht::early(c.iter().copied(), Ended::default(), &parameters, &mut trace));
                black_box(icaht::late(c.iter().copied(), Ended::default(), &parameters, &mut trace));
            },
        );
        let cases: Vec<ImwgCase> = batch.iter().filter_map(imwg_case).collect();
        imwg_t.add(
            &cases,
            |c| c.assessments.len(),
            |c| c.assessments.iter().filter_map(|a| a.serum_m_protein_g_l).sum(),
            |c| {
                trace.clear();
                black_box(c.evaluate(&mut trace).is_ok());
            },
        );
        let cases: Vec<Lugano> = batch.iter().filter_map(pet_case).collect();
        lugano_t.add(
            &cases,
            |c| c.assessments.len(),
            |c| c.assessments.iter().filter_map(|a| a.spleen_mm).sum(),
            |c| {
                trace.clear();
                black_box(lugano::assess(c, &mut trace).is_ok());
            },
        );
        let context = Context { today: registry.config().data_cutoff };
        let histories: Vec<History> = batch
            .into_iter()
            .take(200)
            .map(|p| History::new(p.records.into_iter().map(|r| ((), r)).collect()).0)
            .collect();
        let begun = Instant::now();
        for history in &histories {
            black_box(review(history, context).contradictions.len());
        }
        review_t += begun.elapsed();
        reviewed += histories.len() as u64;
    }
    println!("{patients} patients, one core");
    for (name, timing) in
        [("CRS", crs_t), ("ICANS", icans_t), ("ICAHT", icaht_t), ("IMWG", imwg_t), ("Lugano", lugano_t)]
    {
        timing.show(name);
    }
    println!(
        "review   {reviewed:>9} patients, every record of each: {:.0} patients/s",
        reviewed as f64 / review_t.as_secs_f64()
    );
}
