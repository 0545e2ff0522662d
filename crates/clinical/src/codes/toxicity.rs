//! Value sets of the toxicity forms, shared by the forms and the criteria that grade from them.

use crate::field::value_sets;

value_sets! {
    /// How oxygen is given; catalogue G4 CRD, with the blow-by of ASTCT.
    OxygenDevice "oxygen_device" {
        RoomAir "ROOM" "Room air" "室内空气";
        BlowBy "BLOW_BY" "Blow-by" "面罩旁吹氧";
        LowFlowCannula "NC_LOW" "Low-flow nasal cannula" "低流量鼻导管";
        HighFlowCannula "NC_HIGH" "High-flow nasal cannula" "高流量鼻导管";
        Mask "MASK" "Face mask" "面罩";
        NonRebreather "NRB" "Non-rebreather mask" "非重复呼吸面罩";
        Venturi "VENTURI" "Venturi mask" "文丘里面罩";
        Cpap "CPAP" "CPAP" "持续气道正压通气";
        Bipap "BIPAP" "BiPAP" "双水平气道正压通气";
        Intubation "INTUB" "Intubation and mechanical ventilation" "气管插管机械通气";
    }
    /// Depressed level of consciousness, the worst of the day (D2.2).
    Consciousness "consciousness" {
        Awake "AWAKE" "Awake, not depressed" "清醒";
        Spontaneous "SPONTANEOUS" "Awakens spontaneously" "自主觉醒";
        Voice "VOICE" "Awakens to voice" "可被声音唤醒";
        Tactile "TACTILE" "Awakens only to tactile stimulus" "仅可被触觉刺激唤醒";
        Unarousable "UNAROUSABLE" "Unarousable, or vigorous or repetitive stimuli needed; stupor or coma" "无法唤醒或需强烈、反复刺激；木僵或昏迷";
    }
    /// Seizure, the worst of the day (D2.2).
    Seizure "seizure" {
        None "NONE" "No seizure" "无癫痫发作";
        Brief "BRIEF" "Clinical seizure, focal or generalized, that resolves rapidly" "快速缓解的局灶或全面发作";
        Nonconvulsive "NONCONVULSIVE" "Nonconvulsive seizure on EEG that resolves with intervention" "干预后缓解的脑电图非惊厥性发作";
        Prolonged "PROLONGED" "Life-threatening prolonged seizure (over 5 min)" "危及生命的长时间发作（>5分钟）";
        Repetitive "REPETITIVE" "Repetitive seizures without return to baseline" "反复发作且未恢复至基线";
    }
    /// Motor finding (D2.2).
    MotorFinding "motor_finding" {
        None "NONE" "None" "无";
        DeepFocalWeakness "FOCAL_WEAKNESS" "Deep focal weakness such as hemiparesis or paraparesis" "深部局灶性运动无力，如偏瘫或截瘫";
    }
    /// Raised intracranial pressure or cerebral edema, the worst of the day (D2.2).
    IntracranialPressure "intracranial_pressure" {
        None "NONE" "None" "无";
        Hemorrhage "HEMORRHAGE" "Intracranial hemorrhage or infarct; not graded as ICANS" "颅内出血或梗死（不计入ICANS分级）";
        FocalEdema "FOCAL_EDEMA" "Focal or local edema on imaging" "影像学局灶/局部水肿";
        DiffuseEdema "DIFFUSE_EDEMA" "Diffuse cerebral edema on imaging" "影像学弥漫性脑水肿";
        Posturing "POSTURING" "Decerebrate or decorticate posturing" "去大脑或去皮质强直";
        Cn6Palsy "CN6_PALSY" "Cranial nerve VI palsy" "第Ⅵ脑神经麻痹";
        Papilledema "PAPILLEDEMA" "Papilledema" "视乳头水肿";
        CushingTriad "CUSHING" "Cushing's triad" "库欣三联征";
    }
    /// Items of IEC-HS beyond ferritin (D3.1).
    IecHsItem "iec_hs_item" {
        ResolvingCrs "RESOLVING_CRS" "Onset with resolving or resolved CRS, or worsening inflammation after initial response" "CRS缓解期/缓解后发生，或初始治疗有效后炎症再加重";
        Transaminases "TRANSAMINASES" "Transaminases above 5 times the reference" "转氨酶>5倍参考值";
        Fibrinogen "FIBRINOGEN" "Fibrinogen below 150 mg/dL or the lower limit" "纤维蛋白原<150 mg/dL或低于下限";
        Hemophagocytosis "HEMOPHAGOCYTOSIS" "Hemophagocytosis in marrow or other tissue" "骨髓或其他组织噬血现象";
        Cytopenia "CYTOPENIA" "New, worsening or refractory cytopenia" "新发、加重或难治性血细胞减少";
        Ldh "LDH" "LDH above the upper limit" "LDH升高";
        Coagulation "COAGULATION" "Other coagulation abnormality" "其他凝血异常";
        DirectBilirubin "DIRECT_BILIRUBIN" "Direct hyperbilirubinemia" "直接胆红素升高";
        Splenomegaly "SPLENOMEGALY" "New splenomegaly" "新发脾大";
        Fever "FEVER" "New or persistent fever" "新发或持续发热";
        Neurotoxicity "NEUROTOXICITY" "Neurotoxicity" "神经毒性";
        Pulmonary "PULMONARY" "Pulmonary manifestations" "肺部表现";
        Renal "RENAL" "New renal insufficiency" "新发肾功能不全";
        Triglycerides "TRIGLYCERIDES" "Fasting triglycerides above 265 mg/dL" "空腹甘油三酯>265 mg/dL";
    }
}
