//! Faults of the mapping file: each is found before any data is read, and located.

use mapping::{Mapping, MappingFault};

/// A patient form with everything a patient needs.
const PATIENT: &str = r#"
[[form]]
name = "patient"
[form.fields]
patient_id = { column = "ID" }
birth_year = { missing = "NK" }
sex = { missing = "NK" }
consent_registry = { constant = "Y" }
date_basis = { constant = "CALENDAR" }
"#;

fn faults(text: &str) -> Vec<MappingFault> {
    Mapping::parse(text).map(|_| ()).expect_err("a faulty mapping")
}

/// The only fault.
fn fault(text: &str) -> MappingFault {
    let mut found = faults(text);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0)
}

/// The only fault of [`PATIENT`] with one piece replaced, and the text of the line where it was located.
fn patient_fault(old: &str, new: &str) -> (MappingFault, String) {
    let text = PATIENT.replace(old, new);
    assert_ne!(text, PATIENT);
    let found = fault(&text);
    let line = text.lines().nth(found.line - 1).expect("a line of the file").to_owned();
    (found, line)
}

fn has(text: &str, piece: &str) {
    assert!(text.contains(piece), "{text:?} lacks {piece:?}");
}

#[test]
fn a_sound_mapping_is_read_and_knows_its_columns() {
    let mapping = Mapping::parse(PATIENT).expect("sound");
    assert_eq!(mapping.forms().collect::<Vec<_>>(), ["patient"]);
    assert_eq!(mapping.column_of("patient", "patient_id"), Some("ID"));
    assert_eq!(mapping.column_of("patient", "sex"), None);
    assert_eq!(mapping.column_of("patient", "no_such_field"), None);
    assert_eq!(mapping.column_of("infusion", "patient_id"), None);
}

#[test]
fn text_that_is_not_toml_is_located() {
    let found = faults("[source]\nmissing = [\"NA\"\n[[form]\n");
    assert!(found.iter().all(|f| f.message.starts_with("this is not TOML")), "{found:#?}");
    assert!(found[0].line >= 2);
    let found = fault(&PATIENT.replace("sex =", "birth_year ="));
    has(&found.message, "not TOML");
    assert_eq!(found.line, 7);
}

#[test]
fn a_file_without_forms_is_refused() {
    for text in ["", "# nothing", "[source]\nmissing = [\"NA\"]", "form = []"] {
        has(&fault(text).message, "no form");
    }
    has(fault("[form]\nname = \"patient\"").expected.as_deref().expect("a hint"), "[[form]]");
}

#[test]
fn unknown_keys_are_located_with_a_suggestion() {
    let found = fault(&format!("[sources]\n{PATIENT}"));
    assert_eq!((found.line, found.column), (1, 2));
    has(&found.to_string(), "did you mean \"source\"?");
    let found = fault(&format!("[source]\ndelimeter = \";\"\n{PATIENT}"));
    assert_eq!((found.line, found.column), (2, 1));
    has(&found.to_string(), "did you mean \"delimiter\"?");
    let (found, line) = patient_fault("{ column = \"ID\" }", "{ column = \"ID\", mapp = { a = \"b\" } }");
    has(&line, "patient_id");
    assert_eq!(found.column, 31);
    assert_eq!(found.entry, "patient.patient_id");
    has(&found.to_string(), "did you mean \"map\"?");
    let (found, _) = patient_fault("name = \"patient\"", "name = \"patient\"\nfield = 1");
    has(&found.to_string(), "did you mean \"fields\"?");
    let (found, line) = patient_fault("[form.fields]", "sex = { missing = \"NK\" }\n[form.fields]");
    has(&found.to_string(), "[form.fields]");
    has(&line, "sex");
}

#[test]
fn unknown_forms_and_fields_are_located_with_a_suggestion() {
    let (found, line) = patient_fault("\"patient\"", "\"patients\"");
    assert_eq!(line, "name = \"patients\"");
    has(&found.to_string(), "did you mean \"patient\"?");
    let (found, _) = patient_fault("\"patient\"", "\"product\"");
    has(&found.message, "administrators");
    let text = PATIENT.replace("patient_id =", "patient_ids =");
    let found = faults(&text);
    assert_eq!(found.len(), 2, "the field it should have been is then without a source: {found:#?}");
    has(&found[0].to_string(), "no source");
    assert_eq!(found[1].line, 5);
    has(&found[1].to_string(), "did you mean \"patient_id\"?");
    let found = fault(&format!("{PATIENT}{PATIENT}"));
    has(&found.message, "a second time");
    assert_eq!(found.line, 12);
}

