//! What the descriptors say, against section G of the catalogue: requirements, ranges, conditions, value sets.

use super::{example, form, found, new_forms, read, with};
use clinical::field::Kind;
use clinical::form::Requirement;
use serde_json::{Value, json};

/// Form, path, parent and fields: `!` mandatory, `+` required, `?` conditional, `=` computed, others optional.
const FORMS: &str = "
laboratory laboratory-results Patient: !patient_id !analyte !specimen !collected_date !sequence_number collected_time value unit comparator result_code ref_low ref_high lloq method flag =canonical_value
crs_episode crs-episodes Infusion: !patient_id !infusion_number !episode_number +onset_date onset_time +end_date end_time +max_grade +icu_admission ?icu_admission_date icu_admission_time +mechanical_ventilation local_crs
crs_day crs-days Infusion: !patient_id !infusion_number !assessment_date +temperature_c +fever_attributed +sbp_min_mmhg +hypotension +vasopressor_given norepinephrine_ug_min dopamine_ug_kg_min phenylephrine_ug_min epinephrine_ug_min vasopressin_u_min +oxygen_device ?oxygen_flow_l_min airway_protection_only +antipyretic +anti_cytokine reported_grade
icans_episode icans-episodes Infusion: !patient_id !infusion_number !episode_number +onset_date onset_time +end_date end_time +max_grade workup delayed_type
icans_day icans-days Infusion: !patient_id !infusion_number !assessment_date assessment_time +ice_orientation +ice_naming +ice_commands +ice_writing +ice_attention +consciousness +seizure +motor +intracranial_pressure global_aphasia imaging reported_grade =ice_total
iec_hs iec-hs-episodes Infusion: !patient_id !infusion_number !diagnosis_date diagnosis_time +grade +items +ferritin_ug_l ferritin_baseline_ug_l ferritin_uln_ug_l ferritin_rising transaminase_times_reference fibrinogen_g_l triglycerides_mmol_l end_date
coagulopathy coagulopathies Infusion: !patient_id !infusion_number !assessment_date who_bleeding isth_score cdss_score plasma_exchange
transfusion transfusions Patient: !patient_id !infusion_number !transfusion_date !component !sequence_number units irradiated leukoreduced
icaht icaht-assessments Infusion: !patient_id !infusion_number !assessment_date reported_early_grade reported_late_grade days_anc_500 days_anc_100 days_interpolated
adverse_event adverse-events Infusion: !patient_id !infusion_number !event_number +term meddra_code ctcae_grade start_date end_date related serious
infection infections Patient: !patient_id !infusion_number !episode_number +onset_date +site +pathogen_class ?organism ?organism_name +ctcae_grade mdr +blood_culture ?culture_sets ?cvc_present ?cvc_set ?culture_volume_ml imaging +outcome end_date ?ifd_certainty ?persistent recurrent =severe_infection
covid_test covid-tests Patient: !patient_id !infusion_number !test_date +result ?severity ?afebrile_date afebrile_time
second_malignancy second-malignancies Infusion: !patient_id !infusion_number !malignancy_number +category +onset_date site histology icd_o ?transgene_tested ?transgene_result insertion_site report_date
myeloma_assessment myeloma-assessments Patient: !patient_id !infusion_number !assessment_date +timepoint +serum_m_protein_g_l urine_m_protein_mg_24h flc_kappa_mg_l flc_lambda_mg_l flc_ratio serum_ife urine_ife mab_interference marrow_plasma_cell_percent marrow_clonal plasmacytoma_spd_mm2 plasmacytoma_new bone_lesion_new circulating_plasma_cells_ul calcium_mmol_l hb_g_l creatinine_umol_l
lymphoma_assessment lymphoma-assessments Patient: !patient_id !infusion_number !assessment_date +timepoint +modality ?deauville uptake_change ?new_lesions non_target spleen_mm marrow
lesion lesions Patient: !patient_id !infusion_number !assessment_date !lesion_number +site +ldi_mm +sdi_mm +nodal +target new_lesion
leukemia_assessment leukemia-assessments Patient: !patient_id !infusion_number !assessment_date +timepoint +marrow_blast_percent +peripheral_blast_percent +anc_10e9_l +platelets_10e9_l trilineage_hematopoiesis +extramedullary extramedullary_new ?cns_status csf_blasts csf_wbc_ul csf_rbc_ul blood_wbc_10e9_l blood_rbc_10e12_l cns_signs cd19_status
mrd mrd-tests Patient: !patient_id !infusion_number !assessment_date !method !specimen +sensitivity +lod +result ?mrd_level imaging_negative
kinetics_sample kinetics-samples Infusion: !patient_id !infusion_number !collected_date !specimen !assay !sequence_number collected_time !unit +below_lloq ?value +lod +lloq gdna_ng cd3_percent car_percent_cd3
immunoglobulin immunoglobulins Patient: !patient_id !start_date dose_g days dose_mg_kg igg_before_g_l
vaccination vaccinations Patient: !patient_id !vaccination_date !vaccine platform live dose_number household
hbv_course hbv-courses Patient: !patient_id !infusion_number !course_number +hbv_group +na_drug ?na_start_date na_end_date poor_compliance +reactivation ?reactivation_date ?reactivation_definition
visit visits Infusion: !patient_id !infusion_number !visit_date +planned_code +mode ?items near_hospital caregiver driving_counselled
subsequent_therapy subsequent-therapies Infusion: !patient_id !infusion_number !therapy_number +start_date +therapy +indication
";

