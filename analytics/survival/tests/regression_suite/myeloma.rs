//! 3882 patients with late entry: the Cox models of case c10.

use survival::cox::{CoxData, CoxModel, FitOptions, Ties, Times};

use crate::ebmt::compare;
use crate::support::{Table, expected, oracle};

#[test]
fn cox_with_delayed_entry() {
    let (Some(want), Some(text)) =
        (expected("c10_delayed_entry_myeloma"), oracle("c10_delayed_entry_myeloma", "input.csv"))
    else {
        return;
    };
    let t = Table::parse(&text);
    let (entry, time) = (t.days("entry"), t.days("futime"));
    let event = t.flags("death", "1");
    let decade: Vec<f64> = t.numbers("year").iter().map(|y| (y - 1950.0) / 10.0).collect();
    let late: Vec<f64> = entry.iter().map(|e| f64::from(u8::from(*e > 365))).collect();
    let columns: [&[f64]; 2] = [&decade, &late];
    for (name, width) in [("cox_decade", 1), ("cox_decade_late", 2)] {
        let data = CoxData {
            entry: Some(Times::Days(&entry)),
            time: Times::Days(&time),
            event: &event,
            covariates: &columns[..width],
            ..CoxData::default()
        };
        let model = CoxModel::new(&data, Ties::Efron).expect("valid data");
        let fit = model.fit(&FitOptions::default()).expect("a fit");
        compare(&model, &fit, None, &want[name]);
        // The same in floating years: nothing but the unit changes.
        let years = |d: &[i32]| d.iter().map(|d| f64::from(*d) / 365.25).collect::<Vec<_>>();
        let (entry, time) = (years(&entry), years(&time));
        let data = CoxData { entry: Some(Times::Real(&entry)), time: Times::Real(&time), ..data };
        let model = CoxModel::new(&data, Ties::Efron).expect("valid data");
        let fit = model.fit(&FitOptions::default()).expect("a fit");
        compare(&model, &fit, None, &want[name]);
    }
}
