//! What is reported follows from what was measured. The graders here are small and independent of the criteria of the registry.

use crate::support::{all, registry};
use clinical::codes::YesNoUnknown;
use clinical::codes::assessment::{Category, Criteria, Deauville, PosNeg, UptakeChange};
use clinical::codes::events::CanonicalValue;
use clinical::codes::follow_up::{CarTLevel, SerumMProtein};
use clinical::codes::toxicity::{Consciousness, OxygenDevice};
use clinical::codes::treatment::{Drug, DrugIndication};
use clinical::form::Form;
use clinical::forms::crs_day::CrsDay;
use clinical::forms::crs_episode::CrsEpisode;
use clinical::forms::daily_toxicity::DailyToxicity;
use clinical::forms::icaht::Icaht;
use clinical::forms::icans_day::IcansDay;
use clinical::forms::icans_episode::IcansEpisode;
use clinical::forms::immunoglobulin::Immunoglobulin;
use clinical::forms::infusion::Infusion;
use clinical::forms::kinetics_sample::KineticsSample;
use clinical::forms::laboratory::LaboratoryResult;
use clinical::forms::lesion::Lesion;
use clinical::forms::leukemia_assessment::LeukemiaAssessment;
use clinical::forms::lymphoma_assessment::LymphomaAssessment;
use clinical::forms::medication::Medication;
use clinical::forms::myeloma_assessment::MyelomaAssessment;
use clinical::forms::prior_line::PriorLine;
use clinical::forms::response::ResponseAssessment;
use clinical::lab::{Analyte, Judgement, Unit, judge};
use std::collections::{BTreeSet, HashMap};
use std::sync::OnceLock;
use synth::PatientRecords;

fn patients() -> &'static [PatientRecords] {
    static PATIENTS: OnceLock<Vec<PatientRecords>> = OnceLock::new();
    PATIENTS.get_or_init(|| registry(21, 800).patients().collect())
}

fn every<F: Form>() -> impl Iterator<Item = F> {
    patients().iter().flat_map(|p| all::<F>(p))
}

fn is(answer: Option<YesNoUnknown>) -> bool {
    answer == Some(YesNoUnknown::Yes)
}

/// D1.1, without death.
fn crs_grade(d: &CrsDay) -> i32 {
    use OxygenDevice::{Bipap, BlowBy, Cpap, Intubation, LowFlowCannula, RoomAir};
    let fever = d.temperature_c.is_some_and(|t| t.get() >= 38.0) && is(d.fever_attributed);
    if !fever && !is(d.antipyretic) && !is(d.anti_cytokine) {
        return 0;
    }
    let counted =
        d.doses().iter().filter(|(name, dose)| dose.is_some() && !name.starts_with("vasopressin")).count();
    let device = d.oxygen_device.expect("a device");
    if matches!(device, Cpap | Bipap | Intubation) || counted >= 2 {
        4
    } else if is(d.vasopressor_given) || !matches!(device, RoomAir | LowFlowCannula | BlowBy) {
        3
    } else if is(d.hypotension) || device != RoomAir {
        2
    } else {
        i32::from(fever)
    }
}

/// D2.2, without death.
fn icans_grade(d: &IcansDay) -> i32 {
    let ice = match d.ice_total.expect("a score").get() {
        10 => 0,
        7..=9 => 1,
        3..=6 => 2,
        _ => 3,
    };
    let awake = match d.consciousness.expect("a level") {
        Consciousness::Awake => 0,
        Consciousness::Spontaneous => 1,
        Consciousness::Voice => 2,
        Consciousness::Tactile => 3,
        Consciousness::Unarousable => 4,
    };
    let seizure = if d.seizure.is_some_and(|s| s.code() == "BRIEF") { 3 } else { 0 };
    ice.max(awake).max(seizure)
}

