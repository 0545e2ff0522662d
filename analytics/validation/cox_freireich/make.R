source("../_lib.R"); x <- read.csv("../km_freireich/input.csv"); d <- data.frame(placebo = as.integer(x$treatment == "placebo"), treatment = x$treatment, weeks = x$weeks, relapse = x$relapse); write_input(d)
case("Cox regression with one binary covariate, Freireich et al. 1963", "cox", "E. J. Freireich et al., Blood 21 (1963) 699-716", "published table, facts")
source_of("book", "Breslow ties: J. D. Kalbfleisch, R. L. Prentice, The Statistical Analysis of Failure Time Data, and Kleinbaum & Klein chapter 3 (printed)"); source_of("r", paste("R", r_version(), "coxph, iterated to 1e-11"))
for (ties in c("efron", "breslow")) { run(ties, paste("--time weeks --event relapse --covariates placebo --ties", ties)); f <- coxph(Surv(weeks, relapse) ~ placebo, d, ties = ties, eps = 1e-11, iter.max = 50); cox_figures(f, "r", tolerance = 1e-8); concordance_figures(f, "r")
  if (ties == "breslow") { printed("/coefficients/0/coef", 1.509, coef(f)[[1]], 3, "book"); printed("/coefficients/0/std_err", .410, sqrt(vcov(f)[1]), 3, "book"); printed("/coefficients/0/exp_coef", 4.523, exp(coef(f))[[1]], 3, "book") }
  b <- basehaz(f, centered = FALSE); for (t in c(6, 11, 22)) fig(paste0("/baseline/time=", t, "/cumhaz"), b$hazard[b$time == t], "r", relative = 1e-7) }
run("factor", "--time weeks --event relapse --covariates treatment=placebo --ties efron"); f <- coxph(Surv(weeks, relapse) ~ I(treatment == "6-MP"), d, eps = 1e-11); fig("/coefficients/0/coef", coef(f)[[1]], "r", relative = 1e-8); fig("/coefficients/0/std_err", sqrt(vcov(f)[1]), "r", relative = 1e-8)
write_case()
