//! Non-compartmental analysis against `PKNCA`, `NonCompart` and printed `WinNonlin` results, every figure. The data sets
//! are not redistributable: read from beside the workspace.

#![expect(clippy::float_cmp, reason = "figures that are exact in binary are asserted exactly")]

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use survival::nca::{AucMethod, BelowQuantification, Kinetics, Lloq, Options, Origin, Samples, analyse};

#[expect(clippy::print_stderr, reason = "a skipped comparison has to be seen")]
fn oracle(case: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/oracles").join(case);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: the reference data {} are not present", folder.display());
    None
}

fn table(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).expect("csv file");
    let header = reader.headers().expect("header").clone();
    reader
        .records()
        .map(|r| header.iter().map(str::to_owned).zip(r.expect("record").iter().map(str::to_owned)).collect())
        .collect()
}

type Profile = (Vec<f64>, Vec<f64>);

fn profiles(folder: &Path) -> BTreeMap<String, Profile> {
    let mut profiles: BTreeMap<String, Profile> = BTreeMap::new();
    for row in table(&folder.join("input.csv")) {
        let profile = profiles.entry(row["profile"].clone()).or_default();
        profile.0.push(row["time"].parse().expect("time"));
        profile.1.push(row["conc"].parse().expect("concentration"));
    }
    profiles
}

fn run(profile: &Profile, options: &Options) -> Kinetics {
    analyse(&Samples { time: &profile.0, concentration: &profile.1, lloq: Lloq::Unknown }, options)
        .expect("kinetics")
}

fn close(name: &str, value: Option<f64>, reference: &Value, tolerance: f64) {
    match (value, reference.as_f64()) {
        (None, None) => {}
        (Some(v), Some(r)) => {
            let difference = (v - r).abs() / r.abs().max(f64::MIN_POSITIVE);
            assert!(v == r || difference <= tolerance, "{name}: {v} against {r}, relative {difference:e}");
        }
        (value, _) => panic!("{name}: {value:?} against {reference}"),
    }
}

/// Area from time 0 to `end` under the rule of the reference: what is known of the window when samples end earlier.
fn known_window(profile: &Profile, end: f64, auc_method: AucMethod) -> Option<f64> {
    let last = profile.0.iter().copied().fold(0.0, f64::max);
    let options = Options { auc_method, window: Some((0.0, end)), ..Options::default() };
    let window = run(profile, &options).window.expect("window");
    assert_eq!(window.covered, last >= end);
    assert_eq!(window.area.is_some(), window.covered);
    if window.covered {
        return window.area;
    }
    let options = Options { window: Some((0.0, last)), ..options };
    run(profile, &options).window.expect("window").area
}

#[test]
fn every_figure_of_pknca_and_noncompart() {
    let Some(folder) = oracle("c15_nca") else { return };
    let expected: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("expected.json")).expect("file"))
            .expect("json");
    let profiles = profiles(&folder);
    let mut compared = 0;
    for (name, block) in expected.as_object().expect("object").iter().filter(|(k, _)| *k != "provenance") {
        let profile = &profiles[name];
        let base = run(profile, &Options::default());
        let log_down = Options { auc_method: AucMethod::LinearUpLogDown, ..Options::default() };
        for (key, reference) in block.as_object().expect("object") {
            let label = format!("{name}/{key}");
            let method = if key.contains("_lin") && !key.contains("linup") {
                AucMethod::Linear
            } else {
                log_down.auc_method
            };
            let options = Options { auc_method: method, ..Options::default() };
            if key == "half_life" {
                compared += terminal(&label, &base, reference);
                continue;
            }
            if key == "NonCompart" {
                compared += noncompart(name, profile, reference);
                continue;
            }
            let value = match key.as_str() {
                "n" => Some(base.samples as f64),
                "cmax" => base.cmax,
                "tmax" => base.tmax,
                "tlast" => base.tlast,
                "clast" => base.clast,
                _ if key.ends_with("_blq_middle_zero") => {
                    run(profile, &Options { below_quantification: BelowQuantification::Zero, ..options })
                        .auc_last
                }
                _ if key.starts_with("auclast") => run(profile, &options).auc_last,
                _ if key.starts_with("aucint_inf_obs") => {
                    let end = number_after(key, "aucint_inf_obs_0_");
                    run(profile, &Options { window: Some((0.0, end)), ..options }).window.and_then(|w| w.area)
                }
                _ if key.starts_with("aucint_last") => {
                    known_window(profile, number_after(key, "aucint_last_0_"), method)
                }
                _ if key.starts_with("aucint_all") => {
                    known_window(profile, number_after(key, "aucint_all_0_"), method)
                }
                _ => {
                    // NonCompart scores samples between quantifiable ones as 0.
                    let end = number_after(key, "NonCompart_IntAUC_log_0_");
                    let zero = BelowQuantification::Zero;
                    let options = Options { below_quantification: zero, window: Some((0.0, end)), ..options };
                    run(profile, &options).window.and_then(|w| w.area)
                }
            };
            close(&label, value, reference, 1e-9);
            compared += 1;
        }
    }
    assert_eq!(compared, figures(&expected) - figures(&expected["provenance"]));
}

