//! Non-compartmental analysis: closed forms, every declared rule on both sides of its boundary, properties.

use proptest::prelude::*;
use survival::error::Error;
use survival::nca::{AucMethod, BelowQuantification, Kinetics, Lloq, Options, Origin, Samples, analyse};

const LOG: AucMethod = AucMethod::LinearUpLogDown;

fn run(time: &[f64], concentration: &[f64], lloq: Lloq, options: &Options) -> Kinetics {
    analyse(&Samples { time, concentration, lloq }, options).expect("kinetics")
}

fn plain(time: &[f64], concentration: &[f64]) -> Kinetics {
    run(time, concentration, Lloq::Unknown, &Options::default())
}

fn close(value: f64, reference: f64) {
    assert!((value - reference).abs() <= 1e-12 * reference.abs(), "{value} against {reference}");
}

#[test]
fn exponential_decay_is_exact_under_log_down() {
    let k = 0.13;
    let time = [0.0, 0.5, 2.0, 3.0, 7.0, 7.001, 12.0];
    let concentration: Vec<f64> = time.iter().map(|t: &f64| 80.0 * (-k * t).exp()).collect();
    let options = Options { auc_method: LOG, window: Some((1.0, 9.0)), ..Options::default() };
    let result = run(&time, &concentration, Lloq::Unknown, &options);
    close(result.auc_last.expect("area"), 80.0 / k * (1.0 - (-k * 12.0).exp()));
    close(result.window.and_then(|w| w.area).expect("area"), 80.0 / k * ((-k).exp() - (-k * 9.0).exp()));
    let moment = 80.0 / (k * k) * (1.0 - (1.0 + k * 12.0) * (-k * 12.0).exp());
    close(result.aumc_last.expect("moment"), moment);
    let fit = result.terminal.expect("slope");
    close(fit.lambda_z, k);
    close(fit.half_life, core::f64::consts::LN_2 / k);
    close(fit.intercept, 80.0_f64.ln());
    // All fits are perfect: the one with most samples, the peak left out.
    assert_eq!((fit.points, fit.first_time, fit.last_time), (6, 0.5, 12.0));
    close(fit.span_ratio, 11.5 / fit.half_life);
    let exposure = result.exposure_observed().expect("exposure");
    close(exposure.auc, 80.0 / k);
    close(exposure.aumc, 80.0 / (k * k));
    close(exposure.mean_residence_time, 1.0 / k);
    close(exposure.clearance(40.0), 40.0 * k / 80.0);
    close(exposure.terminal_volume(40.0, fit.lambda_z), 0.5);
    close(exposure.steady_state_volume(40.0), 0.5);
    close(result.exposure_predicted().expect("exposure").auc, exposure.auc);
}

#[test]
fn a_straight_line_is_exact_under_both_rules_when_it_rises() {
    for auc_method in [AucMethod::Linear, LOG] {
        let options = Options { auc_method, window: Some((0.5, 3.5)), ..Options::default() };
        let result = run(&[0.0, 1.0, 4.0], &[0.0, 2.0, 8.0], Lloq::Unknown, &options);
        assert_eq!(result.auc_last, Some(16.0));
        assert_eq!(result.window.and_then(|w| w.area), Some(12.0));
        // Trapezoid of the products 0, 2, 32.
        assert_eq!(result.aumc_last, Some(1.0 + 51.0));
        assert_eq!(result.terminal, None);
    }
}

#[test]
fn first_of_equal_peaks_and_last_quantifiable() {
    let result = plain(&[0.0, 1.0, 2.0, 3.0, 4.0], &[0.0, 5.0, 5.0, 2.0, 0.0]);
    assert_eq!((result.cmax, result.tmax), (Some(5.0), Some(1.0)));
    assert_eq!((result.clast, result.tlast, result.tlag), (Some(2.0), Some(3.0), Some(0.0)));
    assert_eq!((result.auc_last, result.auc_all), (Some(2.5 + 5.0 + 3.5), Some(12.0)));
    assert_eq!((result.samples, result.below_quantification), (5, 2));
    assert_eq!(plain(&[3.0, 4.0], &[1.0, 0.0]).tlag, Some(3.0));
}

