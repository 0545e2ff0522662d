# Breast cancers among women examined or not examined by repeated fluoroscopy, and a group without events.
source("../_lib.R"); d <- data.frame(exposure = c("a_unexposed", "b_exposed", "c_none"), cancers = c(15, 41, 0), woman_years = c(19017, 28010, 850)); write_input(d)
case("Incidence rates with exact and Byar limits", "rate", "J. D. Boice, R. R. Monson, J Natl Cancer Inst 59 (1977) 823-832; the third group is constructed", "published table, facts")
source_of("r", paste("R", r_version(), "qchisq (Garwood) and the formulas of Byar in make.R")); source_of("hand", "no events: -ln(0.025) over person-time")
garwood <- function(x, t) c(if (x == 0) 0 else qchisq(.025, 2 * x) / 2, qchisq(.975, 2 * (x + 1)) / 2) / t; z <- qnorm(.975)
byar <- function(x, t) c(if (x == 0) 0 else x * (1 - 1 / (9 * x) - z / (3 * sqrt(x)))^3, (x + 1) * (1 - 1 / (9 * (x + 1)) + z / (3 * sqrt(x + 1)))^3) / t
for (m in c("exact", "byar")) { run(m, paste("--events cancers --person-time woman_years --group exposure --per 1000 --method", m))
  for (i in 1:3) { p <- paste0("/groups/group=", d$exposure[i], "/"); ci <- (if (m == "exact") garwood else byar)(d$cancers[i], d$woman_years[i]) * 1000; figs(paste0(p, c("events", "person_time")), c(d$cancers[i], d$woman_years[i]), source = "r", relative = 0); fig(paste0(p, "rate"), d$cancers[i] / d$woman_years[i] * 1000, "r", relative = 1e-12); fig(paste0(p, "lower"), ci[1], "r", relative = 1e-9); fig(paste0(p, "upper"), ci[2], "r", relative = 1e-9) } }
run("none", "--events cancers --person-time woman_years --group exposure --per 1 --method exact"); fig("/groups/group=c_none/lower", 0, "hand", absolute = 0); fig("/groups/group=c_none/upper", -log(.025) / 850, "hand", relative = 1e-12)
write_case()
