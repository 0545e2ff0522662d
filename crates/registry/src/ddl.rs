//! The SQL table of a form, as its migration must declare it.
//!
//! Migrations are written once and never change, so this text is what a new form's migration starts from and what the catalog is
//! compared with: a form whose table lacks a column, a range check or row-level security fails a test.

use clinical::field::{Kind, TextForm};
use clinical::form::{FieldDescriptor, FormDescriptor, Parent, Requirement};
use std::fmt::Write;

/// Columns every record has beside its form's fields, with their SQL types.
pub const RECORD_COLUMNS: [(&str, &str); 5] = [
    ("record_id", "uuid not null"),
    ("version", "integer not null"),
    ("retracted", "boolean not null default false"),
    ("recorded_at", "timestamptz not null"),
    ("form_version", "integer not null"),
];

/// True when the form is reference data of the registry, not a clinical record of a center.
pub fn is_reference(form: &FormDescriptor) -> bool {
    clinical::forms::REFERENCE.iter().any(|f| f.name == form.name)
}

/// SQL type of a field.
pub fn sql_type(kind: &Kind) -> &'static str {
    match kind {
        Kind::Integer { .. } => "integer",
        Kind::Decimal { .. } => "double precision",
        Kind::Flag => "boolean",
        Kind::Date => "date",
        Kind::Coded(_) | Kind::Codes(_) | Kind::Time | Kind::PartialDate | Kind::Text { .. } => "text",
    }
}

fn check(field: &FieldDescriptor) -> Option<String> {
    let name = field.name;
    match field.kind {
        Kind::Integer { min, max } => Some(format!("{name} between {min} and {max}")),
        Kind::Decimal { min, max, .. } => Some(format!("{name} between {min:e} and {max:e}")),
        Kind::Coded(set) => {
            let codes: Vec<String> = set.codes.iter().map(|c| format!("'{}'", c.code)).collect();
            Some(format!("{name} in ({})", codes.join(", ")))
        }
        Kind::Codes(set) => {
            let codes: Vec<&str> = set.codes.iter().map(|c| c.code).collect();
            let one = codes.join("|").replace('.', "\\.");
            Some(format!("{name} ~ '^({one})(;({one}))*$'"))
        }
        Kind::Time => Some(format!("{name} ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'")),
        Kind::PartialDate => Some(format!("{name} ~ '^[0-9]{{4}}(-[0-9]{{2}}(-[0-9]{{2}})?)?$'")),
        Kind::Text { max, form: TextForm::Identifier } => {
            Some(format!("{name} ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length({name}) <= {max}"))
        }
        Kind::Text { max, form: TextForm::Free } => Some(format!("char_length({name}) between 1 and {max}")),
        Kind::Flag | Kind::Date => None,
    }
}

/// The condition that a required value is given or declared missing.
fn given(field: &FieldDescriptor) -> Option<String> {
    let name = field.name;
    let answered = format!("({name} is not null) <> coalesce(missing ? '{name}', false)");
    match field.requirement {
        Requirement::Required => Some(answered),
        Requirement::Conditional(when) => {
            let values: Vec<String> = when.values.iter().map(|v| format!("'{v}'")).collect();
            Some(format!(
                "coalesce({}::text not in ({}), true) or ({answered})",
                when.field,
                values.join(", ")
            ))
        }
        Requirement::Mandatory | Requirement::Optional | Requirement::Computed => None,
    }
}

/// Names of the constraints a form's table must have.
pub fn constraint_names(form: &FormDescriptor) -> Vec<String> {
    let table = form.name;
    let mut names = vec![format!("{table}_pk")];
    if !is_reference(form) {
        names.push(format!("{table}_key"));
        names.push(match form.parent {
            Parent::Registry => format!("{table}_center_fk"),
            Parent::Patient => format!("{table}_patient_fk"),
            Parent::Infusion => format!("{table}_infusion_fk"),
        });
        if form.product_field().is_some() {
            names.push(format!("{table}_product_fk"));
        }
    }
    for field in form.fields {
        if check(field).is_some() {
            names.push(format!("{table}_{}_accepts", field.name));
        }
        if given(field).is_some() {
            names.push(format!("{table}_{}_given", field.name));
        }
    }
    names.push(format!("{table}_version_accepts"));
    names
}

