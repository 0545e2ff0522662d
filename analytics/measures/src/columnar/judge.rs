//! The run over the infusions.

use super::program::{At, B, Codes, Place, Program, Rule, Wanted, What};
use super::select::Edges;
use super::tables::{Column, NO_CODE, NO_TEXT, Table, Tables};
use crate::evaluate::Verdict;
use crate::ir::Comparison;
use crate::known::{DayOf, Gap, Num, Truth};
use clinical::MissingCode;

/// Infusions a thread must have to be worth its start.
const SUBJECTS_PER_THREAD: usize = 256;

/// The verdicts of a run.
#[derive(Debug, Clone, Default)]
pub struct Judgements {
    /// Numbers of the measures, in the order of the program.
    pub measures: Vec<usize>,
    /// Infusions.
    pub subjects: usize,
    /// By measure, by infusion.
    verdicts: Vec<Vec<u8>>,
    /// By measure, by value shown, by infusion; not a number where not known.
    pub shown: Vec<Vec<Vec<f64>>>,
}

impl Judgements {
    /// What the measure at a place of `measures` says of an infusion; `None` when it is not about it.
    pub fn verdict(&self, place: usize, subject: usize) -> Option<Verdict> {
        Some(match *self.verdicts.get(place)?.get(subject)? {
            0 => return None,
            1 => Verdict::Met,
            2 => Verdict::NotMet,
            3 => Verdict::NotDue,
            4 => Verdict::Missing,
            5 => Verdict::PopulationMissing,
            code @ 6..=127 => Verdict::Excluded(usize::from(code - 6)),
            code => Verdict::Ended(usize::from(code - 128)),
        })
    }
}

/// One byte for a verdict: a million infusions and hundreds of measures stay in memory.
fn code(verdict: Option<Verdict>) -> u8 {
    let small = |n: usize, most: u8| u8::try_from(n).unwrap_or(most).min(most);
    match verdict {
        None => 0,
        Some(Verdict::Met) => 1,
        Some(Verdict::NotMet) => 2,
        Some(Verdict::NotDue) => 3,
        Some(Verdict::Missing) => 4,
        Some(Verdict::PopulationMissing) => 5,
        Some(Verdict::Excluded(n)) => 6 + small(n, 121),
        Some(Verdict::Ended(n)) => 128 + small(n, 127),
    }
}

