//! Measurable residual disease: what one test shows, and what a series of them means (CSCO 2024 §2.8; Kumar, Lancet Oncol 2016).
//!
//! Serves multiple myeloma, where a negative test finds no clonal cell in marrow at a sensitivity of 1e-5, and B-ALL, where it finds fewer
//! than 1e-4.

use super::case::Fault;
use super::compare::{Verdict, above, at_least, at_most, below};
use super::trace::{At, Quantity, Trace};
use crate::codes::assessment::{MrdMethod, MrdResult, MrdSpecimen};
use crate::field::value_sets;
use chrono::{Months, NaiveDate};
use serde::{Deserialize, Serialize};

value_sets! {
    /// What the MRD tests of one day show.
    MrdState "mrd_state" {
        Negative "negative" "Negative at the sensitivity asked for" "阴性（灵敏度达标）";
        Positive "positive" "Positive" "阳性";
        Insufficient "insufficient" "Not detected, but method, specimen or sensitivity do not suffice" "未检出，但方法、标本或灵敏度不足";
        NotEvaluable "not_evaluable" "Not evaluable" "无法评估";
    }
    /// Disease whose MRD rules apply.
    MrdDisease "mrd_disease" { Myeloma "MM" "Multiple myeloma" "多发性骨髓瘤"; BAll "B_ALL" "B-cell acute lymphoblastic leukemia" "B细胞急性淋巴细胞白血病"; }
}

/// The conditions of MRD, as data.
pub mod rules {
    use crate::criteria::trace::criteria;

    criteria! {
        /// C1.1, C3.
        DETECTED = Seed("mrd.detected", "clonal or leukemic cells detected, at or above the level that counts", "检出克隆性或白血病细胞（达到判定水平）", "CSCO 2024 §2.8; NCCN ALL");
        /// C1.1, C3.
        METHOD = Seed("mrd.method", "method accepted: next-generation flow or sequencing in myeloma; any in B-ALL", "方法符合：MM为NGF或NGS；B-ALL不限", "CSCO 2024 §2.8; NCCN ALL");
        /// C1.1, C3.
        MARROW = Seed("mrd.marrow", "specimen is bone marrow", "标本为骨髓", "CSCO 2024 §2.8");
        /// C1.1, C3, G6 R16.
        SENSITIVITY = Seed("mrd.sensitivity", "sensitivity at least that asked for: 1e-5 in myeloma, 1e-4 in B-ALL", "灵敏度达标：MM 10^-5，B-ALL 10^-4", "CSCO 2024 §2.8; NCCN ALL; catalogue G6 R16");
        /// C1.1.
        FLOW_NEGATIVE = Seed("mrd.flow_negative", "flow MRD-negative", "流式MRD阴性", "CSCO 2024 §2.8");
        /// C1.1.
        SEQUENCING_NEGATIVE = Seed("mrd.sequencing_negative", "sequencing MRD-negative", "测序MRD阴性", "CSCO 2024 §2.8");
        /// C1.1.
        IMAGING_NEGATIVE = Seed("mrd.imaging_negative", "hypermetabolic lesions gone, or uptake below the mediastinal blood pool or the surrounding tissue", "高代谢病灶消失，或SUV低于纵隔血池或周围正常组织", "CSCO 2024 §2.8");
        /// C1.1.
        IMAGING_PLUS = Seed("mrd.imaging_plus_negative", "MRD-negative with negative imaging", "MRD阴性且影像学阴性", "CSCO 2024 §2.8");
        /// C1.1.
        SUSTAINED = Seed("mrd.sustained_negative", "MRD-negative with negative imaging in two tests at least one year apart, none positive between", "至少间隔1年的两次检测MRD及影像学均阴性，其间无阳性", "CSCO 2024 §2.8");
        /// C1.1.
        RELAPSE_TEST = Seed("mrd.relapse_test", "after MRD negativity, MRD positive again", "MRD阴性后转为阳性", "CSCO 2024 §2.8");
        /// C1.1.
        RELAPSE_IMAGING = Seed("mrd.relapse_imaging", "after MRD negativity, imaging that was negative is positive", "MRD阴性后影像学由阴性转为阳性", "CSCO 2024 §2.8");
        /// C1.1.
        RELAPSE_OTHER = Seed("mrd.relapse_other", "after MRD negativity, another sign of relapse", "MRD阴性后出现其他复发证据", "CSCO 2024 §2.8");
    }
}

