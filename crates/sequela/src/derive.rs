//! `sequela derive`: the guideline's criteria over a stream of cases. One line is held at a time, so a file of any size passes.

use crate::cli::{DeriveArguments, DeriveFormat};
use crate::failure::Failure;
use clinical::criteria::Trace;
use clinical::criteria::case::{Fault, KINDS, Kind};
use clinical::field::nearest;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, ErrorKind, Read, Write};
use std::process::ExitCode;

/// Longest case. A lifetime of daily assessments of one patient takes less than a hundredth of it.
const LINE_LIMIT: usize = 16 << 20;
/// Faults told on standard error one by one; the rest are counted.
const FAULTS_TOLD: u64 = 100;

pub(crate) fn run(arguments: &DeriveArguments) -> Result<ExitCode, Failure> {
    if arguments.what == "list" {
        for kind in KINDS {
            println!("{:18} {}", kind.name, kind.about);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let Some(kind) = KINDS.iter().find(|k| k.name == arguments.what) else {
        let names: Vec<&str> = KINDS.iter().map(|k| k.name).collect();
        let hint = nearest(&arguments.what, names.iter().copied())
            .map_or_else(String::new, |n| format!("; did you mean {n}?"));
        let problem = json!({
            "type": "about:blank", "title": "There is no such kind of case", "value": arguments.what,
            "rule": format!("one of {}{hint}", names.join(", ")),
        });
        return Err(Failure::Problem(problem.to_string()));
    };
    let name = arguments.input.display().to_string();
    let mut input: Box<dyn BufRead> = if name == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        let file = File::open(&arguments.input).map_err(|error| {
            let problem = json!({ "type": "about:blank", "title": "The file cannot be read", "detail": error.to_string(), "file": name });
            Failure::Problem(problem.to_string())
        })?;
        Box::new(BufReader::with_capacity(1 << 20, file))
    };
    let out = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let mut derivation = Derivation {
        kind,
        arguments,
        name,
        out,
        trace: Trace::new(),
        buffer: Vec::new(),
        faults: 0,
        csv: None,
    };
    match derivation.stream(&mut input).and_then(|()| derivation.out.flush()) {
        Ok(()) => {}
        // Whoever reads the output has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
        Err(error) => return Err(Failure::internal(error)),
    }
    if derivation.faults > FAULTS_TOLD {
        eprintln!("{} further cases were refused", derivation.faults - FAULTS_TOLD);
    }
    Ok(if derivation.faults == 0 { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

struct Derivation<'a, W: Write> {
    kind: &'static Kind,
    arguments: &'a DeriveArguments,
    name: String,
    out: W,
    trace: Trace,
    buffer: Vec<u8>,
    faults: u64,
    /// Columns of the CSV, fixed by the first case.
    csv: Option<Vec<String>>,
}

impl<W: Write> Derivation<'_, W> {
    fn stream(&mut self, input: &mut Box<dyn BufRead>) -> std::io::Result<()> {
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let read = input.by_ref().take(LINE_LIMIT as u64 + 1).read_until(b'\n', &mut line)?;
            if read == 0 {
                return Ok(());
            }
            if line.len() > LINE_LIMIT {
                let fault =
                    Fault::new("", format!("the line is longer than {LINE_LIMIT} bytes"), "one case a line");
                self.refuse(number, &Value::Null, &fault)?;
                skip_line(input, &line)?;
                continue;
            }
            let text = match std::str::from_utf8(&line) {
                Ok(text) => text.trim_start_matches('\u{feff}').trim(),
                Err(error) => {
                    let fault = Fault::new("", error.to_string(), "UTF-8 text");
                    self.refuse(number, &Value::Null, &fault)?;
                    continue;
                }
            };
            if !text.is_empty() {
                self.one(number, text)?;
            }
        }
        Ok(())
    }

    fn one(&mut self, number: u64, text: &str) -> std::io::Result<()> {
        let decided = if self.arguments.format == DeriveFormat::Json {
            self.buffer.clear();
            (self.kind.write)(text, &mut self.trace, &mut self.buffer).map(|unknown| (None, unknown))
        } else {
            (self.kind.derive)(text, &mut self.trace).map(|decided| (Some(decided.line), decided.unknown))
        };
        let fault = match decided {
            Ok((line, unknown)) if unknown.is_empty() => return self.show(line.as_ref()),
            Ok((line, unknown)) if !self.arguments.strict => {
                eprintln!("note: {}:{number}: not used: {}", self.name, unknown.join(", "));
                return self.show(line.as_ref());
            }
            Ok((_, unknown)) => {
                let pointer = unknown.first().cloned().unwrap_or_default();
                Fault::new(
                    pointer,
                    format!("{} has no member {}", self.kind.name, unknown.join(", ")),
                    "no such member",
                )
            }
            Err(fault) => fault,
        };
        let id =
            serde_json::from_str::<Value>(text).ok().and_then(|v| v.get("id").cloned()).unwrap_or_default();
        self.refuse(number, &id, &fault)
    }

    /// Writes a decision: the value, or the text in the buffer.
    fn show(&mut self, line: Option<&Value>) -> std::io::Result<()> {
        match (self.arguments.format, line) {
            (DeriveFormat::Csv, Some(line)) => self.csv_row(line, ""),
            (_, Some(line)) => write_text(&mut self.out, line),
            (_, None) => {
                self.out.write_all(&self.buffer)?;
                self.out.write_all(b"\n")
            }
        }
    }

    /// A case that cannot be judged keeps its place in the output, so that lines still correspond.
    fn refuse(&mut self, number: u64, id: &Value, fault: &Fault) -> std::io::Result<()> {
        self.faults += 1;
        let problem = json!({
            "type": "about:blank", "title": "A case cannot be judged", "file": self.name, "row": number,
            "column": fault.pointer, "value": fault.problem, "rule": fault.expected,
        });
        if self.faults <= FAULTS_TOLD {
            eprintln!("{problem}");
        }
        match self.arguments.format {
            DeriveFormat::Json => {
                let line = json!({ "id": id, "result": null, "trace": [], "missing": [], "error": problem });
                writeln!(self.out, "{line}")
            }
            DeriveFormat::Csv => self.csv_row(&json!({ "id": id }), &fault.to_string()),
            DeriveFormat::Text => writeln!(self.out, "{}: refused: {fault}", plain(id)),
        }
    }

    fn csv_row(&mut self, line: &Value, error: &str) -> std::io::Result<()> {
        let result = line.get("result").and_then(Value::as_object);
        if self.csv.is_none()
            && let Some(result) = result
        {
            let columns: Vec<String> = result.keys().cloned().collect();
            let mut header = vec!["id".to_owned()];
            header.extend(columns.iter().cloned());
            header.extend(["missing".to_owned(), "error".to_owned()]);
            write_csv(&mut self.out, &header)?;
            self.csv = Some(columns);
        }
        let mut row = vec![plain(line.get("id").unwrap_or(&Value::Null))];
        for column in self.csv.iter().flatten() {
            row.push(plain(result.and_then(|r| r.get(column)).unwrap_or(&Value::Null)));
        }
        let missing = line
            .get("missing")
            .and_then(Value::as_array)
            .map(|m| m.iter().map(plain).collect::<Vec<_>>().join(";"));
        row.extend([missing.unwrap_or_default(), error.to_owned()]);
        write_csv(&mut self.out, &row)
    }
}

/// Reads on to the end of a line that was too long to be read.
fn skip_line(input: &mut Box<dyn BufRead>, begun: &[u8]) -> std::io::Result<()> {
    let mut rest = Vec::new();
    let mut ended = begun.ends_with(b"\n");
    while !ended {
        rest.clear();
        let read = input.by_ref().take(1 << 20).read_until(b'\n', &mut rest)?;
        ended = read == 0 || rest.ends_with(b"\n");
    }
    Ok(())
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn write_csv(out: &mut impl Write, cells: &[String]) -> std::io::Result<()> {
    for (index, cell) in cells.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        if cell.contains([',', '"', '\n', '\r']) {
            write!(out, "{comma}\"{}\"", cell.replace('"', "\"\""))?;
        } else {
            write!(out, "{comma}{cell}")?;
        }
    }
    writeln!(out)
}

/// The result member by member, then the steps that held, then what is missing.
fn write_text(out: &mut impl Write, line: &Value) -> std::io::Result<()> {
    writeln!(out, "{}", plain(line.get("id").unwrap_or(&Value::Null)))?;
    for (name, value) in line.get("result").and_then(Value::as_object).into_iter().flatten() {
        match value {
            Value::Array(items) if !items.is_empty() => {
                writeln!(out, "  {name}:")?;
                for item in items {
                    writeln!(out, "    {}", members(item))?;
                }
            }
            other => writeln!(out, "  {name}: {}", members(other))?,
        }
    }
    for step in line.get("trace").and_then(Value::as_array).into_iter().flatten() {
        if step.get("concludes").is_some() {
            let get = |name: &str| plain(step.get(name).unwrap_or(&Value::Null));
            let when = if step.get("date").is_some() { get("date") } else { get("day") };
            writeln!(
                out,
                "  because {when} {} ({}, {}) -> {}",
                get("rule"),
                get("source"),
                get("provenance"),
                get("concludes")
            )?;
        }
    }
    let missing: Vec<String> =
        line.get("missing").and_then(Value::as_array).into_iter().flatten().map(plain).collect();
    if !missing.is_empty() {
        writeln!(out, "  missing: {}", missing.join(", "))?;
    }
    Ok(())
}

fn members(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let shown = map.iter().filter(|(_, v)| !v.is_null());
            shown.map(|(k, v)| format!("{k} {}", plain(v))).collect::<Vec<_>>().join(", ")
        }
        other => plain(other),
    }
}
