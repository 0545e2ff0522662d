-- The tables of the forms, as `sequela forms ddl` prints them.

-- Center: catalogue G1 CTR
create table center (
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  center_id text not null,
  name text not null,
  city text,
  province text,
  time_zone text,
  joined_on date not null,
  left_on date,
  missing jsonb,
  constraint center_pk primary key (center_id),
  constraint center_center_id_accepts check (center_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(center_id) <= 16),
  constraint center_name_accepts check (char_length(name) between 1 and 200),
  constraint center_city_accepts check (char_length(city) between 1 and 200),
  constraint center_province_accepts check (char_length(province) between 1 and 200),
  constraint center_time_zone_accepts check (char_length(time_zone) between 1 and 64),
  constraint center_version_accepts check (version >= 1)
);
grant select, insert, update on center to sequela_app;
grant select on center to sequela_exporter;

-- Product: catalogue G1 PRD, B0
create table product (
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  product_code text not null,
  inn text not null,
  name_zh text,
  target text not null,
  costimulation text,
  dose_basis text,
  dose_min double precision,
  dose_max double precision,
  dose_cap double precision,
  weight_split_kg double precision,
  dose_provenance text,
  missing jsonb,
  constraint product_pk primary key (product_code),
  constraint product_product_code_accepts check (product_code ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(product_code) <= 32),
  constraint product_inn_accepts check (char_length(inn) between 1 and 200),
  constraint product_name_zh_accepts check (char_length(name_zh) between 1 and 200),
  constraint product_target_accepts check (target in ('CD19', 'CD22', 'BCMA', 'GPRC5D', 'CD19/CD22', 'CD19/BCMA', 'OTHER')),
  constraint product_costimulation_accepts check (costimulation in ('CD28', '4-1BB', 'OTHER')),
  constraint product_dose_basis_accepts check (dose_basis in ('FLAT', 'PER_KG')),
  constraint product_dose_basis_given check ((dose_basis is not null) <> coalesce(missing ? 'dose_basis', false)),
  constraint product_dose_min_accepts check (dose_min between 1e4 and 1e11),
  constraint product_dose_max_accepts check (dose_max between 1e4 and 1e11),
  constraint product_dose_cap_accepts check (dose_cap between 1e4 and 1e11),
  constraint product_weight_split_kg_accepts check (weight_split_kg between 2e1 and 2.5e2),
  constraint product_dose_provenance_accepts check (dose_provenance in ('SEED', 'RECON', 'EXT', 'PROP')),
  constraint product_version_accepts check (version >= 1)
);
grant select, insert, update on product to sequela_app;
grant select on product to sequela_exporter;

-- Patient: catalogue G1 PAT
create table patient (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  birth_year integer,
  sex text,
  consent_registry text,
  consent_date date,
  withdrawn_on date,
  date_basis text not null,
  missing jsonb,
  constraint patient_pk primary key (center_id, record_id),
  constraint patient_key unique (center_id, patient_id),
  constraint patient_center_fk foreign key (center_id) references center (center_id),
  constraint patient_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint patient_birth_year_accepts check (birth_year between 1900 and 2100),
  constraint patient_birth_year_given check ((birth_year is not null) <> coalesce(missing ? 'birth_year', false)),
  constraint patient_sex_accepts check (sex in ('F', 'M', 'OTHER', 'UNK')),
  constraint patient_sex_given check ((sex is not null) <> coalesce(missing ? 'sex', false)),
  constraint patient_consent_registry_accepts check (consent_registry in ('Y', 'N', 'UNK')),
  constraint patient_consent_registry_given check ((consent_registry is not null) <> coalesce(missing ? 'consent_registry', false)),
  constraint patient_date_basis_accepts check (date_basis in ('CALENDAR', 'PSEUDO_ANCHOR')),
  constraint patient_version_accepts check (version >= 1)
);
alter table patient enable row level security;
alter table patient force row level security;
create policy patient_scope on patient to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy patient_export on patient for select to sequela_exporter using (true);
grant select, insert, update on patient to sequela_app;
grant select on patient to sequela_exporter;

