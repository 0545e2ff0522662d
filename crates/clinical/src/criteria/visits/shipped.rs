//! The timetables that come with the program.

use super::load::TimetableError;
use super::parameters::{Purpose, Scope};
use super::timetable::Timetable;
use crate::codes::Disease;
use std::sync::LazyLock;

macro_rules! files {
    ($($name:literal)*) => {
        &[$((
            concat!($name, ".toml"),
            include_str!(concat!("../../../../../analytics/definitions/guidelines/csco-car-t-2024/timetables/", $name, ".toml")),
        )),*]
    };
}

/// Name and text of each file.
const FILES: &[(&str, &str)] = files!(
    "b-all-follow-up" "b-all-response" "car-t-kinetics" "mm-extramedullary" "mm-follow-up" "mm-response"
    "nhl-car-t-persistence" "nhl-follow-up" "nhl-response"
);

static TIMETABLES: LazyLock<Result<Vec<Timetable>, TimetableError>> = LazyLock::new(|| {
    FILES.iter().map(|(name, text)| Timetable::from_toml(text).map_err(|e| e.in_file(name))).collect()
});

impl Timetable {
    /// Every timetable that comes with the program, in alphabetical order of its id.
    ///
    /// # Errors
    /// When a file is wrong; never in a released program, whose files the tests read.
    pub fn all() -> Result<&'static [Self], &'static TimetableError> {
        TIMETABLES.as_deref()
    }

    /// The timetable of this id that comes with the program.
    pub fn by_id(id: &str) -> Option<&'static Self> {
        Self::all().ok()?.iter().find(|t| t.id == id)
    }

    /// The timetable that comes with the program for every patient with a disease (`None`: with any) and a purpose.
    pub fn find(disease: Option<Disease>, purpose: Purpose) -> Option<&'static Self> {
        let mut all = Self::all().ok()?.iter();
        all.find(|t| t.disease == disease && t.purpose == purpose && t.only.is_none())
    }

    /// The follow-up visits of a disease, or the kinetic samples of every product.
    pub fn shipped(scope: Scope) -> Option<&'static Self> {
        match scope {
            Scope::Nhl => Self::find(Some(Disease::Nhl), Purpose::FollowUp),
            Scope::Mm => Self::find(Some(Disease::Mm), Purpose::FollowUp),
            Scope::BAll => Self::find(Some(Disease::BAll), Purpose::FollowUp),
            Scope::Kinetics => Self::find(None, Purpose::Kinetics),
        }
    }
}
