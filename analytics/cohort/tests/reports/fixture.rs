//! A registry in memory, written as a snapshot directory the way the export does it.

use chrono::{Days, NaiveDate};
use clinical::codes::assessment::{Category, Criteria};
use clinical::codes::{
    BirthYear, CenterId, CourseNumber, CrsGrade, Disease, IcansGrade, InfusionNumber, Name, PatientId,
    ProductCode,
};
use clinical::field::{Cell, Kind};
use clinical::form::{Form, FormDescriptor};
use clinical::forms::center::Center;
use clinical::forms::daily_toxicity::DailyToxicity;
use clinical::forms::disease::DiseaseBaseline;
use clinical::forms::infusion::Infusion;
use clinical::forms::lymphodepletion::{Lymphodepletion, Regimen};
use clinical::forms::patient::{DateBasis, Patient, Sex};
use clinical::forms::response::ResponseAssessment;
use clinical::forms::survival_status::{Status, SurvivalStatus};
use clinical::record::{Missing, Record};
use clinical::review::DerivedValue;
use cohort::digest::sha256;
use cohort::snapshot::{AuditPosition, FileEntry, Manifest, content_hash};
use polars::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Day 0 of the fixtures.
pub(crate) fn day(n: i32) -> NaiveDate {
    let start = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
    if n >= 0 { start + Days::new(n as u64) } else { start - Days::new(n.unsigned_abs().into()) }
}

/// A linear congruential generator (Knuth's MMIX constants): the same numbers everywhere.
pub(crate) struct Lcg(pub(crate) u64);

impl Lcg {
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(n)) as u32
    }

    pub(crate) fn day(&mut self, from: i32, to: i32) -> i32 {
        from + self.below((to - from + 1) as u32).cast_signed()
    }

    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }
}

/// Records with the center that owns them.
#[derive(Default, Clone)]
pub(crate) struct Registry {
    pub(crate) rows: Vec<(String, Record)>,
    pub(crate) id: Option<String>,
    /// Positions of derived values, and of the records they belong to.
    pub(crate) derived: std::collections::BTreeMap<usize, usize>,
}

fn patient_id(id: &str) -> PatientId {
    PatientId::new(id).unwrap()
}

fn number(n: i32) -> InfusionNumber {
    InfusionNumber::new(n).unwrap()
}

impl Registry {
    /// A registry with the products and two centers.
    pub(crate) fn new() -> Self {
        let mut registry = Self::default();
        for product in clinical::products::products() {
            registry.rows.push((String::new(), product));
        }
        for (code, name) in [("AA-01", "First Hospital"), ("BB-02", "Second Hospital, \"East\"")] {
            let center = Center {
                center_id: CenterId::new(code).unwrap(),
                name: Name::new(name).unwrap(),
                city: None,
                province: None,
                time_zone: None,
                joined_on: day(-1000),
                left_on: None,
                missing: Missing::default(),
            };
            registry.rows.push((code.to_owned(), center.to_record()));
        }
        registry
    }

    pub(crate) fn put(&mut self, center: &str, record: Record) -> &mut Self {
        self.rows.push((center.to_owned(), record));
        self
    }

    /// The derived value of a field of the record put last.
    pub(crate) fn derive(&mut self, center: &str, id: &str, field: &str, value: Option<&str>) {
        let of = self.rows.len() - 1;
        let value = serde_json::json!({
            "patient_id": id, "subject": self.rows[of].1.form().name, "value_name": field, "derived": value,
        });
        self.derived.insert(self.rows.len(), of);
        self.put(center, record_of(DerivedValue::DESCRIPTOR, &value));
    }

    /// A record of any form from the fields that matter; the others are null.
    pub(crate) fn record(&mut self, center: &str, form: &str, value: &serde_json::Value) -> &mut Self {
        let form = clinical::forms::ALL.iter().copied().find(|f| f.name == form).unwrap();
        self.put(center, record_of(form, value))
    }

    pub(crate) fn patient_with(
        &mut self,
        center: &str,
        id: &str,
        born: Option<i32>,
        sex: Option<Sex>,
        date_basis: DateBasis,
    ) {
        let patient = Patient {
            patient_id: patient_id(id),
            birth_year: born.map(|y| BirthYear::new(y).unwrap()),
            sex,
            consent_registry: None,
            consent_date: None,
            withdrawn_on: None,
            date_basis,
            race_ethnicity: None,
            pseudonym_version: None,
            missing: Missing::default(),
        };
        self.put(center, patient.to_record());
    }