#[test]
fn a_value_at_the_limit_of_quantification_is_quantifiable() {
    let tlast = |lloq| run(&[0.0, 1.0, 2.0], &[0.0, 9.0, 3.0], lloq, &Options::default()).tlast;
    assert_eq!(tlast(Lloq::Constant(3.0)), Some(2.0));
    assert_eq!(tlast(Lloq::Constant(3.000_001)), Some(1.0));
    assert_eq!(tlast(Lloq::PerSample(&[3.0, 3.0, 4.0])), Some(1.0));
    assert_eq!(tlast(Lloq::Unknown), Some(2.0));
}

#[test]
fn rules_for_values_below_quantification() {
    // Below 10: days 0 and 1, day 3 between quantifiable samples, days 5 and 6 after the last.
    let (time, concentration) = ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [0.0, 4.0, 20.0, 6.0, 12.0, 8.0, 0.0]);
    let at = |rule, auc_method| {
        let options = Options {
            below_quantification: rule,
            auc_method,
            window: Some((0.0, 6.0)),
            ..Options::default()
        };
        let k = run(&time, &concentration, Lloq::Constant(10.0), &options);
        assert_eq!((k.cmax, k.tmax, k.tlast, k.below_quantification), (Some(20.0), Some(2.0), Some(4.0), 5));
        (k.auc_last.expect("area"), k.auc_all.expect("area"), k.window.and_then(|w| w.area).expect("area"))
    };
    // 10 up to day 2, then 20 -> 0 -> 12, then down to 0.
    assert_eq!(at(BelowQuantification::Zero, AucMethod::Linear), (10.0 + 10.0 + 6.0, 32.0, 32.0));
    // Day 3 ignored: 20 -> 12 over two days.
    assert_eq!(at(BelowQuantification::Drop, AucMethod::Linear), (10.0 + 32.0, 48.0, 48.0));
    // 20 -> 5 -> 12, then 12 -> 5 -> 5.
    let half = 10.0 + 12.5 + 8.5;
    assert_eq!(at(BelowQuantification::Half, AucMethod::Linear), (half, half + 8.5, half + 8.5 + 5.0));
    // Falling to 0 stays linear under log-down; falling between positive values does not.
    assert_eq!(at(BelowQuantification::Zero, LOG), at(BelowQuantification::Zero, AucMethod::Linear));
    close(at(BelowQuantification::Drop, LOG).0, 10.0 + 2.0 * 8.0 / (20.0_f64 / 12.0).ln());
    close(at(BelowQuantification::Half, LOG).0, 10.0 + 15.0 / 4.0_f64.ln() + 8.5);
}

#[test]
fn half_needs_the_limit_only_where_it_is_used() {
    let options = Options { below_quantification: BelowQuantification::Half, ..Options::default() };
    let at = |concentration: &[f64]| {
        analyse(&Samples { time: &[0.0, 1.0, 2.0, 3.0], concentration, lloq: Lloq::Unknown }, &options)
    };
    assert!(at(&[0.0, 5.0, 3.0, 2.0]).is_ok());
    assert!(matches!(at(&[5.0, 0.0, 3.0, 2.0]), Err(Error::Undefined { .. })));
    assert!(matches!(at(&[5.0, 4.0, 3.0, 0.0]), Err(Error::Undefined { .. })));
}

