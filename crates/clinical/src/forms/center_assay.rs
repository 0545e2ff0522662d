//! CTR, child table `kinetics_assays`: an assay with which a center measures CAR-T cells.

use crate::codes::Name;
use crate::codes::assessment::{KineticsAssay, KineticsUnit, MrdSpecimen};
use crate::codes::treatment::AssayLimit;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

form! {
    /// An assay of CAR-T cells in use at a center, with its limits, from one day on.
    CenterAssay {
        name: "center_assay", path: "center-assays", version: 1, label: ("CAR-T assay of the center", "中心CAR-T检测方法"),
        source: "catalogue G1 CTR kinetics_assays", key: &["assay", "specimen", "unit", "valid_from"],
        parent: Registry, rules: RULES,
    }
    /// Method.
    assay: KineticsAssay, mandatory, ("Assay", "检测方法");
    /// Material.
    specimen: MrdSpecimen, mandatory, ("Specimen", "标本");
    /// Unit of the limits and of the results.
    unit: KineticsUnit, mandatory, ("Unit", "单位");
    /// First day the assay is in use with these limits.
    valid_from: NaiveDate, mandatory, ("Valid from", "启用日期");
    /// Last day the assay is in use with these limits; empty while it is.
    valid_to: NaiveDate, optional, ("Valid to", "停用日期");
    /// Limit of detection, in the unit of the record.
    lod: AssayLimit, optional, ("Limit of detection", "检测限");
    /// Lower limit of quantification, in the unit of the record.
    lloq: AssayLimit, required, ("Lower limit of quantification", "定量下限");
    /// Name of the kit or reagent.
    reagent: Name, optional, ("Kit or reagent", "试剂");
}

rules! {
    /// What can be quantified can be detected.
    LIMITS = hard("center_assay.limits", "the limit of detection is above the lower limit of quantification", "检测限高于定量下限");
    /// G6 R30.
    UNIT_OF_ASSAY = hard("center_assay.unit_of_assay", "the assay does not report in this unit: PCR counts copies, flow cytometry cells", "单位与检测方法不符：PCR以拷贝计，流式以细胞计");
    /// A validity is not empty.
    VALIDITY = hard("center_assay.validity", "the assay ends before it is in use", "停用日期早于启用日期");
}

impl Checks for CenterAssay {
    fn check(&self, _: Context, findings: &mut Findings) {
        let counts_cells = self.unit == KineticsUnit::CellsPerUl;
        if counts_cells != (self.assay == KineticsAssay::Flow) {
            let fits = if self.assay == KineticsAssay::Flow { "CELLS_UL" } else { "COPIES_UG or COPIES_ML" };
            findings.at(
                &UNIT_OF_ASSAY,
                "unit",
                Some(self.unit.code().to_owned()),
                Some(format!("for {}: {fits}", self.assay.code())),
            );
        }
        if let Some(to) = self.valid_to.filter(|to| *to < self.valid_from) {
            let expected = format!("{} or later", self.valid_from);
            findings.at(&VALIDITY, "valid_to", Some(to.to_string()), Some(expected));
        }
        if let (Some(lod), Some(lloq)) = (self.lod, self.lloq)
            && lod > lloq
        {
            let expected = format!("at most {}", lloq.get());
            findings.at(&LIMITS, "lod", Some(lod.get().to_string()), Some(expected));
        }
    }
}
