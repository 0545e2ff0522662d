//! CRS by episode, and by day the findings that give the day's grade.

use super::{Book, Course, yes_no};
use crate::random::{Part, Stream, clock, rounded};
use clinical::MissingCode;
use clinical::codes::events::{
    EpinephrineDose, EpisodeGrade, EpisodeNumber, NorepinephrineDose, OxygenFlow, SystolicPressure,
    TemperatureC, VasopressinDose,
};
use clinical::codes::toxicity::OxygenDevice;
use clinical::codes::{CrsGrade, Disease};
use clinical::forms::crs_day::CrsDay;
use clinical::forms::crs_episode::{CrsEpisode, LocalCrs};
use clinical::record::Missing;

/// How an episode ran beyond its grades.
#[derive(Debug, Clone, Copy)]
pub(super) struct Severity {
    /// Day of admission to intensive care.
    pub(super) intensive: Option<i32>,
    /// Positive pressure rather than two vasopressors at grade 4.
    ventilated: bool,
}

impl Severity {
    /// Drawn first from the stream of CRS, so that the hospital stay sees the same.
    pub(super) fn draw(c: &Course, s: &mut Stream) -> Self {
        let (worst, _) = c.worst();
        let admitted = match worst {
            4.. => true,
            3 => s.chance(0.5),
            _ => false,
        };
        let day = (0..).zip(c.days).find(|(_, d)| d.crs >= 3).map(|(day, _)| day);
        Self { intensive: day.filter(|_| admitted), ventilated: s.chance(0.5) }
    }
}

/// Observed days of an episode: first, last, and whether it had ended by the end of observation.
pub(super) fn observed(c: &Course, onset: i32, last: Option<i32>) -> Option<(i32, i32, bool)> {
    let last = last?;
    (onset <= c.end).then(|| (onset, last.min(c.end), last < c.end))
}

/// Adds the episode and its days.
pub(super) fn write(c: &Course, book: &mut Book) -> Option<()> {
    let mut s = c.part(Part::Crs);
    let severity = Severity::draw(c, &mut s);
    let episode = &c.toxicity.crs;
    let Some((first, last, over)) = observed(c, episode.onset, episode.last_day()) else { return Some(()) };
    let worst = (first..=last).map(|day| episode.grade(day)).max()?;
    // The dead have no resolution: the episode ends with them.
    let end = match (worst, over) {
        (5, _) => Some(last),
        (_, true) => Some(last + 1),
        _ => None,
    };
    let local = c.disease() == Disease::Nhl && s.chance(0.04);
    let missing = if end.is_none() { vec![("end_date", MissingCode::Pending)] } else { Vec::new() };
    // Cells are given by the afternoon; fever on the same day begins after them.
    let onset_time = if first == 0 { clock(&mut s, 18, 22) } else { clock(&mut s, 0, 22) };
    book.put(CrsEpisode {
        patient_id: c.patient(),
        infusion_number: c.number,
        episode_number: EpisodeNumber::new(1)?,
        onset_date: Some(c.date(first)),
        onset_time,
        end_date: end.map(|day| c.date(day)),
        end_time: None,
        max_grade: EpisodeGrade::new(worst),
        icu_admission: yes_no(severity.intensive.is_some()),
        icu_admission_date: severity.intensive.map(|day| c.date(day)),
        icu_admission_time: None,
        mechanical_ventilation: yes_no(worst >= 4 && severity.ventilated),
        local_crs: Some(if local { LocalCrs::Enlarged } else { LocalCrs::None }),
        missing: Missing::new(missing),
    });
    let mut treated = false;
    for day in first..=last {
        let drugs = usize::try_from(day).ok().and_then(|day| c.days.get(day));
        treated |= drugs.is_some_and(|d| d.tocilizumab || d.siltuximab || d.steroids || d.anakinra);
        let grade = episode.grade(day);
        book.put(findings(c, day, grade, treated, severity.ventilated, &mut s));
    }
    Some(())
}

