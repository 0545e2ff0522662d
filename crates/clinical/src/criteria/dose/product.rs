//! The dose of the cells against the range of the product (1.6.2, 3.3; catalogue B0).

use super::{Range, category, conclude};
use crate::codes::{Disease, DoseBound, WeightKg};
use crate::criteria::case::Fault;
use crate::criteria::compare::Verdict;
use crate::criteria::measured::{Measure, Place};
use crate::criteria::trace::{At, Trace, criteria};
use crate::form::Form;
use crate::forms::product::{DoseBasis, Product};
use std::sync::LazyLock;

criteria! {
    IN_RANGE = Seed("dose_product.in_range", "CAR-T dose within the range of the product for the weight", "CAR-T剂量在产品范围内", "1.6.2; 3.3");
    WITHIN = Seed("dose_product.within", "the dose is within the range", "剂量在范围内", "1.6.2; 3.3");
    OUTSIDE = Seed("dose_product.outside", "the dose is outside the range", "剂量超出范围", "1.6.2; 3.3");
    UNDECIDED = Proposed("dose_product.missing", "range, weight or dose not known", "范围、体重或剂量未知", "catalogue B0, R22");
}

static CELLS: Measure = Measure { name: "dose_total_car_t", unit: "cells", min: 1e5, max: 1e10, other: None };
static CELLS_PER_KG: Measure =
    Measure { name: "dose_per_kg", unit: "cells/kg", min: 1e3, max: 1e9, other: None };

/// A dose that a product has in one disease only, where its row of the reference table has that of the others.
struct Exception {
    product: &'static str,
    disease: Disease,
    per_kg: f64,
    cap: f64,
    tolerance_percent: f64,
}

static EXCEPTIONS: &[Exception] = &[Exception {
    product: "brexu-cel",
    disease: Disease::BAll,
    per_kg: 1e6,
    cap: 1e8,
    tolerance_percent: 20.0,
}];

/// The range of one infusion, in cells.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct ProductRange {
    /// Bounds in cells; a bound that depends on an unknown weight, or is not stated, is none.
    #[serde(flatten)]
    pub cells: Range,
    /// The weight would be needed.
    #[serde(skip)]
    pub needs_weight: bool,
}

/// Range of a product in cells for a patient (catalogue B0). Above the weight split the dose is that at the split, so the range is
/// continuous there.
pub fn product_range(product: &Product, disease: Option<Disease>, weight_kg: Option<f64>) -> ProductRange {
    let code = product.product_code.as_str();
    if let Some(exception) = EXCEPTIONS.iter().find(|e| e.product == code && Some(e.disease) == disease) {
        let target = weight_kg.map(|kg| (kg * exception.per_kg).min(exception.cap));
        let low = (100.0 - exception.tolerance_percent) / 100.0;
        let high = (100.0 + exception.tolerance_percent) / 100.0;
        let cells = Range {
            min: target.map(|target| target * low),
            max: weight_kg.map(|kg| (kg * exception.per_kg * high).min(exception.cap)),
        };
        return ProductRange { cells, needs_weight: weight_kg.is_none() };
    }
    let (min, max) = (product.dose_min.map(DoseBound::get), product.dose_max.map(DoseBound::get));
    let cap = product.dose_cap.map(DoseBound::get);
    let capped = |cells: f64| cap.map_or(cells, |cap| cells.min(cap));
    match product.dose_basis {
        None => ProductRange { cells: Range { min: None, max: None }, needs_weight: false },
        Some(DoseBasis::Flat) => {
            ProductRange { cells: Range { min, max: max.map(capped).or(cap) }, needs_weight: false }
        }
        Some(DoseBasis::PerKg) => {
            let split = product.weight_split_kg.map(WeightKg::get);
            let kg = weight_kg.map(|kg| split.map_or(kg, |split| kg.min(split)));
            let by_weight = |per_kg: Option<f64>| per_kg.zip(kg).map(|(per_kg, kg)| per_kg * kg);
            let cells = Range { min: by_weight(min), max: by_weight(max).map(capped) };
            ProductRange { cells, needs_weight: kg.is_none() }
        }
    }
}

