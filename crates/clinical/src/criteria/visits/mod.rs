//! Visit timetables (1.7, 1.9, 2.8, 2.10, 4.10) as data, and where each scheduled visit of a patient stands.
//!
//! A [`Timetable`] is read from a TOML file; those of the guideline come with the program ([`Timetable::shipped`],
//! [`Timetable::by_id`]). Points are counted in days (d14) or calendar months (M3, [`months`]); series repeat, without end if need be;
//! the assessments of a chain count from the one before. The guideline prints no windows: they are the registry's, and
//! [`Parameters`] can replace them. Where two readings of the print are possible, both are in the file.
//!
//! A visit meets at most one point and a point is met by at most one visit, in order of time. Where windows overlap, as many points
//! as possible are met, then by visits as near to the targets as possible, then by the earlier visit; the order in which visits are
//! given does not matter. [`assess`] says what the states mean.
//!
//! Progression and new therapy end response assessments, not visits or kinetic samples (catalogue F0). Loss to follow-up ends nothing
//! unless chosen: missed visits are what a visit measure counts.

mod assess;
mod assign;
mod case;
mod input;
mod load;
pub mod months;
mod parameters;
mod raw;
mod shipped;
mod timetable;

pub use assess::{CarTResult, Course, Ended, ScheduledVisit, Window, assess, assess_course};
pub use case::{ToleranceSource, VisitsCase, VisitsResult};
pub use load::TimetableError;
pub use parameters::{
    CountedFrom, EndReason, Level, LostVisits, MonthlyUntil, Parameters, Partition, Purpose,
    ResponseInterval, Scope, VisitState,
};
pub use timetable::{Code, CodeUnit, HORIZON_MONTHS, Labels, NotACode, Timetable, Tolerance};

use crate::criteria::trace::criteria;

criteria! {
    /// What the targets and states follow from.
    SCHEDULABLE = Proposed("visits.schedulable", "infusion, data cutoff and visits are known", "已知回输日期、数据截止日期和访视", "catalogue F0");
    /// The visit that [`assess`] gives the point.
    MET = Proposed("visits.met", "a visit inside the window, nearest to the target", "窗口期内有访视（取距目标日最近者）", "catalogue E1.1, F11");
    /// By death, withdrawal or what else the file lists.
    ENDED = Proposed("visits.ended", "the timetable ended before the window closed without a visit", "窗口关闭前随访终止且未访视", "catalogue F0");
    /// Stops the monthly assessments of myeloma.
    BEST_RESPONSE = Seed("visits.best_response", "assessed monthly until the best response", "每月评估直至最佳疗效", "2.8");
    /// Stops the tests of long-term visits.
    CONSECUTIVE_ZEROS = Seed("visits.consecutive_zeros", "not repeated after two consecutive CAR-T results of zero", "连续2次CAR-T检测为0后不再重复", "1.9");
    /// Before the window.
    WINDOW_NOT_OPEN = Proposed("visits.window_not_open", "the window is not open at the data cutoff", "数据截止时窗口未开", "catalogue F0");
    /// Inside the window, up to the target.
    WINDOW_OPEN = Proposed("visits.window_open", "the window is open and the target day has not passed at the data cutoff", "数据截止时窗口已开且未过目标日", "catalogue F0");
    /// Inside the window, after the target.
    TARGET_PASSED = Proposed("visits.target_passed", "the target day has passed and the window is still open at the data cutoff", "数据截止时已过目标日而窗口未关", "catalogue F0");
    /// After the window.
    WINDOW_CLOSED = Proposed("visits.window_closed", "the window closed before the data cutoff without a visit", "数据截止前窗口已关且未访视", "catalogue F0");
}
