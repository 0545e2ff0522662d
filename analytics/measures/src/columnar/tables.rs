//! Records as columns, the rows of each infusion together.

use clinical::MissingCode;

/// No day.
pub const NO_DAY: i32 = i32::MIN;
/// No time of day.
pub const NO_MINUTE: u16 = u16::MAX;
/// No code; a yes/no value that is not there.
pub const NO_CODE: u8 = u8::MAX;
/// No text.
pub const NO_TEXT: u32 = u32::MAX;

/// The values of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Numbers; not a number where there is none.
    Number(Vec<f64>),
    /// Days since 1970-01-01: the first and last each may be ([`NO_DAY`] where there is none).
    Day(Vec<i32>, Vec<i32>),
    /// Minutes of the day, or [`NO_MINUTE`].
    Minute(Vec<u16>),
    /// Positions in the value set, or [`NO_CODE`].
    Code(Vec<u8>),
    /// A bit for each position in the value set; none where there is no list.
    Codes(Vec<u64>),
    /// 0, 1 or [`NO_CODE`].
    Flag(Vec<u8>),
    /// Positions in the list of texts, or [`NO_TEXT`].
    Text(Vec<u32>, Vec<String>),
}

impl Column {
    /// The rows in another order.
    #[must_use]
    pub fn arranged(&self, order: &[u32]) -> Self {
        fn take<T: Copy>(values: &[T], order: &[u32]) -> Vec<T> {
            order.iter().filter_map(|i| values.get(*i as usize).copied()).collect()
        }
        match self {
            Self::Number(v) => Self::Number(take(v, order)),
            Self::Day(low, high) => Self::Day(take(low, order), take(high, order)),
            Self::Minute(v) => Self::Minute(take(v, order)),
            Self::Code(v) => Self::Code(take(v, order)),
            Self::Codes(v) => Self::Codes(take(v, order)),
            Self::Flag(v) => Self::Flag(take(v, order)),
            Self::Text(v, texts) => Self::Text(take(v, order), texts.clone()),
        }
    }

    /// How two rows compare in the order of keys.
    fn compare(&self, a: usize, b: usize) -> std::cmp::Ordering {
        use std::cmp::Ordering::Equal;
        match self {
            Self::Number(v) => match (v.get(a), v.get(b)) {
                (Some(a), Some(b)) => a.total_cmp(b),
                _ => Equal,
            },
            Self::Day(v, _) => v.get(a).cmp(&v.get(b)),
            Self::Minute(v) => v.get(a).cmp(&v.get(b)),
            Self::Code(v) | Self::Flag(v) => v.get(a).cmp(&v.get(b)),
            Self::Codes(v) => v.get(a).cmp(&v.get(b)),
            Self::Text(v, texts) => {
                let text = |i: usize| v.get(i).and_then(|t| texts.get(*t as usize));
                text(a).cmp(&text(b))
            }
        }
    }
}

/// The rows of a form.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Rows `starts[g]..starts[g + 1]` belong to group `g`.
    pub starts: Vec<u32>,
    /// The group of each infusion, where several share one (center, product); else the infusion is its own.
    pub groups: Option<Vec<u32>>,
    /// By position in the form; `None` for a field that no clause looks at.
    pub columns: Vec<Option<Column>>,
    /// What the criteria derive, by position of the stored field.
    pub derived: Vec<(u16, Column)>,
    /// For each row which of `patterns` it has.
    pub missing: Vec<u16>,
    /// Fields declared missing: the first pattern is none.
    pub patterns: Vec<Vec<(u16, MissingCode)>>,
}

impl Table {
    /// Sorts rows by group, within a group by the key columns. `group_of` gives each row's group; a row beyond `groups` is left out.
    pub fn sort(&mut self, group_of: &[u32], groups: usize, key: &[u16]) {
        let mut starts = vec![0_u32; groups + 1];
        for group in group_of {
            if let Some(count) = starts.get_mut(*group as usize + 1) {
                *count += 1;
            }
        }
        let mut total = 0;
        for start in &mut starts {
            total += *start;
            *start = total;
        }
        let mut next = starts.clone();
        let mut order = vec![0_u32; total as usize];
        for (row, group) in group_of.iter().enumerate() {
            if (*group as usize) < groups
                && let Some(place) = next.get_mut(*group as usize)
                && let Some(slot) = order.get_mut(*place as usize)
            {
                *slot = row as u32;
                *place += 1;
            }
        }
        let keys: Vec<&Column> =
            key.iter().filter_map(|k| self.columns.get(usize::from(*k))?.as_ref()).collect();
        for bounds in starts.windows(2) {
            if let [from, to] = bounds
                && let Some(part) = order.get_mut(*from as usize..*to as usize)
            {
                part.sort_by(|a, b| {
                    let (a, b) = (*a as usize, *b as usize);
                    keys.iter()
                        .map(|c| c.compare(a, b))
                        .find(|o| o.is_ne())
                        .unwrap_or(std::cmp::Ordering::Equal)
                });
            }
        }
        for column in self.columns.iter_mut().flatten() {
            *column = column.arranged(&order);
        }
        for (_, column) in &mut self.derived {
            *column = column.arranged(&order);
        }
        self.missing = order.iter().filter_map(|i| self.missing.get(*i as usize).copied()).collect();
        self.starts = starts;
    }

    /// The rows of an infusion.
    pub(super) fn rows(&self, subject: usize) -> std::ops::Range<u32> {
        let group = match &self.groups {
            Some(groups) => groups.get(subject).map_or(usize::MAX, |g| *g as usize),
            None => subject,
        };
        match (self.starts.get(group), group.checked_add(1).and_then(|g| self.starts.get(g))) {
            (Some(from), Some(to)) => *from..*to,
            _ => 0..0,
        }
    }

    /// The code with which a field of a row was declared missing.
    pub(super) fn declared(&self, row: u32, field: u16) -> Option<MissingCode> {
        let pattern = *self.missing.get(row as usize)?;
        if pattern == 0 {
            return None;
        }
        self.patterns.get(usize::from(pattern))?.iter().find(|(f, _)| *f == field).map(|(_, code)| *code)
    }
}

/// The records of the infusions that are judged, none dated after the cutoff.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    /// Infusions.
    pub subjects: usize,
    /// The data cutoff, days since 1970-01-01.
    pub cutoff: i32,
    /// By form; `None` for a form that no clause looks at.
    pub forms: Vec<Option<Table>>,
    /// For each infusion its own row of the form `infusion`.
    pub own_infusion: Vec<u32>,
}