/// The cells infused, as given.
#[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
#[serde(default)]
pub struct ProductInput {
    /// Code of the product.
    #[serde(alias = "code")]
    pub product_code: Option<String>,
    /// Body weight, kg.
    pub weight_kg: Option<f64>,
    /// Cells infused.
    #[serde(alias = "dose_cells", alias = "cells")]
    pub dose_total_car_t: Option<f64>,
    /// Cells infused per kg.
    pub dose_per_kg: Option<f64>,
}

/// The cells judged. Without a dose only the range is shown.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct ProductDose {
    /// `within_range`, `outside_range` or `not_evaluable`; none without a dose.
    pub category: Option<&'static str>,
    /// Cells infused.
    pub cells: Option<f64>,
    /// Range in cells.
    pub range: ProductRange,
}

/// Judges the cells of one infusion against a range.
pub fn judge_product(
    range: ProductRange,
    cells: Option<f64>,
    trace: &mut Trace,
) -> (Option<Verdict>, ProductDose) {
    let bounds = range.cells;
    let verdict = match cells {
        Some(_) if range.needs_weight => Verdict::Undecided,
        Some(cells) => bounds.holds(cells),
        None => Verdict::Undecided,
    };
    let shown = [("dose_total_car_t", cells.into()), ("min", bounds.min.into()), ("max", bounds.max.into())];
    trace.judge(At::Case, &IN_RANGE, verdict, &shown);
    let given = cells.is_some();
    if given {
        conclude(trace, verdict, [&WITHIN, &OUTSIDE, &UNDECIDED]);
        if verdict.undecided() && range.needs_weight {
            trace.miss(At::Case, "product/weight_kg");
        } else if verdict.undecided() {
            trace.miss(At::Case, "product/dose_range");
        }
    }
    let result = ProductDose { category: given.then_some(category(verdict)), cells, range };
    (given.then_some(verdict), result)
}

/// The starting rows of the reference table as products.
static PRODUCTS: LazyLock<Vec<Product>> =
    LazyLock::new(|| crate::products::products().iter().filter_map(Product::from_record).collect());

impl ProductInput {
    pub(super) fn judge(
        &self,
        weight_kg: Option<f64>,
        disease: Option<Disease>,
        trace: &mut Trace,
    ) -> Result<(Option<Verdict>, ProductDose), Fault> {
        let place = Place::Under("product");
        let Some(code) = self.product_code.as_deref() else {
            return Err(Fault::new(
                place.pointer("product_code"),
                "no product",
                "a code of the reference table",
            ));
        };
        let Some(product) = PRODUCTS.iter().find(|product| product.product_code.as_str() == code) else {
            let codes: Vec<&str> = PRODUCTS.iter().map(|product| product.product_code.as_str()).collect();
            let problem = format!("{:?} is not in the reference table", crate::finding::echo(code));
            return Err(Fault::new(
                place.pointer("product_code"),
                problem,
                format!("one of {}", codes.join(", ")),
            ));
        };
        let said = CELLS.read(place, self.dose_total_car_t, None)?;
        let by_weight =
            CELLS_PER_KG.read(place, self.dose_per_kg, None)?.zip(weight_kg).map(|(per_kg, kg)| per_kg * kg);
        if let (Some(said), Some(by_weight)) = (said, by_weight)
            && (said - by_weight).abs() > 0.05 * said.max(by_weight)
        {
            let problem = format!("{said} contradicts {by_weight} from the dose per kg and the weight");
            return Err(Fault::new(
                place.pointer("dose_total_car_t"),
                problem,
                "doses that agree within 5 %",
            ));
        }
        let (judged, result) =
            judge_product(product_range(product, disease, weight_kg), said.or(by_weight), trace);
        if self.dose_per_kg.is_some() && result.cells.is_none() {
            trace.miss(At::Case, "product/weight_kg");
            conclude(trace, Verdict::Undecided, [&WITHIN, &OUTSIDE, &UNDECIDED]);
            let open = Some(category(Verdict::Undecided));
            return Ok((Some(Verdict::Undecided), ProductDose { category: open, ..result }));
        }
        Ok((judged, result))
    }
}
