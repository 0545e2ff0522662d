//! Funnel limits, z-scores and dispersion against values computed in R (`qpois`, `qbinom`, `qchisq`, `qbeta`,
//! `quantile(type = 7)` put into the published formulas), and the places where a scale breaks down.

#![expect(clippy::float_cmp, reason = "figures that are exact in binary are asserted exactly")]

use survival::funnel::{
    Center, LimitMethod, Options, Outcome, Position, Transform, Widening, dispersion, funnel, limits,
    quantile, z_score,
};

fn close(value: f64, reference: f64) {
    let difference = (value - reference).abs() / reference.abs().max(f64::MIN_POSITIVE);
    assert!(value == reference || difference < 1e-12, "{value} against {reference}, relative {difference:e}");
}

fn pair(value: (f64, f64), reference: (f64, f64)) {
    close(value.0, reference.0);
    close(value.1, reference.1);
}

fn exact(outcome: Outcome, size: f64, target: f64, level: f64) -> (f64, f64) {
    limits(outcome, size, target, level, LimitMethod::Exact, None).expect("limits")
}

const EVENTS: [u64; 10] = [0, 3, 12, 7, 25, 9, 2, 31, 14, 5];
const EXPECTED: [f64; 10] = [1.1, 4.2, 5.2, 8.8, 18.3, 9.9, 3.1, 22.4, 15.7, 6.6];

fn centers() -> Vec<Center> {
    EVENTS.iter().zip(EXPECTED).map(|(&events, size)| Center { events, size }).collect()
}

#[test]
fn interpolated_poisson_limits() {
    // At 0.3 and 2 expected the interpolated lower quantile is negative: no number of events is too few.
    let reference = [
        (0.3, (0.0, 4.526_839_806_415_03), (0.0, 9.265_887_976_612_71)),
        (2.0, (0.0, 2.383_118_180_857_59), (0.0, 3.556_279_622_997_9)),
        (5.2, (0.130_614_128_952_618, 1.859_185_205_773_48), (0.0, 2.502_353_114_100_45)),
        (40.0, (0.689_095_325_470_59, 1.309_479_631_572_67), (0.535_000_708_098_947, 1.511_290_571_698_11)),
        (350.5, (0.895_233_706_589_018, 1.104_610_460_505_93), (0.837_595_903_548_999, 1.167_671_588_933_93)),
    ];
    for (size, at_95, at_998) in reference {
        pair(exact(Outcome::Ratio, size, 1.0, 0.95), at_95);
        pair(exact(Outcome::Ratio, size, 1.0, 0.998), at_998);
    }
    pair(exact(Outcome::Ratio, 5.2, 1.3, 0.95), (0.308_506_816_842_855, 2.274_547_037_327_02));
}

#[test]
fn interpolated_binomial_limits() {
    let reference = [
        (1.0, (0.0, 0.791_666_666_666_667), (0.0, 0.991_666_666_666_667)),
        (10.0, (0.0, 0.298_747_768_787_826), (0.0, 0.482_076_800_829_662)),
        (
            60.0,
            (0.035_538_772_133_164_5, 0.199_338_140_153_474),
            (0.002_328_509_239_998_16, 0.258_557_791_618_281),
        ),
        (
            1000.0,
            (0.099_713_390_164_302_1, 0.139_988_736_511_377),
            (0.088_863_140_670_443_3, 0.152_320_806_949_581),
        ),
    ];
    for (size, at_95, at_998) in reference {
        pair(exact(Outcome::Proportion, size, 0.12, 0.95), at_95);
        pair(exact(Outcome::Proportion, size, 0.12, 0.998), at_998);
    }
}