pub use rules::CRITERIA;

/// How MRD is judged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MrdParameters {
    /// Disease whose methods apply.
    pub disease: MrdDisease,
    /// Largest sensitivity limit that suffices, as a share of cells.
    pub sensitivity: f64,
    /// Whether cells found below that share are negative (B-ALL: MRD below 1e-4) or positive (myeloma: any clonal cell).
    pub detected_below_is_negative: bool,
    /// Whether sustained negativity also asks for negative imaging.
    pub sustained_needs_imaging: bool,
}

impl MrdParameters {
    /// CSCO 2024 §2.8 and Kumar 2016.
    pub const MYELOMA: Self = Self {
        disease: MrdDisease::Myeloma,
        sensitivity: 1e-5,
        detected_below_is_negative: false,
        sustained_needs_imaging: true,
    };
    /// NCCN ALL (catalogue C3).
    pub const B_ALL: Self = Self {
        disease: MrdDisease::BAll,
        sensitivity: 1e-4,
        detected_below_is_negative: true,
        sustained_needs_imaging: false,
    };
}

/// One MRD test.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct MrdTest {
    /// Method.
    pub method: Option<MrdMethod>,
    /// Sensitivity reached, as a share of cells (1e-5 is one in 100,000).
    #[serde(alias = "lod", alias = "limit_of_detection")]
    pub sensitivity: Option<f64>,
    /// Limit of quantification, as a share of cells.
    #[serde(alias = "limit_of_quantification")]
    pub loq: Option<f64>,
    /// Result.
    pub result: Option<MrdResult>,
    /// Share of clonal or leukemic cells found.
    #[serde(alias = "value", alias = "fraction")]
    pub level: Option<f64>,
    /// Specimen.
    pub specimen: Option<MrdSpecimen>,
}

/// What one test shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MrdReading {
    /// State.
    pub state: MrdState,
    /// Negative by next-generation flow in myeloma, by any flow in B-ALL.
    pub flow_negative: bool,
    /// Negative by sequencing.
    pub sequencing_negative: bool,
    /// Nothing detected, but at a sensitivity that does not suffice (catalogue G6 R16).
    pub insufficient_sensitivity: bool,
}

impl MrdTest {
    /// Checks that the numbers are possible.
    ///
    /// # Errors
    /// A sensitivity or limit outside 1e-7 to 1e-2, a share outside 0 to 1, or a negative result with more cells found than a negative test may.
    pub fn check(&self, pointer: &str, with: &MrdParameters) -> Result<(), Fault> {
        let within = |name: &str, value: Option<f64>, min: f64, max: f64| match value {
            Some(x) if !(x.is_finite() && at_least(x, min) && at_most(x, max)) => Err(Fault::new(
                format!("{pointer}/{name}"),
                format!("{x} is out of range"),
                format!("a share of cells, {min:e} to {max:e}"),
            )),
            _ => Ok(()),
        };
        within("sensitivity", self.sensitivity, 1e-7, 1e-2)?;
        within("loq", self.loq, 1e-7, 1e-2)?;
        within("level", self.level, 0.0, 1.0)?;
        let counts = if with.detected_below_is_negative { with.sensitivity } else { 0.0 };
        match (self.result, self.level) {
            (Some(MrdResult::Negative), Some(level))
                if above(level, self.sensitivity.unwrap_or(0.0).max(counts)) =>
            {
                Err(Fault::new(
                    format!("{pointer}/level"),
                    format!("{level} contradicts the negative result"),
                    "a level within the sensitivity, or the result POS or BELOW_LOQ",
                ))
            }
            _ => Ok(()),
        }
    }

    fn detected(&self, with: &MrdParameters) -> Verdict {
        match (self.result, self.level) {
            (Some(MrdResult::Negative), _) => Verdict::NotMet,
            (None, None) => Verdict::Undecided,
            (_, Some(level)) if with.detected_below_is_negative => at_least(level, with.sensitivity).into(),
            (Some(MrdResult::BelowLoq), None) if with.detected_below_is_negative => {
                // Below a limit that is itself no higher than the share that counts is below that share.
                match self.loq {
                    Some(loq) if at_most(loq, with.sensitivity) => Verdict::NotMet,
                    _ => Verdict::Undecided,
                }
            }
            (None, Some(level)) => above(level, 0.0).into(),
            (Some(MrdResult::Positive | MrdResult::BelowLoq), _) => Verdict::Met,
        }
    }

