//! Risk sets as edges: the distinct event times of a stratum, and for every row the stretch of them it was at risk at.

use std::ops::Range;

use super::radix;
use super::timeline::Timeline;
use crate::error::Error;

/// Kind of a row that leaves without an event.
pub(crate) const CENSORED: u8 = 0;
/// Kind of a row that leaves with the event under study. Larger kinds stay in the risk set after their time.
pub(crate) const EVENT: u8 = 1;

/// Rows placed between the event times of their stratum.
///
/// Each stratum owns a stretch of consecutive edges. The first stands for "before the first event"; each of the others is
/// one distinct event time. A row with edges (`low`, `high`] is at risk at exactly those event times.
#[derive(Debug, Clone)]
pub(crate) struct RiskSets {
    /// Labels of the strata, ascending; one unnamed stratum when there are none.
    pub(crate) labels: Vec<u32>,
    /// Edges of each stratum.
    pub(crate) strata: Vec<Range<usize>>,
    /// Rank of the time of each edge; `u32::MAX` for the first edge of a stratum.
    pub(crate) rank: Vec<u32>,
    /// Last edge at which each row is at risk.
    pub(crate) high: Vec<u32>,
    /// Edge after which each row is at risk; absent without delayed entry.
    pub(crate) low: Option<Vec<u32>>,
}

impl RiskSets {
    /// `kind` of each row: [`CENSORED`], [`EVENT`], or larger. Rows of kind above zero make an edge.
    pub(crate) fn new(
        line: &Timeline,
        kind: impl Fn(usize) -> u8,
        strata: Option<&[u32]>,
    ) -> Result<Self, Error> {
        let rows = line.exit.len();
        if let Some(s) = strata
            && s.len() != rows
        {
            return Err(Error::LengthMismatch { column: "strata", expected: rows, received: s.len() });
        }
        let (labels, stratum) = compress(strata);
        let cells = labels.len().saturating_mul(line.span);
        let mut sets = if cells <= (4 * rows).max(1 << 16) {
            Self::counted(line, &kind, labels, stratum.as_deref())
        } else {
            Self::sorted(line, &kind, labels, stratum.as_deref())
        };
        // A row that saw no event time is parked on the edge before its stratum's first event.
        if let Some(low) = &mut sets.low {
            let mut first = vec![0_u32; sets.rank.len()];
            for edges in &sets.strata {
                let start = u32::try_from(edges.start).unwrap_or(u32::MAX);
                first[edges.clone()].fill(start);
            }
            for (l, h) in low.iter_mut().zip(&mut sets.high) {
                if *l >= *h {
                    *h = first[*h as usize];
                    *l = *h;
                }
            }
        }
        Ok(sets)
    }

    fn counted(
        line: &Timeline,
        kind: &impl Fn(usize) -> u8,
        labels: Vec<u32>,
        stratum: Option<&[u32]>,
    ) -> Self {
        let span = line.span;
        let at = |row: usize, rank: u32| stratum.map_or(0, |s| s[row] as usize * span) + rank as usize;
        let mut edge = vec![0_u32; labels.len() * span];
        for (row, &rank) in line.exit.iter().enumerate() {
            if kind(row) > CENSORED {
                edge[at(row, rank)] = 1;
            }
        }
        let mut rank = Vec::new();
        let mut strata = Vec::with_capacity(labels.len());
        for cells in edge.chunks_mut(span.max(1)) {
            let start = rank.len();
            rank.push(u32::MAX);
            for (r, cell) in cells.iter_mut().enumerate() {
                if *cell == 1 {
                    rank.push(u32::try_from(r).unwrap_or(u32::MAX));
                }
                *cell = u32::try_from(rank.len() - 1).unwrap_or(u32::MAX);
            }
            strata.push(start..rank.len());
        }
        let high = line.exit.iter().enumerate().map(|(row, &r)| edge[at(row, r)]).collect();
        let low = line
            .entry
            .as_ref()
            .map(|entry| entry.iter().enumerate().map(|(row, &r)| edge[at(row, r)]).collect());
        Self { labels, strata, rank, high, low }
    }

