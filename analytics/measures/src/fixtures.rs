//! Fixtures: small records and the state a measure must give them.

use crate::evaluate::{Dossier, Explained, Row, Settings, Verdict, judge};
use crate::fields::form_by_name;
use crate::file::ParameterValue;
use crate::library::Guideline;
use chrono::{Days, NaiveDate};
use clinical::field::{Cell, Kind, nearest};
use clinical::form::{FormDescriptor, Requirement};
use clinical::record::Missing;
use clinical::{MissingCode, Record};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use toml::Spanned;

/// `fixtures/*.toml`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "fixtures")]
pub struct FixtureFile {
    /// Day 0, YYYY-MM-DD; 2024-06-01 unless given.
    #[serde(default)]
    pub day_0: Option<NaiveDateText>,
    /// Records that every case starts from, one a line.
    #[serde(default)]
    pub base: String,
    /// The examples.
    #[schemars(with = "Vec<CaseFile>")]
    pub case: Vec<Spanned<CaseFile>>,
}

/// A date as text.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct NaiveDateText(pub String);

/// One example.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// Id of the measure.
    pub measure: String,
    /// What is special about it.
    pub name: String,
    /// The state it must give.
    pub expect: Expected,
    /// Id of the exclusion or of what ended the follow-up.
    #[serde(default)]
    pub because: Option<String>,
    /// Parameters that differ from their defaults.
    #[serde(default)]
    pub set: BTreeMap<String, ParameterValue>,
    /// Data cutoff, `d90` or a date; d3650 unless given.
    #[serde(default)]
    pub cutoff: Option<String>,
    /// Forms of the file's base to leave out.
    #[serde(default)]
    pub without: Vec<String>,
    /// Values that must be shown beside the verdict.
    #[serde(default)]
    pub shown: BTreeMap<String, f64>,
    /// Records, one a line.
    #[serde(default)]
    pub records: String,
}

/// The state a case must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the states of a verdict")]
pub enum Expected {
    Met,
    NotMet,
    NotDue,
    Excluded,
    Missing,
    /// The measure is not about this infusion.
    NotApplicable,
}

impl Expected {
    /// As written.
    pub fn code(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "not_met",
            Self::NotDue => "not_due",
            Self::Excluded => "excluded",
            Self::Missing => "missing",
            Self::NotApplicable => "not_applicable",
        }
    }
}

/// A case with its records read.
#[derive(Debug, Clone)]
pub struct Case {
    /// File and line.
    pub place: String,
    /// As written.
    pub written: CaseFile,
    /// The records.
    pub rows: Vec<Row>,
    /// The data cutoff.
    pub cutoff: NaiveDate,
    /// The parameters.
    pub settings: Settings,
}

/// Patient and center of every case.
pub const PATIENT: &str = "P1";
/// Center of every case.
pub const CENTER: &str = "C1";

/// Reads the cases of a folder's `fixtures/*.toml`.
///
/// # Errors
///
/// Every fault, with file and line.
pub fn read(guideline: &Guideline, folder: &Path) -> Result<Vec<Case>, Vec<String>> {
    let directory = folder.join("fixtures");
    let entries = match std::fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) => return Err(vec![format!("{} cannot be read: {error}", directory.display())]),
    };
    let mut paths: Vec<_> = entries
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.extension().is_some_and(|e| e == "toml"))
        .collect();
    paths.sort();
    let mut cases = Vec::new();
    let mut faults = Vec::new();
    for path in paths {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        match std::fs::read_to_string(&path) {
            Ok(text) => match parse(guideline, &name, &text) {
                Ok(mut read) => cases.append(&mut read),
                Err(mut found) => faults.append(&mut found),
            },
            Err(error) => faults.push(format!("{name} cannot be read: {error}")),
        }
    }
    if faults.is_empty() { Ok(cases) } else { Err(faults) }
}

