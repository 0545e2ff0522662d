//! Every endpoint of the library, worked by hand: event, competing event, censoring, the record that decided.

use crate::fixture::{Registry, day};
use clinical::codes::assessment::Category;
use clinical::forms::survival_status::Status;
use cohort::endpoints::{Cause, Evaluation, FollowUps, Library, Reason, Verdict, library};
use cohort::{Cohort, CohortDefinition, Scope, Snapshot};
use serde_json::{Value, json};

/// What an endpoint says of one subject: day and cause, or why it is left out.
#[derive(Debug, PartialEq)]
enum Row {
    Event(i32),
    Competing(i32),
    Censored(i32),
    Out(String),
}
use Row::{Censored, Competing, Event, Out};

/// The row of P1 at AA-01, infused on fixture day 0, with the form and reason that decided it.
fn decided(
    endpoint: &Value,
    cohort: &Value,
    build: impl FnOnce(&mut Registry),
) -> (Row, Option<&'static str>, Option<Reason>) {
    let mut registry = Registry::new();
    registry.subject("AA-01", "P1", 0, "axi-cel");
    build(&mut registry);
    let directory = registry.write(1);
    let snapshot = Snapshot::open(directory.path(), Scope::everything()).unwrap();
    let definition = CohortDefinition::from_json(cohort).unwrap();
    let cohort = Cohort::select(&snapshot, &definition).unwrap();
    let seen = FollowUps::of_cohort(&snapshot, &cohort).unwrap();
    let endpoint = library().unwrap().resolve(endpoint, "").unwrap();
    let evaluation = Evaluation::of(&snapshot, &cohort, &seen, endpoint).unwrap();
    let decision = evaluation.decision(&cohort, 0);
    let row = match evaluation.verdicts[0] {
        Verdict::Observed(o) => match o.cause {
            Cause::Event => Event(o.day),
            Cause::Competing => Competing(o.day),
            Cause::Censored => Censored(o.day),
        },
        Verdict::LeftOut(_) => Out(evaluation.excluded()[0].reason.clone()),
    };
    (row, decision.as_ref().and_then(|d| d.form), decision.map(|d| d.reason))
}

fn row(endpoint: &Value, build: impl FnOnce(&mut Registry)) -> Row {
    decided(endpoint, &json!({}), build).0
}

fn put(r: &mut Registry, form: &str, fields: Value) {
    let mut value = json!({"patient_id": "P1"});
    for (name, field) in fields.as_object().unwrap() {
        value[name] = field.clone();
    }
    r.record("AA-01", form, &value);
}

fn on(n: i32) -> String {
    day(n).to_string()
}

fn respond(r: &mut Registry, n: i32, category: Category) {
    r.response("AA-01", "P1", 1, n, Some(category));
}

fn therapy(r: &mut Registry, n: &str, kind: &str, indication: &str) {
    put(
        r,
        "subsequent_therapy",
        json!({"infusion_number": 1, "therapy_number": 1, "start_date": n, "therapy": kind, "indication": indication}),
    );
}

fn laboratory(r: &mut Registry, analyte: &str, values: &[(i32, f64)]) {
    for (i, (n, value)) in values.iter().enumerate() {
        put(
            r,
            "laboratory",
            json!({"analyte": analyte, "specimen": "BLOOD", "collected_date": on(*n), "sequence_number": i + 1, "value": value, "canonical_value": value}),
        );
    }
}

fn dead(r: &mut Registry, n: i32) {
    r.status("AA-01", "P1", n, Status::Dead);
}

fn alive(r: &mut Registry, n: i32) {
    r.status("AA-01", "P1", n, Status::Alive);
}

#[test]
fn the_library_has_every_endpoint_and_no_fault() {
    let library = library().unwrap();
    for id in [
        "os",
        "pfs",
        "efs",
        "dor",
        "ttnt",
        "nrm",
        "relapse",
        "progression",
        "next_line",
        "crs",
        "icans",
        "icaht",
        "infection",
        "second_malignancy",
        "hbv_reactivation",
        "b_cell_recovery",
        "neutrophil_recovery",
        "platelet_recovery",
        "igg_recovery",
        "mrd_negativity",
        "clfs",
    ] {
        let endpoint = library.endpoint(id).unwrap();
        assert!(!endpoint.rule.contains(['{', '$']), "{}", endpoint.rule);
        assert!(!endpoint.event.is_empty());
    }
    // Every file of the folder is in the program.
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../definitions/endpoints");
    let files = std::fs::read_dir(folder).unwrap().count();
    assert_eq!(files, library.ids().len() + 1);
}

