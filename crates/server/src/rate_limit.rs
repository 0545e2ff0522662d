//! How many requests one caller may send: a bucket for each, filled evenly.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Instant;
use uuid::Uuid;

/// The time in which a bucket fills, in seconds.
pub(crate) const WINDOW: u32 = 60;

/// Buckets kept before those that are full again are forgotten.
const MOST_BUCKETS: usize = 50_000;

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    /// A caller that is known.
    Actor(Uuid),
    /// Requests whose token was refused, by where they came from.
    Stranger(IpAddr),
}

/// What the limit says about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision {
    /// Requests in a window.
    pub(crate) limit: u32,
    /// Requests left.
    pub(crate) remaining: u32,
    /// Seconds until everything is left again.
    pub(crate) full_in: u64,
    /// Seconds after which to try again, for a request that is one too many.
    pub(crate) retry_after: Option<u64>,
}

#[derive(Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

/// The buckets of all callers.
#[derive(Debug)]
pub struct RateLimit {
    limit: u32,
    buckets: Mutex<HashMap<Who, Bucket>>,
}

impl RateLimit {
    /// At most `limit` requests of a caller at once, and as many a minute; 0 for no limit.
    pub fn per_minute(limit: u32) -> Self {
        Self { limit, buckets: Mutex::new(HashMap::new()) }
    }

    /// Counts a request; `None` without a limit.
    pub(crate) fn take(&self, who: Who) -> Option<Decision> {
        self.count(who, Instant::now(), 1.0)
    }

    /// Looks without counting.
    pub(crate) fn look(&self, who: Who) -> Option<Decision> {
        self.count(who, Instant::now(), 0.0)
    }

    fn count(&self, who: Who, now: Instant, cost: f64) -> Option<Decision> {
        if self.limit == 0 {
            return None;
        }
        let limit = f64::from(self.limit);
        let rate = limit / f64::from(WINDOW);
        // A poisoned lock would mean a panic between two additions; then nobody is limited.
        let mut buckets = self.buckets.lock().ok()?;
        if buckets.len() >= MOST_BUCKETS {
            buckets.retain(|_, b| b.left + now.saturating_duration_since(b.at).as_secs_f64() * rate < limit);
        }
        let bucket = buckets.entry(who).or_insert(Bucket { left: limit, at: now });
        bucket.left =
            (bucket.left + now.saturating_duration_since(bucket.at).as_secs_f64() * rate).min(limit);
        bucket.at = now;
        let granted = bucket.left >= 1.0;
        if granted {
            bucket.left -= cost;
        }
        let retry_after = (!granted).then(|| seconds((1.0 - bucket.left) / rate).max(1));
        Some(Decision {
            limit: self.limit,
            remaining: whole(bucket.left),
            full_in: seconds((limit - bucket.left) / rate),
            retry_after,
        })
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the limit")]
fn whole(left: f64) -> u32 {
    left.max(0.0) as u32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the window")]
fn seconds(exact: f64) -> u64 {
    exact.ceil().max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_bucket_empties_fills_evenly_and_is_nobody_elses() {
        let limits = RateLimit::per_minute(60);
        let (one, other) = (Who::Actor(Uuid::from_u128(1)), Who::Actor(Uuid::from_u128(2)));
        let begun = Instant::now();
        for n in 0..60u32 {
            let decision = limits.count(one, begun, 1.0).unwrap();
            assert_eq!((decision.remaining, decision.retry_after), (59 - n, None), "{n}");
        }
        let refused = limits.count(one, begun, 1.0).unwrap();
        assert_eq!((refused.remaining, refused.retry_after, refused.full_in), (0, Some(1), 60));
        assert_eq!(limits.count(other, begun, 1.0).unwrap().remaining, 59);
        let later = begun + Duration::from_millis(999);
        assert!(limits.count(one, later, 1.0).unwrap().retry_after.is_some(), "one a second");
        let later = begun + Duration::from_millis(1001);
        assert_eq!(limits.count(one, later, 1.0).unwrap().retry_after, None);
        assert!(limits.count(one, later, 1.0).unwrap().retry_after.is_some());
        let much_later = begun + Duration::from_secs(1000);
        assert_eq!(limits.count(one, much_later, 1.0).unwrap().remaining, 59, "a bucket never overflows");
    }

    #[test]
    fn looking_costs_nothing_and_a_slow_rate_says_how_long_to_wait() {
        let limits = RateLimit::per_minute(2);
        let (who, now) = (Who::Stranger(IpAddr::from([127, 0, 0, 1])), Instant::now());
        for _ in 0..9 {
            assert_eq!(limits.count(who, now, 0.0).unwrap().remaining, 2);
        }
        assert_eq!(limits.count(who, now, 1.0).unwrap().remaining, 1);
        assert_eq!(limits.count(who, now, 1.0).unwrap().remaining, 0);
        assert_eq!(limits.count(who, now, 1.0).unwrap().retry_after, Some(30));
        assert_eq!(RateLimit::per_minute(0).take(who), None);
    }
}
