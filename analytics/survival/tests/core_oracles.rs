//! Every figure of the reference cases that concerns the non-parametric estimators, against R.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "core_support/check.rs"]
mod check;
#[path = "core_support/files.rs"]
mod files;

use check::Check;
use files::{Table, case, expected};
use serde_json::Value;
use survival::aalen_johansen::{CifOptions, CifVariance, aalen_johansen};
use survival::event_table::{EventTable, Subjects};
use survival::gray::{gray_test, gray_test_stratified};
use survival::interval::{CifConfType, ConfType};
use survival::kaplan_meier::{KaplanMeier, KmOptions, kaplan_meier, median_follow_up};
use survival::log_rank::{LogRankTest, Weight, log_rank};
use survival::rates::{RateMethod, rate};
use survival::rmst::{Rmst, default_tau, rmst, rmst_difference, rmst_ratio, time_lost_ratio};

const TYPES: [ConfType; 5] =
    [ConfType::Plain, ConfType::Log, ConfType::LogLog, ConfType::Logit, ConfType::Arcsin];

fn km(table: &EventTable, conf_type: ConfType) -> KaplanMeier {
    kaplan_meier(table, &KmOptions { conf_type, ..KmOptions::default() }).unwrap()
}

/// Groups numbered by the order of their sorted names, as R's factor.
fn codes(names: &[String]) -> (Vec<u32>, Vec<String>) {
    let mut levels = names.to_vec();
    levels.sort();
    levels.dedup();
    let code = |name| u32::try_from(levels.iter().position(|level| level == name).unwrap()).unwrap();
    (names.iter().map(code).collect(), levels)
}

fn check_table(check: &mut Check, name: &str, km: &KaplanMeier, reference: &Value) {
    let curve = km.curve();
    for (column, values) in [
        ("time", &curve.time),
        ("n_risk", &curve.n_risk),
        ("n_event", &curve.n_event),
        ("n_censor", &curve.n_censor),
        ("surv", &curve.surv),
        ("cumhaz_na", &curve.cumhaz),
        ("cumhaz_std_err", &curve.cumhaz_std_err),
    ] {
        check.numbers(&format!("{name}.{column}"), values, &reference[column]);
    }
    check.all(&format!("{name}.std_err_S"), &curve.std_err, &reference["std_err_S"]);
    let log_se: Vec<f64> = km.var_log().iter().map(|v| v.sqrt()).collect();
    check.numbers(&format!("{name}.std_err_logS"), &log_se, &reference["std_err_logS"]);
    check.all(&format!("{name}.lower"), &curve.lower, &reference["lower"]);
    check.all(&format!("{name}.upper"), &curve.upper, &reference["upper"]);
}

fn check_quantiles(check: &mut Check, name: &str, km: &KaplanMeier, references: [&Value; 3]) {
    let quantiles = km.quantiles(&[0.25, 0.5, 0.75]).unwrap();
    let column =
        |f: fn(&survival::kaplan_meier::Quantile) -> Option<f64>| quantiles.iter().map(f).collect::<Vec<_>>();
    check.all(&format!("{name}.quantile"), &column(|q| q.value), references[0]);
    check.all(&format!("{name}.q_lower"), &column(|q| q.lower), references[1]);
    check.all(&format!("{name}.q_upper"), &column(|q| q.upper), references[2]);
}

fn check_at(check: &mut Check, name: &str, km: &KaplanMeier, times: &[f64], reference: &Value) {
    let at = km.at(times);
    check.numbers(
        &format!("{name}.surv"),
        &at.iter().map(|a| a.surv).collect::<Vec<_>>(),
        &reference["surv"],
    );
    check.all(&format!("{name}.se"), &at.iter().map(|a| a.std_err).collect::<Vec<_>>(), &reference["se"]);
    check.numbers(
        &format!("{name}.n_risk"),
        &at.iter().map(|a| a.n_risk).collect::<Vec<_>>(),
        &reference["n_risk"],
    );
    check.all(&format!("{name}.lower"), &at.iter().map(|a| a.lower).collect::<Vec<_>>(), &reference["lower"]);
    check.all(&format!("{name}.upper"), &at.iter().map(|a| a.upper).collect::<Vec<_>>(), &reference["upper"]);
}

