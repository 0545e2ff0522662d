//! What a clause may know of a form beyond the data dictionary: which date a row is about, what ends it, the time of day that
//! goes with a date, and values worked out from a row.

use crate::ir::{FieldId, FormId};
use clinical::codes::treatment::{DoseUnit, Frequency};
use clinical::field::{Cell, Coded, Kind};
use clinical::form::{FieldDescriptor, FormDescriptor};

/// A value worked out from the fields of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Computed {
    /// Laboratory result in the canonical unit of its analyte, as an interval where it has a comparator.
    LabValue,
    /// Laboratory result as a multiple of the upper reference limit of its row.
    TimesUpperLimit,
    /// Laboratory result as a multiple of the lower reference limit of its row.
    TimesLowerLimit,
    /// One dose of a medication, mg; a dose per kg takes the weight of the row, else of the infusion.
    DoseMg,
    /// One dose, mg per kg.
    DoseMgPerKg,
    /// Doses on a day of treatment, by the frequency.
    DosesPerDay,
    /// Dose of a day, mg.
    DailyDoseMg,
    /// Dose of a day, mg per kg.
    DailyDoseMgPerKg,
    /// Corticosteroid of a day as prednisone, mg: dexamethasone 6.67, methylprednisolone 1.25, prednisone 1, hydrocortisone 0.25.
    DailyPrednisoneMg,
}

impl Computed {
    /// Those of a form: name and unit.
    pub fn of(form: &FormDescriptor) -> &'static [(&'static str, Self, &'static str)] {
        match form.name {
            "laboratory" => &[
                ("value", Self::LabValue, ""),
                ("times_upper_limit", Self::TimesUpperLimit, ""),
                ("times_lower_limit", Self::TimesLowerLimit, ""),
            ],
            "medication" => &[
                ("dose_mg", Self::DoseMg, "mg"),
                ("dose_mg_kg", Self::DoseMgPerKg, "mg/kg"),
                ("doses_per_day", Self::DosesPerDay, ""),
                ("daily_dose_mg", Self::DailyDoseMg, "mg"),
                ("daily_dose_mg_kg", Self::DailyDoseMgPerKg, "mg/kg"),
                ("daily_prednisone_mg", Self::DailyPrednisoneMg, "mg"),
            ],
            _ => &[],
        }
    }
}

/// Unit of an amount whose unit stands in another field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AmountUnit {
    dimension: Dimension,
    per_thousandth: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Dimension {
    Mass,
    MassPerKg,
    MassPerSquareMetre,
    Units,
    Volume,
}

impl AmountUnit {
    /// The units as they are written in clauses.
    pub const WRITTEN: &'static str = "'ug', 'mg', 'g', 'ug/kg', 'mg/kg', 'mg/m2', 'MIU' or 'mL'";

    const fn new(dimension: Dimension, per_thousandth: i32) -> Self {
        Self { dimension, per_thousandth }
    }

    /// As written in a clause.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "ug" => Self::new(Dimension::Mass, 0),
            "mg" => Self::new(Dimension::Mass, 1),
            "g" => Self::new(Dimension::Mass, 2),
            "ug/kg" => Self::new(Dimension::MassPerKg, 0),
            "mg/kg" => Self::new(Dimension::MassPerKg, 1),
            "mg/m2" => Self::new(Dimension::MassPerSquareMetre, 1),
            "MIU" => Self::new(Dimension::Units, 0),
            "mL" => Self::new(Dimension::Volume, 0),
            _ => return None,
        })
    }

    /// As coded in a record.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::parse(match code {
            "UG" => "ug",
            "MG" => "mg",
            "G" => "g",
            "UG_KG" => "ug/kg",
            "MG_KG" => "mg/kg",
            "MG_M2" => "mg/m2",
            "MIU" => "MIU",
            "ML" => "mL",
            _ => return None,
        })
    }

    /// `value` of this unit in `other`; `None` when they measure different things.
    pub fn convert(self, value: f64, other: Self) -> Option<f64> {
        let steps = self.per_thousandth - other.per_thousandth;
        (self.dimension == other.dimension).then(|| match steps {
            0 => value,
            1.. => value * 1000_f64.powi(steps),
            _ => value / 1000_f64.powi(-steps),
        })
    }
}