-- Disease baseline: catalogue G2 DXC
create table disease (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  disease text not null,
  diagnosis_date text,
  stage_system text,
  stage text,
  tumor_burden_high text,
  extramedullary text,
  cns_involvement text,
  prior_lines integer,
  missing jsonb,
  constraint disease_pk primary key (center_id, record_id),
  constraint disease_key unique (center_id, patient_id),
  constraint disease_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint disease_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint disease_disease_accepts check (disease in ('NHL', 'MM', 'B_ALL', 'OTHER')),
  constraint disease_diagnosis_date_accepts check (diagnosis_date ~ '^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$'),
  constraint disease_diagnosis_date_given check ((diagnosis_date is not null) <> coalesce(missing ? 'diagnosis_date', false)),
  constraint disease_stage_system_accepts check (stage_system in ('ANN_ARBOR', 'ISS', 'R_ISS', 'DS')),
  constraint disease_stage_accepts check (stage in ('I', 'II', 'III', 'IV')),
  constraint disease_tumor_burden_high_accepts check (tumor_burden_high in ('Y', 'N', 'UNK')),
  constraint disease_extramedullary_accepts check (extramedullary in ('Y', 'N', 'UNK')),
  constraint disease_extramedullary_given check ((extramedullary is not null) <> coalesce(missing ? 'extramedullary', false)),
  constraint disease_cns_involvement_accepts check (cns_involvement in ('NONE', 'PARENCHYMAL', 'LEPTOMENINGEAL', 'BOTH')),
  constraint disease_cns_involvement_given check ((cns_involvement is not null) <> coalesce(missing ? 'cns_involvement', false)),
  constraint disease_prior_lines_accepts check (prior_lines between 0 and 20),
  constraint disease_prior_lines_given check ((prior_lines is not null) <> coalesce(missing ? 'prior_lines', false)),
  constraint disease_version_accepts check (version >= 1)
);
alter table disease enable row level security;
alter table disease force row level security;
create policy disease_scope on disease to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy disease_export on disease for select to sequela_exporter using (true);
grant select, insert, update on disease to sequela_app;
grant select on disease to sequela_exporter;

-- Lymphodepletion course: catalogue G3 LDC
create table lymphodepletion (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  course_number integer not null,
  regimen text,
  start_date date,
  end_date date,
  adjusted text,
  adjust_reason text,
  missing jsonb,
  constraint lymphodepletion_pk primary key (center_id, record_id),
  constraint lymphodepletion_key unique (center_id, patient_id, infusion_number, course_number),
  constraint lymphodepletion_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint lymphodepletion_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint lymphodepletion_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint lymphodepletion_course_number_accepts check (course_number between 1 and 3),
  constraint lymphodepletion_regimen_accepts check (regimen in ('FC', 'BENDA', 'OTHER', 'NONE')),
  constraint lymphodepletion_regimen_given check ((regimen is not null) <> coalesce(missing ? 'regimen', false)),
  constraint lymphodepletion_start_date_given check ((start_date is not null) <> coalesce(missing ? 'start_date', false)),
  constraint lymphodepletion_end_date_given check ((end_date is not null) <> coalesce(missing ? 'end_date', false)),
  constraint lymphodepletion_adjusted_accepts check (adjusted in ('Y', 'N', 'UNK')),
  constraint lymphodepletion_adjust_reason_accepts check (adjust_reason in ('AGE', 'CRCL30', 'ECOG', 'COMORB')),
  constraint lymphodepletion_version_accepts check (version >= 1)
);
alter table lymphodepletion enable row level security;
alter table lymphodepletion force row level security;
create policy lymphodepletion_scope on lymphodepletion to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy lymphodepletion_export on lymphodepletion for select to sequela_exporter using (true);
grant select, insert, update on lymphodepletion to sequela_app;
grant select on lymphodepletion to sequela_exporter;

-- Infusion: catalogue G3 INF
create table infusion (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  infusion_date date not null,
  product_code text not null,
  batch text,
  weight_kg double precision,
  dose_total_car_t double precision,
  viability_percent double precision,
  product_conformity text,
  active_infection text,
  vasopressor_hypotension text,
  thaw_to_infuse_min integer,
  missing jsonb,
  constraint infusion_pk primary key (center_id, record_id),
  constraint infusion_key unique (center_id, patient_id, infusion_number),
  constraint infusion_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint infusion_product_fk foreign key (product_code) references product (product_code),
  constraint infusion_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint infusion_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint infusion_product_code_accepts check (product_code ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(product_code) <= 32),
  constraint infusion_batch_accepts check (batch ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(batch) <= 64),
  constraint infusion_weight_kg_accepts check (weight_kg between 2e1 and 2.5e2),
  constraint infusion_weight_kg_given check ((weight_kg is not null) <> coalesce(missing ? 'weight_kg', false)),
  constraint infusion_dose_total_car_t_accepts check (dose_total_car_t between 1e5 and 1e10),
  constraint infusion_dose_total_car_t_given check ((dose_total_car_t is not null) <> coalesce(missing ? 'dose_total_car_t', false)),
  constraint infusion_viability_percent_accepts check (viability_percent between 0e0 and 1e2),
  constraint infusion_product_conformity_accepts check (product_conformity in ('IN_SPEC', 'OOS', 'EXPANDED_ACCESS')),
  constraint infusion_product_conformity_given check ((product_conformity is not null) <> coalesce(missing ? 'product_conformity', false)),
  constraint infusion_active_infection_accepts check (active_infection in ('Y', 'N', 'UNK')),
  constraint infusion_active_infection_given check ((active_infection is not null) <> coalesce(missing ? 'active_infection', false)),
  constraint infusion_vasopressor_hypotension_accepts check (vasopressor_hypotension in ('Y', 'N', 'UNK')),
  constraint infusion_vasopressor_hypotension_given check ((vasopressor_hypotension is not null) <> coalesce(missing ? 'vasopressor_hypotension', false)),
  constraint infusion_thaw_to_infuse_min_accepts check (thaw_to_infuse_min between 0 and 240),
  constraint infusion_version_accepts check (version >= 1)
);
alter table infusion enable row level security;
alter table infusion force row level security;
create policy infusion_scope on infusion to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy infusion_export on infusion for select to sequela_exporter using (true);
grant select, insert, update on infusion to sequela_app;
grant select on infusion to sequela_exporter;

