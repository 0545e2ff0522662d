//! `logrank`.

use super::subjects::{COLUMNS, Plan, Subjects};
use super::{Io, Outcome, list, name_of};
use crate::arguments::{LogrankArguments, RankTest};
use crate::error::StatsError;
use crate::frame::Columns;
use crate::input::Kind;
use crate::output::{self, Body, Cell, Head, Layout, Sheet, brief};
use serde::Serialize;
use serde_json::json;
use std::fmt::Write as _;
use std::io;
use survival::log_rank::{Weight, log_rank_stratified};

#[derive(Debug, Serialize)]
struct Logrank {
    test: String,
    groups: Vec<PerGroup>,
    z: Option<f64>,
    variance: Option<f64>,
    chisq: Option<f64>,
    df: usize,
    p: Option<f64>,
    /// Weighted observed minus expected, and its covariance matrix.
    score: Vec<f64>,
    covariance: Vec<Vec<f64>>,
    #[serde(skip)]
    column: String,
}

#[derive(Debug, Serialize)]
struct PerGroup {
    group: String,
    n: u64,
    observed: f64,
    expected: f64,
}

pub(crate) fn run(arguments: &LogrankArguments, io: &mut Io<'_>) -> Outcome {
    let is_fh = arguments.test == RankTest::Fh;
    for (option, value) in [("rho", arguments.rho), ("gamma", arguments.gamma)] {
        if let Some(value) = value.filter(|_| !is_fh) {
            return Err(StatsError::input("an option that this test does not have")
                .option(option)
                .value(value)
                .rule("--test fh with it"));
        }
    }
    let (rho, gamma) = (arguments.rho.unwrap_or(0.0), arguments.gamma.unwrap_or(0.0));
    let plan = Plan {
        input: &arguments.source.input,
        observation: &arguments.observation,
        outcome: ("event", &arguments.event, Kind::Flag),
        group: Some(&arguments.group),
        strata: &arguments.strata,
        first: Columns::default(),
        ordered: false,
    };
    let subjects = Subjects::load(plan, io)?;
    let observation = &arguments.observation;
    let mut head = Head::new(
        "logrank",
        subjects.len(),
        subjects.frame.excluded.clone(),
        json!({
            "time": observation.time, "event": arguments.event, "entry": observation.entry, "group": arguments.group,
            "strata": list(&arguments.strata), "weight": observation.weight, "id": observation.id, "test": name_of(&arguments.test),
            "rho": is_fh.then_some(rho), "gamma": is_fh.then_some(gamma), "variance": "hypergeometric",
        }),
    );
    let weight = match arguments.test {
        RankTest::Logrank => Weight::LogRank,
        RankTest::Gehan => Weight::Gehan,
        RankTest::TaroneWare => Weight::TaroneWare,
        RankTest::PetoPeto => Weight::PetoPeto,
        RankTest::ModifiedPetoPeto => Weight::ModifiedPetoPeto,
        RankTest::Fh => Weight::FlemingHarrington { rho, gamma },
    };
    let names = subjects.group.as_ref().map(|group| group.labels.clone()).unwrap_or_default();
    if names.len() < 2 {
        return Err(StatsError::input("a log-rank test compares at least two groups")
            .file(subjects.frame.file())
            .column(&arguments.group)
            .value(names.join(", "))
            .rule("a column with two or more different labels"));
    }
    let mut tables = subjects.stratified(1)?;
    if tables.is_empty() {
        // No row is left, and with it no stratum.
        tables.push(subjects.tables(1)?);
    }
    let test = log_rank_stratified(&tables, weight).map_err(|e| subjects.frame.fault(&e, &COLUMNS))?;
    if test.chisq.is_none() {
        head.warn("fewer than two groups are at risk at an event: the test is undefined");
    }
    let pair = names.len() == 2;
    let groups = names.iter().zip(&test.n).zip(test.observed.iter().zip(&test.expected));
    let logrank = Logrank {
        test: name_of(&arguments.test),
        groups: groups
            .map(|((group, &n), (&observed, &expected))| PerGroup {
                group: group.clone(),
                n,
                observed,
                expected,
            })
            .collect(),
        z: test.z,
        variance: test.variance.first().and_then(|row| row.first()).copied().filter(|_| pair),
        chisq: test.chisq,
        df: test.df,
        p: test.p,
        score: test.score,
        covariance: test.variance,
        column: arguments.group.clone(),
    };
    output::write(&head, &logrank, arguments.source.format, io.stdout)
}

impl Body for Logrank {
    fn csv(&self, sheet: &mut Sheet<'_>) -> io::Result<()> {
        sheet.header(&["group", "n", "observed", "expected", "chisq", "df", "p"])?;
        for g in &self.groups {
            sheet.row(&[
                Cell::Text(&g.group),
                Cell::Count(g.n),
                Cell::Number(g.observed),
                Cell::Number(g.expected),
                Cell::Maybe(self.chisq),
                Cell::Count(self.df as u64),
                Cell::Maybe(self.p),
            ])?;
        }
        Ok(())
    }

    fn text(&self, head: &Head) -> String {
        let deviation = |g: &PerGroup| (g.observed - g.expected) * (g.observed - g.expected);
        let over = |i: usize, g: &PerGroup| {
            let variance = self.covariance.get(i).and_then(|row| row.get(i)).copied()?;
            let score = self.score.get(i)?;
            let _ = g;
            (variance > 0.0).then(|| score * score / variance)
        };
        let mut out = format!("Test: {}", self.test);
        for power in ["rho", "gamma"] {
            if let Some(value) = head.parameters.get(power) {
                let _ = write!(out, ", {power} = {value}");
            }
        }
        out.push_str("\n\n");
        out.push_str(
            &Layout::default()
                .left("", self.groups.iter().map(|g| format!("{}={}", self.column, g.group)).collect())
                .right("N", self.groups.iter().map(|g| g.n.to_string()).collect())
                .right("Observed", self.groups.iter().map(|g| brief(Some(g.observed), 7)).collect())
                .right("Expected", self.groups.iter().map(|g| brief(Some(g.expected), 3)).collect())
                .right(
                    "(O-E)^2/E",
                    self.groups
                        .iter()
                        .map(|g| brief((g.expected > 0.0).then(|| deviation(g) / g.expected), 3))
                        .collect(),
                )
                .right(
                    "(O-E)^2/V",
                    self.groups.iter().enumerate().map(|(i, g)| brief(over(i, g), 3)).collect(),
                )
                .render(),
        );
        let _ = write!(
            out,
            "\n Chisq= {}  on {} degrees of freedom, p= {}\n",
            brief(self.chisq, 3),
            self.df,
            output::p_value(self.p, 1)
        );
        out
    }
}
