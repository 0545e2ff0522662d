//! Hard and plausible ranges and value sets, read from the descriptors and compared with the catalogue's numbers.

use super::{EXAMPLES, example, form, found, pair, with};
use clinical::Kind;
use clinical::field::TextForm;
use clinical::form::Requirement;
use serde_json::{Value, json};

/// Bounds of every number, as the catalogue has them: `field min max [soft low high]`.
const NUMBERS: &[(&str, &str)] = &[
    ("lab_reference_range", "age_from 0 120, age_to 0 120, low 0 1e11, high 0 1e11"),
    ("center_assay", "lod 1e-6 1e9, lloq 1e-6 1e9"),
    ("nhl_baseline", "cd19_percent 0 100, ipi 0 5, bulky_cm 0 40, suvmax 0 100"),
    (
        "myeloma_baseline",
        "baseline_m_serum 0 150, baseline_m_urine 0 30000, baseline_kappa 0 20000, baseline_lambda 0 20000, \
         baseline_bmpc 0 100, baseline_circulating_pc 0 100000, plasmacytoma_spd 0 100000, bcma_percent 0 100",
    ),
    (
        "b_all_baseline",
        "blast_percent 0 100, peripheral_blast_percent 0 100, relapse_number 0 10, cd19_flow_percent 0 100, \
         cd22_flow_percent 0 100",
    ),
    ("prior_line", "line_number 1 20"),
    ("prior_hct", "hct_number 1 5"),
    ("pretreatment_item", "infusion_number 1 9, item_number 1 20"),
    (
        "pretreatment_status",
        "infusion_number 1 9, ecog 0 4 soft 0 2, kps 0 100, life_expectancy_wk 0 520 soft 6 520, lvef 5 90, \
         crcl 0 250 soft 30 250, spo2_room 50 100 soft 92 100, ice_baseline 0 10",
    ),
    (
        "apheresis",
        "infusion_number 1 9, apheresis_number 1 9, alc 0 500 soft 0.1 20, mnc 0 100 soft 1 100, volume_l 0 40, cd3 0 100",
    ),
    ("bridging", "infusion_number 1 9, bridging_number 1 9, rt_gy 0 100"),
    ("lymphodepletion_dose", "infusion_number 1 9, course_number 1 3, course_day 1 31, dose_value 0 10000"),
    (
        "medication",
        "medication_number 1 9999, dose_value 0 1e6, days_per_week 1 7, weight_kg 20 250 soft 35 150, infusion_number 1 9",
    ),
    ("hospital_stay", "infusion_number 1 9, stay_number 1 50"),
    (
        "infusion",
        "infusion_number 1 9, weight_kg 20 250 soft 35 150, dose_total_car_t 1e5 1e10, viability_percent 0 100 soft 70 100, \
         thaw_to_infuse_min 0 240 soft 0 30, dose_per_kg 400 5e8, dose_per_kg_reported 400 5e8, ecog 0 4 soft 0 2",
    ),
];

