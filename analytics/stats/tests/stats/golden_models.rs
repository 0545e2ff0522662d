//! Figures of R on data sets that are not redistributable, continued: regressions, ratios, kinetics.

use super::golden::{CLOSED, ITERATED, check_gray, check_incidence, check_quantiles};
use crate::support::{Check, Oracle, Row, column, csv_of, json, json_of, oracle};
use serde_json::{Value, json};

#[test]
fn transplants_by_fine_and_gray() {
    let Some(oracle) = oracle("c06_finegray_bmt408") else { return };
    let (data, mut check) = (oracle.csv(|_| true), Check::default());
    let line = "fine-gray - --time time --cause cause --covariates platelet,age,tcell --at 3,6,12,24";
    for cause in 1..=2 {
        let reference = &oracle.expected[format!("cause{cause}")];
        let output = json(&format!("{line} --of {cause}"), &data);
        check.same("coef", &column(&output["coefficients"], "coef"), &reference["crr"]["coef"], ITERATED);
        check.same("variance", &output["variance"], &reference["crr"]["var"], ITERATED);
        check.same("loglik", &output["loglik"]["model"], &reference["crr"]["loglik"], CLOSED);
        check.same("loglik", &output["loglik"]["null"], &reference["crr"]["loglik_null"], CLOSED);
        check.same(
            "incidence",
            &column(&output["at"], "cif"),
            &reference["crr"]["predicted_cif_platelet0"],
            ITERATED,
        );
        let specific = oracle.csv(|row| {
            let event = if row["cause"] == cause.to_string() { "1" } else { "0" };
            row.insert("event".to_owned(), event.to_owned());
            true
        });
        let cox = json("cox - --time time --event event --covariates platelet,age,tcell", &specific);
        let reference = &reference["cause_specific_cox_efron"];
        check.same("coef", &column(&cox["coefficients"], "coef"), &reference["coef"], 1e-8);
        check.same("variance", &cox["variance"], &reference["var"], 1e-8);
        let loglik = json!([cox["loglik"]["null"], cox["loglik"]["model"]]);
        check.same("loglik", &loglik, &reference["loglik"], 1e-10);
    }
    for platelet in ["0", "1"] {
        let part = oracle.csv(|row| row["platelet"] == platelet);
        let output = json("cuminc - --time time --cause cause --at 3,6,12,24,60", &part);
        let reference = &oracle.expected[format!("aj_platelet{platelet}")];
        check_incidence(&mut check, platelet, &output, reference, "se_aalen_cmprsk");
    }
    let gray = json("cuminc - --time time --cause cause --group platelet", &data);
    check_gray(&mut check, &gray, &oracle.expected["gray_platelet"]);
    assert!(check.figures > 100, "{}", check.figures);
}

fn check_cox(check: &mut Check, output: &Value, reference: &Value, robust: bool) {
    let coefficients = &output["coefficients"];
    check.same("n", &output["n"], &reference["n"], 0.0);
    check.same("events", &output["events"], &reference["nevent"], 0.0);
    check.same("terms", &column(coefficients, "term"), &reference["names"], 0.0);
    check.same("coef", &column(coefficients, "coef"), &reference["coef"], 1e-8);
    let variance = if robust { &output["model_variance"] } else { &output["variance"] };
    let vector = reference["var"].as_array().is_some_and(|v| !v[0].is_array());
    check.same("var", if vector { &variance[0] } else { variance }, &reference["var"], 1e-7);
    check.same("hr", &column(coefficients, "exp_coef"), &reference["hr"], 1e-8);
    check.same("lower", &column(coefficients, "lower"), &reference["hr_lower"], 1e-7);
    check.same("upper", &column(coefficients, "upper"), &reference["hr_upper"], 1e-7);
    check.same("p", &column(coefficients, "p"), &reference["p_wald"], ITERATED);
    check.same("null", &output["loglik"]["null"], &reference["loglik_null"], 1e-10);
    check.same("loglik", &output["loglik"]["model"], &reference["loglik"], 1e-10);
    for (name, theirs) in [("likelihood_ratio", "lr_test"), ("score", "score_test"), ("wald", "wald_test")] {
        check.same(name, &output["tests"][name]["chisq"], &reference[theirs], 1e-7);
        check.same(name, &output["tests"][name]["df"], &reference["df"], 0.0);
    }
    check.same("concordance", &output["concordance"]["value"], &reference["concordance"], CLOSED);
    check.same("concordance se", &output["concordance"]["std_err"], &reference["concordance_se"], ITERATED);
    if robust {
        check.same("robust", &output["variance"], &reference["var_robust"], ITERATED);
        check.same(
            "robust score",
            &output["tests"]["robust_score"]["chisq"],
            &reference["robust_score_test"],
            ITERATED,
        );
    }
}

