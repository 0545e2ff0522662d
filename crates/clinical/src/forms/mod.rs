//! The registry's forms, one file each. Adding one is described in CONTRIBUTING.md.

pub mod center;
pub mod daily_toxicity;
pub mod disease;
pub mod infusion;
pub mod lymphodepletion;
pub mod patient;
pub mod product;
pub mod response;
pub mod survival_status;

use crate::form::{Form, FormDescriptor};

/// The forms that centers submit, parents before children.
pub static CLINICAL: &[&FormDescriptor] = &[
    patient::Patient::DESCRIPTOR,
    disease::DiseaseBaseline::DESCRIPTOR,
    lymphodepletion::Lymphodepletion::DESCRIPTOR,
    infusion::Infusion::DESCRIPTOR,
    daily_toxicity::DailyToxicity::DESCRIPTOR,
    response::ResponseAssessment::DESCRIPTOR,
    survival_status::SurvivalStatus::DESCRIPTOR,
];

/// Reference data that the registry's administrators keep.
pub static REFERENCE: &[&FormDescriptor] = &[center::Center::DESCRIPTOR, product::Product::DESCRIPTOR];

/// Every form of the data dictionary.
pub static ALL: &[&FormDescriptor] = &[
    center::Center::DESCRIPTOR,
    product::Product::DESCRIPTOR,
    patient::Patient::DESCRIPTOR,
    disease::DiseaseBaseline::DESCRIPTOR,
    lymphodepletion::Lymphodepletion::DESCRIPTOR,
    infusion::Infusion::DESCRIPTOR,
    daily_toxicity::DailyToxicity::DESCRIPTOR,
    response::ResponseAssessment::DESCRIPTOR,
    survival_status::SurvivalStatus::DESCRIPTOR,
];

/// The clinical form with this name, and its position in [`CLINICAL`].
pub fn clinical(name: &str) -> Option<(usize, &'static FormDescriptor)> {
    CLINICAL.iter().enumerate().find(|(_, f)| f.name == name).map(|(i, f)| (i, *f))
}