fn check_rmst(check: &mut Check, name: &str, value: &Rmst, reference: &Value) {
    check.one(&format!("{name}.rmst"), value.value, &reference["rmst"]);
    check.one(&format!("{name}.var"), value.std_err * value.std_err, &reference["var"]);
    check.one(&format!("{name}.se"), value.std_err, &reference["se"]);
    check.one(&format!("{name}.lower"), value.lower, &reference["lower"]);
    check.one(&format!("{name}.upper"), value.upper, &reference["upper"]);
}

fn check_log_rank(check: &mut Check, name: &str, test: &LogRankTest, reference: &Value) {
    check.numbers(&format!("{name}.O"), &test.observed, &reference["O"]);
    check.numbers(&format!("{name}.E"), &test.expected, &reference["E"]);
    check.numbers(&format!("{name}.Z"), &test.score, &reference["Z"]);
    for (i, row) in test.variance.iter().enumerate() {
        check.numbers(&format!("{name}.V[{i}]"), row, &reference["V"][i]);
    }
    check.one(&format!("{name}.chisq"), test.chisq, &reference["chisq"]);
    check.one(&format!("{name}.df"), test.df as f64, &reference["df"]);
    check.one(&format!("{name}.p"), test.p, &reference["p"]);
    if let Some(z) = test.z {
        check.one(&format!("{name}.z²"), z * z, &reference["chisq"]);
    }
}

#[test]
fn c01_kaplan_meier_and_tests_of_the_transplant_data() {
    let Some(path) = case("c01_km_alloauto") else { return };
    let (e, input) = (expected(&path), Table::read(&path.join("input.csv")));
    let time: Vec<f64> = input.column("time");
    let status: Vec<u8> = input.column("status");
    let (group, levels) = codes(input.text("group"));
    let tables = EventTable::from_times(&Subjects::new(&time, &status).with_group(&group), 1, 2).unwrap();
    let mut check = Check::new(1e-9);
    let mut means = Vec::new();
    for (table, name) in tables.iter().zip(&levels) {
        let r = &e[name];
        check.one("n", table.n() as f64, &r["n"]);
        check.one("events", table.total_events(), &r["events"]);
        check.one("person_time", table.person_time(), &r["person_time"]);
        check_table(&mut check, name, &km(table, ConfType::LogLog), &r["km"]);
        for conf_type in TYPES {
            let label = format!("ci_{}", conf_type.name());
            let (curve, r) = (km(table, conf_type), &r[&label]);
            check_at(&mut check, &label, &curve, &[6.0, 12.0, 24.0], r);
            check_quantiles(&mut check, &label, &curve, [&r["quantile"], &r["q_lower"], &r["q_upper"]]);
        }
        let follow_up = median_follow_up(table, &KmOptions::default()).unwrap();
        check.all("reverse", &[follow_up.value, follow_up.lower, follow_up.upper], &r["reverse_km_median"]);
        let mean = rmst(&km(table, ConfType::LogLog), 24.0).unwrap();
        check_rmst(&mut check, "rmst24", &mean, &r["rmst24"]);
        means.push(mean);
    }
    let (difference, ratio) =
        (rmst_difference(&means[0], &means[1]).unwrap(), rmst_ratio(&means[0], &means[1]).unwrap());
    let r = &e["rmst_diff"];
    check.one("difference", difference.value, &r["est"]);
    check.one("difference se", difference.std_err, &r["se"]);
    check.one("difference lower", difference.lower, &r["lower"]);
    check.one("difference upper", difference.upper, &r["upper"]);
    check.one("difference p", difference.p, &r["p"]);
    check.one("ratio", ratio.value, &r["ratio"]);
    check.one("ratio lower", ratio.lower, &r["ratio_lower"]);
    check.one("ratio upper", ratio.upper, &r["ratio_upper"]);
    let fh = |rho, gamma| Weight::FlemingHarrington { rho, gamma };
    for (name, weight) in [
        ("logrank", Weight::LogRank),
        ("gehan", Weight::Gehan),
        ("tarone_ware", Weight::TaroneWare),
        ("peto_peto", Weight::PetoPeto),
        ("peto_peto_modified", Weight::ModifiedPetoPeto),
        ("fh_0_1", fh(0.0, 1.0)),
        ("fh_1_0", fh(1.0, 0.0)),
        ("fh_1_1", fh(1.0, 1.0)),
        ("fh_0.5_0.5", fh(0.5, 0.5)),
    ] {
        check_log_rank(&mut check, name, &log_rank(&tables, weight).unwrap(), &e["tests"][name]);
    }
    check.finish(1400);
}

