//! INX: an infection.

use crate::codes::events::{CtcaeGrade, CultureSets, CultureVolume, EpisodeNumber, Term};
use crate::codes::{InfusionNumber, PatientId, YesNoUnknown};
use crate::field::{CodeList, value_sets};
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::forms::chronology::in_order;
use crate::rule::rules;
use chrono::NaiveDate;

value_sets! {
    /// Site of an infection.
    InfectionSite "infection_site" {
        Blood "BLOOD" "Bloodstream" "血流"; Lung "LUNG" "Lung" "肺部"; UpperAirway "URI" "Upper respiratory tract" "上呼吸道"; Gut "GI" "Gastrointestinal tract" "胃肠道";
        Liver "LIVER" "Liver" "肝脏"; Urine "URINE" "Urinary tract" "泌尿道"; Skin "SKIN" "Skin or soft tissue" "皮肤软组织"; Cns "CNS" "Central nervous system" "中枢神经系统";
        Sinus "SINUS" "Sinuses" "鼻窦"; Catheter "CVC" "Central venous catheter" "中心静脉导管"; Disseminated "DISSEMINATED" "Disseminated" "播散性";
        FeverUnknown "FEVER_UNKNOWN" "Fever of unknown origin" "不明原因发热"; Other "OTHER" "Other" "其他";
    }
    /// Class of the pathogen.
    PathogenClass "pathogen_class" {
        GramPositive "BACT_GPOS" "Gram-positive bacterium" "革兰氏阳性菌"; GramNegative "BACT_GNEG" "Gram-negative bacterium" "革兰氏阴性菌"; OtherBacterium "BACT_OTHER" "Other bacterium" "其他细菌";
        Virus "VIRUS" "Virus" "病毒"; Mold "FUNGUS_MOLD" "Mold" "霉菌"; Yeast "FUNGUS_YEAST" "Yeast" "酵母菌"; Pneumocystis "PJP" "Pneumocystis jirovecii" "耶氏肺孢子菌";
        Mycobacterium "MYCOBACT" "Mycobacterium" "分枝杆菌"; Parasite "PARASITE" "Parasite" "寄生虫"; NoneFound "NONE_FOUND" "No pathogen found" "未发现病原体";
    }
    /// Organism; those not listed are OTHER with their name.
    Organism "organism" {
        Hbv "HBV" "Hepatitis B virus" "乙型肝炎病毒"; Cmv "CMV" "Cytomegalovirus" "巨细胞病毒"; Ebv "EBV" "Epstein-Barr virus" "EB病毒"; Hsv "HSV" "Herpes simplex virus" "单纯疱疹病毒";
        Vzv "VZV" "Varicella-zoster virus" "水痘带状疱疹病毒"; Adenovirus "ADV" "Adenovirus" "腺病毒"; Bk "BK" "BK virus" "BK病毒"; Hhv6 "HHV6" "Human herpesvirus 6" "人类疱疹病毒6型";
        Jcv "JCV" "JC virus" "JC病毒"; SarsCov2 "SARS_COV_2" "SARS-CoV-2" "新型冠状病毒"; Influenza "INFLUENZA" "Influenza virus" "流感病毒"; Rsv "RSV" "Respiratory syncytial virus" "呼吸道合胞病毒";
        StaphylococcusAureus "S_AUREUS" "Staphylococcus aureus" "金黄色葡萄球菌"; CoagulaseNegative "CONS" "Coagulase-negative staphylococci" "凝固酶阴性葡萄球菌"; Enterococcus "ENTEROCOCCUS" "Enterococcus" "肠球菌";
        Listeria "LISTERIA" "Listeria" "李斯特菌"; Nocardia "NOCARDIA" "Nocardia" "诺卡菌"; EColi "E_COLI" "Escherichia coli" "大肠埃希菌"; Klebsiella "KLEBSIELLA" "Klebsiella" "克雷伯菌";
        Pseudomonas "P_AERUGINOSA" "Pseudomonas aeruginosa" "铜绿假单胞菌"; Acinetobacter "A_BAUMANNII" "Acinetobacter baumannii" "鲍曼不动杆菌"; ClostridioidesDifficile "C_DIFFICILE" "Clostridioides difficile" "艰难梭菌"; Mycoplasma "MYCOPLASMA" "Mycoplasma" "支原体";
        Aspergillus "ASPERGILLUS" "Aspergillus" "曲霉"; Mucorales "MUCORALES" "Mucorales" "毛霉"; Candida "CANDIDA" "Candida" "念珠菌"; Cryptococcus "CRYPTOCOCCUS" "Cryptococcus" "隐球菌"; Histoplasma "HISTOPLASMA" "Histoplasma" "组织胞浆菌";
        Pneumocystis "P_JIROVECII" "Pneumocystis jirovecii" "耶氏肺孢子菌"; Tuberculosis "M_TUBERCULOSIS" "Mycobacterium tuberculosis" "结核分枝杆菌"; OtherMycobacterium "NTM" "Nontuberculous mycobacterium" "非结核分枝杆菌";
        Toxoplasma "TOXOPLASMA" "Toxoplasma" "弓形虫"; Other "OTHER" "Other, named" "其他（注明）";
    }
    /// Resistance of a bacterium to many drugs.
    Resistance "multidrug_resistance" {
        Esbl "ESBL" "Extended-spectrum beta-lactamase" "产超广谱β-内酰胺酶"; Cre "CRE" "Carbapenem-resistant Enterobacterales" "碳青霉烯耐药肠杆菌"; Crab "CRAB" "Carbapenem-resistant Acinetobacter baumannii" "碳青霉烯耐药鲍曼不动杆菌";
        Mrsa "MRSA" "Methicillin-resistant Staphylococcus aureus" "耐甲氧西林金黄色葡萄球菌"; Vre "VRE" "Vancomycin-resistant enterococcus" "万古霉素耐药肠球菌"; Crpa "CRPA" "Carbapenem-resistant Pseudomonas aeruginosa" "碳青霉烯耐药铜绿假单胞菌";
        None "NONE" "None of these" "无";
    }
    /// Outcome of an infection.
    InfectionOutcome "infection_outcome" {
        Resolved "RESOLVED" "Resolved" "痊愈"; Ongoing "ONGOING" "Ongoing" "持续"; Death "DEATH" "Death" "死亡"; Sequelae "SEQUELAE" "Resolved with sequelae" "遗留后遗症";
    }
    /// Certainty of an invasive fungal disease by EORTC/MSG.
    FungalCertainty "fungal_certainty" { Proven "PROVEN" "Proven" "确诊"; Probable "PROBABLE" "Probable" "临床诊断"; Possible "POSSIBLE" "Possible" "拟诊"; }
}