#[test]
fn limits_of_the_expected_number_as_a_count() {
    let at = |outcome, size, target| {
        limits(outcome, size, target, 0.95, LimitMethod::ChiSquare, None).expect("limits")
    };
    pair(at(Outcome::Ratio, 0.3, 1.0), (1.061_893_010_579_72e-05, 14.312_590_369_545_3));
    pair(at(Outcome::Ratio, 2.0, 1.0), (0.121_104_639_271_982, 3.612_343_833_861_98));
    pair(at(Outcome::Ratio, 5.2, 1.0), (0.333_846_066_149_567, 2.297_907_243_446_09));
    pair(at(Outcome::Ratio, 40.0, 1.0), (0.714_414_661_044_724, 1.361_716_174_099_6));
    pair(at(Outcome::Proportion, 10.0, 0.12), (0.005_169_512_924_704_27, 0.468_726_952_522_671));
    pair(at(Outcome::Proportion, 60.0, 0.12), (0.050_405_766_743_608_7, 0.229_791_203_693_613));
}

#[test]
fn interpolated_limits_are_crossed_by_the_right_counts() {
    // Between the count at the quantile and the one before it: k events are beyond the upper limit when their tail is
    // clearly under 2.5 %, within it when clearly over.
    for size in [0.7, 3.0, 11.5, 80.0] {
        let (lower, upper) = exact(Outcome::Ratio, size, 1.0, 0.95);
        for k in 0..200_u64 {
            let (ratio, count) = (k as f64 / size, k as f64);
            let above = survival::special::poisson_at_least(k, size);
            let below = survival::special::poisson_at_most(k, size);
            if ratio > upper {
                assert!(above < 0.025 + survival::special::poisson_pmf(k, size), "{count} of {size}");
            } else if ratio > 1.0 {
                assert!(survival::special::poisson_at_least(k + 1, size) > 0.025 * 0.5, "{count} of {size}");
            }
            if ratio < lower {
                assert!(below < 0.025 + survival::special::poisson_pmf(k, size));
            }
        }
    }
}

#[test]
fn wider_with_level_narrower_with_size() {
    for outcome in [Outcome::Ratio, Outcome::Proportion] {
        for method in [LimitMethod::Exact, LimitMethod::ChiSquare, LimitMethod::Normal(Transform::SquareRoot)]
        {
            let mut previous = (0.0, f64::INFINITY);
            for size in [20.0, 50.0, 100.0, 400.0, 1000.0] {
                let at_95 = limits(outcome, size, 0.5, 0.95, method, None).expect("limits");
                let at_998 = limits(outcome, size, 0.5, 0.998, method, None).expect("limits");
                assert!(at_998.0 < at_95.0 && at_95.0 < 0.5 && 0.5 < at_95.1 && at_95.1 < at_998.1);
                assert!(previous.0 < at_95.0 && at_95.1 < previous.1);
                previous = at_95;
            }
        }
    }
}

#[test]
fn pooled_target_scores_and_dispersion() {
    let result = funnel(Outcome::Ratio, &centers(), &Options::default()).expect("funnel");
    close(result.target, 1.133_263_378_803_78);
    let z = [
        -2.233_015_644_086_85,
        -0.899_248_561_492_98,
        2.073_115_354_745_49,
        -1.024_419_395_588_66,
        0.892_043_076_055_064,
        -0.699_046_932_260_558,
        -0.920_234_756_134_352,
        1.058_803_129_474_62,
        -0.952_853_799_262_717,
        -0.997_612_960_665_538,
    ];
    for (center, reference) in result.centers.iter().zip(z) {
        let difference = (center.z.expect("z") - reference).abs();
        assert!(difference < 1e-12, "{center:?} against {reference}");
    }
    let d = result.dispersion.expect("dispersion");
    pair(d.winsorised_at, (-1.145_279_020_438_48, 1.160_234_352_001_71));
    close(d.phi, 0.967_135_637_810_76);
    assert!((d.tau_squared - 0.002_070_708_777_388_84).abs() < 1e-13);
    assert_eq!(d.centers, 10);
    close(result.centers[2].p.expect("p"), 0.035_572_825_784_280_9);
    close(result.centers[0].p.expect("p"), 0.574_967_054_628_691);
    assert_eq!(result.centers[2].position, [Position::Above, Position::Within]);
    assert_eq!(result.centers[1].position, [Position::Within, Position::Within]);
    let fixed = funnel(Outcome::Ratio, &centers(), &Options { target: Some(1.0), ..Options::default() });
    assert_eq!(fixed.expect("funnel").centers[2].position, [Position::Above, Position::Within]);
}

