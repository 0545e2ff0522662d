//! Laboratory analytes: the table against the catalogue, exact conversions, and what a strange value probably meant.

use clinical::lab::{Analyte, Confidence, ForeignUnit, Judgement, SpecimenGroup, Unit, hint, judge};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn analyte(code: &str) -> Analyte {
    Analyte::ALL.iter().copied().find(|a| a.code() == code).unwrap()
}

fn unit(code: &str) -> Unit {
    Unit::ALL.iter().copied().find(|u| u.code() == code).unwrap()
}

/// Catalogue G5: code, canonical unit, hard range, soft range, LOINC with its confidence, specimens. `-` is none.
const G5: &str = "
ANC|10^9/L|0 200|0 50|751-8 H|B
ALC|10^9/L|0 500|0 20|731-0 H|B
LYMPH_PERCENT|%|0 100|-|736-9 M|S
WBC|10^9/L|0 1000|0 100|6690-2 H|S
HB|g/L|10 250|40 180|718-7 H|B
PLT|10^9/L|0 3000|0 800|777-3 H|B
NEUT_PERCENT|%|0 100|-|770-8 H|S
CRP|mg/L|0 1000|0 500|1988-5 H|B
FERRITIN|ug/L|0 300000|5 50000|2276-4 H|B
PCT|ug/L|0 1000|0 100|33959-8 M|B
LDH|U/L|0 20000|80 3000|2532-0 M|S
IL6|ng/L|0 1000000|-|26881-3 M|S
ALT|U/L|0 20000|-|1742-6 H|B
AST|U/L|0 20000|-|1920-8 H|B
BILI_TOTAL|umol/L|0 1000|-|14631-6 M|B
BILI_DIRECT|umol/L|0 1000|-|14629-0 M|B
CREATININE|umol/L|5 2500|20 500|14682-9 H|B
CRCL|mL/min|0 300|-|2164-2 M|S
CALCIUM|mmol/L|0.5 5|1.5 3.5|2000-8 H|B
POTASSIUM|mmol/L|1 10|-|2823-3 M|B
PHOSPHATE|mmol/L|0.1 6|-|14879-1 M|B
URATE|umol/L|10 2000|-|14933-6 M|B
TRIGLYCERIDES|mmol/L|0.1 50|-|14927-8 M|B
FIBRINOGEN|g/L|0 15|0.5 8|3255-7 M|B
D_DIMER|mg/L FEU|0 200|-|48065-7 M|B
PT|s|5 200|-|5902-2 M|B
INR|ratio|0.5 20|-|6301-6 M|B
APTT|s|10 300|-|14979-9 M|B
IGG|g/L|0 150|0 30|2465-3 H|B
IGA|g/L|0 100|-|2458-8 H|B
IGM|g/L|0 100|-|2472-9 H|B
CD4|/uL|0 10000|-|24467-3 M|B
CD3|/uL|0 10000|-|8122-4 M|B
CD8|/uL|0 10000|-|14135-8 M|B
CD19|/uL|0 100000|0 500|8116-6 M|B
CD19_PERCENT|%|0 100|-|8117-4 M|B
M_SERUM|g/L|0 150|-|33358-3 M|B
M_URINE|mg/24h|0 30000|-|-|U
FLC_KAPPA|mg/L|0 20000|-|36916-5 M|B
FLC_LAMBDA|mg/L|0 20000|-|33944-0 M|B
FLC_RATIO|ratio|0.001 10000|-|48378-4 M|B
B2M|mg/L|0 100|-|1952-1 M|B
BNP|ng/L|0 70000|-|30934-4 H|B
NT_PROBNP|ng/L|0 70000|-|33762-6 H|B
HBSAG|IU/L|0 1000000000|-|5196-1 M|B
HBSAB|IU/L|0 1000000000|-|16935-9 M|B
HBCAB|-|0 0|-|13952-7 M|B
HBV_DNA|IU/mL|0 100000000000|-|42595-9 M|B
HCV_AB|-|0 0|-|-|B
HIV|-|0 0|-|-|B
SYPHILIS|-|0 0|-|-|B
CMV_DNA|IU/mL|0 100000000000|-|-|S
EBV_DNA|IU/mL|0 100000000000|-|-|S
HCG|-|0 0|-|-|S
G_TEST|pg/mL|0 5000|-|-|S
GM|index|0 20|-|-|S
TEMP|Cel|30 45|34 42|8310-5 H|P
SBP|mmHg|30 280|-|8480-6 H|P
SPO2|%|40 100|-|59408-5 H|P
HR|/min|20 250|-|8867-4 H|P
";