/// `create table` with its constraints, row-level security, policies and grants.
pub fn create_table(form: &FormDescriptor) -> String {
    let table = form.name;
    let mut lines: Vec<String> = Vec::new();
    let reference = is_reference(form);
    if !reference {
        lines.push("center_id text not null".to_owned());
    }
    lines.extend(RECORD_COLUMNS.iter().map(|(name, sql)| format!("{name} {sql}")));
    for field in form.fields {
        let not_null = if field.requirement == Requirement::Mandatory { " not null" } else { "" };
        lines.push(format!("{} {}{not_null}", field.name, sql_type(&field.kind)));
    }
    lines.push("missing jsonb".to_owned());
    let key = form.key.join(", ");
    let mut constraint = |name: String, body: String| lines.push(format!("constraint {name} {body}"));
    if reference {
        constraint(format!("{table}_pk"), format!("primary key ({key})"));
    } else {
        constraint(format!("{table}_pk"), "primary key (center_id, record_id)".to_owned());
        constraint(format!("{table}_key"), format!("unique (center_id, {key})"));
        match form.parent {
            Parent::Registry => constraint(
                format!("{table}_center_fk"),
                "foreign key (center_id) references center (center_id)".to_owned(),
            ),
            Parent::Patient => constraint(
                format!("{table}_patient_fk"),
                "foreign key (center_id, patient_id) references patient (center_id, patient_id)".to_owned(),
            ),
            Parent::Infusion => constraint(
                format!("{table}_infusion_fk"),
                "foreign key (center_id, patient_id, infusion_number) references infusion (center_id, patient_id, infusion_number)".to_owned(),
            ),
        }
        if form.product_field().is_some() {
            constraint(
                format!("{table}_product_fk"),
                "foreign key (product_code) references product (product_code)".to_owned(),
            );
        }
    }
    for field in form.fields {
        if let Some(condition) = check(field) {
            constraint(format!("{table}_{}_accepts", field.name), format!("check ({condition})"));
        }
        if let Some(condition) = given(field) {
            constraint(format!("{table}_{}_given", field.name), format!("check ({condition})"));
        }
    }
    constraint(format!("{table}_version_accepts"), "check (version >= 1)".to_owned());

    let mut sql = format!("create table {table} (\n  {}\n);\n", lines.join(",\n  "));
    if reference {
        let _ = writeln!(sql, "grant select, insert, update on {table} to sequela_app;");
        let _ = writeln!(sql, "grant select on {table} to sequela_exporter;");
    } else {
        sql.push_str(&row_security(table, "select, insert, update"));
        if form.field("patient_id").is_some() {
            sql.push_str(&granted_rows(table));
            let _ = writeln!(sql, "create policy {table}_erase on {table} to sequela_eraser using (true);");
            let _ = writeln!(sql, "grant select, delete on {table} to sequela_eraser;");
            if form.name == "patient" {
                sql.push_str(
                    "create trigger patient_erased after insert on patient referencing new table as added\n  \
                       for each statement execute function refuse_erased();\n",
                );
            }
        }
        let _ = writeln!(
            sql,
            "create trigger {table}_lock after update on {table} referencing new table as changed\n  \
               for each statement execute function refuse_locked();"
        );
    }
    sql
}

/// A center that took over a patient reads the rows that the old center has granted, in transactions that ask for them.
fn granted_rows(table: &str) -> String {
    format!(
        "create policy {table}_granted on {table} for select to sequela_app\n  \
           using ((select sequela_reads_granted()) and (center_id, patient_id) in\n         \
                  (select t.center_id, t.patient_id from patient_transfer t\n          \
                   where t.to_center = any ((select sequela_scope())::text[]) and t.revoked_at is null\n            \
                     and t.grant_from <= current_date and coalesce(t.grant_until >= current_date, true)));\n"
    )
}

/// Row-level security of a table with patient data: the application sees the centers in scope, the exporter reads all.
pub fn row_security(table: &str, application_may: &str) -> String {
    format!(
        "alter table {table} enable row level security;\n\
         alter table {table} force row level security;\n\
         create policy {table}_scope on {table} to sequela_app\n  \
           using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));\n\
         create policy {table}_export on {table} for select to sequela_exporter using (true);\n\
         grant {application_may} on {table} to sequela_app;\n\
         grant select on {table} to sequela_exporter;\n"
    )
}
