//! How fast every measure of the shipped guidelines is judged: `cargo bench -p measures --bench measures [-- INFUSIONS]`.
//!
//! The records are synthetic, with every form; a few thousand patients are repeated until there are as many infusions as asked for. The floor
//! is one pass over the same columns that adds up what it reads: no evaluation can be faster than looking at the data once.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::unwrap_used, reason = "a benchmark whose data cannot be made has nothing to measure")]
#![expect(clippy::cast_possible_truncation, reason = "numbers of rows, far below their bounds")]

use measures::Guideline;
use measures::columnar::{Column, Table, Tables, compile, evaluate};
use measures::evaluate::{Dossier, Row, Settings};
use measures::fields::form_by_name;
use measures::ir_walk::needs;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

/// Patients made; the rest are their repetitions.
const MADE: u64 = 2_000;

fn main() {
    let asked = std::env::args().skip(1).find_map(|a| a.parse::<usize>().ok());
    let infusions = asked.unwrap_or(100_000);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../definitions/guidelines/csco-car-t-2024");
    let guideline = Guideline::from_folder(&folder).unwrap();
    let all: Vec<usize> =
        (0..guideline.measures.len()).filter(|i| guideline.measures[*i].rule.is_some()).collect();
    let made = MADE.min(infusions as u64);
    let registry =
        synth::Registry::new(&synth::Config { patients: made, ..synth::Config::default() }).unwrap();
    let cutoff = registry.config().data_cutoff;
    let products: Vec<Row> = clinical::products::products()
        .into_iter()
        .map(|record| Row {
            form: form_by_name("product").unwrap().0,
            record_id: String::new(),
            record,
            derived: Vec::new(),
        })
        .collect();
    let dossiers: Vec<Dossier> = registry
        .patients()
        .filter_map(|patient| {
            let rows = patient.records.into_iter().filter_map(|record| {
                let (form, _) = form_by_name(record.form().name)?;
                Some(Row { form, record_id: String::new(), record, derived: Vec::new() })
            });
            Dossier::new(products.iter().cloned().chain(rows), (patient.patient_id.as_str(), 1), cutoff)
        })
        .collect();
    let one = Tables::from_dossiers(&dossiers, &needs(&guideline, &all));
    drop(dossiers);
    let tables = repeated(&one, infusions.div_ceil(one.subjects));
    let rows: usize = tables.forms.iter().flatten().map(|t| t.missing.len()).sum();
    let settings = Settings::defaults(&guideline);
    let runs: Vec<(usize, &Settings)> = all.iter().map(|i| (*i, &settings)).collect();
    let start = Instant::now();
    let program = compile(&guideline, &runs);
    println!("{} measures compiled in {:.3} s", all.len(), start.elapsed().as_secs_f64());

    let floor = least(3, || black_box(pass(&tables)));
    let judged = least(3, || black_box(evaluate(&program, &tables).subjects));
    println!(
        "{} infusions, {rows} records: judged in {judged:.2} s ({:.0} verdicts a second), {:.1} times one pass over the columns ({floor:.3} s)",
        tables.subjects,
        (tables.subjects * all.len()) as f64 / judged,
        judged / floor
    );
}

/// Seconds of the fastest of some runs.
fn least<T>(runs: usize, mut run: impl FnMut() -> T) -> f64 {
    let times = (0..runs).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    });
    times.fold(f64::INFINITY, f64::min)
}

/// The tables so many times one after another.
fn repeated(tables: &Tables, times: usize) -> Tables {
    let table = |table: &Table| {
        let rows = table.missing.len() as u32;
        let order: Vec<u32> = (0..times).flat_map(|_| 0..rows).collect();
        let starts = (0..times as u32)
            .flat_map(|n| table.starts.iter().take(table.starts.len() - 1).map(move |s| s + n * rows));
        Table {
            starts: starts.chain([rows * times as u32]).collect(),
            groups: None,
            columns: table.columns.iter().map(|c| c.as_ref().map(|c| c.arranged(&order))).collect(),
            derived: table.derived.iter().map(|(place, c)| (*place, c.arranged(&order))).collect(),
            missing: order.iter().map(|i| table.missing[*i as usize]).collect(),
            patterns: table.patterns.clone(),
        }
    };
    let infusion = form_by_name("infusion").unwrap().0;
    let infusions = tables.forms[usize::from(infusion.0)].as_ref().map_or(0, |t| t.missing.len() as u32);
    Tables {
        subjects: tables.subjects * times,
        cutoff: tables.cutoff,
        forms: tables.forms.iter().map(|t| t.as_ref().map(table)).collect(),
        own_infusion: (0..times as u32)
            .flat_map(|n| tables.own_infusion.iter().map(move |r| r + n * infusions))
            .collect(),
    }
}

/// One pass over every column.
fn pass(tables: &Tables) -> f64 {
    let column = |column: &Column| -> f64 {
        match column {
            Column::Number(v) => v.iter().filter(|x| !x.is_nan()).sum(),
            Column::Day(low, high) => low.iter().zip(high).map(|(l, h)| f64::from(l ^ h)).sum(),
            Column::Minute(v) => v.iter().map(|x| f64::from(*x)).sum(),
            Column::Code(v) | Column::Flag(v) => v.iter().map(|x| f64::from(*x)).sum(),
            Column::Codes(v) => v.iter().map(|x| f64::from(x.count_ones())).sum(),
            Column::Text(v, _) => v.iter().map(|x| f64::from(*x)).sum(),
        }
    };
    tables.forms.iter().flatten().flat_map(|t| t.columns.iter().flatten()).map(column).sum()
}