    pub(crate) fn disease(&mut self, center: &str, id: &str, disease: Disease) {
        let baseline = DiseaseBaseline {
            patient_id: patient_id(id),
            disease,
            diagnosis_date: None,
            stage_system: None,
            stage: None,
            tumor_burden_high: None,
            extramedullary: None,
            cns_involvement: None,
            prior_lines: None,
            tumor_burden_definition: None,
            extramedullary_sites: None,
            cns_suspected: None,
            missing: Missing::default(),
        };
        self.put(center, baseline.to_record());
    }

    pub(crate) fn infusion(&mut self, center: &str, id: &str, n: i32, on: i32, product: &str) {
        let infusion = Infusion {
            patient_id: patient_id(id),
            infusion_number: number(n),
            infusion_date: day(on),
            product_code: ProductCode::new(product).unwrap(),
            batch: None,
            weight_kg: None,
            dose_total_car_t: None,
            viability_percent: None,
            product_conformity: None,
            active_infection: None,
            vasopressor_hypotension: None,
            thaw_to_infuse_min: None,
            start_time: None,
            end_date: None,
            end_time: None,
            dose_per_kg: None,
            dose_per_kg_reported: None,
            ecog: None,
            clinical_trial: None,
            missing: Missing::default(),
        };
        self.put(center, infusion.to_record());
    }

    /// An adult with calendar dates, NHL and a first infusion on fixture day `on`.
    pub(crate) fn subject(&mut self, center: &str, id: &str, on: i32, product: &str) {
        self.patient_with(center, id, Some(1960), Some(Sex::Female), DateBasis::Calendar);
        self.disease(center, id, Disease::Nhl);
        self.infusion(center, id, 1, on, product);
    }

    pub(crate) fn status(&mut self, center: &str, id: &str, on: i32, status: Status) {
        let status = SurvivalStatus {
            patient_id: patient_id(id),
            last_contact: day(on),
            status,
            death_date: (status == Status::Dead).then(|| day(on)),
            cause_primary: None,
            autopsy: None,
            cause_class: None,
            missing: Missing::default(),
        };
        self.put(center, status.to_record());
    }

    pub(crate) fn response(&mut self, center: &str, id: &str, n: i32, on: i32, category: Option<Category>) {
        let response = ResponseAssessment {
            patient_id: patient_id(id),
            infusion_number: number(n),
            assessment_date: day(on),
            criteria: Criteria::LuganoPet,
            reported_category: category,
            confirmed: None,
            confirmed_by: None,
            missing: Missing::default(),
        };
        self.put(center, response.to_record());
    }

    pub(crate) fn toxicity(&mut self, center: &str, id: &str, on: i32, crs: Option<i32>, icans: Option<i32>) {
        self.toxicity_with(center, id, on, crs, icans, [None; 4]);
    }

    pub(crate) fn toxicity_with(
        &mut self,
        center: &str,
        id: &str,
        on: i32,
        crs: Option<i32>,
        icans: Option<i32>,
        [tocilizumab, siltuximab, steroids, anakinra]: [Option<bool>; 4],
    ) {
        let toxicity = DailyToxicity {
            patient_id: patient_id(id),
            infusion_number: number(1),
            assessment_date: day(on),
            crs_grade: crs.map(|g| CrsGrade::new(g).unwrap()),
            icans_grade: icans.map(|g| IcansGrade::new(g).unwrap()),
            tocilizumab,
            siltuximab,
            steroids,
            anakinra,
            missing: Missing::default(),
        };
        self.put(center, toxicity.to_record());
    }

    pub(crate) fn course(
        &mut self,
        center: &str,
        id: &str,
        n: i32,
        regimen: Option<Regimen>,
        start: Option<i32>,
        end: Option<i32>,
    ) {
        let course = Lymphodepletion {
            patient_id: patient_id(id),
            infusion_number: number(1),
            course_number: CourseNumber::new(n).unwrap(),
            regimen,
            start_date: start.map(day),
            end_date: end.map(day),
            adjusted: None,
            adjust_reason: None,
            missing: Missing::default(),
        };
        self.put(center, course.to_record());
    }

