//! Reference rates by sex, age band and calendar period.

use crate::error::Error;

/// The rate of one sex, age band and calendar period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateCell {
    /// Index of the sex, from 0.
    pub sex: u32,
    /// First completed year of age, and the first no longer in the band. Without the second the band reaches to the
    /// next first year of any cell, or is open.
    pub age: (f64, Option<f64>),
    /// First calendar year, and the first no longer in the period, as for age.
    pub period: (f64, Option<f64>),
    /// Events per the unit given with the table, not negative.
    pub rate: f64,
}

/// A table of reference rates on a grid of age bands and periods.
#[derive(Debug, Clone, PartialEq)]
pub struct ReferenceRates {
    sexes: usize,
    age_edges: Vec<f64>,
    period_edges: Vec<f64>,
    /// Sex, age, period in row-major order.
    rates: Vec<Option<f64>>,
    per: f64,
}

impl ReferenceRates {
    /// Builds the grid from cells in any order; bands may differ between sexes or periods (an open band that starts
    /// earlier in old tables), the grid then holds every boundary. Combinations without a cell have no rate.
    ///
    /// `per` is the number of person-years the rates refer to (100,000 for the usual tables).
    ///
    /// # Errors
    ///
    /// [`Error::Undefined`] without cells; [`Error::InvalidParameter`] when `per` is not positive;
    /// [`Error::InvalidValue`], naming the cell as row, for a band that is empty or not finite, a negative rate or a
    /// cell that overlaps an earlier one.
    pub fn from_cells(cells: &[RateCell], per: f64) -> Result<Self, Error> {
        if !(per.is_finite() && per > 0.0) {
            let expected = "person-years of the rates, above 0";
            return Err(Error::InvalidParameter { name: "per", value: per, expected });
        }
        if cells.is_empty() {
            return Err(Error::Undefined { reason: "the reference table has no rates" });
        }
        for (row, cell) in cells.iter().enumerate() {
            check_band("age", row, cell.age)?;
            check_band("period", row, cell.period)?;
            if !(cell.rate.is_finite() && cell.rate >= 0.0) {
                return Err(Error::InvalidValue {
                    column: "rate",
                    row,
                    value: cell.rate,
                    expected: "a rate of 0 or more",
                });
            }
        }
        let age_edges = edges(cells.iter().map(|c| c.age));
        let period_edges = edges(cells.iter().map(|c| c.period));
        let sexes = cells.iter().map(|c| c.sex as usize + 1).max().unwrap_or(1);
        let (ages, periods) = (age_edges.len() - 1, period_edges.len() - 1);
        let mut rates = vec![None; sexes * ages * periods];
        let starts = [starts(cells.iter().map(|c| c.age)), starts(cells.iter().map(|c| c.period))];
        for (row, cell) in cells.iter().enumerate() {
            let (age_from, age_to) = span(&age_edges, &starts[0], cell.age);
            let (period_from, period_to) = span(&period_edges, &starts[1], cell.period);
            for age in age_from..age_to {
                for period in period_from..period_to {
                    let Some(slot) = rates.get_mut((cell.sex as usize * ages + age) * periods + period)
                    else {
                        continue;
                    };
                    if slot.replace(cell.rate).is_some() {
                        let expected = "one rate per sex, age and period; this cell overlaps an earlier one";
                        return Err(Error::InvalidValue { column: "rate", row, value: cell.rate, expected });
                    }
                }
            }
        }
        Ok(Self { sexes, age_edges, period_edges, rates, per })
    }

    /// Rate of a sex, age band and period, per [`ReferenceRates::per`] person-years; `None` where the table has none.
    pub fn rate(&self, sex: usize, age: usize, period: usize) -> Option<f64> {
        let (ages, periods) = (self.age_edges.len() - 1, self.period_edges.len() - 1);
        if sex >= self.sexes || age >= ages || period >= periods {
            return None;
        }
        self.rates.get((sex * ages + age) * periods + period).copied().flatten()
    }

    /// Boundaries of the age bands, in completed years; the last is infinite when the last band is open.
    pub fn age_edges(&self) -> &[f64] {
        &self.age_edges
    }

    /// Boundaries of the periods, in calendar years; the last is infinite when the last period is open.
    pub fn period_edges(&self) -> &[f64] {
        &self.period_edges
    }

    /// Number of sexes.
    pub fn sexes(&self) -> usize {
        self.sexes
    }

    /// Person-years the rates refer to.
    pub fn per(&self) -> f64 {
        self.per
    }
}

fn check_band(column: &'static str, row: usize, (from, to): (f64, Option<f64>)) -> Result<(), Error> {
    if !from.is_finite() {
        return Err(Error::InvalidValue { column, row, value: from, expected: "a finite first year" });
    }
    match to {
        Some(to) if to.is_nan() || to <= from => {
            let expected = "a band that ends after it starts";
            Err(Error::InvalidValue { column, row, value: to, expected })
        }
        _ => Ok(()),
    }
}

/// First years of all bands, ascending and distinct.
fn starts(bands: impl Iterator<Item = (f64, Option<f64>)>) -> Vec<f64> {
    distinct(bands.map(|(from, _)| from).collect())
}

/// All boundaries, with the end that bands without one have.
fn edges(bands: impl Iterator<Item = (f64, Option<f64>)> + Clone) -> Vec<f64> {
    let starts = starts(bands.clone());
    distinct(bands.flat_map(|(from, to)| [from, to.unwrap_or_else(|| next_start(&starts, from))]).collect())
}

fn next_start(starts: &[f64], from: f64) -> f64 {
    starts.get(starts.partition_point(|&s| s <= from)).copied().unwrap_or(f64::INFINITY)
}

fn distinct(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

/// Bands of the grid that a band of a cell covers.
fn span(edges: &[f64], starts: &[f64], (from, to): (f64, Option<f64>)) -> (usize, usize) {
    let to = to.unwrap_or_else(|| next_start(starts, from));
    (edges.partition_point(|&e| e < from), edges.partition_point(|&e| e < to))
}
