//! Lists the reference cases, so that they ship inside the program.

use std::error::Error;
use std::fmt::Write;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let manifest = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let cases = manifest.join("../validation");
    println!("cargo::rerun-if-changed={}", cases.display());
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&cases)? {
        let entry = entry?;
        if entry.path().join("case.json").is_file() {
            names.push(
                entry.file_name().into_string().map_err(|name| format!("{} is not UTF-8", name.display()))?,
            );
        }
    }
    names.sort();
    let mut source = "pub(crate) const CASES: &[Case] = &[\n".to_owned();
    for name in &names {
        writeln!(source, "Case {{ name: {name:?}, files: &[")?;
        let mut files = Vec::new();
        for entry in std::fs::read_dir(cases.join(name))? {
            files.push(
                entry?
                    .file_name()
                    .into_string()
                    .map_err(|name| format!("{} is not UTF-8", name.display()))?,
            );
        }
        files.sort();
        for file in files.iter().filter(|file| matches!(file.rsplit_once('.'), Some((_, "json" | "csv")))) {
            let path = format!("/../validation/{name}/{file}");
            writeln!(source, "({file:?}, include_bytes!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {path:?}))),")?;
        }
        writeln!(source, "] }},")?;
    }
    source.push_str("];\n");
    std::fs::write(PathBuf::from(std::env::var("OUT_DIR")?).join("cases.rs"), source)?;
    Ok(())
}
