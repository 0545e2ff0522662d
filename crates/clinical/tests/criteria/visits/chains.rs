//! Assessments counted from the one before, and what stops a part of a timetable: F11 NHL-RSP, MM-RSP, NHL-KIN-97; C02, C03, C37.

use super::support::{Patient, codes, day, find, plus};
use clinical::criteria::visits::{
    CarTResult, MonthlyUntil, Parameters, ResponseInterval, ScheduledVisit, VisitState,
};
use clinical::criteria::{At, Trace, Verdict};

const FAR: &str = "2030-01-01";

fn on_days(offsets: &[i64], cutoff: i64) -> Patient {
    let mut patient = Patient::new("2024-01-31", FAR);
    patient.visits = offsets.iter().map(|d| plus(patient.infusion, *d)).collect();
    patient.cutoff = plus(patient.infusion, cutoff);
    patient
}

/// Code, target, window and visit in days after the infusion.
fn days(patient: &Patient, visits: &[ScheduledVisit]) -> Vec<(String, i64, i64, i64, Option<i64>)> {
    let offset = |date: chrono::NaiveDate| (date - patient.infusion).num_days();
    visits
        .iter()
        .map(|v| {
            (
                v.code.to_string(),
                offset(v.target_date),
                offset(v.window.from),
                offset(v.window.to),
                v.visit.map(offset),
            )
        })
        .collect()
}

/// NHL-RSP-01: d21 to d42.
#[test]
fn first_assessment_of_lymphoma() {
    for (offset, state) in
        [(20, VisitState::Missed), (21, VisitState::Met), (42, VisitState::Met), (43, VisitState::Missed)]
    {
        assert_eq!(on_days(&[offset], 60).assess("nhl-response")[0].state, state, "d{offset}");
    }
}

/// NHL-RSP-02: 42 to 105 days after the one before.
#[test]
fn further_assessments_of_lymphoma() {
    for (gap, met) in [(41, false), (42, true), (105, true), (106, false)] {
        let patient = on_days(&[30, 30 + gap], 30 + 107);
        let visits = patient.assess("nhl-response");
        assert_eq!(visits[1].state == VisitState::Met, met, "gap of {gap}");
        assert_eq!(days(&patient, &visits[..2])[1].2..=days(&patient, &visits[..2])[1].3, 72..=135);
    }
}

/// Contradiction C02: the visits of 1.9 at M3 and M6 serve as assessments, under both intervals.
#[test]
fn follow_up_visits_serve_as_assessments() {
    for interval in [ResponseInterval::Two, ResponseInterval::Three] {
        let parameters = Parameters { response_interval_months: interval, ..Parameters::default() };
        let patient = Patient { parameters, ..Patient::new("2024-01-31", "2024-08-01") };
        let visits = patient.visits(&["2024-02-29", "2024-04-30", "2024-07-31"]).assess("nhl-response");
        let met: Vec<_> = visits.iter().map(|v| v.visit.map(|d| d.to_string())).collect();
        let expected = ["2024-02-29", "2024-04-30", "2024-07-31"].map(|d| Some(d.to_owned()));
        assert_eq!((&met[..3], met.len()), (&expected[..], 4), "{interval:?}");
        assert_eq!(visits[3].state, VisitState::NotDue);
    }
}

#[test]
fn the_interval_moves_the_target() {
    let chosen = |interval| {
        let mut patient = on_days(&[29, 89, 120], 134);
        patient.parameters.response_interval_months = interval;
        let visits = patient.assess("nhl-response");
        days(&patient, &visits)[1].clone()
    };
    // 2024-02-29 + 3 months = 2024-05-29 (d119); + 2 months = 2024-04-29 (d89).
    assert_eq!(chosen(ResponseInterval::Three), ("R2".to_owned(), 119, 71, 134, Some(120)));
    assert_eq!(chosen(ResponseInterval::Two), ("R2".to_owned(), 89, 71, 134, Some(89)));
}

