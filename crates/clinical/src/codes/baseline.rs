//! Value sets and quantities of the patient's state before treatment: disease baselines and the pre-treatment assessment.

use crate::field::{bounded_decimal, bounded_integer, bounded_text, value_sets};

bounded_text! {
    /// Version of a center's pseudonymisation.
    PseudonymVersion(Identifier, 32);
    /// Code of a classification, such as a morphology code of the ICD-O.
    ClassificationCode(Free, 40);
}

bounded_integer! {
    /// ECOG performance status of a living patient.
    Ecog(0..=4);
    /// Karnofsky performance status.
    Karnofsky(0..=100);
    /// International Prognostic Index.
    Ipi(0..=5);
    /// Relapses so far.
    RelapseNumber(0..=10);
    /// ICE score, 0 to 10 points (D2.1).
    IcePoints(0..=10);
    /// Consecutive number of an examination of one kind.
    ItemNumber(1..=20);
}

bounded_decimal! {
    /// Longest diameter of the largest mass.
    BulkCm(0.0..=40.0, "cm");
    /// Highest standardized uptake value.
    SuvMax(0.0..=100.0, "");
    /// Serum M-protein.
    SerumMProtein(0.0..=150.0, "g/L");
    /// Urine M-protein.
    UrineMProtein(0.0..=30000.0, "mg/24 h");
    /// Free light chains of one kind in serum.
    FreeLightChain(0.0..=20000.0, "mg/L");
    /// Sum of the products of the diameters of plasmacytomas.
    ProductOfDiameters(0.0..=100_000.0, "mm2");
    /// Circulating plasma cells.
    CirculatingPlasmaCells(0.0..=100_000.0, "/uL");
    /// Life expectancy without the disease treated.
    LifeExpectancyWeeks(0.0..=520.0, "wk");
    /// Left ventricular ejection fraction.
    EjectionFraction(5.0..=90.0, "%");
    /// Creatinine clearance.
    CreatinineClearance(0.0..=250.0, "mL/min");
    /// Oxygen saturation breathing room air.
    OxygenSaturation(50.0..=100.0, "%");
}

