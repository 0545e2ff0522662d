//! Figures of R on data sets that are not redistributable: read from beside the workspace, through the command.

use crate::support::{Check, Row, column, find, json, oracle};
use serde_json::{Value, json};

pub(crate) const CLOSED: f64 = 1e-9;
pub(crate) const ITERATED: f64 = 1e-6;

fn status_is(row: &mut Row, wanted: impl Fn(&Row) -> bool) -> bool {
    let event = if row["status"] == "1" { "1" } else { "0" };
    row.insert("event".to_owned(), event.to_owned());
    wanted(row)
}

fn check_curve(check: &mut Check, name: &str, group: &Value, reference: &Value) {
    let names = [
        ("time", "time"),
        ("n_risk", "n_risk"),
        ("n_event", "n_event"),
        ("n_censor", "n_censor"),
        ("surv", "surv"),
        ("std_err", "std_err_S"),
        ("lower", "lower"),
        ("upper", "upper"),
        ("cumhaz", "cumhaz_na"),
        ("cumhaz_std_err", "cumhaz_std_err"),
    ];
    for (ours, theirs) in names {
        check.same(&format!("{name}/{ours}"), &group["curve"][ours], &reference[theirs], CLOSED);
    }
}

pub(crate) fn check_quantiles(check: &mut Check, name: &str, group: &Value, reference: [&Value; 3]) {
    for (ours, theirs) in ["value", "lower", "upper"].into_iter().zip(reference) {
        check.same(&format!("{name}/quantiles/{ours}"), &column(&group["quantiles"], ours), theirs, CLOSED);
    }
}

#[test]
fn allograft_or_autograft() {
    let Some(oracle) = oracle("c01_km_alloauto") else { return };
    let data = oracle.csv(|row| status_is(row, |_| true));
    let mut check = Check::default();
    for scale in ["plain", "log", "log-log", "logit", "arcsin"] {
        let line = format!(
            "km - --time time --event event --group group --conf-type {scale} --at 6,12,24 --rmst 24"
        );
        let output = json(&line, &data);
        for name in ["allo", "auto"] {
            let (group, reference) = (find(&output["groups"], "group", &json!(name)), &oracle.expected[name]);
            for figure in ["n", "events", "person_time"] {
                check.same(figure, &group[figure], &reference[figure], CLOSED);
            }
            let limits = &reference[format!("ci_{scale}")];
            for (ours, theirs) in [
                ("surv", "surv"),
                ("std_err", "se"),
                ("n_risk", "n_risk"),
                ("lower", "lower"),
                ("upper", "upper"),
            ] {
                check.same(
                    &format!("{name} {scale} {ours}"),
                    &column(&group["at"], ours),
                    &limits[theirs],
                    CLOSED,
                );
            }
            check_quantiles(
                &mut check,
                scale,
                group,
                [&limits["quantile"], &limits["q_lower"], &limits["q_upper"]],
            );
            if scale == "log-log" {
                check_curve(&mut check, name, group, &reference["km"]);
                let m = &group["median_follow_up"];
                let follow_up = json!([m["value"], m["lower"], m["upper"]]);
                check.same("follow-up", &follow_up, &reference["reverse_km_median"], CLOSED);
                for (ours, theirs) in
                    [("value", "rmst"), ("std_err", "se"), ("lower", "lower"), ("upper", "upper")]
                {
                    check.same(ours, &group["rmst"][ours], &reference["rmst24"][theirs], CLOSED);
                }
            }
        }
        // The reference compares the first group with the second, the command the second with the first.
        let (difference, ratio, reference) =
            (&output["rmst_difference"], &output["rmst_ratio"], &oracle.expected["rmst_diff"]);
        let negative = |v: &Value| json!(-v.as_f64().unwrap());
        let inverse = |v: &Value| json!(1.0 / v.as_f64().unwrap());
        check.same("difference", &negative(&difference["value"]), &reference["est"], CLOSED);
        check.same("difference se", &difference["std_err"], &reference["se"], CLOSED);
        check.same("difference lower", &negative(&difference["upper"]), &reference["lower"], CLOSED);
        check.same("difference p", &difference["p"], &reference["p"], CLOSED);
        check.same("ratio", &inverse(&ratio["value"]), &reference["ratio"], CLOSED);
        check.same("ratio lower", &inverse(&ratio["upper"]), &reference["ratio_lower"], CLOSED);
    }
    for (name, options) in [
        ("logrank", "--test logrank"),
        ("gehan", "--test gehan"),
        ("tarone_ware", "--test tarone-ware"),
        ("peto_peto", "--test peto-peto"),
        ("peto_peto_modified", "--test modified-peto-peto"),
        ("fh_0_1", "--test fh --rho 0 --gamma 1"),
        ("fh_1_0", "--test fh --rho 1"),
        ("fh_1_1", "--test fh --rho 1 --gamma 1"),
        ("fh_0.5_0.5", "--test fh --rho 0.5 --gamma 0.5"),
    ] {
        let output = json(&format!("logrank - --time time --event event --group group {options}"), &data);
        let reference = &oracle.expected["tests"][name];
        check.same(name, &column(&output["groups"], "observed"), &reference["O"], CLOSED);
        check.same(name, &column(&output["groups"], "expected"), &reference["E"], CLOSED);
        check.same(name, &output["covariance"], &reference["V"], CLOSED);
        check.same(name, &output["variance"], &reference["V"][0][0], CLOSED);
        // Near 0 the statistic is a difference of sums.
        check.same(name, &output["chisq"], &reference["chisq"], 1e-8);
        check.same(name, &output["df"], &reference["df"], 0.0);
        check.same(name, &output["p"], &reference["p"], CLOSED);
    }
    assert!(check.figures > 1350, "{}", check.figures);
}