#[test]
fn every_mandatory_and_required_field_needs_a_source() {
    let (found, _) = patient_fault("patient_id = { column = \"ID\" }\n", "");
    assert_eq!(found.entry, "patient.patient_id");
    has(&found.message, "mandatory");
    let (found, _) = patient_fault("sex = { missing = \"NK\" }\n", "");
    assert_eq!(found.entry, "patient.sex");
    has(&found.message, "required");
    has(&found.to_string(), "{ missing = \"NK\" }");
    let (found, _) = patient_fault("{ column = \"ID\" }", "{ missing = \"NK\" }");
    has(&found.message, "cannot be missing");
    let (found, _) = patient_fault("{ column = \"ID\" }", "{ column = \"ID\", when_missing = \"NK\" }");
    has(&found.message, "cannot be missing");
}

#[test]
fn a_source_says_one_thing() {
    let (found, _) = patient_fault("sex = { missing = \"NK\" }", "sex = {}");
    has(&found.message, "where the value comes from");
    let (found, _) =
        patient_fault("sex = { missing = \"NK\" }", "sex = { missing = \"NK\", column = \"s\" }");
    has(&found.message, "exclude each other");
    let (found, _) =
        patient_fault("sex = { missing = \"NK\" }", "sex = { missing = \"NK\", when_missing = \"ND\" }");
    has(&found.message, "no meaning beside");
    let (found, _) = patient_fault(
        "sex = { missing = \"NK\" }",
        "sex = { column = \"s\", map = { a = \"F\" }, prefix = { a = \"F\" } }",
    );
    has(&found.message, "map and prefix exclude each other");
    let (found, _) = patient_fault("sex = { missing = \"NK\" }", "sex = \"F\"");
    has(&found.message, "this is text");
    let (found, _) = patient_fault("{ column = \"ID\" }", "{ column = \" ID\" }");
    has(&found.message, "name of a column");
}

#[test]
fn constants_must_be_values_of_their_field() {
    let (found, line) = patient_fault("{ constant = \"Y\" }", "{ constant = \"yes\" }");
    has(&line, "consent_registry");
    assert_eq!(found.entry, "patient.consent_registry.constant");
    has(&found.to_string(), "one of Y, N, UNK");
    for (constant, accepted) in [
        ("1900", true),
        ("2100", true),
        ("1899", false),
        ("2101", false),
        ("\"1960\"", false),
        ("1960.5", false),
        ("true", false),
        ("[1960]", false),
        ("1960-01-01", false),
    ] {
        let text = PATIENT.replace(
            "birth_year = { missing = \"NK\" }",
            &format!("birth_year = {{ constant = {constant} }}"),
        );
        assert_eq!(Mapping::parse(&text).is_ok(), accepted, "{constant}");
    }
    let (found, _) =
        patient_fault("birth_year = { missing = \"NK\" }", "birth_year = { constant = \"1960\" }");
    has(&found.to_string(), "without quotation marks");
    let (found, _) = patient_fault("sex = { missing = \"NK\" }", "sex = { missing = \"unknown\" }");
    has(&found.to_string(), "one of NK, NA, ND, PEND");
    for date in ["\"2024-02-29\"", "2024-02-29"] {
        let text = format!("{PATIENT}consent_date = {{ constant = {date} }}\n");
        assert!(Mapping::parse(&text).is_ok(), "{date}");
    }
    has(&fault(&format!("{PATIENT}consent_date = {{ constant = \"2023-02-29\" }}\n")).message, "2023-02-29");
}

#[test]
fn mapped_values_must_be_values_of_their_field() {
    let sex = |map: &str| format!("sex = {{ column = \"s\", map = {map} }}");
    let (found, _) =
        patient_fault("sex = { missing = \"NK\" }", &sex("{ \"1\" = \"M\", \"2\" = \"female\" }"));
    assert_eq!(found.entry, "patient.sex.map.\"2\"");
    has(&found.to_string(), "one of F, M, OTHER, UNK");
    let (found, _) = patient_fault("sex = { missing = \"NK\" }", &sex("{}"));
    has(&found.message, "empty");
    let (found, _) = patient_fault("sex = { missing = \"NK\" }", &sex("{ \" 1\" = \"M\" }"));
    has(&found.message, "never met");
    let (found, _) = patient_fault("sex = { missing = \"NK\" }", &sex("{ \"9\" = { missing = \"XX\" } }"));
    has(&found.to_string(), "one of NK, NA, ND, PEND");
    let (found, _) =
        patient_fault("{ column = \"ID\" }", "{ column = \"ID\", map = { x = { missing = \"NK\" } } }");
    has(&found.message, "cannot be missing");
}