-- Daily toxicity: catalogue G4 CRD, ICN, ICE
create table daily_toxicity (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  assessment_date date not null,
  crs_grade integer,
  icans_grade integer,
  tocilizumab boolean,
  siltuximab boolean,
  steroids boolean,
  anakinra boolean,
  missing jsonb,
  constraint daily_toxicity_pk primary key (center_id, record_id),
  constraint daily_toxicity_key unique (center_id, patient_id, infusion_number, assessment_date),
  constraint daily_toxicity_infusion_fk foreign key (center_id, patient_id, infusion_number) references infusion (center_id, patient_id, infusion_number),
  constraint daily_toxicity_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint daily_toxicity_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint daily_toxicity_crs_grade_accepts check (crs_grade between 0 and 5),
  constraint daily_toxicity_crs_grade_given check ((crs_grade is not null) <> coalesce(missing ? 'crs_grade', false)),
  constraint daily_toxicity_icans_grade_accepts check (icans_grade between 0 and 5),
  constraint daily_toxicity_icans_grade_given check ((icans_grade is not null) <> coalesce(missing ? 'icans_grade', false)),
  constraint daily_toxicity_version_accepts check (version >= 1)
);
alter table daily_toxicity enable row level security;
alter table daily_toxicity force row level security;
create policy daily_toxicity_scope on daily_toxicity to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy daily_toxicity_export on daily_toxicity for select to sequela_exporter using (true);
grant select, insert, update on daily_toxicity to sequela_app;
grant select on daily_toxicity to sequela_exporter;

-- Response assessment: catalogue G5 RSP
create table response (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  infusion_number integer not null,
  assessment_date date not null,
  criteria text not null,
  reported_category text,
  confirmed text,
  missing jsonb,
  constraint response_pk primary key (center_id, record_id),
  constraint response_key unique (center_id, patient_id, infusion_number, assessment_date, criteria),
  constraint response_infusion_fk foreign key (center_id, patient_id, infusion_number) references infusion (center_id, patient_id, infusion_number),
  constraint response_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint response_infusion_number_accepts check (infusion_number between 1 and 9),
  constraint response_criteria_accepts check (criteria in ('IMWG_SEED', 'IMWG_2016', 'LUGANO_PET', 'LUGANO_CT', 'ALL_NCCN')),
  constraint response_reported_category_accepts check (reported_category in ('sCR', 'CR', 'VGPR', 'PR', 'MR', 'SD', 'PD', 'CMR', 'PMR', 'NMR', 'PMD', 'CRh', 'CRi', 'NR', 'RELAPSE', 'NE')),
  constraint response_reported_category_given check ((reported_category is not null) <> coalesce(missing ? 'reported_category', false)),
  constraint response_confirmed_accepts check (confirmed in ('Y', 'N', 'UNK')),
  constraint response_version_accepts check (version >= 1)
);
alter table response enable row level security;
alter table response force row level security;
create policy response_scope on response to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy response_export on response for select to sequela_exporter using (true);
grant select, insert, update on response to sequela_app;
grant select on response to sequela_exporter;

-- Survival status: catalogue G5 SUR
create table survival_status (
  center_id text not null,
  record_id uuid not null,
  version integer not null,
  retracted boolean not null default false,
  recorded_at timestamptz not null,
  form_version integer not null,
  patient_id text not null,
  last_contact date not null,
  status text not null,
  death_date date,
  cause_primary text,
  autopsy text,
  missing jsonb,
  constraint survival_status_pk primary key (center_id, record_id),
  constraint survival_status_key unique (center_id, patient_id, last_contact),
  constraint survival_status_patient_fk foreign key (center_id, patient_id) references patient (center_id, patient_id),
  constraint survival_status_patient_id_accepts check (patient_id ~ '^[A-Za-z0-9._-]+( [A-Za-z0-9._-]+)*$' and char_length(patient_id) <= 64),
  constraint survival_status_status_accepts check (status in ('ALIVE', 'DEAD', 'LOST', 'WITHDRAWN')),
  constraint survival_status_cause_primary_accepts check (cause_primary in ('RELAPSE', 'CRS', 'ICANS', 'IECHS', 'INFECTION', 'BLEEDING', 'CARDIAC', 'SPM', 'OTHER', 'UNK')),
  constraint survival_status_autopsy_accepts check (autopsy in ('Y', 'N', 'UNK')),
  constraint survival_status_version_accepts check (version >= 1)
);
alter table survival_status enable row level security;
alter table survival_status force row level security;
create policy survival_status_scope on survival_status to sequela_app
  using (center_id = any ((select sequela_scope())::text[])) with check (center_id = any ((select sequela_scope())::text[]));
create policy survival_status_export on survival_status for select to sequela_exporter using (true);
grant select, insert, update on survival_status to sequela_app;
grant select on survival_status to sequela_exporter;
