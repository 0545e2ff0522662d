//! ICANS by episode, and by day the findings that give the day's grade.

use super::crs::observed;
use super::{Book, Course, yes_no};
use crate::random::{Part, Stream, clock};
use clinical::MissingCode;
use clinical::codes::events::{
    EpisodeGrade, EpisodeNumber, HeadImaging, IceNaming, IceOrientation, IcePoint,
};
use clinical::codes::toxicity::{Consciousness, IntracranialPressure, MotorFinding, Seizure};
use clinical::codes::{Disease, IcansGrade};
use clinical::field::CodeList;
use clinical::forms::icans_day::IcansDay;
use clinical::forms::icans_episode::{DelayedNeurotoxicity, IcansEpisode, NeurologicWorkup};
use clinical::record::Missing;

/// Below this age ICE is not used (ASTCT: CAPD instead, which has no form), so the days are not recorded.
const YOUNGEST: f64 = 12.0;

/// Adds the baseline, the episode and its days.
pub(super) fn write(c: &Course, book: &mut Book) -> Option<()> {
    let mut s = c.part(Part::Icans);
    let episode = &c.toxicity.icans;
    let with_ice = c.b.age >= YOUNGEST;
    if with_ice && episode.grade(0) == 0 && s.chance(0.9) {
        book.put(findings(c, 0, 0, false, &mut s));
    }
    let Some((first, last, over)) = observed(c, episode.onset, episode.last_day()) else { return Some(()) };
    let worst = (first..=last).map(|day| episode.grade(day)).max()?;
    let end = match (worst, over) {
        (5, _) => Some(last),
        (_, true) => Some(last + 1),
        _ => None,
    };
    let imaged = worst >= 3 || s.chance(0.6);
    let mut workup = vec![NeurologicWorkup::NeurologyConsult];
    if imaged {
        workup.push(if s.chance(0.75) { NeurologicWorkup::Mri } else { NeurologicWorkup::Ct });
    }
    for (item, share) in [
        (NeurologicWorkup::Eeg, 0.5),
        (NeurologicWorkup::Fundoscopy, 0.35),
        (NeurologicWorkup::LumbarPuncture, 0.15),
    ] {
        if s.chance(share) {
            workup.push(item);
        }
    }
    let delayed = c.disease() == Disease::Mm && first >= 12 && s.chance(0.3);
    let missing = if end.is_none() { vec![("end_date", MissingCode::Pending)] } else { Vec::new() };
    let onset_time = if first == 0 { clock(&mut s, 18, 22) } else { clock(&mut s, 0, 22) };
    book.put(IcansEpisode {
        patient_id: c.patient(),
        infusion_number: c.number,
        episode_number: EpisodeNumber::new(1)?,
        onset_date: Some(c.date(first)),
        onset_time,
        end_date: end.map(|day| c.date(day)),
        end_time: None,
        max_grade: EpisodeGrade::new(worst),
        workup: CodeList::new(&workup),
        delayed_type: delayed.then_some(DelayedNeurotoxicity::SeventhNerve),
        missing: Missing::new(missing),
    });
    if with_ice {
        for day in first..=last {
            let grade = episode.grade(day);
            let image = imaged && grade == worst.min(4) && (first..day).all(|d| episode.grade(d) < grade);
            book.put(findings(c, day, grade, image, &mut s));
        }
    }
    Some(())
}

/// The five parts of an ICE score: writing and attention fail first, commands last.
fn parts(total: i32) -> [i32; 5] {
    let mut lost = 10 - total;
    let mut keep = |points: i32| {
        let gone = lost.min(points);
        lost -= gone;
        points - gone
    };
    let (writing, attention, orientation, naming, commands) = (keep(1), keep(1), keep(4), keep(3), keep(1));
    [orientation, naming, commands, writing, attention]
}

fn findings(c: &Course, day: i32, grade: i32, imaged: bool, s: &mut Stream) -> IcansDay {
    let (total, consciousness) = match grade {
        0 => (10, Consciousness::Awake),
        1 => (s.between(7, 9), if s.chance(0.3) { Consciousness::Spontaneous } else { Consciousness::Awake }),
        2 => (s.between(3, 6), if s.chance(0.5) { Consciousness::Voice } else { Consciousness::Spontaneous }),
        3 => (s.between(1, 2), if s.chance(0.5) { Consciousness::Tactile } else { Consciousness::Voice }),
        _ => (0, Consciousness::Unarousable),
    };
    let seizure = if grade == 3 && s.chance(0.15) { Seizure::Brief } else { Seizure::None };
    let [orientation, naming, commands, writing, attention] = parts(total);
    let pictures: &[HeadImaging] = if imaged { &[HeadImaging::Mri] } else { &[] };
    IcansDay {
        patient_id: c.patient(),
        infusion_number: c.number,
        assessment_date: c.date(day),
        assessment_time: clock(s, 6, 7),
        ice_orientation: IceOrientation::new(orientation),
        ice_naming: IceNaming::new(naming),
        ice_commands: IcePoint::new(commands),
        ice_writing: IcePoint::new(writing),
        ice_attention: IcePoint::new(attention),
        consciousness: Some(consciousness),
        seizure: Some(seizure),
        motor: Some(MotorFinding::None),
        intracranial_pressure: Some(IntracranialPressure::None),
        global_aphasia: yes_no(false),
        imaging: CodeList::new(pictures),
        // Death is no finding of the day: the daily form and the episode tell of it.
        reported_grade: IcansGrade::new(grade).filter(|_| grade < 5),
        ice_total: None,
        missing: Missing::default(),
    }
}
