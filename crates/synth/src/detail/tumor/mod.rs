//! The tumor: what the baseline says of it, and components of each assessment that give the category reported.

mod leukemia;
mod lymphoma;
mod myeloma;

use super::counts::Count;
use super::preparation::Plan;
use super::{Book, Course};
use crate::random::Part;
use clinical::codes::Disease;

/// What assessments saw that other forms must agree with.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Day, neutrophils and platelets of assessments of leukemia.
    pub(crate) counts: Vec<(i32, f64, f64)>,
    /// Day and serum M-protein of immunoglobulin G type.
    pub(crate) igg: Vec<(i32, f64)>,
}

/// The tumor before an infusion.
pub(crate) enum Tumor {
    Lymphoma(lymphoma::Lymphoma),
    Myeloma(myeloma::Myeloma),
    Leukemia(leukemia::Leukemia),
}

impl Tumor {
    /// Draws the tumor; what the assessments will say limits what it may be.
    pub(crate) fn draw(c: &Course) -> Option<Self> {
        let mut s = c.part(Part::Tumor);
        Some(match c.disease() {
            Disease::Mm => Self::Myeloma(myeloma::Myeloma::draw(c, &mut s)?),
            Disease::BAll => Self::Leukemia(leukemia::Leukemia::draw(c, &mut s)?),
            _ => Self::Lymphoma(lymphoma::Lymphoma::draw(c, &mut s)?),
        })
    }

    /// The baseline form of the disease.
    pub(crate) fn baseline(&self, c: &Course, book: &mut Book) -> Option<()> {
        match self {
            Self::Lymphoma(t) => t.baseline(c, book),
            Self::Myeloma(t) => t.baseline(c, book),
            Self::Leukemia(t) => t.baseline(c, book),
        }
    }

    /// The assessment before lymphodepletion and every one after the infusion.
    pub(crate) fn assess(&self, c: &Course, plan: &Plan, before: Count, book: &mut Book) -> Option<Seen> {
        let mut s = c.part(Part::Assessment);
        let mut seen = Seen::default();
        match self {
            Self::Lymphoma(t) => t.assess(c, plan, &mut s, book)?,
            Self::Myeloma(t) => t.assess(c, plan, &mut s, &mut seen, book),
            Self::Leukemia(t) => t.assess(c, plan, before, &mut s, &mut seen, book),
        }
        Some(seen)
    }

    /// True for a leukemia that came back after an allogeneic transplantation.
    pub(crate) fn after_allograft(&self) -> bool {
        matches!(self, Self::Leukemia(t) if t.after_allograft())
    }

    /// Serum M-protein of immunoglobulin G type before lymphodepletion: part of what the laboratory measures as such.
    pub(crate) fn igg(&self) -> f64 {
        if let Self::Myeloma(t) = self { t.igg() } else { 0.0 }
    }
}
