//! Cells to values: what each kind of column accepts.

use super::MISSING;
use crate::error::StatsError;
use std::collections::HashMap;
use survival::person_years::day_number;

/// What a column must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A finite number.
    Number,
    /// A finite number of 0 or more.
    NotNegative,
    /// A case weight: 0 or more, and so small that sums of squares stay finite.
    Weight,
    /// A finite number, or true and false for 1 and 0.
    Covariate,
    /// 0, 1, true or false.
    Flag,
    /// 0 (or false) for censored, 1 (or true) to 255 for a cause.
    Cause,
    /// A whole number of 0 or more.
    Count,
    /// Any text.
    Label,
    /// A date, or a calendar year with decimals.
    Moment,
}

impl Kind {
    pub(super) fn rule(self) -> &'static str {
        match self {
            Self::Number => "a finite number with a decimal point",
            Self::NotNegative => "a finite number of 0 or more",
            Self::Weight => "a weight of 0 or more, at most 1e100",
            Self::Covariate => {
                "a finite number, true or false (a factor is written `column=reference level`)"
            }
            Self::Flag => "0, 1, true or false",
            Self::Cause => "0 for censored or a cause from 1 to 255",
            Self::Count => "a whole number of 0 or more",
            Self::Label => "UTF-8 text",
            Self::Moment => {
                "a date (YYYY-MM-DD) or a calendar year with decimals, the same in the whole column"
            }
        }
    }

    fn accepts(self, value: f64) -> bool {
        let whole = value.fract() == 0.0;
        value.is_finite()
            && match self {
                Self::Number | Self::Covariate | Self::Label | Self::Moment => true,
                Self::NotNegative => value >= 0.0,
                Self::Weight => (0.0..=1e100).contains(&value),
                Self::Flag => whole && (0.0..=1.0).contains(&value),
                Self::Cause => whole && (0.0..=255.0).contains(&value),
                Self::Count => whole && (0.0..=9_007_199_254_740_992.0).contains(&value),
            }
    }

    fn takes_booleans(self) -> bool {
        matches!(self, Self::Covariate | Self::Flag | Self::Cause)
    }
}

/// The values of a column, in input order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Data {
    /// NaN is missing.
    Numbers(Vec<f64>),
    /// Positions among the labels; [`MISSING`] is missing.
    Labels { codes: Vec<u32>, labels: Vec<String> },
    /// Days since 1970-01-01 or decimal years; NaN is missing, `None` an unknown unit (no value yet).
    Moments { values: Vec<f64>, dates: Option<bool> },
}

/// Collects a column value by value. A refused value is reported with what would be accepted, the row is the caller's to add.
#[derive(Debug)]
pub(crate) struct Builder {
    kind: Kind,
    data: Data,
    known: HashMap<String, u32>,
}

impl Builder {
    pub(crate) fn new(kind: Kind) -> Self {
        let data = match kind {
            Kind::Label => Data::Labels { codes: Vec::new(), labels: Vec::new() },
            Kind::Moment => Data::Moments { values: Vec::new(), dates: None },
            _ => Data::Numbers(Vec::new()),
        };
        Self { kind, data, known: HashMap::new() }
    }

    pub(crate) fn missing(&mut self) {
        match &mut self.data {
            Data::Numbers(values) | Data::Moments { values, .. } => values.push(f64::NAN),
            Data::Labels { codes, .. } => codes.push(MISSING),
        }
    }

    pub(crate) fn text(&mut self, cell: &str) -> Result<(), StatsError> {
        let cell = cell.trim();
        if matches!(cell, "" | "NA" | "NaN" | "nan" | "null") {
            self.missing();
            return Ok(());
        }
        match self.kind {
            Kind::Label => {
                self.label(cell);
                Ok(())
            }
            Kind::Moment => match iso_day(cell) {
                Some(day) => self.moment(day, true),
                None => match cell.parse() {
                    Ok(year) => self.moment(year, false),
                    Err(_) => Err(self.refused(cell)),
                },
            },
            kind => {
                let number = cell.parse().ok().or_else(|| boolean(cell).filter(|_| kind.takes_booleans()));
                match number {
                    Some(number) => self.number(number),
                    None => Err(self.refused(cell)),
                }
            }
        }
    }

    /// A number as it is stored in a typed file; NaN is missing.
    pub(crate) fn number(&mut self, value: f64) -> Result<(), StatsError> {
        if value.is_nan() {
            self.missing();
            return Ok(());
        }
        match self.kind {
            Kind::Label => {
                // Without needless decimals, so that 1 and 1.0 are one label whatever the type of the column.
                self.label(&value.to_string());
                Ok(())
            }
            Kind::Moment => self.moment(value, false),
            kind if kind.accepts(value) => {
                if let Data::Numbers(values) = &mut self.data {
                    // -0.0 is 0.
                    values.push(value + 0.0);
                }
                Ok(())
            }
            _ => Err(self.refused(value)),
        }
    }

