//! The products of catalogue B0 with which a registry starts. More are added as reference data, without a release.

use crate::codes::{DoseBound, Name, ProductCode, WeightKg};
use crate::form::Form;
use crate::forms::product::{Costimulation, DoseBasis, Product, Provenance, Target};
use crate::missing::MissingCode;
use crate::record::{Missing, Record};

struct Row {
    code: &'static str,
    inn: &'static str,
    name_zh: Option<&'static str>,
    target: Target,
    costimulation: Costimulation,
    basis: Option<DoseBasis>,
    min: Option<f64>,
    max: Option<f64>,
    cap: Option<f64>,
    split: Option<f64>,
    provenance: Option<Provenance>,
}

const fn row(code: &'static str, inn: &'static str, target: Target, costimulation: Costimulation) -> Row {
    Row {
        code,
        inn,
        name_zh: None,
        target,
        costimulation,
        basis: None,
        min: None,
        max: None,
        cap: None,
        split: None,
        provenance: None,
    }
}

/// Doses are those of catalogue B0: printed in the guideline where it prints one, else from the label, tagged external. Where B0 has
/// no dose there is none here, and the basis is declared not known.
fn rows() -> [Row; 10] {
    use Costimulation::{Cd28, FourOneBb};
    use Target::{Bcma, Cd19};
    [
        Row {
            name_zh: Some("阿基仑赛"),
            basis: Some(DoseBasis::PerKg),
            max: Some(2e6),
            cap: Some(2e8),
            provenance: Some(Provenance::External),
            ..row("axi-cel", "axicabtagene ciloleucel", Cd19, Cd28)
        },
        Row {
            name_zh: Some("瑞基奥仑赛"),
            basis: Some(DoseBasis::Flat),
            max: Some(1e8),
            provenance: Some(Provenance::External),
            ..row("relma-cel", "relmacabtagene autoleucel", Cd19, FourOneBb)
        },
        Row {
            basis: Some(DoseBasis::PerKg),
            max: Some(2e6),
            cap: Some(2e8),
            provenance: Some(Provenance::External),
            ..row("brexu-cel", "brexucabtagene autoleucel", Cd19, Cd28)
        },
        Row {
            basis: Some(DoseBasis::PerKg),
            min: Some(2e5),
            max: Some(5e6),
            cap: Some(2.5e8),
            split: Some(50.0),
            provenance: Some(Provenance::Seed),
            ..row("tisa-cel", "tisagenlecleucel", Cd19, FourOneBb)
        },
        Row {
            name_zh: Some("纳基奥仑赛"),
            basis: Some(DoseBasis::Flat),
            min: Some(2e7),
            max: Some(6e7),
            provenance: Some(Provenance::Seed),
            ..row("inati-cel", "inaticabtagene autoleucel", Cd19, FourOneBb)
        },
        Row {
            name_zh: Some("伊基奥仑赛"),
            basis: Some(DoseBasis::PerKg),
            max: Some(1e6),
            provenance: Some(Provenance::External),
            ..row("eque-cel", "equecabtagene autoleucel", Bcma, FourOneBb)
        },
        Row {
            name_zh: Some("泽沃基奥仑赛"),
            basis: Some(DoseBasis::Flat),
            max: Some(1.5e8),
            provenance: Some(Provenance::External),
            ..row("zevor-cel", "zevorcabtagene autoleucel", Bcma, FourOneBb)
        },
        row("liso-cel", "lisocabtagene maraleucel", Cd19, FourOneBb),
        row("cilta-cel", "ciltacabtagene autoleucel", Bcma, FourOneBb),
        row("ide-cel", "idecabtagene vicleucel", Bcma, FourOneBb),
    ]
}

/// The starting rows of the product reference table.
pub fn products() -> Vec<Record> {
    rows()
        .into_iter()
        .filter_map(|r| {
            let missing =
                if r.basis.is_none() { vec![("dose_basis", MissingCode::NotKnown)] } else { Vec::new() };
            let product = Product {
                product_code: ProductCode::new(r.code)?,
                inn: Name::new(r.inn)?,
                name_zh: r.name_zh.and_then(Name::new),
                target: r.target,
                costimulation: Some(r.costimulation),
                dose_basis: r.basis,
                dose_min: r.min.and_then(DoseBound::new),
                dose_max: r.max.and_then(DoseBound::new),
                dose_cap: r.cap.and_then(DoseBound::new),
                weight_split_kg: r.split.and_then(WeightKg::new),
                dose_provenance: r.provenance,
                vector: None,
                label_indications: None,
                valid_from: None,
                valid_to: None,
                missing: Missing::new(missing),
            };
            Some(product.to_record())
        })
        .collect()
}
