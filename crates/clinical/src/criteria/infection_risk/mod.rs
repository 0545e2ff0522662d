//! Risk of infection: the three high-risk sets, severe infection, the pause after COVID-19, live vaccines (CSCO 2024 §4.5.2, §4.6, §4.7;
//! catalogue D5.3, D6, D8).
//!
//! The sets of 4.5.2 and 4.7.2 are different by design and kept apart (C42). Within a trace the decision of each question is the
//! last concluding step whose rule id starts with the question; the case as a whole concludes with the set of 4.5.2.

mod case;
pub mod covid;

pub use case::{CovidInput, InfectionRisk, InfectionRiskCase, VaccineInput};
pub use covid::{CovidPause, CovidSeverity, LiveVaccine, Pause, Restart, covid_pause, live_vaccine};

use super::compare::{Verdict, above, at_least, at_most};
use super::measured::known;
use super::tls::count_at_least;
use super::trace::{At, Criterion, Quantity, Trace, criteria};
use chrono::{Months, NaiveDate};

criteria! {
    FUNGAL_ANC = Seed("infection_fungal.anc", "ANC of 0.5 x10^9/L or less before the infusion", "输注前ANC≤0.5×10^9/L", "4.6 note");
    FUNGAL_DOSE = Seed("infection_fungal.dose", "CAR-T dose above 2 x10^7/kg", "CAR-T剂量>2×10^7/kg", "4.6 note");
    FUNGAL_LINES = Seed("infection_fungal.lines", "4 or more earlier lines of therapy (printed \"conditioning regimens\")", "≥4线既往治疗（原文为预处理方案）", "4.6 note; erratum H10");
    FUNGAL_PRIOR = Seed("infection_fungal.prior", "earlier invasive fungal disease", "既往IFD相关感染史", "4.6 note");
    FUNGAL_TREATMENT = Seed("infection_fungal.treatment", "high-dose steroid or tocilizumab for CRS or ICANS", "因CRS或ICANS需高剂量皮质类固醇和/或托珠单抗", "4.6 note");
    FUNGAL_HIGH = Seed("infection_fungal.high", "two or more of the five", "符合五项中≥2项", "4.6 note");
    FUNGAL_STANDARD = Seed("infection_fungal.standard", "fewer than two of the five", "不足2项", "4.6 note");
    FUNGAL_UNDECIDED = Proposed("infection_fungal.missing", "a missing answer would decide", "缺失项可改变判断", "catalogue D6");
    ANTIVIRAL_HIGH = Seed("infection_antiviral.high", "recent allogeneic transplantation, steroid or tocilizumab: antivirals for 1 year", "近期allo-HSCT、糖皮质激素/托珠单抗：抗病毒预防1年", "4.7.2");
    ANTIVIRAL_STANDARD = Seed("infection_antiviral.standard", "none of them: antivirals for 6 months", "无上述因素：抗病毒预防6个月", "4.7.2");
    ANTIVIRAL_UNDECIDED = Proposed("infection_antiviral.missing", "a missing answer would decide", "缺失项可改变判断", "4.7.2");
    ANTIVIRAL_MONTHS = Seed("infection_antiviral_stop.months", "antivirals were given for the months of 4.7.2", "抗病毒预防达到4.7.2规定的月数", "4.7.2");
    ANTIVIRAL_YEAR = Seed("infection_antiviral_stop.year", "antivirals were given for 1 year", "抗病毒预防满1年", "4.5.2");
    ANTIVIRAL_CD4 = Seed("infection_antiviral_stop.cd4", "CD4 above 0.2 x10^9/L at the stop", "停药时CD4>0.2×10^9/L", "4.5.2");
    SEVERE = Seed("infection_severe.grade_3", "infection of CTCAE grade 3 or more (printed \"above 3\")", "CTCAE≥3级感染（原文为>3级）", "4.7; erratum H07");
    HIGH_FACTOR = Seed("infection_risk.factor", "a factor of high infection risk", "感染高危因素", "4.5.2 note");
    HIGH = Seed("infection_risk.high", "any factor of high infection risk", "存在任一感染高危因素", "4.5.2 note");
    STANDARD = Seed("infection_risk.standard", "no factor of high infection risk", "无感染高危因素", "4.5.2 note");
    UNDECIDED = Proposed("infection_risk.missing", "a missing answer would decide", "缺失项可改变判断", "4.5.2 note");
}

/// Every criterion of infection risk.
pub fn criteria() -> impl Iterator<Item = &'static Criterion> {
    CRITERIA.iter().chain(covid::CRITERIA).copied()
}

/// What the guideline leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// Earlier lines of therapy from which the fungal risk counts them (H10).
    pub fungal_lines: u8,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { fungal_lines: 4 }
    }
}

