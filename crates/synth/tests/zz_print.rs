mod support;
use clinical::codes::Disease;
use support::*;
use std::collections::BTreeMap;
#[test]
fn print() {
    let r = registry(1, 6000);
    let t0 = std::time::Instant::now();
    let recs: Vec<_> = r.patients().collect();
    println!("{:?} for 6000", t0.elapsed());
    let mut forms: BTreeMap<&str, u32> = BTreeMap::new();
    for p in &recs { for x in &p.records { *forms.entry(x.form().name).or_default() += 1; } }
    println!("{forms:?}");
    let all: Vec<Typed> = recs.iter().map(Typed::of).collect();
    let mut centers: BTreeMap<&str, u32> = BTreeMap::new();
    for t in &all { *centers.entry(&t.center).or_default() += 1; }
    println!("{centers:?}");
    for d in [Disease::Nhl, Disease::Mm, Disease::BAll] {
        let g: Vec<&Typed> = all.iter().filter(|t| t.is(d) && !t.infusions.is_empty()).collect();
        let os: Vec<(i64,bool)> = g.iter().map(|t| (t.since(t.end().last_contact).unwrap(), t.died())).collect();
        let pfs: Vec<(i64,bool)> = g.iter().map(|t| {
            let p = t.responses.iter().find(|r| r.reported_category.is_some_and(|c| c.is_progression()));
            match p { Some(r) => (t.since(r.assessment_date).unwrap(), true), None => (t.since(t.end().last_contact).unwrap(), t.died()) }
        }).collect();
        println!("{d:?} n={} OS 30d {:.3} 1y {:.3} 2y {:.3} 3y {:.3}  PFS 1y {:.3} 2y {:.3} 3y {:.3}", g.len(), survival_at(30,&os), survival_at(365,&os), survival_at(730,&os), survival_at(1095,&os), survival_at(365,&pfs), survival_at(730,&pfs), survival_at(1095,&pfs));
        let mut causes: BTreeMap<String,u32> = BTreeMap::new();
        for t in &g { if t.died() { *causes.entry(format!("{:?}", t.end().cause_primary)).or_default() += 1; } }
        println!("  {causes:?} second {}", g.iter().filter(|t| t.infusions.len()>1).count());
        let mut st: BTreeMap<String,u32> = BTreeMap::new();
        for t in &g { *st.entry(format!("{:?}", t.end().status)).or_default() += 1; }
        println!("  {st:?}");
    }
    let mut products: BTreeMap<(String,&str), Vec<&Typed>> = BTreeMap::new();
    for t in &all { if let Some(p) = t.product() { products.entry((format!("{:?}",t.disease.disease), p)).or_default().push(t); } }
    for (k, g) in products {
        let n = g.len() as f64;
        let max = |f: &dyn Fn(&Typed)->i32, m: i32| g.iter().filter(|t| f(t) >= m).count() as f64 / n;
        let crs = |t: &Typed| t.days.iter().filter(|d| d.infusion_number.get()==1).filter_map(|d| d.crs_grade.map(|g| g.get())).max().unwrap_or(0);
        let ica = |t: &Typed| t.days.iter().filter(|d| d.infusion_number.get()==1).filter_map(|d| d.icans_grade.map(|g| g.get())).max().unwrap_or(0);
        let mut onset: Vec<i64> = g.iter().filter_map(|t| t.days.iter().find(|d| d.crs_grade.is_some_and(|x| x.get()>0)).and_then(|d| t.since(d.assessment_date))).collect();
        onset.sort();
        let mut dur: Vec<usize> = g.iter().map(|t| t.days.iter().filter(|d| d.crs_grade.is_some_and(|x| x.get()>0)).count()).filter(|x| *x>0).collect();
        dur.sort();
        let toci = g.iter().filter(|t| t.days.iter().any(|d| d.tocilizumab==Some(true))).count() as f64/n;
        let ster = g.iter().filter(|t| t.days.iter().any(|d| d.steroids==Some(true))).count() as f64/n;
        let ana = g.iter().filter(|t| t.days.iter().any(|d| d.anakinra==Some(true))).count() as f64/n;
        let cr = g.iter().filter(|t| t.responses.iter().any(|r| matches!(r.reported_category.map(|c| c.code()), Some("CMR"|"CR"|"sCR"|"CRi"|"CRh")))).count() as f64/n;
        println!("{k:?} n={n} CRS {:.2} {:.2} {:.2} ICANS {:.2} {:.2} onset med {} [{}..{}] dur {} toci {toci:.2} ster {ster:.2} ana {ana:.2} CR {cr:.2}", max(&crs,1),max(&crs,2),max(&crs,3),max(&ica,1),max(&ica,3), onset.get(onset.len()/2).unwrap_or(&0), onset.first().unwrap_or(&0), onset.last().unwrap_or(&0), dur.get(dur.len()/2).unwrap_or(&0));
    }
}