/// After a missed assessment the next window begins where the missed one closed.
#[test]
fn a_late_assessment_serves_the_next() {
    let patient = on_days(&[29, 135], 140);
    let visits = patient.assess("nhl-response");
    let found = days(&patient, &visits);
    assert_eq!(found[1], ("R2".to_owned(), 119, 71, 134, None));
    // Counted from the missed target, 2024-05-29: 3 months later is 2024-08-29 (d211); 105 days later is d224.
    assert_eq!(found[2], ("R3".to_owned(), 211, 135, 224, Some(135)));
    assert_eq!(found[3].2, 135 + 42);
    // Too early after the first, and before the window closes: none is met.
    let early = on_days(&[29, 70], 80).assess("nhl-response");
    assert_eq!((early[1].state, early.len()), (VisitState::Due, 2));
}

#[test]
fn a_chain_shows_one_assessment_ahead() {
    let shown = |cutoff| {
        let visits = on_days(&[29], cutoff).assess("nhl-response");
        (codes(&visits), visits.last().map(|v| v.state))
    };
    let first = vec!["M1".to_owned()];
    let both = vec!["M1".to_owned(), "R2".to_owned()];
    assert_eq!(on_days(&[], 10).assess("nhl-response").len(), 1);
    assert_eq!(codes(&on_days(&[], 42).assess("nhl-response")), first);
    assert_eq!(codes(&on_days(&[], 43).assess("nhl-response")), both);
    assert_eq!(shown(70), (both.clone(), Some(VisitState::NotDue)));
    assert_eq!(shown(71), (both.clone(), Some(VisitState::Due)));
    assert_eq!(shown(120), (both.clone(), Some(VisitState::Overdue)));
    assert_eq!(shown(134), (both, Some(VisitState::Overdue)));
    assert_eq!(shown(135).0.len(), 3);
}

/// MM-RSP-01 and -02: d14 +/- 3 and d28 +/- 4.
#[test]
fn first_assessments_of_myeloma() {
    for (offset, code) in [
        (10, None),
        (11, Some("d14")),
        (17, Some("d14")),
        (18, None),
        (23, None),
        (24, Some("d28")),
        (32, Some("d28")),
        (33, None),
    ] {
        let visits = on_days(&[offset], 45).assess("mm-response");
        let met = visits.iter().find(|v| v.visit.is_some() && !v.code.to_string().starts_with('R'));
        assert_eq!(met.map(|v| v.code.to_string()), code.map(str::to_owned), "d{offset}");
    }
}

#[test]
fn a_visit_taken_by_a_wide_window_does_not_serve_the_chain() {
    let mut patient = on_days(&[40], 60);
    patient.parameters.tolerance_days_by_code.insert("d14".parse().expect("a code"), 60);
    let visits = patient.assess("mm-response");
    let met: Vec<_> = visits.iter().map(|v| v.visit.is_some()).collect();
    assert_eq!((met, visits[2].window.from), (vec![true, false, false], plus(patient.infusion, 33)));
}

/// MM-RSP-03: 21 to 42 days after the one before.
#[test]
fn monthly_assessments_of_myeloma() {
    for (gap, met) in [(20, false), (21, true), (42, true), (43, false)] {
        let patient = on_days(&[14, 28, 28 + gap], 28 + 44);
        let visits = patient.assess("mm-response");
        assert_eq!(find(&visits, "R3").state == VisitState::Met, met, "gap of {gap}");
        let third = &days(&patient, &visits)[2];
        assert_eq!((third.2, third.3), (49, 70));
    }
}

