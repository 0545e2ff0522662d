//! Fixed partition of the work, so that results do not depend on the number of threads.

use std::ops::Range;
use std::sync::OnceLock;

fn threads() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// Splits `rows` into equal ranges whose number depends on `rows` alone.
pub(crate) fn partition(rows: usize) -> Vec<Range<usize>> {
    let count = (rows / 16_384).clamp(1, 8);
    (0..count).map(|k| rows * k / count..rows * (k + 1) / count).collect()
}

/// Applies `work` to every item, on all cores when there is more than one item, and returns the results in item order.
pub(crate) fn map<I: Send, T: Send>(items: Vec<I>, work: impl Fn(usize, I) -> T + Sync) -> Vec<T> {
    let workers = threads().min(items.len());
    if workers <= 1 {
        return items.into_iter().enumerate().map(|(k, item)| work(k, item)).collect();
    }
    let total = items.len();
    let mut lanes: Vec<Vec<(usize, I)>> = (0..workers).map(|_| Vec::new()).collect();
    for (k, item) in items.into_iter().enumerate() {
        lanes[k % workers].push((k, item));
    }
    let work = &work;
    let mut done: Vec<(usize, T)> = Vec::with_capacity(total);
    std::thread::scope(|scope| {
        let mut lanes = lanes.into_iter();
        let own = lanes.next().unwrap_or_default();
        let run = move |lane: Vec<(usize, I)>| -> Vec<(usize, T)> {
            lane.into_iter().map(|(k, item)| (k, work(k, item))).collect()
        };
        let handles: Vec<_> = lanes.map(|lane| scope.spawn(move || run(lane))).collect();
        done.extend(run(own));
        for handle in handles {
            match handle.join() {
                Ok(part) => done.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    done.sort_unstable_by_key(|(k, _)| *k);
    done.into_iter().map(|(_, value)| value).collect()
}

/// Cuts a slice into the pieces of consecutive `ranges`.
pub(crate) fn split<'a, T>(mut slice: &'a mut [T], ranges: &[Range<usize>]) -> Vec<&'a mut [T]> {
    let mut pieces = Vec::with_capacity(ranges.len());
    for range in ranges {
        let (head, tail) = slice.split_at_mut(range.len());
        pieces.push(head);
        slice = tail;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_item_order_and_ranges_cover_the_rows() {
        assert_eq!(
            map((0..9).collect(), |k, v: usize| k * 10 + v),
            (0..9).map(|v| v * 11).collect::<Vec<_>>()
        );
        for rows in [0, 1, 16_383, 16_384, 100_000, 1_000_003] {
            let ranges = partition(rows);
            assert_eq!(ranges[0].start, 0);
            assert_eq!(ranges[ranges.len() - 1].end, rows);
            assert!(ranges.windows(2).all(|w| w[0].end == w[1].start));
        }
    }
}
