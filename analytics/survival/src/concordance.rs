//! Concordance of a risk score with observed times.
//!
//! Of all pairs in which one row is seen to have its event while the other is at risk and goes on, the share in which the
//! first had the higher score, ties counted one half (Harrell et al. 1996, Stat. Med. 15:361; with delayed entry a row is
//! compared only with those at risk at its event). A row censored at the time of an event goes on beyond it; two events
//! at one time are not compared. Pairs are made within strata.
//!
//! The standard error is the infinitesimal jackknife: the root of the sum over rows (or clusters) of the squared
//! derivative of the concordance with respect to the case weight (Therneau & Watson, *The concordance statistic and the
//! Cox model*, Mayo Clinic technical report 85, 2017). `O(n log n)` operations.
//!
//! # Worked example
//! ```
//! use survival::concordance::{ConcordanceData, concordance};
//! use survival::cox::Times;
//! // Pairs: (1,2) (1,3) (2,3); the second is the wrong way round.
//! let c = concordance(&ConcordanceData {
//!     time: Times::Days(&[1, 2, 3]),
//!     event: &[true, true, false],
//!     risk: &[2.0, 1.0, 3.0],
//!     ..ConcordanceData::default()
//! })?;
//! assert_eq!(c.value, Some(1.0 / 3.0));
//! # Ok::<(), survival::error::Error>(())
//! ```

use crate::cox::parallel;
use crate::cox::radix;
use crate::cox::risk::compress;
use crate::cox::timeline::Timeline;
use crate::cox::{CoxFit, CoxModel, Times, check_columns, check_length};
use crate::error::Error;

/// Rows to compare. All columns have one value per row.
#[derive(Debug, Clone, Copy)]
pub struct ConcordanceData<'a> {
    /// Time before which a row is not at risk, exclusive.
    pub entry: Option<Times<'a>>,
    /// Time at which a row ends, inclusive.
    pub time: Times<'a>,
    /// Whether the row ends with the event.
    pub event: &'a [bool],
    /// Score; higher means an earlier event.
    pub risk: &'a [f64],
    /// Only rows of one stratum are compared.
    pub strata: Option<&'a [u32]>,
    /// Case weights, finite and not negative.
    pub weight: Option<&'a [f64]>,
    /// Rows of one label are one independent unit in the standard error.
    pub cluster: Option<&'a [u32]>,
}

impl Default for ConcordanceData<'_> {
    fn default() -> Self {
        Self {
            entry: None,
            time: Times::Days(&[]),
            event: &[],
            risk: &[],
            strata: None,
            weight: None,
            cluster: None,
        }
    }
}

/// Concordance with the pairs it counts, each pair weighted by the product of its case weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Concordance {
    /// `(concordant + tied / 2) / (concordant + discordant + tied)`; `None` without a comparable pair.
    pub value: Option<f64>,
    /// Infinitesimal jackknife standard error of `value`.
    pub std_err: Option<f64>,
    /// Pairs in which the earlier event had the higher score.
    pub concordant: f64,
    /// Pairs in which it had the lower score.
    pub discordant: f64,
    /// Pairs with equal scores.
    pub tied: f64,
}

/// A row's appearance in the sequence of a stratum.
#[derive(Debug, Clone, Copy)]
struct Item {
    score: u32,
    row: u32,
    // Weight as an event; zero for the other appearances.
    event: f64,
    // Signed weight as one that goes on: positive from the end backwards, negative before the entry.
    member: f64,
}

/// Per row: weight of comparable partners, signed concordance with them, and weight of those tied in the score.
struct Tally {
    pairs: Vec<f64>,
    signed: Vec<f64>,
    tied: f64,
}

