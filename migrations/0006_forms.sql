-- The forms of the whole data dictionary. Each table is what `sequela forms ddl` prints for its form.

alter table patient
  add column race_ethnicity text,
  add column pseudonym_version text,
  add constraint patient_race_ethnicity_accepts check (char_length(race_ethnicity) between 1 and 500),
  add constraint patient_pseudonym_version_accepts check (pseudonym_version ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(pseudonym_version) <= 32);

alter table disease
  add column tumor_burden_definition text,
  add column extramedullary_sites text,
  add column cns_suspected text,
  add constraint disease_tumor_burden_definition_accepts check (char_length(tumor_burden_definition) between 1 and 500),
  add constraint disease_extramedullary_sites_accepts check (extramedullary_sites ~ '^(CNS|EYE|HEAD_NECK|LUNG|PLEURA|MEDIASTINUM|LIVER|SPLEEN|GI|KIDNEY|GONAD|BREAST|BONE|PARAMEDULLARY|SOFT_TISSUE|SKIN|OTHER)(;(CNS|EYE|HEAD_NECK|LUNG|PLEURA|MEDIASTINUM|LIVER|SPLEEN|GI|KIDNEY|GONAD|BREAST|BONE|PARAMEDULLARY|SOFT_TISSUE|SKIN|OTHER))*$'),
  add constraint disease_cns_suspected_accepts check (cns_suspected in ('Y', 'N', 'UNK'));

