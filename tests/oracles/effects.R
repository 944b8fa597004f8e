# Judges stepdown.effects. Run in this folder:  Rscript effects.R   (writes effects.json)
# Packages from Debian: clubSandwich, sandwich, MatchIt, survival, MASS, coin, jsonlite; versions go into the output.
suppressMessages({
  library(clubSandwich); library(sandwich); library(MatchIt); library(survival); library(MASS); library(coin)
  library(jsonlite)
})
d <- read.csv("effects_children.csv")
d$change <- d$days_after - d$days_before
G <- length(unique(d$family_id))
out <- list()

# --- difference in differences, lagged outcome, difference after only: CR3 times (G-1)/G, and a family jackknife
jackknife <- function(formula, data) {
  whole <- coef(lm(formula, data))["in_programme"]
  left <- sapply(unique(data$family_id), function(f) coef(lm(formula, data[data$family_id != f, ]))["in_programme"])
  unname(sqrt((G - 1) / G * sum((left - whole)^2)))
}
models <- list(did = change ~ in_programme, lagged = days_after ~ in_programme + days_before,
               after_only = days_after ~ in_programme)
out$bracket <- lapply(models, function(formula) {
  fit <- lm(formula, d)
  v <- vcovCR(fit, cluster = d$family_id, type = "CR3") * (G - 1) / G
  se <- sqrt(v["in_programme", "in_programme"]); b <- unname(coef(fit)["in_programme"])
  list(estimate = b, se = se, se_jackknife = jackknife(formula, d),
       ci_low = b - qt(.975, G - 1) * se, ci_high = b + qt(.975, G - 1) * se,
       p_value = 2 * pt(-abs(b / se), G - 1), n_families = G, n_children = nrow(d))
})
out$influence <- local({
  whole <- coef(lm(models$did, d))["in_programme"]
  child <- sapply(seq_len(nrow(d)), function(i) coef(lm(models$did, d[-i, ]))["in_programme"])
  family <- sapply(unique(d$family_id), function(f) coef(lm(models$did, d[d$family_id != f, ]))["in_programme"])
  share <- function(left) unname((whole - left[which.max(abs(left - whole))]) / whole)
  list(child = share(child), family = share(family))
})

# --- fractional logit with the average marginal effect in days (delta method on the clustered covariance)
out$fractional <- local({
  d$share_after <- d$days_after / 183; d$share_before <- d$days_before / 183
  fit <- glm(share_after ~ in_programme + share_before, quasibinomial, d,
             control = glm.control(epsilon = 1e-14, maxit = 100))
  v <- vcovCL(fit, cluster = d$family_id, type = "HC1")
  effect <- function(beta) {
    eta <- beta[1] + beta[3] * d$share_before
    183 * mean(plogis(eta + beta[2]) - plogis(eta))
  }
  b <- coef(fit); h <- 1e-6
  gradient <- sapply(1:3, function(j) { e <- replace(rep(0, 3), j, h); (effect(b + e) - effect(b - e)) / (2 * h) })
  list(estimate = effect(b), se = sqrt(drop(gradient %*% v %*% gradient)))
})

# --- balance: pooled standard deviation
out$balance <- local({
  known <- d[!is.na(d$age_years), ]
  m <- matchit(in_programme ~ age_years + days_before, data = known, method = NULL, estimand = "ATE")
  s <- summary(m)$sum.all
  list(age_smd = s["age_years", "Std. Mean Diff."], age_variance_ratio = s["age_years", "Var. Ratio"],
       days_smd_known_age = s["days_before", "Std. Mean Diff."])
})

# --- Kaplan-Meier, restricted mean; a referral on day 0 falls within 1 day
d$referred <- !is.na(d$days_to_referral)
d$wait <- ifelse(d$referred, d$days_to_referral + 1, d$follow_up_days)
out$survival <- lapply(c(programme = 1, comparison = 0), function(arm) {
  s <- survfit(Surv(wait, referred) ~ 1, d[d$in_programme == arm, ], conf.type = "log-log")
  at <- summary(s, times = c(30, 90, 183))
  r <- summary(s, rmean = 183)$table
  list(day = at$time, at_risk = at$n.risk, risk = 1 - at$surv, ci_low = 1 - at$upper, ci_high = 1 - at$lower,
       rmean = unname(r["rmean"]), rmean_se = unname(r["se(rmean)"]))
})

# --- movement
status <- function(x) factor(x, 0:3, c("none", "CIN", "CP", "CLA"))
square <- table(status(d$highest_before), status(d$highest_after))
seed_table <- as.table(rbind(none = c(26, 0, 0, 0), CIN = c(22, 2, 0, 0), CP = c(18, 7, 1, 0), CLA = c(1, 1, 0, 0)))
colnames(seed_table) <- rownames(seed_table)
out$movement <- list(
  stuart_maxwell = unname(statistic(mh_test(square))), stuart_maxwell_p = as.numeric(pvalue(mh_test(square))),
  seed_stuart_maxwell = unname(statistic(mh_test(seed_table))),
  sign_test = binom.test(sum(d$highest_after > d$highest_before), sum(d$highest_after != d$highest_before))$p.value)
out$proportional_odds <- local({
  fit <- polr(ordered(highest_after) ~ in_programme + factor(highest_before), d, Hess = TRUE,
              control = list(reltol = 1e-14, maxit = 1000))
  b <- coef(fit)["in_programme"]; se <- sqrt(vcov(fit)["in_programme", "in_programme"])
  list(log_odds = unname(b), se = unname(se))
})