/// Codes of the value sets that section G prints.
const CODES: &[(&str, &str, &str)] = &[
    ("center_assay", "assay", "QPCR DDPCR FLOW"),
    ("center_assay", "unit", "COPIES_UG COPIES_ML CELLS_UL"),
    ("lab_reference_range", "sex", "F M ANY"),
    ("nhl_baseline", "histology", "DLBCL_NOS TFL_LBCL PMBCL HGBCL_NOS HGBCL_DH_TH FL_1_3A FL_3B MCL OTHER"),
    ("nhl_baseline", "fl_grade", "1 2 3A 3B"),
    ("nhl_baseline", "cd19_result", "POS NEG DIM"),
    ("myeloma_baseline", "m_type", "IgG IgA IgD IgE IgM LC NON_SEC"),
    ("myeloma_baseline", "light_chain", "KAPPA LAMBDA"),
    (
        "myeloma_baseline",
        "measurable_type",
        "SERUM URINE BOTH FLC_ONLY MARROW_ONLY PLASMACYTOMA_ONLY CIRC_PC_ONLY NONE",
    ),
    ("myeloma_baseline", "high_risk_fish", "NONE DEL17P T_4_14 T_14_16 GAIN_1Q OTHER"),
    ("myeloma_baseline", "emd_type", "NONE PARASKELETAL EXTRAOSSEOUS BOTH"),
    (
        "b_all_baseline",
        "disease_status",
        "PRIMARY_REFRACTORY RELAPSE_1 RELAPSE_2PLUS POST_ALLO_RELAPSE MRD_POS_CR",
    ),
    ("b_all_baseline", "cns_status", "CNS1 CNS2 CNS2A CNS2B CNS2C CNS3 CNS3A CNS3B CNS3C"),
    (
        "prior_line",
        "drug_classes",
        "CD20 ANTHRACYCLINE ALKYLATOR PI IMID CD38 BTKI BISPECIFIC BLINA INO OTHER",
    ),
    ("prior_line", "lymphotoxic_drugs", "BENDAMUSTINE FLUDARABINE CLADRIBINE LENALIDOMIDE OTHER"),
    ("prior_hct", "hct_type", "AUTO ALLO"),
    ("pretreatment_status", "pregnancy_test", "POS NEG"),
    ("pretreatment_status", "risk_flags", "CNS GI HBV"),
    (
        "pretreatment_status",
        "bridge_indications",
        "LONG_MANUF AGGRESSIVE HIGH_BURDEN SPECIAL_SITE COMPRESSION HIGH_SUV",
    ),
    ("apheresis", "outcome", "RELEASED OOS_INFUSED FAILED_MANUF NOT_INFUSED DIED"),
    ("bridging", "modalities", "CHEMO TARGETED IMMUNO STEROID RT OTHER"),
    ("bridging", "rt_site", "LUNG CNS NODAL BONE OTHER"),
    ("lymphodepletion_dose", "drug", "FLU CYC BEN OTHER"),
    ("lymphodepletion_dose", "dose_unit", "MG_M2 MG_KG MG"),
    ("hospital_stay", "ward", "WARD ICU"),
];

/// Some valid text of a kind; every value of a small set is reached.
pub(crate) fn some_text(kind: &Kind, n: usize) -> String {
    let share = f64::from(u32::try_from(n % 101).unwrap()) / 100.0;
    match kind {
        Kind::Integer { min, max } => (min + i32::try_from(n).unwrap() % (max - min + 1)).to_string(),
        // Few digits, as people and laboratories write them.
        Kind::Decimal { min, max, .. } => {
            let text = format!("{:.3e}", min + share * (max - min));
            text.parse::<f64>().unwrap().clamp(*min, *max).to_string()
        }
        Kind::Flag => n.is_multiple_of(2).to_string(),
        Kind::Coded(set) => set.codes[n % set.codes.len()].code.to_owned(),
        Kind::Codes(set) => {
            let (a, b) = (n % set.codes.len(), (n / 7) % set.codes.len());
            let list: Vec<&str> = [a, b].iter().map(|i| set.codes[*i].code).collect();
            if a == b { list[0].to_owned() } else { list.join(";") }
        }
        Kind::Time => format!("{:02}:{:02}", n % 24, n % 60),
        Kind::Date => format!("20{:02}-{:02}-{:02}", 10 + n % 16, 1 + n % 12, 1 + n % 28),
        Kind::PartialDate => format!("20{:02}-{:02}-{:02}", 10 + n % 16, 1 + n % 12, 1 + n % 28)
            .get(..[4, 7, 10][n % 3])
            .unwrap()
            .to_owned(),
        Kind::Text { .. } => format!("T{n}"),
    }
}

fn bounds(kind: &Kind) -> Option<(f64, f64)> {
    match kind {
        Kind::Integer { min, max } => Some((f64::from(*min), f64::from(*max))),
        Kind::Decimal { min, max, .. } => Some((*min, *max)),
        _ => None,
    }
}

/// A JSON number of the kind.
fn number(kind: &Kind, value: f64) -> Value {
    if matches!(kind, Kind::Integer { .. }) {
        json!(format!("{value:.0}").parse::<i64>().unwrap())
    } else {
        json!(value)
    }
}

