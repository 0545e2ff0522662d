//! Bounded values and value sets shared by the forms of events: toxicity, infection, transfusion and laboratory results.

use crate::field::{bounded_decimal, bounded_integer, bounded_text, value_sets};

bounded_integer! {
    /// Number of the row among those with the same other key fields, 1 for the first.
    SequenceNumber(1..=999);
    /// Number of the episode after one infusion, 1 for the first.
    EpisodeNumber(1..=99);
    /// Highest grade of an episode: an episode has at least grade 1.
    EpisodeGrade(1..=5);
    /// Grade by CTCAE v5.0.
    CtcaeGrade(1..=5);
    /// ICE points for orientation to year, month, city and hospital.
    IceOrientation(0..=4);
    /// ICE points for naming three objects.
    IceNaming(0..=3);
    /// ICE point of a one-point item.
    IcePoint(0..=1);
    /// ICE score.
    IceScore(0..=10);
    /// Lowest systolic blood pressure of a day, in mmHg.
    SystolicPressure(30..=250);
    /// Grade of immune effector cell-associated hematotoxicity.
    IcahtGrade(0..=4);
    /// Days of the early window, day 0 to 30.
    EarlyDays(0..=31);
    /// ISTH score of overt disseminated intravascular coagulation.
    IsthScore(0..=8);
    /// WHO bleeding grade.
    WhoBleeding(0..=4);
    /// Chinese DIC scoring system.
    CdssScore(0..=12);
    /// Units of a blood product.
    BloodUnits(1..=20);
    /// Sets of blood cultures taken together.
    CultureSets(0..=10);
}

bounded_decimal! {
    /// Highest body temperature of a day.
    TemperatureC(34.0..=43.0, "Cel");
    /// Oxygen flow.
    OxygenFlow(0.0..=80.0, "L/min");
    /// Dose of norepinephrine.
    NorepinephrineDose(0.0..=500.0, "ug/min");
    /// Dose of dopamine.
    DopamineDose(0.0..=50.0, "ug/kg/min");
    /// Dose of phenylephrine.
    PhenylephrineDose(0.0..=1000.0, "ug/min");
    /// Dose of epinephrine.
    EpinephrineDose(0.0..=500.0, "ug/min");
    /// Dose of vasopressin.
    VasopressinDose(0.0..=0.2, "U/min");
    /// Ferritin.
    Ferritin(0.0..=300_000.0, "ug/L");
    /// Upper reference limit of ferritin.
    FerritinLimit(10.0..=5000.0, "ug/L");
    /// A multiple of the reference.
    Multiple(0.0..=1000.0, "times the reference");
    /// Fibrinogen.
    Fibrinogen(0.0..=15.0, "g/L");
    /// Triglycerides.
    Triglycerides(0.1..=50.0, "mmol/L");
    /// Blood in one culture bottle.
    CultureVolume(1.0..=30.0, "mL");
    /// A laboratory value, in the unit given beside it.
    LabValue(0.0..=1e12, "");
    /// A laboratory value in the analyte's canonical unit.
    CanonicalValue(0.0..=1e15, "");
}

bounded_text! {
    /// A term of a terminology, or a name.
    Term(Free, 200);
    /// A code of another coding system.
    ForeignCode(Free, 32);
}

value_sets! {
    /// Imaging of the head.
    HeadImaging "head_imaging" { Mri "MRI" "MRI" "磁共振"; Ct "CT" "CT" "CT检查"; }
}