#[test]
fn c03_edges() {
    let Some(path) = case("c03_km_edge") else { return };
    let (e, input) = (expected(&path), Table::read(&path.join("input.csv")));
    let (case_of, time, status) =
        (input.text("case"), input.column::<f64>("time"), input.column::<u8>("status"));
    let mut check = Check::new(1e-12);
    let mut names = case_of.to_vec();
    names.dedup();
    for name in &names {
        let rows: Vec<usize> = (0..time.len()).filter(|&i| &case_of[i] == name).collect();
        let (t, s): (Vec<f64>, Vec<u8>) = rows.iter().map(|&i| (time[i], status[i])).unzip();
        let table = &EventTable::from_times(&Subjects::new(&t, &s), 1, 1).unwrap()[0];
        let r = &e[name];
        check.one("n", table.n() as f64, &r["n"]);
        check.one("events", table.total_events(), &r["events"]);
        for conf_type in [ConfType::LogLog, ConfType::Log, ConfType::Plain] {
            let (label, r) = (format!("{name}.{}", conf_type.name()), &r[conf_type.name()]);
            let curve = km(table, conf_type);
            check_table(&mut check, &label, &curve, r);
            check_quantiles(&mut check, &label, &curve, [&r["quantile"], &r["q_lower"], &r["q_upper"]]);
        }
        let r = &r["rmst_to_last"];
        let mean = rmst(&km(table, ConfType::Log), r["tau"].as_f64().unwrap()).unwrap();
        check.one(&format!("{name}.rmean"), mean.value, &r["rmean"]);
        check.one(&format!("{name}.se(rmean)"), mean.std_err, &r["se"]);
        // Whole days give the same as real-valued times.
        if t.iter().all(|t| t.fract() == 0.0) {
            #[expect(clippy::cast_possible_truncation, reason = "small whole numbers")]
            let days: Vec<i32> = t.iter().map(|&t| t as i32).collect();
            assert_eq!(table, &EventTable::from_days(&Subjects::new(&days, &s), 1, 1).unwrap()[0], "{name}");
        }
    }
    let input = Table::read(&path.join("input_zero_event_group.csv"));
    let (group, _) = codes(input.text("group"));
    let (time, status): (Vec<i32>, Vec<u8>) = (input.column("time"), input.column("status"));
    let tables = EventTable::from_days(&Subjects::new(&time, &status).with_group(&group), 1, 2).unwrap();
    let r = &e["zero_event_group"];
    check_log_rank(&mut check, "zero events", &log_rank(&tables, Weight::LogRank).unwrap(), &r["logrank"]);
    check_table(&mut check, "km_B", &km(&tables[1], ConfType::LogLog), &r["km_B"]);
    for (table, name) in tables.iter().zip(["A", "B"]) {
        let events = if name == "A" { 3 } else { 0 };
        let value = rate(events, table.person_time(), RateMethod::Exact, 0.95).unwrap();
        let r = &r["rate_exact"][name];
        check.one("rate events", table.total_events(), &r["events"]);
        check.one("rate person-time", value.person_time, &r["person_time"]);
        check.one("rate", value.value, &r["rate"]);
        check.one("rate lower", value.lower, &r["lower"]);
        check.one("rate upper", value.upper, &r["upper"]);
    }
    check.finish(1000);
}

