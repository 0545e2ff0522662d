//! PRD: a CAR-T product of the reference table.

use crate::codes::{DoseBound, Name, ProductCode, WeightKg};
use crate::field::{CodeList, value_sets};
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

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
    /// Vector that carries the CAR gene.
    Vector "vector" { Lentiviral "LENTI" "Lentiviral" "慢病毒"; Gammaretroviral "GAMMARETRO" "Gammaretroviral" "γ逆转录病毒"; Other "OTHER" "Other" "其他"; }
    /// Indications of the guideline (1.1, 2.1, 3.1).
    Indication "indication" {
        NhlI1 "NHL-I1" "Large B-cell lymphoma after two or more lines" "大B细胞淋巴瘤，≥2线治疗后";
        NhlI2 "NHL-I2" "Large B-cell lymphoma, primary refractory or relapsed within 12 months" "大B细胞淋巴瘤，一线难治或12个月内复发";
        NhlI3 "NHL-I3" "Follicular lymphoma grade 1 to 3a after two or more lines" "1～3a级滤泡性淋巴瘤，≥2线治疗后";
        NhlI4 "NHL-I4" "Mantle cell lymphoma after two or more lines with a BTK inhibitor" "套细胞淋巴瘤，≥2线治疗（含BTK抑制剂）后";
        MmI1 "MM-I1" "Multiple myeloma after three or more lines" "多发性骨髓瘤，≥3线治疗后";
        AllI1 "ALL-I1" "B-cell acute lymphoblastic leukemia, relapsed or refractory" "复发/难治B细胞急性淋巴细胞白血病";
        Other "OTHER" "Other" "其他";
    }
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
        name: "product", path: "products", version: 2, label: ("Product", "产品"),
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
    /// Vector that carries the CAR gene.
    vector: Vector, optional, ("Vector", "载体");
    /// Indications of the guideline that the label covers.
    label_indications: CodeList<Indication>, optional, ("Labelled indications", "获批适应证");
    /// First day for which this row holds.
    valid_from: NaiveDate, optional, ("Valid from", "生效日期");
    /// Last day for which this row holds.
    valid_to: NaiveDate, optional, ("Valid to", "失效日期");
}

rules! {
    /// G1: a row holds for a time.
    VALID_TO = hard("product.valid_to_before_valid_from", "the last day of validity is before the first", "失效日期早于生效日期");
    /// G1: max >= min.
    DOSE_BOUNDS = hard("product.dose_bounds", "the highest dose is below the lowest", "最高剂量低于最低剂量");
}

impl Checks for Product {
    fn check(&self, _: Context, findings: &mut Findings) {
        if let (Some(from), Some(to)) = (self.valid_from, self.valid_to)
            && to < from
        {
            findings.at(&VALID_TO, "valid_to", Some(to.to_string()), Some(format!("{from} or later")));
        }
        if let (Some(min), Some(max)) = (self.dose_min, self.dose_max)
            && max < min
        {
            let expected = format!("at least {}", min.get());
            findings.at(&DOSE_BOUNDS, "dose_max", Some(max.get().to_string()), Some(expected));
        }
    }
}
