//! Value sets of disease assessment, shared by the forms and the response criteria.

use crate::field::value_sets;

value_sets! {
    /// A test that is positive or negative.
    PosNeg "pos_neg" { Positive "POS" "Positive" "阳性"; Negative "NEG" "Negative" "阴性"; }
    /// Isotype of the monoclonal protein (G2 DXM).
    MProteinType "m_protein_type" {
        IgG "IgG" "IgG" "IgG"; IgA "IgA" "IgA" "IgA"; IgD "IgD" "IgD" "IgD"; IgE "IgE" "IgE" "IgE"; IgM "IgM" "IgM" "IgM";
        LightChain "LC" "Light chain only" "轻链型"; NonSecretory "NON_SEC" "Non-secretory" "不分泌型";
    }
    /// Light chain of the clone.
    LightChain "light_chain" { Kappa "KAPPA" "Kappa" "κ"; Lambda "LAMBDA" "Lambda" "λ"; }
    /// What makes myeloma measurable (C1.2).
    MeasurableType "measurable_type" {
        Serum "SERUM" "Serum M-protein" "血清M蛋白";
        Urine "URINE" "Urine M-protein" "尿M蛋白";
        Both "BOTH" "Serum and urine M-protein" "血清及尿M蛋白";
        FlcOnly "FLC_ONLY" "Free light chains only" "仅游离轻链";
        MarrowOnly "MARROW_ONLY" "Marrow plasma cells only" "仅骨髓浆细胞";
        PlasmacytomaOnly "PLASMACYTOMA_ONLY" "Plasmacytoma only" "仅浆细胞瘤";
        CirculatingOnly "CIRC_PC_ONLY" "Circulating plasma cells only" "仅循环浆细胞";
        None "NONE" "Not measurable" "不可测量";
    }
    /// Deauville five-point scale (C2.1).
    Deauville "deauville" {
        One "1" "No uptake above background" "无高于本底的摄取";
        Two "2" "Uptake at most that of the mediastinum" "摄取≤纵隔";
        Three "3" "Above the mediastinum, at most the liver" "摄取>纵隔但≤肝脏";
        Four "4" "Moderately above the liver" "摄取中度>肝脏";
        Five "5" "Markedly above the liver, or new lesions" "摄取明显>肝脏或新病灶";
        X "X" "New uptake unlikely to be lymphoma" "新发摄取，可能与淋巴瘤无关";
    }
    /// Uptake compared with baseline.
    UptakeChange "uptake_change" {
        Reduced "REDUCED" "Reduced" "减低"; Unchanged "UNCHANGED" "No significant change" "无明显变化"; Increased "INCREASED" "Increased" "增高";
    }
    /// Non-measured (non-target) lesions compared with before (C2.3).
    NonTargetState "non_target_state" {
        Absent "ABSENT" "Absent or normal" "消失或正常"; Regressed "REGRESSED" "Regressed" "缩小";
        Stable "STABLE" "Not increased" "未增大"; Progressed "PROGRESSED" "New or clearly progressed" "新发或明确进展";
    }
    /// Marrow involvement by lymphoma (C2.2, C2.3).
    MarrowState "marrow_state" {
        Normal "NORMAL" "Normal" "正常"; Reduced "REDUCED" "Involved, less than at baseline" "受累但较基线减轻";
        Unchanged "UNCHANGED" "Involved, unchanged" "受累无变化"; New "NEW" "New or recurrent involvement" "新发或复发受累"; Indeterminate "INDETERMINATE" "Indeterminate by morphology" "形态学不能确定";
    }
    /// CNS status of B-ALL (C3). Without the letter when red cells were not counted.
    CnsStatus "cns_status" {
        Cns1 "CNS1" "CNS-1" "CNS-1"; Cns2 "CNS2" "CNS-2, not subdivided" "CNS-2（未分型）"; Cns2a "CNS2A" "CNS-2a" "CNS-2a"; Cns2b "CNS2B" "CNS-2b" "CNS-2b"; Cns2c "CNS2C" "CNS-2c" "CNS-2c";
        Cns3 "CNS3" "CNS-3, not subdivided" "CNS-3（未分型）"; Cns3a "CNS3A" "CNS-3a" "CNS-3a"; Cns3b "CNS3B" "CNS-3b" "CNS-3b"; Cns3c "CNS3C" "CNS-3c" "CNS-3c";
    }
    /// Method of an MRD test (G5).
    MrdMethod "mrd_method" {
        FlowNgf "FLOW_NGF" "Next-generation flow (EuroFlow or equivalent)" "二代流式（EuroFlow或等效）"; FlowOther "FLOW_OTHER" "Other flow cytometry" "其他流式";
        Ngs "NGS" "Next-generation sequencing" "二代测序"; RqPcr "RQ_PCR" "Quantitative PCR" "实时定量PCR"; IgPcr "IG_PCR" "Immunoglobulin PCR" "免疫球蛋白PCR"; DigitalPcr "DPCR" "Digital PCR" "数字PCR"; BcrAbl "BCR_ABL" "BCR-ABL transcript" "BCR-ABL转录本";
    }
    /// Result of an MRD test.
    MrdResult "mrd_result" { Negative "NEG" "Negative" "阴性"; Positive "POS" "Positive" "阳性"; BelowLoq "BELOW_LOQ" "Positive below the limit of quantification" "低于定量限阳性"; }
    /// Material of an MRD test.
    MrdSpecimen "mrd_specimen" { Marrow "BM" "Bone marrow" "骨髓"; Blood "PB" "Peripheral blood" "外周血"; Csf "CSF" "Cerebrospinal fluid" "脑脊液"; }
    /// Assay of CAR-T cells (G5 KIN).
    KineticsAssay "kinetics_assay" { QPcr "QPCR" "Quantitative PCR" "qPCR"; DdPcr "DDPCR" "Digital droplet PCR" "数字PCR"; Flow "FLOW" "Flow cytometry" "流式细胞术"; }
    /// Unit of a CAR-T level.
    KineticsUnit "kinetics_unit" { CopiesPerUg "COPIES_UG" "Copies per µg genomic DNA" "拷贝/µg基因组DNA"; CopiesPerMl "COPIES_ML" "Copies per mL of blood" "拷贝/mL血液"; CellsPerUl "CELLS_UL" "CAR-positive T cells per µL" "CAR+T细胞/µL"; }
    /// Surface antigen of the tumor.
    AntigenStatus "antigen_status" { Positive "POS" "Positive" "阳性"; Negative "NEG" "Negative" "阴性"; Dim "DIM" "Dim" "弱表达"; Mixed "MIXED" "Mixed" "混合"; Unknown "UNK" "Unknown" "未知"; }
}

