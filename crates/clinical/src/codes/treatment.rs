//! Value sets and quantities of treatment: earlier lines, apheresis to infusion, drugs, hospital stays.

use crate::field::{bounded_decimal, bounded_integer, bounded_text, value_sets};

bounded_text! {
    /// Code of a laboratory analyte.
    AnalyteCode(Identifier, 32);
    /// Unit as the laboratory reports it.
    LaboratoryUnit(Free, 24);
    /// Code of the Anatomical Therapeutic Chemical classification.
    AtcCode(Identifier, 7);
}

bounded_integer! {
    /// Completed years of age.
    AgeYears(0..=120);
    /// Consecutive number of a line of systemic therapy.
    LineNumber(1..=20);
    /// Consecutive number of a stem-cell transplantation.
    TransplantNumber(1..=5);
    /// Consecutive number of an apheresis for one infusion.
    ApheresisNumber(1..=9);
    /// Consecutive number of a bridging treatment before one infusion.
    BridgingNumber(1..=9);
    /// Day of a lymphodepletion course, 1 for its first.
    CourseDay(1..=31);
    /// Consecutive number of a drug exposure of one patient.
    MedicationNumber(1..=9999);
    /// Days of a week on which a drug is given.
    DaysPerWeek(1..=7);
    /// Consecutive number of a hospital stay around one infusion.
    StayNumber(1..=50);
}

bounded_decimal! {
    /// A limit of a reference range, in the unit of the record.
    ReferenceLimit(0.0..=1e11, "");
    /// A limit of detection or quantification, in the unit of the record; never zero.
    AssayLimit(1e-6..=1e9, "");
    /// Absolute lymphocyte count.
    LymphocyteCount(0.0..=500.0, "10^9/L");
    /// Cells collected.
    CollectedCells(0.0..=100.0, "10^9");
    /// Blood volume processed.
    ProcessedVolume(0.0..=40.0, "L");
    /// Radiation dose.
    RadiationDose(0.0..=100.0, "Gy");
    /// A lymphodepletion dose, in the unit of the record.
    LymphodepletionAmount(0.0..=10_000.0, "");
    /// A dose of a drug, in the unit of the record.
    DrugAmount(0.0..=1e6, "");
    /// CAR-positive viable T cells per kg body weight.
    CarTCellsPerKg(400.0..=5e8, "cells/kg");
}

value_sets! {
    /// Whom a reference range is for.
    ReferenceSex "reference_sex" { Female "F" "Female" "女"; Male "M" "Male" "男"; Any "ANY" "Either" "不限"; }
    /// Class of drugs in a line of therapy.
    DrugClass "drug_class" {
        Cd20 "CD20" "Anti-CD20 antibody" "抗CD20单抗";
        Anthracycline "ANTHRACYCLINE" "Anthracycline" "蒽环类药物";
        Alkylator "ALKYLATOR" "Alkylating agent" "烷化剂";
        ProteasomeInhibitor "PI" "Proteasome inhibitor" "蛋白酶体抑制剂";
        Imid "IMID" "Immunomodulatory drug" "免疫调节剂";
        Cd38 "CD38" "Anti-CD38 antibody" "抗CD38单抗";
        BtkInhibitor "BTKI" "BTK inhibitor" "BTK抑制剂";
        Bispecific "BISPECIFIC" "Bispecific antibody" "双特异性抗体";
        Blinatumomab "BLINA" "Blinatumomab" "贝林妥欧单抗";
        Inotuzumab "INO" "Inotuzumab ozogamicin" "奥加伊妥珠单抗";
        Other "OTHER" "Other" "其他";
    }
    /// Lymphotoxic drug with a washout before apheresis (1.3).
    LymphotoxicDrug "lymphotoxic_drug" {
        Bendamustine "BENDAMUSTINE" "Bendamustine" "苯达莫司汀"; Fludarabine "FLUDARABINE" "Fludarabine" "氟达拉滨";
        Cladribine "CLADRIBINE" "Cladribine" "克拉屈滨"; Lenalidomide "LENALIDOMIDE" "Lenalidomide" "来那度胺";
        Other "OTHER" "Other" "其他";
    }
    /// Kind of stem-cell transplantation.
    TransplantType "hct_type" { Autologous "AUTO" "Autologous" "自体"; Allogeneic "ALLO" "Allogeneic" "异基因"; }
    /// What became of an apheresis product.
    ManufacturingOutcome "manufacturing_outcome" {
        Released "RELEASED" "Product released" "产品放行";
        OutOfSpecInfused "OOS_INFUSED" "Out of specification, infused" "不符合放行标准，已回输";
        Failed "FAILED_MANUF" "Manufacturing failed" "制备失败";
        NotInfused "NOT_INFUSED" "Product made, not infused" "已制备，未回输";
        Died "DIED" "Patient died before infusion" "回输前死亡";
    }
    /// Modality of bridging (1.4).
    BridgingModality "bridging_modality" {
        Chemotherapy "CHEMO" "Chemotherapy" "化疗";
        Targeted "TARGETED" "Targeted therapy" "靶向治疗";
        Immunotherapy "IMMUNO" "Immunotherapy" "免疫治疗";
        Steroid "STEROID" "Corticosteroids" "糖皮质激素";
        Radiotherapy "RT" "Radiotherapy" "放疗";
        Other "OTHER" "Other" "其他";
    }
    /// Site of radiotherapy; lung and CNS have longer washouts (3.6(2)).
    RadiotherapySite "radiotherapy_site" { Lung "LUNG" "Lung" "肺"; Cns "CNS" "Central nervous system" "中枢神经系统"; Nodal "NODAL" "Lymph nodes" "淋巴结"; Bone "BONE" "Bone" "骨"; Other "OTHER" "Other" "其他"; }
    /// Drug of lymphodepletion.
    LymphodepletionDrug "lymphodepletion_drug" { Fludarabine "FLU" "Fludarabine" "氟达拉滨"; Cyclophosphamide "CYC" "Cyclophosphamide" "环磷酰胺"; Bendamustine "BEN" "Bendamustine" "苯达莫司汀"; Other "OTHER" "Other" "其他"; }
    /// Unit of a lymphodepletion dose.
    LymphodepletionUnit "lymphodepletion_unit" { MgPerM2 "MG_M2" "mg/m²" "毫克/平方米"; MgPerKg "MG_KG" "mg/kg" "毫克/千克"; Mg "MG" "mg" "毫克"; }
    /// Ward of a hospital stay.
    Ward "ward" { Ward "WARD" "Ward" "普通病房"; Icu "ICU" "Intensive care unit" "重症监护病房"; }
}

