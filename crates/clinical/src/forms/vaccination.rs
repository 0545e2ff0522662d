//! VAX: a vaccination.

use crate::codes::follow_up::VaccineDose;
use crate::codes::{PatientId, YesNoUnknown};
use crate::field::value_sets;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::NaiveDate;

value_sets! {
    /// Disease a vaccine protects from.
    Vaccine "vaccine" {
        Covid "COVID19" "COVID-19" "新型冠状病毒"; Influenza "INFLUENZA" "Influenza" "流感"; Pneumococcus "PNEUMOCOCCUS" "Pneumococcus" "肺炎球菌"; HepatitisB "HBV" "Hepatitis B" "乙型肝炎";
        Zoster "ZOSTER" "Zoster" "带状疱疹"; Measles "MMR" "Measles, mumps, rubella" "麻腮风"; Tetanus "DTP" "Diphtheria, tetanus, pertussis" "百白破"; Other "OTHER" "Other" "其他";
    }
    /// How a vaccine is made.
    VaccinePlatform "vaccine_platform" {
        Inactivated "INACT" "Inactivated" "灭活"; MessengerRna "MRNA" "mRNA" "mRNA疫苗"; Recombinant "RECOMB" "Recombinant protein" "重组蛋白"; LiveVector "VECTOR_LIVE" "Live viral vector" "活病毒载体";
        LiveAttenuated "LIVE_ATT" "Live attenuated" "减毒活疫苗"; Other "OTHER" "Other" "其他";
    }
}

form! {
    /// A dose of a vaccine, before or after the infusion.
    Vaccination {
        name: "vaccination", path: "vaccinations", version: 1, label: ("Vaccination", "疫苗接种"),
        source: "catalogue G5 VAX, D8.6", key: &["patient_id", "vaccination_date", "vaccine"], parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Day of the dose.
    vaccination_date: NaiveDate, mandatory, ("Date", "接种日期");
    /// What it protects from.
    vaccine: Vaccine, mandatory, ("Vaccine", "疫苗");
    /// How it is made.
    platform: VaccinePlatform, optional, ("Platform", "疫苗类型");
    /// It holds a virus that can replicate.
    live: YesNoUnknown, optional, ("Live", "活疫苗");
    /// Number of the dose in its series.
    dose_number: VaccineDose, optional, ("Dose number", "剂次");
    /// The household was vaccinated against the same disease.
    household: YesNoUnknown, optional, ("Household vaccinated", "家属接种");
}

rules! {
    /// The platform says whether the vaccine is live.
    LIVE_OF_PLATFORM = hard("vaccination.live_of_platform", "the platform and whether the vaccine is live contradict each other", "疫苗类型与是否活疫苗不一致");
}

impl VaccinePlatform {
    /// Whether the vaccine is live; `None` for another platform.
    pub fn is_live(self) -> Option<bool> {
        match self {
            Self::LiveVector | Self::LiveAttenuated => Some(true),
            Self::Inactivated | Self::MessengerRna | Self::Recombinant => Some(false),
            Self::Other => None,
        }
    }
}

impl Checks for Vaccination {
    fn check(&self, _: Context, findings: &mut Findings) {
        let wrong = match self.platform.and_then(VaccinePlatform::is_live) {
            Some(true) => Some(YesNoUnknown::No),
            Some(false) => Some(YesNoUnknown::Yes),
            None => None,
        };
        if let Some(live) = self.live.filter(|live| Some(*live) == wrong) {
            let expected = if live == YesNoUnknown::No { "Y" } else { "N" };
            findings.at(&LIVE_OF_PLATFORM, "live", Some(live.code().to_owned()), Some(expected.to_owned()));
        }
    }
}
