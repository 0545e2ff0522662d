//! The samples of each subject, one profile per assay, specimen and unit.

use crate::condition::{Condition, Test};
use crate::error::ReportError;
use crate::records::{Basis, RecordQuery};
use crate::selection::Cohort;
use crate::snapshot::Snapshot;
use clinical::field::Kind;
use clinical::form::Form;
use clinical::forms::kinetics_sample::KineticsSample;
use serde::Serialize;
use std::collections::BTreeSet;

/// What was measured, in what, in which unit: codes of the form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assay {
    /// Assay.
    pub assay: &'static str,
    /// Specimen.
    pub specimen: &'static str,
    /// Unit.
    pub unit: &'static str,
}

/// One sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample {
    /// Day from the infusion.
    pub(super) day: i32,
    /// Level; NaN below quantification without a value.
    pub(super) value: f64,
    /// Below the limit of quantification.
    pub(super) below: bool,
    /// The limit; NaN when not recorded.
    pub(super) lloq: f64,
}

impl Sample {
    /// The level for curves: half the limit below quantification, 0 without a limit.
    pub(super) fn shown(&self) -> f64 {
        match (self.below, self.lloq.is_finite()) {
            (false, _) => self.value,
            (true, true) => self.lloq / 2.0,
            (true, false) => 0.0,
        }
    }
}

/// The samples of one subject by day, one a day.
#[derive(Debug, Clone, Default)]
pub(super) struct Profile {
    pub(super) samples: Vec<Sample>,
}

impl Profile {
    /// Days until cells were lost, and whether they were; `None` for a subject never quantifiable.
    pub(super) fn persistence(&self) -> Option<(i32, bool)> {
        let first = self.samples.iter().position(|s| !s.below)?;
        let after = self.samples.get(first..)?;
        let lost = after.windows(2).find(|pair| pair.iter().all(|s| s.below)).and_then(|pair| pair.first());
        match lost {
            Some(sample) => Some((sample.day, true)),
            None => after.last().map(|sample| (sample.day, false)),
        }
    }
}

/// The profiles of every subject for each assay that occurs.
pub(super) fn profiles(
    snapshot: &Snapshot,
    cohort: &Cohort,
) -> Result<Vec<(Assay, Vec<Profile>)>, ReportError> {
    let form = KineticsSample::DESCRIPTOR;
    let field = |name: &str| form.field(name).map(|(_, field)| field);
    let codes = |name: &str| match field(name).map(|f| f.kind) {
        Some(Kind::Coded(set)) => set.codes.iter().map(|c| c.code).collect(),
        _ => Vec::new(),
    };
    let mut all = Vec::new();
    for assay in codes("assay") {
        for specimen in codes("specimen") {
            for unit in codes("unit") {
                let of = [("assay", assay), ("specimen", specimen), ("unit", unit)];
                let base: Vec<Condition> = of
                    .iter()
                    .filter_map(|(name, code)| {
                        Some(Condition::new(field(name)?, Test::In(vec![(*code).to_owned()])))
                    })
                    .collect();
                let profiles = of_assay(snapshot, cohort, &base)?;
                if profiles.iter().any(|p| !p.samples.is_empty()) {
                    all.push((Assay { assay, specimen, unit }, profiles));
                }
            }
        }
    }
    Ok(all)
}

fn of_assay(snapshot: &Snapshot, cohort: &Cohort, base: &[Condition]) -> Result<Vec<Profile>, ReportError> {
    let form = KineticsSample::DESCRIPTOR;
    let query = |value: &'static str, conditions: Vec<Condition>| RecordQuery {
        form,
        date: Some("collected_date"),
        value: Some(value),
        conditions,
        all: false,
        basis: Basis::Reported,
    };
    let values = snapshot.records(&query("value", base.to_vec()))?;
    if values.is_empty() {
        return Ok(vec![Profile::default(); cohort.len()]);
    }
    let limits = snapshot.records(&query("lloq", base.to_vec()))?;
    let mut below = base.to_vec();
    below.extend(form.field("below_lloq").map(|(_, field)| Condition::new(field, Test::Is(true))));
    let below = snapshot.records(&query("value", below))?;
    let own = |member: &crate::selection::Member| {
        let unquantified: BTreeSet<&str> = below
            .of(member.patient)
            .iter()
            .filter(|e| member.owns(e, false) && e.holds == Some(true))
            .filter_map(|e| below.id(e))
            .collect();
        let end = member.next.unwrap_or(i32::MAX).min(cohort.cutoff.unwrap_or(i32::MAX));
        // Both answers list the same records in the same order.
        let pairs = values.of(member.patient).iter().zip(limits.of(member.patient));
        let mut samples: Vec<Sample> = pairs
            .filter(|(entry, _)| member.owns(entry, false) && entry.holds == Some(true))
            .filter_map(|(entry, limit)| {
                let day = entry.day.filter(|day| *day >= member.index && *day <= end)? - member.index;
                let below = values.id(entry).is_some_and(|id| unquantified.contains(id));
                let lloq = limit.value;
                // A level under its own limit is not quantifiable, whatever the flag says.
                let below = below || entry.value < lloq || entry.value <= 0.0;
                (below || entry.value.is_finite()).then_some(Sample { day, value: entry.value, below, lloq })
            })
            .collect();
        samples.sort_by(|a, b| a.day.cmp(&b.day).then(b.shown().total_cmp(&a.shown())));
        samples.dedup_by_key(|sample| sample.day);
        Profile { samples }
    };
    Ok(cohort.members.iter().map(own).collect())
}