/// Form, field, hard range, soft range, unit.
const RANGES: &str = "
laboratory sequence_number 1 999
laboratory value 0 1000000000000 []
laboratory ref_low 0 1000000000000 []
laboratory ref_high 0 1000000000000 []
laboratory lloq 0 1000000000000 []
laboratory canonical_value 0 1000000000000000 []
crs_episode episode_number 1 99
crs_episode max_grade 1 5
crs_day temperature_c 34 43 soft 36 43 [Cel]
crs_day sbp_min_mmhg 30 250
crs_day norepinephrine_ug_min 0 500 [ug/min]
crs_day dopamine_ug_kg_min 0 50 [ug/kg/min]
crs_day phenylephrine_ug_min 0 1000 [ug/min]
crs_day epinephrine_ug_min 0 500 [ug/min]
crs_day vasopressin_u_min 0 0.2 [U/min]
crs_day oxygen_flow_l_min 0 80 [L/min]
crs_day reported_grade 0 5
icans_episode episode_number 1 99
icans_episode max_grade 1 5
icans_day ice_orientation 0 4
icans_day ice_naming 0 3
icans_day ice_commands 0 1
icans_day ice_writing 0 1
icans_day ice_attention 0 1
icans_day reported_grade 0 5
icans_day ice_total 0 10
iec_hs grade 1 5
iec_hs ferritin_ug_l 0 300000 soft 5 50000 [ug/L]
iec_hs ferritin_baseline_ug_l 0 300000 soft 5 50000 [ug/L]
iec_hs ferritin_uln_ug_l 10 5000 [ug/L]
iec_hs transaminase_times_reference 0 1000 [times the reference]
iec_hs fibrinogen_g_l 0 15 [g/L]
iec_hs triglycerides_mmol_l 0.1 50 [mmol/L]
coagulopathy who_bleeding 0 4
coagulopathy isth_score 0 8
coagulopathy cdss_score 0 12
transfusion sequence_number 1 999
transfusion units 1 20
icaht reported_early_grade 0 4
icaht reported_late_grade 0 4
icaht days_anc_500 0 31
icaht days_anc_100 0 31
icaht days_interpolated 0 31
adverse_event event_number 1 999
adverse_event ctcae_grade 1 5
infection episode_number 1 99
infection ctcae_grade 1 5
infection culture_sets 0 10
infection culture_volume_ml 1 30 [mL]
second_malignancy malignancy_number 1 99
myeloma_assessment serum_m_protein_g_l 0 150 [g/L]
myeloma_assessment urine_m_protein_mg_24h 0 30000 [mg/24h]
myeloma_assessment flc_kappa_mg_l 0 20000 [mg/L]
myeloma_assessment flc_lambda_mg_l 0 20000 [mg/L]
myeloma_assessment flc_ratio 0.001 10000 [ratio]
myeloma_assessment marrow_plasma_cell_percent 0 100 [%]
myeloma_assessment plasmacytoma_spd_mm2 0 1000000 [mm2]
myeloma_assessment circulating_plasma_cells_ul 0 100000 [/uL]
myeloma_assessment calcium_mmol_l 0.5 5 soft 1.5 3.5 [mmol/L]
myeloma_assessment hb_g_l 10 250 soft 40 180 [g/L]
myeloma_assessment creatinine_umol_l 5 2500 soft 20 500 [umol/L]
lymphoma_assessment spleen_mm 40 400
lesion lesion_number 1 99
lesion ldi_mm 0 400 [mm]
lesion sdi_mm 0 400 [mm]
leukemia_assessment marrow_blast_percent 0 100 [%]
leukemia_assessment peripheral_blast_percent 0 100 [%]
leukemia_assessment anc_10e9_l 0 200 soft 0 50 [10^9/L]
leukemia_assessment platelets_10e9_l 0 3000 soft 0 800 [10^9/L]
leukemia_assessment csf_wbc_ul 0 1000000 [/uL]
leukemia_assessment csf_rbc_ul 0 1000000 [/uL]
leukemia_assessment blood_wbc_10e9_l 0 1000 soft 0 100 [10^9/L]
leukemia_assessment blood_rbc_10e12_l 0 15 [10^12/L]
mrd sensitivity 0.0000001 0.01 [fraction of nucleated cells]
mrd lod 0.0000001 0.01 [fraction of nucleated cells]
mrd mrd_level 0 1 [fraction of nucleated cells]
kinetics_sample sequence_number 1 999
kinetics_sample value 0 1000000000 []
kinetics_sample lod 0 1000000000 []
kinetics_sample lloq 0 1000000000 []
kinetics_sample gdna_ng 0 100000 [ng]
kinetics_sample cd3_percent 0 100 [%]
kinetics_sample car_percent_cd3 0 100 [%]
immunoglobulin dose_g 0 200 [g]
immunoglobulin days 1 31
immunoglobulin dose_mg_kg 50 2000 [mg/kg]
immunoglobulin igg_before_g_l 0 150 soft 0 30 [g/L]
vaccination dose_number 1 10
hbv_course course_number 1 99
subsequent_therapy therapy_number 1 99
";