/// Computes the concordance.
///
/// # Errors
/// Columns of unequal length; a time, weight or score that is not finite; an entry that is not before its exit.
pub fn concordance(data: &ConcordanceData<'_>) -> Result<Concordance, Error> {
    let rows = data.time.len();
    check_length("event", rows, data.event.len())?;
    check_length("risk", rows, data.risk.len())?;
    check_columns(rows, &[], data.weight)?;
    if let Some(row) = data.risk.iter().position(|r| !r.is_finite()) {
        let value = data.risk[row];
        return Err(Error::InvalidValue { column: "risk", row, value, expected: "a finite score" });
    }
    for (name, labels) in [("strata", data.strata), ("cluster", data.cluster)] {
        if let Some(labels) = labels {
            check_length(name, rows, labels.len())?;
        }
    }
    let line = Timeline::new(data.entry, data.time)?;
    let mut tally = Tally { pairs: vec![0.0; rows], signed: vec![0.0; rows], tied: 0.0 };
    let weight = |row: usize| data.weight.map_or(1.0, |w| w[row]);
    for mut items in sequences(data, &line) {
        count_pairs(&items, &mut tally.pairs);
        tally.tied += merge_count(&mut items, &mut tally.signed);
    }
    let total: f64 = (0..rows).map(|k| weight(k) * tally.pairs[k]).sum::<f64>() / 2.0;
    let difference: f64 = (0..rows).map(|k| weight(k) * tally.signed[k]).sum::<f64>() / 2.0;
    let untied = total - tally.tied;
    let mut out = Concordance {
        value: None,
        std_err: None,
        concordant: f64::midpoint(untied, difference).max(0.0),
        discordant: f64::midpoint(untied, -difference).max(0.0),
        tied: tally.tied,
    };
    if total <= 0.0 {
        return Ok(out);
    }
    let somers = difference / total;
    out.value = Some(f64::midpoint(1.0, somers));
    let influence = |k: usize| weight(k) * (tally.signed[k] - somers * tally.pairs[k]) / (2.0 * total);
    let squares: f64 = if data.cluster.is_some() {
        let (labels, code) = compress(data.cluster);
        let mut sums = vec![0.0; labels.len()];
        for (k, c) in code.iter().flatten().enumerate() {
            sums[*c as usize] += influence(k);
        }
        sums.iter().map(|s| s * s).sum()
    } else {
        (0..rows).map(|k| influence(k).powi(2)).sum()
    };
    out.std_err = Some(squares.sqrt());
    Ok(out)
}

/// For each stratum, the rows' appearances in time order: an event is comparable with the members that come after it.
fn sequences(data: &ConcordanceData<'_>, line: &Timeline) -> Vec<Vec<Item>> {
    let scores = radix::sort(data.risk.iter().map(|r| radix::key(*r)));
    let mut score = vec![0_u32; data.risk.len()];
    let mut rank = 0;
    for (k, &(key, row)) in scores.iter().enumerate() {
        if k > 0 && scores[k - 1].0 != key {
            rank += 1;
        }
        score[row as usize] = rank;
    }
    drop(scores);
    let (labels, code) = compress(data.strata);
    // Within a time: members that end with an event, then the events, then members that are censored or enter.
    let mut appearances: Vec<(u64, Item)> = Vec::new();
    for row in 0..data.risk.len() {
        let weight = data.weight.map_or(1.0, |w| w[row]);
        if weight == 0.0 {
            continue;
        }
        let stratum = code.as_ref().map_or(0, |c| u64::from(c[row])) << 34;
        let at = |rank: u32, part: u64| stratum | (u64::from(rank) << 2) | part;
        let mut push = |key, event, member| {
            let row = u32::try_from(row).unwrap_or(u32::MAX);
            appearances.push((key, Item { score: score[row as usize], row, event, member }));
        };
        let exit = line.exit[row];
        if data.event[row] {
            push(at(exit, 0), 0.0, weight);
            push(at(exit, 1), weight, 0.0);
        } else {
            push(at(exit, 2), 0.0, weight);
        }
        if let Some(entry) = &line.entry {
            push(at(entry[row], 2), 0.0, -weight);
        }
    }
    let order = radix::sort(appearances.iter().map(|a| a.0));
    let mut out = Vec::with_capacity(labels.len());
    for group in order.chunk_by(|a, b| a.0 >> 34 == b.0 >> 34) {
        out.push(group.iter().map(|(_, k)| appearances[*k as usize].1).collect());
    }
    out
}

/// Adds to each row the weight of its comparable partners.
fn count_pairs(items: &[Item], pairs: &mut [f64]) {
    let mut members = 0.0;
    for item in items.iter().rev() {
        members += item.member;
        if item.event > 0.0 {
            pairs[item.row as usize] += members;
        }
    }
    let mut events = 0.0;
    for item in items {
        events += item.event;
        pairs[item.row as usize] += item.member.signum() * if item.member == 0.0 { 0.0 } else { events };
    }
}