value_sets! {
    /// Drug of the registry's list; others are named in words.
    Drug "drug" {
        Levetiracetam "LEVETIRACETAM" "Levetiracetam" "左乙拉西坦";
        OtherAnticonvulsant "ANTICONVULSANT_OTHER" "Other anticonvulsant" "其他抗癫痫药";
        TmpSmx "TMP_SMX" "Trimethoprim-sulfamethoxazole" "复方磺胺甲噁唑";
        Pentamidine "PENTAMIDINE" "Pentamidine" "喷他脒";
        Atovaquone "ATOVAQUONE" "Atovaquone" "阿托伐醌";
        Dapsone "DAPSONE" "Dapsone" "氨苯砜";
        Aciclovir "ACICLOVIR" "Aciclovir" "阿昔洛韦";
        Valaciclovir "VALACICLOVIR" "Valaciclovir" "伐昔洛韦";
        Ganciclovir "GANCICLOVIR" "Ganciclovir or valganciclovir" "更昔洛韦或缬更昔洛韦";
        Entecavir "ENTECAVIR" "Entecavir" "恩替卡韦";
        Tdf "TDF" "Tenofovir disoproxil" "富马酸替诺福韦二吡呋酯";
        Taf "TAF" "Tenofovir alafenamide" "富马酸丙酚替诺福韦";
        OtherNucleoside "NA_OTHER" "Other nucleos(t)ide analogue" "其他核苷（酸）类似物";
        HcvAntiviral "HCV_DAA" "Direct-acting antiviral against hepatitis C" "丙肝直接抗病毒药物";
        HivAntiretroviral "HIV_ART" "Antiretroviral therapy" "抗逆转录病毒治疗";
        Fluconazole "FLUCONAZOLE" "Fluconazole" "氟康唑";
        Posaconazole "POSACONAZOLE" "Posaconazole" "泊沙康唑";
        Voriconazole "VORICONAZOLE" "Voriconazole" "伏立康唑";
        Micafungin "MICAFUNGIN" "Micafungin" "米卡芬净";
        Caspofungin "CASPOFUNGIN" "Caspofungin" "卡泊芬净";
        AmphotericinB "AMPHOTERICIN_B" "Amphotericin B" "两性霉素B";
        Cephalosporin "CEPHALOSPORIN" "Third- or fourth-generation cephalosporin" "三代或四代头孢菌素";
        InhibitorCombination "BL_INHIBITOR" "Beta-lactam with beta-lactamase inhibitor" "β-内酰胺类酶抑制剂复合制剂";
        Carbapenem "CARBAPENEM" "Carbapenem" "碳青霉烯类";
        Vancomycin "VANCOMYCIN" "Vancomycin" "万古霉素";
        Teicoplanin "TEICOPLANIN" "Teicoplanin" "替考拉宁";
        Linezolid "LINEZOLID" "Linezolid" "利奈唑胺";
        OtherAntibacterial "ANTIBACTERIAL_OTHER" "Other antibacterial" "其他抗菌药物";
        Tocilizumab "TOCILIZUMAB" "Tocilizumab" "托珠单抗";
        Siltuximab "SILTUXIMAB" "Siltuximab" "司妥昔单抗";
        Dexamethasone "DEXAMETHASONE" "Dexamethasone" "地塞米松";
        Methylprednisolone "METHYLPREDNISOLONE" "Methylprednisolone" "甲泼尼龙";
        Prednisone "PREDNISONE" "Prednisone or prednisolone" "泼尼松或泼尼松龙";
        Hydrocortisone "HYDROCORTISONE" "Hydrocortisone" "氢化可的松";
        Anakinra "ANAKINRA" "Anakinra" "阿那白滞素";
        Ruxolitinib "RUXOLITINIB" "Ruxolitinib" "芦可替尼";
        Emapalumab "EMAPALUMAB" "Emapalumab" "依马利尤单抗";
        Abatacept "ABATACEPT" "Abatacept" "阿巴西普";
        Alemtuzumab "ALEMTUZUMAB" "Alemtuzumab" "阿仑单抗";
        Atg "ATG" "Antithymocyte globulin" "抗胸腺细胞球蛋白";
        Etoposide "ETOPOSIDE" "Etoposide" "依托泊苷";
        OtherImmunosuppressant "IMMUNOSUPPRESSANT_OTHER" "Other immunosuppressant" "其他免疫抑制剂";
        GCsf "G_CSF" "G-CSF" "粒细胞集落刺激因子";
        PegGCsf "PEG_G_CSF" "Pegylated G-CSF" "聚乙二醇化粒细胞集落刺激因子";
        GmCsf "GM_CSF" "GM-CSF" "粒细胞-巨噬细胞集落刺激因子";
        TpoRa "TPO_RA" "Thrombopoietin receptor agonist" "血小板生成素受体激动剂";
        Tpo "TPO" "Recombinant human thrombopoietin" "重组人血小板生成素";
        Ivig "IVIG" "Intravenous immunoglobulin" "静脉注射免疫球蛋白";
        VitaminK "VITAMIN_K" "Vitamin K" "维生素K";
        Fibrinogen "FIBRINOGEN" "Fibrinogen concentrate" "人纤维蛋白原";
        Paracetamol "PARACETAMOL" "Paracetamol" "对乙酰氨基酚";
        OtherAntipyretic "ANTIPYRETIC_OTHER" "Other antipyretic" "其他解热药";
        Antihistamine "ANTIHISTAMINE" "Antihistamine" "抗组胺药";
        Fludarabine "FLUDARABINE" "Fludarabine" "氟达拉滨";
        Cyclophosphamide "CYCLOPHOSPHAMIDE" "Cyclophosphamide" "环磷酰胺";
        Bendamustine "BENDAMUSTINE" "Bendamustine" "苯达莫司汀";
        Cladribine "CLADRIBINE" "Cladribine" "克拉屈滨";
        Lenalidomide "LENALIDOMIDE" "Lenalidomide" "来那度胺";
        PegAsparaginase "PEG_ASPARAGINASE" "PEG-asparaginase" "培门冬酶";
        Asparaginase "ASPARAGINASE" "Asparaginase" "门冬酰胺酶";
        Anthracycline "ANTHRACYCLINE" "Anthracycline" "蒽环类药物";
        VincaAlkaloid "VINCA" "Vinca alkaloid" "长春碱类药物";
        Mercaptopurine "MERCAPTOPURINE" "Mercaptopurine" "巯嘌呤";
        Tioguanine "TIOGUANINE" "Tioguanine" "硫鸟嘌呤";
        Methotrexate "METHOTREXATE" "Methotrexate" "甲氨蝶呤";
        Cytarabine "CYTARABINE" "Cytarabine" "阿糖胞苷";
        Hydroxyurea "HYDROXYUREA" "Hydroxyurea" "羟基脲";
        Dasatinib "DASATINIB" "Dasatinib" "达沙替尼";
        OtherTki "TKI_OTHER" "Other BCR-ABL1 tyrosine kinase inhibitor" "其他BCR-ABL1酪氨酸激酶抑制剂";
        BtkInhibitor "BTKI" "BTK inhibitor" "BTK抑制剂";
        Rituximab "RITUXIMAB" "Rituximab" "利妥昔单抗";
        Obinutuzumab "OBINUTUZUMAB" "Obinutuzumab" "奥妥珠单抗";
        Polatuzumab "POLATUZUMAB" "Polatuzumab vedotin" "维泊妥珠单抗";
        Other "OTHER" "Other" "其他";
    }
    /// Why a drug was given.
    DrugIndication "drug_indication" {
        Prophylaxis "PROPHYLAXIS" "Prophylaxis" "预防";
        Premedication "PREMEDICATION" "Premedication of the infusion" "回输前用药";
        Crs "CRS" "CRS" "细胞因子释放综合征";
        Icans "ICANS" "ICANS" "免疫效应细胞相关神经毒性综合征";
        IecHs "IECHS" "IEC-HS" "免疫效应细胞相关噬血综合征";
        Infection "INFECTION" "Infection" "感染";
        Allergy "ALLERGY" "Allergic reaction" "过敏反应";
        Cytopenia "CYTOPENIA" "Cytopenia" "血细胞减少";
        Hypogammaglobulinemia "HYPOGAMMAGLOBULINEMIA" "Hypogammaglobulinemia" "低丙种球蛋白血症";
        Coagulopathy "COAGULOPATHY" "Coagulopathy" "凝血障碍";
        Expansion "EXPANSION" "Abnormal CAR-T expansion" "CAR-T异常扩增";
        Antitumor "ANTITUMOR" "Treatment of the tumor" "抗肿瘤治疗";
        Gvhd "GVHD" "GVHD" "移植物抗宿主病";
        Autoimmune "AUTOIMMUNE" "Autoimmune disease" "自身免疫性疾病";
        Other "OTHER" "Other" "其他";
    }
    /// Unit of one dose.
    DoseUnit "dose_unit" {
        Microgram "UG" "µg" "微克"; Mg "MG" "mg" "毫克"; Gram "G" "g" "克";
        MicrogramPerKg "UG_KG" "µg/kg" "微克/千克"; MgPerKg "MG_KG" "mg/kg" "毫克/千克"; MgPerM2 "MG_M2" "mg/m²" "毫克/平方米";
        MillionUnits "MIU" "10⁶ IU" "百万国际单位"; Ml "ML" "mL" "毫升";
    }
    /// Route of administration.
    Route "route" {
        Oral "PO" "Oral" "口服"; Intravenous "IV" "Intravenous" "静脉"; Subcutaneous "SC" "Subcutaneous" "皮下"; Intramuscular "IM" "Intramuscular" "肌内";
        Intrathecal "IT" "Intrathecal" "鞘内"; Inhaled "INH" "Inhaled" "吸入"; Topical "TOPICAL" "Topical" "局部"; Other "OTHER" "Other" "其他";
    }
    /// How often a dose is given on a day of treatment.
    Frequency "frequency" {
        Once "ONCE" "Single dose" "单次"; Daily "QD" "Once a day" "每日一次"; Q12h "Q12H" "Every 12 hours" "每12小时一次"; Q8h "Q8H" "Every 8 hours" "每8小时一次";
        Q6h "Q6H" "Every 6 hours" "每6小时一次"; Q4h "Q4H" "Every 4 hours" "每4小时一次"; Continuous "CONTINUOUS" "Continuous infusion, dose per day" "持续输注（剂量按每日计）"; AsNeeded "PRN" "As needed" "必要时";
    }
}

