//! What is refused, where, and what would be accepted.

use crate::crate_folder;
use measures::{Guideline, LoadError};

/// A guideline of one measure with this numerator, beside the definitions of the made-up guideline.
fn with_numerator(numerator: &str) -> Result<Guideline, LoadError> {
    with_measure(&format!("numerator = '''\n{numerator}\n'''\n"))
}

fn with_measure(members: &str) -> Result<Guideline, LoadError> {
    let folder = crate_folder("tests/guidelines/every-construct");
    let read = |name: &str| (name.to_owned(), std::fs::read_to_string(folder.join(name)).unwrap());
    let measure = format!(
        "[[measure]]\nid = \"T-1\"\nsection = [\"1\"]\nclass = \"U\"\nprovenance = \"seed\"\ntitle = {{ en = \"t\", zh = \"t\" }}\ntext = {{ en = \"t\", zh = \"t\" }}\n{members}"
    );
    Guideline::from_files(
        "every-construct",
        &[read("common.toml"), read("guideline.toml"), ("m.toml".to_owned(), measure)],
    )
}

fn faults(result: Result<Guideline, LoadError>) -> Vec<String> {
    match result {
        Ok(_) => Vec::new(),
        Err(LoadError::Faults(faults)) => faults.iter().map(ToString::to_string).collect(),
        Err(other) => vec![other.to_string()],
    }
}

#[test]
fn clauses_are_refused_where_they_are_wrong() {
    for (clause, place, message) in [
        ("disease.prior_line >= 2", "9:9", "no field of disease `prior_line`; did you mean prior_lines?"),
        ("prior_line.line_number > 2", "9:1", "may have many rows"),
        (
            "exists laboratory[analyte = CRPP]",
            "9:29",
            "`CRPP` is not in the value set analyte; did you mean CRP?",
        ),
        ("exists laboratory[value > 5]", "9:19", "the unit of `value` depends on the analyte"),
        ("exists laboratory[analyte = ANC and value < 500]", "9:37", "units do not fit"),
        ("exists laboratory[analyte = ANC and value < 500 'mg/L']", "9:37", "'mg/L' is not a unit of ANC"),
        ("exists laboratory[analyte in [ANC, CRP] and value < 500 'mg/L']", "9:45", "different units"),
        ("infusion.weight_kg > 50", "9:1", "'kg' is compared with a bare number"),
        ("exists medication[dose_value > 800]", "9:19", "stands in another field"),
        ("pretreatment_status.ecog >= 5", "9:1", "can never hold: `ecog` lies between 0 and 4"),
        ("pretreatment_status.ecog <= 4", "9:1", "always holds"),
        ("exists visit within [10d, 5d] of infusion", "9:14", "the window is impossible"),
        ("exists visit within [5d, 5d) of infusion", "9:14", "the window is impossible"),
        ("exists laboratory[analyte = ANC and analyte = CRP]", "9:19", "two different codes at once"),
        ("patient.sex in [F, M, OTHER, UNK]", "9:1", "every code"),
        ("exists laboratory[analyte in [CRP, CRP]]", "9:36", "listed twice"),
        ("$foo > 3", "9:1", "no parameter `foo`"),
        ("infusion - ld_start >= 2mo", "9:24", "cannot be compared with months"),
        ("infusion - ld_start >= 2 'kg'", "9:1", "units do not fit"),
        ("exists xyz", "9:8", "no form `xyz`"),
        ("exists infection as", "10:1", "expected a name"),
        ("exists response[reported_category >= PR]", "9:17", "codes have no order"),
        ("disease.disease", "9:1", "expected a condition"),
        ("infusion", "9:1", "this is a day; expected a condition"),
        ("infusion > 5", "9:12", "a day is compared with a number"),
        ("first prior_line = PR", "9:1", "which field of prior_line?"),
        ("exists prior_line.best_response", "9:19", "a field is taken by first"),
        ("every crs_episode[max_grade >= 3]", "9:1", "satisfies"),
        ("exists crs_episode satisfies (max_grade >= 3)", "9:31", "goes with `every` and `share`"),
        ("exists patient within [0d, 3d] of infusion", "9:1", "patient has no date"),
        ("exists laboratory active on infusion", "9:1", "has no end"),
        ("exists medication active", "9:1", "says nothing without a window"),
        ("share day as d since infusion satisfies (crs_severe) >= 90%", "9:1", "have no end"),
        ("longest gap of response since infusion <= 90d", "9:1", "needs both ends"),
        ("at_least(4, crs_severe, crs_severe)", "9:10", "expected 1 to 2"),
        ("all tested(CRP, FERITIN)", "9:17", "did you mean FERRITIN?"),
        ("tested(CRP, IL6)", "9:1", "takes 1 arguments"),
        ("tested", "9:1", "needs arguments"),
        ("crs_severe(CRP)", "9:1", "takes no arguments"),
        ("crs_sever", "9:1", "did you mean crs_severe?"),
        ("infusion.product_code > 'axi-cel'", "9:1", "codes have no order"),
        ("patient.patient_id is ND", "9:1", "always has a value"),
        ("crs_severe is recorded", "9:1", "`is` asks about a field"),
        ("exists medication within [-60min, -30min] else [-1h, 0d] of infusion", "9:49", "expected days"),
        ("infusion.start_time = infusion", "9:1", "is a time of day"),
        ("exists laboratory[analyte = HBCAB and value > 5]", "9:39", "results of this analyte are codes"),
        ("not", "10:1", "expected a value or a clause"),
        ("exists medication[drug = ACICLOVIR", "10:1", "expected `]`"),
        ("crs_severe crs_severe", "9:12", "does not continue the clause"),
        ("infusion.weight_kg > 50kg", "9:22", "neither a number nor a length of time"),
        ("crs_severe ; true", "9:12", "has no meaning here"),
        ("infusion.batch = 'abc", "9:18", "no end"),
        ("infusion - ld_start > 99999999999d", "9:23", "a length of time is a whole number"),
    ] {
        let found = faults(with_numerator(clause));
        assert_eq!(found.len(), 1, "{clause}: {found:?}");
        assert!(found[0].starts_with(&format!("m.toml:{place}: T-1: ")), "{clause}: {}", found[0]);
        assert!(found[0].contains(message), "{clause}: {}", found[0]);
    }
}

