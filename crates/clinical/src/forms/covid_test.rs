//! CVD: a test for SARS-CoV-2.

use crate::codes::assessment::PosNeg;
use crate::codes::{InfusionNumber, PatientId};
use crate::field::value_sets;
use crate::finding::Findings;
use crate::form::{Checks, Context, form};
use crate::rule::rules;
use chrono::{NaiveDate, NaiveTime};

value_sets! {
    /// Severity of COVID-19, by which the infusion is postponed (D8.5).
    CovidSeverity "covid_severity" {
        Asymptomatic "ASYMP" "Asymptomatic" "无症状"; MildModerate "MILD_MOD" "Mild or moderate" "轻型或中型"; Severe "SEVERE" "Severe" "重型"; Critical "CRITICAL" "Critical" "危重型";
    }
}

form! {
    /// A test for SARS-CoV-2, from consent on. It belongs to the infusion it precedes or follows.
    CovidTest {
        name: "covid_test", path: "covid-tests", version: 1, label: ("SARS-CoV-2 test", "新型冠状病毒检测"),
        source: "catalogue G5 CVD, D8.5", key: &["patient_id", "infusion_number", "test_date"], parent: Patient, rules: RULES,
    }
    /// Pseudonym of the patient.
    patient_id: PatientId, mandatory, ("Patient", "患者编号");
    /// Number of the infusion it precedes or follows.
    infusion_number: InfusionNumber, mandatory, ("Infusion number", "输注序号");
    /// Day of the test.
    test_date: NaiveDate, mandatory, ("Date of the test", "检测日期");
    /// Result.
    result: PosNeg, required, ("Result", "结果");
    /// Highest severity of the illness.
    severity: CovidSeverity, conditional, ("Severity", "病情严重程度"), when result in ["POS"];
    /// First day without fever and without antipyretics.
    afebrile_date: NaiveDate, conditional, ("Afebrile since", "退热日期"), when severity in ["MILD_MOD", "SEVERE", "CRITICAL"];
    /// Time since when without fever.
    afebrile_time: NaiveTime, optional, ("Afebrile since, time", "退热时间");
}

rules! {
    /// A severity of an illness that was not found.
    SEVERITY_OF_NEGATIVE = hard("covid_test.severity_of_negative", "a severity is given for a negative test", "检测阴性却填写了病情严重程度");
    /// Time without a day.
    TIME_WITHOUT_DATE = hard("covid_test.time_without_date", "a time is given without its date", "填写了时间但未填写日期");
    /// The fever ends after the illness was found, as a rule.
    AFEBRILE_BEFORE_TEST = soft("covid_test.afebrile_before_test", "the patient is afebrile since before the test; confirm", "退热早于检测日期，请确认");
}

impl Checks for CovidTest {
    fn check(&self, _: Context, findings: &mut Findings) {
        if let Some(severity) = self.severity.filter(|_| self.result == Some(PosNeg::Negative)) {
            let expected = Some("no severity, or result POS".to_owned());
            findings.at(&SEVERITY_OF_NEGATIVE, "severity", Some(severity.code().to_owned()), expected);
        }
        if let Some(time) = self.afebrile_time.filter(|_| self.afebrile_date.is_none()) {
            let expected = Some("afebrile_date as well".to_owned());
            findings.at(
                &TIME_WITHOUT_DATE,
                "afebrile_time",
                Some(time.format("%H:%M").to_string()),
                expected,
            );
        }
        if let Some(date) = self.afebrile_date.filter(|date| *date < self.test_date) {
            let expected = Some(format!("{} or later", self.test_date));
            findings.at(&AFEBRILE_BEFORE_TEST, "afebrile_date", Some(date.to_string()), expected);
        }
    }
}
