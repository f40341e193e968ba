# Reference values of the treatment comparison, computed by R and read by the tests.
#
#   Rscript docs/statistics/reference.R ENURESIS.csv > tests/reference/comparison.csv
#
# ENURESIS.csv: the 29 children of Hills & Armitage (1979), doi:10.1111/j.1365-2125.1979.tb05903.x, with columns
# subject, sequence, period, treatment, dry_nights. Without it its rows are left out. The other data are in
# tests/reference: asthma.csv (Senn 2002, doi:10.1002/0470854596, chapter 3), machines.csv (Cochran & Cox 1957,
# Experimental Designs, table 4.10), made_up_*.csv (invented: a period missing, a negative correlation).
# Needs lme4, lmerTest, pbkrtest and coin (Debian: r-cran-lmertest r-cran-pbkrtest r-cran-coin).

suppressPackageStartupMessages({library(lme4); library(lmerTest); library(pbkrtest); library(coin)})

say <- function(case, quantity, value)
  cat(sprintf("%s,%s,%.12g\n", case, quantity, as.numeric(value)))

# Tight convergence: lmer's default stops where the estimates have about seven digits.
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12), check.conv.singular = "ignore",
                     calc.derivs = FALSE)

prepare <- function(d, test, reference) {
  d <- subset(d, !is.na(value))
  d$sequence <- factor(ifelse((d$period == 1) == (d$treatment == test), "AB", "BA"), levels = c("BA", "AB"))
  d$treatment <- factor(d$treatment, levels = c(reference, test))
  d$period <- factor(d$period, levels = c(2, 1))
  d$participant <- factor(d$participant)
  d
}

tell <- function(case, effect, row) {
  names(row) <- c("estimate", "se", "df", "t", "p")
  for (quantity in names(row)) say(case, paste(effect, quantity, sep = "."), row[[quantity]])
}

by_t_test <- function(case, d) {
  wide <- reshape(d[c("participant", "sequence", "period", "value")], direction = "wide",
                  idvar = c("participant", "sequence"), timevar = "period")
  wide <- wide[complete.cases(wide), ]
  wide$sequence <- factor(wide$sequence, levels = c("AB", "BA"))
  d <- wide$value.1 - wide$value.2
  one <- function(effect, y, scale) {
    fit <- t.test(y ~ wide$sequence, var.equal = TRUE)
    tell(case, effect, c(scale * -diff(fit$estimate), scale * fit$stderr, fit$parameter, fit$statistic, fit$p.value))
    say(case, paste0(effect, ".low"), scale * fit$conf.int[1])
    say(case, paste0(effect, ".high"), scale * fit$conf.int[2])
  }
  one("treatment", d, 1 / 2)
  one("period", ifelse(wide$sequence == "AB", d, -d), 1 / 2)
  one("carryover", wide$value.1 + wide$value.2, 1)
}

by_lmer <- function(case, d, formula = value ~ treatment + period + sequence + (1 | participant)) {
  fit <- lmer(formula, d, control = tight)
  for (ddf in c("Kenward-Roger", "Satterthwaite")) {
    table <- coef(summary(fit, ddf = ddf))
    name <- paste(case, tolower(sub("-", "_", ddf)), sep = ":")
    effects <- c(treatment = 2, period = 3, sequence = 4, if (nrow(table) > 4) c(baseline = 6))
    for (effect in names(effects)) tell(name, effect, table[effects[[effect]], ])
  }
  variances <- as.data.frame(VarCorr(fit))$vcov
  say(case, "participant_variance", variances[1])
  say(case, "residual_variance", variances[2])
}

baselines <- function(case, d) {
  d <- subset(d, !is.na(baseline))
  d$average <- ave(d$baseline, d$participant)
  d$deviation <- d$baseline - d$average
  by_lmer(case, d, value ~ treatment + period + sequence + average + deviation + (1 | participant))
  wide <- reshape(d[c("participant", "sequence", "period", "value", "baseline")], direction = "wide",
                  idvar = c("participant", "sequence"), timevar = "period")
  wide <- wide[complete.cases(wide), ]
  sign <- ifelse(wide$sequence == "AB", 1, -1)
  fit <- lm(I(value.1 - value.2) ~ sign + I(baseline.1 - baseline.2), wide)
  table <- cbind(coef(summary(fit)), fit$df.residual)[, c(1, 2, 5, 3, 4)]
  tell(paste0(case, ":complete"), "period", table[1, ])
  tell(paste0(case, ":complete"), "treatment", table[2, ])
  tell(paste0(case, ":complete"), "slope", table[3, ])
}