#[test]
fn a_center_without_events_on_each_scale() {
    let all = centers();
    let score = |transform| z_score(Outcome::Ratio, all[0], 1.0, transform);
    assert_eq!(score(Transform::Log), None);
    close(score(Transform::SquareRoot).expect("z"), -2.0 * 1.1_f64.sqrt());
    close(score(Transform::Identity).expect("z"), -(1.1_f64.sqrt()));
    let target = 1.133_263_378_803_78;
    let d =
        dispersion(Outcome::Ratio, &all, target, Transform::Log, 0.1).expect("dispersion").expect("scores");
    assert_eq!(d.centers, 9);
    assert!((d.phi - 1.021_312_661_549_17).abs() < 1e-12);
    assert!((d.tau_squared - 0.013_178_695_052_149_5).abs() < 1e-12);
    // All events, or none, of a proportion.
    for events in [0, 8] {
        let center = Center { events, size: 8.0 };
        assert_eq!(z_score(Outcome::Proportion, center, 0.12, Transform::Log), None);
        assert!(z_score(Outcome::Proportion, center, 0.12, Transform::SquareRoot).is_some());
    }
    let nobody = [Center { events: 0, size: 2.0 }, Center { events: 0, size: 5.0 }];
    let none = dispersion(Outcome::Ratio, &nobody, 1.0, Transform::Log, 0.1).expect("dispersion");
    assert_eq!(none, None);
    assert!(funnel(Outcome::Ratio, &nobody, &Options::default()).is_err());
    let fixed = funnel(Outcome::Ratio, &nobody, &Options { target: Some(1.0), ..Options::default() })
        .expect("funnel");
    assert_eq!(fixed.centers[0].value, Some(0.0));
    assert_eq!(fixed.centers[0].position, [Position::Within, Position::Within]);
}

#[test]
fn widened_limits_and_the_end_of_the_square_root_scale() {
    let target = 1.133_263_378_803_78;
    let d = dispersion(Outcome::Ratio, &centers(), target, Transform::SquareRoot, 0.1)
        .expect("dispersion")
        .expect("scores");
    let normal = LimitMethod::Normal(Transform::SquareRoot);
    let at = |widening| limits(Outcome::Ratio, 5.2, target, 0.95, normal, widening).expect("limits");
    // phi is below 1 and so does not narrow.
    pair(at(Some((Widening::Multiplicative, &d))), (0.402_968_381_931_772, 2.232_929_416_127_14));
    assert_eq!(at(Some((Widening::Multiplicative, &d))), at(None));
    let additive = at(Some((Widening::Additive, &d)));
    assert!(
        (additive.0 - 0.391_426_200_766_183).abs() < 1e-12
            && (additive.1 - 2.260_380_682_288_71).abs() < 1e-12
    );
    // 1 - z / (2 sqrt(E)) is negative below z² / 4 = 0.96 expected events: the limit stays at 0 and does not come back.
    let lower = |size| limits(Outcome::Ratio, size, 1.0, 0.95, normal, None).expect("limits").0;
    assert!(lower(0.97) > 0.0 && lower(0.97) < 1e-4);
    assert_eq!(lower(0.95), 0.0);
    assert_eq!(lower(0.1), 0.0);
    assert!(
        limits(Outcome::Ratio, 5.2, 1.0, 0.95, LimitMethod::Exact, Some((Widening::Additive, &d))).is_err()
    );
}

