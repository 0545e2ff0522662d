//! Units, ranges and contradictions of one observation.

use super::observation::Observation;
use crate::criteria::case::Fault;
use crate::criteria::compare::{above, at_least, at_most, same};
use crate::criteria::mrd::MrdParameters;

/// Lesions one assessment may list.
const MOST_LESIONS: usize = 100;

type Bound = (&'static str, fn(&Observation) -> Option<f64>, f64, f64, &'static str);

macro_rules! bounds {
    ($($name:ident $min:literal..=$max:literal $unit:literal;)*) => {
        /// Hard ranges (catalogue G2 and G5).
        const BOUNDS: &[Bound] = &[$((stringify!($name), |o| o.$name, $min, $max, $unit)),*];
    };
}

bounds! {
    serum_m_protein_g_l 0.0..=150.0 "g/L";
    urine_m_protein_mg_24h 0.0..=30000.0 "mg/24 h";
    urine_light_chain_mg_24h 0.0..=30000.0 "mg/24 h";
    flc_kappa_mg_l 0.0..=20000.0 "mg/L";
    flc_lambda_mg_l 0.0..=20000.0 "mg/L";
    flc_ratio 0.001..=10000.0 "kappa to lambda";
    marrow_plasma_cell_percent 0.0..=100.0 "%";
    marrow_ihc_ratio 0.0..=10000.0 "kappa to lambda";
    marrow_ihc_repeat_ratio 0.0..=10000.0 "kappa to lambda";
    marrow_ihc_cells_counted 0.0..=1_000_000.0 "cells";
    marrow_ihc_repeat_cells_counted 0.0..=1_000_000.0 "cells";
    plasmacytoma_spd_mm2 0.0..=1_000_000.0 "mm²";
    plasmacytoma_count 0.0..=1000.0 "lesions";
    plasmacytoma_longest_diameter_mm 0.0..=400.0 "mm";
    plasmacytoma_short_axis_mm 0.0..=400.0 "mm";
    circulating_plasma_cells_ul 0.0..=1_000_000.0 "per µL";
    suv_lesion 0.0..=100.0 "SUV";
    suv_mediastinum 0.0..=100.0 "SUV";
    suv_surrounding 0.0..=100.0 "SUV";
    calcium_mmol_l 0.5..=5.0 "mmol/L; for mg/dL use calcium_mg_dl";
    hb_g_l 10.0..=250.0 "g/L; for g/dL use hb_g_dl";
    creatinine_umol_l 5.0..=2500.0 "µmol/L; for mg/dL use creatinine_mg_dl";
}

/// Brings an alternative unit into the main member.
fn unify(
    main: &mut Option<f64>,
    other: Option<f64>,
    factor: f64,
    names: (&str, &str),
    pointer: &str,
) -> Result<(), Fault> {
    let Some(value) = other else { return Ok(()) };
    let converted = value * factor;
    match *main {
        Some(given) if !same(given, converted) => Err(Fault::new(
            format!("{pointer}/{}", names.1),
            format!("{value} contradicts {} {given}", names.0),
            format!("one of the two, or {} times {factor}", names.1),
        )),
        _ => {
            *main = Some(converted);
            Ok(())
        }
    }
}

impl Observation {
    /// In main units only, with the sums and ratios that follow.
    ///
    /// # Errors
    /// Values outside their hard range, or members that contradict each other.
    pub(super) fn resolve(&self, pointer: &str, rules: &MrdParameters) -> Result<Self, Fault> {
        let mut o = self.clone();
        unify(
            &mut o.serum_m_protein_g_l,
            o.serum_m_protein_g_dl.take(),
            10.0,
            ("serum_m_protein_g_l", "serum_m_protein_g_dl"),
            pointer,
        )?;
        unify(
            &mut o.flc_kappa_mg_l,
            o.flc_kappa_mg_dl.take(),
            10.0,
            ("flc_kappa_mg_l", "flc_kappa_mg_dl"),
            pointer,
        )?;
        unify(
            &mut o.flc_lambda_mg_l,
            o.flc_lambda_mg_dl.take(),
            10.0,
            ("flc_lambda_mg_l", "flc_lambda_mg_dl"),
            pointer,
        )?;
        unify(
            &mut o.calcium_mmol_l,
            o.calcium_mg_dl.take(),
            0.25,
            ("calcium_mmol_l", "calcium_mg_dl"),
            pointer,
        )?;
        unify(&mut o.hb_g_l, o.hb_g_dl.take(), 10.0, ("hb_g_l", "hb_g_dl"), pointer)?;
        unify(
            &mut o.creatinine_umol_l,
            o.creatinine_mg_dl.take(),
            88.4,
            ("creatinine_umol_l", "creatinine_mg_dl"),
            pointer,
        )?;
        for (name, get, min, max, unit) in BOUNDS {
            if let Some(value) =
                get(&o).filter(|v| !(v.is_finite() && at_least(*v, *min) && at_most(*v, *max)))
            {
                return Err(Fault::new(
                    format!("{pointer}/{name}"),
                    format!("{value} is out of range"),
                    format!("{min} to {max} {unit}"),
                ));
            }
        }
        for (index, test) in o.mrd.iter().enumerate() {
            test.check(&format!("{pointer}/mrd/{index}"), rules)?;
        }
        o.settle_ratio(pointer)?;
        o.settle_lesions(pointer)?;
        o.settle_flags(pointer)?;
        Ok(o)
    }