#[test]
fn findings_of_a_day_give_its_grade_and_days_give_the_episode() {
    let mut grades = [0_u32; 6];
    for p in patients() {
        let days = all::<CrsDay>(p);
        for d in &days {
            let grade = crs_grade(d);
            grades[usize::try_from(grade).expect("a grade")] += 1;
            assert!(d.reported_grade.is_none_or(|g| g.get() == grade), "{d:?}");
            let daily = all::<DailyToxicity>(p)
                .into_iter()
                .find(|t| (t.infusion_number, t.assessment_date) == (d.infusion_number, d.assessment_date));
            let daily = daily.and_then(|t| t.crs_grade).map(|g| g.get().min(4));
            assert!(daily.is_none_or(|g| g == grade), "{d:?} {daily:?}");
        }
        for e in all::<CrsEpisode>(p) {
            let of: Vec<&CrsDay> = days.iter().filter(|d| d.infusion_number == e.infusion_number).collect();
            let highest = of.iter().map(|d| crs_grade(d)).max().expect("days");
            assert_eq!(e.max_grade.map(|g| g.get().min(4)), Some(highest));
            assert_eq!(e.onset_date, of.iter().map(|d| d.assessment_date).min());
            assert!(of.iter().all(|d| e.end_date.is_none_or(|end| d.assessment_date <= end)));
        }
        let days = all::<IcansDay>(p);
        for d in &days {
            let grade = icans_grade(d);
            assert!(d.reported_grade.is_none_or(|g| g.get() == grade), "{d:?}");
        }
        for e in all::<IcansEpisode>(p) {
            let highest =
                days.iter().filter(|d| d.infusion_number == e.infusion_number).map(icans_grade).max();
            assert!(
                highest.is_none_or(|h| h == 0 || e.max_grade.is_some_and(|g| g.get().min(4) == h)),
                "{e:?}"
            );
        }
    }
    assert!(grades[1..5].iter().all(|n| *n > 20) && grades[0] == 0, "{grades:?}");
}

#[test]
fn drugs_are_those_of_the_daily_form() {
    let mut doses = 0;
    for p in patients() {
        let given: BTreeSet<_> = all::<Medication>(p)
            .into_iter()
            .filter(|m| m.drug == Some(Drug::Tocilizumab))
            .inspect(|m| {
                let dose = m.dose_value.expect("a dose").get();
                assert!((100.0..=800.0).contains(&dose), "{m:?}");
            })
            .filter_map(|m| m.start_date)
            .collect();
        for d in all::<DailyToxicity>(p) {
            if let Some(tocilizumab) = d.tocilizumab {
                assert_eq!(given.contains(&d.assessment_date), tocilizumab, "{d:?}");
                doses += u32::from(tocilizumab);
            }
            if d.steroids == Some(true) {
                let on = all::<Medication>(p).into_iter().any(|m| {
                    matches!(m.drug, Some(Drug::Dexamethasone | Drug::Methylprednisolone))
                        && m.indication != Some(DrugIndication::IecHs)
                        && m.start_date.is_some_and(|s| s <= d.assessment_date)
                        && m.end_date.is_none_or(|e| d.assessment_date <= e)
                });
                assert!(on, "{d:?}");
            }
        }
    }
    assert!(doses > 200, "{doses}");
}

#[test]
fn icaht_is_what_the_counts_say() {
    let mut graded = [0_u32; 5];
    for p in patients() {
        for report in all::<Icaht>(p) {
            let infusion =
                all::<Infusion>(p).into_iter().find(|i| i.infusion_number == report.infusion_number);
            let day0 = infusion.expect("its infusion").infusion_date;
            let counts: HashMap<i64, f64> = all::<LaboratoryResult>(p)
                .into_iter()
                .filter(|r| r.analyte == Analyte::Anc)
                .filter_map(|r| Some(((r.collected_date - day0).num_days(), r.canonical_value?.get())))
                .filter(|(day, _)| (0..=30).contains(day))
                .collect();
            let low = counts.values().filter(|anc| **anc <= 0.5 + 1e-9).count();
            let grade = report.reported_early_grade.expect("a grade").get();
            graded[usize::try_from(grade).expect("a grade")] += 1;
            let neutropenic = report.days_anc_500.expect("days").get();
            assert!(i32::try_from(low).expect("days") <= neutropenic, "{report:?}");
            assert_eq!(neutropenic > 0, grade > 0);
            assert!(
                grade < 3 || neutropenic >= 7 || report.days_anc_100.is_some_and(|d| d.get() >= 7),
                "{report:?}"
            );
            // Every day to the last weekly count is known or interpolated, unless a weekly count is missing.
            let filled = report.days_interpolated.expect("days").get();
            let known = i32::try_from(counts.len()).expect("days") + filled;
            assert!((14..=31).contains(&known), "{known}: {report:?}");
        }
    }
    assert!(graded.iter().all(|n| *n >= 5), "{graded:?}");
}

