//! The case `b_cell_aplasia` of `sequela derive`.

use super::{ClinicalState, Judged, Parameters, State, Values, course, judge};
use crate::codes::Disease;
use crate::criteria::case::{Case, Fault};
use crate::criteria::measured::{
    ALC, CD19_ABSOLUTE, CD19_PERCENT, CD20_PERCENT, Dated, IGG, LYMPHOCYTES, Moment, Place, WBC, flag,
    rows_or_one,
};
use crate::criteria::trace::Trace;
use chrono::NaiveDate;

rows_or_one! {
    /// A case of B-cell aplasia: one day, or a series.
    case BCellCase {
        /// Disease, which decides the indication of immunoglobulin.
        disease: Option<Disease>,
        /// What the guideline leaves open.
        parameters: Parameters,
    }
    /// Values of one day.
    row Observation {
        /// Leukocytes, 10^9/L.
        #[serde(alias = "wbc")]
        wbc_10e9_l: f64,
        /// Leukocytes, /µl.
        wbc_ul: f64,
        /// Lymphocytes among leukocytes, %.
        #[serde(alias = "lymph_percent", alias = "lymphocytes_percent")]
        lymphocyte_percent: f64,
        /// Lymphocytes, 10^9/L.
        #[serde(alias = "alc")]
        alc_10e9_l: f64,
        /// Lymphocytes, /µl.
        alc_ul: f64,
        /// CD19-positive cells among lymphocytes, %.
        #[serde(alias = "cd19")]
        cd19_percent: f64,
        /// CD20-positive cells among lymphocytes, %.
        #[serde(alias = "cd20")]
        cd20_percent: f64,
        /// B cells, /µl.
        #[serde(alias = "cd19_ul", alias = "b_cells_ul", alias = "cd20_abs_ul", alias = "b_abs_ul")]
        cd19_abs_ul: f64,
        /// `IgG`, g/L.
        #[serde(alias = "igg")]
        igg_g_l: f64,
        /// `IgG`, mg/dl.
        igg_mg_dl: f64,
        /// Clinical state.
        #[serde(alias = "severity", alias = "symptoms")]
        clinical_state: ClinicalState,
        /// Recurrent infection.
        #[serde(deserialize_with = "flag")]
        recurrent_infection: bool,
        /// Severe infection.
        #[serde(deserialize_with = "flag")]
        severe_infection: bool,
        /// Persistent infection.
        #[serde(deserialize_with = "flag")]
        persistent_infection: bool,
    }
}

impl Observation {
    fn values(&self, place: Place) -> Result<Values, Fault> {
        Ok(Values {
            wbc_10e9_l: WBC.read(place, self.wbc_10e9_l, self.wbc_ul)?,
            lymphocyte_percent: LYMPHOCYTES.read(place, self.lymphocyte_percent, None)?,
            alc_10e9_l: ALC.read(place, self.alc_10e9_l, self.alc_ul)?,
            cd19_percent: CD19_PERCENT.read(place, self.cd19_percent, None)?,
            cd20_percent: CD20_PERCENT.read(place, self.cd20_percent, None)?,
            cd19_abs_ul: CD19_ABSOLUTE.read(place, self.cd19_abs_ul, None)?,
            igg_g_l: IGG.read(place, self.igg_g_l, self.igg_mg_dl)?,
            clinical_state: self.clinical_state,
            recurrent_infection: self.recurrent_infection,
            severe_infection: self.severe_infection,
            persistent_infection: self.persistent_infection,
        })
    }
}

/// One day of the series.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct DayJudged {
    /// Day from the infusion.
    pub day: Option<i32>,
    /// Calendar day.
    pub date: Option<NaiveDate>,
    /// What was judged.
    #[serde(flatten)]
    pub judged: Judged,
}

/// Aplasia over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Course {
    /// Where the series ends.
    pub state: State,
    /// First day of aplasia.
    pub onset_day: Option<i32>,
    /// First date of aplasia.
    pub onset_date: Option<NaiveDate>,
    /// First day with B cells at or above the limit after the onset.
    pub recovery_day: Option<i32>,
    /// That date.
    pub recovery_date: Option<NaiveDate>,
    /// Last day of aplasia before the recovery, or of the series; the recovery lies between.
    pub last_aplasia_day: Option<i32>,
    /// First day of aplasia after the recovery.
    pub recurrence_day: Option<i32>,
    /// Days from onset to recovery; none while it lasts.
    pub duration_days: Option<i32>,
    /// Days from onset to the last aplasia seen.
    pub duration_at_least_days: Option<i32>,
}

/// B-cell aplasia and hypogammaglobulinemia.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Immunity {
    /// `aplasia` when any day from the infusion on is, `not_evaluable` when none is and a count is not known, else `no_aplasia`.
    pub category: &'static str,
    /// Aplasia over time, when the days are known.
    pub course: Option<Course>,
    /// Every day.
    pub observations: Vec<DayJudged>,
    /// What was chosen.
    pub parameters: Parameters,
}

impl Case for BCellCase {
    type Result = Immunity;

    fn derive(&self, trace: &mut Trace) -> Result<Immunity, Fault> {
        let rows: Vec<Dated<Observation>> = self.rows()?;
        let mut observations = Vec::with_capacity(rows.len());
        for row in &rows {
            let values = row.row.values(row.place)?;
            let judged = judge(row.moment.at(), &values, self.disease, &self.parameters, trace);
            observations.push(DayJudged { day: row.moment.day, date: row.moment.date, judged });
        }
        let timed = rows.iter().all(|row| row.moment != Moment::NONE);
        let course = timed.then(|| follow(&rows, &observations, trace));
        let category = match (course.map(|c| c.state), observations.first().and_then(|o| o.judged.aplasia)) {
            (Some(State::Ongoing | State::Recovered), _) | (None, Some(true)) => "aplasia",
            (Some(State::None), _) | (None, Some(false)) => "no_aplasia",
            (Some(State::NotEvaluable), _) | (None, None) => "not_evaluable",
        };
        Ok(Immunity { category, course, observations, parameters: self.parameters })
    }
}

fn follow(rows: &[Dated<Observation>], observations: &[DayJudged], trace: &mut Trace) -> Course {
    let series = rows.iter().zip(observations).map(|(row, day)| (row.moment, day.judged.aplasia));
    let found = course(series, trace);
    let moment = |position: Option<usize>| position.and_then(|p| rows.get(p)).map(|row| row.moment);
    let day = |position| moment(position).and_then(|moment| moment.day);
    let date = |position| moment(position).and_then(|moment| moment.date);
    let since = |position| {
        let (onset, end) = moment(found.onset).zip(moment(position))?;
        end.days_since(onset)
    };
    Course {
        state: found.state,
        onset_day: day(found.onset),
        onset_date: date(found.onset),
        recovery_day: day(found.recovery),
        recovery_date: date(found.recovery),
        last_aplasia_day: day(found.last),
        recurrence_day: day(found.again),
        duration_days: since(found.recovery),
        duration_at_least_days: since(found.last),
    }
}