/// Form, field, the field it depends on, and the values of that field for which it is required.
const CONDITIONS: &str = "
crs_episode icu_admission_date icu_admission Y
crs_day oxygen_flow_l_min oxygen_device BLOW_BY NC_LOW NC_HIGH MASK NRB VENTURI
infection organism pathogen_class BACT_GPOS BACT_GNEG BACT_OTHER VIRUS FUNGUS_MOLD FUNGUS_YEAST PJP MYCOBACT PARASITE
infection organism_name organism OTHER
infection culture_sets blood_culture Y
infection cvc_present blood_culture Y
infection cvc_set cvc_present Y
infection culture_volume_ml blood_culture Y
infection ifd_certainty pathogen_class FUNGUS_MOLD FUNGUS_YEAST PJP
infection persistent outcome ONGOING
covid_test severity result POS
covid_test afebrile_date severity MILD_MOD SEVERE CRITICAL
second_malignancy transgene_tested category T_CELL
second_malignancy transgene_result transgene_tested Y
lymphoma_assessment deauville modality PET_CT
lymphoma_assessment new_lesions timepoint FOLLOW_UP
leukemia_assessment cns_status timepoint BASELINE
mrd mrd_level result POS
kinetics_sample value below_lloq false
hbv_course na_start_date na_drug ENTECAVIR TDF TAF OTHER
hbv_course reactivation_date reactivation Y
hbv_course reactivation_definition reactivation Y
visit items mode IN_PERSON
";