#[test]
fn the_table_is_that_of_the_catalogue() {
    let rows: Vec<&str> = G5.lines().filter(|l| !l.is_empty()).collect();
    for (row, analyte) in rows.iter().zip(Analyte::ALL) {
        let info = analyte.info();
        assert_eq!(info.analyte, *analyte);
        let range = |(low, high): (f64, f64)| format!("{low} {high}");
        let soft = info.scale.soft.map_or("-".to_owned(), range);
        let loinc = info.loinc.map_or("-".to_owned(), |l| {
            format!("{} {}", l.code, if l.confidence == Confidence::High { "H" } else { "M" })
        });
        let specimens = match info.specimens {
            SpecimenGroup::Blood => "B",
            SpecimenGroup::Urine => "U",
            SpecimenGroup::Sample => "S",
            SpecimenGroup::Patient => "P",
        };
        let unit = analyte.canonical_unit().map_or("-", Unit::code);
        let written = [analyte.code(), unit, &range(info.scale.hard), &soft, &loinc, specimens].join("|");
        assert_eq!(&written, row);
    }
    // What the measures ask for beyond that table brings no LOINC code of its own.
    assert!(Analyte::ALL.iter().skip(rows.len()).all(|a| a.info().loinc.is_none()));
    let coded: Vec<&str> = Analyte::ALL.iter().filter(|a| a.info().scale.coded).map(|a| a.code()).collect();
    assert_eq!(
        coded.join(" "),
        "HBSAG HBSAB HBCAB HBV_DNA HCV_AB HIV SYPHILIS CMV_DNA EBV_DNA HCG HBEAG HBEAB HCV_RNA CMV_IGG CMV_IGM EBV_IGG EBV_IGM HSV_VZV JCV TB"
    );
    assert!(Analyte::ALL.iter().all(|a| a.info().scale.coded || a.canonical_unit().is_some()));
}

#[test]
fn loose_spellings_of_codes_are_unambiguous() {
    for set in [Analyte::SET, Unit::SET] {
        let mut seen = BTreeSet::new();
        for code in set.codes {
            assert_eq!(set.find_lenient(code.code), Some(code.code), "{}", set.name);
            assert_eq!(set.find_lenient(code.en), Some(code.code), "{}", set.name);
            assert!(seen.insert(code.code));
        }
    }
}

#[test]
fn conversions_are_exact() {
    // E3, and one value for every accepted unit of the table that is not of the canonical size.
    let cases: [(&str, f64, &str, f64); 52] = [
        ("IGG", 400.0, "mg/dL", 4.0),
        ("IGG", 500.0, "mg/dL", 5.0),
        ("IGG", 0.4, "g/dL", 4.0),
        ("IGG", 4000.0, "mg/L", 4.0),
        ("FIBRINOGEN", 100.0, "mg/dL", 1.0),
        ("FIBRINOGEN", 150.0, "mg/dL", 1.5),
        ("HB", 7.0, "g/dL", 70.0),
        ("CD4", 0.2, "10^9/L", 200.0),
        ("CD4", 0.2, "10^3/uL", 200.0),
        ("CD19", 61_000.0, "/mL", 61.0),
        ("ANC", 500.0, "/uL", 0.5),
        ("ANC", 0.5, "10^3/uL", 0.5),
        ("CREATININE", 2.0, "mg/dL", 176.8),
        ("CREATININE", 1.0, "mg/dL", 88.4),
        ("CREATININE", 0.1768, "mmol/L", 176.8),
        ("CALCIUM", 11.0, "mg/dL", 2.75),
        ("CALCIUM", 5.5, "mEq/L", 2.75),
        ("FLC_KAPPA", 10.0, "mg/dL", 100.0),
        ("FLC_KAPPA", 100.0, "ug/mL", 100.0),
        ("M_SERUM", 0.5, "g/dL", 5.0),
        ("M_SERUM", 1.0, "g/dL", 10.0),
        ("M_SERUM", 5.0, "g/dL", 50.0),
        ("M_URINE", 0.2, "g/24h", 200.0),
        ("CRP", 3.0, "mg/dL", 30.0),
        ("FERRITIN", 650.0, "ng/mL", 650.0),
        ("FERRITIN", 2.0, "mg/L", 2000.0),
        ("TRIGLYCERIDES", 100_000.0, "mg/dL", 1129.0),
        ("BILI_TOTAL", 2.0, "mg/dL", 34.2),
        ("URATE", 8.0, "mg/dL", 475.84),
        ("URATE", 0.5, "mmol/L", 500.0),
        ("PHOSPHATE", 10.0, "mg/dL", 3.229),
        ("POTASSIUM", 4.5, "mEq/L", 4.5),
        ("IL6", 40.0, "pg/mL", 40.0),
        ("IL6", 0.04, "ng/mL", 40.0),
        ("IL6", 0.04, "ug/L", 40.0),
        ("PCT", 500.0, "ng/L", 0.5),
        ("PCT", 500.0, "pg/mL", 0.5),
        ("B2M", 3500.0, "ug/L", 3.5),
        ("B2M", 3500.0, "ng/mL", 3.5),
        ("D_DIMER", 500.0, "ng/mL FEU", 0.5),
        ("D_DIMER", 500.0, "ug/L FEU", 0.5),
        ("D_DIMER", 0.5, "ug/mL FEU", 0.5),
        ("CRCL", 1.5, "mL/s", 90.0),
        ("ALT", 40.0, "IU/L", 40.0),
        ("HBSAB", 10.0, "mIU/mL", 10.0),
        ("HBSAG", 0.05, "IU/mL", 50.0),
        ("HBV_DNA", 20_000.0, "IU/L", 20.0),
        ("SIL2R", 5000.0, "U/L", 5.0),
        ("G_TEST", 80.0, "ng/L", 80.0),
        ("TEMP", 100.4, "degF", 38.0),
        ("TEMP", 32.0, "degF", 0.0),
        ("TEMP", 212.0, "degF", 100.0),
    ];
    for (code, value, from, canonical) in cases {
        let (analyte, from) = (analyte(code), unit(from));
        let converted = analyte.to_canonical(value, from).unwrap();
        assert_eq!(converted.to_bits(), canonical.to_bits(), "{code} {value}: {converted}");
        let back = analyte.from_canonical(canonical, from).unwrap();
        assert!((back - value).abs() <= 1e-15 * value.abs().max(1.0) * 2.0, "{code} {canonical}: {back}");
        let exact = analyte.from_canonical(
            analyte.to_canonical(value, analyte.canonical_unit().unwrap()).unwrap(),
            analyte.canonical_unit().unwrap(),
        );
        assert_eq!(exact, Ok(value), "the canonical unit changes nothing");
    }
    let covered: BTreeSet<Unit> = cases.iter().map(|(_, _, u, _)| unit(u)).collect();
    let sized = Analyte::ALL.iter().flat_map(|a| a.info().scale.units.iter());
    for conversion in sized.filter(|c| (c.to_canonical(7.0) - 7.0).abs() > 0.0) {
        assert!(covered.contains(&conversion.unit), "{}", conversion.unit.code());
    }
    assert!((analyte("TRIGLYCERIDES").to_canonical(265.0, Unit::MgPerDl).unwrap() - 2.99).abs() < 0.005);
}