fn figures(value: &Value) -> usize {
    match value {
        Value::Object(map) => map.values().map(figures).sum(),
        _ => 1,
    }
}

fn number_after(key: &str, prefix: &str) -> f64 {
    let rest = key.strip_prefix(prefix).expect("known figure");
    rest.split('_').next().and_then(|n| n.parse().ok()).expect("end of the window")
}

fn terminal(label: &str, kinetics: &Kinetics, reference: &Value) -> usize {
    let fit = kinetics.terminal;
    let figures = [
        ("half_life", fit.map(|t| t.half_life)),
        ("lambda_z", fit.map(|t| t.lambda_z)),
        ("r2", fit.map(|t| t.r_squared)),
        ("adj_r2", fit.map(|t| t.adj_r_squared)),
        ("n_points", fit.map(|t| t.points as f64)),
        ("first_time", fit.map(|t| t.first_time)),
        ("clast_pred", fit.map(|t| t.clast_predicted)),
    ];
    for (key, value) in figures {
        close(&format!("{label}/{key}"), value, &reference[key], 1e-9);
    }
    figures.len()
}

/// `NonCompart` with linear-up/log-down. Where it departs from the declared rules, the departure itself is asserted.
fn noncompart(name: &str, profile: &Profile, reference: &Value) -> usize {
    let zero = BelowQuantification::Zero;
    let method = AucMethod::LinearUpLogDown;
    let k = run(profile, &Options { auc_method: method, below_quantification: zero, ..Options::default() });
    let check = |key: &str, value: Option<f64>| {
        close(&format!("{name}/NonCompart/{key}"), value, &reference[key], 1e-9);
    };
    // It starts every profile at concentration 0 at time 0, so that the triangle to a later first sample counts.
    let triangle = if profile.0[0] > 0.0 { profile.0[0] * profile.1[0] / 2.0 } else { 0.0 };
    let from_zero = |area: Option<f64>| area.map(|a| a + triangle);
    check("CMAX", k.cmax);
    check("TLST", k.tlast);
    check("AUCIFO", from_zero(k.exposure_observed().map(|e| e.auc)));
    check("LAMZ", k.terminal.map(|t| t.lambda_z));
    check("LAMZHL", k.terminal.map(|t| t.half_life));
    check("LAMZNPT", Some(k.terminal.map_or(0.0, |t| t.points as f64)));
    check("R2ADJ", k.terminal.map(|t| t.adj_r_squared));
    match name {
        "cart_all_blq" => {
            // It puts the peak of an all-zero profile at its first time, and leaves the area to nowhere undefined.
            assert_eq!((k.tmax, reference["TMAX"].as_f64()), (None, Some(0.0)));
            assert_eq!((k.auc_last, reference["AUCLST"].as_f64()), (Some(0.0), None));
            check("AUCALL", k.auc_all);
        }
        "cart_blq_middle_and_late" => {
            // Its log rule scores a segment that falls to 0 as nothing: 15000 x 4 / 2 between days 10 and 14 is missing
            // from the area to the last sample, and the descent to day 28 (3000 x 7 / 2) from the area of all.
            check("TMAX", k.tmax);
            close(name, k.auc_last.map(|a| a - 30_000.0), &reference["AUCLST"], 1e-12);
            close(name, k.auc_all.map(|a| a - 30_000.0 - 10_500.0), &reference["AUCALL"], 1e-12);
        }
        "cart_single_positive" => {
            check("TMAX", k.tmax);
            check("AUCLST", k.auc_last);
            close(name, k.auc_all.map(|a| a - 5_250.0), &reference["AUCALL"], 1e-12);
        }
        _ => {
            check("TMAX", k.tmax);
            check("AUCLST", from_zero(k.auc_last));
            check("AUCALL", from_zero(k.auc_all));
        }
    }
    reference.as_object().map_or(0, serde_json::Map::len)
}