#[test]
fn each_row_says_which_record_decided_it() {
    let os = json!("os");
    let none = json!({});
    assert_eq!(
        decided(&os, &none, |r| dead(r, 9)),
        (Event(9), Some("survival_status"), Some(Reason::Record))
    );
    assert_eq!(
        decided(&os, &none, |r| respond(r, 30, Category::Cmr)),
        (Censored(30), Some("response"), Some(Reason::Record))
    );
    // The infusion itself is the last that is known.
    assert_eq!(decided(&os, &none, |_| {}), (Censored(0), Some("infusion"), Some(Reason::Record)));
    assert_eq!(decided(&json!("pfs"), &none, |_| {}), (Censored(0), None, Some(Reason::NothingKnown)));
    let next = |r: &mut Registry| {
        respond(r, 100, Category::Cmr);
        r.infusion("AA-01", "P1", 2, 50, "axi-cel");
    };
    assert_eq!(decided(&json!("pfs"), &none, next), (Censored(50), None, Some(Reason::NextInfusion)));
    let limited = json!({"follow_up": {"max_days": 20}});
    assert_eq!(decided(&os, &limited, |r| dead(r, 21)), (Censored(20), None, Some(Reason::FollowUpLimit)));
    assert_eq!(
        decided(&os, &limited, |r| dead(r, 20)),
        (Event(20), Some("survival_status"), Some(Reason::Record))
    );
    let cut = json!({"data_cutoff": on(20)});
    assert_eq!(decided(&os, &cut, |r| dead(r, 21)), (Censored(20), None, Some(Reason::DataCutoff)));
    let therapy_ends = json!({"follow_up": {"end_at": ["next_therapy"]}});
    let treated = |r: &mut Registry| {
        therapy(r, &on(40), "CHEMO", "RELAPSE");
        dead(r, 90);
    };
    assert_eq!(decided(&os, &therapy_ends, treated), (Censored(40), None, Some(Reason::NextTherapy)));
}

#[test]
fn progression_free_survival_by_convention() {
    let build = |r: &mut Registry| {
        respond(r, 30, Category::Pmr);
        therapy(r, &on(60), "CHEMO", "CONSOLIDATION");
        respond(r, 90, Category::Pmd);
    };
    assert_eq!(row(&json!("pfs"), build), Event(90));
    assert_eq!(row(&json!({"endpoint": "pfs", "new_therapy": "censor"}), build), Censored(30));
    assert_eq!(row(&json!({"endpoint": "pfs", "new_therapy": "event"}), build), Event(60));
    let gap = |days: i32| json!({"endpoint": "pfs", "missed_visits": "censor", "gap_days": days});
    let late = |r: &mut Registry| {
        respond(r, 30, Category::Cmr);
        dead(r, 230);
    };
    assert_eq!(row(&gap(200), late), Event(230));
    assert_eq!(row(&gap(199), late), Censored(30));
    assert_eq!(row(&gap(199), |r| dead(r, 200)), Censored(0));
    // The assessment that shows progression is no proof of regular visits before it.
    assert_eq!(row(&gap(59), build), Censored(30));
    assert_eq!(row(&gap(60), build), Event(90));
}

#[test]
fn event_free_survival_fails_without_a_response() {
    let efs = |at: &str| json!({"endpoint": "efs", "by": 90, "failure_at": at});
    let refractory = |r: &mut Registry| respond(r, 95, Category::Nr);
    assert_eq!(decided(&efs("origin"), &json!({}), refractory), (Event(0), None, Some(Reason::Failure)));
    assert_eq!(row(&efs("deadline"), refractory), Event(90));
    assert_eq!(row(&efs("origin"), |r| respond(r, 89, Category::Nr)), Censored(89));
    assert_eq!(row(&efs("origin"), |r| respond(r, 90, Category::Nr)), Event(0));
    let responded = |on: i32| {
        move |r: &mut Registry| {
            respond(r, on, Category::Cri);
            respond(r, 200, Category::Relapse);
        }
    };
    assert_eq!(row(&efs("origin"), responded(90)), Event(200));
    assert_eq!(row(&efs("origin"), responded(91)), Event(0));
    assert_eq!(row(&efs("origin"), |r| dead(r, 40)), Event(40));
    let transplanted = |r: &mut Registry| {
        respond(r, 28, Category::Cr);
        therapy(r, &on(100), "HCT_ALLO", "CONSOLIDATION");
        respond(r, 300, Category::Relapse);
    };
    assert_eq!(row(&json!("efs"), transplanted), Event(300));
    assert_eq!(row(&json!({"endpoint": "efs", "transplantation": "censor"}), transplanted), Censored(28));
}