    /// Writes the snapshot; the rows of each file in an order that depends on `seed`.
    pub(crate) fn write(&self, seed: u64) -> Directory {
        let directory = Directory::new();
        let mut files = Vec::new();
        for form in clinical::forms::ALL.iter().copied().chain([DerivedValue::DESCRIPTOR]) {
            let own = self.rows.iter().enumerate().filter(|(_, (_, r))| std::ptr::eq(r.form(), form));
            let mut rows: Vec<(usize, &(String, Record))> = own.collect();
            let mut random = Lcg(seed);
            for i in (1..rows.len()).rev() {
                rows.swap(i, random.below(i as u32 + 1) as usize);
            }
            let name = format!("{}.parquet", form.name);
            let path = directory.path().join(&name);
            ParquetWriter::new(std::fs::File::create(&path).unwrap())
                .finish(&mut frame(form, &rows, &self.derived))
                .unwrap();
            let bytes = std::fs::read(&path).unwrap();
            files.push(FileEntry {
                form: form.name.to_owned(),
                path: name,
                rows: rows.len() as u64,
                bytes: bytes.len() as u64,
                sha256: sha256(&bytes),
                form_version: form.version,
            });
        }
        let manifest = Manifest {
            snapshot_id: self.id.clone().unwrap_or_else(|| "0192f0a1-0000-7000-8000-000000000001".to_owned()),
            format_version: 1,
            taken_at: "2026-01-02T03:04:05Z".to_owned(),
            audit: AuditPosition { generation: 1, position: 42, head: "ab".repeat(32) },
            pg_snapshot: "100:100:".to_owned(),
            content_hash: content_hash(&files),
            files,
        };
        std::fs::write(directory.path().join("manifest.json"), serde_json::to_vec_pretty(&manifest).unwrap())
            .unwrap();
        directory
    }
}

fn frame(
    form: &FormDescriptor,
    numbered: &[(usize, &(String, Record))],
    derived: &std::collections::BTreeMap<usize, usize>,
) -> DataFrame {
    let rows: Vec<&(String, Record)> = numbered.iter().map(|(_, row)| *row).collect();
    let mut columns: Vec<Column> = Vec::new();
    if !form.is_reference() {
        columns
            .push(Column::new("center_id".into(), rows.iter().map(|(c, _)| c.as_str()).collect::<Vec<_>>()));
        // A derived value carries the id of the record it belongs to.
        let of = |n: &usize| derived.get(n).copied().unwrap_or(*n);
        let ids: Vec<String> = numbered.iter().map(|(n, _)| format!("record-{}", of(n))).collect();
        columns.push(Column::new("record_id".into(), ids));
        columns.push(Column::new("version".into(), vec![1_i32; rows.len()]));
    }
    for (i, field) in form.fields.iter().enumerate() {
        let cells: Vec<&Cell> = rows.iter().map(|(_, r)| &r.cells()[i]).collect();
        let name: PlSmallStr = field.name.into();
        columns.push(match field.kind {
            Kind::Integer { .. } => Column::new(
                name,
                cells
                    .iter()
                    .map(|c| if let Cell::Integer(i) = c { Some(*i) } else { None })
                    .collect::<Vec<_>>(),
            ),
            Kind::Decimal { .. } => Column::new(
                name,
                cells
                    .iter()
                    .map(|c| if let Cell::Decimal(d) = c { Some(*d) } else { None })
                    .collect::<Vec<_>>(),
            ),
            Kind::Flag => Column::new(
                name,
                cells.iter().map(|c| if let Cell::Flag(b) = c { Some(*b) } else { None }).collect::<Vec<_>>(),
            ),
            Kind::Date => Column::new(
                name,
                cells.iter().map(|c| if let Cell::Date(d) = c { Some(*d) } else { None }).collect::<Vec<_>>(),
            ),
            _ => Column::new(
                name,
                cells.iter().map(|c| (!c.is_null()).then(|| c.to_text())).collect::<Vec<Option<String>>>(),
            ),
        });
    }
    let missing: Vec<Option<String>> = rows
        .iter()
        .map(|(_, r)| (!r.missing().is_empty()).then(|| r.missing().to_json().to_string()))
        .collect();
    columns.push(Column::new("missing".into(), missing));
    DataFrame::new(rows.len(), columns).unwrap()
}

