//! The observations of one day, checked and in one unit.

use super::input::{BAllAssessment, BAllBaseline, Blood, Csf, LeukemiaSite, Mrd};
use crate::codes::assessment::{MrdResult, MrdSpecimen};
use crate::criteria::case::Fault;
use crate::criteria::compare::{above, at_least, same};
use crate::criteria::lugano::read::{Hard, Place};
use chrono::NaiveDate;

const fn percent(member: &'static str) -> Hard {
    Hard { member, range: 0.0..=100.0, unit: "%", other: None }
}
const MARROW: Hard = percent("marrow_blast_percent");
const PERIPHERAL: Hard = percent("peripheral_blast_percent");
const fn cells(member: &'static str, max: f64, other: &'static str) -> Hard {
    Hard { member, range: 0.0..=max, unit: "x10⁹/L", other: Some((1e-3, "cells/µL", other)) }
}
const ANC: Hard = cells("anc_10e9_l", 200.0, "anc_ul");
const PLATELETS: Hard = cells("platelets_10e9_l", 3000.0, "platelets_ul");
const BASELINE_WBC: Hard = Hard { member: "wbc_10e9_l", range: 0.0..=1000.0, unit: "x10⁹/L", other: None };
const WBC: Hard = cells("blood/wbc_10e9_l", 1000.0, "blood/wbc_ul");
const NUMBER: Hard =
    Hard { member: "peripheral_blasts_10e9_l", range: 0.0..=1000.0, unit: "x10⁹/L", other: None };
/// No hard range of the dictionary; any living person's red cells and more.
const RBC: Hard = Hard {
    member: "blood/rbc_10e12_l",
    range: 0.1..=12.0,
    unit: "x10¹²/L",
    other: Some((1e-6, "cells/µL", "blood/rbc_ul")),
};
const CSF_WBC: Hard = Hard { member: "csf/wbc_ul", range: 0.0..=1e6, unit: "cells/µL", other: None };
const CSF_RBC: Hard = Hard { member: "csf/rbc_ul", range: 0.0..=1e7, unit: "cells/µL", other: None };
const SENSITIVITY: Hard =
    Hard { member: "sensitivity", range: 1e-7..=1e-2, unit: "(share of cells)", other: None };
const LEVEL: Hard = Hard {
    member: "value",
    range: 0.0..=1.0,
    unit: "(share of cells)",
    other: Some((0.01, "%", "value_percent")),
};

/// The MRD cut: one cell in ten thousand.
pub(super) const MRD_CUT: f64 = 1e-4;

/// Leukemia as seen on one day.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Burden<'a> {
    pub(super) marrow: Option<f64>,
    pub(super) circulating: Option<bool>,
    pub(super) peripheral: Option<f64>,
    /// Absolute number of circulating blasts, 10⁹/L.
    pub(super) number: Option<f64>,
    pub(super) extramedullary: Option<bool>,
    pub(super) sites: &'a [LeukemiaSite],
}

struct Written<'a> {
    marrow: Option<f64>,
    peripheral: Option<f64>,
    circulating: Option<bool>,
    number: Option<f64>,
    wbc: Option<f64>,
    extramedullary: Option<bool>,
    sites: &'a [LeukemiaSite],
}

fn burden<'a>(written: &Written<'a>, place: &Place<'_>) -> Result<Burden<'a>, Fault> {
    let marrow = MARROW.check(written.marrow, place)?;
    let peripheral = PERIPHERAL.check(written.peripheral, place)?;
    let number = NUMBER.check(written.number, place)?;
    let seen = [written.circulating, peripheral.map(|p| above(p, 0.0)), number.map(|n| above(n, 0.0))];
    let (yes, no) = (seen.contains(&Some(true)), seen.contains(&Some(false)));
    if yes && no {
        return Err(Fault::new(
            place.pointer("circulating_blasts"),
            "the statements on circulating blasts contradict each other",
            "circulating_blasts, peripheral_blast_percent and peripheral_blasts_10e9_l that are all of blasts or all of none",
        ));
    }
    let circulating = (yes || no).then_some(yes);
    let counted = written.wbc.zip(peripheral).map(|(wbc, share)| wbc * share / 100.0);
    let number = number.or(counted).or_else(|| no.then_some(0.0));
    let sites = written.sites;
    let inside = sites.iter().position(|s| matches!(s, LeukemiaSite::Marrow | LeukemiaSite::Blood));
    if let Some(i) = inside {
        return Err(Fault::new(
            place.pointer(&format!("extramedullary_sites/{i}")),
            "marrow and blood are not extramedullary",
            "sites outside marrow and blood",
        ));
    }
    if written.extramedullary == Some(false) && !sites.is_empty() {
        return Err(Fault::new(
            place.pointer("extramedullary_disease"),
            "false contradicts extramedullary_sites",
            "true, or no sites",
        ));
    }
    let extramedullary = written.extramedullary.or_else(|| (!sites.is_empty()).then_some(true));
    Ok(Burden { marrow, circulating, peripheral, number, extramedullary, sites })
}

