//! Windows of F11, partitions of E1.1, states, ends and the assignment of visits.

use super::support::{Patient, codes, day, find, plus, timetable};
use chrono::NaiveDate;
use clinical::criteria::visits::{
    CarTResult, CountedFrom, Course, EndReason, Ended, LostVisits, MonthlyUntil, Parameters, Partition,
    ResponseInterval, ScheduledVisit, Scope, Timetable, VisitState, assess, assess_course,
};
use clinical::criteria::{At, Trace};

const FAR: &str = "2034-06-01";

/// Windows as F11 prints them: code, days before and after the target.
fn check_windows(id: &str, parameters: &Parameters, expected: &[(&str, i64)]) {
    for infusion in ["2024-01-31", "2023-08-15", "2024-02-29", "2023-12-31"] {
        let visits =
            Patient { parameters: parameters.clone(), ..Patient::new(infusion, "2032-01-01") }.assess(id);
        let found: Vec<(String, i64, i64)> = visits
            .iter()
            .map(|v| {
                let before = (v.target_date - v.window.from).num_days();
                (v.code.to_string(), before, (v.window.to - v.target_date).num_days())
            })
            .collect();
        let expected: Vec<(String, i64, i64)> =
            expected.iter().map(|(c, n)| ((*c).to_owned(), *n, *n)).collect();
        assert_eq!(found.get(..expected.len()), Some(&expected[..]), "{id} {infusion}");
    }
}

/// F11 NHL-FUP-M01 to NHL-FUP-YRN, reading A of B1.8.
#[test]
fn windows_of_nhl_follow_up() {
    let expected = [
        ("M1", 14),
        ("M3", 21),
        ("M6", 21),
        ("M9", 21),
        ("M12", 30),
        ("M15", 30),
        ("M18", 30),
        ("M21", 30),
        ("M24", 30),
        ("M30", 45),
        ("M36", 45),
        ("M42", 45),
        ("M48", 45),
        ("M54", 45),
        ("M60", 45),
        ("M72", 90),
        ("M84", 90),
    ];
    check_windows("nhl-follow-up", &Parameters::default(), &expected);
    let until_five_years = expected.iter().take_while(|(code, _)| *code != "M72").count();
    assert_eq!(until_five_years, 15, "1 + 8 + 6 visits up to M60");
}

/// Contradiction C04, reading B of B1.8.
#[test]
fn windows_of_nhl_follow_up_counted_from_the_first_visit() {
    let parameters = Parameters { counted_from: CountedFrom::FirstVisit, ..Parameters::default() };
    let expected = [
        ("M1", 14),
        ("M4", 21),
        ("M7", 21),
        ("M10", 21),
        ("M13", 30),
        ("M16", 30),
        ("M19", 30),
        ("M22", 30),
        ("M25", 30),
        ("M31", 45),
        ("M37", 45),
        ("M43", 45),
        ("M49", 45),
        ("M55", 45),
        ("M61", 45),
        ("M73", 90),
        ("M85", 90),
    ];
    check_windows("nhl-follow-up", &parameters, &expected);
    check_windows("nhl-car-t-persistence", &parameters, &expected);
}

/// F11 MM-FUP-D014 to MM-FUP-YRN, timetable of B2.10.
#[test]
fn windows_of_mm_follow_up() {
    let expected = [
        ("d14", 3),
        ("d28", 4),
        ("M2", 10),
        ("M3", 10),
        ("M4", 10),
        ("M5", 10),
        ("M6", 14),
        ("M8", 14),
        ("M10", 14),
        ("M12", 21),
        ("M15", 30),
        ("M18", 30),
        ("M21", 30),
        ("M24", 30),
        ("M30", 45),
        ("M36", 45),
        ("M42", 45),
        ("M48", 45),
    ];
    check_windows("mm-follow-up", &Parameters::default(), &expected);
}

