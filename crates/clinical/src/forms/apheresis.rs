//! APH: a leukapheresis for a CAR-T product.

use crate::codes::treatment::{
    ApheresisNumber, CollectedCells, LymphocyteCount, ManufacturingOutcome, ProcessedVolume,
};
use crate::codes::{InfusionNumber, PatientId, YesNoUnknown};
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

form! {
    /// A leukapheresis from which CAR-T cells are made, and what became of the product.
    Apheresis {
        name: "apheresis", path: "aphereses", version: 1, label: ("Apheresis", "单采"),
        source: "catalogue G3 APH", key: &["patient_id", "infusion_number", "apheresis_number"],
        parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion the cells are collected for.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Number of the session for that infusion, 1 for the first.
    apheresis_number: ApheresisNumber, mandatory, ("Session", "单采序号");
    /// Day of the session.
    apheresis_date: NaiveDate, required, ("Date", "单采日期");
    /// Last absolute lymphocyte count before the session; at least 0.1 is usually advised (1.3).
    alc: LymphocyteCount, required, ("Lymphocyte count", "淋巴细胞绝对值"), soft 0.1..=20.0;
    /// Day of that lymphocyte count.
    alc_date: NaiveDate, optional, ("Date of the lymphocyte count", "淋巴细胞计数日期");
    /// Mononuclear cells collected in the session.
    mnc: CollectedCells, optional, ("Mononuclear cells", "单个核细胞数"), soft 1.0..=100.0;
    /// Whole blood processed.
    volume_l: ProcessedVolume, optional, ("Blood volume processed", "处理血量");
    /// CD3-positive cells collected in the session.
    cd3: CollectedCells, optional, ("CD3-positive cells", "CD3+细胞数");
    /// Active infection at the session.
    active_infection: YesNoUnknown, required, ("Active infection", "活动性感染");
    /// What became of the product; declared missing with PEND while it is being made.
    outcome: ManufacturingOutcome, required, ("Outcome", "产品结局");
    /// Day the product was released.
    release_date: NaiveDate, optional, ("Released on", "放行日期");
}

rules! {
    /// 1.3: must be excluded.
    ACTIVE_INFECTION = soft("apheresis.active_infection", "an active infection must be excluded before apheresis; confirm", "单采前须排除活动性感染，请确认");
    /// It is the last count before the session.
    COUNT_AFTER = hard("apheresis.count_after", "the lymphocyte count is dated after the apheresis", "淋巴细胞计数日期晚于单采日期");
    /// X-APH-01: at most three days before.
    COUNT_OLD = soft("apheresis.count_old", "the lymphocyte count is more than 3 days older than the apheresis", "淋巴细胞计数早于单采3天以上");
    /// A product is made after its cells were collected.
    RELEASED_BEFORE = hard("apheresis.released_before", "the product was released before the apheresis", "放行日期早于单采日期");
    /// A product that was never made was not released.
    RELEASE_OF_FAILED = hard("apheresis.release_of_failed", "a day of release is given although manufacturing failed", "制备失败却填写了放行日期");
}

/// Days a lymphocyte count may be old (X-APH-01).
const COUNT_DAYS: i64 = 3;

impl Checks for Apheresis {
    fn check(&self, _: Context, findings: &mut Findings) {
        if self.active_infection == Some(YesNoUnknown::Yes) {
            findings.at(&ACTIVE_INFECTION, "active_infection", Some("Y".to_owned()), Some("N".to_owned()));
        }
        if let (Some(session), Some(counted)) = (self.apheresis_date, self.alc_date) {
            let age = (session - counted).num_days();
            let received = Some(counted.to_string());
            if age < 0 {
                findings.at(&COUNT_AFTER, "alc_date", received, Some(format!("{session} or earlier")));
            } else if age > COUNT_DAYS {
                let expected = Some(format!("at most {COUNT_DAYS} days before {session}"));
                findings.at(&COUNT_OLD, "alc_date", received, expected);
            }
        }
        let Some(released) = self.release_date else { return };
        if let Some(session) = self.apheresis_date.filter(|session| released < *session) {
            let expected = Some(format!("{session} or later"));
            findings.at(&RELEASED_BEFORE, "release_date", Some(released.to_string()), expected);
        }
        if self.outcome == Some(ManufacturingOutcome::Failed) {
            let expected = Some("no date, or another outcome".to_owned());
            findings.at(&RELEASE_OF_FAILED, "release_date", Some(released.to_string()), expected);
        }
    }
}
