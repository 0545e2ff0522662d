//! Covariates of regressions: numbers, and factors as indicators against a reference level.

use super::grouping::{By, Grouping, ages, of_subjects};
use crate::error::ReportError;
use crate::fault::{Fault, Faults, shorten};
use crate::selection::Cohort;
use crate::snapshot::Snapshot;
use clinical::field::Kind;
use clinical::form::{FieldDescriptor, FormDescriptor};
use polars::prelude::DataType;
use serde_json::{Value, json};

/// A covariate asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Covariate {
    /// As written: `age`, a stratum such as `sex` or `product`, or `form.field`.
    pub name: String,
    /// Reference level of a factor; the first level in order of codes when absent.
    pub reference: Option<String>,
    what: What,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Age,
    Number(&'static FormDescriptor, &'static FieldDescriptor),
    Factor(By),
}

impl PartialEq for What {
    fn eq(&self, other: &Self) -> bool {
        format!("{self:?}") == format!("{other:?}")
    }
}

/// Most terms of a model.
const MOST_TERMS: usize = 40;

impl Covariate {
    /// Reads a covariate: its name, or `{"covariate": …, "reference": …}`.
    pub fn read(written: &Value, place: &str, faults: &mut Faults) -> Option<Self> {
        let (name, reference) = match written {
            Value::String(name) => (name.clone(), None),
            Value::Object(members) => {
                let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
                if let Some(other) = members.keys().find(|k| !matches!(k.as_str(), "covariate" | "reference"))
                {
                    faults.0.push(
                        Fault::new(format!("{place}/{other}"), format!("unknown field `{other}`"))
                            .expected("covariate, reference"),
                    );
                    return None;
                }
                (text("covariate").unwrap_or_default(), text("reference"))
            }
            other => {
                let fault = Fault::new(place, "this is not a covariate").received(shorten(other));
                faults.0.push(fault.expected("a name, or { \"covariate\": …, \"reference\": … }"));
                return None;
            }
        };
        let what = match Self::what(&name) {
            Ok(what) => what,
            Err(expected) => {
                let fault = Fault::new(
                    place,
                    format!("there is no covariate `{}`", name.chars().take(80).collect::<String>()),
                );
                faults.0.push(fault.received(shorten(written)).expected(expected));
                return None;
            }
        };
        Some(Self { name, reference, what })
    }

    fn what(name: &str) -> Result<What, String> {
        if name == "age" {
            return Ok(What::Age);
        }
        if let Some((form, field)) = name.split_once('.')
            && let Some(form) = clinical::forms::CLINICAL.iter().find(|f| f.name == form)
            && let Some((_, field)) = form.field(field)
            && matches!(field.kind, Kind::Decimal { .. } | Kind::Integer { .. })
            && form.key.iter().all(|key| matches!(*key, "patient_id" | "infusion_number"))
        {
            return Ok(What::Number(form, field));
        }
        match name.parse::<By>() {
            Ok(By::None) => Err("age, a stratum other than none, or FORM.FIELD".to_owned()),
            Ok(by) => Ok(What::Factor(by)),
            Err(why) => Err(format!("age, or: {why}")),
        }
    }

    /// As written in parameters.
    pub fn json(&self) -> Value {
        match &self.reference {
            None => json!(self.name),
            Some(reference) => json!({ "covariate": self.name, "reference": reference }),
        }
    }
}

/// The values of a covariate, one per subject.
#[derive(Debug, Clone)]
pub enum Values {
    /// Of a number.
    Numbers(Vec<Option<f64>>),
    /// Of a factor.
    Levels(Grouping),
}

impl Covariate {
    /// The values of the subjects of a cohort, in its order.
    ///
    /// # Errors
    ///
    /// [`ReportError`] when a form cannot be read.
    pub fn values(&self, snapshot: &Snapshot, cohort: &Cohort) -> Result<Values, ReportError> {
        Ok(match self.what {
            What::Age => {
                Values::Numbers(ages(snapshot, cohort)?.into_iter().map(|age| age.map(f64::from)).collect())
            }
            What::Number(form, field) => {
                let frame = of_subjects(snapshot, cohort, form, field.name, DataType::Float64)?;
                let values = || Ok(frame.column("value of field")?.f64()?.iter().collect());
                Values::Numbers(values().map_err(ReportError::engine("reading a covariate"))?)
            }
            What::Factor(by) => Values::Levels(Grouping::of(snapshot, cohort, by)?),
        })
    }
}

/// A design matrix.
#[derive(Debug, Clone, Default)]
pub struct Design {
    /// Names of the terms.
    pub terms: Vec<String>,
    /// One column per term, one value per subject; `None` where the covariate is missing.
    pub columns: Vec<Vec<Option<f64>>>,
    /// The reference level of each factor.
    pub references: Vec<(String, String)>,
}

impl Design {
    /// The covariates of the subjects of a cohort.
    ///
    /// # Errors
    ///
    /// [`ReportError::Parameters`] for a reference level that nobody has, or too many terms; [`ReportError`] when a form
    /// cannot be read.
    pub fn of(snapshot: &Snapshot, cohort: &Cohort, covariates: &[Covariate]) -> Result<Self, ReportError> {
        let mut design = Self::default();
        for (place, covariate) in covariates.iter().enumerate() {
            match covariate.values(snapshot, cohort)? {
                Values::Numbers(values) => design.push(&covariate.name, values),
                Values::Levels(levels) => design.factor(covariate, &levels, place)?,
            }
        }
        if design.terms.len() > MOST_TERMS {
            let fault =
                Fault::new("/covariates", "the model has too many terms").received(design.terms.len());
            return Err(ReportError::Parameters(Faults::one(
                fault.expected(format!("at most {MOST_TERMS}")),
            )));
        }
        Ok(design)
    }

    fn push(&mut self, name: &str, values: Vec<Option<f64>>) {
        self.terms.push(name.to_owned());
        self.columns.push(values);
    }

    fn factor(
        &mut self,
        covariate: &Covariate,
        grouping: &Grouping,
        place: usize,
    ) -> Result<(), ReportError> {
        let levels: Vec<Option<&str>> = grouping.groups.iter().map(|g| g.code.as_deref()).collect();
        // "Unknown" is a missing value, not a level.
        let known = |level: &Option<&str>| level.is_some_and(|code| code != "UNK");
        let reference = match &covariate.reference {
            Some(reference) => levels.iter().position(|level| *level == Some(reference.as_str())),
            None => levels.iter().position(known),
        };
        let Some(reference) = reference else {
            if covariate.reference.is_none() {
                return Ok(());
            }
            let present: Vec<&str> = levels.iter().flatten().copied().collect();
            let fault = Fault::new(format!("/covariates/{place}"), "no subject has the reference level");
            let fault = fault.received(covariate.json()).expected(format!("one of {}", present.join(", ")));
            return Err(ReportError::Parameters(Faults::one(fault)));
        };
        if let Some(code) = levels.get(reference).copied().flatten() {
            self.references.push((covariate.name.clone(), code.to_owned()));
        }
        for (i, level) in levels.iter().enumerate().filter(|(i, level)| *i != reference && known(level)) {
            let values = grouping.of_subject.iter().map(|of| {
                let own = levels.get(*of).is_some_and(known);
                own.then_some(if *of == i { 1.0 } else { 0.0 })
            });
            let values = values.collect();
            self.push(&format!("{}={}", covariate.name, level.unwrap_or_default()), values);
        }
        Ok(())
    }
}
