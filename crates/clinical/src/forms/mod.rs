//! The registry's forms, one file each. Adding one is described in CONTRIBUTING.md.

mod chronology;

use crate::form::{Form, FormDescriptor};

/// Lists the forms once: their modules, the tables of descriptors and the examples follow. A module is named like its form.
macro_rules! forms {
    (reference { $($reference:ident::$reference_type:ident,)+ } clinical { $($clinical:ident::$clinical_type:ident,)+ }) => {
        $(pub mod $reference;)+
        $(pub mod $clinical;)+

        /// Reference data that the registry's administrators keep.
        pub static REFERENCE: &[&FormDescriptor] = &[$($reference::$reference_type::DESCRIPTOR,)+];

        /// The forms that centers submit, parents before children.
        pub static CLINICAL: &[&FormDescriptor] = &[$($clinical::$clinical_type::DESCRIPTOR,)+];

        /// Every form of the data dictionary.
        pub static ALL: &[&FormDescriptor] =
            &[$($reference::$reference_type::DESCRIPTOR,)+ $($clinical::$clinical_type::DESCRIPTOR,)+];

        /// A made-up record of a form, as JSON; the clinical ones belong to three patients of one center.
        pub fn example(form: &FormDescriptor) -> &'static str {
            match form.name {
                $(stringify!($reference) => include_str!(concat!("examples/", stringify!($reference), ".json")),)+
                $(stringify!($clinical) => include_str!(concat!("examples/", stringify!($clinical), ".json")),)+
                _ => "{}",
            }
        }
    };
}

forms! {
    reference {
        center::Center,
        product::Product,
    }
    clinical {
        lab_reference_range::LabReferenceRange,
        center_assay::CenterAssay,
        patient::Patient,
        disease::DiseaseBaseline,
        nhl_baseline::NhlBaseline,
        myeloma_baseline::MyelomaBaseline,
        b_all_baseline::BAllBaseline,
        prior_line::PriorLine,
        prior_hct::PriorHct,
        pretreatment_item::PretreatmentItem,
        pretreatment_status::PretreatmentStatus,
        apheresis::Apheresis,
        bridging::Bridging,
        lymphodepletion::Lymphodepletion,
        lymphodepletion_dose::LymphodepletionDose,
        infusion::Infusion,
        medication::Medication,
        hospital_stay::HospitalStay,
        laboratory::LaboratoryResult,
        daily_toxicity::DailyToxicity,
        crs_episode::CrsEpisode,
        crs_day::CrsDay,
        icans_episode::IcansEpisode,
        icans_day::IcansDay,
        iec_hs::IecHs,
        coagulopathy::Coagulopathy,
        transfusion::Transfusion,
        icaht::Icaht,
        adverse_event::AdverseEvent,
        infection::Infection,
        covid_test::CovidTest,
        second_malignancy::SecondMalignancy,
        response::ResponseAssessment,
        myeloma_assessment::MyelomaAssessment,
        lymphoma_assessment::LymphomaAssessment,
        lesion::Lesion,
        leukemia_assessment::LeukemiaAssessment,
        mrd::Mrd,
        kinetics_sample::KineticsSample,
        immunoglobulin::Immunoglobulin,
        vaccination::Vaccination,
        hbv_course::HbvCourse,
        visit::Visit,
        subsequent_therapy::SubsequentTherapy,
        survival_status::SurvivalStatus,
    }
}

/// The clinical form with this name, and its position in [`CLINICAL`].
pub fn clinical(name: &str) -> Option<(usize, &'static FormDescriptor)> {
    CLINICAL.iter().enumerate().find(|(_, f)| f.name == name).map(|(i, f)| (i, *f))
}
