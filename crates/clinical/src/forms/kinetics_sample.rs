//! KIN: a sample of CAR-T kinetics.

use crate::codes::assessment::{KineticsAssay, KineticsUnit};
use crate::codes::events::SequenceNumber;
use crate::codes::follow_up::{CarTLevel, GenomicDna};
use crate::codes::{InfusionNumber, PatientId, Percent};
use crate::field::value_sets;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::{NaiveDate, NaiveTime};

value_sets! {
    /// Specimen of a kinetics sample.
    KineticsSpecimen "kinetics_specimen" { Blood "PB" "Peripheral blood" "外周血"; Marrow "BM" "Bone marrow" "骨髓"; Csf "CSF" "Cerebrospinal fluid" "脑脊液"; }
}

form! {
    /// A level of CAR-T cells or transgene copies in one sample. Levels of different assays are never converted into each other.
    KineticsSample {
        name: "kinetics_sample", path: "kinetics-samples", version: 1, label: ("CAR-T kinetics sample", "CAR-T动力学样本"),
        source: "catalogue G5 KIN, E2",
        key: &["patient_id", "infusion_number", "collected_date", "specimen", "assay", "sequence_number"],
        parent: Infusion, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Day of collection.
    collected_date: NaiveDate, mandatory, ("Date of collection", "采集日期");
    /// Specimen.
    specimen: KineticsSpecimen, mandatory, ("Specimen", "标本");
    /// Assay.
    assay: KineticsAssay, mandatory, ("Assay", "检测方法");
    /// Number of the sample among those of the same day, specimen and assay.
    sequence_number: SequenceNumber, mandatory, ("Sequence number", "序号");
    /// Time of collection.
    collected_time: NaiveTime, optional, ("Time of collection", "采集时间");
    /// Unit of the level and of the limits. It has no missing code: a level without its unit is none.
    unit: KineticsUnit, mandatory, ("Unit", "单位");
    /// The level lies below the limit of quantification.
    below_lloq: bool, required, ("Below the limit of quantification", "低于定量限");
    /// Level; 0 only when the laboratory reports 0.
    value: CarTLevel, conditional, ("Level", "水平"), when below_lloq in ["false"];
    /// Limit of detection.
    lod: CarTLevel, required, ("Limit of detection", "检测限");
    /// Lower limit of quantification.
    lloq: CarTLevel, required, ("Limit of quantification", "定量下限");
    /// Genomic DNA in the reaction.
    gdna_ng: GenomicDna, optional, ("Genomic DNA", "基因组DNA量");
    /// T cells, share of lymphocytes.
    cd3_percent: Percent, optional, ("CD3+ share", "CD3+比例");
    /// CAR-positive cells, share of T cells.
    car_percent_cd3: Percent, optional, ("CAR+ share of CD3+", "CAR+占CD3+比例");
}

rules! {
    /// G6 R30: PCR counts copies, flow cytometry cells.
    UNIT_OF_ASSAY = hard("kinetics_sample.unit_of_assay", "the assay does not report in this unit", "该检测方法不使用此单位");
    /// A limit of quantification is never below what can be detected.
    LIMITS = hard("kinetics_sample.limits", "the limit of quantification lies below the limit of detection", "定量下限低于检测限");
    /// The mark and the number contradict each other. A reported 0 below the limit is allowed: it says that nothing was found.
    BELOW_LLOQ = hard("kinetics_sample.below_lloq", "the level and the mark of the limit of quantification contradict each other", "水平与低于定量限标记不一致");
}

impl Checks for KineticsSample {
    fn check(&self, _: Context, findings: &mut Findings) {
        let units: &[KineticsUnit] = match self.assay {
            KineticsAssay::QPcr | KineticsAssay::DdPcr => {
                &[KineticsUnit::CopiesPerUg, KineticsUnit::CopiesPerMl]
            }
            KineticsAssay::Flow => &[KineticsUnit::CellsPerUl],
        };
        if !units.contains(&self.unit) {
            let codes: Vec<&str> = units.iter().map(|u| u.code()).collect();
            let expected = format!("for {}: {}", self.assay.code(), codes.join(", "));
            findings.at(&UNIT_OF_ASSAY, "unit", Some(self.unit.code().to_owned()), Some(expected));
        }
        let [value, lod, lloq] = [self.value, self.lod, self.lloq].map(|v| v.map(CarTLevel::get));
        let Some(lloq) = lloq else { return };
        if let Some(lod) = lod.filter(|lod| lloq < *lod) {
            findings.at(&LIMITS, "lloq", Some(lloq.to_string()), Some(format!("at least {lod}")));
        }
        if let (Some(value), Some(below)) = (value, self.below_lloq)
            && below != (value < lloq)
        {
            let expected =
                if below { format!("below {lloq}") } else { format!("at least {lloq}, or below_lloq true") };
            findings.at(&BELOW_LLOQ, "value", Some(value.to_string()), Some(expected));
        }
    }
}
