//! Radix sort of 64-bit keys.

/// Bits per pass: 2048 counters fit in the first-level cache.
const DIGIT: u32 = 11;
const BUCKETS: usize = 1 << DIGIT;
/// Leading bits the radix passes look at; what is still unordered below them is ordered in short runs.
const LEADING: u32 = 3 * DIGIT;

/// Sorts keys of which only the lowest `width` bits are used, on one or two threads.
pub(super) fn sort_keys(keys: &mut Vec<u64>, width: u32, threads: usize) {
    if keys.len() < 256 {
        keys.sort_unstable();
        return;
    }
    let mut scratch = vec![0_u64; keys.len()];
    if threads <= 1 {
        if sort_halfway(keys, &mut scratch, width) {
            std::mem::swap(keys, &mut scratch);
        }
        return;
    }
    let half = keys.len() / 2;
    let (low, high) = keys.split_at_mut(half);
    let (low_scratch, high_scratch) = scratch.split_at_mut(half);
    let (first, second) = std::thread::scope(|scope| {
        let worker = scope.spawn(|| sort_halfway(high, high_scratch, width));
        let first = sort_halfway(low, low_scratch, width);
        match worker.join() {
            Ok(second) => (first, second),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    });
    // Both halves end in the same buffer, from which they are merged into the other.
    match (first, second) {
        (true, false) => low.copy_from_slice(low_scratch),
        (false, true) => high.copy_from_slice(high_scratch),
        _ => {}
    }
    if first && second {
        merge(low_scratch, high_scratch, keys);
    } else {
        merge(low, high, &mut scratch);
        std::mem::swap(keys, &mut scratch);
    }
}

/// Merges two sorted lists.
fn merge(a: &[u64], b: &[u64], into: &mut [u64]) {
    let (mut i, mut j) = (0, 0);
    for slot in into.iter_mut() {
        // Past its end a list is the larger one. Both indices move by a comparison, not by a branch: which list is next
        // cannot be predicted.
        let left = a.get(i).copied().unwrap_or(u64::MAX);
        let right = b.get(j).copied().unwrap_or(u64::MAX);
        let first = left < right || (left == right && i < a.len());
        *slot = if first { left } else { right };
        i += usize::from(first);
        j += usize::from(!first);
    }
}

/// Sorts on one thread; true if the result is in `scratch`.
///
/// Three passes over the leading 33 bits bring real-valued times within 1e-8 of their place; one sweep then orders the
/// runs of equal leading bits, which are short unless the times are tied (and then are already in order).
fn sort_halfway(keys: &mut [u64], scratch: &mut [u64], width: u32) -> bool {
    let low = width.saturating_sub(LEADING);
    let passes = (width - low).div_ceil(DIGIT);
    let digit = |key: u64, pass: u32| -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "masked to a digit")]
        let digit = (key >> (low + pass * DIGIT)) as usize & (BUCKETS - 1);
        digit
    };
    let mut counts = vec![[0_usize; BUCKETS]; passes as usize];
    for &key in keys.iter() {
        for (pass, count) in (0..passes).zip(&mut counts) {
            if let Some(count) = count.get_mut(digit(key, pass)) {
                *count += 1;
            }
        }
    }
    let (mut from, mut to) = (keys, scratch);
    let mut moved = false;
    for (pass, count) in (0..passes).zip(&mut counts) {
        if count.contains(&from.len()) {
            continue;
        }
        let mut start = 0;
        for place in count.iter_mut() {
            let here = *place;
            *place = start;
            start += here;
        }
        for &key in from.iter() {
            if let Some(place) = count.get_mut(digit(key, pass)) {
                if let Some(slot) = to.get_mut(*place) {
                    *slot = key;
                }
                *place += 1;
            }
        }
        std::mem::swap(&mut from, &mut to);
        moved = !moved;
    }
    if low > 0 {
        order_runs(from, low);
    }
    moved
}

/// Orders each run of keys that agree above the lowest `low` bits.
fn order_runs(keys: &mut [u64], low: u32) {
    let mut from = 0;
    while let Some(&first) = keys.get(from) {
        let mut to = from + 1;
        let mut sorted = true;
        let mut previous = first;
        while let Some(&key) = keys.get(to).filter(|&&key| key >> low == first >> low) {
            sorted &= previous <= key;
            previous = key;
            to += 1;
        }
        if !sorted && let Some(run) = keys.get_mut(from..to) {
            run.sort_unstable();
        }
        from = to;
    }
}

#[cfg(test)]
mod tests {
    use super::sort_keys;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sorts_any_width(width in 1_u32..=64, seed in any::<u64>(), n in 0_usize..3000, spread in 0_u32..64, threads in 1_usize..3) {
            let mut state = seed | 1;
            let mut keys: Vec<u64> = (0..n)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (state >> (64 - width)) & (u64::MAX >> spread)
                })
                .collect();
            let mut expected = keys.clone();
            expected.sort_unstable();
            sort_keys(&mut keys, width, threads);
            prop_assert_eq!(keys, expected);
        }
    }
}
