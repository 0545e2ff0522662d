//! Reading a timetable file. Every fault names the line and the field.

use super::parameters::readings;
use super::raw::{RawChain, RawFile, RawPoint, RawSeries, Wrong, bounds};
use super::timetable::{Entry, HORIZON_MONTHS, Plan, Span, Timetable, Tolerance};
use std::fmt;
use toml::Spanned;

/// Why a timetable file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimetableError {
    /// Name of the file, when the caller told it.
    pub file: Option<String>,
    /// Line, from 1.
    pub line: Option<usize>,
    /// The field, as a path: `point[0].window`. Empty for the file as a whole.
    pub field: String,
    /// What is wrong and what would be accepted.
    pub problem: String,
}

impl TimetableError {
    /// The same, of a named file.
    #[must_use]
    pub fn in_file(mut self, name: &str) -> Self {
        self.file = Some(name.to_owned());
        self
    }
}

impl fmt::Display for TimetableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file.as_deref().unwrap_or("timetable"))?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.field.is_empty() {
            write!(f, ": {}", self.field)?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for TimetableError {}

/// Where an entry stands in time: its first and last point. A chain comes after everything; so does an endless series.
fn extent(plan: &Plan) -> (Span, Span) {
    match plan {
        Plan::Point { at, .. } => (*at, *at),
        Plan::Series { from, to, .. } => (Span::Months(*from), Span::Months(to.unwrap_or(HORIZON_MONTHS))),
        Plan::Chain(_) => (Span::Months(u16::MAX), Span::Months(u16::MAX)),
    }
}

/// `a` comes before `b` whatever the day of infusion.
fn precedes(a: Span, b: Span) -> bool {
    match (a, b) {
        (Span::Days(a), Span::Days(b)) | (Span::Months(a), Span::Months(b)) => a < b,
        _ => bounds(a).1 < bounds(b).0,
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
}

/// An entry, where it starts in the text, and its path.
type Placed = (Entry, usize, String);

fn place<R>(
    text: &str,
    name: &str,
    raw: Vec<Spanned<R>>,
    entry: fn(R) -> Result<Entry, Wrong>,
    placed: &mut Vec<Placed>,
) -> Result<(), TimetableError> {
    for (index, raw) in raw.into_iter().enumerate() {
        let offset = raw.span().start;
        let path = format!("{name}[{index}]");
        let entry = entry(raw.into_inner()).map_err(|(field, problem)| TimetableError {
            file: None,
            line: Some(line_of(text, offset)),
            field: format!("{path}.{field}"),
            problem,
        })?;
        placed.push((entry, offset, path));
    }
    Ok(())
}

/// Under every combination of readings there is a point, and each comes after the one before.
fn check(text: &str, placed: &[Placed]) -> Result<(), TimetableError> {
    let fault = |place: Option<&Placed>, problem: &str| TimetableError {
        file: None,
        line: place.map(|(_, offset, _)| line_of(text, *offset)),
        field: place.map(|(_, _, path)| path.clone()).unwrap_or_default(),
        problem: problem.to_owned(),
    };
    for reading in readings() {
        let mut chosen = placed.iter().filter(|(entry, ..)| entry.when.holds(&reading));
        let Some(mut before) = chosen.next() else {
            return Err(fault(None, "no point under one of the readings"));
        };
        if matches!(before.0.plan, Plan::Chain(_)) {
            return Err(fault(
                Some(before),
                "a chain counts from the point before it: expected a [[point]] as well",
            ));
        }
        for next in chosen {
            if matches!(before.0.plan, Plan::Series { to: None, .. }) {
                return Err(fault(Some(next), "nothing can follow a series without to_months"));
            }
            if !precedes(extent(&before.0.plan).1, extent(&next.0.plan).0) {
                return Err(fault(
                    Some(next),
                    "its targets do not come after those of the entry before for every day of infusion",
                ));
            }
            before = next;
        }
    }
    Ok(())
}

impl Timetable {
    /// Reads a timetable file.
    ///
    /// # Errors
    /// The first fault, with its line and field.
    pub fn from_toml(text: &str) -> Result<Self, TimetableError> {
        let fault = |error: &toml::de::Error, field: String| TimetableError {
            file: None,
            line: error.span().map(|span| line_of(text, span.start)),
            field,
            problem: error.message().to_owned(),
        };
        let reader = toml::Deserializer::parse(text).map_err(|error| fault(&error, String::new()))?;
        let raw: RawFile = serde_path_to_error::deserialize(reader).map_err(|error| {
            let path = error.path().to_string().replace(".$__serde_spanned_private_value", "");
            fault(error.inner(), if path == "." { String::new() } else { path })
        })?;
        let id = raw.id.get_ref();
        let plain = id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if id.is_empty() || id.len() > 64 || !plain {
            return Err(TimetableError {
                file: None,
                line: Some(line_of(text, raw.id.span().start)),
                field: "id".to_owned(),
                problem: format!("{:?}: expected 1 to 64 of a-z, 0-9 and -", crate::finding::echo(id)),
            });
        }
        let mut placed = Vec::new();
        place(text, "point", raw.point, RawPoint::entry, &mut placed)?;
        place(text, "series", raw.series, RawSeries::entry, &mut placed)?;
        place(text, "chain", raw.chain, RawChain::entry, &mut placed)?;
        placed.sort_by_key(|(entry, ..)| bounds(extent(&entry.plan).0));
        check(text, &placed)?;
        Ok(Self {
            id: raw.id.into_inner(),
            disease: raw.disease,
            purpose: raw.purpose,
            only: raw.only,
            section: raw.section,
            level: raw.level,
            provenance: raw.provenance,
            title: raw.title,
            note: raw.note,
            tolerance: Tolerance { provenance: raw.tolerance.provenance, source: raw.tolerance.source },
            ends_on: raw.ends_on,
            entries: placed.into_iter().map(|(entry, ..)| entry).collect(),
        })
    }
}
