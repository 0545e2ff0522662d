source("../_lib.R"); d <- data.frame(exposure = c("a_unexposed", "b_exposed"), cancers = c(15, 41), woman_years = c(19017, 28010)); write_input(d)
case("Rate ratio and difference of two groups", "rate", "J. D. Boice, R. R. Monson, J Natl Cancer Inst 59 (1977) 823-832; K. J. Rothman, Modern Epidemiology", "published table, facts")
source_of("book", "Rothman, Modern Epidemiology (printed: rate ratio 1.86)"); source_of("r", paste("R", r_version(), "poisson.test: conditional binomial, second group over first"))
run("exact", "--events cancers --person-time woman_years --group exposure --per 10000 --method exact"); t <- poisson.test(c(41, 15), c(28010, 19017)); fig("/rate_ratio/value", t$estimate[[1]], "r", relative = 1e-12); fig("/rate_ratio/lower", t$conf.int[1], "r", relative = 1e-9); fig("/rate_ratio/upper", t$conf.int[2], "r", relative = 1e-9)
printed("/rate_ratio/value", 1.86, t$estimate[[1]], 2, "book"); D <- (41 / 28010 - 15 / 19017) * 1e4; fig("/rate_difference/value", D, "r", relative = 1e-12);
write_case()
