//! CSV, Parquet and Arrow IPC give the same bytes; output in three forms; figures.

use crate::support::{execute, json, problem, text};
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float64Array, Int32Array, RecordBatch, StringArray,
};
use arrow::datatypes::Int32Type;
use arrow::ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use std::sync::Arc;

const CSV: &str = "\u{feff}months,dead,arm,age,entry,born\n\
    1.5,true,a,50,0,1950-03-01\n2.25,false,b,61,0.5,1960-01-31\n,true,b,44,0,1961-01-01\n4,true,\"b\",39.5,0,1962-02-28\n\
    6.125,false,a,70,1,\n7,true,a,58,0,1944-02-29\n9.5,true,b,66,2,1950-12-31\n3,true,a,47,3,1977-07-07\n";

fn batch() -> RecordBatch {
    let day = |text: &str| {
        let part = |range: std::ops::Range<usize>| text[range].parse::<i32>().unwrap();
        survival::person_years::day_number(part(0..4), part(5..7), part(8..10))
    };
    let born = [
        "1950-03-01",
        "1960-01-31",
        "1961-01-01",
        "1962-02-28",
        "",
        "1944-02-29",
        "1950-12-31",
        "1977-07-07",
    ];
    let arm: DictionaryArray<Int32Type> = ["a", "b", "b", "b", "a", "a", "b", "a"].into_iter().collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("unused", Arc::new(StringArray::from(vec!["x"; 8]))),
        (
            "months",
            Arc::new(Float64Array::from(vec![
                Some(1.5),
                Some(2.25),
                None,
                Some(4.0),
                Some(6.125),
                Some(7.0),
                Some(9.5),
                Some(3.0),
            ])),
        ),
        ("dead", Arc::new(BooleanArray::from(vec![true, false, true, true, false, true, true, true]))),
        ("arm", Arc::new(arm)),
        ("age", Arc::new(Float64Array::from(vec![50.0, 61.0, 44.0, 39.5, 70.0, 58.0, 66.0, 47.0]))),
        ("entry", Arc::new(Float64Array::from(vec![0.0, 0.5, 0.0, 0.0, 1.0, 0.0, 2.0, 3.0]))),
        (
            "born",
            Arc::new(Date32Array::from(
                born.iter().map(|text| (!text.is_empty()).then(|| day(text))).collect::<Vec<_>>(),
            )),
        ),
        ("big", Arc::new(Int32Array::from(vec![1; 8]))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn parquet(compression: Compression) -> Vec<u8> {
    let (batch, mut bytes) = (batch(), Vec::new());
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn ipc(compressed: bool) -> Vec<u8> {
    let (batch, mut bytes) = (batch(), Vec::new());
    let compression = compressed.then_some(arrow::ipc::CompressionType::LZ4_FRAME);
    let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
    let mut writer = FileWriter::try_new_with_options(&mut bytes, &batch.schema(), options).unwrap();
    // In two batches, so that rows are counted across them.
    writer.write(&batch.slice(0, 3)).unwrap();
    writer.write(&batch.slice(3, 5)).unwrap();
    writer.finish().unwrap();
    drop(writer);
    bytes
}

fn stream() -> Vec<u8> {
    let (batch, mut bytes) = (batch(), Vec::new());
    let mut writer = StreamWriter::try_new(&mut bytes, &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    bytes
}

#[test]
fn the_form_of_the_input_changes_nothing() {
    let forms = [
        parquet(Compression::UNCOMPRESSED),
        parquet(Compression::SNAPPY),
        parquet(Compression::ZSTD(parquet::basic::ZstdLevel::default())),
        ipc(false),
        ipc(true),
        stream(),
    ];
    for line in [
        "km - --time months --event dead --group arm --entry entry --at 2,5 --rmst 4",
        "logrank - --time months --event dead --group arm",
        "cuminc - --time months --cause dead --group arm",
        "cox - --time months --event dead --covariates age,arm=a --entry entry",
        "fine-gray - --time months --cause dead --covariates age",
        "rate - --event dead --time months --group arm",
        "proportion - --event dead --group born",
        "recurrent - --id arm --start entry --stop months --event dead --group arm",
        "nca - --id arm --time months --conc age",
    ] {
        let words: Vec<&str> = line.split_whitespace().collect();
        if line.starts_with("recurrent") {
            // Overlapping rows are refused alike, at the same row.
            let refusals: Vec<String> =
                forms.iter().map(|form| execute(&words, form).unwrap_err().to_string()).collect();
            let csv = execute(&words, CSV.as_bytes()).unwrap_err().to_string();
            assert!(refusals.iter().all(|refusal| *refusal == csv), "{csv} {refusals:?}");
            continue;
        }
        let csv = execute(&words, CSV.as_bytes()).unwrap();
        for form in &forms {
            assert_eq!(execute(&words, form).unwrap(), csv, "{line}");
        }
    }
}

#[test]
fn a_fault_in_a_later_batch_has_its_row() {
    let words = ["km", "-", "--time", "age", "--event", "age"];
    let problem = execute(&words, &ipc(false)).unwrap_err().to_json();
    assert_eq!(
        (problem["row"].as_u64(), problem["column"].as_str(), problem["value"].as_str()),
        (Some(1), Some("age"), Some("50"))
    );
    let words = ["km", "-", "--time", "born", "--event", "dead"];
    let problem = execute(&words, &ipc(false)).unwrap_err().to_json();
    assert_eq!(problem["column"], "born");
}

#[test]
fn damaged_files_are_refused() {
    for whole in [parquet(Compression::SNAPPY), ipc(false), stream()] {
        let words = ["proportion", "-", "--event", "dead"];
        let problem = execute(&words, &whole[..whole.len() / 2]).unwrap_err();
        assert_eq!(problem.exit_code(), 2);
        assert!(problem.to_string().contains("cannot be read"), "{problem}");
    }
}

#[test]
fn semicolons_of_spreadsheets_are_understood() {
    let output = json("km - --time t --event e", "t;e\n3;1\n5;0\n");
    assert_eq!(output["groups"][0]["curve"]["surv"], serde_json::json!([0.5, 0.5]));
    let (problem, _) = problem("km - --time t --event e", "t;e\n3,5;1\n");
    assert_eq!(problem["value"], "3,5");
}

const ARMS: &str = "t,e,g\n6,1,x\n6,1,x\n6,1,x\n6,0,x\n7,1,x\n1,1,y\n2,1,y\n2,1,y\n3,0,y\n";

#[test]
fn text_has_the_layout_of_r() {
    let km = text("km - --time t --event e --group g --format text", ARMS);
    assert!(km.contains("    n events median 0.95LCL 0.95UCL\n"), "{km}");
    assert!(km.contains("time n.risk n.event survival std.err lower 95% CI upper 95% CI\n"), "{km}");
    let logrank = text("logrank - --time t --event e --group g --format text", ARMS);
    assert!(logrank.contains("    N Observed Expected (O-E)^2/E (O-E)^2/V\n"), "{logrank}");
    assert!(logrank.contains("on 1 degrees of freedom, p= "), "{logrank}");
    let cox = text("cox - --time t --event e --covariates t --format text", "t,e\n1,1\n2,1\n3,0\n4,NA\n");
    assert!(cox.contains("n= 3, number of events= 2"), "{cox}");
    assert!(cox.ends_with("(1 row excluded: missing value)\n") || cox.contains("separation"), "{cox}");
}

#[test]
fn csv_is_the_main_table_and_notes_tell_the_rest() {
    let words = ["km", "-", "--time", "t", "--event", "e", "--format", "csv"];
    let (output, status) = execute(&words, b"t,e\n1,1\n2,0\n4,NA\n").unwrap();
    let expected = "group,time,n_risk,n_event,n_censor,surv,std_err,lower,upper,cumhaz,cumhaz_std_err\n";
    let output = String::from_utf8(output).unwrap();
    assert!(output.starts_with(expected), "{output}");
    assert_eq!(output.lines().count(), 3);
    assert_eq!(status.notes(), ["1 row excluded: missing value"]);
    for estimator in [
        "logrank - --time t --event e --group g",
        "cuminc - --time t --cause e --group g",
        "cuminc - --time t --cause e --at 2",
        "cox - --time t --event e --covariates g=x",
        "fine-gray - --time t --cause e --covariates g=x",
        "rate - --event e --time t --group g",
        "proportion - --event e --group g",
        "nca - --id g --time e --conc t",
    ] {
        if estimator.starts_with("nca") {
            continue;
        }
        for format in ["csv", "text"] {
            let output = text(&format!("{estimator} --format {format}"), ARMS);
            assert!(output.lines().count() > 1 && !output.contains("NaN"), "{output}");
        }
    }
}

#[test]
fn figures_show_curves_bands_ticks_and_numbers_at_risk() {
    let folder = tempfile::tempdir().unwrap();
    for (estimator, curves) in
        [("km - --time t --event e --group g", 2), ("cuminc - --time t --cause e --group g", 2)]
    {
        let file = folder.path().join("figure.svg");
        let name = file.to_string_lossy().into_owned();
        let mut words: Vec<&str> = estimator.split_whitespace().collect();
        words.extend(["--plot", &name]);
        execute(&words, ARMS.as_bytes()).unwrap();
        let svg = std::fs::read_to_string(&file).unwrap();
        assert_eq!(svg.matches("stroke-width=\"2\"").count(), 2 * curves, "curves and legend");
        assert!(svg.matches("fill-opacity=\"0.13\"").count() >= 1, "bands");
        assert!(svg.contains(" v8"), "censor ticks");
        assert!(svg.contains("At risk") && svg.contains(">5</text>") && !svg.contains("NaN"));
        execute(&words, ARMS.as_bytes()).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), svg, "the same bytes again");
    }
    for data in ["t,e,g\n", "t,e,g\n0,1,x\n"] {
        let file = folder.path().join("empty.svg");
        let name = file.to_string_lossy().into_owned();
        execute(
            &["km", "-", "--time", "t", "--event", "e", "--group", "g", "--plot", &name],
            data.as_bytes(),
        )
        .unwrap();
        assert!(!std::fs::read_to_string(&file).unwrap().contains("NaN"));
    }
    let nowhere = folder.path().join("no/such/folder.svg");
    let name = nowhere.to_string_lossy().into_owned();
    let problem =
        execute(&["km", "-", "--time", "t", "--event", "e", "--plot", &name], ARMS.as_bytes()).unwrap_err();
    assert_eq!((problem.exit_code(), problem.to_json()["option"].as_str()), (2, Some("plot")));
}
