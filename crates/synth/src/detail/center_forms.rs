//! CTR child tables: a center's reference ranges and its assay of CAR-T cells.

use super::sheet::Habits;
use crate::random::{Part, Stream};
use chrono::NaiveDate;
use clinical::Form;
use clinical::codes::Name;
use clinical::codes::assessment::{KineticsAssay, KineticsUnit, MrdSpecimen};
use clinical::codes::treatment::{
    AgeYears, AnalyteCode, AssayLimit, LaboratoryUnit, ReferenceLimit, ReferenceSex,
};
use clinical::forms::center_assay::CenterAssay;
use clinical::forms::lab_reference_range::LabReferenceRange;
use clinical::lab::Analyte;
use clinical::record::{Missing, Record};

/// Reference ranges of adults in the canonical unit: lower and upper limit, women's where they differ.
const RANGES: [(Analyte, [f64; 2], Option<[f64; 2]>); 12] = [
    (Analyte::Anc, [1.8, 6.3], None),
    (Analyte::Wbc, [3.5, 9.5], None),
    (Analyte::Hb, [130.0, 175.0], Some([115.0, 150.0])),
    (Analyte::Plt, [125.0, 350.0], None),
    (Analyte::Crp, [0.0, 10.0], None),
    (Analyte::Ferritin, [30.0, 400.0], Some([13.0, 150.0])),
    (Analyte::Ldh, [120.0, 250.0], None),
    (Analyte::Alt, [9.0, 50.0], Some([7.0, 40.0])),
    (Analyte::Creatinine, [57.0, 97.0], Some([41.0, 73.0])),
    (Analyte::Fibrinogen, [2.0, 4.0], None),
    (Analyte::DDimer, [0.0, 0.5], None),
    (Analyte::IgG, [7.0, 16.0], None),
];

/// What a center measures with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Equipment {
    pub(crate) habits: Habits,
    pub(crate) assay: KineticsAssay,
    pub(crate) unit: KineticsUnit,
    pub(crate) lod: f64,
    pub(crate) lloq: f64,
}

impl Equipment {
    /// Draws the equipment of a center.
    pub(crate) fn draw(seed: u64, subject: u64) -> Option<Self> {
        let mut s = Stream::part(seed, subject, Part::Center, 0);
        let habits = Habits::new(s.bits());
        let (assay, unit, lod, lloq) = s.pick(&[
            ((KineticsAssay::QPcr, KineticsUnit::CopiesPerUg, 25.0, 50.0), 0.5),
            ((KineticsAssay::DdPcr, KineticsUnit::CopiesPerUg, 10.0, 25.0), 0.25),
            ((KineticsAssay::Flow, KineticsUnit::CellsPerUl, 0.2, 0.5), 0.25),
        ])?;
        Some(Self { habits, assay, unit, lod, lloq })
    }
}

/// The records of a center that joined on `joined_on`.
pub(crate) fn records(equipment: &Equipment, joined_on: NaiveDate) -> Option<Vec<Record>> {
    let mut records = Vec::new();
    for (analyte, [low, high], women) in RANGES {
        let by_sex = match women {
            Some([low_f, high_f]) => {
                vec![(ReferenceSex::Male, low, high), (ReferenceSex::Female, low_f, high_f)]
            }
            None => vec![(ReferenceSex::Any, low, high)],
        };
        for (sex, low, high) in by_sex {
            records.push(range(equipment, joined_on, analyte, sex, low, high)?.to_record());
        }
    }
    let assay = CenterAssay {
        assay: equipment.assay,
        specimen: MrdSpecimen::Blood,
        unit: equipment.unit,
        valid_from: joined_on,
        valid_to: None,
        lod: AssayLimit::new(equipment.lod),
        lloq: AssayLimit::new(equipment.lloq),
        reagent: Name::new(match equipment.assay {
            KineticsAssay::Flow => "Anti-idiotype antibody",
            _ => "Transgene assay, in house",
        }),
        missing: Missing::default(),
    };
    records.push(assay.to_record());
    Some(records)
}

fn range(
    equipment: &Equipment,
    valid_from: NaiveDate,
    analyte: Analyte,
    sex: ReferenceSex,
    low: f64,
    high: f64,
) -> Option<LabReferenceRange> {
    let (unit, decimals, _) = equipment.habits.of(analyte)?;
    let limit = |canonical: f64| {
        let value = analyte.from_canonical(canonical, unit).ok()?;
        ReferenceLimit::new(crate::random::rounded(value, decimals))
    };
    Some(LabReferenceRange {
        analyte: AnalyteCode::new(analyte.code())?,
        unit: LaboratoryUnit::new(unit.code())?,
        sex,
        age_from: AgeYears::new(18)?,
        valid_from,
        age_to: None,
        valid_to: None,
        low: limit(low).filter(|_| low > 0.0),
        high: limit(high),
        missing: Missing::default(),
    })
}
