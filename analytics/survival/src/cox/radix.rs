//! Radix sort of 64-bit keys: continuous times and linear predictors are ordered without comparisons.

const BITS: u32 = 11;
const SIZE: usize = 1 << BITS;
const PASSES: usize = 6;

/// Key whose unsigned order is the numeric order of finite `value`s; -0 and 0 share one key.
pub(crate) fn key(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | (1 << 63) }
}

/// Value of a key made by [`key`].
pub(crate) fn value(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

/// Keys in ascending order with the index each came from; equal keys keep their order.
pub(crate) fn sort(keys: impl ExactSizeIterator<Item = u64>) -> Vec<(u64, u32)> {
    let mut from: Vec<(u64, u32)> = Vec::with_capacity(keys.len());
    let mut index = 0_u32;
    for k in keys {
        from.push((k, index));
        index = index.wrapping_add(1);
    }
    if from.len() < 256 {
        from.sort_unstable();
        return from;
    }
    let mut counts = vec![[0_u32; SIZE]; PASSES];
    for &(k, _) in &from {
        for (pass, count) in counts.iter_mut().enumerate() {
            count[digit(k, pass)] += 1;
        }
    }
    let mut to = vec![(0, 0); from.len()];
    for (pass, count) in counts.iter_mut().enumerate() {
        // A digit shared by all keys orders nothing.
        if count[digit(from[0].0, pass)] as usize == from.len() {
            continue;
        }
        let mut next = 0;
        for c in count.iter_mut() {
            let here = *c;
            *c = next;
            next += here;
        }
        for &item in &from {
            let slot = &mut count[digit(item.0, pass)];
            to[*slot as usize] = item;
            *slot += 1;
        }
        std::mem::swap(&mut from, &mut to);
    }
    from
}

fn digit(key: u64, pass: usize) -> usize {
    // The mask comes first, so nothing is lost.
    usize::try_from((key >> (BITS as usize * pass)) & (SIZE as u64 - 1)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn same_order_as_a_comparison_sort(values in proptest::collection::vec(-1e6..1e6_f64, 0..2000)) {
            let sorted = sort(values.iter().map(|v| key(*v)));
            let mut expected: Vec<usize> = (0..values.len()).collect();
            expected.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
            let order: Vec<usize> = sorted.iter().map(|(_, i)| *i as usize).collect();
            prop_assert_eq!(order, expected);
            for (k, i) in sorted {
                prop_assert_eq!(value(k).to_bits(), (values[i as usize] + 0.0).to_bits());
            }
        }
    }

    #[test]
    fn zeros_of_both_signs_are_one_key() {
        assert_eq!(key(0.0), key(-0.0));
        assert!(key(-1.0) < key(-0.5) && key(-0.5) < key(0.0) && key(0.0) < key(1e-300));
    }
}