/// Reads the cases of one file.
///
/// # Errors
///
/// Every fault, with file and line.
pub fn parse(guideline: &Guideline, name: &str, text: &str) -> Result<Vec<Case>, Vec<String>> {
    let line = |offset: usize| text.get(..offset).map_or(1, |t| t.matches('\n').count() + 1);
    let file: FixtureFile = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            let at = error.span().map_or(1, |s| line(s.start));
            return Err(vec![format!("{name}:{at}: {}", error.message())]);
        }
    };
    let day_0 = match &file.day_0 {
        None => NaiveDate::from_ymd_opt(2024, 6, 1).unwrap_or_default(),
        Some(text) => match text.0.parse() {
            Ok(day) => day,
            Err(_) => {
                return Err(vec![format!("{name}: day_0 `{}` is not a date; expected YYYY-MM-DD", text.0)]);
            }
        },
    };
    let mut cases = Vec::new();
    let mut faults = Vec::new();
    for case in file.case {
        let place = format!("{name}:{}", line(case.span().start));
        let case = case.into_inner();
        match read_case(guideline, &place, case, &file.base, day_0) {
            Ok(case) => cases.push(case),
            Err(fault) => faults.push(format!("{place}: {fault}")),
        }
    }
    if faults.is_empty() { Ok(cases) } else { Err(faults) }
}

fn read_case(
    guideline: &Guideline,
    place: &str,
    case: CaseFile,
    base: &str,
    day_0: NaiveDate,
) -> Result<Case, String> {
    if guideline.measure(&case.measure).is_none() {
        let ids = guideline.measures.iter().map(|m| m.id.as_str());
        let near = nearest(&case.measure, ids).map_or_else(String::new, |n| format!("; did you mean {n}?"));
        return Err(format!("there is no measure `{}`{near}", case.measure));
    }
    let mut settings = Settings::defaults(guideline);
    for (name, value) in &case.set {
        let own = format!("{}.{name}", case.measure);
        let index = guideline.parameter(name).or_else(|| guideline.parameter(&own));
        let index = index.ok_or_else(|| {
            format!("set: there is no parameter `{name}` of the guideline or of {}", case.measure)
        })?;
        settings.set(guideline, index, value.clone()).map_err(|e| format!("set: {name}: {e}"))?;
    }
    let cutoff = match &case.cutoff {
        None => day_0 + Days::new(3650),
        Some(text) => day(text, day_0)
            .ok_or_else(|| format!("cutoff `{text}` is not a day; expected d90 or YYYY-MM-DD"))?,
    };
    let mut lines = Lines { drafts: Vec::new(), day_0 };
    lines.add("patient birth_year=1960 sex=F date_basis=CALENDAR")?;
    lines.add("infusion infusion_date=d0 product_code=axi-cel")?;
    for line in base.lines() {
        let form = line.split_whitespace().next().unwrap_or_default();
        if !case.without.iter().any(|w| w == form) {
            lines.add(line)?;
        }
    }
    for form in &case.without {
        if form_by_name(form).is_none() {
            return Err(format!("without: there is no form `{form}`"));
        }
        // The patient and the infusion are there without a line of the file.
        lines.drafts.retain(|d| d.form.name != form || form == "infusion");
    }
    for line in case.records.lines() {
        lines.add(line)?;
    }
    let rows = lines.rows()?;
    Ok(Case { place: place.to_owned(), written: case, rows, cutoff, settings })
}

/// A record being put together.
struct Draft {
    form: &'static FormDescriptor,
    cells: Vec<Cell>,
    missing: Vec<(&'static str, MissingCode)>,
}

struct Lines {
    drafts: Vec<Draft>,
    day_0: NaiveDate,
}

impl Lines {
    fn add(&mut self, line: &str) -> Result<(), String> {
        let line = line.split('#').next().unwrap_or_default();
        let words = words(line)?;
        let Some((form, values)) = words.split_first() else { return Ok(()) };
        let (_, descriptor) = form_by_name(form).ok_or_else(|| {
            let near = nearest(form, clinical::forms::ALL.iter().map(|f| f.name));
            format!(
                "there is no form `{form}`{}",
                near.map_or_else(String::new, |n| format!("; did you mean {n}?"))
            )
        })?;
        let number = values.iter().find_map(|v| v.strip_prefix("infusion_number="));
        let single = crate::fields::is_single(descriptor) && number.is_none_or(|n| n == "1");
        let place = self.drafts.iter().position(|d| std::ptr::eq(d.form, descriptor)).filter(|_| single);
        let mut draft = match place {
            Some(place) => self.drafts.remove(place),
            None => self.fresh(descriptor),
        };
        for value in values {
            let (name, text) =
                value.split_once('=').ok_or_else(|| format!("`{value}` is not field=value"))?;
            self.value(&mut draft, name, text)?;
        }
        match place {
            Some(place) => self.drafts.insert(place, draft),
            None => self.drafts.push(draft),
        }
        Ok(())
    }

