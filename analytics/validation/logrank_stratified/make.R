# Three groups, two strata, whole days with ties, delayed entry.
source("../_lib.R"); set.seed(77); n <- 210
g <- rep(c("a", "b", "c"), n / 3); s <- rep(c("s1", "s2"), each = n / 2); entry <- as.integer(floor(runif(n, 0, 30))); t <- entry + 1 + floor(rexp(n, c(a = .010, b = .014, c = .020)[g] * ifelse(s == "s2", 1.6, 1))); cens <- entry + 1 + floor(runif(n, 20, 200))
d <- data.frame(group = g, site = s, entry = entry, day = pmin(t, cens), event = as.integer(t <= cens)); write_input(d)
case("Log-rank family with strata, three groups and delayed entry", "logrank", "simulated by make.R", "CC0"); source_of("formula", paste("R", r_version(), "formulas of Klein & Moeschberger section 7.3 in _lib.R; stratified log-rank also equal to survdiff + strata()"))
base <- "--time day --event event --group group"
for (t in c("logrank", "gehan", "tarone-ware", "peto-peto", "modified-peto-peto")) {
  run(paste0("plain-", t), paste(base, "--test", t)); logrank_figures(with(d, weighted_logrank(day, event, group, t)), c("a", "b", "c"), "formula")
  run(paste0("strata-", t), paste(base, "--strata site --test", t)); x <- with(d, weighted_logrank(day, event, group, t, strata = site)); logrank_figures(x, c("a", "b", "c"), "formula"); if (t == "logrank") stopifnot(abs(x$chisq - survdiff(Surv(day, event) ~ group + strata(site), d)$chisq) < 1e-9)
  run(paste0("entry-", t), paste(base, "--entry entry --strata site --test", t)); logrank_figures(with(d, weighted_logrank(day, event, group, t, strata = site, entry = entry)), c("a", "b", "c"), "formula") }
write_case()
