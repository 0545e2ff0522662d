//! The result of one measure.

use super::{
    AdherenceResult, CenterTally, IntervalCount, MeasureResult, NotComputable, Of, ReasonCount, Setting,
    ShownResult, Tally,
};
use chrono::NaiveDate;
use cohort::reports::estimates::Distribution;
use cohort::reports::grouping::Grouping;
use measures::columnar::Judgements;
use measures::evaluate::{State, Verdict};
use measures::file::Texts;
use measures::library::Measure;
use std::collections::BTreeMap;

fn texts(en: &str, zh: &str) -> Texts {
    Texts { en: en.to_owned(), zh: zh.to_owned() }
}

/// A verdict's reason, as an id and in words.
fn reason(of: &Of<'_>, measure: &Measure, verdict: Verdict) -> (String, Texts) {
    let plain = |id: &str, en: &str, zh: &str| (id.to_owned(), texts(en, zh));
    let rule = measure.rule.as_ref();
    match verdict {
        Verdict::Met => plain("met", "the numerator holds", "符合"),
        Verdict::NotMet => plain("not_met", "the numerator fails", "不符合"),
        Verdict::NotDue => {
            plain("not_due", "the window is open at the data cutoff", "数据截止时窗口期未结束")
        }
        Verdict::PopulationMissing => plain(
            "population_missing",
            "the records do not say whether the measure applies",
            "记录不足以判断是否适用",
        ),
        Verdict::Missing => plain("missing", "the records do not say", "记录不足以判断"),
        Verdict::Excluded(number) => rule
            .and_then(|r| r.exclusions.get(number))
            .map_or_else(|| plain("excluded", "excluded", "排除"), |e| (e.id.clone(), e.reason.clone())),
        Verdict::Ended(number) => of.guideline.ends.get(number).map_or_else(
            || plain("ended", "the follow-up ended", "随访结束"),
            |e| (e.id.clone(), e.reason.clone()),
        ),
    }
}

pub(super) fn measure_result(
    of: &Of<'_>,
    measure: &Measure,
    judged: &Judgements,
    place: usize,
    centers: &Grouping,
) -> MeasureResult {
    let mut of_center: Vec<Vec<State>> = vec![Vec::new(); centers.groups.len()];
    let mut reasons: BTreeMap<Verdict, usize> = BTreeMap::new();
    let mut states = Vec::new();
    for (subject, verdict) in of.verdicts(judged, place) {
        if let Some(center) = centers.of_subject.get(subject).and_then(|center| of_center.get_mut(*center)) {
            center.push(verdict.state());
        }
        *reasons.entry(verdict).or_default() += 1;
        states.push(verdict.state());
    }
    let by_center = centers.groups.iter().zip(of_center).filter(|(_, states)| !states.is_empty());
    let by_center = by_center.map(|(center, states)| CenterTally {
        center: center.clone(),
        tally: Tally::of(states.into_iter(), of.level),
    });
    let setting = |(index, parameter): (usize, &measures::library::Parameter)| {
        Some(Setting {
            name: parameter.name.clone(),
            value: of.settings.value(index)?.clone(),
            default: parameter.default.clone(),
            unit: parameter.unit.clone(),
            note: parameter.note.clone(),
        })
    };
    let shown = shown(of, measure, judged, place);
    let days = days(of, measure, judged, place);
    let same = days.chunk_by(|a, b| a == b);
    let same = same.filter_map(|same| Some(IntervalCount { days: *same.first()?, n: same.len() }));
    MeasureResult {
        id: measure.id.clone(),
        title: measure.title.clone(),
        text: measure.text.clone(),
        section: measure.section.join("; "),
        level: measure.level,
        level_as_printed: measure.level_as_printed.clone(),
        wording: measure.wording.clone(),
        evidence: measure.evidence,
        class: measure.class,
        core: measure.core,
        provenance: measure.provenance,
        remarks: measure.remarks.clone(),
        settings: of.parameters_of(measure).filter_map(setting).collect(),
        overall: Tally::of(states.into_iter(), of.level),
        by_center: by_center.collect(),
        reasons: reasons
            .into_iter()
            .map(|(verdict, n)| {
                let (reason, text) = reason(of, measure, verdict);
                ReasonCount { state: verdict.state(), reason, text, n }
            })
            .collect(),
        shown,
        intervals: same.collect(),
        interval: Distribution::of_sorted(&days),
        readings: Vec::new(),
    }
}

