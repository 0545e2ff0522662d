//! Sizes of the target lesions and of the spleen: hard rules, defaults, nadirs.

use super::input::{Assessment, Baseline, LesionKind, NewLesion, NewLesions, Target};
use super::read::{Hard, Place};
use crate::criteria::case::Fault;
use crate::criteria::compare::{above, same};

/// Most target lesions (G6 R18).
pub(super) const TARGETS: usize = 6;

const LDI: Hard =
    Hard { member: "ldi_mm", range: 0.0..=400.0, unit: "mm", other: Some((10.0, "cm", "ldi_cm")) };
const SDI: Hard =
    Hard { member: "sdi_mm", range: 0.0..=400.0, unit: "mm", other: Some((10.0, "cm", "sdi_cm")) };
const NEW: Hard =
    Hard { member: "size_mm", range: 0.0..=400.0, unit: "mm", other: Some((10.0, "cm", "size_cm")) };
const SPLEEN: Hard =
    Hard { member: "spleen_mm", range: 40.0..=400.0, unit: "mm", other: Some((10.0, "cm", "spleen_cm")) };

/// The two diameters of a lesion, mm.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Size {
    pub(super) ldi: Option<f64>,
    pub(super) sdi: Option<f64>,
}

impl Size {
    pub(super) fn ppd(self) -> Option<f64> {
        match (self.ldi, self.sdi) {
            // A lesion that is gone has no width, stated or not.
            (Some(0.0), _) => Some(0.0),
            (l, s) => Some(l? * s?),
        }
    }
}

/// A target at one time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) listed: bool,
    pub(super) size: Size,
    pub(super) unequivocal: Option<bool>,
}

/// The smallest diameters and product of one lesion up to a time, each by itself.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Nadir {
    pub(super) ldi: Option<f64>,
    pub(super) sdi: Option<f64>,
    pub(super) ppd: Option<f64>,
}

fn smaller(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

impl Nadir {
    fn lower(&mut self, size: Size) {
        self.ldi = smaller(self.ldi, size.ldi);
        self.sdi = smaller(self.sdi, size.sdi);
        self.ppd = smaller(self.ppd, size.ppd());
    }

    /// No longer visible at some assessment.
    pub(super) fn resolved(&self) -> bool {
        self.ldi == Some(0.0)
    }
}

fn is_nodal(nodal: Option<bool>, kind: Option<LesionKind>, place: &Place<'_>) -> Result<Option<bool>, Fault> {
    let told = kind.map(|k| k == LesionKind::Nodal);
    match (nodal, told) {
        (Some(a), Some(b)) if a != b => Err(Fault::new(
            place.pointer("nodal"),
            format!("{a} contradicts the kind of the lesion"),
            "nodal true with kind nodal, or false with extranodal",
        )),
        (a, b) => Ok(a.or(b)),
    }
}

fn upright(ldi: Option<f64>, sdi: Option<f64>, place: &Place<'_>) -> Result<(), Fault> {
    match (ldi, sdi) {
        (Some(l), Some(s)) if above(s, l) => Err(Fault::new(
            place.pointer("sdi_mm"),
            format!("{s} is above the longest diameter of {l}"),
            "a perpendicular diameter of at most the longest one",
        )),
        _ => Ok(()),
    }
}

/// The diameters of a row, or those that its flags stand for.
fn size(row: &Target, place: &Place<'_>) -> Result<Size, Fault> {
    let ldi = LDI.either(row.ldi_mm, row.ldi_cm, place)?;
    let sdi = SDI.either(row.sdi_mm, row.sdi_cm, place)?;
    upright(ldi, sdi, place)?;
    let stands_for = match (row.not_visible == Some(true), row.too_small == Some(true)) {
        (false, false) => return Ok(Size { ldi, sdi }),
        (true, true) => {
            return Err(Fault::new(
                place.pointer("too_small"),
                "true contradicts not_visible",
                "at most one of too_small and not_visible",
            ));
        }
        (true, false) => 0.0,
        (false, true) => 5.0,
    };
    let fits = |measured: Option<f64>| measured.is_none_or(|x| same(x, stands_for));
    if fits(ldi) && fits(sdi) {
        return Ok(Size { ldi: Some(stands_for), sdi: Some(stands_for) });
    }
    Err(Fault::new(
        place.pointer(if stands_for > 0.0 { "too_small" } else { "not_visible" }),
        "true contradicts the measured diameters",
        format!("no diameters, or {stands_for} x {stands_for} mm"),
    ))
}

/// The baseline, checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start<'a> {
    rows: Option<&'a [Target]>,
    pub(super) sizes: [Size; TARGETS],
    pub(super) nodal: [Option<bool>; TARGETS],
    pub(super) spleen: Option<f64>,
}

