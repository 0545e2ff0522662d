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
    // Weight of concordant less discordant partners found so far.
    signed: f64,
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
    out.value = Some((out.concordant + out.tied / 2.0) / total);
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
            appearances.push((key, Item { score: score[row as usize], row, event, member, signed: 0.0 }));
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
fn merge_count(items: &mut Vec<Item>, signed: &mut [f64]) -> f64 {
    let mut buffer = items.clone();
    let half = items.len() / 2;
    let mut tied = 0.0;
    if half > 0 {
        // Two halves, one per core; how a sequence is cut depends on its length alone.
        let (left, right) = items.split_at_mut(half);
        let (left_buffer, right_buffer) = buffer.split_at_mut(half);
        let halves = vec![(left, left_buffer), (right, right_buffer)];
        let sort = |(part, buffer): (&mut [Item], &mut [Item])| merge_sort(part, buffer);
        tied += if items_are_few(half) {
            halves.into_iter().map(sort).sum::<f64>()
        } else {
            parallel::map(halves, |_, half| sort(half)).iter().sum()
        };
        tied += merge(items, half, &mut buffer);
        std::mem::swap(items, &mut buffer);
    }
    for item in items.iter() {
        signed[item.row as usize] += item.signed;
    }
    tied
}

/// Whether starting a thread costs more than the work.
fn items_are_few(items: usize) -> bool {
    items < 1 << 13
}

/// Bottom-up merge sort of `items`; `buffer` has the same length.
fn merge_sort(items: &mut [Item], buffer: &mut [Item]) -> f64 {
    let mut tied = 0.0;
    let mut width = 1;
    let (mut from, mut to): (&mut [Item], &mut [Item]) = (items, buffer);
    let mut swapped = false;
    while width < from.len() {
        for (run, out) in from.chunks(2 * width).zip(to.chunks_mut(2 * width)) {
            tied += merge(run, width.min(run.len()), out);
        }
        std::mem::swap(&mut from, &mut to);
        swapped = !swapped;
        width *= 2;
    }
    if swapped {
        // The sorted items are in the caller's buffer.
        to.copy_from_slice(from);
    }
    tied
}

/// Merges an earlier run with a later one, both in score order, and counts the pairs between the events of the first and
/// the members of the second.
fn merge(run: &[Item], middle: usize, out: &mut [Item]) -> f64 {
    let (earlier, later) = run.split_at(middle);
    let members: f64 = later.iter().map(|i| i.member).sum();
    let events: f64 = earlier.iter().map(|i| i.event).sum();
    let (mut i, mut j, mut k) = (0, 0, 0);
    let (mut lower_events, mut lower_members) = (0.0, 0.0);
    let mut tied = 0.0;
    while i < earlier.len() || j < later.len() {
        let score = match (earlier.get(i), later.get(j)) {
            (Some(one), Some(other)) => one.score.min(other.score),
            (Some(one), None) | (None, Some(one)) => one.score,
            (None, None) => break,
        };
        let alike = |items: &[Item]| items.iter().take_while(|item| item.score == score).count();
        let (of_earlier, of_later) =
            (&earlier[i..][..alike(&earlier[i..])], &later[j..][..alike(&later[j..])]);
        let here_events: f64 = of_earlier.iter().map(|item| item.event).sum();
        let here_members: f64 = of_later.iter().map(|item| item.member).sum();
        // An event agrees with members of lower scores, a member with events of higher ones.
        let event_signed = lower_members - (members - lower_members - here_members);
        let member_signed = (events - lower_events - here_events) - lower_events;
        for (to, item) in out[k..].iter_mut().zip(of_earlier) {
            let found = if item.event > 0.0 { event_signed } else { 0.0 };
            *to = Item { signed: item.signed + found, ..*item };
        }
        k += of_earlier.len();
        for (to, item) in out[k..].iter_mut().zip(of_later) {
            let found = if item.member == 0.0 { 0.0 } else { item.member.signum() * member_signed };
            *to = Item { signed: item.signed + found, ..*item };
        }
        k += of_later.len();
        i += of_earlier.len();
        j += of_later.len();
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
