//! The conditions of the Lugano classification, as data.

use crate::criteria::trace::criteria;

criteria! {
    /// C2.1, C2.2.
    PET_UPTAKE_INCREASED = External("lugano.pet.uptake_increased", "score 4 or 5 with uptake increased from baseline", "评分4或5且摄取较基线增高", "Cheson 2014, table 3, PET-CT");
    /// C2.2: a score of 5 may be due to it alone.
    PET_NEW_FOCI = External("lugano.pet.new_foci", "new FDG-avid foci consistent with lymphoma", "新发符合淋巴瘤的FDG高代谢灶", "Cheson 2014, table 3, PET-CT");
    /// C2.2.
    PET_NEW_MARROW = External("lugano.pet.new_marrow_foci", "new or recurrent FDG-avid foci in the marrow", "骨髓新发或复发FDG高代谢灶", "Cheson 2014, table 3, PET-CT");
    /// C2.2. Marrow that is not stated apart is covered by the score, unless it was involved at baseline.
    PET_CMR = External("lugano.pet.cmr", "score 1 to 3, or uptake at the initial sites at most that of surrounding tissue of high physiologic uptake; no new lesions; no FDG-avid marrow disease", "评分1–3（或生理性高摄取部位原发灶摄取不高于周围正常组织）；无新病灶；骨髓无FDG高代谢病变", "Cheson 2014, table 3, PET-CT");
    /// C2.2.
    PET_PMR = External("lugano.pet.pmr", "score 4 or 5 with uptake reduced from baseline; no new lesions; marrow uptake, if any, reduced", "评分4或5且摄取较基线减低；无新病灶；骨髓残余摄取较基线减低", "Cheson 2014, table 3, PET-CT");
    /// C2.2.
    PET_NMR = External("lugano.pet.nmr", "score 4 or 5 without significant change from baseline; no new lesions", "评分4或5且较基线无明显变化；无新病灶", "Cheson 2014, table 3, PET-CT");

    /// C2.3 a.
    LESION_ABNORMAL = External("lugano.ct.lesion_abnormal", "longest diameter above 15 mm", "病灶最长径>15 mm", "Cheson 2014, table 3, CT");
    /// C2.3 a.
    LESION_PPD_RISE = External("lugano.ct.lesion_ppd_rise", "product of diameters up by at least 50 % from its nadir", "病灶PPD较最低值增加≥50%", "Cheson 2014, table 3, CT");
    /// C2.3 a. The size that chooses between 5 and 10 mm is that of the nadir, from which the growth is counted.
    LESION_AXIS_RISE = External("lugano.ct.lesion_axis_rise", "a diameter up from its nadir by at least 5 mm (lesion of at most 20 mm at nadir) or 10 mm (larger)", "病灶任一径较最低值增加≥5 mm（最低值≤20 mm）或≥10 mm（>20 mm）", "Cheson 2014, table 3, CT");
    /// C2.3 a.
    CT_GROWTH = External("lugano.ct.pd_growth", "a single lesion is abnormal and has grown in product and in diameter", "单个病灶异常且PPD与径线均达到进展标准", "Cheson 2014, table 3, CT");
    /// C2.3 b.
    SPLEEN_EXCESS = External("lugano.ct.spleen_excess", "enlarged spleen longer by more than 50 % of its prior excess over normal", "脾大者脾长增加超过原超出正常部分的50%", "Cheson 2014, table 3, CT");
    /// C2.3 b.
    SPLEEN_NEW = External("lugano.ct.spleen_new", "spleen of normal length at baseline longer by at least 20 mm, or splenomegaly new or recurrent", "基线脾不大者脾长增加≥20 mm，或新发/复发脾大", "Cheson 2014, table 3, CT");
    /// C2.3 b.
    CT_SPLEEN = External("lugano.ct.pd_spleen", "progression of the spleen", "脾脏进展", "Cheson 2014, table 3, CT");
    /// C2.3 c.
    CT_NON_TARGET = External("lugano.ct.pd_non_target", "new or clear progression of non-measured lesions", "不可测量病灶新发或明确进展", "Cheson 2014, table 3, CT");
    /// C2.3 d. Resolved means no longer visible: a node of normal size grows by rule a.
    CT_REGROWTH = External("lugano.ct.pd_regrowth", "regrowth of a resolved lesion to the size of a new one", "已消失病灶再次增大至新病灶标准", "Cheson 2014, table 3, CT");
    /// C2.3 d.
    CT_NEW = External("lugano.ct.pd_new", "new node above 15 mm, new extranodal lesion above 10 mm, or of any size and unequivocally lymphoma", "新发淋巴结>15 mm，或新发结外病灶>10 mm，或任何大小但明确为淋巴瘤", "Cheson 2014, table 3, CT");
    /// C2.3 e.
    CT_MARROW = External("lugano.ct.pd_marrow", "new or recurrent marrow involvement", "骨髓新发或复发受累", "Cheson 2014, table 3, CT");
    /// C2.3.
    CR_TARGETS = External("lugano.ct.cr_targets", "every target node at most 15 mm and every extranodal target gone", "所有靶淋巴结最长径≤15 mm，结外靶病灶消失", "Cheson 2014, table 3, CT");
    /// C2.3.
    CR_NON_TARGET = External("lugano.ct.cr_non_target", "non-measured lesions absent", "不可测量病灶消失", "Cheson 2014, table 3, CT");
    /// C2.3.
    CR_SPLEEN = External("lugano.ct.cr_spleen", "spleen of normal length", "脾长恢复正常", "Cheson 2014, table 3, CT");
    /// C2.3. Not required of a marrow that was normal at baseline.
    CR_MARROW = External("lugano.ct.cr_marrow", "marrow normal by morphology, or by immunohistochemistry if indeterminate", "骨髓形态学正常；不能确定者免疫组化阴性", "Cheson 2014, table 3, CT");
    /// C2.3.
    CT_CR = External("lugano.ct.cr", "complete response: targets, non-measured lesions, organs and marrow normal, no new lesions", "完全缓解：靶病灶、不可测量病灶、脏器及骨髓均正常，无新病灶", "Cheson 2014, table 3, CT");
    /// C2.3.
    PR_SPD = External("lugano.ct.pr_spd", "sum of products of the targets down by at least 50 % from baseline", "靶病灶SPD较基线减少≥50%", "Cheson 2014, table 3, CT");
    /// C2.3.
    PR_NON_TARGET = External("lugano.ct.pr_non_target", "non-measured lesions absent, normal or regressed, not increased", "不可测量病灶消失、正常或缩小，未增大", "Cheson 2014, table 3, CT");
    /// C2.3.
    PR_SPLEEN = External("lugano.ct.pr_spleen", "spleen regressed by more than 50 % of its excess over normal", "脾长超出正常部分缩小>50%", "Cheson 2014, table 3, CT");
    /// C2.3.
    CT_PR = External("lugano.ct.pr", "partial response: targets halved, non-measured lesions not increased, spleen regressed, no progression", "部分缓解：SPD减少≥50%，不可测量病灶未增大，脾脏回缩，无进展", "Cheson 2014, table 3, CT");
    /// C2.3. What is neither response nor progression, a halved SPD with an unreduced spleen included.
    CT_SD = External("lugano.ct.sd", "stable disease: neither response nor progression", "疾病稳定：未达缓解亦无进展", "Cheson 2014, table 3, CT");

    /// C2.3.
    LYRIC_SPD = External("lugano.lyric.spd_rise", "sum of products of the targets up by at least 50 % from its nadir", "靶病灶SPD较最低值增加≥50%", "Cheson 2016, LYRIC");
    /// C2.3: IR1.
    LYRIC_IR1 = External("lugano.lyric.ir1", "tumor burden up by at least 50 % in the first 12 weeks without clinical deterioration", "前12周内SPD增加≥50%且无临床恶化", "Cheson 2016, LYRIC");
    /// C2.3: IR2.
    LYRIC_IR2 = External("lugano.lyric.ir2", "new lesion, or growth of a lesion by at least 50 %, without overall progression", "新病灶或单个病灶增大≥50%，但SPD变化<50%", "Cheson 2016, LYRIC");
    /// C2.3: IR3.
    LYRIC_IR3 = External("lugano.lyric.ir3", "FDG uptake increased without increase in size or number of lesions", "FDG摄取增高而病灶大小和数目未增加", "Cheson 2016, LYRIC");

    /// Absence is never taken as normal.
    NOT_EVALUABLE = Proposed("lugano.not_evaluable", "inputs that would decide are absent", "缺少可作出判定的数据", "catalogue C2");
    /// G6 R14.
    BEFORE_INFUSION = Proposed("lugano.r14_before_infusion", "progression dated before the infusion", "进展日期早于回输日期", "catalogue G6 R14");
    /// G6 R14.
    AFTER_NEXT_THERAPY = Proposed("lugano.r14_after_next_therapy", "response dated on or after the next therapy; not counted", "缓解日期不早于后续治疗日期，不计入", "catalogue G6 R14");
    /// G6 R17.
    REPORTED_CMR = Proposed("lugano.r17_reported_cmr", "complete metabolic response reported with score 4 or 5 or new lesions", "报告CMR但评分4–5或有新病灶", "catalogue G6 R17");
    /// G6 R17.
    REPORTED_PMD = Proposed("lugano.r17_reported_pmd", "metabolic progression reported with score 1 to 3 and no new lesion", "报告PMD但评分≤3且无新病灶", "catalogue G6 R17");
    /// G5 RSP.
    REPORTED_DIFFERS = Proposed("lugano.reported_differs", "reported category differs from the derived one", "报告疗效与推导疗效不一致", "catalogue G5 RSP");
    /// C2.2.
    SCORE_AGAINST_MARROW = Proposed("lugano.score_against_marrow", "score 1 to 3 while the marrow is still FDG-avid", "评分1–3但骨髓仍有FDG高代谢", "catalogue C2.2");
    /// C2.1.
    SCORE_AGAINST_NEW = Proposed("lugano.score_against_new_lesions", "score 1 to 4 although new lesions are stated, which score 5", "已有新病灶但评分为1–4（应为5）", "catalogue C2.1");
    /// C2.3.
    NOT_MEASURABLE = Proposed("lugano.target_not_measurable", "baseline target of at most 15 mm (node) or 10 mm (extranodal) is not measurable", "基线靶病灶未达可测量标准（淋巴结≤15 mm或结外≤10 mm）", "catalogue C2.3");
}