#[test]
fn edges_of_kaplan_meier() {
    let Some(oracle) = oracle("c03_km_edge") else { return };
    let mut check = Check::default();
    for (case, reference) in oracle.expected.as_object().unwrap() {
        if case == "provenance" || case == "zero_event_group" {
            continue;
        }
        let data = oracle.csv(|row| status_is(row, |row| row["case"] == *case));
        for scale in ["log-log", "log", "plain"] {
            let line = format!("km - --time time --event event --conf-type {scale}");
            let group = &json(&line, &data)["groups"][0];
            let limits = &reference[scale];
            check.same(case, &group["n"], &reference["n"], 0.0);
            check.same(case, &group["events"], &reference["events"], 0.0);
            check_curve(&mut check, case, group, limits);
            check_quantiles(
                &mut check,
                case,
                group,
                [&limits["quantile"], &limits["q_lower"], &limits["q_upper"]],
            );
        }
        let mean = &reference["rmst_to_last"];
        if let Some(tau) = mean["tau"].as_f64().filter(|tau| *tau > 0.0) {
            let group = &json(&format!("km - --time time --event event --rmst {tau}"), &data)["groups"][0];
            check.same(case, &group["rmst"]["value"], &mean["rmean"], CLOSED);
            check.same(case, &group["rmst"]["std_err"], &mean["se"], CLOSED);
        }
    }
    let file = oracle.folder.join("input_zero_event_group.csv");
    let data = std::fs::read_to_string(file).unwrap();
    let reference = &oracle.expected["zero_event_group"];
    let test = json("logrank - --time time --event status --group group", &data);
    check.same("chisq", &test["chisq"], &reference["logrank"]["chisq"], CLOSED);
    check.same("expected", &column(&test["groups"], "expected"), &reference["logrank"]["E"], CLOSED);
    let curves = json("km - --time time --event status --group group", &data);
    check_curve(&mut check, "B", &curves["groups"][1], &reference["km_B"]);
    let cox = json("cox - --time time --event status --covariates group=A", &data);
    assert_eq!((&cox["coefficients"][0]["coef"], &cox["converged"]), (&Value::Null, &json!(false)));
    assert_eq!(cox["coefficients"][0]["state"], "minus_infinity");
    check.same("loglik", &cox["loglik"]["null"], &reference["loglik_null"], CLOSED);
    check.same("limit", &cox["loglik"]["model"], &reference["loglik_limit"], CLOSED);
    let rates = json("rate - --event status --time time --group group --per 1", &data);
    for (group, name) in rates["groups"].as_array().unwrap().iter().zip(["A", "B"]) {
        for figure in ["events", "person_time", "rate", "lower", "upper"] {
            check.same(figure, &group[figure], &reference["rate_exact"][name][figure], CLOSED);
        }
    }
    assert!(check.figures > 1000, "{}", check.figures);
}

pub(crate) fn check_incidence(check: &mut Check, name: &str, output: &Value, reference: &Value, se: &str) {
    let group = &output["groups"][0];
    check.same(name, &group["n"], &reference["n"], 0.0);
    for cause in group["causes"].as_array().unwrap() {
        let label = format!("cause{}", cause["cause"]);
        check.same(name, &cause["events"], &reference["events"][&label], 0.0);
        check.same(
            &format!("{name} {label}"),
            &column(&cause["at"], "cif"),
            &reference[&label]["cif"],
            1e-10,
        );
        let errors = column(&cause["at"], "std_err");
        let theirs = reference[&label][se].as_array().unwrap();
        for (i, theirs) in theirs.iter().enumerate().filter(|(_, theirs)| !theirs.is_null()) {
            check.same(&format!("{name} {label} {se}"), &errors[i], theirs, 1e-8);
        }
    }
}