#[test]
fn a_foreign_unit_is_refused_with_the_units_that_are_accepted() {
    let refused = analyte("HB").to_canonical(13.0, Unit::MmolPerL);
    assert_eq!(refused, Err(ForeignUnit { analyte: analyte("HB"), unit: Unit::MmolPerL }));
    assert_eq!(refused.unwrap_err().to_string(), "mmol/L is not a unit of HB: one of g/L, g/dL");
    let code = analyte("HCG").from_canonical(1.0, Unit::UPerL).unwrap_err();
    assert_eq!(code.to_string(), "U/L is not a unit of HCG: no unit, the result is a code");
    assert_eq!(judge(analyte("HB"), 13.0, Unit::MmolPerL), None);
}

#[test]
fn values_are_judged_at_their_bounds_and_told_the_unit_that_fits() {
    use Judgement::{Impossible, Plausible, Unusual};
    let cases = [
        ("HB", 40.0, "g/L", Plausible),
        ("HB", 39.9, "g/L", Unusual(None)),
        ("HB", 18.0, "g/L", Unusual(Some(Unit::GPerDl))),
        ("HB", 18.1, "g/L", Unusual(None)),
        ("HB", 10.0, "g/L", Unusual(Some(Unit::GPerDl))),
        ("HB", 9.9, "g/L", Impossible(Some(Unit::GPerDl))),
        ("HB", 250.0, "g/L", Unusual(None)),
        ("HB", 250.1, "g/L", Impossible(None)),
        ("HB", 120.0, "g/dL", Impossible(Some(Unit::GPerL))),
        ("CREATININE", 1.1, "umol/L", Impossible(Some(Unit::MgPerDl))),
        ("CREATININE", 106.0, "mg/dL", Impossible(Some(Unit::UmolPerL))),
        ("CREATININE", 5.0, "umol/L", Unusual(Some(Unit::MgPerDl))),
        ("CREATININE", 501.0, "umol/L", Unusual(None)),
        ("TEMP", 98.6, "Cel", Impossible(Some(Unit::Fahrenheit))),
        ("TEMP", 37.0, "degF", Impossible(Some(Unit::Celsius))),
        ("TEMP", 33.9, "Cel", Unusual(None)),
        ("IGG", 30.0, "g/L", Plausible),
        ("IGG", 30.1, "g/L", Unusual(Some(Unit::MgPerDl))),
        ("IGG", 650.0, "g/L", Impossible(Some(Unit::MgPerDl))),
        ("FIBRINOGEN", 16.0, "g/L", Impossible(None)),
        ("FIBRINOGEN", 50.0, "g/L", Impossible(Some(Unit::MgPerDl))),
        ("CD19", 500.0, "/uL", Plausible),
        ("CD19", 61_000.0, "/uL", Unusual(Some(Unit::PerMl))),
        ("CD19", 200_000.0, "/uL", Impossible(Some(Unit::PerMl))),
        ("ANC", 450.0, "10^9/L", Impossible(Some(Unit::PerUl))),
        ("PLT", 900.0, "10^9/L", Unusual(Some(Unit::PerUl))),
        ("CALCIUM", 9.2, "mmol/L", Impossible(Some(Unit::MgPerDl))),
        ("CALCIUM", 4.6, "mmol/L", Unusual(Some(Unit::MeqPerL))),
        ("TRIGLYCERIDES", 150.0, "mmol/L", Impossible(Some(Unit::MgPerDl))),
        ("LDH", 10.0, "U/L", Unusual(None)),
        ("ANC", f64::NAN, "10^9/L", Impossible(None)),
        ("ANC", f64::INFINITY, "10^9/L", Impossible(None)),
        ("ANC", -0.1, "10^9/L", Impossible(None)),
        ("ANC", 1e308, "/uL", Impossible(None)),
    ];
    for (code, value, unit_code, expected) in cases {
        assert_eq!(
            judge(analyte(code), value, unit(unit_code)),
            Some(expected),
            "{code} {value} {unit_code}"
        );
    }
    assert_eq!(hint(analyte("HB"), 13.5, Unit::GPerDl), "13.5 looks like g/dL (135 g/L)");
    assert_eq!(hint(analyte("HB"), 135.0, Unit::GPerL), "135 looks like g/L");
}