impl Organism {
    /// The class the organism belongs to; `None` for a named other.
    pub fn class(self) -> Option<PathogenClass> {
        use PathogenClass::{
            GramNegative, GramPositive, Mold, Mycobacterium, OtherBacterium, Parasite, Pneumocystis, Virus,
            Yeast,
        };
        Some(match self {
            Self::Hbv
            | Self::Cmv
            | Self::Ebv
            | Self::Hsv
            | Self::Vzv
            | Self::Adenovirus
            | Self::Bk
            | Self::Hhv6
            | Self::Jcv
            | Self::SarsCov2
            | Self::Influenza
            | Self::Rsv => Virus,
            Self::StaphylococcusAureus
            | Self::CoagulaseNegative
            | Self::Enterococcus
            | Self::Listeria
            | Self::Nocardia
            | Self::ClostridioidesDifficile => GramPositive,
            Self::EColi | Self::Klebsiella | Self::Pseudomonas | Self::Acinetobacter => GramNegative,
            Self::Mycoplasma => OtherBacterium,
            // Histoplasma is dimorphic: a yeast in tissue.
            Self::Candida | Self::Cryptococcus | Self::Histoplasma => Yeast,
            Self::Aspergillus | Self::Mucorales => Mold,
            Self::Pneumocystis => Pneumocystis,
            Self::Tuberculosis | Self::OtherMycobacterium => Mycobacterium,
            Self::Toxoplasma => Parasite,
            Self::Other => return None,
        })
    }
}