pub(crate) fn check_gray(check: &mut Check, output: &Value, reference: &Value) {
    for test in output["gray"].as_array().unwrap() {
        let theirs = &reference[format!("cause{}", test["cause"])];
        for (name, their_name) in [("chisq", "stat"), ("df", "df"), ("p", "p")] {
            check.same(name, &test[name], &theirs[their_name], 1e-8);
        }
    }
}

#[test]
fn chronic_graft_versus_host_disease() {
    let Some(oracle) = oracle("c04_aj_gray_cgvhd") else { return };
    let mut check = Check::default();
    for (variance, se) in [("aalen", "se_aalen_cmprsk"), ("greenwood", "se_greenwood_etm")] {
        let line = format!("cuminc - --time time --cause cause --variance {variance} --at 0.25,0.5,1,2,5");
        for (name, wanted) in [("overall", None), ("tx_PB", Some("PB")), ("tx_BM", Some("BM"))] {
            let data = oracle.csv(|row| wanted.is_none_or(|tx| row["tx"] == tx));
            check_incidence(&mut check, name, &json(&line, &data), &oracle.expected[name], se);
        }
        let data = oracle.csv(|_| true);
        for (scale, prefix) in [("log-log", "loglog_F"), ("cloglog", "cloglog_1minusF")] {
            let output = json(&format!("{line} --conf-type {scale}"), &data);
            let block = if variance == "aalen" { "ci_aalen_cmprsk" } else { "ci_greenwood" };
            for cause in output["groups"][0]["causes"].as_array().unwrap() {
                let reference = &oracle.expected["overall"][format!("cause{}", cause["cause"])][block];
                // Limits are given for the first cause.
                if reference.is_null() {
                    continue;
                }
                for limit in ["lower", "upper"] {
                    let theirs = reference[format!("{prefix}_{limit}")].as_array().unwrap();
                    for (i, theirs) in theirs.iter().enumerate().filter(|(_, theirs)| !theirs.is_null()) {
                        check.same(limit, &cause["at"][i][limit], theirs, 1e-8);
                    }
                }
            }
        }
    }
    let data = oracle.csv(|_| true);
    for (name, options) in
        [("gray_rho0", ""), ("gray_rho1", "--rho 1"), ("gray_stratified_dx", "--strata dx")]
    {
        let output = json(&format!("cuminc - --time time --cause cause --group tx {options}"), &data);
        check_gray(&mut check, &output, &oracle.expected[name]);
    }
    for cause in 1..=3 {
        let data = oracle.csv(|row| {
            let event = if row["cause"] == cause.to_string() { "1" } else { "0" };
            row.insert("event".to_owned(), event.to_owned());
            true
        });
        let test = json("logrank - --time time --event event --group tx", &data);
        let reference = &oracle.expected[format!("cause_specific_logrank_{cause}")];
        check.same("chisq", &test["chisq"], &reference["chisq"], CLOSED);
        check.same("p", &test["p"], &reference["p"], CLOSED);
    }
    assert!(check.figures > 250, "{}", check.figures);
}

#[test]
fn restricted_means_of_the_cirrhosis_trial() {
    let Some(oracle) = oracle("c18_rmst_pbc") else { return };
    let (data, mut check) = (oracle.csv(|_| true), Check::default());
    for tau in ["5", "10"] {
        let output = json(&format!("km - --time time --event status --group arm --rmst {tau}"), &data);
        let reference = &oracle.expected[format!("tau{tau}")];
        for (group, name) in output["groups"].as_array().unwrap().iter().zip(["arm0", "arm1"]) {
            for (ours, theirs) in
                [("value", "rmst"), ("std_err", "se"), ("lower", "lower"), ("upper", "upper")]
            {
                check.same(ours, &group["rmst"][ours], &reference[name][theirs], CLOSED);
            }
        }
        for (ours, theirs) in [("rmst_difference", "rmst_diff"), ("rmst_ratio", "rmst_ratio")] {
            let values = json!([
                output[ours]["value"],
                output[ours]["lower"],
                output[ours]["upper"],
                output[ours]["p"]
            ]);
            check.same(ours, &values, &reference[theirs], CLOSED);
        }
    }
    assert_eq!(check.figures, 32);
}
