//! A patient to assess, shared by the tests of visit timetables.

use chrono::{Days, NaiveDate};
use clinical::criteria::Trace;
use clinical::criteria::visits::{
    CarTResult, Course, Ended, Parameters, ScheduledVisit, Timetable, assess_course,
};

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

pub(crate) fn plus(date: NaiveDate, days: i64) -> NaiveDate {
    let size = Days::new(days.unsigned_abs());
    if days < 0 { date - size } else { date + size }
}

pub(crate) fn timetable(id: &str) -> &'static Timetable {
    Timetable::by_id(id).expect("a shipped timetable")
}

pub(crate) fn codes(visits: &[ScheduledVisit]) -> Vec<String> {
    visits.iter().map(|v| v.code.to_string()).collect()
}

pub(crate) fn find<'a>(visits: &'a [ScheduledVisit], code: &str) -> &'a ScheduledVisit {
    visits.iter().find(|v| v.code.to_string() == code).expect("a scheduled point")
}

#[derive(Debug, Clone)]
pub(crate) struct Patient {
    pub(crate) infusion: NaiveDate,
    pub(crate) cutoff: NaiveDate,
    pub(crate) visits: Vec<NaiveDate>,
    pub(crate) ended: Vec<Ended>,
    pub(crate) best_response: Option<NaiveDate>,
    pub(crate) car_t_results: Option<Vec<CarTResult>>,
    pub(crate) parameters: Parameters,
}

impl Patient {
    pub(crate) fn new(infusion: &str, cutoff: &str) -> Self {
        Self {
            infusion: day(infusion),
            cutoff: day(cutoff),
            visits: Vec::new(),
            ended: Vec::new(),
            best_response: None,
            car_t_results: None,
            parameters: Parameters::default(),
        }
    }

    pub(crate) fn visits(mut self, visits: &[&str]) -> Self {
        self.visits = visits.iter().map(|v| day(v)).collect();
        self
    }

    pub(crate) fn assess(&self, id: &str) -> Vec<ScheduledVisit> {
        self.assess_traced(id, &mut Trace::new())
    }

    pub(crate) fn assess_traced(&self, id: &str, trace: &mut Trace) -> Vec<ScheduledVisit> {
        let course = Course {
            infusion_date: self.infusion,
            cutoff: self.cutoff,
            visits: &self.visits,
            ended: &self.ended,
            best_response: self.best_response,
            car_t_results: self.car_t_results.as_deref(),
        };
        assess_course(timetable(id), &course, &self.parameters, trace)
    }
}
