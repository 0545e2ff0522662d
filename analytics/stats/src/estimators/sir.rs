//! `sir`.

use super::subjects::whole_days;
use super::{Io, Outcome};
use crate::arguments::SirArguments;
use crate::error::StatsError;
use crate::frame::{Columns, Frame};
use crate::input::{self, Data, Files, Kind, MISSING, Table};
use crate::output::{self, Body, Cell, Head, Layout, Sheet, brief};
use serde::Serialize;
use serde_json::json;
use std::io;
use survival::person_years::Clock;
use survival::sir::{Cell as RateBand, Cohort, Options, RateCell, ReferenceRates, Sir, sir};

#[derive(Debug, Serialize)]
struct Report {
    observed: u64,
    expected: f64,
    person_years: f64,
    sir: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    p: Option<f64>,
    excess_per_10000: Option<f64>,
    excess_lower: Option<f64>,
    excess_upper: Option<f64>,
    strata: Vec<Stratum>,
    without_rate: Left,
    beyond_reference: Beyond,
    within_lag: WithinLag,
    #[serde(skip)]
    level: f64,
}

#[derive(Debug, Serialize)]
struct Stratum {
    sex: Option<String>,
    age_from: f64,
    age_to: Option<f64>,
    year_from: f64,
    year_to: Option<f64>,
    person_years: f64,
    observed: u64,
    expected: Option<f64>,
}

/// Person-years and events for which the reference has no rate, on neither side of the ratio.
#[derive(Debug, Serialize)]
struct Left {
    person_years: f64,
    observed: u64,
}

/// Person-years that were given the rates of the nearest band.
#[derive(Debug, Serialize)]
struct Beyond {
    younger: f64,
    older: f64,
    earlier: f64,
    later: f64,
}

#[derive(Debug, Serialize)]
struct WithinLag {
    rows: u64,
    events: u64,
}

pub(crate) fn run(arguments: &SirArguments, io: &mut Io<'_>) -> Outcome {
    let mut columns = Columns::default();
    columns.add("birth", &arguments.birth, Kind::Moment);
    columns.add("start", &arguments.start, Kind::Moment);
    columns.add("end", &arguments.end, Kind::Moment);
    columns.add("event", &arguments.event, Kind::Flag);
    columns.maybe("sex", arguments.sex.as_ref(), Kind::Label);
    let (sexes, reference) = reference(arguments, io.files)?;
    let mut frame = Frame::new(input::read(&arguments.source.input, columns.0, io.files, io.stdin)?);
    let units: Vec<bool> =
        ["birth", "start", "end"].iter().filter_map(|option| frame.dates(option)).collect();
    let dates = units.first().copied().unwrap_or(true);
    if units.iter().any(|unit| *unit != dates) {
        return Err(StatsError::input("dates and decimal years together")
            .file(frame.file())
            .rule("birth, start and end all as dates, or all as calendar years with decimals"));
    }
    let out: Vec<bool> =
        frame.numbers("start").iter().zip(frame.numbers("end")).map(|(start, end)| end <= start).collect();
    frame.exclude("end <= start", &out);
    frame.canonical();
    let level = arguments.source.conf_level;
    let mut head = Head::new(
        "sir",
        frame.len(),
        frame.excluded.clone(),
        json!({
            "birth": arguments.birth, "sex": arguments.sex, "start": arguments.start, "end": arguments.end, "event": arguments.event,
            "reference": arguments.reference, "rate_per": arguments.rate_per, "lag": arguments.lag,
            "lag_unit": if dates { "days" } else { "years" }, "conf_level": level, "method": "exact",
        }),
    );
    let event: Vec<bool> = frame.numbers("event").iter().map(|e| *e > 0.0).collect();
    let sex = sex_codes(&frame, arguments, &sexes)?;
    let clock = if dates { Clock::CivilDays } else { Clock::DecimalYears };
    let options = Options { clock, lag: arguments.lag, conf_level: level, ..Options::default() };
    let (birth, start, end) = (frame.numbers("birth"), frame.numbers("start"), frame.numbers("end"));
    let days = whole_days(birth).zip(whole_days(start)).zip(whole_days(end)).filter(|_| dates);
    let estimate = match &days {
        Some(((birth, start), end)) => {
            let cohort = Cohort { birth, start, end, event: &event, sex: sex.as_deref(), origin: None };
            sir(&cohort, &reference, &options)
        }
        None => sir(
            &Cohort { birth, start, end, event: &event, sex: sex.as_deref(), origin: None },
            &reference,
            &options,
        ),
    };
    let estimate = estimate.map_err(|e| frame.fault(&e, &[]))?;
    if estimate.without_rate.0 > 0.0 {
        head.warn(format!(
            "the reference has no rate for {} person-years with {} events: they count on neither side",
            brief(Some(estimate.without_rate.0), 5),
            estimate.without_rate.1
        ));
    }
    let report = Report::new(&estimate, &reference, &sexes, level);
    output::write(&head, &report, arguments.source.format, io.stdout)
}