fn record_of(form: &'static FormDescriptor, value: &serde_json::Value) -> Record {
    let cell = |f: &clinical::form::FieldDescriptor| match value.get(f.name) {
        None | Some(serde_json::Value::Null) => Cell::Null,
        Some(value) => {
            f.kind.parse_json(value).unwrap_or_else(|_| panic!("{}.{}: {value}", form.name, f.name))
        }
    };
    for name in value.as_object().unwrap().keys() {
        assert!(form.field(name).is_some(), "{} has no field {name}", form.name);
    }
    Record::from_parts(form, form.fields.iter().map(cell).collect(), Missing::default())
}

/// A directory that goes away with the test.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("sequela-snapshot-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Random records of `n` subjects at two centers: NHL, MM, B-ALL or no baseline; gaps, contradictions, second infusions.
pub(crate) fn random_registry(seed: u64, n: usize) -> Registry {
    let mut random = Lcg(seed);
    let mut registry = Registry::new();
    let products = ["axi-cel", "tisa-cel", "eque-cel"];
    for i in 0..n {
        let center = if random.chance(60) { "AA-01" } else { "BB-02" };
        let id = format!("P{i:04}");
        let basis = if random.chance(10) { DateBasis::PseudoAnchor } else { DateBasis::Calendar };
        let born = (!random.chance(10)).then(|| random.day(1940, 2000));
        registry.patient_with(
            center,
            &id,
            born,
            Some(if random.chance(50) { Sex::Male } else { Sex::Female }),
            basis,
        );
        if !random.chance(5) {
            registry.disease(
                center,
                &id,
                [Disease::Nhl, Disease::Mm, Disease::BAll][random.below(3) as usize],
            );
        }
        let infused = random.day(0, 400);
        registry.infusion(center, &id, 1, infused, products[random.below(3) as usize]);
        let second = random.chance(15).then(|| infused + random.day(20, 300));
        if let Some(on) = second {
            registry.infusion(center, &id, 2, on, products[random.below(3) as usize]);
        }
        for course in 1..=random.day(0, 2) {
            let regimen = [Some(Regimen::Fc), Some(Regimen::Bendamustine), Some(Regimen::None), None]
                [random.below(4) as usize];
            let end =
                (regimen != Some(Regimen::None) && !random.chance(20)).then(|| infused + random.day(-12, 1));
            let start =
                (end.is_some() || random.chance(30)).then(|| end.unwrap_or(infused + random.day(-6, 3)) - 2);
            registry.course(center, &id, course, regimen, start, end);
        }
        for on in 0..random.day(0, 33) {
            if random.chance(80) {
                let grade = |random: &mut Lcg| {
                    (!random.chance(15)).then(|| [0, 0, 0, 1, 1, 2, 3][random.below(7) as usize])
                };
                let (crs, icans) = (grade(&mut random), grade(&mut random));
                let drug = |random: &mut Lcg| (!random.chance(20)).then(|| random.chance(10));
                let drugs = [drug(&mut random), drug(&mut random), drug(&mut random), drug(&mut random)];
                registry.toxicity_with(
                    center,
                    &id,
                    infused + on - i32::from(random.chance(1)),
                    crs,
                    icans,
                    drugs,
                );
            }
        }
        let categories = [Category::Cmr, Category::Pmr, Category::Nmr, Category::Pmd, Category::Ne];
        for visit in 0..random.day(0, 4) {
            let category = (!random.chance(10)).then(|| categories[random.below(5) as usize]);
            let of = if second.is_some() && random.chance(30) { 2 } else { 1 };
            registry.response(center, &id, of, infused - 3 + 45 * visit + random.day(0, 20), category);
        }
        let last = infused + random.day(-5, 700);
        match random.below(10) {
            0..=3 => registry.status(center, &id, last, Status::Dead),
            4..=7 => registry.status(center, &id, last, Status::Alive),
            8 => registry.status(center, &id, last, Status::Lost),
            _ => {}
        }
        if random.chance(5) {
            registry.status(center, &id, last + random.day(1, 20), Status::Dead);
        }
    }
    // Records of one day and one key appear once, as in the registry.
    let mut keys = std::collections::BTreeSet::new();
    registry.rows.retain(|(center, r)| keys.insert((center.clone(), r.form().name, r.key())));
    registry
}
