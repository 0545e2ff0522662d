//! `nca`.

use super::{Io, Outcome, name_of};
use crate::arguments::{AreaRule, BelowRule, NcaArguments};
use crate::error::StatsError;
use crate::frame::{Columns, Frame};
use crate::input::{self, Kind};
use crate::output::{self, Body, Cell, Head, Layout, Sheet};
use serde::Serialize;
use serde_json::json;
use std::io;
use survival::error::Error;
use survival::nca::{AucMethod, BelowQuantification, Kinetics, Lloq, Options, Samples, analyse};

#[derive(Debug, Serialize)]
struct Nca {
    subjects: Vec<Subject>,
}

#[derive(Debug, Serialize)]
struct Subject {
    id: String,
    samples: usize,
    below_quantification: usize,
    cmax: Option<f64>,
    tmax: Option<f64>,
    clast: Option<f64>,
    tlast: Option<f64>,
    auc_last: Option<f64>,
    auc_window: Option<f64>,
    window_covered: Option<bool>,
    lambda_z: Option<f64>,
    half_life: Option<f64>,
    lambda_z_points: Option<usize>,
    adj_r_squared: Option<f64>,
}

pub(crate) fn run(arguments: &NcaArguments, io: &mut Io<'_>) -> Outcome {
    let window = match arguments.window.as_slice() {
        [] => None,
        &[start, end] if start < end => Some((start, end)),
        other => {
            let value = other.iter().map(|t| output::shortest(*t)).collect::<Vec<_>>().join(",");
            return Err(StatsError::input("a window that is not accepted")
                .option("window")
                .value(value)
                .rule("START,END with START before END"));
        }
    };
    let limit = arguments.lloq.as_ref().map(|text| text.trim().parse::<f64>().map_err(|_| text.clone()));
    let mut columns = Columns::default();
    columns.add("id", &arguments.id, Kind::Label);
    columns.add("time", &arguments.time, Kind::Number);
    columns.add("conc", &arguments.conc, Kind::NotNegative);
    match &limit {
        Some(Ok(value)) if !(value.is_finite() && *value >= 0.0) => {
            return Err(StatsError::input("a limit of quantification that is not accepted")
                .option("lloq")
                .value(value)
                .rule("a finite number of 0 or more, or a column"));
        }
        Some(Err(column)) => {
            columns.add("lloq", column, Kind::NotNegative);
        }
        _ => {}
    }
    let mut frame = Frame::new(input::read(&arguments.source.input, columns.0, io.files, io.stdin)?);
    frame.canonical();
    let head = Head::new(
        "nca",
        frame.len(),
        frame.excluded.clone(),
        json!({
            "id": arguments.id, "time": arguments.time, "conc": arguments.conc,
            "lloq": limit.as_ref().map(|limit| match limit { Ok(value) => json!(value), Err(column) => json!(column) }),
            "auc_method": name_of(&arguments.auc_method), "blq": name_of(&arguments.blq),
            "window": (!arguments.window.is_empty()).then_some(&arguments.window),
        }),
    );
    let options = Options {
        auc_method: match arguments.auc_method {
            AreaRule::Linear => AucMethod::Linear,
            AreaRule::LinUpLogDown => AucMethod::LinearUpLogDown,
        },
        below_quantification: match arguments.blq {
            BelowRule::Zero => BelowQuantification::Zero,
            BelowRule::Drop => BelowQuantification::Drop,
            BelowRule::Half => BelowQuantification::Half,
        },
        window,
        ..Options::default()
    };
    let id = frame.labels("id").unwrap_or_default();
    let (time, concentration, lloq) = (frame.numbers("time"), frame.numbers("conc"), frame.numbers("lloq"));
    let mut subjects = Vec::new();
    // The canonical order begins with the subject.
    let mut begin = 0;
    for (label, code) in id.labels.iter().zip(0_u32..) {
        let end = begin + id.codes.iter().skip(begin).take_while(|c| **c == code).count();
        let part = |column: &'_ [f64]| -> Vec<f64> { column.get(begin..end).unwrap_or_default().to_vec() };
        let (time, concentration, lloq) = (part(time), part(concentration), part(lloq));
        let samples = Samples {
            time: &time,
            concentration: &concentration,
            lloq: match &limit {
                None => Lloq::Unknown,
                Some(Ok(value)) => Lloq::Constant(*value),
                Some(Err(_)) => Lloq::PerSample(&lloq),
            },
        };
        let kinetics = analyse(&samples, &options).map_err(|error| complaint(&frame, &error, begin))?;
        subjects.push(Subject::new(label, &kinetics));
        begin = end;
    }
    output::write(&head, &Nca { subjects }, arguments.source.format, io.stdout)
}