#[test]
fn duration_of_response_counts_from_the_response() {
    let build = |r: &mut Registry| {
        respond(r, 30, Category::Sd);
        respond(r, 60, Category::Pmr);
        respond(r, 160, Category::Pmd);
    };
    assert_eq!(row(&json!("dor"), build), Event(100));
    assert_eq!(row(&json!("dor"), |r| respond(r, 60, Category::Cmr)), Censored(0));
    let never = Out("no partial response or better before the event".to_owned());
    assert_eq!(row(&json!("dor"), |r| respond(r, 30, Category::Nmr)), never);
    let too_late = |r: &mut Registry| {
        respond(r, 30, Category::Pmd);
        respond(r, 60, Category::Pmr);
    };
    assert_eq!(row(&json!("dor"), too_late), never);
}

#[test]
fn next_treatment() {
    assert_eq!(row(&json!("ttnt"), |r| therapy(r, &on(70), "CHEMO", "RELAPSE")), Event(70));
    let consolidated = |r: &mut Registry| {
        therapy(r, &on(70), "HCT_AUTO", "CONSOLIDATION");
        alive(r, 100);
    };
    assert_eq!(row(&json!("ttnt"), consolidated), Censored(100));
    assert_eq!(row(&json!("ttnt"), |r| dead(r, 5)), Event(5));
    assert_eq!(row(&json!("next_line"), |r| dead(r, 5)), Competing(5));
}

#[test]
fn partial_dates_have_one_day() {
    // 2024-03 is fixture days 60 to 90; its middle, 15 March, is day 74.
    assert_eq!(row(&json!("ttnt"), |r| therapy(r, "2024-03", "CHEMO", "RELAPSE")), Event(74));
    let died_before_the_middle = |r: &mut Registry| {
        therapy(r, "2024-03", "CHEMO", "RELAPSE");
        dead(r, 65);
    };
    assert_eq!(row(&json!("next_line"), died_before_the_middle), Event(65));
    // Infused on 1 January 2024; a therapy of January follows it, and 15 January is day 14.
    assert_eq!(row(&json!("ttnt"), |r| therapy(r, "2024-01", "CHEMO", "RELAPSE")), Event(14));
    let infused_late = |r: &mut Registry| {
        r.rows.retain(|(_, record)| record.form().name != "infusion");
        r.infusion("AA-01", "P1", 1, 20, "axi-cel");
        therapy(r, "2024-01", "CHEMO", "RELAPSE");
    };
    assert_eq!(row(&json!("ttnt"), infused_late), Event(0));
    assert_eq!(row(&json!("ttnt"), |r| therapy(r, "2024", "CHEMO", "RELAPSE")), Event(182));
}

#[test]
fn relapse_and_non_relapse_mortality_share_the_deaths() {
    let both = |build: &dyn Fn(&mut Registry)| (row(&json!("relapse"), build), row(&json!("nrm"), build));
    assert_eq!(both(&|r| dead(r, 50)), (Competing(50), Event(50)));
    let relapsed = |r: &mut Registry| {
        respond(r, 40, Category::Relapse);
        dead(r, 50);
    };
    assert_eq!(both(&relapsed), (Event(40), Competing(40)));
    let same_day = |r: &mut Registry| {
        respond(r, 50, Category::Pd);
        dead(r, 50);
    };
    assert_eq!(both(&same_day), (Event(50), Competing(50)));
    // Relapse is given as the cause, though none was recorded.
    let cause = |r: &mut Registry| {
        put(
            r,
            "survival_status",
            json!({"last_contact": on(50), "status": "DEAD", "death_date": on(50), "cause_primary": "RELAPSE"}),
        );
    };
    assert_eq!(both(&cause), (Event(50), Competing(50)));
    assert_eq!(both(&|r| alive(r, 70)), (Censored(70), Censored(70)));
}

