//! Bounded values and value sets shared by the forms of disease assessment and follow-up.

use crate::field::{bounded_decimal, bounded_integer, value_sets};

bounded_integer! {
    /// Number of a lesion of one patient; the same lesion keeps its number.
    LesionNumber(1..=99);
    /// Vertical length of the spleen, in mm.
    SpleenMm(40..=400);
    /// Dose number of a vaccine.
    VaccineDose(1..=10);
    /// Days of an immunoglobulin course.
    CourseDays(1..=31);
}

bounded_decimal! {
    /// M-protein in serum.
    SerumMProtein(0.0..=150.0, "g/L");
    /// M-protein in urine.
    UrineMProtein(0.0..=30_000.0, "mg/24h");
    /// A free light chain.
    FreeLightChain(0.0..=20_000.0, "mg/L");
    /// Ratio of free kappa to free lambda.
    FlcRatio(0.001..=10_000.0, "ratio");
    /// Sum of products of diameters.
    ProductSum(0.0..=1_000_000.0, "mm2");
    /// Circulating plasma cells.
    PlasmaCellCount(0.0..=100_000.0, "/uL");
    /// Calcium.
    Calcium(0.5..=5.0, "mmol/L");
    /// Hemoglobin.
    Hemoglobin(10.0..=250.0, "g/L");
    /// Creatinine.
    Creatinine(5.0..=2500.0, "umol/L");
    /// A diameter of a lesion.
    DiameterMm(0.0..=400.0, "mm");
    /// Absolute neutrophil count.
    NeutrophilCount(0.0..=200.0, "10^9/L");
    /// Platelets.
    PlateletCount(0.0..=3000.0, "10^9/L");
    /// Leukocytes of the blood.
    LeukocyteCount(0.0..=1000.0, "10^9/L");
    /// Erythrocytes of the blood.
    ErythrocyteCount(0.0..=15.0, "10^12/L");
    /// Cells of the cerebrospinal fluid.
    CsfCells(0.0..=1_000_000.0, "/uL");
    /// Share of nucleated cells that a test can still find, 1e-5 for one in 100,000.
    MrdLimit(1e-7..=1e-2, "fraction of nucleated cells");
    /// Share of nucleated cells.
    MrdLevel(0.0..=1.0, "fraction of nucleated cells");
    /// Level of CAR-T cells, in the unit given beside it.
    CarTLevel(0.0..=1e9, "");
    /// Genomic DNA in a reaction.
    GenomicDna(0.0..=100_000.0, "ng");
    /// Immunoglobulin given in one day.
    ImmunoglobulinDose(0.0..=200.0, "g");
    /// Immunoglobulin given in one infusion per body weight.
    ImmunoglobulinDosePerKg(50.0..=2000.0, "mg/kg");
    /// Immunoglobulin G.
    IgG(0.0..=150.0, "g/L");
}

value_sets! {
    /// When a disease assessment was made.
    Timepoint "assessment_timepoint" {
        Baseline "BASELINE" "Baseline, before lymphodepletion" "基线（清淋前）";
        FollowUp "FOLLOW_UP" "After the infusion" "回输后";
    }
}