fn winnonlin(file: &str, prefix: &str, dose: f64, options: &Options, tolerance: f64) -> usize {
    let Some(folder) = oracle("c15_nca") else { return 0 };
    let profiles = profiles(&folder);
    let mut compared = 0;
    for row in table(&folder.join(file)) {
        let subject = &row["Subject"];
        let k = run(&profiles[&format!("{prefix}_{subject}")], options);
        let fit = k.terminal.expect("terminal slope");
        let (observed, predicted) =
            (k.exposure_observed().expect("exposure"), k.exposure_predicted().expect("exposure"));
        let area = k.auc_last.expect("area");
        let back = k.initial_concentration.map(|c0| {
            // First segment of the curve, from the extrapolated concentration at 0 to the first sample.
            let first = (
                profiles[&format!("{prefix}_{subject}")].0[0],
                profiles[&format!("{prefix}_{subject}")].1[0],
            );
            if c0 > first.1 { first.0 * (c0 - first.1) / (c0 / first.1).ln() } else { first.0 * first.1 }
        });
        for (column, text) in &row {
            let value = match column.as_str() {
                "Subject" => continue,
                "Rsq" => fit.r_squared,
                "Rsq_adjusted" => fit.adj_r_squared,
                "Corr_XY" => -fit.r_squared.sqrt(),
                "No_points_lambda_z" => fit.points as f64,
                "Lambda_z" => fit.lambda_z,
                "Lambda_z_lower" => fit.first_time,
                "Lambda_z_upper" => fit.last_time,
                "HL_Lambda_z" => fit.half_life,
                "Tlag" => k.tlag.expect("lag"),
                "Tmax" => k.tmax.expect("tmax"),
                "Cmax" => k.cmax.expect("cmax"),
                "Cmax_D" => k.cmax.expect("cmax") / dose,
                "C0" => k.initial_concentration.expect("bolus"),
                "Tlast" => k.tlast.expect("tlast"),
                "Clast" => k.clast.expect("clast"),
                "AUClast" => area,
                "AUCall" => k.auc_all.expect("area"),
                "AUCINF_obs" => observed.auc,
                "AUCINF_D_obs" => observed.auc / dose,
                "AUC_%Extrap_obs" => observed.auc_extrapolated_percent,
                "AUC_%Back_Ext_obs" => 100.0 * back.expect("bolus") / observed.auc,
                "Vz_obs" | "Vz_F_obs" => observed.terminal_volume(dose, fit.lambda_z),
                "Cl_obs" | "Cl_F_obs" => observed.clearance(dose),
                "AUCINF_pred" => predicted.auc,
                "AUCINF_D_pred" => predicted.auc / dose,
                "AUC_%Extrap_pred" => predicted.auc_extrapolated_percent,
                "AUC_%Back_Ext_pred" => 100.0 * back.expect("bolus") / predicted.auc,
                "Vz_pred" | "Vz_F_pred" => predicted.terminal_volume(dose, fit.lambda_z),
                "Cl_pred" | "Cl_F_pred" => predicted.clearance(dose),
                "AUMClast" => k.aumc_last.expect("moment"),
                "AUMCINF_obs" => observed.aumc,
                "AUMC_%Extrap_obs" => observed.aumc_extrapolated_percent,
                "AUMCINF_pred" => predicted.aumc,
                "AUMC_%Extrap_pred" => predicted.aumc_extrapolated_percent,
                "MRTlast" => k.mean_residence_time_last().expect("residence"),
                "MRTINF_obs" => observed.mean_residence_time,
                "MRTINF_pred" => predicted.mean_residence_time,
                "Vss_obs" => observed.steady_state_volume(dose),
                "Vss_pred" => predicted.steady_state_volume(dose),
                other => panic!("{file}: column {other} is not compared"),
            };
            let reference = Value::from(text.parse::<f64>().expect("number"));
            close(&format!("{file} subject {subject} {column}"), Some(value), &reference, tolerance);
            compared += 1;
        }
    }
    compared
}

#[test]
fn every_printed_winnonlin_figure_theophylline_linear() {
    let compared = winnonlin("winnonlin_theoph_linear.csv", "theoph", 320.0, &Options::default(), 2e-8);
    assert!(compared == 0 || compared == 12 * 34);
}

#[test]
fn every_printed_winnonlin_figure_theophylline_log_down() {
    let options = Options { auc_method: AucMethod::LinearUpLogDown, ..Options::default() };
    let compared = winnonlin("winnonlin_theoph_linuplogdown.csv", "theoph", 320.0, &options, 2e-8);
    assert!(compared == 0 || compared == 12 * 34);
}

#[test]
fn every_printed_winnonlin_figure_indomethacin_bolus() {
    let auc_method = AucMethod::LinearUpLogDown;
    let options =
        Options { auc_method, origin: Origin::Bolus, terminal_from_peak: true, ..Options::default() };
    let compared = winnonlin("winnonlin_indometh_linuplogdown_bolus.csv", "indometh", 25.0, &options, 1e-12);
    assert!(compared == 0 || compared == 6 * 38);
}
