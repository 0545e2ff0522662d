//! Checks the files of a guideline: `cargo run -p measures --example lint -- FOLDER`.
#![expect(clippy::print_stdout, reason = "a command-line program")]

use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        println!("expected the folder of a guideline");
        return ExitCode::from(2);
    };
    match measures::Guideline::from_folder(folder.as_ref()) {
        Ok(guideline) => {
            for warning in &guideline.warnings {
                println!("warning: {warning}");
            }
            let computable = guideline.measures.iter().filter(|m| m.rule.is_some()).count();
            println!("{} measures, {computable} of them computable", guideline.measures.len());
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}
