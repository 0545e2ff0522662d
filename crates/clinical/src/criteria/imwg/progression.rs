//! Progressive disease at one assessment.

use super::frame::Frame;
use super::known::{Input, Known};
use super::nadir::{LowLesion, Nadir};
use super::observation::Observation;
use super::parameters::{LargeRiseReference, LesionCut};
use super::rules;
use crate::codes::assessment::{Category, MeasurableType};
use crate::criteria::compare::{above, at_least, rose_at_least, rose_by_at_least, rose_by_more_than};
use crate::criteria::trace::{At, Criterion, Quantity, Trace};

/// What speaks for progression.
#[derive(Debug, Default)]
pub(super) struct Progression {
    /// Ids of the criteria that hold.
    pub(super) rules: Vec<&'static str>,
    /// One of them needs no second assessment: it was seen in marrow or on imaging.
    pub(super) stands_alone: bool,
}

impl Progression {
    pub(super) fn met(&self) -> bool {
        !self.rules.is_empty()
    }
}

/// How a criterion was seen.
#[derive(Clone, Copy, PartialEq)]
enum By {
    Laboratory,
    MarrowOrImaging,
}

struct Search<'a, 't> {
    found: Progression,
    open: Known,
    at: At,
    trace: &'t mut Trace,
    now: &'a Observation,
    nadir: &'a Nadir<'a>,
    frame: &'a Frame<'a>,
}

