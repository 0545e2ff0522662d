//! The dated observations of each subject that several reports rest on.

use crate::endpoints::source::{Bounds, Gathered};
use crate::endpoints::{FollowUps, library};
use crate::error::ReportError;
use crate::records::{Basis, RecordQuery};
use crate::selection::Cohort;
use crate::snapshot::Snapshot;
use clinical::codes::assessment::Category;
use clinical::form::{Form, FormDescriptor};
use clinical::forms::response::ResponseAssessment;

/// Categories from best to worst; those after [`Category::Sd`] are no response. Categories of one rank are told apart by the
/// criteria they belong to.
pub(crate) const RANKS: [Category; 16] = [
    Category::Scr,
    Category::Cr,
    Category::Cmr,
    Category::Crh,
    Category::Cri,
    Category::Vgpr,
    Category::Pr,
    Category::Pmr,
    Category::Mr,
    Category::Sd,
    Category::Nmr,
    Category::Nr,
    Category::Pd,
    Category::Pmd,
    Category::Relapse,
    Category::Ne,
];

/// Position among [`RANKS`].
pub(crate) fn rank(category: Category) -> usize {
    RANKS.iter().position(|c| *c == category).unwrap_or(RANKS.len())
}

/// Whether a category is a complete response.
pub(crate) fn is_complete(category: Category) -> bool {
    rank(category) <= rank(Category::Cri)
}

/// Whether a category is a partial response or better.
pub(crate) fn is_response(category: Category) -> bool {
    rank(category) <= rank(Category::Pmr)
}

/// The response assessments of each subject: days from the index, on or after it, with their category; by day.
///
/// # Errors
///
/// [`ReportError`] when the form cannot be read.
pub(crate) fn responses(
    snapshot: &Snapshot,
    cohort: &Cohort,
    basis: Basis,
) -> Result<Vec<Vec<(i32, Category)>>, ReportError> {
    let mut all = vec![Vec::new(); cohort.len()];
    for category in RANKS {
        let code = vec![category.code().to_owned()];
        for (subject, days) in dated(
            snapshot,
            cohort,
            ResponseAssessment::DESCRIPTOR,
            "assessment_date",
            "reported_category",
            code,
            basis,
        )?
        .into_iter()
        .enumerate()
        {
            if let Some(own) = all.get_mut(subject) {
                own.extend(days.into_iter().map(|day| (day, category)));
            }
        }
    }
    for own in &mut all {
        // Of several on one day the worst stands: a progression is not hidden by a second set of criteria.
        own.sort_by_key(|(day, category)| (*day, std::cmp::Reverse(rank(*category))));
        own.retain(|(_, category)| *category != Category::Ne);
        own.dedup_by_key(|(day, _)| *day);
    }
    Ok(all)
}

fn dated(
    snapshot: &Snapshot,
    cohort: &Cohort,
    form: &'static FormDescriptor,
    date: &'static str,
    field: &str,
    codes: Vec<String>,
    basis: Basis,
) -> Result<Vec<Vec<i32>>, ReportError> {
    let conditions = form
        .field(field)
        .map(|(_, field)| crate::condition::Condition::new(field, crate::condition::Test::In(codes)))
        .into_iter()
        .collect();
    let records = snapshot.records(&RecordQuery {
        form,
        date: Some(date),
        value: None,
        conditions,
        all: false,
        basis,
    })?;
    let own = |member: &crate::selection::Member| {
        let entries =
            records.of(member.patient).iter().filter(|e| member.owns(e, false) && e.holds == Some(true));
        let days = entries.filter_map(|e| Some(e.day? - member.index));
        days.filter(|day| *day >= 0 && cohort.cutoff.is_none_or(|cutoff| day + member.index <= cutoff))
            .collect()
    };
    Ok(cohort.members.iter().map(own).collect())
}

/// The days from the index on which records of a shared source fall, on or after it, of each subject.
///
/// # Errors
///
/// [`ReportError`] when a form cannot be read.
pub(crate) fn of_source(
    snapshot: &Snapshot,
    cohort: &Cohort,
    follow_ups: &FollowUps,
    name: &str,
) -> Result<Vec<Vec<i32>>, ReportError> {
    let library = library()?;
    let source = library.source(name)?;
    let gathered = Gathered::of(snapshot, source, Basis::Reported, &|name| library.source(name).ok())?;
    let rows = cohort.members.iter().zip(&follow_ups.seen);
    Ok(rows
        .map(|(member, seen)| {
            let bounds = Bounds { death: seen.death_day(), cutoff: cohort.cutoff };
            gathered.all(member, member.index, bounds).into_iter().map(|hit| hit.day - member.index).collect()
        })
        .collect())
}

/// Numbers of a form by day from the index: all records of the subjects that meet the conditions and have a value.
///
/// # Errors
///
/// [`ReportError`] when the form cannot be read.
pub(crate) fn numbers(
    snapshot: &Snapshot,
    cohort: &Cohort,
    query: &RecordQuery,
    of_patient: bool,
) -> Result<Vec<Vec<(i32, f64)>>, ReportError> {
    let records = snapshot.records(query)?;
    let own = |member: &crate::selection::Member| {
        let entries = records.of(member.patient).iter();
        let held =
            entries.filter(|e| member.owns(e, of_patient) && e.holds == Some(true) && !e.value.is_nan());
        let mut values: Vec<(i32, f64)> =
            held.filter_map(|e| Some((e.day? - member.index, e.value))).collect();
        values.retain(|(day, _)| cohort.cutoff.is_none_or(|cutoff| day + member.index <= cutoff));
        values.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        values
    };
    Ok(cohort.members.iter().map(own).collect())
}