/// Judges every infusion by every measure of a program, on as many threads as the machine has.
pub fn evaluate(program: &Program, tables: &Tables) -> Judgements {
    let subjects = tables.subjects;
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(subjects.div_ceil(SUBJECTS_PER_THREAD))
        .max(1);
    let size = subjects.div_ceil(threads).max(1);
    let part = |thread: usize| {
        judge_range(program, tables, (thread * size).min(subjects)..((thread + 1) * size).min(subjects))
    };
    let parts: Vec<Judgements> = std::thread::scope(|scope| {
        let part = &part;
        let workers: Vec<_> = (1..threads).map(|thread| scope.spawn(move || part(thread))).collect();
        let mut all = vec![part(0)];
        for worker in workers {
            match worker.join() {
                Ok(done) => all.push(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    let mut whole = Judgements {
        measures: program.rules.iter().map(|r| r.measure).collect(),
        subjects,
        verdicts: vec![Vec::with_capacity(subjects); program.rules.len()],
        shown: program.rules.iter().map(|r| vec![Vec::with_capacity(subjects); r.shown.len()]).collect(),
    };
    for part in parts {
        for (all, some) in whole.verdicts.iter_mut().zip(part.verdicts) {
            all.extend(some);
        }
        for (all, some) in whole.shown.iter_mut().flatten().zip(part.shown.into_iter().flatten()) {
            all.extend(some);
        }
    }
    whole
}

fn judge_range(program: &Program, tables: &Tables, subjects: std::ops::Range<usize>) -> Judgements {
    let n = subjects.len();
    let mut part = Judgements {
        measures: Vec::new(),
        subjects: n,
        verdicts: vec![Vec::with_capacity(n); program.rules.len()],
        shown: program.rules.iter().map(|r| vec![Vec::with_capacity(n); r.shown.len()]).collect(),
    };
    let mut run = Run::new(program, tables);
    for subject in subjects {
        run.next(subject);
        for ((rule, verdicts), shown) in program.rules.iter().zip(&mut part.verdicts).zip(&mut part.shown) {
            let verdict = run.verdict(rule);
            verdicts.push(code(verdict));
            for (value, list) in rule.shown.iter().zip(shown) {
                let value = if verdict.is_some() { run.number(value).value() } else { None };
                list.push(value.unwrap_or(f64::NAN));
            }
        }
    }
    part
}

/// What a row of an enclosing clause is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Member {
    Row(u32),
    Day(i32),
}

/// A value that was worked out for the current infusion already.
#[derive(Clone)]
struct Memo<T> {
    stamp: Vec<u32>,
    values: Vec<T>,
    width: usize,
}

impl<T: Copy> Memo<T> {
    fn new(width: usize, contexts: usize, empty: T) -> Self {
        Self { stamp: vec![0; width * contexts], values: vec![empty; width * contexts], width }
    }

    fn get(&self, context: usize, number: usize, stamp: u32) -> Option<T> {
        let place = context * self.width + number;
        (self.stamp.get(place) == Some(&stamp)).then(|| self.values.get(place).copied()).flatten()
    }

    fn set(&mut self, context: usize, number: usize, stamp: u32, value: T) {
        let place = context * self.width + number;
        if let (Some(slot), Some(at)) = (self.values.get_mut(place), self.stamp.get_mut(place)) {
            *slot = value;
            *at = stamp;
        }
    }
}

pub(super) struct Run<'p> {
    pub(super) program: &'p Program,
    pub(super) tables: &'p Tables,
    pub(super) subject: usize,
    stamp: u32,
    pub(super) members: Vec<Member>,
    /// Where the rows of the clause at hand begin among `members`.
    base: usize,
    pub(super) ended: Option<(i32, usize)>,
    pub(super) as_it_stands: bool,
    /// Which set of ends, and whether windows count as they stand: what a remembered value depends on.
    context: usize,
    ends: Memo<Option<(i32, usize)>>,
    conditions: Memo<Truth>,
    numbers: Memo<Num>,
    days: Memo<DayOf>,
    pub(super) edges: Edges,
}

impl<'p> Run<'p> {
    fn new(program: &'p Program, tables: &'p Tables) -> Self {
        // Context 0 is that of the ends themselves.
        let contexts = 1 + 2 * program.end_sets.len();
        Self {
            program,
            tables,
            subject: 0,
            stamp: 0,
            members: Vec::new(),
            base: 0,
            ended: None,
            as_it_stands: true,
            context: 0,
            ends: Memo::new(program.end_sets.len(), 1, None),
            conditions: Memo::new(program.conditions.len(), contexts, Truth::No),
            numbers: Memo::new(program.numbers.len(), contexts, Num::NotDone),
            days: Memo::new(program.days.len(), contexts, DayOf::NotDone),
            edges: Edges::default(),
        }
    }

    fn next(&mut self, subject: usize) {
        self.subject = subject;
        self.stamp += 1;
    }

    fn verdict(&mut self, rule: &Rule) -> Option<Verdict> {
        if let Some(diseases) = rule.diseases {
            let disease = self.program.disease.and_then(|place| self.code_at(place));
            if !disease.is_some_and(|code| diseases.has(code)) {
                return None;
            }
        }
        self.ended = self.end_of(rule.ends);
        self.context = 1 + 2 * rule.ends;
        self.as_it_stands = true;
        match rule.population.as_ref().map_or(Truth::Yes, |population| self.truth(population)) {
            Truth::No => return None,
            Truth::Open(_) => return Some(Verdict::PopulationMissing),
            Truth::Yes => {}
        }
        for (number, exclusion) in rule.exclusions.iter().enumerate() {
            if self.truth(exclusion) == Truth::Yes {
                return Some(Verdict::Excluded(number));
            }
        }
        self.as_it_stands = false;
        self.context += 1;
        Some(Verdict::of_numerator(self.truth(&rule.numerator)))
    }

    fn end_of(&mut self, set: usize) -> Option<(i32, usize)> {
        if let Some(known) = self.ends.get(0, set, self.stamp) {
            return known;
        }
        let program = self.program;
        self.ended = None;
        self.context = 0;
        self.as_it_stands = true;
        let mut first: Option<(i32, usize)> = None;
        for number in program.end_sets.get(set).into_iter().flatten() {
            let Some(day) = program.ends.get(*number) else { continue };
            if let DayOf::Span { low, .. } = self.day(day)
                && low <= self.tables.cutoff
                && first.is_none_or(|(earliest, _)| low < earliest)
            {
                first = Some((low, *number));
            }
        }
        self.ends.set(0, set, self.stamp, first);
        first
    }

    /// A clause that stands by itself sees no row around it.
    fn alone<T>(&mut self, look: impl FnOnce(&mut Self) -> T) -> T {
        let base = std::mem::replace(&mut self.base, self.members.len());
        let result = look(self);
        self.base = base;
        result
    }

    pub(super) fn once_number(&mut self, number: usize) -> Num {
        let (context, stamp) = (self.context, self.stamp);
        if let Some(known) = self.numbers.get(context, number, stamp) {
            return known;
        }
        let program = self.program;
        let Some(clause) = program.numbers.get(number) else { return Num::unknown(Gap::Unknown) };
        let value = self.alone(|run| run.number(clause));
        self.numbers.set(context, number, stamp, value);
        value
    }

    pub(super) fn once_day(&mut self, number: usize) -> DayOf {
        let (context, stamp) = (self.context, self.stamp);
        if let Some(known) = self.days.get(context, number, stamp) {
            return known;
        }
        let program = self.program;
        let Some(clause) = program.days.get(number) else { return DayOf::None(Gap::Unknown) };
        let value = self.alone(|run| run.day(clause));
        self.days.set(context, number, stamp, value);
        value
    }

    fn once_truth(&mut self, number: usize) -> Truth {
        let (context, stamp) = (self.context, self.stamp);
        if let Some(known) = self.conditions.get(context, number, stamp) {
            return known;
        }
        let program = self.program;
        let Some(clause) = program.conditions.get(number) else { return Truth::Open(Gap::Unknown) };
        let value = self.alone(|run| run.truth(clause));
        self.conditions.set(context, number, stamp, value);
        value
    }

    pub(super) fn truth(&mut self, condition: &B) -> Truth {
        match condition {
            B::Constant(value) => (*value).into(),
            B::Not(inner) => self.truth(inner).not(),
            B::All(parts) => {
                let mut truth = Truth::Yes;
                for part in parts {
                    truth = truth.and(self.truth(part));
                    if truth == Truth::No {
                        break;
                    }
                }
                truth
            }
            B::Any(parts) => {
                let mut truth = Truth::No;
                for part in parts {
                    truth = truth.or(self.truth(part));
                    if truth == Truth::Yes {
                        break;
                    }
                }
                truth
            }
            B::AtLeast(least, parts) => {
                let least = self.number(least);
                self.count_of(parts).compare(Comparison::GreaterEqual, least)
            }
            B::Numbers(a, op, b) => {
                let (a, b) = (self.number(a), self.number(b));
                a.compare(*op, b)
            }
            B::Days(a, op, b) => {
                let (a, b) = (self.day(a), self.day(b));
                a.compare(*op, b)
            }
            B::CodeIn(place, wanted, negated) => match self.row_of(*place) {
                Some((table, row)) => code_in(table, row, place.what, wanted, *negated),
                None => Truth::Open(Gap::Unknown),
            },
            B::PickedCodeIn(select, which, what, wanted, negated) => {
                self.picked_code_in(select, *which, *what, wanted, *negated)
            }
            B::CodesHave(place, wanted, all) => {
                let Some((table, row)) = self.row_of(*place) else { return Truth::Open(Gap::Unknown) };
                let What::Stored(column, _) = place.what else { return Truth::Open(Gap::Unknown) };
                match stored(table, column) {
                    Some(Column::Codes(list)) => match list.get(row as usize) {
                        Some(0) | None => absent(table, row, column),
                        Some(bits) if *all => (bits & wanted == *wanted).into(),
                        Some(bits) => (bits & wanted != 0).into(),
                    },
                    _ => Truth::Open(Gap::Unknown),
                }
            }
            B::Flag(place) => {
                let Some((table, row)) = self.row_of(*place) else { return Truth::Open(Gap::Unknown) };
                let What::Stored(column, _) = place.what else { return Truth::Open(Gap::Unknown) };
                match stored(table, column) {
                    Some(Column::Flag(list)) => match list.get(row as usize) {
                        Some(0) => Truth::No,
                        Some(1) => Truth::Yes,
                        _ => absent(table, row, column),
                    },
                    _ => Truth::Open(Gap::Unknown),
                }
            }
            B::Recorded(place, negated) => match self.row_of(*place) {
                Some((table, row)) => (self.is_recorded(table, row, *place) != *negated).into(),
                None => Truth::Open(Gap::Unknown),
            },
            B::Declared(place, field, code, negated) => match self.row_of(*place) {
                Some((table, row)) => ((table.declared(row, *field) == Some(*code)) != *negated).into(),
                None => Truth::Open(Gap::Unknown),
            },
            B::Exists(select) => self.exists(select),
            B::Every(select, body) => self.every(select, body),
            B::If(condition, yes, no) => match self.truth(condition) {
                Truth::Yes => self.truth(yes),
                Truth::No => self.truth(no),
                Truth::Open(gap) => {
                    let (yes, no) = (self.truth(yes), self.truth(no));
                    if yes == no { yes } else { Truth::Open(gap) }
                }
            },
            B::Once(number) => self.once_truth(*number),
        }
    }

    pub(super) fn count_of(&mut self, parts: &[B]) -> Num {
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

    pub(super) fn table(&self, form: u16) -> Option<&'p Table> {
        self.tables.forms.get(usize::from(form))?.as_ref()
    }

    /// The table and row of a field; `None` when there is no such row.
    pub(super) fn row_of(&self, place: Place) -> Option<(&'p Table, u32)> {
        let table = self.table(place.form)?;
        let row = match place.at {
            At::Enclosing(depth) => match self.members.get(self.base + usize::from(depth)) {
                Some(Member::Row(row)) => *row,
                _ => return None,
            },
            At::Only if place.form == self.program.infusion_form => {
                *self.tables.own_infusion.get(self.subject)?
            }
            At::Only => {
                let rows = table.rows(self.subject);
                (!rows.is_empty()).then_some(rows.start)?
            }
        };
        Some((table, row))
    }

    pub(super) fn enclosing(&self, depth: u8) -> Option<Member> {
        self.members.get(self.base + usize::from(depth)).copied()
    }

    pub(super) fn code_at(&self, place: Place) -> Option<u8> {
        let (table, row) = self.row_of(place)?;
        let What::Stored(column, _) = place.what else { return None };
        match stored(table, column) {
            Some(Column::Code(list)) => list.get(row as usize).copied().filter(|c| *c != NO_CODE),
            _ => None,
        }
    }
}

pub(super) fn stored(table: &Table, column: u16) -> Option<&Column> {
    table.columns.get(usize::from(column))?.as_ref()
}

pub(super) fn derived(table: &Table, column: u16) -> Option<&Column> {
    table.derived.iter().find(|(place, _)| *place == column).map(|(_, column)| column)
}

/// What an absent value comes to in a comparison.
pub(super) fn absent(table: &Table, row: u32, column: u16) -> Truth {
    match table.declared(row, column) {
        Some(MissingCode::NotDone) => Truth::No,
        _ => Truth::Open(Gap::Unknown),
    }
}

pub(super) fn code_in(table: &Table, row: u32, what: What, wanted: &Wanted, negated: bool) -> Truth {
    let (column, place) = match what {
        What::Stored(place, _) => (stored(table, place), Some(place)),
        What::Derived(place) => (derived(table, place), None),
        _ => return Truth::Open(Gap::Unknown),
    };
    let nothing = || place.map_or(Truth::Open(Gap::Unknown), |place| absent(table, row, place));
    match (column, wanted) {
        (Some(Column::Code(list)), Wanted::Codes(codes, unknown)) => match list.get(row as usize) {
            None | Some(&NO_CODE) => nothing(),
            Some(code) if Some(*code) == *unknown => Truth::Open(Gap::Unknown),
            Some(code) => (codes.has(*code) != negated).into(),
        },
        (Some(Column::Text(list, texts)), Wanted::Texts(wanted)) => match list.get(row as usize) {
            None | Some(&NO_TEXT) => nothing(),
            Some(number) => {
                let text = texts.get(*number as usize).map_or("", String::as_str);
                if text == "UNK" && !wanted.iter().any(|w| w == "UNK") {
                    return Truth::Open(Gap::Unknown);
                }
                (wanted.iter().any(|w| w == text) != negated).into()
            }
        },
        _ => nothing(),
    }
}

impl Codes {
    /// Whether a row has one of the codes.
    pub(super) fn admit(self, column: &Column, row: u32) -> bool {
        match column {
            Column::Code(list) => list.get(row as usize).is_some_and(|code| self.has(*code)),
            _ => true,
        }
    }
}
