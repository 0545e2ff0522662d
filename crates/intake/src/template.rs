//! An empty workbook with a sheet per form, to be filled in and submitted.

use clinical::field::Kind;
use clinical::finding::Language;
use clinical::form::{FieldDescriptor, FormDescriptor, Requirement};
use rust_xlsxwriter::{DataValidation, Format, Formula, Note, Workbook, Worksheet, XlsxError};
use std::collections::BTreeMap;

/// Sheets that hold no records.
pub(crate) const SHEETS: [&str; 2] = ["about", "codes"];

/// Rows that the lists of a template reach to; further rows are accepted without a list.
const LISTED_ROWS: u32 = 10_000;

/// Writes one row of texts.
pub(crate) fn write_row<'a>(
    sheet: &mut Worksheet,
    row: u32,
    texts: impl Iterator<Item = &'a str>,
) -> std::io::Result<()> {
    for (column, text) in (0u16..).zip(texts) {
        if !text.is_empty() {
            sheet.write_string(row, column, text).map_err(std::io::Error::other)?;
        }
    }
    Ok(())
}

/// The workbook of the template: a sheet per form with its fields as header, lists for coded fields, notes that say what is accepted.
///
/// # Errors
/// The workbook cannot be written.
pub fn write_template(forms: &[&'static FormDescriptor], language: Language) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    let mandatory = Format::new().set_bold().set_background_color("#DDEBF7");
    about(book.add_worksheet(), language, &bold)?;
    let sets = value_sets(forms);
    for form in forms {
        let sheet = book.add_worksheet();
        sheet.set_name(form.name)?.set_freeze_panes(1, 0)?;
        for (column, field) in (0u16..).zip(form.fields) {
            let format = if field.requirement == Requirement::Mandatory { &mandatory } else { &bold };
            sheet.write_string_with_format(0, column, field.name, format)?;
            sheet.insert_note(0, column, &Note::new(note(field, language)).add_author_prefix(false))?;
            sheet.set_column_width(
                column,
                f64::from(u16::try_from(field.name.len()).unwrap_or(20).clamp(10, 30)) + 2.0,
            )?;
            if let Some(list) = list(field, &sets)? {
                sheet.add_data_validation(1, column, LISTED_ROWS, column, &list)?;
            }
        }
    }
    codes(book.add_worksheet(), &sets, &bold)?;
    book.save_to_buffer()
}

type Sets = BTreeMap<&'static str, (u16, &'static clinical::field::ValueSet)>;

fn value_sets(forms: &[&'static FormDescriptor]) -> Sets {
    let mut sets = Sets::new();
    for field in forms.iter().flat_map(|f| f.fields) {
        if let Kind::Coded(set) | Kind::Codes(set) = field.kind {
            let next = u16::try_from(sets.len()).unwrap_or(u16::MAX);
            sets.entry(set.name).or_insert((next, set));
        }
    }
    sets
}

/// The list of a field that takes exactly one of several values.
fn list(field: &FieldDescriptor, sets: &Sets) -> Result<Option<DataValidation>, XlsxError> {
    let validation = match field.kind {
        Kind::Coded(set) => {
            let Some((column, set)) = sets.get(set.name) else { return Ok(None) };
            let letters = rust_xlsxwriter::column_number_to_name(*column * 2);
            let range = format!("=codes!${letters}$2:${letters}${}", set.codes.len() + 1);
            DataValidation::new().allow_list_formula(Formula::new(range))
        }
        Kind::Flag => DataValidation::new().allow_list_strings(&["true", "false"])?,
        _ => return Ok(None),
    };
    // A missing code (NK, NA, ND, PEND) may stand in any cell, so another value is a warning only.
    let stated = validation
        .set_error_style(rust_xlsxwriter::DataValidationErrorStyle::Warning)
        .set_error_message("A code of the list, or a missing code: NK, NA, ND, PEND")?;
    Ok(Some(stated))
}

fn note(field: &FieldDescriptor, language: Language) -> String {
    let label = match language {
        Language::En => field.en,
        Language::Zh => field.zh,
    };
    let requirement = match field.requirement {
        Requirement::Mandatory => "mandatory",
        Requirement::Required => "required, or a missing code (NK, NA, ND, PEND)",
        Requirement::Conditional(_) => "required in some cases",
        Requirement::Optional => "optional",
        Requirement::Computed => "computed by the registry: leave empty",
    };
    format!("{label}\n{}\n{requirement}\naccepted: {}", field.description.trim(), field.kind.expected())
}

fn about(sheet: &mut Worksheet, language: Language, bold: &Format) -> Result<(), XlsxError> {
    sheet.set_name("about")?.set_column_width(0, 100)?;
    let lines: &[&str] = match language {
        Language::En => &[
            "Sequela: records to submit",
            "One sheet per form, one record per row; the names on row 1 must stay. Sheets that are not needed may stay empty or be removed.",
            "Dates: YYYY-MM-DD. Times: HH:MM. A value that is not known: NK (not known), NA (not applicable), ND (not done), PEND (pending).",
            "Columns on blue ground identify the record and must be filled. Point at a name on row 1 to see what is accepted.",
        ],
        Language::Zh => &[
            "Sequela：待提交记录",
            "每个表单一个工作表，每行一条记录；第一行的字段名不可更改。不需要的工作表可留空或删除。",
            "日期：YYYY-MM-DD。时间：HH:MM。缺失代码：NK（未知）、NA（不适用）、ND（未做）、PEND（待定）。",
            "蓝底列用于识别记录，必须填写。将光标移至第一行字段名可查看可接受的取值。",
        ],
    };
    for (row, line) in (0u32..).zip(lines) {
        if row == 0 {
            sheet.write_string_with_format(row, 0, *line, bold)?;
        } else {
            sheet.write_string(row, 0, *line)?;
        }
    }
    Ok(())
}

fn codes(sheet: &mut Worksheet, sets: &Sets, bold: &Format) -> Result<(), XlsxError> {
    sheet.set_name("codes")?;
    for (column, set) in sets.values() {
        sheet.write_string_with_format(0, column * 2, set.name, bold)?;
        for (row, code) in (1u32..).zip(set.codes) {
            sheet.write_string(row, column * 2, code.code)?;
            sheet.write_string(row, column * 2 + 1, format!("{} / {}", code.en, code.zh))?;
        }
    }
    Ok(())
}