/// Value sets that the forms bring, or share.
const VALUE_SETS: &str = "
lab_specimen: BLOOD SERUM PLASMA URINE CSF BM PATIENT OTHER
lab_comparator: = < >
lab_result: NEG POS WEAK_POS IND
lab_flag: LL L N H HH
local_crs: NONE ENLARGED COMPRESSION DECOMPENSATED
oxygen_device: ROOM BLOW_BY NC_LOW NC_HIGH MASK NRB VENTURI CPAP BIPAP INTUB
neurologic_workup: EEG MRI CT LP FUNDUS NEURO_CONSULT
delayed_neurotoxicity: CN7_PALSY OTHER_CN NEUROPATHY PARKINSON CEREBELLAR
consciousness: AWAKE SPONTANEOUS VOICE TACTILE UNAROUSABLE
seizure: NONE BRIEF NONCONVULSIVE PROLONGED REPETITIVE
motor_finding: NONE FOCAL_WEAKNESS
intracranial_pressure: NONE HEMORRHAGE FOCAL_EDEMA DIFFUSE_EDEMA POSTURING CN6_PALSY PAPILLEDEMA CUSHING
head_imaging: MRI CT
iec_hs_item: RESOLVING_CRS TRANSAMINASES FIBRINOGEN HEMOPHAGOCYTOSIS CYTOPENIA LDH COAGULATION DIRECT_BILIRUBIN SPLENOMEGALY FEVER NEUROTOXICITY PULMONARY RENAL TRIGLYCERIDES
blood_component: PRBC PLT FFP CRYO
infection_site: BLOOD LUNG URI GI LIVER URINE SKIN CNS SINUS CVC DISSEMINATED FEVER_UNKNOWN OTHER
pathogen_class: BACT_GPOS BACT_GNEG BACT_OTHER VIRUS FUNGUS_MOLD FUNGUS_YEAST PJP MYCOBACT PARASITE NONE_FOUND
organism: HBV CMV EBV HSV VZV ADV BK HHV6 JCV SARS_COV_2 INFLUENZA RSV S_AUREUS CONS ENTEROCOCCUS LISTERIA NOCARDIA E_COLI KLEBSIELLA P_AERUGINOSA A_BAUMANNII C_DIFFICILE MYCOPLASMA ASPERGILLUS MUCORALES CANDIDA CRYPTOCOCCUS HISTOPLASMA P_JIROVECII M_TUBERCULOSIS NTM TOXOPLASMA OTHER
multidrug_resistance: ESBL CRE CRAB MRSA VRE CRPA NONE
infection_outcome: RESOLVED ONGOING DEATH SEQUELAE
fungal_certainty: PROVEN PROBABLE POSSIBLE
pos_neg: POS NEG
covid_severity: ASYMP MILD_MOD SEVERE CRITICAL
malignancy_category: NMSC SOLID MDS_AML T_CELL B_CELL OTHER
transgene_result: POS NEG LOW ND
assessment_timepoint: BASELINE FOLLOW_UP
lymphoma_modality: PET_CT CT
deauville: 1 2 3 4 5 X
uptake_change: REDUCED UNCHANGED INCREASED
non_target_state: ABSENT REGRESSED STABLE PROGRESSED
marrow_state: NORMAL REDUCED UNCHANGED NEW INDETERMINATE
cns_status: CNS1 CNS2 CNS2A CNS2B CNS2C CNS3 CNS3A CNS3B CNS3C
antigen_status: POS NEG DIM MIXED UNK
mrd_method: FLOW_NGF FLOW_OTHER NGS RQ_PCR IG_PCR DPCR BCR_ABL
mrd_specimen: BM PB CSF
mrd_result: NEG POS BELOW_LOQ
kinetics_specimen: PB BM CSF
kinetics_assay: QPCR DDPCR FLOW
kinetics_unit: COPIES_UG COPIES_ML CELLS_UL
vaccine: COVID19 INFLUENZA PNEUMOCOCCUS HBV ZOSTER MMR DTP OTHER
vaccine_platform: INACT MRNA RECOMB VECTOR_LIVE LIVE_ATT OTHER
hbv_group: SAG_POS SAG_NEG_CAB_POS_DNA_POS SAG_NEG_CAB_POS_DNA_NEG ALL_NEG HBSAB_ONLY UNK
nucleoside_analogue: ENTECAVIR TDF TAF OTHER NONE
reactivation_definition: AASLD2018 CHB2019
planned_visit: D014 D028 M01 M02 M03 M04 M05 M06 M08 M09 M10 M12 M15 M18 M21 M24 M30 M36 M42 M48 M54 M60 YRN UNSCHEDULED
visit_mode: IN_PERSON PHONE REMOTE RECORD
visit_item: HISTORY EXAMINATION CBC BIOCHEMISTRY COAGULATION FERRITIN CRP IMMUNOGLOBULINS CYTOKINES LYMPHOCYTE_SUBSETS CAR_T PET_CT CT MYELOMA_RESPONSE TOXICITY SPM_QUESTION
next_therapy: HCT_ALLO HCT_AUTO CAR_T BISPECIFIC CHEMO RT TKI TRIAL OTHER
therapy_indication: RELAPSE CONSOLIDATION MAINTENANCE
";

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.is_empty())
}

