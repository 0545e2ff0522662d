//! The table of analytes (catalogue G5).

use super::unit::{self, Conversion};
use crate::field::value_sets;

value_sets! {
    /// What the result was measured on.
    Specimen "lab_specimen" {
        Blood "BLOOD" "Whole blood" "全血"; Serum "SERUM" "Serum" "血清"; Plasma "PLASMA" "Plasma" "血浆"; Urine "URINE" "Urine" "尿液";
        Csf "CSF" "Cerebrospinal fluid" "脑脊液"; Marrow "BM" "Bone marrow" "骨髓"; Patient "PATIENT" "Measured on the patient (vital sign)" "患者本人（生命体征）";
        Other "OTHER" "Other" "其他";
    }
}

/// On which specimens an analyte is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpecimenGroup {
    /// Whole blood, serum or plasma.
    Blood,
    /// Urine.
    Urine,
    /// Any sample taken from the patient.
    Sample,
    /// The patient: a vital sign.
    Patient,
}

impl SpecimenGroup {
    /// The specimens of the group.
    pub fn specimens(self) -> &'static [Specimen] {
        use Specimen::{Blood, Csf, Marrow, Other, Patient, Plasma, Serum, Urine};
        match self {
            Self::Blood => &[Blood, Serum, Plasma],
            Self::Urine => &[Urine],
            Self::Sample => &[Blood, Serum, Plasma, Urine, Csf, Marrow, Other],
            Self::Patient => &[Patient],
        }
    }
}

/// How sure the catalogue is of a LOINC code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidence {
    /// High.
    High,
    /// Medium: verify before use.
    Medium,
}

/// A LOINC code with the catalogue's confidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loinc {
    /// The code.
    pub code: &'static str,
    /// How sure the catalogue is.
    pub confidence: Confidence,
}

const fn high(code: &'static str) -> Loinc {
    Loinc { code, confidence: Confidence::High }
}

const fn medium(code: &'static str) -> Loinc {
    Loinc { code, confidence: Confidence::Medium }
}

/// How results of an analyte are expressed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Accepted units, the canonical one first; empty when a result is never a number.
    pub units: &'static [Conversion],
    /// Possible values in the canonical unit, inclusive.
    pub hard: (f64, f64),
    /// Plausible values in the canonical unit, inclusive.
    pub soft: Option<(f64, f64)>,
    /// True when a result may be a code such as positive or negative.
    pub coded: bool,
}

impl Scale {
    const fn usual(self, low: f64, high: f64) -> Self {
        Self { soft: Some((low, high)), ..self }
    }

    const fn or_code(self) -> Self {
        Self { coded: true, ..self }
    }

    /// Plausible values, or possible ones where the catalogue names no plausible range.
    pub fn plausible(&self) -> (f64, f64) {
        self.soft.unwrap_or(self.hard)
    }
}

const fn number(units: &'static [Conversion], low: f64, high: f64) -> Scale {
    Scale { units, hard: (low, high), soft: None, coded: false }
}

const CODE: Scale = Scale { units: &[], hard: (0.0, 0.0), soft: None, coded: true };

/// One row of the table.
#[derive(Debug, PartialEq)]
pub struct AnalyteInfo {
    /// The analyte; its code and labels are those of the value set.
    pub analyte: Analyte,
    /// What it is measured on.
    pub specimens: SpecimenGroup,
    /// Units and ranges.
    pub scale: Scale,
    /// LOINC code; `None` where the catalogue gives none.
    pub loinc: Option<Loinc>,
}

macro_rules! analytes {
    ($($variant:ident $code:literal $en:literal $zh:literal, $group:ident, $scale:expr, $loinc:expr;)+) => {
        value_sets! {
            /// What was measured.
            Analyte "analyte" { $($variant $code $en $zh;)+ }
        }

        impl Analyte {
            /// The analyte's row of the table.
            pub fn info(self) -> &'static AnalyteInfo {
                match self {
                    $(Self::$variant => {
                        static INFO: AnalyteInfo = AnalyteInfo {
                            analyte: Analyte::$variant,
                            specimens: SpecimenGroup::$group,
                            scale: $scale,
                            loinc: $loinc,
                        };
                        &INFO
                    })+
                }
            }
        }
    };
}

