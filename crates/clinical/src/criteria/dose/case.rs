//! The case `dose` of `sequela derive`.

use super::{
    GCsf, GCsfInput, Ivig, IvigInput, Lymphodepletion, LymphodepletionInput, OUTSIDE, Parameters,
    ProductDose, ProductInput, Tocilizumab, TocilizumabInput, UNDECIDED, WITHIN, category, conclude,
};
use crate::codes::Disease;
use crate::criteria::case::{Case, Fault};
use crate::criteria::compare::Verdict;
use crate::criteria::measured::{BODY_SURFACE, Place, WEIGHT};
use crate::criteria::trace::{At, Trace};
use chrono::NaiveDate;

/// A case of doses: any of them. Weight and body surface of the case serve where a member has none of its own.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct DoseCase {
    /// Body weight, kg.
    #[serde(alias = "weight")]
    pub weight_kg: Option<f64>,
    /// Body surface, m².
    #[serde(alias = "bsa")]
    pub bsa_m2: Option<f64>,
    /// Disease.
    pub disease: Option<Disease>,
    /// Day 0.
    pub infusion_date: Option<NaiveDate>,
    /// Lymphodepletion.
    pub lymphodepletion: Option<LymphodepletionInput>,
    /// Tocilizumab.
    pub tocilizumab: Option<TocilizumabInput>,
    /// Immunoglobulin.
    pub ivig: Option<IvigInput>,
    /// G-CSF.
    pub g_csf: Option<GCsfInput>,
    /// The cells.
    pub product: Option<ProductInput>,
    /// What the guideline leaves open.
    pub parameters: Parameters,
}

/// Doses judged.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Dose {
    /// Every dose given is `within_range`, one is `outside_range`, or one is `not_evaluable`; so is a case without doses.
    pub category: &'static str,
    /// Lymphodepletion.
    pub lymphodepletion: Option<Lymphodepletion>,
    /// Tocilizumab.
    pub tocilizumab: Option<Tocilizumab>,
    /// Immunoglobulin.
    pub ivig: Option<Ivig>,
    /// G-CSF.
    pub g_csf: Option<GCsf>,
    /// The cells.
    pub product: Option<ProductDose>,
    /// What was chosen.
    pub parameters: Parameters,
}

impl Parameters {
    fn check(&self) -> Result<(), Fault> {
        for (member, value, most) in [
            ("lymphodepletion_tolerance_percent", self.lymphodepletion_tolerance_percent, 50.0),
            ("tocilizumab_interval_hours", self.tocilizumab_interval_hours, 240.0),
        ] {
            if !(0.0..=most).contains(&value) {
                let problem = format!("{value} is not possible");
                return Err(Fault::new(
                    Place::Under("parameters").pointer(member),
                    problem,
                    format!("0 to {most}"),
                ));
            }
        }
        Ok(())
    }
}

impl DoseCase {
    /// Names the doses of what is asked about; of a case that asks about nothing, what it could ask about.
    fn miss_doses(&self, trace: &mut Trace) {
        let questions = [
            (self.lymphodepletion.is_some(), "lymphodepletion", "lymphodepletion/doses"),
            (self.tocilizumab.is_some(), "tocilizumab", "tocilizumab/doses"),
            (self.ivig.is_some(), "ivig", "ivig/dose_g"),
            (self.g_csf.is_some(), "g_csf", "g_csf/dose_ug"),
            (self.product.is_some(), "product", "product/dose_total_car_t"),
        ];
        let asked = questions.iter().any(|(asked, ..)| *asked);
        for (this, question, dose) in questions {
            if this || !asked {
                trace.miss(At::Case, if this { dose } else { question });
            }
        }
    }
}

impl Case for DoseCase {
    type Result = Dose;

    fn derive(&self, trace: &mut Trace) -> Result<Dose, Fault> {
        let parameters = self.parameters;
        parameters.check()?;
        let case_weight = WEIGHT.read(Place::Top, self.weight_kg, None)?;
        let bsa = BODY_SURFACE.read(Place::Top, self.bsa_m2, None)?;
        let weight = |under: &'static str, own: Option<f64>| -> Result<Option<f64>, Fault> {
            Ok(WEIGHT.read(Place::Under(under), own, None)?.or(case_weight))
        };
        let mut judged: Option<Verdict> = None;
        let mut keep = |verdict: Option<Verdict>| {
            if let Some(verdict) = verdict {
                judged = Some(judged.map_or(verdict, |so_far| so_far & verdict));
            }
        };
        let provisional = self.disease == Some(Disease::Mm);
        let lymphodepletion = match &self.lymphodepletion {
            None => None,
            Some(given) => {
                let (verdict, result) =
                    given.judge(bsa, self.infusion_date, provisional, &parameters, trace)?;
                keep(verdict);
                Some(result)
            }
        };
        let tocilizumab = match &self.tocilizumab {
            None => None,
            Some(given) => {
                let weight = weight("tocilizumab", given.weight_kg)?;
                let (verdict, result) = given.judge(weight, &parameters, trace)?;
                keep(verdict);
                Some(result)
            }
        };
        let ivig = match &self.ivig {
            None => None,
            Some(given) => {
                let (verdict, result) = given.judge(weight("ivig", given.weight_kg)?, self.disease, trace)?;
                keep(verdict);
                Some(result)
            }
        };
        let g_csf = match &self.g_csf {
            None => None,
            Some(given) => {
                let (verdict, result) = given.judge(weight("g_csf", given.weight_kg)?, trace)?;
                keep(verdict);
                Some(result)
            }
        };
        let product = match &self.product {
            None => None,
            Some(given) => {
                let weight = weight("product", given.weight_kg)?;
                let (verdict, result) = given.judge(weight, self.disease, trace)?;
                keep(verdict);
                Some(result)
            }
        };
        if judged.is_none() {
            self.miss_doses(trace);
        }
        let good = judged.unwrap_or(Verdict::Undecided);
        conclude(trace, good, [&WITHIN, &OUTSIDE, &UNDECIDED]);
        Ok(Dose { category: category(good), lymphodepletion, tocilizumab, ivig, g_csf, product, parameters })
    }
}
