//! JSON Schemas of the files of a guideline, for editors.

use crate::file::{CommonFile, GuidelineFile, MeasuresFile};
use crate::fixtures::FixtureFile;
use serde_json::Value;

/// File name and schema of each kind of file.
pub fn schemas() -> [(&'static str, Value); 4] {
    [
        ("guideline.schema.json", schemars::schema_for!(GuidelineFile).to_value()),
        ("guideline-common.schema.json", schemars::schema_for!(CommonFile).to_value()),
        ("guideline-measures.schema.json", schemars::schema_for!(MeasuresFile).to_value()),
        ("guideline-fixtures.schema.json", schemars::schema_for!(FixtureFile).to_value()),
    ]
}
