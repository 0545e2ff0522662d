//! The order of the rows changes nothing.

use crate::support::{execute, words};
use proptest::prelude::*;

fn lines(rows: &[(u32, u32, u8, u8, i32, u8)]) -> Vec<String> {
    // Start, time (in quarters, so that some data sets are whole days and some are not), cause, group, covariate, weight.
    let one = |&(start, length, cause, group, x, weight): &(u32, u32, u8, u8, i32, u8)| {
        let (start, stop) = (f64::from(start) / 4.0, f64::from(start + length) / 4.0);
        format!(
            "{start},{stop},{cause},{},g{group},{},{},{}",
            u8::from(cause > 0),
            f64::from(x) / 7.0,
            f64::from(weight) / 3.0,
            start.floor()
        )
    };
    rows.iter().enumerate().map(|(i, row)| format!("{},p{i}", one(row))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn permuted_rows_give_the_same_bytes(
        rows in prop::collection::vec((0_u32..20, 0_u32..60, 0_u8..4, 0_u8..3, -20_i32..20, 0_u8..9), 1..40),
        seed in any::<u64>(),
    ) {
        let mut permuted = lines(&rows);
        let header = "s,t,c,e,g,x,w,f,i\n";
        let original = format!("{header}{}\n", permuted.join("\n"));
        let mut state = seed | 1;
        for i in (1..permuted.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            permuted.swap(i, usize::try_from(state >> 33).unwrap() % (i + 1));
        }
        let permuted = format!("{header}{}\n", permuted.join("\n"));
        for line in [
            "km - --time t --event e --group g --at 3",
            "km - --time t --event e --group g --entry s --weight w",
            "logrank - --time t --event e --group g --strata c --entry s --test peto-peto",
            "cuminc - --time t --cause c --group g",
            "cuminc - --time t --cause c --entry s --weight w",
            "cox - --time t --event e --covariates x,g=g0 --entry s --weight w --cluster g --zph",
            "cox - --time t --event e --covariates x --strata g --ties breslow",
            "fine-gray - --time t --cause c --covariates x,w",
            "rate - --event e --person-time t --group g",
            "proportion - --event e --group g",
            "recurrent - --id i --start s --stop t --event e --group g --at 2",
            "multistate - --id i --start s --stop t --from c --to g --at 30",
            "nca - --id i --time t --conc w",
        ] {
            match (execute(&words(line), original.as_bytes()), execute(&words(line), permuted.as_bytes())) {
                (Ok(a), Ok(b)) => prop_assert_eq!(String::from_utf8(a.0), String::from_utf8(b.0), "{}", line),
                (Err(a), Err(b)) => prop_assert_eq!(a.exit_code(), b.exit_code()),
                (a, b) => prop_assert!(false, "{line}: {a:?} and {b:?}"),
            }
        }
    }
}