    fn sorted(
        line: &Timeline,
        kind: &impl Fn(usize) -> u8,
        labels: Vec<u32>,
        stratum: Option<&[u32]>,
    ) -> Self {
        let rows = line.exit.len();
        let order = |ranks: &[u32]| {
            radix::sort(
                ranks
                    .iter()
                    .enumerate()
                    .map(|(row, &r)| stratum.map_or(0, |s| u64::from(s[row]) << 32) | u64::from(r)),
            )
        };
        let mut rank = Vec::new();
        let mut strata: Vec<Range<usize>> = Vec::with_capacity(labels.len());
        let mut high = vec![0_u32; rows];
        let exits = order(&line.exit);
        let mut group = 0;
        while group < exits.len() {
            let key = exits[group].0;
            let end = group + exits[group..].iter().take_while(|e| e.0 == key).count();
            let code = (key >> 32) as usize;
            while strata.len() <= code {
                strata.push(rank.len()..rank.len() + 1);
                rank.push(u32::MAX);
            }
            if exits[group..end].iter().any(|e| kind(e.1 as usize) > CENSORED) {
                #[expect(clippy::cast_possible_truncation, reason = "the low half of the key is the rank")]
                rank.push(key as u32);
                strata[code].end = rank.len();
            }
            let edge = u32::try_from(rank.len() - 1).unwrap_or(u32::MAX);
            for e in &exits[group..end] {
                high[e.1 as usize] = edge;
            }
            group = end;
        }
        while strata.len() < labels.len() {
            strata.push(rank.len()..rank.len() + 1);
            rank.push(u32::MAX);
        }
        drop(exits);
        let low = line.entry.as_ref().map(|entry| {
            let mut low = vec![0_u32; rows];
            let mut edge = 0;
            let mut current = usize::MAX;
            for (key, row) in order(entry) {
                let code = (key >> 32) as usize;
                if code != current {
                    current = code;
                    edge = strata[code].start;
                }
                while edge + 1 < strata[code].end && u64::from(rank[edge + 1]) <= key & 0xFFFF_FFFF {
                    edge += 1;
                }
                low[row as usize] = u32::try_from(edge).unwrap_or(u32::MAX);
            }
            low
        });
        Self { labels, strata, rank, high, low }
    }

    /// Number of edges.
    pub(crate) fn edges(&self) -> usize {
        self.rank.len()
    }
}

/// Distinct labels in ascending order and the position of each row's label among them.
pub(crate) fn compress(labels: Option<&[u32]>) -> (Vec<u32>, Option<Vec<u32>>) {
    let Some(labels) = labels else { return (vec![0], None) };
    let largest = labels.iter().copied().max().unwrap_or(0) as usize;
    if largest < (4 * labels.len()).max(1 << 12) {
        let mut code = vec![0_u32; largest + 1];
        for &l in labels {
            code[l as usize] = 1;
        }
        let mut distinct = Vec::new();
        for (label, c) in code.iter_mut().enumerate() {
            if *c == 1 {
                *c = u32::try_from(distinct.len()).unwrap_or(u32::MAX);
                distinct.push(u32::try_from(label).unwrap_or(u32::MAX));
            }
        }
        let rows = labels.iter().map(|&l| code[l as usize]).collect();
        return (distinct, Some(rows));
    }
    let mut distinct = labels.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let rows = labels
        .iter()
        .map(|l| u32::try_from(distinct.partition_point(|d| d < l)).unwrap_or(u32::MAX))
        .collect();
    (distinct, Some(rows))
}

#[cfg(test)]
mod tests {
    use super::super::timeline::Times;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        // Both layouts must give, for every row and every event time of its stratum, entry < t <= exit.
        #[test]
        fn edges_are_the_risk_sets(
            rows in proptest::collection::vec((0..20_i32, 1..20_i32, any::<bool>(), 0..4_u32), 1..60)
        ) {
            let entry: Vec<i32> = rows.iter().map(|r| r.0).collect();
            let exit: Vec<i32> = rows.iter().map(|r| r.0 + r.1).collect();
            let event: Vec<u8> = rows.iter().map(|r| u8::from(r.2)).collect();
            let strata: Vec<u32> = rows.iter().map(|r| r.3 * 7).collect();
            let line = Timeline::new(Some(Times::Days(&entry)), Times::Days(&exit)).expect("valid rows");
            let (labels, stratum) = compress(Some(&strata));
            let kind = |row: usize| event[row];
            let parked = RiskSets::new(&line, kind, Some(&strata)).expect("valid rows");
            let counted = RiskSets::counted(&line, &kind, labels.clone(), stratum.as_deref());
            let sorted = RiskSets::sorted(&line, &kind, labels, stratum.as_deref());
            prop_assert_eq!(&counted.rank, &sorted.rank);
            prop_assert_eq!(&counted.strata, &sorted.strata);
            prop_assert_eq!(&counted.high, &sorted.high);
            prop_assert_eq!(&counted.low, &sorted.low);
            let low = parked.low.as_ref().expect("entries were given");
            for row in 0..rows.len() {
                let code = stratum.as_ref().expect("strata were given")[row] as usize;
                for edge in parked.strata[code].clone().skip(1) {
                    let t = line.time(parked.rank[edge]);
                    let at_risk = f64::from(entry[row]) < t && t <= f64::from(exit[row]);
                    let placed = (low[row] as usize) < edge && edge <= parked.high[row] as usize;
                    prop_assert_eq!(at_risk, placed);
                }
            }
        }
    }

    #[test]
    fn labels_far_apart_are_compressed() {
        let (labels, rows) = compress(Some(&[u32::MAX, 5, u32::MAX, 0]));
        assert_eq!(labels, vec![0, 5, u32::MAX]);
        assert_eq!(rows, Some(vec![2, 1, 2, 0]));
    }
}