/// # Errors
/// Values out of the hard ranges or contradicting each other.
pub(super) fn baseline(written: &BAllBaseline) -> Result<Burden<'_>, Fault> {
    let place = Place { assessment: None, row: None, alone: false };
    let wbc = BASELINE_WBC.check(written.wbc_10e9_l, &place)?;
    let rows = Written {
        marrow: written.marrow_blast_percent,
        peripheral: written.peripheral_blast_percent,
        circulating: written.circulating_blasts,
        number: written.peripheral_blasts_10e9_l,
        wbc,
        extramedullary: written.extramedullary_disease,
        sites: &written.extramedullary_sites,
    };
    burden(&rows, &place)
}

/// Blood counts of one day, 10⁹/L and 10¹²/L.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) wbc: Option<f64>,
    pub(super) rbc: Option<f64>,
}

/// An assessment, checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) source: &'a BAllAssessment,
    pub(super) burden: Burden<'a>,
    pub(super) anc: Option<f64>,
    pub(super) platelets: Option<f64>,
    pub(super) blood: Counts,
}

impl<'a> Reading<'a> {
    /// # Errors
    /// Values out of the hard ranges or contradicting each other.
    pub(super) fn check(source: &'a BAllAssessment, index: usize) -> Result<Self, Fault> {
        let place = Place { assessment: Some(index), row: None, alone: false };
        let blood = counts(source.blood.as_ref(), &place)?;
        csf(source.csf.as_ref(), &place)?;
        for (i, test) in source.mrd.iter().enumerate() {
            let alone = source.mrd.len() == 1;
            mrd(test, &Place { assessment: Some(index), row: Some(("mrd", i)), alone })?;
        }
        let rows = Written {
            marrow: source.marrow_blast_percent,
            peripheral: source.peripheral_blast_percent,
            circulating: source.circulating_blasts,
            number: source.peripheral_blasts_10e9_l,
            // Counts of another day say nothing of this day's blasts.
            wbc: blood.wbc.filter(|_| drawn(source) == source.date),
            extramedullary: source.extramedullary_disease,
            sites: &source.extramedullary_sites,
        };
        Ok(Self {
            source,
            burden: burden(&rows, &place)?,
            anc: ANC.either(source.anc_10e9_l, source.anc_ul, &place)?,
            platelets: PLATELETS.either(source.platelets_10e9_l, source.platelets_ul, &place)?,
            blood,
        })
    }
}

/// Day of the puncture.
pub(super) fn tapped(source: &BAllAssessment) -> NaiveDate {
    source.csf.and_then(|c| c.date).unwrap_or(source.date)
}

/// Day of the blood counts.
pub(super) fn drawn(source: &BAllAssessment) -> NaiveDate {
    source.blood.and_then(|b| b.date).unwrap_or_else(|| tapped(source))
}

fn counts(blood: Option<&Blood>, place: &Place<'_>) -> Result<Counts, Fault> {
    let Some(blood) = blood else { return Ok(Counts::default()) };
    Ok(Counts {
        wbc: WBC.either(blood.wbc_10e9_l, blood.wbc_ul, place)?,
        rbc: RBC.either(blood.rbc_10e12_l, blood.rbc_ul, place)?,
    })
}

fn csf(csf: Option<&Csf>, place: &Place<'_>) -> Result<(), Fault> {
    let Some(csf) = csf else { return Ok(()) };
    CSF_WBC.check(csf.wbc_ul, place)?;
    CSF_RBC.check(csf.rbc_ul, place)?;
    Ok(())
}

/// The level of a checked test, as a share of cells.
pub(super) fn level(test: &Mrd) -> Option<f64> {
    test.value.or_else(|| test.value_percent.map(|p| p * 0.01))
}

/// The test is of marrow or blood, or does not say.
pub(super) fn of_marrow_or_blood(test: &Mrd) -> bool {
    test.specimen != Some(MrdSpecimen::Csf)
}

fn mrd(test: &Mrd, place: &Place<'_>) -> Result<(), Fault> {
    SENSITIVITY.check(test.sensitivity, place)?;
    let level = LEVEL.either(test.value, test.value_percent, place)?;
    let against = match (test.result, level) {
        (Some(MrdResult::Negative), Some(x)) => at_least(x, MRD_CUT),
        (Some(MrdResult::Positive), Some(x)) => same(x, 0.0),
        _ => false,
    };
    if against {
        return Err(Fault::new(
            place.pointer("result"),
            "the result contradicts the level",
            "NEG with a level below 1e-4, or POS with a level above 0",
        ));
    }
    Ok(())
}
