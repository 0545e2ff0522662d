//! Reactivation of hepatitis B and hepatitis flare. Not in the guideline, which names no definition.

use super::{Baseline, Dna, positive};
use crate::codes::assessment::PosNeg;
use crate::criteria::compare::{Verdict, above, at_least};
use crate::criteria::measured::known;
use crate::criteria::trace::{At, Criterion, Trace, criteria};

criteria! {
    RISE_100 = External("hbv.aasld_rise", "HBsAg positive: DNA at least 100 times the baseline", "HBsAg(+)：HBV DNA较基线升高≥100倍", "AASLD 2018");
    FROM_UNDETECTABLE = External("hbv.aasld_1000", "HBsAg positive, DNA undetectable before: DNA of 1000 IU/ml or more", "HBsAg(+)且基线DNA不可测：HBV DNA≥1000 IU/ml", "AASLD 2018");
    BASELINE_UNKNOWN = External("hbv.aasld_10000", "HBsAg positive, DNA level before unknown: DNA of 10000 IU/ml or more", "HBsAg(+)且基线DNA未知：HBV DNA≥10000 IU/ml", "AASLD 2018");
    DNA_APPEARS = External("hbv.aasld_dna_appears", "HBsAg negative, HBcAb positive: DNA becomes detectable", "HBsAg(-)/HBcAb(+)：HBV DNA转为可测", "AASLD 2018");
    SAG_REAPPEARS = External("hbv.aasld_hbsag_reappears", "HBsAg negative, HBcAb positive: HBsAg reappears", "HBsAg(-)/HBcAb(+)：HBsAg再现", "AASLD 2018");
    OCCULT_RISE = Proposed("hbv.occult_rise", "HBsAg negative, HBcAb positive, DNA detectable before: DNA at least 100 times the baseline", "HBsAg(-)/HBcAb(+)且基线DNA可测：HBV DNA较基线升高≥100倍", "after AASLD 2018, which leaves it open");
    AASLD = External("hbv.aasld_2018", "reactivation by AASLD 2018", "按AASLD 2018的再激活", "AASLD 2018");
    CHB_RISE = External("hbv.chb_rise", "DNA at least 2 log10 above the baseline", "HBV DNA较基线升高≥2 log10", "Chinese CHB guideline 2019");
    CHB_DNA_APPEARS = External("hbv.chb_dna_appears", "DNA negative before, now positive", "HBV DNA由阴性转为阳性", "Chinese CHB guideline 2019");
    CHB_SAG_APPEARS = External("hbv.chb_hbsag_appears", "HBsAg negative before, now positive", "HBsAg由阴性转为阳性", "Chinese CHB guideline 2019");
    CHB = External("hbv.chb_2019", "reactivation by the Chinese CHB guideline 2019", "按中国慢乙肝指南2019的再激活", "Chinese CHB guideline 2019");
    NEW_INFECTION = Proposed("hbv.new_infection", "HBsAg and HBcAb negative before, now HBsAg or DNA positive", "基线HBsAg(-)/HBcAb(-)，现HBsAg或DNA阳性", "catalogue D9");
    FLARE = External("hbv.flare", "ALT at least 3 times the baseline and above 100 U/L", "ALT≥3倍基线且>100 U/L", "AASLD 2018");
    REACTIVATED = External("hbv.reactivated", "reactivation by the definition chosen", "按所选定义的再激活", "catalogue D9");
    NOT_REACTIVATED = External("hbv.not_reactivated", "no reactivation by the definition chosen", "按所选定义未再激活", "catalogue D9");
    UNDECIDED = Proposed("hbv.missing", "a missing value would decide", "缺失值可改变判断", "catalogue D9");
}

/// Definition of reactivation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub enum Definition {
    /// American Association for the Study of Liver Diseases, 2018.
    #[default]
    #[serde(rename = "AASLD2018", alias = "aasld_2018", alias = "AASLD_2018", alias = "AASLD")]
    Aasld2018,
    /// Chinese guideline of chronic hepatitis B, 2019.
    #[serde(rename = "CHB2019", alias = "chb_2019", alias = "CHB_2019", alias = "CHB")]
    Chb2019,
}

