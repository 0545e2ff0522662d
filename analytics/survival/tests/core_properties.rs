//! Properties of the non-parametric estimators on random data.
#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::float_cmp, reason = "counts in f64 are exact")]

use proptest::prelude::*;
use survival::aalen_johansen::{CifOptions, CifVariance, aalen_johansen};
use survival::event_table::{DayTally, EventTable, Subjects};
use survival::gray::gray_test;
use survival::kaplan_meier::{KmOptions, kaplan_meier};
use survival::log_rank::{Weight, log_rank};
use survival::rmst::rmst;

const CAUSES: usize = 3;
const GROUPS: usize = 4;

#[derive(Debug, Clone)]
struct Rows {
    entry: Vec<i32>,
    exit: Vec<i32>,
    cause: Vec<u8>,
    group: Vec<u32>,
    weight: Vec<f64>,
}

impl Rows {
    fn plain(&self) -> Subjects<'_> {
        Subjects::new(&self.exit, &self.cause).with_group(&self.group)
    }

    fn late(&self) -> Subjects<'_> {
        self.plain().with_entry(&self.entry)
    }

    fn permuted(&self, order: &[usize]) -> Self {
        Self {
            entry: order.iter().map(|&i| self.entry[i]).collect(),
            exit: order.iter().map(|&i| self.exit[i]).collect(),
            cause: order.iter().map(|&i| self.cause[i]).collect(),
            group: order.iter().map(|&i| self.group[i]).collect(),
            weight: order.iter().map(|&i| self.weight[i]).collect(),
        }
    }
}

fn rows() -> impl Strategy<Value = Rows> {
    let groups = u32::try_from(GROUPS).unwrap();
    let row = (-3_i32..25, 0_i32..40, 0_u8..=3, 0..groups, 0.0_f64..4.0);
    prop::collection::vec(row, 0..120).prop_map(|rows| Rows {
        entry: rows.iter().map(|r| r.0).collect(),
        exit: rows.iter().map(|r| r.1).collect(),
        cause: rows.iter().map(|r| r.2).collect(),
        group: rows.iter().map(|r| r.3).collect(),
        weight: rows.iter().map(|r| r.4).collect(),
    })
}

fn tables(subjects: &Subjects) -> Vec<EventTable> {
    EventTable::from_days(subjects, CAUSES, GROUPS).unwrap()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-11 * (1.0 + a.abs().max(b.abs()))
}

