# Proportions whose limits R. G. Newcombe printed for seven methods: 81/263, 15/148, 0/20, 1/29, one row per subject.
source("../_lib.R"); x <- c(81, 15, 0, 1); n <- c(263, 148, 20, 29); g <- c("a_81_of_263", "b_15_of_148", "c_0_of_20", "d_1_of_29")
d <- data.frame(group = rep(g, n), event = unlist(lapply(1:4, function(i) rep(1:0, c(x[i], n[i] - x[i]))))); write_input(d)
case("Proportions with exact and Wilson limits", "proportion", "R. G. Newcombe, Stat Med 17 (1998) 857-872, table I", "published table, facts"); source_of("book", "Newcombe 1998, table I (printed to four decimals)"); source_of("r", paste("R", r_version(), "binom.test and prop.test(correct = FALSE)"))
book <- list("clopper-pearson" = rbind(c(.2527, .3676), c(.0578, .1617), c(0, .1684), c(.0009, .1776)), wilson = rbind(c(.2553, .3662), c(.0624, .1605), c(0, .1611), c(.0061, .1718)))
for (m in names(book)) { run(m, paste("--event event --group group --method", m)); for (i in 1:4) { ci <- suppressWarnings(if (m == "wilson") prop.test(x[i], n[i], correct = FALSE) else binom.test(x[i], n[i]))$conf.int; p <- paste0("/groups/group=", g[i], "/"); figs(paste0(p, c("n", "events")), c(n[i], x[i]), source = "r", relative = 0); fig(paste0(p, "proportion"), x[i] / n[i], "r", relative = 1e-12)
  for (j in 1:2) { q <- paste0(p, c("lower", "upper")[j]); if (abs(ci[j]) < 1e-12) fig(q, 0, "r", absolute = 1e-12) else fig(q, ci[j], "r", relative = 1e-9); printed(q, book[[m]][i, j], ci[j], 4, "book") } } }
write_case()