#[test]
fn a_window_needs_samples_to_its_end() {
    let at = |start, end| {
        let options = Options { window: Some((start, end)), ..Options::default() };
        run(&[1.0, 7.0, 28.0], &[2.0, 10.0, 4.0], Lloq::Unknown, &options).window.expect("window")
    };
    let whole = at(1.0, 28.0);
    assert_eq!((whole.covered, whole.start_assumed_zero, whole.area), (true, false, Some(36.0 + 147.0)));
    let beyond = at(1.0, 28.000_001);
    assert_eq!((beyond.covered, beyond.area), (false, None));
    assert!(at(1.0, 27.999_999).covered);
    // Before the first sample the curve starts at 0: a triangle of 1 x 2 / 2.
    let early = at(0.0, 28.0);
    assert_eq!((early.covered, early.start_assumed_zero, early.area), (true, true, Some(184.0)));
    // A window wholly before the first sample holds no information.
    assert_eq!((at(-5.0, 0.5).covered, at(-5.0, 0.5).area), (false, None));
    // Samples after the last quantifiable one count as followed up.
    let options = Options { window: Some((0.0, 28.0)), ..Options::default() };
    let cleared = run(&[0.0, 7.0, 28.0], &[0.0, 10.0, 0.0], Lloq::Unknown, &options).window.expect("window");
    assert_eq!((cleared.covered, cleared.area), (true, Some(35.0 + 105.0)));
    let between = run(&[0.0, 7.0, 35.0], &[0.0, 10.0, 0.0], Lloq::Unknown, &options).window.expect("window");
    close(between.area.expect("area"), 35.0 + 131.25);
}

#[test]
fn profiles_with_nothing_to_measure() {
    let options = Options { window: Some((0.0, 28.0)), ..Options::default() };
    let nothing = run(&[], &[], Lloq::Unknown, &options);
    assert_eq!((nothing.cmax, nothing.tmax, nothing.clast, nothing.auc_last), (None, None, None, None));
    assert_eq!(nothing.window.map(|w| (w.covered, w.area)), Some((false, None)));
    let below = run(&[0.0, 28.0], &[0.0, 3.0], Lloq::Constant(5.0), &options);
    assert_eq!((below.cmax, below.tmax, below.clast, below.tlast), (Some(0.0), None, Some(0.0), None));
    assert_eq!((below.auc_last, below.auc_all, below.terminal), (Some(0.0), Some(0.0), None));
    assert_eq!(below.window.and_then(|w| w.area), Some(0.0));
    assert_eq!(below.exposure_observed(), None);
    let one = plain(&[5.0], &[3.0]);
    assert_eq!(
        (one.tmax, one.tlast, one.auc_last, one.auc_all),
        (Some(5.0), Some(5.0), Some(0.0), Some(0.0))
    );
}

/// The number of samples changes exactly where the adjusted R² of the longer fit falls 10⁻⁴ below the best.
#[test]
fn tolerance_of_the_terminal_fit_on_both_sides() {
    let fit = |bend: f64| {
        let time = [0.0, 1.0, 2.0, 3.0, 4.0];
        let logs = [10.0, 4.0 + bend, 3.0, 2.0, 1.0];
        let concentration: Vec<f64> = logs.iter().map(|l: &f64| l.exp()).collect();
        plain(&time, &concentration).terminal.expect("slope")
    };
    assert_eq!((fit(0.0).points, fit(1.0).points), (4, 3));
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if fit(middle).points == 4 { low = middle } else { high = middle }
    }
    assert_eq!((fit(low).points, fit(high).points), (4, 3));
    // The last three samples lie on a line, so that the best adjusted R² is 1.
    assert!((1.0 - fit(low).adj_r_squared - 1e-4).abs() < 1e-9);
    let r = fit(low);
    close(r.adj_r_squared, 1.0 - (1.0 - r.r_squared) * 3.0 / 2.0);
}

#[test]
fn only_falling_slopes_are_terminal() {
    assert_eq!(plain(&[0.0, 1.0, 2.0, 3.0, 4.0], &[0.0, 9.0, 1.0, 2.0, 3.0]).terminal, None);
    assert_eq!(plain(&[0.0, 1.0, 2.0, 3.0, 4.0], &[0.0, 9.0, 2.0, 2.0, 2.0]).terminal, None);
    // Two samples after the peak are not enough; with the peak three are.
    let (time, concentration) = ([0.0, 1.0, 2.0, 3.0], [0.0, 8.0, 4.0, 2.0]);
    assert_eq!(plain(&time, &concentration).terminal, None);
    let options = Options { terminal_from_peak: true, ..Options::default() };
    let fit = run(&time, &concentration, Lloq::Unknown, &options).terminal.expect("slope");
    assert_eq!((fit.points, fit.first_time), (3, 1.0));
    close(fit.half_life, 1.0);
    // A sample below quantification within the decline is not a point of the line.
    let fit =
        plain(&[0.0, 1.0, 2.0, 2.5, 3.0, 4.0], &[0.0, 16.0, 8.0, 0.0, 4.0, 2.0]).terminal.expect("slope");
    assert_eq!(fit.points, 3);
    close(fit.half_life, 1.0);
}