#[test]
fn forms_have_the_fields_and_requirements_of_the_dictionary() {
    let written = new_forms().map(|form| {
        let mark = |requirement| match requirement {
            Requirement::Mandatory => "!",
            Requirement::Required => "+",
            Requirement::Optional => "",
            Requirement::Conditional(_) => "?",
            Requirement::Computed => "=",
        };
        let fields: Vec<String> =
            form.fields.iter().map(|f| format!("{}{}", mark(f.requirement), f.name)).collect();
        assert!(
            form.key.iter().zip(form.fields).all(|(key, f)| *key == f.name),
            "{}: the key comes first",
            form.name
        );
        assert_eq!(form.version, 1);
        format!("{} {} {:?}: {}", form.name, form.path, form.parent, fields.join(" "))
    });
    for (written, expected) in written.zip(lines(FORMS)) {
        assert_eq!(written, expected);
    }
    assert_eq!(new_forms().count(), lines(FORMS).count());
    assert_eq!((form("response").version, form("survival_status").version), (2, 2));
    assert_eq!(form("response").fields.last().map(|f| f.name), Some("confirmed_by"));
    assert_eq!(form("survival_status").fields.last().map(|f| f.name), Some("cause_class"));
}

#[test]
fn required_values_must_be_given_or_coded_and_optional_ones_may_be_left_out() {
    for form in new_forms() {
        for field in form.fields {
            let pointer = format!("/{}", field.name);
            let without = found(form.name, &json!({field.name: null}));
            let rule = match field.requirement {
                Requirement::Mandatory => Some("value.mandatory"),
                Requirement::Required => Some("value.required"),
                _ => None,
            };
            let asked = without.iter().any(|f| f.ends_with(&pointer) && f.starts_with("value."));
            assert_eq!(
                asked,
                rule.is_some() || conditional_now(form.name, field.name),
                "{} {pointer}: {without:?}",
                form.name
            );
            if let Some(rule) = rule {
                assert!(without.contains(&format!("{rule} {pointer}")), "{} {pointer}", form.name);
            }
            let coded = found(form.name, &json!({field.name: null, "missing": {field.name: "NK"}}));
            let refused = coded.iter().any(|f| f.ends_with(&pointer) && f.starts_with("value."));
            let never = matches!(field.requirement, Requirement::Mandatory | Requirement::Computed);
            assert_eq!(refused, never, "{} {pointer}: {coded:?}", form.name);
        }
    }
}