    /// What the test shows.
    pub fn read(&self, at: At, with: &MrdParameters, trace: &mut Trace) -> MrdReading {
        let code = |text: Option<&'static str>| Quantity::from(text);
        let result = code(self.result.map(MrdResult::code));
        let detected = trace.judge(
            at,
            &rules::DETECTED,
            self.detected(with),
            &[("mrd.result", result), ("mrd.level", self.level.into()), ("mrd.loq", self.loq.into())],
        );
        let mut reading = MrdReading {
            state: MrdState::Positive,
            flow_negative: false,
            sequencing_negative: false,
            insufficient_sensitivity: false,
        };
        if detected.met() {
            return reading;
        }
        if detected.undecided() {
            trace.miss(at, if self.result.is_none() { "mrd.result" } else { "mrd.level" });
            reading.state = MrdState::NotEvaluable;
            return reading;
        }
        let flow = match with.disease {
            MrdDisease::Myeloma => self.method.map(|m| m == MrdMethod::FlowNgf),
            MrdDisease::BAll => self.method.map(|m| matches!(m, MrdMethod::FlowNgf | MrdMethod::FlowOther)),
        };
        let sequencing = self.method.map(|m| m == MrdMethod::Ngs);
        let accepted = match with.disease {
            MrdDisease::Myeloma => Verdict::from(flow) | Verdict::from(sequencing),
            MrdDisease::BAll => Verdict::from(self.method.map(|_| true)),
        };
        let method = trace.judge(
            at,
            &rules::METHOD,
            accepted,
            &[("mrd.method", code(self.method.map(MrdMethod::code)))],
        );
        let marrow = trace.judge(
            at,
            &rules::MARROW,
            self.specimen.map(|s| s == MrdSpecimen::Marrow),
            &[("mrd.specimen", code(self.specimen.map(MrdSpecimen::code)))],
        );
        let sensitive = trace.judge(
            at,
            &rules::SENSITIVITY,
            self.sensitivity.map(|s| at_most(s, with.sensitivity)),
            &[("mrd.sensitivity", self.sensitivity.into()), ("required", with.sensitivity.into())],
        );
        let suffices = method & marrow & sensitive;
        reading.insufficient_sensitivity = sensitive.not_met();
        reading.state = match suffices {
            Verdict::Met => MrdState::Negative,
            Verdict::NotMet => MrdState::Insufficient,
            Verdict::Undecided => MrdState::NotEvaluable,
        };
        if suffices.undecided() {
            for (verdict, name) in
                [(method, "mrd.method"), (marrow, "mrd.specimen"), (sensitive, "mrd.sensitivity")]
            {
                if verdict.undecided() {
                    trace.miss(at, name);
                }
            }
        }
        reading.flow_negative =
            trace.judge(at, &rules::FLOW_NEGATIVE, suffices & Verdict::from(flow), &[]).met();
        reading.sequencing_negative =
            trace.judge(at, &rules::SEQUENCING_NEGATIVE, suffices & Verdict::from(sequencing), &[]).met();
        reading
    }
}

/// What the tests of one day show together: a positive one outweighs, then a negative one.
pub fn read_all(tests: &[MrdTest], at: At, with: &MrdParameters, trace: &mut Trace) -> Option<MrdReading> {
    let weight = |state: MrdState| match state {
        MrdState::Positive => 3,
        MrdState::Negative => 2,
        MrdState::NotEvaluable => 1,
        MrdState::Insufficient => 0,
    };
    let mut together: Option<MrdReading> = None;
    for test in tests {
        let one = test.read(at, with, trace);
        together = Some(together.map_or(one, |before| MrdReading {
            state: if weight(one.state) > weight(before.state) { one.state } else { before.state },
            flow_negative: before.flow_negative | one.flow_negative,
            sequencing_negative: before.sequencing_negative | one.sequencing_negative,
            insufficient_sensitivity: before.insufficient_sensitivity | one.insufficient_sensitivity,
        }));
    }
    together
}

