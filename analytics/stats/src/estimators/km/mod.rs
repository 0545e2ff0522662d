//! `km`.

mod report;

use super::subjects::{COLUMNS, Plan, Subjects};
use super::{Io, Outcome, name_of};
use crate::arguments::{KmArguments, SurvivalScale};
use crate::error::StatsError;
use crate::frame::Columns;
use crate::input::Kind;
use crate::output::{self, Head};
use crate::plot;
use serde::Serialize;
use serde_json::json;
use survival::event_table::EventTable;
use survival::interval::ConfType;
use survival::kaplan_meier::{KaplanMeier, KmOptions, kaplan_meier_groups, median_follow_up};
use survival::rmst::{Contrast, Rmst, rmst, rmst_difference, rmst_ratio};

#[derive(Debug, Serialize)]
struct Km {
    groups: Vec<PerGroup>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rmst_difference: Option<Difference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rmst_ratio: Option<Difference>,
    #[serde(skip)]
    level: f64,
    #[serde(skip)]
    column: Option<String>,
}

#[derive(Debug, Serialize)]
struct PerGroup {
    group: Option<String>,
    n: u64,
    events: f64,
    person_time: f64,
    curve: Curve,
    at: Vec<At>,
    quantiles: Vec<Quantile>,
    median_follow_up: Interval,
    #[serde(skip_serializing_if = "Option::is_none")]
    rmst: Option<Restricted>,
}

#[derive(Debug, Default, Serialize)]
struct Curve {
    time: Vec<f64>,
    n_risk: Vec<f64>,
    n_event: Vec<f64>,
    n_censor: Vec<f64>,
    surv: Vec<f64>,
    std_err: Vec<Option<f64>>,
    lower: Vec<Option<f64>>,
    upper: Vec<Option<f64>>,
    cumhaz: Vec<f64>,
    cumhaz_std_err: Vec<f64>,
}

#[derive(Debug, Serialize)]
struct At {
    time: f64,
    n_risk: f64,
    surv: Option<f64>,
    std_err: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    /// After the last observed time the last value is carried forward.
    beyond_follow_up: bool,
}

