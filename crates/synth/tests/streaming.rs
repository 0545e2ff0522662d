//! A registry of a million patients streams: memory does not grow with the patients made. Alone in its process, so that the memory
//! measured is its own.
#![cfg(target_os = "linux")]

use synth::{Config, Registry};

/// Resident memory of this process in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the status of this process");
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).expect("resident memory");
    line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number")
}

#[test]
fn memory_does_not_grow_with_the_patients() {
    let registry = Registry::new(&Config { patients: 1_000_000, ..Config::default() }).expect("a registry");
    let mut patients = registry.patients();
    let mut records: usize = patients.by_ref().take(500).map(|p| p.records.len()).sum();
    let before = resident();
    records += patients.take(3_000).map(|p| p.records.len()).sum::<usize>();
    let grown = resident().saturating_sub(before);
    // 3,000 patients held at once would take about 300 MB.
    assert!(grown < 8 * 1024, "{grown} KiB more after {records} records");
    assert!(records > 500_000);
}