# --- family permutation: every deal of eleven families, two-sided by absolute value
out$permutation <- local({
  small <- d[d$family_id < 11, ]
  arm <- tapply(small$in_programme, small$family_id, max); families <- as.integer(names(arm))
  difference <- function(chosen) {
    there <- small$family_id %in% chosen
    mean(small$change[there]) - mean(small$change[!there])
  }
  observed <- difference(families[arm == 1])
  deals <- apply(combn(families, sum(arm)), 2, difference)
  list(difference = observed, p_value = mean(abs(deals) >= abs(observed) - 1e-9), deals = length(deals))
})

# --- entropy balancing by minimising the dual with BFGS; doubly robust DiD by stacked estimating equations
covariates <- cbind(d$days_before, as.numeric(d$days_before > 0), d$days_before^2 / 183)
t <- d$in_programme == 1
out$entropy <- local({
  z <- scale(covariates)
  gap <- sweep(z[!t, ], 2, colMeans(z[t, ]))
  dual <- function(l) { s <- drop(gap %*% l); max(s) + log(sum(exp(s - max(s)))) }
  slope <- function(l) { s <- drop(gap %*% l); w <- exp(s - max(s)); colSums(gap * (w / sum(w))) }
  best <- optim(rep(0, 3), dual, slope, method = "BFGS", control = list(reltol = 1e-16, maxit = 10000))
  s <- drop(gap %*% best$par); w <- exp(s - max(s)); w <- w / sum(w)
  full <- ifelse(t, 1, NA); full[!t] <- w * sum(t)
  fit <- lm(days_after ~ in_programme, d, weights = full)
  left <- sapply(unique(d$family_id), function(f) {
    keep <- d$family_id != f
    coef(lm(days_after ~ in_programme, d[keep, ], weights = full[keep]))["in_programme"]
  })
  b <- unname(coef(fit)["in_programme"])
  list(effective_sample_size = 1 / sum(w^2), estimate = b, se = sqrt((G - 1) / G * sum((left - b)^2)), weights = w)
})
out$doubly_robust <- local({
  X <- cbind(1, covariates[, 1:2]); D <- d$in_programme; n <- nrow(d); k <- ncol(X)
  X <- sweep(X, 2, c(1, 100, 1), "/")
  logit <- glm.fit(X, D, family = binomial(), control = glm.control(epsilon = 1e-14, maxit = 100))
  slope <- lm.fit(X[D == 0, ], d$change[D == 0])$coefficients
  psi <- function(theta) {
    g <- theta[1:k]; b <- theta[k + 1:k]; e1 <- theta[2 * k + 1]; e0 <- theta[2 * k + 2]
    p <- plogis(drop(X %*% g)); left <- d$change - drop(X %*% b); odds <- p * (1 - D) / (1 - p)
    cbind(X * (D - p), X * ((1 - D) * left), D * (left - e1), odds * (left - e0))
  }
  p <- fitted(logit); left <- d$change - drop(X %*% slope); odds <- p * (1 - D) / (1 - p)
  theta <- c(logit$coefficients, slope, sum(D * left) / sum(D), sum(odds * left) / sum(odds))
  derivative <- sapply(seq_along(theta), function(j) {
    h <- 1e-5 * max(1, abs(theta[j])); e <- replace(rep(0, length(theta)), j, h)
    colMeans(psi(theta + e) - psi(theta - e)) / (2 * h)
  })
  influence <- -psi(theta) %*% t(solve(derivative))
  one <- influence[, 2 * k + 1] - influence[, 2 * k + 2]
  by_family <- tapply(one, d$family_id, sum)
  list(estimate = theta[2 * k + 1] - theta[2 * k + 2], se = sqrt(sum(by_family^2)) / n * sqrt(G / (G - 1)))
})

# --- regression to the mean of those above a cut-off, by numerical integration of the bivariate normal
out$regression_to_the_mean <- local({
  mean <- 60; between <- 12; within <- 9; cutoff <- 75; total <- sqrt(between^2 + within^2)
  weight <- integrate(function(x) dnorm(x, mean, total), cutoff, Inf)$value
  first <- integrate(function(x) x * dnorm(x, mean, total), cutoff, Inf)$value / weight
  rho <- between^2 / total^2
  second <- integrate(function(x) (mean + rho * (x - mean)) * dnorm(x, mean, total), cutoff, Inf)$value / weight
  list(mean = mean, between = between, within = within, cutoff = cutoff, fall = first - second)
})
out$holm <- list(p = c(.01, .04, .03, .2), adjusted = p.adjust(c(.01, .04, .03, .2), "holm"))
out$fisher <- fisher.test(matrix(c(0, 26, 27, 86), 2))$p.value
out$exact <- list(first = binom.test(0, 26)$conf.int[1:2], second = binom.test(27, 113)$conf.int[1:2])
packages <- c("clubSandwich", "sandwich", "MatchIt", "survival", "MASS", "coin")
out$versions <- c(list(R = as.character(getRversion())), sapply(packages, function(p) as.character(packageVersion(p)),
                                                               simplify = FALSE))
write_json(out, "effects.json", digits = 12, auto_unbox = TRUE, pretty = TRUE)
