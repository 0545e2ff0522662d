//! What is due for a patient at a date: every timetable that applies, computed from the records.
//!
//! The timetables are data ([`Timetable`]); here they meet the records: follow-up visits of the disease, response assessments, CAR-T
//! cells in blood to day 28 and at long-term visits. Death, withdrawal, transfer and loss to follow-up end what is due, with the reason;
//! progression and a new therapy end response assessments; a later infusion ends the timetables of the one before.

mod completeness;

pub use completeness::{Completeness, PersonTime, Share, completeness};

use crate::codes::assessment::Category;
use crate::codes::follow_up::CarTLevel;
use crate::codes::{Disease, YesNoUnknown};
use crate::criteria::Trace;
use crate::criteria::visits::{
    CarTResult, Code, Course, EndReason, Ended, LostVisits, Parameters, Purpose, ScheduledVisit, Timetable,
    VisitState, Window, assess_course,
};
use crate::forms::disease::DiseaseBaseline;
use crate::forms::infusion::Infusion;
use crate::forms::kinetics_sample::{KineticsSample, KineticsSpecimen};
use crate::forms::lesion::Lesion;
use crate::forms::patient::Patient;
use crate::forms::response::ResponseAssessment;
use crate::forms::subsequent_therapy::{SubsequentTherapy, TherapyIndication};
use crate::forms::survival_status::{Status, SurvivalStatus};
use crate::forms::visit::Visit;
use crate::review::History;
use chrono::NaiveDate;
use serde::Serialize;

/// Forms that say what is due and what was done.
pub const FORMS: [&str; 9] = [
    "patient",
    "disease",
    "infusion",
    "visit",
    "response",
    "lesion",
    "kinetics_sample",
    "subsequent_therapy",
    "survival_status",
];

/// The timetable of a patient ends with the next infusion, which begins timetables of its own.
const NEXT_INFUSION: &str = "next_infusion";

/// A scheduled point of a patient and what became of it at the date asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Due {
    /// Number of the infusion that the timetable counts from.
    pub infusion_number: i32,
    /// Its day.
    pub infusion_date: NaiveDate,
    /// Id of the timetable.
    pub timetable: &'static str,
    /// What it schedules.
    pub purpose: Purpose,
    /// Section of the guideline.
    pub section: &'static str,
    /// Which point.
    pub code: Code,
    /// Nominal day.
    pub target_date: NaiveDate,
    /// Nominal day, counted from the infusion.
    pub target_day: i32,
    /// When it may take place.
    pub window: Window,
    /// Where it stands.
    pub state: VisitState,
    /// The day that met it.
    pub visit: Option<NaiveDate>,
    /// Why it is excluded.
    pub reason: Option<&'static str>,
}

/// What a patient's records say about being followed up, as known at `as_of`.
struct Facts<'a> {
    history: &'a History,
    infusions: Vec<Infusion>,
    disease: Option<DiseaseBaseline>,
    ended: Vec<Ended>,
    as_of: NaiveDate,
}

/// Every scheduled point of the patient at `as_of`, by infusion, timetable and time. What is dated later is not looked at.
/// `transferred` is the day from which another center follows the patient up.
pub fn due(history: &History, as_of: NaiveDate, transferred: Option<NaiveDate>) -> Vec<Due> {
    let mut infusions: Vec<Infusion> = history.of().into_iter().map(|(_, i)| i).collect();
    infusions.retain(|i: &Infusion| i.infusion_date <= as_of);
    infusions.sort_by_key(|i| (i.infusion_date, i.infusion_number.get()));
    let disease = history.one::<DiseaseBaseline>().map(|(_, d)| d);
    let ended = ends(history, as_of, transferred);
    let facts = Facts { history, infusions, disease, ended, as_of };
    let mut all = Vec::new();
    for (index, infusion) in facts.infusions.iter().enumerate() {
        let next = facts.infusions.get(index + 1).map(|i| i.infusion_date);
        for timetable in facts.timetables() {
            facts.points(infusion, next, timetable, &mut all);
        }
    }
    all
}

/// What ended the patient's follow-up altogether. A later contact takes back a loss or a withdrawal from the study; consent is
/// withdrawn by the patient form.
fn ends(history: &History, as_of: NaiveDate, transferred: Option<NaiveDate>) -> Vec<Ended> {
    let mut ended = Vec::new();
    let mut end = |reason, date: Option<NaiveDate>| {
        ended.extend(date.filter(|d| *d <= as_of).map(|date| Ended { reason, date }));
    };
    let statuses: Vec<SurvivalStatus> = history.of().into_iter().map(|(_, s)| s).collect();
    end(EndReason::Death, statuses.iter().filter_map(|s| s.death_date).min());
    let last = statuses.iter().filter(|s| s.last_contact <= as_of).max_by_key(|s| s.last_contact);
    let last = last.map(|s| (s.status, s.last_contact));
    end(EndReason::Lost, last.filter(|(status, _)| *status == Status::Lost).map(|(_, day)| day));
    end(EndReason::Withdrawn, last.filter(|(status, _)| *status == Status::Withdrawn).map(|(_, day)| day));
    end(EndReason::Withdrawn, history.one::<Patient>().and_then(|(_, p)| p.withdrawn_on));
    end(EndReason::Transferred, transferred);
    ended
}

