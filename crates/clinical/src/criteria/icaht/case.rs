//! The case `icaht` of `sequela derive`.

use super::{Early, Ended, Late, Parameters, Platelets, early, late, platelets};
use crate::criteria::case::{Case, Fault};
use crate::criteria::measured::{ANC_UL, Moment, PLATELETS, Place};
use crate::criteria::trace::Trace;
use chrono::NaiveDate;

/// Counts of one day. Several rows of a day are allowed: the lowest counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Deserialize)]
#[serde(default)]
pub struct Observation {
    /// Day from the infusion.
    #[serde(alias = "time_post_inf", alias = "day_rel_car")]
    pub day: Option<i32>,
    /// Calendar day; needs `infusion_date`.
    pub date: Option<NaiveDate>,
    /// Neutrophils, 10^9/L.
    #[serde(alias = "anc")]
    pub anc_10e9_l: Option<f64>,
    /// Neutrophils, /µl.
    pub anc_ul: Option<f64>,
    /// Platelets, 10^9/L.
    #[serde(alias = "plt", alias = "platelets", alias = "plt_10e9_l")]
    pub platelets_10e9_l: Option<f64>,
    /// Platelets, /µl.
    #[serde(alias = "plt_ul")]
    pub platelets_ul: Option<f64>,
}

/// A case of ICAHT.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct IcahtCase {
    /// Counts, in any order.
    #[serde(alias = "observations", alias = "labs")]
    pub days: Vec<Observation>,
    /// Day 0, when rows or ends are dated.
    pub infusion_date: Option<NaiveDate>,
    /// Day of death.
    pub death_day: Option<i32>,
    /// Date of death.
    pub death_date: Option<NaiveDate>,
    /// Last day of follow-up.
    #[serde(alias = "last_follow_up_day", alias = "last_contact_day")]
    pub last_day: Option<i32>,
    /// Last date of follow-up.
    #[serde(alias = "last_follow_up_date", alias = "last_contact", alias = "last_contact_date")]
    pub last_date: Option<NaiveDate>,
    /// Day of progression or relapse.
    pub progression_day: Option<i32>,
    /// Date of progression or relapse.
    pub progression_date: Option<NaiveDate>,
    /// First day of the next therapy.
    #[serde(alias = "subsequent_therapy_day")]
    pub new_therapy_day: Option<i32>,
    /// First date of the next therapy.
    #[serde(alias = "subsequent_therapy_date")]
    pub new_therapy_date: Option<NaiveDate>,
    /// What the publications leave open.
    pub parameters: Parameters,
}

/// Grades of ICAHT.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Icaht {
    /// Day 0 to 30.
    pub early: Early,
    /// After day 30.
    pub late: Late,
    /// T-ICAHT, when platelets are given.
    pub platelets: Option<Platelets>,
    /// What was chosen.
    pub parameters: Parameters,
}

impl IcahtCase {
    fn day_of(
        &self,
        place: Place,
        member: &str,
        day: Option<i32>,
        date: Option<NaiveDate>,
    ) -> Result<Option<i32>, Fault> {
        let moment = Moment::read(place, day, date, self.infusion_date)?;
        if moment.day.is_none() && moment.date.is_some() {
            let problem = "a date without the date of infusion";
            return Err(Fault::new(
                place.pointer(member),
                problem,
                "infusion_date, or the day from the infusion",
            ));
        }
        Ok(moment.day)
    }

    fn ended(&self) -> Result<Ended, Fault> {
        let end = |member: &str, day, date| self.day_of(Place::Top, member, day, date);
        let ended = Ended {
            death: end("death_date", self.death_day, self.death_date)?,
            last: end("last_date", self.last_day, self.last_date)?,
            progression: end("progression_date", self.progression_day, self.progression_date)?,
            new_therapy: end("new_therapy_date", self.new_therapy_day, self.new_therapy_date)?,
        };
        for (member, day) in [("death_day", ended.death), ("last_day", ended.last)] {
            if let Some(day) = day.filter(|day| *day < 0) {
                let problem = format!("day {day} is before the infusion");
                return Err(Fault::new(Place::Top.pointer(member), problem, "day 0 or later"));
            }
        }
        Ok(ended)
    }
}

impl Case for IcahtCase {
    type Result = Icaht;

    fn derive(&self, trace: &mut Trace) -> Result<Icaht, Fault> {
        self.parameters.check()?;
        let ended = self.ended()?;
        let mut neutrophils = Vec::with_capacity(self.days.len());
        let mut thrombocytes = Vec::new();
        for (index, row) in self.days.iter().enumerate() {
            let place = Place::Row("days", index);
            let Some(day) = self.day_of(place, "date", row.day, row.date)? else {
                return Err(Fault::new(
                    place.pointer("day"),
                    "no day and no date",
                    "day or date of each row",
                ));
            };
            if let Some(death) = ended.death.filter(|death| day > *death) {
                let problem = format!("day {day} is after death on day {death}");
                return Err(Fault::new(place.pointer("day"), problem, "no observation after death"));
            }
            if let Some(anc) = ANC_UL.read(place, row.anc_ul, row.anc_10e9_l)? {
                neutrophils.push((day, anc));
            }
            if let Some(count) = PLATELETS.read(place, row.platelets_10e9_l, row.platelets_ul)? {
                thrombocytes.push((day, count));
            }
        }
        let parameters = self.parameters;
        Ok(Icaht {
            early: early(neutrophils.iter().copied(), ended, &parameters, trace),
            late: late(neutrophils.iter().copied(), ended, &parameters, trace),
            platelets: (!thrombocytes.is_empty()).then(|| platelets(thrombocytes, ended, &parameters, trace)),
            parameters,
        })
    }
}