/// The field that holds the unit of an amount field.
pub fn unit_field(form: &FormDescriptor, field: &str) -> Option<&'static str> {
    match (form.name, field) {
        ("medication" | "lymphodepletion_dose", "dose_value") => Some("dose_unit"),
        _ => None,
    }
}

/// The date that a row of the form is about.
pub fn main_date(form: &FormDescriptor) -> Option<&'static str> {
    Some(match form.name {
        "nhl_baseline" => "path_date",
        "prior_hct" => "hct_date",
        "apheresis" => "apheresis_date",
        "lymphodepletion_dose" => "dose_date",
        "infusion" => "infusion_date",
        "hospital_stay" => "admission_date",
        "laboratory" | "kinetics_sample" => "collected_date",
        "crs_episode" | "icans_episode" | "infection" | "second_malignancy" => "onset_date",
        "disease" | "iec_hs" => "diagnosis_date",
        "transfusion" => "transfusion_date",
        "covid_test" => "test_date",
        "vaccination" => "vaccination_date",
        "hbv_course" => "na_start_date",
        "visit" => "visit_date",
        "survival_status" => "last_contact",
        "center" => "joined_on",
        "product" | "lab_reference_range" | "center_assay" => "valid_from",
        "prior_line" | "bridging" | "lymphodepletion" | "medication" | "adverse_event" | "immunoglobulin"
        | "subsequent_therapy" => "start_date",
        _ => return form.field("assessment_date").map(|_| "assessment_date"),
    })
}

/// The field that ends a row which lasts.
pub fn end_date(form: &FormDescriptor) -> Option<&'static str> {
    Some(match form.name {
        "hospital_stay" => "discharge_date",
        "hbv_course" => "na_end_date",
        "product" | "lab_reference_range" | "center_assay" => "valid_to",
        _ => return form.field("end_date").map(|_| "end_date"),
    })
}

/// The time of day that goes with a date field.
pub fn time_of(form: &FormDescriptor, date: &str) -> Option<usize> {
    let name = match (form.name, date) {
        ("infusion", "infusion_date") | ("lymphodepletion_dose", "dose_date") => "start_time".to_owned(),
        _ => format!("{}_time", date.strip_suffix("_date")?),
    };
    form.field(&name).map(|(place, _)| place)
}

/// Fields whose value the criteria derive from a patient's records.
pub fn derived(form: &FormDescriptor) -> &'static [&'static str] {
    match form.name {
        "crs_day" | "icans_day" => &["reported_grade"],
        "crs_episode" | "icans_episode" => &["max_grade"],
        "icaht" => &["reported_early_grade", "reported_late_grade"],
        "response" => &["reported_category"],
        _ => &[],
    }
}

/// How the rows of a form belong to an infusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belonging {
    /// By center, patient and infusion number.
    Infusion,
    /// By center and patient.
    Patient,
    /// By center.
    Center,
    /// By product code.
    Product,
}

/// How the rows of a form belong to an infusion. The form `infusion` itself belongs to the patient: a clause sees every infusion.
pub fn belonging(form: &FormDescriptor) -> Belonging {
    match form.name {
        "product" => Belonging::Product,
        "infusion" => Belonging::Patient,
        _ if form.key.contains(&"infusion_number") => Belonging::Infusion,
        _ if form.field("patient_id").is_some() => Belonging::Patient,
        _ => Belonging::Center,
    }
}

/// True when there is one row of the form for an infusion, so that `form.field` needs no `first` or `last`.
pub fn is_single(form: &FormDescriptor) -> bool {
    matches!(form.name, "product" | "center" | "infusion")
        || form.key == ["patient_id"]
        || form.key == ["patient_id", "infusion_number"]
}

/// The number of a form by name.
pub fn form_by_name(name: &str) -> Option<(FormId, &'static FormDescriptor)> {
    let place = clinical::forms::ALL.iter().position(|f| f.name == name)?;
    Some((FormId(u16::try_from(place).ok()?), clinical::forms::ALL.get(place)?))
}

/// A stored field by name.
pub fn stored(form: &FormDescriptor, name: &str) -> Option<(FieldId, &'static FieldDescriptor)> {
    let (place, field) = form.field(name)?;
    Some((FieldId::Stored(u16::try_from(place).ok()?), field))
}

