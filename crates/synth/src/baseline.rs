//! Who the patient is: center, disease, product, day 0, and what the baseline forms say.

use crate::assumptions::{
    ACCRUAL_START, COURSES, Course, PROFILES, Profile, date, patient_effect, recording,
};
use crate::center::Site;
use crate::gaps::Gaps;
use crate::random::{Part, Section, Stream, rounded, whole};
use crate::{MAX_PATIENTS, Registry, after, days_between};
use chrono::{Datelike, NaiveDate};
use clinical::codes::baseline::ExtramedullarySite;
use clinical::codes::{BirthYear, Disease, PatientId, PriorLines, ShortText, YesNoUnknown};
use clinical::field::CodeList;
use clinical::forms::disease::{CnsInvolvement, DiseaseBaseline, Stage, StageSystem};
use clinical::forms::patient::{DateBasis, Patient, Sex};
use clinical::{Form, MissingCode, PartialDate, Record};

/// Days from the day a center joins to its first infusion, in which consent and lymphodepletion find room.
const LEAD: i32 = 45;

/// What is true of a patient, recorded or not.
pub(crate) struct Baseline<'a> {
    pub(crate) index: u64,
    pub(crate) seed: u64,
    pub(crate) patient_id: PatientId,
    pub(crate) site: &'a Site,
    pub(crate) profile: &'static Profile,
    pub(crate) course: &'static Course,
    /// First (or planned) infusion.
    pub(crate) infused_on: NaiveDate,
    pub(crate) consent: NaiveDate,
    /// At day 0, years.
    pub(crate) age: f64,
    pub(crate) sex: Sex,
    pub(crate) weight_kg: f64,
    pub(crate) high_burden: bool,
    /// Added log-odds of toxicity, of patient, burden and center.
    pub(crate) toxicity: f64,
    /// False for the few who are registered but never infused.
    pub(crate) infused: bool,
    stream: Stream,
}