value_sets! {
    /// Site of extramedullary or extranodal disease.
    ExtramedullarySite "extramedullary_site" {
        CentralNervousSystem "CNS" "Central nervous system" "中枢神经系统";
        Eye "EYE" "Eye or orbit" "眼或眼眶";
        HeadNeck "HEAD_NECK" "Head and neck, Waldeyer ring" "头颈部及咽淋巴环";
        Lung "LUNG" "Lung" "肺";
        Pleura "PLEURA" "Pleura, pericardium or effusion" "胸膜、心包或积液";
        Mediastinum "MEDIASTINUM" "Mediastinum outside lymph nodes" "纵隔（结外）";
        Liver "LIVER" "Liver" "肝";
        Spleen "SPLEEN" "Spleen" "脾";
        Gastrointestinal "GI" "Gastrointestinal tract" "胃肠道";
        Kidney "KIDNEY" "Kidney or adrenal gland" "肾或肾上腺";
        Gonad "GONAD" "Testis or ovary" "睾丸或卵巢";
        Breast "BREAST" "Breast" "乳腺";
        Bone "BONE" "Bone" "骨";
        Paramedullary "PARAMEDULLARY" "Soft tissue extending from bone" "骨旁软组织";
        SoftTissue "SOFT_TISSUE" "Soft tissue away from bone" "软组织";
        Skin "SKIN" "Skin" "皮肤";
        Other "OTHER" "Other" "其他";
    }
    /// Histology of B-cell non-Hodgkin lymphoma (B1.1).
    Histology "nhl_histology" {
        Dlbcl "DLBCL_NOS" "Diffuse large B-cell lymphoma, not otherwise specified" "弥漫大B细胞淋巴瘤，非特指型";
        Transformed "TFL_LBCL" "Large B-cell lymphoma transformed from follicular lymphoma" "滤泡性淋巴瘤转化的大B细胞淋巴瘤";
        Pmbcl "PMBCL" "Primary mediastinal large B-cell lymphoma" "原发纵隔大B细胞淋巴瘤";
        HighGrade "HGBCL_NOS" "High-grade B-cell lymphoma, not otherwise specified" "高级别B细胞淋巴瘤，非特指型";
        DoubleHit "HGBCL_DH_TH" "High-grade B-cell lymphoma with MYC and BCL2 and/or BCL6 rearrangement" "伴MYC和BCL2和/或BCL6重排的高级别B细胞淋巴瘤";
        Follicular "FL_1_3A" "Follicular lymphoma, grade 1 to 3A" "滤泡性淋巴瘤1～3A级";
        Follicular3B "FL_3B" "Follicular lymphoma, grade 3B" "滤泡性淋巴瘤3B级";
        Mantle "MCL" "Mantle cell lymphoma" "套细胞淋巴瘤";
        Other "OTHER" "Other" "其他";
    }
    /// Grade of follicular lymphoma.
    FollicularGrade "follicular_grade" { One "1" "Grade 1" "1级"; Two "2" "Grade 2" "2级"; ThreeA "3A" "Grade 3A" "3A级"; ThreeB "3B" "Grade 3B" "3B级"; }
    /// CD19 on the tumor before treatment. A test not done is declared missing with ND.
    Cd19Result "cd19_result" { Positive "POS" "Positive" "阳性"; Negative "NEG" "Negative" "阴性"; Dim "DIM" "Dim" "弱表达"; }
    /// How an antigen was looked for.
    AntigenMethod "antigen_method" { Immunohistochemistry "IHC" "Immunohistochemistry" "免疫组化"; Flow "FLOW" "Flow cytometry" "流式细胞术"; }
    /// Extramedullary myeloma.
    EmdType "emd_type" {
        None "NONE" "None" "无";
        Paraskeletal "PARASKELETAL" "Paraskeletal: soft-tissue mass extending from bone" "骨旁型：与骨相连的软组织肿块";
        Extraosseous "EXTRAOSSEOUS" "Extraosseous: away from bone" "骨外型：与骨不相连";
        Both "BOTH" "Paraskeletal and extraosseous" "骨旁型和骨外型";
    }
    /// High-risk aberration of myeloma by FISH.
    HighRiskFish "high_risk_fish" {
        None "NONE" "Tested, none found" "已检测，未检出";
        Del17p "DEL17P" "del(17p)" "del(17p)缺失";
        T414 "T_4_14" "t(4;14)" "t(4;14)易位";
        T1416 "T_14_16" "t(14;16)" "t(14;16)易位";
        Gain1q "GAIN_1Q" "1q gain or amplification" "1q获得或扩增";
        Other "OTHER" "Other" "其他";
    }
    /// Fusion gene of B-ALL.
    FusionGene "fusion_gene" {
        None "NONE" "Tested, none found" "已检测，未检出";
        BcrAbl1 "BCR_ABL1" "BCR-ABL1" "BCR-ABL1融合";
        Kmt2a "KMT2A" "KMT2A rearrangement" "KMT2A重排";
        Etv6Runx1 "ETV6_RUNX1" "ETV6-RUNX1" "ETV6-RUNX1融合";
        Tcf3Pbx1 "TCF3_PBX1" "TCF3-PBX1" "TCF3-PBX1融合";
        Tcf3Hlf "TCF3_HLF" "TCF3-HLF" "TCF3-HLF融合";
        AblClass "ABL_CLASS" "ABL-class fusion other than BCR-ABL1" "非BCR-ABL1的ABL类融合";
        Crlf2 "CRLF2" "CRLF2 rearrangement" "CRLF2重排";
        Znf384 "ZNF384" "ZNF384 rearrangement" "ZNF384重排";
        Mef2d "MEF2D" "MEF2D rearrangement" "MEF2D重排";
        Dux4 "DUX4" "DUX4 rearrangement" "DUX4重排";
        Other "OTHER" "Other" "其他";
    }
    /// Status of B-ALL when CAR-T cells are considered.
    BAllStatus "b_all_status" {
        PrimaryRefractory "PRIMARY_REFRACTORY" "Primary refractory" "原发难治";
        FirstRelapse "RELAPSE_1" "First relapse" "首次复发";
        LaterRelapse "RELAPSE_2PLUS" "Second or later relapse" "二次及以上复发";
        PostAlloRelapse "POST_ALLO_RELAPSE" "Relapse after allogeneic transplantation" "异基因移植后复发";
        MrdPositiveRemission "MRD_POS_CR" "Complete remission, MRD-positive" "MRD阳性的完全缓解";
    }
}

