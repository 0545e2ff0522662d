//! The order of events in a patient's life with the disease (G6 R01, R03 to R06, R33, R36, R41, R42, R46 to R48).

use super::{Entry, History, Review};
use crate::codes::Disease;
use crate::codes::treatment::Ward;
use crate::field::Cell;
use crate::form::{Context, Form};
use crate::forms::apheresis::Apheresis;
use crate::forms::bridging::Bridging;
use crate::forms::crs_episode::CrsEpisode;
use crate::forms::disease::DiseaseBaseline;
use crate::forms::hospital_stay::HospitalStay;
use crate::forms::icans_episode::IcansEpisode;
use crate::forms::iec_hs::IecHs;
use crate::forms::infection::Infection;
use crate::forms::infusion::Infusion;
use crate::forms::lymphodepletion::Lymphodepletion;
use crate::forms::patient::{DateBasis, Patient};
use crate::forms::second_malignancy::SecondMalignancy;
use crate::forms::survival_status::{Status, SurvivalStatus};
use crate::record::Record;
use crate::rule::{Rule, rules};
use chrono::{Datelike, NaiveDate};

rules! {
    /// R01.
    DIAGNOSIS_AFTER_APHERESIS = soft("chronology.diagnosis_after_apheresis", "the diagnosis is dated after the apheresis", "诊断日期晚于单采日期");
    /// R01.
    APHERESIS_AFTER_LYMPHODEPLETION = soft("chronology.apheresis_after_lymphodepletion", "the apheresis is dated after the start of lymphodepletion", "单采日期晚于清淋开始日期");
    /// R01.
    APHERESIS_AFTER_INFUSION = soft("chronology.apheresis_after_infusion", "the apheresis is not before the infusion it serves", "单采日期不早于对应的回输日期");
    /// R01.
    LYMPHODEPLETION_AFTER_INFUSION = soft("chronology.lymphodepletion_after_infusion", "the lymphodepletion does not end before the infusion it prepares", "清淋未在对应回输之前结束");
    /// R01, R05: years are all that is known of the birth.
    BEFORE_BIRTH = soft("chronology.before_birth", "the record is dated before the patient's year of birth", "记录日期早于患者出生年份");
    /// R03.
    AFTER_DEATH = soft("chronology.after_death", "the record is dated after the patient's death", "记录日期晚于患者死亡日期");
    /// R03: a death before the infusion.
    DEATH_BEFORE_INFUSION = soft("chronology.death_before_infusion", "the death is dated before an infusion", "死亡日期早于回输日期");
    /// R04.
    CONTACT_BEFORE_RECORD = soft("chronology.last_contact_before_record", "records are dated after the last contact; update the survival status", "存在晚于末次联系日期的记录，请更新生存状态");
    /// R06.
    TOXICITY_BEFORE_INFUSION = soft("chronology.toxicity_before_infusion", "the toxicity begins before the infusion", "毒性发生日期早于回输");
    /// R33.
    MALIGNANCY_BEFORE_INFUSION = soft("chronology.second_malignancy_before_infusion", "a malignancy that begins before the infusion is not a second malignancy after it", "在回输之前发生的肿瘤不属于回输后的第二肿瘤");
    /// R36.
    INFECTION_BEFORE_APHERESIS = soft("chronology.infection_before_apheresis", "the infection begins before the apheresis", "感染发生日期早于单采");
    /// R41.
    INFUSION_ORDER = soft("chronology.infusion_order", "infusions are numbered from 1 without gaps, each later than the one before", "回输序号应从1连续编号且日期递增");
    /// R42.
    AFTER_WITHDRAWAL = soft("chronology.after_withdrawal", "the record is dated after consent was withdrawn; only the survival status may be", "记录日期晚于撤回同意日期；撤回后仅可登记生存状态");
    /// R46 (1.7: stay of two weeks).
    EARLY_DISCHARGE = soft("chronology.early_discharge", "the patient was discharged less than 14 days after the infusion", "患者在回输后14天内出院");
    /// R47.
    BRIDGING_INTO_LYMPHODEPLETION = soft("chronology.bridging_into_lymphodepletion", "the bridging does not end before the lymphodepletion starts", "桥接治疗未在清淋开始前结束");
}