impl Facts<'_> {
    /// The timetables of the disease and those of every product.
    fn timetables(&self) -> impl Iterator<Item = &'static Timetable> {
        let disease: Option<Disease> = self.disease.as_ref().map(|d| d.disease);
        let extramedullary =
            self.disease.as_ref().is_some_and(|d| d.extramedullary == Some(YesNoUnknown::Yes));
        let all = Timetable::all().unwrap_or_default().iter();
        all.filter(move |t| t.disease.is_none() || t.disease == disease)
            // The only timetable for some patients of a disease is the imaging of extramedullary myeloma.
            .filter(move |t| t.only.is_none() || extramedullary)
    }

    fn points(
        &self,
        infusion: &Infusion,
        next: Option<NaiveDate>,
        timetable: &'static Timetable,
        all: &mut Vec<Due>,
    ) {
        let number = infusion.infusion_number.get();
        let day0 = infusion.infusion_date;
        let results = self.results(number);
        let visits = self.visits(number, timetable, &results);
        // An end dated before the infusion contradicts it and is asked about elsewhere; nothing is due after it either way.
        let mut ended: Vec<Ended> = self.ended.clone();
        ended.extend(self.progression(number).filter(|e| e.date <= self.as_of));
        ended.extend(self.new_therapy(number).filter(|e| e.date <= self.as_of));
        for end in &mut ended {
            end.date = end.date.max(day0);
        }
        let course = Course {
            infusion_date: day0,
            cutoff: self.as_of,
            visits: &visits,
            ended: &ended,
            // Whether the best response has been reached is known only afterwards.
            best_response: None,
            car_t_results: Some(&results),
        };
        let parameters = Parameters { lost_to_follow_up: LostVisits::Excluded, ..Parameters::default() };
        let mut trace = Trace::default();
        for point in assess_course(timetable, &course, &parameters, &mut trace) {
            let superseded = next.is_some_and(|next| point.window.to >= next && point.visit.is_none());
            let (state, reason) = match point.state {
                VisitState::Excluded => (point.state, point.reason),
                _ if superseded => (VisitState::Excluded, Some(NEXT_INFUSION)),
                state => (state, point.reason),
            };
            all.push(item(timetable, number, day0, &point, state, reason));
        }
    }

    fn visits(&self, number: i32, timetable: &Timetable, results: &[CarTResult]) -> Vec<NaiveDate> {
        match timetable.purpose {
            Purpose::FollowUp => {
                let visits = self.history.of::<Visit>().into_iter().map(|(_, v)| v);
                visits.filter(|v| v.infusion_number.get() == number).map(|v| v.visit_date).collect()
            }
            Purpose::Response if timetable.only.is_some() => {
                let lesions = self.history.of::<Lesion>().into_iter().map(|(_, l)| l);
                lesions.filter(|l| l.infusion_number.get() == number).map(|l| l.assessment_date).collect()
            }
            Purpose::Response => self.responses(number).map(|r| r.assessment_date).collect(),
            Purpose::Kinetics | Purpose::Persistence => results.iter().map(|r| r.date).collect(),
        }
    }

    fn responses(&self, number: i32) -> impl Iterator<Item = ResponseAssessment> {
        let all = self.history.of::<ResponseAssessment>().into_iter().map(|(_, r)| r);
        all.filter(move |r| r.infusion_number.get() == number)
    }

    fn progression(&self, number: i32) -> impl Iterator<Item = Ended> {
        let progressed =
            self.responses(number).filter(|r| r.reported_category.is_some_and(Category::is_progression));
        progressed.map(|r| Ended { reason: EndReason::Progression, date: r.assessment_date })
    }

    /// Maintenance and consolidation belong to the treatment; what is begun for a relapse is new.
    fn new_therapy(&self, number: i32) -> impl Iterator<Item = Ended> {
        let all = self.history.of::<SubsequentTherapy>().into_iter().map(|(_, t)| t);
        let new = all.filter(move |t| {
            t.infusion_number.get() == number && t.indication == Some(TherapyIndication::Relapse)
        });
        new.filter_map(|t| t.start_date)
            .map(|start| Ended { reason: EndReason::NewTherapy, date: start.earliest() })
    }

    /// Tests for CAR-T cells in blood. Results of one day that disagree say nothing about zero.
    fn results(&self, number: i32) -> Vec<CarTResult> {
        let mut results: Vec<CarTResult> = Vec::new();
        let samples = self.history.of::<KineticsSample>().into_iter().map(|(_, s)| s);
        for sample in samples {
            if sample.infusion_number.get() != number || sample.specimen != KineticsSpecimen::Blood {
                continue;
            }
            let result = CarTResult { date: sample.collected_date, zero: zero(&sample) };
            match results.iter_mut().find(|r| r.date == result.date) {
                Some(same) if same.zero != result.zero => same.zero = None,
                Some(_) => {}
                None => results.push(result),
            }
        }
        results
    }
}

/// Zero or below the limit of detection; unknown when the sample says only that it is below the limit of quantification.
fn zero(sample: &KineticsSample) -> Option<bool> {
    let lod = sample.lod.map(CarTLevel::get);
    match (sample.value.map(CarTLevel::get), sample.below_lloq) {
        (Some(value), _) => Some(value == 0.0 || lod.is_some_and(|lod| value < lod)),
        (None, Some(false)) => Some(false),
        (None, _) => None,
    }
}

fn item(
    timetable: &'static Timetable,
    infusion_number: i32,
    infusion_date: NaiveDate,
    point: &ScheduledVisit,
    state: VisitState,
    reason: Option<&'static str>,
) -> Due {
    Due {
        infusion_number,
        infusion_date,
        timetable: &timetable.id,
        purpose: timetable.purpose,
        section: &timetable.section,
        code: point.code,
        target_date: point.target_date,
        target_day: point.target_day,
        window: point.window,
        state,
        visit: point.visit,
        reason,
    }
}
