//! Puts the files of every guideline under `analytics/definitions/guidelines` into the program, so that a new file or folder needs no code.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).map(|e| e.filter_map(|e| Some(e.ok()?.path())).collect());
    let mut paths: Vec<PathBuf> = entries.unwrap_or_default();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

fn main() -> std::io::Result<()> {
    let root = std::path::absolute(Path::new("../definitions/guidelines"))?;
    println!("cargo::rerun-if-changed={}", root.display());
    let mut code = "&[\n".to_owned();
    for folder in sorted(&root).into_iter().filter(|f| f.join("guideline.toml").exists()) {
        let _ = writeln!(code, "({:?}, &[", name(&folder));
        for file in sorted(&folder).into_iter().filter(|f| f.extension().is_some_and(|e| e == "toml")) {
            let _ = writeln!(code, "({:?}, include_str!({:?})),", name(&file), file.display().to_string());
        }
        code.push_str("]),\n");
    }
    code.push(']');
    let out = std::env::var_os("OUT_DIR").map(PathBuf::from).unwrap_or_default();
    std::fs::write(out.join("guidelines.rs"), code)
}
