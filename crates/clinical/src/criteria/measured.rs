//! Reading observations: yes/no/unknown, hard ranges, one quantity in two units, rows of a series in the order of time.

use super::case::Fault;
use super::compare::{Verdict, same};
use super::trace::At;
use crate::codes::YesNoUnknown;
use chrono::{Days, NaiveDate};
use serde::de::{Deserializer, Error, Visitor};
use std::fmt;

/// Furthest day from the infusion that is believed, about a century.
const FURTHEST_DAY: i32 = 36_525;

/// Reads `true`, `false`, `"Y"`, `"N"` or `"UNK"`; unknown and `null` are absent.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    struct Flag;
    impl Visitor<'_> for Flag {
        type Value = Option<bool>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("true, false, \"Y\", \"N\" or \"UNK\"")
        }
        fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
            Ok(Some(value))
        }
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            match YesNoUnknown::SET.find_lenient(text) {
                Some("Y") => Ok(Some(true)),
                Some("N") => Ok(Some(false)),
                Some(_) => Ok(None),
                None => Err(E::custom(YesNoUnknown::SET.refusal(text))),
            }
        }
    }
    deserializer.deserialize_any(Flag)
}

/// What is known of a condition.
pub(crate) fn known(verdict: Verdict) -> Option<bool> {
    match verdict {
        Verdict::Met => Some(true),
        Verdict::NotMet => Some(false),
        Verdict::Undecided => None,
    }
}