#[test]
fn a_bolus_starts_where_its_decline_points_back_to() {
    let at = |concentration: [f64; 3]| {
        let below_quantification = BelowQuantification::Zero;
        let options =
            Options { origin: Origin::Bolus, auc_method: LOG, below_quantification, ..Options::default() };
        run(&[1.0, 2.0, 3.0], &concentration, Lloq::Unknown, &options)
    };
    let falling = at([8.0, 4.0, 2.0]);
    close(falling.initial_concentration.expect("c0"), 16.0);
    close(falling.auc_last.expect("area"), 14.0 / core::f64::consts::LN_2);
    assert_eq!(falling.cmax, Some(8.0));
    assert_eq!(at([8.0, 9.0, 2.0]).initial_concentration, Some(8.0));
    assert_eq!(at([8.0, 0.0, 2.0]).initial_concentration, Some(8.0));
    let options = Options { origin: Origin::Bolus, ..Options::default() };
    assert_eq!(run(&[0.0, 1.0], &[8.0, 4.0], Lloq::Unknown, &options).initial_concentration, None);
}

#[test]
fn input_that_is_refused() {
    let refuse = |time: &[f64], concentration: &[f64], lloq, options: &Options| {
        analyse(&Samples { time, concentration, lloq }, options).expect_err("refused")
    };
    let plain = Options::default();
    let one = Lloq::Unknown;
    assert!(matches!(
        refuse(&[0.0], &[], one, &plain),
        Error::LengthMismatch { column: "concentration", .. }
    ));
    assert!(matches!(
        refuse(&[0.0], &[1.0], Lloq::PerSample(&[]), &plain),
        Error::LengthMismatch { column: "lloq", .. }
    ));
    let nan = refuse(&[0.0, f64::NAN], &[1.0, 1.0], one, &plain);
    assert!(matches!(nan, Error::InvalidValue { column: "time", row: 1, .. }));
    let negative = refuse(&[0.0, 1.0], &[1.0, -1.0], one, &plain);
    assert!(matches!(negative, Error::InvalidValue { column: "concentration", row: 1, .. }));
    let twice = refuse(&[2.0, 1.0, 2.0], &[1.0, 1.0, 1.0], one, &plain);
    assert!(matches!(twice, Error::InvalidValue { column: "time", row: 2, .. }));
    assert!(matches!(
        refuse(&[0.0], &[1.0], Lloq::Constant(-1.0), &plain),
        Error::InvalidParameter { name: "lloq", .. }
    ));
    let limits = Lloq::PerSample(&[f64::NAN]);
    assert!(matches!(refuse(&[0.0], &[1.0], limits, &plain), Error::InvalidValue { column: "lloq", .. }));
    for window in [(0.0, 0.0), (1.0, 0.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
        let options = Options { window: Some(window), ..plain };
        assert!(matches!(refuse(&[0.0], &[1.0], one, &options), Error::InvalidParameter { .. }));
    }
}

fn profile() -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    prop::collection::vec((0.1..9.0_f64, prop_oneof![3 => 0.5..1e5_f64, 1 => Just(0.0)]), 2..14).prop_map(
        |steps| {
            let mut now = 0.0;
            steps
                .into_iter()
                .map(|(step, c)| {
                    now += step;
                    (now, c)
                })
                .unzip()
        },
    )
}

