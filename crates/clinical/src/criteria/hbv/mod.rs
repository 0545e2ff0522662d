//! Hepatitis B: groups, prophylaxis and reactivation (CSCO 2024 §4.7.7; catalogue D9).

mod case;
pub mod reactivation;

pub use case::{BaselineInput, DayJudged, Hbv, HbvCase, Observation};
pub use reactivation::{Definition, Judged, Parameters, Tests, judge};

use super::compare::Verdict;
use super::measured::known;
use super::trace::{At, Criterion, Trace, criteria};
use crate::codes::assessment::PosNeg;
use crate::field::value_sets;

criteria! {
    SAG_POSITIVE = Seed("hbv.sag_pos", "HBsAg positive: antiviral prophylaxis (level I)", "HBsAg(+)：NAs预防（I级）", "4.7.7.2");
    CAB_DNA_POSITIVE = Seed("hbv.cab_pos_dna_pos", "HBsAg negative, HBcAb positive, DNA positive: antiviral prophylaxis (level I)", "HBsAg(-)/HBcAb(+)/DNA(+)：NAs预防（I级）", "4.7.7.2; erratum H06");
    CAB_DNA_NEGATIVE = Seed("hbv.cab_pos_dna_neg", "HBsAg negative, HBcAb positive, DNA negative: follow-up, or prophylaxis if adherence to it is poor (level I); prophylaxis (level II)", "HBsAg(-)/HBcAb(+)/DNA(-)：随访，依从性差者NAs预防（I级）；NAs预防（II级）", "4.7.7.2; erratum H06");
    ALL_NEGATIVE = Seed("hbv.all_neg", "HBsAg, HBsAb and HBcAb negative: follow-up (level I); prophylaxis (level II)", "HBsAg(-)/HBsAb(-)/HBcAb(-)：随访（I级）；NAs预防（II级）", "4.7.7.2; erratum H06");
    SAB_ONLY = Proposed("hbv.hbsab_only", "HBsAb alone positive: no rule printed", "仅HBsAb(+)：指南未列", "catalogue G5 HBV.group");
    UNKNOWN = Proposed("hbv.unknown", "serology or DNA incomplete", "血清学或DNA不全", "catalogue G5 HBV.group");
    POOR_COMPLIANCE = Seed("hbv.poor_compliance", "adherence to HBV monitoring is poor", "HBV监测依从性差", "4.7.7.2");
}

/// Every criterion of hepatitis B.
pub fn criteria() -> impl Iterator<Item = &'static Criterion> {
    CRITERIA.iter().chain(reactivation::CRITERIA).copied()
}

value_sets! {
    /// Group by the last serology before lymphodepletion (catalogue G5 HBV.group).
    Group "hbv_group" {
        SagPositive "SAG_POS" "HBsAg positive" "HBsAg(+)";
        CabPositiveDnaPositive "SAG_NEG_CAB_POS_DNA_POS" "HBsAg negative, HBcAb positive, DNA positive" "HBsAg(-)/HBcAb(+)/DNA(+)";
        CabPositiveDnaNegative "SAG_NEG_CAB_POS_DNA_NEG" "HBsAg negative, HBcAb positive, DNA negative" "HBsAg(-)/HBcAb(+)/DNA(-)";
        AllNegative "ALL_NEG" "HBsAg, HBsAb and HBcAb negative" "HBsAg(-)/HBsAb(-)/HBcAb(-)";
        HbsabOnly "HBSAB_ONLY" "HBsAb alone positive" "仅HBsAb(+)";
        Unknown "UNK" "Unknown" "未知";
    }
    /// What a recommendation level asks for.
    Measure "hbv_measure" {
        Antiviral "NA" "Nucleos(t)ide analogue" "核苷（酸）类似物";
        FollowUp "FOLLOW_UP" "Follow-up of the five markers and DNA" "定期随访乙肝五项和DNA";
        NotPrinted "NOT_PRINTED" "No rule printed" "未列";
    }
}

/// DNA in blood.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Dna {
    /// Not detected.
    Undetectable,
    /// Detected; the level in IU/ml where it was measured.
    Detectable(Option<f64>),
}

impl Dna {
    /// The level where it was measured.
    pub fn level(self) -> Option<f64> {
        match self {
            Self::Undetectable => None,
            Self::Detectable(level) => level,
        }
    }

    /// Whether DNA was detected.
    pub fn detectable(self) -> bool {
        matches!(self, Self::Detectable(_))
    }
}

/// Before lymphodepletion, each possibly unknown.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Baseline {
    /// Surface antigen.
    pub hbsag: Option<PosNeg>,
    /// Core antibody.
    pub hbcab: Option<PosNeg>,
    /// Surface antibody.
    pub hbsab: Option<PosNeg>,
    /// DNA.
    pub dna: Option<Dna>,
    /// ALT, U/L.
    pub alt_u_l: Option<f64>,
}

