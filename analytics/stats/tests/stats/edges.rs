//! Inputs at the edge: a defined answer or a clear refusal, never a panic and never NaN.

use crate::support::{execute, json, problem, text, words};
use serde_json::{Value, json as value};

const ESTIMATORS: [&str; 12] = [
    "km - --time t --event e --group g --at 0,2 --quantiles 0,0.5,1",
    "km - --time t --event e --entry s --from 1 --at 2",
    "logrank - --time t --event e --group g",
    "cuminc - --time t --cause e --group g --at 1",
    "cox - --time t --event e --covariates x --zph",
    "cox - --time t --event e --covariates g=a --entry s --cluster g",
    "fine-gray - --time t --cause e --covariates x",
    "rate - --event e --person-time t --group g",
    "proportion - --event e --group g",
    "recurrent - --id g --start s --stop t --event e",
    "multistate - --id g --start s --stop t --from e --to x --at 1",
    "nca - --id g --time t --conc x",
];

#[test]
fn nothing_panics_and_nothing_is_nan() {
    let inputs = [
        "",
        "\n",
        "t,e,g,x,s\n",
        "t,e,g,x,s\n5,1,a,1,0\n",
        "t,e,g,x,s\n5,0,a,1,0\n",
        "t,e,g,x,s\n0,1,a,1,-1\n0,0,b,2,-1\n0,1,b,3,-1\n",
        "t,e,g,x,s\n5,0,a,1,0\n6,0,b,2,0\n7,0,c,3,1\n",
        "t,e,g,x,s\n5,1,a,1,0\n5,1,b,1,0\n5,1,c,1,0\n",
        "t,e,g,x,s\n1,1,a,1,0\n2,1,b,1,0\n3,0,c,0,0\n4,0,d,0,0\n",
        "t,e,g,x,s\n1,1,a,1,0\n2,1,b,1e308,0\n3,0,c,-1e308,0\n4,1,d,0,0\n",
        "t,e,g,x,s\n1e300,1,a,1,0\n2,1,b,7,1\n3,0,c,5,2\n",
        "t,e,g,x,s\n1,1,a,1,5\n2,1,b,2,5\n3,0,c,3,5\n",
        "t,e,g,x,s\n,1,a,1,0\nNA,,b,2,\n3,0,,NaN,0\n",
        "t,e,g,x,s\n-1,1,a,1,-2\n",
        "t,e,g,x,s\nInf,1,a,1,0\n",
        "t,e,g,x,s\n1,2,a,1,0\n",
        "t,e,g,x,s\n1,1,a,1\n",
        "t,t,e,g,x,s\n1,1,1,a,1,0\n",
        "time,event\n1,1\n",
        "t,e,g,x,s\n1,1,\u{0}\u{fffd},1,0\n",
    ];
    for line in ESTIMATORS {
        for input in inputs {
            for format in ["json", "csv", "text"] {
                let line = format!("{line} --format {format}");
                match execute(&words(&line), input.as_bytes()) {
                    Ok((output, status)) => {
                        let output = String::from_utf8(output).unwrap();
                        assert_eq!(status.code(), 0);
                        assert!(
                            !output.contains("NaN") && !output.contains("inf,") && !output.ends_with("inf"),
                            "{line}\n{input}\n{output}"
                        );
                        if format == "json" {
                            let output: Value = serde_json::from_str(&output).unwrap();
                            let names: Vec<&String> = output.as_object().unwrap().keys().take(5).collect();
                            assert_eq!(names, ["estimator", "n", "excluded", "engine", "parameters"]);
                        }
                    }
                    Err(problem) => {
                        assert_eq!(problem.exit_code(), 2, "{line}\n{input}\n{problem}");
                        assert!(problem.to_json()["title"].as_str().is_some_and(|title| !title.is_empty()));
                    }
                }
            }
        }
    }
}

#[test]
fn bytes_that_are_no_table_are_refused() {
    for bytes in
        [&b"t,e\n1,\xff\xfe\n"[..], b"PAR1", b"ARROW1\0\0", b"\xff\xff\xff\xff\x10", b"PAR1garbagePAR1"]
    {
        let problem = execute(&words("km - --time t --event e"), bytes).unwrap_err();
        assert_eq!(problem.exit_code(), 2, "{problem}");
    }
}