// The first block is the table of G5. The second holds what the measures of section F and the schedules of E1 ask for beyond it; its ranges
// are proposals and its LOINC codes are left to the center.
analytes! {
    Anc "ANC" "Absolute neutrophil count" "中性粒细胞绝对值", Blood, number(unit::CELLS, 0.0, 200.0).usual(0.0, 50.0), Some(high("751-8"));
    Alc "ALC" "Absolute lymphocyte count" "淋巴细胞绝对值", Blood, number(unit::CELLS, 0.0, 500.0).usual(0.0, 20.0), Some(high("731-0"));
    LymphocytePercent "LYMPH_PERCENT" "Lymphocytes, share of leukocytes" "淋巴细胞百分比", Sample, number(unit::PERCENT, 0.0, 100.0), Some(medium("736-9"));
    Wbc "WBC" "Leukocytes" "白细胞", Sample, number(unit::CELLS, 0.0, 1000.0).usual(0.0, 100.0), Some(high("6690-2"));
    Hb "HB" "Hemoglobin" "血红蛋白", Blood, number(unit::HEMOGLOBIN, 10.0, 250.0).usual(40.0, 180.0), Some(high("718-7"));
    Plt "PLT" "Platelets" "血小板", Blood, number(unit::CELLS, 0.0, 3000.0).usual(0.0, 800.0), Some(high("777-3"));
    NeutrophilPercent "NEUT_PERCENT" "Neutrophils, share of leukocytes" "中性粒细胞百分比", Sample, number(unit::PERCENT, 0.0, 100.0), Some(high("770-8"));
    Crp "CRP" "C-reactive protein" "C反应蛋白", Blood, number(unit::MG_PER_L, 0.0, 1000.0).usual(0.0, 500.0), Some(high("1988-5"));
    Ferritin "FERRITIN" "Ferritin" "铁蛋白", Blood, number(unit::UG_PER_L, 0.0, 300_000.0).usual(5.0, 50_000.0), Some(high("2276-4"));
    Pct "PCT" "Procalcitonin" "降钙素原", Blood, number(unit::UG_PER_L, 0.0, 1000.0).usual(0.0, 100.0), Some(medium("33959-8"));
    Ldh "LDH" "Lactate dehydrogenase" "乳酸脱氢酶", Sample, number(unit::ENZYME, 0.0, 20_000.0).usual(80.0, 3000.0), Some(medium("2532-0"));
    Il6 "IL6" "Interleukin-6" "白介素-6", Sample, number(unit::NG_PER_L, 0.0, 1e6), Some(medium("26881-3"));
    Alt "ALT" "Alanine aminotransferase" "丙氨酸氨基转移酶", Blood, number(unit::ENZYME, 0.0, 20_000.0), Some(high("1742-6"));
    Ast "AST" "Aspartate aminotransferase" "天冬氨酸氨基转移酶", Blood, number(unit::ENZYME, 0.0, 20_000.0), Some(high("1920-8"));
    BilirubinTotal "BILI_TOTAL" "Bilirubin, total" "总胆红素", Blood, number(unit::BILIRUBIN, 0.0, 1000.0), Some(medium("14631-6"));
    BilirubinDirect "BILI_DIRECT" "Bilirubin, direct" "直接胆红素", Blood, number(unit::BILIRUBIN, 0.0, 1000.0), Some(medium("14629-0"));
    Creatinine "CREATININE" "Creatinine" "肌酐", Blood, number(unit::CREATININE, 5.0, 2500.0).usual(20.0, 500.0), Some(high("14682-9"));
    CreatinineClearance "CRCL" "Creatinine clearance" "肌酐清除率", Sample, number(unit::CLEARANCE, 0.0, 300.0), Some(medium("2164-2"));
    Calcium "CALCIUM" "Calcium" "钙", Blood, number(unit::CALCIUM, 0.5, 5.0).usual(1.5, 3.5), Some(high("2000-8"));
    Potassium "POTASSIUM" "Potassium" "钾", Blood, number(unit::MONOVALENT, 1.0, 10.0), Some(medium("2823-3"));
    Phosphate "PHOSPHATE" "Phosphate" "磷", Blood, number(unit::PHOSPHATE, 0.1, 6.0), Some(medium("14879-1"));
    Urate "URATE" "Urate" "尿酸", Blood, number(unit::URATE, 10.0, 2000.0), Some(medium("14933-6"));
    Triglycerides "TRIGLYCERIDES" "Triglycerides" "甘油三酯", Blood, number(unit::TRIGLYCERIDES, 0.1, 50.0), Some(medium("14927-8"));
    Fibrinogen "FIBRINOGEN" "Fibrinogen" "纤维蛋白原", Blood, number(unit::PROTEIN, 0.0, 15.0).usual(0.5, 8.0), Some(medium("3255-7"));
    DDimer "D_DIMER" "D-dimer" "D-二聚体", Blood, number(unit::FEU, 0.0, 200.0), Some(medium("48065-7"));
    Pt "PT" "Prothrombin time" "凝血酶原时间", Blood, number(unit::SECONDS, 5.0, 200.0), Some(medium("5902-2"));
    Inr "INR" "International normalized ratio" "国际标准化比值", Blood, number(unit::RATIO, 0.5, 20.0), Some(medium("6301-6"));
    Aptt "APTT" "Activated partial thromboplastin time" "活化部分凝血活酶时间", Blood, number(unit::SECONDS, 10.0, 300.0), Some(medium("14979-9"));
    // G6 R29: above 30 g/L in a patient without IgG myeloma, mg/dL was probably meant.
    IgG "IGG" "Immunoglobulin G" "免疫球蛋白G", Blood, number(unit::PROTEIN, 0.0, 150.0).usual(0.0, 30.0), Some(high("2465-3"));
    IgA "IGA" "Immunoglobulin A" "免疫球蛋白A", Blood, number(unit::PROTEIN, 0.0, 100.0), Some(high("2458-8"));
    IgM "IGM" "Immunoglobulin M" "免疫球蛋白M", Blood, number(unit::PROTEIN, 0.0, 100.0), Some(high("2472-9"));
    Cd4 "CD4" "CD4+ T cells" "CD4+ T细胞绝对值", Blood, number(unit::SUBSET, 0.0, 10_000.0), Some(medium("24467-3"));
    Cd3 "CD3" "CD3+ T cells" "CD3+ T细胞绝对值", Blood, number(unit::SUBSET, 0.0, 10_000.0), Some(medium("8122-4"));
    Cd8 "CD8" "CD8+ T cells" "CD8+ T细胞绝对值", Blood, number(unit::SUBSET, 0.0, 10_000.0), Some(medium("14135-8"));
    Cd19 "CD19" "CD19+ (or CD20+) B cells" "CD19+（或CD20+）B细胞绝对值", Blood, number(unit::SUBSET, 0.0, 100_000.0).usual(0.0, 500.0), Some(medium("8116-6"));
    Cd19Percent "CD19_PERCENT" "CD19+ cells, share of lymphocytes" "CD19+细胞占淋巴细胞百分比", Blood, number(unit::PERCENT, 0.0, 100.0), Some(medium("8117-4"));
    MProteinSerum "M_SERUM" "M-protein, serum" "血清M蛋白", Blood, number(unit::PROTEIN, 0.0, 150.0), Some(medium("33358-3"));
    MProteinUrine "M_URINE" "M-protein, 24-hour urine" "24小时尿M蛋白", Urine, number(unit::PER_DAY, 0.0, 30_000.0), None;
    FlcKappa "FLC_KAPPA" "Free light chain kappa" "游离轻链κ", Blood, number(unit::MG_PER_L, 0.0, 20_000.0), Some(medium("36916-5"));
    FlcLambda "FLC_LAMBDA" "Free light chain lambda" "游离轻链λ", Blood, number(unit::MG_PER_L, 0.0, 20_000.0), Some(medium("33944-0"));
    FlcRatio "FLC_RATIO" "Free light chain ratio kappa/lambda" "游离轻链κ/λ比值", Blood, number(unit::RATIO, 0.001, 10_000.0), Some(medium("48378-4"));
    B2m "B2M" "Beta-2 microglobulin" "β2微球蛋白", Blood, number(unit::MG_PER_L, 0.0, 100.0), Some(medium("1952-1"));
    Bnp "BNP" "B-type natriuretic peptide" "B型钠尿肽", Blood, number(unit::NG_PER_L, 0.0, 70_000.0), Some(high("30934-4"));
    NtProBnp "NT_PROBNP" "NT-proBNP" "N末端B型钠尿肽原", Blood, number(unit::NG_PER_L, 0.0, 70_000.0), Some(high("33762-6"));
    HbsAg "HBSAG" "Hepatitis B surface antigen" "乙肝表面抗原", Blood, number(unit::IU_PER_L, 0.0, 1e9).or_code(), Some(medium("5196-1"));
    HbsAb "HBSAB" "Antibody to HBsAg" "乙肝表面抗体", Blood, number(unit::IU_PER_L, 0.0, 1e9).or_code(), Some(medium("16935-9"));
    HbcAb "HBCAB" "Antibody to hepatitis B core antigen" "乙肝核心抗体", Blood, CODE, Some(medium("13952-7"));
    HbvDna "HBV_DNA" "Hepatitis B virus DNA" "乙肝病毒DNA", Blood, number(unit::IU_PER_ML, 0.0, 1e11).or_code(), Some(medium("42595-9"));
    HcvAb "HCV_AB" "Hepatitis C antibody" "丙肝抗体", Blood, CODE, None;
    Hiv "HIV" "HIV antigen and antibody" "HIV抗原抗体", Blood, CODE, None;
    Syphilis "SYPHILIS" "Syphilis antibody" "梅毒抗体", Blood, CODE, None;
    CmvDna "CMV_DNA" "Cytomegalovirus DNA" "巨细胞病毒DNA", Sample, number(unit::IU_PER_ML, 0.0, 1e11).or_code(), None;
    EbvDna "EBV_DNA" "Epstein-Barr virus DNA" "EB病毒DNA", Sample, number(unit::IU_PER_ML, 0.0, 1e11).or_code(), None;
    Pregnancy "HCG" "Pregnancy test" "妊娠试验", Sample, CODE, None;
    GTest "G_TEST" "(1,3)-beta-D-glucan (G test)" "1,3-β-D葡聚糖（G试验）", Sample, number(unit::PG_PER_ML, 0.0, 5000.0), None;
    Galactomannan "GM" "Galactomannan" "半乳甘露聚糖（GM试验）", Sample, number(unit::INDEX, 0.0, 20.0), None;
    // The plausible range of the temperature is a proposal; without it a low Fahrenheit reading could not be told.
    Temperature "TEMP" "Body temperature" "体温", Patient, number(unit::TEMPERATURE, 30.0, 45.0).usual(34.0, 42.0), Some(high("8310-5"));
    Sbp "SBP" "Systolic blood pressure" "收缩压", Patient, number(unit::PRESSURE, 30.0, 280.0), Some(high("8480-6"));
    SpO2 "SPO2" "Oxygen saturation by pulse oximetry" "脉搏血氧饱和度", Patient, number(unit::PERCENT, 40.0, 100.0), Some(high("59408-5"));
    HeartRate "HR" "Heart rate" "心率", Patient, number(unit::PER_MINUTE, 20.0, 250.0), Some(high("8867-4"));

    SolubleIl2r "SIL2R" "Soluble interleukin-2 receptor (sCD25), activity" "可溶性白介素-2受体（活性单位）", Sample, number(unit::U_PER_ML, 0.0, 1e6), None;
    SolubleIl2rMass "SIL2R_MASS" "Soluble interleukin-2 receptor (sCD25), mass" "可溶性白介素-2受体（质量单位）", Sample, number(unit::NG_PER_L, 0.0, 1e7), None;
    TnfAlpha "TNF_ALPHA" "Tumor necrosis factor alpha" "肿瘤坏死因子α", Sample, number(unit::NG_PER_L, 0.0, 1e6), None;
    IfnGamma "IFN_GAMMA" "Interferon gamma" "干扰素γ", Sample, number(unit::NG_PER_L, 0.0, 1e6), None;
    Il1Beta "IL1B" "Interleukin-1 beta" "白介素-1β", Sample, number(unit::NG_PER_L, 0.0, 1e6), None;
    Il2 "IL2" "Interleukin-2" "白介素-2", Sample, number(unit::NG_PER_L, 0.0, 1e6), None;
    Il8 "IL8" "Interleukin-8" "白介素-8", Sample, number(unit::NG_PER_L, 0.0, 1e6), None;
    Il10 "IL10" "Interleukin-10" "白介素-10", Sample, number(unit::NG_PER_L, 0.0, 1e6), None;
    Il15 "IL15" "Interleukin-15" "白介素-15", Sample, number(unit::NG_PER_L, 0.0, 1e6), None;
    Il18 "IL18" "Interleukin-18" "白介素-18", Sample, number(unit::NG_PER_L, 0.0, 1e7), None;
    Esr "ESR" "Erythrocyte sedimentation rate" "红细胞沉降率", Blood, number(unit::MM_PER_H, 0.0, 200.0), None;
    Troponin "TROPONIN" "Cardiac troponin" "心肌肌钙蛋白", Blood, number(unit::NG_PER_L, 0.0, 1e6), None;
    Albumin "ALBUMIN" "Albumin" "白蛋白", Sample, number(unit::PROTEIN, 0.0, 80.0), None;
    HbeAg "HBEAG" "Hepatitis B e antigen" "乙肝e抗原", Blood, CODE, None;
    HbeAb "HBEAB" "Antibody to HBeAg" "乙肝e抗体", Blood, CODE, None;
    HcvRna "HCV_RNA" "Hepatitis C virus RNA" "丙肝病毒RNA", Blood, number(unit::IU_PER_ML, 0.0, 1e11).or_code(), None;
    CmvIgG "CMV_IGG" "Cytomegalovirus IgG" "巨细胞病毒IgG", Blood, CODE, None;
    CmvIgM "CMV_IGM" "Cytomegalovirus IgM" "巨细胞病毒IgM", Blood, CODE, None;
    EbvIgG "EBV_IGG" "Epstein-Barr virus IgG" "EB病毒IgG", Blood, CODE, None;
    EbvIgM "EBV_IGM" "Epstein-Barr virus IgM" "EB病毒IgM", Blood, CODE, None;
    HsvVzv "HSV_VZV" "Herpes simplex or varicella-zoster virus" "单纯疱疹/水痘带状疱疹病毒", Sample, CODE, None;
    Jcv "JCV" "JC virus" "JC病毒", Sample, CODE, None;
    Tuberculosis "TB" "Tuberculosis test" "结核检测", Sample, CODE, None;
}