/// Answers about one patient, each possibly absent.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Facts {
    /// ANC before the infusion, 10^9/L.
    pub anc_before_infusion_10e9_l: Option<f64>,
    /// CAR-T cells infused per kg.
    pub dose_per_kg: Option<f64>,
    /// Earlier lines of therapy.
    pub prior_lines: Option<i32>,
    /// Earlier invasive fungal disease.
    pub prior_fungal_disease: Option<bool>,
    /// High-dose steroid for CRS or ICANS.
    pub high_dose_steroid: Option<bool>,
    /// Any steroid.
    pub steroid: Option<bool>,
    /// Tocilizumab.
    pub tocilizumab: Option<bool>,
    /// Recent allogeneic transplantation.
    pub recent_allo_hct: Option<bool>,
    /// Any earlier transplantation.
    pub prior_hct: Option<bool>,
    /// Cytopenia before lymphodepletion.
    pub baseline_cytopenia: Option<bool>,
    /// High tumor burden.
    pub high_tumor_burden: Option<bool>,
    /// Marrow infiltration.
    pub marrow_infiltration: Option<bool>,
    /// Highest grade of CRS so far.
    pub crs_grade: Option<i32>,
    /// Highest grade of ICANS so far.
    pub icans_grade: Option<i32>,
    /// Steroids for long.
    pub long_term_steroid: Option<bool>,
    /// CAR-HEMATOTOX is high.
    pub hematotox_high: Option<bool>,
}

/// One high-risk set judged.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Risk {
    /// None when a missing answer would decide.
    pub high: Option<bool>,
    /// Factors that hold.
    pub factors: Vec<&'static str>,
    /// Factors that are not known.
    pub unknown: Vec<&'static str>,
}

