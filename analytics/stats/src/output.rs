//! What every output has in common, and the three forms of it.

use crate::arguments::Format;
use crate::error::StatsError;
use crate::frame::Excluded;
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt::Write as _;
use std::io::{self, Write};

/// The program that computed the figures.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Engine {
    name: &'static str,
    version: &'static str,
}

/// The head that every output starts with.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Head {
    pub(crate) estimator: &'static str,
    /// Rows analysed.
    pub(crate) n: usize,
    pub(crate) excluded: Vec<Excluded>,
    engine: Engine,
    pub(crate) parameters: Map<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<String>,
}

impl Head {
    pub(crate) fn new(estimator: &'static str, n: usize, excluded: Vec<Excluded>, parameters: Value) -> Self {
        let engine = Engine { name: "sequela", version: env!("CARGO_PKG_VERSION") };
        let parameters = match parameters {
            // An option that was not given is no parameter.
            Value::Object(all) => all.into_iter().filter(|(_, value)| !value.is_null()).collect(),
            _ => Map::new(),
        };
        Self { estimator, n, excluded, engine, parameters, warnings: Vec::new() }
    }

    pub(crate) fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    /// What a reader of a form without room for it must know: exclusions and warnings.
    pub(crate) fn notes(&self) -> Vec<String> {
        let rows = |n: usize| if n == 1 { "1 row".to_owned() } else { format!("{n} rows") };
        let excluded = self.excluded.iter().map(|e| format!("{} excluded: {}", rows(e.n), e.reason));
        excluded.chain(self.warnings.iter().cloned()).collect()
    }
}

/// The result of an estimator beyond the head.
pub(crate) trait Body: Serialize {
    /// The main table.
    fn csv(&self, sheet: &mut Sheet<'_>) -> io::Result<()>;
    /// The layout of R.
    fn text(&self, head: &Head) -> String;
}

#[derive(Serialize)]
struct Document<'a, B> {
    #[serde(flatten)]
    head: &'a Head,
    #[serde(flatten)]
    body: &'a B,
}

/// Writes a result; returns the notes that the form has no room for.
pub(crate) fn write<B: Body>(
    head: &Head,
    body: &B,
    format: Format,
    out: &mut dyn Write,
) -> Result<Vec<String>, StatsError> {
    let mut buffer = io::BufWriter::new(out);
    let mut notes = Vec::new();
    let outcome = match format {
        Format::Json => {
            let mut serializer = serde_json::Serializer::with_formatter(&mut buffer, Shortest);
            Document { head, body }
                .serialize(&mut serializer)
                .map_err(io::Error::from)
                .and_then(|()| writeln!(buffer))
        }
        Format::Csv => {
            notes = head.notes();
            body.csv(&mut Sheet(csv::WriterBuilder::new().flexible(true).from_writer(&mut buffer)))
        }
        Format::Text => {
            let mut text = body.text(head);
            for note in head.notes() {
                let _ = writeln!(text, "({note})");
            }
            buffer.write_all(text.as_bytes())
        }
    };
    match outcome.and_then(|()| buffer.flush()) {
        // Whoever reads the output has enough of it.
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(notes),
        Err(e) => Err(StatsError::internal(format!("the output cannot be written ({e})"))),
        Ok(()) => Ok(notes),
    }
}

/// JSON with every number in its shortest form that reads back as the same f64.
struct Shortest;

impl serde_json::ser::Formatter for Shortest {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(shortest(value).as_bytes())
    }
}

/// The shortest decimal form that reads back as the same number; empty for what is not a number.
pub(crate) fn shortest(value: f64) -> String {
    if !value.is_finite() {
        return String::new();
    }
    if value.abs() < 1e15 && value.fract() == 0.0 {
        return format!("{}", value + 0.0);
    }
    serde_json::to_string(&value).unwrap_or_default()
}

/// A cell of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cell<'a> {
    Text(&'a str),
    Number(f64),
    Maybe(Option<f64>),
    Count(u64),
}

/// A table being written.
pub(crate) struct Sheet<'a>(csv::Writer<&'a mut dyn Write>);

impl std::fmt::Debug for Sheet<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sheet")
    }
}

impl Sheet<'_> {
    pub(crate) fn header(&mut self, names: &[&str]) -> io::Result<()> {
        self.0.write_record(names).map_err(io::Error::from)
    }

    pub(crate) fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        for cell in cells {
            let text = match cell {
                Cell::Text(text) => (*text).to_owned(),
                Cell::Number(value) => shortest(*value),
                Cell::Maybe(value) => value.map(shortest).unwrap_or_default(),
                Cell::Count(count) => count.to_string(),
            };
            self.0.write_field(text).map_err(io::Error::from)?;
        }
        self.0.write_record(None::<&[u8]>).map_err(io::Error::from)
    }
}

/// Columns of text in the layout of R: names right-aligned over right-aligned values, an optional left column.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    columns: Vec<(String, Vec<String>, bool)>,
}