/// F11 ALL-FUP-01 and contradiction C41: external, without a level.
#[test]
fn windows_of_b_all_follow_up() {
    let expected = [
        ("M1", 14),
        ("M2", 14),
        ("M3", 21),
        ("M6", 21),
        ("M9", 21),
        ("M12", 30),
        ("M15", 30),
        ("M18", 30),
        ("M21", 30),
        ("M24", 30),
        ("M30", 45),
        ("M36", 45),
        ("M42", 45),
        ("M48", 45),
        ("M54", 45),
        ("M60", 45),
        ("M72", 90),
    ];
    check_windows("b-all-follow-up", &Parameters::default(), &expected);
    for id in ["b-all-follow-up", "b-all-response"] {
        assert_eq!((timetable(id).provenance.name(), timetable(id).level), ("external", None));
    }
    check_windows("b-all-response", &Parameters::default(), &[("d28", 7)]);
}

/// F11 MM-RSP-04 and -05. Contradiction C40: the visit of day 28 always serves M1.
#[test]
fn extramedullary_windows_hold_day_28() {
    check_windows("mm-extramedullary", &Parameters::default(), &[("M1", 10), ("M3", 21)]);
    for offset in 0..1461 {
        let infusion = plus(day("2023-01-01"), offset);
        let mut patient = Patient::new("2023-01-01", FAR);
        patient.infusion = infusion;
        let first = patient.assess("mm-extramedullary")[0];
        assert!(
            first.window.from <= plus(infusion, 24) && plus(infusion, 32) <= first.window.to,
            "{infusion}"
        );
    }
}

/// I3, row "Month arithmetic", through the timetable.
#[test]
fn targets_are_calendar_months() {
    let visits = Patient::new("2024-01-31", FAR).assess("nhl-follow-up");
    for (code, target, target_day) in [
        ("M1", "2024-02-29", 29),
        ("M3", "2024-04-30", 90),
        ("M6", "2024-07-31", 182),
        ("M12", "2025-01-31", 366),
        ("M24", "2026-01-31", 731),
        ("M60", "2029-01-31", 1827),
    ] {
        let visit = find(&visits, code);
        assert_eq!((visit.target_date, visit.target_day), (day(target), target_day), "{code}");
    }
    let days = Patient::new("2024-01-31", FAR).assess("mm-follow-up");
    assert_eq!((find(&days, "d14").target_day, find(&days, "d28").target_day), (14, 28));
}

/// Both sides of every bound: infusion 2024-01-31, M1 on 2024-02-29, window 2024-02-15 to 2024-03-14.
#[test]
fn state_by_the_cutoff() {
    for (cutoff, state) in [
        ("2024-01-31", VisitState::NotDue),
        ("2024-02-14", VisitState::NotDue),
        ("2024-02-15", VisitState::Due),
        ("2024-02-29", VisitState::Due),
        ("2024-03-01", VisitState::Overdue),
        ("2024-03-14", VisitState::Overdue),
        ("2024-03-15", VisitState::Missed),
    ] {
        let first = Patient::new("2024-01-31", cutoff).assess("nhl-follow-up")[0];
        assert_eq!((first.state, first.visit, first.reason), (state, None, None), "{cutoff}");
    }
}

#[test]
fn a_visit_inside_the_window_meets_the_point() {
    for (visit, met) in
        [("2024-02-14", false), ("2024-02-15", true), ("2024-03-14", true), ("2024-03-15", false)]
    {
        let first = Patient::new("2024-01-31", "2024-05-01").visits(&[visit]).assess("nhl-follow-up")[0];
        let expected = if met { (VisitState::Met, Some(day(visit))) } else { (VisitState::Missed, None) };
        assert_eq!((first.state, first.visit), expected, "{visit}");
    }
    // Met before the target is met; a visit after the cutoff is not known.
    let early = Patient::new("2024-01-31", "2024-02-16").visits(&["2024-02-16"]).assess("nhl-follow-up")[0];
    assert_eq!(early.state, VisitState::Met);
    let late = Patient::new("2024-01-31", "2024-02-16").visits(&["2024-02-17"]).assess("nhl-follow-up")[0];
    assert_eq!(late.state, VisitState::Due);
}