#[test]
fn proportions() {
    let events = [0, 3, 9, 4, 20];
    let sizes = [8.0, 25.0, 40.0, 33.0, 90.0];
    let centers: Vec<Center> =
        events.iter().zip(sizes).map(|(&events, size)| Center { events, size }).collect();
    let result = funnel(Outcome::Proportion, &centers, &Options { target: Some(0.12), ..Options::default() });
    let result = result.expect("funnel");
    let root =
        [-2.001_064_706_499_25, 0.0, 1.776_876_715_701_5, 0.021_380_998_964_456_1, 2.602_068_897_245_49];
    let logit = [f64::NEG_INFINITY, 0.0, 1.553_076_043_498_38, 0.021_334_653_956_885_7, 2.280_287_319_823_64];
    let identity =
        [-1.044_465_935_734_19, 0.0, 2.043_559_728_424, 0.021_427_478_217_774_2, 2.984_245_952_619_17];
    let p = [0.719_269_049_611_06, 1.0, 0.088_621_012_150_377, 1.0, 0.009_007_812_764_644_98];
    for i in 0..5 {
        let z = |t| z_score(Outcome::Proportion, centers[i], 0.12, t);
        assert!((result.centers[i].z.expect("z") - root[i]).abs() < 1e-12);
        assert!((z(Transform::Identity).expect("z") - identity[i]).abs() < 1e-12);
        match z(Transform::Log) {
            Some(value) => assert!((value - logit[i]).abs() < 1e-12),
            None => assert!(logit[i].is_infinite()),
        }
        assert!((result.centers[i].p.expect("p") - p[i]).abs() < 1e-12);
    }
    assert_eq!(result.centers[4].position, [Position::Above, Position::Within]);
    let normal =
        |t| limits(Outcome::Proportion, 40.0, 0.12, 0.95, LimitMethod::Normal(t), None).expect("limits");
    pair(normal(Transform::SquareRoot), (0.039_000_758_436_402_6, 0.237_201_971_928_411));
    pair(normal(Transform::Log), (0.049_922_400_858_530_4, 0.261_384_210_921_979));
}

#[test]
fn quantiles_of_type_seven() {
    let values = [1.0, 2.0, 4.0, 8.0];
    for (p, reference) in [(0.0, 1.0), (0.1, 1.3), (0.25, 1.75), (0.5, 3.0), (0.9, 6.8), (1.0, 8.0)] {
        assert!((quantile(&values, p).expect("quantile") - reference).abs() < 1e-14);
    }
    assert_eq!(quantile(&[5.0], 0.3), Some(5.0));
    assert_eq!(quantile(&[], 0.5), None);
    assert_eq!(quantile(&values, 1.1), None);
}

#[test]
fn winsorising_tames_one_extreme_center() {
    let mut all: Vec<Center> = (0..20).map(|i| Center { events: 18 + i % 5, size: 20.0 }).collect();
    all[0] = Center { events: 200, size: 20.0 };
    let phi = |trim| {
        dispersion(Outcome::Ratio, &all, 1.0, Transform::SquareRoot, trim)
            .expect("dispersion")
            .expect("scores")
            .phi
    };
    assert!(phi(0.0) > 10.0 && phi(0.1) < 1.0);
    for trim in [-0.01, 0.5, f64::NAN] {
        assert!(dispersion(Outcome::Ratio, &all, 1.0, Transform::SquareRoot, trim).is_err());
    }
}

#[test]
fn sizes_and_targets_that_are_refused() {
    let refused = |outcome, size, target, level| {
        limits(outcome, size, target, level, LimitMethod::Exact, None).is_err()
    };
    assert!(refused(Outcome::Ratio, -1.0, 1.0, 0.95));
    assert!(refused(Outcome::Ratio, 5.0, 0.0, 0.95));
    assert!(refused(Outcome::Ratio, 5.0, 1.0, 1.0));
    assert!(refused(Outcome::Proportion, 5.5, 0.1, 0.95));
    assert!(refused(Outcome::Proportion, 5.0, 1.0, 0.95));
    assert_eq!(exact(Outcome::Ratio, 0.0, 1.0, 0.95), (0.0, f64::INFINITY));
    assert_eq!(exact(Outcome::Proportion, 0.0, 0.2, 0.95), (0.0, 1.0));
    let too_many = [Center { events: 6, size: 5.0 }];
    assert!(
        funnel(Outcome::Proportion, &too_many, &Options { target: Some(0.5), ..Options::default() }).is_err()
    );
    let empty = [Center { events: 0, size: 0.0 }, Center { events: 1, size: 5.0 }];
    let placed =
        funnel(Outcome::Ratio, &empty, &Options { target: Some(1.0), ..Options::default() }).expect("funnel");
    assert_eq!((placed.centers[0].value, placed.centers[0].z, placed.centers[0].p), (None, None, None));
}