/// What the guideline leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// Which definition decides; both are reported.
    pub definition: Definition,
}

/// Tests of one day, each possibly absent.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Tests {
    /// DNA.
    pub dna: Option<Dna>,
    /// Surface antigen.
    pub hbsag: Option<PosNeg>,
    /// ALT, U/L.
    pub alt_u_l: Option<f64>,
}

/// One day judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// By the definition chosen.
    pub reactivated: Verdict,
    /// By AASLD 2018.
    pub aasld2018: Verdict,
    /// By the Chinese guideline of 2019.
    pub chb2019: Verdict,
    /// The rule of the definition chosen that was met first.
    pub rule: Option<&'static Criterion>,
    /// Markers appeared in a patient without a trace of earlier infection.
    pub new_infection: Verdict,
    /// Hepatitis flare.
    pub flare: Verdict,
}

/// What holds under both readings of something unknown.
fn either_way(unknown: Verdict, if_met: Verdict, if_not: Verdict) -> Verdict {
    match unknown {
        Verdict::Met => if_met,
        Verdict::NotMet => if_not,
        Verdict::Undecided if if_met == if_not => if_met,
        Verdict::Undecided => Verdict::Undecided,
    }
}

/// DNA of the day is at least `least` IU/ml.
fn level_at_least(dna: Option<Dna>, least: f64) -> Verdict {
    match dna {
        Some(Dna::Undetectable) => Verdict::NotMet,
        Some(Dna::Detectable(Some(level))) => at_least(level, least).into(),
        Some(Dna::Detectable(None)) | None => Verdict::Undecided,
    }
}

/// DNA of the day is at least 100 times a baseline level.
fn hundredfold(baseline: Option<Dna>, dna: Option<Dna>) -> Verdict {
    match (baseline, dna) {
        (Some(Dna::Detectable(Some(before))), dna) => level_at_least(dna, before * 100.0),
        (Some(Dna::Undetectable), _) | (_, Some(Dna::Undetectable)) => Verdict::NotMet,
        _ => Verdict::Undecided,
    }
}

struct Day<'a> {
    at: At,
    baseline: &'a Baseline,
    dna: Option<Dna>,
    detectable: Verdict,
    sag: Verdict,
}

impl Day<'_> {
    fn values(&self, trace: &mut Trace, criterion: &'static Criterion, verdict: Verdict) -> Verdict {
        let dna = |dna: Option<Dna>| dna.map(|dna| dna.level().unwrap_or(0.0));
        let shown = [
            ("baseline_hbv_dna_iu_ml", dna(self.baseline.dna).into()),
            ("hbv_dna_iu_ml", self.dna.and_then(Dna::level).into()),
            ("hbv_dna_detectable", self.dna.map(Dna::detectable).into()),
            ("hbsag", known(self.sag).map(|positive| if positive { "POS" } else { "NEG" }).into()),
        ];
        trace.judge(self.at, criterion, verdict, &shown)
    }

    fn aasld(&self, trace: &mut Trace) -> (Verdict, Option<&'static Criterion>) {
        let (sag_before, cab_before) = (positive(self.baseline.hbsag), positive(self.baseline.hbcab));
        let before = self.baseline.dna;
        let (threshold_rule, if_sag) = match before {
            Some(Dna::Undetectable) => (&FROM_UNDETECTABLE, level_at_least(self.dna, 1000.0)),
            Some(Dna::Detectable(Some(_))) => (&RISE_100, hundredfold(before, self.dna)),
            Some(Dna::Detectable(None)) | None => (&BASELINE_UNKNOWN, level_at_least(self.dna, 10_000.0)),
        };
        let occult = before.is_some_and(Dna::detectable);
        let (dna_rule, dna_part) = if occult {
            (&OCCULT_RISE, hundredfold(before, self.dna))
        } else {
            (&DNA_APPEARS, self.detectable)
        };
        let if_core = either_way(cab_before, dna_part | self.sag, Verdict::NotMet);
        let mut rule = None;
        for (criterion, verdict) in [
            (threshold_rule, sag_before & if_sag),
            (dna_rule, !sag_before & cab_before & dna_part),
            (&SAG_REAPPEARS, !sag_before & cab_before & self.sag),
        ] {
            if self.values(trace, criterion, verdict).met() {
                rule = rule.or(Some(criterion));
            }
        }
        let verdict = either_way(sag_before, if_sag, if_core);
        self.values(trace, &AASLD, verdict);
        (verdict, rule.or(verdict.met().then_some(&AASLD)))
    }

    fn chb(&self, trace: &mut Trace) -> (Verdict, Option<&'static Criterion>) {
        let before = self.baseline.dna;
        let appears = !Verdict::from(before.map(Dna::detectable)) & self.detectable;
        let mut verdict = Verdict::NotMet;
        let mut rule = None;
        for (criterion, part) in [
            (&CHB_RISE, hundredfold(before, self.dna)),
            (&CHB_DNA_APPEARS, appears),
            (&CHB_SAG_APPEARS, !positive(self.baseline.hbsag) & self.sag),
        ] {
            if self.values(trace, criterion, part).met() {
                rule = rule.or(Some(criterion));
            }
            verdict = verdict | part;
        }
        self.values(trace, &CHB, verdict);
        (verdict, rule)
    }
}