/// Support at a grade: two vasopressors, one, or none; the device and its flow.
struct Support {
    norepinephrine: Option<f64>,
    epinephrine: Option<f64>,
    vasopressin: Option<f64>,
    hypotensive: bool,
    device: OxygenDevice,
    flow: Option<f64>,
}

fn support(grade: i32, ventilated: bool, s: &mut Stream) -> Support {
    let mut support = Support {
        norepinephrine: None,
        epinephrine: None,
        vasopressin: None,
        hypotensive: false,
        device: OxygenDevice::RoomAir,
        flow: None,
    };
    // Hypotension, hypoxia, or both bring the grade.
    let kind = s.between(0, 2);
    let (pressure, oxygen) = (kind != 1, kind != 0);
    match grade {
        2 => {
            support.hypotensive = pressure;
            if oxygen {
                support.device = OxygenDevice::LowFlowCannula;
                support.flow = Some(f64::from(s.between(2, 6)));
            }
        }
        3 => {
            support.hypotensive = pressure;
            if pressure {
                support.norepinephrine = Some(f64::from(s.between(3, 14)));
                support.vasopressin = s.chance(0.1).then_some(0.03);
            }
            if oxygen {
                let high = s.chance(0.5);
                support.device = if high { OxygenDevice::HighFlowCannula } else { OxygenDevice::Mask };
                support.flow = Some(f64::from(if high { s.between(20, 50) } else { s.between(7, 12) }));
            }
        }
        4.. => {
            support.hypotensive = true;
            support.norepinephrine = Some(f64::from(s.between(10, 40)));
            if ventilated {
                support.device = if s.chance(0.4) { OxygenDevice::Intubation } else { OxygenDevice::Bipap };
            } else {
                support.epinephrine = Some(f64::from(s.between(3, 12)));
                support.device = OxygenDevice::HighFlowCannula;
                support.flow = Some(f64::from(s.between(30, 60)));
            }
        }
        _ => {}
    }
    support
}

fn findings(c: &Course, day: i32, grade: i32, treated: bool, ventilated: bool, s: &mut Stream) -> CrsDay {
    let support = support(grade, ventilated, s);
    let first = day == c.toxicity.crs.onset;
    // After treatment fever may be gone while hypotension or hypoxia keep the grade.
    let fever = grade <= 1 || first || !treated || s.chance(0.6);
    let hottest = 38.3 + 0.35 * f64::from(grade.min(4)) + 0.35 * s.normal();
    let temperature = if fever { hottest.clamp(38.0, 41.4) } else { 36.9 + 0.6 * s.uniform() };
    let vasopressor = support.norepinephrine.is_some();
    let pressure = if support.hypotensive { s.between(72, 88) } else { s.between(96, 128) };
    CrsDay {
        patient_id: c.patient(),
        infusion_number: c.number,
        assessment_date: c.date(day),
        temperature_c: TemperatureC::new(rounded(temperature, 1)),
        fever_attributed: yes_no(fever),
        sbp_min_mmhg: SystolicPressure::new(pressure),
        hypotension: yes_no(support.hypotensive),
        vasopressor_given: yes_no(vasopressor),
        norepinephrine_ug_min: support.norepinephrine.and_then(NorepinephrineDose::new),
        dopamine_ug_kg_min: None,
        phenylephrine_ug_min: None,
        epinephrine_ug_min: support.epinephrine.and_then(EpinephrineDose::new),
        vasopressin_u_min: support.vasopressin.and_then(VasopressinDose::new),
        oxygen_device: Some(support.device),
        oxygen_flow_l_min: support.flow.and_then(OxygenFlow::new),
        airway_protection_only: None,
        antipyretic: yes_no(true),
        anti_cytokine: yes_no(treated),
        // Death is no finding of the day: the daily form and the episode tell of it.
        reported_grade: CrsGrade::new(grade).filter(|_| grade < 5),
        missing: Missing::default(),
    }
}