/// Sexes of the cohort as numbers of the reference.
fn sex_codes(
    frame: &Frame,
    arguments: &SirArguments,
    sexes: &[String],
) -> Result<Option<Vec<u32>>, StatsError> {
    let Some(coded) = frame.labels("sex") else {
        if sexes.len() > 1 {
            return Err(StatsError::input("a reference by sex needs the sex of the subjects")
                .option("sex")
                .file(&arguments.reference)
                .rule("--sex COL"));
        }
        return Ok(None);
    };
    if sexes.is_empty() {
        // Rates that do not distinguish the sexes hold for both.
        return Ok(None);
    }
    let number =
        |label: &String| sexes.iter().position(|sex| sex == label).and_then(|i| u32::try_from(i).ok());
    let numbers: Vec<Option<u32>> = coded.labels.iter().map(number).collect();
    let mut all = Vec::with_capacity(coded.codes.len());
    for (code, row) in coded.codes.iter().zip(&frame.row) {
        match numbers.get(*code as usize).copied().flatten() {
            Some(sex) => all.push(sex),
            None => {
                return Err(StatsError::input("a sex that the reference does not have")
                    .file(frame.file())
                    .row(*row)
                    .column(frame.name("sex").unwrap_or_default())
                    .value(coded.labels.get(*code as usize).cloned().unwrap_or_default())
                    .rule(format!("one of {}", sexes.join(", "))));
            }
        }
    }
    Ok(Some(all))
}

/// The names of the sexes (none where the reference does not distinguish them) and the rates.
fn reference(
    arguments: &SirArguments,
    files: &dyn Files,
) -> Result<(Vec<String>, ReferenceRates), StatsError> {
    let file = arguments.reference.as_str();
    let mut columns = Columns::default();
    for (name, kind) in [
        ("age_from", Kind::Number),
        ("age_to", Kind::Number),
        ("year_from", Kind::Number),
        ("year_to", Kind::Number),
        ("rate", Kind::NotNegative),
    ] {
        columns.add("reference", name, kind);
    }
    if arguments.sex.is_some() {
        columns.add("reference", "sex", Kind::Label);
    }
    let table = input::read(file, columns.0, files, &mut io::empty())?;
    let number = |i: usize, row: usize| number(&table, i, row);
    let (codes, sexes): (&[u32], &[String]) = match table.columns.get(5) {
        Some(Data::Labels { codes, labels }) => (codes, labels),
        _ => (&[], &[]),
    };
    let mut cells = Vec::with_capacity(table.rows);
    for row in 0..table.rows {
        let required = |i: usize, name: &str| {
            number(i, row).ok_or_else(|| {
                StatsError::input("a missing value").file(file).row(row).column(name).rule("a number")
            })
        };
        let sex = codes.get(row).copied().unwrap_or(0);
        if sex == MISSING {
            return Err(StatsError::input("a missing value")
                .file(file)
                .row(row)
                .column("sex")
                .rule("the name of a sex"));
        }
        cells.push(RateCell {
            sex,
            age: (required(0, "age_from")?, number(1, row)),
            period: (required(2, "year_from")?, number(3, row)),
            rate: required(4, "rate")?,
        });
    }
    let rates = ReferenceRates::from_cells(&cells, arguments.rate_per).map_err(|error| match error {
        survival::error::Error::InvalidValue { column, row, value, expected } => {
            StatsError::input("a value that is not accepted")
                .file(file)
                .row(row)
                .column(column)
                .value(value)
                .rule(expected)
        }
        other => StatsError::input(other).file(file),
    })?;
    Ok((sexes.to_vec(), rates))
}