/// Judges the tests of one day against the baseline.
pub fn judge(
    at: At,
    baseline: &Baseline,
    tests: &Tests,
    parameters: Parameters,
    trace: &mut Trace,
) -> Judged {
    let day = Day {
        at,
        baseline,
        dna: tests.dna,
        detectable: tests.dna.map(Dna::detectable).into(),
        sag: positive(tests.hbsag),
    };
    let (aasld2018, aasld_rule) = day.aasld(trace);
    let (chb2019, chb_rule) = day.chb(trace);
    let seronegative = !positive(baseline.hbsag) & !positive(baseline.hbcab);
    let new_infection = day.values(trace, &NEW_INFECTION, seronegative & (day.detectable | day.sag));
    let over_100: Verdict = tests.alt_u_l.map(|alt| above(alt, 100.0)).into();
    let threefold: Verdict =
        tests.alt_u_l.zip(baseline.alt_u_l).map(|(alt, before)| at_least(alt, before * 3.0)).into();
    let alt = [("alt_u_l", tests.alt_u_l.into()), ("baseline_alt_u_l", baseline.alt_u_l.into())];
    let flare = trace.judge(at, &FLARE, over_100 & threefold, &alt);
    let (reactivated, rule, name) = match parameters.definition {
        Definition::Aasld2018 => (aasld2018, aasld_rule, "AASLD2018"),
        Definition::Chb2019 => (chb2019, chb_rule, "CHB2019"),
    };
    let definition = [("definition", name.into())];
    trace.decide(at, &REACTIVATED, reactivated, &definition, "reactivated");
    trace.decide(at, &NOT_REACTIVATED, !reactivated, &definition, "not_reactivated");
    trace.decide(at, &UNDECIDED, reactivated.undecided(), &definition, "not_evaluable");
    if reactivated.undecided() {
        miss(&day, parameters.definition, trace);
    }
    Judged { reactivated, aasld2018, chb2019, rule: rule.filter(|_| reactivated.met()), new_infection, flare }
}

/// Names what was absent and could have decided.
fn miss(day: &Day<'_>, definition: Definition, trace: &mut Trace) {
    let Baseline { hbsag, hbcab, dna, .. } = *day.baseline;
    let aasld = definition == Definition::Aasld2018;
    let sag_positive = hbsag == Some(PosNeg::Positive);
    let no_level = day.dna.is_none_or(|dna| dna.detectable() && dna.level().is_none());
    let no_level_before = dna.is_none_or(|dna| dna.detectable() && dna.level().is_none());
    for (absent, name) in [
        (hbsag.is_none(), "baseline_hbsag"),
        (aasld && !sag_positive && hbcab.is_none(), "baseline_hbcab"),
        (!aasld && no_level_before, "baseline_hbv_dna_iu_ml"),
        (no_level, "hbv_dna_iu_ml"),
        (!sag_positive && day.sag.undecided(), "hbsag"),
    ] {
        if absent {
            trace.miss(day.at, name);
        }
    }
}
