//! Units of laboratory results and their exact conversion.

use crate::field::value_sets;

value_sets! {
    /// Unit of a laboratory result, written close to UCUM.
    Unit "lab_unit" {
        TenTo9PerL "10^9/L" "Giga per litre" "10^9/L";
        TenTo3PerUl "10^3/uL" "Thousand per microlitre" "10^3/μL";
        PerUl "/uL" "Per microlitre" "/μL";
        PerMl "/mL" "Per millilitre" "/mL";
        Percent "%" "Percent" "百分比";
        GPerL "g/L" "Gram per litre" "克/升";
        GPerDl "g/dL" "Gram per decilitre" "克/分升";
        MgPerDl "mg/dL" "Milligram per decilitre" "毫克/分升";
        MgPerL "mg/L" "Milligram per litre" "毫克/升";
        UgPerMl "ug/mL" "Microgram per millilitre" "微克/毫升";
        UgPerL "ug/L" "Microgram per litre" "微克/升";
        NgPerMl "ng/mL" "Nanogram per millilitre" "纳克/毫升";
        NgPerL "ng/L" "Nanogram per litre" "纳克/升";
        PgPerMl "pg/mL" "Picogram per millilitre" "皮克/毫升";
        MgPerLFeu "mg/L FEU" "Milligram per litre, fibrinogen equivalents" "毫克/升（FEU）";
        UgPerMlFeu "ug/mL FEU" "Microgram per millilitre, fibrinogen equivalents" "微克/毫升（FEU）";
        UgPerLFeu "ug/L FEU" "Microgram per litre, fibrinogen equivalents" "微克/升（FEU）";
        NgPerMlFeu "ng/mL FEU" "Nanogram per millilitre, fibrinogen equivalents" "纳克/毫升（FEU）";
        MgPer24h "mg/24h" "Milligram per 24 hours" "毫克/24小时";
        GPer24h "g/24h" "Gram per 24 hours" "克/24小时";
        UmolPerL "umol/L" "Micromole per litre" "微摩尔/升";
        MmolPerL "mmol/L" "Millimole per litre" "毫摩尔/升";
        MeqPerL "mEq/L" "Milliequivalent per litre" "毫当量/升";
        UPerL "U/L" "Unit per litre" "单位/升";
        UPerMl "U/mL" "Unit per millilitre" "单位/毫升";
        IuPerL "IU/L" "International unit per litre" "国际单位/升";
        IuPerMl "IU/mL" "International unit per millilitre" "国际单位/毫升";
        MiuPerMl "mIU/mL" "Milli-international unit per millilitre" "毫国际单位/毫升";
        MlPerMin "mL/min" "Millilitre per minute" "毫升/分钟";
        MlPerS "mL/s" "Millilitre per second" "毫升/秒";
        Second "s" "Second" "秒";
        MmPerH "mm/h" "Millimetre per hour" "毫米/小时";
        Ratio "ratio" "Ratio" "比值";
        Index "index" "Index" "指数";
        Celsius "Cel" "Degree Celsius" "摄氏度";
        Fahrenheit "degF" "Degree Fahrenheit" "华氏度";
        MmHg "mmHg" "Millimetre of mercury" "毫米汞柱";
        PerMin "/min" "Per minute" "次/分";
    }
}

/// How a value in `unit` becomes one in the analyte's canonical unit: `(value - offset) * multiply / divide`.
///
/// The three constants are exact decimal numbers, so the only error is the rounding of the arithmetic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conversion {
    /// The unit converted from.
    pub unit: Unit,
    /// Value of the canonical zero in this unit; other than 0 for degrees Fahrenheit only.
    pub offset: f64,
    /// Numerator of the factor.
    pub multiply: f64,
    /// Denominator of the factor.
    pub divide: f64,
}

impl Conversion {
    /// The canonical unit, or one of the same size.
    pub(super) const fn same(unit: Unit) -> Self {
        Self::ratio(unit, 1.0, 1.0)
    }

    /// A unit `factor` times as large as the canonical one.
    pub(super) const fn times(unit: Unit, factor: f64) -> Self {
        Self::ratio(unit, factor, 1.0)
    }

    /// A unit of which the canonical one holds `factor`.
    pub(super) const fn over(unit: Unit, factor: f64) -> Self {
        Self::ratio(unit, 1.0, factor)
    }

    /// A unit `multiply / divide` times as large as the canonical one.
    pub(super) const fn ratio(unit: Unit, multiply: f64, divide: f64) -> Self {
        Self { unit, offset: 0.0, multiply, divide }
    }

    /// From this unit to the canonical one.
    pub fn to_canonical(&self, value: f64) -> f64 {
        (value - self.offset) * self.multiply / self.divide
    }

    /// From the canonical unit to this one.
    pub fn from_canonical(&self, value: f64) -> f64 {
        value * self.divide / self.multiply + self.offset
    }
}

pub(super) const CELLS: &[Conversion] = &[
    Conversion::same(Unit::TenTo9PerL),
    Conversion::same(Unit::TenTo3PerUl),
    Conversion::over(Unit::PerUl, 1000.0),
];
/// Lymphocyte subsets are small enough to be counted per microlitre; "per mL" is offered because the guideline's own B-cell
/// threshold was printed so (catalogue H01).
pub(super) const SUBSET: &[Conversion] = &[
    Conversion::same(Unit::PerUl),
    Conversion::times(Unit::TenTo9PerL, 1000.0),
    Conversion::times(Unit::TenTo3PerUl, 1000.0),
    Conversion::over(Unit::PerMl, 1000.0),
];
pub(super) const PERCENT: &[Conversion] = &[Conversion::same(Unit::Percent)];
pub(super) const PROTEIN: &[Conversion] = &[
    Conversion::same(Unit::GPerL),
    Conversion::times(Unit::GPerDl, 10.0),
    Conversion::over(Unit::MgPerDl, 100.0),
    Conversion::over(Unit::MgPerL, 1000.0),
];
pub(super) const HEMOGLOBIN: &[Conversion] =
    &[Conversion::same(Unit::GPerL), Conversion::times(Unit::GPerDl, 10.0)];