    /// A record with its keys: the patient, infusion 1, and the next running number.
    fn fresh(&self, form: &'static FormDescriptor) -> Draft {
        let mut draft = Draft { form, cells: vec![Cell::Null; form.fields.len()], missing: Vec::new() };
        let earlier = self.drafts.iter().filter(|d| std::ptr::eq(d.form, form)).count();
        for (place, field) in form.fields.iter().enumerate() {
            let running = i32::try_from(earlier + 1).unwrap_or(1);
            let cell = match (field.name, field.kind) {
                ("patient_id", _) => Cell::Text(PATIENT.to_owned()),
                ("center_id", Kind::Text { .. }) => Cell::Text(CENTER.to_owned()),
                ("infusion_number" | "course_number", Kind::Integer { .. })
                    if form.key.contains(&field.name) =>
                {
                    Cell::Integer(if form.name == "lymphodepletion" && field.name == "course_number" {
                        running
                    } else {
                        1
                    })
                }
                (name, Kind::Integer { max, .. })
                    if name.ends_with("_number") && form.key.contains(&name) =>
                {
                    Cell::Integer(running.min(max))
                }
                ("course_day", _) => Cell::Integer(running.min(31)),
                ("specimen", Kind::Coded(set)) => {
                    set.codes.first().map_or(Cell::Null, |c| Cell::Code(c.code))
                }
                _ => continue,
            };
            if let Some(slot) = draft.cells.get_mut(place) {
                *slot = cell;
            }
        }
        draft
    }

    fn value(&self, draft: &mut Draft, name: &str, text: &str) -> Result<(), String> {
        let form = draft.form;
        let (place, field) = form.field(name).ok_or_else(|| {
            let near = nearest(name, form.fields.iter().map(|f| f.name));
            format!(
                "{} has no field `{name}`{}",
                form.name,
                near.map_or_else(String::new, |n| format!("; did you mean {n}?"))
            )
        })?;
        let slot = draft.cells.get_mut(place).ok_or("a field beyond the form")?;
        draft.missing.retain(|(missing, _)| *missing != field.name);
        let is_code = matches!(field.kind, Kind::Coded(set) | Kind::Codes(set) if set.find(text).is_some());
        if let (Some(code), false) = (MissingCode::parse(text), is_code) {
            if field.requirement == Requirement::Mandatory {
                return Err(format!("`{name}` cannot be declared missing"));
            }
            *slot = Cell::Null;
            draft.missing.push((field.name, code));
            return Ok(());
        }
        let resolved = match field.kind {
            Kind::Date | Kind::PartialDate => day(text, self.day_0).map(|d| d.to_string()),
            _ => None,
        };
        let parsed = field.kind.parse_text(resolved.as_deref().unwrap_or(text));
        *slot = parsed.map_err(|refusal| {
            format!("{}.{name}: `{text}` is not accepted; expected {}", form.name, refusal.expected)
        })?;
        Ok(())
    }

    fn rows(self) -> Result<Vec<Row>, String> {
        let mut rows: Vec<Row> = Vec::new();
        for (place, draft) in self.drafts.into_iter().enumerate() {
            let form = draft.form;
            for name in form.key {
                let empty =
                    form.field(name).is_some_and(|(i, _)| draft.cells.get(i).is_none_or(Cell::is_null));
                if empty {
                    return Err(format!("a record of {} lacks `{name}`, which identifies it", form.name));
                }
            }
            let mut record = Record::from_parts(form, draft.cells, Missing::new(draft.missing));
            (form.compute)(&mut record);
            let (id, _) = form_by_name(form.name).ok_or("a form beyond the dictionary")?;
            let twice = rows.iter().any(|r| r.form == id && r.record.key() == record.key());
            if twice {
                return Err(format!(
                    "two records of {} have the same key {}",
                    form.name,
                    record.key().join(", ")
                ));
            }
            rows.push(Row {
                form: id,
                record_id: format!("{}-{place}", form.name),
                record,
                derived: Vec::new(),
            });
        }
        if !rows.iter().any(|r| r.record.form().name == "product") {
            let codes: Vec<String> = rows
                .iter()
                .filter(|r| r.record.form().name == "infusion")
                .filter_map(|r| r.record.text("product_code").map(str::to_owned))
                .collect();
            for record in clinical::products::products() {
                if let (Some((form, _)), true) =
                    (form_by_name("product"), codes.iter().any(|c| record.text("product_code") == Some(c)))
                {
                    rows.push(Row { form, record_id: String::new(), record, derived: Vec::new() });
                }
            }
        }
        Ok(rows)
    }
}

/// The words of a line; blanks between double quotes belong to the word.
fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if quoted {
        return Err(format!("`{line}`: a quotation has no end"));
    }
    if !word.is_empty() {
        words.push(word);
    }
    Ok(words)
}