/// True when the example itself meets the condition of a conditional field.
fn conditional_now(name: &str, field: &str) -> bool {
    lines(CONDITIONS).any(|line| {
        let parts: Vec<&str> = line.split(' ').collect();
        let value = match &example(name)[parts[2]] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        parts[..2] == [name, field] && parts[3..].contains(&value.as_str())
    })
}

#[test]
fn conditional_values_are_required_exactly_under_their_condition() {
    let mut seen = 0;
    for form in new_forms() {
        for field in form.fields {
            let Requirement::Conditional(when) = field.requirement else { continue };
            seen += 1;
            let line = format!("{} {} {} {}", form.name, field.name, when.field, when.values.join(" "));
            assert!(lines(CONDITIONS).any(|l| l == line), "{line}");
            let (_, of) = form.field(when.field).unwrap();
            let all: Vec<Value> = match of.kind {
                Kind::Coded(set) => set.codes.iter().map(|c| json!(c.code)).collect(),
                Kind::Flag => vec![json!(true), json!(false)],
                _ => panic!("{line}"),
            };
            let required = format!("value.required /{}", field.name);
            for value in all.iter().chain([&Value::Null]) {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let meets = when.values.contains(&text.as_str());
                let without = found(form.name, &json!({when.field: value, field.name: null}));
                assert_eq!(without.contains(&required), meets, "{line}: {value}");
                let coded = found(
                    form.name,
                    &json!({when.field: value, field.name: null, "missing": {field.name: "NK"}}),
                );
                assert!(
                    !coded.contains(&required)
                        && coded.contains(&format!("completeness.missing /{}", field.name))
                );
            }
        }
    }
    assert_eq!(seen, lines(CONDITIONS).count());
}

#[test]
fn numbers_are_accepted_within_their_range_and_not_outside() {
    let mut described = Vec::new();
    for form in new_forms() {
        for field in form.fields.iter().filter(|f| f.name != "infusion_number") {
            let soft = field.soft.map_or_else(String::new, |(low, high)| format!(" soft {low} {high}"));
            let (min, max, step, unit) = match field.kind {
                Kind::Integer { min, max } => (f64::from(min), f64::from(max), 1.0, String::new()),
                Kind::Decimal { min, max, unit } => (min, max, 1e-9, format!(" [{unit}]")),
                _ => continue,
            };
            described.push(format!("{} {} {min} {max}{soft}{unit}", form.name, field.name));
            let whole = matches!(field.kind, Kind::Integer { .. });
            let number =
                |v: f64| if whole { serde_json::from_str(&v.to_string()).unwrap() } else { json!(v) };
            let finds = |rule: &str, value: f64| {
                let findings = read(form.name, &with(form.name, &json!({field.name: number(value)}))).1;
                findings.contains(&format!("{rule} /{}", field.name))
            };
            let beyond =
                |bound: f64, way: f64| bound + way * if whole { step } else { step * bound.abs().max(1e-3) };
            for (bound, way) in [(min, -1.0), (max, 1.0)] {
                assert!(!finds("value.range", bound), "{} {} {bound}", form.name, field.name);
                assert!(
                    finds("value.range", beyond(bound, way)),
                    "{} {} beyond {bound}",
                    form.name,
                    field.name
                );
            }
            let Some((low, high)) = field.soft else { continue };
            for (bound, way) in [(low, -1.0), (high, 1.0)] {
                assert!(!finds("value.plausible_range", bound), "{} {} {bound}", form.name, field.name);
                if (min..=max).contains(&beyond(bound, way)) {
                    assert!(
                        finds("value.plausible_range", beyond(bound, way)),
                        "{} {}",
                        form.name,
                        field.name
                    );
                }
            }
        }
    }
    assert_eq!(described, lines(RANGES).collect::<Vec<_>>());
}

