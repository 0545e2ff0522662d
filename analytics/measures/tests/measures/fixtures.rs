//! Every fixture of every guideline, by both evaluators.

use crate::{guideline, shipped};
use measures::columnar::{Tables, compile, evaluate};
use measures::evaluate::Dossier;
use measures::fixtures::{PATIENT, lacking, read};
use measures::ir_walk::needs;

#[test]
fn every_case_has_the_state_it_expects() {
    let mut cases_run = 0;
    for folder in shipped() {
        let guideline = guideline(&folder);
        let cases = read(&guideline, &folder).unwrap_or_else(|faults| panic!("{}", faults.join("\n")));
        let mut wrong = Vec::new();
        for case in &cases {
            let outcome = case.run(&guideline);
            if let Some(fault) = &outcome.fault {
                wrong.push(format!(
                    "{}: {} ({}): {fault}",
                    case.place, case.written.measure, case.written.name
                ));
            }
            let number = guideline.measures.iter().position(|m| m.id == case.written.measure).unwrap();
            let dossier = Dossier::new(case.rows.clone(), (PATIENT, 1), case.cutoff).unwrap();
            let tables = Tables::from_dossiers(&[dossier], &needs(&guideline, &[number]));
            let judged = evaluate(&compile(&guideline, &[(number, &case.settings)]), &tables);
            let columnar = judged.verdict(0, 0);
            if guideline.measures[number].rule.is_some() && columnar != outcome.explained.verdict {
                wrong.push(format!(
                    "{}: the evaluators differ: {columnar:?}, {:?}",
                    case.place, outcome.explained.verdict
                ));
            }
            cases_run += 1;
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
    assert!(cases_run >= 90, "{cases_run} cases were found");
}

#[test]
fn every_computable_measure_has_an_example_of_each_state() {
    for folder in shipped() {
        let guideline = guideline(&folder);
        let cases = read(&guideline, &folder).unwrap_or_else(|faults| panic!("{}", faults.join("\n")));
        assert_eq!(lacking(&guideline, &cases), Vec::<String>::new(), "{}", folder.display());
    }
}

#[test]
fn nothing_of_a_shipped_guideline_is_unused() {
    for folder in shipped() {
        let unused: Vec<String> = guideline(&folder).warnings.iter().map(ToString::to_string).collect();
        assert_eq!(unused, Vec::<String>::new(), "{}", folder.display());
    }
}