impl Risk {
    fn new(high: Verdict, parts: &[(&'static str, Verdict)]) -> Self {
        let with = |wanted: Verdict| parts.iter().filter(|p| p.1 == wanted).map(|p| p.0).collect();
        Self { high: known(high), factors: with(Verdict::Met), unknown: with(Verdict::Undecided) }
    }
}

/// The three ways a set can come out, concluded in the trace; unknown factors are missed when they would decide.
fn conclude(
    trace: &mut Trace,
    high: Verdict,
    [is_high, is_standard, is_open]: [&'static Criterion; 3],
    factors: &[(&'static str, Verdict)],
) {
    let at = At::Case;
    let count = |wanted: Verdict| {
        i32::try_from(factors.iter().filter(|factor| factor.1 == wanted).count()).unwrap_or(i32::MAX)
    };
    let shown: [(&str, Quantity); 2] =
        [("factors", count(Verdict::Met).into()), ("unknown", count(Verdict::Undecided).into())];
    trace.decide(at, is_high, high, &shown, "high");
    trace.decide(at, is_standard, !high, &shown, "standard");
    trace.decide(at, is_open, high.undecided(), &shown, "not_evaluable");
    if high.undecided() {
        factors.iter().filter(|f| f.1.undecided()).for_each(|(name, _)| trace.miss(at, name));
    }
}

/// High risk of fungal infection: two or more of five (4.6 note).
pub fn fungal(facts: &Facts, parameters: &Parameters, trace: &mut Trace) -> Risk {
    let at = At::Case;
    let lines = i32::from(parameters.fungal_lines);
    let treatment = Verdict::from(facts.high_dose_steroid) | facts.tocilizumab.into();
    let parts = [
        (
            "anc_before_infusion_10e9_l",
            trace.judge(
                at,
                &FUNGAL_ANC,
                facts.anc_before_infusion_10e9_l.map(|anc| at_most(anc, 0.5)),
                &[("anc_before_infusion_10e9_l", facts.anc_before_infusion_10e9_l.into())],
            ),
        ),
        (
            "dose_per_kg",
            trace.judge(
                at,
                &FUNGAL_DOSE,
                facts.dose_per_kg.map(|dose| above(dose, 2e7)),
                &[("dose_per_kg", facts.dose_per_kg.into())],
            ),
        ),
        (
            "prior_lines",
            trace.judge(
                at,
                &FUNGAL_LINES,
                facts.prior_lines.map(|given| given >= lines),
                &[("prior_lines", facts.prior_lines.into())],
            ),
        ),
        (
            "prior_fungal_disease",
            trace.judge(
                at,
                &FUNGAL_PRIOR,
                facts.prior_fungal_disease,
                &[("prior_fungal_disease", facts.prior_fungal_disease.into())],
            ),
        ),
        (
            "high_dose_steroid_or_tocilizumab",
            trace.judge(
                at,
                &FUNGAL_TREATMENT,
                treatment,
                &[
                    ("high_dose_steroid", facts.high_dose_steroid.into()),
                    ("tocilizumab", facts.tocilizumab.into()),
                ],
            ),
        ),
    ];
    let high = count_at_least(&parts.map(|part| part.1), 2);
    conclude(trace, high, [&FUNGAL_HIGH, &FUNGAL_STANDARD, &FUNGAL_UNDECIDED], &parts);
    Risk::new(high, &parts)
}

/// High risk of viral infection: antivirals for a year (4.7.2, dagger).
pub fn antiviral(facts: &Facts, trace: &mut Trace) -> Risk {
    // A high dose or long use is a use; that neither was given says nothing of other use.
    let used = facts.high_dose_steroid == Some(true) || facts.long_term_steroid == Some(true);
    let steroid: Verdict = if used { Verdict::Met } else { facts.steroid.into() };
    let parts = [
        ("recent_allo_hct", facts.recent_allo_hct.into()),
        ("steroid", steroid),
        ("tocilizumab", facts.tocilizumab.into()),
    ];
    let high = parts.iter().fold(Verdict::NotMet, |any, part| any | part.1);
    conclude(trace, high, [&ANTIVIRAL_HIGH, &ANTIVIRAL_STANDARD, &ANTIVIRAL_UNDECIDED], &parts);
    Risk::new(high, &parts)
}

/// High risk of infection: any of the factors of 4.5.2.
pub fn infection(facts: &Facts, trace: &mut Trace) -> Risk {
    let grade = |grade: Option<i32>| Verdict::from(grade.map(|grade| grade >= 3));
    // A recent allogeneic transplantation is one; that there was none says nothing of others.
    let transplanted: Verdict =
        if facts.recent_allo_hct == Some(true) { Verdict::Met } else { facts.prior_hct.into() };
    let parts = [
        ("prior_hct", transplanted),
        ("baseline_cytopenia", facts.baseline_cytopenia.into()),
        ("high_tumor_burden", facts.high_tumor_burden.into()),
        ("marrow_infiltration", facts.marrow_infiltration.into()),
        ("crs_grade", grade(facts.crs_grade)),
        ("icans_grade", grade(facts.icans_grade)),
        ("long_term_steroid", facts.long_term_steroid.into()),
        ("hematotox_high", facts.hematotox_high.into()),
    ];
    for (name, verdict) in parts {
        trace.judge(At::Case, &HIGH_FACTOR, verdict, &[("factor", name.into())]);
    }
    let high = parts.iter().fold(Verdict::NotMet, |any, part| any | part.1);
    conclude(trace, high, [&HIGH, &STANDARD, &UNDECIDED], &parts);
    Risk::new(high, &parts)
}

/// Severe infection: CTCAE grade 3 or more (rule R37).
pub fn severe(ctcae_grade: Option<i32>, trace: &mut Trace) -> Verdict {
    let verdict = ctcae_grade.map(|grade| grade >= 3);
    trace.judge(At::Case, &SEVERE, verdict, &[("ctcae_grade", ctcae_grade.into())])
}

/// Whether antiviral prophylaxis lasted long enough, by each section; they disagree (C11, C12, Q13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct AntiviralStop {
    /// 4.7.2: 6 months, at high risk 1 year.
    pub by_4_7_2: Option<bool>,
    /// 4.5.2 read as "1 year or CD4 above 0.2".
    pub by_4_5_2_either: Option<bool>,
    /// 4.5.2 read as "1 year and CD4 above 0.2".
    pub by_4_5_2_both: Option<bool>,
}

/// Judges the day antivirals were stopped. `cd4_ul` is the count at that time.
pub fn antiviral_stop(
    infusion: NaiveDate,
    stop: NaiveDate,
    high_risk: Option<bool>,
    cd4_ul: Option<f64>,
    trace: &mut Trace,
) -> AntiviralStop {
    let at = At::Case;
    let after =
        |months: u32| Verdict::from(infusion.checked_add_months(Months::new(months)).map(|due| stop >= due));
    let (half, year) = (after(6), after(12));
    let months = match high_risk {
        Some(true) => year,
        Some(false) => half,
        None if half == year => half,
        None => Verdict::Undecided,
    };
    let shown = [("infusion_date", infusion.into()), ("antiviral_stop_date", stop.into())];
    let by_months = trace.judge(at, &ANTIVIRAL_MONTHS, months, &shown);
    let full = trace.judge(at, &ANTIVIRAL_YEAR, year, &shown);
    let recovered =
        trace.judge(at, &ANTIVIRAL_CD4, cd4_ul.map(|cd4| above(cd4, 200.0)), &[("cd4_ul", cd4_ul.into())]);
    AntiviralStop {
        by_4_7_2: known(by_months),
        by_4_5_2_either: known(full | recovered),
        by_4_5_2_both: known(full & recovered),
    }
}

/// Days that are at least `least`.
fn days_at_least(days: Option<i32>, least: i32) -> Verdict {
    days.map(|days| days >= least).into()
}

/// Hours that are at least `least`.
fn hours_at_least(hours: Option<f64>, least: f64) -> Verdict {
    hours.map(|hours| at_least(hours, least)).into()
}