/// Response reported with the component record of the day.
fn pairs<F: Form>(
    criteria: Criteria,
    same: fn(&F, &ResponseAssessment) -> bool,
) -> Vec<(Category, F, &'static PatientRecords)> {
    let mut found = Vec::new();
    for p in patients() {
        for r in all::<ResponseAssessment>(p).into_iter().filter(|r| r.criteria == criteria) {
            let component = all::<F>(p).into_iter().find(|f| same(f, &r)).expect("its components");
            if let Some(category) = r.reported_category.filter(|c| *c != Category::Ne) {
                found.push((category, component, p));
            }
        }
    }
    found
}

#[test]
fn lymphoma_components_give_the_category() {
    let same = |a: &LymphomaAssessment, r: &ResponseAssessment| {
        (a.infusion_number, a.assessment_date) == (r.infusion_number, r.assessment_date)
    };
    for (category, a, _) in pairs(Criteria::LuganoPet, same) {
        let hot = matches!(a.deauville, Some(Deauville::Four | Deauville::Five));
        let derived = match (hot, a.uptake_change, is(a.new_lesions)) {
            (_, _, true) | (true, Some(UptakeChange::Increased), _) => Category::Pmd,
            (true, Some(UptakeChange::Reduced), _) => Category::Pmr,
            (true, ..) => Category::Nmr,
            _ => Category::Cmr,
        };
        assert_eq!(derived, category, "{a:?}");
    }
    let mut measured = 0;
    for (category, a, p) in pairs(Criteria::LuganoCt, same) {
        let lesions = all::<Lesion>(p);
        let targets = |date| {
            lesions
                .iter()
                .filter(|l| {
                    l.infusion_number == a.infusion_number
                        && l.assessment_date == date
                        && l.target == Some(true)
                })
                .map(|l| (l.ldi_mm.expect("mm").get(), l.sdi_mm.expect("mm").get()))
                .collect::<Vec<_>>()
        };
        let dates: BTreeSet<_> = lesions
            .iter()
            .filter(|l| l.infusion_number == a.infusion_number && l.assessment_date < a.assessment_date)
            .map(|l| l.assessment_date)
            .collect();
        let sum = |of: &[(f64, f64)]| of.iter().map(|(l, s)| l * s).sum::<f64>();
        let now = targets(a.assessment_date);
        let baseline = sum(&targets(*dates.first().expect("a baseline")));
        let nadir = dates.iter().map(|d| sum(&targets(*d))).fold(f64::MAX, f64::min);
        let derived = if is(a.new_lesions) || sum(&now) >= 1.5 * nadir {
            Category::Pd
        } else if now.iter().all(|(longest, _)| *longest <= 15.0) {
            Category::Cr
        } else if sum(&now) <= 0.5 * baseline {
            Category::Pr
        } else {
            Category::Sd
        };
        assert_eq!(derived, category, "{a:?} {now:?}");
        measured += 1;
    }
    assert!(measured > 40, "{measured}");
}

#[test]
fn leukemia_components_give_the_category() {
    let same = |a: &LeukemiaAssessment, r: &ResponseAssessment| {
        (a.infusion_number, a.assessment_date) == (r.infusion_number, r.assessment_date)
    };
    let mut seen = BTreeSet::new();
    for (category, a, _) in pairs(Criteria::AllNccn, same) {
        let (anc, plt) = (a.anc_10e9_l.expect("a count").get(), a.platelets_10e9_l.expect("a count").get());
        let clear = a.marrow_blast_percent.is_some_and(|b| b.get() < 5.0)
            && a.peripheral_blast_percent.is_some_and(|b| b.get() <= 0.0)
            && !is(a.extramedullary);
        let remission = match (clear, anc, plt) {
            (false, ..) => None,
            (true, n, p) if n >= 1.0 && p >= 100.0 => Some(Category::Cr),
            (true, n, p) if n > 0.5 && p > 50.0 => Some(Category::Crh),
            _ => Some(Category::Cri),
        };
        match remission {
            Some(derived) => assert_eq!(derived, category, "{a:?}"),
            None => assert!(matches!(category, Category::Nr | Category::Pd | Category::Relapse), "{a:?}"),
        }
        seen.insert(category);
    }
    assert!(seen.len() >= 5, "{seen:?}");
}