#[test]
fn relapse_free_survival_by_cox() {
    let Some(oracle) = oracle("c07_cox_ebmt3_efron") else { return };
    let data = oracle.csv(|row| {
        let id: u64 = row["id"].parse().unwrap();
        row.insert("w".to_owned(), (1 + id % 3).to_string());
        true
    });
    let mut check = Check::default();
    let mut run = |name: &str, covariates: &str, options: &[&str]| {
        let mut all = vec!["cox", "-", "--time", "rfstime", "--event", "rfsstat", "--covariates", covariates];
        all.extend(options);
        let output = json_of(&all, &data);
        check_cox(&mut check, &output, &oracle.expected[name], options.contains(&"--cluster"));
        output
    };
    let full = "dissub=AML,age=<=20,drmatch=No gender mismatch,tcd=No TCD";
    let efron = run("efron", full, &["--zph", "--at", "180,365,730,1825"]);
    run("breslow", full, &["--ties", "breslow"]);
    run("weighted_efron", full, &["--weight", "w"]);
    run("weighted_efron_robust", full, &["--weight", "w", "--cluster", "id"]);
    run("robust", full, &["--cluster", "id"]);
    run("strata_dissub", "age=<=20,drmatch=No gender mismatch,tcd=No TCD", &["--strata", "dissub"]);
    let zph = &oracle.expected["zph_km"];
    for name in ["term", "chisq", "df", "p"] {
        check.same(name, &column(&efron["zph"], name), &zph[name], ITERATED);
    }
    let predicted = &oracle.expected["predicted_reference"];
    check.same("surv", &column(&efron["at"], "surv"), &predicted["surv"], 1e-8);
    check.same("cumhaz", &column(&efron["at"], "cumhaz"), &predicted["cumhaz"], 1e-8);
    assert!(check.figures > 450, "{}", check.figures);
}

#[test]
fn late_entries_of_a_referral_cohort() {
    let Some(oracle) = oracle("c10_delayed_entry_myeloma") else { return };
    let data = oracle.csv(|row| {
        let (year, entry): (f64, f64) = (row["year"].parse().unwrap(), row["entry"].parse().unwrap());
        row.insert("dec".to_owned(), ((year - 50.0) / 10.0).to_string());
        row.insert("late".to_owned(), (entry > 365.0).to_string());
        true
    });
    let mut check = Check::default();
    for (name, options) in [("with_entry", "--entry entry"), ("ignoring_entry", "")] {
        let line = format!("km - --time futime --event death --at 365,730,1825,3650 {options}");
        let group = &json(&line, &data)["groups"][0];
        let reference = &oracle.expected[name];
        for (ours, theirs) in [
            ("surv", "surv"),
            ("std_err", "se"),
            ("lower", "lower"),
            ("upper", "upper"),
            ("n_risk", "n_risk"),
        ] {
            check.same(ours, &column(&group["at"], ours), &reference[theirs], CLOSED);
        }
        check_quantiles(
            &mut check,
            name,
            group,
            [&reference["quantiles"], &reference["q_lower"], &reference["q_upper"]],
        );
    }
    for (name, covariates) in [("cox_decade", "dec"), ("cox_decade_late", "dec,late")] {
        let output = json(
            &format!("cox - --time futime --event death --entry entry --covariates {covariates}"),
            &data,
        );
        check_cox(&mut check, &output, &oracle.expected[name], false);
    }
    assert!(check.figures > 70, "{}", check.figures);
}

