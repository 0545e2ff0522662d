//! Every rule on both sides, one case a line: form | change that breaks it | findings | change just on the other side.

use super::{EARLIER, EXAMPLES, form, found};
use serde_json::Value;
use std::collections::BTreeSet;

const CASES: &str = r#"
laboratory | {"unit": null, "canonical_value": null} | laboratory.unit_required /unit | {"canonical_value": null}
laboratory | {"unit": null, "canonical_value": null, "missing": {"unit": "NK"}} | completeness.missing /unit, laboratory.unit_required /unit | {}
laboratory | {"unit": "g/L", "canonical_value": null} | laboratory.unit_of_analyte /unit | {"unit": "10^9/L", "value": 0.32, "ref_low": 1.8, "ref_high": 6.3, "lloq": 0.01, "canonical_value": null}
laboratory | {"unit": "K/uL", "canonical_value": null} | value.code /unit | {"unit": "10^3/uL", "value": 0.32, "ref_low": 1.8, "ref_high": 6.3, "lloq": 0.01, "canonical_value": null}
laboratory | {"value": null, "canonical_value": null, "comparator": null} | laboratory.result_required /value | {}
laboratory | {"analyte": "HCG", "value": null, "unit": null, "canonical_value": null, "comparator": null} | laboratory.result_required /result_code | {"analyte": "HCG", "result_code": "NEG", "value": null, "unit": null, "canonical_value": null, "comparator": null}
laboratory | {"analyte": "HBCAB", "unit": null, "canonical_value": null, "flag": null} | laboratory.value_of_qualitative /value | {"analyte": "HBCAB", "result_code": "POS", "value": null, "unit": null, "canonical_value": null, "comparator": null}
laboratory | {"analyte": "HBCAB", "value": null, "result_code": "POS", "canonical_value": null, "comparator": null} | laboratory.unit_of_analyte /unit | {"analyte": "HBCAB", "value": null, "result_code": "POS", "unit": null, "canonical_value": null, "comparator": null}
laboratory | {"result_code": "NEG"} | laboratory.code_of_quantitative /result_code | {"analyte": "HBV_DNA", "result_code": "NEG", "unit": "IU/mL", "value": 20, "comparator": "<", "lloq": 20, "ref_low": null, "ref_high": null, "flag": null, "canonical_value": null}
laboratory | {"analyte": "HB", "unit": "g/L", "value": 9.9, "canonical_value": null, "flag": null, "lloq": null} | laboratory.range /value | {"analyte": "HB", "unit": "g/L", "value": 40, "canonical_value": null, "flag": null, "lloq": null}
laboratory | {"analyte": "HB", "unit": "g/dL", "value": 25.1, "canonical_value": null, "flag": null, "lloq": null} | laboratory.range /value | {"analyte": "HB", "unit": "g/dL", "value": 18, "canonical_value": null, "flag": null, "lloq": null}
laboratory | {"analyte": "HB", "unit": "g/L", "value": 39.9, "canonical_value": null, "flag": null, "lloq": null} | laboratory.plausible_range /value | {"analyte": "HB", "unit": "g/L", "value": 40, "canonical_value": null, "flag": null, "lloq": null}
laboratory | {"analyte": "HB", "unit": "g/dL", "value": 18.1, "canonical_value": null, "flag": null, "lloq": null} | laboratory.plausible_range /value | {"analyte": "HB", "unit": "g/dL", "value": 18, "canonical_value": null, "flag": null, "lloq": null}
laboratory | {"value": null, "canonical_value": null, "missing": {"value": "PEND"}} | completeness.missing /value, laboratory.comparator_without_value /comparator | {"comparator": "<", "flag": null}
laboratory | {"ref_low": 6300} | laboratory.reference_limits /ref_low | {"ref_low": 6299}
laboratory | {"ref_low": 6301} | laboratory.reference_limits /ref_low | {"ref_low": null}
laboratory | {"lloq": 321} | laboratory.below_limit /value | {"lloq": 320}
laboratory | {"lloq": 321, "comparator": null} | laboratory.below_limit /value | {"lloq": 321, "comparator": "<"}
laboratory | {"flag": "H"} | laboratory.flag_of_reference /flag | {"flag": "H", "value": 6301, "canonical_value": null}
laboratory | {"flag": "HH", "value": 6300, "canonical_value": null} | laboratory.flag_of_reference /flag | {"flag": "HH", "value": 6301, "canonical_value": null}
laboratory | {"flag": "L", "value": 1800, "canonical_value": null} | laboratory.flag_of_reference /flag | {"flag": "L", "value": 1799, "canonical_value": null}
laboratory | {"flag": "LL", "value": 1800, "canonical_value": null} | laboratory.flag_of_reference /flag | {"flag": "LL", "value": 1800, "comparator": "<", "canonical_value": null}
laboratory | {"flag": "N"} | laboratory.flag_of_reference /flag | {"flag": "N", "value": 1800, "canonical_value": null}
laboratory | {"flag": "N", "value": 6301, "canonical_value": null} | laboratory.flag_of_reference /flag | {"flag": "N", "value": 6300, "canonical_value": null}
laboratory | {"specimen": "URINE"} | laboratory.specimen_of_analyte /specimen | {"specimen": "PLASMA"}
laboratory | {"analyte": "TEMP", "unit": "Cel", "value": 38.2, "ref_low": null, "ref_high": null, "flag": null, "lloq": null, "canonical_value": null} | laboratory.specimen_of_analyte /specimen | {"analyte": "TEMP", "specimen": "PATIENT", "unit": "Cel", "value": 38.2, "ref_low": null, "ref_high": null, "flag": null, "lloq": null, "canonical_value": null}
laboratory | {"analyte": "M_URINE", "specimen": "SERUM", "unit": "mg/24h", "canonical_value": null} | laboratory.specimen_of_analyte /specimen | {"analyte": "M_URINE", "specimen": "URINE", "unit": "mg/24h", "canonical_value": null}
laboratory | {"analyte": "IL6", "specimen": "PATIENT", "unit": "pg/mL", "canonical_value": null} | laboratory.specimen_of_analyte /specimen | {"analyte": "IL6", "specimen": "CSF", "unit": "pg/mL", "canonical_value": null}
crs_episode | {"end_date": "2024-03-19"} | crs_episode.end_before_onset /end_date | {"end_date": "2024-03-21"}
crs_episode | {"end_date": "2024-03-20", "end_time": "21:14"} | crs_episode.end_before_onset /end_date | {"end_date": "2024-03-20", "end_time": "21:15"}
crs_episode | {"icu_admission_date": "2024-03-22"} | crs_episode.icu_date_without_admission /icu_admission_date | {"icu_admission": "Y", "icu_admission_date": "2024-03-22"}
crs_episode | {"icu_admission": "Y", "icu_admission_date": "2024-03-19"} | crs_episode.icu_outside_episode /icu_admission_date | {"icu_admission": "Y", "icu_admission_date": "2024-03-20"}
crs_episode | {"icu_admission": "Y", "icu_admission_date": "2024-03-25"} | crs_episode.icu_outside_episode /icu_admission_date | {"icu_admission": "Y", "icu_admission_date": "2024-03-24"}
crs_episode | {"icu_admission": "Y", "icu_admission_date": "2024-03-20", "icu_admission_time": "21:14"} | crs_episode.icu_outside_episode /icu_admission_date | {"icu_admission": "Y", "icu_admission_date": "2024-03-24", "icu_admission_time": "09:00"}
crs_episode | {"mechanical_ventilation": "Y", "max_grade": 3} | crs_episode.ventilation_below_grade_4 /max_grade | {"mechanical_ventilation": "Y", "max_grade": 4}
crs_day | {"temperature_c": 37.9, "antipyretic": "N", "anti_cytokine": "N"} | crs_day.fever_below_38 /temperature_c | {"temperature_c": 38, "antipyretic": "N", "anti_cytokine": "N"}
crs_day | {"temperature_c": 37.9, "antipyretic": "UNK", "anti_cytokine": "N"} | crs_day.fever_below_38 /temperature_c | {"temperature_c": 37.9, "antipyretic": "Y", "anti_cytokine": "N"}
crs_day | {"temperature_c": 37.9, "antipyretic": "N", "anti_cytokine": "N"} | crs_day.fever_below_38 /temperature_c | {"temperature_c": 37.9, "antipyretic": "N", "anti_cytokine": "Y"}
crs_day | {"temperature_c": 37.9, "antipyretic": "N", "anti_cytokine": "N"} | crs_day.fever_below_38 /temperature_c | {"temperature_c": 37.9, "fever_attributed": "N", "antipyretic": "N", "anti_cytokine": "N"}
crs_day | {"norepinephrine_ug_min": 5} | crs_day.dose_without_vasopressor /norepinephrine_ug_min | {"norepinephrine_ug_min": 0}
crs_day | {"dopamine_ug_kg_min": 5} | crs_day.dose_without_vasopressor /dopamine_ug_kg_min | {"vasopressor_given": "Y", "dopamine_ug_kg_min": 5}
crs_day | {"phenylephrine_ug_min": 5} | crs_day.dose_without_vasopressor /phenylephrine_ug_min | {"vasopressor_given": "Y", "phenylephrine_ug_min": 5}
crs_day | {"epinephrine_ug_min": 5} | crs_day.dose_without_vasopressor /epinephrine_ug_min | {"vasopressor_given": "Y", "epinephrine_ug_min": 5}
crs_day | {"vasopressin_u_min": 0.03} | crs_day.dose_without_vasopressor /vasopressin_u_min | {"vasopressor_given": "UNK", "vasopressin_u_min": 0.03}
crs_day | {"vasopressor_given": "Y"} | crs_day.dose_expected /vasopressor_given | {"vasopressor_given": "Y", "vasopressin_u_min": 0.03}
crs_day | {"vasopressor_given": "Y", "missing": {"vasopressin_u_min": "NK"}} | completeness.missing /vasopressin_u_min | {"vasopressor_given": "Y", "epinephrine_ug_min": 0.1}
crs_day | {"vasopressor_given": "Y", "norepinephrine_ug_min": 5, "hypotension": "N", "sbp_min_mmhg": 95} | crs_day.vasopressor_without_hypotension /hypotension | {"vasopressor_given": "Y", "norepinephrine_ug_min": 5, "hypotension": "UNK"}
crs_day | {"hypotension": "N", "sbp_min_mmhg": 89} | crs_day.low_pressure_without_hypotension /sbp_min_mmhg | {"hypotension": "N", "sbp_min_mmhg": 90}
crs_day | {"oxygen_device": "ROOM", "oxygen_flow_l_min": 0.5} | crs_day.flow_on_room_air /oxygen_flow_l_min | {"oxygen_device": "ROOM", "oxygen_flow_l_min": 0}
crs_day | {"oxygen_flow_l_min": 6.1} | crs_day.flow_of_device /oxygen_flow_l_min | {"oxygen_flow_l_min": 6}
crs_day | {"oxygen_device": "NC_HIGH", "oxygen_flow_l_min": 6} | crs_day.flow_of_device /oxygen_flow_l_min | {"oxygen_device": "NC_HIGH", "oxygen_flow_l_min": 6.1}
icans_episode | {"end_date": "2024-03-23"} | icans_episode.end_before_onset /end_date | {"end_date": "2024-03-24"}
icans_episode | {"end_date": "2024-03-24", "end_time": "07:59"} | icans_episode.end_before_onset /end_date | {"end_date": "2024-03-24", "end_time": null}
icans_episode | {"max_grade": 3, "workup": ["EEG"]} | icans_episode.imaging_expected /workup | {"max_grade": 3, "workup": ["CT"]}
icans_episode | {"max_grade": 3, "workup": null} | icans_episode.imaging_expected /workup | {"max_grade": 2, "workup": null}
icans_episode | {"max_grade": 3, "workup": null, "missing": {"workup": "NK"}} | completeness.missing /workup | {"max_grade": 3, "workup": ["MRI"]}
icans_day | {"consciousness": "UNAROUSABLE", "reported_grade": 4} | icans_day.ice_of_unarousable /ice_total | {"consciousness": "UNAROUSABLE", "reported_grade": 4, "ice_orientation": 0, "ice_naming": 0, "ice_commands": 0, "ice_total": 0}
icans_day | {"consciousness": "UNAROUSABLE", "reported_grade": 3, "ice_orientation": 0, "ice_naming": 0, "ice_commands": 0, "ice_total": 0} | icans_day.grade_of_unarousable /reported_grade | {"consciousness": "UNAROUSABLE", "reported_grade": 5, "ice_orientation": 0, "ice_naming": 0, "ice_commands": 0, "ice_total": 0}
icans_day | {"consciousness": "AWAKE", "global_aphasia": "Y", "reported_grade": 2, "ice_orientation": 0, "ice_naming": 0, "ice_commands": 0, "ice_total": 0} | icans_day.grade_of_aphasia /reported_grade | {"consciousness": "AWAKE", "global_aphasia": "Y", "reported_grade": 3, "ice_orientation": 0, "ice_naming": 0, "ice_commands": 0, "ice_total": 0}
icans_day | {"consciousness": "AWAKE", "global_aphasia": "Y", "reported_grade": 4, "ice_orientation": 0, "ice_naming": 0, "ice_commands": 0, "ice_total": 0} | icans_day.grade_of_aphasia /reported_grade | {"consciousness": "AWAKE", "global_aphasia": "Y", "reported_grade": 4, "seizure": "PROLONGED", "ice_orientation": 0, "ice_naming": 0, "ice_commands": 0, "ice_total": 0}
icans_day | {"consciousness": "AWAKE", "global_aphasia": "Y", "reported_grade": 4, "seizure": "BRIEF", "ice_orientation": 0, "ice_naming": 0, "ice_commands": 0, "ice_total": 0} | icans_day.grade_of_aphasia /reported_grade | {"consciousness": "AWAKE", "global_aphasia": "Y", "reported_grade": 4, "motor": "FOCAL_WEAKNESS", "ice_orientation": 0, "ice_naming": 0, "ice_commands": 0, "ice_total": 0}
icans_day | {"consciousness": "AWAKE", "global_aphasia": "Y", "reported_grade": 4, "intracranial_pressure": "FOCAL_EDEMA", "ice_orientation": 0, "ice_naming": 0, "ice_commands": 0, "ice_total": 0} | icans_day.grade_of_aphasia /reported_grade | {"consciousness": "AWAKE", "global_aphasia": "Y", "reported_grade": 4, "intracranial_pressure": "PAPILLEDEMA", "ice_orientation": 0, "ice_naming": 0, "ice_commands": 0, "ice_total": 0}
icans_day | {"consciousness": "AWAKE", "global_aphasia": "N", "reported_grade": 2, "ice_orientation": 0, "ice_naming": 0, "ice_commands": 0, "ice_total": 0} | icans_day.grade_below_ice /reported_grade | {"consciousness": "AWAKE", "global_aphasia": "Y", "reported_grade": 5, "ice_orientation": 0, "ice_naming": 0, "ice_commands": 0, "ice_total": 0}
icans_day | {"reported_grade": 1} | icans_day.grade_below_ice /reported_grade | {"reported_grade": 1, "ice_naming": 3, "ice_total": 7}
icans_day | {"reported_grade": 0, "ice_orientation": 4, "ice_naming": 3, "ice_writing": 1, "ice_total": 9} | icans_day.grade_below_ice /reported_grade | {"reported_grade": 0, "ice_orientation": 4, "ice_naming": 3, "ice_writing": 1, "ice_attention": 1, "ice_total": 10}
icans_day | {"reported_grade": 2, "ice_orientation": 1, "ice_naming": 0, "ice_total": 2} | icans_day.grade_below_ice /reported_grade | {"reported_grade": 2, "ice_orientation": 2, "ice_naming": 0, "ice_total": 3}
iec_hs | {"end_date": "2024-05-17"} | iec_hs.end_before_diagnosis /end_date | {"end_date": "2024-05-18"}
iec_hs | {"ferritin_ug_l": 600, "ferritin_rising": "N"} | iec_hs.ferritin_criterion /ferritin_ug_l | {"ferritin_ug_l": 600.1, "ferritin_rising": "N"}
iec_hs | {"ferritin_ug_l": 1720, "ferritin_rising": null, "ferritin_uln_ug_l": null} | iec_hs.ferritin_criterion /ferritin_ug_l | {"ferritin_ug_l": 1721, "ferritin_rising": null, "ferritin_uln_ug_l": null}
iec_hs | {"ferritin_ug_l": 600, "ferritin_rising": "UNK", "ferritin_baseline_ug_l": null} | iec_hs.ferritin_criterion /ferritin_ug_l | {"ferritin_ug_l": 600, "ferritin_rising": "Y"}
iec_hs | {"ferritin_ug_l": 600, "ferritin_rising": "UNK"} | iec_hs.ferritin_criterion /ferritin_ug_l | {"ferritin_ug_l": 600, "ferritin_rising": "N", "ferritin_baseline_ug_l": null, "ferritin_uln_ug_l": null}
iec_hs | {"transaminase_times_reference": 5} | iec_hs.transaminase_item /transaminase_times_reference | {"transaminase_times_reference": 5.1}
iec_hs | {"transaminase_times_reference": 5} | iec_hs.transaminase_item /transaminase_times_reference | {"transaminase_times_reference": 5, "items": ["FIBRINOGEN", "TRIGLYCERIDES"]}
iec_hs | {"fibrinogen_g_l": 1.5} | iec_hs.fibrinogen_item /fibrinogen_g_l | {"fibrinogen_g_l": 1.49}
iec_hs | {"fibrinogen_g_l": 1.5} | iec_hs.fibrinogen_item /fibrinogen_g_l | {"fibrinogen_g_l": 1.5, "items": ["TRANSAMINASES", "TRIGLYCERIDES"]}
iec_hs | {"triglycerides_mmol_l": 2.99} | iec_hs.triglycerides_item /triglycerides_mmol_l | {"triglycerides_mmol_l": 3}
iec_hs | {"triglycerides_mmol_l": 2.99} | iec_hs.triglycerides_item /triglycerides_mmol_l | {"triglycerides_mmol_l": 2.99, "items": ["TRANSAMINASES", "FIBRINOGEN"]}
coagulopathy | {"who_bleeding": null, "isth_score": null, "cdss_score": null} | coagulopathy.score_required /who_bleeding | {"who_bleeding": null, "isth_score": null}
coagulopathy | {"who_bleeding": null, "isth_score": null, "cdss_score": null} | coagulopathy.score_required /who_bleeding | {"isth_score": null, "cdss_score": null}
coagulopathy | {"who_bleeding": null, "isth_score": null, "cdss_score": null, "missing": {"isth_score": "ND"}} | completeness.missing /isth_score | {"who_bleeding": null, "cdss_score": null}
transfusion | {"irradiated": "N", "leukoreduced": "N"} | transfusion.not_treated /irradiated | {"irradiated": "N", "leukoreduced": "Y"}
transfusion | {"component": "PRBC", "irradiated": "N", "leukoreduced": "N"} | transfusion.not_treated /irradiated | {"irradiated": "Y", "leukoreduced": "N"}
transfusion | {"irradiated": "N", "leukoreduced": "N"} | transfusion.not_treated /irradiated | {"component": "FFP", "irradiated": "N", "leukoreduced": "N"}
icaht | {"reported_early_grade": null} | icaht.grade_required /reported_early_grade | {"reported_early_grade": null, "reported_late_grade": 1}
icaht | {"reported_early_grade": null, "missing": {"reported_late_grade": "PEND"}} | completeness.missing /reported_late_grade | {}
icaht | {"days_anc_100": 10} | icaht.days_nested /days_anc_100 | {"days_anc_100": 9}
icaht | {"days_anc_500": 0, "days_anc_100": 0} | icaht.grade_of_days /reported_early_grade | {"days_anc_500": 1, "days_anc_100": 0}
icaht | {"reported_early_grade": 0, "days_anc_500": 1, "days_anc_100": 0} | icaht.grade_of_days /reported_early_grade | {"reported_early_grade": 1, "days_anc_500": 1, "days_anc_100": 0}
icaht | {"reported_early_grade": 0} | icaht.grade_of_days /reported_early_grade | {"reported_early_grade": 0, "days_anc_500": 0, "days_anc_100": 0}
adverse_event | {"end_date": "2024-03-27"} | adverse_event.end_before_start /end_date | {"end_date": "2024-03-28"}
adverse_event | {"end_date": "2024-02"} | adverse_event.end_before_start /end_date | {"end_date": "2024-03"}
adverse_event | {"start_date": "2025", "end_date": "2024"} | adverse_event.end_before_start /end_date | {"start_date": "2024-12", "end_date": "2024"}
adverse_event | {"ctcae_grade": 4} | adverse_event.severe_not_serious /serious | {"ctcae_grade": 3}
adverse_event | {"ctcae_grade": 5} | adverse_event.severe_not_serious /serious | {"ctcae_grade": 5, "serious": "Y"}
infection | {"end_date": "2024-03-26"} | infection.end_before_onset /end_date | {"end_date": "2024-03-27"}
infection | {"mdr": ["ESBL", "NONE"]} | infection.resistance_none_and_some /mdr | {"mdr": ["NONE"]}
infection | {"pathogen_class": "VIRUS", "organism": "CMV"} | infection.resistance_of_pathogen /mdr | {"pathogen_class": "VIRUS", "organism": "CMV", "mdr": ["NONE"]}
infection | {"pathogen_class": "FUNGUS_YEAST", "organism": "CANDIDA", "ifd_certainty": "PROVEN"} | infection.resistance_of_pathogen /mdr | {"pathogen_class": "BACT_GPOS", "organism": "S_AUREUS", "mdr": ["MRSA"]}
infection | {"pathogen_class": "NONE_FOUND", "mdr": null} | infection.organism_without_pathogen /organism | {"pathogen_class": "NONE_FOUND", "organism": null, "mdr": null}
infection | {"pathogen_class": "BACT_GPOS"} | infection.organism_of_class /organism | {"pathogen_class": "BACT_OTHER", "organism": "OTHER", "organism_name": "Legionella pneumophila"}
infection | {"culture_sets": 0} | infection.sets_without_culture /culture_sets | {"culture_sets": 1}
infection | {"blood_culture": "N", "culture_sets": 1} | infection.sets_without_culture /culture_sets | {"blood_culture": "N", "culture_sets": 0}
infection | {"blood_culture": "N"} | infection.sets_without_culture /culture_sets | {"blood_culture": "N", "culture_sets": 0}
infection | {"outcome": "DEATH"} | infection.grade_of_death /outcome | {"outcome": "DEATH", "ctcae_grade": 5}
infection | {"ctcae_grade": 5} | infection.grade_of_death /outcome | {"ctcae_grade": 4}
covid_test | {"result": "NEG"} | covid_test.severity_of_negative /severity | {"result": "NEG", "severity": null, "afebrile_date": null, "afebrile_time": null}
covid_test | {"severity": "ASYMP", "afebrile_date": null} | covid_test.time_without_date /afebrile_time | {"severity": "ASYMP", "afebrile_date": null, "afebrile_time": null}
covid_test | {"afebrile_date": "2024-02-25"} | covid_test.afebrile_before_test /afebrile_date | {"afebrile_date": "2024-02-26"}
second_malignancy | {"category": "T_CELL", "transgene_tested": "UNK", "transgene_result": null} | second_malignancy.transgene_unknown /transgene_tested | {"category": "T_CELL", "transgene_tested": "N", "transgene_result": null}
second_malignancy | {"category": "T_CELL", "transgene_tested": "UNK", "transgene_result": null} | second_malignancy.transgene_unknown /transgene_tested | {"transgene_tested": "UNK", "transgene_result": null}
second_malignancy | {"transgene_tested": "N"} | second_malignancy.transgene_result /transgene_result | {"transgene_tested": "N", "transgene_result": "ND"}
second_malignancy | {"transgene_result": "ND"} | second_malignancy.transgene_result /transgene_result | {"transgene_result": "LOW"}
second_malignancy | {"report_date": "2025-10-31"} | second_malignancy.reported_before_onset /report_date | {"report_date": "2025-11-01"}
response | {"confirmed_by": "2024-04-17"} | response.confirmed_by_earlier /confirmed_by | {"confirmed_by": "2024-04-18"}
response | {"confirmed": "N"} | response.confirmed_by_without_confirmation /confirmed_by | {"confirmed": "N", "confirmed_by": null}
response | {"confirmed": null} | response.confirmed_by_without_confirmation /confirmed_by | {"confirmed": "Y"}
survival_status | {"cause_class": "RELAPSE"} | survival_status.not_dead /cause_class | {}
survival_status | {"status": "DEAD", "death_date": "2025-03-20", "cause_primary": "RELAPSE", "cause_class": "NON_RELAPSE"} | survival_status.class_of_cause /cause_class | {"status": "DEAD", "death_date": "2025-03-20", "cause_primary": "RELAPSE", "cause_class": "RELAPSE"}
survival_status | {"status": "DEAD", "death_date": "2025-03-20", "cause_primary": "RELAPSE", "cause_class": "NON_RELAPSE"} | survival_status.class_of_cause /cause_class | {"status": "DEAD", "death_date": "2025-03-20", "cause_primary": "INFECTION", "cause_class": "NON_RELAPSE"}
myeloma_assessment | {"flc_ratio": 2.11} | myeloma_assessment.flc_ratio /flc_ratio | {"flc_ratio": 2.1}
myeloma_assessment | {"flc_ratio": 1.89} | myeloma_assessment.flc_ratio /flc_ratio | {"flc_ratio": 1.9}
myeloma_assessment | {"flc_lambda_mg_l": 0} | myeloma_assessment.flc_ratio /flc_ratio | {"flc_lambda_mg_l": 0, "flc_ratio": null}
myeloma_assessment | {"flc_kappa_mg_l": 0} | myeloma_assessment.flc_ratio /flc_ratio | {"flc_kappa_mg_l": 0, "flc_lambda_mg_l": 0}
myeloma_assessment | {"serum_ife": "NEG"} | myeloma_assessment.ife_negative /serum_ife | {"serum_ife": "NEG", "serum_m_protein_g_l": 0}
myeloma_assessment | {"urine_m_protein_mg_24h": 1} | myeloma_assessment.ife_negative /urine_ife | {"urine_m_protein_mg_24h": 1, "urine_ife": "POS"}
myeloma_assessment | {"marrow_clonal": "Y", "marrow_plasma_cell_percent": 0} | myeloma_assessment.clonal_without_cells /marrow_clonal | {"marrow_clonal": "Y", "marrow_plasma_cell_percent": 0.5}
myeloma_assessment | {"timepoint": "BASELINE", "plasmacytoma_new": "Y"} | myeloma_assessment.new_at_baseline /plasmacytoma_new | {"plasmacytoma_new": "Y"}
myeloma_assessment | {"timepoint": "BASELINE", "bone_lesion_new": "Y"} | myeloma_assessment.new_at_baseline /bone_lesion_new | {"timepoint": "BASELINE"}
lymphoma_assessment | {"modality": "CT"} | lymphoma_assessment.deauville_without_pet /deauville, lymphoma_assessment.deauville_without_pet /uptake_change | {"modality": "CT", "deauville": null, "uptake_change": null}
lymphoma_assessment | {"deauville": "4", "uptake_change": null} | lymphoma_assessment.uptake_change_expected /uptake_change | {"deauville": "3", "uptake_change": null}
lymphoma_assessment | {"deauville": "5", "uptake_change": null} | lymphoma_assessment.uptake_change_expected /uptake_change | {"deauville": "5"}
lymphoma_assessment | {"deauville": "5", "uptake_change": null, "missing": {"uptake_change": "NK"}} | completeness.missing /uptake_change | {"timepoint": "BASELINE", "deauville": "5", "uptake_change": null, "new_lesions": null}
lymphoma_assessment | {"timepoint": "BASELINE", "new_lesions": null} | lymphoma_assessment.change_at_baseline /uptake_change | {"timepoint": "BASELINE", "uptake_change": null, "new_lesions": "N"}
lymphoma_assessment | {"timepoint": "BASELINE", "uptake_change": null, "new_lesions": "Y"} | lymphoma_assessment.change_at_baseline /new_lesions | {"new_lesions": "Y"}
lesion | {"sdi_mm": 14.1} | lesion.diameters /sdi_mm | {"sdi_mm": 14}
lesion | {"lesion_number": 7} | lesion.target_number /lesion_number | {"lesion_number": 6}
lesion | {"lesion_number": 7} | lesion.target_number /lesion_number | {"lesion_number": 7, "target": false}
lesion | {"new_lesion": true} | lesion.new_target /target | {"new_lesion": true, "target": false}
leukemia_assessment | {"csf_blasts": "Y"} | leukemia_assessment.cns1_with_blasts /cns_status | {"csf_blasts": "UNK"}
leukemia_assessment | {"cns_status": "CNS2"} | leukemia_assessment.cns_without_blasts /cns_status | {"cns_status": "CNS2", "csf_blasts": "Y"}
leukemia_assessment | {"cns_status": "CNS2A"} | leukemia_assessment.cns_without_blasts /cns_status | {"cns_status": "CNS2A", "csf_blasts": "Y"}
leukemia_assessment | {"cns_status": "CNS3"} | leukemia_assessment.cns_without_blasts /cns_status | {"cns_status": "CNS3", "cns_signs": "Y"}
leukemia_assessment | {"cns_status": "CNS3C"} | leukemia_assessment.cns_without_blasts /cns_status | {"cns_status": "CNS3C", "csf_blasts": "Y"}
leukemia_assessment | {"cns_status": "CNS2A", "csf_blasts": "Y", "csf_wbc_ul": 5} | leukemia_assessment.cns_subdivision /cns_status | {"cns_status": "CNS2A", "csf_blasts": "Y", "csf_wbc_ul": 4.9}
leukemia_assessment | {"cns_status": "CNS2A", "csf_blasts": "Y", "csf_rbc_ul": 10} | leukemia_assessment.cns_subdivision /cns_status | {"cns_status": "CNS2A", "csf_blasts": "Y", "csf_rbc_ul": 9}
leukemia_assessment | {"cns_status": "CNS2B", "csf_blasts": "Y", "csf_rbc_ul": 9} | leukemia_assessment.cns_subdivision /cns_status | {"cns_status": "CNS2B", "csf_blasts": "Y", "csf_rbc_ul": 10}
leukemia_assessment | {"cns_status": "CNS2B", "csf_blasts": "Y", "csf_rbc_ul": 10, "csf_wbc_ul": 5} | leukemia_assessment.cns_subdivision /cns_status | {"cns_status": "CNS2C", "csf_blasts": "Y", "csf_rbc_ul": 10, "csf_wbc_ul": 5}
leukemia_assessment | {"cns_status": "CNS2C", "csf_blasts": "Y", "csf_rbc_ul": 10, "csf_wbc_ul": 4} | leukemia_assessment.cns_subdivision /cns_status | {"cns_status": "CNS3B", "csf_blasts": "Y", "csf_rbc_ul": 10, "csf_wbc_ul": 5}
leukemia_assessment | {"cns_status": "CNS3A", "csf_blasts": "Y", "csf_rbc_ul": 10, "csf_wbc_ul": 5} | leukemia_assessment.cns_subdivision /cns_status | {"cns_status": "CNS3A", "csf_blasts": "Y", "csf_rbc_ul": 9, "csf_wbc_ul": 5}
leukemia_assessment | {"cns_status": "CNS3B", "csf_blasts": "Y", "csf_rbc_ul": 9, "csf_wbc_ul": 5} | leukemia_assessment.cns_subdivision /cns_status | {"cns_status": "CNS3C", "csf_blasts": "Y", "csf_rbc_ul": 9, "csf_wbc_ul": 0}
leukemia_assessment | {"anc_10e9_l": 3.3} | leukemia_assessment.anc_above_wbc /anc_10e9_l | {"anc_10e9_l": 3.2}
leukemia_assessment | {"extramedullary_new": "Y"} | leukemia_assessment.new_without_disease /extramedullary_new | {"extramedullary_new": "Y", "extramedullary": "Y"}
mrd | {"sensitivity": 0.00011} | mrd.sensitivity /sensitivity | {"sensitivity": 0.0001}
mrd | {"sensitivity": 0.00011} | mrd.sensitivity /sensitivity | {"sensitivity": 0.00011, "result": "POS", "mrd_level": 0.01}
mrd | {"mrd_level": 0.00001} | mrd.level_of_negative /mrd_level | {"mrd_level": 0}
mrd | {"result": "POS", "mrd_level": 0.0000019} | mrd.level_below_limit /mrd_level | {"result": "POS", "mrd_level": 0.000002}
mrd | {"result": "POS", "mrd_level": 0.0000019} | mrd.level_below_limit /mrd_level | {"result": "BELOW_LOQ", "mrd_level": 0.0000019}
kinetics_sample | {"unit": "CELLS_UL"} | kinetics_sample.unit_of_assay /unit | {"unit": "COPIES_ML"}
kinetics_sample | {"assay": "DDPCR", "unit": "CELLS_UL"} | kinetics_sample.unit_of_assay /unit | {"assay": "DDPCR", "unit": "COPIES_UG"}
kinetics_sample | {"assay": "FLOW"} | kinetics_sample.unit_of_assay /unit | {"assay": "FLOW", "unit": "CELLS_UL"}
kinetics_sample | {"assay": "FLOW", "unit": "COPIES_ML"} | kinetics_sample.unit_of_assay /unit | {"assay": "DDPCR", "unit": "COPIES_ML"}
kinetics_sample | {"lod": 50.1} | kinetics_sample.limits /lloq | {"lod": 50}
kinetics_sample | {"value": 49.9} | kinetics_sample.below_lloq /value | {"value": 50}
kinetics_sample | {"below_lloq": true, "value": 50} | kinetics_sample.below_lloq /value | {"below_lloq": true, "value": 49.9}
kinetics_sample | {"value": 0} | kinetics_sample.below_lloq /value | {"below_lloq": true, "value": 0}
kinetics_sample | {"unit": null} | value.mandatory /unit | {}
immunoglobulin | {"dose_g": null} | immunoglobulin.dose_required /dose_g | {"dose_g": null, "dose_mg_kg": 400}
immunoglobulin | {"dose_g": null, "missing": {"dose_mg_kg": "NK"}} | completeness.missing /dose_mg_kg | {"dose_mg_kg": 50}
immunoglobulin | {"days": null} | immunoglobulin.days_expected /days | {"days": 1}
immunoglobulin | {"days": null, "missing": {"days": "NK"}} | completeness.missing /days | {"dose_g": null, "dose_mg_kg": 400, "days": null}
immunoglobulin | {"dose_g": 0} | immunoglobulin.dose_zero /dose_g | {"dose_g": 0.1}
vaccination | {"live": "Y"} | vaccination.live_of_platform /live | {"live": "UNK"}
vaccination | {"platform": "MRNA", "live": "Y"} | vaccination.live_of_platform /live | {"platform": "OTHER", "live": "Y"}
vaccination | {"platform": "RECOMB", "live": "Y"} | vaccination.live_of_platform /live | {"platform": "RECOMB"}
vaccination | {"platform": "LIVE_ATT"} | vaccination.live_of_platform /live | {"platform": "LIVE_ATT", "live": "Y"}
vaccination | {"platform": "VECTOR_LIVE"} | vaccination.live_of_platform /live | {"platform": "VECTOR_LIVE", "live": "Y"}
hbv_course | {"na_end_date": "2024-03-07"} | hbv_course.end_before_start /na_end_date | {"na_end_date": "2024-03-08"}
hbv_course | {"na_drug": "NONE"} | hbv_course.dates_without_drug /na_start_date, hbv_course.dates_without_drug /na_end_date | {"na_drug": "NONE", "na_start_date": null, "na_end_date": null}
hbv_course | {"hbv_group": "SAG_POS", "na_drug": "NONE", "na_start_date": null, "na_end_date": null} | hbv_course.antiviral_expected /na_drug | {"hbv_group": "SAG_POS"}
hbv_course | {"hbv_group": "SAG_NEG_CAB_POS_DNA_POS", "na_drug": "NONE", "na_start_date": null, "na_end_date": null} | hbv_course.antiviral_expected /na_drug | {"hbv_group": "ALL_NEG", "na_drug": "NONE", "na_start_date": null, "na_end_date": null}
hbv_course | {"reactivation_date": "2025-01-02"} | hbv_course.details_without_reactivation /reactivation_date | {"reactivation": "Y", "reactivation_date": "2025-01-02", "reactivation_definition": "AASLD2018"}
hbv_course | {"reactivation_definition": "CHB2019"} | hbv_course.details_without_reactivation /reactivation_definition | {"reactivation": "UNK"}
visit | {"mode": "PHONE"} | visit.items_of_mode /items | {"mode": "PHONE", "items": ["HISTORY"]}
visit | {"mode": "REMOTE"} | visit.items_of_mode /items | {"mode": "RECORD"}
subsequent_therapy | {"indication": "MAINTENANCE"} | subsequent_therapy.maintenance_by_cells /indication | {"indication": "MAINTENANCE", "therapy": "TKI"}
subsequent_therapy | {"indication": "MAINTENANCE", "therapy": "HCT_AUTO"} | subsequent_therapy.maintenance_by_cells /indication | {"indication": "RELAPSE"}
subsequent_therapy | {"indication": "MAINTENANCE", "therapy": "CAR_T"} | subsequent_therapy.maintenance_by_cells /indication | {}
"#;

fn cases() -> impl Iterator<Item = [&'static str; 4]> {
    CASES.lines().filter(|line| !line.is_empty()).map(|line| {
        let parts: Vec<&str> = line.split(" | ").collect();
        parts.try_into().unwrap_or_else(|_| panic!("four parts in {line:?}"))
    })
}

#[test]
fn every_rule_fires_on_its_side_only() {
    for [name, broken, findings, other_side] in cases() {
        let change = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
        let expected: Vec<&str> = findings.split(", ").collect();
        assert_eq!(found(name, &change(broken)), expected, "{name} {broken}");
        assert_eq!(found(name, &change(other_side)), Vec::<String>::new(), "{name} {other_side}");
    }
}

#[test]
fn no_rule_is_left_out_of_the_table() {
    let shown: BTreeSet<&str> = cases().flat_map(|[_, _, findings, _]| findings.split([',', ' '])).collect();
    for (name, _) in EXAMPLES.iter().filter(|(name, _)| !EARLIER.contains(name)) {
        for rule in form(name).rules {
            assert!(shown.contains(rule.id), "{}", rule.id);
            assert_eq!(rule.id.split_once('.').unwrap().0, *name, "a rule's id begins with its form");
        }
    }
}