#[test]
fn myeloma_components_give_the_category() {
    let same = |a: &MyelomaAssessment, r: &ResponseAssessment| {
        (a.infusion_number, a.assessment_date) == (r.infusion_number, r.assessment_date)
    };
    let serum = |a: &MyelomaAssessment| a.serum_m_protein_g_l.map_or(0.0, SerumMProtein::get);
    for criteria in [Criteria::Imwg2016, Criteria::ImwgSeed] {
        for (category, a, p) in pairs(criteria, same) {
            let mut before: Vec<MyelomaAssessment> = all::<MyelomaAssessment>(p);
            before
                .retain(|b| b.infusion_number == a.infusion_number && b.assessment_date < a.assessment_date);
            let baseline = serum(before.first().expect("a baseline"));
            let known = before.iter().filter(|b| b.serum_m_protein_g_l.is_some());
            let nadir = known.map(serum).fold(f64::MAX, f64::min);
            let share = serum(&a) / baseline;
            let negative = [a.serum_ife, a.urine_ife].iter().all(|f| *f == Some(PosNeg::Negative));
            let fits = match category {
                Category::Scr | Category::Cr => negative && serum(&a) <= 0.0,
                _ if baseline <= 0.0 => !negative || category.is_progression(),
                Category::Vgpr => share <= 0.10,
                Category::Pr => share > 0.10 && share <= 0.5,
                Category::Mr => share > 0.5 && share <= 0.75,
                Category::Sd => share > 0.75 && serum(&a) <= 1.25 * nadir,
                _ => serum(&a) >= nadir + 5.0 && serum(&a) >= 1.25 * nadir,
            };
            assert!(fits, "{category:?} {a:?} from {baseline}, lowest {nadir}");
            let normal = a.flc_ratio.is_some_and(|r| (0.26..=1.65).contains(&r.get()));
            let stringent = normal && a.marrow_clonal == Some(YesNoUnknown::No);
            assert_eq!(stringent, category == Category::Scr, "{a:?}");
        }
    }
}

#[test]
fn results_come_in_the_units_of_the_laboratory() {
    let mut units: HashMap<Analyte, BTreeSet<Unit>> = HashMap::new();
    for r in every::<LaboratoryResult>() {
        let (Some(value), Some(unit)) = (r.value, r.unit) else { continue };
        units.entry(r.analyte).or_default().insert(unit);
        assert_eq!(judge(r.analyte, value.get(), unit), Some(Judgement::Plausible), "{r:?}");
        let canonical = r.analyte.to_canonical(value.get(), unit).ok();
        assert_eq!(r.canonical_value.map(CanonicalValue::get), canonical, "{r:?}");
    }
    for analyte in [Analyte::Anc, Analyte::Plt, Analyte::Hb, Analyte::Crp, Analyte::Ferritin, Analyte::IgG] {
        assert!(units[&analyte].len() >= 2, "{analyte:?} {:?}", units[&analyte]);
    }
    assert!(units.len() >= 24, "{units:?}");
}

#[test]
fn kinetics_rise_and_fall() {
    let (mut below, mut peaks) = (0_u32, Vec::new());
    for p in patients() {
        for infusion in all::<Infusion>(p) {
            let of: Vec<KineticsSample> = all::<KineticsSample>(p)
                .into_iter()
                .filter(|s| s.infusion_number == infusion.infusion_number)
                .collect();
            below +=
                u32::try_from(of.iter().filter(|s| s.below_lloq == Some(true)).count()).expect("a count");
            assert!(of.iter().all(|s| s.unit == of[0].unit && s.assay == of[0].assay));
            let level = |s: &&KineticsSample| s.value.map_or(0.0, CarTLevel::get);
            if let Some(peak) =
                of.iter().max_by(|a, b| level(a).total_cmp(&level(b))).filter(|_| of.len() >= 8)
            {
                peaks.push((peak.collected_date - infusion.infusion_date).num_days());
            }
        }
    }
    peaks.sort_unstable();
    assert!(below > 300, "{below}");
    assert!((7..=14).contains(&peaks[peaks.len() / 2]), "{}", peaks[peaks.len() / 2]);
}

#[test]
fn immunoglobulin_is_given_when_it_is_low() {
    let courses: Vec<Immunoglobulin> = every().collect();
    assert!(courses.len() > 100);
    assert!(courses.iter().all(|c| c.igg_before_g_l.is_some_and(|g| g.get() < 4.0)));
}

#[test]
fn lines_are_as_many_as_the_baseline_says() {
    for p in patients() {
        let lines = i32::try_from(all::<PriorLine>(p).len()).expect("a count");
        let disease = all::<clinical::forms::disease::DiseaseBaseline>(p).pop().expect("one");
        // More than ten is a slip of the pen.
        assert!(disease.prior_lines.is_none_or(|n| n.get() == lines || n.get() - 10 == lines));
    }
}