/// The fields that say when a record's own event took place, first the one that counts. Other dates (consent, baseline, follow-up of
/// an earlier event) may lie before or after without contradiction.
const NAMES: [&str; 15] = [
    "assessment_date",
    "onset_date",
    "collected_date",
    "visit_date",
    "infusion_date",
    "transfusion_date",
    "diagnosis_date",
    "test_date",
    "vaccination_date",
    "apheresis_date",
    "start_date",
    "admission_date",
    "hct_date",
    "path_date",
    "dose_date",
];

/// The same, with the contact at which a patient was known to be alive or dead.
pub static EVENT_DATES: [&str; 16] = {
    let mut all = ["last_contact"; 16];
    let mut index = 0;
    while index < NAMES.len() {
        all[index] = NAMES[index];
        index += 1;
    }
    all
};

/// When a record's own event took place.
pub(crate) fn event_date(record: &Record) -> Option<(&'static str, NaiveDate)> {
    NAMES.iter().find_map(|name| {
        let (index, field) = record.form().field(name)?;
        match record.cells().get(index)? {
            Cell::Date(date) => Some((field.name, *date)),
            // A partial date contradicts only when every day it may mean does.
            Cell::PartialDate(date) => Some((field.name, date.earliest())),
            _ => None,
        }
    })
}

fn after(date: NaiveDate, what: &str) -> String {
    format!("after {date} ({what})")
}

fn not_after(date: NaiveDate, what: &str) -> String {
    format!("at most {date} ({what})")
}

/// The death, with the entry that reports it. The earliest report counts.
pub(super) fn death(history: &History) -> Option<(Entry, NaiveDate)> {
    let statuses = history.of::<SurvivalStatus>().into_iter();
    statuses.filter_map(|(entry, s)| s.death_date.map(|date| (entry, date))).min_by_key(|(_, date)| *date)
}

/// Applies the rules.
pub(super) fn review(history: &History, _: Context, review: &mut Review) {
    let infusions = history.of::<Infusion>();
    treatment_order(history, &infusions, review);
    numbered_infusions(history.infusions_elsewhere(), &infusions, review);
    life_and_death(history, &infusions, review);
    toxicity(history, &infusions, review);
    withdrawal(history, review);
    stays(history, &infusions, review);
}

fn infusion_date(infusions: &[(Entry, Infusion)], number: i32) -> Option<NaiveDate> {
    infusions.iter().find(|(_, i)| i.infusion_number.get() == number).map(|(_, i)| i.infusion_date)
}

fn treatment_order(history: &History, infusions: &[(Entry, Infusion)], review: &mut Review) {
    let apheresis = history.of::<Apheresis>();
    let courses = history.of::<Lymphodepletion>();
    let first_apheresis = apheresis.iter().filter_map(|(_, a)| a.apheresis_date).min();
    if let (Some((entry, disease)), Some(date)) = (history.one::<DiseaseBaseline>(), first_apheresis)
        && let Some(diagnosis) = disease.diagnosis_date
        && diagnosis.earliest() > date
    {
        review.at(
            &DIAGNOSIS_AFTER_APHERESIS,
            entry,
            "diagnosis_date",
            Some(diagnosis.to_string()),
            not_after(date, "apheresis"),
        );
    }
    for (entry, a) in &apheresis {
        let Some(date) = a.apheresis_date else { continue };
        let of_infusion = |c: &Lymphodepletion| c.infusion_number == a.infusion_number;
        let start = courses.iter().filter(|(_, c)| of_infusion(c)).filter_map(|(_, c)| c.start_date).min();
        if let Some(start) = start.filter(|start| date > *start) {
            review.at(
                &APHERESIS_AFTER_LYMPHODEPLETION,
                *entry,
                "apheresis_date",
                Some(date.to_string()),
                not_after(start, "lymphodepletion"),
            );
        }
        if let Some(day0) = infusion_date(infusions, a.infusion_number.get()).filter(|day0| date >= *day0) {
            review.at(
                &APHERESIS_AFTER_INFUSION,
                *entry,
                "apheresis_date",
                Some(date.to_string()),
                Some(format!("before {day0} (infusion)")),
            );
        }
    }
    for (entry, course) in &courses {
        let Some(end) = course.end_date else { continue };
        if let Some(day0) = infusion_date(infusions, course.infusion_number.get()).filter(|day0| end >= *day0)
        {
            review.at(
                &LYMPHODEPLETION_AFTER_INFUSION,
                *entry,
                "end_date",
                Some(end.to_string()),
                Some(format!("before {day0} (infusion)")),
            );
        }
    }
    for (entry, bridging) in history.of::<Bridging>() {
        let of_infusion = |c: &Lymphodepletion| c.infusion_number == bridging.infusion_number;
        let start = courses.iter().filter(|(_, c)| of_infusion(c)).filter_map(|(_, c)| c.start_date).min();
        if let (Some(end), Some(start)) = (bridging.end_date, start)
            && end >= start
        {
            review.at(
                &BRIDGING_INTO_LYMPHODEPLETION,
                entry,
                "end_date",
                Some(end.to_string()),
                Some(format!("before {start} (lymphodepletion)")),
            );
        }
    }
}

