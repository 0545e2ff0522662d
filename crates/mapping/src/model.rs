//! A mapping that was checked: what each field of each form is made from.

use chrono::NaiveDate;
use clinical::form::FieldDescriptor;
use clinical::{Cell, FormDescriptor, MissingCode};
use std::collections::BTreeMap;

/// How the columns of a center's spreadsheet become records of the registry's forms.
///
/// One that exists names only forms and fields that the registry has, gives every mandatory and required field a source, and holds no
/// constant or mapped value that its field would refuse.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// What separates the cells of a row.
    pub(crate) delimiter: u8,
    /// Cells that hold no value, beside the empty one.
    pub(crate) missing: Vec<String>,
    /// Columns that are left out on purpose.
    pub(crate) ignore: Vec<Named>,
    /// Parents before children.
    pub(crate) forms: Vec<FormPlan>,
}

impl Mapping {
    /// The column of the spreadsheet that a field of a form is read from; `None` when the field does not come from a column.
    pub fn column_of(&self, form: &str, field: &str) -> Option<&str> {
        let plan = self.forms.iter().find(|f| f.form.name == form)?;
        let column = plan.fields.iter().find(|f| f.field.name == field)?.column()?;
        Some(&column.column.name)
    }

    /// Names of the forms it makes, in the order in which their records come.
    pub fn forms(&self) -> impl Iterator<Item = &'static str> {
        self.forms.iter().map(|f| f.form.name)
    }
}

/// A column name and the place of the mapping file that names it.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) entry: String,
}

/// The sources of one form's fields.
#[derive(Debug, Clone)]
pub(crate) struct FormPlan {
    pub(crate) form: &'static FormDescriptor,
    pub(crate) fields: Vec<FieldPlan>,
}

/// The source of one field.
#[derive(Debug, Clone)]
pub(crate) struct FieldPlan {
    /// Position of the field in its form.
    pub(crate) index: usize,
    pub(crate) field: &'static FieldDescriptor,
    pub(crate) source: FieldSource,
}

impl FieldPlan {
    pub(crate) fn column(&self) -> Option<&ColumnSource> {
        if let FieldSource::Column(column) = &self.source { Some(column) } else { None }
    }
}

#[derive(Debug, Clone)]
pub(crate) enum FieldSource {
    /// The same for every record.
    Fixed(Outcome),
    /// The day from which relative days count.
    Anchor(Cell),
    /// Read from a column.
    Column(ColumnSource),
}

/// What a field becomes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    Value(Cell),
    Missing(MissingCode),
    /// An optional field is left out.
    Absent,
}

#[derive(Debug, Clone)]
pub(crate) struct ColumnSource {
    pub(crate) column: Named,
    pub(crate) reading: Reading,
    /// What a cell without a value means.
    pub(crate) when_missing: Option<MissingCode>,
}

/// How the text of a cell becomes a value.
#[derive(Debug, Clone)]
pub(crate) enum Reading {
    /// As the registry's own CSV.
    Plain,
    /// By a list of all cells that may occur.
    Map(BTreeMap<String, Outcome>),
    /// By how the cell begins; the first entry that fits counts.
    Prefix(Vec<(String, Outcome)>),
    /// Days from the anchor.
    RelativeDay(NaiveDate),
    /// As plain, after replacing pieces of the text one after the other.
    Replace(Vec<(String, String)>),
}