impl<'a> Start<'a> {
    /// # Errors
    /// More than six targets, an id twice or none, impossible diameters.
    pub(super) fn check(baseline: &'a Baseline) -> Result<Self, Fault> {
        let whole = Place { assessment: None, row: None, alone: false };
        let spleen = SPLEEN.either(baseline.spleen_mm, baseline.spleen_cm, &whole)?;
        let rows = baseline.targets.as_deref();
        let mut start = Self { rows, sizes: [Size::default(); TARGETS], nodal: [None; TARGETS], spleen };
        let listed = rows.unwrap_or_default();
        if listed.len() > TARGETS {
            return Err(Fault::new(
                whole.pointer("targets"),
                format!("{} target lesions", listed.len()),
                format!("at most {TARGETS}, the largest ones"),
            ));
        }
        for (i, row) in listed.iter().enumerate() {
            let place = Place { assessment: None, row: Some(("targets", i)), alone: false };
            if row.id.is_empty() || listed.iter().take(i).any(|earlier| earlier.id == row.id) {
                return Err(Fault::new(
                    place.pointer("id"),
                    format!("{:?} does not identify the lesion", row.id),
                    "an id, different for every target",
                ));
            }
            let (size, nodal) = (size(row, &place)?, is_nodal(row.nodal, row.kind, &place)?);
            if let (Some(s), Some(n)) = (start.sizes.get_mut(i), start.nodal.get_mut(i)) {
                (*s, *n) = (size, nodal);
            }
        }
        Ok(start)
    }

    /// Number of targets; `None` when not told.
    pub(super) fn count(&self) -> Option<usize> {
        self.rows.map(<[Target]>::len)
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.rows?.iter().position(|row| row.id == id)
    }
}

/// An assessment, checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) source: &'a Assessment,
    pub(super) targets: [Seen; TARGETS],
    pub(super) spleen: Option<f64>,
}

impl<'a> Reading<'a> {
    /// # Errors
    /// A target that baseline does not have or listed twice, impossible diameters.
    pub(super) fn check(source: &'a Assessment, index: usize, start: &Start<'_>) -> Result<Self, Fault> {
        let whole = Place { assessment: Some(index), row: None, alone: false };
        let spleen = SPLEEN.either(source.spleen_mm, source.spleen_cm, &whole)?;
        let mut reading = Self { source, targets: [Seen::default(); TARGETS], spleen };
        for (i, row) in source.targets.iter().enumerate() {
            let place = Place { assessment: Some(index), row: Some(("targets", i)), alone: false };
            let Some((at, seen)) =
                start.position(&row.id).and_then(|at| Some((at, reading.targets.get_mut(at)?)))
            else {
                return Err(Fault::new(
                    place.pointer("id"),
                    format!("{:?} is not a target of baseline", row.id),
                    "the id of a baseline target; lesions that are new belong to new_lesions",
                ));
            };
            let nodal = is_nodal(row.nodal, row.kind, &place)?;
            let known = start.nodal.get(at).copied().flatten();
            if nodal.is_some() && known.is_some() && nodal != known {
                return Err(Fault::new(
                    place.pointer("nodal"),
                    "the kind of the lesion is not that of baseline",
                    "the kind given at baseline, or none",
                ));
            }
            let size = size(row, &place)?;
            if seen.listed && seen.size != size {
                return Err(Fault::new(
                    place.pointer("id"),
                    format!("{:?} is listed twice with different diameters", row.id),
                    "one row per target",
                ));
            }
            *seen = Seen { listed: true, size, unequivocal: row.unequivocal };
        }
        if let Some(NewLesions::Listed(lesions)) = &source.new_lesions {
            for (i, lesion) in lesions.iter().enumerate() {
                let place = Place { assessment: Some(index), row: Some(("new_lesions", i)), alone: false };
                new_size(lesion, &place)?;
                is_nodal(lesion.nodal, lesion.kind, &place)?;
            }
        }
        Ok(reading)
    }

    /// Sum of the products of all targets; `None` when one is missing.
    pub(super) fn spd(&self, start: &Start<'_>) -> Option<f64> {
        sum(start, self.targets.iter().map(|seen| seen.size))
    }
}

fn new_size(lesion: &NewLesion, place: &Place<'_>) -> Result<Option<f64>, Fault> {
    let size = NEW.either(lesion.size_mm, lesion.size_cm, place)?;
    let across = SDI.check(lesion.sdi_mm, place)?;
    upright(size, across, place)?;
    Ok(size)
}

/// Largest diameter of a checked new lesion, mm, and whether it is a node.
pub(super) fn new_lesion(lesion: &NewLesion) -> (Option<f64>, Option<bool>) {
    let size = lesion.size_mm.or_else(|| lesion.size_cm.map(|cm| cm * 10.0));
    (size, lesion.nodal.or_else(|| lesion.kind.map(|k| k == LesionKind::Nodal)))
}

fn sum(start: &Start<'_>, sizes: impl Iterator<Item = Size>) -> Option<f64> {
    let count = start.count().filter(|n| *n > 0)?;
    sizes.take(count).map(Size::ppd).sum()
}

/// What earlier assessments, baseline included, have shown at the smallest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Past {
    pub(super) lesions: [Nadir; TARGETS],
    pub(super) spd_baseline: Option<f64>,
    pub(super) spd: Option<f64>,
    pub(super) spleen: Option<f64>,
}

impl Past {
    pub(super) fn new(start: &Start<'_>) -> Self {
        let mut lesions = [Nadir::default(); TARGETS];
        for (nadir, size) in lesions.iter_mut().zip(start.sizes) {
            nadir.lower(size);
        }
        let spd = sum(start, start.sizes.into_iter());
        Self { lesions, spd_baseline: spd, spd, spleen: start.spleen }
    }

    /// Takes an assessment into account for those after it.
    pub(super) fn take(&mut self, reading: &Reading<'_>, start: &Start<'_>) {
        for (nadir, seen) in self.lesions.iter_mut().zip(reading.targets) {
            nadir.lower(seen.size);
        }
        self.spd = smaller(self.spd, reading.spd(start));
        self.spleen = smaller(self.spleen, reading.spleen);
    }
}