/// The reference of the smelters: five-year bands, the first and the last held open by the rule of the nearest band.
fn smelter_rates(oracle: &Oracle, cause: &str) -> String {
    let mut reader = csv::Reader::from_path(oracle.folder.join("input_reference_rates.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record: Row =
            header.iter().map(str::to_owned).zip(record.unwrap().iter().map(str::to_owned)).collect();
        let (age, year): (u32, u32) = (record["age"].parse().unwrap(), record["year"].parse().unwrap());
        let end = |open: bool, end: u32| if open { String::new() } else { end.to_string() };
        rows.push(Row::from([
            ("age_from".to_owned(), age.to_string()),
            ("age_to".to_owned(), end(age == 80, age + 5)),
            ("year_from".to_owned(), year.to_string()),
            ("year_to".to_owned(), (year + 5).to_string()),
            ("rate".to_owned(), record[cause].clone()),
        ]));
    }
    csv_of(&rows)
}

#[test]
fn smelters_against_the_population() {
    let Some(oracle) = oracle("c13_sir_nickel") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut check = Check::default();
    for (name, codes) in [("lung", vec!["162", "163"]), ("nasal", vec!["160"])] {
        let file = folder.path().join(format!("{name}.csv"));
        std::fs::write(&file, smelter_rates(&oracle, name)).unwrap();
        let data = oracle.csv(|row| {
            let of = |name: &str| row[name].parse::<f64>().unwrap();
            let (start, end) = (of("dob") + of("agein"), of("dob") + of("ageout"));
            let event = codes.contains(&row["icd"].as_str());
            row.insert("start".to_owned(), start.to_string());
            row.insert("end".to_owned(), end.to_string());
            row.insert("event".to_owned(), event.to_string());
            true
        });
        let reference = file.to_string_lossy();
        let words = [
            "sir",
            "-",
            "--birth",
            "dob",
            "--start",
            "start",
            "--end",
            "end",
            "--event",
            "event",
            "--reference",
            &reference,
            "--rate-per",
            "1e6",
        ];
        let output = json_of(&words, &data);
        let theirs = &oracle.expected[name];
        for figure in ["person_years", "observed", "expected", "sir", "lower", "upper"] {
            check.same(figure, &output[figure], &theirs[figure], CLOSED);
        }
        check.same("p", &output["p"], &theirs["p_exact_doubling"], 1e-8);
        check.same("excess", &output["excess_per_10000"], &theirs["excess_per_10000py"], CLOSED);
    }
    assert_eq!(check.figures, 16);
}

#[test]
fn kinetics_of_drugs_and_of_cells() {
    let Some(oracle) = oracle("c15_nca") else { return };
    let (data, mut check) = (oracle.csv(|_| true), Check::default());
    for (method, suffix) in [("linear", "lin"), ("lin-up-log-down", "linuplogdown")] {
        let line = format!("nca - --id profile --time time --conc conc --auc-method {method}");
        let output = json(&line, &data);
        for subject in output["subjects"].as_array().unwrap() {
            let reference = &oracle.expected[subject["id"].as_str().unwrap()];
            let quantifiable = !subject["tlast"].is_null();
            if quantifiable {
                for figure in ["cmax", "tmax", "clast", "tlast"] {
                    check.same(
                        &format!("{} {figure}", subject["id"]),
                        &subject[figure],
                        &reference[figure],
                        CLOSED,
                    );
                }
            }
            // The package has no area of a profile without a quantifiable sample, or with a first sample after time 0.
            let area = &reference[format!("auclast_{suffix}")];
            if !area.is_null() && quantifiable {
                check.same(&format!("{} auclast", subject["id"]), &subject["auc_last"], area, CLOSED);
            }
            let terminal = &reference["half_life"];
            for (ours, theirs) in [
                ("half_life", "half_life"),
                ("lambda_z", "lambda_z"),
                ("adj_r_squared", "adj_r2"),
                ("lambda_z_points", "n_points"),
            ] {
                if !terminal[theirs].is_null() {
                    check.same(
                        &format!("{} {ours}", subject["id"]),
                        &subject[ours],
                        &terminal[theirs],
                        CLOSED,
                    );
                }
            }
        }
    }
    assert!(check.figures > 400, "{}", check.figures);
}

#[test]
fn small_models_with_closed_forms() {
    let Some(oracle) = oracle("c20_cox_book_closed_form") else { return };
    let mut check = Check::default();
    for (case, options) in [("test1", ""), ("test2", "--entry start"), ("testw1", "--weight wt")] {
        let data = oracle.csv(|row| row["case"] == case);
        for ties in ["breslow", "efron"] {
            let line = format!("cox - --time time --event status --covariates x --ties {ties} {options}");
            let (output, reference) = (json(&line, &data), &oracle.expected[case][ties]);
            check.same(case, &output["coefficients"][0]["coef"], &reference["beta"], CLOSED);
            check.same(case, &output["variance"][0][0], &reference["var"], 1e-8);
            let loglik = json!([output["loglik"]["null"], output["loglik"]["model"]]);
            check.same(case, &loglik, &reference["loglik"], CLOSED);
            let zero = &reference["at_zero"];
            let score = zero["score"].as_f64().unwrap().powi(2) / zero["information"].as_f64().unwrap();
            check.same(case, &output["tests"]["score"]["chisq"], &json!(score), CLOSED);
            // The reference lists times of censorings too.
            let (baseline, theirs) = (&output["baseline"], &reference["baseline"]);
            for (time, cumhaz) in
                baseline["time"].as_array().unwrap().iter().zip(baseline["cumhaz"].as_array().unwrap())
            {
                let at = theirs["time"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .position(|t| t.as_f64() == time.as_f64())
                    .unwrap();
                check.same(case, cumhaz, &theirs["cumhaz"][at], 1e-8);
            }
            if case == "test1" {
                assert_eq!(output["excluded"][0]["n"], 1);
            }
        }
    }
    assert!(check.figures > 45, "{}", check.figures);
}