fn complaint(frame: &Frame, error: &Error, first: usize) -> StatsError {
    let moved = match error {
        Error::InvalidValue { column, row, value, expected } => {
            Error::InvalidValue { column, row: row + first, value: *value, expected }
        }
        other => other.clone(),
    };
    frame.fault(&moved, &[("concentration", "conc")])
}

impl Subject {
    fn new(id: &str, k: &Kinetics) -> Self {
        let terminal = k.terminal;
        Self {
            id: id.to_owned(),
            samples: k.samples,
            below_quantification: k.below_quantification,
            cmax: k.cmax,
            tmax: k.tmax,
            clast: k.clast,
            tlast: k.tlast,
            auc_last: k.auc_last,
            auc_window: k.window.and_then(|w| w.area),
            window_covered: k.window.map(|w| w.covered),
            lambda_z: terminal.map(|t| t.lambda_z),
            half_life: terminal.map(|t| t.half_life),
            lambda_z_points: terminal.map(|t| t.points),
            adj_r_squared: terminal.map(|t| t.adj_r_squared).filter(|v| v.is_finite()),
        }
    }
}

impl Body for Nca {
    fn csv(&self, sheet: &mut Sheet<'_>) -> io::Result<()> {
        sheet.header(&[
            "id",
            "cmax",
            "tmax",
            "clast",
            "tlast",
            "auc_last",
            "auc_window",
            "window_covered",
            "lambda_z",
            "half_life",
            "lambda_z_points",
            "adj_r_squared",
        ])?;
        for s in &self.subjects {
            let covered = match s.window_covered {
                Some(true) => "true",
                Some(false) => "false",
                None => "",
            };
            sheet.row(&[
                Cell::Text(&s.id),
                Cell::Maybe(s.cmax),
                Cell::Maybe(s.tmax),
                Cell::Maybe(s.clast),
                Cell::Maybe(s.tlast),
                Cell::Maybe(s.auc_last),
                Cell::Maybe(s.auc_window),
                Cell::Text(covered),
                Cell::Maybe(s.lambda_z),
                Cell::Maybe(s.half_life),
                Cell::Maybe(s.lambda_z_points.map(|n| n as f64)),
                Cell::Maybe(s.adj_r_squared),
            ])?;
        }
        Ok(())
    }

    fn text(&self, head: &Head) -> String {
        let of =
            |name: &str| head.parameters.get(name).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
        let column = |f: fn(&Subject) -> Option<f64>| {
            self.subjects.iter().map(|s| output::brief(f(s), 5)).collect::<Vec<_>>()
        };
        let table = Layout::default()
            .left("id", self.subjects.iter().map(|s| s.id.clone()).collect())
            .right("Cmax", column(|s| s.cmax))
            .right("Tmax", column(|s| s.tmax))
            .right("Clast", column(|s| s.clast))
            .right("Tlast", column(|s| s.tlast))
            .right("AUClast", column(|s| s.auc_last))
            .right("AUCwindow", column(|s| s.auc_window))
            .right("lambda_z", column(|s| s.lambda_z))
            .right("half-life", column(|s| s.half_life))
            .right(
                "points",
                self.subjects
                    .iter()
                    .map(|s| s.lambda_z_points.map_or_else(|| "NA".to_owned(), |n| n.to_string()))
                    .collect(),
            )
            .right("adj.R2", column(|s| s.adj_r_squared));
        format!(
            "Non-compartmental analysis, {} trapezoids, below quantification: {}\n\n{}",
            of("auc_method"),
            of("blq"),
            table.render()
        )
    }
}