#[test]
fn toxicity_under_assessment() {
    let crs = json!({"endpoint": "crs", "threshold": 3});
    let days = |grades: &'static [Option<i32>]| {
        move |r: &mut Registry| {
            for (i, grade) in grades.iter().enumerate() {
                r.toxicity("AA-01", "P1", i as i32, *grade, None);
            }
        }
    };
    assert_eq!(row(&crs, days(&[Some(1), None, Some(3)])), Event(2));
    assert_eq!(row(&crs, days(&[Some(1), Some(2), None])), Censored(1));
    assert_eq!(row(&crs, days(&[None])), Out("never assessed on days 0 to 30".to_owned()));
    let died = |on: i32| {
        move |r: &mut Registry| {
            days(&[Some(0), Some(0)])(r);
            dead(r, on);
        }
    };
    assert_eq!(row(&crs, died(2)), Competing(2));
    assert_eq!(row(&crs, died(3)), Censored(1));
    // A day of the CRS form decides as well, on reported or on derived grades.
    let by_day = |r: &mut Registry| {
        put(r, "crs_day", json!({"infusion_number": 1, "assessment_date": on(4), "reported_grade": 1}));
        r.derive("AA-01", "P1", "reported_grade", Some("3"));
        put(r, "crs_day", json!({"infusion_number": 1, "assessment_date": on(6), "reported_grade": 3}));
        r.derive("AA-01", "P1", "reported_grade", None);
    };
    assert_eq!(decided(&crs, &json!({}), by_day), (Event(6), Some("crs_day"), Some(Reason::Record)));
    assert_eq!(row(&json!({"endpoint": "crs", "threshold": 3, "basis": "derived"}), by_day), Event(4));
    assert_eq!(
        row(&json!("icaht"), |r| put(
            r,
            "icaht",
            json!({"infusion_number": 1, "assessment_date": on(31), "reported_early_grade": 3})
        )),
        Event(31)
    );
    let late = json!({"endpoint": "icaht", "threshold": 4});
    assert_eq!(
        row(&late, |r| put(
            r,
            "icaht",
            json!({"infusion_number": 1, "assessment_date": on(90), "reported_early_grade": 3, "reported_late_grade": 4})
        )),
        Event(90)
    );
}

#[test]
fn derived_response_by_choice() {
    let build = |r: &mut Registry| {
        respond(r, 30, Category::Pr);
        r.derive("AA-01", "P1", "reported_category", Some("PD"));
        respond(r, 60, Category::Pd);
        r.derive("AA-01", "P1", "reported_category", Some("SD"));
        respond(r, 90, Category::Pd);
        r.derive("AA-01", "P1", "reported_category", None);
    };
    assert_eq!(row(&json!("progression"), build), Event(60));
    assert_eq!(row(&json!({"endpoint": "progression", "basis": "derived"}), build), Event(30));
}

#[test]
fn infections_by_class_and_grade() {
    let build = |r: &mut Registry| {
        for (n, on_day, class, grade) in
            [(1, -5, "VIRUS", 4), (2, 10, "BACT_GPOS", 3), (3, 40, "VIRUS", 2), (4, 70, "VIRUS", 3)]
        {
            put(
                r,
                "infection",
                json!({"infusion_number": 1, "episode_number": n, "onset_date": on(on_day), "site": "LUNG", "pathogen_class": class, "ctcae_grade": grade}),
            );
        }
        alive(r, 100);
    };
    assert_eq!(row(&json!("infection"), build), Event(10));
    assert_eq!(row(&json!({"endpoint": "infection", "class": ["VIRUS"]}), build), Event(40));
    assert_eq!(row(&json!({"endpoint": "infection", "class": "VIRUS", "grade": 3}), build), Event(70));
    assert_eq!(row(&json!({"endpoint": "infection", "class": ["PJP"]}), build), Censored(100));
    assert_eq!(row(&json!({"endpoint": "infection", "site": ["CNS"]}), build), Censored(100));
}

#[test]
fn second_malignancies_after_any_infusion() {
    let build = |r: &mut Registry| {
        r.infusion("AA-01", "P1", 2, 100, "axi-cel");
        put(
            r,
            "second_malignancy",
            json!({"infusion_number": 2, "malignancy_number": 1, "category": "T_CELL", "onset_date": on(400)}),
        );
        alive(r, 500);
    };
    assert_eq!(row(&json!("second_malignancy"), build), Event(400));
    assert_eq!(row(&json!({"endpoint": "second_malignancy", "category": ["T_CELL"]}), build), Event(400));
    assert_eq!(row(&json!({"endpoint": "second_malignancy", "category": ["SOLID"]}), build), Censored(500));
}

