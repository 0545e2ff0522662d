//! The columnar evaluator against the one that goes row by row, on random registries.

use crate::random::{Generator, Lcg, day_0};
use crate::{crate_folder, guideline, shipped};
use chrono::Days;
use measures::Guideline;
use measures::columnar::{Tables, compile, evaluate};
use measures::evaluate::{Dossier, Settings, State, judge};
use measures::ir_walk::needs;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn words(folder: &Path) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "toml") {
            let text = std::fs::read_to_string(path).unwrap();
            words.extend(text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).map(str::to_owned));
        }
    }
    words
}

/// Settings with some parameters at another of their readings.
fn settings(guideline: &Guideline, random: &mut Lcg) -> Settings {
    let mut settings = Settings::defaults(guideline);
    for (index, parameter) in guideline.parameters.iter().enumerate() {
        if !parameter.alternatives.is_empty() && random.chance(30) {
            let other = parameter.alternatives[random.below(parameter.alternatives.len())].clone();
            settings.set(guideline, index, other).unwrap();
        }
    }
    settings
}

/// Judges random patients both ways; returns how often each measure had each state.
fn agree(folder: &Path, patients: usize, rounds: u64) -> BTreeMap<(String, Option<State>), usize> {
    let guideline = guideline(folder);
    let words = words(folder);
    let all: Vec<usize> =
        (0..guideline.measures.len()).filter(|i| guideline.measures[*i].rule.is_some()).collect();
    let needs = needs(&guideline, &all);
    let mut seen = BTreeMap::new();
    for round in 0..rounds {
        let mut generator = Generator { random: Lcg(round * 7 + 1), words: &words, span: 500 };
        let settings = settings(&guideline, &mut generator.random);
        let cutoff = day_0() + Days::new([20, 60, 200, 400, 900][generator.random.below(5)]);
        let dossiers: Vec<Dossier> =
            (0..patients).filter_map(|_| Dossier::new(generator.patient(), ("P1", 1), cutoff)).collect();
        let tables = Tables::from_dossiers(&dossiers, &needs);
        let runs: Vec<(usize, &Settings)> = all.iter().map(|i| (*i, &settings)).collect();
        let program = compile(&guideline, &runs);
        let judged = evaluate(&program, &tables);
        for (place, number) in all.iter().enumerate() {
            let measure = &guideline.measures[*number];
            for (subject, dossier) in dossiers.iter().enumerate() {
                let plain = judge(&guideline, measure, &settings, dossier);
                let columnar = judged.verdict(place, subject);
                if columnar != plain.verdict {
                    let mut lines = vec![format!(
                        "{} round {round} subject {subject}: columnar {columnar:?}, row by row {:?}",
                        measure.id, plain.verdict
                    )];
                    plain.proof.iter().for_each(|p| p.lines(1, &mut lines));
                    panic!("{}", lines.join("\n"));
                }
                for (shown, plain) in judged.shown[place].iter().zip(&plain.shown) {
                    let value = Some(shown[subject]).filter(|v| !v.is_nan());
                    assert_eq!(value, *plain, "{} shown", measure.id);
                }
                *seen
                    .entry((measure.id.clone(), columnar.map(measures::evaluate::Verdict::state)))
                    .or_default() += 1;
            }
        }
    }
    seen
}

#[test]
fn every_construct_agrees() {
    let seen = agree(&crate_folder("tests/guidelines/every-construct"), 60, 40);
    // A clause that always comes to the same would agree whatever the evaluators do.
    let states = |id: &str| seen.keys().filter(|(m, s)| m == id && s.is_some()).count();
    let dull: Vec<&String> = seen.keys().map(|(m, _)| m).filter(|m| states(m) < 2).collect();
    assert!(dull.is_empty(), "measures with one state only: {dull:?}");
    for state in [State::Met, State::NotMet, State::NotDue, State::Excluded, State::Missing] {
        let measures = seen.keys().filter(|(_, s)| *s == Some(state)).count();
        assert!(measures >= 8, "{state:?} was seen in {measures} measures only");
    }
}

#[test]
fn shipped_guidelines_agree() {
    for folder in shipped() {
        agree(&folder, 60, 12);
    }
}

#[test]
fn value_sets_fit_the_columns() {
    assert!(measures::columnar::value_sets_fit());
}