fn check_incidence(check: &mut Check, name: &str, table: &EventTable, r: &Value) {
    let times: Vec<f64> = r["t"].as_array().unwrap().iter().map(|t| t.as_f64().unwrap()).collect();
    check.one("n", table.n() as f64, &r["n"]);
    check.one("censored", table.censored().iter().sum::<f64>(), &r["censored"]);
    let options = |variance, conf_type| CifOptions { variance, conf_type, ..CifOptions::default() };
    let all = km(table, ConfType::Plain).at(&times);
    check.numbers("event_free", &all.iter().map(|a| a.surv).collect::<Vec<_>>(), &r["event_free"]);
    check.all("event_free se", &all.iter().map(|a| a.std_err).collect::<Vec<_>>(), &r["event_free_se_ij"]);
    check.numbers("n_risk", &all.iter().map(|a| a.n_risk).collect::<Vec<_>>(), &r["n_risk"]);
    for cause in 1..=3 {
        let label = format!("cause{cause}");
        let (name, r, events) = (format!("{name}.{label}"), &r[&label], &r["events"][&label]);
        let greenwood =
            aalen_johansen(table, &options(CifVariance::Greenwood, CifConfType::Cloglog)).unwrap();
        let aalen = aalen_johansen(table, &options(CifVariance::Aalen, CifConfType::Cloglog)).unwrap();
        check.one(&format!("{name}.events"), aalen.events(cause), events);
        let (g, a) = (greenwood.at(cause, &times), aalen.at(cause, &times));
        let cif: Vec<f64> = g.iter().map(|g| g.cif).collect();
        check.numbers(&format!("{name}.cif"), &cif, &r["cif"]);
        check.numbers(&format!("{name}.cif_etm"), &cif, &r["cif_etm"]);
        let se: Vec<f64> = g.iter().map(|g| g.std_err).collect();
        check.numbers(&format!("{name}.greenwood"), &se, &r["se_greenwood_etm"]);
        check.numbers(&format!("{name}.jackknife"), &se, &r["se_infinitesimal_jackknife"]);
        // cmprsk reports nothing after the last time of the group.
        let within = |f: fn(&survival::aalen_johansen::CifAt) -> f64| -> Vec<Option<f64>> {
            a.iter().map(|a| (!a.beyond_follow_up).then(|| f(a))).collect()
        };
        check.all(&format!("{name}.cif_cmprsk"), &within(|a| a.cif), &r["cif_cmprsk"]);
        check.all(&format!("{name}.aalen"), &within(|a| a.std_err), &r["se_aalen_cmprsk"]);
        for (variance, key) in
            [(CifVariance::Aalen, "ci_aalen_cmprsk"), (CifVariance::Greenwood, "ci_greenwood")]
        {
            let Some(r) = r.get(key) else { continue };
            for (conf_type, key) in
                [(CifConfType::LogLog, "loglog_F"), (CifConfType::Cloglog, "cloglog_1minusF")]
            {
                let at = aalen_johansen(table, &options(variance, conf_type)).unwrap().at(cause, &times);
                let shown = |a: &survival::aalen_johansen::CifAt| {
                    variance == CifVariance::Greenwood || !a.beyond_follow_up
                };
                let limit = |f: fn(&survival::aalen_johansen::CifAt) -> Option<f64>| -> Vec<Option<f64>> {
                    at.iter().map(|a| if shown(a) { f(a) } else { None }).collect()
                };
                check.all(&format!("{name}.{key}.lower"), &limit(|a| a.lower), &r[format!("{key}_lower")]);
                check.all(&format!("{name}.{key}.upper"), &limit(|a| a.upper), &r[format!("{key}_upper")]);
            }
        }
    }
}

#[test]
fn c04_cumulative_incidence_and_gray() {
    let Some(path) = case("c04_aj_gray_cgvhd") else { return };
    let (e, input) = (expected(&path), Table::read(&path.join("input.csv")));
    let (time, cause): (Vec<f64>, Vec<u8>) = (input.column("time"), input.column("cause"));
    let (tx, levels) = codes(input.text("tx"));
    let (dx, _) = codes(input.text("dx"));
    let mut check = Check::new(1e-9);
    let overall = &EventTable::from_times(&Subjects::new(&time, &cause), 3, 1).unwrap()[0];
    check_incidence(&mut check, "overall", overall, &e["overall"]);
    let tables = EventTable::from_times(&Subjects::new(&time, &cause).with_group(&tx), 3, 2).unwrap();
    for (table, level) in tables.iter().zip(&levels) {
        check_incidence(&mut check, level, table, &e[format!("tx_{level}")]);
    }
    // Strata by diagnosis: four groups, two by two.
    let cell: Vec<u32> = dx.iter().zip(&tx).map(|(d, t)| 2 * d + t).collect();
    let cells = EventTable::from_times(&Subjects::new(&time, &cause).with_group(&cell), 3, 4).unwrap();
    let strata: Vec<Vec<EventTable>> = cells.chunks(2).map(<[EventTable]>::to_vec).collect();
    for k in 1..=3 {
        let label = format!("cause{k}");
        for (name, test) in [
            ("gray_rho0", gray_test(&tables, k, 0.0)),
            ("gray_rho1", gray_test(&tables, k, 1.0)),
            ("gray_stratified_dx", gray_test_stratified(&strata, k, 0.0)),
        ] {
            let (test, r) = (test.unwrap(), &e[name][&label]);
            check.one(&format!("{name}.{label}.stat"), test.chisq, &r["stat"]);
            check.one(&format!("{name}.{label}.p"), test.p, &r["p"]);
            check.one(&format!("{name}.{label}.df"), test.df as f64, &r["df"]);
        }
        let specific: Vec<EventTable> = tables.iter().map(|table| table.cause_specific(k)).collect();
        let name = format!("cause_specific_logrank_{k}");
        check_log_rank(&mut check, &name, &log_rank(&specific, Weight::LogRank).unwrap(), &e[&name]);
    }
    check.finish(400);
}