/// The nearest numbers outside.
fn outside(kind: &Kind, low: f64, high: f64) -> [f64; 2] {
    if matches!(kind, Kind::Integer { .. }) {
        [low - 1.0, high + 1.0]
    } else {
        // The margin survives being written as decimal text.
        [low - (low.abs() * 1e-9).max(1e-12), high + high.abs() * 1e-9]
    }
}

#[test]
fn every_number_has_the_catalogue_s_bounds() {
    for (name, expected) in NUMBERS {
        let form = form(name);
        let numeric: Vec<&str> =
            form.fields.iter().filter(|f| bounds(&f.kind).is_some()).map(|f| f.name).collect();
        let rows: Vec<Vec<&str>> = expected.split(',').map(|r| r.split_whitespace().collect()).collect();
        assert_eq!(rows.iter().map(|r| r[0]).collect::<Vec<_>>(), numeric, "{name}");
        for row in rows {
            let (_, field) = form.field(row[0]).unwrap();
            let numbers: Vec<f64> = row.iter().filter_map(|t| t.parse().ok()).collect();
            assert_eq!(bounds(&field.kind), Some((numbers[0], numbers[1])), "{name}.{}", row[0]);
            assert_eq!(field.soft, numbers.get(2).map(|low| (*low, numbers[3])), "{name}.{}", row[0]);
        }
    }
    let listed: Vec<&str> = NUMBERS.iter().map(|(name, _)| *name).collect();
    for (name, _) in EXAMPLES
        .iter()
        .filter(|(n, _)| !["center", "product", "patient", "disease", "lymphodepletion"].contains(n))
    {
        assert!(listed.contains(name), "{name}");
    }
}

#[test]
fn every_number_is_accepted_up_to_its_bounds_and_queried_beyond_the_plausible() {
    for (name, _) in EXAMPLES {
        for field in form(name).fields.iter().filter(|f| f.requirement != Requirement::Computed) {
            let Some((min, max)) = bounds(&field.kind) else { continue };
            let findings =
                |value: f64| found(name, &with(name, &json!({field.name: number(&field.kind, value)})));
            let range = pair("value.range", field.name);
            let query = pair("value.plausible_range", field.name);
            for value in [min, max] {
                assert!(!findings(value).contains(&range), "{name}.{} {value}", field.name);
            }
            for value in outside(&field.kind, min, max) {
                assert_eq!(
                    findings(value).iter().filter(|f| f.1 == range.1).collect::<Vec<_>>(),
                    vec![&range],
                    "{name}.{} {value}",
                    field.name
                );
            }
            let Some((low, high)) = field.soft else {
                assert!(!findings(min).contains(&query) && !findings(max).contains(&query));
                continue;
            };
            for value in [low, high] {
                assert!(!findings(value).contains(&query), "{name}.{} {value}", field.name);
            }
            for value in outside(&field.kind, low, high).into_iter().filter(|v| (min..=max).contains(v)) {
                assert!(findings(value).contains(&query), "{name}.{} {value}", field.name);
            }
        }
    }
}