value_sets! {
    /// Response criteria.
    Criteria "response_criteria" {
        ImwgSeed "IMWG_SEED" "IMWG as printed in the guideline" "指南所载IMWG标准";
        Imwg2016 "IMWG_2016" "IMWG 2016" "IMWG 2016标准";
        LuganoPet "LUGANO_PET" "Lugano 2014, PET-CT" "Lugano 2014（PET-CT）";
        LuganoCt "LUGANO_CT" "Lugano 2014, CT" "Lugano 2014（CT）";
        AllNccn "ALL_NCCN" "ALL, NCCN" "ALL（NCCN）";
    }
    /// Response category.
    Category "response_category" {
        Scr "sCR" "Stringent complete response" "严格意义的完全缓解";
        Cr "CR" "Complete response" "完全缓解";
        Vgpr "VGPR" "Very good partial response" "非常好的部分缓解";
        Pr "PR" "Partial response" "部分缓解";
        Mr "MR" "Minimal response" "微小缓解";
        Sd "SD" "Stable disease" "疾病稳定";
        Pd "PD" "Progressive disease" "疾病进展";
        Cmr "CMR" "Complete metabolic response" "完全代谢缓解";
        Pmr "PMR" "Partial metabolic response" "部分代谢缓解";
        Nmr "NMR" "No metabolic response" "无代谢缓解";
        Pmd "PMD" "Progressive metabolic disease" "代谢进展";
        Crh "CRh" "CR with partial hematologic recovery" "部分血液学恢复的完全缓解";
        Cri "CRi" "CR with incomplete hematologic recovery" "血液学未完全恢复的完全缓解";
        Nr "NR" "No response" "无效";
        Relapse "RELAPSE" "Relapse" "复发";
        Ne "NE" "Not evaluable" "无法评估";
    }
}

impl Criteria {
    /// The categories these criteria know.
    pub fn categories(self) -> &'static [Category] {
        use Category::{Cmr, Cr, Crh, Cri, Mr, Ne, Nmr, Nr, Pd, Pmd, Pmr, Pr, Relapse, Scr, Sd, Vgpr};
        match self {
            Self::ImwgSeed | Self::Imwg2016 => &[Scr, Cr, Vgpr, Pr, Mr, Sd, Pd, Relapse, Ne],
            Self::LuganoPet => &[Cmr, Pmr, Nmr, Pmd, Ne],
            Self::LuganoCt => &[Cr, Pr, Sd, Pd, Ne],
            Self::AllNccn => &[Cr, Crh, Cri, Nr, Pd, Relapse, Ne],
        }
    }
}

impl Category {
    /// Progression or relapse: an event of progression-free survival.
    pub fn is_progression(self) -> bool {
        matches!(self, Self::Pd | Self::Pmd | Self::Relapse)
    }
}
