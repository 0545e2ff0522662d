//! Centers: reference data, and what sets one center apart from another.

use crate::assumptions::{REGISTRY_START, center_spread, date};
use crate::detail::Equipment;
use crate::random::{Section, Stream};
use chrono::{Days, NaiveDate};
use clinical::codes::{CenterId, Name};
use clinical::forms::center::{Center, TimeZoneName};
use clinical::record::Missing;

/// Code, city, province.
const CITIES: [(&str, &str, &str); 24] = [
    ("SH", "Shanghai", "Shanghai"),
    ("BJ", "Beijing", "Beijing"),
    ("GZ", "Guangzhou", "Guangdong"),
    ("WH", "Wuhan", "Hubei"),
    ("HZ", "Hangzhou", "Zhejiang"),
    ("SZ", "Suzhou", "Jiangsu"),
    ("CD", "Chengdu", "Sichuan"),
    ("TJ", "Tianjin", "Tianjin"),
    ("XA", "Xi'an", "Shaanxi"),
    ("ZZ", "Zhengzhou", "Henan"),
    ("CQ", "Chongqing", "Chongqing"),
    ("SY", "Shenyang", "Liaoning"),
    ("NJ", "Nanjing", "Jiangsu"),
    ("CS", "Changsha", "Hunan"),
    ("JN", "Jinan", "Shandong"),
    ("QD", "Qingdao", "Shandong"),
    ("HF", "Hefei", "Anhui"),
    ("FZ", "Fuzhou", "Fujian"),
    ("KM", "Kunming", "Yunnan"),
    ("NN", "Nanning", "Guangxi"),
    ("HB", "Harbin", "Heilongjiang"),
    ("LZ", "Lanzhou", "Gansu"),
    ("NC", "Nanchang", "Jiangxi"),
    ("TY", "Taiyuan", "Shanxi"),
];

/// Centers that join on the first day; the others follow one by one.
const FOUNDERS: u32 = 4;
/// Subjects from here on are centers, far above any patient.
const CENTER_SUBJECTS: u64 = 1 << 56;

/// A center and its own way of doing things.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    /// The form.
    pub(crate) form: Center,
    /// Relative number of patients.
    pub(crate) weight: f64,
    /// Added log-odds of toxicity.
    pub(crate) toxicity: f64,
    /// Log hazard of progression and death.
    pub(crate) hazard: f64,
    /// Factor on how often a window is missed.
    pub(crate) practice: f64,
    /// Factor on how often something is missing.
    pub(crate) gaps: f64,
    /// Assesses lymphoma by CT rather than PET-CT.
    pub(crate) prefers_ct: bool,
    /// Assesses myeloma by the criteria as printed in the guideline.
    pub(crate) guideline_imwg: bool,
    /// Its laboratory.
    pub(crate) equipment: Equipment,
}

/// Center number `index`; the same for any number of centers.
pub(crate) fn site(seed: u64, index: u32, cutoff: NaiveDate) -> Option<Site> {
    let equipment = Equipment::draw(seed, CENTER_SUBJECTS + u64::from(index))?;
    let mut s = Stream::new(seed, CENTER_SUBJECTS + u64::from(index), Section::Center, 0);
    let cities = u32::try_from(CITIES.len()).ok()?;
    let (code, city, province) = *CITIES.get(usize::try_from(index % cities).ok()?)?;
    let number = index / cities + 1;
    let start = date(REGISTRY_START);
    // Later centers join in the first two years, and in the first half of a registry shorter than four.
    let days = u64::try_from((cutoff - start).num_days().clamp(0, 1460) / 2).ok()?;
    let position = s.uniform();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of at most 730 days"
    )]
    let delay = if index < FOUNDERS { 0 } else { (position * days as f64) as u64 };
    let joined_on = start.checked_add_days(Days::new(delay))?;
    let active = (cutoff - joined_on).num_days() as f64 / (cutoff - start).num_days().max(1) as f64;
    let form = Center {
        center_id: CenterId::new(&format!("{code}-{number:02}"))?,
        // Nobody should take a synthetic center for a real hospital.
        name: Name::new(&format!("{city} Synthetic Hospital {number}"))?,
        city: Name::new(city),
        province: Name::new(province),
        time_zone: TimeZoneName::new("Asia/Shanghai"),
        joined_on,
        left_on: None,
        missing: Missing::default(),
    };
    Some(Site {
        form,
        weight: s.log_normal(1.0, center_spread::SIZE) * active,
        toxicity: center_spread::TOXICITY * s.normal(),
        hazard: center_spread::HAZARD * s.normal(),
        practice: s.log_normal(1.0, center_spread::PRACTICE),
        gaps: s.log_normal(1.0, center_spread::GAPS),
        prefers_ct: s.chance(0.2),
        guideline_imwg: s.chance(0.25),
        equipment,
    })
}