#[test]
fn the_nearest_visit_of_two_equally_near_the_earlier() {
    let chosen =
        |visits: &[&str]| Patient::new("2024-01-31", FAR).visits(visits).assess("nhl-follow-up")[0].visit;
    assert_eq!(chosen(&["2024-02-20", "2024-03-02"]), Some(day("2024-03-02")));
    assert_eq!(chosen(&["2024-03-03", "2024-02-26"]), Some(day("2024-02-26")));
    assert_eq!(chosen(&["2024-03-03", "2024-02-25"]), Some(day("2024-03-03")));
    assert_eq!(chosen(&["2024-02-29", "2024-02-28", "2024-02-29"]), Some(day("2024-02-29")));
}

#[test]
fn windows_do_not_open_before_the_day_after_the_infusion() {
    let parameters = Parameters { tolerance_days: Some(40), ..Parameters::default() };
    let patient = Patient { parameters, ..Patient::new("2024-01-31", "2024-01-31") };
    let first = patient.clone().visits(&["2024-01-31", "2024-01-30"]).assess("nhl-follow-up")[0];
    assert_eq!((first.window.from, first.state), (day("2024-02-01"), VisitState::NotDue));
    let visits =
        Patient { cutoff: day("2024-02-01"), ..patient }.visits(&["2024-02-01"]).assess("nhl-follow-up");
    assert_eq!(visits[0].visit, Some(day("2024-02-01")));
}

#[test]
fn an_endless_timetable_goes_up_to_the_first_window_not_yet_open() {
    let at = |cutoff: &str| codes(&Patient::new("2024-01-31", cutoff).assess("nhl-follow-up"));
    assert_eq!(at("2024-02-01").last().map(String::as_str), Some("M72"));
    assert_eq!(at("2024-02-01").len(), 16);
    // The window of M72 (2030-01-31) opens on 2029-11-02.
    assert_eq!(at("2029-11-01").last().map(String::as_str), Some("M72"));
    assert_eq!(at("2029-11-02").last().map(String::as_str), Some("M84"));
    let last = Patient::new("2024-01-31", "2029-11-02").assess("nhl-follow-up").pop().map(|v| v.state);
    assert_eq!(last, Some(VisitState::NotDue));
}

fn with_end(id: &str, reason: EndReason, date: &str, visits: &[&str]) -> Vec<ScheduledVisit> {
    let ended = vec![Ended { reason, date: day(date) }];
    Patient { ended, ..Patient::new("2024-01-31", "2024-06-30") }.visits(visits).assess(id)
}

/// F0, item 2: an end before the window closes excludes what was not met.
#[test]
fn an_end_excludes_what_was_open_and_what_comes_after() {
    use VisitState::{Excluded, Missed, NotDue};
    for reason in [EndReason::Death, EndReason::Withdrawn, EndReason::Transferred] {
        let states = |date: &str| {
            with_end("nhl-follow-up", reason, date, &[])[..3].iter().map(|v| v.state).collect::<Vec<_>>()
        };
        assert_eq!(states("2024-02-01"), [Excluded, Excluded, Excluded], "before the window");
        assert_eq!(states("2024-03-14"), [Excluded, Excluded, Excluded], "on the last day");
        assert_eq!(states("2024-03-15"), [Missed, Excluded, Excluded], "after the window");
        // Not known at the cutoff.
        assert_eq!(states("2024-07-01"), [Missed, Missed, NotDue]);
        assert_eq!(states("2024-06-30"), [Missed, Missed, Excluded], "on the cutoff");
        let visit = with_end("nhl-follow-up", reason, "2024-02-01", &[])[0];
        assert_eq!(visit.reason, Some(reason.code()));
    }
    let met = with_end("nhl-follow-up", EndReason::Death, "2024-02-20", &["2024-02-20"]);
    assert_eq!((met[0].state, met[0].reason, met[1].state), (VisitState::Met, None, VisitState::Excluded));
    let after = with_end("nhl-follow-up", EndReason::Withdrawn, "2024-02-20", &["2024-02-21"]);
    assert_eq!(after[0].state, VisitState::Excluded);
}

/// F0, item 2: progression and new therapy end response assessments only.
#[test]
fn progression_ends_response_assessments_only() {
    for reason in [EndReason::Progression, EndReason::NewTherapy] {
        for (id, excluded) in [
            ("nhl-follow-up", false),
            ("mm-follow-up", false),
            ("b-all-follow-up", false),
            ("car-t-kinetics", false),
            ("nhl-car-t-persistence", false),
            ("nhl-response", true),
            ("mm-response", true),
            ("mm-extramedullary", true),
            ("b-all-response", true),
        ] {
            let first = with_end(id, reason, "2024-02-01", &[])[0];
            assert_eq!(first.state == VisitState::Excluded, excluded, "{id} {reason:?}");
        }
    }
}