#[test]
fn value_sets_hold_the_codes_of_the_dictionary() {
    let mut shown = 0;
    for line in lines(VALUE_SETS) {
        let (name, codes) = line.split_once(": ").unwrap();
        let mut fields = new_forms().flat_map(|f| f.fields.iter());
        let set = fields.find_map(|f| match f.kind {
            Kind::Coded(set) | Kind::Codes(set) if set.name == name => Some(set),
            _ => None,
        });
        let listed: Vec<&str> = set.unwrap().codes.iter().map(|c| c.code).collect();
        assert_eq!(listed.join(" "), codes, "{name}");
        shown += 1;
    }
    assert!(shown > 30);
    let class = clinical::forms::survival_status::CauseClass::ALL.iter().map(|c| c.code());
    assert_eq!(class.collect::<Vec<_>>(), ["RELAPSE", "NON_RELAPSE", "UNK"]);
}

#[test]
fn every_text_of_a_new_form_is_written_in_both_languages() {
    for form in new_forms() {
        let chinese = |text: &str| text.chars().any(|c| c > '\u{4e00}');
        assert!(form.description.trim().ends_with('.') && form.en.is_ascii(), "{}", form.name);
        assert!(chinese(form.zh) || form.zh.is_ascii(), "{}", form.name);
        for field in form.fields {
            let place = format!("{}.{}", form.name, field.name);
            assert!(field.description.trim().ends_with('.') && !field.en.is_empty(), "{place}");
            assert!(chinese(field.zh), "{place}");
            // PostgreSQL cuts names at 63 bytes.
            assert!(form.name.len() + field.name.len() + "__accepts".len() <= 63, "{place}");
            let list = matches!(field.kind, Kind::Codes(_));
            if let Kind::Coded(set) | Kind::Codes(set) = field.kind {
                for code in set.codes {
                    assert!(
                        !code.code.contains('\'') && !code.en.is_empty() && !code.zh.is_empty(),
                        "{place}"
                    );
                    // Lists are written A;B and checked by a regular expression.
                    assert!(
                        !list || code.code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'),
                        "{place}"
                    );
                }
            }
        }
    }
}

#[test]
fn every_organism_has_its_class_except_a_named_other() {
    use clinical::forms::infection::{Organism, PathogenClass};
    let class = |code: &str| Organism::ALL.iter().find(|o| o.code() == code).unwrap().class();
    let expected = [
        (PathogenClass::Virus, "HBV CMV EBV HSV VZV ADV BK HHV6 JCV SARS_COV_2 INFLUENZA RSV"),
        (PathogenClass::GramPositive, "S_AUREUS CONS ENTEROCOCCUS LISTERIA NOCARDIA C_DIFFICILE"),
        (PathogenClass::GramNegative, "E_COLI KLEBSIELLA P_AERUGINOSA A_BAUMANNII"),
        (PathogenClass::OtherBacterium, "MYCOPLASMA"),
        (PathogenClass::Mold, "ASPERGILLUS MUCORALES"),
        (PathogenClass::Yeast, "CANDIDA CRYPTOCOCCUS HISTOPLASMA"),
        (PathogenClass::Pneumocystis, "P_JIROVECII"),
        (PathogenClass::Mycobacterium, "M_TUBERCULOSIS NTM"),
        (PathogenClass::Parasite, "TOXOPLASMA"),
    ];
    let mut known = 0;
    for (expected, codes) in expected {
        for code in codes.split(' ') {
            assert_eq!(class(code), Some(expected), "{code}");
            known += 1;
        }
    }
    assert_eq!(class("OTHER"), None);
    assert_eq!(known + 1, Organism::ALL.len());
}
