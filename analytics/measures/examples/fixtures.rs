//! Runs the fixtures of a guideline: `cargo run -p measures --example fixtures -- FOLDER [ID-PREFIX] [--proof]`.
#![expect(clippy::print_stdout, reason = "a command-line program")]

use measures::{Guideline, fixtures};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let proof = arguments.iter().any(|a| a == "--proof");
    let mut named = arguments.iter().filter(|a| !a.starts_with("--"));
    let (Some(folder), prefix) = (named.next(), named.next().map_or("", String::as_str)) else {
        println!("expected the folder of a guideline");
        return ExitCode::from(2);
    };
    let folder = Path::new(folder);
    let guideline = match Guideline::from_folder(folder) {
        Ok(guideline) => guideline,
        Err(error) => {
            println!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let cases = match fixtures::read(&guideline, folder) {
        Ok(cases) => cases,
        Err(faults) => {
            faults.iter().for_each(|fault| println!("{fault}"));
            return ExitCode::FAILURE;
        }
    };
    let (mut run, mut wrong) = (0, 0);
    for case in cases.iter().filter(|c| c.written.measure.starts_with(prefix)) {
        let outcome = case.run(&guideline);
        run += 1;
        if outcome.fault.is_some() || proof {
            let fault = outcome.fault.as_deref().unwrap_or("as expected");
            println!("{}: {} ({}): {fault}", case.place, case.written.measure, case.written.name);
            let mut lines = Vec::new();
            outcome.explained.proof.iter().for_each(|p| p.lines(2, &mut lines));
            lines.iter().for_each(|line| println!("{line}"));
        }
        wrong += usize::from(outcome.fault.is_some());
    }
    let lacking = fixtures::lacking(&guideline, &cases);
    for line in lacking.iter().filter(|l| l.starts_with(prefix)) {
        println!("lacking: {line}");
    }
    println!("{run} cases, {wrong} wrong");
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