fn near(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Two windows that meet add up to the window over both, wherever they meet.
    #[test]
    fn windows_add_up((time, concentration) in profile(), cut in 0.01..0.99_f64, log in any::<bool>()) {
        let (first, last) = (time[0], time[time.len() - 1]);
        let middle = first + cut * (last - first);
        let area = |start, end| {
            let auc_method = if log { LOG } else { AucMethod::Linear };
            let options = Options { auc_method, window: Some((start, end)), ..Options::default() };
            run(&time, &concentration, Lloq::Unknown, &options).window.and_then(|w| w.area).expect("area")
        };
        let (whole, parts) = (area(first, last), area(first, middle) + area(middle, last));
        prop_assert!((whole - parts).abs() <= 1e-9 * whole.max(1.0), "{whole} {parts}");
        if !log {
            prop_assert!(whole >= 0.0);
        }
    }

    /// The order of the rows is irrelevant, and units of time and concentration only scale.
    #[test]
    fn permutation_and_units((time, concentration) in profile(), by_time in 0.1..50.0_f64, by_conc in 0.01..100.0_f64) {
        let end = time[time.len() - 1];
        let options = Options { auc_method: LOG, window: Some((0.0, end)), ..Options::default() };
        let base = run(&time, &concentration, Lloq::Unknown, &options);
        let reverse = |v: &[f64]| v.iter().rev().copied().collect::<Vec<f64>>();
        prop_assert_eq!(&run(&reverse(&time), &reverse(&concentration), Lloq::Unknown, &options), &base);
        let scale = |v: &[f64], by: f64| v.iter().map(|x| x * by).collect::<Vec<f64>>();
        let window = Some((0.0, time[time.len() - 1] * by_time));
        let scaled = run(&scale(&time, by_time), &scale(&concentration, by_conc), Lloq::Unknown, &Options { window, ..options });
        let times = |v: Option<f64>, by: f64| v.map(|x| x * by);
        prop_assert!(near(scaled.cmax, times(base.cmax, by_conc)));
        prop_assert!(near(scaled.tmax, times(base.tmax, by_time)));
        prop_assert!(near(scaled.auc_last, times(base.auc_last, by_time * by_conc)));
        prop_assert!(near(scaled.aumc_last, times(base.aumc_last, by_time * by_time * by_conc)));
        prop_assert!(near(scaled.window.and_then(|w| w.area), times(base.window.and_then(|w| w.area), by_time * by_conc)));
        let (a, b) = (base.terminal, scaled.terminal);
        if a.map(|t| t.points) == b.map(|t| t.points) {
            prop_assert!(near(times(a.map(|t| t.lambda_z), 1.0 / by_time), b.map(|t| t.lambda_z)));
        }
    }

    /// The log rule never exceeds the straight line, and both agree where nothing falls between positive values.
    #[test]
    fn log_down_is_below_the_line((time, concentration) in profile()) {
        let area = |auc_method| {
            run(&time, &concentration, Lloq::Unknown, &Options { auc_method, ..Options::default() }).auc_last.expect("area")
        };
        prop_assert!(area(LOG) <= area(AucMethod::Linear) * (1.0 + 1e-12));
        let mut rising = concentration.clone();
        rising.sort_by(f64::total_cmp);
        let rising = |auc_method| run(&time, &rising, Lloq::Unknown, &Options { auc_method, ..Options::default() }).auc_last;
        prop_assert_eq!(rising(LOG), rising(AucMethod::Linear));
    }

    /// A sample placed on the curve changes no area.
    #[test]
    fn a_sample_on_the_line_changes_nothing((time, concentration) in profile(), at in 0.05..0.95_f64, which in 0..20_usize) {
        let i = which % (time.len() - 1);
        prop_assume!(concentration[i] > 0.0 && concentration[i + 1] > 0.0);
        let (mut t, mut c) = (time.clone(), concentration.clone());
        t.push(time[i] + at * (time[i + 1] - time[i]));
        c.push(concentration[i] + at * (concentration[i + 1] - concentration[i]));
        prop_assert!(near(plain(&time, &concentration).auc_last, plain(&t, &c).auc_last));
    }
}