impl<'a> Baseline<'a> {
    /// Draws a patient.
    pub(crate) fn draw(registry: &'a Registry, index: u64) -> Option<Self> {
        let seed = registry.config.seed;
        let mut s = Stream::new(seed, index, Section::Baseline, 0);
        let sites: Vec<(&Site, f64)> = registry.sites.iter().map(|site| (site, site.weight)).collect();
        let site = s.pick(&sites)?;
        let courses: Vec<(&'static Course, f64)> = COURSES.iter().map(|c| (c, c.share)).collect();
        let course = s.pick(&courses)?;

        // Accrual grows with time.
        let start = after(site.form.joined_on, LEAD).max(date(ACCRUAL_START));
        let span = f64::from(days_between(start, registry.config.data_cutoff));
        let infused_on = after(start, whole((span * s.uniform().powf(0.75)).floor()));
        let lead = s.between(LEAD, LEAD + 30);
        let consent = after(infused_on, -lead).max(site.form.joined_on);

        let available: Vec<(&'static Profile, f64)> = PROFILES
            .iter()
            .filter(|p| p.disease == course.disease && date(p.from) <= infused_on)
            .map(|p| (p, p.share))
            .collect();
        let profile = s.pick(&available)?;

        let age = age(profile, &mut s);
        let sex = s.pick(&[(Sex::Male, 0.56), (Sex::Female, 0.439), (Sex::Unknown, 0.001)])?;
        let weight_kg = weight(age, sex, &mut s);
        let high_burden = s.chance(course.high_burden);
        let burden = if high_burden { 1.0 } else { -0.5 };
        let toxicity =
            site.toxicity + patient_effect::TOXICITY * s.normal() + patient_effect::BURDEN_TOXICITY * burden;
        let infused = !s.chance(recording::NOT_INFUSED);
        let patient_id = PatientId::new(&pseudonym(seed, index))?;
        Some(Self {
            index,
            seed,
            patient_id,
            site,
            profile,
            course,
            infused_on,
            consent,
            age,
            sex,
            weight_kg,
            high_burden,
            toxicity,
            infused,
            stream: s,
        })
    }

    /// How often a required value of this center is missing.
    pub(crate) fn missing_rate(&self) -> f64 {
        recording::VALUE_MISSING * self.site.gaps
    }

    /// The stream of one part of the detail of a course of this patient.
    pub(crate) fn part(&self, part: Part, course: u8) -> Stream {
        Stream::part(self.seed, self.index, part, course)
    }

    /// The stream of one section and course of this patient.
    pub(crate) fn section(&self, section: Section, course: u8) -> Stream {
        Stream::new(self.seed, self.index, section, course)
    }

    /// PAT. `withdrawn_on` when consent was withdrawn.
    pub(crate) fn patient(&mut self, withdrawn_on: Option<NaiveDate>) -> Record {
        let rate = self.missing_rate();
        let consent_known = withdrawn_on.is_some() || !self.stream.chance(0.006);
        let birth = after(self.infused_on, -whole(self.age * 365.25)).year();
        let mut gaps = Gaps::new(&mut self.stream, rate);
        let birth_year = gaps.value("birth_year", MissingCode::NotKnown, BirthYear::new(birth));
        Patient {
            patient_id: self.patient_id.clone(),
            birth_year,
            sex: Some(self.sex),
            consent_registry: Some(if consent_known { YesNoUnknown::Yes } else { YesNoUnknown::Unknown }),
            consent_date: consent_known.then_some(self.consent),
            withdrawn_on,
            date_basis: DateBasis::Calendar,
            race_ethnicity: None,
            pseudonym_version: None,
            missing: gaps.missing(),
        }
        .to_record()
    }

    /// DXC.
    pub(crate) fn disease(&mut self) -> Option<(Record, Facts)> {
        let rate = self.missing_rate();
        let course = self.course;
        let mut detail = self.part(Part::Disease, 0);
        let lifetime = (self.age - 0.5) * 365.25;
        let s = &mut self.stream;
        let since = s.log_normal(course.since_diagnosis, 0.65).clamp(90.0, 9_000.0_f64.min(lifetime));
        let diagnosis = after(self.infused_on, -whole(since));
        let diagnosis_date = partial(diagnosis, s.pick(&[(10, 0.80), (7, 0.15), (4, 0.05)])?);
        let stage = stage(course.disease, s).filter(|_| !s.chance(0.03));
        let tumor_burden_high = match (s.chance(0.08), self.high_burden) {
            (true, _) => YesNoUnknown::Unknown,
            (_, true) => YesNoUnknown::Yes,
            (_, false) => YesNoUnknown::No,
        };
        let extramedullary = match (s.chance(0.03), s.chance(course.extramedullary)) {
            (true, _) => YesNoUnknown::Unknown,
            (_, true) => YesNoUnknown::Yes,
            (_, false) => YesNoUnknown::No,
        };
        let cns = s.pick(&[
            (CnsInvolvement::None, 1.0 - course.cns),
            (CnsInvolvement::Parenchymal, course.cns * 0.5),
            (CnsInvolvement::Leptomeningeal, course.cns * 0.4),
            (CnsInvolvement::Both, course.cns * 0.1),
        ])?;
        let lines = if s.chance(recording::IMPLAUSIBLE) {
            s.between(11, 13)
        } else {
            let weights: Vec<(i32, f64)> = (0..).zip(course.prior_lines).collect();
            s.pick(&weights)?
        };
        let facts = Facts {
            diagnosis,
            // A count beyond ten is a slip of the pen: the lines themselves are fewer.
            lines: if lines > 10 { lines - 10 } else { lines },
            stage: stage.map(|(_, stage)| stage),
            extramedullary: extramedullary == YesNoUnknown::Yes,
            cns,
        };
        let mut gaps = Gaps::new(s, rate);
        let record = DiseaseBaseline {
            patient_id: self.patient_id.clone(),
            disease: course.disease,
            diagnosis_date: gaps.value("diagnosis_date", MissingCode::NotKnown, diagnosis_date),
            stage_system: stage.map(|(system, _)| system),
            stage: stage.map(|(_, stage)| stage),
            tumor_burden_high: Some(tumor_burden_high),
            extramedullary: gaps.value("extramedullary", MissingCode::NotKnown, Some(extramedullary)),
            cns_involvement: gaps.value("cns_involvement", MissingCode::NotDone, Some(cns)),
            prior_lines: gaps.value("prior_lines", MissingCode::NotKnown, PriorLines::new(lines)),
            tumor_burden_definition: burden_definition(course.disease)
                .filter(|_| tumor_burden_high != YesNoUnknown::Unknown),
            extramedullary_sites: sites(course.disease, cns, &mut detail).filter(|_| facts.extramedullary),
            cns_suspected: Some(if cns != CnsInvolvement::None || detail.chance(0.02) {
                YesNoUnknown::Yes
            } else {
                YesNoUnknown::No
            }),
            missing: gaps.missing(),
        };
        Some((record.to_record(), facts))
    }
}

/// What the disease form says as it truly is, gaps and slips apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) diagnosis: NaiveDate,
    pub(crate) lines: i32,
    pub(crate) stage: Option<Stage>,
    pub(crate) extramedullary: bool,
    pub(crate) cns: CnsInvolvement,
}

/// By what the tumor burden is judged; the disease baselines keep to it.
fn burden_definition(disease: Disease) -> Option<ShortText> {
    ShortText::new(match disease {
        Disease::Nhl => "Largest mass of 7.5 cm or more",
        Disease::Mm => "Marrow plasma cells of 50 % or more",
        _ => "Marrow blasts of 40 % or more",
    })
}

fn sites(disease: Disease, cns: CnsInvolvement, s: &mut Stream) -> Option<CodeList<ExtramedullarySite>> {
    use ExtramedullarySite::{
        Bone, CentralNervousSystem, Gastrointestinal, Gonad, Kidney, Liver, Lung, Paramedullary, Skin,
        SoftTissue,
    };
    let weights: &[(ExtramedullarySite, f64)] = match disease {
        Disease::Nhl => &[(Gastrointestinal, 0.3), (Bone, 0.25), (Lung, 0.2), (Liver, 0.15), (Kidney, 0.1)],
        Disease::Mm => &[(Paramedullary, 0.6), (SoftTissue, 0.25), (Liver, 0.1), (Skin, 0.05)],
        _ => &[(Gonad, 0.3), (Bone, 0.3), (SoftTissue, 0.25), (Kidney, 0.15)],
    };
    let mut found = vec![s.pick(weights)?];
    if s.chance(0.3) {
        found.extend(s.pick(weights));
    }
    if cns != CnsInvolvement::None {
        found.push(CentralNervousSystem);
    }
    CodeList::new(&found)
}

/// The first `length` characters of the date: day, month or year.
pub(crate) fn partial(date: NaiveDate, length: usize) -> Option<PartialDate> {
    date.to_string().get(..length)?.parse().ok()
}

fn age(profile: &Profile, s: &mut Stream) -> f64 {
    let (mean, deviation, low, high) = match (profile.disease, profile.product) {
        (Disease::BAll, "tisa-cel") => (15.0, 5.0, 7.0, 25.9),
        (Disease::BAll, _) => (38.0, 14.0, 18.0, 72.0),
        (Disease::Mm, _) => (60.0, 8.5, 34.0, 80.0),
        _ => (57.0, 12.5, 18.0, 83.0),
    };
    (mean + deviation * s.normal()).clamp(low, high)
}

fn weight(age: f64, sex: Sex, s: &mut Stream) -> f64 {
    if s.chance(recording::IMPLAUSIBLE) {
        return f64::from(s.between(152, 172));
    }
    let adult = if sex == Sex::Female { 59.0 } else { 69.0 };
    // Children grow about linearly from 22 kg at seven to the adult mean at eighteen.
    let mean = if age < 18.0 { 22.0 + (adult - 22.0) * (age - 7.0) / 11.0 } else { adult };
    rounded((mean * (1.0 + 0.15 * s.normal())).clamp(20.5, 130.0), 1)
}

/// System and stage; acute leukemia has none.
fn stage(disease: Disease, s: &mut Stream) -> Option<(StageSystem, Stage)> {
    match disease {
        Disease::Nhl => {
            let weights = [(Stage::I, 0.06), (Stage::Ii, 0.16), (Stage::Iii, 0.26), (Stage::Iv, 0.52)];
            Some((StageSystem::AnnArbor, s.pick(&weights)?))
        }
        Disease::Mm => {
            let systems =
                [(StageSystem::RIss, 0.5), (StageSystem::Iss, 0.35), (StageSystem::DurieSalmon, 0.15)];
            let system = s.pick(&systems)?;
            Some((system, s.pick(&[(Stage::I, 0.2), (Stage::Ii, 0.43), (Stage::Iii, 0.37)])?))
        }
        _ => None,
    }
}

/// A pseudonym that shows neither center nor order, and that no other patient of the registry has: `index` permuted over 40 bits, in
/// base 32 without the letters that look like digits.
fn pseudonym(seed: u64, index: u64) -> String {
    const ALPHABET: [u8; 32] = *b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    const MASK: u64 = MAX_PATIENTS - 1;
    // Each step is invertible modulo 2^40: exclusive or, odd factor, right shift folded in.
    let key = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut x = (index ^ (key >> 24)) & MASK;
    for factor in [0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb] {
        x = x.wrapping_mul(factor) & MASK;
        x ^= x >> 21;
    }
    let digits = (0..8).rev().filter_map(|place| {
        let digit = usize::try_from((x >> (5 * place)) & 31).ok()?;
        ALPHABET.get(digit).map(|b| char::from(*b))
    });
    std::iter::once('P').chain(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn pseudonyms_are_distinct_and_have_one_form() {
        for seed in [0, 1, u64::MAX] {
            let all: HashSet<String> =
                (0..100_000).chain(MAX_PATIENTS - 1000..MAX_PATIENTS).map(|i| pseudonym(seed, i)).collect();
            assert_eq!(all.len(), 101_000);
            assert!(all.iter().all(|p| p.len() == 9 && PatientId::new(p).is_some()));
        }
        assert_ne!(pseudonym(1, 0), pseudonym(2, 0));
    }

    #[test]
    fn a_date_is_cut_to_its_precision() {
        let day = NaiveDate::from_ymd_opt(2024, 3, 9).expect("a day");
        let texts = [4, 7, 10].map(|n| partial(day, n).expect("a date").to_string());
        assert_eq!(texts, ["2024", "2024-03", "2024-03-09"]);
    }
}
