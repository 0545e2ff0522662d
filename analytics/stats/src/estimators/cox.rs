//! `cox`.

use super::regression::{
    Baseline, BaselineAt, Concordance, Report, TermTest, Test, columns_of, fault, load, parameters,
};
use super::{Io, Outcome, name_of};
use crate::arguments::{CoxArguments, TieRule};
use crate::input::Kind;
use crate::output::{self, Head};
use serde_json::json;
use survival::cox::{CoxData, CoxModel, FitOptions, Robust, Ties, TimeTransform};

pub(crate) fn ties(rule: TieRule) -> Ties {
    match rule {
        TieRule::Efron => Ties::Efron,
        TieRule::Breslow => Ties::Breslow,
    }
}

pub(crate) fn run(arguments: &CoxArguments, io: &mut Io<'_>) -> Outcome {
    let regression = &arguments.regression;
    let loaded = load(regression, ("event", &arguments.event, Kind::Flag), io)?;
    let (subjects, design) = (&loaded.subjects, &loaded.design);
    let level = regression.source.conf_level;
    let more = json!({
        "event": arguments.event, "ties": name_of(&arguments.ties),
        "robust": loaded.cluster.is_some(), "zph_transform": arguments.zph.then_some("km"),
    });
    let mut head =
        Head::new("cox", subjects.len(), subjects.frame.excluded.clone(), parameters(regression, &more));
    let event: Vec<bool> = subjects.cause.iter().map(|cause| *cause > 0).collect();
    let covariates = columns_of(design);
    let data = CoxData {
        entry: subjects.entries(),
        time: subjects.times(),
        event: &event,
        covariates: &covariates,
        strata: subjects.strata.as_ref().map(|strata| strata.codes.as_slice()),
        weight: subjects.weight.as_deref(),
    };
    let complain = |error: survival::error::Error| fault(subjects, &error);
    let model = CoxModel::new(&data, ties(arguments.ties)).map_err(complain)?;
    let robust = loaded.cluster.as_deref().map_or(Robust::No, Robust::Clustered);
    let fit = model.fit(&FitOptions { robust, ..FitOptions::default() }).map_err(complain)?;
    let mut report = Report::new(&fit, design, level, &mut head);
    let concordance = model.concordance(&fit, loaded.cluster.as_deref()).ok();
    report.concordance = Concordance {
        value: concordance.and_then(|c| c.value),
        std_err: concordance.and_then(|c| c.std_err),
    };
    let label = |code: u32| {
        subjects
            .strata
            .as_ref()
            .and_then(|strata| strata.labels.get(code as usize))
            .cloned()
            .unwrap_or_default()
    };
    match model.baseline(&fit) {
        Ok(curves) => {
            let mut baseline = Baseline::default();
            for curve in curves {
                if subjects.strata.is_some() {
                    baseline.stratum.extend(curve.time.iter().map(|_| label(curve.stratum)));
                }
                for &time in &regression.at {
                    let before = curve.time.partition_point(|t| *t <= time).checked_sub(1);
                    let cumhaz = before.and_then(|i| curve.cumhaz.get(i)).copied().unwrap_or(0.0);
                    let stratum = subjects.strata.as_ref().map(|_| label(curve.stratum));
                    report.at.push(BaselineAt {
                        stratum,
                        time,
                        cumhaz,
                        surv: Some((-cumhaz).exp()),
                        cif: None,
                    });
                }
                baseline.time.extend(curve.time);
                baseline.cumhaz.extend(curve.cumhaz);
            }
            report.baseline = Some(baseline);
        }
        Err(error) => head.warn(format!("no baseline: {error}")),
    }
    if arguments.zph {
        let terms: Vec<&[usize]> = design.terms.iter().map(|(_, columns)| columns.as_slice()).collect();
        let tests = model.proportional_hazards(&fit, &terms, TimeTransform::KaplanMeier).map_err(complain)?;
        let mut zph: Vec<TermTest> = design
            .terms
            .iter()
            .zip(tests.terms)
            .map(|((term, _), test)| TermTest { term: term.clone(), test: Test::from(test.test) })
            .collect();
        zph.push(TermTest { term: "GLOBAL".to_owned(), test: tests.global.into() });
        report.zph = Some(zph);
    }
    output::write(&head, &report, regression.source.format, io.stdout)
}