    /// A truth value as it is stored in a typed file.
    pub(crate) fn boolean(&mut self, value: bool) -> Result<(), StatsError> {
        if self.kind == Kind::Label {
            self.label(if value { "true" } else { "false" });
            return Ok(());
        }
        if self.kind.takes_booleans() {
            self.number(f64::from(u8::from(value)))
        } else {
            Err(self.refused(value))
        }
    }

    /// Days since 1970-01-01 (`dates`) or a decimal year.
    pub(crate) fn moment(&mut self, value: f64, is_date: bool) -> Result<(), StatsError> {
        if let Data::Moments { values, dates } = &mut self.data
            && value.is_finite()
            && *dates.get_or_insert(is_date) == is_date
        {
            values.push(value);
            return Ok(());
        }
        Err(self.refused(value))
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn finish(self) -> Data {
        match self.data {
            Data::Labels { codes, labels } => sorted(&codes, &labels),
            data => data,
        }
    }

    fn label(&mut self, text: &str) {
        if let Data::Labels { codes, labels } = &mut self.data {
            let code = if let Some(code) = self.known.get(text) {
                *code
            } else {
                let code = u32::try_from(labels.len()).unwrap_or(MISSING);
                labels.push(text.to_owned());
                self.known.insert(text.to_owned(), code);
                code
            };
            codes.push(code);
        }
    }

    fn refused(&self, value: impl std::fmt::Display) -> StatsError {
        StatsError::input("a value that is not accepted").value(value).rule(self.kind.rule())
    }
}

fn boolean(cell: &str) -> Option<f64> {
    if cell.eq_ignore_ascii_case("true") {
        Some(1.0)
    } else if cell.eq_ignore_ascii_case("false") {
        Some(0.0)
    } else {
        None
    }
}

/// Days since 1970-01-01 of YYYY-MM-DD, with or without a time of day after it.
fn iso_day(cell: &str) -> Option<f64> {
    let date = cell.get(..10)?;
    if !matches!(cell.as_bytes().get(10), None | Some(b'T' | b' ')) {
        return None;
    }
    let (year, rest) = date.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    if (year.len(), month.len(), day.len()) != (4, 2, 2)
        || !date.bytes().all(|b| b.is_ascii_digit() || b == b'-')
    {
        return None;
    }
    let (year, month, day): (i32, i32, i32) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let number = day_number(year, month, day);
    // A day that carries over (31 April) is no date.
    (survival::person_years::civil_date(number) == (year, month, day)).then(|| f64::from(number))
}

/// The order of labels: as numbers if all of them are, else by their text.
pub(crate) fn ascending(labels: &[String]) -> Vec<usize> {
    let numbers: Option<Vec<f64>> =
        labels.iter().map(|label| label.parse().ok().filter(|number: &f64| number.is_finite())).collect();
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by(|&a, &b| {
        let by_number = numbers.as_ref().and_then(|n| Some(n.get(a)?.total_cmp(n.get(b)?)));
        by_number.unwrap_or(std::cmp::Ordering::Equal).then_with(|| labels.get(a).cmp(&labels.get(b)))
    });
    order
}

fn sorted(codes: &[u32], labels: &[String]) -> Data {
    let order = ascending(labels);
    let mut place = vec![MISSING; labels.len()];
    for (new, &old) in (0_u32..).zip(&order) {
        if let Some(slot) = place.get_mut(old) {
            *slot = new;
        }
    }
    let codes = codes.iter().map(|code| place.get(*code as usize).copied().unwrap_or(MISSING)).collect();
    let labels = order.iter().filter_map(|&old| labels.get(old).cloned()).collect();
    Data::Labels { codes, labels }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_of_the_calendar() {
        assert_eq!(iso_day("1970-01-01"), Some(0.0));
        assert_eq!(iso_day("2000-03-01T12:00:00"), Some(11_017.0));
        for no_date in
            ["2001-02-29", "2000-13-01", "2000-1-01", "20000-01-01", "2000-01-01x", "2000/01/01", "年年年年"]
        {
            assert_eq!(iso_day(no_date), None, "{no_date}");
        }
    }

    #[test]
    fn labels_sort_as_numbers_only_if_all_are() {
        let order = |labels: &[&str]| {
            let mut builder = Builder::new(Kind::Label);
            for label in labels {
                builder.text(label).map_err(|e| e.to_string())?;
            }
            match builder.finish() {
                Data::Labels { labels, .. } => Ok(labels),
                other => Err(format!("{other:?}")),
            }
        };
        assert_eq!(
            order(&["10", "9", "1e1", "-2"]),
            Ok(vec!["-2".into(), "9".into(), "10".into(), "1e1".into()])
        );
        assert_eq!(order(&["10", "9", "b"]), Ok(vec!["10".into(), "9".into(), "b".into()]));
    }
}
