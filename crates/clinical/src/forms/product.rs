//! PRD: a CAR-T product of the reference table.

use crate::codes::{DoseBound, Name, ProductCode, WeightKg};
use crate::field::value_sets;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;

value_sets! {
    /// Antigen the CAR binds.
    Target "target" {
        Cd19 "CD19" "CD19" "CD19抗原";
        Cd22 "CD22" "CD22" "CD22抗原";
        Bcma "BCMA" "BCMA" "BCMA抗原";
        Gprc5d "GPRC5D" "GPRC5D" "GPRC5D抗原";
        Cd19Cd22 "CD19/CD22" "CD19 and CD22" "CD19和CD22";
        Cd19Bcma "CD19/BCMA" "CD19 and BCMA" "CD19和BCMA";
        Other "OTHER" "Other" "其他";
    }
    /// Co-stimulatory domain.
    Costimulation "costimulation" { Cd28 "CD28" "CD28" "CD28共刺激域"; FourOneBb "4-1BB" "4-1BB" "4-1BB共刺激域"; Other "OTHER" "Other" "其他"; }
    /// Whether the dose is fixed or by body weight.
    DoseBasis "dose_basis" { Flat "FLAT" "Fixed dose" "固定剂量"; PerKg "PER_KG" "Per kg body weight" "按体重"; }
    /// Where a fact of the reference table comes from (catalogue 0.1).
    Provenance "provenance" {
        Seed "SEED" "Printed in the guideline" "指南原文";
        Reconstructed "RECON" "Reconstructed from the cited reference" "依据引文重建";
        External "EXT" "External: not in the guideline" "指南之外";
        Proposed "PROP" "Operational proposal" "操作性建议";
    }
}

form! {
    /// A CAR-T product. Reference data: extensible, never an enum in code.
    Product {
        name: "product", path: "products", version: 1, label: ("Product", "产品"),
        source: "catalogue G1 PRD, B0", key: &["product_code"], parent: Registry, rules: RULES,
    }
    /// Short code, for example axi-cel.
    product_code: ProductCode, mandatory, ("Product code", "产品代码");
    /// International nonproprietary name.
    inn: Name, mandatory, ("INN", "国际非专利名");
    /// Chinese name.
    name_zh: Name, optional, ("Chinese name", "中文名");
    /// Antigen the CAR binds.
    target: Target, mandatory, ("Target", "靶点");
    /// Co-stimulatory domain.
    costimulation: Costimulation, optional, ("Co-stimulation", "共刺激域");
    /// Fixed dose or by body weight.
    dose_basis: DoseBasis, required, ("Dose basis", "剂量依据");
    /// Lower bound of the dose: cells, or cells per kg.
    dose_min: DoseBound, optional, ("Lowest dose", "最低剂量");
    /// Upper bound of the dose: cells, or cells per kg.
    dose_max: DoseBound, optional, ("Highest dose", "最高剂量");
    /// Most cells in one infusion of a product dosed by weight.
    dose_cap: DoseBound, optional, ("Dose cap", "剂量上限");
    /// Body weight above which the dose is no longer by weight.
    weight_split_kg: WeightKg, optional, ("Weight split", "体重分界");
    /// Where the dose comes from.
    dose_provenance: Provenance, optional, ("Provenance of the dose", "剂量来源");
}

rules! {
    /// G1: max >= min.
    DOSE_BOUNDS = hard("product.dose_bounds", "the highest dose is below the lowest", "最高剂量低于最低剂量");
}

impl Checks for Product {
    fn check(&self, _: Context, findings: &mut Findings) {
        if let (Some(min), Some(max)) = (self.dose_min, self.dose_max)
            && max < min
        {
            let expected = format!("at least {}", min.get());
            findings.at(&DOSE_BOUNDS, "dose_max", Some(max.get().to_string()), Some(expected));
        }
    }
}
