# Transgene-like profiles made by hand, and curves with closed forms. Reference values come from the formulas below, which
# do not share code with the program: areas segment by segment, slopes by lm().
source("../_lib.R")
p <- function(id, time, conc) data.frame(id, time, conc)
decay <- c(0, 1, 3, 7, 10, 14, 21, 28, 35)
d <- rbind(p("a_decay", decay, 1e6 * exp(-.1 * decay)), p("b_typical", c(0, 1, 3, 7, 10, 14, 21, 28, 60, 90, 180), c(0, 120, 900, 21000, 62000, 30500, 9800, 4100, 900, 380, 120)), p("c_equal_peaks", c(0, 3, 7, 10, 14, 28, 60), c(0, 500, 40000, 40000, 12000, 2000, 300)), p("d_gaps", c(0, 3, 7, 10, 14, 21, 28, 60), c(0, 30, 800, 15000, 20, 3000, 10, 0)),
           p("e_no_day_28", c(0, 3, 7, 11, 14, 20, 35, 63), c(0, 300, 18000, 52000, 21000, 7000, 1900, 400)), p("f_short", c(0, 3, 7, 10, 14), c(0, 300, 18000, 52000, 21000)), p("g_never", c(0, 7, 14, 28), c(0, 0, 10, 0)), p("h_late_start", c(3, 7, 10, 14, 28), c(700, 15000, 30000, 9000, 900)), p("i_again", c(0, 7, 14, 28, 60, 90, 120, 180), c(0, 9000, 4000, 1000, 200, 5000, 800, 150)))
write_input(d); L <- 50
case("Non-compartmental analysis: rules, windows and terminal slopes", "nca", "constructed", "CC0"); source_of("formula", paste("R", r_version(), "trapezoids and lm() in make.R")); source_of("hand", "closed form: 1e6 exp(-0.1 t)")
segment <- function(t1, c1, t2, c2, log) if (log) (c1 - c2) * (t2 - t1) / log(c1 / c2) else (c1 + c2) / 2 * (t2 - t1)
is_log <- function(c1, c2, m) m == "lin-up-log-down" && c2 < c1 && c2 > 0
area <- function(t, c, a, b, m) { s <- 0; for (i in seq_along(t)[-1]) { u <- max(t[i - 1], a); v <- min(t[i], b); if (v <= u) next; lg <- is_log(c[i - 1], c[i], m); at <- function(x) if (lg) exp(log(c[i - 1]) + (x - t[i - 1]) / (t[i] - t[i - 1]) * log(c[i] / c[i - 1])) else c[i - 1] + (x - t[i - 1]) / (t[i] - t[i - 1]) * (c[i] - c[i - 1]); s <- s + if (lg && at(u) == at(v)) at(u) * (v - u) else segment(u, at(u), v, at(v), lg) }; s }
for (m in c("linear", "lin-up-log-down")) for (blq in c("zero", "drop", "half")) { run(paste(m, blq, sep = "-"), paste("--id id --time time --conc conc --lloq", L, "--auc-method", m, "--blq", blq, "--window 0,28"))
  for (id in unique(d$id)) { x <- d[d$id == id, ]; q <- x$conc >= L & x$conc > 0; at <- paste0("/subjects/id=", id, "/"); f <- function(key, v, rel = 1e-9) if (!is.na(v) && v == 0) fig(paste0(at, key), 0, "formula", absolute = 0) else fig(paste0(at, key), v, "formula", relative = rel)
    first <- which(q)[1]; last <- rev(which(q))[1]; i <- seq_along(q); r <- ifelse(q, x$conc, 0); keep <- rep(TRUE, length(q))
    if (any(q)) { inside <- !q & i > first & i < last; if (blq == "drop") keep <- !inside; if (blq == "half") r[!q & i > first] <- L / 2 }
    t <- x$time[keep]; c <- r[keep]; tl <- if (any(q)) x$time[last] else NA; peak <- if (any(q)) which(q)[which.max(x$conc[q])] else NA
    f("cmax", if (any(q)) x$conc[peak] else 0); f("tmax", if (any(q)) x$time[peak] else NA); f("clast", if (any(q)) x$conc[last] else 0); f("tlast", tl); f("auc_last", if (any(q)) area(t, c, t[1], tl, m) else 0)
    covered <- max(x$time) >= 28; w0 <- if (t[1] > 0) area(c(0, t), c(0, c), 0, 28, m) else area(t, c, 0, 28, m); f("auc_window", if (covered) w0 else NA); fig(paste0(at, "window_covered"), covered, "formula", relative = 0)
    best <- NULL; cand <- which(q & i > peak); fits <- lapply(3:max(3, length(cand)), function(k) if (length(cand) < k) NULL else { z <- tail(cand, k); g <- lm(log(x$conc[z]) ~ x$time[z]); s <- suppressWarnings(summary(g)); list(k = k, l = -coef(g)[[2]], r = s$adj.r.squared) }); fits <- Filter(function(z) !is.null(z) && z$l > 0, fits)
    if (length(fits)) { top <- max(sapply(fits, `[[`, "r")); best <- rev(Filter(function(z) z$r > top - 1e-4, fits))[[1]] }
    g <- function(v) if (is.null(best)) NA else v; f("lambda_z", g(best$l)); f("half_life", g(log(2) / best$l)); f("lambda_z_points", g(best$k), 0); f("adj_r_squared", g(best$r)) }
  if (m == "lin-up-log-down") { fig("/subjects/id=a_decay/auc_window", 1e7 * (1 - exp(-2.8)), "hand", relative = 1e-12); fig("/subjects/id=a_decay/auc_last", 1e7 * (1 - exp(-3.5)), "hand", relative = 1e-12); fig("/subjects/id=a_decay/half_life", 10 * log(2), "hand", relative = 1e-12) } }
write_case()
