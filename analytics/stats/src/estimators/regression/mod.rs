//! What Cox and Fine-Gray regressions share: the design matrix and the report.

mod report;

pub(crate) use report::{Baseline, BaselineAt, Concordance, Report, TermTest, Test};

use super::subjects::{COLUMNS, Plan, Subjects};
use super::{Io, list};
use crate::arguments::Regression;
use crate::error::StatsError;
use crate::frame::Columns;
use crate::input::Kind;
use serde_json::{Value, json};

/// A column of the design matrix.
#[derive(Debug, Clone)]
pub(crate) struct DesignColumn {
    /// The covariate, and after it the level of a factor, as R names it.
    pub(crate) name: String,
    pub(crate) variable: String,
    pub(crate) level: Option<String>,
    pub(crate) values: Vec<f64>,
}

/// The design matrix, and the columns of each term.
#[derive(Debug, Default)]
pub(crate) struct Design {
    pub(crate) columns: Vec<DesignColumn>,
    pub(crate) terms: Vec<(String, Vec<usize>)>,
}

/// Subjects with their design matrix.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) subjects: Subjects,
    pub(crate) design: Design,
    pub(crate) cluster: Option<Vec<u32>>,
}

/// Reads the subjects with their covariates.
pub(crate) fn load(
    regression: &Regression,
    outcome: (&'static str, &str, Kind),
    io: &mut Io<'_>,
) -> Result<Loaded, StatsError> {
    let mut first = Columns::default();
    let mut terms: Vec<(&str, Option<&str>)> = Vec::new();
    for covariate in &regression.covariates {
        let (name, reference) = match covariate.split_once('=') {
            Some((name, reference)) => (name.trim(), Some(reference.trim())),
            None => (covariate.trim(), None),
        };
        if name.is_empty() || terms.iter().any(|(known, _)| *known == name) {
            return Err(StatsError::input("a covariate that is empty or named twice")
                .option("covariates")
                .value(covariate)
                .rule("column names, each once"));
        }
        first.add("covariates", name, if reference.is_some() { Kind::Label } else { Kind::Covariate });
        terms.push((name, reference));
    }
    if let Some(cluster) = &regression.cluster {
        first.add("cluster", cluster, Kind::Label);
    }
    let plan = Plan {
        input: &regression.source.input,
        observation: &regression.observation,
        outcome,
        group: None,
        strata: &regression.strata,
        first,
        ordered: true,
    };
    let subjects = Subjects::load(plan, io)?;
    let mut design = Design::default();
    for (i, (name, reference)) in terms.into_iter().enumerate() {
        let begin = design.columns.len();
        match reference {
            None => design.columns.push(DesignColumn {
                name: name.to_owned(),
                variable: name.to_owned(),
                level: None,
                values: subjects.frame.numbers_at(i).to_vec(),
            }),
            Some(reference) => {
                let coded = subjects.frame.labels_at(i).unwrap_or_default();
                // Levels that exclusions left without a row would be columns of zeros.
                let used = |code: u32| coded.codes.contains(&code);
                let levels: Vec<(u32, &String)> =
                    (0..).zip(&coded.labels).filter(|(code, _)| used(*code)).collect();
                if !levels.iter().any(|(_, label)| *label == reference) {
                    let known: Vec<&str> = levels.iter().map(|(_, label)| label.as_str()).collect();
                    return Err(StatsError::input("a reference level that does not occur")
                        .file(subjects.frame.file())
                        .column(name)
                        .option("covariates")
                        .value(reference)
                        .rule(format!("one of {}", known.join(", "))));
                }
                for (code, label) in levels.into_iter().filter(|(_, label)| *label != reference) {
                    design.columns.push(DesignColumn {
                        name: format!("{name}{label}"),
                        variable: name.to_owned(),
                        level: Some(label.clone()),
                        values: coded.codes.iter().map(|c| f64::from(u8::from(*c == code))).collect(),
                    });
                }
            }
        }
        design.terms.push((name.to_owned(), (begin..design.columns.len()).collect()));
    }
    if design.columns.is_empty() {
        return Err(StatsError::input("no covariate is left: every factor has one level only")
            .file(subjects.frame.file())
            .option("covariates")
            .rule("a numeric covariate, or a factor with two or more levels"));
    }
    let cluster = subjects.frame.labels("cluster").map(|cluster| cluster.codes);
    Ok(Loaded { subjects, design, cluster })
}

/// Parameters that the regressions share.
pub(crate) fn parameters(regression: &Regression, more: &Value) -> Value {
    let observation = &regression.observation;
    let mut all = json!({
        "time": observation.time, "entry": observation.entry, "covariates": regression.covariates, "strata": list(&regression.strata),
        "cluster": regression.cluster, "weight": observation.weight, "id": observation.id, "conf_level": regression.source.conf_level,
        "at": (!regression.at.is_empty()).then_some(&regression.at),
    });
    if let (Value::Object(all), Value::Object(more)) = (&mut all, more) {
        all.extend(more.clone());
    }
    all
}

/// The rows of the matrix as the library takes them.
pub(crate) fn columns_of(design: &Design) -> Vec<&[f64]> {
    design.columns.iter().map(|column| column.values.as_slice()).collect()
}

/// A complaint of a regression in the words of the input.
pub(crate) fn fault(subjects: &Subjects, error: &survival::error::Error) -> StatsError {
    subjects.frame.fault(error, &COLUMNS)
}