#[test]
fn every_timetable_ends_with_death_and_withdrawal() {
    for table in Timetable::all().expect("shipped timetables are sound") {
        for reason in [EndReason::Death, EndReason::Withdrawn, EndReason::Transferred] {
            let first = with_end(&table.id, reason, "2024-01-31", &[])[0];
            assert_eq!(first.state, VisitState::Excluded, "{}", table.id);
        }
    }
}

#[test]
fn the_earliest_end_counts() {
    let end = |reason, date| Ended { reason, date: day(date) };
    let ended = vec![
        end(EndReason::Death, "2024-05-01"),
        end(EndReason::Withdrawn, "2024-02-03"),
        end(EndReason::Progression, "2024-02-01"),
    ];
    let patient = Patient { ended, ..Patient::new("2024-01-31", FAR) };
    assert_eq!(patient.assess("nhl-follow-up")[0].reason, Some("withdrawn"));
    assert_eq!(patient.assess("nhl-response")[0].reason, Some("progression"));
}

#[test]
fn loss_to_follow_up_excludes_only_when_chosen() {
    let lost = vec![Ended { reason: EndReason::Lost, date: day("2024-02-20") }];
    let usual = Patient { ended: lost, ..Patient::new("2024-01-31", "2024-04-01") };
    assert_eq!(usual.assess("nhl-follow-up")[0].state, VisitState::Missed);
    let parameters = Parameters { lost_to_follow_up: LostVisits::Excluded, ..Parameters::default() };
    let first = Patient { parameters, ..usual }.assess("nhl-follow-up")[0];
    assert_eq!((first.state, first.reason), (VisitState::Excluded, Some("lost")));
}

#[test]
fn shipped_timetables_by_scope() {
    let id = |scope| Timetable::shipped(scope).map(|t| t.id.as_str());
    assert_eq!(id(Scope::Nhl), Some("nhl-follow-up"));
    assert_eq!(id(Scope::Mm), Some("mm-follow-up"));
    assert_eq!(id(Scope::BAll), Some("b-all-follow-up"));
    assert_eq!(id(Scope::Kinetics), Some("car-t-kinetics"));
    let all = Timetable::all().expect("shipped timetables are sound");
    assert_eq!(all.len(), 9);
    assert!(all.is_sorted_by_key(|t| &t.id));
    for table in all {
        assert_eq!((table.level, table.tolerance.provenance.name()), (None, "proposed"), "{}", table.id);
    }
    assert_eq!(timetable("mm-follow-up").section, "2.10");
    assert_eq!(timetable("car-t-kinetics").section, "4.10");
}

#[test]
fn the_plain_call_uses_the_default_readings() {
    let (infusion, cutoff) = (day("2024-01-31"), day("2024-06-30"));
    let visits: Vec<NaiveDate> = vec![day("2024-02-28")];
    let mut trace = Trace::new();
    let table = timetable("nhl-follow-up");
    let plain = assess(table, infusion, cutoff, &visits, &[], &mut trace);
    assert_eq!(trace.conclusion(At::Date(day("2024-02-29"))), Some("met"));
    let results: [CarTResult; 0] = [];
    let course = Course {
        infusion_date: infusion,
        cutoff,
        visits: &visits,
        ended: &[],
        best_response: None,
        car_t_results: Some(&results),
    };
    assert_eq!(plain, assess_course(table, &course, &Parameters::default(), &mut Trace::new()));
    let usual = Parameters::default();
    assert_eq!(
        (
            usual.counted_from,
            usual.monthly_until,
            usual.response_interval_months,
            usual.partition,
            usual.lost_to_follow_up
        ),
        (
            CountedFrom::Infusion,
            MonthlyUntil::MonthSixOrBestResponse,
            ResponseInterval::Three,
            Partition::Lenient,
            LostVisits::Missed
        )
    );
}
