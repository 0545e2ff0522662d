//! A form: one Rust type, and the descriptor everything else is made from.

use crate::field::Kind;
use crate::finding::Findings;
use crate::record::Record;
use crate::rule::Rule;
use chrono::NaiveDate;

/// How firmly a value is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requirement {
    /// Identifies the record; cannot be missing.
    Mandatory,
    /// Must be given or declared missing with a code; a declared gap opens a query.
    Required,
    /// May be left out.
    Optional,
    /// As `Required` when another field says so, else as `Optional`.
    Conditional(When),
    /// Computed from other fields of the record. May be given back unchanged; never entered.
    Computed,
}

/// When a conditional field is required: another field of the form has one of these values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// The other field.
    pub field: &'static str,
    /// Its values as written in CSV.
    pub values: &'static [&'static str],
}

/// One field of a form, as the data dictionary shows it.
#[derive(Debug)]
pub struct FieldDescriptor {
    /// Name in JSON, CSV, SQL and Parquet.
    pub name: &'static str,
    /// What it means, in one or two sentences.
    pub description: &'static str,
    /// English label.
    pub en: &'static str,
    /// Chinese label.
    pub zh: &'static str,
    /// Type, hard range, value set.
    pub kind: Kind,
    /// How firmly it is asked for.
    pub requirement: Requirement,
    /// Plausible range of a number, inclusive; outside it a query is opened.
    pub soft: Option<(f64, f64)>,
}

/// What a form refers to, in the same center.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parent {
    /// Nothing: the form is a root.
    Registry,
    /// A patient, by `patient_id`.
    Patient,
    /// An infusion, by `patient_id` and `infusion_number`.
    Infusion,
}

/// What surrounds a record when it is checked.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// Today, at the latest place on earth: dates after it are in the future.
    pub today: NaiveDate,
}

/// Everything the rest of the program knows about a form.
#[derive(Debug)]
pub struct FormDescriptor {
    /// Name in JSON and SQL (the table).
    pub name: &'static str,
    /// Path segment under `/v1`.
    pub path: &'static str,
    /// Version of the form's definition.
    pub version: i32,
    /// English label.
    pub en: &'static str,
    /// Chinese label.
    pub zh: &'static str,
    /// What one record is.
    pub description: &'static str,
    /// Where the catalogue defines it.
    pub source: &'static str,
    /// Names of the fields that identify a record within a center, first fields of the form.
    pub key: &'static [&'static str],
    /// What the record hangs on.
    pub parent: Parent,
    /// The fields in order.
    pub fields: &'static [FieldDescriptor],
    /// Rules of this form beyond those of its fields.
    pub rules: &'static [&'static Rule],
    /// Fills the computed fields of a record whose fields are all well-formed.
    pub compute: fn(&mut Record),
    /// Applies `rules` to a record whose fields are all well-formed.
    pub check: fn(&Record, Context, &mut Findings),
}

impl FormDescriptor {
    /// Position and descriptor of a field.
    pub fn field(&self, name: &str) -> Option<(usize, &'static FieldDescriptor)> {
        self.fields.iter().enumerate().find(|(_, f)| f.name == name)
    }

    /// True for reference data of the registry; every other form is a center's.
    pub fn is_reference(&self) -> bool {
        crate::forms::REFERENCE.iter().any(|f| std::ptr::eq(*f, self))
    }

    /// True when some field is computed.
    pub fn computes(&self) -> bool {
        self.fields.iter().any(|f| f.requirement == Requirement::Computed)
    }

    /// True when records of this form name a product of the reference table.
    pub fn product_field(&self) -> Option<usize> {
        (self.name == "infusion").then(|| self.field("product_code").map(|(i, _)| i)).flatten()
    }
}

/// A form as a Rust type.
pub trait Form: Sized {
    /// Its descriptor.
    const DESCRIPTOR: &'static FormDescriptor;
    /// The typed view of a record; `None` when the record is of another form.
    fn from_record(record: &Record) -> Option<Self>;
    /// The record of a typed value.
    fn to_record(&self) -> Record;
}

/// The form's own rules, on the typed value.
pub trait Checks {
    /// Fills the computed fields.
    fn compute(&mut self) {}
    /// Applies every rule that looks at more than one field.
    fn check(&self, context: Context, findings: &mut Findings);
}