fn number(table: &Table, i: usize, row: usize) -> Option<f64> {
    match table.columns.get(i) {
        Some(Data::Numbers(values)) => values.get(row).copied().filter(|v| !v.is_nan()),
        _ => None,
    }
}

impl Report {
    fn new(estimate: &Sir, reference: &ReferenceRates, sexes: &[String], level: f64) -> Self {
        let edge = |edges: &[f64], i: usize| edges.get(i).copied().filter(|e| e.is_finite());
        let stratum = |cell: &RateBand| Stratum {
            sex: sexes.get(cell.sex).cloned(),
            age_from: edge(reference.age_edges(), cell.age).unwrap_or_default(),
            age_to: edge(reference.age_edges(), cell.age + 1),
            year_from: edge(reference.period_edges(), cell.period).unwrap_or_default(),
            year_to: edge(reference.period_edges(), cell.period + 1),
            person_years: cell.person_years,
            observed: cell.observed,
            expected: cell.expected,
        };
        let total = &estimate.total;
        Self {
            observed: total.observed,
            expected: total.expected,
            person_years: total.person_years,
            sir: total.sir,
            lower: total.lower,
            upper: total.upper,
            p: total.p,
            excess_per_10000: total.excess_per_10000,
            excess_lower: total.excess_lower,
            excess_upper: total.excess_upper,
            strata: estimate.cells.iter().map(stratum).collect(),
            without_rate: Left { person_years: estimate.without_rate.0, observed: estimate.without_rate.1 },
            beyond_reference: Beyond {
                younger: estimate.beyond_ages[0],
                older: estimate.beyond_ages[1],
                earlier: estimate.beyond_periods[0],
                later: estimate.beyond_periods[1],
            },
            within_lag: WithinLag { rows: estimate.rows_within_lag, events: estimate.events_within_lag },
            level,
        }
    }
}

impl Body for Report {
    fn csv(&self, sheet: &mut Sheet<'_>) -> io::Result<()> {
        sheet.header(&[
            "observed",
            "expected",
            "person_years",
            "sir",
            "lower",
            "upper",
            "p",
            "excess_per_10000",
        ])?;
        sheet.row(&[
            Cell::Count(self.observed),
            Cell::Number(self.expected),
            Cell::Number(self.person_years),
            Cell::Maybe(self.sir),
            Cell::Maybe(self.lower),
            Cell::Maybe(self.upper),
            Cell::Maybe(self.p),
            Cell::Maybe(self.excess_per_10000),
        ])
    }

    fn text(&self, head: &Head) -> String {
        let percent = format!("{}%", output::shortest(self.level * 100.0));
        let mut out = format!("Standardised incidence ratio, exact {percent} limits, n = {}\n\n", head.n);
        let one = |value: Option<f64>, digits: usize| vec![brief(value, digits)];
        out.push_str(
            &Layout::default()
                .right("observed", vec![self.observed.to_string()])
                .right("expected", one(Some(self.expected), 5))
                .right("person-years", one(Some(self.person_years), 7))
                .right("SIR", one(self.sir, 4))
                .right(&format!("lower {percent} CI"), one(self.lower, 4))
                .right(&format!("upper {percent} CI"), one(self.upper, 4))
                .right("p", vec![output::p_value(self.p, 2)])
                .right("excess per 10000", one(self.excess_per_10000, 4))
                .render(),
        );
        let band = |from: f64, to: Option<f64>| {
            format!("{}-{}", output::shortest(from), to.map(output::shortest).unwrap_or_default())
        };
        out.push('\n');
        out.push_str(
            &Layout::default()
                .left(
                    "sex",
                    self.strata.iter().map(|s| s.sex.clone().unwrap_or_else(|| "all".to_owned())).collect(),
                )
                .left("age", self.strata.iter().map(|s| band(s.age_from, s.age_to)).collect())
                .left("year", self.strata.iter().map(|s| band(s.year_from, s.year_to)).collect())
                .numbers("person-years", self.strata.iter().map(|s| Some(s.person_years)), 6)
                .right("observed", self.strata.iter().map(|s| s.observed.to_string()).collect())
                .numbers("expected", self.strata.iter().map(|s| s.expected), 4)
                .render(),
        );
        out
    }
}
