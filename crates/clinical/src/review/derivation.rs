//! What the criteria derive from a patient's records, beside what the center reported.
//!
//! The forms name their fields as the criteria name their observations, so a record is an observation as it stands. Where a reported
//! value differs from the derived one a query names the rule that decided; a reported value within what the observations leave open
//! does not differ.

use super::{Entry, History, Review};
use crate::codes::assessment::Criteria;
use crate::codes::events::{EpisodeGrade, IcahtGrade};
use crate::codes::follow_up::DiameterMm;
use crate::criteria::b_all::{self, BAll};
use crate::criteria::case::Fault;
use crate::criteria::crs::{self, CrsCase};
use crate::criteria::icaht;
use crate::criteria::icans::{self, IcansCase};
use crate::criteria::imwg::{self, ImwgCase};
use crate::criteria::lugano::{self, Lugano};
use crate::criteria::vasopressor::Vasopressor;
use crate::criteria::{At, Trace};
use crate::form::{Context, Form};
use crate::forms::crs_day::CrsDay;
use crate::forms::crs_episode::CrsEpisode;
use crate::forms::icaht::Icaht;
use crate::forms::icans_day::IcansDay;
use crate::forms::icans_episode::IcansEpisode;
use crate::forms::infusion::Infusion;
use crate::forms::laboratory::LaboratoryResult;
use crate::forms::lesion::Lesion;
use crate::forms::leukemia_assessment::LeukemiaAssessment;
use crate::forms::lymphoma_assessment::LymphomaAssessment;
use crate::forms::mrd::Mrd;
use crate::forms::myeloma_assessment::MyelomaAssessment;
use crate::forms::response::ResponseAssessment;
use crate::forms::subsequent_therapy::SubsequentTherapy;
use crate::lab::Analyte;
use crate::rule::{Rule, rules};
use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

rules! {
    /// R07 by day, R09.
    CRS_GRADE = soft("derived.crs_grade", "the reported CRS grade of the day differs from the one its components give", "报告的当日CRS分级与由各项指标推导的分级不一致");
    /// R07.
    CRS_MAXIMUM = soft("derived.crs_maximum", "the reported maximum CRS grade differs from the highest daily grade", "报告的CRS最高级别与每日分级的最大值不一致");
    /// R11, R12.
    ICANS_GRADE = soft("derived.icans_grade", "the reported ICANS grade of the day differs from the one its components give", "报告的当日ICANS分级与由各项指标推导的分级不一致");
    /// R12.
    ICANS_MAXIMUM = soft("derived.icans_maximum", "the reported maximum ICANS grade differs from the highest daily grade", "报告的ICANS最高级别与每日分级的最大值不一致");
    /// R32.
    ICAHT_EARLY = soft("derived.icaht_early", "the reported early ICAHT grade differs from the one the neutrophil counts give", "报告的早期ICAHT分级与由中性粒细胞计数推导的分级不一致");
    /// R32.
    ICAHT_LATE = soft("derived.icaht_late", "the reported late ICAHT grade differs from the one the neutrophil counts give", "报告的晚期ICAHT分级与由中性粒细胞计数推导的分级不一致");
    /// R15, R17.
    RESPONSE = soft("derived.response", "the reported response differs from the one its components give", "报告的疗效与由各项指标推导的疗效不一致");
    /// The components contradict each other.
    NOT_DERIVABLE = soft("derived.contradictory_components", "the criteria cannot be applied: components contradict each other", "各项指标相互矛盾，无法应用评估标准");
}

/// Applies the criteria.
pub(super) fn review(history: &History, _: Context, review: &mut Review) {
    let mut trace = Trace::new();
    for (_, infusion) in history.of::<Infusion>() {
        let of = Course { history, number: infusion.infusion_number.get(), day0: infusion.infusion_date };
        of.crs(review, &mut trace);
        of.icans(review, &mut trace);
        of.icaht(review, &mut trace);
        of.responses(review, &mut trace);
    }
}