#[test]
fn hepatitis_of_the_exposed() {
    let course = |group: &'static str, reactivated: bool| {
        move |r: &mut Registry| {
            let mut fields = json!({"infusion_number": 1, "course_number": 1, "hbv_group": group, "na_drug": "NONE", "reactivation": "N"});
            if reactivated {
                fields["reactivation"] = json!("Y");
                fields["reactivation_date"] = json!(on(200));
            }
            put(r, "hbv_course", fields);
            alive(r, 300);
        }
    };
    assert_eq!(row(&json!("hbv_reactivation"), course("SAG_POS", true)), Event(200));
    assert_eq!(row(&json!("hbv_reactivation"), course("SAG_POS", false)), Censored(300));
    assert_eq!(
        row(&json!("hbv_reactivation"), course("ALL_NEG", false)),
        Out("never at risk: no hepatitis B marker positive".to_owned())
    );
}

#[test]
fn recovery_of_counts() {
    let anc = |values: &'static [(i32, f64)]| {
        move |r: &mut Registry| {
            laboratory(r, "ANC", values);
            alive(r, 60);
        }
    };
    let endpoint = json!("neutrophil_recovery");
    assert_eq!(row(&endpoint, anc(&[(3, 0.1), (10, 0.5), (11, 0.6), (12, 0.5)])), Event(10));
    assert_eq!(
        row(&endpoint, anc(&[(3, 0.1), (10, 0.5), (11, 0.49), (12, 0.5), (13, 0.5), (14, 0.5)])),
        Event(12)
    );
    assert_eq!(row(&endpoint, anc(&[(3, 0.1), (10, 0.5), (11, 0.6)])), Censored(60));
    // Counts before the fall are no recovery; whoever never fell is not at risk.
    assert_eq!(row(&endpoint, anc(&[(0, 2.0), (1, 2.0), (2, 2.0), (3, 0.1)])), Censored(60));
    assert_eq!(row(&endpoint, anc(&[(0, 2.0), (1, 0.5)])), Out("never at risk: no neutropenia".to_owned()));
    // Two values of a day: both must hold.
    assert_eq!(
        row(
            &json!({"endpoint": "neutrophil_recovery", "days": 1}),
            anc(&[(3, 0.1), (10, 0.9), (10, 0.3), (11, 0.5)])
        ),
        Event(11)
    );

    let platelets = |transfused: i32| {
        move |r: &mut Registry| {
            laboratory(
                r,
                "PLT",
                &[(3, 10.0), (10, 20.0), (11, 21.0), (12, 22.0), (20, 30.0), (21, 30.0), (22, 30.0)],
            );
            put(
                r,
                "transfusion",
                json!({"infusion_number": 1, "transfusion_date": on(transfused), "component": "PLT", "sequence_number": 1}),
            );
            alive(r, 60);
        }
    };
    assert_eq!(row(&json!("platelet_recovery"), platelets(2)), Event(10));
    assert_eq!(row(&json!("platelet_recovery"), platelets(3)), Event(11));
    assert_eq!(row(&json!("platelet_recovery"), platelets(5)), Event(20));
    assert_eq!(row(&json!({"endpoint": "platelet_recovery", "threshold": 50}), platelets(0)), Censored(60));

    let b_cells = |r: &mut Registry| {
        laboratory(r, "CD19", &[(14, 0.0), (100, 60.9), (200, 61.0)]);
        alive(r, 300);
    };
    assert_eq!(row(&json!("b_cell_recovery"), b_cells), Event(200));
    assert_eq!(row(&json!({"endpoint": "b_cell_recovery", "threshold": 60}), b_cells), Event(100));
    let igg = |r: &mut Registry| {
        laboratory(r, "IGG", &[(30, 3.0), (60, 4.0), (120, 4.5)]);
        put(r, "immunoglobulin", json!({"start_date": on(32)}));
        alive(r, 300);
    };
    assert_eq!(row(&json!("igg_recovery"), igg), Event(120));
    assert_eq!(row(&json!({"endpoint": "igg_recovery", "unsupported_days": 27}), igg), Event(60));
    // The next infusion ends the observation.
    let infused_again = |r: &mut Registry| {
        b_cells(r);
        r.infusion("AA-01", "P1", 2, 150, "axi-cel");
    };
    assert_eq!(row(&json!("b_cell_recovery"), infused_again), Censored(150));
}