impl Layout {
    pub(crate) fn left(mut self, name: &str, cells: Vec<String>) -> Self {
        self.columns.push((name.to_owned(), cells, true));
        self
    }

    pub(crate) fn right(mut self, name: &str, cells: Vec<String>) -> Self {
        self.columns.push((name.to_owned(), cells, false));
        self
    }

    /// A column with so many significant digits that `digits` of at least one value show.
    pub(crate) fn numbers(
        self,
        name: &str,
        values: impl IntoIterator<Item = Option<f64>>,
        digits: usize,
    ) -> Self {
        self.right(name, significant(&values.into_iter().collect::<Vec<_>>(), digits))
    }

    pub(crate) fn render(&self) -> String {
        let rows = self.columns.iter().map(|(_, cells, _)| cells.len()).max().unwrap_or(0);
        let mut out = String::new();
        let width = |(name, cells, _): &(String, Vec<String>, bool)| {
            cells.iter().chain([name]).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = self.columns.iter().map(width).collect();
        for row in 0..=rows {
            let mut line = String::new();
            for (i, ((name, cells, left), &width)) in self.columns.iter().zip(&widths).enumerate() {
                let cell =
                    row.checked_sub(1).map_or(name.as_str(), |row| cells.get(row).map_or("", String::as_str));
                if i > 0 {
                    line.push(' ');
                }
                let _ = if *left { write!(line, "{cell:<width$}") } else { write!(line, "{cell:>width$}") };
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

/// Values as R's `format` writes a column: the decimals that the value needing most of them has at `digits` significant digits.
pub(crate) fn significant(values: &[Option<f64>], digits: usize) -> Vec<String> {
    let present = || values.iter().flatten().copied().filter(|v| v.is_finite());
    let scientific = |v: f64| -> (usize, i32) {
        let text = format!("{:.*e}", digits.saturating_sub(1), v);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let kept = mantissa.trim_start_matches('-').trim_end_matches('0').trim_end_matches('.');
        (kept.bytes().filter(u8::is_ascii_digit).count().max(1), exponent.parse().unwrap_or(0))
    };
    let decimals = |v: f64| {
        let (kept, exponent) = scientific(v);
        (i32::try_from(kept).unwrap_or(0) - 1 - exponent).max(0).unsigned_abs() as usize
    };
    let most = present().map(decimals).max().unwrap_or(0);
    let mantissa = present().map(|v| scientific(v).0).max().unwrap_or(1) - 1;
    let fixed_width = present().map(|v| format!("{v:.most$}").len()).max().unwrap_or(0);
    // "e+05" takes four characters.
    let exponent_width = mantissa + usize::from(mantissa > 0) + 5;
    let format = |v: &Option<f64>| match v {
        Some(v) if v.is_finite() && fixed_width <= exponent_width => format!("{v:.most$}"),
        Some(v) if v.is_finite() => r_scientific(*v, mantissa),
        _ => "NA".to_owned(),
    };
    values.iter().map(format).collect()
}

fn r_scientific(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// One value with so many significant digits.
pub(crate) fn brief(value: Option<f64>, digits: usize) -> String {
    significant(&[value], digits).pop().unwrap_or_default()
}

/// A p value as R's `format.pval` writes it: `<2e-16` below the precision of the machine.
pub(crate) fn p_value(p: Option<f64>, digits: usize) -> String {
    match p {
        Some(p) if p < f64::EPSILON => "<2e-16".to_owned(),
        p => brief(p, digits),
    }
}

/// `p= 0.01`, `p= <2e-16`, as R's tests end.
pub(crate) fn p_clause(p: Option<f64>) -> String {
    format!("p={}", p_value(p, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_back() {
        for value in [0.1 + 0.2, 1.0, -3.0, 1e15, 1e300, 5e-324, 1.0 / 3.0, 123_456_789.125] {
            assert_eq!(shortest(value).parse(), Ok(value));
        }
        assert_eq!(
            (shortest(6.0), shortest(-0.0), shortest(f64::NAN)),
            ("6".into(), "0".into(), String::new())
        );
    }

    #[test]
    fn columns_look_like_those_of_r() {
        // format(c(0.857, 0.0764, 23), digits = 3) and format(1.689e-05, digits = 3)
        assert_eq!(
            significant(&[Some(0.857_142), Some(0.076_36), Some(23.0)], 3),
            ["0.8571", "0.0764", "23.0000"]
        );
        assert_eq!(significant(&[Some(10.0), None, Some(7.5)], 3), ["10.0", "NA", "7.5"]);
        assert_eq!(brief(Some(1.689e-5), 3), "1.69e-05");
        assert_eq!(brief(Some(16.792_94), 3), "16.8");
        assert_eq!(p_value(Some(4.17e-5), 1), "4e-05");
        assert_eq!(p_value(Some(1e-20), 1), "<2e-16");
    }
}