/// The records after one infusion.
struct Course<'a> {
    history: &'a History,
    number: i32,
    day0: NaiveDate,
}

/// A record as an observation: its JSON, without what identifies it.
type Observations = Vec<(Entry, Value)>;

fn parse<C: DeserializeOwned>(case: Value) -> Result<C, Fault> {
    serde_json::from_value(case)
        .map_err(|error| Fault::new("", error.to_string(), "observations that fit together"))
}

fn date_of(observation: &Value) -> Option<NaiveDate> {
    observation.get("date").and_then(Value::as_str).and_then(|d| d.parse().ok())
}

fn name_of(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// A grade as far as the observations decide it.
#[derive(Clone, Copy)]
struct Graded {
    grade: Option<u8>,
    least: u8,
    most: u8,
}

impl Graded {
    fn text(self) -> String {
        if self.least == self.most {
            self.least.to_string()
        } else {
            format!("{} to {}", self.least, self.most)
        }
    }
}

/// Notes a derived grade; asks when the reported one lies outside what the observations allow.
fn grade(
    review: &mut Review,
    (entry, field, rule): (Entry, &'static str, &'static Rule),
    derived: Graded,
    reported: Option<i32>,
    (trace, at): (&Trace, At),
) {
    let value = derived.grade.map(|g| g.to_string());
    review.derive(entry, field, value, reported.map(|g| g.to_string()), trace, at);
    let allowed = i32::from(derived.least)..=i32::from(derived.most);
    if let Some(reported) = reported.filter(|g| !allowed.contains(g)) {
        let because = deciding(trace, at);
        review.at(
            rule,
            entry,
            field,
            Some(reported.to_string()),
            Some(format!("{}{because}", derived.text())),
        );
    }
}

fn deciding(trace: &Trace, at: At) -> String {
    trace
        .deciding(at)
        .map_or_else(String::new, |step| format!(" by {} ({})", step.criterion.id, step.criterion.en))
}

fn contradictory(review: &mut Review, entries: &Observations, fault: &Fault) {
    if let Some((entry, _)) = entries.first() {
        let received = Some(format!("{} {}", fault.pointer, fault.problem));
        review.at(&NOT_DERIVABLE, *entry, "", received, Some(fault.expected.clone()));
    }
}

impl Course<'_> {
    /// The records of a form of this infusion.
    fn observations<F: Form>(&self) -> Observations {
        let of_form = self.history.records().filter(|(_, r)| std::ptr::eq(r.form(), F::DESCRIPTOR));
        let of_infusion = of_form.filter(|(_, r)| r.integer("infusion_number") == Some(self.number));
        of_infusion
            .map(|(entry, record)| {
                let mut value = record.to_json();
                if let Some(date) = value.as_object_mut().and_then(|o| o.shift_remove("assessment_date")) {
                    value["date"] = date;
                }
                (entry, value)
            })
            .collect()
    }

    fn typed<F: Form>(&self) -> Vec<(Entry, F)> {
        let of_form = self.history.of::<F>().into_iter();
        of_form
            .filter(|(entry, _)| {
                self.history.record(*entry).and_then(|r| r.integer("infusion_number")) == Some(self.number)
            })
            .collect()
    }

    fn crs(&self, review: &mut Review, trace: &mut Trace) {
        let mut days = self.observations::<CrsDay>();
        if days.is_empty() {
            return;
        }
        for ((_, day), (_, form)) in days.iter_mut().zip(self.typed::<CrsDay>()) {
            if let Some(list) = vasopressors(&form) {
                day["vasopressors"] = list;
            }
        }
        trace.clear();
        let list: Vec<&Value> = days.iter().map(|(_, day)| day).collect();
        let graded = parse::<CrsCase>(json!({ "infusion_date": self.day0.to_string(), "days": list }))
            .and_then(|case| crs::grade(&case.days, Some(self.day0), case.parameters, trace));
        let crs = match graded {
            Ok(crs) => crs,
            Err(fault) => return contradictory(review, &days, &fault),
        };
        let mut found: Vec<(NaiveDate, Graded)> = Vec::with_capacity(crs.days.len());
        for ((entry, day), (_, form)) in days.iter().zip(self.typed::<CrsDay>()) {
            let Some(date) = date_of(day) else { continue };
            let Some(d) = crs.days.iter().find(|d| d.date == Some(date)) else { continue };
            let derived = Graded { grade: d.grade, least: d.at_least, most: d.at_most };
            found.push((date, derived));
            let reported = form.reported_grade.map(crate::codes::CrsGrade::get);
            grade(review, (*entry, "reported_grade", &CRS_GRADE), derived, reported, (trace, At::Date(date)));
        }
        for (entry, episode) in self.typed::<CrsEpisode>() {
            let reported = episode.max_grade.map(EpisodeGrade::get);
            maximum(
                review,
                (entry, &CRS_MAXIMUM),
                (episode.onset_date, episode.end_date),
                reported,
                &found,
                trace,
            );
        }
    }

    fn icans(&self, review: &mut Review, trace: &mut Trace) {
        let days = self.observations::<IcansDay>();
        if days.is_empty() {
            return;
        }
        trace.clear();
        let list: Vec<&Value> = days.iter().map(|(_, day)| day).collect();
        let graded = parse::<IcansCase>(json!({ "days": list }))
            .and_then(|case| icans::grade(&case.days, Some(self.day0), None, case.parameters, trace));
        let icans = match graded {
            Ok(icans) => icans,
            Err(fault) => return contradictory(review, &days, &fault),
        };
        let mut found = Vec::with_capacity(icans.days.len());
        for ((entry, day), (_, form)) in days.iter().zip(self.typed::<IcansDay>()) {
            let Some(date) = date_of(day) else { continue };
            let Some(d) = icans.days.iter().find(|d| d.date == Some(date)) else { continue };
            let derived = Graded { grade: d.grade, least: d.at_least, most: d.at_most };
            found.push((date, derived));
            let reported = form.reported_grade.map(crate::codes::IcansGrade::get);
            grade(
                review,
                (*entry, "reported_grade", &ICANS_GRADE),
                derived,
                reported,
                (trace, At::Date(date)),
            );
        }
        for (entry, episode) in self.typed::<IcansEpisode>() {
            let reported = episode.max_grade.map(EpisodeGrade::get);
            maximum(
                review,
                (entry, &ICANS_MAXIMUM),
                (episode.onset_date, episode.end_date),
                reported,
                &found,
                trace,
            );
        }
    }

    fn day(&self, date: NaiveDate) -> Option<i32> {
        i32::try_from((date - self.day0).num_days()).ok()
    }

    fn icaht(&self, review: &mut Review, trace: &mut Trace) {
        let reports = self.typed::<Icaht>();
        if reports.is_empty() {
            return;
        }
        let results =
            self.history.of::<LaboratoryResult>().into_iter().filter(|(_, r)| r.analyte == Analyte::Anc);
        let points: Vec<(i32, f64)> = results
            .filter_map(|(_, r)| Some((self.day(r.collected_date)?, r.canonical_value?.get() * 1000.0)))
            .filter(|(day, _)| *day >= 0)
            .collect();
        if points.is_empty() {
            return;
        }
        let progressions = self.typed::<ResponseAssessment>().into_iter();
        let progression = progressions
            .filter(|(_, r)| {
                r.reported_category.is_some_and(crate::codes::assessment::Category::is_progression)
            })
            .filter_map(|(_, r)| self.day(r.assessment_date))
            .min();
        let therapies = self.typed::<SubsequentTherapy>().into_iter();
        let ended = icaht::Ended {
            death: super::chronology::death(self.history).and_then(|(_, date)| self.day(date)),
            last: None,
            progression,
            new_therapy: therapies.filter_map(|(_, t)| self.day(t.start_date?.earliest())).min(),
        };
        let parameters = icaht::Parameters::default();
        trace.clear();
        let early = icaht::early(points.iter().copied(), ended, &parameters, trace);
        let late = icaht::late(points.iter().copied(), ended, &parameters, trace);
        for (entry, report) in &reports {
            let reported = report.reported_early_grade.map(IcahtGrade::get);
            let derived = Graded { grade: early.grade, least: early.at_least, most: early.at_most };
            let derived = early.grade.map_or(derived, |g| Graded { grade: Some(g), least: g, most: g });
            grade(
                review,
                (*entry, "reported_early_grade", &ICAHT_EARLY),
                derived,
                reported,
                (trace, icaht::AT_EARLY),
            );
            if let Some(g) = late.grade {
                let reported = report.reported_late_grade.map(IcahtGrade::get).filter(|_| !late.provisional);
                let derived = Graded { grade: Some(g), least: g, most: g };
                grade(
                    review,
                    (*entry, "reported_late_grade", &ICAHT_LATE),
                    derived,
                    reported,
                    (trace, icaht::AT_LATE),
                );
            }
        }
    }

    fn responses(&self, review: &mut Review, trace: &mut Trace) {
        let reports = self.typed::<ResponseAssessment>();
        for criteria in [
            Criteria::Imwg2016,
            Criteria::ImwgSeed,
            Criteria::LuganoPet,
            Criteria::LuganoCt,
            Criteria::AllNccn,
        ] {
            let of_criteria: Vec<&(Entry, ResponseAssessment)> =
                reports.iter().filter(|(_, r)| r.criteria == criteria).collect();
            if of_criteria.is_empty() {
                continue;
            }
            trace.clear();
            let (components, decided) = match criteria {
                Criteria::Imwg2016 => self.imwg("imwg_2016", trace),
                Criteria::ImwgSeed => self.imwg("csco_2024", trace),
                Criteria::LuganoPet => self.lugano("pet_ct", "PET_CT", trace),
                Criteria::LuganoCt => self.lugano("ct", "CT", trace),
                Criteria::AllNccn => self.b_all(trace),
            };
            if components.is_empty() {
                continue;
            }
            match decided {
                Ok(decided) => {
                    for (entry, report) in of_criteria {
                        response(review, *entry, report, &decided, trace);
                    }
                }
                Err(fault) => contradictory(review, &components, &fault),
            }
        }
    }

    fn imwg(&self, version: &str, trace: &mut Trace) -> (Observations, Result<Vec<Decided>, Fault>) {
        let components = self.observations::<MyelomaAssessment>();
        let (baseline, assessments) = split(&components);
        let case = json!({ "criteria": version, "baseline": baseline, "assessments": assessments });
        let outcome = parse::<ImwgCase>(case).and_then(|case| case.evaluate(trace));
        let decided = outcome.map(|o| {
            let of = |a: &imwg::Assessed| {
                // A reported relapse is the progression, or the loss, of a complete response.
                let relapse = a.relapse_from_cr == Some(true);
                (a.date, imwg::category_name(a.category).to_owned(), relapse)
            };
            o.assessments.iter().map(of).collect()
        });
        (components, decided)
    }

    fn lugano(
        &self,
        modality: &str,
        code: &str,
        trace: &mut Trace,
    ) -> (Observations, Result<Vec<Decided>, Fault>) {
        let mut components = self.observations::<LymphomaAssessment>();
        components.retain(|(_, v)| v.get("modality").and_then(Value::as_str) == Some(code));
        let lesions = self.typed::<Lesion>();
        for (_, assessment) in &mut components {
            let date = date_of(assessment);
            let of_day = || lesions.iter().map(|(_, l)| l).filter(|l| Some(l.assessment_date) == date);
            let measured = |l: &Lesion| json!({ "id": l.lesion_number.get(), "ldi_mm": l.ldi_mm.map(DiameterMm::get), "sdi_mm": l.sdi_mm.map(DiameterMm::get), "nodal": l.nodal });
            let targets: Vec<Value> = of_day().filter(|l| l.target == Some(true)).map(measured).collect();
            if !targets.is_empty() {
                assessment["targets"] = Value::from(targets);
            }
            let new: Vec<Value> = of_day()
                .filter(|l| l.new_lesion == Some(true))
                .map(|l| json!({ "size_mm": l.ldi_mm.map(DiameterMm::get), "nodal": l.nodal }))
                .collect();
            let stated = assessment.get("new_lesions").and_then(Value::as_str).map(|s| s == "Y");
            assessment["new_lesions"] = if new.is_empty() { Value::from(stated) } else { Value::from(new) };
        }
        // Until the baseline arrives the targets cannot be followed; the rest is judged without them.
        let followed = components.iter().any(|(_, v)| is_baseline(v) && v.get("targets").is_some());
        for (_, assessment) in components.iter_mut().filter(|_| !followed) {
            assessment.as_object_mut().map(|members| members.shift_remove("targets"));
        }
        let (baseline, assessments) = split(&components);
        let case = json!({ "modality": modality, "infusion_date": self.day0.to_string(), "baseline": baseline, "assessments": assessments });
        let outcome = parse::<Lugano>(case).and_then(|case| lugano::assess(&case, trace));
        let decided =
            outcome.map(|o| o.assessments.iter().map(|a| (a.date, name_of(&a.category), false)).collect());
        (components, decided)
    }

    fn b_all(&self, trace: &mut Trace) -> (Observations, Result<Vec<Decided>, Fault>) {
        let mut components = self.observations::<LeukemiaAssessment>();
        let tests = self.observations::<Mrd>();
        for (_, a) in &mut components {
            let date = date_of(a);
            let member = |a: &Value, name: &str| a.get(name).cloned().unwrap_or(Value::Null);
            a["extramedullary_disease"] = member(a, "extramedullary");
            if !member(a, "csf_wbc_ul").is_null() {
                a["csf"] = json!({ "wbc_ul": member(a, "csf_wbc_ul"), "rbc_ul": member(a, "csf_rbc_ul"), "blasts": member(a, "csf_blasts") });
                a["blood"] = json!({ "wbc_10e9_l": member(a, "blood_wbc_10e9_l"), "rbc_10e12_l": member(a, "blood_rbc_10e12_l") });
            }
            let of_day = tests.iter().map(|(_, t)| t).filter(|t| date_of(t) == date);
            // What is compared is the sensitivity of the method; the assay's own limit is the form's.
            let test = |t: &Value| {
                json!({ "method": member(t, "method"), "specimen": member(t, "specimen"), "sensitivity": member(t, "sensitivity"),
                    "result": member(t, "result"), "level": member(t, "mrd_level") })
            };
            a["mrd"] = of_day.map(test).collect();
            a["response_assessment"] = Value::Bool(true);
        }
        let (baseline, assessments) = split(&components);
        let case = json!({ "infusion_date": self.day0.to_string(), "baseline": baseline, "assessments": assessments });
        let outcome = parse::<BAll>(case).and_then(|case| b_all::assess(&case, trace));
        let decided =
            outcome.map(|o| o.assessments.iter().map(|a| (a.date, name_of(&a.category), false)).collect());
        (components, decided)
    }
}