#[test]
fn value_sets_are_the_catalogue_s() {
    for (name, field, codes) in CODES {
        let (_, field) = form(name).field(field).unwrap();
        let (Kind::Coded(set) | Kind::Codes(set)) = field.kind else {
            panic!("{name}.{} is not coded", field.name)
        };
        let listed: Vec<&str> = set.codes.iter().map(|c| c.code).collect();
        assert_eq!(listed.join(" "), *codes, "{name}.{}", field.name);
    }
    let (_, drug) = form("medication").field("drug").unwrap();
    let Kind::Coded(drugs) = drug.kind else { panic!("drug is not coded") };
    let printed = "LEVETIRACETAM TMP_SMX ACICLOVIR VALACICLOVIR ENTECAVIR TDF TAF TOCILIZUMAB SILTUXIMAB DEXAMETHASONE \
        METHYLPREDNISOLONE ANAKINRA RUXOLITINIB EMAPALUMAB ABATACEPT ALEMTUZUMAB ETOPOSIDE DASATINIB G_CSF GM_CSF \
        POSACONAZOLE MICAFUNGIN FLUCONAZOLE PENTAMIDINE ATOVAQUONE TPO_RA PARACETAMOL ANTIHISTAMINE";
    let (_, item) = form("pretreatment_item").field("item").unwrap();
    let Kind::Coded(items) = item.kind else { panic!("item is not coded") };
    let examinations = "PETCT CECT MRI_HEAD ECHO ECG ENDOSCOPY BM_ASP BM_BX BM_FLOW CSF USG CT_CHEST BCMA";
    let (_, indication) = form("medication").field("indication").unwrap();
    let Kind::Coded(indications) = indication.kind else { panic!("indication is not coded") };
    let why = "PROPHYLAXIS CRS ICANS IECHS INFECTION ALLERGY CYTOPENIA OTHER";
    for (set, codes) in [(drugs, printed), (items, examinations), (indications, why)] {
        for code in codes.split_whitespace() {
            assert_eq!(set.find(code), Some(code));
        }
        for code in set.codes {
            let same = set.codes.iter().filter(|c| c.code == code.code || c.en == code.en).count();
            assert_eq!(same, 1, "{} is listed once", code.code);
        }
    }
}

#[test]
fn every_code_is_accepted_and_no_other() {
    for (name, _) in EXAMPLES {
        for field in form(name).fields {
            let (Kind::Coded(set) | Kind::Codes(set)) = field.kind else { continue };
            let listed = matches!(field.kind, Kind::Codes(_));
            let given = |code: &str| if listed { json!([code]) } else { json!(code) };
            let findings = |value: Value| found(name, &with(name, &json!({field.name: value})));
            let refused = pair("value.code", field.name);
            for code in set.codes {
                assert!(
                    !findings(given(code.code)).contains(&refused),
                    "{name}.{} {}",
                    field.name,
                    code.code
                );
            }
            assert!(findings(given("NO_SUCH_CODE")).contains(&refused), "{name}.{}", field.name);
            assert!(findings(json!(1)).contains(&pair("value.type", field.name)), "{name}.{}", field.name);
        }
    }
}

#[test]
fn texts_are_bounded_and_identifiers_hold_no_free_text() {
    for (name, _) in EXAMPLES {
        for field in form(name).fields {
            let Kind::Text { max, form: text_form } = field.kind else { continue };
            let refused = pair("value.text", field.name);
            let findings = |text: &str| found(name, &with(name, &json!({field.name: text})));
            assert!(!findings(&"X".repeat(max)).contains(&refused), "{name}.{}", field.name);
            assert!(findings(&"X".repeat(max + 1)).contains(&refused), "{name}.{}", field.name);
            assert!(findings("").contains(&refused), "{name}.{}", field.name);
            let accepted = !findings("µ/²").contains(&refused);
            assert_eq!(accepted, text_form == TextForm::Free, "{name}.{}", field.name);
        }
    }
}

#[test]
fn dates_may_not_lie_in_the_future_and_times_are_of_a_day() {
    let mut dates = 0;
    for (name, _) in EXAMPLES {
        for field in form(name).fields {
            let findings = |value: &str| found(name, &with(name, &json!({field.name: value})));
            match field.kind {
                Kind::Date | Kind::PartialDate => {
                    dates += 1;
                    let future = pair("value.future_date", field.name);
                    assert!(!findings("2026-06-30").contains(&future), "{name}.{}", field.name);
                    assert!(findings("2026-07-01").contains(&future), "{name}.{}", field.name);
                    let partial = !findings("2024-02").contains(&pair("value.date", field.name));
                    assert_eq!(partial, field.kind == Kind::PartialDate, "{name}.{}", field.name);
                }
                Kind::Time => {
                    let refused = pair("value.time", field.name);
                    assert!(!findings("23:59").contains(&refused) && !findings("00:00").contains(&refused));
                    assert!(findings("24:00").contains(&refused) && findings("9:30").contains(&refused));
                }
                _ => {}
            }
        }
    }
    assert!(dates > 20);
    assert_eq!(example("prior_hct")["hct_date"], "2023-01-18");
}
