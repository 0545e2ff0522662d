//! Conditions, and the verdict they lead to.

use super::proof::{Proof, RowNote};
use super::{Dossier, Row, Settings, Verdict, gap_text};
use crate::ir::{Bool, BoolKind, CodeKind};
use crate::known::{DayOf, Gap, Num, Truth};
use crate::library::{Guideline, Measure, SharedClause};
use crate::syntax::Span;
use clinical::{Cell, MissingCode};

/// Most rows that a proof lists of one clause.
const ROWS_SHOWN: usize = 12;

/// What a row of an enclosing clause is.
#[derive(Clone, Copy)]
pub(super) enum Member<'a> {
    Row(&'a Row),
    Day(i32),
}

pub(super) struct Interpreter<'a> {
    pub(super) guideline: &'a Guideline,
    pub(super) settings: &'a Settings,
    pub(super) dossier: &'a Dossier,
    /// Rows of the enclosing clauses, outermost first.
    pub(super) members: Vec<Member<'a>>,
    /// What ended the follow-up: the day and the number of the end.
    pub(super) ended: Option<(i32, usize)>,
    /// In a population or exclusion: an open window counts as it stands at the cutoff.
    pub(super) as_it_stands: bool,
    /// Proofs of the clauses being looked at; `None` while nothing is noted.
    proofs: Option<Vec<Vec<Proof>>>,
    /// Rows that decided the clause being looked at.
    found: Vec<RowNote>,
}

impl<'a> Interpreter<'a> {
    pub(super) fn new(guideline: &'a Guideline, settings: &'a Settings, dossier: &'a Dossier) -> Self {
        Self {
            guideline,
            settings,
            dossier,
            members: Vec::new(),
            ended: None,
            as_it_stands: false,
            proofs: Some(vec![Vec::new()]),
            found: Vec::new(),
        }
    }

    pub(super) fn into_proof(self) -> Vec<Proof> {
        self.proofs.into_iter().flatten().next().unwrap_or_default()
    }

    /// From here on nothing is noted any more.
    pub(super) fn silence(&mut self) {
        // What was noted stays for `into_proof`; a level above it takes what follows.
        if let Some(proofs) = &mut self.proofs {
            proofs.truncate(1);
            proofs.push(Vec::new());
        }
    }

    pub(super) fn verdict(&mut self, measure: &Measure) -> Option<Verdict> {
        let rule = measure.rule.as_ref()?;
        if !measure.disease.is_empty() {
            let disease = self.dossier.only_named("disease")?;
            if !disease.record.text("disease").is_some_and(|d| measure.disease.contains(&d)) {
                return None;
            }
        }
        self.ended = self.end_of(&rule.ends);
        self.as_it_stands = true;
        let population = rule.population.as_ref().map_or(Truth::Yes, |population| self.truth(population));
        match population {
            Truth::No => return None,
            Truth::Open(_) => return Some(Verdict::PopulationMissing),
            Truth::Yes => {}
        }
        for (number, exclusion) in rule.exclusions.iter().enumerate() {
            if self.truth(&exclusion.when) == Truth::Yes {
                return Some(Verdict::Excluded(number));
            }
        }
        self.as_it_stands = false;
        let numerator = self.truth(&rule.numerator);
        Some(Verdict::of_numerator(numerator))
    }

    /// The first of the ends that happened by the cutoff.
    fn end_of(&mut self, ends: &[usize]) -> Option<(i32, usize)> {
        let proofs = self.proofs.take();
        let mut first: Option<(i32, usize)> = None;
        self.as_it_stands = true;
        for number in ends {
            let Some(end) = self.guideline.ends.get(*number) else { continue };
            let DayOf::Span { low: day, .. } = self.day(&end.day) else { continue };
            if day <= crate::known::epoch_day(self.dossier.cutoff)
                && first.is_none_or(|(earliest, _)| day < earliest)
            {
                first = Some((day, *number));
            }
        }
        self.proofs = proofs;
        first
    }

    pub(super) fn truth(&mut self, condition: &Bool) -> Truth {
        if self.proofs.is_none() {
            return self.condition(condition);
        }
        if let Some(proofs) = &mut self.proofs {
            proofs.push(Vec::new());
        }
        let outer = std::mem::take(&mut self.found);
        let truth = self.condition(condition);
        let rows = std::mem::replace(&mut self.found, outer);
        let outcome = match truth {
            Truth::Yes => "yes",
            Truth::No => "no",
            Truth::Open(gap) => gap_text(gap),
        };
        self.note(condition.span, outcome.to_owned(), rows);
        truth
    }

    fn note(&mut self, span: Span, outcome: String, rows: Vec<RowNote>) {
        let clause = self.guideline.text_of(span);
        if let Some(proofs) = &mut self.proofs {
            let parts = proofs.pop().unwrap_or_default();
            if let Some(above) = proofs.last_mut() {
                above.push(Proof { clause, outcome, rows, parts });
            }
        }
    }

    /// Looks at a row without noting each part.
    pub(super) fn quietly<T>(&mut self, look: impl FnOnce(&mut Self) -> T) -> T {
        let proofs = self.proofs.take();
        let found = std::mem::take(&mut self.found);
        let result = look(self);
        self.proofs = proofs;
        self.found = found;
        result
    }