/// Contradiction C03: monthly to month 6 or the best response; the other reading goes on.
#[test]
fn monthly_assessments_end_at_month_six_unless_chosen() {
    // 2024-02-28 and then every month; M6 is 2024-07-31 (d182).
    let monthly =
        ["2024-02-14", "2024-02-28", "2024-03-28", "2024-04-28", "2024-05-28", "2024-06-28", "2024-07-28"];
    let mut patient = Patient::new("2024-01-31", "2025-01-31").visits(&monthly);
    let usual = patient.assess("mm-response");
    assert_eq!(codes(&usual), ["d14", "d28", "R3", "R4", "R5", "R6", "R7"]);
    assert!(usual.iter().all(|v| v.state == VisitState::Met));
    patient.parameters.monthly_until = MonthlyUntil::BestResponse;
    let longer = patient.assess("mm-response");
    assert_eq!(longer[..7], usual[..]);
    // 2024-08-28, 2024-09-28, ...: one a month until the cutoff.
    assert_eq!(codes(&longer).last().map(String::as_str), Some("R13"));
    assert!(longer[7..12].iter().all(|v| v.state == VisitState::Missed));
}

#[test]
fn no_window_opens_after_month_six() {
    // M6 is d182. A visit on d161 lets the next window open on d182, one on d162 on d183.
    for (last, more) in [(161, true), (162, false)] {
        let patient = on_days(&[14, 28, 65, 100, 140, last], 400);
        let visits = patient.assess("mm-response");
        let used = visits.iter().position(|v| v.visit == Some(plus(patient.infusion, last))).expect("met");
        assert_eq!(visits.len() > used + 1, more, "d{last}");
    }
}

/// 2.8: until the best response.
#[test]
fn the_best_response_stops_the_monthly_assessments() {
    let with_best = |best: i64, cutoff: i64| {
        let mut patient = on_days(&[14, 28, 58], cutoff);
        patient.best_response = Some(plus(patient.infusion, best));
        patient
            .assess("mm-response")
            .iter()
            .map(|v| (v.code.to_string(), v.state, v.reason))
            .skip(2)
            .collect::<Vec<_>>()
    };
    let excluded = ("R4".to_owned(), VisitState::Excluded, Some("best_response"));
    let third = ("R3".to_owned(), VisitState::Met, None);
    assert_eq!(with_best(58, 300), [third.clone(), excluded.clone()]);
    assert_eq!(with_best(28, 300), [third.clone(), excluded.clone()], "what was met stays met");
    // R4 closes on d100.
    assert_eq!(with_best(100, 300)[1], excluded);
    assert_eq!(with_best(101, 300)[1], ("R4".to_owned(), VisitState::Missed, None));
    // Not known at the cutoff.
    assert_eq!(with_best(95, 94)[1], ("R4".to_owned(), VisitState::Overdue, None));
    assert_eq!(with_best(95, 95)[1], excluded);
    // Days 14 and 28 are assessed in any case.
    let mut patient = on_days(&[], 40);
    patient.best_response = Some(plus(patient.infusion, 10));
    let states: Vec<_> = patient.assess("mm-response").iter().map(|v| v.state).collect();
    assert_eq!(states, [VisitState::Missed, VisitState::Missed, VisitState::Excluded]);
}

#[test]
fn an_unknown_best_response_is_missing_where_it_would_decide() {
    let mut trace = Trace::new();
    let patient = on_days(&[14, 28], 60);
    let third = patient.assess_traced("mm-response", &mut trace)[2];
    assert_eq!(third.state, VisitState::Overdue);
    assert_eq!(trace.missing(), [(At::Date(third.target_date), "best_response_date")]);
    assert_eq!(trace.conclusion(At::Date(third.target_date)), Some("overdue"));
    let undecided = trace.steps().iter().filter(|s| s.verdict == Verdict::Undecided).count();
    assert_eq!(undecided, 1);
    // Window from d49.
    for (cutoff, missing) in [(48, 0), (49, 1)] {
        let mut trace = Trace::new();
        on_days(&[14, 28], cutoff).assess_traced("mm-response", &mut trace);
        assert_eq!(trace.missing().len(), missing, "d{cutoff}");
    }
    let mut trace = Trace::new();
    let mut known = on_days(&[14, 28], 60);
    known.best_response = Some(day("2029-01-01"));
    known.assess_traced("mm-response", &mut trace);
    assert!(trace.missing().is_empty());
}

