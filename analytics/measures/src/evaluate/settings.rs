//! The values of the parameters in one run.

use crate::file::ParameterValue;
use crate::library::Guideline;

/// A value for each parameter of a guideline.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings(Vec<ParameterValue>);

impl Settings {
    /// The defaults.
    pub fn defaults(guideline: &Guideline) -> Self {
        Self(guideline.parameters.iter().map(|p| p.default.clone()).collect())
    }

    /// With another value for one parameter.
    ///
    /// # Errors
    ///
    /// What would be accepted.
    pub fn set(&mut self, guideline: &Guideline, index: usize, value: ParameterValue) -> Result<(), String> {
        let Some((parameter, slot)) = guideline.parameters.get(index).zip(self.0.get_mut(index)) else {
            return Err("there is no such parameter".to_owned());
        };
        if let Some(refusal) = parameter.refusal(&value) {
            return Err(refusal);
        }
        *slot = value;
        Ok(())
    }

    /// The value of a parameter.
    pub fn value(&self, index: usize) -> Option<&ParameterValue> {
        self.0.get(index)
    }

    /// The number of a parameter; a reading has none.
    pub fn number(&self, index: usize) -> f64 {
        match self.0.get(index) {
            Some(ParameterValue::Number(n)) => *n,
            _ => f64::NAN,
        }
    }

    /// Whether a parameter has this reading.
    pub fn reads(&self, index: usize, choice: &str) -> bool {
        matches!(self.0.get(index), Some(ParameterValue::Choice(c)) if c == choice)
    }
}