fn numbered_infusions(elsewhere: i32, infusions: &[(Entry, Infusion)], review: &mut Review) {
    let mut before: Option<(i32, NaiveDate)> = None;
    for (entry, infusion) in infusions {
        let number = infusion.infusion_number.get();
        match before {
            // A patient taken over from another center goes on with the next number.
            None if number > 1 && number != elsewhere + 1 => {
                review.at(
                    &INFUSION_ORDER,
                    *entry,
                    "infusion_number",
                    Some(number.to_string()),
                    Some(format!("{} for the first", elsewhere + 1)),
                );
            }
            Some((last, _)) if number != last + 1 => {
                review.at(
                    &INFUSION_ORDER,
                    *entry,
                    "infusion_number",
                    Some(number.to_string()),
                    Some((last + 1).to_string()),
                );
            }
            Some((last, date)) if infusion.infusion_date <= date => {
                let expected = after(date, &format!("infusion {last}"));
                review.at(
                    &INFUSION_ORDER,
                    *entry,
                    "infusion_date",
                    Some(infusion.infusion_date.to_string()),
                    expected,
                );
            }
            _ => {}
        }
        before = Some((number, infusion.infusion_date));
    }
}

fn life_and_death(history: &History, infusions: &[(Entry, Infusion)], review: &mut Review) {
    // Years count only where dates are of the calendar.
    let calendar = history.one::<Patient>().filter(|(_, p)| p.date_basis == DateBasis::Calendar);
    let birth = calendar.and_then(|(_, p)| p.birth_year).map(crate::codes::BirthYear::get);
    let death = death(history);
    let mut latest: Option<NaiveDate> = None;
    for (entry, record) in history.records() {
        let Some((field, date)) = event_date(record) else { continue };
        if birth.is_some_and(|year| date.year() < year) {
            let expected = birth.map(|year| format!("{year} or later (year of birth)"));
            review.at(&BEFORE_BIRTH, entry, field, Some(date.to_string()), expected);
        }
        if let Some((_, died)) = death.filter(|(_, died)| date > *died) {
            let rule: &'static Rule =
                if record.form().name == "infusion" { &DEATH_BEFORE_INFUSION } else { &AFTER_DEATH };
            review.at(rule, entry, field, Some(date.to_string()), not_after(died, "death"));
        }
        latest = latest.max(Some(date));
    }
    let statuses = history.of::<SurvivalStatus>();
    // A patient who is dead is asked about the records after the death, not about the contact.
    if let (Some((entry, last)), Some(latest), None) = (statuses.last(), latest, death)
        && latest > last.last_contact
        && !infusions.is_empty()
        && last.status != Status::Withdrawn
    {
        let expected = Some(format!("{latest} or later (latest record)"));
        review.at(
            &CONTACT_BEFORE_RECORD,
            *entry,
            "last_contact",
            Some(last.last_contact.to_string()),
            expected,
        );
    }
}