/// Results as day and whether zero; visits are the days of the results.
fn persistence(results: &[(i64, Option<bool>)], cutoff: i64) -> (Vec<ScheduledVisit>, Trace) {
    let offsets: Vec<i64> = results.iter().map(|(d, _)| *d).collect();
    let mut patient = on_days(&offsets, cutoff);
    let infusion = patient.infusion;
    patient.car_t_results =
        Some(results.iter().map(|(d, zero)| CarTResult { date: plus(infusion, *d), zero: *zero }).collect());
    let mut trace = Trace::new();
    (patient.assess_traced("nhl-car-t-persistence", &mut trace), trace)
}

/// 1.9 and NHL-KIN-97: not repeated after two consecutive zeros. M1 d29, M3 d90, M6 d182, M9 d274.
#[test]
fn two_consecutive_zeros_stop_the_tests() {
    use VisitState::{Excluded, Met, Missed};
    let states = |results: &[(i64, Option<bool>)]| {
        persistence(results, 300).0[..4].iter().map(|v| v.state).collect::<Vec<_>>()
    };
    let (zero, positive, unclear) = (Some(true), Some(false), None);
    assert_eq!(states(&[(29, zero), (90, zero)]), [Met, Met, Excluded, Excluded]);
    assert_eq!(states(&[(90, zero), (29, zero)]), [Met, Met, Excluded, Excluded]);
    assert_eq!(states(&[(29, positive), (90, zero)]), [Met, Met, Missed, Missed]);
    assert_eq!(states(&[(29, zero), (90, positive)]), [Met, Met, Missed, Missed]);
    assert_eq!(states(&[(90, zero)]), [Missed, Met, Missed, Missed]);
    assert_eq!(states(&[]), [Missed, Missed, Missed, Missed]);
    assert_eq!(
        states(&[(29, zero), (90, zero), (182, positive)]),
        [Met, Met, Met, Missed],
        "the last two count"
    );
    assert_eq!(states(&[(29, positive), (90, zero), (182, zero)]), [Met, Met, Met, Excluded]);
    assert_eq!(states(&[(29, zero), (90, unclear)]), [Met, Met, Missed, Missed]);
    // M1 closes on d43; a second zero on that day still comes before its end.
    assert_eq!(states(&[(10, zero), (14, zero)])[0], Excluded);
    let reason = persistence(&[(29, zero), (90, zero)], 300).0[2].reason;
    assert_eq!(reason, Some("consecutive_zeros"));
}

#[test]
fn zeros_count_up_to_the_end_of_the_window() {
    // M3 (d90) closes on d111: zeros on d50 and d112 do not stop it, on d50 and d65 they do (both lie outside its window).
    let state = |second: i64| persistence(&[(50, Some(true)), (second, Some(true))], 400).0[1].state;
    assert_eq!(state(65), VisitState::Excluded);
    assert_eq!(state(112), VisitState::Missed);
    // Results after the cutoff are not known: the window of M3 is open from d69.
    let at = |cutoff| persistence(&[(50, Some(true)), (60, Some(true))], cutoff).0[1].state;
    assert_eq!((at(59), at(60)), (VisitState::NotDue, VisitState::Excluded));
}

#[test]
fn unclear_or_unknown_results_are_missing_where_they_would_decide() {
    let names = |trace: &Trace| trace.missing().iter().map(|(_, name)| *name).collect::<Vec<_>>();
    assert_eq!(
        names(&persistence(&[(29, Some(true)), (90, None)], 190).1),
        ["car_t_results"],
        "M6 only, which is overdue"
    );
    assert_eq!(names(&persistence(&[(29, Some(false)), (90, Some(true))], 200).1), [""; 0]);
    assert_eq!(names(&persistence(&[(29, Some(true))], 100).1), [""; 0], "one known result is not two zeros");
    let mut trace = Trace::new();
    on_days(&[], 50).assess_traced("nhl-car-t-persistence", &mut trace);
    assert_eq!(names(&trace), ["car_t_results"], "M1 only, whose window has opened");
}