#[test]
fn a_refusal_names_file_row_column_value_and_rule() {
    let (answer, code) = problem("km - --time t --event e", "t,e\n1,1\n2,yes\n");
    let expected =
        [("file", "standard input"), ("column", "e"), ("value", "yes"), ("rule", "0, 1, true or false")];
    for (name, text) in expected {
        assert_eq!(answer[name], text, "{answer}");
    }
    assert_eq!((&answer["row"], code), (&value!(2), 2));
    for (line, input, name, text) in [
        ("km - --time tiem --event e", "time,e\n", "rule", "perhaps `time`; the columns are time, e"),
        ("km - --time weeks --event e", "time,e\n", "rule", "one of the columns time, e"),
        ("km - --time t --event e", "t,t,e\n1,1,1\n", "column", "t"),
        ("km - --time t --event e", "t,e\nInf,1\n", "value", "inf"),
        ("km - --time t --event e", "t,e\n-0.5,1\n", "value", "-0.5"),
        ("km - --time t --event e", "t,e\n1,1\n2\n", "title", "a row of 1 values where the header has 2"),
        (
            "km - --time t --event e --weight w",
            "t,e,w\n1,1,1e300\n",
            "rule",
            "a weight of 0 or more, at most 1e100",
        ),
        ("cuminc - --time t --cause e", "t,e\n1,1.5\n", "value", "1.5"),
        ("cuminc - --time t --cause e", "t,e\n1,256\n", "value", "256"),
        ("cox - --time t --event e --covariates g=c", "t,e,g\n1,1,a\n2,1,b\n", "rule", "one of a, b"),
        ("cox - --time t --event e --covariates t,t", "t,e\n1,1\n", "option", "covariates"),
        (
            "cox - --time t --event e --covariates x",
            "t,e,x\n1,0,2\n2,0,3\n",
            "title",
            "no event: a regression needs at least one",
        ),
        ("km - --time t --event e --rmst 9", "t,e\n1,1\n5,0\n", "option", "rmst"),
        ("km - --time t --event e --rmst 0", "t,e\n1,1\n5,0\n", "option", "rmst"),
        ("km - --time t --event e --from -1", "t,e\n1,1\n5,0\n", "option", "from"),
        ("logrank - --time t --event e --group g", "t,e,g\n1,1,a\n2,1,a\n", "column", "g"),
        ("logrank - --time t --event e --group g --rho 1", "t,e,g\n1,1,a\n2,1,b\n", "option", "rho"),
        (
            "logrank - --time t --event e --group g --test fh --rho -1",
            "t,e,g\n1,1,a\n2,1,b\n",
            "option",
            "rho",
        ),
        ("km - --time t --event e --id i", "t,e,i\n1,0,a\n2,1,a\n", "title", "rows of one subject overlap"),
        ("recurrent - --id i --start s --stop t --event e", "i,s,t,e\na,0,5,1\na,4,6,0\n", "column", "s"),
        (
            "multistate - --id i --start s --stop t --from f --to g --initial z",
            "i,s,t,f,g\n1,0,5,x,y\n",
            "rule",
            "one of x, y",
        ),
        (
            "multistate - --id i --start s --stop t --from f --to g --from-time 2 --at 1",
            "i,s,t,f,g\n1,0,5,x,y\n",
            "option",
            "at",
        ),
        ("nca - --id i --time t --conc c", "i,t,c\na,1,5\na,1,6\n", "column", "t"),
        ("nca - --id i --time t --conc c --window 5,1", "i,t,c\na,1,5\n", "option", "window"),
        ("nca - --id i --time t --conc c --blq half", "i,t,c\na,0,5\na,1,0\na,2,5\n", "title", ""),
        ("km - --time t --event e", "", "title", "the input is empty"),
    ] {
        let (answer, code) = problem(line, input);
        assert_eq!(code, 2, "{line}: {answer}");
        if !text.is_empty() {
            assert_eq!(answer[name], text, "{line}: {answer}");
        }
    }
}

#[test]
fn arguments_are_refused_as_problems() {
    for (line, option) in [
        ("km - --event e", "--time"),
        ("km - --time t --event e --tiem x", "--tiem"),
        ("km - --time t --event e --conf-level 1", "--conf-level"),
        ("km - --time t --event e --conf-type lgo", "--conf-type"),
        ("km - --time t --event e --quantiles 0.5,1.5", "--quantiles"),
        ("km - --time t --event e --at 1,nan", "--at"),
        ("rate - --event e --events e --person-time t", "--event"),
        ("fine-gray - --time t --cause c --covariates x --of 0", "--of"),
    ] {
        let (answer, code) = problem(line, "");
        assert_eq!(code, 2);
        assert!(answer["option"].as_str().is_some_and(|name| name.contains(option)), "{line}: {answer}");
    }
    assert_eq!(problem("kaplan - --time t", "").1, 2);
    assert_eq!(problem("km no-such-file.csv --time t --event e", "").0["file"], "no-such-file.csv");
}