/// `d-3`, `d0`, `d+30`, or a date.
fn day(text: &str, day_0: NaiveDate) -> Option<NaiveDate> {
    if let Ok(date) = text.parse() {
        return Some(date);
    }
    let offset: i64 = text.strip_prefix('d')?.trim_start_matches('+').parse().ok()?;
    day_0.checked_add_signed(chrono::TimeDelta::try_days(offset)?)
}

/// What a case came to, and why it is wrong if it is.
pub struct Outcome {
    /// The verdict with its proof.
    pub explained: Explained,
    /// What differs from what the case expects.
    pub fault: Option<String>,
}

impl Case {
    /// Judges the case row by row.
    pub fn run(&self, guideline: &Guideline) -> Outcome {
        let measure = guideline.measure(&self.written.measure);
        let dossier = Dossier::new(self.rows.clone(), (PATIENT, 1), self.cutoff);
        let explained = match measure.zip(dossier) {
            Some((measure, dossier)) => judge(guideline, measure, &self.settings, &dossier),
            None => Explained { verdict: None, shown: Vec::new(), proof: Vec::new() },
        };
        let fault = self.fault(guideline, &explained);
        Outcome { explained, fault }
    }

    /// Why a verdict is not the expected one.
    pub fn fault(&self, guideline: &Guideline, explained: &Explained) -> Option<String> {
        let found = explained.verdict.map_or("not_applicable", |v| v.state().code());
        let expected = self.written.expect.code();
        if found != expected {
            return Some(format!("expected {expected}, found {found}"));
        }
        let measure = guideline.measure(&self.written.measure)?;
        let rule = measure.rule.as_ref();
        let reason = explained.verdict.and_then(|v| reason(guideline, rule, v));
        if let Some(because) = &self.written.because
            && reason != Some(because.as_str())
        {
            return Some(format!("expected because {because}, found {}", reason.unwrap_or("no reason")));
        }
        for (name, value) in &self.written.shown {
            let place = rule.and_then(|r| r.shown.iter().position(|s| s.name == *name));
            let found = place.and_then(|p| explained.shown.get(p).copied().flatten());
            if found.is_none_or(|found| (found - value).abs() > 1e-9) {
                return Some(format!("expected {name} {value}, found {found:?}"));
            }
        }
        None
    }
}

/// The id of the exclusion or end that excludes.
fn reason<'a>(
    guideline: &'a Guideline,
    rule: Option<&'a crate::library::Rule>,
    verdict: Verdict,
) -> Option<&'a str> {
    match verdict {
        Verdict::Excluded(number) => rule?.exclusions.get(number).map(|e| e.id.as_str()),
        Verdict::Ended(number) => guideline.ends.get(number).map(|e| e.id.as_str()),
        _ => None,
    }
}

/// Which of the states a measure must have an example of are lacking: `ID: met, missing`.
pub fn lacking(guideline: &Guideline, cases: &[Case]) -> Vec<String> {
    let mut lines = Vec::new();
    for measure in &guideline.measures {
        let Some(rule) = &measure.rule else { continue };
        let has = |state: Expected| {
            cases.iter().any(|c| c.written.measure == measure.id && c.written.expect == state)
        };
        let mut wanted = vec![Expected::Met, Expected::NotMet, Expected::Missing];
        if !rule.exclusions.is_empty() {
            wanted.push(Expected::Excluded);
        }
        let missing: Vec<&str> = wanted.into_iter().filter(|s| !has(*s)).map(Expected::code).collect();
        if !missing.is_empty() {
            lines.push(format!("{}: {}", measure.id, missing.join(", ")));
        }
    }
    lines
}