#[test]
fn prefixes_are_met_in_their_order() {
    let sex = |prefix: &str| format!("sex = {{ column = \"s\", prefix = {prefix} }}");
    let (found, _) = patient_fault("sex = { missing = \"NK\" }", &sex("{ \"M\" = \"M\", \"MF\" = \"F\" }"));
    has(&found.message, "the earlier prefix \"M\" fits first");
    let longest_first =
        PATIENT.replace("sex = { missing = \"NK\" }", &sex("{ \"MF\" = \"F\", \"M\" = \"M\" }"));
    assert!(Mapping::parse(&longest_first).is_ok());
    let (found, _) = patient_fault("sex = { missing = \"NK\" }", &sex("{ \"\" = \"M\" }"));
    has(&found.message, "every cell");
}

#[test]
fn only_text_is_rewritten() {
    let (found, _) =
        patient_fault("sex = { missing = \"NK\" }", "sex = { column = \"s\", replace = { a = \"b\" } }");
    has(&found.message, "not text");
    let (found, _) = patient_fault("{ column = \"ID\" }", "{ column = \"ID\", replace = { \"\" = \"b\" } }");
    has(&found.message, "nothing cannot be replaced");
    let (found, _) = patient_fault("{ column = \"ID\" }", "{ column = \"ID\", replace = { \" \" = 1 } }");
    has(&found.message, "a whole number");
}

#[test]
fn a_column_is_used_or_ignored() {
    let found = fault(&format!("[source]\nignore = [\"ID\"]\n{PATIENT}"));
    has(&found.message, "listed under ignore");
    let found = fault(&format!("[source]\nignore = \"notes\"\n{PATIENT}"));
    has(&found.to_string(), "a list");
    let found = fault(&format!("[source]\nmissing = [\"NA \"]\n{PATIENT}"));
    has(&found.message, "never met");
    let found = fault(&format!("[source]\ndelimiter = \"::\"\n{PATIENT}"));
    assert_eq!((found.line, found.entry.as_str()), (2, "source.delimiter"));
}

#[test]
fn relative_days_need_an_anchor_and_mark_the_patients() {
    let relative = format!("{PATIENT}consent_date = {{ column = \"day\", relative_day = true }}\n");
    let found = fault(&relative);
    has(&found.message, "no anchor");
    let anchored = format!("[anchor]\ndate = \"2000-01-01\"\n{relative}");
    let found = fault(&anchored);
    assert_eq!(found.entry, "patient.date_basis");
    has(&found.to_string(), "{ constant = \"PSEUDO_ANCHOR\" }");
    let marked = anchored.replace("CALENDAR", "PSEUDO_ANCHOR");
    assert!(Mapping::parse(&marked).is_ok());
    assert!(Mapping::parse(&marked.replace("\"2000-01-01\"", "2000-01-01")).is_ok());
    let found = fault(&marked.replace("relative_day = true", "relative_day = false"));
    has(&found.to_string(), "true, or leave it out");
    let found = fault(&format!("{marked}withdrawn_on = {{ column = \"withdrawn\" }}\n"));
    has(&found.message, "calendar date beside");
    assert_eq!(found.entry, "patient.withdrawn_on");
    let unused = format!("[anchor]\ndate = \"2000-01-01\"\n{}", PATIENT.replace("CALENDAR", "PSEUDO_ANCHOR"));
    has(&fault(&unused).message, "nothing counts");
    let found = fault(
        &marked.replace("consent_date", "birth_year").replace("birth_year = { missing = \"NK\" }\n", ""),
    );
    has(&found.message, "birth_year is not a date");
}

#[test]
fn the_anchor_is_a_day() {
    let with = |anchor: &str| {
        let patient = PATIENT.replace("CALENDAR", "PSEUDO_ANCHOR");
        format!("[anchor]\n{anchor}\n{patient}consent_date = {{ anchor = true }}\n")
    };
    for (anchor, accepted) in [
        ("date = \"1900-01-01\"", true),
        ("date = \"2100-12-31\"", true),
        ("date = \"1899-12-31\"", false),
        ("date = \"2101-01-01\"", false),
        ("date = \"2000-02-30\"", false),
        ("date = \"2000-01\"", false),
        ("date = 2000", false),
        ("date = 2000-01-01T00:00:00", false),
        ("", false),
        ("day = \"2000-01-01\"", false),
    ] {
        assert_eq!(Mapping::parse(&with(anchor)).is_ok(), accepted, "{anchor:?}");
    }
    has(&fault(&with("date = \"2000-02-30\"")).to_string(), "line 2, column 8: anchor.date");
}

#[test]
fn all_faults_come_at_once_in_the_order_of_the_file() {
    let text = format!("[source]\nmising = []\n{PATIENT}")
        .replace("\"Y\"", "\"J\"")
        .replace("{ missing = \"NK\" }\nsex", "{ missing = \"?\" }\nsex")
        .replace("date_basis =", "date_base =");
    let found = faults(&text);
    let lines: Vec<usize> = found.iter().map(|f| f.line).collect();
    assert_eq!(lines, [2, 5, 8, 10, 11], "{found:#?}");
}