/// Whether a test is positive, as far as it is known.
pub(crate) fn positive(test: Option<PosNeg>) -> Verdict {
    test.map(|test| test == PosNeg::Positive).into()
}

/// Expected prophylaxis by recommendation level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Prophylaxis {
    /// Level I of 4.7.7.2.
    pub level_i: Option<Measure>,
    /// Level II of 4.7.7.2.
    pub level_ii: Option<Measure>,
    /// Level III of 1.6.2 and 3.3: antivirals for `HBsAg` or DNA positive.
    pub level_iii: Option<Measure>,
    /// The note of 1.6.2 and 3.3 asks for antivirals: `HBsAg` or `HBcAb` positive.
    pub by_note: Option<bool>,
}

/// The group of a baseline, its trace at `at`, and the prophylaxis expected.
///
/// `poor_compliance` with monitoring matters for level I of `HBcAb` positive without DNA; unknown is not taken as good. What is absent is named by [`miss_group`].
pub fn group(
    at: At,
    baseline: &Baseline,
    poor_compliance: Option<bool>,
    trace: &mut Trace,
) -> (Group, Prophylaxis) {
    let (sag, cab, sab) = (positive(baseline.hbsag), positive(baseline.hbcab), positive(baseline.hbsab));
    let dna: Verdict = baseline.dna.map(Dna::detectable).into();
    let shown = [
        ("hbsag", baseline.hbsag.map(PosNeg::code).into()),
        ("hbcab", baseline.hbcab.map(PosNeg::code).into()),
        ("hbsab", baseline.hbsab.map(PosNeg::code).into()),
        ("hbv_dna_detectable", baseline.dna.map(Dna::detectable).into()),
    ];
    let core_only = !sag & cab;
    let mut group = None;
    for (criterion, verdict, of) in [
        (&SAG_POSITIVE, sag, Group::SagPositive),
        (&CAB_DNA_POSITIVE, core_only & dna, Group::CabPositiveDnaPositive),
        (&CAB_DNA_NEGATIVE, core_only & !dna, Group::CabPositiveDnaNegative),
        (&ALL_NEGATIVE, !sag & !cab & !sab, Group::AllNegative),
        (&SAB_ONLY, !sag & !cab & sab, Group::HbsabOnly),
    ] {
        if trace.decide(at, criterion, verdict, &shown, of.code()).met() {
            group = Some(of);
        }
    }
    trace.decide(at, &UNKNOWN, group.is_none(), &shown, Group::Unknown.code());
    let level_i = match group {
        Some(Group::SagPositive | Group::CabPositiveDnaPositive) => Some(Measure::Antiviral),
        Some(Group::CabPositiveDnaNegative) => {
            let poor = trace.judge(
                at,
                &POOR_COMPLIANCE,
                poor_compliance,
                &[("poor_compliance", poor_compliance.into())],
            );
            known(poor).map(|poor| if poor { Measure::Antiviral } else { Measure::FollowUp })
        }
        Some(Group::AllNegative) => Some(Measure::FollowUp),
        Some(Group::HbsabOnly) => Some(Measure::NotPrinted),
        Some(Group::Unknown) | None => None,
    };
    // Level II of HBcAb positive does not depend on DNA, so it stands even when DNA is unknown.
    let level_ii = match group {
        Some(Group::CabPositiveDnaPositive | Group::CabPositiveDnaNegative | Group::AllNegative) => {
            Some(Measure::Antiviral)
        }
        Some(Group::SagPositive | Group::HbsabOnly) => Some(Measure::NotPrinted),
        Some(Group::Unknown) | None => core_only.met().then_some(Measure::Antiviral),
    };
    let level_iii =
        known(sag | dna).map(|positive| if positive { Measure::Antiviral } else { Measure::NotPrinted });
    let prophylaxis = Prophylaxis { level_i, level_ii, level_iii, by_note: known(sag | cab) };
    (group.unwrap_or(Group::Unknown), prophylaxis)
}

/// Names what was absent and would decide the group or the prophylaxis.
pub fn miss_group(at: At, baseline: &Baseline, poor_compliance: Option<bool>, trace: &mut Trace) {
    let (sag, cab, sab) = (positive(baseline.hbsag), positive(baseline.hbcab), positive(baseline.hbsab));
    let core_only = !sag & cab;
    let dna = baseline.dna;
    for (absent, name) in [
        (sag.undecided(), "hbsag"),
        (!sag.met() && cab.undecided(), "hbcab"),
        (core_only.met() && dna.is_none(), "hbv_dna_iu_ml"),
        ((!sag & !cab).met() && sab.undecided(), "hbsab"),
        (core_only.met() && dna == Some(Dna::Undetectable) && poor_compliance.is_none(), "poor_compliance"),
    ] {
        if absent {
            trace.miss(at, name);
        }
    }
}
