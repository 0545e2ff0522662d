//! Therneau & Grambsch (2000), appendix E: the three data sets with known solutions (case c20).

use serde_json::Value;
use survival::cox::{CoxData, CoxModel, FitOptions, Ties, Times};

use crate::support::{Table, close, expected, matches, oracle};

struct Book {
    entry: Option<Vec<f64>>,
    time: Vec<f64>,
    event: Vec<bool>,
    x: Vec<f64>,
    weight: Vec<f64>,
}

fn book(table: &Table, case: &str) -> Book {
    let names = table.text("case");
    let status = table.text("status");
    let keep: Vec<usize> = (0..names.len()).filter(|k| names[*k] == case && !status[*k].is_empty()).collect();
    let pick = |v: Vec<f64>| keep.iter().map(|k| v[*k]).collect::<Vec<_>>();
    let entry = pick(table.numbers("start"));
    Book {
        entry: if entry.iter().all(|e| e.is_nan()) { None } else { Some(entry) },
        time: pick(table.numbers("time")),
        event: keep.iter().map(|k| status[*k] == "1").collect(),
        x: pick(table.numbers("x")),
        weight: pick(table.numbers("wt")),
    }
}

fn compare(b: &Book, ties: Ties, want: &Value) {
    let columns: [&[f64]; 1] = [&b.x];
    let data = CoxData {
        entry: b.entry.as_deref().map(Times::Real),
        time: Times::Real(&b.time),
        event: &b.event,
        covariates: &columns,
        weight: Some(&b.weight),
        ..CoxData::default()
    };
    let model = CoxModel::new(&data, ties).expect("valid data");
    let fit = model.fit(&FitOptions::default()).expect("a fit");
    let zero = &want["at_zero"];
    matches("loglik at zero", &[fit.loglik_null], &zero["loglik"], 1e-12, 1.0);
    matches("information at zero", &[fit.information_at_zero.get(0, 0)], &zero["information"], 1e-12, 1.0);
    matches("score at zero", &fit.score_at_zero, &zero["score"], 1e-12, 1.0);
    matches("beta", &[fit.coefficients[0].estimate.expect("finite")], &want["beta"], 1e-10, 0.0);
    matches("variance", fit.variance.as_slice(), &want["var"], 1e-9, 0.0);
    matches("loglik", &[fit.loglik_null, fit.loglik], &want["loglik"], 1e-12, 0.0);
    matches("martingale", &model.martingale_residuals(&fit), &want["martingale"], 1e-9, 1.0);
    matches("score residuals", &model.score_residuals(&fit)[0], &want["score_resid"], 1e-9, 1.0);
    // The reference orders Schoenfeld residuals by time.
    matches("schoenfeld", &model.schoenfeld_residuals(&fit).values[0], &want["schoenfeld"], 1e-9, 1.0);
    let curve = &model.predict(&fit, &[0.0]).expect("finite coefficients")[0];
    let base = &want["baseline"];
    for (k, time) in base["time"].as_array().expect("times").iter().enumerate() {
        let at = curve.position(time.as_f64().expect("a time"));
        let (hazard, error) = at.map_or((0.0, 0.0), |i| (curve.cumhaz[i], curve.cumhaz_std_err[i]));
        matches("cumulative hazard", &[hazard], &base["cumhaz"][k], 1e-9, 0.0);
        matches("its standard error", &[error], &base["std_chaz"][k], 1e-9, 0.0);
    }
}

#[test]
fn book_data_sets() {
    let (Some(want), Some(text)) =
        (expected("c20_cox_book_closed_form"), oracle("c20_cox_book_closed_form", "input.csv"))
    else {
        return;
    };
    let table = Table::parse(&text);
    for case in ["test1", "test2", "testw1"] {
        let b = book(&table, case);
        for (name, ties) in [("breslow", Ties::Breslow), ("efron", Ties::Efron)] {
            compare(&b, ties, &want[case][name]);
        }
    }
}

/// Closed forms of the first data set: Breslow has `exp(b) = (3 + sqrt(33))/2`; Efron's score equation, cleared of
/// denominators, is a polynomial in `r = exp(b)` that the estimate must satisfy.
#[test]
fn closed_forms() {
    let x = [0.0, 1.0, 1.0, 1.0, 0.0, 0.0];
    let data = CoxData {
        time: Times::Days(&[9, 1, 1, 6, 6, 8]),
        event: &[true, true, false, true, true, false],
        covariates: &[&x],
        ..CoxData::default()
    };
    let fit = CoxModel::new(&data, Ties::Breslow).expect("valid").fit(&FitOptions::default()).expect("fit");
    let r = f64::midpoint(3.0, 33.0_f64.sqrt());
    close("Breslow", &[fit.coefficients[0].estimate.expect("finite")], &[r.ln()], 1e-13, 0.0);
    close(
        "log likelihood",
        &[fit.loglik],
        &[2.0 * r.ln() - (3.0 * r + 3.0).ln() - 2.0 * (r + 3.0).ln()],
        1e-13,
        0.0,
    );
    let fit = CoxModel::new(&data, Ties::Efron).expect("valid").fit(&FitOptions::default()).expect("fit");
    let r = fit.coefficients[0].estimate.expect("finite").exp();
    // Events: one at 1 (x = 1), two at 6 (x = 1 and 0), one alone at 9.
    let score = 2.0 - 3.0 * r / (3.0 * r + 3.0) - r / (r + 3.0) - 0.5 * r / (0.5 * r + 2.5);
    assert!(score.abs() < 1e-14, "score {score:e}");
}
