//! The language of measures: faults, the fixtures of every guideline, and two evaluators that must agree.

mod agree;
mod faults;
mod fixtures;
mod known;
mod random;

use std::path::{Path, PathBuf};

fn crate_folder(inside: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(inside)
}

fn guideline(folder: &Path) -> measures::Guideline {
    measures::Guideline::from_folder(folder).unwrap_or_else(|error| panic!("{error}"))
}

/// The guidelines that come with the program.
fn shipped() -> Vec<PathBuf> {
    let parent = crate_folder("../definitions/guidelines");
    let folders = std::fs::read_dir(parent).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = folders.filter(|path| path.join("guideline.toml").exists()).collect();
    folders.sort();
    folders
}