form! {
    /// An infection from the time around apheresis on. It belongs to the infusion it precedes or follows.
    Infection {
        name: "infection", path: "infections", version: 1, label: ("Infection", "感染"),
        source: "catalogue G4 INX, D8", key: &["patient_id", "infusion_number", "episode_number"], parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion it precedes or follows.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Number of the infection of that infusion.
    episode_number: EpisodeNumber, mandatory, ("Episode number", "事件序号");
    /// First day.
    onset_date: NaiveDate, required, ("Onset", "发生日期");
    /// Site.
    site: InfectionSite, required, ("Site", "感染部位");
    /// Class of the pathogen.
    pathogen_class: PathogenClass, required, ("Pathogen class", "病原体类别");
    /// Organism.
    organism: Organism, conditional, ("Organism", "病原体"),
        when pathogen_class in ["BACT_GPOS", "BACT_GNEG", "BACT_OTHER", "VIRUS", "FUNGUS_MOLD", "FUNGUS_YEAST", "PJP", "MYCOBACT", "PARASITE"];
    /// Name of an organism that is not listed.
    organism_name: Term, conditional, ("Name of the organism", "病原体名称"), when organism in ["OTHER"];
    /// Highest grade by CTCAE v5.0.
    ctcae_grade: CtcaeGrade, required, ("CTCAE grade", "CTCAE分级");
    /// Multidrug resistance found.
    mdr: CodeList<Resistance>, optional, ("Multidrug resistance", "多重耐药");
    /// Blood cultures were taken.
    blood_culture: YesNoUnknown, required, ("Blood culture", "血培养");
    /// Sets of blood cultures taken together at onset.
    culture_sets: CultureSets, conditional, ("Culture sets", "血培养套数"), when blood_culture in ["Y"];
    /// A central venous catheter was in place.
    cvc_present: YesNoUnknown, conditional, ("Central venous catheter", "中心静脉导管"), when blood_culture in ["Y"];
    /// One of the sets was drawn from the catheter.
    cvc_set: YesNoUnknown, conditional, ("Set from the catheter", "导管血培养"), when cvc_present in ["Y"];
    /// Blood in each bottle.
    culture_volume_ml: CultureVolume, conditional, ("Volume per bottle", "每瓶采血量"), when blood_culture in ["Y"];
    /// Imaging was done to find the infection.
    imaging: YesNoUnknown, optional, ("Imaging", "影像学检查");
    /// Outcome.
    outcome: InfectionOutcome, required, ("Outcome", "转归");
    /// Day on which the infection had resolved.
    end_date: NaiveDate, optional, ("End", "结束日期");
    /// Certainty of an invasive fungal disease.
    ifd_certainty: FungalCertainty, conditional, ("Certainty of invasive fungal disease", "侵袭性真菌病诊断级别"),
        when pathogen_class in ["FUNGUS_MOLD", "FUNGUS_YEAST", "PJP"];
    /// Persistent: still active after 14 days of treatment that should work.
    persistent: YesNoUnknown, conditional, ("Persistent", "持续感染"), when outcome in ["ONGOING"];
    /// Recurrent: the same site or organism within 90 days after it had resolved.
    recurrent: YesNoUnknown, optional, ("Recurrent", "反复感染");
    /// CTCAE grade 3 or more.
    severe_infection: bool, computed, ("Severe infection", "严重感染");
}

rules! {
    /// The infection does not end before it starts.
    END_BEFORE_ONSET = hard("infection.end_before_onset", "the infection ends before it starts", "感染结束早于发生");
    /// None of these, and one of these.
    RESISTANCE_NONE_AND_SOME = hard("infection.resistance_none_and_some", "NONE is given together with a resistance", "同时填写了“无”和耐药类型");
    /// These are resistances of bacteria.
    RESISTANCE_OF_PATHOGEN = soft("infection.resistance_of_pathogen", "a bacterial resistance is given for another pathogen", "非细菌病原体填写了细菌耐药类型");
    /// Nothing found, and something found.
    ORGANISM_WITHOUT_PATHOGEN = hard("infection.organism_without_pathogen", "an organism is given although no pathogen was found", "未发现病原体却填写了病原体");
    /// The organism belongs to another class.
    ORGANISM_OF_CLASS = soft("infection.organism_of_class", "the organism belongs to another class of pathogens", "病原体与病原体类别不符");
    /// Cultures that were not taken.
    SETS_WITHOUT_CULTURE = hard("infection.sets_without_culture", "culture sets and blood culture contradict each other", "血培养套数与是否血培养不一致");
    /// Grade 5 is death.
    GRADE_OF_DEATH = soft("infection.grade_of_death", "grade 5 and outcome death go together", "5级与转归“死亡”应一致");
}

impl Checks for Infection {
    fn compute(&mut self) {
        // The printed ">3" of 4.7 is an error for at least 3 (H07, G6 R37).
        self.severe_infection = self.ctcae_grade.map(|grade| grade.get() >= 3);
    }

    fn check(&self, _: Context, findings: &mut Findings) {
        let onset = (self.onset_date, None);
        in_order(&END_BEFORE_ONSET, "end_date", onset, (self.end_date, None), findings);
        self.check_pathogen(findings);
        if let Some(sets) = self.culture_sets.map(CultureSets::get) {
            let contradicts = match self.blood_culture {
                Some(YesNoUnknown::Yes) => sets == 0,
                Some(YesNoUnknown::No) => sets > 0,
                _ => false,
            };
            if contradicts {
                let expected = Some("at least 1 with blood_culture Y, 0 with N".to_owned());
                findings.at(&SETS_WITHOUT_CULTURE, "culture_sets", Some(sets.to_string()), expected);
            }
        }
        if let (Some(grade), Some(outcome)) = (self.ctcae_grade.map(CtcaeGrade::get), self.outcome)
            && (grade == 5) != (outcome == InfectionOutcome::Death)
        {
            findings.at(&GRADE_OF_DEATH, "outcome", Some(outcome.code().to_owned()), None);
        }
    }
}

impl Infection {
    fn check_pathogen(&self, findings: &mut Findings) {
        if let Some(mdr) = &self.mdr {
            let codes: Vec<&str> = mdr.values().iter().map(|r| r.code()).collect();
            let received = Some(codes.join(";"));
            let bacterial = self.pathogen_class.is_none_or(|class| {
                use PathogenClass::{GramNegative, GramPositive, OtherBacterium};
                matches!(class, GramPositive | GramNegative | OtherBacterium)
            });
            let none = mdr.contains(Resistance::None);
            if none && codes.len() > 1 {
                findings.at(&RESISTANCE_NONE_AND_SOME, "mdr", received, Some("NONE alone".to_owned()));
            } else if !none && !bacterial {
                findings.at(&RESISTANCE_OF_PATHOGEN, "mdr", received, None);
            }
        }
        let (Some(class), Some(organism)) = (self.pathogen_class, self.organism) else { return };
        let received = Some(organism.code().to_owned());
        if class == PathogenClass::NoneFound {
            let expected = Some("no organism, or its class".to_owned());
            findings.at(&ORGANISM_WITHOUT_PATHOGEN, "organism", received, expected);
        } else if let Some(own) = organism.class().filter(|own| *own != class) {
            let expected = Some(format!("pathogen_class {}", own.code()));
            findings.at(&ORGANISM_OF_CLASS, "organism", received, expected);
        }
    }
}
