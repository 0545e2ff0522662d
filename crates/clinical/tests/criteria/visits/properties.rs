//! What holds for every patient and every timetable.

use super::support::{Patient, day, plus};
use chrono::NaiveDate;
use clinical::criteria::visits::{
    CarTResult, CountedFrom, Course, EndReason, Ended, LostVisits, MonthlyUntil, Parameters, Partition,
    ResponseInterval, ScheduledVisit, Timetable, VisitState, assess_course,
};
use clinical::criteria::{At, Trace};
use proptest::prelude::*;

const IDS: [&str; 9] = [
    "b-all-follow-up",
    "b-all-response",
    "car-t-kinetics",
    "mm-extramedullary",
    "mm-follow-up",
    "mm-response",
    "nhl-car-t-persistence",
    "nhl-follow-up",
    "nhl-response",
];

fn parameters() -> impl Strategy<Value = Parameters> {
    (any::<[bool; 5]>(), prop::option::weighted(0.3, 0..120_u16)).prop_map(|(choices, tolerance_days)| {
        let [first, best, two, strict, excluded] = choices;
        Parameters {
            counted_from: if first { CountedFrom::FirstVisit } else { CountedFrom::Infusion },
            monthly_until: if best {
                MonthlyUntil::BestResponse
            } else {
                MonthlyUntil::MonthSixOrBestResponse
            },
            response_interval_months: if two { ResponseInterval::Two } else { ResponseInterval::Three },
            partition: if strict { Partition::Strict } else { Partition::Lenient },
            lost_to_follow_up: if excluded { LostVisits::Excluded } else { LostVisits::Missed },
            tolerance_days,
            ..Parameters::default()
        }
    })
}

/// Days after the infusion, dense early and sparse late.
fn offsets() -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(prop_oneof![-3..40_i64, 40..400_i64, 400..3000_i64], 0..14)
}

fn ended() -> impl Strategy<Value = Vec<(EndReason, i64)>> {
    prop::collection::vec((prop::sample::select(EndReason::ALL), 0..3000_i64), 0..3)
}

fn patients() -> impl Strategy<Value = Patient> {
    let results = prop::option::of(prop::collection::vec((0..2000_i64, any::<Option<bool>>()), 0..8));
    (0..3000_i64, 0..3500_i64, offsets(), ended(), prop::option::of(0..1000_i64), results, parameters())
        .prop_map(|(start, cutoff, offsets, ended, best, results, parameters)| {
            let infusion = plus(day("2019-06-30"), start);
            let at = |d: i64| plus(infusion, d);
            Patient {
                infusion,
                cutoff: at(cutoff),
                visits: offsets.into_iter().map(at).collect(),
                ended: ended.into_iter().map(|(reason, d)| Ended { reason, date: at(d) }).collect(),
                best_response: best.map(at),
                car_t_results: results
                    .map(|r| r.into_iter().map(|(d, zero)| CarTResult { date: at(d), zero }).collect()),
                parameters,
            }
        })
}

fn met(visits: &[ScheduledVisit]) -> usize {
    visits.iter().filter(|v| v.state == VisitState::Met).count()
}

