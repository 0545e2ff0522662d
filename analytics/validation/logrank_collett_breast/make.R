# Survival of women with breast cancer, tumours stained negatively or positively for a lectin.
source("../_lib.R")
d <- data.frame(stain = rep(c("negative", "positive"), c(13, 32)), months = c(23, 47, 69, 70, 71, 100, 101, 148, 181, 198, 208, 212, 224, 5, 8, 10, 13, 18, 24, 26, 26, 31, 35, 40, 41, 48, 50, 59, 61, 68, 71, 76, 105, 107, 109, 113, 116, 118, 143, 154, 162, 188, 212, 217, 225), death = c(1, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, rep(1, 18), 0, 0, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0)); write_input(d)
case("Log-rank and Wilcoxon, staining of breast tumours", "logrank", "Collett, Modelling Survival Data in Medical Research, table 1.2 (Leathem & Brooks 1987)", "published table, facts")
source_of("book", "Collett, examples 2.12 and 2.13 (printed)"); source_of("formula", paste("R", r_version(), "formulas of Klein & Moeschberger section 7.3 in _lib.R"))
for (t in c("logrank", "gehan")) { run(t, paste("--time months --event death --group stain --test", t)); x <- with(d, weighted_logrank(months, death, stain, t)); logrank_figures(x, c("negative", "positive"), "formula")
  if (t == "logrank") { printed("/groups/group=negative/expected", 9.565, x$expected[1], 3, "book"); printed("/variance", 5.929, x$V[1, 1], 3, "book"); printed("/chisq", 3.515, x$chisq, 3, "book"); printed("/p", .061, x$p, 3, "book") } else { printed("/chisq", 4.180, x$chisq, 3, "book") } }
write_case()