/// Where a value stands in a case.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// A member of the case.
    Top,
    /// A member of an object of the case.
    Under(&'static str),
    /// A member of a row of a list of the case.
    Row(&'static str, usize),
}

impl Place {
    /// JSON Pointer to a member here.
    pub(crate) fn pointer(self, member: &str) -> String {
        match self {
            Self::Top => format!("/{member}"),
            Self::Under(object) => format!("/{object}/{member}"),
            Self::Row(list, row) => format!("/{list}/{row}/{member}"),
        }
    }
}

/// A quantity: its member in the canonical unit with the hard range, and its member in another unit.
#[derive(Debug)]
pub(crate) struct Measure {
    /// Member in the canonical unit.
    pub(crate) name: &'static str,
    /// Canonical unit.
    pub(crate) unit: &'static str,
    /// Smallest possible.
    pub(crate) min: f64,
    /// Largest possible.
    pub(crate) max: f64,
    /// Member in the other unit, and what one of it is in the canonical unit.
    pub(crate) other: Option<(&'static str, f64)>,
}

impl Measure {
    /// Takes the value given in either unit, in the canonical one.
    ///
    /// # Errors
    /// When it lies outside the hard range, or the two units contradict each other.
    pub(crate) fn read(
        &self,
        place: Place,
        canonical: Option<f64>,
        in_other: Option<f64>,
    ) -> Result<Option<f64>, Fault> {
        let (other_name, factor) = self.other.unwrap_or((self.name, 1.0));
        let (value, name, given) = match (canonical, in_other) {
            (None, None) => return Ok(None),
            (Some(value), None) => (value, self.name, value),
            (None, Some(given)) => (given * factor, other_name, given),
            (Some(value), Some(given)) if same(value, given * factor) => (value, self.name, value),
            (Some(value), Some(given)) => {
                return Err(Fault::new(
                    place.pointer(other_name),
                    format!("{given} contradicts {} {value}", self.name),
                    "one of the two, or the same value in both units",
                ));
            }
        };
        if (self.min..=self.max).contains(&value) {
            return Ok(Some(value + 0.0));
        }
        let scale = if in_other.is_some() { factor } else { 1.0 };
        let mut expected =
            format!("{} to {} ({} {})", self.min / scale, self.max / scale, name, self.unit_of(name));
        let (elsewhere, value_there) =
            if in_other.is_some() { (self.name, given) } else { (other_name, given * factor) };
        if self.other.is_some() && (self.min..=self.max).contains(&value_there) {
            expected.push_str("; if the unit is another, give ");
            expected.push_str(elsewhere);
        }
        Err(Fault::new(place.pointer(name), format!("{given} is not possible"), expected))
    }

    fn unit_of(&self, name: &str) -> &'static str {
        if name == self.name { self.unit } else { "in the unit of its name" }
    }
}

macro_rules! measures {
    ($($(#[$doc:meta])* $id:ident = $name:literal, $unit:literal, $min:literal..=$max:literal $(, $other:literal x $factor:literal)?;)*) => {
        $($(#[$doc])* pub(crate) static $id: Measure = Measure {
            name: $name, unit: $unit, min: $min, max: $max, other: measures!(@other $($other x $factor)?),
        };)*
    };
    (@other) => { None };
    (@other $other:literal x $factor:literal) => { Some(($other, $factor)) };
}

measures! {
    ANC = "anc_10e9_l", "x10^9/L", 0.0..=200.0, "anc_ul" x 0.001;
    /// For series, whose days are compared with thresholds per µl.
    ANC_UL = "anc_ul", "/ul", 0.0..=200_000.0, "anc_10e9_l" x 1000.0;
    ALC = "alc_10e9_l", "x10^9/L", 0.0..=500.0, "alc_ul" x 0.001;
    WBC = "wbc_10e9_l", "x10^9/L", 0.0..=1000.0, "wbc_ul" x 0.001;
    PLATELETS = "platelets_10e9_l", "x10^9/L", 0.0..=3000.0, "platelets_ul" x 0.001;
    HEMOGLOBIN = "hb_g_l", "g/L", 10.0..=250.0, "hb_g_dl" x 10.0;
    CRP = "crp_mg_l", "mg/L", 0.0..=1000.0, "crp_mg_dl" x 10.0;
    FERRITIN = "ferritin_ug_l", "ug/L", 0.0..=300_000.0;
    LYMPHOCYTES = "lymphocyte_percent", "%", 0.0..=100.0;
    CD19_PERCENT = "cd19_percent", "%", 0.0..=100.0;
    CD20_PERCENT = "cd20_percent", "%", 0.0..=100.0;
    CD19_ABSOLUTE = "cd19_abs_ul", "/ul", 0.0..=100_000.0;
    IGG = "igg_g_l", "g/L", 0.0..=150.0, "igg_mg_dl" x 0.01;
    /// A leukocyte can be a CAR-T cell at most, so the range is that of leukocytes.
    CAR_T = "car_t_ul", "/ul", 0.0..=1e6, "car_t_10e9_l" x 1000.0;
    ALT = "alt_u_l", "U/L", 0.0..=20_000.0;
    HBV_DNA = "hbv_dna_iu_ml", "IU/ml", 0.0..=1e11;
    CD4 = "cd4_ul", "/ul", 0.0..=10_000.0, "cd4_10e9_l" x 1000.0;
    WEIGHT = "weight_kg", "kg", 20.0..=250.0;
    BODY_SURFACE = "bsa_m2", "m2", 0.5..=3.5;
    URATE = "uric_acid_umol_l", "umol/L", 10.0..=2000.0, "uric_acid_mg_dl" x 59.48;
    POTASSIUM = "potassium_mmol_l", "mmol/L", 1.0..=10.0;
    PHOSPHATE = "phosphate_mmol_l", "mmol/L", 0.1..=6.0, "phosphate_mg_dl" x 0.322_9;
    CALCIUM = "calcium_mmol_l", "mmol/L", 0.5..=5.0, "calcium_mg_dl" x 0.249_5;
    CREATININE = "creatinine_umol_l", "umol/L", 5.0..=2500.0, "creatinine_mg_dl" x 88.4;
}

/// When an observation was made: the day counted from the infusion, the calendar day, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Day counted from the infusion.
    pub day: Option<i32>,
    /// Calendar day.
    pub date: Option<NaiveDate>,
}

impl Moment {
    /// Neither day nor date.
    pub const NONE: Self = Self { day: None, date: None };

    /// Reads a moment; the day follows from the date and the date from the day when the day of the infusion is known.
    pub(crate) fn read(
        place: Place,
        day: Option<i32>,
        date: Option<NaiveDate>,
        infusion: Option<NaiveDate>,
    ) -> Result<Self, Fault> {
        if let Some(day) = day.filter(|day| day.abs() > FURTHEST_DAY) {
            return Err(Fault::new(
                place.pointer("day"),
                format!("{day} is not possible"),
                format!("-{FURTHEST_DAY} to {FURTHEST_DAY} days from the infusion"),
            ));
        }
        let counted = date.zip(infusion).and_then(|(date, d0)| i32::try_from((date - d0).num_days()).ok());
        if let (Some(day), Some(counted)) = (day, counted)
            && day != counted
        {
            return Err(Fault::new(
                place.pointer("day"),
                format!("day {day} is not the date given, which is day {counted}"),
                "the day that belongs to the date, or one of the two",
            ));
        }
        let dated = date.or_else(|| infusion.zip(day).and_then(|(d0, day)| plus(d0, day)));
        Ok(Self { day: day.or(counted), date: dated })
    }

    /// The time of trace steps about this moment: the day where there is one.
    pub fn at(self) -> At {
        match (self.day, self.date) {
            (Some(day), _) => At::Day(day),
            (None, Some(date)) => At::Date(date),
            (None, None) => At::Case,
        }
    }

    /// Days from `earlier` to here.
    pub(crate) fn days_since(self, earlier: Self) -> Option<i32> {
        match (self.day.zip(earlier.day), self.date.zip(earlier.date)) {
            (Some((later, earlier)), _) => Some(later - earlier),
            (None, Some((later, earlier))) => i32::try_from((later - earlier).num_days()).ok(),
            (None, None) => None,
        }
    }
}

/// `days` after (or before) a date.
pub(crate) fn plus(date: NaiveDate, days: i32) -> Option<NaiveDate> {
    let distance = Days::new(u64::from(days.unsigned_abs()));
    if days >= 0 { date.checked_add_days(distance) } else { date.checked_sub_days(distance) }
}

/// A row of a series as given.
pub(crate) trait Row: Clone {
    /// Its day.
    fn day(&self) -> Option<i32>;
    /// Its date.
    fn date(&self) -> Option<NaiveDate>;
    /// Takes over what the other row of the same day has and this one lacks; the member in which they contradict each other otherwise.
    fn merge(&mut self, other: &Self) -> Result<(), &'static str>;
}

/// A row with its moment and its place in the input.
#[derive(Debug, Clone)]
pub(crate) struct Dated<R> {
    pub(crate) moment: Moment,
    pub(crate) place: Place,
    pub(crate) row: R,
}

/// The rows in the order of time, those of one day as one.
///
/// # Errors
/// When a row of several has neither day nor date, days and dates cannot be compared, or two rows of a day contradict each other.
pub(crate) fn series<R: Row>(
    list: &'static str,
    rows: &[R],
    infusion: Option<NaiveDate>,
) -> Result<Vec<Dated<R>>, Fault> {
    let mut dated = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        let place = Place::Row(list, index);
        let moment = Moment::read(place, row.day(), row.date(), infusion)?;
        if moment == Moment::NONE && rows.len() > 1 {
            return Err(Fault::new(place.pointer("day"), "no day and no date", "day or date of each row"));
        }
        dated.push(Dated { moment, place, row: row.clone() });
    }
    let all_days = dated.iter().all(|d| d.moment.day.is_some());
    let undated = dated.iter().find(|d| d.moment.date.is_none() && d.moment.day.is_some());
    if let Some(undated) = undated.filter(|_| !all_days) {
        return Err(Fault::new(
            undated.place.pointer("day"),
            "days and dates are mixed and the date of infusion is not given",
            "infusion_date, or days only, or dates only",
        ));
    }
    dated.sort_by_key(|d| (d.moment.day, d.moment.date));
    let mut merged: Vec<Dated<R>> = Vec::with_capacity(dated.len());
    for next in dated {
        match merged.last_mut().filter(|last| last.moment == next.moment) {
            None => merged.push(next),
            Some(same_day) => same_day.row.merge(&next.row).map_err(|member| {
                Fault::new(
                    next.place.pointer(member),
                    "contradicts another row of the same day",
                    "one value a day",
                )
            })?,
        }
    }
    Ok(merged)
}

/// Declares a row of a series: a struct of optional members with `day` and `date`.
macro_rules! rows {
    ($(#[$doc:meta])* $row:ident { $($(#[$attr:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
        #[serde(default)]
        pub struct $row {
            /// Day counted from the infusion.
            #[serde(alias = "time_post_inf", alias = "day_rel_car")]
            pub day: Option<i32>,
            /// Calendar day.
            #[serde(alias = "collected_date", alias = "assess_date", alias = "assessment_date")]
            pub date: Option<chrono::NaiveDate>,
            $($(#[$attr])* pub $field: Option<$type>,)*
        }
        impl $crate::criteria::measured::Row for $row {
            fn day(&self) -> Option<i32> {
                self.day
            }
            fn date(&self) -> Option<chrono::NaiveDate> {
                self.date
            }
            fn merge(&mut self, other: &Self) -> Result<(), &'static str> {
                $(match (&self.$field, &other.$field) {
                    (Some(_), Some(_)) if self.$field != other.$field => return Err(stringify!($field)),
                    (None, Some(b)) => self.$field = Some(*b),
                    _ => {}
                })*
                Ok(())
            }
        }
    };
}
pub(crate) use rows;

/// Declares a row and a case that holds either a list of such rows or the members of a single one.
macro_rules! rows_or_one {
    (
        $(#[$case_doc:meta])* case $case:ident { $($(#[$case_attr:meta])* $case_field:ident: $case_type:ty,)* }
        $(#[$doc:meta])* row $row:ident { $($(#[$attr:meta])* $field:ident: $type:ty,)* }
    ) => {
        $crate::criteria::measured::rows! { $(#[$doc])* $row { $($(#[$attr])* $field: $type,)* } }
        $(#[$case_doc])*
        #[derive(Debug, Clone, Default, serde::Deserialize)]
        #[serde(default)]
        pub struct $case {
            /// The rows of a series; instead of the members of a single observation.
            #[serde(alias = "days", alias = "labs")]
            pub observations: Vec<$row>,
            /// Day 0.
            pub infusion_date: Option<chrono::NaiveDate>,
            /// Day of the single observation.
            pub day: Option<i32>,
            /// Date of the single observation.
            pub date: Option<chrono::NaiveDate>,
            $($(#[$case_attr])* pub $case_field: $case_type,)*
            $($(#[$attr])* pub $field: Option<$type>,)*
        }
        impl $case {
            fn one(&self) -> $row {
                $row { day: self.day, date: self.date, $($field: self.$field,)* }
            }
            /// The rows in the order of time; those of a single observation when there is no list.
            fn rows(&self) -> Result<Vec<$crate::criteria::measured::Dated<$row>>, $crate::criteria::case::Fault> {
                use $crate::criteria::measured::{Dated, Moment, Place, series};
                let one = self.one();
                if self.observations.is_empty() {
                    let moment = Moment::read(Place::Top, one.day, one.date, self.infusion_date)?;
                    return Ok(vec![Dated { moment, place: Place::Top, row: one }]);
                }
                if one != $row::default() {
                    return Err($crate::criteria::case::Fault::new(
                        "/observations",
                        "observations are given both as a list and as members of the case",
                        "one of the two",
                    ));
                }
                series("observations", &self.observations, self.infusion_date)
            }
        }
    };
}
pub(crate) use rows_or_one;