/// Most points met and then fewest days from the targets, of all assignments in order of time.
fn best(points: &[ScheduledVisit], visits: &[NaiveDate]) -> (usize, i64) {
    let Some((point, rest)) = points.split_first() else { return (0, 0) };
    let mut found = best(rest, visits);
    for (index, visit) in visits.iter().enumerate() {
        if (point.window.from..=point.window.to).contains(visit) {
            let (count, nearness) = best(rest, &visits[index + 1..]);
            found = found.max((count + 1, nearness - (*visit - point.target_date).num_days().abs()));
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_the_input_does_not_matter(patient in patients(), id in prop::sample::select(&IDS[..]), turn in 0..14_usize) {
        let mut other = patient.clone();
        other.visits.reverse();
        let places = other.visits.len().max(1);
        other.visits.rotate_left(turn % places);
        if let Some(first) = other.visits.first().copied() {
            other.visits.push(first);
        }
        other.ended.reverse();
        if let Some(results) = &mut other.car_t_results {
            results.reverse();
        }
        prop_assert_eq!(patient.assess(id), other.assess(id));
    }

    #[test]
    fn the_trace_alone_tells_the_states(patient in patients(), id in prop::sample::select(&IDS[..])) {
        let mut trace = Trace::new();
        let visits = patient.assess_traced(id, &mut trace);
        for visit in &visits {
            prop_assert_eq!(trace.conclusion(At::Date(visit.target_date)), Some(visit.state.code()));
        }
        prop_assert_eq!(trace.steps().iter().filter(|s| s.concludes.is_some()).count(), visits.len());
    }

    #[test]
    fn states_agree_with_their_definition(patient in patients(), id in prop::sample::select(&IDS[..])) {
        let visits = patient.assess(id);
        prop_assert!(visits.is_sorted_by(|a, b| a.target_date < b.target_date));
        let used: Vec<NaiveDate> = visits.iter().filter_map(|v| v.visit).collect();
        prop_assert!(used.is_sorted_by(|a, b| a < b), "one point a visit, in order of time");
        for v in visits {
            prop_assert!(patient.infusion < v.window.from && v.window.from <= v.target_date && v.target_date <= v.window.to);
            prop_assert_eq!(i64::from(v.target_day), (v.target_date - patient.infusion).num_days());
            prop_assert_eq!(v.visit.is_some(), v.state == VisitState::Met);
            prop_assert_eq!(v.reason.is_some(), v.state == VisitState::Excluded);
            match v.state {
                VisitState::Met => {
                    let visit = v.visit.expect("met by a visit");
                    prop_assert!(patient.visits.contains(&visit) && visit <= patient.cutoff);
                    prop_assert!(v.window.from <= visit && visit <= v.window.to);
                }
                VisitState::NotDue => prop_assert!(patient.cutoff < v.window.from),
                VisitState::Due => prop_assert!(v.window.from <= patient.cutoff && patient.cutoff <= v.target_date),
                VisitState::Overdue => prop_assert!(v.target_date < patient.cutoff && patient.cutoff <= v.window.to),
                VisitState::Missed => prop_assert!(v.window.to < patient.cutoff),
                VisitState::Excluded => {}
            }
        }
    }

    #[test]
    fn no_assignment_is_better(mut patient in patients(), id in prop::sample::select(vec!["car-t-kinetics", "b-all-follow-up", "mm-follow-up"])) {
        patient.ended.clear();
        patient.visits.truncate(7);
        let visits = patient.assess(id);
        let mut days: Vec<NaiveDate> = patient.visits.iter().copied().filter(|v| *v <= patient.cutoff).collect();
        days.sort_unstable();
        days.dedup();
        let distance: i64 = visits.iter().filter_map(|v| v.visit.map(|d| (d - v.target_date).num_days().abs())).sum();
        prop_assert_eq!((met(&visits), -distance), best(&visits, &days));
    }

    #[test]
    fn one_visit_more_meets_no_fewer_points(patient in patients(), id in prop::sample::select(vec!["car-t-kinetics", "b-all-follow-up", "nhl-follow-up"]), extra in 0..2000_i64) {
        let mut more = patient.clone();
        more.visits.push(plus(patient.infusion, extra));
        prop_assert!(met(&more.assess(id)) >= met(&patient.assess(id)));
    }

    #[test]
    fn under_the_lenient_partition_every_sample_of_the_first_35_days_serves(offset in 1..36_i64, start in 0..1500_i64) {
        let mut patient = Patient::new("2022-01-01", "2030-01-01");
        patient.infusion = plus(patient.infusion, start);
        patient.visits = vec![plus(patient.infusion, offset)];
        prop_assert_eq!(met(&patient.assess("car-t-kinetics")), 1);
    }

    #[test]
    fn nothing_panics_at_the_limits_of_the_calendar(
        patient in patients(),
        limit in prop::sample::select(vec![NaiveDate::MIN, NaiveDate::MAX, NaiveDate::MAX - chrono::Days::new(40)]),
        cutoff in prop::sample::select(vec![NaiveDate::MIN, NaiveDate::MAX]),
        tolerance in prop::option::of(any::<u16>()),
    ) {
        let visits = [limit, cutoff, NaiveDate::MAX, NaiveDate::MIN];
        let ended = [Ended { reason: EndReason::Lost, date: limit }];
        let parameters = Parameters { tolerance_days: tolerance, ..patient.parameters };
        for table in Timetable::all().expect("shipped timetables are sound") {
            let course = Course { infusion_date: limit, cutoff, visits: &visits, ended: &ended, best_response: Some(limit), car_t_results: None };
            assess_course(table, &course, &parameters, &mut Trace::new());
        }
    }
}
