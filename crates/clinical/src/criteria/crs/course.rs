//! From daily grades to episodes: onset, end, maximum.

use super::timeline::Moment;
use serde::Serialize;

/// Grades as a trace concludes them.
pub(crate) const GRADES: [&str; 6] = ["0", "1", "2", "3", "4", "5"];

/// Highest grade.
pub(crate) const DEATH: u8 = 5;

/// What the observations allow a grade to be; one value when they decide it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Lowest.
    pub least: u8,
    /// Highest.
    pub most: u8,
}

impl Span {
    /// A decided grade.
    pub const fn exactly(grade: u8) -> Self {
        Self { least: grade, most: grade }
    }

    /// Anything between.
    pub const fn between(least: u8, most: u8) -> Self {
        Self { least, most }
    }

    /// The grade when decided.
    pub fn grade(self) -> Option<u8> {
        (self.least == self.most).then_some(self.least)
    }

    /// The worse of two.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        Self { least: self.least.max(other.least), most: self.most.max(other.most) }
    }

    /// Name of the lowest grade.
    pub fn name(self) -> &'static str {
        GRADES.get(usize::from(self.least)).copied().unwrap_or("5")
    }
}

/// Days on end with the syndrome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Episode {
    /// First day of grade 1 or more.
    pub onset: Moment,
    /// False when an earlier day could have been the first: one that cannot be graded, or unrecorded days just before.
    pub onset_certain: bool,
    /// Last day of grade 1 or more, when the day after it is recorded and free of signs (24 h); else null.
    pub end: Option<Moment>,
    /// Last recorded day that is known to be of grade 1 or more.
    pub last_sign: Moment,
    /// Whether a day free of signs followed.
    pub resolved: bool,
    /// Highest grade; null when a day that cannot be graded could exceed it.
    pub max_grade: Option<u8>,
    /// Highest grade known to be reached.
    pub max_at_least: u8,
    #[serde(skip)]
    max: Span,
}

/// Unrecorded days between recorded ones, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// First unrecorded day.
    pub from: Moment,
    /// Last unrecorded day.
    pub to: Moment,
}

/// The whole course.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Course {
    /// Onset of the first episode.
    pub onset: Option<Moment>,
    /// End of the last episode; null while it is open.
    pub end: Option<Moment>,
    /// Highest grade of all days; null when a day that cannot be graded could exceed it, or no day is recorded.
    pub max_grade: Option<u8>,
    /// Highest grade known to be reached.
    pub max_at_least: Option<u8>,
    /// In order; a sign after the end starts another.
    pub episodes: Vec<Episode>,
    /// Nothing is interpolated across these.
    pub gaps: Vec<Gap>,
}

/// Builds the course day by day.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    course: Course,
    open: bool,
    last: Option<Moment>,
    earlier_possible: bool,
    all: Option<Span>,
}

impl Tracker {
    /// The next recorded day. `may_end` is whether the day, if free of signs, can end an episode.
    pub(crate) fn push(&mut self, day: Moment, grade: Span, may_end: bool) {
        let follows = match self.last {
            Some(last) if day != last.plus(1) => {
                self.course.gaps.push(Gap { from: last.plus(1), to: day.plus(-1) });
                false
            }
            _ => true,
        };
        self.last = Some(day);
        self.all = Some(self.all.map_or(grade, |all| all.worse(grade)));
        let ongoing = if self.open { self.course.episodes.last_mut() } else { None };
        match ongoing {
            Some(episode) if grade.most == 0 => {
                if may_end {
                    episode.resolved = true;
                    episode.end = (day == episode.last_sign.plus(1)).then_some(episode.last_sign);
                    self.open = false;
                    self.earlier_possible = false;
                }
            }
            Some(episode) => {
                if grade.least > 0 {
                    episode.last_sign = day;
                }
                episode.max = episode.max.worse(grade);
            }
            None if grade.least > 0 => {
                self.course.episodes.push(Episode {
                    onset: day,
                    onset_certain: follows && !self.earlier_possible,
                    end: None,
                    last_sign: day,
                    resolved: false,
                    max_grade: None,
                    max_at_least: 0,
                    max: grade,
                });
                self.open = true;
            }
            None => self.earlier_possible = grade.most > 0,
        }
    }

    /// No more days.
    pub(crate) fn finish(mut self) -> Course {
        for episode in &mut self.course.episodes {
            episode.max_grade = episode.max.grade();
            episode.max_at_least = episode.max.least;
        }
        self.course.onset = self.course.episodes.first().map(|e| e.onset);
        self.course.end = self.course.episodes.last().and_then(|e| e.end);
        self.course.max_grade = self.all.and_then(Span::grade);
        self.course.max_at_least = self.all.map(|all| all.least);
        self.course
    }
}
