//! Loading: what is accepted, and what is refused with its place.

use guideline::library::DEFAULT_GUIDELINE;
use guideline::measure::{Class, Level, Value};
use guideline::{Guideline, LoadError};
use std::path::Path;

const GUIDELINE: &str = include_str!("../../../definitions/guidelines/csco-car-t-2024/guideline.toml");
const INFUSION: &str = include_str!("../../../definitions/guidelines/csco-car-t-2024/infusion.toml");

fn load(infusion: &str) -> Result<Guideline, LoadError> {
    let files = [("guideline.toml", GUIDELINE), ("infusion.toml", infusion)];
    Guideline::from_files(DEFAULT_GUIDELINE, &files.map(|(n, t)| (n.to_owned(), t.to_owned())))
}

fn fault(from: &str, to: &str) -> String {
    assert!(INFUSION.contains(from), "{from}");
    match load(&INFUSION.replacen(from, to, 1)) {
        Err(error @ LoadError::Faults(_)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_guideline_in_the_program_equals_its_folder() {
    let embedded = Guideline::embedded(DEFAULT_GUIDELINE).unwrap();
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../definitions/guidelines").join(DEFAULT_GUIDELINE);
    assert_eq!(Guideline::from_folder(&folder).unwrap(), embedded);
    let ids: Vec<&str> = embedded.measures.iter().map(|m| m.id.as_str()).collect();
    assert_eq!(ids, ["NHL-INF-01", "MM-INF-01", "MM-INF-02", "ALL-INF-01"]);
    assert_eq!(embedded.rule_version, "CSCO-CART-2024");
    let of = |id: &str| embedded.measure(id).unwrap();
    // Catalogue F6: section, level, class.
    for (id, section, level, class) in [
        ("NHL-INF-01", "1.6.2", Some(Level::I), Class::N),
        ("MM-INF-01", "2.6.2", None, Class::U),
        ("MM-INF-02", "2.6.2", None, Class::U),
        ("ALL-INF-01", "3.3", Some(Level::I), Class::N),
    ] {
        assert_eq!(
            (of(id).section.as_str(), of(id).level, of(id).class, of(id).evidence),
            (section, level, class, None)
        );
    }
    assert_eq!(of("NHL-INF-01").parameters["min_days"].alternatives, [Value::Number(3)]);
}

#[test]
fn unknown_fields_and_values_are_located() {
    let line = |n: &str| INFUSION.lines().position(|l| l.starts_with(n)).unwrap() + 1;
    let text = fault("section = \"1.6.2\"", "section = \"1.6.2\"\nlevl = \"I\"");
    assert!(
        text.starts_with(&format!("infusion.toml:{}:1: unknown field `levl`", line("section") + 1)),
        "{text}"
    );
    let text = fault("class = \"N\"", "class = \"M\"");
    assert!(text.starts_with(&format!("infusion.toml:{}:9: unknown variant `M`", line("class"))), "{text}");
    let text = fault("from = \"lymphodepletion_end\"", "from = \"apheresis\"");
    assert!(text.contains("unknown variant `apheresis`") && text.contains("infusion.toml:"), "{text}");
    let text = fault("[[measure]]", "[[measure]");
    assert!(text.starts_with("infusion.toml:"), "{text}");
    assert!(fault("default = 2", "default = 2.5").contains("infusion.toml:"));
}

#[test]
fn measures_that_cannot_mean_what_they_say_are_refused() {
    for (from, to, expected) in [
        ("id = \"MM-INF-01\"", "id = \"NHL-INF-01\"", "NHL-INF-01: another measure has this id"),
        ("id = \"NHL-INF-01\"", "id = \"nhl inf\"", "is not an id"),
        ("section = \"1.6.2\"", "section = \"chapter one\"", "is not a section number"),
        (
            "level = \"I\"\n",
            "",
            "NHL-INF-01: a normative measure (class N) has neither a level nor a wording",
        ),
        (
            "class = \"U\"",
            "class = \"U\"\nlevel = \"II\"",
            "class U is for statements without a printed level",
        ),
        ("provenance = \"seed\"", "provenance = \"external\"", "class and provenance do not fit"),
        (
            "disease = \"NHL\"",
            "disease = \"AML\"",
            "population.disease is `AML`; expected one of NHL, MM, B_ALL, OTHER",
        ),
        (
            "numerator.at_least = \"min_days\"",
            "numerator.at_least = \"least\"",
            "names `least`, which is not among the parameters",
        ),
        ("numerator.at_least = \"min_days\"\n", "", "the numerator has no bound"),
        ("unit = \"days\"", "unit = \"reading\"", "whose unit does not fit"),
        (
            "default = 2\nalternatives = [3]",
            "default = \"meets\"",
            "`meets` is not accepted; expected whole days",
        ),
        ("default = 2\nalternatives = [3]", "default = 3651", "`3651` is not accepted"),
        ("alternatives = [3]", "alternatives = [2]", "the default is also an alternative"),
        ("default = 1\n", "default = 3\n", "the window ends before it starts"),
        (
            "numerator.or_repeated_course = \"repeated_course\"\n",
            "",
            "parameter `repeated_course` is used nowhere",
        ),
        (
            "from = \"lymphodepletion_end\", to = \"infusion\"",
            "from = \"infusion\", to = \"infusion\"",
            "runs backwards or nowhere",
        ),
        ("title.zh = \"NHL：清淋结束至少2天后回输\"", "title.zh = \" \"", "title is empty in one language"),
    ] {
        let text = fault(from, to);
        assert!(text.contains(expected), "{to}: {text}");
        assert!(text.starts_with("infusion.toml:"), "{text}");
    }
    // The measure is named and its line given.
    let text = fault("default = 1\n", "default = 3\n");
    let line = INFUSION.lines().enumerate().filter(|(_, l)| *l == "[[measure]]").nth(1).unwrap().0 + 1;
    assert!(text.starts_with(&format!("infusion.toml:{line}:1: MM-INF-01: ")), "{text}");
}

#[test]
fn every_fault_of_a_guideline_is_reported_at_once() {
    let twice = INFUSION
        .replace("disease = \"NHL\"", "disease = \"A\"")
        .replace("disease = \"B_ALL\"", "disease = \"B\"");
    let Err(LoadError::Faults(faults)) = load(&twice) else { panic!() };
    assert_eq!(
        faults.iter().map(|f| f.measure.as_deref().unwrap()).collect::<Vec<_>>(),
        ["NHL-INF-01", "ALL-INF-01"]
    );
    let files = [("infusion.toml".to_owned(), INFUSION.to_owned())];
    let error = Guideline::from_files("x", &files).unwrap_err().to_string();
    assert_eq!(error, "guideline.toml: the file is missing; expected id, rule_version and title");
    let error = Guideline::from_files("other", &[("guideline.toml".to_owned(), GUIDELINE.to_owned())])
        .unwrap_err()
        .to_string();
    assert!(error.contains("expected the name of the folder, `other`"), "{error}");
    let files = [("guideline.toml".to_owned(), GUIDELINE.to_owned())];
    assert!(
        Guideline::from_files(DEFAULT_GUIDELINE, &files).unwrap_err().to_string().contains("has no measures")
    );
    let error = Guideline::embedded("csco-2030").unwrap_err().to_string();
    assert_eq!(error, "there is no guideline `csco-2030`; expected one of csco-car-t-2024");
    assert!(matches!(
        Guideline::from_folder(Path::new("/nowhere/at/all")),
        Err(LoadError::Unreadable { .. })
    ));
}

#[test]
fn a_folder_may_bring_its_own_measures() {
    let directory = crate::fixture::Directory::new();
    let name = directory.path().file_name().unwrap().to_string_lossy().into_owned();
    std::fs::write(directory.path().join("guideline.toml"), GUIDELINE.replace(DEFAULT_GUIDELINE, &name))
        .unwrap();
    std::fs::write(
        directory.path().join("a.toml"),
        INFUSION.replace("default = 2\nalternatives = [3]", "default = 4"),
    )
    .unwrap();
    std::fs::write(directory.path().join("notes.txt"), "not a measure file").unwrap();
    let own = Guideline::from_folder(directory.path()).unwrap();
    assert_eq!(own.measures[0].parameters["min_days"].default, Value::Number(4));
    assert_ne!(own.sha256, Guideline::embedded(DEFAULT_GUIDELINE).unwrap().sha256);
}