value_sets! {
    /// Examination of the pre-treatment assessment (B1.2, B2.2, B2.5, B3.2, D8.1). Laboratory results are records of their own.
    PretreatmentExamination "pretreatment_examination" {
        History "HISTORY" "Full history" "完整病史";
        PhysicalExamination "EXAM" "Physical examination" "体格检查";
        VitalSigns "VITALS" "Vital signs" "生命体征";
        PetCt "PETCT" "FDG PET/CT" "FDG PET/CT检查";
        ContrastCt "CECT" "Whole-body contrast-enhanced CT" "全身增强CT";
        ChestCt "CT_CHEST" "Chest CT or HRCT" "胸部CT或HRCT";
        AbdominalCt "CT_ABDOMEN" "Abdominal CT" "腹部CT";
        AbdominalUltrasound "US_ABDOMEN" "Abdominal ultrasound" "腹部超声";
        Ultrasound "USG" "Ultrasound of superficial nodes, abdomen and pelvis" "浅表淋巴结及腹盆腔超声";
        HeadMri "MRI_HEAD" "Head MRI with contrast" "头颅增强MRI";
        HeadMriPlain "MRI_HEAD_PLAIN" "Head MRI without contrast" "头颅平扫MRI";
        BodyMri "MRI_BODY" "Whole-body MRI" "全身MRI";
        LowDoseCt "LDCT_BODY" "Whole-body low-dose CT" "全身低剂量CT";
        LocalImaging "LOCAL_CT_MRI" "Local CT or MRI of extramedullary disease" "髓外病变局部CT或MRI";
        Echocardiography "ECHO" "Echocardiography" "超声心动图";
        Ecg "ECG" "Electrocardiogram" "心电图";
        Endoscopy "ENDOSCOPY" "Gastrointestinal endoscopy" "消化道内镜";
        MarrowAspirate "BM_ASP" "Marrow aspirate" "骨髓穿刺涂片";
        MarrowBiopsy "BM_BX" "Marrow trephine biopsy" "骨髓活检";
        MarrowFlow "BM_FLOW" "Marrow flow cytometry" "骨髓流式细胞术";
        Csf "CSF" "Cerebrospinal fluid" "脑脊液检查";
        CsfFlow "CSF_FLOW" "Flow cytometry of cerebrospinal fluid" "脑脊液流式细胞术";
        EmdBiopsy "EMD_BIOPSY" "Biopsy of extramedullary disease" "髓外病变活检";
        Bcma "BCMA" "BCMA expression of the tumor" "肿瘤BCMA表达";
        Cd19 "CD19" "CD19 expression of the tumor" "肿瘤CD19表达";
    }
    /// Result of an examination.
    ExaminationResult "examination_result" {
        Normal "NORMAL" "Normal" "正常"; Abnormal "ABNORMAL" "Abnormal" "异常";
        Positive "POS" "Positive: disease or antigen shown" "阳性：检出病变或抗原"; Negative "NEG" "Negative: disease or antigen not shown" "阴性：未检出病变或抗原";
        Inconclusive "INCONCLUSIVE" "Inconclusive" "不能确定";
    }
    /// Why an examination was not done.
    NotDoneReason "not_done_reason" {
        Contraindicated "CONTRAINDICATED" "Contraindicated" "存在禁忌";
        ContrastAllergy "CONTRAST_ALLERGY" "Allergy to contrast medium" "造影剂过敏";
        NotFeasible "NOT_FEASIBLE" "Not feasible" "技术上不可行";
        NotAvailable "NOT_AVAILABLE" "Not available at the center" "本中心不可及";
        Refused "REFUSED" "Refused by the patient" "患者拒绝";
        NotIndicated "NOT_INDICATED" "Not indicated" "无指征";
        Other "OTHER" "Other" "其他";
    }
    /// Special risk evaluated before treatment (1.2).
    RiskFlag "risk_flag" {
        Cns "CNS" "CNS involvement: neurotoxicity" "中枢受累：神经毒性风险";
        Gi "GI" "GI involvement: bleeding or perforation" "胃肠受累：出血或穿孔风险";
        Hbv "HBV" "Hepatitis B: reactivation" "乙型肝炎：再激活风险";
    }
    /// Indication for bridging (1.4).
    BridgeIndication "bridge_indication" {
        LongManufacturing "LONG_MANUF" "Long manufacturing time" "制备时间长";
        Aggressive "AGGRESSIVE" "Aggressive tumor" "肿瘤侵袭性强";
        HighBurden "HIGH_BURDEN" "High tumor burden" "肿瘤负荷高";
        SpecialSite "SPECIAL_SITE" "Special site" "特殊部位";
        Compression "COMPRESSION" "Compression of a vital organ" "压迫重要器官";
        HighSuv "HIGH_SUV" "High maximum SUV" "SUVmax高";
    }
    /// Why a recommended drug cannot be given, or an allergic reaction is expected.
    DrugContraindication "drug_contraindication" {
        Sulfonamide "SULFONAMIDE" "Allergy to sulfonamides" "磺胺过敏";
        G6pd "G6PD" "G6PD deficiency" "G6PD缺乏症";
        Levetiracetam "LEVETIRACETAM" "Levetiracetam not tolerated" "左乙拉西坦不耐受";
        Antipyretic "ANTIPYRETIC" "Allergy to antipyretics" "解热药过敏";
        Antihistamine "ANTIHISTAMINE" "Antihistamines not tolerated" "抗组胺药不耐受";
        Manufacturing "MANUFACTURING" "Allergy to culture reagents or vector impurities" "对培养试剂或载体杂质过敏";
        Inflammation "INFLAMMATION" "Unresolved inflammation" "炎症未恢复";
    }
}