/// Day, category, and whether a complete response was lost.
type Decided = (NaiveDate, String, bool);

fn response(
    review: &mut Review,
    entry: Entry,
    report: &ResponseAssessment,
    decided: &[Decided],
    trace: &Trace,
) {
    let date = report.assessment_date;
    let Some((_, category, relapse)) = decided.iter().find(|(day, ..)| *day == date) else { return };
    let at = At::Date(date);
    let derived = Some(category.clone()).filter(|c| c != "not_evaluable");
    let reported = report.reported_category.map(|c| c.code().to_owned());
    review.derive(entry, "reported_category", derived.clone(), reported.clone(), trace, at);
    let (Some(derived), Some(reported)) = (derived, reported) else { return };
    // No remission after treatment is reported as no response.
    let same = derived.eq_ignore_ascii_case(&reported)
        || (reported == "RELAPSE" && *relapse)
        || (reported == "NR" && derived.eq_ignore_ascii_case("refractory"));
    if !same {
        let because = deciding(trace, at);
        review.at(&RESPONSE, entry, "reported_category", Some(reported), Some(format!("{derived}{because}")));
    }
}

/// The drugs in use; none when nothing was said about them.
fn vasopressors(day: &CrsDay) -> Option<Value> {
    let doses = day.doses();
    let given = doses.iter().filter(|(_, dose)| dose.is_some_and(|d| d > 0.0));
    let drugs: Vec<Vasopressor> = given.filter_map(|(name, _)| drug(name)).collect();
    match (drugs.is_empty(), day.vasopressor_given) {
        (false, _) => Some(drugs.iter().map(name_of).collect()),
        (true, Some(crate::codes::YesNoUnknown::No)) => Some(json!([])),
        (true, Some(crate::codes::YesNoUnknown::Yes)) => Some(json!([name_of(&Vasopressor::Other)])),
        _ => None,
    }
}

