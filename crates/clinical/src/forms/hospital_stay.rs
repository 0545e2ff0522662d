//! HOSP: a stay in a ward around an infusion.

use crate::codes::treatment::{StayNumber, Ward};
use crate::codes::{InfusionNumber, PatientId, YesNoUnknown};
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::moment::Moment;
use crate::rule::rules;
use chrono::{NaiveDate, NaiveTime};

form! {
    /// A stay in one ward around an infusion; a transfer to intensive care begins another. The first begins before the infusion.
    HospitalStay {
        name: "hospital_stay", path: "hospital-stays", version: 1, label: ("Hospital stay", "住院"),
        source: "catalogue G4 HOSP", key: &["patient_id", "infusion_number", "stay_number"],
        parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion the stay belongs to.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Number of the stay around that infusion, 1 for the first.
    stay_number: StayNumber, mandatory, ("Stay", "住院序号");
    /// Ward.
    ward: Ward, required, ("Ward", "病房");
    /// Day of admission to the ward.
    admission_date: NaiveDate, required, ("Admitted on", "入院日期");
    /// Time of admission to the ward.
    admission_time: NaiveTime, optional, ("Admitted at", "入院时间");
    /// Day of discharge or transfer from the ward; declared missing with PEND while the patient is there.
    discharge_date: NaiveDate, required, ("Discharged on", "出院日期");
    /// Time of discharge or transfer from the ward.
    discharge_time: NaiveTime, optional, ("Discharged at", "出院时间");
    /// Continuous ECG monitoring from the day of infusion (1.7).
    ecg_monitor: YesNoUnknown, optional, ("ECG monitoring", "心电监护");
}

rules! {
    /// G4: admit <= discharge.
    DISCHARGED_BEFORE_ADMITTED = hard("hospital_stay.discharged_before_admitted", "the patient was discharged before being admitted", "出院早于入院");
    /// A time of day belongs to a day.
    TIME_WITHOUT_DATE = hard("hospital_stay.time_without_date", "a time of day is given without its day", "填写了时间但未填写日期");
}

impl Checks for HospitalStay {
    fn check(&self, _: Context, findings: &mut Findings) {
        let times = [
            ("admission_date", self.admission_date, self.admission_time),
            ("discharge_date", self.discharge_date, self.discharge_time),
        ];
        for (field, date, time) in times {
            if date.is_none() && time.is_some() {
                findings.at(&TIME_WITHOUT_DATE, field, None, Some("the day of the time given".to_owned()));
            }
        }
        let admitted = Moment::new(self.admission_date, self.admission_time);
        let discharged = Moment::new(self.discharge_date, self.discharge_time);
        if let (Some(admitted), Some(discharged)) = (admitted, discharged)
            && discharged.surely_before(admitted)
        {
            let expected = Some(format!("{} or later", admitted.date));
            let received = Some(discharged.date.to_string());
            findings.at(&DISCHARGED_BEFORE_ADMITTED, "discharge_date", received, expected);
        }
    }
}