fn any_measured() -> impl Strategy<Value = (Analyte, Unit, Unit)> {
    let pairs: Vec<(Analyte, Unit, Unit)> = Analyte::ALL
        .iter()
        .flat_map(|a| {
            let units = a.info().scale.units;
            units.iter().flat_map(move |x| units.iter().map(move |y| (*a, x.unit, y.unit)))
        })
        .collect();
    proptest::sample::select(pairs)
}

proptest! {
    #[test]
    fn there_and_back_is_the_same_value((analyte, from, _) in any_measured(), value in 0.0f64..1e6) {
        let back = analyte.from_canonical(analyte.to_canonical(value, from).unwrap(), from).unwrap();
        prop_assert!((back - value).abs() <= 1e-14 * value.abs().max(100.0), "{back}");
    }

    #[test]
    fn a_larger_value_is_larger_in_every_unit((analyte, from, _) in any_measured(), value in 0.0f64..1e6, more in 0.001f64..1e3) {
        let convert = |v: f64| analyte.to_canonical(v, from).unwrap();
        prop_assert!(convert(value) < convert(value + more));
    }

    #[test]
    fn the_unit_written_does_not_change_the_judgement((analyte, from, to) in any_measured(), value in 0.0f64..1e4) {
        let (low, high) = analyte.info().scale.hard;
        let (usual_low, usual_high) = analyte.info().scale.plausible();
        let canonical = analyte.to_canonical(value, from).unwrap();
        // Within rounding of a bound either side may be reported.
        let near = |bound: f64| (canonical - bound).abs() <= 1e-9 * bound.abs().max(1e-6);
        prop_assume!(![low, high, usual_low, usual_high].into_iter().any(near));
        let other = analyte.from_canonical(canonical, to).unwrap();
        let class = |j: Option<Judgement>| match j.unwrap() {
            Judgement::Plausible => 0,
            Judgement::Unusual(_) => 1,
            Judgement::Impossible(_) => 2,
        };
        prop_assert_eq!(class(judge(analyte, value, from)), class(judge(analyte, other, to)));
    }

    #[test]
    fn a_hint_names_a_unit_in_which_the_value_is_plausible((analyte, from, _) in any_measured(), value in proptest::num::f64::ANY) {
        match judge(analyte, value, from).unwrap() {
            Judgement::Unusual(Some(meant)) | Judgement::Impossible(Some(meant)) => {
                prop_assert_ne!(meant, from);
                prop_assert_eq!(judge(analyte, value, meant), Some(Judgement::Plausible));
                prop_assert!(hint(analyte, value, meant).contains(meant.code()));
            }
            Judgement::Unusual(None) | Judgement::Impossible(None) => {
                for conversion in analyte.info().scale.units {
                    prop_assert_ne!(judge(analyte, value, conversion.unit), Some(Judgement::Plausible));
                }
            }
            Judgement::Plausible => {}
        }
    }
}