#[test]
fn residual_disease_by_sensitivity() {
    let build = |r: &mut Registry| {
        for (n, sensitivity, result, method) in
            [(30, 1e-4, "NEG", "FLOW_OTHER"), (60, 1e-5, "POS", "NGS"), (90, 1e-6, "NEG", "NGS")]
        {
            put(
                r,
                "mrd",
                json!({"infusion_number": 1, "assessment_date": on(n), "method": method, "specimen": "BM", "sensitivity": sensitivity, "result": result}),
            );
        }
    };
    assert_eq!(row(&json!("mrd_negativity"), build), Event(90));
    assert_eq!(row(&json!({"endpoint": "mrd_negativity", "sensitivity": 0.0001}), build), Event(30));
    let progressed = |r: &mut Registry| {
        build(r);
        respond(r, 80, Category::Pd);
    };
    assert_eq!(row(&json!("mrd_negativity"), progressed), Competing(80));
    assert_eq!(row(&json!("mrd_negativity"), |_| {}), Out("never assessed".to_owned()));
}

#[test]
fn a_landmark_leaves_out_who_had_the_event_before() {
    let landmark = json!({"index": {"landmark": 50}});
    let progressed = |n: i32| {
        move |r: &mut Registry| {
            respond(r, n, Category::Pmd);
            alive(r, 200);
        }
    };
    assert_eq!(
        decided(&json!("pfs"), &landmark, progressed(50)).0,
        Out("the event came before the landmark".to_owned())
    );
    assert_eq!(decided(&json!("pfs"), &landmark, progressed(51)).0, Event(1));
    assert_eq!(decided(&json!("os"), &landmark, progressed(50)).0, Censored(150));
}

#[test]
fn requests_with_faults_are_located() {
    let fault = |asked: Value| {
        let faults = library().unwrap().resolve(&asked, "/endpoints/0").unwrap_err().0;
        (faults[0].pointer.clone(), faults[0].to_string())
    };
    assert!(fault(json!("overall")).1.contains("one of os, pfs"));
    assert_eq!(fault(json!({"endpoint": "crs", "threshold": 6})).0, "/endpoints/0/threshold");
    assert_eq!(fault(json!({"endpoint": "crs", "threshold": 2.5})).0, "/endpoints/0/threshold");
    assert_eq!(fault(json!({"endpoint": "crs", "grade": 2})).0, "/endpoints/0/grade");
    assert_eq!(fault(json!({"endpoint": "infection", "class": ["VIRUSES"]})).0, "/endpoints/0/class");
    assert_eq!(fault(json!({"endpoint": "pfs", "new_therapy": "stop"})).0, "/endpoints/0/new_therapy");
    assert_eq!(fault(json!({"endpoint": "pfs", "basis": "guessed"})).0, "/endpoints/0/basis");
}

#[test]
fn files_with_faults_are_located() {
    let faults = |text: &str| {
        let sources = include_str!("../../../definitions/endpoints/sources.toml");
        match Library::from_files(&[("sources", sources), ("mine", text)]) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.0.into_iter().map(|f| f.to_string()).collect::<Vec<_>>(),
        }
    };
    let good = "title = { en = \"a\", zh = \"b\" }\nlabel = \"a\"\nrule = \"r\"\nestimate = \"survival\"\nlast = \"alive\"\nevent = [\"death\"]\n";
    assert_eq!(faults(good), Vec::<String>::new());
    assert!(
        faults(&good.replace("\"death\"", "\"deaths\""))[0]
            .starts_with("mine/event/0: there is no source `deaths`")
    );
    assert!(faults(&good.replace("last = \"alive\"\n", ""))[0].contains("has no last"));
    assert!(faults(&format!("{good}\nunknown = 1\n"))[0].starts_with("mine/unknown: unknown field"));
    assert!(faults(&format!("{good}\n[source.x]\ntitle = {{ en = \"a\", zh = \"b\" }}\nrecords = [{{ form = \"response\", where = {{ category = \"CR\" }} }}]\n"))[0]
        .starts_with("mine/source/x/records/0/where/category: unknown field"));
    assert!(!faults("not toml")[0].is_empty());
}