    fn settle_ratio(&mut self, pointer: &str) -> Result<(), Fault> {
        let computed = match (self.flc_kappa_mg_l, self.flc_lambda_mg_l) {
            (Some(kappa), Some(lambda)) if above(lambda, 0.0) => Some(kappa / lambda),
            // Nothing against something: as far from normal as the range allows.
            (Some(kappa), Some(_)) if above(kappa, 0.0) => Some(10_000.0),
            _ => None,
        };
        match (self.flc_ratio, computed) {
            (Some(given), Some(computed))
                if computed < 10_000.0 && above((given - computed).abs(), 0.05 * computed) =>
            {
                return Err(Fault::new(
                    format!("{pointer}/flc_ratio"),
                    format!("{given} contradicts kappa to lambda {computed:.4}"),
                    "kappa to lambda within 5 %, or leave it out",
                ));
            }
            _ => self.flc_ratio = computed.or(self.flc_ratio),
        }
        Ok(())
    }

    fn settle_lesions(&mut self, pointer: &str) -> Result<(), Fault> {
        let Some(lesions) = &self.plasmacytomas else { return Ok(()) };
        let at = |index: usize| format!("{pointer}/plasmacytomas/{index}");
        if lesions.len() > MOST_LESIONS {
            return Err(Fault::new(
                format!("{pointer}/plasmacytomas"),
                format!("{} lesions", lesions.len()),
                format!("at most {MOST_LESIONS}"),
            ));
        }
        let listed = u32::try_from(lesions.len()).ok().map(f64::from);
        let mut sum = Some(0.0);
        for (index, lesion) in lesions.iter().enumerate() {
            if lesions.iter().take(index).any(|other| other.id == lesion.id) {
                return Err(Fault::new(at(index), "the id is used twice", "one entry for each lesion"));
            }
            for (member, size) in
                [("longest_diameter_mm", lesion.longest_diameter_mm), ("short_axis_mm", lesion.short_axis_mm)]
            {
                if let Some(size) = size.filter(|size| !(0.0..=400.0).contains(size)) {
                    let problem = format!("{size} is out of range");
                    return Err(Fault::new(format!("{}/{member}", at(index)), problem, "0 to 400 mm"));
                }
            }
            let product = lesion.longest_diameter_mm.zip(lesion.short_axis_mm);
            if product.is_some_and(|(longest, short)| above(short, longest)) {
                return Err(Fault::new(
                    at(index),
                    "the short axis exceeds the longest diameter",
                    "short <= long",
                ));
            }
            sum = sum.zip(product).map(|(sum, (longest, short))| sum + longest * short);
        }
        if let (Some(given), Some(sum)) = (self.plasmacytoma_spd_mm2, sum)
            && above((given - sum).abs(), 0.05 * sum)
        {
            return Err(Fault::new(
                format!("{pointer}/plasmacytoma_spd_mm2"),
                format!("{given} contradicts the lesions listed ({sum})"),
                "the sum of the products within 5 %, or leave it out",
            ));
        }
        if sum.is_some() {
            self.plasmacytoma_spd_mm2 = sum;
        }
        self.plasmacytoma_count = self.plasmacytoma_count.or(listed);
        Ok(())
    }

    fn settle_flags(&mut self, pointer: &str) -> Result<(), Fault> {
        let seen = |value: Option<f64>, band: Option<bool>| {
            value.zip(band).is_some_and(|(value, band)| above(value, 0.0) && !band)
        };
        let contradiction = |name: &str, with: &str| {
            Fault::new(format!("{pointer}/{name}"), format!("contradicts {with}"), "the one that is right")
        };
        if seen(self.serum_m_protein_g_l, self.serum_electrophoresis_detectable) {
            return Err(contradiction("serum_electrophoresis_detectable", "serum_m_protein_g_l above 0"));
        }
        if seen(self.urine_m_protein_mg_24h, self.urine_electrophoresis_detectable) {
            return Err(contradiction("urine_electrophoresis_detectable", "urine_m_protein_mg_24h above 0"));
        }
        match (self.marrow_flow_clonal, self.marrow_flow_negative) {
            (Some(clonal), Some(negative)) if clonal == negative => {
                return Err(contradiction("marrow_flow_negative", "marrow_flow_clonal"));
            }
            (None, Some(negative)) => self.marrow_flow_clonal = Some(!negative),
            _ => {}
        }
        Ok(())
    }
}