/// Sorts `items` by score while counting, for every event, the members after it with lower and higher scores, and for
/// every member the events before it. Returns the weight of pairs tied in the score.
fn merge_count(items: &mut [Item], signed: &mut [f64]) -> f64 {
    // Runs short enough for the cache are merged whole by one core each; which ones depends on the length alone.
    let half = items.len() / 2;
    let mut buffer = items.to_vec();
    if items.len() < 1 << 14 {
        let mut log = vec![0.0; items.len()];
        let mut slots: Vec<u32> = (0..u32::try_from(items.len()).unwrap_or(u32::MAX)).collect();
        let mut spare = slots.clone();
        let tied = merge_sort(items, &mut buffer, &mut slots, &mut spare, &mut log);
        apply(items, &slots, &log, signed);
        return tied;
    }
    let (left, right) = items.split_at_mut(half);
    let (left_buffer, right_buffer) = buffer.split_at_mut(half);
    let parts = parallel::map(vec![(left, left_buffer), (right, right_buffer)], |_, (part, buffer)| {
        let mut log = vec![0.0; part.len()];
        let mut slots: Vec<u32> = (0..u32::try_from(part.len()).unwrap_or(u32::MAX)).collect();
        let mut spare = slots.clone();
        let tied = merge_sort(part, buffer, &mut slots, &mut spare, &mut log);
        (tied, slots, log)
    });
    let mut tied = 0.0;
    for (part, (t, slots, log)) in [&items[..half], &items[half..]].into_iter().zip(&parts) {
        tied += t;
        apply(part, slots, log, signed);
    }
    drop(parts);
    let mut log = vec![0.0; items.len()];
    let slots: Vec<u32> = (0..u32::try_from(items.len()).unwrap_or(u32::MAX)).collect();
    tied += cross(items, half, &slots, &mut log);
    apply(items, &slots, &log, signed);
    tied
}

fn apply(items: &[Item], slots: &[u32], log: &[f64], signed: &mut [f64]) {
    for (item, slot) in items.iter().zip(slots) {
        signed[item.row as usize] += log[*slot as usize];
    }
}

/// Bottom-up merge sort; `slots` follows the items so that counts stay with them.
fn merge_sort(
    items: &mut [Item],
    buffer: &mut [Item],
    slots: &mut [u32],
    spare: &mut [u32],
    log: &mut [f64],
) -> f64 {
    let mut tied = 0.0;
    let mut width = 1;
    while width < items.len() {
        for start in (0..items.len()).step_by(2 * width) {
            let end = (start + 2 * width).min(items.len());
            let middle = (start + width).min(end);
            if middle == end {
                continue;
            }
            tied += cross(&items[start..end], middle - start, &slots[start..end], log);
            let (mut i, mut j) = (start, middle);
            for k in start..end {
                let first = j >= end || (i < middle && items[i].score <= items[j].score);
                let from = if first { &mut i } else { &mut j };
                buffer[k] = items[*from];
                spare[k] = slots[*from];
                *from += 1;
            }
            items[start..end].copy_from_slice(&buffer[start..end]);
            slots[start..end].copy_from_slice(&spare[start..end]);
        }
        width *= 2;
    }
    tied
}

/// Counts pairs between the events of the earlier run and the members of the later one, both in score order.
fn cross(items: &[Item], middle: usize, slots: &[u32], log: &mut [f64]) -> f64 {
    let (earlier, later) = items.split_at(middle);
    let (earlier_slots, later_slots) = slots.split_at(middle);
    let members: f64 = later.iter().map(|i| i.member).sum();
    let events: f64 = earlier.iter().map(|i| i.event).sum();
    let (mut i, mut j) = (0, 0);
    let (mut lower_events, mut lower_members) = (0.0, 0.0);
    let mut tied = 0.0;
    while i < earlier.len() || j < later.len() {
        let score = match (earlier.get(i), later.get(j)) {
            (Some(a), Some(b)) => a.score.min(b.score),
            (Some(a), None) => a.score,
            (None, Some(b)) => b.score,
            (None, None) => break,
        };
        let (i0, j0) = (i, j);
        let (mut here_events, mut here_members) = (0.0, 0.0);
        while i < earlier.len() && earlier[i].score == score {
            here_events += earlier[i].event;
            i += 1;
        }
        while j < later.len() && later[j].score == score {
            here_members += later[j].member;
            j += 1;
        }
        // An event agrees with members of lower scores, a member with events of higher ones.
        let event_signed = lower_members - (members - lower_members - here_members);
        let member_signed = (events - lower_events - here_events) - lower_events;
        for (item, slot) in earlier[i0..i].iter().zip(&earlier_slots[i0..i]) {
            if item.event > 0.0 {
                log[*slot as usize] += event_signed;
            }
        }
        for (item, slot) in later[j0..j].iter().zip(&later_slots[j0..j]) {
            if item.member != 0.0 {
                log[*slot as usize] += item.member.signum() * member_signed;
            }
        }
        tied += here_events * here_members;
        lower_events += here_events;
        lower_members += here_members;
    }
    tied
}

impl CoxModel<'_> {
    /// Concordance of the fitted linear predictor with the data of the model, within its strata.
    ///
    /// # Errors
    /// Cluster labels of another length than the data; see also [`concordance`].
    pub fn concordance(&self, fit: &CoxFit, cluster: Option<&[u32]>) -> Result<Concordance, Error> {
        let data = self.data();
        let risk = self.linear_predictors(fit);
        concordance(&ConcordanceData {
            entry: data.entry,
            time: data.time,
            event: data.event,
            risk: &risk,
            strata: data.strata,
            weight: data.weight,
            cluster,
        })
    }
}