fn drug(field: &str) -> Option<Vasopressor> {
    match field.split('_').next()? {
        "norepinephrine" => Some(Vasopressor::Norepinephrine),
        "dopamine" => Some(Vasopressor::Dopamine),
        "phenylephrine" => Some(Vasopressor::Phenylephrine),
        "epinephrine" => Some(Vasopressor::Epinephrine),
        "vasopressin" => Some(Vasopressor::Vasopressin),
        _ => None,
    }
}

/// The highest grade of an episode's days. Death (grade 5) shows in no day.
fn maximum(
    review: &mut Review,
    (entry, rule): (Entry, &'static Rule),
    (onset, end): (Option<NaiveDate>, Option<NaiveDate>),
    reported: Option<i32>,
    days: &[(NaiveDate, Graded)],
    trace: &Trace,
) {
    let Some(onset) = onset else { return };
    let within = days.iter().filter(|(date, _)| *date >= onset && end.is_none_or(|end| *date <= end));
    let (mut least, mut most, mut on, mut count) = (0, 0, None, 0);
    for (date, day) in within {
        count += 1;
        most = most.max(day.most);
        if on.is_none() || day.least > least {
            (least, on) = (day.least.max(least), Some(*date));
        }
    }
    let Some(on) = on else { return };
    // Days that were not recorded may have been worse; only the recorded ones bound the episode from below.
    let derived = Graded { grade: (least == most).then_some(least), least, most: 5 };
    let recorded = end.map(|end| (end - onset).num_days() + 1).is_some_and(|n| n == count);
    let derived = if recorded { Graded { most: most.max(least), ..derived } } else { derived };
    let reported_alive = reported.filter(|g| *g < 5);
    grade(review, (entry, "max_grade", rule), derived, reported_alive, (trace, At::Date(on)));
}

fn is_baseline(assessment: &Value) -> bool {
    assessment.get("timepoint").and_then(Value::as_str) == Some("BASELINE")
}

/// Baseline and follow-up of a component form.
fn split(components: &Observations) -> (Value, Vec<Value>) {
    let of = |baseline: bool| components.iter().map(|(_, v)| v).filter(move |v| is_baseline(v) == baseline);
    // The last baseline before the infusion counts (C1.2 note 2).
    (of(true).next_back().cloned().unwrap_or(json!({})), of(false).cloned().collect())
}
