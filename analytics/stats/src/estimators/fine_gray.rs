//! `fine-gray`.

use super::cox::ties;
use super::regression::{Baseline, BaselineAt, Report, columns_of, fault, load, parameters};
use super::{Io, Outcome, name_of};
use crate::arguments::FineGrayArguments;
use crate::input::Kind;
use crate::output::{self, Head};
use serde_json::json;
use survival::cox::{FitOptions, Robust};
use survival::fine_gray::{FineGrayData, FineGrayModel, FineGrayOptions};

pub(crate) fn run(arguments: &FineGrayArguments, io: &mut Io<'_>) -> Outcome {
    let regression = &arguments.regression;
    let loaded = load(regression, ("cause", &arguments.cause, Kind::Cause), io)?;
    let (subjects, design) = (&loaded.subjects, &loaded.design);
    let level = regression.source.conf_level;
    // The variance that counts the estimation of the weights is published for independent subjects without weights or delayed entry.
    let estimated = subjects.entries().is_none() && subjects.weight.is_none() && loaded.cluster.is_none();
    let more = json!({
        "cause": arguments.cause, "of": arguments.of, "ties": name_of(&arguments.ties),
        "robust": if estimated { "sandwich, censoring distribution estimated" } else { "sandwich, censoring weights as known" },
    });
    let mut head = Head::new(
        "fine-gray",
        subjects.len(),
        subjects.frame.excluded.clone(),
        parameters(regression, &more),
    );
    let covariates = columns_of(design);
    let data = FineGrayData {
        entry: subjects.entries(),
        time: subjects.times(),
        cause: &subjects.cause,
        of: arguments.of,
        covariates: &covariates,
        strata: subjects.strata.as_ref().map(|strata| strata.codes.as_slice()),
        weight: subjects.weight.as_deref(),
        censoring_group: None,
    };
    let complain = |error: survival::error::Error| fault(subjects, &error);
    let options = FineGrayOptions { ties: ties(arguments.ties), ..FineGrayOptions::default() };
    let model = FineGrayModel::new(&data, &options).map_err(complain)?;
    let robust = match (&loaded.cluster, estimated) {
        (Some(cluster), _) => Robust::Clustered(cluster),
        (None, false) => Robust::Rows,
        (None, true) => Robust::No,
    };
    let mut fit = model.fit(&FitOptions { robust, ..FitOptions::default() }).map_err(complain)?;
    if estimated {
        fit = model.with_crr_variance(fit).map_err(complain)?;
    }
    let mut report = Report::new(&fit, design, level, &mut head);
    let label = |code: u32| {
        subjects
            .strata
            .as_ref()
            .and_then(|strata| strata.labels.get(code as usize))
            .cloned()
            .unwrap_or_default()
    };
    match model.predict(&fit, &vec![0.0; covariates.len()]) {
        Ok(curves) => {
            let mut baseline = Baseline::default();
            for curve in curves {
                if subjects.strata.is_some() {
                    baseline.stratum.extend(curve.time.iter().map(|_| label(curve.stratum)));
                }
                for &time in &regression.at {
                    let before = curve.time.partition_point(|t| *t <= time).checked_sub(1);
                    let of = |column: &[f64]| before.and_then(|i| column.get(i)).copied().unwrap_or(0.0);
                    let stratum = subjects.strata.as_ref().map(|_| label(curve.stratum));
                    report.at.push(BaselineAt {
                        stratum,
                        time,
                        cumhaz: of(&curve.cumhaz),
                        surv: None,
                        cif: Some(of(&curve.cif)),
                    });
                }
                baseline.time.extend(curve.time);
                baseline.cumhaz.extend(curve.cumhaz);
                baseline.cif.extend(curve.cif);
            }
            report.baseline = Some(baseline);
        }
        Err(error) => head.warn(format!("no baseline: {error}")),
    }
    output::write(&head, &report, regression.source.format, io.stdout)
}