impl Search<'_, '_> {
    fn look(
        &mut self,
        criterion: &'static Criterion,
        by: By,
        known: Known,
        values: &[(&'static str, Quantity)],
    ) {
        if self.trace.decide(self.at, criterion, known.verdict, values, Category::Pd.code()).met() {
            self.found.rules.push(criterion.id);
            self.found.stands_alone |= by == By::MarrowOrImaging;
        }
        self.open = self.open | known;
    }

    fn rise(
        &mut self,
        criterion: &'static Criterion,
        by: By,
        low: Option<f64>,
        now: Option<f64>,
        holds: impl Fn(f64, f64) -> bool,
        lacks: (Input, Input),
    ) {
        let known = match (low, now) {
            (Some(low), Some(now)) => holds(low, now).into(),
            (Some(_), None) => Known::lacking(&[lacks.1]),
            (None, Some(_)) => Known::lacking(&[lacks.0]),
            (None, None) => Known::lacking(&[lacks.0, lacks.1]),
        };
        self.look(criterion, by, known, &[("lowest", low.into()), ("now", now.into())]);
    }

    fn serum(&mut self) {
        let (low, now) = (self.nadir.serum.get(), self.now.serum_m());
        if !self.frame.serum_open() && (low.is_none() || now.is_none()) {
            return;
        }
        let lacks = (Input::BaseSerumM, Input::SerumM);
        let relative = |low, now| rose_at_least(low, now, 25.0) && rose_by_at_least(low, now, 5.0);
        self.rise(&rules::PD_SERUM, By::Laboratory, low, now, relative, lacks);
        let reference = match self.frame.parameters.large_rise_reference {
            LargeRiseReference::Baseline => self.frame.baseline.serum_m(),
            LargeRiseReference::Lowest => low,
        };
        let large = Known::of(reference.map(|r| at_least(r, 50.0)), Input::BaseSerumM);
        let rise = match (low, now) {
            (Some(low), Some(now)) => rose_by_at_least(low, now, 10.0).into(),
            (_, None) => Known::lacking(&[Input::SerumM]),
            (None, _) => Known::lacking(&[Input::BaseSerumM]),
        };
        let values = [("reference", reference.into()), ("lowest", low.into()), ("now", now.into())];
        self.look(&rules::PD_SERUM_LARGE, By::Laboratory, large & rise, &values);
    }

    fn urine(&mut self) {
        let (low, now) = (self.nadir.urine.get(), self.now.urine_m());
        if self.frame.urine_open() || (low.is_some() && now.is_some()) {
            let holds = |low, now| rose_at_least(low, now, 25.0) && rose_by_at_least(low, now, 200.0);
            self.rise(&rules::PD_URINE, By::Laboratory, low, now, holds, (Input::BaseUrineM, Input::UrineM));
        }
    }

    fn flc(&mut self) {
        let (low, now) = (self.nadir.dflc.get(), self.frame.dflc(self.now));
        if self.frame.by_flc() || (low.is_some() && now.is_some()) {
            let known = match (low, now) {
                (Some(low), Some(now)) => {
                    (rose_at_least(low, now, 25.0) && rose_by_more_than(low, now, 100.0)).into()
                }
                (None, _) => self.frame.lacking_base_dflc() | self.frame.lacking_dflc(self.now),
                (Some(_), None) => self.frame.lacking_dflc(self.now),
            };
            self.look(&rules::PD_FLC, By::Laboratory, known, &[("lowest", low.into()), ("now", now.into())]);
        }
    }

    fn marrow(&mut self) {
        let (low, now) = (self.nadir.marrow.get(), self.now.marrow_plasma_cell_percent);
        if self.frame.kind == MeasurableType::MarrowOnly || (low.is_some() && now.is_some()) {
            let holds = |low, now| rose_at_least(low, now, 25.0) && rose_by_at_least(low, now, 10.0);
            let lacks = (Input::BaseMarrow, Input::Marrow);
            self.rise(&rules::PD_MARROW, By::MarrowOrImaging, low, now, holds, lacks);
        }
    }

    fn plasmacytomas(&mut self) {
        let imaging = self.frame.parameters.imaging_required;
        let had = self.frame.had_plasmacytoma() == Some(true);
        let new = new_plasmacytoma(self.now, self.nadir);
        if new.is_some() || imaging {
            let known = Known::of(new, Input::NewPlasmacytoma);
            self.look(&rules::PD_NEW_PLASMACYTOMA, By::MarrowOrImaging, known, &[("new", new.into())]);
        }
        let (low, now) = (self.nadir.spd.get(), self.now.plasmacytoma_spd_mm2);
        let single = self.now.plasmacytoma_count.is_some_and(|count| count <= 1.0);
        if !single && (had || (low.is_some() && now.is_some())) {
            let holds = |low, now| rose_at_least(low, now, 50.0);
            self.rise(&rules::PD_SPD, By::MarrowOrImaging, low, now, holds, (Input::BaseSpd, Input::Spd));
        }
        for (low, now) in pairs(self.now, self.nadir) {
            let known = self.lesion_grown(&low, now);
            self.look(
                &rules::PD_DIAMETER,
                By::MarrowOrImaging,
                known,
                &[
                    ("lowest_mm", low.longest.into()),
                    ("short_axis_mm", low.short.into()),
                    ("now_mm", now.into()),
                ],
            );
        }
    }

    /// A lesion counts by its size when smallest, so that remnants do not progress by a millimetre.
    fn lesion_grown(&self, low: &LowLesion<'_>, now: Option<f64>) -> Known {
        let size = match self.frame.parameters.lesion_cut {
            LesionCut::Longest10 => Known::of(low.longest.map(|d| at_least(d, 10.0)), Input::LongestDiameter),
            LesionCut::ShortAxis10 => Known::of(low.short.map(|d| above(d, 10.0)), Input::ShortAxis),
        };
        let grown = low.longest.zip(now).map(|(low, now)| rose_at_least(low, now, 50.0));
        size & Known::of(grown, Input::LongestDiameter)
    }

    fn circulating(&mut self) {
        if self.frame.kind == MeasurableType::CirculatingOnly {
            let (low, now) = (self.nadir.circulating.get(), self.now.circulating_plasma_cells_ul);
            let holds = |low, now| rose_at_least(low, now, 50.0) && at_least(now, 200.0);
            let lacks = (Input::BaseCirculating, Input::Circulating);
            self.rise(&rules::PD_CIRCULATING, By::Laboratory, low, now, holds, lacks);
        }
    }

    fn bone(&mut self) {
        if !self.frame.parameters.bone_lesion_is_progression {
            return;
        }
        let (new, grown) = (self.now.new_bone_lesion(), self.now.bone_lesion_progressed);
        let known = match (new, grown) {
            (Some(true), _) | (_, Some(true)) => Known::MET,
            (None, _) if self.frame.parameters.imaging_required => Known::lacking(&[Input::NewBoneLesion]),
            (None, None) => return,
            _ => Known::NOT_MET,
        };
        self.look(
            &rules::PD_BONE,
            By::MarrowOrImaging,
            known,
            &[
                ("bone_lesion_new", self.now.bone_lesion_new.into()),
                ("osteoporotic_fracture", self.now.osteoporotic_fracture.into()),
                ("bone_lesion_progressed", grown.into()),
            ],
        );
    }
}

/// Each known lesion at its smallest with its longest diameter now.
pub(super) fn pairs<'a>(
    now: &'a Observation,
    nadir: &'a Nadir<'a>,
) -> impl Iterator<Item = (LowLesion<'a>, Option<f64>)> + 'a {
    let listed = now.plasmacytomas.iter().flatten().filter_map(|lesion| {
        let low = nadir.lesions.iter().flatten().find(|low| low.id == lesion.id)?;
        Some((*low, lesion.longest_diameter_mm))
    });
    let largest = nadir.lesion.zip(now.plasmacytoma_longest_diameter_mm);
    listed.chain(largest.map(|(low, now)| (low, Some(now))))
}

/// Whether a plasmacytoma is new: as recorded, or by a lesion that earlier lists did not name.
pub(super) fn new_plasmacytoma(now: &Observation, nadir: &Nadir<'_>) -> Option<bool> {
    let listed = now.plasmacytomas.as_ref().zip(nadir.lesions.as_ref()).map(|(lesions, known)| {
        lesions.iter().any(|lesion| {
            lesion.longest_diameter_mm.is_none_or(|size| above(size, 0.0))
                && known.iter().all(|low| low.id != lesion.id)
        })
    });
    match (now.plasmacytoma_new, listed) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (recorded, listed) => recorded.or(listed),
    }
}

/// Looks for progression, and tells what could not be looked for.
pub(super) fn search(
    frame: &Frame<'_>,
    nadir: &Nadir<'_>,
    now: &Observation,
    at: At,
    trace: &mut Trace,
) -> (Progression, Known) {
    let mut search =
        Search { found: Progression::default(), open: Known::NOT_MET, at, trace, now, nadir, frame };
    search.serum();
    search.urine();
    if !frame.by_m_protein() {
        search.flc();
        if !frame.by_flc() {
            search.marrow();
        }
    }
    search.plasmacytomas();
    search.circulating();
    search.bone();
    (search.found, search.open)
}
