//! SBT: the next therapy after an infusion.

use crate::codes::events::EpisodeNumber;
use crate::codes::{InfusionNumber, PatientId};
use crate::field::value_sets;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::partial_date::PartialDate;
use crate::rule::rules;

value_sets! {
    /// Therapy after CAR-T.
    NextTherapy "next_therapy" {
        Allogeneic "HCT_ALLO" "Allogeneic transplantation" "异基因造血干细胞移植"; Autologous "HCT_AUTO" "Autologous transplantation" "自体造血干细胞移植"; CarT "CAR_T" "CAR-T cells" "CAR-T细胞治疗";
        Bispecific "BISPECIFIC" "Bispecific antibody" "双特异性抗体"; Chemotherapy "CHEMO" "Chemotherapy" "化疗"; Radiotherapy "RT" "Radiotherapy" "放疗"; KinaseInhibitor "TKI" "Kinase inhibitor" "激酶抑制剂"; Trial "TRIAL" "Clinical trial" "临床试验"; Other "OTHER" "Other" "其他";
    }
    /// Why it was given.
    TherapyIndication "therapy_indication" { Relapse "RELAPSE" "Relapse or progression" "复发或进展"; Consolidation "CONSOLIDATION" "Consolidation of a response" "巩固治疗"; Maintenance "MAINTENANCE" "Maintenance" "维持治疗"; }
}

form! {
    /// A therapy of the disease begun after an infusion.
    SubsequentTherapy {
        name: "subsequent_therapy", path: "subsequent-therapies", version: 1, label: ("Subsequent therapy", "后续治疗"),
        source: "catalogue G5 SBT", key: &["patient_id", "infusion_number", "therapy_number"], parent: Infusion, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Number of the therapy after that infusion.
    therapy_number: EpisodeNumber, mandatory, ("Therapy number", "治疗序号");
    /// First day, as precisely as known.
    start_date: PartialDate, required, ("Start", "开始日期");
    /// Therapy.
    therapy: NextTherapy, required, ("Therapy", "治疗类型");
    /// Why it was given.
    indication: TherapyIndication, required, ("Indication", "治疗指征");
}

rules! {
    /// A transplantation or new CAR-T cells are given once.
    MAINTENANCE_BY_CELLS = soft("subsequent_therapy.maintenance_by_cells", "transplantation or CAR-T cells are not a maintenance", "移植或CAR-T细胞治疗不属于维持治疗");
}

impl Checks for SubsequentTherapy {
    fn check(&self, _: Context, findings: &mut Findings) {
        use NextTherapy::{Allogeneic, Autologous, CarT};
        let cells = matches!(self.therapy, Some(Allogeneic | Autologous | CarT));
        if cells && self.indication == Some(TherapyIndication::Maintenance) {
            let expected = Some("RELAPSE or CONSOLIDATION".to_owned());
            findings.at(&MAINTENANCE_BY_CELLS, "indication", Some("MAINTENANCE".to_owned()), expected);
        }
    }
}
