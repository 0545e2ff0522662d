//! Doses outside what the product or the guideline allows (G6 R22, R24).

use super::{first_infusion, in_trial};
use crate::codes::treatment::Drug;
use crate::codes::{CarTCells, DoseBound, WeightKg};
use crate::criteria::compare::{above, below};
use crate::form::{Context, Form};
use crate::forms::infusion::Infusion;
use crate::forms::medication::Medication;
use crate::forms::product::{DoseBasis, Product};
use crate::products::products;
use crate::review::{Entry, History, Review};
use crate::rule::rules;
use std::sync::LazyLock;

rules! {
    /// R22 (B0).
    PRODUCT_DOSE = soft("treatment.product_dose", "the dose lies outside the range of the product at this body weight", "回输剂量超出该产品在此体重下的剂量范围");
    /// R24 (1.6.2, 3.6(5)): prohibited from day 0 on.
    GM_CSF = soft("treatment.gm_csf", "GM-CSF must not be given from the day of infusion on", "回输当日起禁用粒细胞-巨噬细胞集落刺激因子");
}

/// The products the registry starts with. Those that a center's registry adds are not known here and are not judged.
static PRODUCTS: LazyLock<Vec<Product>> =
    LazyLock::new(|| products().iter().filter_map(Product::from_record).collect());

/// Applies the rules.
pub(in crate::review) fn review(history: &History, _: Context, review: &mut Review) {
    let infusions = history.of::<Infusion>();
    for (entry, infusion) in infusions.iter().filter(|(_, i)| !in_trial(i)) {
        product_dose(*entry, infusion, review);
    }
    gm_csf(history, &infusions, review);
}

/// Least and most cells of a dose. Above the weight split a dose no longer grows with the weight, and a bound by weight is none when
/// the weight is not known.
fn bounds(product: &Product, weight_kg: Option<f64>) -> (Option<f64>, Option<f64>) {
    let [min, max, cap] =
        [product.dose_min, product.dose_max, product.dose_cap].map(|b| b.map(DoseBound::get));
    match product.dose_basis {
        Some(DoseBasis::Flat) => (min, max),
        Some(DoseBasis::PerKg) => {
            let split = product.weight_split_kg.map_or(f64::INFINITY, WeightKg::get);
            let dosed = weight_kg.map(|kg| kg.min(split));
            let by_weight = |bound: Option<f64>| bound.zip(dosed).map(|(cells, kg)| cells * kg);
            let most = by_weight(max).into_iter().chain(cap).reduce(f64::min);
            (by_weight(min), most)
        }
        None => (None, None),
    }
}

fn product_dose(entry: Entry, infusion: &Infusion, review: &mut Review) {
    let product = PRODUCTS.iter().find(|p| p.product_code == infusion.product_code);
    let (Some(product), Some(dose)) = (product, infusion.dose_total_car_t.map(CarTCells::get)) else {
        return;
    };
    let weight = infusion.weight_kg.map(WeightKg::get);
    let (least, most) = bounds(product, weight);
    if least.is_some_and(|least| below(dose, least)) || most.is_some_and(|most| above(dose, most)) {
        let words = [("at least", least), ("at most", most)];
        let range: Vec<String> = words
            .into_iter()
            .filter_map(|(word, bound)| bound.map(|b| format!("{word} {}", b.round())))
            .collect();
        let at = weight.map_or_else(String::new, |kg| format!(" at {kg} kg"));
        let expected = format!("{} cells ({}{at})", range.join(" and "), product.product_code.as_str());
        review.at(&PRODUCT_DOSE, entry, "dose_total_car_t", dose.to_string(), expected);
    }
}

fn gm_csf(history: &History, infusions: &[(Entry, Infusion)], review: &mut Review) {
    let Some((_, first)) = first_infusion(infusions) else { return };
    let day0 = first.infusion_date;
    for (entry, medication) in history.of::<Medication>() {
        if medication.drug != Some(Drug::GmCsf) {
            continue;
        }
        let (field, received) = match (medication.start_date, medication.end_date) {
            (Some(start), _) if start >= day0 => ("start_date", start.to_string()),
            (_, Some(end)) if end >= day0 => ("end_date", end.to_string()),
            (_, None) if medication.ongoing == Some(true) => ("ongoing", "true".to_owned()),
            _ => continue,
        };
        review.at(&GM_CSF, entry, field, received, format!("stopped before {day0} (infusion)"));
    }
}