/// The name of a field as clauses write it.
pub fn field_name(form: &FormDescriptor, field: FieldId) -> String {
    let stored = |place: u16| form.fields.get(usize::from(place)).map_or("", |f| f.name);
    match field {
        FieldId::Stored(place) => stored(place).to_owned(),
        FieldId::Derived(place) => format!("derived_{}", stored(place)),
        FieldId::Computed(computed) => {
            let found = Computed::of(form).iter().find(|(_, c, _)| *c == computed);
            found.map_or_else(String::new, |(name, _, _)| (*name).to_owned())
        }
    }
}

/// Every name a clause may use for a field of a form.
pub fn names(form: &FormDescriptor) -> Vec<String> {
    let stored = form.fields.iter().map(|f| f.name.to_owned());
    let computed = Computed::of(form).iter().map(|(name, _, _)| (*name).to_owned());
    let derived = derived(form).iter().map(|name| format!("derived_{name}"));
    stored.chain(computed).chain(derived).collect()
}

/// A medication's dose and frequency, from which the amounts are worked out.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Dose<'a> {
    /// Code of the drug.
    pub drug: &'a str,
    /// One dose.
    pub value: Option<f64>,
    /// Code of its unit.
    pub unit: Option<&'a str>,
    /// Code of the frequency.
    pub frequency: Option<&'a str>,
    /// Body weight, kg.
    pub weight_kg: Option<f64>,
}

impl Dose<'_> {
    /// A worked-out amount; `None` when the record does not say.
    pub fn amount(&self, computed: Computed) -> Option<f64> {
        match computed {
            Computed::LabValue | Computed::TimesUpperLimit | Computed::TimesLowerLimit => None,
            Computed::DoseMg => self.one(false),
            Computed::DoseMgPerKg => self.one(true),
            Computed::DosesPerDay => self.per_day(),
            Computed::DailyDoseMg => Some(self.one(false)? * self.per_day()?),
            Computed::DailyDoseMgPerKg => Some(self.one(true)? * self.per_day()?),
            Computed::DailyPrednisoneMg => {
                let factor = match self.drug {
                    "DEXAMETHASONE" => 20.0 / 3.0,
                    "METHYLPREDNISOLONE" => 1.25,
                    "PREDNISONE" => 1.0,
                    "HYDROCORTISONE" => 0.25,
                    _ => return None,
                };
                Some(self.one(false)? * self.per_day()? * factor)
            }
        }
    }

    fn one(&self, per_kg: bool) -> Option<f64> {
        let (value, unit) = (self.value?, AmountUnit::of_code(self.unit?)?);
        let mass = AmountUnit::new(Dimension::Mass, 1);
        let mass_per_kg = AmountUnit::new(Dimension::MassPerKg, 1);
        if per_kg {
            return unit
                .convert(value, mass_per_kg)
                .or_else(|| Some(unit.convert(value, mass)? / self.weight_kg?));
        }
        unit.convert(value, mass).or_else(|| Some(unit.convert(value, mass_per_kg)? * self.weight_kg?))
    }

    fn per_day(&self) -> Option<f64> {
        Some(match self.frequency? {
            "ONCE" | "QD" | "CONTINUOUS" => 1.0,
            "Q12H" => 2.0,
            "Q8H" => 3.0,
            "Q6H" => 4.0,
            "Q4H" => 6.0,
            _ => return None,
        })
    }
}

/// The number of a cell.
pub fn number_of(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Integer(i) => Some(f64::from(*i)),
        Cell::Decimal(d) => Some(*d),
        _ => None,
    }
}

/// The hard range of a numeric field.
pub fn range(kind: Kind) -> Option<(f64, f64)> {
    match kind {
        Kind::Integer { min, max } => Some((f64::from(min), f64::from(max))),
        Kind::Decimal { min, max, .. } => Some((min, max)),
        _ => None,
    }
}

/// The unit of a numeric field as the dictionary writes it; empty for a bare number.
pub fn unit(kind: Kind) -> &'static str {
    match kind {
        Kind::Decimal { unit, .. } => unit,
        _ => "",
    }
}

/// Whether every code of the forms has its unit here; the compiler cannot tell when a unit is added there.
pub fn dose_codes_are_known() -> bool {
    let unit = |code: &str| AmountUnit::of_code(code).is_some();
    let frequency =
        |code: &str| code == "PRN" || Dose { frequency: Some(code), ..Dose::default() }.per_day().is_some();
    DoseUnit::VALUES.codes.iter().all(|c| unit(c.code))
        && Frequency::VALUES.codes.iter().all(|c| frequency(c.code))
}