/// The known values of one of a measure's shown values, in ascending order.
fn values(of: &Of<'_>, judged: &Judgements, place: usize, number: usize) -> Vec<f64> {
    let list = judged.shown.get(place).and_then(|shown| shown.get(number));
    let known = of.subjects.iter().filter_map(|s| list?.get(*s).copied()).filter(|v| !v.is_nan());
    let mut known: Vec<f64> = known.collect();
    known.sort_by(f64::total_cmp);
    known
}

fn shown(of: &Of<'_>, measure: &Measure, judged: &Judgements, place: usize) -> Vec<ShownResult> {
    let shown = measure.rule.iter().flat_map(|rule| &rule.shown).enumerate();
    shown
        .map(|(number, shown)| {
            let known = values(of, judged, place, number);
            let half = known.len() / 2;
            let median = match known.len() % 2 {
                1 => known.get(half).copied(),
                _ => half
                    .checked_sub(1)
                    .and_then(|below| Some(f64::midpoint(*known.get(below)?, *known.get(half)?))),
            };
            ShownResult {
                name: shown.name.clone(),
                label: shown.label.clone(),
                unit: shown.unit.clone(),
                n: known.len(),
                min: known.first().copied(),
                median,
                max: known.last().copied(),
            }
        })
        .collect()
}

/// The value named `interval`, in whole days.
fn days(of: &Of<'_>, measure: &Measure, judged: &Judgements, place: usize) -> Vec<i32> {
    let mut shown = measure.rule.iter().flat_map(|rule| &rule.shown);
    let number = shown.position(|s| s.name == "interval" && s.unit == "d");
    let known = number.map(|number| values(of, judged, place, number)).unwrap_or_default();
    known.into_iter().filter(|v| v.abs() < f64::from(i32::MAX)).map(|v| v.round() as i32).collect()
}

/// Measures asked for that cannot be computed.
pub(super) fn not_computable(of: &Of<'_>) -> Vec<NotComputable> {
    let asked = of.chosen.iter().filter_map(|i| of.guideline.measures.get(*i));
    asked
        .filter_map(|measure| {
            Some(NotComputable {
                id: measure.id.clone(),
                title: measure.title.clone(),
                section: measure.section.join("; "),
                reason: measure.not_computable.clone()?,
            })
        })
        .collect()
}

pub(super) fn notes(result: &AdherenceResult, cutoff: NaiveDate) -> Vec<String> {
    let mut notes = vec![
        format!(
            "Measures of {}, rule version {}. One infusion is one unit. Data cutoff {cutoff}.",
            result.guideline.title.en, result.guideline.rule_version
        ),
        "Rate = met / (met + not met), Wilson limits. What the records do not say is missing, never not met; the sensitivity shows the rate as if \
         every missing one were not met. A window that had not closed at the data cutoff is not due; one that was open when the follow-up ended \
         (death, withdrawal, another infusion) is excluded, unless the measure had been met by then."
            .to_owned(),
        "Only class N (a printed level, or a normative word) enters the headline score; class U (no printed level) is secondary; classes D, R and X \
         enter no score."
            .to_owned(),
    ];
    for earlier in &result.earlier_versions {
        notes.push(format!(
            "Infusions before the first day of this version are judged by {}, rule version {}, and reported apart.",
            earlier.guideline.title.en, earlier.guideline.rule_version
        ));
    }
    for measure in &result.measures {
        for setting in &measure.settings {
            let changed = if setting.value == setting.default { "" } else { " (not the default)" };
            notes.push(format!(
                "{}, {} = {}{changed}: {}",
                measure.id,
                setting.name,
                setting.value.text(),
                setting.note.en
            ));
        }
        if let Some(remarks) = &measure.remarks {
            notes.push(format!("{}: {}", measure.id, remarks.en));
        }
    }
    for measure in &result.not_computable {
        notes.push(format!("{} is not computed: {}", measure.id, measure.reason.en));
    }
    notes
}