/// Declares a form: the struct, its descriptor and the conversions between both.
///
/// ```text
/// form! {
///     /// What one record is.
///     DailyToxicity {
///         name: "daily_toxicity", path: "daily-toxicity", version: 1, label: ("Daily toxicity", "每日毒性"),
///         source: "G4", key: ["patient_id"], parent: Infusion, rules: RULES,
///     }
///     /// What the field means.
///     crs_grade: CrsGrade, required, ("CRS grade", "CRS分级");
///     weight_kg: WeightKg, required, ("Body weight", "体重"), soft 35.0..=150.0;
///     /// Required only when the patient has died; its absence is then a hard fault, or coded.
///     death_date: NaiveDate, conditional, ("Date of death", "死亡日期"), when status in ["DEAD"];
///     /// Filled by `Checks::compute`.
///     ice_total: IceScore, computed, ("ICE score", "ICE评分");
/// }
/// ```
macro_rules! form {
    (@type mandatory $t:ty) => { $t };
    (@type required $t:ty) => { Option<$t> };
    (@type optional $t:ty) => { Option<$t> };
    (@type conditional $t:ty) => { Option<$t> };
    (@type computed $t:ty) => { Option<$t> };
    (@get conditional $t:ty, $cell:expr) => { <$t as $crate::field::FieldValue>::from_cell($cell) };
    (@get computed $t:ty, $cell:expr) => { <$t as $crate::field::FieldValue>::from_cell($cell) };
    (@put conditional $value:expr) => { $value.as_ref().map_or($crate::field::Cell::Null, $crate::field::FieldValue::to_cell) };
    (@put computed $value:expr) => { $value.as_ref().map_or($crate::field::Cell::Null, $crate::field::FieldValue::to_cell) };
    (@requirement conditional $of:ident $($value:literal)+) => {
        $crate::form::Requirement::Conditional($crate::form::When { field: stringify!($of), values: &[$($value),+] })
    };
    (@requirement computed) => { $crate::form::Requirement::Computed };
    (@requirement mandatory) => { $crate::form::Requirement::Mandatory };
    (@requirement required) => { $crate::form::Requirement::Required };
    (@requirement optional) => { $crate::form::Requirement::Optional };
    (@get mandatory $t:ty, $cell:expr) => { <$t as $crate::field::FieldValue>::from_cell($cell)? };
    (@get required $t:ty, $cell:expr) => { <$t as $crate::field::FieldValue>::from_cell($cell) };
    (@get optional $t:ty, $cell:expr) => { <$t as $crate::field::FieldValue>::from_cell($cell) };
    (@put mandatory $value:expr) => { $crate::field::FieldValue::to_cell($value) };
    (@put required $value:expr) => { $value.as_ref().map_or($crate::field::Cell::Null, $crate::field::FieldValue::to_cell) };
    (@put optional $value:expr) => { $value.as_ref().map_or($crate::field::Cell::Null, $crate::field::FieldValue::to_cell) };
    (@soft) => { None };
    (@soft $low:literal $high:literal) => { Some(($low, $high)) };
    (
        $(#[doc = $form_doc:literal])+
        $form:ident {
            name: $name:literal, path: $path:literal, version: $version:literal, label: ($form_en:literal, $form_zh:literal),
            source: $source:literal, key: $key:expr, parent: $parent:ident, rules: $rules:expr $(,)?
        }
        $(
            $(#[doc = $doc:literal])+
            $field:ident: $t:ty, $requirement:ident, ($en:literal, $zh:literal)
                $(, when $of:ident in [$($value:literal),+ $(,)?])? $(, soft $low:literal..=$high:literal)?;
        )+
    ) => {
        $(#[doc = $form_doc])+
        #[derive(Debug, Clone, PartialEq)]
        pub struct $form {
            $($(#[doc = $doc])+ pub $field: $crate::form::form!(@type $requirement $t),)+
            /// Required values declared missing, with the reason.
            pub missing: $crate::record::Missing,
        }

        impl $crate::form::Form for $form {
            const DESCRIPTOR: &'static $crate::form::FormDescriptor = {
                // A static has one address in the whole program, so forms are compared by it; a constant may have several.
                static DESCRIPTOR: $crate::form::FormDescriptor = $crate::form::FormDescriptor {
                name: $name,
                path: $path,
                version: $version,
                en: $form_en,
                zh: $form_zh,
                description: concat!($($form_doc),+),
                source: $source,
                key: $key,
                parent: $crate::form::Parent::$parent,
                fields: &[$($crate::form::FieldDescriptor {
                    name: stringify!($field),
                    description: concat!($($doc),+),
                    en: $en,
                    zh: $zh,
                    kind: <$t as $crate::field::FieldValue>::KIND,
                    requirement: $crate::form::form!(@requirement $requirement $($of $($value)+)?),
                    soft: $crate::form::form!(@soft $($low $high)?),
                }),+],
                rules: $rules,
                compute: |record| {
                    if let Some(mut form) = <$form as $crate::form::Form>::from_record(record) {
                        $crate::form::Checks::compute(&mut form);
                        *record = $crate::form::Form::to_record(&form);
                    }
                },
                check: |record, context, findings| {
                    if let Some(form) = <$form as $crate::form::Form>::from_record(record) {
                        $crate::form::Checks::check(&form, context, findings);
                    }
                },
                };
                &DESCRIPTOR
            };

            fn from_record(record: &$crate::record::Record) -> Option<Self> {
                if !std::ptr::eq(record.form(), Self::DESCRIPTOR) {
                    return None;
                }
                let mut cells = record.cells().iter();
                Some(Self {
                    $($field: $crate::form::form!(@get $requirement $t, cells.next()?),)+
                    missing: record.missing().clone(),
                })
            }

            fn to_record(&self) -> $crate::record::Record {
                $crate::record::Record::from_parts(
                    Self::DESCRIPTOR,
                    vec![$($crate::form::form!(@put $requirement &self.$field)),+],
                    self.missing.clone(),
                )
            }
        }
    };
}
pub(crate) use form;
