//! What is committed under `api-spec` is what the program generates.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

fn files(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for directory in [root.to_owned(), root.join("examples")] {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            // The picture of the README comes from a report, not from the forms.
            if path.is_file() && path.extension().is_none_or(|e| e != "svg") {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                found.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn generated_files_are_up_to_date() {
    let fresh = tempfile::tempdir().unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_sequela")).arg("spec").arg(fresh.path()).status().unwrap();
    assert!(status.success());
    let committed = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../api-spec"));
    let generated = files(fresh.path());
    assert_eq!(committed.keys().collect::<Vec<_>>(), generated.keys().collect::<Vec<_>>());
    for (name, text) in &generated {
        assert!(committed[name] == *text, "api-spec/{name} is out of date: run `make spec`");
    }
}
