//! The conditions of myeloma response, as data.

use crate::criteria::trace::criteria;

criteria! {
    // Measurable disease and inferences from the laboratory.
    /// C1.2 note 1.
    MEASURABLE_GIVEN = Proposed("imwg.measurable_given", "measurable disease as recorded by the center", "可测量病变类型由中心记录", "catalogue C1.2 note 1");
    /// C1.2 note 1.
    MEASURABLE_SERUM = External("imwg.measurable_serum", "serum M-protein at baseline at least 10 g/L", "基线血清M蛋白≥10 g/L", "Kumar 2016");
    /// C1.2 note 1.
    MEASURABLE_URINE = External("imwg.measurable_urine", "urine M-protein at baseline at least 200 mg/24 h", "基线尿M蛋白≥200 mg/24h", "Kumar 2016");
    /// C1.2 note 1.
    MEASURABLE_FLC = External("imwg.measurable_flc", "involved free light chain at baseline at least 100 mg/L with an abnormal ratio", "基线受累FLC≥100 mg/L且比值异常", "Kumar 2016");
    /// C1.2 note 1.
    MEASURABLE_MARROW = Seed("imwg.measurable_marrow", "marrow plasma cells at baseline at least 30 %", "基线骨髓浆细胞≥30%", "CSCO 2024 §2.8");
    /// C1.2 note 1.
    MEASURABLE_PLASMACYTOMA = Proposed("imwg.measurable_plasmacytoma", "plasmacytoma measured at baseline", "基线存在可测量浆细胞瘤", "catalogue C1.2 note 1");
    /// C1.2 note 1.
    MEASURABLE_CIRCULATING = Proposed("imwg.measurable_circulating", "circulating plasma cells at baseline", "基线存在循环浆细胞", "catalogue C1.2 note 1");
    /// C1, PD (3).
    INVOLVED_CHAIN = External("imwg.involved_chain", "involved light chain: as recorded, else the one in excess at baseline", "受累轻链：按记录，否则为基线比值升高一侧", "Kumar 2016");
    /// C1.2 note 5: an electrophoresis that shows no band, or the more sensitive immunofixation that shows none, leaves nothing to
    /// quantify.
    NO_BAND_IS_ZERO = Proposed("imwg.no_band_is_zero", "no band on electrophoresis or immunofixation: M-protein taken as 0", "电泳或免疫固定电泳未见M蛋白条带：M蛋白记为0", "catalogue C1.2 note 5");
    /// C1.2 note 6.
    MAB_INTERFERENCE = Proposed("imwg.mab_interference", "immunofixation positive while a therapeutic antibody may show as an IgG-kappa band", "免疫固定电泳阳性，可能为治疗性单抗（IgG-κ）干扰", "catalogue C1.2 note 6");

    // Progressive disease.
    /// C1, row PD.
    PD_SERUM = Seed("imwg.pd_serum", "serum M-protein up by at least 25 % and 5 g/L from the lowest value", "血清M蛋白较最低值升高≥25%且绝对值≥5 g/L", "CSCO 2024 §2.8 PD(1); Kumar 2016");
    /// C1, row PD.
    PD_SERUM_LARGE = Seed("imwg.pd_serum_large", "serum M-protein up by at least 10 g/L where the reference value is at least 50 g/L", "参考值≥50 g/L时血清M蛋白增加≥10 g/L", "CSCO 2024 §2.8 PD(1); Kumar 2016");
    /// C1, row PD.
    PD_URINE = Seed("imwg.pd_urine", "urine M-protein up by at least 25 % and 200 mg/24 h from the lowest value", "尿M蛋白较最低值升高≥25%且绝对值≥200 mg/24h", "CSCO 2024 §2.8 PD(2); Kumar 2016");
    /// C1, row PD.
    PD_FLC = Seed("imwg.pd_flc", "M-protein not measurable: FLC difference up by at least 25 % and more than 100 mg/L", "M蛋白不可测：受累与未受累FLC差值升高≥25%且绝对值>100 mg/L", "CSCO 2024 §2.8 PD(3); Kumar 2016");
    /// C1, row PD.
    PD_MARROW = Seed("imwg.pd_marrow", "M-protein and FLC not measurable: marrow plasma cells up by at least 25 % and 10 percentage points", "M蛋白及FLC均不可测：骨髓浆细胞升高≥25%且绝对值≥10%", "CSCO 2024 §2.8 PD(4); Kumar 2016");
    /// C1, row PD.
    PD_NEW_PLASMACYTOMA = Seed("imwg.pd_new_plasmacytoma", "new plasmacytoma", "新发浆细胞瘤", "CSCO 2024 §2.8 PD(5); Kumar 2016");
    /// C1, row PD.
    PD_SPD = Seed("imwg.pd_spd", "sum of products of diameters of more than one lesion up by at least 50 % from the lowest value", "一个以上病变SPD较最低点增加≥50%", "CSCO 2024 §2.8 PD(5); Kumar 2016");
    /// C1, row PD.
    PD_DIAMETER = Seed("imwg.pd_diameter", "longest diameter of a lesion above the size cut up by at least 50 % from the lowest value", "达到大小界值的病变最长径增加≥50%", "CSCO 2024 §2.8 PD(5); Kumar 2016");
    /// C1, row PD.
    PD_CIRCULATING = Seed("imwg.pd_circulating", "circulating plasma cells the only measure: up by at least 50 % and at least 200/µL", "仅循环浆细胞可测：升高≥50%且≥200/µL", "CSCO 2024 §2.8 PD(6); Kumar 2016");
    /// C1, row PD.
    PD_BONE = External("imwg.pd_bone", "new bone lesion other than an osteoporotic fracture, or definite growth of one", "新发骨病变（骨质疏松性骨折除外）或原有骨病变明确进展", "Kumar 2016; Rajkumar, Blood 2011");

    // Clauses shared by the responses.
    /// C1, rows PR and SD.
    BONE_STABLE = Seed("imwg.bone_stable", "no known new or growing bone lesion", "无已知新发或进展的骨病变", "CSCO 2024 §2.8 PR, SD; Kumar 2016, footnote");
    /// C1, rows VGPR to MR.
    PLASMACYTOMA_FALL = Seed("imwg.plasmacytoma_fall", "plasmacytoma at baseline: sum of products of diameters has fallen by the share asked for", "基线有浆细胞瘤：SPD缩小达到要求", "CSCO 2024 §2.8; Kumar 2016");
    /// C1, row CR.
    PLASMACYTOMA_GONE = Seed("imwg.plasmacytoma_gone", "plasmacytomas gone", "软组织浆细胞瘤消失", "CSCO 2024 §2.8 CR; Kumar 2016");
    /// C1, rows VGPR to MR.
    SERUM_FALL = Seed("imwg.serum_fall", "serum M-protein has fallen by the share asked for, or was not measurable at baseline and still is not", "血清M蛋白下降达到要求，或基线及当前均不可测", "CSCO 2024 §2.8; Kumar 2016; Rajkumar, Blood 2011");
    /// C1, rows VGPR to MR.
    URINE_FALL = Seed("imwg.urine_fall", "urine M-protein has fallen by the share or to the level asked for, or was not measurable at baseline and still is not", "24h尿M蛋白下降达到要求，或基线及当前均不可测", "CSCO 2024 §2.8; Kumar 2016; Rajkumar, Blood 2011");
    /// C1, rows VGPR and PR.
    FLC_FALL = Seed("imwg.flc_fall", "FLC difference has fallen by the share asked for", "受累与未受累FLC差值下降达到要求", "CSCO 2024 §2.8; Kumar 2016");
    /// C1, row PR.
    MARROW_FALL = Seed("imwg.marrow_fall", "marrow plasma cells, at least 30 % at baseline, have fallen by at least 50 %", "基线骨髓浆细胞≥30%者下降≥50%", "CSCO 2024 §2.8 PR(3); Kumar 2016");
    /// C1, rows sCR and CR.
    FLC_RATIO_NORMAL = External("imwg.flc_ratio_normal", "FLC ratio 0.26 to 1.65", "FLC比值0.26~1.65", "Kumar 2016");

    // Complete responses.
    /// C1, row CR.
    SERUM_IFE_NEGATIVE = Seed("imwg.serum_ife_negative", "serum immunofixation negative", "血清免疫固定电泳阴性", "CSCO 2024 §2.8 CR; Kumar 2016");
    /// C1, row CR.
    URINE_IFE_NEGATIVE = Seed("imwg.urine_ife_negative", "urine immunofixation negative", "尿免疫固定电泳阴性", "CSCO 2024 §2.8 CR; Kumar 2016");
    /// C1, row CR.
    MARROW_BELOW_5 = Seed("imwg.marrow_below_5", "marrow plasma cells below 5 %", "骨髓浆细胞<5%", "CSCO 2024 §2.8 CR; Kumar 2016");
    /// C1, row sCR.
    NOT_CLONAL = Seed("imwg.not_clonal", "no clonal plasma cells in marrow: kappa to lambda at most 4 to 1 and at least 1 to 2 of at least 100 cells", "骨髓无克隆性浆细胞：计数≥100个，κ/λ≤4:1且≥1:2", "CSCO 2024 §2.8 sCR; Kumar 2016");
    /// C1, row sCR.
    NOT_CLONAL_BY_FLOW = Seed("imwg.not_clonal_by_flow", "no biopsy: flow cytometry of sensitivity 1e-4 shows no clonal plasma cells", "无骨髓病理：灵敏度10^-4流式未见克隆性浆细胞", "CSCO 2024 §2.8 sCR");
    /// C1, row sCR.
    SCR = Seed("imwg.scr", "CR with a normal FLC ratio and no clonal plasma cells in marrow", "CR且FLC比值正常、骨髓无克隆性浆细胞", "CSCO 2024 §2.8; Kumar 2016");
    /// C1, row CR.
    CR = Seed("imwg.cr", "serum and urine immunofixation negative, plasmacytomas gone, marrow plasma cells below 5 %; FLC ratio normal where only FLC was measurable", "血、尿免疫固定电泳阴性，浆细胞瘤消失，骨髓浆细胞<5%；仅FLC可测者FLC比值正常", "CSCO 2024 §2.8; Kumar 2016");

    // Partial responses and stable disease.
    /// C1, row VGPR.
    VGPR_ELECTROPHORESIS = Seed("imwg.vgpr_electrophoresis", "M-protein by immunofixation at most, none on electrophoresis", "电泳检测不到M蛋白，至多免疫固定电泳阳性", "CSCO 2024 §2.8 VGPR; Kumar 2016");
    /// C1, row VGPR.
    VGPR_FALL = Seed("imwg.vgpr_fall", "M-protein down by at least 90 % and urine M-protein below 100 mg/24 h", "M蛋白降低≥90%且尿M蛋白<100 mg/24h", "CSCO 2024 §2.8 VGPR; Kumar 2016");
    /// C1, row VGPR.
    VGPR = Seed("imwg.vgpr", "very good partial response", "非常好的部分缓解", "CSCO 2024 §2.8; Kumar 2016");
    /// C1, row PR.
    PR = Seed("imwg.pr", "partial response", "部分缓解", "CSCO 2024 §2.8; Kumar 2016");
    /// C1, row MR.
    MR = Seed("imwg.mr", "minimal response", "微小缓解", "CSCO 2024 §2.8; Kumar 2016");
    /// C1, row SD.
    SD = Seed("imwg.sd", "the measurable compartment was measured, no better category and no progression", "可测量指标已检测，不符合更优疗效及进展标准", "CSCO 2024 §2.8; Kumar 2016");
    /// C1.2 note 5.
    NOT_EVALUABLE = Proposed("imwg.not_evaluable", "no category can be shown", "无法评估", "catalogue C1.2 note 5");

    // Clinical relapse.
    /// C1, row clinical relapse.
    CLINICAL_NEW_LESION = Seed("imwg.clinical_new_lesion", "new bone lesion or plasmacytoma, osteoporotic fracture excluded", "新发骨病变或浆细胞瘤（骨质疏松性骨折除外）", "CSCO 2024 §2.8 clinical relapse (1); Kumar 2016");
    /// C1, row clinical relapse.
    CLINICAL_GROWTH = Seed("imwg.clinical_growth", "definite growth of a plasmacytoma (by 50 % and 1 cm) or bone lesion", "原有浆细胞瘤（SPD增加50%且≥1cm）或骨病变明确增大", "CSCO 2024 §2.8 clinical relapse (2); Kumar 2016");
    /// C1, row clinical relapse.
    HYPERCALCEMIA = Seed("imwg.hypercalcemia", "calcium above 2.75 mmol/L", "血钙>2.75 mmol/L", "CSCO 2024 §2.8 clinical relapse (3); Kumar 2016");
    /// C1, row clinical relapse.
    CLINICAL_HB = Seed("imwg.clinical_hb", "hemoglobin down by at least 20 g/L because of myeloma", "Hb下降≥20 g/L且与MM相关", "CSCO 2024 §2.8 clinical relapse (4); Kumar 2016");
    /// C1, row clinical relapse.
    CLINICAL_CREATININE = Seed("imwg.clinical_creatinine", "creatinine up by at least 176.8 µmol/L because of myeloma", "血肌酐上升≥176.8 µmol/L且与MM相关", "CSCO 2024 §2.8 clinical relapse (5); Kumar 2016");
    /// C1, row clinical relapse.
    CLINICAL_HYPERVISCOSITY = Seed("imwg.clinical_hyperviscosity", "hyperviscosity from paraprotein", "M蛋白相关高黏滞血症", "CSCO 2024 §2.8 clinical relapse (6); Kumar 2016");

    // Relapse from CR and what MRD relapse adds.
    /// C1, row relapse from CR.
    RELAPSE_IFE = Seed("imwg.relapse_ife", "M-protein again by immunofixation", "免疫固定电泳再次出现M蛋白", "CSCO 2024 §2.8 relapse from CR (1); Kumar 2016");
    /// C1, row relapse from CR.
    RELAPSE_ELECTROPHORESIS = External("imwg.relapse_electrophoresis", "M-protein again on electrophoresis", "电泳再次出现M蛋白", "Kumar 2016");
    /// C1, row relapse from CR.
    RELAPSE_MARROW = Seed("imwg.relapse_marrow", "marrow plasma cells at least 5 %", "骨髓浆细胞≥5%", "CSCO 2024 §2.8 relapse from CR (2); Kumar 2016");
    /// C1, row relapse from CR.
    RELAPSE_PROGRESSION = Seed("imwg.relapse_progression", "a criterion of progression", "符合PD标准之一", "CSCO 2024 §2.8 relapse from CR (3); Kumar 2016");
    /// C1, row relapse from CR.
    RELAPSE_FROM_CR = Seed("imwg.relapse_from_cr", "relapse from CR", "CR后复发", "CSCO 2024 §2.8; Kumar 2016");
    /// C1.1.
    MRD_RELAPSE_SIGN = Seed("imwg.mrd_relapse_sign", "M-protein again, clonal marrow plasma cells at least 5 % or other progression", "M蛋白再现、骨髓克隆性浆细胞≥5%或其他进展", "CSCO 2024 §2.8; Kumar 2016");

    // The course.
    /// C1.2 note 4.
    CONFIRMED = Seed("imwg.confirmed", "confirmed by the next assessment that can tell, before progression and new therapy", "经下一次可评估的检查证实（进展及新治疗之前）", "CSCO 2024 §2.8; Kumar 2016");
    /// C1.2 note 4.
    NEEDS_NO_CONFIRMATION = External("imwg.needs_no_confirmation", "progression seen in marrow or on imaging needs no second assessment", "骨髓或影像学进展无需再次证实", "Kumar 2016");
    /// C1.2 note 4.
    BEST_CONFIRMED = Proposed("imwg.best_confirmed", "best confirmed response before progression and new therapy", "进展及新治疗前经证实的最佳疗效", "catalogue C1.2 note 4");
    /// C1.2 note 4.
    NONE_CONFIRMED = Proposed("imwg.none_confirmed", "no response is confirmed", "无经证实的疗效", "catalogue C1.2 note 4");
}