impl Frequency {
    /// Doses that are surely given on a day of treatment.
    pub fn doses_per_day(self) -> f64 {
        match self {
            Self::Once | Self::Daily | Self::Continuous | Self::AsNeeded => 1.0,
            Self::Q12h => 2.0,
            Self::Q8h => 3.0,
            Self::Q6h => 4.0,
            Self::Q4h => 6.0,
        }
    }
}

impl DoseUnit {
    /// An amount of this unit in mg; `None` when that depends on more than the weight, or the weight is not known.
    pub fn milligrams(self, amount: f64, weight_kg: Option<f64>) -> Option<f64> {
        match self {
            Self::Microgram => Some(amount / 1000.0),
            Self::Mg => Some(amount),
            Self::Gram => Some(amount * 1000.0),
            Self::MicrogramPerKg => weight_kg.map(|kg| amount * kg / 1000.0),
            Self::MgPerKg => weight_kg.map(|kg| amount * kg),
            Self::MgPerM2 | Self::MillionUnits | Self::Ml => None,
        }
    }

    /// An amount of this unit in µg per kg body weight; `None` when that is not known.
    pub fn micrograms_per_kg(self, amount: f64, weight_kg: Option<f64>) -> Option<f64> {
        match self {
            Self::MicrogramPerKg => Some(amount),
            Self::MgPerKg => Some(amount * 1000.0),
            _ => weight_kg.and_then(|kg| self.milligrams(amount, Some(kg)).map(|mg| mg * 1000.0 / kg)),
        }
    }
}