proptest! {
    /// Every cell against its definition, row by row.
    #[test]
    fn table_counts_what_it_says(r in rows()) {
        for (group, table) in tables(&r.late()).iter().enumerate() {
            let mine: Vec<usize> = (0..r.exit.len()).filter(|&i| r.group[i] as usize == group).collect();
            let used: Vec<usize> = mine.iter().copied().filter(|&i| r.entry[i] < r.exit[i]).collect();
            prop_assert_eq!(table.n(), used.len() as u64);
            prop_assert_eq!(table.excluded(), (mine.len() - used.len()) as u64);
            let mut times: Vec<i32> = used.iter().map(|&i| r.exit[i]).collect();
            times.extend(used.iter().map(|&i| r.entry[i]).filter(|&e| e >= 0));
            times.sort_unstable();
            times.dedup();
            prop_assert_eq!(table.time(), times.iter().map(|&t| f64::from(t)).collect::<Vec<_>>());
            let count = |f: &dyn Fn(usize) -> bool| used.iter().filter(|&&i| f(i)).count() as f64;
            for (row, &t) in times.iter().enumerate() {
                prop_assert_eq!(table.at_risk()[row], count(&|i| r.entry[i] < t && t <= r.exit[i]));
                prop_assert_eq!(table.censored()[row], count(&|i| r.exit[i] == t && r.cause[i] == 0));
                for k in 1..=3_u8 {
                    prop_assert_eq!(table.events(k.into())[row], count(&|i| r.exit[i] == t && r.cause[i] == k));
                }
                if let Some(entered) = table.entered() {
                    prop_assert_eq!(entered[row], count(&|i| r.entry[i] == t));
                }
            }
            let person: i32 = used.iter().map(|&i| r.exit[i] - r.entry[i].max(0)).sum();
            prop_assert_eq!(table.person_time(), f64::from(person));
            for probe in [0.5, 7.0, 20.25] {
                let expected = count(&|i| f64::from(r.entry[i]) < probe && probe <= f64::from(r.exit[i]));
                prop_assert_eq!(table.at_risk_at(probe), expected);
            }
        }
    }

    #[test]
    fn merged_tables_are_the_pooled_data(r in rows()) {
        for subjects in [r.plain(), r.late()] {
            let pooled = EventTable::from_days(&Subjects { group: None, ..subjects }, CAUSES, 1).unwrap();
            let mut merged = EventTable::merged(&tables(&subjects)).unwrap();
            if merged.entered().is_none() && pooled[0].entered().is_none() {
                prop_assert_eq!(&merged, &pooled[0]);
            }
            merged = merged.any_cause();
            let (a, b) = (kaplan_meier(&merged, &KmOptions::default()), kaplan_meier(&pooled[0], &KmOptions::default()));
            prop_assert_eq!(a.unwrap().curve(), b.unwrap().curve());
        }
    }

    #[test]
    fn chunks_threads_and_order_change_nothing(r in rows(), seed in any::<u64>(), cut in 0_usize..120) {
        let mut order: Vec<usize> = (0..r.exit.len()).collect();
        order.sort_by_key(|&i| (i as u64 + 1).wrapping_mul(seed | 1));
        let shuffled = r.permuted(&order);
        let expected = tables(&r.late());
        prop_assert_eq!(&tables(&shuffled.late()), &expected);
        for threads in 1..5 {
            prop_assert_eq!(&EventTable::from_days_on(&r.late(), CAUSES, GROUPS, threads).unwrap(), &expected);
        }
        let cut = cut.min(r.exit.len());
        let mut tally = DayTally::new(CAUSES, GROUPS);
        for part in [0..cut, cut..r.exit.len()] {
            let chunk = Subjects {
                entry: Some(&r.entry[part.clone()]),
                exit: &r.exit[part.clone()],
                cause: &r.cause[part.clone()],
                group: Some(&r.group[part]),
                weight: None,
            };
            tally.push(&chunk).unwrap();
        }
        prop_assert_eq!(&tally.finish(), &expected);
    }

    #[test]
    fn real_valued_times_agree_with_days(r in rows()) {
        let real = |days: &[i32]| days.iter().map(|&d| f64::from(d)).collect::<Vec<f64>>();
        let (entry, exit) = (real(&r.entry), real(&r.exit));
        let subjects = Subjects::new(&exit, &r.cause).with_group(&r.group);
        prop_assert_eq!(EventTable::from_times(&subjects, CAUSES, GROUPS).unwrap(), tables(&r.plain()));
        let late = EventTable::from_times(&subjects.with_entry(&entry), CAUSES, GROUPS).unwrap();
        for (real, days) in late.iter().zip(tables(&r.late())) {
            prop_assert_eq!((real.time(), real.at_risk(), real.n()), (days.time(), days.at_risk(), days.n()));
            prop_assert_eq!((real.events(2), real.censored(), real.excluded()), (days.events(2), days.censored(), days.excluded()));
        }
    }

    #[test]
    fn whole_weights_repeat_rows(r in rows()) {
        let weight: Vec<f64> = r.weight.iter().map(|w| w.floor()).collect();
        let repeat: Vec<usize> = (0..weight.len())
            .flat_map(|i| std::iter::repeat_n(i, r.weight[i].floor().to_string().parse().unwrap()))
            .collect();
        let repeated = tables(&r.permuted(&repeat).late());
        for (weighted, repeated) in tables(&r.late().with_weight(&weight)).iter().zip(&repeated) {
            let curve = |table| kaplan_meier(table, &KmOptions::default()).unwrap().curve();
            prop_assert_eq!(curve(weighted), curve(repeated));
            prop_assert_eq!(weighted.person_time(), repeated.person_time());
        }
    }

    #[test]
    fn incidences_and_survival_sum_to_one(r in rows()) {
        for table in tables(&r.late()) {
            for variance in [CifVariance::Aalen, CifVariance::Greenwood] {
                let options = CifOptions { variance, ..CifOptions::default() };
                let aj = aalen_johansen(&table, &options).unwrap();
                for (row, s) in aj.event_free().iter().enumerate() {
                    let sum = s + (1..=CAUSES).map(|k| aj.cif(k)[row]).sum::<f64>();
                    prop_assert!(close(sum, 1.0), "{sum}");
                    prop_assert!((1..=CAUSES).all(|k| aj.variance(k)[row] >= -1e-15));
                }
            }
            // One cause: the incidence is 1 - S with Greenwood's variance.
            let single = table.any_cause();
            let options = CifOptions { variance: CifVariance::Greenwood, ..CifOptions::default() };
            let (aj, km) = (aalen_johansen(&single, &options).unwrap(), kaplan_meier(&single, &KmOptions::default()).unwrap());
            for (row, (&s, &v)) in km.surv().iter().zip(km.var_log()).enumerate() {
                prop_assert!(close(aj.cif(1)[row], 1.0 - s));
                if v.is_finite() {
                    prop_assert!(close(aj.variance(1)[row], s * s * v));
                }
            }
        }
    }

    #[test]
    fn without_censoring_the_curve_is_empirical(exit in prop::collection::vec(0_i32..30, 1..80)) {
        let table = &EventTable::from_days(&Subjects::new(&exit, &vec![1; exit.len()]), 1, 1).unwrap()[0];
        let km = kaplan_meier(table, &KmOptions::default()).unwrap();
        let n = exit.len() as f64;
        for (&t, (&s, &v)) in km.time().iter().zip(km.surv().iter().zip(km.var_log())) {
            let empirical = exit.iter().filter(|&&x| f64::from(x) > t).count() as f64 / n;
            prop_assert!(close(s, empirical));
            if s > 0.0 {
                prop_assert!(close(s * s * v, empirical * (1.0 - empirical) / n));
            }
        }
        let last = f64::from(*exit.iter().max().unwrap());
        if last > 0.0 {
            let mean = exit.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
            prop_assert!(close(rmst(&km, last).unwrap().value, mean));
        }
    }

    #[test]
    fn the_time_unit_scales_times_only(r in rows(), scale in 0.2_f64..40.0) {
        let unit: Vec<f64> = r.exit.iter().map(|&d| f64::from(d)).collect();
        let scaled: Vec<f64> = unit.iter().map(|t| t * scale).collect();
        let build = |times: &[f64]| EventTable::from_times(&Subjects::new(times, &r.cause), CAUSES, 1).unwrap().swap_remove(0);
        let (a, b) = (build(&unit), build(&scaled));
        let (a, b) = (kaplan_meier(&a, &KmOptions::default()).unwrap(), kaplan_meier(&b, &KmOptions::default()).unwrap());
        prop_assert_eq!(a.surv(), b.surv());
        for (p, q) in a.quantiles(&[0.2, 0.5]).unwrap().iter().zip(b.quantiles(&[0.2, 0.5]).unwrap()) {
            prop_assert_eq!(p.value.is_some(), q.value.is_some());
            prop_assert!(p.value.zip(q.value).is_none_or(|(p, q)| close(p * scale, q)));
        }
    }

    #[test]
    fn tests_do_not_depend_on_labels(r in rows()) {
        let relabelled: Vec<u32> = r.group.iter().map(|g| (g + 1) % 4).collect();
        let (a, b) = (tables(&r.plain()), tables(&r.plain().with_group(&relabelled)));
        let same = |a: Option<f64>, b: Option<f64>| a.is_some() == b.is_some() && a.zip(b).is_none_or(|(a, b)| (a - b).abs() <= 1e-7 * (1.0 + a));
        for weight in [Weight::LogRank, Weight::Gehan, Weight::PetoPeto, Weight::FlemingHarrington { rho: 0.5, gamma: 2.0 }] {
            let (x, y) = (log_rank(&a, weight).unwrap(), log_rank(&b, weight).unwrap());
            prop_assert!(same(x.chisq, y.chisq), "{x:?} {y:?}");
            prop_assert!(x.score.iter().sum::<f64>().abs() < 1e-9 * (1.0 + x.score.iter().map(|s| s.abs()).sum::<f64>()));
        }
        let (x, y) = (gray_test(&a, 1, 0.0).unwrap(), gray_test(&b, 1, 0.0).unwrap());
        prop_assert!(same(x.chisq, y.chisq), "{x:?} {y:?}");
    }
}