fn toxicity(history: &History, infusions: &[(Entry, Infusion)], review: &mut Review) {
    let mut onsets: Vec<(Entry, &'static str, i32, NaiveDate)> = Vec::new();
    for (entry, e) in history.of::<CrsEpisode>() {
        onsets.extend(e.onset_date.map(|d| (entry, "onset_date", e.infusion_number.get(), d)));
    }
    for (entry, e) in history.of::<IcansEpisode>() {
        onsets.extend(e.onset_date.map(|d| (entry, "onset_date", e.infusion_number.get(), d)));
    }
    for (entry, e) in history.of::<IecHs>() {
        onsets.push((entry, "diagnosis_date", e.infusion_number.get(), e.diagnosis_date));
    }
    for (entry, field, number, onset) in onsets {
        if let Some(day0) = infusion_date(infusions, number).filter(|day0| onset < *day0) {
            review.at(
                &TOXICITY_BEFORE_INFUSION,
                entry,
                field,
                Some(onset.to_string()),
                Some(format!("{day0} or later (infusion)")),
            );
        }
    }
    for (entry, malignancy) in history.of::<SecondMalignancy>() {
        let day0 = infusion_date(infusions, malignancy.infusion_number.get());
        if let (Some(onset), Some(day0)) = (malignancy.onset_date, day0)
            && onset.latest() < day0
        {
            review.at(
                &MALIGNANCY_BEFORE_INFUSION,
                entry,
                "onset_date",
                Some(onset.to_string()),
                Some(format!("{day0} or later (infusion)")),
            );
        }
    }
    let apheresis = history.of::<Apheresis>().into_iter().filter_map(|(_, a)| a.apheresis_date).min();
    for (entry, infection) in history.of::<Infection>() {
        if let (Some(onset), Some(apheresis)) = (infection.onset_date, apheresis)
            && onset < apheresis
        {
            review.at(
                &INFECTION_BEFORE_APHERESIS,
                entry,
                "onset_date",
                Some(onset.to_string()),
                Some(format!("{apheresis} or later (apheresis)")),
            );
        }
    }
}

fn withdrawal(history: &History, review: &mut Review) {
    let Some(withdrawn) = history.one::<Patient>().and_then(|(_, p)| p.withdrawn_on) else { return };
    for (entry, record) in history.records() {
        if std::ptr::eq(record.form(), SurvivalStatus::DESCRIPTOR) {
            continue;
        }
        if let Some((field, date)) = event_date(record).filter(|(_, date)| *date > withdrawn) {
            review.at(
                &AFTER_WITHDRAWAL,
                entry,
                field,
                Some(date.to_string()),
                not_after(withdrawn, "withdrawal of consent"),
            );
        }
    }
}

fn stays(history: &History, infusions: &[(Entry, Infusion)], review: &mut Review) {
    let nhl = history.one::<DiseaseBaseline>().is_some_and(|(_, d)| d.disease == Disease::Nhl);
    if !nhl {
        return;
    }
    let stays = history.of::<HospitalStay>();
    for (entry, stay) in &stays {
        let Some(day0) = infusion_date(infusions, stay.infusion_number.get()) else { continue };
        let (Some(admitted), Some(discharged)) = (stay.admission_date, stay.discharge_date) else { continue };
        let died = death(history).is_some_and(|(_, died)| died <= discharged);
        let of_infusion = admitted <= day0 && day0 <= discharged && stay.ward == Some(Ward::Ward);
        let moved = stays
            .iter()
            .any(|(_, s)| s.admission_date == Some(discharged) && s.stay_number != stay.stay_number);
        if of_infusion && !died && !moved && (discharged - day0).num_days() < 14 {
            let expected =
                Some(format!("{} or later (14 days after the infusion)", day0 + chrono::Days::new(14)));
            review.at(&EARLY_DISCHARGE, *entry, "discharge_date", Some(discharged.to_string()), expected);
        }
    }
}