preference <- function(case, ab, ba) {
  discordant <- rbind(ab, ba)[, c(1, 3)]
  say(case, "fisher_p", fisher.test(discordant)$p.value)
  say(case, "odds_low", sqrt(fisher.test(discordant)$conf.int[1]))
  if (all(discordant > 0)) {
    say(case, "odds_estimate", sqrt(fisher.test(discordant)$estimate))
    say(case, "odds_high", sqrt(fisher.test(discordant)$conf.int[2]))
  }
  say(case, "pearson", suppressWarnings(chisq.test(discordant, correct = FALSE)$statistic))
  say(case, "corrected", suppressWarnings(chisq.test(discordant, correct = TRUE)$statistic))
  score <- rep(c(1, 0, -1, 1, 0, -1), c(ab, ba))
  sequence <- factor(rep(c("AB", "BA"), c(sum(ab), sum(ba))))
  say(case, "prescott_exact", pvalue(independence_test(score ~ sequence, distribution = "exact")))
  trend <- suppressWarnings(prop.trend.test(ab, ab + ba))
  say(case, "prescott_trend", trend$statistic)
  say(case, "prescott_trend_p", trend$p.value)
}

mcnemar <- function(b, c) {
  case <- sprintf("mcnemar %d/%d", b, c)
  table <- matrix(c(0, b, c, 0), 2)
  say(case, "chi2", mcnemar.test(table, correct = FALSE)$statistic)
  say(case, "chi2_p", mcnemar.test(table, correct = FALSE)$p.value)
  say(case, "corrected", mcnemar.test(table)$statistic)
  exact <- binom.test(b, b + c)$p.value
  say(case, "exact", exact)
  say(case, "mid_p", if (b == c) 1 - dbinom(b, b + c, .5) / 2 else exact - dbinom(b, b + c, .5))
}

proportion <- function(count, n) {
  case <- sprintf("proportion %d/%d", count, n)
  exact <- binom.test(count, n)$conf.int
  wilson <- suppressWarnings(prop.test(count, n, correct = FALSE)$conf.int)
  say(case, "clopper_pearson_low", exact[1]); say(case, "clopper_pearson_high", exact[2])
  say(case, "wilson_low", wilson[1]); say(case, "wilson_high", wilson[2])
}

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1]))
folder <- file.path(here, "..", "..", "tests", "reference")
read <- function(name, test, reference)
  prepare(read.csv(file.path(folder, paste0(name, ".csv"))), test, reference)

cat(sprintf("# %s; lme4 %s, lmerTest %s, pbkrtest %s, coin %s\n", R.version.string, packageVersion("lme4"),
            packageVersion("lmerTest"), packageVersion("pbkrtest"), packageVersion("coin")))
cat("case,quantity,value\n")
given <- commandArgs(trailingOnly = TRUE)
if (length(given)) {
  enuresis <- read.csv(given[1])
  names(enuresis)[names(enuresis) == "subject"] <- "participant"
  names(enuresis)[names(enuresis) == "dry_nights"] <- "value"
  enuresis <- prepare(enuresis, "drug", "placebo")
  by_t_test("enuresis", enuresis)
  by_lmer("enuresis", enuresis)
  by_lmer("enuresis_short", subset(enuresis, !(participant %in% c(3, 10, 20) & period == 2)))
}
asthma <- read("asthma", "formoterol", "salbutamol")
by_t_test("asthma", asthma)
by_lmer("asthma", asthma)
by_lmer("asthma_short", subset(asthma, !(participant %in% c(4, 13) & period == 2) & !(participant == 7 & period == 1)))
machines <- read("machines", "A", "B")
by_t_test("machines", machines)
by_lmer("machines", machines)
negative <- read("made_up_negative", "test", "reference")
by_t_test("made_up_negative", negative)
by_lmer("made_up_negative", negative)
baselines("made_up_baselines", read("made_up_baselines", "ketamine", "naltrexone"))

preference("formoterol", c(9, 3, 0), c(1, 5, 6))   # Senn (2002), chapter 4: one cell is empty
preference("unequal", c(8, 4, 3), c(2, 5, 7))
preference("split 4/3", c(4, 2, 0), c(0, 3, 3))
preference("split 5/2", c(5, 1, 0), c(0, 4, 2))
preference("split 6/1", c(6, 0, 0), c(0, 5, 1))
for (pair in list(c(150, 86), c(9, 1), c(7, 0), c(7, 1), c(6, 16), c(5, 5))) mcnemar(pair[1], pair[2])
for (of in list(c(81, 263), c(15, 148), c(0, 20), c(1, 29), c(7, 12), c(12, 12))) proportion(of[1], of[2])
