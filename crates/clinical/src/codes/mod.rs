//! Value sets and bounded values shared by several forms. Codes follow catalogue section G.

pub mod assessment;
pub mod baseline;
pub mod events;
pub mod follow_up;
pub mod toxicity;
pub mod treatment;

use crate::field::{bounded_decimal, bounded_integer, bounded_text, value_sets};

bounded_text! {
    /// Pseudonymous patient code, made by the center; holds no identifier of the person.
    PatientId(Identifier, 64);
    /// Code of a row of the product reference table.
    ProductCode(Identifier, 32);
    /// Manufacturer's batch number.
    BatchNumber(Identifier, 64);
    /// Center code.
    CenterId(Identifier, 16);
    /// A name for people.
    Name(Free, 200);
    /// A short free text.
    ShortText(Free, 500);
}

bounded_integer! {
    /// ASTCT grade of CRS, 0 (none) to 5 (death).
    CrsGrade(0..=5);
    /// ASTCT grade of ICANS, 0 (none) to 5 (death).
    IcansGrade(0..=5);
    /// Consecutive number of the infusion of one patient.
    InfusionNumber(1..=9);
    /// Consecutive number of the lymphodepletion course before one infusion.
    CourseNumber(1..=3);
    /// Calendar year of birth.
    BirthYear(1900..=2100);
    /// Lines of systemic therapy before apheresis; bridging is not a line.
    PriorLines(0..=20);
    /// Minutes.
    Minutes(0..=240);
}

bounded_decimal! {
    /// Body weight.
    WeightKg(20.0..=250.0, "kg");
    /// CAR-positive viable T cells infused.
    CarTCells(1e5..=1e10, "cells");
    /// A share.
    Percent(0.0..=100.0, "%");
    /// A dose of cells or cells per kg of a product.
    DoseBound(1e4..=1e11, "cells or cells/kg");
}

value_sets! {
    /// Yes, no or unknown.
    YesNoUnknown "yes_no_unknown" { Yes "Y" "Yes" "是"; No "N" "No" "否"; Unknown "UNK" "Unknown" "未知"; }
    /// Disease chapter.
    Disease "disease" {
        Nhl "NHL" "B-cell non-Hodgkin lymphoma" "B细胞非霍奇金淋巴瘤";
        Mm "MM" "Multiple myeloma" "多发性骨髓瘤";
        BAll "B_ALL" "B-cell acute lymphoblastic leukemia" "B细胞急性淋巴细胞白血病";
        Other "OTHER" "Other" "其他";
    }
}