alter table infusion
  add column start_time text,
  add column end_date date,
  add column end_time text,
  add column dose_per_kg double precision,
  add column dose_per_kg_reported double precision,
  add column ecog integer,
  add column clinical_trial text,
  add constraint infusion_start_time_accepts check (start_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  add constraint infusion_end_time_accepts check (end_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  add constraint infusion_dose_per_kg_accepts check (dose_per_kg between 4e2 and 5e8),
  add constraint infusion_dose_per_kg_reported_accepts check (dose_per_kg_reported between 4e2 and 5e8),
  add constraint infusion_ecog_accepts check (ecog between 0 and 4),
  add constraint infusion_clinical_trial_accepts check (clinical_trial in ('Y', 'N', 'UNK'));

alter table response
  add column confirmed_by date;

alter table survival_status
  add column cause_class text,
  add constraint survival_status_cause_class_accepts check (cause_class in ('RELAPSE', 'NON_RELAPSE', 'UNK'));

create table lab_reference_range (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  analyte text not null,
  unit text not null,
  sex text not null,
  age_from integer not null,
  valid_from date not null,
  age_to integer,
  valid_to date,
  low double precision,
  high double precision,
  missing jsonb,
  constraint lab_reference_range_pk primary key (center_id, record_id),
  constraint lab_reference_range_key unique (center_id, analyte, unit, sex, age_from, valid_from),
  constraint lab_reference_range_center_fk foreign key (center_id) references center (center_id),
  constraint lab_reference_range_analyte_accepts check (analyte ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(analyte) <= 32),
  constraint lab_reference_range_unit_accepts check (char_length(unit) between 1 and 24),
  constraint lab_reference_range_sex_accepts check (sex in ('F', 'M', 'ANY')),
  constraint lab_reference_range_age_from_accepts check (age_from between 0 and 120),
  constraint lab_reference_range_age_to_accepts check (age_to between 0 and 120),
  constraint lab_reference_range_low_accepts check (low between 0e0 and 1e11),
  constraint lab_reference_range_high_accepts check (high between 0e0 and 1e11),
  constraint lab_reference_range_version_accepts check (version >= 1)
);
alter table lab_reference_range enable row level security;
alter table lab_reference_range force row level security;
create policy lab_reference_range_scope on lab_reference_range to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy lab_reference_range_export on lab_reference_range for select to sequela_exporter using (true);
grant select, insert, update on lab_reference_range to sequela_app;
grant select on lab_reference_range to sequela_exporter;

create table center_assay (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  assay text not null,
  specimen text not null,
  unit text not null,
  valid_from date not null,
  valid_to date,
  lod double precision,
  lloq double precision,
  reagent text,
  missing jsonb,
  constraint center_assay_pk primary key (center_id, record_id),
  constraint center_assay_key unique (center_id, assay, specimen, unit, valid_from),
  constraint center_assay_center_fk foreign key (center_id) references center (center_id),
  constraint center_assay_assay_accepts check (assay in ('QPCR', 'DDPCR', 'FLOW')),
  constraint center_assay_specimen_accepts check (specimen in ('BM', 'PB', 'CSF')),
  constraint center_assay_unit_accepts check (unit in ('COPIES_UG', 'COPIES_ML', 'CELLS_UL')),
  constraint center_assay_lod_accepts check (lod between 1e-6 and 1e9),
  constraint center_assay_lloq_accepts check (lloq between 1e-6 and 1e9),
  constraint center_assay_lloq_given check ((lloq is not null) <> coalesce(missing ? 'lloq', false)),
  constraint center_assay_reagent_accepts check (char_length(reagent) between 1 and 200),
  constraint center_assay_version_accepts check (version >= 1)
);
alter table center_assay enable row level security;
alter table center_assay force row level security;
create policy center_assay_scope on center_assay to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy center_assay_export on center_assay for select to sequela_exporter using (true);
grant select, insert, update on center_assay to sequela_app;
grant select on center_assay to sequela_exporter;

create table nhl_baseline (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  histology text,
  who_code text,
  fl_grade text,
  path_date text,
  myc text,
  bcl2 text,
  bcl6 text,
  cd19_result text,
  cd19_method text,
  cd19_percent double precision,
  ipi integer,
  bulky_cm double precision,
  suvmax double precision,
  gi_involved text,
  missing jsonb,
  constraint nhl_baseline_pk primary key (center_id, record_id),
  constraint nhl_baseline_key unique (center_id, patient_id),
  constraint nhl_baseline_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint nhl_baseline_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint nhl_baseline_histology_accepts check (histology in ('DLBCL_NOS', 'TFL_LBCL', 'PMBCL', 'HGBCL_NOS', 'HGBCL_DH_TH', 'FL_1_3A', 'FL_3B', 'MCL', 'OTHER')),
  constraint nhl_baseline_histology_given check ((histology is not null) <> coalesce(missing ? 'histology', false)),
  constraint nhl_baseline_who_code_accepts check (char_length(who_code) between 1 and 40),
  constraint nhl_baseline_fl_grade_accepts check (fl_grade in ('1', '2', '3A', '3B')),
  constraint nhl_baseline_fl_grade_given check (coalesce(histology::text not in ('FL_1_3A', 'FL_3B'), true) or ((fl_grade is not null) <> coalesce(missing ? 'fl_grade', false))),
  constraint nhl_baseline_path_date_accepts check (path_date ~ '^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$'),
  constraint nhl_baseline_path_date_given check ((path_date is not null) <> coalesce(missing ? 'path_date', false)),
  constraint nhl_baseline_myc_accepts check (myc in ('Y', 'N', 'UNK')),
  constraint nhl_baseline_bcl2_accepts check (bcl2 in ('Y', 'N', 'UNK')),
  constraint nhl_baseline_bcl6_accepts check (bcl6 in ('Y', 'N', 'UNK')),
  constraint nhl_baseline_cd19_result_accepts check (cd19_result in ('POS', 'NEG', 'DIM')),
  constraint nhl_baseline_cd19_result_given check ((cd19_result is not null) <> coalesce(missing ? 'cd19_result', false)),
  constraint nhl_baseline_cd19_method_accepts check (cd19_method in ('IHC', 'FLOW')),
  constraint nhl_baseline_cd19_percent_accepts check (cd19_percent between 0e0 and 1e2),
  constraint nhl_baseline_ipi_accepts check (ipi between 0 and 5),
  constraint nhl_baseline_bulky_cm_accepts check (bulky_cm between 0e0 and 4e1),
  constraint nhl_baseline_suvmax_accepts check (suvmax between 0e0 and 1e2),
  constraint nhl_baseline_gi_involved_accepts check (gi_involved in ('Y', 'N', 'UNK')),
  constraint nhl_baseline_gi_involved_given check ((gi_involved is not null) <> coalesce(missing ? 'gi_involved', false)),
  constraint nhl_baseline_version_accepts check (version >= 1)
);
alter table nhl_baseline enable row level security;
alter table nhl_baseline force row level security;
create policy nhl_baseline_scope on nhl_baseline to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy nhl_baseline_export on nhl_baseline for select to sequela_exporter using (true);
grant select, insert, update on nhl_baseline to sequela_app;
grant select on nhl_baseline to sequela_exporter;

create table myeloma_baseline (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  m_type text,
  light_chain text,
  measurable_type text,
  high_risk_fish text,
  baseline_m_serum double precision,
  baseline_m_urine double precision,
  baseline_kappa double precision,
  baseline_lambda double precision,
  baseline_bmpc double precision,
  baseline_circulating_pc double precision,
  plasmacytoma_spd double precision,
  bcma_percent double precision,
  emd_type text,
  amyloidosis text,
  missing jsonb,
  constraint myeloma_baseline_pk primary key (center_id, record_id),
  constraint myeloma_baseline_key unique (center_id, patient_id),
  constraint myeloma_baseline_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint myeloma_baseline_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint myeloma_baseline_m_type_accepts check (m_type in ('IgG', 'IgA', 'IgD', 'IgE', 'IgM', 'LC', 'NON_SEC')),
  constraint myeloma_baseline_m_type_given check ((m_type is not null) <> coalesce(missing ? 'm_type', false)),
  constraint myeloma_baseline_light_chain_accepts check (light_chain in ('KAPPA', 'LAMBDA')),
  constraint myeloma_baseline_light_chain_given check ((light_chain is not null) <> coalesce(missing ? 'light_chain', false)),
  constraint myeloma_baseline_measurable_type_accepts check (measurable_type in ('SERUM', 'URINE', 'BOTH', 'FLC_ONLY', 'MARROW_ONLY', 'PLASMACYTOMA_ONLY', 'CIRC_PC_ONLY', 'NONE')),
  constraint myeloma_baseline_measurable_type_given check ((measurable_type is not null) <> coalesce(missing ? 'measurable_type', false)),
  constraint myeloma_baseline_high_risk_fish_accepts check (high_risk_fish ~ '^(NONE|DEL17P|T_4_14|T_14_16|GAIN_1Q|OTHER)(;(NONE|DEL17P|T_4_14|T_14_16|GAIN_1Q|OTHER))*$'),
  constraint myeloma_baseline_baseline_m_serum_accepts check (baseline_m_serum between 0e0 and 1.5e2),
  constraint myeloma_baseline_baseline_m_serum_given check (coalesce(measurable_type::text not in ('SERUM', 'BOTH'), true) or ((baseline_m_serum is not null) <> coalesce(missing ? 'baseline_m_serum', false))),
  constraint myeloma_baseline_baseline_m_urine_accepts check (baseline_m_urine between 0e0 and 3e4),
  constraint myeloma_baseline_baseline_m_urine_given check (coalesce(measurable_type::text not in ('URINE', 'BOTH'), true) or ((baseline_m_urine is not null) <> coalesce(missing ? 'baseline_m_urine', false))),
  constraint myeloma_baseline_baseline_kappa_accepts check (baseline_kappa between 0e0 and 2e4),
  constraint myeloma_baseline_baseline_kappa_given check (coalesce(measurable_type::text not in ('FLC_ONLY'), true) or ((baseline_kappa is not null) <> coalesce(missing ? 'baseline_kappa', false))),
  constraint myeloma_baseline_baseline_lambda_accepts check (baseline_lambda between 0e0 and 2e4),
  constraint myeloma_baseline_baseline_lambda_given check (coalesce(measurable_type::text not in ('FLC_ONLY'), true) or ((baseline_lambda is not null) <> coalesce(missing ? 'baseline_lambda', false))),
  constraint myeloma_baseline_baseline_bmpc_accepts check (baseline_bmpc between 0e0 and 1e2),
  constraint myeloma_baseline_baseline_bmpc_given check (coalesce(measurable_type::text not in ('MARROW_ONLY'), true) or ((baseline_bmpc is not null) <> coalesce(missing ? 'baseline_bmpc', false))),
  constraint myeloma_baseline_baseline_circulating_pc_accepts check (baseline_circulating_pc between 0e0 and 1e5),
  constraint myeloma_baseline_baseline_circulating_pc_given check (coalesce(measurable_type::text not in ('CIRC_PC_ONLY'), true) or ((baseline_circulating_pc is not null) <> coalesce(missing ? 'baseline_circulating_pc', false))),
  constraint myeloma_baseline_plasmacytoma_spd_accepts check (plasmacytoma_spd between 0e0 and 1e5),
  constraint myeloma_baseline_plasmacytoma_spd_given check (coalesce(measurable_type::text not in ('PLASMACYTOMA_ONLY'), true) or ((plasmacytoma_spd is not null) <> coalesce(missing ? 'plasmacytoma_spd', false))),
  constraint myeloma_baseline_bcma_percent_accepts check (bcma_percent between 0e0 and 1e2),
  constraint myeloma_baseline_emd_type_accepts check (emd_type in ('NONE', 'PARASKELETAL', 'EXTRAOSSEOUS', 'BOTH')),
  constraint myeloma_baseline_emd_type_given check ((emd_type is not null) <> coalesce(missing ? 'emd_type', false)),
  constraint myeloma_baseline_amyloidosis_accepts check (amyloidosis in ('Y', 'N', 'UNK')),
  constraint myeloma_baseline_version_accepts check (version >= 1)
);
alter table myeloma_baseline enable row level security;
alter table myeloma_baseline force row level security;
create policy myeloma_baseline_scope on myeloma_baseline to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy myeloma_baseline_export on myeloma_baseline for select to sequela_exporter using (true);
grant select, insert, update on myeloma_baseline to sequela_app;
grant select on myeloma_baseline to sequela_exporter;

create table b_all_baseline (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  ph_positive text,
  fusion_genes text,
  blast_percent double precision,
  peripheral_blast_percent double precision,
  disease_status text,
  relapse_number integer,
  cns_status text,
  prior_blinatumomab text,
  prior_inotuzumab text,
  cd19_flow_percent double precision,
  cd22_flow_percent double precision,
  missing jsonb,
  constraint b_all_baseline_pk primary key (center_id, record_id),
  constraint b_all_baseline_key unique (center_id, patient_id),
  constraint b_all_baseline_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint b_all_baseline_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint b_all_baseline_ph_positive_accepts check (ph_positive in ('Y', 'N', 'UNK')),
  constraint b_all_baseline_ph_positive_given check ((ph_positive is not null) <> coalesce(missing ? 'ph_positive', false)),
  constraint b_all_baseline_fusion_genes_accepts check (fusion_genes ~ '^(NONE|BCR_ABL1|KMT2A|ETV6_RUNX1|TCF3_PBX1|TCF3_HLF|ABL_CLASS|CRLF2|ZNF384|MEF2D|DUX4|OTHER)(;(NONE|BCR_ABL1|KMT2A|ETV6_RUNX1|TCF3_PBX1|TCF3_HLF|ABL_CLASS|CRLF2|ZNF384|MEF2D|DUX4|OTHER))*$'),
  constraint b_all_baseline_blast_percent_accepts check (blast_percent between 0e0 and 1e2),
  constraint b_all_baseline_blast_percent_given check ((blast_percent is not null) <> coalesce(missing ? 'blast_percent', false)),
  constraint b_all_baseline_peripheral_blast_percent_accepts check (peripheral_blast_percent between 0e0 and 1e2),
  constraint b_all_baseline_disease_status_accepts check (disease_status in ('PRIMARY_REFRACTORY', 'RELAPSE_1', 'RELAPSE_2PLUS', 'POST_ALLO_RELAPSE', 'MRD_POS_CR')),
  constraint b_all_baseline_disease_status_given check ((disease_status is not null) <> coalesce(missing ? 'disease_status', false)),
  constraint b_all_baseline_relapse_number_accepts check (relapse_number between 0 and 10),
  constraint b_all_baseline_cns_status_accepts check (cns_status in ('CNS1', 'CNS2', 'CNS2A', 'CNS2B', 'CNS2C', 'CNS3', 'CNS3A', 'CNS3B', 'CNS3C')),
  constraint b_all_baseline_cns_status_given check ((cns_status is not null) <> coalesce(missing ? 'cns_status', false)),
  constraint b_all_baseline_prior_blinatumomab_accepts check (prior_blinatumomab in ('Y', 'N', 'UNK')),
  constraint b_all_baseline_prior_inotuzumab_accepts check (prior_inotuzumab in ('Y', 'N', 'UNK')),
  constraint b_all_baseline_cd19_flow_percent_accepts check (cd19_flow_percent between 0e0 and 1e2),
  constraint b_all_baseline_cd22_flow_percent_accepts check (cd22_flow_percent between 0e0 and 1e2),
  constraint b_all_baseline_version_accepts check (version >= 1)
);
alter table b_all_baseline enable row level security;
alter table b_all_baseline force row level security;
create policy b_all_baseline_scope on b_all_baseline to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy b_all_baseline_export on b_all_baseline for select to sequela_exporter using (true);
grant select, insert, update on b_all_baseline to sequela_app;
grant select on b_all_baseline to sequela_exporter;

create table prior_line (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  line_number integer not null,
  start_date text,
  end_date text,
  drug_classes text,
  best_response text,
  relapsed text,
  relapse_date text,
  is_bridging boolean,
  lymphotoxic_drugs text,
  regimen text,
  missing jsonb,
  constraint prior_line_pk primary key (center_id, record_id),
  constraint prior_line_key unique (center_id, patient_id, line_number),
  constraint prior_line_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint prior_line_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint prior_line_line_number_accepts check (line_number between 1 and 20),
  constraint prior_line_start_date_accepts check (start_date ~ '^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$'),
  constraint prior_line_start_date_given check ((start_date is not null) <> coalesce(missing ? 'start_date', false)),
  constraint prior_line_end_date_accepts check (end_date ~ '^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$'),
  constraint prior_line_end_date_given check ((end_date is not null) <> coalesce(missing ? 'end_date', false)),
  constraint prior_line_drug_classes_accepts check (drug_classes ~ '^(CD20|ANTHRACYCLINE|ALKYLATOR|PI|IMID|CD38|BTKI|BISPECIFIC|BLINA|INO|OTHER)(;(CD20|ANTHRACYCLINE|ALKYLATOR|PI|IMID|CD38|BTKI|BISPECIFIC|BLINA|INO|OTHER))*$'),
  constraint prior_line_drug_classes_given check ((drug_classes is not null) <> coalesce(missing ? 'drug_classes', false)),
  constraint prior_line_best_response_accepts check (best_response in ('sCR', 'CR', 'VGPR', 'PR', 'MR', 'SD', 'PD', 'CMR', 'PMR', 'NMR', 'PMD', 'CRh', 'CRi', 'NR', 'RELAPSE', 'NE')),
  constraint prior_line_best_response_given check ((best_response is not null) <> coalesce(missing ? 'best_response', false)),
  constraint prior_line_relapsed_accepts check (relapsed in ('Y', 'N', 'UNK')),
  constraint prior_line_relapse_date_accepts check (relapse_date ~ '^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$'),
  constraint prior_line_relapse_date_given check (coalesce(relapsed::text not in ('Y'), true) or ((relapse_date is not null) <> coalesce(missing ? 'relapse_date', false))),
  constraint prior_line_is_bridging_given check ((is_bridging is not null) <> coalesce(missing ? 'is_bridging', false)),
  constraint prior_line_lymphotoxic_drugs_accepts check (lymphotoxic_drugs ~ '^(BENDAMUSTINE|FLUDARABINE|CLADRIBINE|LENALIDOMIDE|OTHER)(;(BENDAMUSTINE|FLUDARABINE|CLADRIBINE|LENALIDOMIDE|OTHER))*$'),
  constraint prior_line_regimen_accepts check (char_length(regimen) between 1 and 500),
  constraint prior_line_version_accepts check (version >= 1)
);
alter table prior_line enable row level security;
alter table prior_line force row level security;
create policy prior_line_scope on prior_line to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy prior_line_export on prior_line for select to sequela_exporter using (true);
grant select, insert, update on prior_line to sequela_app;
grant select on prior_line to sequela_exporter;

create table prior_hct (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  hct_number integer not null,
  hct_type text,
  hct_date text,
  gvhd_active text,
  immunosuppression text,
  missing jsonb,
  constraint prior_hct_pk primary key (center_id, record_id),
  constraint prior_hct_key unique (center_id, patient_id, hct_number),
  constraint prior_hct_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint prior_hct_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint prior_hct_hct_number_accepts check (hct_number between 1 and 5),
  constraint prior_hct_hct_type_accepts check (hct_type in ('AUTO', 'ALLO')),
  constraint prior_hct_hct_type_given check ((hct_type is not null) <> coalesce(missing ? 'hct_type', false)),
  constraint prior_hct_hct_date_accepts check (hct_date ~ '^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$'),
  constraint prior_hct_hct_date_given check ((hct_date is not null) <> coalesce(missing ? 'hct_date', false)),
  constraint prior_hct_gvhd_active_accepts check (gvhd_active in ('Y', 'N', 'UNK')),
  constraint prior_hct_gvhd_active_given check (coalesce(hct_type::text not in ('ALLO'), true) or ((gvhd_active is not null) <> coalesce(missing ? 'gvhd_active', false))),
  constraint prior_hct_immunosuppression_accepts check (immunosuppression in ('Y', 'N', 'UNK')),
  constraint prior_hct_immunosuppression_given check (coalesce(hct_type::text not in ('ALLO'), true) or ((immunosuppression is not null) <> coalesce(missing ? 'immunosuppression', false))),
  constraint prior_hct_version_accepts check (version >= 1)
);
alter table prior_hct enable row level security;
alter table prior_hct force row level security;
create policy prior_hct_scope on prior_hct to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy prior_hct_export on prior_hct for select to sequela_exporter using (true);
grant select, insert, update on prior_hct to sequela_app;
grant select on prior_hct to sequela_exporter;

create table pretreatment_item (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  item text not null,
  item_number integer not null,
  done text,
  assessment_date date,
  result_code text,
  result_text text,
  not_done_reason text,
  missing jsonb,
  constraint pretreatment_item_pk primary key (center_id, record_id),
  constraint pretreatment_item_key unique (center_id, patient_id, infusion_number, item, item_number),
  constraint pretreatment_item_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint pretreatment_item_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint pretreatment_item_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint pretreatment_item_item_accepts check (item in ('HISTORY', 'EXAM', 'VITALS', 'PETCT', 'CECT', 'CT_CHEST', 'CT_ABDOMEN', 'US_ABDOMEN', 'USG', 'MRI_HEAD', 'MRI_HEAD_PLAIN', 'MRI_BODY', 'LDCT_BODY', 'LOCAL_CT_MRI', 'ECHO', 'ECG', 'ENDOSCOPY', 'BM_ASP', 'BM_BX', 'BM_FLOW', 'CSF', 'CSF_FLOW', 'EMD_BIOPSY', 'BCMA', 'CD19')),
  constraint pretreatment_item_item_number_accepts check (item_number between 1 and 20),
  constraint pretreatment_item_done_accepts check (done in ('Y', 'N', 'UNK')),
  constraint pretreatment_item_done_given check ((done is not null) <> coalesce(missing ? 'done', false)),
  constraint pretreatment_item_assessment_date_given check (coalesce(done::text not in ('Y'), true) or ((assessment_date is not null) <> coalesce(missing ? 'assessment_date', false))),
  constraint pretreatment_item_result_code_accepts check (result_code in ('NORMAL', 'ABNORMAL', 'POS', 'NEG', 'INCONCLUSIVE')),
  constraint pretreatment_item_result_text_accepts check (char_length(result_text) between 1 and 500),
  constraint pretreatment_item_not_done_reason_accepts check (not_done_reason in ('CONTRAINDICATED', 'CONTRAST_ALLERGY', 'NOT_FEASIBLE', 'NOT_AVAILABLE', 'REFUSED', 'NOT_INDICATED', 'OTHER')),
  constraint pretreatment_item_version_accepts check (version >= 1)
);
alter table pretreatment_item enable row level security;
alter table pretreatment_item force row level security;
create policy pretreatment_item_scope on pretreatment_item to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy pretreatment_item_export on pretreatment_item for select to sequela_exporter using (true);
grant select, insert, update on pretreatment_item to sequela_app;
grant select on pretreatment_item to sequela_exporter;

create table pretreatment_status (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  assessment_date date,
  ecog integer,
  kps integer,
  life_expectancy_wk double precision,
  lvef double precision,
  crcl double precision,
  spo2_room double precision,
  childbearing_potential text,
  pregnancy_test text,
  pregnancy_test_date date,
  b_symptoms text,
  risk_flags text,
  ice_baseline integer,
  bridge_indications text,
  cns_involved text,
  gvhd_active text,
  autoimmune text,
  uncontrolled_infection text,
  drug_contraindications text,
  hepatology_consult text,
  risk_benefit_documented text,
  renal_plan_documented text,
  missing jsonb,
  constraint pretreatment_status_pk primary key (center_id, record_id),
  constraint pretreatment_status_key unique (center_id, patient_id, infusion_number),
  constraint pretreatment_status_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint pretreatment_status_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint pretreatment_status_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint pretreatment_status_assessment_date_given check ((assessment_date is not null) <> coalesce(missing ? 'assessment_date', false)),
  constraint pretreatment_status_ecog_accepts check (ecog between 0 and 4),
  constraint pretreatment_status_ecog_given check ((ecog is not null) <> coalesce(missing ? 'ecog', false)),
  constraint pretreatment_status_kps_accepts check (kps between 0 and 100),
  constraint pretreatment_status_life_expectancy_wk_accepts check (life_expectancy_wk between 0e0 and 5.2e2),
  constraint pretreatment_status_life_expectancy_wk_given check ((life_expectancy_wk is not null) <> coalesce(missing ? 'life_expectancy_wk', false)),
  constraint pretreatment_status_lvef_accepts check (lvef between 5e0 and 9e1),
  constraint pretreatment_status_crcl_accepts check (crcl between 0e0 and 2.5e2),
  constraint pretreatment_status_spo2_room_accepts check (spo2_room between 5e1 and 1e2),
  constraint pretreatment_status_childbearing_potential_accepts check (childbearing_potential in ('Y', 'N', 'UNK')),
  constraint pretreatment_status_pregnancy_test_accepts check (pregnancy_test in ('POS', 'NEG')),
  constraint pretreatment_status_pregnancy_test_given check (coalesce(childbearing_potential::text not in ('Y'), true) or ((pregnancy_test is not null) <> coalesce(missing ? 'pregnancy_test', false))),
  constraint pretreatment_status_b_symptoms_accepts check (b_symptoms in ('Y', 'N', 'UNK')),
  constraint pretreatment_status_risk_flags_accepts check (risk_flags ~ '^(CNS|GI|HBV)(;(CNS|GI|HBV))*$'),
  constraint pretreatment_status_ice_baseline_accepts check (ice_baseline between 0 and 10),
  constraint pretreatment_status_ice_baseline_given check ((ice_baseline is not null) <> coalesce(missing ? 'ice_baseline', false)),
  constraint pretreatment_status_bridge_indications_accepts check (bridge_indications ~ '^(LONG_MANUF|AGGRESSIVE|HIGH_BURDEN|SPECIAL_SITE|COMPRESSION|HIGH_SUV)(;(LONG_MANUF|AGGRESSIVE|HIGH_BURDEN|SPECIAL_SITE|COMPRESSION|HIGH_SUV))*$'),
  constraint pretreatment_status_cns_involved_accepts check (cns_involved in ('Y', 'N', 'UNK')),
  constraint pretreatment_status_gvhd_active_accepts check (gvhd_active in ('Y', 'N', 'UNK')),
  constraint pretreatment_status_autoimmune_accepts check (autoimmune in ('Y', 'N', 'UNK')),
  constraint pretreatment_status_uncontrolled_infection_accepts check (uncontrolled_infection in ('Y', 'N', 'UNK')),
  constraint pretreatment_status_drug_contraindications_accepts check (drug_contraindications ~ '^(SULFONAMIDE|G6PD|LEVETIRACETAM|ANTIPYRETIC|ANTIHISTAMINE|MANUFACTURING|INFLAMMATION)(;(SULFONAMIDE|G6PD|LEVETIRACETAM|ANTIPYRETIC|ANTIHISTAMINE|MANUFACTURING|INFLAMMATION))*$'),
  constraint pretreatment_status_hepatology_consult_accepts check (hepatology_consult in ('Y', 'N', 'UNK')),
  constraint pretreatment_status_risk_benefit_documented_accepts check (risk_benefit_documented in ('Y', 'N', 'UNK')),
  constraint pretreatment_status_renal_plan_documented_accepts check (renal_plan_documented in ('Y', 'N', 'UNK')),
  constraint pretreatment_status_version_accepts check (version >= 1)
);
alter table pretreatment_status enable row level security;
alter table pretreatment_status force row level security;
create policy pretreatment_status_scope on pretreatment_status to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy pretreatment_status_export on pretreatment_status for select to sequela_exporter using (true);
grant select, insert, update on pretreatment_status to sequela_app;
grant select on pretreatment_status to sequela_exporter;

create table apheresis (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  apheresis_number integer not null,
  apheresis_date date,
  alc double precision,
  alc_date date,
  mnc double precision,
  volume_l double precision,
  cd3 double precision,
  active_infection text,
  outcome text,
  release_date date,
  missing jsonb,
  constraint apheresis_pk primary key (center_id, record_id),
  constraint apheresis_key unique (center_id, patient_id, infusion_number, apheresis_number),
  constraint apheresis_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint apheresis_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint apheresis_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint apheresis_apheresis_number_accepts check (apheresis_number between 1 and 9),
  constraint apheresis_apheresis_date_given check ((apheresis_date is not null) <> coalesce(missing ? 'apheresis_date', false)),
  constraint apheresis_alc_accepts check (alc between 0e0 and 5e2),
  constraint apheresis_alc_given check ((alc is not null) <> coalesce(missing ? 'alc', false)),
  constraint apheresis_mnc_accepts check (mnc between 0e0 and 1e2),
  constraint apheresis_volume_l_accepts check (volume_l between 0e0 and 4e1),
  constraint apheresis_cd3_accepts check (cd3 between 0e0 and 1e2),
  constraint apheresis_active_infection_accepts check (active_infection in ('Y', 'N', 'UNK')),
  constraint apheresis_active_infection_given check ((active_infection is not null) <> coalesce(missing ? 'active_infection', false)),
  constraint apheresis_outcome_accepts check (outcome in ('RELEASED', 'OOS_INFUSED', 'FAILED_MANUF', 'NOT_INFUSED', 'DIED')),
  constraint apheresis_outcome_given check ((outcome is not null) <> coalesce(missing ? 'outcome', false)),
  constraint apheresis_version_accepts check (version >= 1)
);
alter table apheresis enable row level security;
alter table apheresis force row level security;
create policy apheresis_scope on apheresis to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy apheresis_export on apheresis for select to sequela_exporter using (true);
grant select, insert, update on apheresis to sequela_app;
grant select on apheresis to sequela_exporter;

create table bridging (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  bridging_number integer not null,
  given text,
  modalities text,
  start_date date,
  end_date date,
  rt_site text,
  rt_gy double precision,
  rt_end_date date,
  response text,
  regimen text,
  missing jsonb,
  constraint bridging_pk primary key (center_id, record_id),
  constraint bridging_key unique (center_id, patient_id, infusion_number, bridging_number),
  constraint bridging_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint bridging_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint bridging_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint bridging_bridging_number_accepts check (bridging_number between 1 and 9),
  constraint bridging_given_accepts check (given in ('Y', 'N', 'UNK')),
  constraint bridging_given_given check ((given is not null) <> coalesce(missing ? 'given', false)),
  constraint bridging_modalities_accepts check (modalities ~ '^(CHEMO|TARGETED|IMMUNO|STEROID|RT|OTHER)(;(CHEMO|TARGETED|IMMUNO|STEROID|RT|OTHER))*$'),
  constraint bridging_modalities_given check (coalesce(given::text not in ('Y'), true) or ((modalities is not null) <> coalesce(missing ? 'modalities', false))),
  constraint bridging_start_date_given check (coalesce(given::text not in ('Y'), true) or ((start_date is not null) <> coalesce(missing ? 'start_date', false))),
  constraint bridging_end_date_given check (coalesce(given::text not in ('Y'), true) or ((end_date is not null) <> coalesce(missing ? 'end_date', false))),
  constraint bridging_rt_site_accepts check (rt_site in ('LUNG', 'CNS', 'NODAL', 'BONE', 'OTHER')),
  constraint bridging_rt_gy_accepts check (rt_gy between 0e0 and 1e2),
  constraint bridging_response_accepts check (response in ('sCR', 'CR', 'VGPR', 'PR', 'MR', 'SD', 'PD', 'CMR', 'PMR', 'NMR', 'PMD', 'CRh', 'CRi', 'NR', 'RELAPSE', 'NE')),
  constraint bridging_regimen_accepts check (char_length(regimen) between 1 and 500),
  constraint bridging_version_accepts check (version >= 1)
);
alter table bridging enable row level security;
alter table bridging force row level security;
create policy bridging_scope on bridging to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy bridging_export on bridging for select to sequela_exporter using (true);
grant select, insert, update on bridging to sequela_app;
grant select on bridging to sequela_exporter;

create table lymphodepletion_dose (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  course_number integer not null,
  drug text not null,
  course_day integer not null,
  given text,
  dose_value double precision,
  dose_unit text,
  dose_date date,
  start_time text,
  missing jsonb,
  constraint lymphodepletion_dose_pk primary key (center_id, record_id),
  constraint lymphodepletion_dose_key unique (center_id, patient_id, infusion_number, course_number, drug, course_day),
  constraint lymphodepletion_dose_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint lymphodepletion_dose_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint lymphodepletion_dose_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint lymphodepletion_dose_course_number_accepts check (course_number between 1 and 3),
  constraint lymphodepletion_dose_drug_accepts check (drug in ('FLU', 'CYC', 'BEN', 'OTHER')),
  constraint lymphodepletion_dose_course_day_accepts check (course_day between 1 and 31),
  constraint lymphodepletion_dose_given_accepts check (given in ('Y', 'N', 'UNK')),
  constraint lymphodepletion_dose_given_given check ((given is not null) <> coalesce(missing ? 'given', false)),
  constraint lymphodepletion_dose_dose_value_accepts check (dose_value between 0e0 and 1e4),
  constraint lymphodepletion_dose_dose_value_given check (coalesce(given::text not in ('Y'), true) or ((dose_value is not null) <> coalesce(missing ? 'dose_value', false))),
  constraint lymphodepletion_dose_dose_unit_accepts check (dose_unit in ('MG_M2', 'MG_KG', 'MG')),
  constraint lymphodepletion_dose_dose_unit_given check (coalesce(given::text not in ('Y'), true) or ((dose_unit is not null) <> coalesce(missing ? 'dose_unit', false))),
  constraint lymphodepletion_dose_start_time_accepts check (start_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  constraint lymphodepletion_dose_version_accepts check (version >= 1)
);
alter table lymphodepletion_dose enable row level security;
alter table lymphodepletion_dose force row level security;
create policy lymphodepletion_dose_scope on lymphodepletion_dose to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy lymphodepletion_dose_export on lymphodepletion_dose for select to sequela_exporter using (true);
grant select, insert, update on lymphodepletion_dose to sequela_app;
grant select on lymphodepletion_dose to sequela_exporter;

create table medication (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  medication_number integer not null,
  drug text,
  indication text,
  start_date date,
  start_time text,
  end_date date,
  end_time text,
  ongoing boolean,
  dose_value double precision,
  dose_unit text,
  route text,
  frequency text,
  days_per_week integer,
  weight_kg double precision,
  infusion_number integer,
  drug_name text,
  atc_code text,
  missing jsonb,
  constraint medication_pk primary key (center_id, record_id),
  constraint medication_key unique (center_id, patient_id, medication_number),
  constraint medication_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint medication_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint medication_medication_number_accepts check (medication_number between 1 and 9999),
  constraint medication_drug_accepts check (drug in ('LEVETIRACETAM', 'ANTICONVULSANT_OTHER', 'TMP_SMX', 'PENTAMIDINE', 'ATOVAQUONE', 'DAPSONE', 'ACICLOVIR', 'VALACICLOVIR', 'GANCICLOVIR', 'ENTECAVIR', 'TDF', 'TAF', 'NA_OTHER', 'HCV_DAA', 'HIV_ART', 'FLUCONAZOLE', 'POSACONAZOLE', 'VORICONAZOLE', 'MICAFUNGIN', 'CASPOFUNGIN', 'AMPHOTERICIN_B', 'CEPHALOSPORIN', 'BL_INHIBITOR', 'CARBAPENEM', 'VANCOMYCIN', 'TEICOPLANIN', 'LINEZOLID', 'ANTIBACTERIAL_OTHER', 'TOCILIZUMAB', 'SILTUXIMAB', 'DEXAMETHASONE', 'METHYLPREDNISOLONE', 'PREDNISONE', 'HYDROCORTISONE', 'ANAKINRA', 'RUXOLITINIB', 'EMAPALUMAB', 'ABATACEPT', 'ALEMTUZUMAB', 'ATG', 'ETOPOSIDE', 'IMMUNOSUPPRESSANT_OTHER', 'G_CSF', 'PEG_G_CSF', 'GM_CSF', 'TPO_RA', 'TPO', 'IVIG', 'VITAMIN_K', 'FIBRINOGEN', 'PARACETAMOL', 'ANTIPYRETIC_OTHER', 'ANTIHISTAMINE', 'FLUDARABINE', 'CYCLOPHOSPHAMIDE', 'BENDAMUSTINE', 'CLADRIBINE', 'LENALIDOMIDE', 'PEG_ASPARAGINASE', 'ASPARAGINASE', 'ANTHRACYCLINE', 'VINCA', 'MERCAPTOPURINE', 'TIOGUANINE', 'METHOTREXATE', 'CYTARABINE', 'HYDROXYUREA', 'DASATINIB', 'TKI_OTHER', 'BTKI', 'RITUXIMAB', 'OBINUTUZUMAB', 'POLATUZUMAB', 'OTHER')),
  constraint medication_drug_given check ((drug is not null) <> coalesce(missing ? 'drug', false)),
  constraint medication_indication_accepts check (indication in ('PROPHYLAXIS', 'PREMEDICATION', 'CRS', 'ICANS', 'IECHS', 'INFECTION', 'ALLERGY', 'CYTOPENIA', 'HYPOGAMMAGLOBULINEMIA', 'COAGULOPATHY', 'EXPANSION', 'ANTITUMOR', 'GVHD', 'AUTOIMMUNE', 'OTHER')),
  constraint medication_indication_given check ((indication is not null) <> coalesce(missing ? 'indication', false)),
  constraint medication_start_date_given check ((start_date is not null) <> coalesce(missing ? 'start_date', false)),
  constraint medication_start_time_accepts check (start_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  constraint medication_end_time_accepts check (end_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  constraint medication_dose_value_accepts check (dose_value between 0e0 and 1e6),
  constraint medication_dose_value_given check (coalesce(drug::text not in ('TOCILIZUMAB', 'DEXAMETHASONE', 'METHYLPREDNISOLONE', 'PREDNISONE', 'HYDROCORTISONE', 'ANAKINRA', 'G_CSF', 'IVIG', 'FLUDARABINE', 'CYCLOPHOSPHAMIDE', 'BENDAMUSTINE'), true) or ((dose_value is not null) <> coalesce(missing ? 'dose_value', false))),
  constraint medication_dose_unit_accepts check (dose_unit in ('UG', 'MG', 'G', 'UG_KG', 'MG_KG', 'MG_M2', 'MIU', 'ML')),
  constraint medication_dose_unit_given check (coalesce(drug::text not in ('TOCILIZUMAB', 'DEXAMETHASONE', 'METHYLPREDNISOLONE', 'PREDNISONE', 'HYDROCORTISONE', 'ANAKINRA', 'G_CSF', 'IVIG', 'FLUDARABINE', 'CYCLOPHOSPHAMIDE', 'BENDAMUSTINE'), true) or ((dose_unit is not null) <> coalesce(missing ? 'dose_unit', false))),
  constraint medication_route_accepts check (route in ('PO', 'IV', 'SC', 'IM', 'IT', 'INH', 'TOPICAL', 'OTHER')),
  constraint medication_frequency_accepts check (frequency in ('ONCE', 'QD', 'Q12H', 'Q8H', 'Q6H', 'Q4H', 'CONTINUOUS', 'PRN')),
  constraint medication_days_per_week_accepts check (days_per_week between 1 and 7),
  constraint medication_weight_kg_accepts check (weight_kg between 2e1 and 2.5e2),
  constraint medication_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint medication_drug_name_accepts check (char_length(drug_name) between 1 and 200),
  constraint medication_drug_name_given check (coalesce(drug::text not in ('OTHER'), true) or ((drug_name is not null) <> coalesce(missing ? 'drug_name', false))),
  constraint medication_atc_code_accepts check (atc_code ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(atc_code) <= 7),
  constraint medication_version_accepts check (version >= 1)
);
alter table medication enable row level security;
alter table medication force row level security;
create policy medication_scope on medication to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy medication_export on medication for select to sequela_exporter using (true);
grant select, insert, update on medication to sequela_app;
grant select on medication to sequela_exporter;

create table hospital_stay (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  stay_number integer not null,
  ward text,
  admission_date date,
  admission_time text,
  discharge_date date,
  discharge_time text,
  ecg_monitor text,
  missing jsonb,
  constraint hospital_stay_pk primary key (center_id, record_id),
  constraint hospital_stay_key unique (center_id, patient_id, infusion_number, stay_number),
  constraint hospital_stay_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint hospital_stay_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint hospital_stay_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint hospital_stay_stay_number_accepts check (stay_number between 1 and 50),
  constraint hospital_stay_ward_accepts check (ward in ('WARD', 'ICU')),
  constraint hospital_stay_ward_given check ((ward is not null) <> coalesce(missing ? 'ward', false)),
  constraint hospital_stay_admission_date_given check ((admission_date is not null) <> coalesce(missing ? 'admission_date', false)),
  constraint hospital_stay_admission_time_accepts check (admission_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  constraint hospital_stay_discharge_date_given check ((discharge_date is not null) <> coalesce(missing ? 'discharge_date', false)),
  constraint hospital_stay_discharge_time_accepts check (discharge_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  constraint hospital_stay_ecg_monitor_accepts check (ecg_monitor in ('Y', 'N', 'UNK')),
  constraint hospital_stay_version_accepts check (version >= 1)
);
alter table hospital_stay enable row level security;
alter table hospital_stay force row level security;
create policy hospital_stay_scope on hospital_stay to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy hospital_stay_export on hospital_stay for select to sequela_exporter using (true);
grant select, insert, update on hospital_stay to sequela_app;
grant select on hospital_stay to sequela_exporter;

create table laboratory (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  analyte text not null,
  specimen text not null,
  collected_date date not null,
  sequence_number integer not null,
  collected_time text,
  value double precision,
  unit text,
  comparator text,
  result_code text,
  ref_low double precision,
  ref_high double precision,
  lloq double precision,
  method text,
  flag text,
  canonical_value double precision,
  missing jsonb,
  constraint laboratory_pk primary key (center_id, record_id),
  constraint laboratory_key unique (center_id, patient_id, analyte, specimen, collected_date, sequence_number),
  constraint laboratory_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint laboratory_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint laboratory_analyte_accepts check (analyte in ('ANC', 'ALC', 'LYMPH_PERCENT', 'WBC', 'HB', 'PLT', 'NEUT_PERCENT', 'CRP', 'FERRITIN', 'PCT', 'LDH', 'IL6', 'ALT', 'AST', 'BILI_TOTAL', 'BILI_DIRECT', 'CREATININE', 'CRCL', 'CALCIUM', 'POTASSIUM', 'PHOSPHATE', 'URATE', 'TRIGLYCERIDES', 'FIBRINOGEN', 'D_DIMER', 'PT', 'INR', 'APTT', 'IGG', 'IGA', 'IGM', 'CD4', 'CD3', 'CD8', 'CD19', 'CD19_PERCENT', 'M_SERUM', 'M_URINE', 'FLC_KAPPA', 'FLC_LAMBDA', 'FLC_RATIO', 'B2M', 'BNP', 'NT_PROBNP', 'HBSAG', 'HBSAB', 'HBCAB', 'HBV_DNA', 'HCV_AB', 'HIV', 'SYPHILIS', 'CMV_DNA', 'EBV_DNA', 'HCG', 'G_TEST', 'GM', 'TEMP', 'SBP', 'SPO2', 'HR', 'SIL2R', 'SIL2R_MASS', 'TNF_ALPHA', 'IFN_GAMMA', 'IL1B', 'IL2', 'IL8', 'IL10', 'IL15', 'IL18', 'ESR', 'TROPONIN', 'ALBUMIN', 'HBEAG', 'HBEAB', 'HCV_RNA', 'CMV_IGG', 'CMV_IGM', 'EBV_IGG', 'EBV_IGM', 'HSV_VZV', 'JCV', 'TB')),
  constraint laboratory_specimen_accepts check (specimen in ('BLOOD', 'SERUM', 'PLASMA', 'URINE', 'CSF', 'BM', 'PATIENT', 'OTHER')),
  constraint laboratory_sequence_number_accepts check (sequence_number between 1 and 999),
  constraint laboratory_collected_time_accepts check (collected_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  constraint laboratory_value_accepts check (value between 0e0 and 1e12),
  constraint laboratory_unit_accepts check (unit in ('10^9/L', '10^3/uL', '/uL', '/mL', '%', 'g/L', 'g/dL', 'mg/dL', 'mg/L', 'ug/mL', 'ug/L', 'ng/mL', 'ng/L', 'pg/mL', 'mg/L FEU', 'ug/mL FEU', 'ug/L FEU', 'ng/mL FEU', 'mg/24h', 'g/24h', 'umol/L', 'mmol/L', 'mEq/L', 'U/L', 'U/mL', 'IU/L', 'IU/mL', 'mIU/mL', 'mL/min', 'mL/s', 's', 'mm/h', 'ratio', 'index', 'Cel', 'degF', 'mmHg', '/min')),
  constraint laboratory_comparator_accepts check (comparator in ('=', '<', '>')),
  constraint laboratory_result_code_accepts check (result_code in ('NEG', 'POS', 'WEAK_POS', 'IND')),
  constraint laboratory_ref_low_accepts check (ref_low between 0e0 and 1e12),
  constraint laboratory_ref_high_accepts check (ref_high between 0e0 and 1e12),
  constraint laboratory_lloq_accepts check (lloq between 0e0 and 1e12),
  constraint laboratory_method_accepts check (char_length(method) between 1 and 200),
  constraint laboratory_flag_accepts check (flag in ('LL', 'L', 'N', 'H', 'HH')),
  constraint laboratory_canonical_value_accepts check (canonical_value between 0e0 and 1e15),
  constraint laboratory_version_accepts check (version >= 1)
);
alter table laboratory enable row level security;
alter table laboratory force row level security;
create policy laboratory_scope on laboratory to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy laboratory_export on laboratory for select to sequela_exporter using (true);
grant select, insert, update on laboratory to sequela_app;
grant select on laboratory to sequela_exporter;

create table crs_episode (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  episode_number integer not null,
  onset_date date,
  onset_time text,
  end_date date,
  end_time text,
  max_grade integer,
  icu_admission text,
  icu_admission_date date,
  icu_admission_time text,
  mechanical_ventilation text,
  local_crs text,
  missing jsonb,
  constraint crs_episode_pk primary key (center_id, record_id),
  constraint crs_episode_key unique (center_id, patient_id, infusion_number, episode_number),
  constraint crs_episode_infusion_fk foreign key (center_id, patient_id, infusion_number) references infusion (center_id, patient_id, infusion_number),
  constraint crs_episode_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint crs_episode_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint crs_episode_episode_number_accepts check (episode_number between 1 and 99),
  constraint crs_episode_onset_date_given check ((onset_date is not null) <> coalesce(missing ? 'onset_date', false)),
  constraint crs_episode_onset_time_accepts check (onset_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  constraint crs_episode_end_date_given check ((end_date is not null) <> coalesce(missing ? 'end_date', false)),
  constraint crs_episode_end_time_accepts check (end_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  constraint crs_episode_max_grade_accepts check (max_grade between 1 and 5),
  constraint crs_episode_max_grade_given check ((max_grade is not null) <> coalesce(missing ? 'max_grade', false)),
  constraint crs_episode_icu_admission_accepts check (icu_admission in ('Y', 'N', 'UNK')),
  constraint crs_episode_icu_admission_given check ((icu_admission is not null) <> coalesce(missing ? 'icu_admission', false)),
  constraint crs_episode_icu_admission_date_given check (coalesce(icu_admission::text not in ('Y'), true) or ((icu_admission_date is not null) <> coalesce(missing ? 'icu_admission_date', false))),
  constraint crs_episode_icu_admission_time_accepts check (icu_admission_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  constraint crs_episode_mechanical_ventilation_accepts check (mechanical_ventilation in ('Y', 'N', 'UNK')),
  constraint crs_episode_mechanical_ventilation_given check ((mechanical_ventilation is not null) <> coalesce(missing ? 'mechanical_ventilation', false)),
  constraint crs_episode_local_crs_accepts check (local_crs in ('NONE', 'ENLARGED', 'COMPRESSION', 'DECOMPENSATED')),
  constraint crs_episode_version_accepts check (version >= 1)
);
alter table crs_episode enable row level security;
alter table crs_episode force row level security;
create policy crs_episode_scope on crs_episode to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy crs_episode_export on crs_episode for select to sequela_exporter using (true);
grant select, insert, update on crs_episode to sequela_app;
grant select on crs_episode to sequela_exporter;

create table crs_day (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  assessment_date date not null,
  temperature_c double precision,
  fever_attributed text,
  sbp_min_mmhg integer,
  hypotension text,
  vasopressor_given text,
  norepinephrine_ug_min double precision,
  dopamine_ug_kg_min double precision,
  phenylephrine_ug_min double precision,
  epinephrine_ug_min double precision,
  vasopressin_u_min double precision,
  oxygen_device text,
  oxygen_flow_l_min double precision,
  airway_protection_only text,
  antipyretic text,
  anti_cytokine text,
  reported_grade integer,
  missing jsonb,
  constraint crs_day_pk primary key (center_id, record_id),
  constraint crs_day_key unique (center_id, patient_id, infusion_number, assessment_date),
  constraint crs_day_infusion_fk foreign key (center_id, patient_id, infusion_number) references infusion (center_id, patient_id, infusion_number),
  constraint crs_day_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint crs_day_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint crs_day_temperature_c_accepts check (temperature_c between 3.4e1 and 4.3e1),
  constraint crs_day_temperature_c_given check ((temperature_c is not null) <> coalesce(missing ? 'temperature_c', false)),
  constraint crs_day_fever_attributed_accepts check (fever_attributed in ('Y', 'N', 'UNK')),
  constraint crs_day_fever_attributed_given check ((fever_attributed is not null) <> coalesce(missing ? 'fever_attributed', false)),
  constraint crs_day_sbp_min_mmhg_accepts check (sbp_min_mmhg between 30 and 250),
  constraint crs_day_sbp_min_mmhg_given check ((sbp_min_mmhg is not null) <> coalesce(missing ? 'sbp_min_mmhg', false)),
  constraint crs_day_hypotension_accepts check (hypotension in ('Y', 'N', 'UNK')),
  constraint crs_day_hypotension_given check ((hypotension is not null) <> coalesce(missing ? 'hypotension', false)),
  constraint crs_day_vasopressor_given_accepts check (vasopressor_given in ('Y', 'N', 'UNK')),
  constraint crs_day_vasopressor_given_given check ((vasopressor_given is not null) <> coalesce(missing ? 'vasopressor_given', false)),
  constraint crs_day_norepinephrine_ug_min_accepts check (norepinephrine_ug_min between 0e0 and 5e2),
  constraint crs_day_dopamine_ug_kg_min_accepts check (dopamine_ug_kg_min between 0e0 and 5e1),
  constraint crs_day_phenylephrine_ug_min_accepts check (phenylephrine_ug_min between 0e0 and 1e3),
  constraint crs_day_epinephrine_ug_min_accepts check (epinephrine_ug_min between 0e0 and 5e2),
  constraint crs_day_vasopressin_u_min_accepts check (vasopressin_u_min between 0e0 and 2e-1),
  constraint crs_day_oxygen_device_accepts check (oxygen_device in ('ROOM', 'BLOW_BY', 'NC_LOW', 'NC_HIGH', 'MASK', 'NRB', 'VENTURI', 'CPAP', 'BIPAP', 'INTUB')),
  constraint crs_day_oxygen_device_given check ((oxygen_device is not null) <> coalesce(missing ? 'oxygen_device', false)),
  constraint crs_day_oxygen_flow_l_min_accepts check (oxygen_flow_l_min between 0e0 and 8e1),
  constraint crs_day_oxygen_flow_l_min_given check (coalesce(oxygen_device::text not in ('BLOW_BY', 'NC_LOW', 'NC_HIGH', 'MASK', 'NRB', 'VENTURI'), true) or ((oxygen_flow_l_min is not null) <> coalesce(missing ? 'oxygen_flow_l_min', false))),
  constraint crs_day_airway_protection_only_accepts check (airway_protection_only in ('Y', 'N', 'UNK')),
  constraint crs_day_antipyretic_accepts check (antipyretic in ('Y', 'N', 'UNK')),
  constraint crs_day_antipyretic_given check ((antipyretic is not null) <> coalesce(missing ? 'antipyretic', false)),
  constraint crs_day_anti_cytokine_accepts check (anti_cytokine in ('Y', 'N', 'UNK')),
  constraint crs_day_anti_cytokine_given check ((anti_cytokine is not null) <> coalesce(missing ? 'anti_cytokine', false)),
  constraint crs_day_reported_grade_accepts check (reported_grade between 0 and 5),
  constraint crs_day_version_accepts check (version >= 1)
);
alter table crs_day enable row level security;
alter table crs_day force row level security;
create policy crs_day_scope on crs_day to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy crs_day_export on crs_day for select to sequela_exporter using (true);
grant select, insert, update on crs_day to sequela_app;
grant select on crs_day to sequela_exporter;

create table icans_episode (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  episode_number integer not null,
  onset_date date,
  onset_time text,
  end_date date,
  end_time text,
  max_grade integer,
  workup text,
  delayed_type text,
  missing jsonb,
  constraint icans_episode_pk primary key (center_id, record_id),
  constraint icans_episode_key unique (center_id, patient_id, infusion_number, episode_number),
  constraint icans_episode_infusion_fk foreign key (center_id, patient_id, infusion_number) references infusion (center_id, patient_id, infusion_number),
  constraint icans_episode_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint icans_episode_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint icans_episode_episode_number_accepts check (episode_number between 1 and 99),
  constraint icans_episode_onset_date_given check ((onset_date is not null) <> coalesce(missing ? 'onset_date', false)),
  constraint icans_episode_onset_time_accepts check (onset_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  constraint icans_episode_end_date_given check ((end_date is not null) <> coalesce(missing ? 'end_date', false)),
  constraint icans_episode_end_time_accepts check (end_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  constraint icans_episode_max_grade_accepts check (max_grade between 1 and 5),
  constraint icans_episode_max_grade_given check ((max_grade is not null) <> coalesce(missing ? 'max_grade', false)),
  constraint icans_episode_workup_accepts check (workup ~ '^(EEG|MRI|CT|LP|FUNDUS|NEURO_CONSULT)(;(EEG|MRI|CT|LP|FUNDUS|NEURO_CONSULT))*$'),
  constraint icans_episode_delayed_type_accepts check (delayed_type in ('CN7_PALSY', 'OTHER_CN', 'NEUROPATHY', 'PARKINSON', 'CEREBELLAR')),
  constraint icans_episode_version_accepts check (version >= 1)
);
alter table icans_episode enable row level security;
alter table icans_episode force row level security;
create policy icans_episode_scope on icans_episode to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy icans_episode_export on icans_episode for select to sequela_exporter using (true);
grant select, insert, update on icans_episode to sequela_app;
grant select on icans_episode to sequela_exporter;

create table icans_day (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  assessment_date date not null,
  assessment_time text,
  ice_orientation integer,
  ice_naming integer,
  ice_commands integer,
  ice_writing integer,
  ice_attention integer,
  consciousness text,
  seizure text,
  motor text,
  intracranial_pressure text,
  global_aphasia text,
  imaging text,
  reported_grade integer,
  ice_total integer,
  missing jsonb,
  constraint icans_day_pk primary key (center_id, record_id),
  constraint icans_day_key unique (center_id, patient_id, infusion_number, assessment_date),
  constraint icans_day_infusion_fk foreign key (center_id, patient_id, infusion_number) references infusion (center_id, patient_id, infusion_number),
  constraint icans_day_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint icans_day_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint icans_day_assessment_time_accepts check (assessment_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  constraint icans_day_ice_orientation_accepts check (ice_orientation between 0 and 4),
  constraint icans_day_ice_orientation_given check ((ice_orientation is not null) <> coalesce(missing ? 'ice_orientation', false)),
  constraint icans_day_ice_naming_accepts check (ice_naming between 0 and 3),
  constraint icans_day_ice_naming_given check ((ice_naming is not null) <> coalesce(missing ? 'ice_naming', false)),
  constraint icans_day_ice_commands_accepts check (ice_commands between 0 and 1),
  constraint icans_day_ice_commands_given check ((ice_commands is not null) <> coalesce(missing ? 'ice_commands', false)),
  constraint icans_day_ice_writing_accepts check (ice_writing between 0 and 1),
  constraint icans_day_ice_writing_given check ((ice_writing is not null) <> coalesce(missing ? 'ice_writing', false)),
  constraint icans_day_ice_attention_accepts check (ice_attention between 0 and 1),
  constraint icans_day_ice_attention_given check ((ice_attention is not null) <> coalesce(missing ? 'ice_attention', false)),
  constraint icans_day_consciousness_accepts check (consciousness in ('AWAKE', 'SPONTANEOUS', 'VOICE', 'TACTILE', 'UNAROUSABLE')),
  constraint icans_day_consciousness_given check ((consciousness is not null) <> coalesce(missing ? 'consciousness', false)),
  constraint icans_day_seizure_accepts check (seizure in ('NONE', 'BRIEF', 'NONCONVULSIVE', 'PROLONGED', 'REPETITIVE')),
  constraint icans_day_seizure_given check ((seizure is not null) <> coalesce(missing ? 'seizure', false)),
  constraint icans_day_motor_accepts check (motor in ('NONE', 'FOCAL_WEAKNESS')),
  constraint icans_day_motor_given check ((motor is not null) <> coalesce(missing ? 'motor', false)),
  constraint icans_day_intracranial_pressure_accepts check (intracranial_pressure in ('NONE', 'HEMORRHAGE', 'FOCAL_EDEMA', 'DIFFUSE_EDEMA', 'POSTURING', 'CN6_PALSY', 'PAPILLEDEMA', 'CUSHING')),
  constraint icans_day_intracranial_pressure_given check ((intracranial_pressure is not null) <> coalesce(missing ? 'intracranial_pressure', false)),
  constraint icans_day_global_aphasia_accepts check (global_aphasia in ('Y', 'N', 'UNK')),
  constraint icans_day_imaging_accepts check (imaging ~ '^(MRI|CT)(;(MRI|CT))*$'),
  constraint icans_day_reported_grade_accepts check (reported_grade between 0 and 5),
  constraint icans_day_ice_total_accepts check (ice_total between 0 and 10),
  constraint icans_day_version_accepts check (version >= 1)
);
alter table icans_day enable row level security;
alter table icans_day force row level security;
create policy icans_day_scope on icans_day to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy icans_day_export on icans_day for select to sequela_exporter using (true);
grant select, insert, update on icans_day to sequela_app;
grant select on icans_day to sequela_exporter;

create table iec_hs (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  diagnosis_date date not null,
  diagnosis_time text,
  grade integer,
  items text,
  ferritin_ug_l double precision,
  ferritin_baseline_ug_l double precision,
  ferritin_uln_ug_l double precision,
  ferritin_rising text,
  transaminase_times_reference double precision,
  fibrinogen_g_l double precision,
  triglycerides_mmol_l double precision,
  end_date date,
  missing jsonb,
  constraint iec_hs_pk primary key (center_id, record_id),
  constraint iec_hs_key unique (center_id, patient_id, infusion_number, diagnosis_date),
  constraint iec_hs_infusion_fk foreign key (center_id, patient_id, infusion_number) references infusion (center_id, patient_id, infusion_number),
  constraint iec_hs_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint iec_hs_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint iec_hs_diagnosis_time_accepts check (diagnosis_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  constraint iec_hs_grade_accepts check (grade between 1 and 5),
  constraint iec_hs_grade_given check ((grade is not null) <> coalesce(missing ? 'grade', false)),
  constraint iec_hs_items_accepts check (items ~ '^(RESOLVING_CRS|TRANSAMINASES|FIBRINOGEN|HEMOPHAGOCYTOSIS|CYTOPENIA|LDH|COAGULATION|DIRECT_BILIRUBIN|SPLENOMEGALY|FEVER|NEUROTOXICITY|PULMONARY|RENAL|TRIGLYCERIDES)(;(RESOLVING_CRS|TRANSAMINASES|FIBRINOGEN|HEMOPHAGOCYTOSIS|CYTOPENIA|LDH|COAGULATION|DIRECT_BILIRUBIN|SPLENOMEGALY|FEVER|NEUROTOXICITY|PULMONARY|RENAL|TRIGLYCERIDES))*$'),
  constraint iec_hs_items_given check ((items is not null) <> coalesce(missing ? 'items', false)),
  constraint iec_hs_ferritin_ug_l_accepts check (ferritin_ug_l between 0e0 and 3e5),
  constraint iec_hs_ferritin_ug_l_given check ((ferritin_ug_l is not null) <> coalesce(missing ? 'ferritin_ug_l', false)),
  constraint iec_hs_ferritin_baseline_ug_l_accepts check (ferritin_baseline_ug_l between 0e0 and 3e5),
  constraint iec_hs_ferritin_uln_ug_l_accepts check (ferritin_uln_ug_l between 1e1 and 5e3),
  constraint iec_hs_ferritin_rising_accepts check (ferritin_rising in ('Y', 'N', 'UNK')),
  constraint iec_hs_transaminase_times_reference_accepts check (transaminase_times_reference between 0e0 and 1e3),
  constraint iec_hs_fibrinogen_g_l_accepts check (fibrinogen_g_l between 0e0 and 1.5e1),
  constraint iec_hs_triglycerides_mmol_l_accepts check (triglycerides_mmol_l between 1e-1 and 5e1),
  constraint iec_hs_version_accepts check (version >= 1)
);
alter table iec_hs enable row level security;
alter table iec_hs force row level security;
create policy iec_hs_scope on iec_hs to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy iec_hs_export on iec_hs for select to sequela_exporter using (true);
grant select, insert, update on iec_hs to sequela_app;
grant select on iec_hs to sequela_exporter;

create table coagulopathy (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  assessment_date date not null,
  who_bleeding integer,
  isth_score integer,
  cdss_score integer,
  plasma_exchange text,
  missing jsonb,
  constraint coagulopathy_pk primary key (center_id, record_id),
  constraint coagulopathy_key unique (center_id, patient_id, infusion_number, assessment_date),
  constraint coagulopathy_infusion_fk foreign key (center_id, patient_id, infusion_number) references infusion (center_id, patient_id, infusion_number),
  constraint coagulopathy_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint coagulopathy_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint coagulopathy_who_bleeding_accepts check (who_bleeding between 0 and 4),
  constraint coagulopathy_isth_score_accepts check (isth_score between 0 and 8),
  constraint coagulopathy_cdss_score_accepts check (cdss_score between 0 and 12),
  constraint coagulopathy_plasma_exchange_accepts check (plasma_exchange in ('Y', 'N', 'UNK')),
  constraint coagulopathy_version_accepts check (version >= 1)
);
alter table coagulopathy enable row level security;
alter table coagulopathy force row level security;
create policy coagulopathy_scope on coagulopathy to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy coagulopathy_export on coagulopathy for select to sequela_exporter using (true);
grant select, insert, update on coagulopathy to sequela_app;
grant select on coagulopathy to sequela_exporter;

create table transfusion (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  transfusion_date date not null,
  component text not null,
  sequence_number integer not null,
  units integer,
  irradiated text,
  leukoreduced text,
  missing jsonb,
  constraint transfusion_pk primary key (center_id, record_id),
  constraint transfusion_key unique (center_id, patient_id, infusion_number, transfusion_date, component, sequence_number),
  constraint transfusion_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint transfusion_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint transfusion_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint transfusion_component_accepts check (component in ('PRBC', 'PLT', 'FFP', 'CRYO')),
  constraint transfusion_sequence_number_accepts check (sequence_number between 1 and 999),
  constraint transfusion_units_accepts check (units between 1 and 20),
  constraint transfusion_irradiated_accepts check (irradiated in ('Y', 'N', 'UNK')),
  constraint transfusion_leukoreduced_accepts check (leukoreduced in ('Y', 'N', 'UNK')),
  constraint transfusion_version_accepts check (version >= 1)
);
alter table transfusion enable row level security;
alter table transfusion force row level security;
create policy transfusion_scope on transfusion to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy transfusion_export on transfusion for select to sequela_exporter using (true);
grant select, insert, update on transfusion to sequela_app;
grant select on transfusion to sequela_exporter;

create table icaht (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  assessment_date date not null,
  reported_early_grade integer,
  reported_late_grade integer,
  days_anc_500 integer,
  days_anc_100 integer,
  days_interpolated integer,
  missing jsonb,
  constraint icaht_pk primary key (center_id, record_id),
  constraint icaht_key unique (center_id, patient_id, infusion_number, assessment_date),
  constraint icaht_infusion_fk foreign key (center_id, patient_id, infusion_number) references infusion (center_id, patient_id, infusion_number),
  constraint icaht_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint icaht_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint icaht_reported_early_grade_accepts check (reported_early_grade between 0 and 4),
  constraint icaht_reported_late_grade_accepts check (reported_late_grade between 0 and 4),
  constraint icaht_days_anc_500_accepts check (days_anc_500 between 0 and 31),
  constraint icaht_days_anc_100_accepts check (days_anc_100 between 0 and 31),
  constraint icaht_days_interpolated_accepts check (days_interpolated between 0 and 31),
  constraint icaht_version_accepts check (version >= 1)
);
alter table icaht enable row level security;
alter table icaht force row level security;
create policy icaht_scope on icaht to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy icaht_export on icaht for select to sequela_exporter using (true);
grant select, insert, update on icaht to sequela_app;
grant select on icaht to sequela_exporter;

create table adverse_event (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  event_number integer not null,
  term text,
  meddra_code text,
  ctcae_grade integer,
  start_date text,
  end_date text,
  related text,
  serious text,
  missing jsonb,
  constraint adverse_event_pk primary key (center_id, record_id),
  constraint adverse_event_key unique (center_id, patient_id, infusion_number, event_number),
  constraint adverse_event_infusion_fk foreign key (center_id, patient_id, infusion_number) references infusion (center_id, patient_id, infusion_number),
  constraint adverse_event_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint adverse_event_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint adverse_event_event_number_accepts check (event_number between 1 and 999),
  constraint adverse_event_term_accepts check (char_length(term) between 1 and 200),
  constraint adverse_event_term_given check ((term is not null) <> coalesce(missing ? 'term', false)),
  constraint adverse_event_meddra_code_accepts check (char_length(meddra_code) between 1 and 32),
  constraint adverse_event_ctcae_grade_accepts check (ctcae_grade between 1 and 5),
  constraint adverse_event_start_date_accepts check (start_date ~ '^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$'),
  constraint adverse_event_end_date_accepts check (end_date ~ '^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$'),
  constraint adverse_event_related_accepts check (related in ('Y', 'N', 'UNK')),
  constraint adverse_event_serious_accepts check (serious in ('Y', 'N', 'UNK')),
  constraint adverse_event_version_accepts check (version >= 1)
);
alter table adverse_event enable row level security;
alter table adverse_event force row level security;
create policy adverse_event_scope on adverse_event to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy adverse_event_export on adverse_event for select to sequela_exporter using (true);
grant select, insert, update on adverse_event to sequela_app;
grant select on adverse_event to sequela_exporter;

create table infection (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  episode_number integer not null,
  onset_date date,
  site text,
  pathogen_class text,
  organism text,
  organism_name text,
  ctcae_grade integer,
  mdr text,
  blood_culture text,
  culture_sets integer,
  cvc_present text,
  cvc_set text,
  culture_volume_ml double precision,
  imaging text,
  outcome text,
  end_date date,
  ifd_certainty text,
  persistent text,
  recurrent text,
  severe_infection boolean,
  missing jsonb,
  constraint infection_pk primary key (center_id, record_id),
  constraint infection_key unique (center_id, patient_id, infusion_number, episode_number),
  constraint infection_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint infection_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint infection_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint infection_episode_number_accepts check (episode_number between 1 and 99),
  constraint infection_onset_date_given check ((onset_date is not null) <> coalesce(missing ? 'onset_date', false)),
  constraint infection_site_accepts check (site in ('BLOOD', 'LUNG', 'URI', 'GI', 'LIVER', 'URINE', 'SKIN', 'CNS', 'SINUS', 'CVC', 'DISSEMINATED', 'FEVER_UNKNOWN', 'OTHER')),
  constraint infection_site_given check ((site is not null) <> coalesce(missing ? 'site', false)),
  constraint infection_pathogen_class_accepts check (pathogen_class in ('BACT_GPOS', 'BACT_GNEG', 'BACT_OTHER', 'VIRUS', 'FUNGUS_MOLD', 'FUNGUS_YEAST', 'PJP', 'MYCOBACT', 'PARASITE', 'NONE_FOUND')),
  constraint infection_pathogen_class_given check ((pathogen_class is not null) <> coalesce(missing ? 'pathogen_class', false)),
  constraint infection_organism_accepts check (organism in ('HBV', 'CMV', 'EBV', 'HSV', 'VZV', 'ADV', 'BK', 'HHV6', 'JCV', 'SARS_COV_2', 'INFLUENZA', 'RSV', 'S_AUREUS', 'CONS', 'ENTEROCOCCUS', 'LISTERIA', 'NOCARDIA', 'E_COLI', 'KLEBSIELLA', 'P_AERUGINOSA', 'A_BAUMANNII', 'C_DIFFICILE', 'MYCOPLASMA', 'ASPERGILLUS', 'MUCORALES', 'CANDIDA', 'CRYPTOCOCCUS', 'HISTOPLASMA', 'P_JIROVECII', 'M_TUBERCULOSIS', 'NTM', 'TOXOPLASMA', 'OTHER')),
  constraint infection_organism_given check (coalesce(pathogen_class::text not in ('BACT_GPOS', 'BACT_GNEG', 'BACT_OTHER', 'VIRUS', 'FUNGUS_MOLD', 'FUNGUS_YEAST', 'PJP', 'MYCOBACT', 'PARASITE'), true) or ((organism is not null) <> coalesce(missing ? 'organism', false))),
  constraint infection_organism_name_accepts check (char_length(organism_name) between 1 and 200),
  constraint infection_organism_name_given check (coalesce(organism::text not in ('OTHER'), true) or ((organism_name is not null) <> coalesce(missing ? 'organism_name', false))),
  constraint infection_ctcae_grade_accepts check (ctcae_grade between 1 and 5),
  constraint infection_ctcae_grade_given check ((ctcae_grade is not null) <> coalesce(missing ? 'ctcae_grade', false)),
  constraint infection_mdr_accepts check (mdr ~ '^(ESBL|CRE|CRAB|MRSA|VRE|CRPA|NONE)(;(ESBL|CRE|CRAB|MRSA|VRE|CRPA|NONE))*$'),
  constraint infection_blood_culture_accepts check (blood_culture in ('Y', 'N', 'UNK')),
  constraint infection_blood_culture_given check ((blood_culture is not null) <> coalesce(missing ? 'blood_culture', false)),
  constraint infection_culture_sets_accepts check (culture_sets between 0 and 10),
  constraint infection_culture_sets_given check (coalesce(blood_culture::text not in ('Y'), true) or ((culture_sets is not null) <> coalesce(missing ? 'culture_sets', false))),
  constraint infection_cvc_present_accepts check (cvc_present in ('Y', 'N', 'UNK')),
  constraint infection_cvc_present_given check (coalesce(blood_culture::text not in ('Y'), true) or ((cvc_present is not null) <> coalesce(missing ? 'cvc_present', false))),
  constraint infection_cvc_set_accepts check (cvc_set in ('Y', 'N', 'UNK')),
  constraint infection_cvc_set_given check (coalesce(cvc_present::text not in ('Y'), true) or ((cvc_set is not null) <> coalesce(missing ? 'cvc_set', false))),
  constraint infection_culture_volume_ml_accepts check (culture_volume_ml between 1e0 and 3e1),
  constraint infection_culture_volume_ml_given check (coalesce(blood_culture::text not in ('Y'), true) or ((culture_volume_ml is not null) <> coalesce(missing ? 'culture_volume_ml', false))),
  constraint infection_imaging_accepts check (imaging in ('Y', 'N', 'UNK')),
  constraint infection_outcome_accepts check (outcome in ('RESOLVED', 'ONGOING', 'DEATH', 'SEQUELAE')),
  constraint infection_outcome_given check ((outcome is not null) <> coalesce(missing ? 'outcome', false)),
  constraint infection_ifd_certainty_accepts check (ifd_certainty in ('PROVEN', 'PROBABLE', 'POSSIBLE')),
  constraint infection_ifd_certainty_given check (coalesce(pathogen_class::text not in ('FUNGUS_MOLD', 'FUNGUS_YEAST', 'PJP'), true) or ((ifd_certainty is not null) <> coalesce(missing ? 'ifd_certainty', false))),
  constraint infection_persistent_accepts check (persistent in ('Y', 'N', 'UNK')),
  constraint infection_persistent_given check (coalesce(outcome::text not in ('ONGOING'), true) or ((persistent is not null) <> coalesce(missing ? 'persistent', false))),
  constraint infection_recurrent_accepts check (recurrent in ('Y', 'N', 'UNK')),
  constraint infection_version_accepts check (version >= 1)
);
alter table infection enable row level security;
alter table infection force row level security;
create policy infection_scope on infection to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy infection_export on infection for select to sequela_exporter using (true);
grant select, insert, update on infection to sequela_app;
grant select on infection to sequela_exporter;

create table covid_test (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  test_date date not null,
  result text,
  severity text,
  afebrile_date date,
  afebrile_time text,
  missing jsonb,
  constraint covid_test_pk primary key (center_id, record_id),
  constraint covid_test_key unique (center_id, patient_id, infusion_number, test_date),
  constraint covid_test_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint covid_test_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint covid_test_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint covid_test_result_accepts check (result in ('POS', 'NEG')),
  constraint covid_test_result_given check ((result is not null) <> coalesce(missing ? 'result', false)),
  constraint covid_test_severity_accepts check (severity in ('ASYMP', 'MILD_MOD', 'SEVERE', 'CRITICAL')),
  constraint covid_test_severity_given check (coalesce(result::text not in ('POS'), true) or ((severity is not null) <> coalesce(missing ? 'severity', false))),
  constraint covid_test_afebrile_date_given check (coalesce(severity::text not in ('MILD_MOD', 'SEVERE', 'CRITICAL'), true) or ((afebrile_date is not null) <> coalesce(missing ? 'afebrile_date', false))),
  constraint covid_test_afebrile_time_accepts check (afebrile_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  constraint covid_test_version_accepts check (version >= 1)
);
alter table covid_test enable row level security;
alter table covid_test force row level security;
create policy covid_test_scope on covid_test to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy covid_test_export on covid_test for select to sequela_exporter using (true);
grant select, insert, update on covid_test to sequela_app;
grant select on covid_test to sequela_exporter;

create table second_malignancy (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  malignancy_number integer not null,
  category text,
  onset_date text,
  site text,
  histology text,
  icd_o text,
  transgene_tested text,
  transgene_result text,
  insertion_site text,
  report_date date,
  missing jsonb,
  constraint second_malignancy_pk primary key (center_id, record_id),
  constraint second_malignancy_key unique (center_id, patient_id, infusion_number, malignancy_number),
  constraint second_malignancy_infusion_fk foreign key (center_id, patient_id, infusion_number) references infusion (center_id, patient_id, infusion_number),
  constraint second_malignancy_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint second_malignancy_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint second_malignancy_malignancy_number_accepts check (malignancy_number between 1 and 99),
  constraint second_malignancy_category_accepts check (category in ('NMSC', 'SOLID', 'MDS_AML', 'T_CELL', 'B_CELL', 'OTHER')),
  constraint second_malignancy_category_given check ((category is not null) <> coalesce(missing ? 'category', false)),
  constraint second_malignancy_onset_date_accepts check (onset_date ~ '^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$'),
  constraint second_malignancy_onset_date_given check ((onset_date is not null) <> coalesce(missing ? 'onset_date', false)),
  constraint second_malignancy_site_accepts check (char_length(site) between 1 and 200),
  constraint second_malignancy_histology_accepts check (char_length(histology) between 1 and 200),
  constraint second_malignancy_icd_o_accepts check (char_length(icd_o) between 1 and 32),
  constraint second_malignancy_transgene_tested_accepts check (transgene_tested in ('Y', 'N', 'UNK')),
  constraint second_malignancy_transgene_tested_given check (coalesce(category::text not in ('T_CELL'), true) or ((transgene_tested is not null) <> coalesce(missing ? 'transgene_tested', false))),
  constraint second_malignancy_transgene_result_accepts check (transgene_result in ('POS', 'NEG', 'LOW', 'ND')),
  constraint second_malignancy_transgene_result_given check (coalesce(transgene_tested::text not in ('Y'), true) or ((transgene_result is not null) <> coalesce(missing ? 'transgene_result', false))),
  constraint second_malignancy_insertion_site_accepts check (char_length(insertion_site) between 1 and 200),
  constraint second_malignancy_version_accepts check (version >= 1)
);
alter table second_malignancy enable row level security;
alter table second_malignancy force row level security;
create policy second_malignancy_scope on second_malignancy to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy second_malignancy_export on second_malignancy for select to sequela_exporter using (true);
grant select, insert, update on second_malignancy to sequela_app;
grant select on second_malignancy to sequela_exporter;

create table myeloma_assessment (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  assessment_date date not null,
  timepoint text,
  serum_m_protein_g_l double precision,
  urine_m_protein_mg_24h double precision,
  flc_kappa_mg_l double precision,
  flc_lambda_mg_l double precision,
  flc_ratio double precision,
  serum_ife text,
  urine_ife text,
  mab_interference text,
  marrow_plasma_cell_percent double precision,
  marrow_clonal text,
  plasmacytoma_spd_mm2 double precision,
  plasmacytoma_new text,
  bone_lesion_new text,
  circulating_plasma_cells_ul double precision,
  calcium_mmol_l double precision,
  hb_g_l double precision,
  creatinine_umol_l double precision,
  missing jsonb,
  constraint myeloma_assessment_pk primary key (center_id, record_id),
  constraint myeloma_assessment_key unique (center_id, patient_id, infusion_number, assessment_date),
  constraint myeloma_assessment_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint myeloma_assessment_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint myeloma_assessment_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint myeloma_assessment_timepoint_accepts check (timepoint in ('BASELINE', 'FOLLOW_UP')),
  constraint myeloma_assessment_timepoint_given check ((timepoint is not null) <> coalesce(missing ? 'timepoint', false)),
  constraint myeloma_assessment_serum_m_protein_g_l_accepts check (serum_m_protein_g_l between 0e0 and 1.5e2),
  constraint myeloma_assessment_serum_m_protein_g_l_given check ((serum_m_protein_g_l is not null) <> coalesce(missing ? 'serum_m_protein_g_l', false)),
  constraint myeloma_assessment_urine_m_protein_mg_24h_accepts check (urine_m_protein_mg_24h between 0e0 and 3e4),
  constraint myeloma_assessment_flc_kappa_mg_l_accepts check (flc_kappa_mg_l between 0e0 and 2e4),
  constraint myeloma_assessment_flc_lambda_mg_l_accepts check (flc_lambda_mg_l between 0e0 and 2e4),
  constraint myeloma_assessment_flc_ratio_accepts check (flc_ratio between 1e-3 and 1e4),
  constraint myeloma_assessment_serum_ife_accepts check (serum_ife in ('POS', 'NEG')),
  constraint myeloma_assessment_urine_ife_accepts check (urine_ife in ('POS', 'NEG')),
  constraint myeloma_assessment_mab_interference_accepts check (mab_interference in ('Y', 'N', 'UNK')),
  constraint myeloma_assessment_marrow_plasma_cell_percent_accepts check (marrow_plasma_cell_percent between 0e0 and 1e2),
  constraint myeloma_assessment_marrow_clonal_accepts check (marrow_clonal in ('Y', 'N', 'UNK')),
  constraint myeloma_assessment_plasmacytoma_spd_mm2_accepts check (plasmacytoma_spd_mm2 between 0e0 and 1e6),
  constraint myeloma_assessment_plasmacytoma_new_accepts check (plasmacytoma_new in ('Y', 'N', 'UNK')),
  constraint myeloma_assessment_bone_lesion_new_accepts check (bone_lesion_new in ('Y', 'N', 'UNK')),
  constraint myeloma_assessment_circulating_plasma_cells_ul_accepts check (circulating_plasma_cells_ul between 0e0 and 1e5),
  constraint myeloma_assessment_calcium_mmol_l_accepts check (calcium_mmol_l between 5e-1 and 5e0),
  constraint myeloma_assessment_hb_g_l_accepts check (hb_g_l between 1e1 and 2.5e2),
  constraint myeloma_assessment_creatinine_umol_l_accepts check (creatinine_umol_l between 5e0 and 2.5e3),
  constraint myeloma_assessment_version_accepts check (version >= 1)
);
alter table myeloma_assessment enable row level security;
alter table myeloma_assessment force row level security;
create policy myeloma_assessment_scope on myeloma_assessment to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy myeloma_assessment_export on myeloma_assessment for select to sequela_exporter using (true);
grant select, insert, update on myeloma_assessment to sequela_app;
grant select on myeloma_assessment to sequela_exporter;

create table lymphoma_assessment (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  assessment_date date not null,
  timepoint text,
  modality text,
  deauville text,
  uptake_change text,
  new_lesions text,
  non_target text,
  spleen_mm integer,
  marrow text,
  missing jsonb,
  constraint lymphoma_assessment_pk primary key (center_id, record_id),
  constraint lymphoma_assessment_key unique (center_id, patient_id, infusion_number, assessment_date),
  constraint lymphoma_assessment_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint lymphoma_assessment_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint lymphoma_assessment_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint lymphoma_assessment_timepoint_accepts check (timepoint in ('BASELINE', 'FOLLOW_UP')),
  constraint lymphoma_assessment_timepoint_given check ((timepoint is not null) <> coalesce(missing ? 'timepoint', false)),
  constraint lymphoma_assessment_modality_accepts check (modality in ('PET_CT', 'CT')),
  constraint lymphoma_assessment_modality_given check ((modality is not null) <> coalesce(missing ? 'modality', false)),
  constraint lymphoma_assessment_deauville_accepts check (deauville in ('1', '2', '3', '4', '5', 'X')),
  constraint lymphoma_assessment_deauville_given check (coalesce(modality::text not in ('PET_CT'), true) or ((deauville is not null) <> coalesce(missing ? 'deauville', false))),
  constraint lymphoma_assessment_uptake_change_accepts check (uptake_change in ('REDUCED', 'UNCHANGED', 'INCREASED')),
  constraint lymphoma_assessment_new_lesions_accepts check (new_lesions in ('Y', 'N', 'UNK')),
  constraint lymphoma_assessment_new_lesions_given check (coalesce(timepoint::text not in ('FOLLOW_UP'), true) or ((new_lesions is not null) <> coalesce(missing ? 'new_lesions', false))),
  constraint lymphoma_assessment_non_target_accepts check (non_target in ('ABSENT', 'REGRESSED', 'STABLE', 'PROGRESSED')),
  constraint lymphoma_assessment_spleen_mm_accepts check (spleen_mm between 40 and 400),
  constraint lymphoma_assessment_marrow_accepts check (marrow in ('NORMAL', 'REDUCED', 'UNCHANGED', 'NEW', 'INDETERMINATE')),
  constraint lymphoma_assessment_version_accepts check (version >= 1)
);
alter table lymphoma_assessment enable row level security;
alter table lymphoma_assessment force row level security;
create policy lymphoma_assessment_scope on lymphoma_assessment to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy lymphoma_assessment_export on lymphoma_assessment for select to sequela_exporter using (true);
grant select, insert, update on lymphoma_assessment to sequela_app;
grant select on lymphoma_assessment to sequela_exporter;

create table lesion (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  assessment_date date not null,
  lesion_number integer not null,
  site text,
  ldi_mm double precision,
  sdi_mm double precision,
  nodal boolean,
  target boolean,
  new_lesion boolean,
  missing jsonb,
  constraint lesion_pk primary key (center_id, record_id),
  constraint lesion_key unique (center_id, patient_id, infusion_number, assessment_date, lesion_number),
  constraint lesion_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint lesion_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint lesion_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint lesion_lesion_number_accepts check (lesion_number between 1 and 99),
  constraint lesion_site_accepts check (char_length(site) between 1 and 200),
  constraint lesion_site_given check ((site is not null) <> coalesce(missing ? 'site', false)),
  constraint lesion_ldi_mm_accepts check (ldi_mm between 0e0 and 4e2),
  constraint lesion_ldi_mm_given check ((ldi_mm is not null) <> coalesce(missing ? 'ldi_mm', false)),
  constraint lesion_sdi_mm_accepts check (sdi_mm between 0e0 and 4e2),
  constraint lesion_sdi_mm_given check ((sdi_mm is not null) <> coalesce(missing ? 'sdi_mm', false)),
  constraint lesion_nodal_given check ((nodal is not null) <> coalesce(missing ? 'nodal', false)),
  constraint lesion_target_given check ((target is not null) <> coalesce(missing ? 'target', false)),
  constraint lesion_version_accepts check (version >= 1)
);
alter table lesion enable row level security;
alter table lesion force row level security;
create policy lesion_scope on lesion to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy lesion_export on lesion for select to sequela_exporter using (true);
grant select, insert, update on lesion to sequela_app;
grant select on lesion to sequela_exporter;

create table leukemia_assessment (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  assessment_date date not null,
  timepoint text,
  marrow_blast_percent double precision,
  peripheral_blast_percent double precision,
  anc_10e9_l double precision,
  platelets_10e9_l double precision,
  trilineage_hematopoiesis text,
  extramedullary text,
  extramedullary_new text,
  cns_status text,
  csf_blasts text,
  csf_wbc_ul double precision,
  csf_rbc_ul double precision,
  blood_wbc_10e9_l double precision,
  blood_rbc_10e12_l double precision,
  cns_signs text,
  cd19_status text,
  missing jsonb,
  constraint leukemia_assessment_pk primary key (center_id, record_id),
  constraint leukemia_assessment_key unique (center_id, patient_id, infusion_number, assessment_date),
  constraint leukemia_assessment_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint leukemia_assessment_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint leukemia_assessment_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint leukemia_assessment_timepoint_accepts check (timepoint in ('BASELINE', 'FOLLOW_UP')),
  constraint leukemia_assessment_timepoint_given check ((timepoint is not null) <> coalesce(missing ? 'timepoint', false)),
  constraint leukemia_assessment_marrow_blast_percent_accepts check (marrow_blast_percent between 0e0 and 1e2),
  constraint leukemia_assessment_marrow_blast_percent_given check ((marrow_blast_percent is not null) <> coalesce(missing ? 'marrow_blast_percent', false)),
  constraint leukemia_assessment_peripheral_blast_percent_accepts check (peripheral_blast_percent between 0e0 and 1e2),
  constraint leukemia_assessment_peripheral_blast_percent_given check ((peripheral_blast_percent is not null) <> coalesce(missing ? 'peripheral_blast_percent', false)),
  constraint leukemia_assessment_anc_10e9_l_accepts check (anc_10e9_l between 0e0 and 2e2),
  constraint leukemia_assessment_anc_10e9_l_given check ((anc_10e9_l is not null) <> coalesce(missing ? 'anc_10e9_l', false)),
  constraint leukemia_assessment_platelets_10e9_l_accepts check (platelets_10e9_l between 0e0 and 3e3),
  constraint leukemia_assessment_platelets_10e9_l_given check ((platelets_10e9_l is not null) <> coalesce(missing ? 'platelets_10e9_l', false)),
  constraint leukemia_assessment_trilineage_hematopoiesis_accepts check (trilineage_hematopoiesis in ('Y', 'N', 'UNK')),
  constraint leukemia_assessment_extramedullary_accepts check (extramedullary in ('Y', 'N', 'UNK')),
  constraint leukemia_assessment_extramedullary_given check ((extramedullary is not null) <> coalesce(missing ? 'extramedullary', false)),
  constraint leukemia_assessment_extramedullary_new_accepts check (extramedullary_new in ('Y', 'N', 'UNK')),
  constraint leukemia_assessment_cns_status_accepts check (cns_status in ('CNS1', 'CNS2', 'CNS2A', 'CNS2B', 'CNS2C', 'CNS3', 'CNS3A', 'CNS3B', 'CNS3C')),
  constraint leukemia_assessment_cns_status_given check (coalesce(timepoint::text not in ('BASELINE'), true) or ((cns_status is not null) <> coalesce(missing ? 'cns_status', false))),
  constraint leukemia_assessment_csf_blasts_accepts check (csf_blasts in ('Y', 'N', 'UNK')),
  constraint leukemia_assessment_csf_wbc_ul_accepts check (csf_wbc_ul between 0e0 and 1e6),
  constraint leukemia_assessment_csf_rbc_ul_accepts check (csf_rbc_ul between 0e0 and 1e6),
  constraint leukemia_assessment_blood_wbc_10e9_l_accepts check (blood_wbc_10e9_l between 0e0 and 1e3),
  constraint leukemia_assessment_blood_rbc_10e12_l_accepts check (blood_rbc_10e12_l between 0e0 and 1.5e1),
  constraint leukemia_assessment_cns_signs_accepts check (cns_signs in ('Y', 'N', 'UNK')),
  constraint leukemia_assessment_cd19_status_accepts check (cd19_status in ('POS', 'NEG', 'DIM', 'MIXED', 'UNK')),
  constraint leukemia_assessment_version_accepts check (version >= 1)
);
alter table leukemia_assessment enable row level security;
alter table leukemia_assessment force row level security;
create policy leukemia_assessment_scope on leukemia_assessment to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy leukemia_assessment_export on leukemia_assessment for select to sequela_exporter using (true);
grant select, insert, update on leukemia_assessment to sequela_app;
grant select on leukemia_assessment to sequela_exporter;

create table mrd (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  assessment_date date not null,
  method text not null,
  specimen text not null,
  sensitivity double precision,
  lod double precision,
  result text,
  mrd_level double precision,
  imaging_negative text,
  missing jsonb,
  constraint mrd_pk primary key (center_id, record_id),
  constraint mrd_key unique (center_id, patient_id, infusion_number, assessment_date, method, specimen),
  constraint mrd_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint mrd_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint mrd_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint mrd_method_accepts check (method in ('FLOW_NGF', 'FLOW_OTHER', 'NGS', 'RQ_PCR', 'IG_PCR', 'DPCR', 'BCR_ABL')),
  constraint mrd_specimen_accepts check (specimen in ('BM', 'PB', 'CSF')),
  constraint mrd_sensitivity_accepts check (sensitivity between 1e-7 and 1e-2),
  constraint mrd_sensitivity_given check ((sensitivity is not null) <> coalesce(missing ? 'sensitivity', false)),
  constraint mrd_lod_accepts check (lod between 1e-7 and 1e-2),
  constraint mrd_lod_given check ((lod is not null) <> coalesce(missing ? 'lod', false)),
  constraint mrd_result_accepts check (result in ('NEG', 'POS', 'BELOW_LOQ')),
  constraint mrd_result_given check ((result is not null) <> coalesce(missing ? 'result', false)),
  constraint mrd_mrd_level_accepts check (mrd_level between 0e0 and 1e0),
  constraint mrd_mrd_level_given check (coalesce(result::text not in ('POS'), true) or ((mrd_level is not null) <> coalesce(missing ? 'mrd_level', false))),
  constraint mrd_imaging_negative_accepts check (imaging_negative in ('Y', 'N', 'UNK')),
  constraint mrd_version_accepts check (version >= 1)
);
alter table mrd enable row level security;
alter table mrd force row level security;
create policy mrd_scope on mrd to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy mrd_export on mrd for select to sequela_exporter using (true);
grant select, insert, update on mrd to sequela_app;
grant select on mrd to sequela_exporter;

create table kinetics_sample (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  collected_date date not null,
  specimen text not null,
  assay text not null,
  sequence_number integer not null,
  collected_time text,
  unit text not null,
  below_lloq boolean,
  value double precision,
  lod double precision,
  lloq double precision,
  gdna_ng double precision,
  cd3_percent double precision,
  car_percent_cd3 double precision,
  missing jsonb,
  constraint kinetics_sample_pk primary key (center_id, record_id),
  constraint kinetics_sample_key unique (center_id, patient_id, infusion_number, collected_date, specimen, assay, sequence_number),
  constraint kinetics_sample_infusion_fk foreign key (center_id, patient_id, infusion_number) references infusion (center_id, patient_id, infusion_number),
  constraint kinetics_sample_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint kinetics_sample_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint kinetics_sample_specimen_accepts check (specimen in ('PB', 'BM', 'CSF')),
  constraint kinetics_sample_assay_accepts check (assay in ('QPCR', 'DDPCR', 'FLOW')),
  constraint kinetics_sample_sequence_number_accepts check (sequence_number between 1 and 999),
  constraint kinetics_sample_collected_time_accepts check (collected_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
  constraint kinetics_sample_unit_accepts check (unit in ('COPIES_UG', 'COPIES_ML', 'CELLS_UL')),
  constraint kinetics_sample_below_lloq_given check ((below_lloq is not null) <> coalesce(missing ? 'below_lloq', false)),
  constraint kinetics_sample_value_accepts check (value between 0e0 and 1e9),
  constraint kinetics_sample_value_given check (coalesce(below_lloq::text not in ('false'), true) or ((value is not null) <> coalesce(missing ? 'value', false))),
  constraint kinetics_sample_lod_accepts check (lod between 0e0 and 1e9),
  constraint kinetics_sample_lod_given check ((lod is not null) <> coalesce(missing ? 'lod', false)),
  constraint kinetics_sample_lloq_accepts check (lloq between 0e0 and 1e9),
  constraint kinetics_sample_lloq_given check ((lloq is not null) <> coalesce(missing ? 'lloq', false)),
  constraint kinetics_sample_gdna_ng_accepts check (gdna_ng between 0e0 and 1e5),
  constraint kinetics_sample_cd3_percent_accepts check (cd3_percent between 0e0 and 1e2),
  constraint kinetics_sample_car_percent_cd3_accepts check (car_percent_cd3 between 0e0 and 1e2),
  constraint kinetics_sample_version_accepts check (version >= 1)
);
alter table kinetics_sample enable row level security;
alter table kinetics_sample force row level security;
create policy kinetics_sample_scope on kinetics_sample to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy kinetics_sample_export on kinetics_sample for select to sequela_exporter using (true);
grant select, insert, update on kinetics_sample to sequela_app;
grant select on kinetics_sample to sequela_exporter;

create table immunoglobulin (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  start_date date not null,
  dose_g double precision,
  days integer,
  dose_mg_kg double precision,
  igg_before_g_l double precision,
  missing jsonb,
  constraint immunoglobulin_pk primary key (center_id, record_id),
  constraint immunoglobulin_key unique (center_id, patient_id, start_date),
  constraint immunoglobulin_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint immunoglobulin_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint immunoglobulin_dose_g_accepts check (dose_g between 0e0 and 2e2),
  constraint immunoglobulin_days_accepts check (days between 1 and 31),
  constraint immunoglobulin_dose_mg_kg_accepts check (dose_mg_kg between 5e1 and 2e3),
  constraint immunoglobulin_igg_before_g_l_accepts check (igg_before_g_l between 0e0 and 1.5e2),
  constraint immunoglobulin_version_accepts check (version >= 1)
);
alter table immunoglobulin enable row level security;
alter table immunoglobulin force row level security;
create policy immunoglobulin_scope on immunoglobulin to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy immunoglobulin_export on immunoglobulin for select to sequela_exporter using (true);
grant select, insert, update on immunoglobulin to sequela_app;
grant select on immunoglobulin to sequela_exporter;

create table vaccination (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  vaccination_date date not null,
  vaccine text not null,
  platform text,
  live text,
  dose_number integer,
  household text,
  missing jsonb,
  constraint vaccination_pk primary key (center_id, record_id),
  constraint vaccination_key unique (center_id, patient_id, vaccination_date, vaccine),
  constraint vaccination_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint vaccination_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint vaccination_vaccine_accepts check (vaccine in ('COVID19', 'INFLUENZA', 'PNEUMOCOCCUS', 'HBV', 'ZOSTER', 'MMR', 'DTP', 'OTHER')),
  constraint vaccination_platform_accepts check (platform in ('INACT', 'MRNA', 'RECOMB', 'VECTOR_LIVE', 'LIVE_ATT', 'OTHER')),
  constraint vaccination_live_accepts check (live in ('Y', 'N', 'UNK')),
  constraint vaccination_dose_number_accepts check (dose_number between 1 and 10),
  constraint vaccination_household_accepts check (household in ('Y', 'N', 'UNK')),
  constraint vaccination_version_accepts check (version >= 1)
);
alter table vaccination enable row level security;
alter table vaccination force row level security;
create policy vaccination_scope on vaccination to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy vaccination_export on vaccination for select to sequela_exporter using (true);
grant select, insert, update on vaccination to sequela_app;
grant select on vaccination to sequela_exporter;

create table hbv_course (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  course_number integer not null,
  hbv_group text,
  na_drug text,
  na_start_date date,
  na_end_date date,
  poor_compliance text,
  reactivation text,
  reactivation_date date,
  reactivation_definition text,
  missing jsonb,
  constraint hbv_course_pk primary key (center_id, record_id),
  constraint hbv_course_key unique (center_id, patient_id, infusion_number, course_number),
  constraint hbv_course_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint hbv_course_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint hbv_course_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint hbv_course_course_number_accepts check (course_number between 1 and 99),
  constraint hbv_course_hbv_group_accepts check (hbv_group in ('SAG_POS', 'SAG_NEG_CAB_POS_DNA_POS', 'SAG_NEG_CAB_POS_DNA_NEG', 'ALL_NEG', 'HBSAB_ONLY', 'UNK')),
  constraint hbv_course_hbv_group_given check ((hbv_group is not null) <> coalesce(missing ? 'hbv_group', false)),
  constraint hbv_course_na_drug_accepts check (na_drug in ('ENTECAVIR', 'TDF', 'TAF', 'OTHER', 'NONE')),
  constraint hbv_course_na_drug_given check ((na_drug is not null) <> coalesce(missing ? 'na_drug', false)),
  constraint hbv_course_na_start_date_given check (coalesce(na_drug::text not in ('ENTECAVIR', 'TDF', 'TAF', 'OTHER'), true) or ((na_start_date is not null) <> coalesce(missing ? 'na_start_date', false))),
  constraint hbv_course_poor_compliance_accepts check (poor_compliance in ('Y', 'N', 'UNK')),
  constraint hbv_course_reactivation_accepts check (reactivation in ('Y', 'N', 'UNK')),
  constraint hbv_course_reactivation_given check ((reactivation is not null) <> coalesce(missing ? 'reactivation', false)),
  constraint hbv_course_reactivation_date_given check (coalesce(reactivation::text not in ('Y'), true) or ((reactivation_date is not null) <> coalesce(missing ? 'reactivation_date', false))),
  constraint hbv_course_reactivation_definition_accepts check (reactivation_definition in ('AASLD2018', 'CHB2019')),
  constraint hbv_course_reactivation_definition_given check (coalesce(reactivation::text not in ('Y'), true) or ((reactivation_definition is not null) <> coalesce(missing ? 'reactivation_definition', false))),
  constraint hbv_course_version_accepts check (version >= 1)
);
alter table hbv_course enable row level security;
alter table hbv_course force row level security;
create policy hbv_course_scope on hbv_course to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy hbv_course_export on hbv_course for select to sequela_exporter using (true);
grant select, insert, update on hbv_course to sequela_app;
grant select on hbv_course to sequela_exporter;

create table visit (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  visit_date date not null,
  planned_code text,
  mode text,
  items text,
  near_hospital text,
  caregiver text,
  driving_counselled text,
  missing jsonb,
  constraint visit_pk primary key (center_id, record_id),
  constraint visit_key unique (center_id, patient_id, infusion_number, visit_date),
  constraint visit_infusion_fk foreign key (center_id, patient_id, infusion_number) references infusion (center_id, patient_id, infusion_number),
  constraint visit_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint visit_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint visit_planned_code_accepts check (planned_code in ('D014', 'D028', 'M01', 'M02', 'M03', 'M04', 'M05', 'M06', 'M08', 'M09', 'M10', 'M12', 'M15', 'M18', 'M21', 'M24', 'M30', 'M36', 'M42', 'M48', 'M54', 'M60', 'YRN', 'UNSCHEDULED')),
  constraint visit_planned_code_given check ((planned_code is not null) <> coalesce(missing ? 'planned_code', false)),
  constraint visit_mode_accepts check (mode in ('IN_PERSON', 'PHONE', 'REMOTE', 'RECORD')),
  constraint visit_mode_given check ((mode is not null) <> coalesce(missing ? 'mode', false)),
  constraint visit_items_accepts check (items ~ '^(HISTORY|EXAMINATION|CBC|BIOCHEMISTRY|COAGULATION|FERRITIN|CRP|IMMUNOGLOBULINS|CYTOKINES|LYMPHOCYTE_SUBSETS|CAR_T|PET_CT|CT|MYELOMA_RESPONSE|TOXICITY|SPM_QUESTION)(;(HISTORY|EXAMINATION|CBC|BIOCHEMISTRY|COAGULATION|FERRITIN|CRP|IMMUNOGLOBULINS|CYTOKINES|LYMPHOCYTE_SUBSETS|CAR_T|PET_CT|CT|MYELOMA_RESPONSE|TOXICITY|SPM_QUESTION))*$'),
  constraint visit_items_given check (coalesce(mode::text not in ('IN_PERSON'), true) or ((items is not null) <> coalesce(missing ? 'items', false))),
  constraint visit_near_hospital_accepts check (near_hospital in ('Y', 'N', 'UNK')),
  constraint visit_caregiver_accepts check (caregiver in ('Y', 'N', 'UNK')),
  constraint visit_driving_counselled_accepts check (driving_counselled in ('Y', 'N', 'UNK')),
  constraint visit_version_accepts check (version >= 1)
);
alter table visit enable row level security;
alter table visit force row level security;
create policy visit_scope on visit to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy visit_export on visit for select to sequela_exporter using (true);
grant select, insert, update on visit to sequela_app;
grant select on visit to sequela_exporter;

create table subsequent_therapy (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  therapy_number integer not null,
  start_date text,
  therapy text,
  indication text,
  missing jsonb,
  constraint subsequent_therapy_pk primary key (center_id, record_id),
  constraint subsequent_therapy_key unique (center_id, patient_id, infusion_number, therapy_number),
  constraint subsequent_therapy_infusion_fk foreign key (center_id, patient_id, infusion_number) references infusion (center_id, patient_id, infusion_number),
  constraint subsequent_therapy_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint subsequent_therapy_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint subsequent_therapy_therapy_number_accepts check (therapy_number between 1 and 99),
  constraint subsequent_therapy_start_date_accepts check (start_date ~ '^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$'),
  constraint subsequent_therapy_start_date_given check ((start_date is not null) <> coalesce(missing ? 'start_date', false)),
  constraint subsequent_therapy_therapy_accepts check (therapy in ('HCT_ALLO', 'HCT_AUTO', 'CAR_T', 'BISPECIFIC', 'CHEMO', 'RT', 'TKI', 'TRIAL', 'OTHER')),
  constraint subsequent_therapy_therapy_given check ((therapy is not null) <> coalesce(missing ? 'therapy', false)),
  constraint subsequent_therapy_indication_accepts check (indication in ('RELAPSE', 'CONSOLIDATION', 'MAINTENANCE')),
  constraint subsequent_therapy_indication_given check ((indication is not null) <> coalesce(missing ? 'indication', false)),
  constraint subsequent_therapy_version_accepts check (version >= 1)
);
alter table subsequent_therapy enable row level security;
alter table subsequent_therapy force row level security;
create policy subsequent_therapy_scope on subsequent_therapy to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy subsequent_therapy_export on subsequent_therapy for select to sequela_exporter using (true);
grant select, insert, update on subsequent_therapy to sequela_app;
grant select on subsequent_therapy to sequela_exporter;
