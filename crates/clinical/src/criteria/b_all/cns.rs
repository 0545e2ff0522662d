//! CNS status, with the rule of the traumatic tap (C3; Steinherz-Bleyer).

use super::check::Counts;
use super::input::{BAllParameters, Csf};
use super::rules;
use crate::codes::assessment::CnsStatus;
use crate::criteria::compare::{above, at_least, below};
use crate::criteria::{At, Criterion, Trace, Verdict};

/// Leukocytes per µL that part CNS-2 from CNS-3.
const LEUKOCYTES: f64 = 5.0;
/// Red cells per µL from which the tap was traumatic.
const TRAUMATIC: f64 = 10.0;
/// How many times the blood's leukocytes per red cell the CSF must have.
const RATIO: f64 = 2.0;
/// From 10⁹/L over 10¹²/L to cells per cell.
const PER_RED_CELL: f64 = 1e-3;

fn named(status: CnsStatus) -> &'static Criterion {
    match status {
        CnsStatus::Cns1 => &rules::CNS1,
        CnsStatus::Cns2 => &rules::CNS2,
        CnsStatus::Cns2a => &rules::CNS2A,
        CnsStatus::Cns2b => &rules::CNS2B,
        CnsStatus::Cns2c => &rules::CNS2C,
        CnsStatus::Cns3 => &rules::CNS3,
        CnsStatus::Cns3a => &rules::CNS3A,
        CnsStatus::Cns3b => &rules::CNS3B,
        CnsStatus::Cns3c => &rules::CNS_SIGNS,
    }
}

/// The CSF has more leukocytes per red cell than blood spilled into it would bring.
fn steinherz_bleyer(wbc: f64, rbc: f64, blood: Counts, inclusive: bool) -> Verdict {
    let (Some(white), Some(red)) = (blood.wbc, blood.rbc) else { return Verdict::Undecided };
    // Multiplied out, so that nothing is divided by.
    let (csf, spilled) = (wbc * red, RATIO * white * PER_RED_CELL * rbc);
    if inclusive { at_least(csf, spilled).into() } else { above(csf, spilled).into() }
}

/// CNS status of one day; `None` when it cannot be told. Blood counts must be of the day of the puncture.
///
/// Clinical signs are CNS-3c whatever the CSF. Without a red cell count the status is not subdivided; with a traumatic tap of at least
/// 5 leukocytes/µL and no blood counts it is undecided between 2c and 3b.
pub(super) fn status(
    at: At,
    csf: Option<&Csf>,
    blood: Counts,
    signs: Option<bool>,
    choices: &BAllParameters,
    trace: &mut Trace,
) -> Option<CnsStatus> {
    if csf.is_none() && signs != Some(true) {
        return None;
    }
    let csf = csf.copied().unwrap_or_default();
    if trace.decide(at, &rules::CNS_SIGNS, signs, &[], CnsStatus::Cns3c.code()).met() {
        return Some(CnsStatus::Cns3c);
    }
    let status = match (csf.blasts, csf.wbc_ul, csf.rbc_ul) {
        (Some(false), ..) => CnsStatus::Cns1,
        (None, ..) => {
            trace.miss(at, "csf.blasts");
            return None;
        }
        (Some(true), None, _) => {
            trace.miss(at, "csf.wbc_ul");
            return None;
        }
        (Some(true), Some(wbc), None) if below(wbc, LEUKOCYTES) => CnsStatus::Cns2,
        (Some(true), Some(_), None) => CnsStatus::Cns3,
        (Some(true), Some(wbc), Some(rbc)) => match (below(wbc, LEUKOCYTES), below(rbc, TRAUMATIC)) {
            (true, true) => CnsStatus::Cns2a,
            (true, false) => CnsStatus::Cns2b,
            (false, true) => CnsStatus::Cns3a,
            (false, false) => {
                let verdict = steinherz_bleyer(wbc, rbc, blood, choices.steinherz_bleyer_inclusive);
                let values = [
                    ("csf_wbc_ul", wbc.into()),
                    ("csf_rbc_ul", rbc.into()),
                    ("blood_wbc_10e9_l", blood.wbc.into()),
                    ("blood_rbc_10e12_l", blood.rbc.into()),
                ];
                match trace.judge(at, &rules::STEINHERZ_BLEYER, verdict, &values) {
                    Verdict::Met => CnsStatus::Cns3b,
                    Verdict::NotMet => CnsStatus::Cns2c,
                    Verdict::Undecided => {
                        if blood.wbc.is_none() {
                            trace.miss(at, "blood.wbc_10e9_l");
                        }
                        if blood.rbc.is_none() {
                            trace.miss(at, "blood.rbc_10e12_l");
                        }
                        return None;
                    }
                }
            }
        },
    };
    let values = [
        ("csf_blasts", csf.blasts.into()),
        ("csf_wbc_ul", csf.wbc_ul.into()),
        ("csf_rbc_ul", csf.rbc_ul.into()),
    ];
    trace.decide(at, named(status), true, &values, status.code());
    Some(status)
}

/// CNS-3 of any kind: leukemia of the CNS.
pub(super) fn is_disease(status: CnsStatus) -> bool {
    matches!(status, CnsStatus::Cns3 | CnsStatus::Cns3a | CnsStatus::Cns3b | CnsStatus::Cns3c)
}