#[test]
fn exclusions_are_counted_by_reason() {
    let data = "s,t,e,g\n0,5,1,a\n5,5,1,a\n6,5,0,b\n,4,1,a\n1,NA,,a\n0,9,0,b\n";
    let output = json("km - --time t --event e --entry s --group g", data);
    assert_eq!(output["n"], 2);
    assert_eq!(output["excluded"][0]["reason"], "missing value");
    assert_eq!(output["excluded"][0]["n"], 2);
    assert_eq!(output["excluded"][1], value!({"reason": "entry >= time", "n": 2}));
    // Without --entry the column is not used: events on day 0 count and nothing is compared with an entry.
    assert_eq!(json("km - --time t --event e", data)["n"], 5);
    let zero = json("km - --time t --event e", "t,e\n0,1\n0,0\n3,0\n4,0\n");
    assert_eq!((&zero["n"], &zero["groups"][0]["curve"]["surv"][0]), (&value!(4), &value!(0.75)));
    assert_eq!(zero["excluded"], value!([]));
}

#[test]
fn entries_within_the_tie_tolerance_of_the_exit_are_never_at_risk() {
    let data = "s,t,e,x\n0,5.5,1,1\n5.5,5.500000001,1,2\n0,7,0,2\n5.5,6.5,1,3\n0.1,3,1,1\n";
    for line in ["km - --time t --event e --entry s", "cox - --time t --event e --entry s --covariates x"] {
        let output = json(line, data);
        assert_eq!((&output["n"], &output["excluded"][0]["n"]), (&value!(4), &value!(1)), "{line}");
    }
}

#[test]
fn groups_are_text_in_natural_order_and_may_be_empty() {
    let data = "t,e,g\n1,1,10\n2,0,9\n3,1,1\n,1,7\n";
    let output = json("km - --time t --event e --group g --at 2", data);
    let names: Vec<&str> =
        output["groups"].as_array().unwrap().iter().map(|g| g["group"].as_str().unwrap()).collect();
    assert_eq!(names, ["1", "7", "9", "10"]);
    let empty = &output["groups"][1];
    assert_eq!(
        (&empty["n"], &empty["at"][0]["surv"], &empty["curve"]["time"]),
        (&value!(0), &Value::Null, &value!([]))
    );
    let test = json("logrank - --time t --event e --group g", data);
    assert_eq!(test["groups"][1], value!({"group": "7", "n": 0, "observed": 0, "expected": 0}));
    let rows: Vec<String> =
        (0..200).map(|i| format!("{},{},site {:02}", 1 + i * 7 % 90, i % 2, i % 20)).collect();
    let twenty = json("logrank - --time t --event e --group g", &format!("t,e,g\n{}\n", rows.join("\n")));
    assert_eq!((twenty["groups"].as_array().unwrap().len(), &twenty["df"]), (20, &value!(19)));
}

#[test]
fn a_constant_covariate_and_separation_have_no_number() {
    let data = "t,e,x,c\n1,1,1,5\n2,1,1,5\n3,1,0,5\n4,0,0,5\n5,0,0,5\n";
    let output = json("cox - --time t --event e --covariates x,c", data);
    let states = output["coefficients"].as_array().unwrap().iter().map(|c| c["state"].as_str().unwrap());
    assert_eq!(states.collect::<Vec<_>>(), ["plus_infinity", "aliased"]);
    for c in output["coefficients"].as_array().unwrap() {
        for name in ["coef", "exp_coef", "std_err", "z", "p", "lower", "upper"] {
            assert_eq!(c[name], Value::Null);
        }
    }
    assert_eq!((&output["converged"], &output["baseline"]), (&value!(false), &Value::Null));
    assert!(output["warnings"].to_string().contains("separation"));
}

#[test]
fn an_emptied_risk_set_is_told() {
    let data = "s,t,e\n0,2,1\n1,2,1\n3,8,1\n3,9,0\n4,10,1\n";
    let output = json("km - --time t --event e --entry s", data);
    assert!(output["warnings"][0].as_str().unwrap().contains("empty at time 2"), "{output}");
    let later = json("km - --time t --event e --entry s --from 4 --at 8", data);
    assert_eq!(later["groups"][0]["at"][0]["surv"], value!(2.0 / 3.0));
    assert_eq!(later["warnings"], Value::Null);
}

