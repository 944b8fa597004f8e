# Judges of the money in R: Rscript tests/oracles/costs.R   (reads costs_children.csv, writes costs_R.json)
# lm gives the two ends of the bracket on per-child cost; boot draws whole families anew within each group.
library(boot)
library(jsonlite)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
d <- read.csv(file.path(here, "costs_children.csv"), colClasses = c(family_id = "character"))
tariff <- c(days_cin = 9.32, days_cp = 10.21, days_cla = 160.72, referrals = 223)
cost <- function(period) rowSums(sapply(names(tariff), function(m) tariff[[m]] * d[[paste0(m, "_", period)]]))
d$x <- cost("before"); d$y <- cost("after")
families <- split(seq_len(nrow(d)), d$family_id)
group <- as.integer(sapply(families, function(i) d$in_programme[i[1]]))
ends <- function(rows) c(
  did = -unname(coef(lm(I(y - x) ~ in_programme, d[rows, ]))[2]),
  ancova = -unname(coef(lm(y ~ in_programme + x, d[rows, ]))[2]))
set.seed(7)
b <- boot(seq_along(families), function(f, i) ends(unlist(families[f[i]], use.names = FALSE)), R = 3000, strata = group)
ci <- function(k) boot.ci(b, type = "perc", index = k)$percent[4:5]
v1 <- 0.2 # coefficient of variation of the gamma unit costs
write_json(list(
  R = R.version.string, boot = as.character(packageVersion("boot")),
  estimate = as.list(ends(seq_len(nrow(d)))),
  se = list(did = sd(b$t[, 1]), ancova = sd(b$t[, 2])),
  ci = list(did = ci(1), ancova = ci(2)),
  gamma_quantiles = qgamma(c(0.025, 0.5, 0.975), shape = 1 / v1^2, scale = 160.72 * v1^2)
), file.path(here, "costs_R.json"), auto_unbox = TRUE, digits = 10, pretty = TRUE)