#[test]
fn c10_delayed_entry() {
    let Some(path) = case("c10_delayed_entry_myeloma") else { return };
    let (e, input) = (expected(&path), Table::read(&path.join("input.csv")));
    let (entry, exit): (Vec<i32>, Vec<i32>) = (input.column("entry"), input.column("futime"));
    let death: Vec<u8> = input.column("death");
    let mut check = Check::new(1e-9);
    let times = [365.0, 730.0, 1825.0, 3650.0];
    let naive = Subjects::new(&exit, &death);
    let late = EventTable::from_days(&naive.with_entry(&entry), 1, 1).unwrap();
    check.one("excluded", late[0].excluded() as f64, &e["n_excluded"]);
    for (name, subjects) in [("with_entry", naive.with_entry(&entry)), ("ignoring_entry", naive)] {
        let table = &EventTable::from_days(&subjects, 1, 1).unwrap()[0];
        let (curve, r) = (km(table, ConfType::LogLog), &e[name]);
        check_at(&mut check, name, &curve, &times, r);
        check_quantiles(&mut check, name, &curve, [&r["quantiles"], &r["q_lower"], &r["q_upper"]]);
        // The same from real-valued times.
        let real = |days: &[i32]| days.iter().map(|&d| f64::from(d)).collect::<Vec<f64>>();
        let (entry, exit) = (real(&entry), real(&exit));
        let subjects =
            Subjects { entry: subjects.entry.map(|_| entry.as_slice()), ..Subjects::new(&exit, &death) };
        assert_eq!(&EventTable::from_times(&subjects, 1, 1).unwrap()[0], table);
    }
    check.finish(59);
}

#[test]
fn c18_restricted_means() {
    let Some(path) = case("c18_rmst_pbc") else { return };
    let (e, input) = (expected(&path), Table::read(&path.join("input.csv")));
    let (time, status, arm): (Vec<f64>, Vec<u8>, Vec<u32>) =
        (input.column("time"), input.column("status"), input.column("arm"));
    let tables = EventTable::from_times(&Subjects::new(&time, &status).with_group(&arm), 1, 2).unwrap();
    let curves: Vec<KaplanMeier> = tables.iter().map(|table| km(table, ConfType::Log)).collect();
    let mut check = Check::new(1e-9);
    check.one("default tau", default_tau(&curves), &e["default_tau"]);
    for tau in [5.0, 10.0] {
        let r = &e[format!("tau{tau}")];
        let (b, a) = (rmst(&curves[0], tau).unwrap(), rmst(&curves[1], tau).unwrap());
        check_rmst(&mut check, "arm1", &a, &r["arm1"]);
        check_rmst(&mut check, "arm0", &b, &r["arm0"]);
        for (name, contrast) in [
            ("rmst_diff", rmst_difference(&a, &b).unwrap()),
            ("rmst_ratio", rmst_ratio(&a, &b).unwrap()),
            ("rmtl_ratio", time_lost_ratio(&a, &b).unwrap()),
        ] {
            let values = [Some(contrast.value), Some(contrast.lower), Some(contrast.upper), contrast.p];
            check.all(name, &values, &r[name]);
        }
    }
    check.finish(45);
}
