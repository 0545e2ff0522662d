//! INF: a CAR-T infusion.

use crate::codes::{
    BatchNumber, CarTCells, InfusionNumber, Minutes, PatientId, Percent, ProductCode, WeightKg, YesNoUnknown,
};
use crate::field::value_sets;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

value_sets! {
    /// Whether the product met its specification.
    ProductConformity "product_conformity" {
        InSpec "IN_SPEC" "Within specification" "符合放行标准";
        OutOfSpec "OOS" "Out of specification" "不符合放行标准";
        ExpandedAccess "EXPANDED_ACCESS" "Expanded access" "扩展使用";
    }
}

form! {
    /// An infusion of CAR-T cells; its date is day 0 of everything that follows.
    Infusion {
        name: "infusion", path: "infusions", version: 1, label: ("Infusion", "回输"),
        source: "catalogue G3 INF", key: &["patient_id", "infusion_number"], parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion, 1 for the first.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Calendar day of the infusion at the treating center, day 0.
    infusion_date: NaiveDate, mandatory, ("Infusion date", "回输日期");
    /// Product of the reference table.
    product_code: ProductCode, mandatory, ("Product", "产品");
    /// Manufacturer's batch number.
    batch: BatchNumber, optional, ("Batch", "批号");
    /// Body weight at infusion.
    weight_kg: WeightKg, required, ("Body weight", "体重"), soft 35.0..=150.0;
    /// CAR-positive viable T cells infused.
    dose_total_car_t: CarTCells, required, ("CAR-T cells infused", "CAR-T细胞总剂量");
    /// Viability of the product.
    viability_percent: Percent, optional, ("Viability", "细胞活率"), soft 70.0..=100.0;
    /// Whether the product met its specification.
    product_conformity: ProductConformity, required, ("Product conformity", "产品符合性");
    /// Active infection on the day of infusion; a contraindication.
    active_infection: YesNoUnknown, required, ("Active infection", "活动性感染");
    /// Hypotension that needs vasopressors on the day of infusion; a contraindication.
    vasopressor_hypotension: YesNoUnknown, required, ("Hypotension on vasopressors", "需升压药的低血压");
    /// From thawing to the start of infusion.
    thaw_to_infuse_min: Minutes, optional, ("Thaw to infusion (min)", "复苏至回输时间（分钟）"), soft 0.0..=30.0;
}

rules! {
    /// §1.6.1: both expected "no".
    ACTIVE_INFECTION = soft("infusion.active_infection", "infusion during an active infection is contraindicated; confirm", "活动性感染为回输禁忌，请确认");
    /// §1.6.1: both expected "no".
    VASOPRESSORS = soft("infusion.vasopressor_hypotension", "infusion during hypotension on vasopressors is contraindicated; confirm", "需升压药的低血压为回输禁忌，请确认");
}

impl Checks for Infusion {
    fn check(&self, _: Context, findings: &mut Findings) {
        if self.active_infection == Some(YesNoUnknown::Yes) {
            findings.at(&ACTIVE_INFECTION, "active_infection", Some("Y".to_owned()), Some("N".to_owned()));
        }
        if self.vasopressor_hypotension == Some(YesNoUnknown::Yes) {
            findings.at(&VASOPRESSORS, "vasopressor_hypotension", Some("Y".to_owned()), Some("N".to_owned()));
        }
    }
}
