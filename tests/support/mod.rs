//! What every test needs: running instances, a client that checks each answer, connections as database roles, records.

pub(crate) mod files;
pub(crate) mod guard;
pub(crate) mod http;
pub(crate) mod instance;
pub(crate) mod patients;
pub(crate) mod sql;

pub(crate) use http::{Answer, Client};
pub(crate) use instance::{Center, Instance, shared};

use std::time::{Duration, Instant};

/// Asks again and again until there is an answer. The bound only turns a hang into a failure.
pub(crate) fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < Duration::from_mins(2), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A small deterministic generator (`SplitMix64`), so that a failing order or moment can be repeated.
pub(crate) struct Seeded(pub(crate) u64);

impl Seeded {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % (bound as u64)).unwrap()
    }

    /// A random order (Fisher-Yates).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}