#[derive(Debug, Serialize)]
struct Quantile {
    p: f64,
    #[serde(flatten)]
    interval: Interval,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Interval {
    value: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Restricted {
    tau: f64,
    value: Option<f64>,
    std_err: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Difference {
    value: Option<f64>,
    std_err: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    p: Option<f64>,
}

impl Difference {
    fn new(contrast: Option<Contrast>) -> Self {
        let of = |f: fn(&Contrast) -> f64| contrast.as_ref().map(f);
        Self {
            value: of(|c| c.value),
            std_err: of(|c| c.std_err),
            lower: of(|c| c.lower),
            upper: of(|c| c.upper),
            p: contrast.and_then(|c| c.p),
        }
    }
}

pub(crate) fn run(arguments: &KmArguments, io: &mut Io<'_>) -> Outcome {
    let plan = Plan {
        input: &arguments.source.input,
        observation: &arguments.observation,
        outcome: ("event", &arguments.event, Kind::Flag),
        group: arguments.group.as_ref(),
        strata: &[],
        first: Columns::default(),
        ordered: false,
    };
    let subjects = Subjects::load(plan, io)?;
    let level = arguments.source.conf_level;
    let conf_type = match arguments.conf_type {
        SurvivalScale::LogLog => ConfType::LogLog,
        SurvivalScale::Log => ConfType::Log,
        SurvivalScale::Plain => ConfType::Plain,
        SurvivalScale::Logit => ConfType::Logit,
        SurvivalScale::Arcsin => ConfType::Arcsin,
    };
    let options = KmOptions { conf_level: level, conf_type };
    let observation = &arguments.observation;
    let mut head = Head::new(
        "km",
        subjects.len(),
        subjects.frame.excluded.clone(),
        json!({
            "time": observation.time, "event": arguments.event, "entry": observation.entry, "group": arguments.group,
            "weight": observation.weight, "id": observation.id, "conf_level": level, "conf_type": name_of(&arguments.conf_type),
            "variance": "greenwood", "quantiles": arguments.quantiles, "at": (!arguments.at.is_empty()).then_some(&arguments.at),
            "rmst": arguments.rmst, "from": arguments.from,
        }),
    );
    let tables = subjects.tables(1)?;
    let curves = kaplan_meier_groups(&tables, &options).map_err(|e| subjects.frame.fault(&e, &COLUMNS))?;
    // Case weights that are not whole numbers change the estimate of the variance.
    let variance = curves
        .iter()
        .map(KaplanMeier::variance_name)
        .find(|name| *name != "greenwood")
        .unwrap_or("greenwood");
    head.parameters.insert("variance".to_owned(), json!(variance));
    let names = subjects.group_names();
    let mut groups = Vec::with_capacity(names.len());
    let mut restricted = Vec::new();
    for ((name, table), whole) in names.iter().zip(&tables).zip(&curves) {
        let (group, mean) = one(arguments, &options, name.as_ref(), table, whole, &mut head)?;
        groups.push(group);
        restricted.push(mean);
    }
    let mut km =
        Km { groups, rmst_difference: None, rmst_ratio: None, level, column: arguments.group.clone() };
    if let (Some(_), [first, second]) = (arguments.rmst, restricted.as_slice()) {
        let both = first.as_ref().zip(second.as_ref());
        km.rmst_difference = Some(Difference::new(both.and_then(|(a, b)| rmst_difference(b, a).ok())));
        km.rmst_ratio = Some(Difference::new(both.and_then(|(a, b)| rmst_ratio(b, a).ok())));
    }
    if let Some(file) = &arguments.plot {
        plot::save(file, &km.figure(&tables, &arguments.observation.time))?;
    }
    output::write(&head, &km, arguments.source.format, io.stdout)
}

fn one(
    arguments: &KmArguments,
    options: &KmOptions,
    name: Option<&String>,
    table: &EventTable,
    whole: &KaplanMeier,
    head: &mut Head,
) -> Result<(PerGroup, Option<Rmst>), StatsError> {
    let of_group = name.map_or_else(String::new, |name| format!(" of group {name}"));
    let internal = |e: survival::error::Error| StatsError::input(e);
    let conditional = match arguments.from {
        Some(from) if from < 0.0 => {
            return Err(StatsError::input("a time to condition on that is not accepted")
                .option("from")
                .value(from)
                .rule("a time of 0 or later"));
        }
        Some(from) => whole.conditional(from).ok(),
        None => Some(whole.clone()),
    };
    if let (Some(from), None, false) = (arguments.from, &conditional, table.is_empty()) {
        head.warn(format!(
            "nobody{of_group} is observed after time {}: the conditional curve is undefined",
            output::shortest(from)
        ));
    }
    let km = conditional.as_ref();
    if let Some(time) = km.and_then(KaplanMeier::risk_set_emptied_at) {
        head.warn(format!(
            "the risk set{of_group} is empty at time {}: the curve stays at 0 although subjects are observed later; --from conditions on a later time",
            output::shortest(time)
        ));
    }
    let at = rows_at(&arguments.at, table, km);
    let undefined = |p: f64| Quantile { p, interval: Interval { value: None, lower: None, upper: None } };
    let quantiles = match km {
        Some(km) if !table.is_empty() => km
            .quantiles(&arguments.quantiles)
            .map_err(internal)?
            .iter()
            .map(|q| Quantile {
                p: q.p,
                interval: Interval { value: q.value, lower: q.lower, upper: q.upper },
            })
            .collect(),
        _ => arguments.quantiles.iter().map(|&p| undefined(p)).collect(),
    };
    let follow_up = median_follow_up(table, options).map_err(internal)?;
    let mean = restricted(arguments.rmst, table, km, &of_group)?;
    let curve = km.map_or_else(Curve::default, |km| {
        let c = km.curve();
        Curve {
            time: c.time,
            n_risk: c.n_risk,
            n_event: c.n_event,
            n_censor: c.n_censor,
            surv: c.surv,
            std_err: c.std_err,
            lower: c.lower,
            upper: c.upper,
            cumhaz: c.cumhaz,
            cumhaz_std_err: c.cumhaz_std_err,
        }
    });
    let group = PerGroup {
        group: name.cloned(),
        n: table.n(),
        events: curve.n_event.iter().sum::<f64>() + 0.0,
        person_time: table.person_time() + 0.0,
        curve,
        at,
        quantiles,
        median_follow_up: Interval { value: follow_up.value, lower: follow_up.lower, upper: follow_up.upper },
        rmst: arguments.rmst.map(|tau| Restricted {
            tau,
            value: mean.map(|m| m.value),
            std_err: mean.map(|m| m.std_err),
            lower: mean.map(|m| m.lower),
            upper: mean.map(|m| m.upper),
        }),
    };
    Ok((group, mean))
}

/// The curve at the times asked for; without a curve, or without a subject, its figures are undefined.
fn rows_at(times: &[f64], table: &EventTable, km: Option<&KaplanMeier>) -> Vec<At> {
    match km {
        Some(km) => km
            .at(times)
            .iter()
            .map(|at| At {
                time: at.time,
                n_risk: at.n_risk,
                surv: (!table.is_empty()).then_some(at.surv),
                std_err: at.std_err.filter(|_| !table.is_empty()),
                lower: at.lower.filter(|_| !table.is_empty()),
                upper: at.upper.filter(|_| !table.is_empty()),
                beyond_follow_up: at.beyond_follow_up,
            })
            .collect(),
        None => times
            .iter()
            .map(|&time| At {
                time,
                n_risk: table.at_risk_at(time),
                surv: None,
                std_err: None,
                lower: None,
                upper: None,
                beyond_follow_up: true,
            })
            .collect(),
    }
}

/// The restricted mean, where one is asked for and there are subjects.
fn restricted(
    tau: Option<f64>,
    table: &EventTable,
    km: Option<&KaplanMeier>,
    of_group: &str,
) -> Result<Option<Rmst>, StatsError> {
    Ok(match (tau, km) {
        (Some(tau), Some(km)) if !table.is_empty() => Some(rmst(km, tau).map_err(|error| {
            StatsError::input(format!("a horizon that the curve{of_group} does not reach"))
                .option("rmst")
                .value(tau)
                .rule(match error {
                    survival::error::Error::InvalidParameter { expected, .. } => expected.to_owned(),
                    other => other.to_string(),
                })
        })?),
        _ => None,
    })
}