pub(super) const MG_PER_L: &[Conversion] = &[
    Conversion::same(Unit::MgPerL),
    Conversion::same(Unit::UgPerMl),
    Conversion::times(Unit::MgPerDl, 10.0),
    Conversion::over(Unit::UgPerL, 1000.0),
    Conversion::over(Unit::NgPerMl, 1000.0),
];
pub(super) const UG_PER_L: &[Conversion] = &[
    Conversion::same(Unit::UgPerL),
    Conversion::same(Unit::NgPerMl),
    Conversion::times(Unit::MgPerL, 1000.0),
    Conversion::over(Unit::NgPerL, 1000.0),
    Conversion::over(Unit::PgPerMl, 1000.0),
];
pub(super) const NG_PER_L: &[Conversion] = &[
    Conversion::same(Unit::NgPerL),
    Conversion::same(Unit::PgPerMl),
    Conversion::times(Unit::UgPerL, 1000.0),
    Conversion::times(Unit::NgPerMl, 1000.0),
];
/// D-dimer units differ by what they weigh: only fibrinogen equivalents (FEU) convert exactly, D-dimer units (DDU) do not.
pub(super) const FEU: &[Conversion] = &[
    Conversion::same(Unit::MgPerLFeu),
    Conversion::same(Unit::UgPerMlFeu),
    Conversion::over(Unit::UgPerLFeu, 1000.0),
    Conversion::over(Unit::NgPerMlFeu, 1000.0),
];
pub(super) const ENZYME: &[Conversion] = &[Conversion::same(Unit::UPerL), Conversion::same(Unit::IuPerL)];
/// 88.4 umol/L per mg/dL (catalogue E3: 2 mg/dL = 176.8 umol/L).
pub(super) const CREATININE: &[Conversion] = &[
    Conversion::same(Unit::UmolPerL),
    Conversion::ratio(Unit::MgPerDl, 884.0, 10.0),
    Conversion::times(Unit::MmolPerL, 1000.0),
];
pub(super) const BILIRUBIN: &[Conversion] =
    &[Conversion::same(Unit::UmolPerL), Conversion::ratio(Unit::MgPerDl, 171.0, 10.0)];
pub(super) const URATE: &[Conversion] = &[
    Conversion::same(Unit::UmolPerL),
    Conversion::ratio(Unit::MgPerDl, 5948.0, 100.0),
    Conversion::times(Unit::MmolPerL, 1000.0),
];
/// 11 mg/dL = 2.75 mmol/L (catalogue E3), 4 mg/dL and 2 mEq/L per mmol/L.
pub(super) const CALCIUM: &[Conversion] = &[
    Conversion::same(Unit::MmolPerL),
    Conversion::over(Unit::MgPerDl, 4.0),
    Conversion::over(Unit::MeqPerL, 2.0),
];
pub(super) const MONOVALENT: &[Conversion] =
    &[Conversion::same(Unit::MmolPerL), Conversion::same(Unit::MeqPerL)];
pub(super) const PHOSPHATE: &[Conversion] =
    &[Conversion::same(Unit::MmolPerL), Conversion::ratio(Unit::MgPerDl, 3229.0, 10_000.0)];
/// 265 mg/dL = 2.99 mmol/L (catalogue E3).
pub(super) const TRIGLYCERIDES: &[Conversion] =
    &[Conversion::same(Unit::MmolPerL), Conversion::ratio(Unit::MgPerDl, 1129.0, 100_000.0)];
pub(super) const PER_DAY: &[Conversion] =
    &[Conversion::same(Unit::MgPer24h), Conversion::times(Unit::GPer24h, 1000.0)];
pub(super) const CLEARANCE: &[Conversion] =
    &[Conversion::same(Unit::MlPerMin), Conversion::times(Unit::MlPerS, 60.0)];
pub(super) const IU_PER_L: &[Conversion] = &[
    Conversion::same(Unit::IuPerL),
    Conversion::same(Unit::MiuPerMl),
    Conversion::times(Unit::IuPerMl, 1000.0),
];
pub(super) const IU_PER_ML: &[Conversion] =
    &[Conversion::same(Unit::IuPerMl), Conversion::over(Unit::IuPerL, 1000.0)];
pub(super) const U_PER_ML: &[Conversion] =
    &[Conversion::same(Unit::UPerMl), Conversion::over(Unit::UPerL, 1000.0)];
pub(super) const TEMPERATURE: &[Conversion] = &[
    Conversion::same(Unit::Celsius),
    Conversion { unit: Unit::Fahrenheit, offset: 32.0, multiply: 5.0, divide: 9.0 },
];
pub(super) const PG_PER_ML: &[Conversion] =
    &[Conversion::same(Unit::PgPerMl), Conversion::same(Unit::NgPerL)];
pub(super) const SECONDS: &[Conversion] = &[Conversion::same(Unit::Second)];
pub(super) const RATIO: &[Conversion] = &[Conversion::same(Unit::Ratio)];
pub(super) const INDEX: &[Conversion] = &[Conversion::same(Unit::Index)];
pub(super) const PRESSURE: &[Conversion] = &[Conversion::same(Unit::MmHg)];
pub(super) const PER_MINUTE: &[Conversion] = &[Conversion::same(Unit::PerMin)];
pub(super) const MM_PER_H: &[Conversion] = &[Conversion::same(Unit::MmPerH)];