#[test]
fn units_convert_into_the_unit_compared() {
    for clause in [
        "exists laboratory[analyte = ANC and value < 500 '/uL']",
        "exists laboratory[analyte = ANC and value < 0.5 '10^9/L']",
        "exists laboratory[analyte = FIBRINOGEN and value <= 100 'mg/dL']",
        "infusion - ld_start >= 48h",
        "infusion - ld_start >= 1wk",
        "infusion.dose_total_car_t <= product.dose_max",
    ] {
        assert_eq!(faults(with_numerator(clause)), Vec::<String>::new(), "{clause}");
    }
}

#[test]
fn a_measure_is_refused_as_a_whole() {
    let good = "numerator = \"crs_severe\"\n";
    for (members, message) in [
        ("", "there is no numerator"),
        (
            "numerator = \"crs_severe\"\nnot_computable = { en = \"a\", zh = \"b\" }\n",
            "a numerator and a reason",
        ),
        ("numerator = \"crs_severe\"\ndisease = [\"NHLL\"]\n", "did you mean NHL?"),
        ("numerator = \"crs_severe\"\nlevel = \"I\"\n", "class U is for statements without a printed level"),
        ("numerator = \"crs_severe\"\nends_on = [\"deth\"]\n", "there is no [end.deth]"),
        ("numerator = \"crs_severe\"\nfoo = 1\n", "unknown field `foo`"),
        (
            "numerator = \"crs_severe\"\n[measure.parameters.spare]\ndefault = 1\nnote = { en = \"a\", zh = \"b\" }\n",
            "`spare` is used nowhere",
        ),
        (
            "numerator = \"crs_severe and $n > 1\"\n[measure.parameters.n]\ndefault = \"x\"\nnote = { en = \"a\", zh = \"b\" }\n",
            "expected a number",
        ),
        (
            "numerator = \"crs_severe and $lookback > 1\"\n[measure.parameters.lookback]\ndefault = 1\nnote = { en = \"a\", zh = \"b\" }\n",
            "also a parameter of the guideline",
        ),
        (
            "numerator = \"infusion - ld_start >= $n\"\n[measure.parameters.n]\nunit = \"d\"\ndefault = 1.5\nnote = { en = \"a\", zh = \"b\" }\n",
            "whole number",
        ),
        (
            "numerator = \"$n = a\"\n[measure.parameters.n]\nunit = \"choice\"\ndefault = \"a\"\nnote = { en = \"a\", zh = \"b\" }\n",
            "one reading only",
        ),
        ("each = [{ x = 1 }]\nnumerator = \"crs_severe\"\n", "`x` of `each` is used nowhere"),
    ] {
        let found = faults(with_measure(members));
        assert!(
            found.iter().any(|f| f.contains(message) && f.starts_with("m.toml:")),
            "{members}: {found:?}"
        );
    }
    assert_eq!(faults(with_measure(good)), Vec::<String>::new());
}

#[test]
fn every_fault_is_told_at_once() {
    let found =
        faults(with_measure("population = \"crs_sever\"\nnumerator = \"exists xyz or exists abc\"\n"));
    assert_eq!(found.len(), 3, "{found:?}");
}

#[test]
fn definitions_in_a_circle_are_refused() {
    let common = "[define.a]\nis = \"b\"\nnote = { en = \"a\", zh = \"b\" }\n[define.b]\nis = \"not a\"\nnote = { en = \"a\", zh = \"b\" }\n";
    let head = "id = \"x\"\nrule_version = \"1\"\nends_on = []\ntitle = { en = \"a\", zh = \"b\" }\n";
    let files =
        [("guideline.toml", head), ("common.toml", common)].map(|(n, t)| (n.to_owned(), t.to_owned()));
    let found = faults(Guideline::from_files("x", &files));
    assert!(
        found
            .iter()
            .any(|f| f.starts_with("common.toml:1:9: a: definitions use each other in a circle: a, b")),
        "{found:?}"
    );
}

#[test]
fn hostile_clauses_are_refused_without_harm() {
    let deep = format!("{}true{}", "(".repeat(5000), ")".repeat(5000));
    let long = vec!["true"; 100_000].join(" and ");
    let signs = format!("infusion - ld_start > {}1d", "-".repeat(5000));
    let nots = format!("{}true", "not ".repeat(1500));
    for clause in [deep.as_str(), &long, &signs, "\u{0}", "'\u{202e}'", "$", "..", "[", "1..2", "é"] {
        assert!(!faults(with_numerator(clause)).is_empty());
    }
    assert_eq!(faults(with_numerator(&nots)), Vec::<String>::new());
}
