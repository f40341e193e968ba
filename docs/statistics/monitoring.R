# Reference values of interim monitoring, computed by R and read by the tests.
#
#   Rscript docs/statistics/monitoring.R > tests/reference/monitoring.csv
#
# Needs rpact (Debian: r-cran-rpact), Wassmer & Brannath (2016), doi:10.1007/978-3-319-32562-0.

suppressPackageStartupMessages(library(rpact))
setLogLevel("DISABLED")

types <- c(lan_demets_obf = "asOF", lan_demets_pocock = "asP", obrien_fleming = "OF", pocock = "P",
           haybittle_peto = "HP")
plans <- list(c(0.4, 1), c(0.5, 1), (1:3) / 3, (1:5) / 5, c(0.1, 0.15, 0.7, 1), (1:10) / 10)

say <- function(name, plan, alpha, sides, quantity, value)
  cat(sprintf("%s,%s,%g,%d,%s,%s\n", name, paste(sprintf("%.15g", plan), collapse = " "), alpha, sides, quantity,
              paste(sprintf("%.10g", value), collapse = " ")))

cat("spending,information,alpha,sides,quantity,value\n")
for (name in names(types)) for (plan in plans) for (sides in 1:2) for (alpha in c(0.05, 0.01)) {
  # Nine looks at Z = 3 alone spend more than .005 a side: no such design, in R as here.
  if (name == "haybittle_peto" && length(plan) == 10 && alpha / sides < 0.006) next
  design <- getDesignGroupSequential(sided = sides, alpha = alpha, beta = 0.2, typeOfDesign = types[[name]],
                                     informationRates = plan)
  say(name, plan, alpha, sides, "boundary", design$criticalValues)
  if (name == "haybittle_peto") next
  size <- getDesignCharacteristics(design)
  say(name, plan, alpha, sides, "inflation", size$inflationFactor)
  say(name, plan, alpha, sides, "expected_null", size$averageSampleNumber0)
  say(name, plan, alpha, sides, "expected_design", size$averageSampleNumber1)
  say(name, plan, alpha, sides, "exits_design", size$rejectionProbabilities)
}

# One-sample means of known standard deviation 1 at 40 and 70 of 100: the trial ends at the second look.
design <- getDesignGroupSequential(sided = 1, alpha = 0.025, typeOfDesign = "asOF", informationRates = c(0.4, 0.7, 1))
two_sided <- getDesignGroupSequential(sided = 2, alpha = 0.05, typeOfDesign = "asOF", informationRates = c(0.4, 0.7, 1))
data <- getDataset(overallN = c(40, 70), overallMeans = c(0.1, 0.35), overallStDevs = c(1, 1))
ended <- getFinalConfidenceInterval(design, data, normalApproximation = TRUE, directionUpper = TRUE)
final <- getFinalPValue(getStageResults(design, data, stage = 2, normalApproximation = TRUE))
repeated <- getRepeatedConfidenceIntervals(two_sided, data, normalApproximation = TRUE)
say("lan_demets_obf", c(40, 70), 0.025, 1, "final_p", final$pFinal)
say("lan_demets_obf", c(40, 70), 0.025, 1, "final_estimate", ended$medianUnbiased)
say("lan_demets_obf", c(40, 70), 0.025, 1, "final_interval", ended$finalConfidenceInterval)
say("lan_demets_obf", c(40, 70), 0.05, 2, "repeated_interval_1", repeated[, 1])
say("lan_demets_obf", c(40, 70), 0.05, 2, "repeated_interval_2", repeated[, 2])