#[test]
fn rates_without_time_or_events() {
    let output = json("rate - --events d --person-time p --group g --per 1", "d,p,g\n0,10,a\n0,0,b\n");
    assert_eq!(output["groups"][0]["lower"], 0);
    assert_eq!((&output["groups"][1]["rate"], &output["rate_ratio"]["value"]), (&Value::Null, &Value::Null));
    // The exact two-sided upper limit without events is 3.689.
    let upper = output["groups"][0]["upper"].as_f64().unwrap();
    assert!((upper - 0.368_887_945_411_393_6).abs() < 1e-12);
    let late = json("rate - --event e --time t --entry s --per 1", "s,t,e\n-2,4,1\n1,4,0\n4,4,1\n");
    assert_eq!((&late["groups"][0]["person_time"], &late["excluded"][0]["n"]), (&value!(7), &value!(1)));
}

#[test]
fn the_reference_of_a_ratio_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rates.csv");
    let name = file.to_string_lossy().into_owned();
    let line = format!("sir - --birth b --sex x --start s --end t --event e --reference {name}");
    let cohort = "b,x,s,t,e\n1950-01-01,f,2000-01-01,2010-01-01,1\n1950-01-01,f,2010-01-01,2010-01-01,0\n";
    let rates = "sex,age_from,age_to,year_from,year_to,rate\nf,0,,1990,,0.01\n";
    std::fs::write(&file, rates).unwrap();
    let output = json(&line, cohort);
    assert_eq!(
        (&output["observed"], &output["excluded"][0]["reason"]),
        (&value!(1), &value!("end <= start"))
    );
    let years = 3653.0 / 365.25;
    assert!((output["person_years"].as_f64().unwrap() - years).abs() < 1e-12);
    assert!((output["expected"].as_f64().unwrap() - years * 0.01).abs() < 1e-12);
    assert!(text(&format!("{line} --format text"), cohort).contains("SIR"));
    for (rates, cohort, column) in [
        (rates, "b,x,s,t,e\n1950-01-01,m,2000-01-01,2010-01-01,1\n", "x"),
        (rates, "b,x,s,t,e\n2001-01-01,f,2000-01-01,2010-01-01,1\n", "s"),
        (rates, "b,x,s,t,e\n1950-02-30,f,2000-01-01,2010-01-01,1\n", "b"),
        (rates, "b,x,s,t,e\n1950.5,f,2000-01-01,2010-01-01,1\n", ""),
        ("sex,age_from,age_to,year_from,year_to,rate\nf,0,,1990,,-1\n", cohort, "rate"),
        ("sex,age_from,age_to,year_from,year_to,rate\nf,50,40,1990,,1\n", cohort, "age"),
        ("sex,age_from,age_to,year_from,year_to,rate\nf,,40,1990,,1\n", cohort, "age_from"),
        ("age_from,age_to,year_from,year_to,rate\n0,,1990,,1\n", cohort, "sex"),
    ] {
        std::fs::write(&file, rates).unwrap();
        let (answer, code) = problem(&line, cohort);
        assert_eq!(code, 2, "{answer}");
        assert_eq!(answer["column"].as_str().unwrap_or_default(), column, "{answer}");
    }
}

#[test]
fn weighted_curves_name_their_variance() {
    let weighted = |weight: &str| {
        json("km - --time t --event e --weight w", &format!("t,e,w\n1,1,{weight}\n2,0,1\n3,1,2\n"))
    };
    let (whole, fraction) = (weighted("3"), weighted("2.5"));
    assert_eq!(
        (&whole["parameters"]["variance"], &fraction["parameters"]["variance"]),
        (&value!("greenwood"), &value!("robust"))
    );
    assert_eq!(
        (&whole["n"], &whole["groups"][0]["n"], &whole["groups"][0]["events"]),
        (&value!(3), &value!(3), &value!(5))
    );
    // Three subjects of weight 1 are one of weight 3.
    let repeated = json("km - --time t --event e", "t,e\n1,1\n1,1\n1,1\n2,0\n3,1\n3,1\n");
    assert_eq!(whole["groups"][0]["curve"], repeated["groups"][0]["curve"]);
}