/// PET/CT of one day, for imaging-plus MRD negativity.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MrdImaging {
    /// The reader's conclusion: every hypermetabolic lesion gone or below the reference tissues.
    pub negative: Option<bool>,
    /// Highest uptake of a lesion, SUV.
    pub suv_lesion: Option<f64>,
    /// Uptake of the mediastinal blood pool, SUV.
    pub suv_mediastinum: Option<f64>,
    /// Uptake of the normal tissue around the lesion, SUV.
    pub suv_surrounding: Option<f64>,
}

impl MrdImaging {
    /// Whether imaging is negative. The reader's conclusion stands before the numbers.
    pub fn read(&self, at: At, trace: &mut Trace) -> Verdict {
        let lower = |reference: Option<f64>| {
            Verdict::from(self.suv_lesion.zip(reference).map(|(lesion, reference)| below(lesion, reference)))
        };
        let verdict = match self.negative {
            Some(negative) => negative.into(),
            None => lower(self.suv_mediastinum) | lower(self.suv_surrounding),
        };
        trace.judge(
            at,
            &rules::IMAGING_NEGATIVE,
            verdict,
            &[
                ("imaging_negative", self.negative.into()),
                ("suv_lesion", self.suv_lesion.into()),
                ("suv_mediastinum", self.suv_mediastinum.into()),
                ("suv_surrounding", self.suv_surrounding.into()),
            ],
        )
    }
}

/// MRD and imaging of one day in a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MrdPoint {
    /// Day.
    pub date: NaiveDate,
    /// What the tests show; `None` when there was none.
    pub state: Option<MrdState>,
    /// Whether imaging is negative.
    pub imaging_negative: Verdict,
    /// Whether something other than MRD and imaging shows relapse.
    pub other_relapse: Verdict,
}

/// What a series of MRD tests means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct MrdCourse {
    /// First negative test.
    pub first_negative_date: Option<NaiveDate>,
    /// First day with negative MRD and negative imaging.
    pub imaging_plus_negative_date: Option<NaiveDate>,
    /// The test, at least one calendar year after an earlier one, that shows negativity sustained.
    pub sustained_negative_date: Option<NaiveDate>,
    /// First relapse after a negative test.
    pub relapse_from_negative_date: Option<NaiveDate>,
}

/// Follows a series, in date order. A test that does not suffice neither extends nor ends negativity.
pub fn follow(points: &[MrdPoint], with: &MrdParameters, trace: &mut Trace) -> MrdCourse {
    let mut course = MrdCourse::default();
    let mut since: Option<NaiveDate> = None;
    let mut imaging_was_negative = false;
    for point in points {
        let at = At::Date(point.date);
        let negative = point.state == Some(MrdState::Negative);
        if course.first_negative_date.is_some() && course.relapse_from_negative_date.is_none() {
            let test = Verdict::from(point.state.map(|s| s == MrdState::Positive));
            let imaging = Verdict::from(imaging_was_negative) & !point.imaging_negative;
            let relapse = trace.judge(at, &rules::RELAPSE_TEST, test, &[]).met()
                | trace.judge(at, &rules::RELAPSE_IMAGING, imaging, &[]).met()
                | trace.judge(at, &rules::RELAPSE_OTHER, point.other_relapse, &[]).met();
            course.relapse_from_negative_date = relapse.then_some(point.date);
        }
        imaging_was_negative |= point.imaging_negative.met();
        if negative {
            course.first_negative_date = course.first_negative_date.or(Some(point.date));
            let plus = trace.judge(at, &rules::IMAGING_PLUS, point.imaging_negative, &[]);
            if plus.met() {
                course.imaging_plus_negative_date = course.imaging_plus_negative_date.or(Some(point.date));
            }
        }
        let imaging_ended = with.sustained_needs_imaging && point.imaging_negative.not_met();
        if point.state == Some(MrdState::Positive) || imaging_ended || point.other_relapse.met() {
            since = None;
        } else if negative && (point.imaging_negative.met() || !with.sustained_needs_imaging) {
            let start = *since.get_or_insert(point.date);
            let year = start.checked_add_months(Months::new(12));
            if course.sustained_negative_date.is_none() && year.is_some_and(|year| point.date >= year) {
                course.sustained_negative_date = Some(point.date);
                trace.judge(at, &rules::SUSTAINED, true, &[("since", start.into())]);
            }
        }
    }
    if course.sustained_negative_date.is_none() && course.first_negative_date.is_some() {
        trace.judge(At::Case, &rules::SUSTAINED, Verdict::NotMet, &[("since", since.into())]);
    }
    course
}