    /// Notes a row that decides.
    pub(super) fn note_row(&mut self, row: &Row, fields: &[String], outcome: &str) {
        if self.proofs.is_none() || self.found.len() >= ROWS_SHOWN {
            return;
        }
        let values = fields.iter().filter_map(|name| {
            let place = row.record.form().field(name)?.0;
            let (cell, code) = row.cell(u16::try_from(place).ok()?);
            let text = match (cell, code) {
                (Cell::Null, Some(code)) => code.code().to_owned(),
                (Cell::Null, None) => "not recorded".to_owned(),
                (cell, _) => cell.to_text(),
            };
            Some(format!("{name} {text}"))
        });
        let values = values.collect::<Vec<_>>().join(", ");
        self.found.push(RowNote {
            form: row.record.form().name,
            record_id: row.record_id.clone(),
            values,
            outcome: outcome.to_owned(),
        });
    }

    fn condition(&mut self, condition: &Bool) -> Truth {
        match &condition.kind {
            BoolKind::Constant(value) => (*value).into(),
            BoolKind::Not(inner) => self.truth(inner).not(),
            // Every part is looked at, so that the proof shows all of them.
            BoolKind::All(parts) => parts.iter().fold(Truth::Yes, |truth, part| truth.and(self.truth(part))),
            BoolKind::Any(parts) => parts.iter().fold(Truth::No, |truth, part| truth.or(self.truth(part))),
            BoolKind::AtLeast(least, parts) => {
                let least = self.number(least);
                self.count_of(parts).compare(crate::ir::Comparison::GreaterEqual, least)
            }
            BoolKind::Numbers(a, op, b) => {
                let (left, right) = (self.number(a), self.number(b));
                self.note_values(&[(a.span, super::number_text(left)), (b.span, super::number_text(right))]);
                left.compare(*op, right)
            }
            BoolKind::Days(a, op, b) => {
                let (left, right) = (self.day(a), self.day(b));
                self.note_values(&[
                    (a.span, super::days::day_text(left)),
                    (b.span, super::days::day_text(right)),
                ]);
                left.compare(*op, right)
            }
            BoolKind::CodeIn(code, codes, negated) => {
                let (cell, declared) = match &code.kind {
                    CodeKind::Field(field) => self.cell(*field),
                    CodeKind::Pick(select, which, field) => self.picked(select, *which, *field),
                };
                code_in(&cell, declared, codes, *negated)
            }
            BoolKind::CodesHave(field, codes, all) => match self.cell(*field) {
                (Cell::Codes(list), _) => {
                    let has = |code: &String| list.iter().any(|c| c == code);
                    (if *all { codes.iter().all(has) } else { codes.iter().any(has) }).into()
                }
                (_, declared) => absent(declared),
            },
            BoolKind::Flag(field) => match self.cell(*field) {
                (Cell::Flag(value), _) => value.into(),
                (_, declared) => absent(declared),
            },
            BoolKind::Recorded(field, _) | BoolKind::Declared(field, _, _) if !self.has_row(*field) => {
                Truth::Open(Gap::Unknown)
            }
            BoolKind::Recorded(field, negated) => (self.is_recorded(*field) != *negated).into(),
            BoolKind::Declared(field, code, negated) => {
                ((self.cell(*field).1 == Some(*code)) != *negated).into()
            }
            BoolKind::Reading(index, choice, negated) => {
                (self.settings.reads(*index, choice) != *negated).into()
            }
            BoolKind::Exists(select) => self.exists(select),
            BoolKind::Every(select, body) => self.every(select, body),
            BoolKind::If(condition, yes, no) => match self.truth(condition) {
                Truth::Yes => self.truth(yes),
                Truth::No => self.truth(no),
                Truth::Open(gap) => {
                    let (yes, no) = (self.truth(yes), self.truth(no));
                    if yes == no { yes } else { Truth::Open(gap) }
                }
            },
            BoolKind::Shared(index) => match self.guideline.shared.get(*index).map(|s| &s.value) {
                Some(SharedClause::Bool(clause)) => self.alone(|this| this.truth(clause)),
                _ => Truth::Open(Gap::Unknown),
            },
        }
    }

    /// A shared definition does not see the rows around it.
    pub(super) fn alone<T>(&mut self, look: impl FnOnce(&mut Self) -> T) -> T {
        let members = std::mem::take(&mut self.members);
        let result = look(self);
        self.members = members;
        result
    }

    /// Notes what two sides of a comparison came to; a side that is written out needs no note.
    fn note_values(&mut self, values: &[(Span, String)]) {
        for (span, text) in values {
            let clause = self.guideline.text_of(*span);
            let written = clause == *text || clause.split_whitespace().next() == Some(text.as_str());
            if let Some(above) = self.proofs.as_mut().and_then(|p| p.last_mut())
                && !written
            {
                above.push(Proof { clause, outcome: text.clone(), rows: Vec::new(), parts: Vec::new() });
            }
        }
    }

    pub(super) fn count_of(&mut self, parts: &[Bool]) -> Num {
        let (mut sure, mut possible, mut gap) = (0, 0, Gap::Unknown);
        for part in parts {
            match self.truth(part) {
                Truth::Yes => sure += 1,
                Truth::No => {}
                Truth::Open(why) => {
                    possible += 1;
                    gap = gap.max(why);
                }
            }
        }
        Num::between(f64::from(sure), f64::from(sure + possible), gap)
    }
}

/// What an absent value comes to in a comparison.
pub(super) fn absent(declared: Option<MissingCode>) -> Truth {
    if declared == Some(MissingCode::NotDone) { Truth::No } else { Truth::Open(Gap::Unknown) }
}

fn code_in(cell: &Cell, declared: Option<MissingCode>, codes: &[String], negated: bool) -> Truth {
    let code = match cell {
        Cell::Code(code) => *code,
        Cell::Text(text) => text.as_str(),
        _ => return absent(declared),
    };
    if code == "UNK" && !codes.iter().any(|c| c == "UNK") {
        return Truth::Open(Gap::Unknown);
    }
    (codes.iter().any(|c| c == code) != negated).into()
}
