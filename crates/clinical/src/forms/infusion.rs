//! INF: a CAR-T infusion.

use crate::codes::baseline::Ecog;
use crate::codes::treatment::CarTCellsPerKg;
use crate::codes::{
    BatchNumber, CarTCells, InfusionNumber, Minutes, PatientId, Percent, ProductCode, WeightKg, YesNoUnknown,
};
use crate::criteria::compare::above;
use crate::field::value_sets;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::moment::Moment;
use crate::rule::rules;
use chrono::{NaiveDate, NaiveTime};

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
        name: "infusion", path: "infusions", version: 2, label: ("Infusion", "回输"),
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
    /// Time at which the infusion started.
    start_time: NaiveTime, optional, ("Started at", "开始时间");
    /// Calendar day on which the infusion ended; empty when that is the infusion date.
    end_date: NaiveDate, optional, ("Ended on", "结束日期");
    /// Time at which the infusion ended.
    end_time: NaiveTime, optional, ("Ended at", "结束时间");
    /// CAR-positive viable T cells infused per kg body weight, to the whole cell.
    dose_per_kg: CarTCellsPerKg, computed, ("CAR-T cells per kg", "每公斤CAR-T细胞数");
    /// CAR-positive viable T cells per kg body weight as the center reports it.
    dose_per_kg_reported: CarTCellsPerKg, optional, ("CAR-T cells per kg, reported", "报告的每公斤CAR-T细胞数");
    /// ECOG performance status on the day of infusion.
    ecog: Ecog, optional, ("ECOG on the day of infusion", "回输日ECOG评分"), soft 0.0..=2.0;
    /// The infusion is part of a clinical trial, whose protocol decides; indication measures leave it out.
    clinical_trial: YesNoUnknown, optional, ("Clinical trial", "临床试验");
}

rules! {
    /// §1.6.1: both expected "no".
    ACTIVE_INFECTION = soft("infusion.active_infection", "infusion during an active infection is contraindicated; confirm", "活动性感染为回输禁忌，请确认");
    /// §1.6.1: both expected "no".
    VASOPRESSORS = soft("infusion.vasopressor_hypotension", "infusion during hypotension on vasopressors is contraindicated; confirm", "需升压药的低血压为回输禁忌，请确认");
    /// G3: start <= end.
    END_BEFORE_START = hard("infusion.end_before_start", "the infusion ends before it starts", "回输结束早于开始");
    /// G3: at most 12 hours.
    LONG_INFUSION = soft("infusion.long_infusion", "the infusion lasts longer than 12 hours; confirm", "回输时间超过12小时，请确认");
    /// G3: dose per kg, checked to 5 %.
    DOSE_PER_KG = soft("infusion.dose_per_kg", "the reported dose per kg differs by more than 5 % from dose and weight", "报告的每公斤剂量与总剂量和体重计算值相差超过5%");
}

/// Longest infusion that opens no query, minutes (G3).
const LONGEST_MINUTES: i64 = 12 * 60;
/// Share of the computed dose per kg by which a reported one may differ (G3).
const DOSE_PER_KG_TOLERANCE: f64 = 0.05;

impl Checks for Infusion {
    fn compute(&mut self) {
        // Whole cells: a fraction of a cell means nothing, and a whole number is read back as it was written.
        self.dose_per_kg = match (self.dose_total_car_t, self.weight_kg) {
            (Some(dose), Some(weight)) => CarTCellsPerKg::new((dose.get() / weight.get()).round()),
            _ => None,
        };
    }

    fn check(&self, _: Context, findings: &mut Findings) {
        self.check_duration(findings);
        if let (Some(computed), Some(reported)) = (self.dose_per_kg, self.dose_per_kg_reported) {
            let difference = (computed.get() - reported.get()).abs();
            if above(difference, DOSE_PER_KG_TOLERANCE * computed.get()) {
                let expected = Some(format!("{} within 5 %", computed.get()));
                let received = Some(reported.get().to_string());
                findings.at(&DOSE_PER_KG, "dose_per_kg_reported", received, expected);
            }
        }
        if self.active_infection == Some(YesNoUnknown::Yes) {
            findings.at(&ACTIVE_INFECTION, "active_infection", Some("Y".to_owned()), Some("N".to_owned()));
        }
        if self.vasopressor_hypotension == Some(YesNoUnknown::Yes) {
            findings.at(&VASOPRESSORS, "vasopressor_hypotension", Some("Y".to_owned()), Some("N".to_owned()));
        }
    }
}

impl Infusion {
    fn check_duration(&self, findings: &mut Findings) {
        if self.end_date.is_none() && self.end_time.is_none() {
            return;
        }
        let start = Moment { date: self.infusion_date, time: self.start_time };
        let end = Moment { date: self.end_date.unwrap_or(self.infusion_date), time: self.end_time };
        let field = if self.end_time.is_some() { "end_time" } else { "end_date" };
        let time = self.end_time.map_or_else(String::new, |t| t.format(" %H:%M").to_string());
        let received = Some(format!("{}{time}", end.date));
        if end.surely_before(start) {
            let expected = Some(format!(
                "{} or later; end_date when it was another day",
                start.earliest().format("%F %H:%M")
            ));
            findings.at(&END_BEFORE_START, field, received, expected);
        } else if start.minutes_at_least_until(end) > LONGEST_MINUTES {
            findings.at(&LONG_INFUSION, field, received, Some("at most 12 hours".to_owned()));
        }
    }
}
